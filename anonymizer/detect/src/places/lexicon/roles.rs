//! What a word may be in an address.

use std::ops::{BitOr, BitOrAssign};

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
        Self::TYPE.0
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

    pub(super) fn parse(class: &str) -> Self {
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
