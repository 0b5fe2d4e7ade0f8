//! What a stopped job leaves: its files and its log, hashed and encrypted for the airlock.

use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;
use ring::digest::{Context, SHA256};
use sandyq_sandbox::collect::inspect::inspect;
use sandyq_sandbox::collect::{Caps, Collected, collect};
use sandyq_sandbox::engine::LogRequest;
use sandyq_sandbox::logs::{HeldBack, LogCapture, TailFilter};
use sandyq_sandbox::volume::OutputVolume;
use sandyq_sandbox::{CauseOfDeath, JobId, Usage as Measured};
use sandyq_store::ObjectRecord;

use super::advance::Harvest;
use super::job_folder;
use crate::error::{Error, Result};
use crate::names;
use crate::objects;
use crate::platform::Platform;
use crate::records::airlock::{Output, OutputEvent, OutputFile, OutputState, RefusedFile};
use crate::records::job::{Job, Usage};

/// The log as a file of the output.
pub(super) const LOG_PATH: &str = ".sandyq/job.log";

/// Collects outputs and log, unless the cause says that nothing may be kept.
///
/// # Errors
/// The engine's, the disk's or the storage's; never because of what the job wrote.
pub async fn harvest(
    platform: &Arc<Platform>,
    job: &Job,
    cause: &CauseOfDeath,
    measured: &Measured,
    input_bytes: u64,
) -> Result<Harvest> {
    let millis = |d: std::time::Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    let mut out = Harvest {
        usage: Usage {
            wall_millis: millis(measured.wall),
            cpu_millis: millis(measured.cpu),
            peak_memory_bytes: measured.peak_memory_bytes,
            input_bytes,
            log_dropped_bytes: measured.log_dropped_bytes,
            energy_millijoules: measured
                .energy_millijoules(&platform.config.power, job.limits.cpu_millis),
            ..Usage::default()
        },
        ..Harvest::default()
    };
    if !cause.keeps_outputs() {
        return Ok(out);
    }
    let name = format!("outputs/{}", names::fresh_id('o'));
    let log = log(platform, job, &name).await?;
    out.usage.log_bytes = log.whole.bytes;
    out.log = Some(log.open.place.clone());
    out.log_held_back = log.held_back;
    let mut files = vec![file(LOG_PATH, &log.whole, Vec::new())];
    out.objects.extend([log.whole, log.open]);
    let (collected, refused) = outputs(platform, job, &name).await?;
    for (object, found) in collected {
        out.usage.output_bytes += object.bytes;
        out.usage.output_files += 1;
        files.push(found);
        out.objects.push(object);
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    out.output = Some(Output {
        manifest_sha256: manifest(&files),
        name,
        job: job.name.clone(),
        organization: job.organization.clone(),
        // The checks ran while the files were taken in.
        state: OutputState::Collected.after(OutputEvent::Check)?,
        files,
        refused,
        reviewer: String::new(),
        decision_reason: String::new(),
        decide_time: None,
    });
    Ok(out)
}

fn file(path: &str, object: &ObjectRecord, findings: Vec<String>) -> OutputFile {
    OutputFile {
        path: path.to_owned(),
        bytes: object.bytes,
        sha256: object.sha256.clone(),
        place: object.place.clone(),
        findings,
    }
}

/// The hash that names what is reviewed: every path, size and hash, in order.
fn manifest(files: &[OutputFile]) -> String {
    let mut context = Context::new(&SHA256);
    for file in files {
        context.update(&(file.path.len() as u64).to_be_bytes());
        context.update(file.path.as_bytes());
        context.update(&file.bytes.to_be_bytes());
        context.update(file.sha256.as_bytes());
    }
    hex::encode(context.finish())
}

struct Log {
    whole: ObjectRecord,
    open: ObjectRecord,
    held_back: HeldBack,
}

/// Keeps the whole log for review, and the filtered part that the job's grants open.
async fn log(platform: &Arc<Platform>, job: &Job, output: &str) -> Result<Log> {
    let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
    let engine = platform.engine.get().await?;
    let mut frames = engine.logs(&id, LogRequest::default()).await?;
    let mut capture = LogCapture::new(job.limits.log_bytes);
    let budget = usize::try_from(job.conditions.log_tail_bytes).unwrap_or(usize::MAX);
    let mut filter = TailFilter::new(job.conditions.log, budget);
    let mut open = String::new();
    let mut whole = platform.objects.create(&format!("{output}/log")).await?;
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        whole.write(capture.take(&frame.bytes)).await?;
        open.extend(filter.push(frame.stream, &frame.bytes));
    }
    let (end, held_back) = filter.finish();
    open.extend(end);
    Ok(Log {
        whole: whole.finish().await?,
        open: objects::put(platform, &format!("{output}/open-log"), open.as_bytes()).await?,
        held_back,
    })
}

type Taken = (Vec<(ObjectRecord, OutputFile)>, Vec<RefusedFile>);

async fn outputs(platform: &Arc<Platform>, job: &Job, output: &str) -> Result<Taken> {
    let caps = Caps::of(&job.limits);
    let collected = freeze_and_list(job_folder(platform, job), caps).await?;
    let mut taken = Vec::new();
    for (index, listed) in collected.files.iter().enumerate() {
        let opened = collected
            .open(listed)
            .map_err(|error| Error::internal("open an output file", error))?;
        let path = listed.path.clone();
        let (findings, opened) =
            tokio::task::spawn_blocking(move || (inspect(&path, &opened), opened))
                .await
                .map_err(|error| Error::internal("look into an output file", error))?;
        let place = format!("{output}/files/{index}");
        let object = objects::put_file(platform, &place, opened).await?;
        if object.bytes != listed.bytes {
            return Err(Error::internal(
                "take an output file",
                std::io::Error::other("a file changed while it was read"),
            ));
        }
        let found = file(&listed.path, &object, findings);
        taken.push((object, found));
    }
    let mut refused: Vec<RefusedFile> = collected
        .refused
        .iter()
        .map(|entry| RefusedFile {
            path: entry.name.clone(),
            reason: format!("{:?}", entry.reason),
        })
        .collect();
    if collected.refused_unnamed > 0 {
        refused.push(RefusedFile {
            path: String::new(),
            reason: format!("{} more entries", collected.refused_unnamed),
        });
    }
    Ok((taken, refused))
}

async fn freeze_and_list(folder: PathBuf, caps: Caps) -> Result<Collected> {
    let work = move || -> Result<Collected> {
        let volume = OutputVolume::at(&folder);
        volume
            .freeze()
            .map_err(|error| Error::internal("freeze the output volume", error))?;
        collect(volume.mount_point(), caps)
            .map_err(|error| Error::internal("collect the outputs", error))
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::internal("collect the outputs", error))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_changes_with_any_part() {
        let one = OutputFile {
            path: "a".into(),
            bytes: 1,
            sha256: "00".into(),
            place: String::new(),
            findings: vec![],
        };
        let hash = manifest(std::slice::from_ref(&one));
        for other in [
            OutputFile {
                path: "b".into(),
                ..one.clone()
            },
            OutputFile {
                bytes: 2,
                ..one.clone()
            },
            OutputFile {
                sha256: "01".into(),
                ..one.clone()
            },
        ] {
            assert_ne!(manifest(&[other]), hash);
        }
    }
}
