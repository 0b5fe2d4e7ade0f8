//! Names that begin with a small letter: the surname stands before the word that woke the reading.

use super::before::before;
use super::element::{self, Element};
use super::{Scan, grammar, several};
use crate::text::Gap;

impl Scan<'_> {
    /// A lower-case word that stands one before a place, if it can be part of a name.
    fn lower_before(&mut self, place: usize) -> Option<Element> {
        let before = place.checked_sub(1)?;
        let gap = self.words.text.token(place)?.gap;
        let token = self.words.text.token(before)?;
        if gap != Gap::Space || !token.is_lower() || token.len < 2 {
            return None;
        }
        let element = element::element(&mut self.words, before)?;
        (!element.is_blocked() && element.initial.is_none()).then_some(element)
    }

    /// Lower-case words before the known word that woke the reading: `иванов иван`, `иванов зинур маратович`, `иванов и.м.`.
    pub(super) fn with_lower_surname(&mut self, row: &[Element]) -> Option<usize> {
        let head = row.first()?;
        let one = self.lower_before(head.first)?;
        let son = head.patronymic.is_some_and(|son| son.sure) && !head.is_given();
        let two = son.then(|| self.lower_before(one.first)).flatten();
        if let Some(surname) = two.filter(|two| two.family() >= 1 && !two.is_given()) {
            let mut whole = vec![surname, one];
            whole.extend_from_slice(row);
            let before = before(self.words.text, self.words.lexicon, surname.first);
            let name = grammar::Name {
                len: 3,
                confidence: 0.92,
                rule: "person.surname_given_patronymic",
            };
            self.several(&whole, name, &before);
            return Some(1);
        }
        let place = one.first;
        let short = self
            .words
            .text
            .token(place)
            .is_none_or(|token| token.len < 4);
        let unshaped = one.family() < 1 || short || one.is_given();
        if head.initial.is_none() && unshaped {
            return None;
        }
        let mut whole = vec![one];
        whole.extend_from_slice(row);
        let before = before(self.words.text, self.words.lexicon, place);
        let name = several(&whole, &before).filter(|name| name.len > 1)?;
        self.several(&whole, name, &before);
        Some(name.len - 1)
    }
}
