//! What a developer sees of a job's log: filtered, and within what the job's grants open.

use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use sandyq_proto::v1;
use sandyq_sandbox::engine::LogRequest;
use sandyq_sandbox::logs::TailFilter;
use sandyq_sandbox::{JobId, JobState};
use sandyq_store::Stored;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::convert;
use crate::error::{Error, Result};
use crate::objects;
use crate::platform::Platform;
use crate::records::job::Job;
use crate::watch::{Answers, shutting_down};

/// Streams the open part of a job's log from an offset, until the job has ended.
///
/// # Errors
/// The job's grants open nothing of it.
pub fn stream(
    platform: &Arc<Platform>,
    job: Stored<Job>,
    offset: u64,
) -> Result<Answers<v1::StreamLogsResponse>> {
    let budget = job.conditions.log_tail_bytes;
    if budget == 0 {
        return Err(Error::precondition(
            "LOG_CLOSED",
            "the job's grants open nothing of its log; it is reviewed as a part of the output",
        ));
    }
    let (sender, receiver) = mpsc::channel(4);
    let platform = Arc::clone(platform);
    let tracker = platform.tasks.clone();
    tracker.spawn(async move {
        let mut out = Out {
            sender,
            skip: offset,
            offset: 0,
            budget,
        };
        let work = follow(&platform, &job.record.name, &mut out);
        let outcome = tokio::select! {
            () = platform.shutdown.cancelled() => Err(shutting_down()),
            outcome = work => outcome,
        };
        if let Err(error) = outcome {
            // The client may be gone already.
            let _ = out.sender.send(Err(error.into())).await;
        }
    });
    Ok(ReceiverStream::new(receiver).boxed())
}

struct Out {
    sender: mpsc::Sender<Result<v1::StreamLogsResponse, Status>>,
    skip: u64,
    offset: u64,
    budget: u64,
}

impl Out {
    /// Sends text, less what the client has already. `false` when the client is gone.
    async fn send(&mut self, text: &str) -> bool {
        let start = self.offset;
        self.offset += text.len() as u64;
        let skip = usize::try_from(self.skip.saturating_sub(start)).unwrap_or(usize::MAX);
        let Some(rest) = text
            .as_bytes()
            .get(skip.min(text.len())..)
            .filter(|rest| !rest.is_empty())
        else {
            return true;
        };
        let message = v1::StreamLogsResponse {
            data: Bytes::copy_from_slice(rest).into(),
            offset: convert::count(self.offset - rest.len() as u64),
            budget_bytes: convert::count(self.budget),
            truncated: text.lines().any(says_what_is_missing),
        };
        self.sender.send(Ok(message)).await.is_ok()
    }
}

async fn follow(platform: &Arc<Platform>, name: &str, out: &mut Out) -> Result<()> {
    let mut changes = platform.changes();
    loop {
        let job = platform.record::<Job>(name).await?;
        if job.state.is_terminal() {
            return finished(platform, &job, out).await;
        }
        if matches!(job.state, JobState::Running | JobState::Collecting)
            && running(platform, &job, out).await.is_ok()
        {
            return Ok(());
        }
        tokio::select! {
            () = out.sender.closed() => return Ok(()),
            // Whatever happened, the record is read again.
            _ = changes.recv() => {}
        }
    }
}

/// The part that was kept when the job ended.
async fn finished(platform: &Platform, job: &Job, out: &mut Out) -> Result<()> {
    let Some(place) = &job.log else { return Ok(()) };
    let record = objects::stored(platform, place).await?;
    let text = platform
        .objects
        .reader(&record)?
        .read_all(out.budget)
        .await?;
    out.skip = out.skip.max(out.offset);
    out.offset = 0;
    out.send(&String::from_utf8_lossy(&text)).await;
    Ok(())
}

/// Follows the container. An error means that it is not there any more, or not yet.
async fn running(platform: &Platform, job: &Job, out: &mut Out) -> Result<()> {
    let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
    let engine = platform.engine.get().await?;
    let mut frames = engine
        .logs(
            &id,
            LogRequest {
                follow: true,
                since: None,
            },
        )
        .await?;
    let mut filter = TailFilter::new(usize::try_from(out.budget).unwrap_or(usize::MAX));
    out.skip = out.skip.max(out.offset);
    out.offset = 0;
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        for line in filter.push(frame.stream, &frame.bytes) {
            if !out.send(&line).await {
                return Ok(());
            }
        }
    }
    // In one message, so that the last one says whether something is missing.
    out.send(&filter.finish().concat()).await;
    Ok(())
}

/// The filter's note of how many lines were left out.
fn says_what_is_missing(line: &str) -> bool {
    line.starts_with('[') && line.ends_with("lines are not shown]")
}
