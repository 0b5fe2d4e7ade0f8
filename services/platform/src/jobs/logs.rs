//! What a developer sees of a job's log: filtered, within what the job's grants open, and counted before it is shown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use sandyq_proto::v1;
use sandyq_sandbox::engine::LogRequest;
use sandyq_sandbox::logs::{HeldBack, TailFilter};
use sandyq_sandbox::{JobId, JobState};
use sandyq_store::Stored;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::exits::{Counted, count_log, log_daily_bytes};
use crate::call::Call;
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::objects;
use crate::platform::Platform;
use crate::records::access::{Grant, GrantState};
use crate::records::job::Job;
use crate::records::library::{Library, Version};
use crate::records::sandbox::{Sandbox, SandboxState};
use crate::watch::{Answers, shutting_down};

/// So much is counted and sent at once, without waiting for more.
const ENOUGH: usize = 4096;

/// The pauses between messages double from the first to the last, because each is an entry of the audit log.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Logs that one user follows at one time: each is a connection to the engine.
const MOST_VIEWS: usize = 32;

/// How many logs each user follows.
#[derive(Debug, Default)]
pub struct Views(Mutex<HashMap<String, usize>>);

/// A place among the logs that a user follows; given back when it is dropped.
struct Place(Arc<Platform>, String);

impl Views {
    fn counts(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, user: &str) -> bool {
        let mut counts = self.counts();
        let taken = counts.entry(user.to_owned()).or_default();
        let free = *taken < MOST_VIEWS;
        *taken += usize::from(free);
        free
    }

    fn give_back(&self, user: &str) {
        let mut counts = self.counts();
        if let Some(taken) = counts.get_mut(user) {
            *taken -= 1;
            if *taken == 0 {
                counts.remove(user);
            }
        }
    }
}

impl Place {
    fn take(platform: &Arc<Platform>, user: &str) -> Result<Self> {
        if platform.views.take(user) {
            return Ok(Self(Arc::clone(platform), user.to_owned()));
        }
        let text = format!("you follow {MOST_VIEWS} logs at this time; end one of them first");
        Err(Error::new(Class::Exhausted, "TOO_MANY_LOGS", text))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.views.give_back(&self.1);
    }
}

/// Streams the open part of a job's log from an offset, until the job has ended or nothing more may be shown.
///
/// # Errors
/// Nothing of it is open, or not any more.
pub async fn stream(
    call: Call,
    job: Stored<Job>,
    offset: u64,
) -> Result<Answers<v1::StreamLogsResponse>> {
    open(&call.platform, &job).await?;
    let place = Place::take(&call.platform, &call.principal.user)?;
    let (sender, receiver) = mpsc::channel(4);
    let platform = Arc::clone(&call.platform);
    let tracker = platform.tasks.clone();
    tracker.spawn(async move {
        let _place = place;
        let mut view = View::new(call, &job, sender, offset);
        let outcome = tokio::select! {
            () = platform.shutdown.cancelled() => Err(shutting_down()),
            outcome = view.show(&platform) => outcome,
        };
        if let Err(error) = outcome {
            // The client may be gone already.
            let _ = view.sender.send(Err(error.into())).await;
        }
    });
    Ok(ReceiverStream::new(receiver).boxed())
}

/// A log is shown while the grants under which it was written are in force and open as much of it as then, the rules of their
/// libraries do, and its sandbox is active.
async fn open(platform: &Platform, job: &Job) -> Result<()> {
    let closed = |why: &str| {
        let text = format!("{why}; the whole log is reviewed as a part of the output");
        Error::precondition("LOG_CLOSED", text)
    };
    if job.shell.is_some() {
        return Err(closed(
            "what an interactive workspace shows is shown at its terminal alone",
        ));
    }
    if !job.conditions.opens_log() {
        return Err(closed("the job's grants open nothing of its log"));
    }
    let sandbox = platform.record::<Sandbox>(&job.sandbox).await?;
    if sandbox.state != SandboxState::Active {
        return Err(closed("the job's sandbox has ended"));
    }
    for (version, name) in &job.grants {
        let grant = platform.record::<Grant>(name).await?;
        if grant.state != GrantState::Active {
            return Err(closed(&format!(
                "{name}, under which the job ran, has ended"
            )));
        }
        let version = platform.record::<Version>(version).await?;
        let library = platform.record::<Library>(&version.library).await?;
        let now = grant.conditions.within(&library.declared.access);
        if !now.opens_log() || now.log < job.conditions.log {
            return Err(closed(&format!(
                "the owner of {} opens less of it now than when the job was submitted",
                library.name
            )));
        }
    }
    Ok(())
}

