//! Counting subjects in the written files.
//!
//! Nothing here is taken from the search: releases are read from their bytes, and what their rows show is compared as text. Where a
//! dataset does not release its subjects, they are those of the dataset's own rows, each of which is worked out anew by the hierarchies.

mod classes;
mod report;
mod shared;

pub use self::report::RelationReport;

use std::collections::HashMap;

use self::classes::{Dropped, subjects_of_classes};
use self::shared::{Person, shared};
use super::collect::{Link, link};
use super::error::RelationError;
use super::search::required_k;
use crate::hierarchy::Hierarchies;
use crate::intake::{self, Format, Limits};
use crate::profile::{DatasetProfile, Profile, Role, Transform};
use crate::table::{Coded, Table};
use crate::verify::Release;

/// Releases of datasets that join, and what they were made of.
pub(super) struct Measuring<'a> {
    pub profile: &'a Profile,
    pub hierarchies: &'a Hierarchies,
    pub originals: &'a [&'a Table],
    /// In the order of `originals`.
    pub releases: &'a [Release],
}

/// Measures the releases and holds them to the profile.
pub(super) fn measure(of: &Measuring<'_>) -> Result<Vec<RelationReport>, RelationError> {
    let names: Vec<&str> = of.originals.iter().map(|table| table.name()).collect();
    let k = required_k(of.profile, &names);
    let (mut released, mut reports) = (Vec::new(), Vec::new());
    for (original, release) in of.originals.iter().zip(of.releases) {
        released.push(read(original.name(), release)?);
    }
    let mut people: HashMap<String, Person> = HashMap::new();
    for (place, (original, table)) in of.originals.iter().zip(&released).enumerate() {
        let Ok(profile) = of.profile.dataset(original.name()) else {
            continue;
        };
        let mut report = RelationReport::new(profile, of.profile.relations(), k, &names);
        report.count(original, table.rows() as u64);
        let linked = matches!(link(profile), Some(Link::Domain(_)));
        let smallest = if linked {
            let found = collect(place, table, profile, &mut people);
            report.released_subjects = Some(found.subjects);
            report.rows_without_subject = found.nobody;
            found.smallest
        } else {
            let dropped = Dropped {
                profile,
                original,
                released: table,
                hierarchies: of.hierarchies,
                report: of.releases.get(place).map(Release::report),
            };
            subjects_of_classes(&dropped)?
        };
        report.smallest_class_subjects = smallest;
        let required = if linked { k } else { profile.privacy().k };
        holds(&names, "a class of a dataset", smallest, required)?;
        let rows = original.rows() as u64;
        let (withheld, allowed) = (report.withheld_rows, profile.privacy().suppressible(rows));
        if withheld > allowed {
            let what = format!(
                "{withheld} of {rows} rows of {:?} are left out, at most {allowed} may be",
                original.name()
            );
            return Err(refused(&names, what));
        }
        report.linked = linked;
        reports.push(report);
    }
    if reports.iter().any(|report| report.linked) {
        let people: Vec<Person> = people.into_values().collect();
        let found = shared(&people, of.profile.relations().known_records);
        holds(&names, "what is known of a subject", found.smallest, k)?;
        for report in &mut reports {
            report.joined_k = Some(found.smallest);
            report.joined_classes = Some(found.classes);
        }
    }
    Ok(reports)
}

fn holds(names: &[&str], what: &str, measured: u64, required: u64) -> Result<(), RelationError> {
    if measured >= required {
        return Ok(());
    }
    let what = format!("{what} is shared by {measured} subjects, k = {required} is required");
    Err(refused(names, what))
}

fn refused(names: &[&str], what: String) -> RelationError {
    RelationError::NotPrivate {
        datasets: names.iter().map(|name| (*name).to_owned()).collect(),
        what,
    }
}

fn read(dataset: &str, release: &Release) -> Result<Table, RelationError> {
    let (bytes, limits) = (release.bytes(), Limits::default());
    intake::read(dataset, bytes, &Format::Parquet, &limits).map_err(|source| {
        RelationError::Unreadable {
            dataset: dataset.to_owned(),
            source: Box::new(source),
        }
    })
}

/// The columns of a release that help to recognize people.
fn quasi<'t>(table: &'t Table, profile: &DatasetProfile) -> Vec<&'t Coded> {
    let columns = table.columns().iter().filter(|column| {
        profile.column(&column.name).is_some_and(|rule| {
            let aggregated = matches!(rule.transform, Transform::Microaggregate { .. });
            rule.role == Role::Quasi && !aggregated
        })
    });
    columns.collect()
}

/// What was counted in one release.
struct Counted {
    /// Different subjects.
    subjects: u64,
    /// Rows without one.
    nobody: u64,
    /// Subjects of the class that has the fewest.
    smallest: u64,
}

/// Gives each person the rows of a release, and counts the subjects of its classes.
fn collect(
    place: usize,
    table: &Table,
    profile: &DatasetProfile,
    people: &mut HashMap<String, Person>,
) -> Counted {
    let quasi = quasi(table, profile);
    let subject = profile.subject().and_then(|name| table.column(name));
    let (mut combinations, mut classes) = (HashMap::new(), Vec::new());
    let (mut found, mut nobody) = (std::collections::HashSet::new(), 0);
    for row in 0..table.rows() {
        let shown: Vec<u32> = quasi.iter().map(|column| column.codes.get(row)).collect();
        let next = combinations.len();
        let class = *combinations.entry(shown).or_insert(next);
        if class == classes.len() {
            classes.push(std::collections::HashSet::new());
        }
        let code = subject.map_or(0, |subject| subject.codes.get(row));
        match subject.and_then(|subject| subject.dictionary.text(code)) {
            Some(pseudonym) => {
                found.insert(code);
                if let Some(subjects) = classes.get_mut(class) {
                    subjects.insert(code);
                }
                let person = people.entry(pseudonym.to_owned()).or_default();
                *person.entry((place, class)).or_default() += 1;
            }
            None => nobody += 1,
        }
    }
    Counted {
        subjects: found.len() as u64,
        nobody,
        smallest: classes
            .iter()
            .map(|subjects| subjects.len() as u64)
            .min()
            .unwrap_or_default(),
    }
}
