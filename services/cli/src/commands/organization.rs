//! Organizations.

use clap::{Subcommand, ValueEnum};
use sandyq_proto::v1::{
    CreateOrganizationRequest, GetOrganizationRequest, ListOrganizationsRequest, Organization,
    OrganizationKind,
};

use crate::client::{PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::{Session, parse};

/// What an organization is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Runs the platform.
    Operator,
    /// Owns data libraries.
    Agency,
    /// Develops AI systems.
    Developer,
    /// Reads the log.
    Auditor,
}

impl From<Kind> for OrganizationKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Operator => Self::Operator,
            Kind::Agency => Self::Agency,
            Kind::Developer => Self::Developer,
            Kind::Auditor => Self::Auditor,
        }
    }
}

/// `sandyq org`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Register an organization.
    #[command(
        after_help = "Example:\n  sandyq org create statistics --kind agency --name 'Bureau of Statistics'"
    )]
    Create {
        /// Final part of its name: 1-63 of a-z, 0-9 and dash, beginning with a letter.
        id: String,
        /// What it is.
        #[arg(long, value_enum)]
        kind: Kind,
        /// What people call it; the ID when not given.
        #[arg(long)]
        name: Option<String>,
        /// An agency that the law exempts from lending: its libraries are taken on its own initiative alone.
        #[arg(long)]
        special: bool,
    },
    /// List organizations.
    #[command(after_help = "Example:\n  sandyq org list")]
    List,
    /// Show an organization.
    #[command(after_help = "Example:\n  sandyq org show statistics")]
    Show {
        /// Its name.
        #[arg(value_parser = parse::organization)]
        organization: String,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    match command {
        Command::Create {
            id,
            kind,
            name,
            special,
        } => {
            let organization = Organization {
                display_name: name.unwrap_or_else(|| id.clone()),
                kind: OrganizationKind::from(kind).into(),
                special_state_body: special,
                ..Default::default()
            };
            let request = CreateOrganizationRequest {
                organization_id: id,
                organization: Some(organization),
                request_id: request_id(),
            };
            let answer = rpc!(client, IdentityServiceClient, create_organization, request)?;
            session.printer.show(
                &answer
                    .organization
                    .ok_or_else(|| Failure::incomplete("organization"))?,
            )
        }
        Command::List => {
            let all = pages(async |page_token| {
                let request = ListOrganizationsRequest {
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, IdentityServiceClient, list_organizations, request)?;
                Ok((page.organizations, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
        Command::Show { organization } => {
            let request = GetOrganizationRequest { name: organization };
            let answer = rpc!(client, IdentityServiceClient, get_organization, request)?;
            session.printer.show(
                &answer
                    .organization
                    .ok_or_else(|| Failure::incomplete("organization"))?,
            )
        }
    }
}
