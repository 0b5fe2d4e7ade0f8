//! Dates below the head of a column: `ФИО;Дата рождения;Телефон`, the cells of an HTML table, columns parted by tabs.

use std::ops::Range;

use super::Finder;
use crate::kind::Kind;
use crate::places::calendar::{Cue, Date};
use crate::recognizer::Candidates;
use crate::text::{Gap, Token};

/// A head of dates of birth has at most so many tokens.
const HEAD: usize = 6;
/// Another head has at most so many.
const OTHER: usize = 16;
/// A row has at most so many tokens.
const ROW: usize = 200;
/// After so many rows without a date of birth the table is at its end.
const EMPTY: usize = 3;

/// What parts the columns of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// This sign; a row is a line.
    Sign(char),
    /// A tab; a row is a line.
    Tab,
    /// A cell of markup, which is read as a line; a row is a block.
    Cell,
}

impl Finder<'_> {
    /// Reads the column below the head that the word of birth at `place` stands in, if it stands in one, and returns the
    /// place until which the table was read.
    pub(super) fn column(self, place: usize, out: &mut Candidates) -> Option<usize> {
        let partings = [
            Parting::Sign(';'),
            Parting::Tab,
            Parting::Sign('|'),
            Parting::Cell,
            Parting::Sign(','),
        ];
        partings
            .into_iter()
            .find_map(|parting| self.column_parted(place, parting, out))
    }

    fn column_parted(self, place: usize, parting: Parting, out: &mut Candidates) -> Option<usize> {
        // Most words of birth stand in sentences.
        let mut near = place.saturating_sub(HEAD)..=place + HEAD;
        if !near.any(|at| self.parts(at, parting)) {
            return None;
        }
        let mut begin = place;
        while !self.begins_row(begin, parting) {
            begin -= 1;
            if place - begin > ROW {
                return None;
            }
        }
        let head = begin..self.row_end(begin, parting)?;
        let cells = self.cells(&head, parting);
        let at = cells.iter().position(|cell| cell.contains(&place))?;
        let own = cells.get(at)?.len() <= HEAD;
        let titled = |cell: &Range<usize>| {
            cell.len() <= OTHER && cell.clone().all(|at| self.calendar.year(at).is_none())
        };
        if cells.len() < 2 || !own || !cells.iter().all(titled) {
            return None;
        }
        // Where no other column has dates, a row whose cells were shifted still has one.
        let mut others = cells.iter().enumerate().filter(|(column, _)| *column != at);
        let lone = !others.any(|(_, cell)| {
            cell.clone()
                .any(|at| self.calendar.cue(at).is(Cue::OF_DAY | Cue::OTHER_DATE))
        });
        self.rows(head.end, parting, at, lone, out)
    }

    fn rows(
        self,
        begin: usize,
        parting: Parting,
        column: usize,
        lone: bool,
        out: &mut Candidates,
    ) -> Option<usize> {
        let mut row = begin..begin;
        let mut empty = 0;
        while empty < EMPTY && self.calendar.token(row.end).is_some() {
            // An empty line ends a table of lines.
            let apart = row.end > begin
                && self
                    .calendar
                    .token(row.end)
                    .is_some_and(|token| token.gap == Gap::Block);
            if apart && parting != Parting::Cell {
                break;
            }
            let Some(end) = self.row_end(row.end, parting) else {
                break;
            };
            row = row.end..end;
            let found = self.in_row(&row, parting, column, lone, out);
            empty = if found { 0 } else { empty + 1 };
        }
        Some(row.end)
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
        let cells = self.cells(row, parting);
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

    /// The cells of a row, without what parts them.
    fn cells(self, row: &Range<usize>, parting: Parting) -> Vec<Range<usize>> {
        let mut cells = Vec::new();
        let mut begin = row.start;
        let mut quoted = false;
        for at in row.clone() {
            let mut parts = match parting {
                Parting::Sign(sign) => {
                    quoted ^= self.calendar.is(at, '"');
                    usize::from(!quoted && self.calendar.is(at, sign))
                }
                Parting::Tab if at > row.start => self.calendar.text.tabs(at),
                Parting::Cell if at > row.start => {
                    let line = |token: &Token| token.gap >= Gap::Line;
                    usize::from(self.calendar.token(at).is_some_and(line))
                }
                Parting::Tab | Parting::Cell => 0,
            };
            // Several tabs have empty cells between them.
            while parts > 0 {
                cells.push(begin..at);
                begin = at + usize::from(matches!(parting, Parting::Sign(_)));
                parts -= 1;
            }
        }
        cells.push(begin..row.end);
        cells
    }

    /// Whether the token at a place parts two cells, or begins another.
    fn parts(self, place: usize, parting: Parting) -> bool {
        match parting {
            Parting::Sign(sign) => self.calendar.is(place, sign),
            Parting::Tab => self.calendar.text.is_tabbed(place),
            Parting::Cell => {
                let token = self.calendar.token(place);
                token.is_some_and(|token| token.gap >= Gap::Line)
            }
        }
    }

    fn begins_row(self, place: usize, parting: Parting) -> bool {
        let gap = match parting {
            Parting::Cell => Gap::Block,
            _ => Gap::Line,
        };
        place == 0
            || self
                .calendar
                .token(place)
                .is_none_or(|token| token.gap >= gap)
    }

    /// Where the row that begins at `begin` ends; `None` if it is too long for one.
    fn row_end(self, begin: usize, parting: Parting) -> Option<usize> {
        (begin + 1..=begin + ROW).find(|at| self.begins_row(*at, parting))
    }
}
