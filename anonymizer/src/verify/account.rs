//! Counting what a release holds, row by row as it is read.

use super::VerifyError;
use super::column::Column;
use crate::measure::Counter;

/// Codes of a column whose marks are worked out beforehand.
const MARKED: usize = 1 << 12;

/// A row of the release: the part of the file that it is in, and its number there, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub part: usize,
    pub row: u64,
}

/// What is wrong with a row, before the number of the row in the file is known.
#[derive(Debug)]
pub(super) struct Fault {
    pub at: At,
    pub what: What,
}

#[derive(Debug)]
pub(super) enum What {
    /// The column of this place holds what it must not.
    Value(usize),
    /// The row is not in its place.
    Order,
    /// The row has another number of cells.
    Cells,
    /// The row is no text.
    Encoding,
    /// The file cannot be read here.
    Unreadable(Box<VerifyError>),
}

/// A class of the release.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    /// The first of its rows.
    pub first: At,
    /// The mark of its quasi-identifiers.
    pub key: u64,
    /// The sum of the marks of its rows.
    pub marks: u128,
}

/// What was counted in some parts of a release.
pub(super) struct Account<'a> {
    columns: &'a [Column<'a>],
    /// The marks of the codes of each column, where there are not too many.
    marks: Vec<Vec<u64>>,
    counter: Counter,
    classes: Vec<Met>,
    /// By column, whether classes are told apart by it, and whether its values are counted in each class.
    kinds: Vec<(bool, bool)>,
    /// Suppressed records: rows of `*` in every quasi-identifier and nothing in any other column.
    pub stars: u64,
    /// Rows of each part, with its first and last row.
    pub parts: Vec<Part>,
    last: Vec<u32>,
    key: Vec<u32>,
    values: Vec<u32>,
    /// Whether suppressed records stay.
    starred: bool,
}

/// A part that was read to its end.
pub(super) struct Part {
    pub part: usize,
    pub rows: u64,
    first: Vec<u32>,
    last: Vec<u32>,
}

/// What was counted in a whole release.
pub(super) struct Counted {
    pub counter: Counter,
    pub classes: Vec<Met>,
    pub stars: u64,
    pub parts: Vec<Part>,
}

