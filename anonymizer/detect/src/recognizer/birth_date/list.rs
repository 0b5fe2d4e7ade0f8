//! Lists of people: names, each with a date and no word for birth.

use crate::places::calendar::Date;

/// Dates right behind full names. One alone may be of anything; two make a list of people with their dates of birth.
#[derive(Debug, Default)]
pub(super) struct Listed(Vec<Date>);

/// So many names with dates make a list.
const LIST: usize = 2;

impl Listed {
    /// Takes up the date behind a name, if there is one.
    pub(super) fn note(&mut self, date: Option<Date>) {
        self.0.extend(date);
    }

    /// The dates, if they are a list.
    pub(super) fn dates(self) -> Vec<Date> {
        if self.0.len() >= LIST {
            self.0
        } else {
            Vec::new()
        }
    }
}
