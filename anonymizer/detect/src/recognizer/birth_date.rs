//! Dates of birth.
//!
//! A date is somebody's birth where a label says so (`дата рождения`, `туған күні`, `DOB`), a verb (`родился`, `туған`,
//! `дүниеге келген`), what follows it (`г.р.`, `года рождения`, `ж.т.`), a person's name before it in brackets; and where the
//! text gives the same day as a birth elsewhere, by such words or by an IIN that begins with it. The span is the date alone: a date in words keeps its word for the year (`12
//! марта 1985 года`), but not one that opens `года рождения`; a year alone is its four digits.

use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::places::calendar::{Calendar, Cue, Date};
use crate::span::Span;
use crate::text::{Gap, Text, Token};

/// Dates of birth.
pub const RECOGNIZER: Recognizer = Recognizer::Piece(find);

/// How far a date may stand behind its label.
const LABEL: usize = 14;
/// How far a date may stand before or behind a verb.
const VERB: usize = 12;

fn find(text: &Text, out: &mut Candidates) {
    let finder = Finder {
        calendar: Calendar::new(text),
    };
    let mut days = Vec::new();
    let begun = out.spans().len();
    for (place, token) in text.tokens().iter().enumerate() {
        if token.is_word() {
            if finder.calendar.cues.may_trigger(token.hash) {
                finder.word(place, token, out);
            }
        } else if token.is_number() {
            days.extend(finder.day_of_iin(place, token));
            if text.before(place, 1).is_some_and(|sign| sign.is('(')) {
                finder.in_brackets(place, out);
            }
        }
    }
    if out.spans().len() > begun {
        days.extend(finder.days_found(out.spans().get(begun..).unwrap_or_default()));
    }
    if !days.is_empty() {
        days.sort_unstable();
        days.dedup();
        finder.again(&days, out);
    }
}

#[derive(Clone, Copy)]
struct Finder<'t> {
    calendar: Calendar<'t>,
}

