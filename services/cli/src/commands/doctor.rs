//! Whether this machine can run jobs, and what to mend.

mod engine;
mod host;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::Session;
use crate::errors::{Exit, Failure, Result};
use crate::output::{Format, new_table, printable};

/// `sandyq doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sudo sandyq doctor --dir /var/lib/sandyq
  sudo sandyq doctor --output json | jq '.[] | select(.status != \"OK\")'
FAILED means that jobs are refused until it is mended, and the exit code is 1. WARNING means that some jobs are refused,
or that the machine guards data less well than it could. Nothing is changed on the machine.")]
pub struct Doctor {
    /// The folder made by `sandyq init`, or the one that is to be: its disk is what jobs write to.
    #[arg(long, env = "SANDYQ_DIR", default_value = ".")]
    dir: PathBuf,
}

/// How a part of the machine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    /// As it should be.
    Ok,
    /// Some jobs are refused, or a guard is weaker than it could be.
    Warning,
    /// Jobs are refused.
    Failed,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "WARNING",
            Self::Failed => "FAILED",
        }
    }
}

/// What was looked at, what was found, and what to do.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    status: Status,
    found: String,
    /// Empty when there is nothing to do.
    mend: String,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            found: found.into(),
            mend: String::new(),
        }
    }

    fn bad(
        check: &'static str,
        status: Status,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            check,
            status,
            found: found.into(),
            mend: mend.into(),
        }
    }
}

/// Looks at everything; a part that fails does not keep the others from being looked at.
pub async fn run(command: Doctor, session: &Session) -> Result<()> {
    let mut findings = engine::findings().await;
    let looked = tokio::task::spawn_blocking(move || host::findings(&command.dir));
    findings.extend(
        looked
            .await
            .map_err(|error| Failure::general(format!("the host cannot be looked at: {error}")))?,
    );
    let value = json!(findings);
    session.printer.value(&value, &shown(&findings))?;
    let failed = findings
        .iter()
        .filter(|finding| finding.status == Status::Failed)
        .count();
    if failed == 0 {
        return Ok(());
    }
    let what = if session.printer.format() == Format::Json {
        "see the findings that are FAILED"
    } else {
        "see what to mend above"
    };
    Err(Failure::new(
        Exit::Failure,
        format!("{failed} of {} checks failed: {what}", findings.len()),
    ))
}

fn shown(findings: &[Finding]) -> String {
    let header = ["CHECK", "STATUS", "FOUND", "TO MEND"].map(str::to_owned);
    let mut table = new_table(&header);
    for finding in findings {
        table.add_row([
            finding.check,
            finding.status.name(),
            printable(&finding.found).as_str(),
            printable(&finding.mend).as_str(),
        ]);
    }
    table.to_string()
}