impl<'a> Account<'a> {
    /// Makes room for so many classes.
    pub(super) fn new(columns: &'a [Column<'a>], starred: bool, classes: usize) -> Self {
        let kind = |column: &Column<'_>| (column.is_key(), column.is_counted());
        let kinds: Vec<(bool, bool)> = columns.iter().map(kind).collect();
        let key = kinds.iter().filter(|(key, _)| *key).count();
        let counted = kinds.iter().filter(|(_, counted)| *counted).count();
        let marks = columns.iter().map(|column| match column.labels.len() {
            few @ ..=MARKED => (0..few as u32).map(|code| column.mark(code)).collect(),
            _ => Vec::new(),
        });
        let mut counter = Counter::new(key, counted);
        counter.reserve(classes);
        Self {
            columns,
            marks: marks.collect(),
            counter,
            classes: Vec::with_capacity(classes),
            kinds,
            stars: 0,
            parts: Vec::new(),
            last: Vec::new(),
            key: Vec::new(),
            values: Vec::new(),
            starred,
        }
    }

    /// Begins a part.
    pub(super) fn begin(&mut self, part: usize) {
        self.last.clear();
        self.parts.push(Part {
            part,
            rows: 0,
            first: Vec::new(),
            last: Vec::new(),
        });
    }

    /// Counts `rows` rows on end that are alike; `codes` has an entry for each column.
    pub(super) fn run(&mut self, codes: &[u32], rows: u64, at: At) -> Result<(), Fault> {
        if codes < self.last.as_slice() {
            return Err(Fault {
                at,
                what: What::Order,
            });
        }
        if let Some(part) = self.parts.last_mut() {
            if part.rows == 0 {
                part.first.extend_from_slice(codes);
            }
            part.rows += rows;
        }
        self.last.clear();
        self.last.extend_from_slice(codes);
        if self.starred && self.is_suppressed(codes) {
            self.stars += rows;
            return Ok(());
        }
        self.key.clear();
        self.values.clear();
        let (mut mark, mut key_mark) = (0_u64, 0_u64);
        let columns = self.columns.iter().zip(&self.kinds).zip(&self.marks);
        for (code, ((column, (is_key, is_counted)), marks)) in codes.iter().zip(columns) {
            let own = marks.get(*code as usize).copied();
            let own = own.unwrap_or_else(|| column.mark(*code));
            mark = mark.wrapping_add(own);
            if *is_key {
                key_mark = key_mark.wrapping_add(own);
                self.key.push(*code);
            }
            if *is_counted {
                self.values.push(*code);
            }
        }
        let class = self.counter.add(&self.key, &self.values, rows);
        if class == self.classes.len() {
            self.classes.push(Met {
                first: at,
                key: key_mark,
                marks: 0,
            });
        }
        if let Some(class) = self.classes.get_mut(class) {
            class.first = class.first.min(at);
            let marks = row_mark(mark).wrapping_mul(u128::from(rows));
            class.marks = class.marks.wrapping_add(marks);
        }
        Ok(())
    }

    /// Ends a part.
    pub(super) fn end(&mut self) {
        if let Some(part) = self.parts.last_mut() {
            part.last.clone_from(&self.last);
        }
    }

    fn is_suppressed(&self, codes: &[u32]) -> bool {
        let mut keys = 0;
        let fits = codes.iter().zip(self.columns).all(|(code, column)| {
            keys += u32::from(column.is_key());
            match column.is_key() {
                true => column.star == Some(*code),
                false => *code == 0,
            }
        });
        fits && keys > 0
    }

    /// Puts together what several accounts have of all parts of a file.
    ///
    /// # Errors
    /// A part that begins below the end of the one before.
    pub(super) fn join(accounts: Vec<Self>) -> Result<Counted, Fault> {
        let mut accounts = accounts.into_iter();
        let Some(first) = accounts.next() else {
            return Ok(Counted {
                counter: Counter::new(0, 0),
                classes: Vec::new(),
                stars: 0,
                parts: Vec::new(),
            });
        };
        let mut all = Counted {
            counter: first.counter,
            classes: first.classes,
            stars: first.stars,
            parts: first.parts,
        };
        for other in accounts {
            for (place, class) in all
                .counter
                .merge(&other.counter)
                .into_iter()
                .zip(other.classes)
            {
                match all.classes.get_mut(place) {
                    Some(sum) => {
                        sum.first = sum.first.min(class.first);
                        sum.marks = sum.marks.wrapping_add(class.marks);
                    }
                    None => all.classes.push(class),
                }
            }
            all.stars += other.stars;
            all.parts.extend(other.parts);
        }
        all.parts.retain(|part| part.rows > 0);
        all.parts.sort_by_key(|part| part.part);
        let mut before: Option<&Part> = None;
        for part in &all.parts {
            if before.is_some_and(|before| before.last > part.first) {
                let at = At {
                    part: part.part,
                    row: 0,
                };
                return Err(Fault {
                    at,
                    what: What::Order,
                });
            }
            before = Some(part);
        }
        Ok(all)
    }
}

/// The number of a row of the release, from 1.
pub(super) fn row_number(parts: &[(usize, u64)], at: At) -> u64 {
    let before = parts.iter().filter(|(part, _)| *part < at.part);
    before.map(|(_, rows)| rows).sum::<u64>() + at.row + 1
}

/// Spreads a number over 64 bits (SplitMix64's finalizer).
pub(super) fn mix(mut number: u64) -> u64 {
    number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

/// The mark of a row from the sum of its cells' marks. The sum of the marks of many rows tells whether they are the same rows as others,
/// in whatever order.
pub(super) fn row_mark(cells: u64) -> u128 {
    let low = mix(cells);
    let high = mix(cells ^ 0x5851_f42d_4c95_7f2d);
    u128::from(high) << 64 | u128::from(low)
}
