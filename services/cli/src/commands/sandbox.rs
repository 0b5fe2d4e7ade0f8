//! Sandboxes.

mod shell;

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::{
    self, ApproveSandboxRequest, CreateSandboxRequest, DenySandboxRequest, DestroySandboxRequest,
    GetDestructionCertificateRequest, GetSandboxRequest, ListSandboxesRequest, Sandbox,
};
use time::OffsetDateTime;

use crate::client::{Client, PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::parse::Term;
use crate::{Session, parse};

/// Stages of work.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Stage {
    /// Exploration and preparation.
    Development,
    /// Training and evaluation.
    Training,
    /// Trial operation of a trained system.
    TrialOperation,
}

impl From<Stage> for v1::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Development => Self::Development,
            Stage::Training => Self::Training,
            Stage::TrialOperation => Self::TrialOperation,
        }
    }
}

/// What jobs of a sandbox may use.
#[derive(Debug, Args)]
pub struct Budget {
    /// CPU time of all jobs together.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION")]
    cpu_time: Option<prost_types::Duration>,
    /// Jobs at the same time.
    #[arg(long, value_name = "COUNT")]
    concurrent_jobs: Option<i32>,
    /// Most memory of one job.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    memory: Option<i64>,
    /// Output bytes of all jobs together.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    output_bytes: Option<i64>,
    /// Bytes that trials answer, all together; without them no trial answers.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    answer_bytes: Option<i64>,
}

/// `sandyq sandbox create`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq sandbox create lab --system income --stage training --term 30d \\
      --cpu-time 10h --concurrent-jobs 2 --memory 4GiB --output-bytes 10GiB")]
pub struct Create {
    /// Final part of its name: 1-63 of a-z, 0-9 and dash, beginning with a letter.
    id: String,
    /// What people call it; the ID when not given.
    #[arg(long)]
    name: Option<String>,
    /// Your registered AI system.
    #[arg(long, value_parser = parse::system)]
    system: String,
    /// Stage of work.
    #[arg(long, value_enum, default_value_t = Stage::Training)]
    stage: Stage,
    /// How long, such as 30d, or until when.
    #[arg(long, value_parser = parse::term)]
    term: Term,
    #[command(flatten)]
    budget: Budget,
}

