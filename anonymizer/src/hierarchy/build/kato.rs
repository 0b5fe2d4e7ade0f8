//! Codes of the classifier of administrative units of Kazakhstan: nine digits AB CD EF HIJ, of which AB is the region (or a city of the
//! republic's significance), CD the district, EF the rural district, HIJ the settlement. A unit's own code ends in zeros.

use std::collections::BTreeSet;

use super::{Kato, Rows};

/// All regions, with 51, which was South Kazakhstan until 2018.
const REGIONS: [&str; 21] = [
    "10", "11", "15", "19", "23", "27", "31", "33", "35", "39", "43", "47", "51", "55", "59", "61",
    "62", "63", "71", "75", "79",
];

/// The country.
const COUNTRY: &str = "KZ";

impl Kato {
    pub(super) fn rows(&self, values: &BTreeSet<&str>) -> Rows {
        let mut rows = Rows::new(5);
        for value in values {
            rows.push(value, self.above(value), COUNTRY);
        }
        rows
    }

    /// The rural district's own unit, the district and the region.
    fn above(&self, code: &str) -> Option<Vec<String>> {
        let digits = code.len() == 9 && code.bytes().all(|byte| byte.is_ascii_digit());
        let region = code
            .get(..2)
            .filter(|region| digits && REGIONS.contains(region))?;
        let joined = match region {
            "10" if self.join_2022 => "63",
            "33" if self.join_2022 => "19",
            "62" if self.join_2022 => "35",
            region => region,
        };
        let settlement = format!("{}00", code.get(..7)?);
        let district = format!("{}00000", code.get(..4)?);
        Some(vec![settlement, district, format!("{joined}0000000")])
    }
}
