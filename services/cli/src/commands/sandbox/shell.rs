//! A terminal into an interactive workspace, and the record of its session.

use std::io::{IsTerminal as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use sandyq_proto::v1::job::State;
use sandyq_proto::v1::open_shell_request::Step as Asked;
use sandyq_proto::v1::open_shell_response::Step as Told;
use sandyq_proto::v1::shell_end::Reason;
use sandyq_proto::v1::{
    DownloadShellRecordRequest, GetJobRequest, OpenShellRequest, OpenShellResponse, ShellEnd,
    ShellOpening, TerminalSize,
};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::client::{Client, SandboxServiceClient, rpc};
use crate::commands::job::Workload;
use crate::errors::{Exit, Failure, Result};
use crate::output::{note, printable};
use crate::transfer::download::Incoming;
use crate::{Session, parse};

/// What brings a terminal back from what a program may have left it in: its own screen, cursor, wrapping, keys, replacing
/// instead of inserting, plain pastes, colours, letters.
const RESTORE: &[u8] =
    b"\x1b[?1049l\x1b[?25h\x1b[?7h\x1b[?1l\x1b>\x1b[4l\x1b[?2004l\x1b[0m\x1b(B\r\n";
/// What a keyboard sends at the end of a file.
const END_OF_FILE: u8 = 4;
/// What a keyboard sends to take back a line.
const ERASE_LINE: u8 = 0x15;
/// How often the end of a file is told.
const BETWEEN_ENDS: Duration = Duration::from_secs(1);
/// Bytes that are read of the keyboard at once.
const KEYS: usize = 4096;

/// `sandyq sandbox shell`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq sandbox shell lab --image sha256:9f86d08... --version adult/v1 --purpose research.income -- bash
The sandbox is in the development stage, and every grant allows interactive viewing. The workspace has no network, its data is
read-only, and what it leaves in /out goes through review. What is typed and shown is recorded for the auditor.")]
pub struct Shell {
    /// The sandbox.
    #[arg(value_parser = parse::sandbox)]
    sandbox: String,
    #[command(flatten)]
    workload: Workload,
    /// Program and arguments; sh when not given.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// `sandyq sandbox record`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq sandbox record lab/00000003 --out session.cast
The file is an asciicast of version 2, which asciinema plays. Its hash is in the audit log (system.ShellRecorded).")]
pub struct Record {
    /// The job of the workspace.
    #[arg(value_parser = parse::job)]
    job: String,
    /// Where to write it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Opens a workspace and works in it.
pub async fn shell(client: &Client, session: &Session, command: Shell) -> Result<()> {
    let opening = ShellOpening {
        parent: command.sandbox,
        job: Some(command.workload.job(command.command)),
        size: Some(size()),
    };
    let (asked, requests) = mpsc::channel(16);
    ask(&asked, Asked::Opening(opening)).await;
    let mut told = SandboxServiceClient::new(client.channel())
        .open_shell(ReceiverStream::new(requests))
        .await?
        .into_inner();
    let end = work(session, &mut told, &asked).await?;
    close(session, &end)
}

fn size() -> TerminalSize {
    let (columns, rows) = crossterm::terminal::size().unwrap_or((80, 24));
    TerminalSize {
        columns: columns.into(),
        rows: rows.into(),
    }
}

async fn ask(asked: &mpsc::Sender<OpenShellRequest>, step: Asked) {
    // When nobody takes it any more, the answers say why.
    let _ = asked.send(OpenShellRequest { step: Some(step) }).await;
}

/// Carries keys and screen until the workspace ends.
async fn work(
    session: &Session,
    told: &mut Streaming<OpenShellResponse>,
    asked: &mpsc::Sender<OpenShellRequest>,
) -> Result<ShellEnd> {
    let watch = |kind| {
        signal(kind).map_err(|error| Failure::general(format!("cannot watch signals: {error}")))
    };
    let mut resized = watch(SignalKind::window_change())?;
    let mut ended = watch(SignalKind::terminate())?;
    let mut hung_up = watch(SignalKind::hangup())?;
    let (typed, mut keys) = mpsc::channel(16);
    // Dropped on every way out, also of a panic.
    let mut raw = None;
    let interrupted = || Failure::new(Exit::Interrupted, "the workspace was closed".to_owned());
    loop {
        tokio::select! {
            message = told.message() => {
                let step = message?.and_then(|message| message.step);
                match step.ok_or_else(|| Failure::incomplete("end"))? {
                    Told::Job(job) => {
                        let state = job.state().as_str_name().trim_start_matches("STATE_");
                        session.printer.remark(&format!("{} is {state}", job.name));
                        if job.state() == State::Running && raw.is_none() {
                            raw = Some(Raw::enter()?);
                            listen(typed.clone());
                        }
                    }
                    Told::Output(bytes) => print(session, &bytes)?,
                    Told::End(end) => return Ok(end),
                }
            }
            Some(bytes) = keys.recv() => ask(asked, Asked::Input(bytes)).await,
            _ = resized.recv() => ask(asked, Asked::Size(size())).await,
            _ = ended.recv() => return Err(interrupted()),
            _ = hung_up.recv() => return Err(interrupted()),
        }
    }
}

/// The terminal in raw mode: every key goes to the workspace, also those that would interrupt this program.
struct Raw {
    entered: bool,
}

impl Raw {
    fn enter() -> Result<Self> {
        let entered = std::io::stdin().is_terminal();
        if entered {
            crossterm::terminal::enable_raw_mode().map_err(|error| {
                Failure::general(format!("the terminal cannot be set up: {error}"))
            })?;
        }
        Ok(Self { entered })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if self.entered {
            let _ = crossterm::terminal::disable_raw_mode();
        }
        let mut out = std::io::stdout().lock();
        if out.is_terminal() {
            let _ = out.write_all(RESTORE).and_then(|()| out.flush());
        }
    }
}

/// Reads the keyboard on a thread of its own, because nothing else can wait for it while the program ends. The end of a file
/// is told to the workspace as a keyboard would.
fn listen(typed: mpsc::Sender<Vec<u8>>) {
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        let mut buffer = [0; KEYS];
        let mut last = b'\n';
        while let Ok(read @ 1..) = stdin.read(&mut buffer) {
            let keys = buffer.get(..read).unwrap_or_default().to_vec();
            last = keys.last().copied().unwrap_or(last);
            if typed.blocking_send(keys).is_err() {
                return;
            }
        }
        let mut end = if last == b'\n' {
            vec![END_OF_FILE]
        } else {
            vec![b'\n', END_OF_FILE]
        };
        // Again and again, because a shell that was setting its terminal up took the first one for a letter of a line; the line
        // goes first.
        while typed.blocking_send(end).is_ok() {
            std::thread::sleep(BETWEEN_ENDS);
            end = vec![ERASE_LINE, END_OF_FILE];
        }
    });
}

/// The platform takes out what would do more than draw. Programs find nothing but JSON on standard output.
fn print(session: &Session, bytes: &[u8]) -> Result<()> {
    let written = if session.printer.is_json() {
        std::io::stderr().lock().write_all(bytes)
    } else {
        let mut out = std::io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush())
    };
    written.map_err(|error| Failure::general(format!("cannot show the terminal: {error}")))
}

