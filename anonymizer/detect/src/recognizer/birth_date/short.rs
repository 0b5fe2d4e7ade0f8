//! Births told by an abbreviation, or by the person's name before brackets.

use std::ops::RangeInclusive;

use super::Finder;
use crate::kind::Kind;
use crate::places::calendar::{Cue, Date};
use crate::recognizer::Candidates;
use crate::text::{Gap, Token};

/// Years in which grown persons were born, and hardly a text of today was signed.
const GROWN: RangeInclusive<u32> = 1925..=2009;

const PATRONYMIC: [&str; 12] = [
    "вич", "льич", "вна", "ична", "ұлы", "улы", "қызы", "кызы", "вича", "вны", "вичу", "qyzy",
];

impl Finder<'_> {
    /// `г.р.`, `г/р`, `гр`, `ж.т.`, `д.р.`, `д/р`, `др`, `т.ж.`, `d.o.b.`, `(р. 12.03.1985)`.
    pub(super) fn abbreviation(self, place: usize, out: &mut Candidates) {
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
                if !self.date_before(place - 2, 1, out) {
                    self.year_label(place + 1 + dot, out);
                }
            } else {
                self.label(place + 1 + dot, false, out);
            }
        } else if joined("o", "b") && place >= 4 && calendar.reads(place - 4, "d") {
            self.label(place + 1, true, out);
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
    pub(super) fn in_brackets(self, place: usize, out: &mut Candidates) {
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

    /// The date behind a full name with its patronymic and a comma, if it may be a birth by its year and nothing follows it:
    /// `Иванов Иван Иванович, 12.03.1985`.
    pub(super) fn after_name(self, place: usize) -> Option<Date> {
        let calendar = self.calendar;
        let date = calendar.date(place)?;
        let grown = date
            .year
            .is_some_and(|year| (GROWN.contains(&year)) || (30..100).contains(&year));
        let at = place.checked_sub(2)?;
        let name = at >= 2
            && self.is_patronymic(at)
            && (at - 2..=at).all(|at| {
                calendar
                    .token(at)
                    .is_some_and(|token| token.is_word() && token.len > 1)
            });
        let ends = calendar.token(date.next).is_none_or(|next| {
            next.gap >= Gap::Line || [',', ';', '.', ')'].into_iter().any(|sign| next.is(sign))
        });
        let signed = (place.saturating_sub(9)..place).any(|at| calendar.cue(at).is(Cue::SIGNED));
        (grown && name && ends && !signed).then_some(date)
    }

    /// The date behind a name and a comma, if it may be a birth by its year and a document of that person is named next:
    /// `Мұрат Ерасыл, 2006 жылғы 14 шілде, жеке куәлігі`.
    pub(super) fn before_document(self, place: usize) -> Option<Date> {
        const DOCUMENTS: [&str; 10] = [
            "иин",
            "жсн",
            "удостоверение",
            "уд",
            "паспорт",
            "паспорты",
            "жеке",
            "куәлік",
            "куәлігі",
            "төлқұжат",
        ];
        let calendar = self.calendar;
        let at = place.checked_sub(2)?;
        let title = |at: usize| calendar.token(at).is_some_and(Token::is_title);
        let two = at > 0 && title(at) && title(at - 1);
        if !two && !self.is_name(at) {
            return None;
        }
        let date = calendar.date(place)?;
        let grown = date.year.is_some_and(|year| GROWN.contains(&year));
        let comma = calendar.is(date.next, ',') || calendar.is(date.next, ';');
        let named = DOCUMENTS
            .iter()
            .any(|word| calendar.reads(date.next + 1, word));
        let signed = (place.saturating_sub(9)..place).any(|at| calendar.cue(at).is(Cue::SIGNED));
        (grown && comma && named && !signed).then_some(date)
    }

    fn is_patronymic(self, place: usize) -> bool {
        self.calendar.token(place).is_some_and(|token| {
            let folded = self.calendar.text.folded(token);
            token.is_word()
                && token.len > 3
                && PATRONYMIC.iter().any(|ending| folded.ends_with(ending))
        })
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
        const FAMILY: [&str; 14] = [
            "ов", "ев", "ёв", "ин", "ын", "ова", "ева", "ёва", "ина", "ын", "ский", "ская", "енко",
            "ева",
        ];
        let title = |at: usize| {
            calendar
                .token(at)
                .is_some_and(|token| token.is_title() || token.is_upper())
        };
        self.is_patronymic(place)
            || place > 0
                && title(place)
                && title(place - 1)
                && (ends(place, &FAMILY) || ends(place - 1, &FAMILY))
    }
}
