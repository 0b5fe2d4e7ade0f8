//! The register of incidents.

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::incident::Offender;
use sandyq_proto::v1::{
    ClassifyIncidentRequest, CloseIncidentRequest, CreateIncidentRequest, GetIncidentRequest,
    Incident, LinkIncidentRequest, ListIncidentsRequest, Offence, OffenderCategory,
    RecordIncidentNoticeRequest,
};

use super::subject::Document;
use crate::client::{PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::{Session, parse};

/// Who may be fined.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Category {
    /// A natural person.
    NaturalPerson,
    /// A small business, or an organization without profit.
    SmallBusiness,
    /// A medium business.
    MediumBusiness,
    /// A large business.
    LargeBusiness,
}

/// For what.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum For {
    /// Users were not told that results are synthetic.
    UsersNotInformed,
    /// Risks were not managed, with harm.
    RisksNotManaged,
    /// Prohibited or false information, discrimination, other harm.
    HarmfulResults,
}

/// What an incident touches.
#[derive(Debug, Args)]
pub struct Links {
    /// A library, with all its versions; repeat for more.
    #[arg(long = "library", value_parser = parse::library)]
    libraries: Vec<String>,
    /// A version; repeat for more.
    #[arg(long = "version", value_parser = parse::version)]
    versions: Vec<String>,
    /// An AI system, with the versions that its jobs read; repeat for more.
    #[arg(long = "system", value_parser = parse::system)]
    systems: Vec<String>,
}

/// `sandyq incident`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Enter an incident (operator).
    #[command(after_help = "Example:
  sandyq incident record --name 'A disk was stolen' --description 'from the second room' --library adult")]
    Record {
        /// In a few words.
        #[arg(long)]
        name: String,
        /// What happened, without personal numbers.
        #[arg(long)]
        description: String,
        /// When it was found [default: now].
        #[arg(long, value_parser = parse::moment, value_name = "TIME")]
        detected: Option<prost_types::Timestamp>,
        #[command(flatten)]
        links: Links,
    },
    /// Say what kind of incident it is, and who may be fined for it (operator).
    #[command(after_help = "Examples:
  sandyq incident classify i0193... --category personal-data-breach
  sandyq incident classify i0193... --category harm-by-ai-system --offender lab --offender-category medium-business \\
      --offence risks-not-managed")]
    Classify {
        /// The incident.
        #[arg(value_parser = parse::incident)]
        incident: String,
        /// One of the categories in the server's configuration.
        #[arg(long)]
        category: String,
        /// The organization that may be fined.
        #[arg(long, value_parser = parse::organization, requires_all = ["offender_category", "offence"])]
        offender: Option<String>,
        /// What it is.
        #[arg(long, value_enum)]
        offender_category: Option<Category>,
        /// For what.
        #[arg(long, value_enum)]
        offence: Option<For>,
        /// Why it gets another category than it has.
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Add what an incident touches (operator).
    #[command(
        after_help = "Example:\n  sandyq incident link i0193... --version adult/v1 --system income"
    )]
    Link {
        /// The incident.
        #[arg(value_parser = parse::incident)]
        incident: String,
        #[command(flatten)]
        links: Links,
    },
    /// Note that somebody was told (operator).
    #[command(
        after_help = "Example:\n  sandyq incident notify i0193... --recipient authority --reference 'letter 12'"
    )]
    Notify {
        /// The incident.
        #[arg(value_parser = parse::incident)]
        incident: String,
        /// As in the incident's notices.
        #[arg(long)]
        recipient: String,
        /// By what.
        #[arg(long)]
        reference: String,
    },
    /// Close an incident (operator).
    #[command(after_help = "Example:
  sandyq incident close i0193... --measures 'locks were changed' --document 'act 3' --document-file act.pdf")]
    Close {
        /// The incident.
        #[arg(value_parser = parse::incident)]
        incident: String,
        /// What was done.
        #[arg(long)]
        measures: String,
        #[command(flatten)]
        document: Document,
    },
    /// List incidents.
    #[command(after_help = "Example:\n  sandyq incident list")]
    List,
    /// Show an incident with the versions, subjects, notices and fines.
    #[command(after_help = "Example:\n  sandyq incident show i0193...")]
    Show {
        /// The incident.
        #[arg(value_parser = parse::incident)]
        incident: String,
    },
}

fn offender(organization: String, category: Option<Category>, offence: Option<For>) -> Offender {
    let category = match category {
        None => OffenderCategory::Unspecified,
        Some(Category::NaturalPerson) => OffenderCategory::NaturalPerson,
        Some(Category::SmallBusiness) => OffenderCategory::SmallBusiness,
        Some(Category::MediumBusiness) => OffenderCategory::MediumBusiness,
        Some(Category::LargeBusiness) => OffenderCategory::LargeBusiness,
    };
    let offence = match offence {
        None => Offence::Unspecified,
        Some(For::UsersNotInformed) => Offence::UsersNotInformed,
        Some(For::RisksNotManaged) => Offence::RisksNotManaged,
        Some(For::HarmfulResults) => Offence::HarmfulResults,
    };
    Offender {
        organization,
        category: category.into(),
        offence: offence.into(),
    }
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let incident = match command {
        Command::Record {
            name,
            description,
            detected,
            links,
        } => {
            let incident = Incident {
                display_name: name,
                description,
                detect_time: detected,
                libraries: links.libraries,
                versions: links.versions,
                systems: links.systems,
                ..Default::default()
            };
            let request = CreateIncidentRequest {
                incident: Some(incident),
                request_id: request_id(),
            };
            rpc!(client, IncidentServiceClient, create_incident, request)?.incident
        }
        Command::Classify {
            incident,
            category,
            offender: organization,
            offender_category,
            offence,
            reason,
        } => {
            let request = ClassifyIncidentRequest {
                name: incident,
                category,
                offender: organization.map(|of| offender(of, offender_category, offence)),
                reason,
                request_id: request_id(),
            };
            rpc!(client, IncidentServiceClient, classify_incident, request)?.incident
        }
        Command::Link { incident, links } => {
            let request = LinkIncidentRequest {
                name: incident,
                libraries: links.libraries,
                versions: links.versions,
                systems: links.systems,
                request_id: request_id(),
            };
            rpc!(client, IncidentServiceClient, link_incident, request)?.incident
        }
        Command::Notify {
            incident,
            recipient,
            reference,
        } => {
            let request = RecordIncidentNoticeRequest {
                name: incident,
                recipient,
                reference,
                request_id: request_id(),
            };
            rpc!(
                client,
                IncidentServiceClient,
                record_incident_notice,
                request
            )?
            .incident
        }
        Command::Close {
            incident,
            measures,
            document,
        } => {
            let request = CloseIncidentRequest {
                name: incident,
                measures,
                evidence: Some(document.evidence()?),
                request_id: request_id(),
            };
            rpc!(client, IncidentServiceClient, close_incident, request)?.incident
        }
        Command::List => {
            let all = pages(async |page_token| {
                let request = ListIncidentsRequest {
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, IncidentServiceClient, list_incidents, request)?;
                Ok((page.incidents, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::Show { incident } => {
            let request = GetIncidentRequest { name: incident };
            rpc!(client, IncidentServiceClient, get_incident, request)?.incident
        }
    };
    session
        .printer
        .show(&incident.ok_or_else(|| Failure::incomplete("incident"))?)
}
