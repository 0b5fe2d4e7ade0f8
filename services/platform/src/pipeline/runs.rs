//! A depersonalization run: raw bytes in, verified releases out. Only what the verifier has measured is stored.

use std::sync::Arc;

use ring::digest::{Context, SHA256};
use sandyq_anonymizer::{
    Cancel, Detail, Format, Hierarchies, Hierarchy, Limits, Profile, PseudonymKey, Release,
    UtilityLimits, depersonalize, intake,
};
use sandyq_store::{Change, Filter, ObjectRecord, Page};
use serde_json::json;

use super::{MOST, heavy, raw};
use crate::call::system_event;
use crate::error::{Class, Error, Result, chain};
use crate::names;
use crate::objects;
use crate::platform::Platform;
use crate::records::library::{
    Dataset, DatasetReport, ReleasedDataset, Run, RunEvent, RunState, Version, VersionEvent,
};

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
    match releases(platform, &run, cancel).await {
        Ok(made) => verified(platform, &run, made).await,
        Err(error) => failed(platform, &run, &error.chain()).await,
    }
}

/// Makes, verifies and stores the release of each data set.
async fn releases(
    platform: &Arc<Platform>,
    run: &Run,
    cancel: &Cancel,
) -> Result<Vec<(DatasetReport, ObjectRecord)>> {
    let version = platform.record::<Version>(&run.version).await?;
    let key = pseudonym_key(platform).await?;
    let mut made = Vec::new();
    for dataset in &version.datasets {
        let release = release(platform, run, dataset, &key, cancel).await?;
        let place = format!(
            "{}/datasets/{}/{}",
            run.name,
            dataset.id,
            names::fresh_id('o')
        );
        let object = objects::put(platform, &place, release.bytes()).await?;
        made.push((report(dataset, &release, &object)?, object));
    }
    Ok(made)
}

async fn release(
    platform: &Platform,
    run: &Run,
    dataset: &Dataset,
    key: &PseudonymKey,
    cancel: &Cancel,
) -> Result<Release> {
    let source = raw(platform, dataset).await?;
    let (id, format) = (dataset.id.clone(), dataset.format.clone());
    let (profile, hierarchies) = (run.profile.clone(), run.hierarchies.clone());
    let (key, cancel, sha256) = (key.clone(), cancel.clone(), dataset.sha256.clone());
    heavy(move || -> Result<Release, String> {
        let profile = Profile::parse(&profile).map_err(|e| chain(&e))?;
        let hierarchies = hierarchies
            .iter()
            .map(|(name, csv)| {
                Ok((
                    name.clone(),
                    Hierarchy::parse(name, csv.as_bytes()).map_err(|e| chain(&e))?,
                ))
            })
            .collect::<Result<Hierarchies, String>>()?;
        let table =
            intake::read(&id, source, &format, &Limits::default()).map_err(|e| chain(&e))?;
        let mut release = depersonalize(&table, &profile, &hierarchies, &key, &cancel, &mut |_| {})
            .map_err(|e| chain(&e))?;
        let limits = Limits::default();
        let released =
            intake::read(&id, release.bytes(), &Format::Parquet, &limits).map_err(|e| chain(&e))?;
        let detail = Detail {
            profile: profile.dataset(&id).map_err(|e| chain(&e))?,
            hierarchies: &hierarchies,
            original: &table,
            released: &released,
            population: None,
            target: None,
            limits: UtilityLimits::default(),
        };
        release.of_file(sha256);
        release.describe(&detail, &cancel).map_err(|e| chain(&e))?;
        Ok(release)
    })
    .await?
    .map_err(|message| {
        Error::new(
            Class::Precondition,
            "RUN_FAILED",
            format!("data set {}: {message}", dataset.id),
        )
    })
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

/// The hash that names what the owner approves: every report, in order.
fn report_sha256(reports: &[DatasetReport]) -> String {
    let mut context = Context::new(&SHA256);
    for report in reports {
        context.update(&(report.json.len() as u64).to_be_bytes());
        context.update(report.json.as_bytes());
    }
    hex::encode(context.finish())
}

async fn verified(
    platform: &Platform,
    run: &Run,
    made: Vec<(DatasetReport, ObjectRecord)>,
) -> Result<()> {
    let (reports, objects): (Vec<_>, Vec<_>) = made.into_iter().unzip();
    let hash = report_sha256(&reports);
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

async fn pseudonym_key(platform: &Platform) -> Result<PseudonymKey> {
    let bytes = platform.secret(PSEUDONYM_SECRET).await?;
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| {
        Error::internal(
            "read the pseudonym key",
            std::io::Error::other("it has not 32 bytes"),
        )
    })?;
    Ok(PseudonymKey::new(key))
}