/// `sandyq sandbox approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  sandyq sandbox approve lab --term 7d --memory 2GiB --reason 'enough for the study'"
)]
pub struct Approve {
    /// The sandbox.
    #[arg(value_parser = parse::sandbox)]
    sandbox: String,
    /// A shorter term than asked for.
    #[arg(long, value_parser = parse::term)]
    term: Option<Term>,
    #[command(flatten)]
    budget: Budget,
    /// Why; kept with the sandbox.
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

/// A sandbox and why.
#[derive(Debug, Args)]
pub struct Decision {
    /// The sandbox.
    #[arg(value_parser = parse::sandbox)]
    sandbox: String,
    /// Why; kept with the sandbox.
    #[arg(long)]
    reason: String,
}

/// `sandyq sandbox`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for a sandbox for a registered AI system.
    Create(Create),
    /// Open a requested sandbox, as asked or on narrower terms (operator).
    Approve(Approve),
    /// Refuse a requested sandbox (operator).
    #[command(after_help = "Example:\n  sandyq sandbox deny lab --reason 'no capacity'")]
    Deny(Decision),
    /// List sandboxes.
    #[command(after_help = "Example:\n  sandyq sandbox list")]
    List,
    /// Show a sandbox, its budget and what is used of it.
    #[command(after_help = "Example:\n  sandyq sandbox show lab")]
    Show {
        /// The sandbox.
        #[arg(value_parser = parse::sandbox)]
        sandbox: String,
    },
    /// Work in a sandbox of the development stage, at a terminal.
    Shell(Box<shell::Shell>),
    /// Get the record of a session at a terminal (auditor, operator).
    Record(shell::Record),
    /// End a sandbox: its jobs are stopped, its keys shredded.
    #[command(after_help = "Example:\n  sandyq sandbox destroy lab --reason 'the study is done'")]
    Destroy(Decision),
    /// Get the signed certificate of a sandbox's destruction, and check it.
    #[command(
        after_help = "Example:\n  sandyq sandbox certificate lab --out lab.certificate\n  sandyq audit verify-certificate lab.certificate --key platform.key"
    )]
    Certificate {
        /// The destroyed sandbox.
        #[arg(value_parser = parse::sandbox)]
        sandbox: String,
        /// Write the certificate here too.
        #[arg(long, value_name = "FILE")]
        out: Option<std::path::PathBuf>,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let now = OffsetDateTime::now_utc();
    let sandbox = match command {
        Command::Create(command) => {
            let request = CreateSandboxRequest {
                sandbox_id: command.id.clone(),
                sandbox: Some(Sandbox {
                    display_name: command.name.unwrap_or(command.id),
                    system: command.system,
                    stage: v1::Stage::from(command.stage).into(),
                    expire_time: Some(command.term.end(now)),
                    budget: over(None, command.budget),
                    ..Default::default()
                }),
                request_id: request_id(),
            };
            rpc!(client, SandboxServiceClient, create_sandbox, request)?.sandbox
        }
        Command::Approve(command) => {
            let asked = get(&client, command.sandbox.clone())
                .await?
                .and_then(|sandbox| sandbox.budget);
            let request = ApproveSandboxRequest {
                name: command.sandbox,
                expire_time: command.term.map(|term| term.end(now)),
                budget: over(asked, command.budget),
                reason: command.reason,
                request_id: request_id(),
            };
            rpc!(client, SandboxServiceClient, approve_sandbox, request)?.sandbox
        }
        Command::Deny(Decision { sandbox, reason }) => {
            let request = DenySandboxRequest {
                name: sandbox,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SandboxServiceClient, deny_sandbox, request)?.sandbox
        }
        Command::List => {
            let all = pages(async |page_token| {
                let request = ListSandboxesRequest {
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, SandboxServiceClient, list_sandboxes, request)?;
                Ok((page.sandboxes, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::Show { sandbox } => get(&client, sandbox).await?,
        Command::Shell(command) => return shell::shell(&client, session, *command).await,
        Command::Record(command) => return shell::record(&client, command).await,
        Command::Certificate { sandbox, out } => {
            return certificate(&client, session, sandbox, out.as_deref()).await;
        }
        Command::Destroy(Decision { sandbox, reason }) => {
            let request = DestroySandboxRequest {
                name: sandbox,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SandboxServiceClient, destroy_sandbox, request)?.sandbox
        }
    };
    session
        .printer
        .show(&sandbox.ok_or_else(|| Failure::incomplete("sandbox"))?)
}

async fn certificate(
    client: &Client,
    session: &Session,
    name: String,
    out: Option<&std::path::Path>,
) -> Result<()> {
    let request = GetDestructionCertificateRequest { name };
    let answer = rpc!(
        client,
        SandboxServiceClient,
        get_destruction_certificate,
        request
    )?;
    if let Some(file) = out {
        std::fs::write(file, &answer.certificate)
            .map_err(|error| Failure::file("write", file, &error))?;
    }
    super::audit::show_certificate(session, &answer.certificate)
}

async fn get(client: &Client, name: String) -> Result<Option<Sandbox>> {
    Ok(rpc!(
        client,
        SandboxServiceClient,
        get_sandbox,
        GetSandboxRequest { name }
    )?
    .sandbox)
}

/// The budget with what was given in place of what was there; none when nothing was given.
fn over(present: Option<v1::Budget>, given: Budget) -> Option<v1::Budget> {
    let nothing = given.cpu_time.is_none()
        && given.concurrent_jobs.is_none()
        && given.memory.is_none()
        && given.output_bytes.is_none()
        && given.answer_bytes.is_none();
    if nothing {
        return None;
    }
    let base = present.unwrap_or_default();
    Some(v1::Budget {
        cpu_duration: given.cpu_time.or(base.cpu_duration),
        concurrent_jobs: given.concurrent_jobs.unwrap_or(base.concurrent_jobs),
        memory_bytes: given.memory.unwrap_or(base.memory_bytes),
        output_bytes: given.output_bytes.unwrap_or(base.output_bytes),
        answer_bytes: given.answer_bytes.unwrap_or(base.answer_bytes),
    })
}
