//! The words and names that addresses are made of, by hash.

use std::collections::HashMap;
use std::ops::{BitOr, BitOrAssign};
use std::sync::LazyLock;

use sandyq_words::Language;

use super::forms;
use super::table::{Folded, Sieve, joined, phrase};
use crate::text::hash;

/// The classes a word belongs to, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles(u64);

impl Roles {
    pub const NONE: Self = Self(0);
    pub const ABBREVIATION: Self = Self(1);
    pub const STREET_BEFORE: Self = Self(1 << 1);
    pub const STREET_AFTER: Self = Self(1 << 2);
    pub const MICRO: Self = Self(1 << 3);
    pub const MICRO_AFTER: Self = Self(1 << 4);
    pub const MICRO_ADJECTIVE: Self = Self(1 << 5);
    pub const MASSIF: Self = Self(1 << 6);
    pub const MASSIF_ADJECTIVE: Self = Self(1 << 7);
    pub const MASSIF_NOUN: Self = Self(1 << 8);
    pub const CITY_BEFORE: Self = Self(1 << 9);
    pub const CITY_AFTER: Self = Self(1 << 10);
    pub const VILLAGE_BEFORE: Self = Self(1 << 11);
    pub const VILLAGE_AFTER: Self = Self(1 << 12);
    pub const REGION: Self = Self(1 << 13);
    pub const REGION_SHORT: Self = Self(1 << 14);
    pub const DISTRICT: Self = Self(1 << 15);
    pub const RURAL: Self = Self(1 << 16);
    pub const RURAL_ADJECTIVE: Self = Self(1 << 17);
    pub const RURAL_NOUN: Self = Self(1 << 18);
    pub const COUNTRY: Self = Self(1 << 19);
    pub const REPUBLIC: Self = Self(1 << 20);
    pub const HOUSE: Self = Self(1 << 21);
    pub const HOUSE_AFTER: Self = Self(1 << 22);
    pub const PLOT: Self = Self(1 << 23);
    pub const FLAT: Self = Self(1 << 24);
    pub const FLAT_AFTER: Self = Self(1 << 25);
    pub const ROOM: Self = Self(1 << 26);
    pub const CORPUS: Self = Self(1 << 27);
    pub const ENTRANCE: Self = Self(1 << 28);
    pub const NUMBER_SIGN: Self = Self(1 << 29);
    pub const POSTAL: Self = Self(1 << 30);
    pub const MONTH: Self = Self(1 << 31);
    pub const PARTICLE: Self = Self(1 << 32);
    pub const TITLE: Self = Self(1 << 33);
    pub const NAMED: Self = Self(1 << 34);
    pub const YEARS: Self = Self(1 << 35);
    pub const STOP: Self = Self(1 << 36);
    pub const VERB_AFTER: Self = Self(1 << 37);
    pub const RESIDENCE: Self = Self(1 << 38);
    pub const RESIDENCE_STRONG: Self = Self(1 << 39);
    pub const RESIDENCE_AFTER: Self = Self(1 << 40);
    pub const COUNT: Self = Self(1 << 41);
    /// The first word of a known settlement's name.
    pub const SETTLEMENT_HEAD: Self = Self(1 << 42);

    /// An abbreviation that is another word without its dot.
    pub const NEEDS_DOT: Self = Self(1 << 43);

    /// Words that may wake the recognizer.
    pub const TRIGGER: Self = Self(
        Self::STREET_BEFORE.0
            | Self::STREET_AFTER.0
            | Self::MICRO.0
            | Self::MICRO_AFTER.0
            | Self::MICRO_ADJECTIVE.0
            | Self::MASSIF.0
            | Self::MASSIF_NOUN.0
            | Self::RESIDENCE.0
            | Self::HOUSE.0
            | Self::FLAT.0
            | Self::SETTLEMENT_HEAD.0,
    );

    /// Words that say of what the name before them is.
    pub const TYPE: Self = Self(
        Self::STREET_BEFORE.0
            | Self::STREET_AFTER.0
            | Self::MICRO.0
            | Self::MICRO_AFTER.0
            | Self::MICRO_ADJECTIVE.0
            | Self::CITY_BEFORE.0
            | Self::CITY_AFTER.0
            | Self::VILLAGE_BEFORE.0
            | Self::VILLAGE_AFTER.0
            | Self::REGION.0
            | Self::DISTRICT.0
            | Self::RURAL.0
            | Self::RURAL_ADJECTIVE.0,
    );

