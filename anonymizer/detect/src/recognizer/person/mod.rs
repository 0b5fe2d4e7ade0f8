//! Names of people in Cyrillic and Latin letters.
//!
//! A row of capitalized words, known names and initials ([`element`]) is read against patterns ([`grammar`]) in the light of
//! the words around it ([`context`]). Names seen whole are remembered, so that the same surname alone is found too.

mod context;
mod element;
mod grammar;
mod latin;

use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::names::{Facts, Lexicon, lexicon, patronymic_tail};
use crate::text::{Letters, Text, Token};
use context::{Before, after, before};
use element::{Case, Element, row};
use grammar::{Lone, lone, several};

/// Finds names of people.
pub const RECOGNIZER: Recognizer = Recognizer::Piece(find);

fn find(text: &Text, out: &mut Candidates) {
    let mut scan = Scan {
        text,
        lexicon: lexicon(),
        out,
        row: Vec::new(),
        seen: Seen::default(),
        perhaps: Vec::new(),
    };
    let mut place = 0;
    while let Some(token) = text.token(place) {
        place = match scan.wakes(token) {
            Wake::No => place + 1,
            Wake::Cyrillic => scan.cyrillic(place),
            Wake::Latin => latin::find(text, scan.lexicon, place, scan.out),
        };
    }
    scan.recall();
}

enum Wake {
    No,
    Cyrillic,
    Latin,
}

/// Names that were found whole.
#[derive(Default)]
struct Seen {
    /// A bit for each hash, to refuse most words at once.
    bits: u64,
    hashes: Vec<u64>,
}

impl Seen {
    fn note(&mut self, hash: u64) {
        self.bits |= 1 << (hash & 63);
        self.hashes.push(hash);
    }

    fn has(&self, hash: u64) -> bool {
        self.bits >> (hash & 63) & 1 == 1 && self.hashes.contains(&hash)
    }
}

struct Scan<'t> {
    text: &'t Text,
    lexicon: &'static Lexicon,
    out: &'t mut Candidates,
    row: Vec<Element>,
    seen: Seen,
    perhaps: Vec<Element>,
}

