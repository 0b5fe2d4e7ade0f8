//! A depersonalization run: raw bytes in, verified releases out. Only what the verifier has measured is stored.

use std::sync::Arc;

use ring::digest::{Context, SHA256};
use sandyq_anonymizer::quality::{QualityReport, Standard};
use sandyq_anonymizer::{Cancel, Profile, PseudonymKey, Release};
use sandyq_store::{Change, Filter, ObjectRecord, Page};
use serde_json::json;

use super::{MOST, library};
use crate::call::system_event;
use crate::error::{Error, Result};
use crate::names;
use crate::objects;
use crate::platform::Platform;
use crate::records::library::{
    Dataset, DatasetReport, ReleasedDataset, Run, RunEvent, RunState, Version, VersionEvent,
};
use crate::subjects::holdings;
use crate::subjects::withdrawal::{self, Withdrawn};

/// The secret under which releases have their pseudonyms.
pub const PSEUDONYM_SECRET: &str = "secrets/pseudonyms";

/// Marks the verified runs of a version as superseded and shreds their releases: a new run has begun.
///
/// # Errors
/// The store's.
pub async fn supersede(platform: &Platform, mut change: Change, version: &str) -> Result<Change> {
    let states = [RunState::Verified.as_str()];
    let filter = Filter {
        parent: Some(version),
        states: &states,
        ..Filter::default()
    };
    for mut run in platform
        .store
        .list::<Run>(&filter, Page::first(MOST))
        .await?
    {
        run.state = run.state.after(RunEvent::Supersede)?;
        for report in &run.reports {
            change = change.drop_object(report.release.place.clone());
        }
        change = change.update(&run)?;
    }
    Ok(change)
}

/// Begins, or begins again, a RUNNING run.
pub fn start(platform: &Arc<Platform>, name: String) {
    let platform = Arc::clone(platform);
    platform.tasks.clone().spawn(async move {
        let cancel = Cancel::new();
        let work = carry_out(&platform, &name, &cancel);
        tokio::select! {
            // The record still says RUNNING, so the next start begins the run again.
            () = platform.shutdown.cancelled() => cancel.cancel(),
            outcome = work => if let Err(error) = outcome {
                tracing::error!(run = name, "the run's end was not recorded: {}", error.chain());
            },
        }
    });
}

async fn carry_out(platform: &Arc<Platform>, name: &str, cancel: &Cancel) -> Result<()> {
    let run = platform.record::<Run>(name).await?.record;
    let made = match releases(platform, &run, cancel).await {
        Ok(made) => as_declared(platform, &run, made).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(made) => verified(platform, &run, made).await,
        Err(error) => failed(platform, &run, &error.chain()).await,
    }
}

/// What a run made: a stored release of each data set, and the quality of the data.
struct Made {
    releases: Vec<(DatasetReport, ObjectRecord)>,
    quality: QualityReport,
}

/// Makes, verifies and stores the release of each data set.
async fn releases(platform: &Arc<Platform>, run: &Run, cancel: &Cancel) -> Result<Made> {
    let version = platform.record::<Version>(&run.version).await?;
    let key = pseudonym_key(platform).await?;
    let today = platform.now().date().to_string();
    let profile = Profile::parse(&run.profile)
        .map_err(|error| Error::internal("read the profile of a run", error))?;
    let withdrawn = Withdrawn::of(platform, &version.organization).await?;
    // What the owner declares is looked through as well, now and when somebody withdraws consent later.
    let numbers = withdrawal::declared(&version, &profile);
    holdings::widen(platform, &version, &numbers).await?;
    let joins = profile
        .datasets()
        .any(|dataset| dataset.subject().is_some());
    let together = if joins { version.datasets.len() } else { 1 };
    let (mut releases, mut measured) = (Vec::new(), Vec::new());
    // Where subjects are counted over all data sets they are in memory together, otherwise one after the other.
    for datasets in version.datasets.chunks(together.max(1)) {
        let work = library::Work {
            profile: run.profile.clone(),
            hierarchies: run.hierarchies.clone(),
            key: key.clone(),
            today: today.clone(),
            cancel: cancel.clone(),
            withdrawn: withdrawn.clone(),
            numbers: numbers.clone(),
        };
        let made = library::depersonalized(platform, datasets, work).await?;
        for (dataset, (release, quality)) in datasets.iter().zip(made) {
            let place = format!(
                "{}/datasets/{}/{}",
                run.name,
                dataset.id,
                names::fresh_id('o')
            );
            let object = objects::put(platform, &place, release.bytes()).await?;
            releases.push((report(dataset, &release, &object)?, object));
            measured.push(quality);
        }
    }
    let standard = Standard {
        reference: None,
        today: &today,
        thresholds: profile.quality(),
    };
    Ok(Made {
        releases,
        quality: QualityReport::new(measured, &standard),
    })
}

