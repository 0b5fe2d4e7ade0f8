//! What the rows of the dataset must have become, worked out from the dataset itself.

use hashbrown::HashMap;

use super::VerifyError;
use super::account::row_mark;
use super::column::{Becomes, Column};
use super::label::Labels;
use crate::prepare::{self, Aggregated};
use crate::profile::AggregateFunction;
use crate::table::{Codes, each};

/// Rows that are worked on at a time.
const BLOCK: usize = 1024;

/// The class that each row of the dataset is said to be in, where that does not follow from levels. It is only a claim: every row is held to what
/// its class says, and every class to its rows.
#[derive(Clone, Copy)]
pub(crate) struct Assignment<'a> {
    /// The released quasi-identifiers of each class, in the order of the columns of the dataset.
    pub labels: &'a [Vec<Option<String>>],
    /// What decides about the class of each row,
    pub of_row: &'a Codes,
    /// and by that, the class, counted from 1; 0 for rows that are suppressed.
    pub classes: &'a [u32],
}

impl Assignment<'_> {
    fn class(&self, row: usize) -> usize {
        let class = self.classes.get(self.of_row.get(row) as usize);
        class.map_or(usize::MAX, |class| (*class as usize).wrapping_sub(1))
    }
}

/// The classes that the rows of the dataset fall into.
#[derive(Default)]
pub(super) struct Source {
    /// The place of each class, by the mark of its quasi-identifiers.
    places: HashMap<u64, u32>,
    classes: Vec<Class>,
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

/// What one thread has counted.
#[derive(Default)]
struct Part {
    places: HashMap<u64, u32>,
    classes: Vec<Class>,
    /// For each microaggregated column, the rows of each value of each class.
    values: Vec<HashMap<(u32, u32), u64>>,
    fault: Option<usize>,
}

impl Source {
    /// Works out what becomes of every row.
    pub(super) fn of(
        columns: &mut [Column<'_>],
        rows: usize,
        assignment: Option<Assignment<'_>>,
    ) -> Result<Self, VerifyError> {
        let claimed = assignment
            .map(|assignment| Claimed::new(columns, assignment))
            .transpose()?;
        let threads = rayon::current_num_threads().max(1);
        let share = rows.div_ceil(threads).next_multiple_of(BLOCK);
        let mut parts: Vec<Part> = Vec::new();
        parts.resize_with(threads, Part::default);
        let held = &*columns;
        rayon::scope(|scope| {
            for (part, from) in parts.iter_mut().zip((0..).step_by(share.max(1))) {
                let to = (from + share).min(rows);
                let claimed = claimed.as_ref();
                scope.spawn(move |_| part.count(held, from..to, claimed));
            }
        });
        if let Some(row) = parts.iter().filter_map(|part| part.fault).min() {
            return Err(VerifyError::NotCovered {
                row: row as u64 + 1,
            });
        }
        let mut parts = parts.into_iter();
        let mut all = parts.next().unwrap_or_default();
        parts.for_each(|part| all.merge(part));
        let aggregates = all.aggregates(columns)?;
        Ok(Self {
            places: all.places,
            classes: all.classes,
            aggregates,
        })
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

/// The claimed classes in the codes of the columns.
struct Claimed<'a> {
    assignment: Assignment<'a>,
    /// For each class the code of each quasi-identifier.
    keys: Vec<Vec<u32>>,
    /// For each class the mark of its quasi-identifiers.
    marks: Vec<u64>,
}

impl<'a> Claimed<'a> {
    fn new(columns: &[Column<'_>], assignment: Assignment<'a>) -> Result<Self, VerifyError> {
        let (mut keys, mut marks) = (Vec::new(), Vec::new());
        for labels in assignment.labels {
            let (mut key, mut mark) = (Vec::new(), 0_u64);
            for (label, column) in labels.iter().zip(columns.iter().filter(|c| c.is_key())) {
                let code = column
                    .code(label.as_deref())
                    .ok_or_else(|| VerifyError::WrongPlan {
                        what: format!(
                            "a class has a value of {:?} that is not permitted",
                            column.name
                        ),
                    })?;
                mark = mark.wrapping_add(column.mark(code));
                key.push(code);
            }
            keys.push(key);
            marks.push(mark);
        }
        Ok(Self {
            assignment,
            keys,
            marks,
        })
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
        for from in rows.clone().step_by(BLOCK) {
            let count = BLOCK.min(rows.end - from);
            key.fill(0);
            rest.fill(0);
            for table in &tables {
                let claimed_key = claimed.is_some() && table.column.is_key();
                if claimed_key || matches!(table.column.becomes, Becomes::OfClass(_)) {
                    continue;
                }
                let sums = if table.column.is_key() {
                    &mut key
                } else {
                    &mut rest
                };
                table.add(from, sums.get_mut(..count).unwrap_or_default());
            }
            if let Some(claimed) = claimed {
                self.fault = self.fault.or_else(|| check(columns, claimed, from, count));
            }
            for (offset, (key, rest)) in key.iter().zip(&rest).take(count).enumerate() {
                let row = from + offset;
                let key = match claimed {
                    None => *key,
                    Some(claimed) => match claimed.marks.get(claimed.assignment.class(row)) {
                        Some(mark) => *mark,
                        None => continue,
                    },
                };
                let place = self.place(key);
                if let Some(class) = self.classes.get_mut(place as usize) {
                    class.rows += 1;
                    class.marks = class.marks.wrapping_add(row_mark(key.wrapping_add(*rest)));
                }
                for (values, column) in self.values.iter_mut().zip(&aggregated) {
                    *values
                        .entry((place, column.source.codes.get(row)))
                        .or_default() += 1;
                }
            }
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
            let class = other
                .classes
                .get(place as usize)
                .copied()
                .unwrap_or_default();
            if let Some(sum) = self.classes.get_mut(here as usize) {
                sum.rows += class.rows;
                sum.marks = sum.marks.wrapping_add(class.marks);
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

    /// What each class has in each microaggregated column. The columns learn which texts they may hold.
    fn aggregates(
        &self,
        columns: &mut [Column<'_>],
    ) -> Result<Vec<Vec<Option<String>>>, VerifyError> {
        let mut all = Vec::new();
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
            all.push(made);
        }
        Ok(all)
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

/// The first row of which a value cannot become what its class says.
fn check(
    columns: &[Column<'_>],
    claimed: &Claimed<'_>,
    from: usize,
    count: usize,
) -> Option<usize> {
    let mut first: Option<usize> = None;
    for (place, column) in columns.iter().filter(|column| column.is_key()).enumerate() {
        for row in from..from + count {
            let Some(key) = claimed.keys.get(claimed.assignment.class(row)) else {
                continue;
            };
            let label = key.get(place).copied().unwrap_or(u32::MAX);
            let code = column.source.codes.get(row);
            let fits = match &column.becomes {
                Becomes::Same => label == code,
                Becomes::One(codes) => codes.get(code as usize) == Some(&label),
                Becomes::Some(codes) => codes
                    .get(code as usize)
                    .is_some_and(|some| some.contains(&label)),
                Becomes::OfClass(_) => false,
            };
            if !fits {
                first = Some(first.map_or(row, |first| first.min(row)));
                break;
            }
        }
    }
    first
}
