//! Components that are a number with or without its type: houses, flats, entrances.

use super::{Before, Component, Level};
use crate::places::lexicon::Roles;
use crate::places::number::{Certainty, Number};
use crate::places::reader::{Mark, Reader};
use crate::text::Gap;

/// Words that speak of a flat or its owner right behind the address.
const DETAILS: [&str; 8] = [
    "общей",
    "общая",
    "площадью",
    "жилой",
    "жалпы",
    "ауданы",
    "тел",
    "кадастровый",
];

impl Reader<'_> {
    /// A number before its type: `5 мкр`, `10 үй`, `15-пәтер`, `3 этаж`; or a postal code.
    pub(super) fn number_first(&self, place: usize, before: Before) -> Option<Component> {
        if let Some(postal) = self.postal(place) {
            return Some(postal);
        }
        if let Some(street) = self.ordinal_street(place, before) {
            return Some(street);
        }
        let number = self.house_number(place, Certainty::Named)?;
        let mut at = number.next;
        // `10-үй`, `10-шы үй`, `3-й этаж`, `№10 үй`.
        if self.is_glued(at, '-') {
            at += 1;
            if self.glued_word(at).is_some_and(|word| {
                word.len <= 3
                    && !self
                        .roles(at)
                        .any(Roles::HOUSE_AFTER | Roles::FLAT_AFTER | Roles::MICRO)
            }) {
                at += 1;
            }
        }
        if self.token(at)?.gap > Gap::Line {
            return None;
        }
        let mark = self.mark(at);
        let follows = self
            .token(mark.next)
            .is_some_and(|next| next.is_number() && next.gap <= Gap::Space);
        // `10 үй 15 пәтер`: the second number has a word of its own.
        let after = self
            .house_number(mark.next, Certainty::Named)
            .map_or(mark.next, |number| number.next);
        let own = self
            .roles(after + usize::from(self.is(after, '-')))
            .any(Roles::FLAT_AFTER | Roles::CORPUS | Roles::ENTRANCE);
        let follows = follows && !own;
        let component = |level| {
            Some(Component {
                dotted: mark.dotted,
                ..self.plain(level, place, mark.next)
            })
        };
        if mark.roles.any(Roles::HOUSE_AFTER)
            && (!follows || matches!(before.last, Some(Level::Street | Level::Micro)))
        {
            return component(Level::House);
        }
        if mark.roles.any(Roles::FLAT_AFTER) && (!follows || before.house) {
            // `15 кв` needs a house before it, and may be an area.
            let russian = self
                .token(at)
                .is_some_and(|word| self.text.folded(word) == "кв");
            let metres = self.token(mark.next).is_some_and(|next| {
                next.is_word() && (next.len == 1 || self.roles(mark.next).any(Roles::COUNT))
            });
            let none = russian && (!before.detail || metres);
            return if none { None } else { component(Level::Flat) };
        }
        if mark.roles.any(Roles::ENTRANCE) && before.detail && !follows {
            return component(Level::Entrance);
        }
        let lettered = self
            .token(mark.next)
            .is_some_and(|next| next.is('"') || next.is_word() && next.len == 1);
        let kazakh =
            mark.roles.any(Roles::CORPUS) && !mark.letter && before.detail && !follows && !lettered;
        if kazakh {
            return component(Level::Corpus);
        }
        None
    }

    /// `3-й переулок Абая`.
    fn ordinal_street(&self, place: usize, before: Before) -> Option<Component> {
        let ordinal = self.is_glued(place + 1, '-')
            && self.glued_word(place + 2).is_some_and(|word| word.len <= 3);
        let mark = self.mark(place + 3);
        if !ordinal || !mark.roles.any(Roles::STREET_BEFORE) || !self.same_line(place + 3) {
            return None;
        }
        let street = self.typed_name(place + 3, mark, before)?;
        Some(Component {
            first: place,
            ..street
        })
    }

    /// A type and its number: `д. 33`, `кв. 14`, `корпус 2`, `литер А`.
    pub(super) fn typed_number(
        &self,
        place: usize,
        mark: Mark,
        before: Before,
    ) -> Option<Component> {
        let level = self.numbered_level(mark, before)?;
        let mut at = mark.next;
        at += usize::from(
            self.is(at, ':')
                || self.is(at, '-')
                    && self.is_glued(at, '-')
                    && self.glued_number(at + 1).is_some(),
        );
        at += usize::from(self.is(at, '.') && self.is_glued(at, '.'));
        if self.token(at)?.gap > Gap::Line {
            return None;
        }
        let dotted = mark.dotted;
        if let Some(number) = self.house_number(at, Certainty::Named) {
            return (!self.is_measure(number)).then(|| Component {
                dotted,
                ..self.plain(level, place, number.next)
            });
        }
        let lettered =
            matches!(level, Level::Corpus | Level::House | Level::Entrance) && before.detail;
        let quoted = usize::from(self.is(at, '"'));
        let letter = self.token(at + quoted)?;
        if lettered
            && letter.is_word()
            && letter.len == 1
            && (quoted == 0 || self.is(at + 2, '"'))
            && !mark.letter
        {
            let next = at + 1 + 2 * quoted;
            // `блок А1`.
            let next = next + usize::from(self.glued_number(next).is_some());
            return Some(Component {
                dotted,
                ..self.plain(level, place, next)
            });
        }
        let none = level == Level::House
            && letter.len == 1
            && self.is(at + 1, '/')
            && self.glued_word(at + 2).is_some_and(|word| word.len == 1);
        none.then(|| self.plain(level, place, at + 3))
    }

    fn numbered_level(&self, mark: Mark, before: Before) -> Option<Level> {
        let roles = mark.roles;
        if roles.any(Roles::FLAT) {
            return Some(Level::Flat);
        }
        if roles.any(Roles::HOUSE | Roles::PLOT) {
            return Some(Level::House);
        }
        if !before.detail {
            return None;
        }
        if roles.any(Roles::CORPUS) {
            return Some(Level::Corpus);
        }
        if roles.any(Roles::ENTRANCE) {
            return Some(Level::Entrance);
        }
        roles.any(Roles::ROOM).then_some(Level::Flat)
    }

    /// `кв. 50 м`: an area, not a flat.
    fn is_measure(&self, number: Number) -> bool {
        self.token(number.next).is_some_and(|next| {
            next.is_word()
                && next.gap <= Gap::Space
                && (matches!(self.text.folded(next), "м" | "кв" | "га" | "км")
                    || self.roles(number.next).any(Roles::COUNT))
        }) && !self.roles(number.next).any(Roles::FLAT)
    }

    /// `б/н`: a house that has no number.
    fn is_without_number(&self, place: usize) -> bool {
        let letter = |at: usize, letter: &str| {
            self.token(at)
                .is_some_and(|token| self.text.folded(token) == letter)
        };
        letter(place, "б") && self.is_glued(place + 1, '/') && letter(place + 2, "н")
    }

    /// A number without a word: of a house after a street, of a flat after a house.
    pub(super) fn bare_number(&self, place: usize, before: Before) -> Option<Component> {
        if self.is_without_number(place) && before.last == Some(Level::Street) {
            return Some(self.plain(Level::House, place, place + 3));
        }
        let number = self.house_number(place, Certainty::Bare)?;
        let level = match before.last? {
            Level::Street | Level::Micro => Level::House,
            Level::House if before.house && before.parted => Level::Flat,
            _ => return None,
        };
        let line = self.token(place)?.gap >= Gap::Line;
        let alone = self.token(number.next).is_none_or(|next| {
            next.gap >= Gap::Line
                || [',', '.', ';', ')', '|', '"']
                    .into_iter()
                    .any(|sign| next.is(sign))
                || next.is('-') && next.gap == Gap::Space
        }) || self.text.is_tabbed(number.next)
            || self
                .token(number.next)
                .is_some_and(|next| DETAILS.contains(&self.text.folded(next)));
        // A telephone number may follow the house as well.
        let long = level == Level::Flat && number.next > place + 2;
        if (line || level == Level::Flat) && !alone || long {
            return None;
        }
        Some(Component {
            typed: false,
            strong: number.complex,
            doubtful: number.doubtful,
            ..self.plain(level, place, number.next)
        })
    }
}