/// What its owner declares as depersonalized is measured the same way: a run that had to change it shows that it is not.
async fn as_declared(platform: &Platform, run: &Run, made: Made) -> Result<Made> {
    let version = platform.record::<Version>(&run.version).await?;
    if version.owner_depersonalized {
        let reports = made.releases.iter().map(|(report, _)| report);
        crate::governance::libraries::unchanged(reports)?;
    }
    Ok(made)
}

fn report(dataset: &Dataset, release: &Release, object: &ObjectRecord) -> Result<DatasetReport> {
    let measured = release.report();
    let json = measured
        .to_json()
        .map_err(|error| Error::internal("write a report", error))?;
    Ok(DatasetReport {
        dataset: dataset.id.clone(),
        input_rows: measured.rows.input,
        released_rows: measured.rows.output,
        suppressed_rows: measured.rows.suppressed,
        withdrawn_rows: measured.withdrawn_rows.unwrap_or_default(),
        measured_k: release.k(),
        classes: measured.rows.classes,
        loss: release.loss(),
        release: ReleasedDataset {
            place: object.place.clone(),
            bytes: object.bytes,
            sha256: release.sha256().to_owned(),
            pseudonyms: release.pseudonym_columns().to_vec(),
        },
        json,
    })
}

/// The hash that names what the owner approves: every report in order, and the quality of the data.
fn report_sha256(reports: &[DatasetReport], quality: &str) -> String {
    let mut context = Context::new(&SHA256);
    let texts = reports.iter().map(|report| report.json.as_str());
    for text in texts.chain([quality]) {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    hex::encode(context.finish())
}

async fn verified(platform: &Platform, run: &Run, made: Made) -> Result<()> {
    let (reports, objects): (Vec<_>, Vec<_>) = made.releases.into_iter().unzip();
    let quality = made.quality.to_json();
    let quality = quality.map_err(|error| Error::internal("write a quality report", error))?;
    let breaches = made.quality.breaches.iter();
    let breaches: Vec<String> = breaches.map(ToString::to_string).collect();
    let hash = report_sha256(&reports, &quality);
    let mut version = platform.record::<Version>(&run.version).await?;
    version.state = version.state.after(VersionEvent::Verify)?;
    platform
        .change::<Run>(&run.name, |run| {
            if run.state != RunState::Running {
                return Ok(None);
            }
            run.state = run.state.after(RunEvent::Verify)?;
            run.reports.clone_from(&reports);
            run.report_sha256.clone_from(&hash);
            run.quality.clone_from(&quality);
            run.quality_breaches.clone_from(&breaches);
            run.end_time = Some(platform.now());
            let detail = [("report_sha256", json!(hash))];
            let event = system_event("RunVerified", &run.name, &run.organization, detail);
            let mut change = Change::new(event).update(&version)?;
            for object in &objects {
                change = change.keep_object(object.clone());
            }
            Ok(Some(change))
        })
        .await?;
    Ok(())
}

async fn failed(platform: &Platform, run: &Run, message: &str) -> Result<()> {
    let mut version = platform.record::<Version>(&run.version).await?;
    version.state = version.state.after(VersionEvent::Fail)?;
    version.failure = format!("{}: {message}", run.name);
    platform
        .change::<Run>(&run.name, |run| {
            if run.state != RunState::Running {
                return Ok(None);
            }
            run.state = run.state.after(RunEvent::Fail)?;
            run.failure = message.to_owned();
            run.end_time = Some(platform.now());
            let event = system_event("RunFailed", &run.name, &run.organization, []);
            Ok(Some(Change::new(event).update(&version)?))
        })
        .await?;
    Ok(())
}

/// The key of the pseudonyms and replacements of all releases.
///
/// # Errors
/// It cannot be read.
pub async fn pseudonym_key(platform: &Platform) -> Result<PseudonymKey> {
    platform.pseudonym_key(PSEUDONYM_SECRET).await
}
