//! What an incident touches, and to what fine it exposes.

pub mod exposure;

use std::collections::{BTreeMap, BTreeSet};

use sandyq_store::{Filter, Page, Stored};

use crate::error::Result;
use crate::platform::Platform;
use crate::records::incident::{AffectedVersion, Counted, Incident};
use crate::records::job::Job;
use crate::records::library::Version;
use crate::records::sandbox::Sandbox;
use crate::records::subject::SubjectIndex;
use crate::subjects::holdings;

/// Records of one kind that are looked at.
const MOST: u32 = 1_000_000;

/// Enters into an incident which versions it touches, how many subjects they hold and whose they are.
///
/// # Errors
/// The store's.
pub async fn survey(platform: &Platform, incident: &mut Incident) -> Result<()> {
    let mut affected = Vec::new();
    let mut indexes: BTreeMap<String, Vec<Stored<SubjectIndex>>> = BTreeMap::new();
    let mut own_subjects: BTreeMap<String, u64> = BTreeMap::new();
    for version in versions(platform, incident).await? {
        let Some(version) = platform.store.get::<Version>(&version).await? else {
            continue;
        };
        let index = platform
            .store
            .get::<SubjectIndex>(&SubjectIndex::name_of(&version.name))
            .await?;
        let index = index.filter(|index| !index.columns.is_empty());
        let counted = match &index {
            Some(index) => (index.subjects, Counted::Subjects),
            None => (
                version.datasets.iter().map(|of| of.rows).sum(),
                Counted::Rows,
            ),
        };
        affected.push(AffectedVersion {
            version: version.name.clone(),
            organization: version.organization.clone(),
            count: counted.0,
            counted: counted.1,
        });
        match index {
            Some(index) => indexes
                .entry(version.organization.clone())
                .or_default()
                .push(index),
            None => *own_subjects.entry(version.record.organization).or_default() += counted.0,
        }
    }
    for (organization, own) in indexes {
        let own: Vec<&SubjectIndex> = own.iter().map(|stored| &stored.record).collect();
        let together = holdings::together(platform, &own).await?;
        *own_subjects.entry(organization).or_default() += together;
    }
    let viewers: BTreeSet<&String> = affected.iter().map(|of| &of.organization).collect();
    incident.viewers = viewers.into_iter().cloned().collect();
    incident.subjects = own_subjects.values().sum();
    incident.own_subjects = own_subjects;
    incident.affected = affected;
    Ok(())
}

/// The versions named, those of the libraries named, and those that jobs of the systems named read.
async fn versions(platform: &Platform, incident: &Incident) -> Result<BTreeSet<String>> {
    let mut names: BTreeSet<String> = incident.versions.iter().cloned().collect();
    for library in &incident.libraries {
        let of = platform
            .store
            .list::<Version>(&below(library), Page::first(MOST))
            .await?;
        names.extend(of.into_iter().map(|version| version.record.name));
    }
    for system in &incident.systems {
        let of = platform
            .store
            .list::<Sandbox>(&below(system), Page::first(MOST))
            .await?;
        for sandbox in of {
            let jobs = platform
                .store
                .list::<Job>(&below(&sandbox.name), Page::first(MOST))
                .await?;
            names.extend(
                jobs.into_iter()
                    .flat_map(|job| job.record.grants.into_keys()),
            );
        }
    }
    Ok(names)
}

/// The children of a record.
fn below(parent: &str) -> Filter<'_> {
    Filter {
        parent: Some(parent),
        ..Filter::default()
    }
}
