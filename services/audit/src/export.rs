//! The exported log and its verification.
//!
//! An export is NDJSON. Each line is one entry, verbatim as it was hashed, from entry 0 on. The last line is
//! an object with the single field `checkpoint`, the signed note over exactly these entries:
//!
//! ```text
//! {"seq":0,"time":"…","previous":"","actor":"…", …}
//! {"seq":1,"time":"…","previous":"<leaf hash of entry 0>", …}
//! {"checkpoint":"sandyq.example/log\n2\n<root>\n\n— sandyq.example/log <signature>\n"}
//! ```
//!
//! The root proves that nothing was changed; the numbers and the hash of the entry before, which each entry
//! carries, only serve to say where.

use std::io::{self, BufRead, Read as _};

use serde::{Deserialize, Serialize};

use crate::checkpoint::{Checkpoint, NoteError, VerifierKey};
use crate::entry::MAX_ENTRY_BYTES;
use crate::merkle::{EMPTY_ROOT, Frontier, Hash, leaf_hash};

/// The longest line that is read.
const MAX_LINE_BYTES: usize = MAX_ENTRY_BYTES + 1;

/// What a verified export says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The number of entries.
    pub size: u64,
    /// The root over them, as signed.
    pub root: Hash,
    /// The time of the first entry; empty without entries.
    pub first_time: String,
    /// The time of the last entry; empty without entries.
    pub last_time: String,
}

/// Why an export is not to be believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The export cannot be read.
    #[error("line {line} of the export cannot be read")]
    Read {
        /// The line, from 1.
        line: u64,
        /// What happened.
        source: io::Error,
    },
    /// The line is longer than any entry may be.
    #[error("line {line} of the export is longer than {MAX_LINE_BYTES} bytes; no entry is")]
    LineTooLong {
        /// The line, from 1.
        line: u64,
    },
    /// The line is no entry.
    #[error("entry {seq} (line {line}) was changed: it is not an entry any more")]
    NotAnEntry {
        /// The number that the entry should have.
        seq: u64,
        /// The line, from 1.
        line: u64,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The number is not the next one.
    #[error(
        "line {line} has entry {found} where entry {expected} should be: an entry was dropped, repeated, moved or renumbered"
    )]
    WrongSequence {
        /// The line, from 1.
        line: u64,
        /// The number that was expected.
        expected: u64,
        /// The number that was found.
        found: u64,
    },
    /// The entry does not name the hash of the one before.
    #[error(
        "entry {seq} (line {line}) does not follow from the entry before it: one of the two was changed"
    )]
    BrokenLink {
        /// The later of the two entries.
        seq: u64,
        /// Its line, from 1.
        line: u64,
    },
    /// The time goes backwards.
    #[error("entry {seq} (line {line}) is earlier than the entry before it")]
    TimeReversed {
        /// The later of the two entries.
        seq: u64,
        /// Its line, from 1.
        line: u64,
    },
    /// The export ends without a checkpoint, or the checkpoint covers more.
    #[error(
        "the export ends after {entries} entries, before its signed checkpoint: it was cut off"
    )]
    Truncated {
        /// The entries that are there.
        entries: u64,
    },
    /// The checkpoint covers another number of entries.
    #[error("the export has {found} entries, the signed checkpoint covers {signed}: entries {from} and later were {what}",
        from = found.min(signed), what = if found < signed { "dropped" } else { "added" })]
    WrongSize {
        /// The entries that are there.
        found: u64,
        /// The entries that were signed.
        signed: u64,
    },
    /// Something follows the checkpoint.
    #[error("line {line} follows the checkpoint, which must be the last line")]
    AfterCheckpoint {
        /// The line, from 1.
        line: u64,
    },
    /// The checkpoint is not to be believed.
    #[error("the checkpoint at the end of the export is not valid")]
    Checkpoint(#[source] NoteError),
    /// The earlier checkpoint is not to be believed.
    #[error("the earlier checkpoint is not valid")]
    EarlierCheckpoint(#[source] NoteError),
    /// The entries are not those that were signed.
    #[error(
        "the entries up to {last} follow from one another but are not those that were signed: entry {last} was changed, or the log was rewritten"
    )]
    RootMismatch {
        /// The last entry.
        last: u64,
    },
    /// The log was rewritten since the earlier checkpoint.
    #[error(
        "the first {size} entries are not those of the earlier checkpoint: the history was rewritten"
    )]
    Rewritten {
        /// The size of the earlier checkpoint.
        size: u64,
    },
    /// The earlier checkpoint covers more than the export.
    #[error(
        "the earlier checkpoint covers {earlier} entries, the export only {size}: entries were taken back"
    )]
    Shrunk {
        /// The size of the earlier checkpoint.
        earlier: u64,
        /// The size of the export.
        size: u64,
    },
}

