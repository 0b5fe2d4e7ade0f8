//! Libraries, versions, runs.

use sandyq_anonymizer::classify::{Classification, ColumnClass, draft};
use sandyq_anonymizer::intake::{Encoding, Format};
use sandyq_proto::v1;
use sandyq_store::Stored;

use super::{count, timestamp};
use crate::error::{Error, Result};
use crate::records::library::{Dataset, Library, Run, RunState, Version, VersionState};

/// A library.
pub fn library(stored: &Stored<Library>) -> v1::Library {
    v1::Library {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        description: stored.description.clone(),
        organization: stored.organization.clone(),
        purposes: stored.purposes.clone(),
        create_time: Some(timestamp(stored.create_time)),
        etag: stored.etag(),
        published_version: stored.published_version.clone().unwrap_or_default(),
    }
}

fn version_state(state: VersionState) -> v1::version::State {
    use v1::version::State;
    match state {
        VersionState::Uploading => State::Uploading,
        VersionState::Quarantined => State::Quarantined,
        VersionState::Classified => State::Classified,
        VersionState::Depersonalizing => State::Depersonalizing,
        VersionState::Verified => State::Verified,
        VersionState::Published => State::Published,
        VersionState::Refused => State::Refused,
        VersionState::Retired => State::Retired,
    }
}

/// A version.
pub fn version(stored: &Stored<Version>) -> v1::Version {
    v1::Version {
        name: stored.name.clone(),
        state: version_state(stored.state).into(),
        datasets: stored.datasets.iter().map(dataset).collect(),
        provenance: stored.provenance.clone(),
        failure_message: stored.failure.clone(),
        create_time: Some(timestamp(stored.create_time)),
        publish_time: stored.publish_time.map(timestamp),
        published_run: stored.published_run.clone().unwrap_or_default(),
        etag: stored.etag(),
    }
}

/// A classification as the operator and auditors see it: without the forms of values, and without what is the owner's to propose.
pub fn overseen_classification(mut found: v1::Classification) -> v1::Classification {
    for dataset in &mut found.datasets {
        for column in &mut dataset.columns {
            column.examples.clear();
        }
    }
    found.draft_profile.clear();
    found
}

/// What was found in the columns of a version; `None` if it was not classified.
pub fn classification(version: &Version) -> Option<v1::Classification> {
    let found: Vec<(&str, &Classification)> = version
        .datasets
        .iter()
        .filter_map(|dataset| Some((dataset.id.as_str(), dataset.classification.as_ref()?)))
        .collect();
    if found.is_empty() || found.len() < version.datasets.len() {
        return None;
    }
    let datasets = found
        .iter()
        .map(|(id, found)| v1::DatasetClassification {
            dataset_id: (*id).to_owned(),
            columns: found.columns.iter().map(column_classification).collect(),
        })
        .collect();
    Some(v1::Classification {
        version: version.name.clone(),
        datasets,
        draft_profile: draft(found),
    })
}

fn column_classification(column: &ColumnClass) -> v1::ColumnClassification {
    v1::ColumnClassification {
        name: column.name.clone(),
        r#type: column.semantic.as_str().to_owned(),
        confidence: column.confidence,
        role: column.suggestion.role.clone(),
        transform: column.suggestion.transform.clone(),
        present_count: count(column.present),
        distinct_count: count(column.distinct),
        matched_count: count(column.matched),
        mixed: column.mixed,
        evidence: column.evidence.clone(),
        examples: column.examples.clone(),
    }
}

/// A version as those see it who may use its release: nothing of the raw data.
pub fn published_view(mut version: v1::Version) -> v1::Version {
    for dataset in &mut version.datasets {
        *dataset = v1::Dataset {
            dataset_id: std::mem::take(&mut dataset.dataset_id),
            ..Default::default()
        };
    }
    version
}

/// What is shown instead of a text that may quote raw values.
const OWNER_ONLY: &str = "the owner's agency can read why";

fn overseen(message: &mut String) {
    if !message.is_empty() {
        OWNER_ONLY.clone_into(message);
    }
}

/// A version as the operator and auditors see it: messages of intake and runs may quote values of the raw data, which they may
/// not read (law on informatization, article 35).
pub fn overseen_view(mut version: v1::Version) -> v1::Version {
    overseen(&mut version.failure_message);
    version
}

