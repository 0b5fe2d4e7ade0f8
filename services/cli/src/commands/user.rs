//! People.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::{
    self, CreateInvitationRequest, GetUserRequest, ListUsersRequest, RevokeUserRequest,
};
use serde_json::json;

use crate::client::{PAGE, pages, request_id, rpc};
use crate::commands::identity::Invitation;
use crate::errors::{Failure, Result};
use crate::{Session, context, parse};

/// What a person may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Role {
    /// Operator: organizations, invitations, sandboxes, registration, images.
    OperatorAdmin,
    /// Operator: reviews outputs.
    OperatorReviewer,
    /// Agency: decides on libraries, publication and grants.
    AgencyOwner,
    /// Agency: uploads data and prepares versions.
    AgencySteward,
    /// Developer: systems, sandboxes, grant requests, jobs.
    Developer,
    /// Developer who also answers for the organization's AI systems: submits, suspends and ends them, keeps their risk registers.
    DeveloperLead,
    /// Auditor: reads.
    Auditor,
}

impl From<Role> for v1::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::OperatorAdmin => Self::OperatorAdmin,
            Role::OperatorReviewer => Self::OperatorReviewer,
            Role::AgencyOwner => Self::AgencyOwner,
            Role::AgencySteward => Self::AgencySteward,
            Role::Developer => Self::Developer,
            Role::DeveloperLead => Self::DeveloperLead,
            Role::Auditor => Self::Auditor,
        }
    }
}

/// `sandyq user invite`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq user invite --org statistics --name 'Aigul S.' --role agency-owner --out aigul.json
Hand the file over on a safe way: who has it first can enrol with it, once.")]
pub struct Invite {
    /// The new user's organization.
    #[arg(long, value_parser = parse::organization)]
    org: String,
    /// What people call the new user.
    #[arg(long)]
    name: String,
    /// What the new user may do; may be given more than once.
    #[arg(long = "role", value_enum, required = true)]
    roles: Vec<Role>,
    /// Final part of the user's name; made by the platform when not given.
    #[arg(long)]
    id: Option<String>,
    /// How long the invitation can be used; 24 hours when not given, 30 days at most.
    #[arg(long, value_parser = parse::proto_duration)]
    ttl: Option<prost_types::Duration>,
    /// Where to write the invitation, readable by you only; standard output when not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// `sandyq user`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an invitation with which a new user enrols.
    Invite(Invite),
    /// List the users of an organization.
    #[command(after_help = "Example:\n  sandyq user list --org statistics")]
    List {
        /// The organization; your own when not given.
        #[arg(long, value_parser = parse::organization)]
        org: Option<String>,
    },
    /// Show a user.
    #[command(after_help = "Example:\n  sandyq user show aigul")]
    Show {
        /// Their name.
        #[arg(value_parser = parse::user)]
        user: String,
    },
    /// Take away all access of a user at once, for good.
    #[command(after_help = "Example:\n  sandyq user revoke aigul --reason 'left the bureau'")]
    Revoke {
        /// Their name.
        #[arg(value_parser = parse::user)]
        user: String,
        /// Why; kept in the log.
        #[arg(long)]
        reason: String,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    match command {
        Command::Invite(command) => invite(command, session).await,
        Command::List { org } => {
            let organization = org.unwrap_or_default();
            let all = pages(async |page_token| {
                let request = ListUsersRequest {
                    organization: organization.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, IdentityServiceClient, list_users, request)?;
                Ok((page.users, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
        Command::Show { user } => {
            let answer = rpc!(
                client,
                IdentityServiceClient,
                get_user,
                GetUserRequest { name: user }
            )?;
            session
                .printer
                .show(&answer.user.ok_or_else(|| Failure::incomplete("user"))?)
        }
        Command::Revoke { user, reason } => {
            let request = RevokeUserRequest {
                name: user,
                reason,
                request_id: request_id(),
            };
            let answer = rpc!(client, IdentityServiceClient, revoke_user, request)?;
            session
                .printer
                .show(&answer.user.ok_or_else(|| Failure::incomplete("user"))?)
        }
    }
}

async fn invite(command: Invite, session: &Session) -> Result<()> {
    let client = session.client()?;
    let request = CreateInvitationRequest {
        organization: command.org,
        display_name: command.name,
        roles: command
            .roles
            .into_iter()
            .map(|role| v1::Role::from(role).into())
            .collect(),
        ttl_duration: command.ttl,
        request_id: request_id(),
        user_id: command.id.unwrap_or_default(),
    };
    let answer = rpc!(client, IdentityServiceClient, create_invitation, request)?;
    let user = answer.user.ok_or_else(|| Failure::incomplete("user"))?;
    let server = session.context.settings()?.server;
    let invitation = Invitation {
        server,
        ca_pem: session.context.read("ca.pem")?,
        token: answer.token,
    };
    let text = serde_json::to_string_pretty(&invitation)
        .map_err(|error| Failure::general(format!("cannot write the invitation: {error}")))?;
    match command.out {
        None => session.printer.value(&json!(invitation), &text),
        Some(file) => {
            context::write(&file, text.as_bytes())?;
            session.printer.remark(&format!(
                "The invitation of {} is in {}.",
                user.name,
                file.display()
            ));
            session.printer.show(&user)
        }
    }
}
