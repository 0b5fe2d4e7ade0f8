//! The components of an address.

use super::lexicon::{Names, Roles};
use super::name::Name;
use super::number::{Certainty, Number};
use super::reader::{Mark, Reader};
use crate::text::{Gap, Token};

/// What a component is, from the widest to the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Postal,
    Country,
    Region,
    District,
    Rural,
    City,
    Micro,
    Street,
    House,
    Corpus,
    Entrance,
    Flat,
}

/// A component: the tokens from `first` until `next`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    pub level: Level,
    pub first: usize,
    pub next: usize,
    /// A word says what it is: `ул.`, `қаласы`, `д.`.
    pub typed: bool,
    /// That word is an abbreviation with its dot.
    pub dotted: bool,
    /// The name is a known one.
    pub known: bool,
    /// The name has a capital letter, or the number more than digits.
    pub strong: bool,
    /// What follows speaks against it.
    pub doubtful: bool,
}

/// What is already known of the address that a component would continue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    pub last: Option<Level>,
    /// A settlement stands before.
    pub city: bool,
    /// A street, microdistrict or house stands before.
    pub detail: bool,
    /// The last component is a house without a word that says so, or with one.
    pub house: bool,
    /// Words of residence stand before.
    pub context: bool,
    /// A comma (or a line's end) parts the place from the last component.
    pub parted: bool,
}

impl Reader<'_> {
    /// The component that begins at `place`.
    pub fn component(&self, place: usize, before: Before) -> Option<Component> {
        let token = self.token(place)?;
        if token.is_number() {
            return self
                .number_first(place, before)
                .or_else(|| self.named(place, before))
                .or_else(|| self.bare_number(place, before));
        }
        if !token.is_word() {
            let numbered = self.roles(place).any(Roles::NUMBER_SIGN);
            let bare = || {
                numbered.then(|| {
                    self.number_first(place, before)
                        .or_else(|| self.bare_number(place, before))
                })?
            };
            return self.named(place, before).or_else(bare);
        }
        let mark = self.mark(place);
        if mark.letter && mark.dotted && token.is_title() {
            // The initial of a street's name rather than `г.` or `с.`.
            let street = self.named(place, before);
            if street.is_some_and(|named| named.level == Level::Street) {
                return street;
            }
        }
        self.country(place, mark)
            .or_else(|| self.typed_number(place, mark, before))
            .or_else(|| self.typed_name(place, mark, before))
            .or_else(|| self.named(place, before))
            .or_else(|| self.untyped(place, before))
            .or_else(|| self.bare_number(place, before))
    }

    fn plain(&self, level: Level, first: usize, next: usize) -> Component {
        Component {
            level,
            first,
            next,
            typed: true,
            dotted: false,
            known: false,
            strong: true,
            doubtful: false,
        }
    }

    /// `Республика Казахстан`, `ҚР`, `ВКО`, `индекс 050000`.
    fn country(&self, place: usize, mark: Mark) -> Option<Component> {
        let cased = self.is_cased(place);
        if mark.roles.any(Roles::REPUBLIC) && self.roles(mark.next).any(Roles::COUNTRY) {
            return Some(self.plain(Level::Country, place, mark.next + 1));
        }
        if mark.roles.any(Roles::COUNTRY) && cased {
            let republic = self.roles(mark.next).any(Roles::REPUBLIC);
            let typed = self
                .roles(mark.next)
                .any(Roles::STREET_AFTER | Roles::STREET_BEFORE | Roles::REGION);
            return (!typed)
                .then(|| self.plain(Level::Country, place, mark.next + usize::from(republic)));
        }
        if mark.roles.any(Roles::REGION_SHORT) && self.token(place)?.is_upper() {
            return Some(self.plain(Level::Region, place, mark.next));
        }
        if mark.roles.any(Roles::POSTAL) {
            let colon = usize::from(self.is(mark.next, ':'));
            return self.postal(mark.next + colon).map(|postal| Component {
                first: place,
                ..postal
            });
        }
        None
    }

    /// Six digits.
    fn postal(&self, place: usize) -> Option<Component> {
        let number = self.token(place)?;
        let ends = self.token(place + 1).is_none_or(|next| {
            !next.is_glued() || next.is(',') || next.is(';') || next.is(')') || next.is('.')
        });
        let begins = place == 0
            || !number.is_glued()
            || ["(", "\"", ",", ":"].iter().any(|sign| {
                self.text
                    .before(place, 1)
                    .is_some_and(|token| self.text.folded(token) == *sign)
            });
        (number.is_number() && number.len == 6 && ends && begins)
            .then(|| self.plain(Level::Postal, place, place + 1))
    }

    /// A number before its type: `5 мкр`, `10 үй`, `15-пәтер`, `3 этаж`; or a postal code.
    fn number_first(&self, place: usize, before: Before) -> Option<Component> {
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
    fn typed_number(&self, place: usize, mark: Mark, before: Before) -> Option<Component> {
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

    /// A type and its name: `ул. Абая`, `мкр. Самал-2`, `г. Алматы`, `область Абай`.
    fn typed_name(&self, place: usize, mark: Mark, before: Before) -> Option<Component> {
        let (level, kind, mark) = self.named_level(place, mark)?;
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
            && self.text.before(place, 1).is_some_and(|number| {
                number.is_number() && number.len == 4 && before.last != Some(Level::Postal)
            });
        match level {
            Level::City if mark.letter => {
                let certain = name.known || mark.dotted && (name.cased || before.last.is_some());
                certain
                    && (!year || mark.roles.any(Roles::VILLAGE_BEFORE))
                    && (mark.dotted || self.leads(name.next) || before.context)
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
        let at = place + usize::from(self.is(place, ','));
        let types = Roles::STREET_BEFORE
            | Roles::STREET_AFTER
            | Roles::MICRO
            | Roles::HOUSE
            | Roles::DISTRICT;
        self.roles(at).any(types)
            || (at..at + 3).any(|next| {
                self.roles(next)
                    .any(Roles::STREET_AFTER | Roles::MICRO_AFTER)
            })
            || self.known(at, Names::STREET | Names::MICRO).is_some()
    }

    /// A name and its type: `Абай көшесі`, `Қарағанды облысы`, `Самал-2 мкр`, `Садовая ул.`.
    fn named(&self, place: usize, before: Before) -> Option<Component> {
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
            return (name.known || credible && self.is_adjective(place))
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
        let upper = self.token(place).is_some_and(|token| token.is_upper());
        if mark.letter && initial && !upper {
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

    /// A name without its type: a known settlement, a street before the number of its house.
    fn untyped(&self, place: usize, before: Before) -> Option<Component> {
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
    fn is_genitive(&self, token: &Token) -> bool {
        const ENDINGS: [&str; 8] = ["а", "я", "ой", "ы", "и", "го", "ых", "va"];
        let folded = self.text.folded(token);
        ENDINGS.iter().any(|ending| folded.ends_with(ending))
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
    fn bare_number(&self, place: usize, before: Before) -> Option<Component> {
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
            next.gap >= Gap::Line || next.is(',') || next.is('.') || next.is(';') || next.is(')')
        });
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
