//! Turning encrypted values back, on the premises of the agency that holds the key.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use sandyq_anonymizer::Reveal as Cipher;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::detect::stream::{Lines, Sink};
use super::tables;
use crate::errors::{Failure, Result, causes};
use crate::output;

/// `sandyq reveal`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Reveal {
    /// The encrypted values, one a line; `-` reads standard input.
    input: PathBuf,
    /// The profile that the release was made by.
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// The data set of the profile [default: the only one].
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// The column that the values are of.
    #[arg(long, value_name = "NAME")]
    column: String,
    /// The file with the key that the release was made under.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// Why, as it will stand in the record: a request, a decision, its number.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The record: a line is added that says who turned back how many values, when and why, and no value.
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// Where the values go [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sandyq reveal values.txt --profile profile.toml --column iin --key-file key --reason 'request 14-2/331' --record revealed.ndjson
  echo 417205998301 | sandyq reveal - --profile profile.toml --column iin --key-file key --reason 'court order 8' --record revealed.ndjson

Only columns with transform = \"encrypt\" can be turned back, and only by the key of their release. Under another key, and for values from
a sandbox, which are encrypted once more, what comes out has the same format and is wrong.
The record is written, and on the disk, before any value is shown.
Exit codes: 0 done; 2 the profile, a value or an option is wrong; 130 interrupted; 1 anything else.";

/// Turns the values back.
pub fn run(command: &Reveal, form: output::Format) -> Result<()> {
    let reason = command.reason.trim();
    if reason.is_empty() {
        return Err(Failure::usage(
            "--reason: say why the values are turned back",
        ));
    }
    let profile = tables::profile(&command.profile)?;
    let dataset = tables::dataset(&profile, command.dataset.as_deref(), &command.input)?;
    let key = tables::key(Some(&command.key_file), [dataset])?;
    let cipher = Cipher::new(dataset, &command.column, &key)
        .map_err(|error| Failure::usage(causes(&error)))?;
    let mut lines = Lines::open(&command.input, form)?;
    let mut values = Vec::new();
    while lines.advance()? {
        let value = cipher.value(lines.line()?);
        values.push(value.map_err(|error| lines.wrong(&causes(&error)))?);
    }
    lines.finish();
    let mut sink = Sink::open(command.out.as_deref())?;
    let entry = serde_json::json!({
        "time": now()?,
        "user": user(),
        "reason": reason,
        "profile_sha256": profile.sha256(),
        "dataset": dataset.name(),
        "column": command.column,
        "values": values.len(),
    });
    note_down(&command.record, &entry.to_string())?;
    for value in &values {
        writeln!(sink, "{value}").map_err(|error| sink.failed(&error))?;
    }
    sink.publish()
}

fn now() -> Result<String> {
    OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .map_err(|error| Failure::general(format!("cannot write the time: {error}")))
}

/// Who the system says is at work.
fn user() -> String {
    let uid = nix::unistd::getuid();
    let named = nix::unistd::User::from_uid(uid).ok().flatten();
    named.map_or_else(|| uid.to_string(), |user| user.name)
}

/// Adds a line to the record, which only its owner may read.
fn note_down(path: &Path, entry: &str) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let written = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            file.write_all(format!("{entry}\n").as_bytes())?;
            file.sync_all()
        });
    written.map_err(|error| Failure::file("write", path, &error))
}