/// A run as the operator, auditors and developers see it.
pub fn overseen_run(mut run: v1::Run) -> v1::Run {
    overseen(&mut run.failure_message);
    run.quality_json.clear();
    run
}

fn dataset(dataset: &Dataset) -> v1::Dataset {
    let (kind, delimiter, encoding) = match dataset.format {
        Format::Csv {
            delimiter,
            encoding,
        } => (
            v1::DatasetFormat::Csv,
            delimiter
                .map(|d| char::from(d).to_string())
                .unwrap_or_default(),
            encoding,
        ),
        Format::Parquet => (v1::DatasetFormat::Parquet, String::new(), Encoding::Utf8),
        Format::Ndjson => (v1::DatasetFormat::Ndjson, String::new(), Encoding::Utf8),
    };
    let encoding = match encoding {
        Encoding::Windows1251 => v1::TextEncoding::Windows1251,
        _ => v1::TextEncoding::Utf8,
    };
    v1::Dataset {
        dataset_id: dataset.id.clone(),
        format: kind.into(),
        delimiter,
        encoding: encoding.into(),
        sha256: dataset.sha256.clone(),
        size_bytes: count(dataset.declared_bytes),
        upload: dataset.upload.clone(),
        complete: dataset.complete,
        row_count: count(dataset.rows),
        columns: dataset
            .columns
            .iter()
            .map(|column| v1::Column {
                name: column.name.clone(),
                r#type: column.kind.clone(),
                null_count: count(column.nulls),
            })
            .collect(),
    }
}

/// The format that a client declared.
///
/// # Errors
/// Not set, or a delimiter that cannot be one.
pub fn format(field: &str, dataset: &v1::Dataset) -> Result<Format> {
    let delimiter = match dataset.delimiter.as_bytes() {
        [] => None,
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Some(*byte),
        _ => {
            return Err(Error::invalid(
                format!("{field}.delimiter"),
                "must be one ASCII character, neither a quote nor a line end",
            ));
        }
    };
    let encoding = match dataset.encoding() {
        v1::TextEncoding::Windows1251 => Encoding::Windows1251,
        _ => Encoding::Utf8,
    };
    match dataset.format() {
        v1::DatasetFormat::Csv => Ok(Format::Csv {
            delimiter,
            encoding,
        }),
        v1::DatasetFormat::Parquet => Ok(Format::Parquet),
        v1::DatasetFormat::Ndjson => Ok(Format::Ndjson),
        v1::DatasetFormat::Unspecified => Err(Error::invalid(
            format!("{field}.format"),
            "name CSV, PARQUET or NDJSON",
        )),
    }
}

fn run_state(state: RunState) -> v1::run::State {
    use v1::run::State;
    match state {
        RunState::Running => State::Running,
        RunState::Verified => State::Verified,
        RunState::Failed => State::Failed,
        RunState::Published => State::Published,
        RunState::Superseded => State::Superseded,
    }
}

/// A run.
pub fn run(stored: &Stored<Run>) -> v1::Run {
    v1::Run {
        name: stored.name.clone(),
        state: run_state(stored.state).into(),
        profile: stored.profile.clone(),
        profile_sha256: stored.profile_sha256.clone(),
        reports: stored
            .reports
            .iter()
            .map(|report| v1::DatasetReport {
                dataset_id: report.dataset.clone(),
                input_rows: count(report.input_rows),
                released_rows: count(report.released_rows),
                suppressed_rows: count(report.suppressed_rows),
                withdrawn_rows: count(report.withdrawn_rows),
                measured_k: count(report.measured_k),
                equivalence_classes: count(report.classes),
                loss: report.loss,
                release_sha256: report.release.sha256.clone(),
                report_json: report.json.clone(),
            })
            .collect(),
        report_sha256: stored.report_sha256.clone(),
        quality_json: stored.quality.clone(),
        quality_breaches: stored.quality_breaches.clone(),
        failure_message: stored.failure.clone(),
        progress: if stored.state == RunState::Running {
            0.0
        } else {
            1.0
        },
        create_time: Some(timestamp(stored.create_time)),
        end_time: stored.end_time.map(timestamp),
    }
}
