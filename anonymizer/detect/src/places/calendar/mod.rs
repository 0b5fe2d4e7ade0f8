//! Dates as they are written: in numbers, with the month as a word, in words; in Russian, Kazakh and English order.

mod cue;
mod worded;

use crate::text::{Gap, Text, Token};

pub use cue::{Cue, Cues};

/// A date: the tokens from `first` until `next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub first: usize,
    pub next: usize,
    /// The place after it without the word for year that may belong to what follows (`года рождения`).
    pub bare_next: usize,
    /// Day, month and year as far as they are known.
    pub day: Option<u32>,
    pub month: Option<u32>,
    pub year: Option<u32>,
}

/// Reads dates in a text.
#[derive(Clone, Copy)]
pub struct Calendar<'t> {
    pub text: &'t Text,
    pub cues: &'static Cues,
}

impl<'t> Calendar<'t> {
    pub fn new(text: &'t Text) -> Self {
        Self {
            text,
            cues: Cues::shared(),
        }
    }

    pub fn token(&self, place: usize) -> Option<&'t Token> {
        self.text.token(place)
    }

    pub fn is(&self, place: usize, sign: char) -> bool {
        self.token(place).is_some_and(|token| token.is(sign))
    }

    pub fn cue(&self, place: usize) -> Cue {
        self.token(place)
            .filter(|token| token.is_word())
            .map(|token| self.cues.get(token.hash))
            .unwrap_or_default()
    }

    /// Whether the word at `place` is `word`, in lower case.
    pub fn reads(&self, place: usize, word: &str) -> bool {
        self.token(place)
            .is_some_and(|token| self.text.folded(token) == word)
    }

    fn number(&self, place: usize, lengths: std::ops::RangeInclusive<u8>) -> Option<u32> {
        let token = self.token(place)?;
        if !token.is_number() || !lengths.contains(&token.len) {
            return None;
        }
        self.text.folded(token).parse().ok()
    }

    fn day(&self, place: usize) -> Option<u32> {
        self.number(place, 1..=2)
            .filter(|day| (1..=31).contains(day))
    }

    /// Four digits that may be a year of somebody's birth.
    pub fn year(&self, place: usize) -> Option<u32> {
        self.number(place, 4..=4)
            .filter(|year| (1880..=2035).contains(year))
    }

    /// The date that begins at `place`, with day, month and, mostly, year.
    pub fn date(&self, place: usize) -> Option<Date> {
        let token = self.token(place)?;
        if token.is_number() {
            if self.follows_number(place) {
                return None;
            }
            return self
                .numeric(place)
                .or_else(|| self.solid(place))
                .or_else(|| self.year_first(place))
                .or_else(|| self.day_first(place));
        }
        if token.is('"') {
            return self.day_first(place);
        }
        if !token.is_word() {
            return None;
        }
        let cue = self.cue(place);
        if cue.is(Cue::MONTH) {
            return self.month_first(place, cue);
        }
        cue.is(Cue::NUMBER_WORD).then(|| self.in_words(place))?
    }

    /// Whether the number continues another: `1.12.03.1985`, `+7 701 12-03-85`.
    fn follows_number(&self, place: usize) -> bool {
        let glued = self.token(place).is_some_and(Token::is_glued);
        let sign = glued
            && place > 0
            && ['.', '/', '-', '+', '№']
                .iter()
                .any(|sign| self.is(place - 1, *sign));
        sign && (place < 2
            || self.is(place - 1, '+')
            || self.token(place - 2).is_some_and(|token| {
                token.is_number() && self.token(place - 1).is_some_and(Token::is_glued)
            }))
    }

    /// `12.03.1985`, `12/03/85`, `1985-03-12`, `12 03 1985`.
    fn numeric(&self, place: usize) -> Option<Date> {
        let (second, sign) = self.part(place + 1)?;
        let (third, again) = self.part(second + 1)?;
        if sign != again {
            return None;
        }
        let next = third + 1;
        let continues = self.token(next).is_some_and(|token| {
            token.is_glued() && (token.is('.') || token.is('/') || token.is('-'))
        }) && self
            .token(next + 1)
            .is_some_and(|token| token.is_glued() && token.is_number());
        if continues {
            return None;
        }
        let spaced = sign == ' ';
        let (day, month, year) = if let Some(year) = self.year(place) {
            (
                self.number(third, 1..=2)?,
                self.number(second, 1..=2)?,
                year,
            )
        } else {
            let lengths = if spaced { 4..=4 } else { 2..=4 };
            let year = self
                .number(third, lengths)
                .filter(|_| self.token(third).is_some_and(|token| token.len != 3))?;
            (
                self.number(place, 1..=2)?,
                self.number(second, 1..=2)?,
                year,
            )
        };
        // The American order, where only it can be.
        let (day, month) = if month > 12 && day <= 12 {
            (month, day)
        } else {
            (day, month)
        };
        let fits = (1..=31).contains(&day)
            && (1..=12).contains(&month)
            && (year < 100 || (1880..=2035).contains(&year));
        fits.then_some(Date {
            first: place,
            next,
            bare_next: next,
            day: Some(day),
            month: Some(month),
            year: Some(year),
        })
    }

    /// The number after a separator at `place`, and the separator.
    fn part(&self, place: usize) -> Option<(usize, char)> {
        let token = self.token(place)?;
        if token.is_number() {
            return (token.gap == Gap::Space && token.len != 1).then_some((place, ' '));
        }
        let sign = ['.', '/', '-', ',', '\\']
            .into_iter()
            .find(|sign| token.is(*sign))?;
        let number = self.token(place + 1)?;
        (token.gap <= Gap::Space && number.is_number() && number.gap <= Gap::Space)
            .then_some((place + 1, sign))
    }

    /// `12031985`, `19850312`.
    fn solid(&self, place: usize) -> Option<Date> {
        let digits = self
            .token(place)
            .filter(|token| token.is_number() && token.len == 8)?;
        let digits = self.text.folded(digits);
        let part = |from: usize, to: usize| digits.get(from..to)?.parse::<u32>().ok();
        let orders = [
            (part(0, 2)?, part(2, 4)?, part(4, 8)?),
            (part(6, 8)?, part(4, 6)?, part(0, 4)?),
        ];
        let (day, month, year) = orders.into_iter().find(|(day, month, year)| {
            (1..=31).contains(day) && (1..=12).contains(month) && (1900..=2035).contains(year)
        })?;
        Some(Date {
            first: place,
            next: place + 1,
            bare_next: place + 1,
            day: Some(day),
            month: Some(month),
            year: Some(year),
        })
    }

    /// Whether the word for year at `place` belongs to a birth: `года рождения`, `г.р.`, `ж.т.`.
    pub fn is_birth(&self, place: usize) -> bool {
        let sign = usize::from(self.is(place + 1, '.') || self.is(place + 1, '/'));
        let after = place + 1 + sign;
        self.cue(after).is(Cue::RUSSIAN_BIRTH)
            || sign > 0 && (self.reads(after, "р") || self.reads(after, "т"))
            || self.reads(after, "род")
    }
}
