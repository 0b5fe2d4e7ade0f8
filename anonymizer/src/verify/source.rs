//! What the rows of the dataset must have become, worked out from the dataset itself.

use hashbrown::HashMap;

use super::VerifyError;
use super::account::row_mark;
use super::claimed::{Assignment, Claimed};
use super::column::{Becomes, Column};
use super::label::Labels;
use crate::prepare::{self, Aggregated};
use crate::profile::AggregateFunction;
use crate::table::each;

/// Rows that are worked on at a time.
const BLOCK: usize = 1024;

/// The classes that the rows of the dataset fall into.
#[derive(Default)]
pub(super) struct Source {
    /// The place of each class, by the mark of its quasi-identifiers.
    places: HashMap<u64, u32>,
    classes: Vec<Class>,
    /// For each microaggregated column, the rows of each value of each class.
    values: Vec<HashMap<(u32, u32), u64>>,
    /// For each microaggregated column, what each class has in it.
    pub aggregates: Vec<Vec<Option<String>>>,
}

/// Rows of the dataset that share what their quasi-identifiers become.
#[derive(Clone, Copy, Default)]
pub(super) struct Class {
    pub rows: u64,
    /// The sum of the marks of what the rows become.
    pub marks: u128,
}

/// What one thread has counted. Classes that are claimed are counted by their numbers first; two of them that show the same are one.
#[derive(Default)]
struct Part {
    places: HashMap<u64, u32>,
    classes: Vec<Class>,
    /// For each microaggregated column, the rows of each value of each class.
    values: Vec<HashMap<(u32, u32), u64>>,
    fault: Option<usize>,
}