/// How a view of a log ends.
enum End {
    /// Everything that is open was shown.
    Whole(HeldBack),
    /// The sandbox's budget is used up.
    Spent,
    /// The client went away.
    Gone,
}

struct View {
    call: Call,
    job: String,
    log_tail: v1::LogTail,
    budget: u64,
    sender: mpsc::Sender<Result<v1::StreamLogsResponse, Status>>,
    /// Bytes of the open part that the client has.
    sent: u64,
    /// What follows them and waits to be counted and sent.
    waiting: Vec<u8>,
    /// Where the present reading of the open part stands.
    read: u64,
    /// What all logs of the sandbox have shown.
    sandbox: u64,
    pause: Duration,
    due: Instant,
}

impl View {
    fn new(
        call: Call,
        job: &Job,
        sender: mpsc::Sender<Result<v1::StreamLogsResponse, Status>>,
        offset: u64,
    ) -> Self {
        Self {
            log_tail: convert::log_tail_message(convert::LogTail {
                opening: job.conditions.log,
                bytes: job.conditions.log_tail_bytes,
                daily_bytes: log_daily_bytes(&call.platform, job),
            }),
            job: job.name.clone(),
            budget: job.conditions.log_tail_bytes,
            call,
            sender,
            sent: offset,
            waiting: Vec::new(),
            read: 0,
            sandbox: 0,
            pause: FIRST_PAUSE,
            due: Instant::now(),
        }
    }

    async fn show(&mut self, platform: &Arc<Platform>) -> Result<()> {
        let held_back = match self.follow(platform).await? {
            End::Gone => return Ok(()),
            End::Spent => vec![v1::HeldBack::SandboxBudget],
            End::Whole(held_back) => [
                (held_back.other_lines, v1::HeldBack::OtherLines),
                (held_back.beyond_budget, v1::HeldBack::JobBudget),
            ]
            .into_iter()
            .filter_map(|(is, why)| is.then_some(why))
            .collect(),
        };
        let last = v1::StreamLogsResponse {
            truncated: !held_back.is_empty(),
            held_back: held_back.into_iter().map(Into::into).collect(),
            ..self.message(Vec::new())
        };
        // The client may be gone already.
        let _ = self.sender.send(Ok(last)).await;
        Ok(())
    }

    async fn follow(&mut self, platform: &Arc<Platform>) -> Result<End> {
        // What the sandbox has shown so far is of interest also where nothing is added to it.
        self.sandbox = count_log(&self.call, &self.job, 0).await?.sandbox;
        let mut changes = platform.changes();
        loop {
            let job = platform.record::<Job>(&self.job).await?;
            if job.state.is_terminal() {
                return self.finished(platform, &job).await;
            }
            if matches!(job.state, JobState::Running | JobState::Collecting)
                && let Some(end) = self.running(platform, &job).await?
            {
                return Ok(end);
            }
            tokio::select! {
                () = self.sender.closed() => return Ok(End::Gone),
                // Whatever happened, the record is read again.
                _ = changes.recv() => {}
            }
        }
    }

    /// The part that was kept when the job ended.
    async fn finished(&mut self, platform: &Platform, job: &Job) -> Result<End> {
        self.begin();
        if let Some(place) = &job.log {
            let record = objects::stored(platform, place).await?;
            let range = job.log_range.clone().unwrap_or(0..record.bytes);
            let reader = platform.objects.reader(&record)?;
            self.take(&reader.read_range(range, self.budget).await?);
        }
        let end = self.send().await?;
        Ok(end.unwrap_or(End::Whole(job.log_held_back)))
    }

