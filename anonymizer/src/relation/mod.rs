//! People, not rows: one person with twelve visits is one subject, and what is known of a person from several datasets counts as
//! a whole.
//!
//! Datasets whose subjects have pseudonyms of one domain join. Whoever holds the released library can collect all rows of a pseudonym, so
//! what identifies a person there is the collection of the quasi-identifiers in those rows, dataset by dataset. The model is
//! (X, Y)-anonymity (Wang, Fung 2006) with X that collection and Y the subject, which is the k-anonymity of several tables of Nergiz,
//! Clifton, Nergiz (2009): each collection that occurs in the release belongs to k subjects or more. An attacker who knows at most m
//! records of a person in each dataset is met by k^m-anonymity (Terrovitis, Mamoulis, Kalnis 2008): whatever m records of each
//! dataset are picked from those of a subject, k subjects have such. Either way a class of a single dataset holds k subjects too.
//! Where the subject is dropped, rows of a person cannot be collected, and each class must hold rows of k subjects.
//!
//! 1. [`withhold`] says, over numbers alone, which rows cannot be released at given levels.
//! 2. [`search`] raises levels until no more rows are withheld than each dataset's `suppression_limit` allows, and lowers those that
//!    need not have been raised.
//! 3. What remains of each dataset is planned at these levels, executed and verified like any other.
//! 4. [`measure`] reads the written files again and counts subjects afresh, by other code.

mod collect;
mod error;
mod measure;
mod remainder;
mod search;
mod solve;
mod withhold;

pub use self::error::RelationError;
pub use self::measure::RelationReport;

use self::measure::{Measuring, measure};
use self::remainder::remainder;
use crate::cancel::{Cancel, Progress};
use crate::hierarchy::Hierarchies;
use crate::profile::Profile;
use crate::pseudonym::PseudonymKey;
use crate::table::Table;
use crate::verify::{OutputFormat, Release};
use crate::work::Work;
use crate::{Error, PlanError, depersonalize};

/// Plans, executes and verifies the releases of all datasets of a library, in the order of `tables`. Those that join are measured
/// together, subject by subject; the others are depersonalized each by itself.
///
/// # Errors
/// As [`depersonalize`]; [`RelationError`] where subjects cannot be kept together.
pub fn depersonalize_library(
    tables: &[Table],
    profile: &Profile,
    hierarchies: &Hierarchies,
    key: &PseudonymKey,
    cancel: &Cancel,
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Release>, Error> {
    let lacks = |table: &Table| {
        profile
            .dataset(table.name())
            .is_ok_and(|of| table.lacks_derived(of))
    };
    if tables.iter().any(lacks) {
        let derived = tables.iter().map(|table| {
            let derived = table.clone().derived(profile.dataset(table.name())?);
            Ok::<_, Error>(derived.map_err(PlanError::from)?)
        });
        let derived = derived.collect::<Result<Vec<_>, _>>()?;
        return depersonalize_library(&derived, profile, hierarchies, key, cancel, progress);
    }
    let absent = profile.datasets().find(|dataset| {
        dataset.subject().is_some() && !tables.iter().any(|table| table.name() == dataset.name())
    });
    if let Some(absent) = absent.filter(|absent| joins(profile, absent.name(), tables)) {
        return Err(RelationError::AbsentDataset {
            dataset: absent.name().to_owned(),
        }
        .into());
    }
    let mut releases: Vec<Option<Release>> = Vec::new();
    for table in tables {
        let plain = profile.dataset(table.name())?.subject().is_none();
        let release = plain
            .then(|| depersonalize(table, profile, hierarchies, key, cancel, progress))
            .transpose()?;
        releases.push(release);
    }
    let solved = search::search(tables, profile, hierarchies, cancel, progress)?;
    for link in &solved {
        let mut made = Vec::new();
        for member in &link.members {
            let Some(table) = tables.get(member.table) else {
                continue;
            };
            let rest = remainder(table, &member.kept);
            let dataset = profile.dataset(table.name())?;
            let work = Work::of_remainder(&rest, dataset, hierarchies)?;
            let plan = work.plan_at(&member.levels, cancel, progress)?;
            let output = work.execute(&plan, key, cancel, progress)?;
            let bytes = work.parquet(&output, cancel)?;
            made.push(work.verify(&plan, key, OutputFormat::Parquet, bytes, progress)?);
        }
        let originals = link
            .members
            .iter()
            .filter_map(|member| tables.get(member.table));
        let measuring = Measuring {
            profile,
            hierarchies,
            originals: &originals.collect::<Vec<_>>(),
            releases: &made,
        };
        let reports = measure(&measuring)?;
        for ((mut release, report), member) in made.into_iter().zip(reports).zip(&link.members) {
            report.enter(release.report_mut());
            if let Some(slot) = releases.get_mut(member.table) {
                *slot = Some(release);
            }
        }
    }
    Ok(releases.into_iter().flatten().collect())
}

/// Whether a dataset that is not here joins with one that is.
fn joins(profile: &Profile, absent: &str, tables: &[Table]) -> bool {
    let link = |name: &str| profile.dataset(name).ok().and_then(collect::link);
    let of_absent = link(absent);
    of_absent.is_some() && tables.iter().any(|table| link(table.name()) == of_absent)
}

#[cfg(test)]
mod tests;
