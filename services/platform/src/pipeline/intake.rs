//! Intake: every data set of a version is checked from the first byte to the last; the version is taken in as a whole or
//! refused as a whole.

use std::sync::Arc;

use sandyq_anonymizer::{Format, Limits, Schema, intake};
use sandyq_store::Change;
use serde_json::json;

use super::{heavy, raw, trial};
use crate::call::system_event;
use crate::error::{Error, Result, chain};
use crate::platform::Platform;
use crate::records::library::{Column, Version, VersionEvent, VersionState};

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
    let mut schemas = Vec::new();
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
            Ok(Ok(schema)) => schemas.push((dataset.id.clone(), schema)),
            Ok(Err(error)) => failures.push(format!("data set {}: {}", dataset.id, chain(&error))),
            Err(error) => failures.push(format!("data set {}: {}", dataset.id, error.chain())),
        }
    }
    platform
        .change::<Version>(name, |version| {
            if version.state != VersionState::Quarantined {
                return Ok(None);
            }
            if failures.is_empty() {
                version.state = version.state.after(VersionEvent::Classify)?;
                describe(version, &schemas);
                let event = system_event("VersionClassified", name, &version.organization, []);
                Ok(Some(Change::new(event)))
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

fn describe(version: &mut Version, schemas: &[(String, Schema)]) {
    for (id, schema) in schemas {
        let Some(dataset) = version
            .datasets
            .iter_mut()
            .find(|dataset| dataset.id == *id)
        else {
            continue;
        };
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