    /// Follows the container; `None` when it is not there any more, or not yet.
    async fn running(&mut self, platform: &Platform, job: &Job) -> Result<Option<End>> {
        let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
        let request = LogRequest {
            follow: true,
            since: None,
        };
        let frames = async {
            let engine = platform.engine.get().await?;
            Ok::<_, Error>(engine.logs(&id, request).await?)
        };
        let Ok(mut frames) = frames.await else {
            return Ok(None);
        };
        let budget = usize::try_from(self.budget).unwrap_or(usize::MAX);
        let mut filter = TailFilter::new(job.conditions.log, budget);
        self.begin();
        loop {
            let waits = !self.waiting.is_empty();
            tokio::select! {
                () = self.sender.closed() => return Ok(Some(End::Gone)),
                () = sleep_until(self.due), if waits => {}
                frame = frames.next() => match frame {
                    Some(Ok(frame)) => {
                        for line in filter.push(frame.stream, &frame.bytes) {
                            self.take(line.as_bytes());
                        }
                    }
                    Some(Err(_)) => return Ok(None),
                    None => break,
                },
            }
            if (self.waiting.len() >= ENOUGH || Instant::now() >= self.due)
                && let Some(end) = self.send().await?
            {
                return Ok(Some(end));
            }
        }
        let (lines, held_back) = filter.finish();
        self.take(lines.concat().as_bytes());
        let end = self.send().await?;
        Ok(Some(end.unwrap_or(End::Whole(held_back))))
    }

    /// Begins to read the open part from its first byte.
    fn begin(&mut self) {
        self.waiting.clear();
        self.read = 0;
    }

    /// Takes the next bytes of the open part; what the client has already is passed over.
    fn take(&mut self, text: &[u8]) {
        let known = (self.sent + self.waiting.len() as u64).saturating_sub(self.read);
        self.read += text.len() as u64;
        let new = usize::try_from(known)
            .ok()
            .and_then(|known| text.get(known..));
        self.waiting.extend_from_slice(new.unwrap_or_default());
    }

    /// Counts and sends what waits, as far as it may be shown.
    async fn send(&mut self) -> Result<Option<End>> {
        if self.waiting.is_empty() {
            return Ok(None);
        }
        // What was open at the beginning may have been closed since.
        let job = self.call.platform.record::<Job>(&self.job).await?;
        open(&self.call.platform, &job).await?;
        let end = self.sent + self.waiting.len() as u64;
        let Counted { upto, sandbox } = count_log(&self.call, &self.job, end).await?;
        self.sandbox = sandbox;
        let open = usize::try_from(upto.saturating_sub(self.sent)).unwrap_or(usize::MAX);
        self.waiting.truncate(open);
        let text = std::mem::take(&mut self.waiting);
        if !text.is_empty() {
            let message = self.message(text);
            self.sent += message.data.len() as u64;
            if self.sender.send(Ok(message)).await.is_err() {
                return Ok(Some(End::Gone));
            }
        }
        self.due = Instant::now() + self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok((upto < end).then_some(End::Spent))
    }

    fn message(&self, text: Vec<u8>) -> v1::StreamLogsResponse {
        v1::StreamLogsResponse {
            offset: convert::count(self.sent),
            data: text,
            budget_bytes: convert::count(self.budget),
            log_tail: Some(self.log_tail),
            sandbox_log_bytes: convert::count(self.sandbox),
            ..v1::StreamLogsResponse::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_does_not_follow_logs_without_end() {
        let views = Views::default();
        for _ in 0..MOST_VIEWS {
            assert!(views.take("a"));
        }
        assert!(!views.take("a"));
        assert!(views.take("b"));
        views.give_back("a");
        assert!(views.take("a"));
        for _ in 0..MOST_VIEWS {
            views.give_back("a");
        }
        views.give_back("b");
        assert!(views.counts().is_empty());
    }
}