    /// Words that are part of an address, by what they mean or by their name.
    pub const ADDRESS: Self = Self(
        Self::TRIGGER.0
            | Self::NO_NAME.0 & !Self::STOP.0 & !Self::RESIDENCE_AFTER.0
            | Self::MASSIF_ADJECTIVE.0
            | Self::RURAL_NOUN.0
            | Self::COUNTRY.0
            | Self::REPUBLIC.0
            | Self::REGION_SHORT.0
            | Self::HOUSE_AFTER.0
            | Self::FLAT_AFTER.0
            | Self::PLOT.0
            | Self::MONTH.0
            | Self::PARTICLE.0
            | Self::TITLE.0
            | Self::NAMED.0
            | Self::YEARS.0,
    );

    /// Words that cannot be part of the name of a street or place.
    pub const NO_NAME: Self = Self(
        Self::STREET_BEFORE.0
            | Self::STREET_AFTER.0
            | Self::MICRO.0
            | Self::MICRO_AFTER.0
            | Self::MICRO_ADJECTIVE.0
            | Self::CITY_BEFORE.0
            | Self::CITY_AFTER.0
            | Self::VILLAGE_BEFORE.0
            | Self::VILLAGE_AFTER.0
            | Self::REGION.0
            | Self::DISTRICT.0
            | Self::RURAL.0
            | Self::RURAL_ADJECTIVE.0
            | Self::HOUSE.0
            | Self::FLAT.0
            | Self::ROOM.0
            | Self::CORPUS.0
            | Self::ENTRANCE.0
            | Self::STOP.0
            | Self::RESIDENCE.0
            | Self::RESIDENCE_AFTER.0
            | Self::POSTAL.0
            | Self::NUMBER_SIGN.0,
    );

    /// Whether it shares a class with `other`.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn parse(class: &str) -> Self {
        match class {
            "street_before" => Self::STREET_BEFORE,
            "street_after" => Self::STREET_AFTER,
            "micro" => Self::MICRO,
            "micro_after" => Self::MICRO_AFTER,
            "micro_adjective" => Self::MICRO_ADJECTIVE,
            "massif" => Self::MASSIF,
            "massif_adjective" => Self::MASSIF_ADJECTIVE,
            "massif_noun" => Self::MASSIF_NOUN,
            "city_before" => Self::CITY_BEFORE,
            "city_after" => Self::CITY_AFTER,
            "village_before" => Self::VILLAGE_BEFORE,
            "village_after" => Self::VILLAGE_AFTER,
            "region" => Self::REGION,
            "region_short" => Self::REGION_SHORT,
            "district" => Self::DISTRICT,
            "rural" => Self::RURAL,
            "rural_adjective" => Self::RURAL_ADJECTIVE,
            "rural_noun" => Self::RURAL_NOUN,
            "country" => Self::COUNTRY,
            "republic" => Self::REPUBLIC,
            "house" => Self::HOUSE,
            "house_after" => Self::HOUSE_AFTER,
            "plot" => Self::PLOT,
            "flat" => Self::FLAT,
            "flat_after" => Self::FLAT_AFTER,
            "room" => Self::ROOM,
            "corpus" => Self::CORPUS,
            "entrance" => Self::ENTRANCE,
            "number_sign" => Self::NUMBER_SIGN,
            "postal" => Self::POSTAL,
            "month" => Self::MONTH,
            "particle" => Self::PARTICLE,
            "title" => Self::TITLE,
            "named" => Self::NAMED,
            "years" => Self::YEARS,
            "stop" => Self::STOP,
            "verb_after" => Self::VERB_AFTER,
            "residence" => Self::RESIDENCE,
            "residence_strong" => Self::RESIDENCE_STRONG,
            "residence_after" => Self::RESIDENCE_AFTER,
            "count" => Self::COUNT,
            _ => Self::NONE,
        }
    }
}

