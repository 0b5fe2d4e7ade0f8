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
use crate::records::library::{ReleasedDataset, Version};

/// The job as the sandbox crate takes it, with everything at the place where it is, or will be, staged.
///
/// # Errors
/// The store's, a version is no longer published, or an output no longer released.
pub async fn of(platform: &Platform, job: &Job) -> Result<RawJob> {
    let wanted = wanted(platform, job).await?;
    let inputs = wanted.iter().map(|set| Input {
        host_path: staged_path(platform, job, &set.dataset, &set.release),
        library: names::last_id(&set.library).to_owned(),
        dataset: set.dataset.clone(),
    });
    let models = released_files(platform, job).await?;
    let models = models.into_iter().map(|(output, file)| Model {
        host_path: staged_model(platform, job, &file.sha256),
        output: names::last_id(&output).to_owned(),
        path: file.path,
    });
    Ok(raw_job(platform, job, inputs.collect(), models.collect()))
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

/// A data set that a job reads.
pub struct Wanted {
    /// `libraries/{library}`.
    pub library: String,
    /// Its id in the version.
    pub dataset: String,
    /// What was published of it.
    pub release: ReleasedDataset,
}

/// The data sets that a job reads.
///
/// # Errors
/// The store's, or a version is no longer published.
pub async fn wanted(platform: &Platform, job: &Job) -> Result<Vec<Wanted>> {
    let mut wanted = Vec::new();
    for name in job.grants.keys() {
        let version = platform.record::<Version>(name).await?.record;
        for dataset in version.datasets {
            let release = dataset.release.ok_or_else(|| {
                Error::precondition(
                    "VERSION_NOT_PUBLISHED",
                    format!("{name} is no longer published"),
                )
            })?;
            wanted.push(Wanted {
                library: version.library.clone(),
                dataset: dataset.id,
                release,
            });
        }
    }
    Ok(wanted)
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
