//! Names of streets and places, whose type stands before or after them.

mod before_type;

use super::lexicon::{Names, Roles};
use super::number::Certainty;
use super::reader::Reader;
use crate::text::{Gap, Token};

/// A name and what speaks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// The place after it.
    pub next: usize,
    /// The words are a known name.
    pub known: bool,
    /// It begins with a capital letter.
    pub cased: bool,
    /// A number alone, as of a microdistrict.
    pub numeric: bool,
}

/// The words a name may have.
const LONGEST: usize = 4;

impl Reader<'_> {
    /// The name after its type: `ул.` **Абая**, `мкр.` **Самал-2**, `г.` **Алматы**.
    pub fn name_after_type(&self, place: usize, kind: Names) -> Option<Name> {
        let mut at = place;
        at += usize::from(self.is(at, ':'));
        if self.token(at)?.gap > Gap::Line {
            return None;
        }
        if self.is(at, '"') {
            return self.quoted(at);
        }
        while self.known(at, kind).is_none()
            && self.roles(at).any(Roles::TITLE)
            && self.same_line(at)
            && self.token(self.mark(at).next)?.gap <= Gap::Space
        {
            at = self.mark(at).next;
        }
        at = self.initials(at);
        // `ул. м. маметовой`
        let single = self.token(at).is_some_and(|token| token.len == 1);
        if single && self.is_glued(at + 1, '.') && self.known(at, kind).is_none() {
            let begins = self.same_line(at + 2) && self.known(at + 2, Names::STREET).is_some();
            at += if begins && kind.any(Names::STREET) {
                2
            } else {
                0
            };
        }
        let name = match self.known(at, kind) {
            Some(next) => Name {
                next: self.longer(next),
                known: true,
                cased: self.is_cased(at) || self.token(at)?.is_number(),
                numeric: false,
            },
            None => self.unknown(at, kind)?,
        };
        let name = self.with_number(name, kind);
        Some(Name {
            next: self.road(name.next),
            ..name
        })
    }

    /// Passes over the second type in `ул. Тамерлановское шоссе`.
    fn road(&self, place: usize) -> usize {
        let road = self.token(place).is_some_and(|token| {
            matches!(self.text.folded(token), "шоссе" | "тракт" | "тас" | "жолы")
        });
        place + usize::from(road && self.same_line(place))
    }

    /// Passes over one more word of a name of which a part is known, if the number of a house follows.
    fn longer(&self, place: usize) -> usize {
        let word = self.is_cased(place) && self.same_line(place) && self.may_name(place);
        let first = self.token(place).is_some_and(|token| token.len > 1);
        if !word || !first || self.known(place, Names::SETTLEMENT).is_some() {
            return place;
        }
        let comma = usize::from(self.is(place + 1, ','));
        let house = self.roles(place + 1 + comma).any(Roles::HOUSE)
            || self
                .house_number(place + 1 + comma, Certainty::Bare)
                .is_some();
        place + usize::from(house)
    }

    /// `«Нурлы Жол»`.
    fn quoted(&self, place: usize) -> Option<Name> {
        if !self
            .token(place + 1)
            .is_some_and(|first| first.is_word() || first.is_number())
        {
            return None;
        }
        let close = (place + 2..place + 7).find(|at| self.is(*at, '"'))?;
        let inner = (place + 1..close)
            .all(|at| self.same_line(at) && self.token(at).is_some_and(|token| !token.is(',')));
        inner.then_some(Name {
            next: close + 1,
            known: true,
            cased: true,
            numeric: false,
        })
    }

    /// Passes over `К. И.` and `К.И.`.
    fn initials(&self, place: usize) -> usize {
        let mut at = place;
        for _ in 0..2 {
            let letter = self.token(at).is_some_and(|token| {
                token.is_word() && token.len == 1 && (token.is_title() || self.is_low_initial(at))
            });
            let name = self.same_line(at + 2) && self.token(at + 2).is_some_and(Token::is_word);
            if !letter || !self.is_glued(at + 1, '.') || !name {
                break;
            }
            at += 2;
        }
        at
    }

    /// `ы. алтынсарин көшесі`: a small letter that is no abbreviation, before a known name and its type.
    fn is_low_initial(&self, place: usize) -> bool {
        self.roles(place) == Roles::NONE
            && self
                .known(place + 2, Names::STREET)
                .is_some_and(|next| self.roles(next).any(Roles::STREET_AFTER))
    }

    fn unknown(&self, place: usize, kind: Names) -> Option<Name> {
        let first = self.token(place)?;
        if first.is_number() {
            return self.numbered(place, kind);
        }
        if self.roles(place).any(Roles::NUMBER_SIGN) && kind.any(Names::MICRO | Names::STREET) {
            let number = self.mark(place).next;
            return self
                .token(number)
                .filter(|number| number.is_number() && number.len <= 3)
                .map(|_| Name {
                    next: number + 1,
                    known: false,
                    cased: true,
                    numeric: true,
                });
        }
        if !self.may_name(place) || first.len < 2 {
            return None;
        }
        if !self.is_cased(place) {
            return self.lower(place, kind);
        }
        let mut at = self.hyphens(place + 1);
        for _ in 1..LONGEST {
            if !self.may_go_on(at, first) {
                break;
            }
            at = self.hyphens(at + 1);
        }
        Some(Name {
            next: at,
            known: false,
            cased: true,
            numeric: false,
        })
    }

    /// Whether the next word is one more of the same name.
    fn may_go_on(&self, at: usize, first: &Token) -> bool {
        let Some(token) = self
            .token(at)
            .filter(|token| token.is_word() && self.same_line(at))
        else {
            return false;
        };
        let roles = self.roles(at);
        if roles.any(Roles::PARTICLE) {
            return true;
        }
        if token.is_lower()
            && token.len > 3
            && !roles.any(Roles::NO_NAME | Roles::COUNT)
            && first.is_title()
        {
            let comma = self.is(at + 1, ',');
            let house = self.roles(at + 1 + usize::from(comma)).any(Roles::HOUSE);
            return house || comma && self.house_number(at + 2, Certainty::Bare).is_some();
        }
        if token.len < 2 || roles.any(Roles::NO_NAME) || self.known(at, Names::SETTLEMENT).is_some()
        {
            return false;
        }
        if first.is_upper() && first.len > 1 {
            return token.is_upper();
        }
        token.is_title()
    }

    /// `8 Марта`, `30 лет Победы`, `2-я Садовая`; for microdistricts a number alone.
    fn numbered(&self, place: usize, kind: Names) -> Option<Name> {
        if self.token(place)?.len > 3 {
            return None;
        }
        let mut at = place + 1;
        let ordinal =
            self.is_glued(at, '-') && self.glued_word(at + 1).is_some_and(|word| word.len <= 2);
        let letter = self.glued_word(at).is_some_and(|word| word.len <= 2);
        if ordinal {
            at += 2;
        } else if letter {
            at += 1;
        }
        let years = self.roles(at).any(Roles::YEARS) && self.same_line(at);
        let word = at + usize::from(years);
        let month = self.roles(word).any(Roles::MONTH);
        let follows = self.same_line(word)
            && (self.is_cased(word) && self.may_name(word)
                || years
                || month && self.is_cased(place + 1));
        if follows && !ordinal && kind.any(Names::MICRO) && !years {
            // `мкр. 12 Абая` has a street of its own.
            return Some(Name {
                next: at,
                known: false,
                cased: true,
                numeric: true,
            });
        }
        if follows && self.token(word).is_some_and(Token::is_word) {
            return Some(Name {
                next: word + 1,
                known: false,
                cased: true,
                numeric: false,
            });
        }
        let alone = kind.any(Names::MICRO) || ordinal;
        alone.then_some(Name {
            next: at,
            known: false,
            cased: true,
            numeric: true,
        })
    }

    /// A name in a text without capitals: as many words as lead to the number of a house, else one.
    fn lower(&self, place: usize, kind: Names) -> Option<Name> {
        let mut at = place;
        let mut one = None;
        for _ in 0..3 {
            if !self.may_name(at) || at > place && !self.same_line(at) {
                break;
            }
            at = self.hyphens(at + 1);
            one = one.or(Some(at));
            let comma = usize::from(self.is(at, ','));
            let leads = self
                .token(at + comma)
                .is_some_and(|next| next.is_number() && next.len <= 4)
                || self
                    .roles(at + comma)
                    .any(Roles::HOUSE | Roles::FLAT | Roles::STREET_BEFORE);
            if leads || kind.any(Names::SETTLEMENT) && comma > 0 {
                return Some(Name {
                    next: at,
                    known: false,
                    cased: false,
                    numeric: false,
                });
            }
        }
        one.map(|next| Name {
            next,
            known: false,
            cased: false,
            numeric: false,
        })
    }

    /// Whether the word may be part of a name.
    pub fn may_name(&self, place: usize) -> bool {
        self.token(place).is_some_and(Token::is_word)
            && (!self.roles(place).any(Roles::NO_NAME) || self.is_joined_name(place))
    }

    /// `Ак-Мешит` and the like, whose first part alone is an abbreviation of something.
    fn is_joined_name(&self, place: usize) -> bool {
        self.token(place)
            .is_some_and(|token| token.is_title() && token.len > 1)
            && self.is_glued(place + 1, '-')
            && self.glued_word(place + 2).is_some_and(|word| word.len > 2)
            || self.is_glued(place + 1, '-')
                && self
                    .known(place, Names::STREET)
                    .is_some_and(|next| next > place + 2)
    }

    /// Passes over the parts joined to a word by hyphens: `Аль-Фараби`, `Бухар-жырау`.
    fn hyphens(&self, place: usize) -> usize {
        let mut at = place;
        while self.is_glued(at, '-') && self.glued_word(at + 1).is_some_and(|word| word.len > 1) {
            at += 2;
        }
        at
    }

    /// Takes the number of a microdistrict or settlement into its name: `Самал-2`, `Аксай 3Б`.
    pub fn with_number(&self, name: Name, kind: Names) -> Name {
        if !kind.any(Names::MICRO | Names::SETTLEMENT) || name.numeric {
            return name;
        }
        let hyphen = usize::from(self.is_glued(name.next, '-'));
        let at = name.next + hyphen;
        let Some(number) = self
            .token(at)
            .filter(|number| number.is_number() && number.len <= 2)
        else {
            return name;
        };
        let letter = usize::from(self.glued_word(at + 1).is_some_and(|word| word.len == 1));
        let after = at + 1 + letter;
        let glued = hyphen > 0 && number.is_glued();
        let fraction = self
            .token(after)
            .is_some_and(|sign| sign.is_glued() && (sign.is('/') || sign.is('-')));
        // A number apart is the microdistrict's if another follows, that of the house.
        let house = after + usize::from(self.is(after, ','));
        let leads = self
            .house_number(house, Certainty::Bare)
            .is_some_and(|number| !self.token(number.next).is_some_and(Token::is_number))
            || self.roles(house).any(Roles::HOUSE);
        let apart = hyphen == 0 && kind.any(Names::MICRO) && number.gap == Gap::Space && leads;
        if (glued || apart) && !fraction {
            return Name {
                next: after,
                ..name
            };
        }
        name
    }
}
