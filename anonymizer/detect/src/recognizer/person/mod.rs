//! Names of people in Cyrillic and Latin letters.
//!
//! A row of capitalized words, known names and initials ([`element`], [`row`]) is read against patterns ([`grammar`]) in the light of
//! the words around it ([`context`]). Names seen whole are remembered, so that the same surname alone is found too.

mod context;
mod element;
mod grammar;
mod judged;
mod latin;
mod lone;
mod row;
mod zone;

use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::names::{Facts, Word, lexicon, patronymic_tail, trunks};
use crate::text::{Gap, Letters, Text, Token};
use context::{Before, after, before, without_capitals};
use element::{Case, Element};
use grammar::several;
pub(crate) use judged::Memory;
use judged::Words;
use lone::{Lone, lone};
use row::row;
use zone::{Zone, is_capital};

/// Finds names of people.
pub const RECOGNIZER: Recognizer = Recognizer::Piece(find);

fn find(text: &Text, out: &mut Candidates) {
    let memory = std::mem::take(&mut out.words);
    let mut scan = Scan {
        words: Words {
            text,
            lexicon: lexicon(),
            memory,
            plain: false,
        },
        zone: Zone::default(),
        out,
        row: Vec::new(),
        seen: Seen::default(),
        perhaps: Vec::new(),
    };
    let mut place = 0;
    while let Some(token) = text.token(place) {
        place = match scan.wakes(token, place) {
            Wake::No => place + 1,
            Wake::Cyrillic => scan.cyrillic(place),
            Wake::Latin => latin::find(text, scan.words.lexicon, place, scan.out),
        };
    }
    scan.recall();
    out.words = scan.words.memory;
}

enum Wake {
    No,
    Cyrillic,
    Latin,
}

/// So many parts of names are remembered.
const MOST_SEEN: usize = 256;

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
    words: Words<'t>,
    zone: Zone,
    out: &'t mut Candidates,
    row: Vec<Element>,
    seen: Seen,
    perhaps: Vec<Element>,
}

