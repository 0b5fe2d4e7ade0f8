//! Withdrawal of consent (law on personal data, article 8.7): who is left out of releases, and what follows for what exists already.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use sandyq_store::{Change, Filter, Page, Stored};
use serde_json::json;
use time::OffsetDateTime;

use super::holdings;
use super::key::{SubjectHash, SubjectKey};
use crate::call::system_event;
use crate::error::{Error, Result};
use crate::jobs::stop;
use crate::names;
use crate::pipeline::scan;
use crate::platform::Platform;
use crate::records::access::Grant;
use crate::records::airlock::{Output, OutputState};
use crate::records::job::Job;
use crate::records::library::{Version, VersionState};
use crate::records::sandbox::Sandbox;
use crate::records::subject::{
    Exclusion, HeldVersion, SubjectIndex, SubjectRequest, SubjectRequestEvent, SubjectRequestState,
    TrainedOutput,
};
use crate::services::retirement;

/// Records of one kind that are looked at.
const MOST: u32 = 1_000_000;

/// The name of the entry of a subject.
fn exclusion_name(subject: &str) -> String {
    format!("exclusions/{subject}")
}

/// Adds to the change that accepts a withdrawal all that must come at the same moment: the subject is on the list, and no published
/// version that holds the subject can be used any more. Returns the change and the versions.
///
/// # Errors
/// The store's, or a version cannot be read.
pub async fn take_effect(
    platform: &Platform,
    mut change: Change,
    request: &SubjectRequest,
) -> Result<(Change, Vec<HeldVersion>)> {
    let name = exclusion_name(&request.subject);
    if platform.store.get::<Exclusion>(&name).await?.is_none() {
        change = change.insert(&Exclusion {
            name,
            organization: request.organization.clone(),
            request: request.name.clone(),
        })?;
    }
    let subject = SubjectHash::from_hex(&request.subject)?;
    let mut held = Vec::new();
    for mut version in holdings::holding(platform, &request.organization, subject).await? {
        let retired = version.state == VersionState::Published;
        if retired {
            let event = system_event(
                "VersionRetired",
                &version.name,
                &version.organization,
                [("request", json!(request.name))],
            );
            change = retirement(platform, change.also(event), &mut version).await?;
        } else if version.state == VersionState::Verified {
            // Written without a change, so that a publication under way meets a conflict and then the list.
            change = change.update(&version)?;
        }
        held.push(HeldVersion {
            version: version.name.clone(),
            retired,
        });
    }
    Ok((change, held))
}

/// Does what follows from an accepted withdrawal, and describes it in the request, which becomes FULFILLED. Harmless to repeat.
///
/// # Errors
/// The store's.
pub async fn follow_up(
    platform: &Arc<Platform>,
    request: &mut Stored<SubjectRequest>,
) -> Result<()> {
    let versions: BTreeSet<String> = request
        .versions
        .iter()
        .map(|held| held.version.clone())
        .collect();
    let jobs = jobs_on(platform, &request.organization, &versions).await?;
    let mut ended: BTreeSet<String> = request.ended_jobs.iter().cloned().collect();
    ended.extend(
        jobs.iter()
            .filter(|job| !job.state.is_terminal())
            .map(|job| job.name.clone()),
    );
    for version in &versions {
        stop::version_retired(platform, version).await?;
    }
    request.ended_jobs = ended.into_iter().collect();
    request.outputs = trained(platform, &jobs, &versions).await?;
    request.state = request.state.after(SubjectRequestEvent::Fulfil)?;
    request.fulfil_time = Some(platform.now());
    Ok(())
}

/// Goes on with withdrawals that an earlier process accepted.
///
/// # Errors
/// The store's.
pub async fn resume(platform: &Arc<Platform>) -> Result<()> {
    let accepted = Filter {
        states: &[SubjectRequestState::Accepted.as_str()],
        ..Filter::default()
    };
    for mut request in platform
        .store
        .list::<SubjectRequest>(&accepted, Page::first(MOST))
        .await?
    {
        follow_up(platform, &mut request).await?;
        let event = system_event(
            "SubjectRequestFulfilled",
            &request.name,
            &request.organization,
            [],
        );
        platform
            .commit(Change::new(event).update(&request)?)
            .await?;
    }
    Ok(())
}

