//! Dates below the head of a column: `ФИО;Дата рождения;Телефон`, the cells of an HTML table, columns parted by tabs.

use std::ops::Range;

use super::Finder;
use crate::kind::Kind;
use crate::places::calendar::{Cue, Date};
use crate::recognizer::Candidates;
use crate::recognizer::table::Parting;

/// A head of dates of birth has at most so many tokens.
const HEAD: usize = 6;
/// After so many rows without a date of birth the table is at its end.
const EMPTY: usize = 3;

impl Finder<'_> {
    /// Reads the column below the head that the word of birth at `place` stands in, if it stands in one, and returns the
    /// place until which the table was read.
    pub(super) fn column(self, place: usize, out: &mut Candidates) -> Option<usize> {
        let mut partings = Parting::ALL.into_iter();
        partings.find_map(|parting| self.column_parted(place, parting, out))
    }

    fn column_parted(self, place: usize, parting: Parting, out: &mut Candidates) -> Option<usize> {
        let head = parting.head(self.calendar.text, place, HEAD)?;
        let titled = |cell: &Range<usize>| cell.clone().all(|at| self.calendar.year(at).is_none());
        if !head.cells.iter().all(titled) {
            return None;
        }
        // Where no other column has dates, a row whose cells were shifted still has one.
        let mut others = head.cells.iter().enumerate();
        let lone = !others.any(|(column, cell)| {
            column != head.column
                && cell
                    .clone()
                    .any(|at| self.calendar.cue(at).is(Cue::OF_DAY | Cue::OTHER_DATE))
        });
        let (mut end, mut empty) = (head.end, 0);
        while empty < EMPTY
            && let Some(row) = parting.next(self.calendar.text, end, end == head.end)
        {
            end = row.end;
            let found = self.in_row(&row, parting, head.column, lone, out);
            empty = if found { 0 } else { empty + 1 };
        }
        Some(end)
    }

    /// The date of birth of one row.
    fn in_row(
        self,
        row: &Range<usize>,
        parting: Parting,
        column: usize,
        lone: bool,
        out: &mut Candidates,
    ) -> bool {
        let cells = parting.cells(self.calendar.text, row);
        let Some(cell) = cells.get(column) else {
            return false;
        };
        if let Some(date) = self.date_in(cell) {
            self.push(out, date, 0.9, "birth_date.column");
            return true;
        }
        if cell.len() == 1
            && self.calendar.year(cell.start).is_some()
            && cells.iter().any(|cell| self.is_named(cell))
        {
            let at = cell.start;
            let text = self.calendar.text;
            out.push(text, at, at, Kind::BirthDate, 0.85, "birth_date.column");
            return true;
        }
        if !lone {
            return false;
        }
        let mut dates = cells.iter().filter_map(|cell| self.date_in(cell));
        match (dates.next(), dates.next()) {
            (Some(date), None) => {
                self.push(out, date, 0.8, "birth_date.column");
                true
            }
            _ => false,
        }
    }

    /// Whether a cell may hold a person's name: a table of years and counts speaks of nobody.
    fn is_named(self, cell: &Range<usize>) -> bool {
        let mut words = cell.clone().filter_map(|at| self.calendar.token(at));
        words.clone().filter(|word| word.is_word()).count() >= 2
            && words.all(|word| !word.is_number())
    }

    /// The date with its year that fills a cell, perhaps in quotes.
    fn date_in(self, cell: &Range<usize>) -> Option<Date> {
        let quoted = usize::from(self.calendar.is(cell.start, '"'));
        let date = self.calendar.date(cell.start + quoted)?;
        (date.year.is_some() && date.next <= cell.end && date.next + 2 >= cell.end).then_some(date)
    }
}
