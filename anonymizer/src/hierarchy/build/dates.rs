//! Dates by the calendar.

use std::collections::BTreeSet;

use super::{Dates, ROOT, Rows};
use crate::prepare::calendar::Date;

impl Dates {
    pub(super) fn rows(&self, values: &BTreeSet<&str>) -> Rows {
        let mut rows = Rows::new(self.units.len() + 2);
        for value in values {
            let date = Date::parse(value);
            let above =
                date.and_then(|date| self.units.iter().map(|unit| date.within(*unit)).collect());
            rows.push(value, above, ROOT);
        }
        rows
    }
}
