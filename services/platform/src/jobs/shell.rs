//! Interactive workspaces: a job whose command has a terminal, as long as the call that opened it lasts.
//!
//! The job is one like any other: queued, staged, bounded, collected, stopped. What is shown is counted before it is shown, filtered
//! for sequences that do more than draw, and recorded together with what was typed.

mod carried;
mod record;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use sandyq_proto::v1;
use sandyq_proto::v1::open_shell_request::Step as Asked;
use sandyq_proto::v1::open_shell_response::Step as Told;
use sandyq_proto::v1::shell_end::Reason;
use sandyq_sandbox::engine::{Attached, LogFrame};
use sandyq_sandbox::terminal::{Size, encode_size};
use sandyq_sandbox::{EngineError, JobId, JobState};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use self::carried::Carried;
use self::record::Recorder;
use super::{exits, stop, submit};
use crate::call::Call;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::platform::Platform;
use crate::records::access::Conditions;
use crate::records::job::{Job, Shell};
use crate::records::library::{Library, Version};
use crate::records::sandbox::{Sandbox, Stage};
use crate::watch::{Answers, shutting_down, until};

/// What is counted at once, ahead of being shown.
const SLICE: u64 = 4096;
/// Most bytes that are typed in one session.
const MOST_TYPED: usize = 16 << 20;
/// The opening must come within this time.
const PATIENCE: Duration = Duration::from_secs(30);
/// For the last words of a terminal that was closed.
const GOODBYE: Duration = Duration::from_secs(3);
/// For a job to end once nothing of it runs.
const ENDING: Duration = Duration::from_secs(120);

/// Why a library of the job's may not be looked at now; the owner's rule may be stricter than it was when the grant was given.
///
/// # Errors
/// The store's.
pub async fn closed_library(platform: &Platform, job: &Job) -> Result<Option<String>> {
    for version in job.grants.keys() {
        let version = platform.record::<Version>(version).await?;
        let library = platform.record::<Library>(&version.library).await?;
        if !library.declared.access.interactive_viewing {
            return Ok(Some(library.record.name));
        }
    }
    Ok(None)
}

/// What a job needs beside the rest to have a terminal.
///
/// # Errors
/// The stage, the server's bound or the sandbox's budget closes it, or one of the grants does.
pub fn terminal(platform: &Platform, sandbox: &Sandbox, conditions: &Conditions) -> Result<Shell> {
    if sandbox.stage != Stage::Development {
        let stage = sandbox.stage.as_str();
        return Err(Error::precondition(
            "SHELL_NOT_IN_DEVELOPMENT",
            format!(
                "{} is in the stage {stage}; interactive workspaces belong to DEVELOPMENT",
                sandbox.name
            ),
        ));
    }
    if !conditions.interactive_viewing {
        return Err(closed(
            "a grant that the workspace needs does not allow interactive viewing",
        ));
    }
    let bounds = &platform.config.raw.exits;
    let now = platform.now().unix_timestamp();
    if sandbox
        .exits
        .terminal
        .left(now, bounds.terminal_daily_bytes)
        == 0
    {
        return Err(Error::new(
            Class::Exhausted,
            "TERMINAL_BUDGET_SPENT",
            format!(
                "the terminals of {} have shown {} bytes within a day, and no more is open; try again later",
                sandbox.name,
                sandbox.exits.terminal.bytes(now)
            ),
        ));
    }
    Ok(Shell {
        idle_seconds: bounds.terminal_idle_seconds,
        bytes_per_second: bounds.terminal_bytes_per_second,
        shown: 0,
        record: None,
    })
}

/// What a terminal may print by the container's own bound: a little more than a session shows, so that it is what is counted here
/// that ends it.
pub fn log_bytes(platform: &Platform) -> u64 {
    const MORE: u64 = 64 << 10;
    platform.config.raw.exits.terminal_session_bytes + MORE
}

/// The refusal of a workspace whose data may not be looked at.
pub fn closed(why: &str) -> Error {
    Error::precondition("VIEWING_CLOSED", why.to_owned())
}

