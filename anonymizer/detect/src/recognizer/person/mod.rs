//! Names of people in Cyrillic and Latin letters.
//!
//! A row of capitalized words, known names and initials ([`element`], [`row`]) is read against patterns ([`grammar`]) in the light of
//! the words around it ([`before`], [`after`]). Names seen whole are remembered, so that the same surname alone is found too.

mod after;
mod around;
mod before;
mod column;
mod doubt;
mod element;
mod field;
mod grammar;
mod initial;
mod judged;
mod latin;
mod lone;
mod lower;
mod otherwise;
mod pair;
mod quoted;
mod recall;
mod row;
mod short;
mod signed;
mod subject;
mod words_before;
mod zone;

use super::{Candidates, Recognizer};
use crate::glance::Glance;
use crate::kind::Kind;
use crate::names::{Facts, lexicon, patronymic_tail};
use crate::text::{Gap, Letters, Text, Token};
use after::after;
use before::{Before, before, without_capitals};
pub use doubt::{Doubt, WEIGHTS, Weights};
use element::{Case, Element};
use grammar::several;
pub(crate) use judged::Memory;
use judged::Words;
use lone::{GIVEN, Lone, lone};
use otherwise::{genitive, house, in_street, is_whole, says_who, short_headed};
use recall::{Perhaps, Seen};
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
        sorts: 0,
    };
    scan.fields();
    let mut place = 0;
    while let Some(token) = text.token(place) {
        // Most tokens are signs, numbers, and words in small letters that are nothing by themselves, with capitals near.
        if !may_wake(token) && (!token.is_word() || scan.zone.is_near(place)) {
            place += 1;
            continue;
        }
        let facts = scan.words.lexicon.get(token.hash);
        if facts.any(Facts::HEADING.and(Facts::SORTS)) {
            if facts.has(Facts::HEADING) {
                scan.heading(place);
            }
            if facts.has(Facts::SORTS) {
                scan.sorts = quoted::sentence_end(text, place);
            }
        }
        place = match scan.wakes(token, facts, place) {
            Wake::No => place + 1,
            Wake::Cyrillic => scan.cyrillic(place),
            Wake::Latin => latin::find(&mut scan.words, place, scan.out),
        };
    }
    scan.recall();
    out.words = scan.words.memory;
}

/// Whether a token may wake the reading where capitals are near.
#[inline]
fn may_wake(token: &Token) -> bool {
    token.is_word()
        && (token.letters.has(Letters::TITLE) || token.len == 1 || token.glance.has(Glance::NAME))
}

enum Wake {
    No,
    Cyrillic,
    Latin,
}

struct Scan<'t> {
    words: Words<'t>,
    zone: Zone,
    out: &'t mut Candidates,
    row: Vec<Element>,
    seen: Seen,
    /// Until there sorts of something are named, which are no people.
    sorts: usize,
}

