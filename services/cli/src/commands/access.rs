//! Grants, and questions to the policies.

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::log_tail::Mode;
use sandyq_proto::v1::{
    self, ApproveGrantRequest, CheckAccessRequest, CreateGrantRequest, DenyGrantRequest,
    ExplainAccessRequest, GetGrantRequest, GrantConditions, ListGrantsRequest, LogTail,
    RenewGrantRequest, RevokeGrantRequest,
};
use time::OffsetDateTime;

use crate::client::{PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::output::printable;
use crate::parse::Term;
use crate::{Session, parse};

/// What of a job's log is open.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogMode {
    /// Nothing.
    None,
    /// Lines of name=value with numbers alone.
    Metrics,
    /// Text, with what identifies persons masked.
    Text,
}

/// How much of jobs' logs their developers may see unreviewed.
#[derive(Debug, Args)]
pub struct LogOptions {
    /// What of a job's log its developer may see unreviewed.
    #[arg(long, value_enum, value_name = "MODE")]
    log: Option<LogMode>,
    /// At most so much of one job's log; 0 for none.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    log_tail: Option<i64>,
    /// At most so much of the logs of all jobs of a sandbox within a day.
    #[arg(long, value_parser = parse::size, value_name = "SIZE")]
    log_daily: Option<i64>,
}

impl LogOptions {
    /// What was given, over what is there.
    pub fn over(&self, present: Option<LogTail>) -> Option<LogTail> {
        if self.log.is_none() && self.log_tail.is_none() && self.log_daily.is_none() {
            return present;
        }
        let mut tail = present.unwrap_or_else(|| LogTail {
            mode: Mode::Text.into(),
            ..LogTail::default()
        });
        tail.max_bytes = self.log_tail.unwrap_or(tail.max_bytes);
        tail.daily_bytes = self.log_daily.unwrap_or(tail.daily_bytes);
        match self.log {
            Some(LogMode::None) => tail.set_mode(Mode::None),
            Some(LogMode::Metrics) => tail.set_mode(Mode::Metrics),
            Some(LogMode::Text) => tail.set_mode(Mode::Text),
            None if self.log_tail == Some(0) => tail.set_mode(Mode::None),
            None if tail.mode() == Mode::None => tail.set_mode(Mode::Text),
            None => {}
        }
        Some(tail)
    }
}

/// Conditions of a grant; the platform's defaults where not given.
#[derive(Debug, Args)]
pub struct Conditions {
    #[command(flatten)]
    log: LogOptions,
    /// A person may look at the data in an interactive workspace; as the library's rule says when not given.
    #[arg(long, value_name = "BOOL")]
    interactive_viewing: Option<bool>,
    /// The data may be used in trial operation; as the library's rule says when not given.
    #[arg(long, value_name = "BOOL")]
    trial_use: Option<bool>,
    /// Longest a single job may run.
    #[arg(long, value_parser = parse::proto_duration, value_name = "DURATION")]
    max_job: Option<prost_types::Duration>,
}

impl Conditions {
    fn message(self) -> Option<GrantConditions> {
        let named = self.log.log.is_some();
        let mut log_tail = self.log.over(None);
        // Bytes alone ask for no text where the owner's rule opens figures.
        if let Some(tail) = log_tail.as_mut().filter(|tail| tail.max_bytes > 0)
            && !named
        {
            tail.set_mode(Mode::Unspecified);
        }
        let conditions = GrantConditions {
            log_tail,
            max_job_duration: self.max_job,
            interactive_viewing: self.interactive_viewing,
            trial_use: self.trial_use,
        };
        (conditions != GrantConditions::default()).then_some(conditions)
    }
}

/// `sandyq grant request`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq grant request --version adult/v1 --sandbox lab --purpose research.income --term 30d \\
      --justification 'income model for the regional study'")]
pub struct Request {
    /// The published library version.
    #[arg(long, value_parser = parse::version)]
    version: String,
    /// Your sandbox in which it will be used.
    #[arg(long, value_parser = parse::sandbox)]
    sandbox: String,
    /// The purpose: one of the library's, or below one.
    #[arg(long)]
    purpose: String,
    /// Why the use is needed.
    #[arg(long)]
    justification: String,
    /// How long, such as 30d, or until when, such as 2027-01-31.
    #[arg(long, value_parser = parse::term)]
    term: Term,
    #[command(flatten)]
    conditions: Conditions,
}