/// The last line of an export, without its line break.
///
/// # Errors
/// None in practice: a string always has a JSON form.
pub fn checkpoint_line(note: &str) -> Result<String, serde_json::Error> {
    serde_json::to_string(&CheckpointLine {
        checkpoint: note.to_owned(),
    })
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckpointLine {
    checkpoint: String,
}

/// Of an entry only what the verification needs; the rest may grow fields.
#[derive(Deserialize)]
struct Header {
    seq: u64,
    time: String,
    previous: String,
}

/// Verifies an export as it streams by: every entry is there, in order, unchanged, and signed by the key.
/// With an `earlier` checkpoint, kept from another day, it also proves that the history was not rewritten.
///
/// # Errors
/// [`ExportError`], which names the first entry that is wrong.
pub fn verify_export(
    mut reader: impl BufRead,
    key: &VerifierKey,
    earlier: Option<&str>,
) -> Result<Verified, ExportError> {
    let earlier = earlier
        .map(|note| key.open(note))
        .transpose()
        .map_err(ExportError::EarlierCheckpoint)?;
    let mut walk = Walk::new(earlier);
    let mut line = Vec::new();
    while read_line(&mut reader, &mut line, walk.line + 1)? {
        walk.line += 1;
        if let Ok(last) = serde_json::from_slice::<CheckpointLine>(&line) {
            if read_line(&mut reader, &mut line, walk.line + 1)? {
                return Err(ExportError::AfterCheckpoint {
                    line: walk.line + 1,
                });
            }
            return walk.finish(
                &key.open(&last.checkpoint)
                    .map_err(ExportError::Checkpoint)?,
            );
        }
        walk.entry(&line)?;
    }
    Err(ExportError::Truncated {
        entries: walk.frontier.size(),
    })
}

/// Reads a line without its line break; false at the end.
fn read_line(
    reader: &mut impl BufRead,
    line: &mut Vec<u8>,
    number: u64,
) -> Result<bool, ExportError> {
    line.clear();
    let limit = MAX_LINE_BYTES as u64 + 1;
    reader
        .by_ref()
        .take(limit)
        .read_until(b'\n', line)
        .map_err(|source| ExportError::Read {
            line: number,
            source,
        })?;
    let found = !line.is_empty();
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.len() > MAX_LINE_BYTES {
        return Err(ExportError::LineTooLong { line: number });
    }
    Ok(found)
}

struct Walk {
    line: u64,
    frontier: Frontier,
    previous: String,
    first_time: String,
    last_time: String,
    earlier: Option<Checkpoint>,
}

impl Walk {
    fn new(earlier: Option<Checkpoint>) -> Self {
        let (previous, first_time, last_time) = (String::new(), String::new(), String::new());
        Self {
            line: 0,
            frontier: Frontier::new(),
            previous,
            first_time,
            last_time,
            earlier,
        }
    }

    fn entry(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        let (expected, line) = (self.frontier.size(), self.line);
        let header: Header = serde_json::from_slice(bytes).map_err(|source| {
            if source.is_eof() {
                ExportError::Truncated { entries: expected }
            } else {
                ExportError::NotAnEntry {
                    seq: expected,
                    line,
                    source,
                }
            }
        })?;
        if header.seq != expected {
            return Err(ExportError::WrongSequence {
                line,
                expected,
                found: header.seq,
            });
        }
        if header.previous != self.previous {
            return Err(ExportError::BrokenLink {
                seq: expected,
                line,
            });
        }
        if header.time < self.last_time {
            return Err(ExportError::TimeReversed {
                seq: expected,
                line,
            });
        }
        self.append(leaf_hash(bytes), header.time)
    }

    fn append(&mut self, leaf: Hash, time: String) -> Result<(), ExportError> {
        self.frontier.append(leaf);
        self.previous = leaf.to_base64();
        if self.first_time.is_empty() {
            self.first_time.clone_from(&time);
        }
        self.last_time = time;
        match &self.earlier {
            Some(earlier)
                if earlier.size == self.frontier.size() && earlier.root != self.frontier.root() =>
            {
                Err(ExportError::Rewritten { size: earlier.size })
            }
            _ => Ok(()),
        }
    }

    fn finish(self, checkpoint: &Checkpoint) -> Result<Verified, ExportError> {
        let (size, root) = (self.frontier.size(), self.frontier.root());
        if size != checkpoint.size {
            return Err(ExportError::WrongSize {
                found: size,
                signed: checkpoint.size,
            });
        }
        if root != checkpoint.root {
            return Err(ExportError::RootMismatch {
                last: size.saturating_sub(1),
            });
        }
        match self.earlier {
            Some(earlier) if earlier.size > size => {
                return Err(ExportError::Shrunk {
                    earlier: earlier.size,
                    size,
                });
            }
            Some(earlier) if earlier.size == 0 && earlier.root != EMPTY_ROOT => {
                return Err(ExportError::Rewritten { size: 0 });
            }
            _ => {}
        }
        Ok(Verified {
            size,
            root,
            first_time: self.first_time,
            last_time: self.last_time,
        })
    }
}

#[cfg(test)]
mod tests;