impl Scan<'_> {
    fn wakes(&self, token: &Token) -> Wake {
        if !token.is_word() {
            return Wake::No;
        }
        if token.letters.has(Letters::LATIN) {
            return if token.letters.has(Letters::TITLE) && token.len >= 3 {
                Wake::Latin
            } else {
                Wake::No
            };
        }
        let facts = self.lexicon.get(token.hash);
        if token.letters.has(Letters::TITLE) {
            let stopped = facts.has(Facts::STOP) && !facts.has(Facts::GIVEN) && token.len > 2;
            return if stopped { Wake::No } else { Wake::Cyrillic };
        }
        let known = facts.has(Facts::GIVEN) || patronymic_tail(self.text.folded(token));
        if known { Wake::Cyrillic } else { Wake::No }
    }

    /// Reads the row that begins at a place; the place to go on from.
    fn cyrillic(&mut self, place: usize) -> usize {
        let mut elements = std::mem::take(&mut self.row);
        row(self.text, self.lexicon, place, &mut elements);
        let end = elements.last().map_or(place + 1, |last| last.last + 1);
        let mut rest = elements.as_slice();
        while !rest.is_empty() {
            let read = self.read(rest, rest.len() == elements.len());
            rest = rest.get(read.max(1)..).unwrap_or_default();
        }
        self.row = elements;
        end
    }

    /// Reads the name a row begins with, if any; how many elements that takes.
    fn read(&mut self, row: &[Element], first: bool) -> usize {
        let Some(head) = row.first() else { return 1 };
        let called = head.facts.has(Facts::GIVEN) && row.get(1).is_some_and(grammar::is_son);
        if head.is_blocked() && !called {
            return 1;
        }
        let lower = first && matches!(head.case, Case::Lower);
        if let Some(read) = lower.then(|| self.with_lower_surname(row)).flatten() {
            return read;
        }
        let before = before(self.text, self.lexicon, head.first);
        if let Some(name) = several(row, &before) {
            if name.len == 2 && head.facts.has(Facts::CUE) && self.longer(row) {
                return 1;
            }
            self.several(row, name, &before);
            return name.len;
        }
        self.lone(head, &before);
        1
    }

    /// Whether a longer name begins after the first word, which then says who it is: (Азамат) Жұмабаев Қанат Сәрсенұлы.
    fn longer(&self, row: &[Element]) -> bool {
        let rest = row.get(1..).unwrap_or_default();
        several(rest, &Before::default()).is_some_and(|name| name.len > 2 && name.confidence > 0.9)
    }

    /// A lower-case surname before the known word that woke the reading: `иванов иван`.
    fn with_lower_surname(&mut self, row: &[Element]) -> Option<usize> {
        let place = row.first()?.first.checked_sub(1)?;
        let glued = self.text.token(place + 1)?.gap;
        let token = self.text.token(place)?;
        if glued != crate::text::Gap::Space || !token.is_lower() || token.len < 4 {
            return None;
        }
        let surname = element::element(self.text, self.lexicon, place)?;
        if surname.is_blocked() || surname.family() < 1 || surname.is_given() {
            return None;
        }
        let mut whole = vec![surname];
        whole.extend_from_slice(row);
        let before = before(self.text, self.lexicon, place);
        let name = several(&whole, &before).filter(|name| name.len > 1)?;
        self.several(&whole, name, &before);
        Some(name.len - 1)
    }

    fn several(&mut self, row: &[Element], name: grammar::Name, before: &Before) {
        let elements = row.get(..name.len).unwrap_or_default();
        let (Some(first), Some(last)) = (elements.first(), elements.last()) else {
            return;
        };
        let after = after(self.text, self.lexicon, last.last);
        let full = name.confidence > 0.9;
        let placed = before.street || before.named && !(full && name.len > 2);
        let quoted = before.quoted && after.quoted && name.len < 3;
        let institution = before.institution && !full && !before.title;
        if placed || quoted || institution || after.street && !genitive(self.text, last) {
            return;
        }
        for element in elements.iter().filter(|element| element.initial.is_none()) {
            self.seen
                .note(element.shape.map_or(element.hash, |shape| shape.stem));
            self.seen.note(element.hash);
        }
        self.out.push(
            self.text,
            first.first,
            last.last,
            Kind::Person,
            name.confidence,
            name.rule,
        );
    }

    fn lone(&mut self, element: &Element, before: &Before) {
        let after = after(self.text, self.lexicon, element.last);
        let placed = before.street || before.named || before.institution;
        let founded = (after.street || after.institution) && !genitive(self.text, element);
        if placed
            || founded
            || before.quoted
            || before.organization
            || house(self.text, element, before)
        {
            return;
        }
        let told = after.title || (after.together || after.called) && element.is_given();
        match lone(element, before, told) {
            Lone::Name(rule) => {
                let sure = before.cue || after.title;
                if sure {
                    self.seen
                        .note(element.shape.map_or(element.hash, |shape| shape.stem));
                }
                self.out.push(
                    self.text,
                    element.first,
                    element.last,
                    Kind::Person,
                    if sure { 0.8 } else { 0.68 },
                    rule,
                );
            }
            Lone::Perhaps => self.perhaps.push(*element),
            Lone::No => {}
        }
    }

    /// Names words that by themselves say too little, but are parts of names found whole.
    fn recall(&mut self) {
        let perhaps = std::mem::take(&mut self.perhaps);
        for element in perhaps {
            let stem = element.shape.is_some_and(|shape| self.seen.has(shape.stem));
            if stem || self.seen.has(element.hash) {
                self.out.push(
                    self.text,
                    element.first,
                    element.last,
                    Kind::Person,
                    0.66,
                    "person.named_before",
                );
            }
        }
    }
}

/// Whether a name stands in the Kazakh genitive, which names an owner, never a street.
fn genitive(text: &Text, element: &Element) -> bool {
    let folded = text
        .token(element.last)
        .map(|token| text.folded(token))
        .unwrap_or_default();
    ["ның", "нің", "дың", "дің", "тың", "тің"]
        .iter()
        .any(|end| folded.ends_with(end))
}

/// A genitive before a number is a street with its house: `Абая 45`.
fn house(text: &Text, element: &Element, before: &Before) -> bool {
    let number = text
        .token(element.last + 1)
        .is_some_and(|next| next.is_number());
    let folded = text
        .token(element.last)
        .map(|token| text.folded(token))
        .unwrap_or_default();
    number
        && !before.cue
        && !before.title
        && !element.is_clear()
        && ["а", "я", "ой", "ого"]
            .iter()
            .any(|end| folded.ends_with(end))
        && !element.facts.has(Facts::NOMINATIVE)
}

#[cfg(test)]
mod tests;
