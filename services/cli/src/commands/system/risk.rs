//! The risk register of an AI system.

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::{Level, Risk, UpdateRiskRegisterRequest};
use time::OffsetDateTime;

use super::get;
use crate::client::{Client, request_id, rpc};
use crate::errors::{Failure, Result};
use crate::parse::Term;
use crate::{Session, parse};

/// How likely, or how bad.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Grade {
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
}

impl From<Grade> for Level {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Low => Self::Low,
            Grade::Medium => Self::Medium,
            Grade::High => Self::High,
        }
    }
}

/// `sandyq system risk set`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq system risk set income bias --description 'women are underrated' --likelihood medium --harm high \\
      --measures 'balanced sample, yearly audit' --review 90d")]
pub struct Set {
    /// The system.
    #[arg(value_parser = parse::system)]
    system: String,
    /// The risk; a new one, or one that is changed.
    risk: String,
    /// What may happen, and to whom.
    #[arg(long)]
    description: Option<String>,
    /// How likely it is.
    #[arg(long, value_enum)]
    likelihood: Option<Grade>,
    /// How bad it would be.
    #[arg(long, value_enum)]
    harm: Option<Grade>,
    /// What is done against it.
    #[arg(long)]
    measures: Option<String>,
    /// When it is looked at again: in so long, such as 90d, or on a day, such as 2027-01-31.
    #[arg(long, value_parser = parse::term)]
    review: Option<Term>,
}

/// `sandyq system risk`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the risks of a system.
    #[command(after_help = "Example:\n  sandyq system risk list income")]
    List {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
    },
    /// Add a risk, or change one; what is not given stays.
    Set(Set),
    /// Take a risk out of the register.
    #[command(after_help = "Example:\n  sandyq system risk remove income bias")]
    Remove {
        /// The system.
        #[arg(value_parser = parse::system)]
        system: String,
        /// The risk.
        risk: String,
    },
}

/// Does it; prints the register as it then is.
pub async fn run(command: Command, client: &Client, session: &Session) -> Result<()> {
    let incomplete = || Failure::incomplete("system");
    let (name, change) = match command {
        Command::List { system } => {
            let system = get(client, system).await?.ok_or_else(incomplete)?;
            return session.printer.list(&system.risks);
        }
        Command::Set(set) => (set.system.clone(), Some(set)),
        Command::Remove { system, risk } => {
            let mut present = get(client, system).await?.ok_or_else(incomplete)?;
            let before = present.risks.len();
            present.risks.retain(|known| known.risk_id != risk);
            if present.risks.len() == before {
                return Err(Failure::usage(format!("there is no risk `{risk}`")));
            }
            let after = write(client, present.name, present.risks, present.etag).await?;
            return session.printer.list(&after);
        }
    };
    let mut present = get(client, name).await?.ok_or_else(incomplete)?;
    if let Some(set) = change {
        apply(&mut present.risks, set);
    }
    let after = write(client, present.name, present.risks, present.etag).await?;
    session.printer.list(&after)
}

fn apply(risks: &mut Vec<Risk>, set: Set) {
    if !risks.iter().any(|known| known.risk_id == set.risk) {
        risks.push(Risk {
            risk_id: set.risk.clone(),
            ..Default::default()
        });
    }
    for risk in risks.iter_mut().filter(|known| known.risk_id == set.risk) {
        if let Some(text) = &set.description {
            risk.description.clone_from(text);
        }
        if let Some(text) = &set.measures {
            risk.measures.clone_from(text);
        }
        if let Some(grade) = set.likelihood {
            risk.set_likelihood(grade.into());
        }
        if let Some(grade) = set.harm {
            risk.set_harm(grade.into());
        }
        if let Some(term) = set.review {
            risk.review_time = Some(term.end(OffsetDateTime::now_utc()));
        }
    }
}

async fn write(client: &Client, name: String, risks: Vec<Risk>, etag: String) -> Result<Vec<Risk>> {
    let request = UpdateRiskRegisterRequest {
        name,
        risks,
        etag,
        request_id: request_id(),
    };
    let answer = rpc!(client, SystemServiceClient, update_risk_register, request)?;
    Ok(answer
        .system
        .ok_or_else(|| Failure::incomplete("system"))?
        .risks)
}
