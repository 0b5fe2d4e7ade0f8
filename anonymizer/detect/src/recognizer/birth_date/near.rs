//! Dates near a word of birth.

use super::Finder;
use crate::places::calendar::{Cue, Date};
use crate::text::Gap;

impl Finder<'_> {
    /// The first date from `from` on within `reach` tokens of the same sentence; words of other dates end the search once
    /// more than `free` tokens were passed.
    pub(super) fn ahead(self, from: usize, reach: usize, free: usize) -> Option<Date> {
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

    pub(super) fn ends_sentence(self, place: usize) -> bool {
        let calendar = self.calendar;
        let stop = calendar.is(place, '.') || calendar.is(place, '!') || calendar.is(place, '?');
        let long = place > 0
            && calendar.token(place - 1).is_some_and(|token| {
                token.is_word() && token.len > 3 || token.is(']') || token.is('"')
            });
        stop && long
            && calendar
                .token(place + 1)
                .is_none_or(|next| !next.is_glued())
    }

    pub(super) fn behind(self, place: usize, reach: usize) -> Option<Date> {
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
    pub(super) fn is_bound(self, date: &Date) -> bool {
        let before = date
            .first
            .checked_sub(1)
            .is_some_and(|at| self.calendar.cue(at).is(Cue::UNTIL));
        before || self.calendar.cue(date.next).is(Cue::UNTIL)
    }

    /// The year of `родилась [в Алматы] в 1985 году`.
    pub(super) fn year_ahead(self, place: usize) -> Option<usize> {
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
}
