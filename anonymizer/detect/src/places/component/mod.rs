//! The components of an address.

mod named;
mod numbered;
mod untyped;

use super::lexicon::Roles;
use super::reader::{Mark, Reader};

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
}
