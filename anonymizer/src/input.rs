//! Where table, profile and hierarchies meet: each column with its rule, and each quasi-identifier as numbers.

mod attribute;
mod population;
mod records;
mod sensitive;

use std::borrow::Cow;

use sandyq_recoding::Problem;

pub(crate) use self::attribute::Attribute;
use self::population::{Known, people as people_of};
pub(crate) use self::sensitive::Sensitive;
use crate::group::Key;
use crate::hierarchy::{Hierarchies, HierarchyError};
use crate::prepare::{self, PrepareFault};
use crate::profile::{ColumnRule, DatasetProfile, Role, Transform};
use crate::table::{Coded, Codes, Dictionary, Table};

/// What stands for a value that is not released.
pub const SUPPRESSED: &str = "*";

/// How many values a message lists.
const LISTED: usize = 10;

/// Why table, profile and hierarchies do not fit one another.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The profile is of another dataset.
    #[error("the profile of dataset {profile:?} was applied to dataset {table:?}")]
    WrongDataset {
        /// The dataset of the profile.
        profile: String,
        /// The dataset read.
        table: String,
    },
    /// The profile names a column that the data does not have.
    #[error(
        "dataset {dataset:?} has no column {column:?}, which the profile names; correct the profile or the file"
    )]
    AbsentColumn {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
    },
    /// The profile names a hierarchy that was not given.
    #[error(
        "dataset {dataset:?}, column {column:?}: there is no hierarchy {hierarchy:?}; supply {hierarchy}.csv"
    )]
    AbsentHierarchy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The hierarchy.
        hierarchy: String,
    },
    /// The profile asks for a level that the hierarchy does not have.
    #[error(
        "dataset {dataset:?}, column {column:?}: level {level} is above the highest level {highest} of hierarchy {hierarchy:?}"
    )]
    AbsentLevel {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The hierarchy.
        hierarchy: String,
        /// The level asked for.
        level: u32,
        /// The highest level there is.
        highest: u32,
    },
    /// The data has values without a row in the hierarchy.
    #[error(
        "dataset {dataset:?}, column {column:?}: {distinct} values in {rows} rows are not in hierarchy {hierarchy:?}: {}",
        listed(values, *distinct)
    )]
    NotInHierarchy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The hierarchy.
        hierarchy: String,
        /// Up to ten of the values, the most frequent first, with their rows.
        values: Vec<(String, u64)>,
        /// How many values there are.
        distinct: u64,
        /// How many rows hold them.
        rows: u64,
    },
    /// A value could not be prepared.
    #[error("dataset {dataset:?}, row {row}, column {column:?}: the value cannot be prepared")]
    Prepare {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// The first row that has the value, from 1.
        row: u64,
        /// What is wrong.
        #[source]
        source: PrepareFault,
    },
    /// No hierarchy could be made of the values of a column.
    #[error("dataset {dataset:?}, column {column:?}: the hierarchy cannot be made")]
    Hierarchy {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// What is wrong.
        #[source]
        source: Box<HierarchyError>,
    },
    /// The dataset has a column that the profile derives.
    #[error(
        "dataset {dataset:?} has a column {column:?} itself, which the profile derives; name the derived column otherwise"
    )]
    DerivedExists {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
    },
    /// A distance between values is by an order that lacks some of them.
    #[error(
        "dataset {dataset:?}, column {column:?}: {} not in the order of the column; add them to `order`",
        listed(values, values.len() as u64)
    )]
    NotInOrder {
        /// The dataset.
        dataset: String,
        /// The column.
        column: String,
        /// Up to ten of the values, with their rows.
        values: Vec<(String, u64)>,
    },
}

fn listed(values: &[(String, u64)], distinct: u64) -> String {
    let texts: Vec<_> = values.iter().map(|(value, _)| value.as_str()).collect();
    let texts = sandyq_classify::told_together(&texts);
    let shown: Vec<_> = texts
        .iter()
        .zip(values)
        .map(|(text, (_, rows))| format!("{text:?} ({rows})"))
        .collect();
    let rest = distinct.saturating_sub(values.len() as u64);
    let more = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

fn check_names(table: &Table, profile: &DatasetProfile) -> Result<(), InputError> {
    if table.name() != profile.name() {
        return Err(InputError::WrongDataset {
            profile: profile.name().to_owned(),
            table: table.name().to_owned(),
        });
    }
    for (name, _) in profile.columns() {
        if table.column(name).is_none() {
            return Err(InputError::AbsentColumn {
                dataset: table.name().to_owned(),
                column: name.to_owned(),
            });
        }
    }
    Ok(())
}

/// A column that is released, after its values were prepared.
pub(crate) struct Source<'a> {
    pub name: &'a str,
    pub rule: &'a ColumnRule,
    /// What stands in each row of the file,
    pub codes: &'a Codes,
    /// the code in `dictionary` of each of that; `None` for the same,
    pub map: Option<Vec<u32>>,
    pub dictionary: Cow<'a, Dictionary>,
    /// and rows with each code of the dictionary.
    pub counts: Vec<u64>,
}

impl<'a> Source<'a> {
    fn new(dataset: &str, column: &'a Coded, rule: &'a ColumnRule) -> Result<Self, InputError> {
        let mut source = Self {
            name: &column.name,
            rule,
            codes: &column.codes,
            map: None,
            dictionary: Cow::Borrowed(&column.dictionary),
            counts: column.counts(),
        };
        if !rule.prepare.is_empty() {
            source.prepare(dataset)?;
        }
        Ok(source)
    }

