//! Numbers of houses and flats.

use super::lexicon::Roles;
use super::reader::Reader;
use crate::text::{Gap, Token};

/// A number of a house: `10`, `10а`, `10/2`, `10-15`, `10 корпус 2` without the corpus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    /// The place after it.
    pub next: usize,
    /// Whether it has more than digits, as numbers of houses often have and counts have not.
    pub complex: bool,
    /// What follows speaks against a house: a word that is no part of an address.
    pub doubtful: bool,
}

/// How sure it is from what stands before that a number is of a house or flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// After `дом`, `кв.`.
    Named,
    /// After the name of a street.
    Bare,
}

impl Reader<'_> {
    /// The number of a house that begins at `place`, perhaps after `№`.
    pub fn house_number(&self, place: usize, certainty: Certainty) -> Option<Number> {
        let mut at = place;
        while self.roles(at).any(Roles::NUMBER_SIGN) && self.same_line(at) {
            at = self.mark(at).next + usize::from(self.is(at + 1, '.'));
        }
        let signed = at > place;
        let first = self.token(at)?;
        if !first.is_number() || first.len > 4 || at > place && first.gap > Gap::Line {
            return None;
        }
        let (next, complex) = self.suffixes(at + 1)?;
        let named = certainty == Certainty::Named || signed;
        if !named
            && !complex
            && self
                .value(first)
                .is_some_and(|value| value == 0 || (1900..2100).contains(&value))
        {
            return None;
        }
        if !self.may_end(next, named) || !named && self.is_area(next) {
            return None;
        }
        Some(Number {
            next,
            complex: complex || signed,
            doubtful: !named && self.doubtful(next),
        })
    }

    /// Letters, fractions and a flat behind the digits; `None` where the number is of something else.
    fn suffixes(&self, place: usize) -> Option<(usize, bool)> {
        let mut at = place;
        let mut complex = false;
        for _ in 0..4 {
            let Some(next) = self.suffix(at)? else {
                break;
            };
            at = next;
            complex = true;
        }
        if !complex && self.apart_letter(at) {
            return Some((at + 1, true));
        }
        Some((at, complex))
    }

    /// One more part of the number, glued to it. The outer `None` is a number that is none of a house.
    fn suffix(&self, at: usize) -> Option<Option<usize>> {
        if let Some(letter) = self.glued_word(at) {
            // `10а`, `10к2`, `10кв5`; but not `10км`.
            if letter.len == 1 {
                return Some(Some(at + 1));
            }
            let part = self.roles(at).any(
                Roles::CORPUS | Roles::FLAT | Roles::HOUSE_AFTER | Roles::FLAT_AFTER | Roles::MICRO,
            );
            return part.then_some(None);
        }
        let Some(sign) = self.token(at).filter(|sign| sign.is_glued()) else {
            return Some(None);
        };
        if sign.is('/') || sign.is('-') || sign.is('\\') {
            if self
                .glued_number(at + 1)
                .is_some_and(|number| number.len <= 4)
            {
                return Some(Some(at + 2));
            }
            if let Some(word) = self.glued_word(at + 1) {
                return self.hyphened(at, word);
            }
        }
        Some(None)
    }

    /// A word after a hyphen: `10-А` is a house; `10-й`, `10-летний` are not; `10-үй` and
    /// `10-да` end the number before the hyphen.
    fn hyphened(&self, at: usize, word: &Token) -> Option<Option<usize>> {
        let ordinal = matches!(
            self.text.folded(word),
            "й" | "я" | "е" | "х" | "м" | "го" | "му" | "ая" | "ый" | "ой"
        );
        if word.len == 1 && !ordinal {
            return Some(Some(at + 2));
        }
        let roles = self.roles(at + 1);
        let part = roles.any(
            Roles::HOUSE_AFTER | Roles::FLAT_AFTER | Roles::CORPUS | Roles::FLAT | Roles::ENTRANCE,
        );
        (part || is_case(self.text.folded(word))).then_some(None)
    }

    /// A letter of a house apart from its digits: `10 А, кв. 5`, `10 «б»`.
    fn apart_letter(&self, at: usize) -> bool {
        let Some(letter) = self.token(at) else {
            return false;
        };
        if !letter.is_word() || letter.len != 1 || letter.gap > Gap::Space {
            return false;
        }
        if self.roles(at).any(Roles::HOUSE | Roles::CORPUS)
            && self
                .token(at + 1)
                .is_some_and(|next| next.is_number() || next.is('.'))
        {
            return false;
        }
        let next = self.token(at + 1);
        let ends = next.is_none_or(|next| {
            next.gap >= Gap::Line || next.is(',') || next.is(';') || next.is(')')
        });
        let flat = self.roles(at + 1).any(Roles::FLAT);
        if self.is_cased(at) {
            return ends
                || flat
                || next.is_some_and(|next| {
                    next.is('.')
                        && self
                            .token(at + 2)
                            .is_none_or(|after| !after.is_glued() && after.gap != Gap::Space)
                });
        }
        flat || next.is_some_and(|next| next.is(','))
            && self.roles(at + 2).any(Roles::FLAT | Roles::CORPUS)
    }

    /// `площадь 80 кв. м`
    fn is_area(&self, place: usize) -> bool {
        let reads = |at: usize, words: &[&str]| {
            self.token(at)
                .is_some_and(|token| words.contains(&self.text.folded(token)))
        };
        let dot = usize::from(self.is(place + 1, '.'));
        reads(place, &["кв", "шаршы"]) && reads(place + 1 + dot, &["м", "метр", "метра", "метров"])
    }

    /// Whether a number may end before `next`: no decimals, times, dates, percents, units.
    fn may_end(&self, next: usize, named: bool) -> bool {
        let Some(token) = self.token(next) else {
            return true;
        };
        if token.is_number() && token.is_glued() {
            return false;
        }
        if token.is_glued() {
            let number_follows = self.glued_number(next + 1).is_some();
            if (token.is('.') || token.is(':')) && number_follows {
                return false;
            }
            if token.is('%') || token.is('°') || token.is('+') {
                return false;
            }
        }
        if token.is('%') || token.is('°') || token.is('$') || token.is('₸') {
            return false;
        }
        let roles = self.roles(next);
        named || token.gap > Gap::Space || !roles.any(Roles::MONTH | Roles::COUNT)
    }

    /// Whether the word after a bare number is one that counts or acts, rather than more of the address.
    fn doubtful(&self, next: usize) -> bool {
        let Some(token) = self
            .token(next)
            .filter(|token| token.is_lower() && token.gap <= Gap::Space)
        else {
            return false;
        };
        let known = Roles::VERB_AFTER
            | Roles::RESIDENCE
            | Roles::RESIDENCE_AFTER
            | Roles::HOUSE
            | Roles::HOUSE_AFTER
            | Roles::FLAT
            | Roles::CORPUS
            | Roles::ENTRANCE
            | Roles::ROOM
            | Roles::MICRO
            | Roles::CITY_BEFORE
            | Roles::SETTLEMENT_HEAD;
        // `на Абая 150 вместо Абая 105`: what counts nothing.
        let joins = || {
            matches!(
                self.text.folded(token),
                "и" | "или"
                    | "вместо"
                    | "в"
                    | "на"
                    | "к"
                    | "до"
                    | "от"
                    | "но"
                    | "а"
                    | "не"
                    | "где"
                    | "когда"
                    | "там"
                    | "бойынша"
                    | "деген"
                    | "тұсында"
                    | "жағында"
            )
        };
        !self.lexicon.roles(token.hash).any(known) && !self.roles(next).any(known) && !joins()
    }
}

/// Whether a word is the ending of a Kazakh case behind a number: `Абай көшесі, 7-де`.
fn is_case(word: &str) -> bool {
    const ENDINGS: [&str; 12] = [
        "да", "де", "та", "те", "ға", "ге", "қа", "ке", "дан", "ден", "тан", "тен",
    ];
    ENDINGS.contains(&word)
}
