//! Dates of birth.
//!
//! A date is somebody's birth where a label says so (`дата рождения`, `туған күні`, `DOB`), a verb (`родился`, `туған`,
//! `дүниеге келген`), what follows it (`г.р.`, `года рождения`, `ж.т.`), a person's name before it in brackets; and where the
//! text gives the same day as a birth elsewhere, by such words or by an IIN that begins with it. The span is the date
//! alone: a date in words keeps its word for the year (`12 марта 1985 года`), but not one that opens `года рождения`; a
//! year alone is its four digits.

mod again;
mod column;
mod list;
mod near;
mod short;

use super::{Candidates, Recognizer};
use crate::glance::Glance;
use crate::kind::Kind;
use crate::places::calendar::{Calendar, Cue, Date};
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
    let mut table = 0;
    let mut listed = list::Listed::default();
    for &place in text.wakers() {
        let place = place as usize;
        let Some(token) = text.token(place) else {
            break;
        };
        if token.is_word() {
            if token.glance.has(Glance::BIRTH) {
                finder.word(place, token, out);
                if place >= table && finder.heads(place) {
                    table = finder.column(place, out).unwrap_or(table);
                }
            }
        } else {
            days.extend(finder.day_of_iin(place, token));
            if text.before(place, 1).is_some_and(|sign| sign.is('(')) {
                finder.in_brackets(place, out);
            } else if text.before(place, 1).is_some_and(|sign| sign.is(',')) {
                if let Some(date) = finder.before_document(place) {
                    finder.push(out, date, 0.8, "birth_date.name");
                } else {
                    listed.note(finder.after_name(place));
                }
            }
        }
    }
    for date in listed.dates() {
        finder.push(out, date, 0.8, "birth_date.list");
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

    /// Whether the word may head a column of dates of birth: `Дата рождения`, `Туған күні`, `DOB`, `г.р.`.
    fn heads(self, place: usize) -> bool {
        let cue = self.calendar.cue(place);
        let before = self.back(place).map(|at| self.calendar.cue(at));
        let of_day = before.is_some_and(|before| before.is(Cue::OF_DAY | Cue::YEAR));
        if cue.is(Cue::RUSSIAN_BIRTH) {
            return of_day;
        }
        if cue.is(Cue::KAZAKH_BORN) {
            let joined = usize::from(self.calendar.is(place + 1, '_'));
            return self.calendar.cue(place + 1 + joined).is(Cue::KAZAKH_DAY);
        }
        let reads = |word| self.calendar.reads(place, word);
        let joined = |first| {
            place >= 2 && !self.calendar.is(place - 1, ',') && self.calendar.reads(place - 2, first)
        };
        cue.is(Cue::ENGLISH_BIRTH)
            || reads("др")
            || reads("р") && (joined("д") || joined("г"))
            || reads("т") && joined("ж")
            || reads("ж") && joined("т")
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
        } else if self.is_light(place) {
            self.verb(place, out);
        } else if token.len <= 2 {
            self.abbreviation(place, out);
        }
    }

    /// `появился на свет`.
    fn is_light(self, place: usize) -> bool {
        let appeared = |at: usize| {
            let token = self.calendar.token(at);
            token.is_some_and(|token| self.calendar.text.folded(token).starts_with("появи"))
        };
        place >= 2
            && self.calendar.reads(place, "свет")
            && self.calendar.reads(place - 1, "на")
            && (place.saturating_sub(3)..place - 1).any(appeared)
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

    /// The last date that ends at most `reach` tokens before `place`.
    fn date_before(self, place: usize, reach: usize, out: &mut Candidates) -> bool {
        let Some(date) = self.behind(place, reach) else {
            return false;
        };
        self.push(out, date, 0.95, "birth_date.suffix");
        true
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

    /// The year right before a verb, with its word.
    fn year_before(self, place: usize) -> Option<usize> {
        let year = place.checked_sub(2)?;
        let worded = self.calendar.cue(place - 1).is(Cue::YEAR);
        (worded && self.calendar.year(year).is_some()).then_some(year)
    }

    /// The date, or the year, before a Kazakh verb.
    fn before_verb(self, place: usize, out: &mut Candidates) {
        // `2023 жылғы 6 қыркүйекте оқиға орнында болған, өзі 1966 жылы туған`
        let beside = self.year_before(place);
        let date = self.behind(place, VERB);
        if let Some(date) = date.filter(|date| beside.is_none_or(|year| date.next > year)) {
            self.push(
                out,
                date,
                if date.year.is_some() { 0.95 } else { 0.7 },
                "birth_date.verb",
            );
            return;
        }
        if beside.is_none() && self.label(place + 1, false, out) {
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
}
