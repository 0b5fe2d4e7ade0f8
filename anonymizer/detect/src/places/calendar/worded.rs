//! Dates whose month is a word, and dates in words.

use super::{Calendar, Cue, Date};
use crate::text::{Gap, Token};

impl Calendar<'_> {
    /// `12 марта 1985 года`, `«12» марта 1985 г.`, `12-наурыз 1985 ж.`, `12th of March, 1985`.
    pub(super) fn day_first(&self, place: usize) -> Option<Date> {
        let quoted = usize::from(self.is(place, '"'));
        let day = self.day(place + quoted)?;
        let mut at = place + quoted + 1;
        if quoted > 0 {
            at += usize::from(self.is(at, '"'));
        }
        at = self.ordinal(at);
        at += usize::from(self.reads(at, "of"));
        let month = self.month(at)?;
        at = self.after_month(at);
        let (next, bare_next, year) = self.year_after(at);
        Some(Date {
            first: place,
            next,
            bare_next,
            day: Some(day),
            month: Some(month),
            year,
        })
    }

    /// Passes over `-го`, `-е`, `th`, `-сі`, `-`, `.` behind a day.
    fn ordinal(&self, place: usize) -> usize {
        let glued = |at: usize| self.token(at).is_some_and(Token::is_glued);
        let ending = |at: usize| {
            self.token(at)
                .is_some_and(|token| token.is_word() && token.is_glued() && token.len <= 6)
                && self.month(at).is_none()
        };
        if ending(place) {
            return place + 1;
        }
        if self.is(place, '-') {
            return place + 1 + usize::from(glued(place) && ending(place + 1));
        }
        place + usize::from(self.is(place, '.') && glued(place))
    }

    fn month(&self, place: usize) -> Option<u32> {
        let cue = self.cue(place);
        let near = self.token(place)?.gap <= Gap::Line;
        (near && cue.is(Cue::MONTH)).then_some(u32::from(cue.month))
    }

    /// Passes over the dot or hyphen behind a month, and `айының`.
    fn after_month(&self, place: usize) -> usize {
        let mut at = place + 1;
        if self.cue(at).is(Cue::KAZAKH_MONTH) {
            at += 1;
        }
        let dot = self.is(at, '.') || self.is(at, '-') || self.is(at, ',');
        let year = self
            .token(at + 1)
            .is_some_and(|token| token.is_number() && (token.len == 4 || token.len == 2));
        at + usize::from(dot && year)
    }

    /// The year at `place` with its word: the places after it with and without the word.
    fn year_after(&self, place: usize) -> (usize, usize, Option<u32>) {
        if self.token(place).is_none_or(|token| token.gap > Gap::Line) {
            return (place, place, None);
        }
        let worded = self.cue(place + 1).is(Cue::YEAR)
            && self
                .token(place + 1)
                .is_some_and(|word| word.gap <= Gap::Space);
        let short = worded.then(|| self.number(place, 2..=2)).flatten();
        let Some(year) = self.year(place).or(short) else {
            // `12 марта,` keeps no comma.
            let end = self.trim(place);
            return (end, end, None);
        };
        let next = if worded && !self.is_birth(place + 1) {
            self.dotted(place + 2)
        } else {
            place + 1
        };
        (next, place + 1, Some(year))
    }

    /// Goes back before a sign.
    fn trim(&self, place: usize) -> usize {
        let sign = place > 0
            && self
                .token(place - 1)
                .is_some_and(|token| !token.is_word() && !token.is_number());
        place - usize::from(sign)
    }

    /// Passes over the dot of `г.`, unless it is a word in full.
    fn dotted(&self, place: usize) -> usize {
        let letter = place > 0 && self.token(place - 1).is_some_and(|token| token.len == 1);
        let dot = letter && self.is(place, '.') && self.token(place).is_some_and(Token::is_glued);
        place + usize::from(dot)
    }

    /// `1985 жылы 12 наурызда`, `1985 ж. 12-наурыз`, `1985 жылғы наурыздың 12-сі`, `1985 года 12 марта`.
    pub(super) fn year_first(&self, place: usize) -> Option<Date> {
        let year = self.year(place)?;
        let mut at = place + 1;
        if self.cue(at).is(Cue::YEAR) {
            at = self.dotted(at + 1);
        }
        at += usize::from(self.is(at, ','));
        if let Some(day) = self.day(at) {
            let month = self.ordinal(at + 1);
            let number = self.month(month)?;
            let ai = usize::from(self.cue(month + 1).is(Cue::KAZAKH_MONTH));
            return Some(Date {
                first: place,
                next: month + 1 + ai,
                bare_next: month + 1 + ai,
                day: Some(day),
                month: Some(number),
                year: Some(year),
            });
        }
        let month = self.month(at)?;
        let ai = usize::from(self.cue(at + 1).is(Cue::KAZAKH_MONTH));
        let day = self.day(at + 1 + ai)?;
        let next = self.suffixed(at + 2 + ai);
        Some(Date {
            first: place,
            next,
            bare_next: next,
            day: Some(day),
            month: Some(month),
            year: Some(year),
        })
    }

    /// Passes over `-сінде` behind a day.
    fn suffixed(&self, place: usize) -> usize {
        let hyphen = self.is(place, '-') && self.token(place).is_some_and(Token::is_glued);
        let word = self
            .token(place + 1)
            .is_some_and(|token| token.is_word() && token.is_glued());
        if hyphen && word {
            return place + 2;
        }
        let glued = self
            .token(place)
            .is_some_and(|token| token.is_word() && token.is_glued());
        place + usize::from(glued)
    }

    /// `March 12, 1985`, `наурыздың 12-сі 1985 ж.`.
    pub(super) fn month_first(&self, place: usize, cue: Cue) -> Option<Date> {
        let mut at = self.after_month(place);
        at += usize::from(self.is(at, '.'));
        let day = self.day(at)?;
        let mut next = self.suffixed(at + 1);
        next += usize::from(self.is(next, ','));
        let (next, bare_next, year) = self.year_after(next);
        year.map(|year| Date {
            first: place,
            next,
            bare_next,
            day: Some(day),
            month: Some(u32::from(cue.month)),
            year: Some(year),
        })
    }

    /// `двенадцатого марта тысяча девятьсот восемьдесят пятого года`, `мың тоғыз жүз сексен бесінші жылы он екінші наурызда`.
    pub(super) fn in_words(&self, place: usize) -> Option<Date> {
        if place > 0 && self.cue(place - 1).is(Cue::NUMBER_WORD) {
            return None;
        }
        let words = |from: usize| {
            (from..from + 8)
                .take_while(|at| self.cue(*at).is(Cue::NUMBER_WORD))
                .count()
        };
        let counted = words(place);
        let mut at = place + counted;
        if self.cue(at).is(Cue::MONTH) && counted <= 2 {
            let years = words(at + 1);
            let thousand = (at + 1..at + 1 + years).any(|word| self.cue(word).is(Cue::THOUSAND));
            let digits = self.year_after(at + 1);
            let (next, bare_next) = if years >= 1 && thousand {
                let end = at + 1 + years;
                let worded = self.cue(end).is(Cue::YEAR) && !self.is_birth(end);
                (end + usize::from(worded), end)
            } else {
                (digits.0, digits.1)
            };
            let known = years >= 1 && thousand || digits.2.is_some();
            return known.then_some(Date {
                first: place,
                next,
                bare_next,
                day: None,
                month: None,
                year: digits.2,
            });
        }
        let thousand = (place..at).any(|word| self.cue(word).is(Cue::THOUSAND));
        if !thousand || !self.cue(at).is(Cue::YEAR) {
            return None;
        }
        at += 1;
        let days = words(at);
        let digit = usize::from(self.day(at).is_some());
        let month = at + days.max(digit);
        let next = month + 1;
        (days + digit > 0 && self.cue(month).is(Cue::MONTH)).then_some(Date {
            first: place,
            next,
            bare_next: next,
            day: None,
            month: None,
            year: None,
        })
    }
}
