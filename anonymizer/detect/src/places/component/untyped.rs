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
        // `Сатпаева, 30А`: a street and a town of one name.
        let both = self.known(place, Names::STREET);
        let both = both.is_some() && both >= self.known(place, Names::SETTLEMENT);
        if (before.city || before.context || both)
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
        if known.is_none() && self.is_quarter(place, before) {
            let quarter = self.plain(Level::Micro, place, place + 3);
            let typed = false;
            return Some(Component { typed, ..quarter });
        }
        let micro = self.known(begin, Names::MICRO).is_some();
        let cased = self.is_cased(place);
        let next = match known {
            Some(next) => next,
            None if self.is_in_village(place, before) => place + 1,
            None if cased
                && token.gap < Gap::Line
                && before.last.is_none_or(|last| last < Level::House)
                && token.len > 3
                && (self.is_genitive(token) && (before.context || before.city)
                    || self.is_named_after(place)
                    || before.city && before.parted && self.ends(token, &["ов", "ев"])) =>
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
            .filter(|number| !number.doubtful || number.complex && known.is_some());
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
        let follows = follows || micro && comma > 0 && self.leads_to_street(next + comma, before);
        (follows && (cased || before.city || before.context)).then(|| Component {
            typed: false,
            known: known.is_some(),
            strong: cased,
            ..self.plain(level, place, next)
        })
    }

    /// Whether a numbered quarter stands before a street: `Күншығыс-2, Наурызбай батыр көшесі 8`.
    fn is_quarter(&self, place: usize, before: Before) -> bool {
        let title = |token: &Token| token.is_title() && token.len > 3;
        self.token(place).is_some_and(title)
            && self.is_glued(place + 1, '-')
            && self
                .glued_number(place + 2)
                .is_some_and(|number| number.len <= 2)
            && self.is(place + 3, ',')
            && self.leads_to_street(place + 4, before)
    }

    /// Whether a street with its type begins at `place`.
    fn leads_to_street(&self, place: usize, before: Before) -> bool {
        self.same_line(place)
            && self
                .named(place, before)
                .is_some_and(|street| street.level == Level::Street)
    }

    /// Whether a word of which nothing is known is the street of a settlement just named, where the text speaks of residence:
    /// `прописан: с. Жибек Жолы, Орталык 6`.
    fn is_in_village(&self, place: usize, before: Before) -> bool {
        let word = |token: &Token| token.is_title() && token.len > 4;
        let ends = |next: usize| {
            self.token(next).is_none_or(|sign| {
                sign.gap >= Gap::Line || [',', '.', ';', ')'].iter().any(|end| sign.is(*end))
            })
        };
        let number = self.house_number(place + 1, Certainty::Bare);
        before.last == Some(Level::City)
            && before.parted
            && before.context
            && self.same_line(place)
            && self.same_line(place + 1)
            && self.token(place).is_some_and(word)
            && number.is_some_and(|number| !number.doubtful && ends(number.next))
    }

    /// Whether a preposition of place stands before: `на Абая 15`.
    pub fn is_on(&self, place: usize) -> bool {
        let before = place.checked_sub(1).and_then(|at| self.token(at));
        let same = self
            .token(place)
            .is_some_and(|token| token.gap <= Gap::Space);
        same && before
            .is_some_and(|token| matches!(self.text.folded(token), "на" | "по" | "к" | "ко"))
    }

    /// Whether a surname in the genitive that no list of streets has stands behind such a preposition, and a number as only houses have
    /// behind it: `на Маресьева 83-14`.
    pub fn is_named_after(&self, place: usize) -> bool {
        const SURNAME: [&str; 6] = ["ова", "ева", "ёва", "ина", "ского", "енко"];
        self.is_on(place)
            && self
                .token(place)
                .is_some_and(|token| token.is_title() && self.ends(token, &SURNAME))
            && self
                .house_number(place + 1, Certainty::Bare)
                .is_some_and(|number| number.complex && number.next > place + 2)
    }

    fn ends(&self, token: &Token, endings: &[&str]) -> bool {
        let folded = self.text.folded(token);
        endings.iter().any(|end| folded.ends_with(end))
    }

    /// Whether a word may be the name of a street by its ending: streets are named after persons in the genitive.
    pub fn is_genitive(&self, token: &Token) -> bool {
        const ENDINGS: [&str; 8] = ["а", "я", "ой", "ы", "и", "го", "ых", "va"];
        self.ends(token, &ENDINGS)
    }
}
