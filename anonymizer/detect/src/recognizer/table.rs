//! Text that is a table: CSV, columns parted by tabs, by `|`, the cells of markup.

use std::ops::Range;

use crate::text::{Gap, Text};

/// A row has at most so many tokens.
const ROW: usize = 200;
/// A head has at most so many tokens.
const HEAD: usize = 16;

/// What parts the columns of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parting {
    /// This sign; a row is a line.
    Sign(char),
    /// A tab; a row is a line.
    Tab,
    /// A cell of markup, which is read as a line; a row is a block.
    Cell,
}

/// The first row of a table.
#[derive(Clone, Debug)]
pub struct Head {
    /// Its cells, without what parts them.
    pub cells: Vec<Range<usize>>,
    /// Which of them holds the word that was asked for.
    pub column: usize,
    /// Where the next row begins.
    pub end: usize,
}

impl Parting {
    /// All, in the order in which they are tried.
    pub const ALL: [Self; 5] = [
        Self::Sign(';'),
        Self::Tab,
        Self::Sign('|'),
        Self::Cell,
        Self::Sign(','),
    ];

    /// The head whose cell of at most `own` tokens holds the word at `place`, if cells so parted stand there.
    pub fn head(self, text: &Text, place: usize, own: usize) -> Option<Head> {
        // Most words that may head a column stand in sentences.
        let mut near = place.saturating_sub(own)..=place + own;
        if !near.any(|at| self.parts(text, at)) {
            return None;
        }
        // Its own cell begins and ends near.
        let mut before = place.saturating_sub(own)..=place;
        let mut after = place + 1..=place + own;
        let parted = |at: usize| self.parts(text, at) || self.begins_row(text, at);
        if !before.any(parted) || !after.any(parted) {
            return None;
        }
        let mut begin = place;
        while !self.begins_row(text, begin) {
            begin -= 1;
            if place - begin > ROW {
                return None;
            }
        }
        let end = self.row_end(text, begin)?;
        let cells = self.short_cells(text, &(begin..end))?;
        let column = cells.iter().position(|cell| cell.contains(&place))?;
        let fits = cells.len() > 1 && cells.get(column)?.len() <= own;
        fits.then_some(Head { cells, column, end })
    }

    /// The cells of a row, without what parts them.
    pub fn cells(self, text: &Text, row: &Range<usize>) -> Vec<Range<usize>> {
        self.cells_of(text, row, usize::MAX).unwrap_or_default()
    }

    /// The cells of a row that may be a head: nothing if one of them is too long for it.
    fn short_cells(self, text: &Text, row: &Range<usize>) -> Option<Vec<Range<usize>>> {
        self.cells_of(text, row, HEAD)
    }

    fn cells_of(
        self,
        text: &Text,
        row: &Range<usize>,
        longest: usize,
    ) -> Option<Vec<Range<usize>>> {
        let mut cells = Vec::new();
        let mut begin = row.start;
        let mut quoted = false;
        for at in row.clone() {
            let mut parts = match self {
                Self::Sign(_) => {
                    quoted ^= text.token(at).is_some_and(|token| token.is('"'));
                    usize::from(!quoted && self.parts(text, at))
                }
                Self::Tab if at > row.start => text.tabs(at),
                Self::Cell if at > row.start => usize::from(self.parts(text, at)),
                Self::Tab | Self::Cell => 0,
            };
            // Sentences, which are no head, are seen by their first long part.
            if at.saturating_sub(begin) > longest {
                return None;
            }
            // Several tabs have empty cells between them.
            while parts > 0 {
                cells.push(begin..at);
                begin = at + usize::from(matches!(self, Self::Sign(_)));
                parts -= 1;
            }
        }
        cells.push(begin..row.end);
        (row.end.saturating_sub(begin) <= longest).then_some(cells)
    }

    /// The row after the one that ends at `end`; none where the table ends.
    pub fn next(self, text: &Text, end: usize, first: bool) -> Option<Range<usize>> {
        let token = text.token(end)?;
        // An empty line ends a table of lines.
        if !first && token.gap == Gap::Block && self != Self::Cell {
            return None;
        }
        Some(end..self.row_end(text, end)?)
    }

    /// Whether the token at a place parts two cells, or begins another.
    fn parts(self, text: &Text, place: usize) -> bool {
        let token = text.token(place);
        match self {
            Self::Sign(sign) => token.is_some_and(|token| token.is(sign)),
            Self::Tab => text.is_tabbed(place),
            Self::Cell => token.is_some_and(|token| token.gap >= Gap::Line),
        }
    }

    fn begins_row(self, text: &Text, place: usize) -> bool {
        let gap = match self {
            Self::Cell => Gap::Block,
            _ => Gap::Line,
        };
        place == 0 || text.token(place).is_none_or(|token| token.gap >= gap)
    }

    /// Where the row that begins at `begin` ends; `None` if it is too long for one.
    fn row_end(self, text: &Text, begin: usize) -> Option<usize> {
        (begin + 1..=begin + ROW).find(|at| self.begins_row(text, *at))
    }
}
