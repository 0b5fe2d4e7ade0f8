//! What a stopped job leaves: its files and its log, hashed and encrypted for the airlock. What is small lies together in one
//! object, the pack, in the order in which it is taken in; a large file is an object of its own.

mod listing;
mod portion;

use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use futures::StreamExt;
use ring::digest::{Context, SHA256};
use sandyq_sandbox::collect::{Caps, Collected, RefusalReason, collect};
use sandyq_sandbox::engine::{LogFrame, LogFrames, LogRequest};
use sandyq_sandbox::logs::{HeldBack, LogCapture, TailFilter};
use sandyq_sandbox::volume::OutputVolume;
use sandyq_sandbox::{CauseOfDeath, JobId, Usage as Measured};
use sandyq_store::{ObjectRecord, ObjectWriter};

use self::listing::Lister;
use self::portion::{Known, Portion, portions};
use super::advance::Harvest;
use super::job_folder;
use crate::error::{Error, Result};
use crate::failpoint::reach;
use crate::names;
use crate::objects;
use crate::platform::Platform;
use crate::records::airlock::{Output, OutputEvent, OutputFile, OutputState, RefusedFile};
use crate::records::job::{Job, Usage};

/// Portions that are read while another is stored.
const AHEAD: usize = 2;

/// The log as a file of the output.
pub(super) const LOG_PATH: &str = ".sandyq/job.log";

/// Collects outputs and log, unless the cause says that nothing may be kept. The log may have been read as a whole before.
///
/// # Errors
/// The engine's, the disk's or the storage's; never because of what the job wrote.
pub async fn harvest(
    platform: &Arc<Platform>,
    job: &Job,
    cause: &CauseOfDeath,
    (measured, input_bytes): (&Measured, u64),
    read: Option<Vec<LogFrame>>,
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
    // Small things lie together in one object: each object costs the disk a wait.
    let mut pack = platform.objects.create(&format!("{name}/pack")).await?;
    let log = log(platform, job, read, &mut pack).await?;
    reach("taken-in");
    out.usage.log_bytes = log.whole.bytes;
    out.log = log.open;
    out.log_held_back = log.held_back;
    let mut taking = Taking {
        platform,
        list: Lister::at(format!("{name}/files")),
        log: Some(log.whole),
        objects: Vec::new(),
        name,
        pack,
        usage: &mut out.usage,
    };
    let refused = taking.outputs(job).await?;
    let Taking {
        name,
        list,
        pack,
        mut objects,
        ..
    } = taking;
    // With little in it, it is kept with the job's last record.
    objects.push(pack.finish_held().await?);
    let listed = list.finish().await?;
    objects.extend(listed.object);
    out.objects = objects;
    out.output = Some(Output {
        manifest_sha256: listed.manifest_sha256,
        name,
        job: job.name.clone(),
        organization: job.organization.clone(),
        // The checks ran while the files were taken in.
        state: OutputState::Collected.after(OutputEvent::Check)?,
        files: listed.files,
        listing: listed.listing,
        refused,
        reviewer: String::new(),
        decision_reason: String::new(),
        decide_time: None,
    });
    Ok(out)
}

struct Log {
    whole: OutputFile,
    open: Option<(String, Range<u64>)>,
    held_back: HeldBack,
}

/// Keeps the whole log for review, and the filtered part that the job's grants open.
async fn log(
    platform: &Arc<Platform>,
    job: &Job,
    read: Option<Vec<LogFrame>>,
    pack: &mut ObjectWriter,
) -> Result<Log> {
    let mut frames: LogFrames = match read {
        Some(frames) => futures::stream::iter(frames).map(Ok).boxed(),
        None => {
            let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
            let engine = platform.engine.get().await?;
            engine.logs(&id, LogRequest::default()).await?
        }
    };
    let mut capture = LogCapture::new(job.limits.log_bytes);
    let budget = usize::try_from(job.conditions.log_tail_bytes).unwrap_or(usize::MAX);
    let mut filter = TailFilter::new(job.conditions.log, budget);
    let mut open = String::new();
    let mut hash = Context::new(&SHA256);
    let offset = pack.offset();
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        let kept = capture.take(&frame.bytes);
        hash.update(kept);
        pack.write(kept).await?;
        open.extend(filter.push(frame.stream, &frame.bytes));
    }
    let (end, held_back) = filter.finish();
    open.extend(end);
    let place = pack.record().place.clone();
    let whole = OutputFile {
        path: LOG_PATH.to_owned(),
        bytes: pack.offset() - offset,
        sha256: hex::encode(hash.finish()),
        place: place.clone(),
        offset,
        findings: Vec::new(),
    };
    let from = pack.offset();
    pack.take(open.into()).await?;
    let range = from..pack.offset();
    Ok(Log {
        whole,
        open: (!range.is_empty()).then_some((place, range)),
        held_back,
    })
}