/// `sandyq grant approve`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  sandyq grant approve g1 --term 7d --log-tail 16KiB --reason 'agreed for a week'\n  sandyq grant approve g1 --log metrics --log-daily 256KiB --interactive-viewing false --reason 'figures alone'"
)]
pub struct Approve {
    /// The grant.
    #[arg(value_parser = parse::grant)]
    grant: String,
    /// A shorter term than asked for.
    #[arg(long, value_parser = parse::term)]
    term: Option<Term>,
    #[command(flatten)]
    conditions: Conditions,
    /// Why; kept with the grant.
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
}

/// A grant and why.
#[derive(Debug, Args)]
pub struct Decision {
    /// The grant.
    #[arg(value_parser = parse::grant)]
    grant: String,
    /// Why; kept with the grant.
    #[arg(long)]
    reason: String,
}

/// States by which grants are listed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum State {
    /// Waits for the owner: the grant, or a longer term of one in force.
    Requested,
    /// In force.
    Active,
    /// Refused.
    Denied,
    /// Its term has passed.
    Expired,
    /// Ended before its term.
    Revoked,
}

impl From<State> for v1::grant::State {
    fn from(state: State) -> Self {
        match state {
            State::Requested => Self::Requested,
            State::Active => Self::Active,
            State::Denied => Self::Denied,
            State::Expired => Self::Expired,
            State::Revoked => Self::Revoked,
        }
    }
}

/// `sandyq grant`.
#[derive(Debug, Subcommand)]
pub enum Grant {
    /// Ask the owner of a library version for its use in a sandbox.
    Request(Request),
    /// List the grants that your organization asked for or decides on.
    #[command(after_help = "Example:\n  sandyq grant list --state requested")]
    List {
        /// Only those of this sandbox.
        #[arg(long, value_parser = parse::sandbox)]
        sandbox: Option<String>,
        /// Only those in this state.
        #[arg(long, value_enum)]
        state: Option<State>,
    },
    /// Show a grant.
    #[command(after_help = "Example:\n  sandyq grant show g1")]
    Show {
        /// The grant.
        #[arg(value_parser = parse::grant)]
        grant: String,
    },
    /// Ask the owner for a longer term; approve and deny then decide on it. One is asked for at a time.
    #[command(
        after_help = "Example:\n  sandyq grant renew g1 --term 2027-01-31 --justification 'one more season'"
    )]
    Renew {
        /// The grant.
        #[arg(value_parser = parse::grant)]
        grant: String,
        /// How long from now, such as 30d, or until when, such as 2027-01-31.
        #[arg(long, value_parser = parse::term)]
        term: Term,
        /// Why the use is needed for longer.
        #[arg(long)]
        justification: String,
    },
    /// Agree, as asked or on narrower terms.
    Approve(Approve),
    /// Refuse.
    #[command(after_help = "Example:\n  sandyq grant deny g1 --reason 'the purpose is too wide'")]
    Deny(Decision),
    /// End a grant; jobs that use it are stopped.
    #[command(after_help = "Example:\n  sandyq grant revoke g1 --reason 'the study was closed'")]
    Revoke(Decision),
}

/// `sandyq access`.
#[derive(Debug, Subcommand)]
pub enum Access {
    /// Ask what would be decided, and why, without doing anything.
    #[command(
        after_help = "Example:\n  sandyq access check --sandbox lab --version adult/v1 --purpose research.income"
    )]
    Check {
        /// The sandbox.
        #[arg(long, value_parser = parse::sandbox)]
        sandbox: String,
        /// The library version.
        #[arg(long, value_parser = parse::version)]
        version: String,
        /// The purpose.
        #[arg(long)]
        purpose: String,
    },
    /// Tell which policies decide, which facts they look at, and what would have to change.
    #[command(
        after_help = "Example:\n  sandyq access explain --sandbox lab --version adult/v1 --purpose research.income"
    )]
    Explain {
        /// The sandbox.
        #[arg(long, value_parser = parse::sandbox)]
        sandbox: String,
        /// The library version.
        #[arg(long, value_parser = parse::version)]
        version: String,
        /// The purpose.
        #[arg(long)]
        purpose: String,
    },
}

