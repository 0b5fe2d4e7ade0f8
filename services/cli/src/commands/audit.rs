//! The append-only log: reading it, and not having to believe it.

mod certificate;
mod checkpoint;

pub use certificate::show as show_certificate;

use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sandyq_audit::{Hash, VerifierKey, leaf_hash, verify_export, verify_inclusion};
use sandyq_proto::v1::{ExportLogRequest, GetInclusionProofRequest, ListEntriesRequest};
use serde_json::json;

use crate::Session;
use crate::client::{AuditServiceClient, Client, PAGE, rpc};
use crate::errors::{Failure, Result, causes};

/// `sandyq audit verify`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq audit verify log.ndjson --key platform.key --checkpoint last-month.checkpoint
Works offline. The key is best kept from a time and a place that the platform does not control.")]
pub struct Verify {
    /// The exported log.
    file: PathBuf,
    /// The log's public key (`name+hash+key`), or a file that holds it; the context's pinned key when not given.
    #[arg(long, value_name = "KEY|FILE")]
    key: Option<String>,
    /// A checkpoint from an earlier day: proves too that nothing before it was rewritten.
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

/// `sandyq audit`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print entries, oldest first.
    #[command(after_help = "Example:\n  sandyq audit entries --from 100 --limit 20")]
    Entries {
        /// The first entry.
        #[arg(long, default_value_t = 0)]
        from: i64,
        /// At most this many; all when not given.
        #[arg(long)]
        limit: Option<usize>,
    },
    /// Get a signed checkpoint and check that the log only grew since the last one that was seen.
    #[command(
        after_help = "Example:\n  sandyq audit checkpoint --out today.checkpoint --key-out platform.key"
    )]
    Checkpoint {
        /// Write the checkpoint here too.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// Write the log's public key here.
        #[arg(long, value_name = "FILE")]
        key_out: Option<PathBuf>,
    },
    /// Prove that an entry is in the log.
    #[command(after_help = "Example:\n  sandyq audit prove 42")]
    Prove {
        /// Position of the entry, from 0.
        sequence: i64,
    },
    /// Write the whole log to a file.
    #[command(after_help = "Example:\n  sandyq audit export --out log.ndjson")]
    Export {
        /// The file.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Check an exported log with nothing but the public key.
    Verify(Verify),
    /// Check the certificate of a sandbox's destruction with nothing but the public key.
    VerifyCertificate(certificate::Verify),
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    match command {
        Command::Entries { from, limit } => {
            entries(session, from, limit.unwrap_or(usize::MAX)).await
        }
        Command::Checkpoint { out, key_out } => {
            let seen = checkpoint::check(&session.client()?, session).await?;
            for (file, content) in [(out, &seen.note), (key_out, &seen.key_text)] {
                if let Some(file) = file {
                    write_new(&file, content)?;
                }
            }
            let value = json!({"size": seen.checkpoint.size, "root": seen.checkpoint.root.to_base64(), "checkpoint": seen.note, "key": seen.key_text});
            session.printer.value(&value, seen.note.trim_end())
        }
        Command::Prove { sequence } => prove(session, sequence).await,
        Command::Export { out } => export(session, &out).await,
        Command::Verify(command) => verify(&command, session),
        Command::VerifyCertificate(command) => certificate::verify(&command, session),
    }
}

async fn entries(session: &Session, from: i64, limit: usize) -> Result<()> {
    let client = session.client()?;
    let mut request = ListEntriesRequest {
        first_sequence: from,
        ..Default::default()
    };
    let mut left = limit;
    while left > 0 {
        request.page_size = i32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let page = rpc!(client, AuditServiceClient, list_entries, request.clone())?;
        for entry in page.entries.iter().take(left) {
            session.printer.event(
                entry,
                &format!("{:>6}  {}", entry.sequence, entry.entry_json),
            )?;
        }
        left = left.saturating_sub(page.entries.len());
        if page.next_page_token.is_empty() {
            break;
        }
        request = ListEntriesRequest {
            page_token: page.next_page_token,
            ..Default::default()
        };
    }
    Ok(())
}

