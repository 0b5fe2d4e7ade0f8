//! KATO, the classifier of administrative units: nine digits AB CD EF HIJ.

use std::fmt;

use super::{Invalid, digits, number};

/// How far a code goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A region or a city of the republic's standing: AB.
    Region,
    /// A district, a city: CD.
    District,
    /// A rural district, a part of a city: EF H.
    RuralDistrict,
    /// A village: IJ.
    Settlement,
}

/// A code of an administrative unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kato(u32);

/// The regions since 2022, and 51, the former South Kazakhstan.
const REGIONS: [u32; 21] = [
    10, 11, 15, 19, 23, 27, 31, 33, 35, 39, 43, 47, 51, 55, 59, 61, 62, 63, 71, 75, 79,
];

impl Kato {
    /// Reads nine ASCII digits that begin with a region.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits: [u8; 9] = digits(text)?;
        let code = number(&digits);
        if REGIONS.contains(&(code / 10_000_000)) {
            Ok(Self(code))
        } else {
            Err(Invalid::Class)
        }
    }

    /// The first two digits.
    pub const fn region(self) -> u8 {
        (self.0 / 10_000_000) as u8
    }

    /// How far it goes down.
    pub const fn level(self) -> Level {
        if !self.0.is_multiple_of(100) {
            Level::Settlement
        } else if !self.0.is_multiple_of(100_000) {
            Level::RuralDistrict
        } else if !self.0.is_multiple_of(10_000_000) {
            Level::District
        } else {
            Level::Region
        }
    }

    /// The unit that this one is part of, by zeroing the tail; `None` above a region, where only the country is left.
    pub const fn parent(self) -> Option<Self> {
        let unit = match self.level() {
            Level::Settlement => 100,
            Level::RuralDistrict => 100_000,
            Level::District => 10_000_000,
            Level::Region => return None,
        };
        Some(Self(self.0 / unit * unit))
    }
}

impl fmt::Display for Kato {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn codes_are_generalized_by_zeroing_the_tail() {
        let mut chain = vec![Kato::parse("101033102").unwrap()];
        while let Some(parent) = chain.last().unwrap().parent() {
            chain.push(parent);
        }
        let chain: Vec<_> = chain.iter().map(Kato::to_string).collect();
        assert_eq!(chain, ["101033102", "101033100", "101000000", "100000000"]);
    }

    #[test]
    fn regions_are_known() {
        for (code, valid) in [
            ("750000000", true),
            ("710000000", true),
            ("510000000", true),
            ("990000000", false),
            ("120000000", false),
        ] {
            assert_eq!(Kato::parse(code).is_ok(), valid, "{code}");
        }
        assert_eq!(Kato::parse("75000000"), Err(Invalid::Form));
        assert_eq!(Kato::parse("635000000").unwrap().region(), 63);
        assert_eq!(Kato::parse("635000000").unwrap().level(), Level::District);
    }
}
