//! A job as the sandbox crate takes it, with its inputs at the places where they are, or will be, staged.

use sandyq_sandbox::spec::MOST_MODELS;
use sandyq_sandbox::{Input, Model, RawJob};

use crate::error::{Error, Result, Violation};
use crate::jobs::collecting::LOG_PATH;
use crate::jobs::{raw_job, staged_model, staged_path};
use crate::names;
use crate::outputs;
use crate::platform::Platform;
use crate::records::airlock::{Output, OutputFile, OutputState};
use crate::records::job::Job;
use crate::records::library::Version;

/// The job as the sandbox crate takes it, with everything at the place where it is, or will be, staged.
///
/// # Errors
/// The store's, a version is no longer published, or an output no longer released.
pub async fn of(platform: &Platform, job: &Job) -> Result<RawJob> {
    let inputs = inputs(platform, job).await?;
    let models = released_files(platform, job).await?;
    let models = models.into_iter().map(|(output, file)| Model {
        host_path: staged_model(platform, job, &file.sha256),
        output: names::last_id(&output).to_owned(),
        path: file.path,
    });
    Ok(raw_job(platform, job, inputs, models.collect()))
}

/// The files of the outputs that a job serves, each with its output's name.
///
/// # Errors
/// The store's, or an output is not, or no longer, released as it was.
pub async fn released_files(platform: &Platform, job: &Job) -> Result<Vec<(String, OutputFile)>> {
    let mut files = Vec::new();
    let serving = job.serving.iter();
    for (name, manifest) in serving.flat_map(|serving| &serving.outputs) {
        let output = platform.record::<Output>(name).await?;
        if output.state != OutputState::Released || output.manifest_sha256 != *manifest {
            let text = format!("{name} is {}, not RELEASED", output.state.as_str());
            return Err(Error::precondition("OUTPUT_NOT_RELEASED", text));
        }
        let of_job = |file: &OutputFile| file.path != LOG_PATH;
        let most = MOST_MODELS as u64 + 1;
        let of_output = outputs::files(platform, &output, most).await?;
        let of_output = of_output.into_iter().filter(of_job);
        files.extend(of_output.map(|file| (name.clone(), file)));
    }
    Ok(files)
}

/// The job's inputs, at the places where they are, or will be, staged.
///
/// # Errors
/// The store's, or a version is no longer published.
pub async fn inputs(platform: &Platform, job: &Job) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for name in job.grants.keys() {
        let version = platform.record::<Version>(name).await?;
        for dataset in &version.datasets {
            let release = dataset.release.as_ref().ok_or_else(|| {
                Error::precondition(
                    "VERSION_NOT_PUBLISHED",
                    format!("{name} is no longer published"),
                )
            })?;
            inputs.push(Input {
                host_path: staged_path(platform, job, &dataset.id, release),
                library: names::last_id(&version.library).to_owned(),
                dataset: dataset.id.clone(),
            });
        }
    }
    Ok(inputs)
}

/// What can never be staged together is refused.
///
/// # Errors
/// It is more than the server stages, or the store's.
pub async fn stageable(platform: &Platform, job: &Job) -> Result<()> {
    let most = platform.config.raw.jobs.staging_bytes;
    let mut bytes = 0_u64;
    for name in job.grants.keys() {
        let version = platform.record::<Version>(name).await?;
        let releases = version
            .datasets
            .iter()
            .filter_map(|set| set.release.as_ref());
        bytes = releases.fold(bytes, |sum, release| sum.saturating_add(release.bytes));
    }
    for (_, file) in released_files(platform, job).await? {
        bytes = bytes.saturating_add(file.bytes);
    }
    if bytes <= most {
        return Ok(());
    }
    Err(Error::precondition(
        "STAGING_TOO_SMALL",
        format!(
            "the inputs have {bytes} bytes together; this server stages at most {most} (jobs.staging_bytes)"
        ),
    ))
}

/// Asks the sandbox crate whether the job could be run as it stands.
///
/// # Errors
/// It could not, with the fields; the store's.
pub async fn valid(platform: &Platform, job: &Job) -> Result<()> {
    of(platform, job)
        .await?
        .validate()
        .map(drop)
        .map_err(|error| {
            let violations = error
                .violations
                .into_iter()
                .map(|v| Violation {
                    field: format!("job.{}", v.field),
                    description: v.reason,
                })
                .collect();
            Error::invalid_fields(violations)
        })
}