/// Opens a workspace as the first message asks, and carries its terminal until it ends.
///
/// # Errors
/// It may not be opened.
pub async fn open(
    mut call: Call,
    mut asked: Streaming<v1::OpenShellRequest>,
) -> Result<Answers<v1::OpenShellResponse>> {
    let first = timeout(PATIENCE, asked.message())
        .await
        .map_err(|_| Error::invalid("opening", "did not come in time"))?;
    let step = first.map_err(broken)?.and_then(|message| message.step);
    // Whoever opens nothing asks for a sandbox without a name: who may not open any is told so first.
    let opening = match step {
        Some(Asked::Opening(opening)) => opening,
        _ => v1::ShellOpening::default(),
    };
    let sandbox = call.fetch::<Sandbox>(&opening.parent).await?;
    call.authorize(sandbox.resource()).await?;
    let size = opening.size.map_or(Size::new(80, 24), size);
    let job = submit::submit_shell(&mut call, opening.parent, opening.job).await?;
    let platform = Arc::clone(&call.platform);
    let dismissed = call.dismissed();
    let (sender, receiver) = mpsc::channel(4);
    let tracker = platform.tasks.clone();
    tracker.spawn(async move {
        let mut session = Session {
            platform,
            call,
            job,
            asked,
            sender,
            size,
            attached: false,
        };
        if let Err(error) = session.run().await {
            tracing::warn!(job = session.job, "a workspace ended: {}", error.chain());
            if !session.attached {
                session.give_up().await;
            }
            // The client may be gone already.
            let _ = session.sender.send(Err(error.into())).await;
        }
    });
    Ok(until(dismissed, ReceiverStream::new(receiver).boxed()))
}

fn size(size: v1::TerminalSize) -> Size {
    let cells = |cells: i32| u16::try_from(cells.max(1)).unwrap_or(u16::MAX);
    Size::new(cells(size.columns), cells(size.rows))
}

fn broken(status: Status) -> Error {
    Error::new(Class::Unavailable, "STREAM_BROKEN", status.to_string())
}

struct Session {
    platform: Arc<Platform>,
    call: Call,
    job: String,
    asked: Streaming<v1::OpenShellRequest>,
    sender: mpsc::Sender<Result<v1::OpenShellResponse, Status>>,
    size: Size,
    /// From then on the job ends with the session.
    attached: bool,
}

/// Why the terminal is carried no longer.
enum Over {
    /// Its command ended, or the job was.
    Ended,
    /// The platform closes it.
    Closed(Reason),
    /// The client went away.
    Gone,
}

impl Session {
    async fn run(&mut self) -> Result<()> {
        if !self.wait_for_start().await? {
            return self.tell_end(Reason::Stopped).await;
        }
        let recorder = Recorder::begin(&self.platform, &self.job, self.size).await?;
        let mut carried = Carried::new(&self.platform, recorder);
        let over = self.carry(&mut carried).await;
        let reason = match &over {
            Ok(Over::Closed(reason)) => *reason,
            _ => Reason::Exited,
        };
        // Also of a session that failed, what was shown is kept.
        carried
            .recorder
            .keep(&self.platform, &self.job, reason)
            .await?;
        match over? {
            Over::Gone => Ok(()),
            Over::Ended | Over::Closed(_) => self.tell_end(reason).await,
        }
    }

    /// A job that waits for a terminal which nobody carries is of no use.
    async fn give_up(&mut self) {
        let why = "its terminal failed";
        if let Err(error) = stop::cancel(&self.platform, &self.job, why).await {
            tracing::error!(job = self.job, "it was not cancelled: {}", error.chain());
        }
    }

    /// Tells the client; whoever takes nothing for long has gone.
    async fn send(&mut self, step: Told) -> bool {
        let message = v1::OpenShellResponse { step: Some(step) };
        let sent = timeout(PATIENCE, self.sender.send(Ok(message)));
        matches!(sent.await, Ok(Ok(())))
    }