impl Source {
    /// Works out what becomes of every row, with room for so many classes. What classes have in microaggregated columns is for
    /// [`Self::aggregate`].
    pub(super) fn of(
        columns: &[Column<'_>],
        rows: usize,
        assignment: Option<Assignment<'_>>,
        expected: usize,
    ) -> Result<Self, VerifyError> {
        let claimed = assignment
            .map(|assignment| Claimed::new(columns, assignment))
            .transpose()?;
        let threads = rayon::current_num_threads().max(1);
        let share = rows.div_ceil(threads).next_multiple_of(BLOCK);
        let mut parts: Vec<Part> = Vec::new();
        parts.resize_with(threads, Part::default);
        rayon::scope(|scope| {
            for (part, from) in parts.iter_mut().zip((0..).step_by(share.max(1))) {
                let to = (from + share).min(rows);
                let claimed = claimed.as_ref();
                scope.spawn(move |_| {
                    match claimed {
                        Some(claimed) => part
                            .classes
                            .resize_with(claimed.marks.len(), Class::default),
                        None => {
                            part.places.reserve(expected);
                            part.classes.reserve(expected);
                        }
                    }
                    part.count(columns, from..to, claimed);
                });
            }
        });
        if let Some(row) = parts.iter().filter_map(|part| part.fault).min() {
            return Err(VerifyError::NotCovered {
                row: row as u64 + 1,
            });
        }
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_default();
        match &claimed {
            Some(claimed) => {
                parts.for_each(|part| all.merge_claimed(part));
                all.gather(&claimed.marks);
            }
            None => parts.for_each(|part| all.merge(part)),
        }
        Ok(Self {
            places: all.places,
            classes: all.classes,
            values: all.values,
            aggregates: Vec::new(),
        })
    }

    /// What each class has in each microaggregated column. The columns learn which texts they may hold.
    pub(super) fn aggregate(&mut self, columns: &mut [Column<'_>]) -> Result<(), VerifyError> {
        let mut values = self.values.iter();
        for column in columns {
            let Becomes::OfClass(function) = column.becomes else {
                continue;
            };
            let Some(values) = values.next() else {
                continue;
            };
            let mut of_class: Vec<Vec<(u32, u64)>> = vec![Vec::new(); self.classes.len()];
            for ((place, value), rows) in values {
                if let Some(values) = of_class.get_mut(*place as usize) {
                    values.push((*value, *rows));
                }
            }
            let made = of_class
                .iter()
                .map(|values| aggregate(column, function, values));
            let made = made.collect::<Result<Vec<_>, _>>()?;
            column.labels = labels(function, &made);
            self.aggregates.push(made);
        }
        Ok(())
    }

    /// The place of the class whose quasi-identifiers have a mark.
    pub(super) fn place(&self, mark: u64) -> Option<usize> {
        self.places.get(&mark).map(|place| *place as usize)
    }

    pub(super) fn class(&self, place: usize) -> Option<Class> {
        self.classes.get(place).copied()
    }

    /// Number of classes.
    pub(super) fn len(&self) -> usize {
        self.classes.len()
    }
}

impl Part {
    fn count(
        &mut self,
        columns: &[Column<'_>],
        rows: std::ops::Range<usize>,
        claimed: Option<&Claimed<'_>>,
    ) {
        let tables: Vec<Marks<'_, '_>> = columns.iter().map(Marks::new).collect();
        let aggregated: Vec<&Column<'_>> = columns
            .iter()
            .filter(|column| matches!(column.becomes, Becomes::OfClass(_)))
            .collect();
        self.values.resize_with(aggregated.len(), HashMap::new);
        let (mut key, mut rest) = ([0_u64; BLOCK], [0_u64; BLOCK]);
        let mut claims = [0_u32; BLOCK];
        let adds = |marks: &Marks<'_, '_>| {
            let key = marks.column.is_key();
            !(claimed.is_some() && key || matches!(marks.column.becomes, Becomes::OfClass(_)))
        };
        // Rows of a claimed class that have nothing of their own are all alike.
        let alike = claimed.filter(|_| aggregated.is_empty() && !tables.iter().any(adds));
        for from in rows.clone().step_by(BLOCK) {
            let count = BLOCK.min(rows.end - from);
            key.fill(0);
            rest.fill(0);
            for table in tables.iter().filter(|marks| adds(marks)) {
                let sums = if table.column.is_key() {
                    &mut key
                } else {
                    &mut rest
                };
                table.add(from, sums.get_mut(..count).unwrap_or_default());
            }
            if let Some(claimed) = claimed {
                let claims = claims.get_mut(..count).unwrap_or_default();
                claimed.classes(from, claims);
                self.fault = self.fault.or_else(|| claimed.wrong(from, claims));
            }
            if alike.is_some() {
                for claim in claims.iter().take(count) {
                    if let Some(class) = self.classes.get_mut(*claim as usize) {
                        class.rows += 1;
                    }
                }
                continue;
            }
            let rows = (from..).zip(key.iter().zip(&rest).zip(&claims)).take(count);
            for (row, ((key, rest), claim)) in rows {
                let (place, key) = match claimed {
                    None => (self.place(*key), *key),
                    Some(claimed) => {
                        let mark = claimed.marks.get(*claim as usize);
                        (*claim, mark.copied().unwrap_or_default())
                    }
                };
                // Rows that are suppressed are of no class.
                let Some(class) = self.classes.get_mut(place as usize) else {
                    continue;
                };
                class.rows += 1;
                class.marks = class.marks.wrapping_add(row_mark(key.wrapping_add(*rest)));
                for (values, column) in self.values.iter_mut().zip(&aggregated) {
                    *values
                        .entry((place, column.source.codes.get(row)))
                        .or_default() += 1;
                }
            }
        }
        let marks = alike.map_or(&[][..], |claimed| &claimed.marks);
        for (class, mark) in self.classes.iter_mut().zip(marks) {
            class.marks = row_mark(*mark).wrapping_mul(u128::from(class.rows));
        }
    }

    /// Adds what another thread has counted by the numbers of claimed classes.
    fn merge_claimed(&mut self, other: Self) {
        for (sum, more) in self.classes.iter_mut().zip(other.classes) {
            sum.rows += more.rows;
            sum.marks = sum.marks.wrapping_add(more.marks);
        }
        for (sums, values) in self.values.iter_mut().zip(other.values) {
            for (value, rows) in values {
                *sums.entry(value).or_default() += rows;
            }
        }
    }

    /// Takes what was counted by the numbers of claimed classes to what they show.
    fn gather(&mut self, marks: &[u64]) {
        let counted = std::mem::take(&mut self.classes);
        self.places.reserve(counted.len());
        let mut renamed = vec![0; counted.len()];
        for ((mark, class), slot) in marks.iter().zip(&counted).zip(&mut renamed) {
            if class.rows > 0 {
                *slot = self.place(*mark);
                self.add(*slot, class);
            }
        }
        for values in &mut self.values {
            let claimed = std::mem::take(values);
            for ((claim, value), rows) in claimed {
                let here = renamed.get(claim as usize).copied().unwrap_or_default();
                *values.entry((here, value)).or_default() += rows;
            }
        }
    }

    fn add(&mut self, place: u32, class: &Class) {
        if let Some(sum) = self.classes.get_mut(place as usize) {
            sum.rows += class.rows;
            sum.marks = sum.marks.wrapping_add(class.marks);
        }
    }

    fn place(&mut self, mark: u64) -> u32 {
        let next = self.classes.len() as u32;
        let place = *self.places.entry(mark).or_insert(next);
        if place == next {
            self.classes.push(Class::default());
        }
        place
    }

    fn merge(&mut self, other: Self) {
        let mut renamed = vec![0; other.classes.len()];
        for (mark, place) in other.places {
            let here = self.place(mark);
            if let Some(class) = other.classes.get(place as usize) {
                self.add(here, class);
            }
            if let Some(slot) = renamed.get_mut(place as usize) {
                *slot = here;
            }
        }
        for (sums, values) in self.values.iter_mut().zip(other.values) {
            for ((place, value), rows) in values {
                let here = renamed.get(place as usize).copied().unwrap_or_default();
                *sums.entry((here, value)).or_default() += rows;
            }
        }
    }
}

fn aggregate(
    column: &Column<'_>,
    function: AggregateFunction,
    values: &[(u32, u64)],
) -> Result<Option<String>, VerifyError> {
    let fault = |error| VerifyError::WrongPlan {
        what: format!(
            "column {:?} cannot be microaggregated: {error}",
            column.name
        ),
    };
    let mut texts = Vec::new();
    for (code, rows) in values {
        let text = prepare::apply(&column.rule.prepare, column.source.dictionary.text(*code));
        texts.push((text.map_err(fault)?, *rows));
    }
    let texts = texts.iter().map(|(text, rows)| (text.as_deref(), *rows));
    Ok(match prepare::aggregate(function, texts).map_err(fault)? {
        Aggregated::Missing => None,
        Aggregated::Number(number) => Some(number.to_string()),
        Aggregated::Text(text) => Some(text.to_owned()),
    })
}

fn labels<'a>(function: AggregateFunction, made: &[Option<String>]) -> Labels<'a> {
    let mut texts: Vec<&str> = made.iter().flatten().map(String::as_str).collect();
    if function == AggregateFunction::Mode {
        texts.sort_unstable();
        texts.dedup();
        return Labels::of_texts(texts.into_iter());
    }
    let mut numbers: Vec<f64> = texts.iter().filter_map(|text| text.parse().ok()).collect();
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    Labels::of_numbers(numbers)
}

/// The marks of what the values of a column become, by their codes where there are not too many.
struct Marks<'c, 'a> {
    column: &'c Column<'a>,
    table: Option<Vec<u64>>,
}

impl<'c, 'a> Marks<'c, 'a> {
    fn new(column: &'c Column<'a>) -> Self {
        let mut marks = Self {
            column,
            table: None,
        };
        let codes = column.source.dictionary.len() as u32;
        if codes <= 1 << 16 {
            marks.table = Some((0..codes).map(|code| marks.of(code)).collect());
        }
        marks
    }

    fn of(&self, code: u32) -> u64 {
        let becomes = match &self.column.becomes {
            Becomes::One(codes) => codes.get(code as usize).copied().unwrap_or_default(),
            _ => code,
        };
        self.column.mark(becomes)
    }

    /// Adds the marks of the rows from one on.
    #[allow(
        clippy::unnecessary_cast,
        reason = "the same lines for codes of every width"
    )]
    fn add(&self, from: usize, sums: &mut [u64]) {
        each!(&self.column.source.codes, codes => {
            let codes = codes.get(from..).unwrap_or_default();
            match &self.table {
                Some(table) => for (sum, code) in sums.iter_mut().zip(codes) {
                    let mark = table.get(*code as usize).copied().unwrap_or_default();
                    *sum = sum.wrapping_add(mark);
                },
                None => for (sum, code) in sums.iter_mut().zip(codes) {
                    *sum = sum.wrapping_add(self.of(*code as u32));
                },
            }
        });
    }
}
