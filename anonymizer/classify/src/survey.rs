//! A dataset as far as it was seen: its columns, and a sample of whole rows.

use crate::cell::Observer;
use crate::column::Column;
use crate::read::Records;

/// Columns that are kept at most.
pub const MOST_COLUMNS: usize = 2_000;

/// Rows of the sample from one part.
const PART_SAMPLE: usize = 32;

/// Rows of the sample from the first part.
const FIRST_SAMPLE: usize = 512;

/// Rows of the whole sample.
const WHOLE_SAMPLE: usize = 2_048;

/// Bytes of a cell of the sample.
const SAMPLE_BYTES: usize = 400;

/// A row of the sample, by columns.
pub type SampleRow = Vec<Box<[u8]>>;

/// What was seen of a part of a dataset, or of all of it.
#[derive(Debug)]
pub struct Survey {
    pub columns: Vec<Column>,
    pub rows: u64,
    /// Rows with other than the usual number of cells.
    pub ragged: u64,
    pub sample: Vec<SampleRow>,
    sample_size: usize,
    row: SampleRow,
    /// By column, whether its different values are worth keeping.
    listed: Vec<bool>,
    width: usize,
    place: usize,
    pub observer: Observer,
}

impl Survey {
    /// Begins a survey of a dataset with so many columns.
    pub fn new(width: usize) -> Self {
        Self::part(vec![true; width.min(MOST_COLUMNS)], FIRST_SAMPLE, width)
    }

    fn part(listed: Vec<bool>, sample_size: usize, width: usize) -> Self {
        Self {
            columns: listed.iter().map(|listed| Column::new(*listed)).collect(),
            rows: 0,
            ragged: 0,
            sample: Vec::new(),
            sample_size,
            row: Vec::new(),
            listed,
            width,
            place: 0,
            observer: Observer::new(),
        }
    }

    /// Begins a survey of a later part of the same dataset.
    pub fn another(&self) -> Self {
        let listed = self
            .columns
            .iter()
            .map(|column| column.values.is_some())
            .collect();
        let size = if self.rows == 0 {
            FIRST_SAMPLE
        } else {
            PART_SAMPLE
        };
        Self::part(listed, size, self.width)
    }

    /// Takes the next cell of the row.
    #[inline]
    pub fn cell(&mut self, cell: &[u8]) {
        self.cell_at(self.place, cell);
        self.place += 1;
    }

    /// Takes the cell of a column.
    #[inline]
    pub fn cell_at(&mut self, place: usize, cell: &[u8]) {
        if place >= self.columns.len() {
            self.widen(place + 1);
        }
        if let Some(column) = self.columns.get_mut(place) {
            column.push(&mut self.observer, cell, self.rows);
        }
        self.sample_at(place, cell);
    }

    fn sample_at(&mut self, place: usize, cell: &[u8]) {
        if self.sample.len() < self.sample_size {
            self.row.resize(self.row.len().max(place), Box::default());
            let kept = cell.get(..SAMPLE_BYTES).unwrap_or(cell);
            if place < self.row.len() {
                if let Some(old) = self.row.get_mut(place) {
                    *old = kept.into();
                }
            } else if place < MOST_COLUMNS {
                self.row.push(kept.into());
            }
        }
    }

    /// Ends the row.
    #[inline]
    pub fn end_row(&mut self) {
        if self.place != self.width {
            self.ragged += 1;
        }
        self.place = 0;
        self.rows += 1;
        if !self.row.is_empty() {
            self.sample.push(std::mem::take(&mut self.row));
        }
    }

    /// Takes whole rows, a column at a time: its cells are looked at in the same way, and what is known of it stays at hand.
    pub fn batch(&mut self, records: &Records<'_>) {
        let rows = records.rows();
        let most = rows.iter().map(|row| row.width()).max().unwrap_or(0);
        if most > self.columns.len() {
            self.widen(most);
        }
        for (place, column) in self.columns.iter_mut().enumerate().take(most) {
            for (row, number) in rows.iter().zip(self.rows..) {
                if let Some(cell) = records.cell(*row, place) {
                    self.observer.trust(row.utf8);
                    column.push(&mut self.observer, cell, number);
                }
            }
        }
        self.observer.trust(false);
        for row in rows {
            self.ragged += u64::from(row.width() != self.width);
            if self.sample.len() < self.sample_size {
                for place in 0..row.width() {
                    self.sample_at(place, records.cell(*row, place).unwrap_or_default());
                }
                self.sample.push(std::mem::take(&mut self.row));
            }
        }
        self.rows += rows.len() as u64;
    }

    /// Ends a row of which cells were given by column.
    pub fn end_named_row(&mut self) {
        self.place = self.width;
        self.end_row();
    }

    /// Columns that no header has, of rows that are too long.
    fn widen(&mut self, width: usize) {
        let width = width.min(MOST_COLUMNS);
        let more = width.saturating_sub(self.columns.len());
        self.columns
            .extend(std::iter::repeat_with(|| Column::new(true)).take(more));
        self.listed
            .resize(self.columns.len().max(self.listed.len()), true);
    }

    /// Brings all counts up to date.
    pub fn settle(&mut self) {
        self.columns.iter_mut().for_each(Column::settle);
    }

    /// Adds what was seen of the part that follows. Both are settled.
    pub fn append(&mut self, later: Self) {
        self.widen(later.columns.len());
        for (column, more) in self.columns.iter_mut().zip(later.columns) {
            column.append(more, self.rows);
        }
        self.rows += later.rows;
        self.ragged += later.ragged;
        let room = WHOLE_SAMPLE.saturating_sub(self.sample.len());
        self.sample.extend(later.sample.into_iter().take(room));
    }
}
