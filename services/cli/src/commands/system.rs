//! The registry of AI systems.

mod evidence;
mod risk;

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::{
    Autonomy, CreateSystemRequest, GetSystemRequest, ListDeclarationsRequest, ListSystemsRequest,
    RefuseSystemRequest, RegisterSystemRequest, ResumeSystemRequest, RiskClass,
    SubmitSystemRequest, SuspendSystemRequest, System, TerminateSystemRequest, UpdateSystemRequest,
};

pub use self::evidence::{DocumentArg, EvidenceArg, FunctionArg};
use crate::client::{Client, PAGE, pages, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::{Session, parse};

/// Risk classes of the law.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Risk {
    /// Minimal.
    Minimal,
    /// Medium.
    Medium,
    /// High: runs under its own kernel only.
    High,
}

impl From<Risk> for RiskClass {
    fn from(risk: Risk) -> Self {
        match risk {
            Risk::Minimal => Self::Minimal,
            Risk::Medium => Self::Medium,
            Risk::High => Self::High,
        }
    }
}

/// Degrees of autonomy of the law.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Degree {
    /// A person decides with its help.
    Assistant,
    /// It decides within limits; a person can step in.
    SemiAutonomous,
    /// Known, so that its ban can be told.
    #[value(hide = true)]
    FullyAutonomous,
}

/// What a system says about itself.
#[derive(Debug, Args)]
pub struct Content {
    /// What people call it.
    #[arg(long)]
    name: Option<String>,
    /// What it does and for whom.
    #[arg(long)]
    description: Option<String>,
    /// What it is for: a purpose of the operator's vocabulary, such as research.income.
    #[arg(long)]
    purpose: Option<String>,
    /// Risk class.
    #[arg(long, value_enum)]
    risk: Option<Risk>,
    /// Why it is of this risk class; needed before it is submitted.
    #[arg(long, value_name = "TEXT")]
    risk_reasons: Option<String>,
    /// Degree of autonomy.
    #[arg(long, value_enum)]
    autonomy: Option<Degree>,
    /// A prohibited function under its lawful exception, with the file that proves it; may be given more than once. Functions: see
    /// `sandyq system functions`.
    #[arg(
        long = "function",
        value_name = "FUNCTION=law|consent:FILE[:REFERENCE]"
    )]
    functions: Vec<FunctionArg>,
    /// It alters voices or likenesses; with the file of the consents.
    #[arg(long, value_name = "FILE[:REFERENCE]")]
    biometric_consent: Option<EvidenceArg>,
    /// A document; may be given more than once. The platform keeps its hash.
    #[arg(long = "document", value_name = "KIND=FILE[:REFERENCE]")]
    documents: Vec<DocumentArg>,
}

/// A system and why.
#[derive(Debug, Args)]
pub struct Reasoned {
    /// The system.
    #[arg(value_parser = parse::system)]
    system: String,
    /// Why; kept with the system.
    #[arg(long)]
    reason: String,
}