impl Scan<'_> {
    fn wakes(&mut self, token: &Token, place: usize) -> Wake {
        if !token.is_word() {
            return Wake::No;
        }
        self.words.plain = false;
        if token.letters.has(Letters::LATIN) {
            return if token.letters.has(Letters::TITLE) && token.len >= 3 {
                Wake::Latin
            } else {
                Wake::No
            };
        }
        if token.len == 1 && token.is_lower() {
            self.words.plain = self.zone.is_plain(self.words.text, place);
            let initials = element::pair_of_initials(self.words.text, place);
            return if initials { Wake::Cyrillic } else { Wake::No };
        }
        let facts = self.words.lexicon.get(token.hash);
        if token.letters.has(Letters::TITLE) {
            if is_capital(token) {
                self.zone.capital_until(place);
            }
            let stopped = facts.has(Facts::STOP) && !facts.has(Facts::GIVEN) && token.len > 2;
            return if stopped { Wake::No } else { Wake::Cyrillic };
        }
        if token.len > 2 && self.zone.is_plain(self.words.text, place) {
            self.words.plain = true;
            let namable = self
                .words
                .judge(token)
                .is_some_and(|word| word.is_namable());
            return if namable { Wake::Cyrillic } else { Wake::No };
        }
        let known = facts.has(Facts::GIVEN) || patronymic_tail(self.words.text.folded(token));
        if known { Wake::Cyrillic } else { Wake::No }
    }

    /// Reads the row that begins at a place; the place to go on from.
    fn cyrillic(&mut self, place: usize) -> usize {
        let mut elements = std::mem::take(&mut self.row);
        row(&mut self.words, place, &mut elements);
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
        let mixed = row.get(1).is_some_and(|next| next.case == Case::Title);
        if lower && mixed && !head.is_clear() && head.initial.is_none() {
            return 1;
        }
        if let Some(read) = lower.then(|| self.with_lower_surname(row)).flatten() {
            return read;
        }
        let mut before = before(self.words.text, self.words.lexicon, head.first);
        before.start |= head.case != head.written;
        if let Some(name) = several(row, &before) {
            if head.facts.any(Facts::CUE.and(Facts::TITLE)) && says_who(row) {
                return 1;
            }
            if name.rule == grammar::GUESSED && says_who(row) {
                return 1;
            }
            self.several(row, name, &before);
            return name.len;
        }
        self.lone(&head.as_written(), &before);
        1
    }

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
    fn with_lower_surname(&mut self, row: &[Element]) -> Option<usize> {
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

    fn several(&mut self, row: &[Element], name: grammar::Name, before: &Before) {
        let elements = row.get(..name.len).unwrap_or_default();
        let (Some(first), Some(last)) = (elements.first(), elements.last()) else {
            return;
        };
        let after = after(self.words.text, self.words.lexicon, last.last);
        let full = name.confidence > 0.9;
        let placed = before.street || before.named && !(full && name.len > 2);
        let quoted = before.quoted && after.quoted && name.len < 3;
        let institution = before.institution && !full && !before.title;
        let street = after.street && last.initial.is_none() && !genitive(self.words.text, last);
        if placed || quoted || institution || street {
            return;
        }
        for element in elements.iter().filter(|element| element.initial.is_none()) {
            self.note(element);
        }
        self.out.push(
            self.words.text,
            first.first,
            last.last,
            Kind::Person,
            name.confidence,
            name.rule,
        );
    }

    fn lone(&mut self, element: &Element, before: &Before) {
        let after = after(self.words.text, self.words.lexicon, element.last);
        let placed = before.street || before.named || before.institution;
        let founded = (after.street || after.institution) && !genitive(self.words.text, element);
        if placed
            || founded
            || before.quoted && (after.quoted || !element.is_clear())
            || before.organization
            || house(self.words.text, element, before)
        {
            return;
        }
        let before = &Before {
            lower: matches!(element.case, Case::Lower)
                && without_capitals(self.words.text, element.first),
            ..*before
        };
        let sent = before.sent && after.colon && element.case != Case::Lower;
        let spoken = (after.together || after.called)
            && element.is_given()
            && element.case == Case::Title
            && !element.facts.has(Facts::PLACE);
        let told = after.title || spoken || sent;
        match lone(element, before, told) {
            Lone::Name(rule) => {
                let sure = before.cue || after.title;
                self.note(element);
                self.out.push(
                    self.words.text,
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

    /// Remembers a part of a name in all its forms.
    fn note(&mut self, element: &Element) {
        if self.seen.hashes.len() >= MOST_SEEN {
            return;
        }
        self.seen.note(element.hash);
        if let Some(shape) = element.shape {
            self.seen.note(shape.stem);
        }
        for trunk in self.trunks(element).into_iter().flatten() {
            self.seen.note(trunk);
        }
    }

    fn trunks(&self, element: &Element) -> Option<[u64; 2]> {
        let token = self.words.text.token(element.last)?;
        Word::new(self.words.text.folded(token)).map(|word| trunks(&word))
    }

    /// Names words that by themselves say too little, but are parts of names found whole.
    fn recall(&mut self) {
        let perhaps = std::mem::take(&mut self.perhaps);
        if self.seen.hashes.is_empty() {
            return;
        }
        for element in perhaps {
            let stem = element.shape.is_some_and(|shape| self.seen.has(shape.stem));
            let form = || {
                let trunks = self.trunks(&element);
                trunks.is_some_and(|trunks| trunks.iter().any(|trunk| self.seen.has(*trunk)))
            };
            let known = element.is_given() || element.family() > 0 || element.likely > 0;
            if stem || self.seen.has(element.hash) || known && form() {
                let last = self.with_initials(element.last);
                self.out.push(
                    self.words.text,
                    element.first,
                    last,
                    Kind::Person,
                    0.66,
                    "person.named_before",
                );
            }
        }
    }

    /// The last token of the dotted initials behind a place, or that place.
    fn with_initials(&self, mut last: usize) -> usize {
        let text = self.words.text;
        for _ in 0..2 {
            let letter = text
                .token(last + 1)
                .is_some_and(|token| token.is_word() && token.len == 1 && token.gap <= Gap::Space);
            let dotted = text
                .token(last + 2)
                .is_some_and(|token| token.is('.') && token.is_glued());
            if !letter || !dotted {
                break;
            }
            last += 2;
        }
        last
    }
}

/// Whether a name begins after the first word, which then says who it is: (Азамат) Жұмабаев Қанат Сәрсенұлы.
fn says_who(row: &[Element]) -> bool {
    let rest = row.get(1..).unwrap_or_default();
    let Some(next) = rest.first().filter(|next| !grammar::is_son(next)) else {
        return false;
    };
    several(rest, &Before::default()).is_some() || next.is_given() && next.family() < 2
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
        .is_some_and(|next| next.is_number() && next.gap <= Gap::Space);
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