/// Says how it ended.
fn close(session: &Session, end: &ShellEnd) -> Result<()> {
    let job = end.job.as_ref().ok_or_else(|| Failure::incomplete("job"))?;
    if session.printer.is_json() {
        session.printer.show(job)?;
    }
    if !job.output.is_empty() {
        session.printer.remark(&format!(
            "What it left in /out, and all that it showed, waits for review as {}.",
            job.output
        ));
    }
    let why = match end.reason() {
        Reason::Exited | Reason::Unspecified => return Ok(()),
        Reason::Idle => "nothing was typed for too long".to_owned(),
        Reason::Budget => {
            "it has shown what a session may, or the sandbox's terminals within a day".to_owned()
        }
        Reason::Stopped => format!("it was stopped: {}", printable(&job.state_message)),
    };
    Err(Failure::new(
        Exit::JobFailed,
        format!("{} was closed: {why}", job.name),
    ))
}

/// Gets the record of a session, and checks it against the hash that the audit log has too.
pub async fn record(client: &Client, command: Record) -> Result<()> {
    let request = GetJobRequest {
        name: command.job.clone(),
    };
    let answer = rpc!(client, SandboxServiceClient, get_job, request)?;
    let shell = answer.job.and_then(|job| job.shell).unwrap_or_default();
    let request = DownloadShellRecordRequest { name: command.job };
    let mut stream = SandboxServiceClient::new(client.channel())
        .download_shell_record(request)
        .await?
        .into_inner();
    let bytes = u64::try_from(shell.record_bytes).unwrap_or(0);
    let mut file = Incoming::create(beside(&command.out), bytes)?;
    while let Some(message) = stream.message().await? {
        file.write(&message.data)?;
    }
    file.finish(&shell.record_sha256)?;
    note(&format!(
        "Wrote {} ({bytes} bytes, SHA-256 {}).",
        command.out.display(),
        shell.record_sha256
    ));
    Ok(())
}

/// A bare file name lies in the present folder.
fn beside(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new(".").join(path),
        _ => path.to_owned(),
    }
}