/// An output that is being taken in.
struct Taking<'a> {
    platform: &'a Arc<Platform>,
    name: String,
    list: Lister,
    /// Until it has its place in the list.
    log: Option<OutputFile>,
    pack: ObjectWriter,
    objects: Vec<ObjectRecord>,
    usage: &'a mut Usage,
}

impl Taking<'_> {
    /// Takes all files in; returns what was left behind. While one portion is stored, the next is read.
    async fn outputs(&mut self, job: &Job) -> Result<Vec<RefusedFile>> {
        let caps = Caps::of(&job.limits);
        let mut collected = freeze_and_list(job_folder(self.platform, job), caps).await?;
        let mut refused = left_behind(&collected);
        // A path names one file; this one is the log's.
        if let Some(found) = collected
            .files
            .iter()
            .position(|file| file.path == LOG_PATH)
        {
            collected.files.remove(found);
            refused.push(RefusedFile {
                path: LOG_PATH.to_owned(),
                reason: format!("{:?}", RefusalReason::BadName),
            });
        }
        let collected = Arc::new(collected);
        let mut reading = futures::stream::iter(portions(&collected))
            .map(move |range| portion::read(Arc::clone(&collected), range))
            .buffered(AHEAD);
        while let Some(portion) = reading.next().await {
            match portion? {
                Portion::Small { files, bytes } => self.small(files, bytes).await?,
                Portion::Large {
                    path,
                    bytes,
                    file,
                    findings,
                } => self.large(path, bytes, file, findings).await?,
            }
            reach("taken-in");
        }
        if let Some(log) = self.log.take() {
            self.list.add(self.platform, log).await?;
        }
        Ok(refused)
    }

    async fn small(&mut self, files: Vec<Known>, bytes: Vec<u8>) -> Result<()> {
        let mut offset = self.pack.offset();
        self.pack.take(bytes.into()).await?;
        let place = self.pack.record().place.clone();
        for known in files {
            let file = OutputFile {
                path: known.path,
                bytes: known.bytes,
                sha256: known.sha256,
                place: place.clone(),
                offset,
                findings: known.findings,
            };
            offset += known.bytes;
            self.add(file).await?;
        }
        Ok(())
    }

    async fn large(
        &mut self,
        path: String,
        bytes: u64,
        file: File,
        findings: Vec<String>,
    ) -> Result<()> {
        let place = format!("{}/files/{}", self.name, self.objects.len());
        let object = objects::put_file(self.platform, &place, file).await?;
        if object.bytes != bytes {
            return Err(Error::internal(
                "take an output file",
                std::io::Error::other("a file changed while it was read"),
            ));
        }
        let file = OutputFile {
            path,
            bytes,
            sha256: object.sha256.clone(),
            place,
            offset: 0,
            findings,
        };
        self.objects.push(object);
        self.add(file).await
    }

    /// Lists a file, and the log before it where that is its place.
    async fn add(&mut self, file: OutputFile) -> Result<()> {
        if let Some(log) = self.log.take_if(|log| log.path <= file.path) {
            self.list.add(self.platform, log).await?;
        }
        self.usage.output_bytes += file.bytes;
        self.usage.output_files += 1;
        self.list.add(self.platform, file).await
    }
}

fn left_behind(collected: &Collected) -> Vec<RefusedFile> {
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
    refused
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
