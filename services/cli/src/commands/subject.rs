//! The rights of the people whom libraries hold.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use ring::digest::{SHA256, digest};
use sandyq_proto::v1::subject_request::{Kind, RefusalGround, State};
use sandyq_proto::v1::{
    AcceptSubjectRequestRequest, CreateSubjectRequestRequest, Evidence, GetSubjectRequestRequest,
    ListSubjectRequestsRequest, NotifySubjectRequest, RefuseSubjectRequestRequest, SubjectRequest,
};

use super::confirm::confirm;
use crate::client::{Client, PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::{Session, parse};

/// What a subject asks for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Asked {
    /// Consent is withdrawn: 15 working days.
    Withdrawal,
    /// Automated processing is objected to: 3 working days.
    Objection,
    /// What is done with the data: 3 working days.
    Question,
}

/// Grounds of a refusal.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Ground {
    /// A law requires the processing.
    RequiredByLaw,
    /// The subject has an obligation that is not fulfilled.
    UnfulfilledObligation,
    /// The agency holds nothing of the subject.
    NoData,
    /// It is not known that the request came from the subject.
    IdentityNotShown,
    /// Nothing is processed automatically.
    NotAutomated,
}

/// A document that shows something later.
#[derive(Debug, Args)]
pub struct Document {
    /// What the document is and where it is kept, without personal numbers.
    #[arg(long)]
    document: String,
    /// The document's file; only its SHA-256 is sent.
    #[arg(long, value_name = "FILE")]
    document_file: PathBuf,
}

impl Document {
    /// The document with the hash of its file.
    pub fn evidence(self) -> Result<Evidence> {
        let bytes = std::fs::read(&self.document_file)
            .map_err(|error| Failure::file("read", &self.document_file, &error))?;
        Ok(Evidence {
            reference: self.document,
            sha256: hex::encode(digest(&SHA256, &bytes)),
        })
    }
}

/// `sandyq subject`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Enter a request on behalf of a subject (agency).
    #[command(after_help = "Example:
  sandyq subject request withdrawal --iin-file number.txt --document 'statement 17, archive of the office' \\
      --document-file statement.pdf --received 2026-12-11

The number is read from a file (- is standard input), so that it stays out of lists of commands and processes.")]
    Request {
        /// What is asked for.
        #[arg(value_enum)]
        kind: Asked,
        /// The file with the subject's individual identification number; - for standard input.
        #[arg(long, value_name = "FILE")]
        iin_file: PathBuf,
        /// What the subject says, without personal numbers.
        #[arg(long, default_value = "", hide_default_value = true)]
        statement: String,
        /// When the agency received it [default: now].
        #[arg(long, value_parser = parse::moment, value_name = "TIME")]
        received: Option<prost_types::Timestamp>,
        #[command(flatten)]
        document: Document,
    },
    /// List requests.
    #[command(after_help = "Example:\n  sandyq subject list")]
    List,
    /// List the requests whose time has passed.
    #[command(after_help = "Example:\n  sandyq subject overdue --output json")]
    Overdue,
    /// Show a request with what followed from it.
    #[command(after_help = "Example:\n  sandyq subject show s0193...")]
    Show {
        /// The request.
        #[arg(value_parser = parse::subject_request)]
        request: String,
    },
    /// Grant a request (agency owner, not who entered it). The withdrawal of consent cannot be undone, and is asked about first.
    #[command(after_help = "Examples:
  sandyq subject accept s0193...
  sandyq subject accept s0194... --reason 'no decision is automatic'

A withdrawal of consent is shown and asked about before it takes effect; an objection or a question needs the reason.")]
    Accept {
        /// The request.
        #[arg(value_parser = parse::subject_request)]
        request: String,
        /// The answer to the subject; needed for objections and questions.
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
        /// Do not ask; for scripts.
        #[arg(long)]
        yes: bool,
    },
    /// Refuse a request with its ground and reasons (agency owner, not who entered it).
    #[command(after_help = "Example:
  sandyq subject refuse s0193... --ground required-by-law --reason 'the register is kept by law'")]
    Refuse {
        /// The request.
        #[arg(value_parser = parse::subject_request)]
        request: String,
        /// The ground.
        #[arg(long, value_enum)]
        ground: Ground,
        /// The reasons, as the subject will read them.
        #[arg(long)]
        reason: String,
    },
    /// Note that the subject was told of the result, which closes the request.
    #[command(
        after_help = "Example:\n  sandyq subject notify s0193... --channel 'letter 231 of 14 December'"
    )]
    Notify {
        /// The request.
        #[arg(value_parser = parse::subject_request)]
        request: String,
        /// How the subject was told.
        #[arg(long)]
        channel: String,
    },
}

