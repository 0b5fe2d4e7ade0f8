//! Names without a type, where what stands around them allows it.

use super::{Before, Component, Level};
use crate::places::lexicon::{Names, Roles};
use crate::places::name::Name;
use crate::places::number::Certainty;
use crate::places::reader::Reader;
use crate::text::{Gap, Token};

impl Reader<'_> {
    /// A name without its type: a known settlement, a street before the number of its house.
    pub(super) fn untyped(&self, place: usize, before: Before) -> Option<Component> {
        if (before.city || before.context)
            && let Some(street) = self.untyped_street(place, before)
        {
            return Some(street);
        }
        if let Some(next) = self
            .known(place, Names::SETTLEMENT)
            .filter(|_| !before.city)
        {
            let untyped = Component {
                typed: false,
                known: true,
                strong: self.is_cased(place),
                ..self.plain(Level::City, place, next)
            };
            return Some(untyped);
        }
        self.untyped_street(place, before)
    }

    fn untyped_street(&self, place: usize, before: Before) -> Option<Component> {
        let kind = Names::STREET | Names::MICRO;
        let token = self.token(place)?;
        if token.is_glued()
            && place > 0
            && !self.is(place - 1, ',')
            && !self.is(place - 1, '.')
            && !self.is(place - 1, '"')
        {
            return None;
        }
        let begin = self
            .token(place)
            .filter(|_| self.may_name(place))
            .map(|_| place)?;
        let known = self.known(begin, kind);
        let micro = self.known(begin, Names::MICRO).is_some();
        let cased = self.is_cased(place);
        let next = match known {
            Some(next) => next,
            None if cased
                && token.gap < Gap::Line
                && before.last.is_none_or(|last| last < Level::House)
                && token.len > 3
                && self.is_genitive(token)
                && (before.context || before.city) =>
            {
                let second = self.is_cased(place + 1)
                    && self.may_name(place + 1)
                    && self.same_line(place + 1);
                place + 1 + usize::from(second)
            }
            None => return None,
        };
        let level = if micro { Level::Micro } else { Level::Street };
        let next = match micro {
            true => {
                self.with_number(
                    Name {
                        next,
                        known: true,
                        cased,
                        numeric: false,
                    },
                    Names::MICRO,
                )
                .next
            }
            false => next,
        };
        let comma = usize::from(self.is(next, ','));
        let named = self
            .mark(next + comma)
            .roles
            .any(Roles::HOUSE | Roles::FLAT)
            && self
                .token(self.mark(next + comma).next)
                .is_some_and(Token::is_number);
        let number = self
            .house_number(next + comma, Certainty::Bare)
            .filter(|number| !number.doubtful);
        // `Алматы - Астана 15` is a flight, or a score.
        if !named && !micro && place > 0 && self.is(place - 1, '-') {
            return None;
        }
        let same = self
            .token(next + comma)
            .is_some_and(|token| token.gap <= Gap::Space);
        let follows = same && (named || number.is_some())
            || self
                .number_first(next + comma, before)
                .is_some_and(|house| house.level == Level::House);
        (follows && (cased || before.city || before.context)).then(|| Component {
            typed: false,
            known: known.is_some(),
            strong: cased,
            ..self.plain(level, place, next)
        })
    }

    /// Whether a word may be the name of a street by its ending: streets are named after persons in the genitive.
    pub(super) fn is_genitive(&self, token: &Token) -> bool {
        const ENDINGS: [&str; 8] = ["а", "я", "ой", "ы", "и", "го", "ых", "va"];
        let folded = self.text.folded(token);
        ENDINGS.iter().any(|ending| folded.ends_with(ending))
    }
}
