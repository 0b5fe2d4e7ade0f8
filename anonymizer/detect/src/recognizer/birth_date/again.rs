//! Days of birth that the text repeats.

use super::Finder;
use crate::places::calendar::Date;
use crate::recognizer::Candidates;
use crate::span::Span;
use crate::text::Token;

impl Finder<'_> {
    /// The day an IIN begins with: day, month, and the last two digits of the year.
    pub(super) fn day_of_iin(self, place: usize, token: &Token) -> Option<Day> {
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
    pub(super) fn days_found(self, spans: &[Span]) -> Vec<Day> {
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
    pub(super) fn again(self, days: &[Day], out: &mut Candidates) {
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
pub(super) type Day = (u32, u32, u32);

fn day_of(date: &Date) -> Option<Day> {
    Some((date.day?, date.month?, date.year? % 100))
}
