//! Certificates of destruction.

use std::path::PathBuf;

use clap::Args;
use sandyq_audit::{DESTRUCTION, VerifierKey};
use serde_json::{Value, json};

use super::checkpoint::KEY_FILE;
use crate::Session;
use crate::errors::{Failure, Result};

/// `sandyq audit verify-certificate`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq audit verify-certificate lab.certificate --key platform.key
Works offline.")]
pub struct Verify {
    /// The certificate.
    file: PathBuf,
    /// The log's public key (`name+hash+key`), or a file that holds it; the context's pinned key when not given.
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
}

/// Checks a certificate in a file.
pub fn verify(command: &Verify, session: &Session) -> Result<()> {
    let key = super::verifier_key(command.key.as_deref(), session)?;
    let note = std::fs::read_to_string(&command.file)
        .map_err(|error| Failure::file("read", &command.file, &error))?;
    let body = checked(&note, &key)?;
    let heading = format!("the certificate verifies; it is signed by {}", key.name());
    print(session, &heading, &body)
}

/// Shows a certificate that the platform gave, checked where a key is known.
pub fn show(session: &Session, note: &str) -> Result<()> {
    let Some(text) = session.context.read_if_any(KEY_FILE)? else {
        let line = note.lines().nth(1).unwrap_or_default();
        let body = serde_json::from_str(line).map_err(|_| Failure::incomplete("certificate"))?;
        let heading = "not checked: no key of the log is known here; `sandyq audit verify-certificate` checks it with one";
        return print(session, heading, &body);
    };
    let key = VerifierKey::parse(text.trim()).map_err(|error| Failure::usage(error.to_string()))?;
    let body = checked(note, &key)?;
    let heading = format!("the certificate verifies; it is signed by {}", key.name());
    print(session, &heading, &body)
}

fn checked(note: &str, key: &VerifierKey) -> Result<Value> {
    let wrong =
        |what: String| Failure::verification(format!("THE CERTIFICATE DOES NOT VERIFY: {what}"));
    let line = key
        .open_statement(DESTRUCTION, note)
        .map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(line).map_err(|error| wrong(error.to_string()))
}

fn print(session: &Session, heading: &str, body: &Value) -> Result<()> {
    let pretty = serde_json::to_string_pretty(body).unwrap_or_default();
    let lines: Vec<String> = pretty.lines().map(crate::output::printable).collect();
    let shown = format!("{heading}\n{}", lines.join("\n"));
    session
        .printer
        .value(&json!({"check": heading, "certificate": body}), &shown)
}
