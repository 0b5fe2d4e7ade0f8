//! What this side remembers of the log, so that a rewritten one is noticed.

use sandyq_audit::{Checkpoint, VerifierKey, verify_consistency};
use sandyq_proto::v1::{GetCheckpointRequest, GetConsistencyProofRequest};

use crate::Session;
use crate::client::{Client, rpc};
use crate::context::Context;
use crate::errors::{Failure, Result};

/// The log's public key as this context saw it first.
pub const KEY_FILE: &str = "audit.key";
/// The last checkpoint that was found consistent.
const CHECKPOINT_FILE: &str = "audit.checkpoint";

/// A checkpoint that has been checked against the one before.
#[derive(Debug)]
pub struct Seen {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
    /// The verifier key.
    pub key_text: String,
}

/// Gets a checkpoint, checks its signature by the pinned key and that the log grew from the last one seen, and remembers it.
pub async fn check(client: &Client, session: &Session) -> Result<Seen> {
    let answer = rpc!(
        client,
        AuditServiceClient,
        get_checkpoint,
        GetCheckpointRequest {}
    )?;
    let key_text = pinned(session, &answer.verifier_key)?;
    let key =
        VerifierKey::parse(&key_text).map_err(|error| Failure::verification(error.to_string()))?;
    let checkpoint = key
        .open(&answer.checkpoint)
        .map_err(|error| alarm(&error.to_string()))?;
    if let Some(before) = last_seen(&session.context, &key)? {
        grew(client, &before, &checkpoint).await?;
        session.printer.remark(&match before.size {
            size if size == checkpoint.size => {
                format!("The log has the same {size} entries as before.")
            }
            size => format!(
                "The log grew from {size} to {} entries; nothing before was rewritten.",
                checkpoint.size
            ),
        });
    }
    session.context.write(CHECKPOINT_FILE, &answer.checkpoint)?;
    Ok(Seen {
        checkpoint,
        note: answer.checkpoint,
        key_text,
    })
}

/// The key of the first time. A platform that changes its key has to explain itself to people.
fn pinned(session: &Session, offered: &str) -> Result<String> {
    match session.context.read_if_any(KEY_FILE)? {
        Some(known) if known.trim() == offered.trim() => Ok(known.trim().to_owned()),
        Some(known) => {
            let file = session.context.path(KEY_FILE);
            let text = format!(
                "the platform now signs with {}, before it was {} ({})",
                offered.trim(),
                known.trim(),
                file.display()
            );
            Err(alarm(&text))
        }
        None => {
            session
                .context
                .write(KEY_FILE, &format!("{}\n", offered.trim()))?;
            session.printer.remark("The log's key was seen for the first time and is kept; compare it with the one that was published.");
            Ok(offered.trim().to_owned())
        }
    }
}

fn last_seen(context: &Context, key: &VerifierKey) -> Result<Option<Checkpoint>> {
    let Some(note) = context.read_if_any(CHECKPOINT_FILE)? else {
        return Ok(None);
    };
    key.open(&note).map(Some).map_err(|error| {
        Failure::verification(format!(
            "{} was damaged: {error}",
            context.path(CHECKPOINT_FILE).display()
        ))
    })
}

async fn grew(client: &Client, before: &Checkpoint, now: &Checkpoint) -> Result<()> {
    if now.size < before.size {
        return Err(alarm(&format!(
            "it had {} entries when last seen, now it has {}",
            before.size, now.size
        )));
    }
    let proof = if before.size == now.size || before.size == 0 {
        Vec::new()
    } else {
        let request = GetConsistencyProofRequest {
            first_tree_size: i64::try_from(before.size).unwrap_or(i64::MAX),
            second_tree_size: i64::try_from(now.size).unwrap_or(i64::MAX),
        };
        super::hashes(&rpc!(client, AuditServiceClient, get_consistency_proof, request)?.hashes)?
    };
    verify_consistency(before.size, &before.root, now.size, &now.root, &proof).map_err(|error| {
        alarm(&format!(
            "the first {} entries are not those that were seen before: {error}",
            before.size
        ))
    })
}

/// The one failure that must not be overlooked.
fn alarm(what: &str) -> Failure {
    Failure::verification(format!(
        "THE LOG WAS REWRITTEN OR IS NOT THE ONE SEEN BEFORE\n  {what}\n  keep this context's folder as evidence and tell the platform's auditors"
    ))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;
    use crate::context::Home;
    use crate::errors::Exit;
    use crate::output::{Format, Printer};

    fn session(dir: &std::path::Path) -> Session {
        let home = Home::new(Some(dir.into())).unwrap();
        let context = home.context(Some("c")).unwrap();
        context.create().unwrap();
        Session {
            home,
            context,
            printer: Printer::new(Format::Json).unwrap(),
            patience: None,
        }
    }

    #[test]
    fn another_key_than_the_first_is_an_alarm() {
        let dir = tempfile::tempdir().unwrap();
        let session = session(dir.path());
        assert_eq!(pinned(&session, "log+1+a\n").unwrap(), "log+1+a");
        assert_eq!(pinned(&session, "log+1+a").unwrap(), "log+1+a");
        assert_eq!(
            pinned(&session, "log+2+b").unwrap_err().exit,
            Exit::Verification
        );
    }
}
