//! Components that are a name with its type before or after it: streets, settlements, regions.

use super::{Before, Component, Level};
use crate::places::lexicon::{Names, Roles};
use crate::places::name::Name;
use crate::places::reader::{Mark, Reader};
use crate::text::{Gap, Token};

impl Reader<'_> {
    /// A type and its name: `ул. Абая`, `мкр. Самал-2`, `г. Алматы`, `область Абай`.
    pub(super) fn typed_name(&self, place: usize, mark: Mark, before: Before) -> Option<Component> {
        // `Набережная ул.`: a type that is the name of the street.
        let type_of = self.mark(mark.next);
        if mark.roles.any(Roles::STREET_BEFORE)
            && type_of.roles.any(Roles::STREET_BEFORE)
            && !mark.dotted
            && self.is_cased(place)
            && self.same_line(mark.next)
            && self.stands_last(type_of.next)
        {
            let street = self.plain(Level::Street, place, type_of.next);
            return Some(Component {
                dotted: type_of.dotted,
                known: true,
                ..street
            });
        }
        let (level, kind, mark) = self.named_level(place, mark)?;
        let capital = mark.letter && level == Level::City && self.is_cased(place);
        if capital && (self.is_initial(place) || !self.same_line(mark.next)) {
            return None;
        }
        let name = self.name_after_type(mark.next, kind)?;
        if !self.may_follow(place, level, mark, name, before) {
            return None;
        }
        Some(Component {
            level,
            first: place,
            next: name.next,
            typed: true,
            dotted: mark.dotted,
            known: name.known,
            strong: name.cased,
            doubtful: !name.cased && !name.known,
        })
    }

    fn named_level(&self, place: usize, mark: Mark) -> Option<(Level, Names, Mark)> {
        let roles = mark.roles;
        if roles.any(Roles::STREET_BEFORE) {
            return Some((Level::Street, Names::STREET, mark));
        }
        if roles.any(Roles::MICRO | Roles::MASSIF) {
            return Some((Level::Micro, Names::MICRO, mark));
        }
        if roles.any(Roles::MASSIF_ADJECTIVE) {
            let noun = self.mark(mark.next);
            return noun.roles.any(Roles::MASSIF_NOUN).then_some((
                Level::Micro,
                Names::MICRO,
                noun,
            ));
        }
        if roles.any(Roles::CITY_BEFORE | Roles::VILLAGE_BEFORE) {
            return Some((Level::City, Names::SETTLEMENT, mark));
        }
        let before = |roles: Roles| place > 0 && self.roles(place - 1).any(roles);
        if roles.any(Roles::REGION) && !before(Roles::REGION) {
            return Some((Level::Region, Names::REGION, mark));
        }
        if roles.any(Roles::DISTRICT) {
            return Some((Level::District, Names::SETTLEMENT, mark));
        }
        roles
            .any(Roles::RURAL)
            .then_some((Level::Rural, Names::SETTLEMENT, mark))
    }

    /// Whether a type that may mean something else is meant so here.
    fn may_follow(
        &self,
        place: usize,
        level: Level,
        mark: Mark,
        name: Name,
        before: Before,
    ) -> bool {
        let year = place > 0
            && self.same_line(place)
            && self.text.before(place, 1).is_some_and(|number| {
                number.is_number() && number.len == 4 && before.last != Some(Level::Postal)
            });
        match level {
            Level::City if mark.letter => {
                // `С.Ермилова` is a person: a capital letter is a type before a known name, or within an address.
                let shouted = self.token(mark.next).is_some_and(|word| word.is_upper());
                let person = self.is_cased(place)
                    && !name.known
                    && !shouted
                    && before.last.is_none()
                    && !(self.same_line(name.next) && self.leads(name.next));
                // `Талгарский р-н, с Бескайнар, ул. Абая`
                let leads = self.leads(name.next);
                let within = before.last.is_some_and(|last| last < Level::City)
                    && (name.cased && self.is(name.next, ',') || leads);
                let certain = name.known
                    || within
                    || mark.dotted && (name.cased || before.last.is_some() || leads) && !person;
                certain
                    && (!year || mark.roles.any(Roles::VILLAGE_BEFORE))
                    && (mark.dotted || within || self.leads(name.next) || before.context)
            }
            Level::City => name.known || name.cased || self.is(name.next, ','),
            Level::Region | Level::District | Level::Rural => {
                name.cased || name.known || before.last.is_some()
            }
            // `площадь 50`, `пр. 5` are none; `улица 12` is.
            Level::Street if mark.letter => false,
            _ => true,
        }
    }

    /// Whether a component of an address follows, perhaps after a comma.
    fn leads(&self, place: usize) -> bool {
        let mut at = place + usize::from(self.is(place, ','));
        at += usize::from(
            self.token(at)
                .is_some_and(|word| self.text.folded(word) == "по"),
        );
        let types = Roles::STREET_BEFORE
            | Roles::STREET_AFTER
            | Roles::MICRO
            | Roles::HOUSE
            | Roles::DISTRICT;
        self.roles(at).any(types)
            || (at..at + 3).any(|next| self.roles(next).any(types | Roles::MICRO_AFTER))
            || self.known(at, Names::STREET | Names::MICRO).is_some()
    }

    /// A name and its type: `Абай көшесі`, `Қарағанды облысы`, `Самал-2 мкр`, `Садовая ул.`.
    pub(super) fn named(&self, place: usize, before: Before) -> Option<Component> {
        let (name, mark) = self.name_before_type(place, before.last.is_some())?;
        let (level, next) = self.type_after(place, name, mark, before.last.is_some())?;
        Some(Component {
            level,
            first: place,
            next,
            typed: true,
            dotted: mark.dotted,
            known: name.known,
            strong: name.cased,
            doubtful: !name.cased && !name.known,
        })
    }

    fn type_after(
        &self,
        place: usize,
        name: Name,
        mark: Mark,
        open: bool,
    ) -> Option<(Level, usize)> {
        let roles = mark.roles;
        let next = self.mark(mark.next);
        let credible = name.cased || name.known || open;
        if roles.any(Roles::MICRO_ADJECTIVE) {
            return next
                .roles
                .any(Roles::DISTRICT)
                .then_some((Level::Micro, next.next));
        }
        if roles.any(Roles::MICRO_AFTER) {
            return Some((Level::Micro, mark.next));
        }
        if roles.any(Roles::RURAL_ADJECTIVE) {
            return (credible && next.roles.any(Roles::RURAL_NOUN))
                .then_some((Level::Rural, next.next));
        }
        if roles.any(Roles::STREET_AFTER) {
            // A name of several words in lower case is one only because an address goes on.
            return (!name.numeric).then_some((Level::Street, mark.next));
        }
        // `Тобыл микрорайон 27`: the number is the microdistrict's.
        let settlement = self.known(place, Names::SETTLEMENT) == Some(name.next);
        let numbered = settlement && self.token(mark.next).is_some_and(Token::is_number);
        if roles.any(Roles::MICRO) && self.stands_last(mark.next) && !numbered {
            return (credible && (name.numeric || self.is_known_or_joined(place, name)))
                .then_some((Level::Micro, mark.next));
        }
        if name.numeric {
            return None;
        }
        if roles.any(Roles::STREET_BEFORE) && self.stands_last(mark.next) {
            // `Алиханова ул., 43`
            let last = self.token(name.next.saturating_sub(1));
            let genitive = name.cased
                && (open || mark.dotted)
                && last.is_some_and(|word| word.len > 4 && self.is_genitive(word));
            return (name.known || genitive || credible && self.is_adjective(place))
                .then_some((Level::Street, mark.next));
        }
        if roles.any(Roles::RURAL) {
            return credible.then_some((Level::Rural, mark.next));
        }
        let adjective = self.is_adjective(place);
        if roles.any(Roles::REGION) {
            return (adjective || credible).then_some((Level::Region, mark.next));
        }
        if roles.any(Roles::DISTRICT) {
            return (adjective || credible).then_some((Level::District, mark.next));
        }
        // `Жумакалиева А.` is a person.
        let initial = self
            .token(mark.next - 1 - usize::from(mark.dotted))
            .is_some_and(|token| token.is_upper());
        let word = name.next.saturating_sub(1);
        let upper = self.token(word).is_some_and(|token| token.is_upper());
        if mark.letter && initial && (!upper || !settlement && self.is_surname(word)) {
            return None;
        }
        if roles.any(Roles::CITY_AFTER | Roles::VILLAGE_AFTER)
            && (!mark.letter || mark.dotted || settlement)
        {
            return credible.then_some((Level::City, mark.next));
        }
        let tabular = roles.any(Roles::CITY_BEFORE | Roles::VILLAGE_BEFORE)
            && (mark.dotted || self.is(mark.next, ','))
            && self.stands_last(mark.next);
        (tabular && credible && (settlement || self.is(mark.next, ',')))
            .then_some((Level::City, mark.next))
    }

    /// Whether no name follows the type, so that it belongs to the name before it.
    fn stands_last(&self, place: usize) -> bool {
        self.token(place).is_none_or(|next| {
            next.gap > Gap::Space
                || next.is_number()
                || !next.is_word() && !next.is('"')
                || self
                    .roles(place)
                    .any(Roles::HOUSE | Roles::FLAT | Roles::NUMBER_SIGN | Roles::VERB_AFTER)
        })
    }

    fn is_known_or_joined(&self, place: usize, name: Name) -> bool {
        name.known || self.known(place, Names::MICRO).is_some() || self.is_cased(place)
    }

    /// Whether the word ends as surnames do.
    fn is_surname(&self, place: usize) -> bool {
        const ENDINGS: [&str; 11] = [
            "ова", "ева", "ёва", "ина", "ын", "ов", "ев", "ёв", "ин", "енко", "ская",
        ];
        self.token(place).is_some_and(|token| {
            let folded = self.text.folded(token);
            ENDINGS.iter().any(|ending| folded.ends_with(ending))
        })
    }

    /// Whether the first word is an adjective of a place: `Алматинской`, `Садовая`.
    fn is_adjective(&self, place: usize) -> bool {
        const ENDINGS: [&str; 12] = [
            "ая", "ой", "ую", "ий", "ый", "ого", "ому", "ом", "ого", "кая", "кой", "ским",
        ];
        self.token(place).is_some_and(|token| {
            let folded = self.text.folded(token);
            token.len > 4 && ENDINGS.iter().any(|ending| folded.ends_with(ending))
        })
    }
}
