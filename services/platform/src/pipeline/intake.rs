//! Intake: every data set of a version is checked from the first byte to the last; the version is taken in as a whole or
//! refused as a whole.

use std::sync::Arc;

use sandyq_anonymizer::classify::{Classification, classify};
use sandyq_anonymizer::{Format, Limits, Schema, intake};
use sandyq_store::Change;
use serde_json::json;

use super::{heavy, raw, scan, trial};
use crate::call::system_event;
use crate::error::{Class, Error, Result, chain};
use crate::platform::Platform;
use crate::records::library::{Column, Dataset, Version, VersionEvent, VersionState};
use crate::subjects::holdings::{self, Indexed};

/// Begins, or begins again, the intake of a QUARANTINED version.
pub fn start(platform: &Arc<Platform>, name: String) {
    let platform = Arc::clone(platform);
    platform.tasks.clone().spawn(async move {
        let work = take_in(&platform, &name);
        tokio::select! {
            // What is cut off here is found again at the next start.
            () = platform.shutdown.cancelled() => {}
            outcome = work => if let Err(error) = outcome {
                tracing::error!(version = name, "intake did not end: {}", error.chain());
            },
        }
    });
}

async fn take_in(platform: &Arc<Platform>, name: &str) -> Result<()> {
    let version = platform.record::<Version>(name).await?;
    let mut taken = Vec::new();
    let mut failures = Vec::new();
    for dataset in &version.datasets {
        let format = dataset.format.clone();
        if format == Format::Parquet {
            let source = raw(platform, dataset).await?;
            let survives = heavy(move || trial::survives(source)).await?;
            if !survives.map_err(|error| Error::internal("try the data set's decoder", error))? {
                failures.push(format!(
                    "data set {}: the Parquet file cannot be decoded: the decoder gave up on it",
                    dataset.id
                ));
                continue;
            }
        }
        let source = raw(platform, dataset).await?;
        let limits = Limits::default();
        let checked = heavy(move || intake::validate(source, &format, &limits)).await;
        match checked {
            Ok(Ok(schema)) => match classified(platform, dataset).await {
                Ok(found) => taken.push((dataset.id.clone(), schema, found)),
                Err(reason) => failures.push(format!("data set {}: {reason}", dataset.id)),
            },
            Ok(Err(error)) => failures.push(format!("data set {}: {}", dataset.id, chain(&error))),
            Err(error) => failures.push(format!("data set {}: {}", dataset.id, error.chain())),
        }
    }
    let indexed = match failures.as_slice() {
        [] => match indexed(platform, &version, &taken).await {
            Ok(indexed) => Some(indexed),
            Err(error) if error.class == Class::Precondition => {
                failures.push(error.chain());
                None
            }
            Err(error) => return Err(error),
        },
        _ => None,
    };
    platform
        .change::<Version>(name, |version| {
            if version.state != VersionState::Quarantined {
                return Ok(None);
            }
            if let Some(indexed) = &indexed {
                version.state = version.state.after(VersionEvent::Classify)?;
                describe(version, &taken);
                let event = system_event("VersionClassified", name, &version.organization, []);
                let mut change = Change::new(event);
                if !indexed.index.columns.is_empty() {
                    change = change.also(holdings::indexed_event(&indexed.index));
                }
                Ok(Some(indexed.kept(change)?))
            } else {
                version.state = version.state.after(VersionEvent::Refuse)?;
                version.failure = failures.join("\n");
                // The text may quote headers of the file, so the log gets only the fact.
                let detail = [("failures", json!(failures.len()))];
                let event = system_event("VersionRefused", name, &version.organization, detail);
                Ok(Some(Change::new(event)))
            }
        })
        .await?;
    Ok(())
}

/// Which subjects the version holds, by the columns that were found to hold personal numbers.
async fn indexed(
    platform: &Platform,
    version: &Version,
    taken: &[(String, Schema, Classification)],
) -> Result<Indexed> {
    let mut described = version.clone();
    describe(&mut described, taken);
    holdings::index(platform, &described, &scan::columns(&described)).await
}

/// What is in the columns of a data set that is well-formed, or why it cannot be taken in all the same.
async fn classified(platform: &Platform, dataset: &Dataset) -> Result<Classification, String> {
    let source = raw(platform, dataset).await.map_err(|e| e.chain())?;
    let format = dataset.format.clone();
    let found = heavy(move || classify(source, &format, &Limits::default())).await;
    match found {
        Ok(Ok(found)) if found.personal_header => Err(
            "the first record holds names or numbers of persons: write a header with the names of the columns before it".to_owned(),
        ),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(chain(&error)),
        Err(error) => Err(error.chain()),
    }
}

fn describe(version: &mut Version, taken: &[(String, Schema, Classification)]) {
    for (id, schema, found) in taken {
        let Some(dataset) = version
            .datasets
            .iter_mut()
            .find(|dataset| dataset.id == *id)
        else {
            continue;
        };
        dataset.classification = Some(found.clone());
        dataset.rows = schema.rows;
        dataset.columns = schema
            .columns
            .iter()
            .map(|column| Column {
                name: column.name.clone(),
                kind: format!("{:?}", column.physical_type).to_lowercase(),
                nulls: column.nulls,
            })
            .collect();
    }
}