/// Grants.
pub async fn grant(command: Grant, session: &Session) -> Result<()> {
    let client = session.client()?;
    let grant = match command {
        Grant::Request(command) => {
            let request = CreateGrantRequest {
                grant: Some(asked(command)),
                request_id: request_id(),
            };
            rpc!(client, AccessServiceClient, create_grant, request)?.grant
        }
        Grant::List { sandbox, state } => {
            let waiting_only = matches!(state, Some(State::Requested));
            let state = state
                .filter(|_| !waiting_only)
                .map_or(v1::grant::State::Unspecified, Into::into)
                .into();
            let sandbox = sandbox.unwrap_or_default();
            let all = pages(async |page_token| {
                let request = ListGrantsRequest {
                    sandbox: sandbox.clone(),
                    state,
                    page_size: PAGE,
                    page_token,
                    waiting_only,
                };
                let page = rpc!(client, AccessServiceClient, list_grants, request)?;
                Ok((page.grants, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Grant::Show { grant } => {
            rpc!(
                client,
                AccessServiceClient,
                get_grant,
                GetGrantRequest { name: grant }
            )?
            .grant
        }
        Grant::Renew {
            grant,
            term,
            justification,
        } => {
            let request = RenewGrantRequest {
                name: grant,
                expire_time: Some(term.end(OffsetDateTime::now_utc())),
                justification,
                request_id: request_id(),
            };
            rpc!(client, AccessServiceClient, renew_grant, request)?.grant
        }
        Grant::Approve(command) => {
            let request = ApproveGrantRequest {
                name: command.grant,
                expire_time: command.term.map(|term| term.end(OffsetDateTime::now_utc())),
                conditions: command.conditions.message(),
                reason: command.reason,
                request_id: request_id(),
            };
            rpc!(client, AccessServiceClient, approve_grant, request)?.grant
        }
        Grant::Deny(Decision { grant, reason }) => {
            let request = DenyGrantRequest {
                name: grant,
                reason,
                request_id: request_id(),
            };
            rpc!(client, AccessServiceClient, deny_grant, request)?.grant
        }
        Grant::Revoke(Decision { grant, reason }) => {
            let request = RevokeGrantRequest {
                name: grant,
                reason,
                request_id: request_id(),
            };
            rpc!(client, AccessServiceClient, revoke_grant, request)?.grant
        }
    };
    session
        .printer
        .show(&grant.ok_or_else(|| Failure::incomplete("grant"))?)
}

fn asked(command: Request) -> v1::Grant {
    v1::Grant {
        version: command.version,
        sandbox: command.sandbox,
        purpose: command.purpose,
        justification: command.justification,
        expire_time: Some(command.term.end(OffsetDateTime::now_utc())),
        conditions: command.conditions.message(),
        ..Default::default()
    }
}

/// Questions.
pub async fn access(command: Access, session: &Session) -> Result<()> {
    let client = session.client()?;
    match command {
        Access::Check {
            sandbox,
            version,
            purpose,
        } => {
            let request = CheckAccessRequest {
                sandbox,
                version,
                purpose,
            };
            let answer = rpc!(client, AccessServiceClient, check_access, request)?;
            session.printer.show(&answer)
        }
        Access::Explain {
            sandbox,
            version,
            purpose,
        } => {
            let request = ExplainAccessRequest {
                sandbox,
                version,
                purpose,
            };
            let answer = rpc!(client, AccessServiceClient, explain_access, request)?;
            if session.printer.is_json() {
                return session.printer.show(&answer);
            }
            session.printer.lines(&explained(&answer))
        }
    }
}

/// The explanation for people.
fn explained(answer: &v1::ExplainAccessResponse) -> String {
    let mut out = if answer.allowed {
        "allowed".to_owned()
    } else {
        "denied".to_owned()
    };
    if !answer.grant.is_empty() {
        out.push_str(&format!(", by {}", printable(&answer.grant)));
    }
    for finding in &answer.findings {
        out.push_str(&format!("\n\n{}: {}", finding.policy, finding.reason));
        if finding.operator_policy {
            out.push_str("\n  a policy of the operator, which no owner can lift");
        }
        for fact in &finding.facts {
            out.push_str(&format!("\n    {} = {}", fact.name, printable(&fact.value)));
        }
        if !finding.remedy.is_empty() {
            out.push_str(&format!("\n  to change it: {}", finding.remedy));
        }
    }
    out
}