/// `sandyq system`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Describe an AI system, as a draft.
    #[command(after_help = "Example:
  sandyq system create income --name 'Income classifier' --description 'for the regional study' \\
      --purpose research.income --risk minimal --risk-reasons 'decides nothing about persons' --autonomy assistant
  sandyq system create mood --name 'Mood' --description 'mood of callers' --purpose services.support --risk medium \\
      --risk-reasons 'infers emotions' --autonomy assistant --function emotion-inference=consent:consents.pdf \\
      --document technical-description=tech.pdf --document user-information=leaflet.pdf")]
    Create {
        /// Final part of its name: 1-63 of a-z, 0-9 and dash, beginning with a letter.
        id: String,
        #[command(flatten)]
        content: Content,
    },
    /// Change what a system declares; what is not given stays. A registered one needs the operator's review anew.
    #[command(
        after_help = "Example:\n  sandyq system update income --risk medium --document user-information=leaflet.pdf"
    )]
    Update {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
        #[command(flatten)]
        content: Content,
    },
    /// Hand a draft to the operator.
    #[command(after_help = "Example:\n  sandyq system submit income")]
    Submit {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
    },
    /// Register a submitted system (operator).
    #[command(after_help = "Example:\n  sandyq system register income --reason 'complete'")]
    Register {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
        /// Why; kept with the system.
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// Refuse a submitted system (operator).
    #[command(
        after_help = "Example:\n  sandyq system refuse income --reason 'the risk class is too low'"
    )]
    Refuse {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
        /// Why; kept with the system.
        #[arg(long)]
        reason: String,
    },
    /// Stop a system's jobs within seconds, and take no new ones.
    #[command(
        after_help = "Example:\n  sandyq system suspend income --reason 'complaints of discrimination'"
    )]
    Suspend(Reasoned),
    /// Lift a suspension (operator).
    #[command(after_help = "Example:\n  sandyq system resume income --reason 'retrained'")]
    Resume(Reasoned),
    /// End a system for good; its jobs are stopped within seconds.
    #[command(
        after_help = "Example:\n  sandyq system terminate income --reason 'the study is over'"
    )]
    Terminate(Reasoned),
    /// The risk register of a system.
    #[command(subcommand)]
    Risk(risk::Command),
    /// List what a system declared at each submission.
    #[command(after_help = "Example:\n  sandyq system declarations income --output json")]
    Declarations {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
    },
    /// List the prohibited functions, by the names that --function takes, with their lawful exceptions.
    #[command(after_help = "Example:\n  sandyq system functions")]
    Functions,
    /// List AI systems.
    #[command(after_help = "Example:\n  sandyq system list")]
    List,
    /// Show an AI system.
    #[command(after_help = "Example:\n  sandyq system show income")]
    Show {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let system = match command {
        Command::Create { id, content } => {
            let draft = System {
                display_name: id.clone(),
                ..Default::default()
            };
            let request = CreateSystemRequest {
                system_id: id,
                system: Some(with(draft, content)?),
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, create_system, request)?.system
        }
        Command::Update { system, content } => {
            let present = get(&client, system)
                .await?
                .ok_or_else(|| Failure::incomplete("system"))?;
            let request = UpdateSystemRequest {
                system: Some(with(present, content)?),
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, update_system, request)?.system
        }
        Command::Submit { system } => {
            let request = SubmitSystemRequest {
                name: system,
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, submit_system, request)?.system
        }
        Command::Register { system, reason } => {
            let request = RegisterSystemRequest {
                name: system,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, register_system, request)?.system
        }
        Command::Refuse { system, reason } => {
            let request = RefuseSystemRequest {
                name: system,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, refuse_system, request)?.system
        }
        Command::Suspend(Reasoned { system, reason }) => {
            let request = SuspendSystemRequest {
                name: system,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, suspend_system, request)?.system
        }
        Command::Resume(Reasoned { system, reason }) => {
            let request = ResumeSystemRequest {
                name: system,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, resume_system, request)?.system
        }
        Command::Terminate(Reasoned { system, reason }) => {
            let request = TerminateSystemRequest {
                name: system,
                reason,
                request_id: request_id(),
            };
            rpc!(client, SystemServiceClient, terminate_system, request)?.system
        }
        Command::Risk(command) => return risk::run(command, &client, session).await,
        Command::Functions => {
            let (value, lines) = evidence::functions();
            return session.printer.value(&value, &lines);
        }
        Command::Declarations { system } => {
            let all = pages(async |page_token| {
                let request = ListDeclarationsRequest {
                    parent: system.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, SystemServiceClient, list_declarations, request)?;
                Ok((page.declarations, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::List => {
            let all = pages(async |page_token| {
                let request = ListSystemsRequest {
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, SystemServiceClient, list_systems, request)?;
                Ok((page.systems, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::Show { system } => get(&client, system).await?,
    };
    session
        .printer
        .show(&system.ok_or_else(|| Failure::incomplete("system"))?)
}

async fn get(client: &Client, name: String) -> Result<Option<System>> {
    Ok(rpc!(
        client,
        SystemServiceClient,
        get_system,
        GetSystemRequest { name }
    )?
    .system)
}

fn with(mut system: System, content: Content) -> Result<System> {
    system.display_name = content.name.unwrap_or(system.display_name);
    system.description = content.description.unwrap_or(system.description);
    system.purpose = content.purpose.unwrap_or(system.purpose);
    system.risk_reasons = content.risk_reasons.unwrap_or(system.risk_reasons);
    for declared in content.functions {
        let declared = declared.0;
        system
            .functions
            .retain(|known| known.function != declared.function);
        system.functions.push(declared);
    }
    if let Some(consent) = content.biometric_consent {
        system.alters_biometrics = true;
        system.biometric_consent = Some(consent.0);
    }
    for document in content.documents {
        let document = document.0;
        system.documents.retain(|known| known.kind != document.kind);
        system.documents.push(document);
    }
    if let Some(risk) = content.risk {
        let class = RiskClass::from(risk);
        system.set_risk_class(class);
    }
    if let Some(degree) = content.autonomy {
        let autonomy = match degree {
            Degree::Assistant => Autonomy::Assistant,
            Degree::SemiAutonomous => Autonomy::SemiAutonomous,
            Degree::FullyAutonomous => {
                return Err(Failure::usage(
                    "--autonomy: fully autonomous systems are banned; name assistant or semi-autonomous (law \"On artificial \
                     intelligence\", article 18.2)",
                ));
            }
        };
        system.set_autonomy(autonomy);
    }
    Ok(system)
}