    fn prepare(&mut self, dataset: &str) -> Result<(), InputError> {
        let mut prepared = Vec::new();
        for (text, code) in self.dictionary.texts().zip(0_u32..) {
            let text = prepare::apply(&self.rule.prepare, text).map_err(|source| {
                let row = self.codes.iter().position(|other| other == code);
                InputError::Prepare {
                    dataset: dataset.to_owned(),
                    column: self.name.to_owned(),
                    row: row.unwrap_or_default() as u64 + 1,
                    source,
                }
            })?;
            prepared.push(text);
        }
        let (dictionary, map) = Dictionary::of_labels(prepared.iter().map(Option::as_deref));
        let mut counts = vec![0; dictionary.len()];
        for (code, rows) in map.iter().zip(&self.counts) {
            if let Some(count) = counts.get_mut(*code as usize) {
                *count += rows;
            }
        }
        self.counts = counts;
        self.map = Some(map);
        self.dictionary = Cow::Owned(dictionary);
        Ok(())
    }

    /// Whether a row has no value.
    pub(crate) fn has_missing(&self) -> bool {
        self.counts.first().is_some_and(|rows| *rows > 0)
    }

    /// What a row counts as when rows are grouped by the column.
    pub(crate) fn key(&self) -> Key<'_> {
        Key {
            rows: self.codes,
            map: self.map.as_deref(),
            cardinality: self.dictionary.len(),
            lowest: u32::from(!self.has_missing()),
        }
    }

    /// As [`Self::key`], each code being one more thing by what `map` gives for it.
    pub(crate) fn through(&self, map: &[u32]) -> Vec<u32> {
        match &self.map {
            None => map.to_vec(),
            Some(first) => {
                let then = |code: &u32| map.get(*code as usize).copied().unwrap_or_default();
                first.iter().map(then).collect()
            }
        }
    }
}

/// A table as its profile and hierarchies take it: which columns are released, and the quasi-identifiers and sensitive columns as
/// numbers.
pub(crate) struct Input<'a> {
    pub table: &'a Table,
    pub profile: &'a DatasetProfile,
    /// The released columns in the order of the table.
    pub columns: Vec<Source<'a>>,
    /// The quasi-identifiers that classes are told apart by, in the order of the table.
    pub attributes: Vec<Attribute>,
    /// What the models speak of, in the order of the problem.
    pub sensitive: Vec<Sensitive>,
    pub problem: Problem,
    /// The record of the problem that each row is like.
    pub record_of_row: Codes,
}

impl<'a> Input<'a> {
    pub(crate) fn new(
        table: &'a Table,
        profile: &'a DatasetProfile,
        hierarchies: &Hierarchies,
        population: Option<&Table>,
    ) -> Result<Self, InputError> {
        // From outside the pool, each piece of work that threads share would cost a sleep and a waking.
        rayon::scope(|_| Self::taken_in(table, profile, hierarchies, population))
    }

    fn taken_in(
        table: &'a Table,
        profile: &'a DatasetProfile,
        hierarchies: &Hierarchies,
        population: Option<&Table>,
    ) -> Result<Self, InputError> {
        check_names(table, profile)?;
        let mut columns = Vec::new();
        for column in table.columns() {
            let rule = profile.column(&column.name);
            let rule = rule.filter(|rule| rule.transform != Transform::Drop);
            if let Some(rule) = rule {
                columns.push(Source::new(table.name(), column, rule)?);
            }
        }
        let population = population.filter(|_| profile.privacy().looks_at_population());
        let (mut attributes, mut known) = (Vec::new(), Vec::new());
        for (place, source) in columns.iter().enumerate() {
            let aggregated = matches!(source.rule.transform, Transform::Microaggregate { .. });
            if source.rule.role != Role::Quasi || aggregated {
                continue;
            }
            let people = population
                .map(|people| Known::new(people, source))
                .transpose()?;
            let others = people.as_ref().map(|known| known.others(source));
            let others = others.unwrap_or_default();
            let attribute = Attribute::new(table.name(), place, source, &others, hierarchies)?;
            attributes.push(attribute);
            known.extend(people);
        }
        let mut sensitive = Vec::new();
        for (place, source) in columns.iter().enumerate() {
            Sensitive::of(table.name(), place, source, hierarchies, &mut sensitive)?;
        }
        let (mut problem, record_of_row) =
            records::problem(&columns, &attributes, &sensitive, table.rows());
        problem.population =
            population.map(|people| people_of(people, &columns, &attributes, &known));
        Ok(Self {
            table,
            profile,
            columns,
            attributes,
            sensitive,
            problem,
            record_of_row,
        })
    }

    /// Whether the profile has no model beside k-anonymity.
    pub(crate) fn asks_only_for_k(&self) -> bool {
        let privacy = self.profile.privacy();
        self.sensitive.is_empty() && !privacy.looks_at_population() && privacy.risk.is_empty()
    }

    /// The columns that models speak of, in the order of the problem.
    pub(crate) fn sensitive_names(&self) -> Vec<String> {
        let names = self.sensitive.iter().filter_map(|sensitive| {
            let source = self.columns.get(sensitive.place)?;
            Some(source.name.to_owned())
        });
        names.collect()
    }

    /// The rows of the table.
    pub(crate) fn rows(&self) -> u64 {
        self.table.rows() as u64
    }
}
