//! The append-only log: entries, the RFC 6962 Merkle tree over them, signed checkpoints, proofs, and the
//! verification of an exported log with nothing but the public key.
//!
//! The crate does no I/O beside reading an export. The store persists what [`Frontier::append`] returns and
//! answers proofs from it.

pub mod checkpoint;
pub mod entry;
pub mod export;
pub mod merkle;
pub mod proof;

/// The kind of a statement that a sandbox was destroyed ([`LogKey::sign_statement`]).
pub const DESTRUCTION: &str = "destruction";

pub use checkpoint::{Checkpoint, KeyError, LogKey, NoteError, VerifierKey};
pub use entry::{Decision, Entry, EntryError, MAX_ENTRY_BYTES};
pub use export::{ExportError, Verified, checkpoint_line, verify_export};
pub use merkle::{EMPTY_ROOT, Frontier, Hash, Node, Position, leaf_hash, node_hash};
pub use proof::{
    ProofError, ProofPlan, plan_consistency, plan_inclusion, verify_consistency, verify_inclusion,
};