impl BitOr for Roles {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Roles {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// What a phrase is the name of, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names(u8);

impl std::ops::BitOr for Names {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Names {
    pub const SETTLEMENT: Self = Self(1);
    pub const STREET: Self = Self(2);
    pub const MICRO: Self = Self(4);
    pub const REGION: Self = Self(8);
    /// Every kind.
    pub const ALL: Self = Self(15);
    /// The first words of a longer name.
    const BEGIN: Self = Self(128);

    /// Whether it shares a kind with `other`.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether longer names begin so.
    pub const fn goes_on(self) -> bool {
        self.any(Self::BEGIN)
    }
}

/// Words by class and names by kind.
pub struct Lexicon {
    roles: HashMap<u64, Roles, Folded>,
    names: HashMap<u64, Names, Folded>,
    triggers: Sieve,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

impl Lexicon {
    /// The one lexicon.
    pub fn shared() -> &'static Self {
        &LEXICON
    }

    /// The classes of the word of that hash, or of the joined words ([`joined`]).
    pub fn roles(&self, hash: u64) -> Roles {
        self.roles.get(&hash).copied().unwrap_or_default()
    }

    /// What the phrase of that hash ([`phrase`]) names.
    pub fn names(&self, phrase: u64) -> Names {
        self.names.get(&phrase).copied().unwrap_or_default()
    }

    /// Whether a word may wake the recognizer; a quick look that is right when it denies.
    pub fn may_trigger(&self, hash: u64) -> bool {
        self.triggers.may_hold(hash)
    }

    fn build() -> Self {
        let mut lexicon = Self {
            roles: HashMap::default(),
            names: HashMap::default(),
            triggers: Sieve::default(),
        };
        lexicon.add_words(include_str!("../../data/places/address_words.txt"));
        lexicon.add_settlements();
        lexicon.add_streets();
        for name in include_str!("../../data/places/microdistricts.txt").lines() {
            lexicon.add_name(name, Names::MICRO);
            lexicon.add_latin(name, Names::MICRO);
        }
        lexicon.add_regions();
        for (hash, roles) in &lexicon.roles {
            if roles.any(Roles::TRIGGER) {
                lexicon.triggers.add(*hash);
            }
        }
        lexicon
    }

    fn add_words(&mut self, classes: &str) {
        for line in classes.lines().filter(|line| !line.starts_with('#')) {
            let Some((class, words)) = line.split_once('\t') else {
                continue;
            };
            let mut words = words.split_whitespace();
            if class == "typo" {
                let role = Roles::parse(words.next().unwrap_or_default());
                for typed in words.flat_map(forms::mistyped) {
                    self.add_role(hash(&typed), role);
                }
                continue;
            }
            for word in words {
                self.add_word(word, Roles::parse(class));
            }
        }
    }

    fn add_word(&mut self, word: &str, role: Roles) {
        if let Some(stem) = word.strip_suffix('*') {
            for form in forms::kazakh(stem) {
                self.add_role(hash(&form), role);
            }
            return;
        }
        let (word, role) = match word.strip_suffix("..") {
            Some(bare) => (bare, role | Roles::ABBREVIATION | Roles::NEEDS_DOT),
            None => (word, role),
        };
        let (bare, role) = match word.strip_suffix('.') {
            Some(bare) => (bare, role | Roles::ABBREVIATION),
            None => (word, role),
        };
        match bare.split_once(['-', '/', '.']) {
            Some((before, after)) => {
                for sign in ['-', '/', '.'] {
                    let written = bare.contains(sign) || sign == '-' && bare.contains('/');
                    if written {
                        self.add_role(joined(hash(before), sign, hash(after)), role);
                    }
                }
                // The head of `ш/а`, so that the recognizer wakes there.
                if role.any(Roles::TRIGGER) {
                    self.triggers.add(hash(before));
                }
            }
            None => self.add_role(hash(bare), role),
        }
    }

    fn add_role(&mut self, hash: u64, role: Roles) {
        *self.roles.entry(hash).or_default() |= role;
    }

