//! The operator's own prohibitions. They are Cedar files that only forbid, in the folder `policies` of the platform.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use sandyq_access::Policies;
use sandyq_proto::v1::{PolicyFile, ReloadPoliciesRequest, TryPoliciesRequest};
use serde_json::json;

use crate::Session;
use crate::client::{request_id, rpc};
use crate::errors::{Failure, Result, causes};

/// `sandyq policies`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Validate a folder of prohibitions on this machine, without a server.
    #[command(after_help = "Example:\n  sandyq policies check /var/lib/sandyq/policies")]
    Check {
        /// The folder.
        folder: PathBuf,
    },
    /// Let the server read its folder anew; what is at fault changes nothing.
    #[command(after_help = "Example:\n  sandyq policies reload")]
    Reload,
    /// Put the last decisions to a folder of prohibitions, and list those that would turn; nothing is changed.
    #[command(after_help = "Example:\n  sandyq policies try ./draft --last 5000")]
    Try {
        /// The folder.
        folder: PathBuf,
        /// How many decisions; 10000 at most.
        #[arg(long, default_value_t = 1000)]
        last: i32,
    },
    /// Print the policies of the law, which are part of the program.
    #[command(after_help = "Example:\n  sandyq policies show use.cedar")]
    Show {
        /// One file of them; all when not given.
        file: Option<String>,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    match command {
        Command::Check { folder } => check(&folder, session),
        Command::Reload => {
            let client = session.client()?;
            let request = ReloadPoliciesRequest {
                request_id: request_id(),
            };
            let answer = rpc!(client, AccessServiceClient, reload_policies, request)?;
            session.printer.show(&answer)
        }
        Command::Try { folder, last } => {
            let client = session.client()?;
            let request = TryPoliciesRequest {
                files: files(&folder)?,
                last,
            };
            let answer = rpc!(client, AccessServiceClient, try_policies, request)?;
            if session.printer.is_json() {
                return session.printer.show(&answer);
            }
            session.printer.list(&answer.turned)?;
            session.printer.lines(&format!(
                "{} of the last {} decisions would turn",
                answer.turned.len(),
                answer.tried_count
            ))
        }
        Command::Show { file } => show(file.as_deref(), session),
    }
}

fn check(folder: &Path, session: &Session) -> Result<()> {
    let policies =
        Policies::with_forbids(folder).map_err(|error| Failure::usage(causes(&error)))?;
    let count = policies.count();
    session.printer.value(
        &json!({ "policy_count": count }),
        &format!("{count} policies are valid, those of the law included"),
    )
}

fn files(folder: &Path) -> Result<Vec<PolicyFile>> {
    let failed = |error| Failure::file("read", folder, &error);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "cedar")
        {
            let text =
                fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
            files.push(PolicyFile {
                name: path.display().to_string(),
                text,
            });
        }
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn show(file: Option<&str>, session: &Session) -> Result<()> {
    let chosen: Vec<&(&str, &str)> = sandyq_access::builtin()
        .iter()
        .filter(|(name, _)| file.is_none_or(|wanted| wanted == *name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = sandyq_access::builtin()
            .iter()
            .map(|(name, _)| *name)
            .collect();
        return Err(Failure::usage(format!(
            "there is no such file; there are {}",
            names.join(", ")
        )));
    }
    let text: Vec<String> = chosen
        .iter()
        .map(|(name, text)| format!("// {name}\n{text}"))
        .collect();
    let value: serde_json::Map<String, serde_json::Value> = chosen
        .iter()
        .map(|(name, text)| ((*name).to_owned(), json!(text)))
        .collect();
    session
        .printer
        .value(&serde_json::Value::Object(value), &text.join("\n"))
}