/// The jobs that read any of an agency's versions, of all times.
async fn jobs_on(
    platform: &Platform,
    organization: &str,
    versions: &BTreeSet<String>,
) -> Result<Vec<Stored<Job>>> {
    let own = Filter {
        organization: Some(organization),
        ..Filter::default()
    };
    let grants = platform
        .store
        .list::<Grant>(&own, Page::first(MOST))
        .await?;
    let sandboxes: BTreeSet<String> = grants
        .into_iter()
        .filter(|grant| versions.contains(&grant.version))
        .map(|grant| grant.record.sandbox)
        .collect();
    let mut jobs = Vec::new();
    for sandbox in &sandboxes {
        let inside = Filter {
            parent: Some(sandbox),
            ..Filter::default()
        };
        let all = platform
            .store
            .list::<Job>(&inside, Page::first(MOST))
            .await?;
        let reads = |job: &Stored<Job>| job.grants.keys().any(|version| versions.contains(version));
        jobs.extend(all.into_iter().filter(reads));
    }
    Ok(jobs)
}

/// What these jobs made, unless it was rejected and never left.
async fn trained(
    platform: &Platform,
    jobs: &[Stored<Job>],
    versions: &BTreeSet<String>,
) -> Result<Vec<TrainedOutput>> {
    let mut systems: BTreeMap<String, String> = BTreeMap::new();
    let mut outputs = Vec::new();
    for job in jobs {
        let Some(name) = &job.output else { continue };
        let Some(output) = platform.store.get::<Output>(name).await? else {
            continue;
        };
        if output.state == OutputState::Rejected {
            continue;
        }
        let system = match systems.get(&job.sandbox) {
            Some(system) => system.clone(),
            None => {
                let system = platform
                    .record::<Sandbox>(&job.sandbox)
                    .await?
                    .record
                    .system;
                systems.insert(job.sandbox.clone(), system.clone());
                system
            }
        };
        let read = job
            .grants
            .keys()
            .filter(|version| versions.contains(*version));
        outputs.push(TrainedOutput {
            output: name.clone(),
            job: job.name.clone(),
            system,
            organization: job.organization.clone(),
            versions: read.cloned().collect(),
            released: output.state == OutputState::Released,
        });
    }
    Ok(outputs)
}

/// The subjects of an agency of whom nothing is released any more.
async fn exclusions(platform: &Platform, organization: &str) -> Result<Vec<Stored<Exclusion>>> {
    let own = Filter {
        organization: Some(organization),
        ..Filter::default()
    };
    Ok(platform.store.list(&own, Page::first(MOST)).await?)
}

fn hash_of(exclusion: &Exclusion) -> Result<SubjectHash> {
    SubjectHash::from_hex(names::last_id(&exclusion.name))
}

/// Refuses to publish a run of a version of which a subject withdrew consent since the run began.
///
/// # Errors
/// One did.
pub async fn check_publication(
    platform: &Platform,
    version: &Version,
    run_began: OffsetDateTime,
) -> Result<()> {
    let mut since = BTreeSet::new();
    for exclusion in exclusions(platform, &version.organization).await? {
        if exclusion.create_time >= run_began {
            since.insert(hash_of(&exclusion)?);
        }
    }
    let index: Option<Stored<SubjectIndex>> = platform
        .store
        .get(&SubjectIndex::name_of(&version.name))
        .await?;
    let Some(index) = index else { return Ok(()) };
    if !holdings::has_any(platform, &index, &since).await? {
        return Ok(());
    }
    Err(Error::precondition(
        "CONSENT_WITHDRAWN",
        format!(
            "a subject whom {} holds withdrew consent after this run began, so its release cannot be published (law on personal data, \
             article 8.7); depersonalize the version again, which leaves the subject out",
            version.name
        ),
    ))
}

/// Who is to be left out of a run, and where to look.
#[derive(Clone)]
pub struct Withdrawn {
    key: SubjectKey,
    subjects: HashSet<SubjectHash>,
}

impl Withdrawn {
    /// Those of an agency; `None` when nobody withdrew.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(platform: &Platform, organization: &str) -> Result<Option<Self>> {
        let listed = exclusions(platform, organization).await?;
        if listed.is_empty() {
            return Ok(None);
        }
        let subjects = listed.iter().map(|exclusion| hash_of(exclusion));
        Ok(Some(Self {
            key: SubjectKey::of(platform, organization).await?,
            subjects: subjects.collect::<Result<_>>()?,
        }))
    }

    /// Whether a cell names one of them.
    pub fn has(&self, cell: &str) -> bool {
        self.key
            .cell(cell)
            .is_some_and(|subject| self.subjects.contains(&subject))
    }
}

/// The columns with personal numbers of a version that intake found or that a profile declares.
pub fn declared(version: &Version, profile: &sandyq_anonymizer::Profile) -> scan::Columns {
    let mut columns = scan::columns(version);
    for dataset in profile.datasets() {
        let types = dataset.types().iter();
        let numbers = types.filter(|(_, semantic)| semantic.eq_ignore_ascii_case("IIN"));
        columns.extend(numbers.map(|(column, _)| (dataset.name().to_owned(), column.clone())));
    }
    columns
}