    fn add_settlements(&mut self) {
        let own = include_str!("../../data/places/settlements.txt");
        let own = own.lines().filter_map(|line| line.split_once('\t'));
        let shared = sandyq_words::settlements();
        for (ru, kk) in own.chain(shared.iter().map(|place| (place.ru, place.kk))) {
            let names = forms::russian(ru).into_iter().chain(forms::kazakh(kk));
            for name in names.chain(forms::latin(ru)).chain(forms::latin(kk)) {
                self.add_name(&name, Names::SETTLEMENT);
                if let Some(head) = name.split([' ', '-']).next() {
                    self.add_role(hash(head), Roles::SETTLEMENT_HEAD);
                }
            }
        }
    }

    fn add_streets(&mut self) {
        let own = include_str!("../../data/places/streets_ru.txt").lines();
        let russian = sandyq_words::streets(Language::Russian).iter().copied();
        let kazakh = sandyq_words::streets(Language::Kazakh).iter().copied();
        for name in own.chain(russian).chain(kazakh) {
            self.add_name(name, Names::STREET);
            self.add_latin(name, Names::STREET);
        }
    }

    fn add_regions(&mut self) {
        for region in sandyq_words::regions() {
            for name in [region.ru, region.kk] {
                let bare = name.split(' ').filter(|word| {
                    !self
                        .roles(hash(word))
                        .any(Roles::REGION | Roles::CITY_AFTER | Roles::CITY_BEFORE)
                });
                let bare: Vec<&str> = bare.collect();
                self.add_name(&bare.join(" "), Names::REGION);
            }
        }
    }

    fn add_latin(&mut self, name: &str, kind: Names) {
        for name in forms::latin(name) {
            self.add_name(&name, kind);
        }
    }

    fn add_name(&mut self, name: &str, kind: Names) {
        let mut state = phrase::EMPTY;
        let mut parts = name
            .split([' ', '-', '.'])
            .filter(|part| !part.is_empty())
            .peekable();
        while let Some(part) = parts.next() {
            state = phrase::with(state, hash(part));
            let kind = if parts.peek().is_some() {
                Names::BEGIN
            } else {
                kind
            };
            self.names.entry(state).or_default().0 |= kind.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str) -> Names {
        let state = name
            .split([' ', '-'])
            .fold(phrase::EMPTY, |state, part| phrase::with(state, hash(part)));
        Lexicon::shared().names(state)
    }

    #[test]
    fn every_class_of_the_data_is_known() {
        for line in include_str!("../../data/places/address_words.txt").lines() {
            if let Some((class, words)) = line.split_once('\t') {
                let class = if class == "typo" {
                    words.split(' ').next().unwrap_or_default()
                } else {
                    class
                };
                assert_ne!(Roles::parse(class), Roles::NONE, "{class}");
            }
        }
    }

    #[test]
    fn words_have_their_classes() {
        let lexicon = Lexicon::shared();
        for (word, role) in [
            ("улице", Roles::STREET_BEFORE),
            ("көшесінде", Roles::STREET_AFTER),
            ("кошеси", Roles::STREET_AFTER),
            ("үйінде", Roles::HOUSE_AFTER),
            ("қаласының", Roles::CITY_AFTER),
            ("мекенжайы", Roles::RESIDENCE),
        ] {
            assert!(lexicon.roles(hash(word)).any(role), "{word}");
        }
        let street = joined(hash("к"), '-', hash("сі"));
        assert!(lexicon.roles(street).any(Roles::STREET_AFTER));
        assert!(lexicon.may_trigger(hash("к")));
        assert!(!lexicon.roles(hash("закон")).any(Roles::TRIGGER));
    }

    #[test]
    fn names_are_known_in_their_forms() {
        for name in [
            "Алматы",
            "Караганде",
            "Астаны",
            "Қарағандыда",
            "Усть-Каменогорске",
            "Petropavlovsk",
        ] {
            assert!(names(name).any(Names::SETTLEMENT), "{name}");
        }
        for name in [
            "Абая",
            "Жибек Жолы",
            "Мәңгілік Ел",
            "Қабанбай батыр",
            "Satpaeva",
        ] {
            assert!(names(name).any(Names::STREET), "{name}");
        }
        assert!(names("Шығыс Қазақстан").any(Names::REGION));
    }
}