impl Finder<'_> {
    fn push(self, out: &mut Candidates, date: Date, confidence: f32, rule: &'static str) {
        out.push(
            self.calendar.text,
            date.first,
            date.next - 1,
            Kind::BirthDate,
            confidence,
            rule,
        );
    }

    fn word(self, place: usize, token: &Token, out: &mut Candidates) {
        let cue = self.calendar.cue(place);
        if cue.is(Cue::RUSSIAN_BIRTH) {
            self.russian(place, out);
        } else if cue.is(Cue::BORN) {
            self.verb(place, out);
        } else if cue.is(Cue::KAZAKH_BORN) {
            self.kazakh(place, out);
        } else if cue.is(Cue::COMING) && self.calendar.cue(place + 1).is(Cue::COME) {
            self.before_verb(place, out);
        } else if cue.is(Cue::ENGLISH_BIRTH) {
            self.label(place + 1, true, out);
        } else if token.len <= 2 {
            self.abbreviation(place, out);
        }
    }

    /// `дата рождения`, `года рождения`, `год рождения`.
    fn russian(self, place: usize, out: &mut Candidates) {
        let before = self.back(place);
        let Some(before) = before else {
            if !self.date_before(place, 0, out) {
                self.label(place + 1, false, out);
            }
            return;
        };
        let cue = self.calendar.cue(before);
        if cue.is(Cue::YEAR) {
            if !self.suffix(before, out) {
                self.year_label(place + 1, out);
            }
        } else if cue.is(Cue::OF_DAY)
            || cue.is(Cue::PLACE) && self.calendar.reads(before.saturating_sub(1), "и")
        {
            let dot = usize::from(self.calendar.is(place + 1, '.'));
            if !self.label(place + 1 + dot, true, out) {
                self.date_before(before, 4, out);
            }
        } else if !cue.is(Cue::PLACE) && !self.date_before(place, 0, out) {
            self.near_label(place + 1, out);
        }
    }

    /// The word before `place`, over a dot, hyphen or underscore.
    fn back(self, place: usize) -> Option<usize> {
        let mut at = place.checked_sub(1)?;
        if !self.calendar.token(at)?.is_word() {
            at = at.checked_sub(1)?;
        }
        self.calendar.token(at)?.is_word().then_some(at)
    }

    /// The date or year that ends right before the word for year at `word`: `1985 года рождения`.
    fn suffix(self, word: usize, out: &mut Candidates) -> bool {
        if self.date_before(word, 1, out) {
            return true;
        }
        let Some(place) = word.checked_sub(1) else {
            return false;
        };
        let short = self
            .calendar
            .token(place)
            .is_some_and(|token| token.is_number() && token.len == 2 && token.gap == Gap::Space);
        let year = self.calendar.year(place).is_some() || short;
        if !year || self.is_of_many(place) || place > 0 && self.calendar.is(place - 1, '-') {
            return false;
        }
        out.push(
            self.calendar.text,
            place,
            place,
            Kind::BirthDate,
            0.85,
            "birth_date.year",
        );
        true
    }

    /// Whether people in general are spoken of: `граждане 2006 года рождения`, or a bound.
    fn is_of_many(self, place: usize) -> bool {
        (place.saturating_sub(3)..place).any(|at| {
            self.calendar.cue(at).is(Cue::PLURAL)
                || at + 1 == place && self.calendar.cue(at).is(Cue::UNTIL)
        })
    }

    /// The date behind a label.
    fn label(self, from: usize, sure: bool, out: &mut Candidates) -> bool {
        let reach = if sure { LABEL } else { 3 };
        let Some(date) = self.ahead(from, reach, 2) else {
            return false;
        };
        let rule = "birth_date.label";
        self.push(
            out,
            date,
            if date.year.is_some() { 0.95 } else { 0.8 },
            rule,
        );
        true
    }

    fn near_label(self, from: usize, out: &mut Candidates) {
        if let Some(date) = self.ahead(from, 2, 0).filter(|date| date.year.is_some()) {
            self.push(out, date, 0.85, "birth_date.label");
        }
    }

    /// `год рождения: 1985`, `туған жылы 1985`.
    fn year_label(self, from: usize, out: &mut Candidates) {
        if self.label(from, false, out) {
            return;
        }
        let colon =
            (from..from + 3).find(|at| self.calendar.token(*at).is_some_and(Token::is_number));
        if let Some(place) = colon.filter(|place| self.calendar.year(*place).is_some()) {
            out.push(
                self.calendar.text,
                place,
                place,
                Kind::BirthDate,
                0.85,
                "birth_date.year",
            );
        }
    }

    /// The first date from `from` on within `reach` tokens of the same sentence; words of other dates end the search once
    /// more than `free` tokens were passed.
    fn ahead(self, from: usize, reach: usize, free: usize) -> Option<Date> {
        for at in from..=from + reach {
            let token = self.calendar.token(at)?;
            if token.gap == Gap::Block || self.ends_sentence(at) {
                return None;
            }
            if let Some(date) = self.calendar.date(at) {
                return Some(date);
            }
            if at >= from + free && self.calendar.cue(at).is(Cue::OTHER_DATE) {
                return None;
            }
        }
        None
    }

    fn ends_sentence(self, place: usize) -> bool {
        let calendar = self.calendar;
        let stop = calendar.is(place, '.') || calendar.is(place, '!') || calendar.is(place, '?');
        let long = place > 0
            && calendar
                .token(place - 1)
                .is_some_and(|token| token.is_word() && token.len > 3);
        stop && long
            && calendar
                .token(place + 1)
                .is_none_or(|next| !next.is_glued())
    }

    /// The last date that ends at most `reach` tokens before `place`.
    fn date_before(self, place: usize, reach: usize, out: &mut Candidates) -> bool {
        let Some(date) = self.behind(place, reach) else {
            return false;
        };
        self.push(out, date, 0.95, "birth_date.suffix");
        true
    }

    fn behind(self, place: usize, reach: usize) -> Option<Date> {
        let mut found: Option<Date> = None;
        let mut at = place.saturating_sub(reach + 12);
        while at < place {
            match self.calendar.date(at) {
                Some(date) if date.bare_next <= place => {
                    at = date.bare_next;
                    found = Some(Date {
                        next: date.next.min(place),
                        ..date
                    });
                }
                _ => at += 1,
            }
        }
        let date = found.filter(|date| date.next + reach >= place)?;
        let apart = (date.next..place).any(|at| {
            self.ends_sentence(at)
                || self
                    .calendar
                    .token(at)
                    .is_some_and(|token| token.gap == Gap::Block)
        });
        (!apart && !self.is_bound(&date)).then_some(date)
    }

    /// `до 1 января 1960 года`, `1985 жылға дейін`.
    fn is_bound(self, date: &Date) -> bool {
        let before = date
            .first
            .checked_sub(1)
            .is_some_and(|at| self.calendar.cue(at).is(Cue::UNTIL));
        before || self.calendar.cue(date.next).is(Cue::UNTIL)
    }

    /// `родился 12 марта 1985 года`, `12 марта 1985 года в Алматы родился`, `родилась в 1985 году`.
    fn verb(self, place: usize, out: &mut Candidates) {
        if let Some(date) = self
            .ahead(place + 1, VERB, 0)
            .filter(|date| !self.is_bound(date))
        {
            self.push(
                out,
                date,
                if date.year.is_some() { 0.95 } else { 0.7 },
                "birth_date.verb",
            );
            return;
        }
        if let Some(year) = self.year_ahead(place) {
            out.push(
                self.calendar.text,
                year,
                year,
                Kind::BirthDate,
                0.7,
                "birth_date.year",
            );
            return;
        }
        let date = self.behind(place, 6);
        if let Some(date) = date.filter(|date| date.year.is_some()) {
            self.push(out, date, 0.85, "birth_date.verb");
        }
    }

    /// The year of `родилась [в Алматы] в 1985 году`.
    fn year_ahead(self, place: usize) -> Option<usize> {
        for at in place + 1..place + 8 {
            let token = self.calendar.token(at)?;
            if token.gap == Gap::Block
                || self.ends_sentence(at)
                || self.calendar.cue(at).is(Cue::OTHER_DATE | Cue::UNTIL)
                    && !self.calendar.reads(at, "с")
            {
                return None;
            }
            let recent = self.calendar.year(at).is_some_and(|year| year >= 1900);
            if recent && self.calendar.cue(at + 1).is(Cue::YEAR) {
                return Some(at);
            }
        }
        None
    }

    /// `туған күні`, `1985 жылы 12 наурызда туған`, but not `туған жер`.
    fn kazakh(self, place: usize, out: &mut Candidates) {
        let next = self.calendar.cue(place + 1);
        if next.is(Cue::KAZAKH_DAY)
            || self.calendar.is(place + 1, '_')
            || self.calendar.is(place + 1, ':')
        {
            let label = place + 1 + usize::from(next.is(Cue::KAZAKH_DAY));
            if self.label(label, true, out) {
                return;
            }
            if !self.date_before(place, 4, out) {
                self.year_label(label, out);
            }
            return;
        }
        if next.is(Cue::NATIVE) {
            return;
        }
        self.before_verb(place, out);
    }

    /// The date, or the year, before a Kazakh verb.
    fn before_verb(self, place: usize, out: &mut Candidates) {
        if let Some(date) = self.behind(place, VERB) {
            self.push(
                out,
                date,
                if date.year.is_some() { 0.95 } else { 0.7 },
                "birth_date.verb",
            );
            return;
        }
        if self.label(place + 1, false, out) {
            return;
        }
        let range = place.saturating_sub(7)..place;
        let year = range.rev().find(|at| {
            self.calendar.year(*at).is_some_and(|year| year >= 1900)
                && self.calendar.cue(at + 1).is(Cue::YEAR)
        });
        let Some(year) = year else {
            return;
        };
        let bound =
            (year..place).any(|at| self.calendar.cue(at).is(Cue::UNTIL) || self.ends_sentence(at));
        let many = (place + 1..place + 3).any(|at| self.calendar.cue(at).is(Cue::PLURAL));
        if !bound && !many && !self.is_of_many(year) {
            out.push(
                self.calendar.text,
                year,
                year,
                Kind::BirthDate,
                0.7,
                "birth_date.year",
            );
        }
    }

    /// `г.р.`, `г/р`, `гр`, `ж.т.`, `д.р.`, `д/р`, `др`, `т.ж.`, `(р. 12.03.1985)`.
    fn abbreviation(self, place: usize, out: &mut Candidates) {
        let calendar = self.calendar;
        let joined = |first: &str, last: &str| {
            calendar.reads(place, last)
                && place >= 2
                && (calendar.is(place - 1, '.') || calendar.is(place - 1, '/'))
                && calendar.reads(place - 2, first)
        };
        if joined("г", "р") || joined("ж", "т") {
            self.suffix(place - 2, out);
        } else if joined("д", "р") || joined("т", "ж") {
            let dot = usize::from(calendar.is(place + 1, '.'));
            if self.ahead(place + 1 + dot, 4, 0).is_none() {
                self.date_before(place - 2, 1, out);
            } else {
                self.label(place + 1 + dot, false, out);
            }
        } else if calendar.reads(place, "гр") {
            self.glued_suffix(place, out);
        } else if calendar.reads(place, "др")
            || calendar.reads(place, "р")
            || calendar.reads(place, "b")
        {
            let bracket = calendar.reads(place, "др") || place > 0 && calendar.is(place - 1, '(');
            if bracket && !(place > 0 && calendar.reads(place - 1, "и")) {
                let dot = usize::from(calendar.is(place + 1, '.'));
                self.near_label(place + 1 + dot, out);
            }
        }
    }

    /// `1985гр`, which may as well be grams: a year counts after a name or a comma.
    fn glued_suffix(self, place: usize, out: &mut Candidates) {
        if self.date_before(place, 0, out) {
            return;
        }
        let Some(before) = place.checked_sub(2) else {
            return;
        };
        let person = self.calendar.token(before).is_some_and(|token| {
            token.is(',') || token.is('(') || token.is_title() && self.is_name(before)
        });
        let year = self
            .calendar
            .year(place - 1)
            .is_some_and(|year| (1900..2030).contains(&year));
        if person && year {
            out.push(
                self.calendar.text,
                place - 1,
                place - 1,
                Kind::BirthDate,
                0.7,
                "birth_date.year",
            );
        }
    }

    /// `Иванов Иван Иванович (12.03.1985)`.
    fn in_brackets(self, place: usize, out: &mut Candidates) {
        let Some(date) = self.calendar.date(place).filter(|date| date.year.is_some()) else {
            return;
        };
        let ends = self
            .calendar
            .token(date.next)
            .is_some_and(|sign| sign.is(')') || sign.is(',') || sign.is(';'));
        let person = place
            .checked_sub(2)
            .is_some_and(|at| self.is_name(at) || self.calendar.cue(at).is(Cue::AGE));
        // `подписал Иванов И. И. (12.03.2024)`
        let signed =
            (place.saturating_sub(9)..place).any(|at| self.calendar.cue(at).is(Cue::SIGNED));
        if ends && person && !signed {
            self.push(out, date, 0.85, "birth_date.name");
        }
    }

    /// Whether a person's name ends at `place`: a patronymic, initials after a surname, or two names, one of a family.
    fn is_name(self, place: usize) -> bool {
        let calendar = self.calendar;
        let Some(last) = calendar.token(place) else {
            return false;
        };
        if last.is('.') {
            let initial = |at: usize| {
                calendar
                    .token(at)
                    .is_some_and(|token| token.is_word() && token.len == 1 && token.is_title())
            };
            return place >= 3
                && initial(place - 1)
                && (initial(place - 3) || calendar.token(place - 2).is_some_and(Token::is_title));
        }
        let ends = |at: usize, endings: &[&str]| {
            calendar.token(at).is_some_and(|token| {
                let folded = calendar.text.folded(token);
                token.is_word()
                    && token.len > 3
                    && endings.iter().any(|ending| folded.ends_with(ending))
            })
        };
        const PATRONYMIC: [&str; 12] = [
            "вич", "льич", "вна", "ична", "ұлы", "улы", "қызы", "кызы", "вича", "вны", "вичу",
            "qyzy",
        ];
        const FAMILY: [&str; 14] = [
            "ов", "ев", "ёв", "ин", "ын", "ова", "ева", "ёва", "ина", "ын", "ский", "ская", "енко",
            "ева",
        ];
        let title = |at: usize| {
            calendar
                .token(at)
                .is_some_and(|token| token.is_title() || token.is_upper())
        };
        ends(place, &PATRONYMIC)
            || place > 0
                && title(place)
                && title(place - 1)
                && (ends(place, &FAMILY) || ends(place - 1, &FAMILY))
    }

    /// The day an IIN begins with: day, month, and the last two digits of the year.
    fn day_of_iin(self, place: usize, token: &Token) -> Option<Day> {
        let calendar = self.calendar;
        let next = || {
            calendar
                .token(place + 1)
                .is_some_and(|next| next.is_number() && next.len == 6)
        };
        if token.len != 12 && !(token.len == 6 && next()) {
            return None;
        }
        let digits = calendar.text.folded(token);
        let part = |from: usize| digits.get(from..from + 2)?.parse::<u32>().ok();
        let day = (part(4)?, part(2)?, part(0)?);
        ((1..=31).contains(&day.0) && (1..=12).contains(&day.1)).then_some(day)
    }

    /// The days of the dates found so far.
    fn days_found(self, spans: &[Span]) -> Vec<Day> {
        let numbers = self.calendar.text.numbers();
        let start = |place: &u32| {
            let token = self.calendar.token(*place as usize);
            token.map_or(usize::MAX, |token| token.start as usize)
        };
        let found = spans.iter().filter_map(|span| {
            let at = numbers.binary_search_by_key(&span.start, start).ok()?;
            day_of(&self.calendar.date(*numbers.get(at)? as usize)?)
        });
        found.collect()
    }

    /// Dates on a day of birth that the text gives elsewhere, by an IIN or with words of birth.
    fn again(self, days: &[Day], out: &mut Candidates) {
        for &place in self.calendar.text.numbers() {
            let place = place as usize;
            // A day, a year or all of a date.
            let may_begin = self
                .calendar
                .token(place)
                .is_some_and(|token| matches!(token.len, 1 | 2 | 4 | 8));
            let date = may_begin.then(|| self.calendar.date(place)).flatten();
            if let Some(date) = date
                && day_of(&date).is_some_and(|day| days.binary_search(&day).is_ok())
            {
                self.push(out, date, 0.85, "birth_date.again");
            }
        }
    }
}

/// Day, month, and the last two digits of the year.
type Day = (u32, u32, u32);

fn day_of(date: &Date) -> Option<Day> {
    Some((date.day?, date.month?, date.year? % 100))
}