    /// Tells of the job until its container runs; `false` when it has ended before. Whoever goes away meanwhile wants it no more.
    async fn wait_for_start(&mut self) -> Result<bool> {
        let mut changes = self.platform.changes();
        let mut told = None;
        loop {
            let job = self.platform.record::<Job>(&self.job).await?;
            let now = (job.state, job.message.clone());
            if told.as_ref() != Some(&now) {
                told = Some(now);
                self.send(Told::Job(super::shown(&self.platform, &job)))
                    .await;
            }
            if job.state.is_terminal() || job.state == JobState::Collecting {
                return Ok(false);
            }
            if job.state == JobState::Running {
                return Ok(true);
            }
            let gone = tokio::select! {
                () = self.sender.closed() => true,
                () = self.platform.shutdown.cancelled() => return Err(shutting_down()),
                message = self.asked.message() => match message {
                    Ok(Some(message)) => {
                        // What is typed before there is a terminal is not kept.
                        if let Some(Asked::Size(new)) = message.step {
                            self.size = size(new);
                        }
                        false
                    }
                    _ => true,
                },
                _ = changes.recv() => false,
            };
            if gone {
                stop::cancel(&self.platform, &self.job, "its terminal was closed").await?;
                return Ok(false);
            }
        }
    }

    /// Carries what is typed and shown, until it is over.
    async fn carry(&mut self, carried: &mut Carried) -> Result<Over> {
        let job = self.platform.record::<Job>(&self.job).await?;
        let id = JobId::new(&job.id).map_err(|error| Error::internal("name a job", error))?;
        let engine = self.platform.engine.get().await?;
        let Attached { input, mut output } = match engine.attach(&id).await {
            // It has ended meanwhile.
            Err(EngineError::NoContainer { .. }) => return Ok(Over::Ended),
            attached => attached?,
        };
        self.attached = true;
        let mut input = Some(input);
        let mut over = None;
        let shutdown = self.platform.shutdown.clone();
        // The engine may leave the connection open after the container has ended.
        let mut ended = pin!(ended(Arc::clone(&self.platform), self.job.clone()));
        let mut bytes = Bytes::from(encode_size(self.size));
        let mut close_at = Instant::now() + carried.idle;
        loop {
            if over.is_some()
                && let Some(mut input) = input.take()
            {
                close_at = Instant::now() + GOODBYE;
                // Where it cannot be closed in order, it closes with the connection.
                let _ = timeout(GOODBYE, input.shutdown()).await;
            }
            // What is typed waits while the command takes nothing; what it shows does not wait for that.
            let typing = async {
                match &mut input {
                    Some(input) if !bytes.is_empty() => input.write(&bytes).await,
                    _ => std::future::pending().await,
                }
            };
            let listens = over.is_none() && bytes.is_empty();
            tokio::select! {
                written = typing => match written {
                    Ok(written) => drop(bytes.split_to(written.min(bytes.len()))),
                    // The container is ending; what it has still to show comes first.
                    Err(_) => bytes.clear(),
                },
                frame = output.next() => match frame {
                    Some(Ok(frame)) => {
                        // Nor does a client that takes nothing hold up the end of its terminal.
                        let enough = async {
                            tokio::select! {
                                outcome = &mut ended, if over.is_none() => {
                                    outcome.map(|()| Over::Ended)
                                }
                                () = sleep_until(close_at) => {
                                    Ok(Over::Closed(Reason::Idle))
                                }
                                () = shutdown.cancelled() => Err(shutting_down()),
                            }
                        };
                        let shown = self.show(carried, &frame, enough).await?;
                        over = over.or(shown);
                    }
                    _ => return Ok(over.unwrap_or(Over::Ended)),
                },
                message = self.asked.message(), if listens => match message {
                    Ok(Some(message)) => {
                        if matches!(&message.step, Some(Asked::Input(typed)) if !typed.is_empty()) {
                            close_at = Instant::now() + carried.idle;
                        }
                        bytes = carried.asked(message).await?.into();
                        if carried.typed > MOST_TYPED {
                            over = Some(Over::Closed(Reason::Budget));
                        }
                    }
                    _ => over = Some(Over::Gone),
                },
                () = sleep_until(close_at) => match over.take() {
                    None => over = Some(Over::Closed(Reason::Idle)),
                    Some(over) => return Ok(over),
                },
                outcome = &mut ended, if over.is_none() => {
                    outcome?;
                    over = Some(Over::Ended);
                }
                () = self.sender.closed(), if over.is_none() => over = Some(Over::Gone),
                () = shutdown.cancelled() => return Err(shutting_down()),
            }
        }
    }