async fn prove(session: &Session, sequence: i64) -> Result<()> {
    let client = session.client()?;
    let seen = checkpoint::check(&client, session).await?;
    let size = seen.checkpoint.size;
    let tree_size = i64::try_from(size).unwrap_or(i64::MAX);
    let answer = rpc!(
        client,
        AuditServiceClient,
        get_inclusion_proof,
        GetInclusionProofRequest {
            sequence,
            tree_size
        }
    )?;
    let entry = answer.entry.ok_or_else(|| Failure::incomplete("entry"))?;
    let index = u64::try_from(sequence)
        .map_err(|_| Failure::usage("an entry's position is not negative"))?;
    let proof = hashes(&answer.hashes)?;
    verify_inclusion(
        &leaf_hash(entry.entry_json.as_bytes()),
        index,
        size,
        &seen.checkpoint.root,
        &proof,
    )
    .map_err(|error| {
        Failure::verification(format!(
            "the platform does not prove that entry {sequence} is in its log: {error}"
        ))
    })?;
    let shown = format!(
        "entry {sequence} is in the log of {size} entries\n{}",
        crate::output::printable(&entry.entry_json)
    );
    let path: Vec<_> = proof.iter().map(Hash::to_base64).collect();
    session.printer.value(&json!({"sequence": sequence, "tree_size": size, "entry": entry.entry_json, "hashes": path}), &shown)
}

fn hashes(bytes: &[Vec<u8>]) -> Result<Vec<Hash>> {
    let parsed: Option<Vec<_>> = bytes.iter().map(|hash| Hash::from_slice(hash)).collect();
    parsed.ok_or_else(|| {
        Failure::verification("the platform's proof has a hash that is not 32 bytes long")
    })
}

/// The export appears whole or not at all.
async fn export(session: &Session, out: &Path) -> Result<()> {
    let client = session.client()?;
    let mut beside = out.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = stream_to(&client, &beside).await.and_then(|size| {
        std::fs::rename(&beside, out)
            .map_err(|error| Failure::file("write", out, &error))
            .map(|()| size)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    let size = written?;
    session.printer.value(
        &json!({"file": out, "bytes": size}),
        &format!("{} ({size} bytes)", out.display()),
    )
}

async fn stream_to(client: &Client, path: &Path) -> Result<u64> {
    let unwritable = |error: std::io::Error| Failure::file("write", path, &error);
    let mut stream = AuditServiceClient::new(client.channel())
        .export_log(ExportLogRequest {})
        .await?
        .into_inner();
    let mut file = std::fs::File::create(path).map_err(unwritable)?;
    let mut size = 0u64;
    while let Some(message) = stream.message().await? {
        file.write_all(&message.data).map_err(unwritable)?;
        size = size.saturating_add(message.data.len() as u64);
    }
    file.sync_all().map_err(unwritable)?;
    Ok(size)
}

fn verify(command: &Verify, session: &Session) -> Result<()> {
    let key = verifier_key(command.key.as_deref(), session)?;
    let earlier = match &command.checkpoint {
        Some(path) => Some(
            std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?,
        ),
        None => None,
    };
    let file = std::fs::File::open(&command.file)
        .map_err(|error| Failure::file("read", &command.file, &error))?;
    let verified =
        verify_export(BufReader::new(file), &key, earlier.as_deref()).map_err(|error| {
            Failure::verification(format!("THE LOG DOES NOT VERIFY: {}", causes(&error)))
        })?;
    let lines = format!(
        "the log verifies\n  entries  {}\n  from     {}\n  to       {}\n  root     {}\n  key      {}{}",
        verified.size,
        verified.first_time,
        verified.last_time,
        verified.root.to_base64(),
        key.name(),
        if earlier.is_some() {
            "\n  history  not rewritten since the earlier checkpoint"
        } else {
            ""
        }
    );
    session.printer.value(
        &json!({"entries": verified.size, "root": verified.root.to_base64()}),
        &lines,
    )
}

fn verifier_key(given: Option<&str>, session: &Session) -> Result<VerifierKey> {
    let mut named = String::new();
    let text = match given {
        Some(given) if given.matches('+').count() >= 2 && !Path::new(given).exists() => {
            given.to_owned()
        }
        Some(file) => {
            named = format!("{file}: ");
            std::fs::read_to_string(file)
                .map_err(|error| Failure::file("read", Path::new(file), &error))?
        }
        None => session
            .context
            .read_if_any(checkpoint::KEY_FILE)?
            .ok_or_else(|| Failure::usage("no key is known for this log; give it with --key"))?,
    };
    VerifierKey::parse(text.trim()).map_err(|error| Failure::usage(format!("{named}{error}")))
}

fn write_new(path: &Path, content: &str) -> Result<()> {
    let text = format!("{}\n", content.trim_end_matches('\n'));
    std::fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
