//! The subjects of classes whose release does not name them.

use std::collections::{HashMap, HashSet};

use super::super::error::RelationError;
use super::quasi;
use crate::hierarchy::{Hierarchies, resolve};
use crate::input::SUPPRESSED;
use crate::prepare;
use crate::profile::{ColumnRule, DatasetProfile, Transform};
use crate::report::Report;
use crate::table::{Coded, Table};

/// A dataset whose release has no subjects.
pub(super) struct Dropped<'a> {
    pub profile: &'a DatasetProfile,
    pub original: &'a Table,
    pub released: &'a Table,
    pub hierarchies: &'a Hierarchies,
    pub report: Option<&'a Report>,
}

type Label = Option<String>;

/// The subjects of the released class that has the fewest, by the rows of the dataset that become like it. A class whose rows are not all
/// released has none: it cannot be told whose are missing.
pub(super) fn subjects_of_classes(of: &Dropped<'_>) -> Result<u64, RelationError> {
    let quasi = quasi(of.released, of.profile);
    let mut released: HashMap<Vec<Label>, u64> = HashMap::new();
    for row in 0..of.released.rows() {
        let text = |column: &&Coded| {
            column
                .dictionary
                .text(column.codes.get(row))
                .map(str::to_owned)
        };
        *released
            .entry(quasi.iter().map(text).collect())
            .or_default() += 1;
    }
    let mut columns = Vec::new();
    for column in &quasi {
        let (Some(source), Some(rule)) = (
            of.original.column(&column.name),
            of.profile.column(&column.name),
        ) else {
            continue;
        };
        columns.push((source, of.labels(source, rule)?));
    }
    let subject = of
        .profile
        .subject()
        .and_then(|name| of.original.column(name));
    let mut made: HashMap<Vec<Label>, (u64, HashSet<u32>)> = HashMap::new();
    for row in 0..of.original.rows() {
        let label = |(source, labels): &(&Coded, Vec<Label>)| {
            labels
                .get(source.codes.get(row) as usize)
                .cloned()
                .flatten()
        };
        let class = made.entry(columns.iter().map(label).collect()).or_default();
        class.0 += 1;
        let code = subject.map_or(0, |subject| subject.codes.get(row));
        if code > 0 {
            class.1.insert(code);
        }
    }
    let subjects = released.iter().map(|(label, rows)| match made.get(label) {
        Some((all, subjects)) if all == rows => subjects.len() as u64,
        _ => 0,
    });
    Ok(subjects.min().unwrap_or_default())
}

impl Dropped<'_> {
    /// What each value of a column becomes, by its code.
    fn labels(&self, source: &Coded, rule: &ColumnRule) -> Result<Vec<Label>, RelationError> {
        // A value that cannot be prepared was refused before anything was released.
        let prepare = |text: Option<&str>| prepare::apply(&rule.prepare, text).ok().flatten();
        let prepared: Vec<Label> = source.dictionary.texts().map(prepare).collect();
        let generalize = match &rule.transform {
            Transform::Generalize(generalize) => generalize,
            Transform::Suppress => {
                return Ok(vec![Some(SUPPRESSED.to_owned()); prepared.len()]);
            }
            _ => return Ok(prepared),
        };
        let mut values: Vec<&str> = prepared.iter().flatten().map(String::as_str).collect();
        values.sort_unstable();
        values.dedup();
        let hierarchy = resolve(
            &generalize.hierarchy,
            generalize.unknown,
            &source.name,
            self.hierarchies,
            values,
        );
        let hierarchy = hierarchy.map_err(|error| RelationError::Hierarchy {
            dataset: self.original.name().to_owned(),
            column: source.name.clone(),
            source: Box::new(error),
        })?;
        let columns = self.report.map_or(&[][..], |report| &report.columns);
        let level = columns.iter().find(|column| column.name == source.name);
        let (Some(hierarchy), Some(level)) = (hierarchy, level.and_then(|column| column.level))
        else {
            return Ok(prepared);
        };
        let names = hierarchy.values(level as usize);
        let root = names.first().filter(|_| names.len() == 1);
        let above = hierarchy.above(level as usize);
        let label = |text: Label| {
            let leaf = text.as_deref().and_then(|text| hierarchy.leaf(text));
            let name = leaf.and_then(|leaf| above.get(leaf as usize));
            let name = name.and_then(|name| names.get(*name as usize)).or(root);
            name.cloned().or(text)
        };
        Ok(prepared.into_iter().map(label).collect())
    }
}