/// The number in a file, which holds nothing else.
fn number(path: &Path) -> Result<String> {
    /// Longer files hold more than a number.
    const MOST: u64 = 100;
    let failed = |error: std::io::Error| Failure::file("read", path, &error);
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(MOST)
            .read_to_string(&mut text)
            .map_err(failed)?;
    } else {
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(MOST).read_to_string(&mut text).map_err(failed)?;
    }
    Ok(text.trim().to_owned())
}

fn kind(asked: Asked) -> Kind {
    match asked {
        Asked::Withdrawal => Kind::Withdrawal,
        Asked::Objection => Kind::Objection,
        Asked::Question => Kind::Question,
    }
}

fn ground(ground: Ground) -> RefusalGround {
    match ground {
        Ground::RequiredByLaw => RefusalGround::RequiredByLaw,
        Ground::UnfulfilledObligation => RefusalGround::UnfulfilledObligation,
        Ground::NoData => RefusalGround::NoData,
        Ground::IdentityNotShown => RefusalGround::IdentityNotShown,
        Ground::NotAutomated => RefusalGround::NotAutomated,
    }
}

async fn list(session: &Session, overdue_only: bool) -> Result<()> {
    let client = session.client()?;
    let all = pages(async |page_token| {
        let request = ListSubjectRequestsRequest {
            page_size: PAGE,
            page_token,
            state: State::Unspecified.into(),
            overdue_only,
        };
        let page = rpc!(client, SubjectServiceClient, list_subject_requests, request)?;
        Ok((page.subject_requests, page.next_page_token))
    });
    session.printer.list(&all.await?)
}

/// Shows a withdrawal of consent and asks whether it shall take effect.
async fn sure(client: &Client, session: &Session, name: &str) -> Result<()> {
    let request = GetSubjectRequestRequest {
        name: name.to_owned(),
    };
    let shown = rpc!(client, SubjectServiceClient, get_subject_request, request)?
        .subject_request
        .ok_or_else(|| Failure::incomplete("request of a subject"))?;
    // What goes on after it was accepted is asked about no more.
    if shown.kind() != Kind::Withdrawal || shown.state() != State::Received {
        return Ok(());
    }
    if !session.printer.is_json() {
        session.printer.show(&shown)?;
    }
    let question = format!(
        "Accept {name}? The versions that hold the subject are retired, the jobs on them end, and no new version will hold the subject. \
         It cannot be undone."
    );
    confirm(&question, "look at the request", "not accepted")
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let request = match command {
        Command::Request {
            kind: asked,
            iin_file,
            statement,
            received,
            document,
        } => {
            let mut wanted = SubjectRequest {
                statement,
                receive_time: received,
                evidence: Some(document.evidence()?),
                ..Default::default()
            };
            wanted.set_kind(kind(asked));
            let request = CreateSubjectRequestRequest {
                subject_request: Some(wanted),
                iin: number(&iin_file)?,
                request_id: request_id(),
            };
            rpc!(
                client,
                SubjectServiceClient,
                create_subject_request,
                request
            )?
            .subject_request
        }
        Command::List => return list(session, false).await,
        Command::Overdue => return list(session, true).await,
        Command::Show { request } => {
            let request = GetSubjectRequestRequest { name: request };
            rpc!(client, SubjectServiceClient, get_subject_request, request)?.subject_request
        }
        Command::Accept {
            request,
            reason,
            yes,
        } => {
            if !yes {
                sure(&client, session, &request).await?;
            }
            let request = AcceptSubjectRequestRequest {
                name: request,
                reason,
                request_id: request_id(),
            };
            rpc!(
                client,
                SubjectServiceClient,
                accept_subject_request,
                request
            )?
            .subject_request
        }
        Command::Refuse {
            request,
            ground: on,
            reason,
        } => {
            let request = RefuseSubjectRequestRequest {
                name: request,
                ground: ground(on).into(),
                reason,
                request_id: request_id(),
            };
            rpc!(
                client,
                SubjectServiceClient,
                refuse_subject_request,
                request
            )?
            .subject_request
        }
        Command::Notify { request, channel } => {
            let request = NotifySubjectRequest {
                name: request,
                channel,
                request_id: request_id(),
            };
            rpc!(client, SubjectServiceClient, notify_subject, request)?.subject_request
        }
    };
    session
        .printer
        .show(&request.ok_or_else(|| Failure::incomplete("request of a subject"))?)
}
