//! Dates as they are written: in numbers, with the month as a word, in words; in Russian, Kazakh and English order.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::forms;
use super::table::{Folded, Sieve};
use crate::text::{Gap, Text, Token, hash};

/// The classes of a word around dates, as a set, and the number of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cue {
    classes: u32,
    month: u8,
}

/// The classes of `data/places/birth_words.txt`, by name.
const CLASSES: [&str; 20] = [
    "month",
    "year",
    "kazakh_month",
    "of_day",
    "place",
    "russian_birth",
    "born",
    "kazakh_born",
    "coming",
    "come",
    "english_birth",
    "native",
    "kazakh_day",
    "other_date",
    "until",
    "plural",
    "age",
    "number_word",
    "thousand",
    "signed",
];

impl Cue {
    pub const MONTH: u32 = 1;
    pub const YEAR: u32 = 1 << 1;
    pub const KAZAKH_MONTH: u32 = 1 << 2;
    pub const OF_DAY: u32 = 1 << 3;
    pub const PLACE: u32 = 1 << 4;
    pub const RUSSIAN_BIRTH: u32 = 1 << 5;
    pub const BORN: u32 = 1 << 6;
    pub const KAZAKH_BORN: u32 = 1 << 7;
    pub const COMING: u32 = 1 << 8;
    pub const COME: u32 = 1 << 9;
    pub const ENGLISH_BIRTH: u32 = 1 << 10;
    pub const NATIVE: u32 = 1 << 11;
    pub const KAZAKH_DAY: u32 = 1 << 12;
    pub const OTHER_DATE: u32 = 1 << 13;
    pub const UNTIL: u32 = 1 << 14;
    pub const PLURAL: u32 = 1 << 15;
    pub const AGE: u32 = 1 << 16;
    pub const NUMBER_WORD: u32 = 1 << 17;
    pub const THOUSAND: u32 = 1 << 18;
    pub const SIGNED: u32 = 1 << 19;

    /// Words that may wake the recognizer.
    const TRIGGER: u32 =
        Self::RUSSIAN_BIRTH | Self::BORN | Self::KAZAKH_BORN | Self::COMING | Self::ENGLISH_BIRTH;

    /// Whether the word is of one of `classes`.
    pub const fn is(self, classes: u32) -> bool {
        self.classes & classes != 0
    }
}

/// The words around dates.
pub struct Cues {
    cues: HashMap<u64, Cue, Folded>,
    triggers: Sieve,
}

static CUES: LazyLock<Cues> = LazyLock::new(Cues::build);

impl Cues {
    /// The one table.
    pub fn shared() -> &'static Self {
        &CUES
    }

    /// The classes of the word of that hash.
    pub fn get(&self, hash: u64) -> Cue {
        self.cues.get(&hash).copied().unwrap_or_default()
    }

    /// Whether a word may wake the recognizer; right when it denies.
    pub fn may_trigger(&self, hash: u64) -> bool {
        self.triggers.may_hold(hash)
    }

    fn build() -> Self {
        let mut built = Self {
            cues: HashMap::default(),
            triggers: Sieve::default(),
        };
        let mut month = 0;
        for line in include_str!("../../data/places/birth_words.txt").lines() {
            let Some((name, words)) = line.split_once('\t') else {
                continue;
            };
            let Some(class) = CLASSES.iter().position(|class| *class == name) else {
                continue;
            };
            let class = 1 << class;
            month += u8::from(class == Cue::MONTH);
            for word in words.split_whitespace() {
                built.add(word, class, month);
            }
        }
        for letter in ["р", "т", "ж", "гр", "др", "b"] {
            built.triggers.add(hash(letter));
        }
        built
    }

    fn add(&mut self, word: &str, class: u32, month: u8) {
        let forms = match word.strip_suffix('*') {
            Some(stem) => forms::kazakh(stem),
            None => vec![word.to_owned()],
        };
        for form in forms {
            let cue = self.cues.entry(hash(&form)).or_default();
            cue.classes |= class;
            if class == Cue::MONTH {
                cue.month = month;
            }
            if class & Cue::TRIGGER != 0 {
                self.triggers.add(hash(&form));
            }
        }
    }
}

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

    /// `12 марта 1985 года`, `«12» марта 1985 г.`, `12-наурыз 1985 ж.`, `12th of March, 1985`.
    fn day_first(&self, place: usize) -> Option<Date> {
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

    /// Whether the word for year at `place` belongs to a birth: `года рождения`, `г.р.`, `ж.т.`.
    pub fn is_birth(&self, place: usize) -> bool {
        let sign = usize::from(self.is(place + 1, '.') || self.is(place + 1, '/'));
        let after = place + 1 + sign;
        self.cue(after).is(Cue::RUSSIAN_BIRTH)
            || sign > 0 && (self.reads(after, "р") || self.reads(after, "т"))
            || self.reads(after, "род")
    }

    /// `1985 жылы 12 наурызда`, `1985 ж. 12-наурыз`, `1985 жылғы наурыздың 12-сі`, `1985 года 12 марта`.
    fn year_first(&self, place: usize) -> Option<Date> {
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
    fn month_first(&self, place: usize, cue: Cue) -> Option<Date> {
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
    fn in_words(&self, place: usize) -> Option<Date> {
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