    /// Shows what of a frame may be shown, unless there is `enough` before the client has taken it. Gives an end where that was not
    /// all of it.
    async fn show(
        &mut self,
        carried: &mut Carried,
        frame: &LogFrame,
        enough: impl Future<Output = Result<Over>>,
    ) -> Result<Option<Over>> {
        let text = carried.filter.push(&frame.bytes);
        if text.is_empty() || carried.spent {
            return Ok(None);
        }
        let mut open = text.len();
        if let Some(left) = carried.left(text.len()) {
            open = left;
        }
        if carried.paid < open as u64 {
            let more = SLICE.max(open as u64 - carried.paid);
            carried.paid += exits::count_terminal(&self.call, &self.job, more).await?;
            open = open.min(usize::try_from(carried.paid).unwrap_or(usize::MAX));
        }
        let end = (0..=open).rev().find(|at| text.is_char_boundary(*at));
        let shown = text.get(..end.unwrap_or(0)).unwrap_or_default();
        carried.paid -= shown.len() as u64;
        carried.shown += shown.len() as u64;
        carried.spent = shown.len() < text.len();
        carried.recorder.shown(shown).await?;
        if !shown.is_empty() {
            let step = Some(Told::Output(shown.as_bytes().to_vec()));
            let message = v1::OpenShellResponse { step };
            tokio::select! {
                biased;
                sent = self.sender.send(Ok(message)) => match sent {
                    Ok(()) => {}
                    Err(_) => return Ok(Some(Over::Gone)),
                },
                over = enough => return over.map(Some),
            }
        }
        // Init keeps to the rate, but under gVisor a command reaches init's output.
        sleep_until(carried.pace(shown.len())).await;
        Ok(carried.spent.then_some(Over::Closed(Reason::Budget)))
    }

    /// Waits for the job's end and tells it.
    async fn tell_end(&mut self, reason: Reason) -> Result<()> {
        let (platform, name) = (Arc::clone(&self.platform), self.job.clone());
        let mut changes = platform.changes();
        let ended = async {
            loop {
                let job = platform.record::<Job>(&name).await?;
                if job.state.is_terminal() {
                    return Ok::<_, Error>(job);
                }
                tokio::select! {
                    () = platform.shutdown.cancelled() => return Err(shutting_down()),
                    _ = changes.recv() => {}
                }
            }
        };
        let job = match timeout(ENDING, ended).await {
            Ok(job) => job?,
            // It is being ended all the same; the client sees how far it is.
            Err(_) => platform.record::<Job>(&name).await?,
        };
        let exited = matches!(job.cause, Some(sandyq_sandbox::CauseOfDeath::Exit(_)));
        let reason = match reason {
            Reason::Exited if !exited => Reason::Stopped,
            reason => reason,
        };
        let end = v1::ShellEnd {
            reason: reason.into(),
            job: Some(super::shown(&platform, &job)),
        };
        self.send(Told::End(end)).await;
        Ok(())
    }
}

/// Returns when a job's container runs no longer.
async fn ended(platform: Arc<Platform>, name: String) -> Result<()> {
    let mut changes = platform.changes();
    while platform.record::<Job>(&name).await?.state == JobState::Running {
        // Whatever happened, the record is read again.
        let _ = changes.recv().await;
    }
    Ok(())
}
