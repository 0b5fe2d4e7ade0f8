//! Administrative units by their codes in the classifier KATO.

use std::sync::LazyLock;

/// A region or a city of republican standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// The first two digits of KATO.
    pub code: &'static str,
    pub ru: &'static str,
    pub kk: &'static str,
}

/// A city, village or other settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settlement {
    /// Nine digits; the first two are the region's.
    pub kato: &'static str,
    pub ru: &'static str,
    pub kk: &'static str,
}

static REGIONS: LazyLock<Vec<Region>> = LazyLock::new(|| {
    rows(include_str!("../data/regions.tsv"))
        .map(|(code, ru, kk)| Region { code, ru, kk })
        .collect()
});

static SETTLEMENTS: LazyLock<Vec<Settlement>> = LazyLock::new(|| {
    rows(include_str!("../data/settlements.tsv"))
        .map(|(kato, ru, kk)| Settlement { kato, ru, kk })
        .collect()
});

/// The twenty regions, by code.
pub fn regions() -> &'static [Region] {
    &REGIONS
}

/// Settlements, by code; not every settlement of the country.
pub fn settlements() -> &'static [Settlement] {
    &SETTLEMENTS
}

fn rows(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    text.lines().filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.next()?, cells.next()?))
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    #[test]
    fn every_settlement_lies_in_a_region() {
        assert_eq!(regions().len(), 20);
        for settlement in settlements() {
            assert!(
                settlement.kato.len() == 9 && settlement.kato.bytes().all(|b| b.is_ascii_digit())
            );
            assert!(
                regions()
                    .iter()
                    .any(|region| settlement.kato.starts_with(region.code)),
                "{}",
                settlement.ru
            );
        }
    }

    #[test]
    fn every_region_has_a_settlement() {
        for region in regions() {
            assert!(
                settlements()
                    .iter()
                    .any(|settlement| settlement.kato.starts_with(region.code)),
                "{}",
                region.ru
            );
        }
    }

    #[test]
    fn codes_rise() {
        assert!(regions().is_sorted_by(|a, b| a.code < b.code));
        assert!(settlements().is_sorted_by(|a, b| a.kato < b.kato));
    }
}