impl Scan<'_> {
    /// Whether a name may begin with a word, of which `facts` are known.
    fn wakes(&mut self, token: &Token, facts: Facts, place: usize) -> Wake {
        self.words.plain = false;
        if token.letters.has(Letters::LATIN) {
            // `Z. Akhmedova`
            let initial = || {
                self.words
                    .text
                    .token(place + 1)
                    .is_some_and(|dot| dot.is('.') && dot.is_glued())
            };
            return if token.letters.has(Letters::TITLE)
                && (token.len >= 3 || token.len == 1 && initial())
            {
                Wake::Latin
            } else {
                Wake::No
            };
        }
        if token.len == 1 && token.is_lower() {
            self.words.plain = self.zone.is_plain(self.words.text, place);
            let initials = initial::pair_of_initials(self.words.text, place);
            return if initials { Wake::Cyrillic } else { Wake::No };
        }
        if token.letters.has(Letters::TITLE) {
            if is_capital(token) {
                self.zone.capital_until(place);
            }
            let stopped = facts.has(Facts::STOP)
                && !facts.has(Facts::GIVEN)
                && token.len > 2
                && !short::is_surname(token);
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
        if short_headed(self.words.text, row) {
            let before = before(self.words.text, self.words.lexicon, head.first);
            if let Some(name) = short::of_syllables(self.words.text, row, &before) {
                self.several(row, name, &before);
                return name.len;
            }
        }
        let called = head.facts.has(Facts::GIVEN) && row.get(1).is_some_and(grammar::is_son);
        // `Дана С.`
        let lettered = row
            .get(1)
            .is_some_and(|next| next.initial == Some(initial::Initial::Dotted));
        if head.facts.has(Facts::GIVEN.and(Facts::STOP))
            && head.written == Case::Title
            && lettered
            && row.len() == 2
        {
            self.push(head.first, head.last + 2, 0.8, "person.given_initial");
            return 2;
        }
        // `Терапевт Сон Е. В.`
        let syllable = head.syllable && lettered;
        if head.is_blocked() && !called && !syllable || in_street(self.words.text, row) {
            self.stopped(head);
            return 1;
        }
        let lower = first && matches!(head.case, Case::Lower);
        let mixed = row.get(1).is_some_and(|next| next.case == Case::Title);
        // `төлеген Тәшенов`: among capitals a name has one too.
        if matches!(head.case, Case::Lower) && mixed && head.initial.is_none() {
            return 1;
        }
        if let Some(read) = lower.then(|| self.with_lower_surname(row)).flatten() {
            return read;
        }
        let mut before = before(self.words.text, self.words.lexicon, head.first);
        before.start |= head.case != head.written;
        if let Some(initials) = grammar::labels(row, &before) {
            return initials;
        }
        if let Some(len) = subject::with_object(self.words.text, self.words.lexicon, row) {
            let (who, whom) = row.split_at(len);
            for name in [who, whom] {
                let ([first, .., last] | [first @ last]) = name else {
                    continue;
                };
                for element in name {
                    self.seen.note(&mut self.words, element);
                }
                self.push(first.first, last.last, 0.85, "person.subject_object");
            }
            return row.len();
        }
        if let Some(name) = several(row, &before) {
            // `Командировать в Актау Мырзахметова Олжаса`
            if head.facts.has(Facts::PLACE) && is_whole(row.get(1..).unwrap_or_default()) {
                return 1;
            }
            let role = head.facts.any(Facts::CUE.and(Facts::TITLE));
            if (role || name.rule == grammar::GUESSED) && says_who(row) {
                // `Нотариус Ілиясова Корнейчук Лидияның`: two people.
                if !role && head.family() >= 2 {
                    self.lone(&head.as_written(), &before);
                }
                return 1;
            }
            self.several(row, name, &before);
            return name.len;
        }
        self.lone(&head.as_written(), &before);
        1
    }

    /// A given name that is a stop word too is weighed within a sentence: `за Жасмин семь голосов`.
    fn stopped(&mut self, head: &Element) {
        let (text, lexicon) = (self.words.text, self.words.lexicon);
        if !head.facts.has(Facts::GIVEN.and(Facts::STOP)) || head.written != Case::Title {
            return;
        }
        let before = before(text, lexicon, head.first);
        let after = after(text, lexicon, head.last);
        let placed = before.start
            || before.quoted
            || before.street
            || before.named
            || before.institution
            || before.organization
            || after.street
            || after.institution
            || after.quoted;
        if !placed && head.first >= self.sorts {
            self.seen.perhaps.push(Perhaps {
                element: head.as_written(),
                before,
                after,
            });
        }
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
        let titled = !full && quoted::is_titled(self.words.text, first.first, last.last);
        let sort = first.first < self.sorts && !full && !before.cue && !before.title;
        if placed || quoted || institution || street || titled || sort {
            return;
        }
        for element in elements.iter().filter(|element| element.initial.is_none()) {
            self.seen.note(&mut self.words, element);
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
        let speech =
            before.quoted && element.is_given() && quoted::is_speech(self.words.text, element.last);
        let before = &Before {
            quoted: before.quoted && !speech,
            ..*before
        };
        // `Операцияны Әбілдаев жасады`: what is named after somebody has the genitive.
        let man = element.family() == 3 && element.shape.is_some_and(|shape| shape.masculine);
        let placed = before.street || before.named || before.institution && !man;
        let held = (before.title || before.cue)
            && (element.family() > 1 && !element.ordinary
                || element.is_strange()
                || before.cue && element.is_clear());
        let founded =
            (after.street || after.institution && !held) && !genitive(self.words.text, element);
        if placed
            || founded
            || before.quoted && (after.quoted || !element.is_clear())
            || before.organization
            || element.first < self.sorts
            || quoted::is_titled(self.words.text, element.first, element.last)
            || quoted::is_key(self.words.text, element.first, element.last)
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
        let plain = element.is_given() && element.facts.has(Facts::NOMINATIVE) && !element.ordinary;
        let spoken = (after.together || after.called)
            && (element.is_given() || element.is_strange())
            && (element.case == Case::Title || plain)
            && !element.facts.has(Facts::PLACE);
        let told = after.title || spoken || sent;
        let ended = self.words.text.token(element.last + 1).is_none_or(|next| {
            next.gap >= Gap::Line || [',', '.', ';'].iter().any(|sign| next.is(*sign))
        });
        let verdict = lone(element, before, told, ended);
        let element = &match verdict {
            // `Шолпан мен Юпитер`
            Lone::Name(GIVEN | lone::LIKELY)
                if otherwise::beside_place(self.words.text, self.words.lexicon, element) =>
            {
                Element {
                    facts: element.facts.and(Facts::PLACE),
                    ..*element
                }
            }
            _ => *element,
        };
        let verdict = match verdict {
            Lone::Name(GIVEN | lone::LIKELY) if element.facts.has(Facts::PLACE) => Lone::Perhaps,
            verdict => verdict,
        };
        let perhaps = Perhaps {
            element: *element,
            before: *before,
            after,
        };
        if matches!(verdict, Lone::Name(_)) && self.out.doubts.is_some() {
            self.seen.named.push(perhaps);
        }
        match verdict {
            Lone::Name(rule) => {
                let sure = before.cue || after.title;
                // A name that is a word too says little of its neighbours.
                let word = element.ordinary || element.facts.has(Facts::WORD);
                let rule = if rule == GIVEN && word {
                    recall::WORD
                } else {
                    rule
                };
                self.seen.note(&mut self.words, element);
                self.out.push(
                    self.words.text,
                    element.first,
                    element.last,
                    Kind::Person,
                    if sure { 0.8 } else { 0.68 },
                    rule,
                );
            }
            Lone::Perhaps if signed::is_signed(self.words.text, element) => {
                self.seen.note(&mut self.words, element);
                self.push(element.first, element.last, 0.7, "person.signed");
            }
            Lone::Perhaps => self.seen.perhaps.push(perhaps),
            Lone::No => {}
        }
    }
}

#[cfg(test)]
mod tests;
