//! Signed statements about the log's size and root.
//!
//! A checkpoint has the body of C2SP tlog-checkpoint (<https://c2sp.org/tlog-checkpoint>) in the envelope of
//! C2SP signed-note (<https://c2sp.org/signed-note>), with an Ed25519 signature.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::merkle::Hash;

/// The algorithm byte of Ed25519 in a verifier key.
const ED25519_TYPE: u8 = 0x01;
/// A checkpoint of ours is a few hundred bytes; anything past this is not one.
const MAX_NOTE_BYTES: usize = 64 << 10;

/// The state of a log at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log, which is also the name of its key.
    pub origin: String,
    /// The number of entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The signed text.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            self.root.to_base64()
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
        let digits = lines.next()?;
        let size: u64 = digits.parse().ok()?;
        let root = Hash::from_base64(lines.next()?)?;
        // A leading plus or zero would give one checkpoint two texts.
        (size.to_string() == digits).then_some(Self { origin, size, root })
    }
}

/// Why a key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The name would break the form of the note.
    #[error("log key name {0:?} must not be empty and must have neither white space nor '+'")]
    Name(String),
    /// The secret key is not Ed25519 in PKCS#8 or a seed of 32 bytes.
    #[error("the log's signing key is not an Ed25519 key in PKCS#8 form")]
    Secret,
    /// The public key has not the form `name+hash+base64`.
    /// What stands there instead is not repeated: it may be any file that was named by mistake.
    #[error("the text is not a verifier key of the form name+hash+base64 with an Ed25519 key")]
    Verifier,
    /// The hash within the public key is not that of its name and key.
    #[error(
        "verifier key of {name:?} has hash {found}, but its name and key give {expected}; it was damaged"
    )]
    VerifierHash {
        /// The key's name.
        name: String,
        /// The hash that it states.
        found: String,
        /// The hash that it ought to state.
        expected: String,
    },
    /// No randomness was to be had.
    #[error("the system's random number generator failed")]
    Random,
}

/// Why a checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// The text is no signed checkpoint.
    #[error("this is not a signed checkpoint: {0}")]
    Malformed(&'static str),
    /// None of the signatures is by the key.
    #[error("the checkpoint is not signed by key {name}+{hash:08x}; it is signed by {signers}")]
    OtherKey {
        /// The key's name.
        name: String,
        /// The key's hash.
        hash: u32,
        /// The names and hashes of the keys that signed.
        signers: String,
    },
    /// The signature by the key is wrong.
    #[error("the signature by {0} does not fit the checkpoint")]
    BadSignature(String),
    /// The key signs for another log.
    #[error("the checkpoint is of log {found:?}, the key is of {expected:?}")]
    OtherLog {
        /// The log of the checkpoint.
        found: String,
        /// The log of the key.
        expected: String,
    },
}

/// The key that signs a log's checkpoints.
pub struct LogKey {
    name: String,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogKey")
            .field("name", &self.name)
            .field("pair", &"***")
            .finish()
    }
}

impl LogKey {
    /// Makes a key and returns its PKCS#8 form, to be kept sealed.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Random`].
    pub fn generate(
        name: &str,
        random: &dyn SecureRandom,
    ) -> Result<(Self, Zeroizing<Vec<u8>>), KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(random).map_err(|_| KeyError::Random)?;
        let key = Self::from_pkcs8(name, document.as_ref())?;
        Ok((key, Zeroizing::new(document.as_ref().to_vec())))
    }

    /// Reads a key from PKCS#8, version 1 or 2.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Secret`].
    pub fn from_pkcs8(name: &str, document: &[u8]) -> Result<Self, KeyError> {
        let pair =
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(document).map_err(|_| KeyError::Secret)?;
        Ok(Self {
            name: checked(name)?,
            pair,
        })
    }

    /// Reads a key from the seed of RFC 8032, 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::Name`], [`KeyError::Secret`].
    pub fn from_seed(name: &str, seed: &[u8]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| KeyError::Secret)?;
        Ok(Self {
            name: checked(name)?,
            pair,
        })
    }

    /// The name of the key and of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public key.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        VerifierKey::new(&self.name, self.pair.public_key().as_ref())
    }

    /// Signs the state of the log: the whole note.
    #[must_use]
    pub fn sign(&self, size: u64, root: Hash) -> String {
        let text = Checkpoint {
            origin: self.name.clone(),
            size,
            root,
        }
        .to_text();
        self.note(&text)
    }

    /// Signs a statement of another kind: the whole note. Its first line is the log's name with the kind, so that it is
    /// never taken for a checkpoint or for a statement of another kind.
    #[must_use]
    pub fn sign_statement(&self, kind: &str, line: &str) -> String {
        self.note(&statement_text(&self.name, kind, line))
    }

    fn note(&self, text: &str) -> String {
        let mut signature = self.verifier().hash.to_be_bytes().to_vec();
        signature.extend_from_slice(self.pair.sign(text.as_bytes()).as_ref());
        format!(
            "{text}\n\u{2014} {} {}\n",
            self.name,
            BASE64.encode(signature)
        )
    }
}

/// The public key of a log, written `name+hash+base64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: u32,
    key: Vec<u8>,
}

impl VerifierKey {
    fn new(name: &str, key: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            hash: key_hash(name, key),
            key: key.to_vec(),
        }
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let malformed = || KeyError::Verifier;
        let (name, rest) = text.trim().split_once('+').ok_or_else(malformed)?;
        let (hash, encoded) = rest.split_once('+').ok_or_else(malformed)?;
        let bytes = BASE64.decode(encoded).map_err(|_| malformed())?;
        let Some((&ED25519_TYPE, key)) = bytes.split_first() else {
            return Err(malformed());
        };
        if key.len() != 32 {
            return Err(malformed());
        }
        let verifier = Self::new(&checked(name).map_err(|_| malformed())?, key);
        let expected = format!("{:08x}", verifier.hash);
        if hash != expected {
            return Err(KeyError::VerifierHash {
                name: name.to_owned(),
                found: hash.to_owned(),
                expected,
            });
        }
        Ok(verifier)
    }

    /// The name of the key and of the log.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Opens a signed checkpoint: checks the signature by this key, then reads the text. Signatures by
    /// unknown keys, such as witnesses, are passed over.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let text = self.signed_text(note)?;
        let checkpoint = Checkpoint::parse(text).ok_or(NoteError::Malformed(
            "the text is not origin, size and root",
        ))?;
        if checkpoint.origin != self.name {
            return Err(NoteError::OtherLog {
                found: checkpoint.origin,
                expected: self.name.clone(),
            });
        }
        Ok(checkpoint)
    }

    /// Opens a signed statement of a kind ([`LogKey::sign_statement`]): its one line.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open_statement<'a>(&self, kind: &str, note: &'a str) -> Result<&'a str, NoteError> {
        let text = self.signed_text(note)?;
        let (first, rest) = text
            .split_once('\n')
            .ok_or(NoteError::Malformed("it has no line of its kind"))?;
        let line = rest.strip_suffix('\n').unwrap_or(rest);
        if first != format!("{}/{kind}", self.name) || line.contains('\n') {
            return Err(NoteError::Malformed("it is a statement of another kind"));
        }
        Ok(line)
    }

    /// The text of a note, once this key's signature under it was checked.
    fn signed_text<'a>(&self, note: &'a str) -> Result<&'a str, NoteError> {
        let (text, signatures) = split(note)?;
        let mut signers = Vec::new();
        for line in signatures.lines() {
            let (name, hash, signature) = signature_line(line)?;
            if name == self.name && hash == self.hash {
                return self.check(text, &signature);
            }
            signers.push(format!("{name}+{hash:08x}"));
        }
        let signers = signers.join(", ");
        Err(NoteError::OtherKey {
            name: self.name.clone(),
            hash: self.hash,
            signers,
        })
    }

    fn check<'a>(&self, text: &'a str, signature: &[u8]) -> Result<&'a str, NoteError> {
        UnparsedPublicKey::new(&ED25519, &self.key)
            .verify(text.as_bytes(), signature)
            .map_err(|_| NoteError::BadSignature(self.name.clone()))?;
        Ok(text)
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![ED25519_TYPE];
        typed.extend_from_slice(&self.key);
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.hash,
            BASE64.encode(typed)
        )
    }
}

/// A statement is one line, so that it ends where the signature's empty line begins.
fn statement_text(name: &str, kind: &str, line: &str) -> String {
    let line = line.replace(['\r', '\n'], " ");
    format!("{name}/{kind}\n{line}\n")
}

/// `SHA-256(name || LF || type || key)[..4]`, as C2SP signed-note recommends.
fn key_hash(name: &str, key: &[u8]) -> u32 {
    let mut bytes = name.as_bytes().to_vec();
    bytes.extend_from_slice(&[b'\n', ED25519_TYPE]);
    bytes.extend_from_slice(key);
    digest(&SHA256, &bytes)
        .as_ref()
        .iter()
        .take(4)
        .fold(0, |hash, byte| hash << 8 | u32::from(*byte))
}

fn checked(name: &str) -> Result<String, KeyError> {
    if name.is_empty()
        || name.contains('+')
        || name.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        return Err(KeyError::Name(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// Splits a note at the last empty line; the text keeps its final line break.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > MAX_NOTE_BYTES {
        return Err(NoteError::Malformed("it is too long"));
    }
    if note.chars().any(|c| c < ' ' && c != '\n') {
        return Err(NoteError::Malformed("it has control characters"));
    }
    let at = note
        .rfind("\n\n")
        .ok_or(NoteError::Malformed("no empty line before the signatures"))?;
    match (note.get(..=at), note.get(at + 2..)) {
        (Some(text), Some(signatures)) if signatures.ends_with('\n') => Ok((text, signatures)),
        _ => Err(NoteError::Malformed("no signature line at the end")),
    }
}

fn signature_line(line: &str) -> Result<(&str, u32, Vec<u8>), NoteError> {
    let malformed =
        NoteError::Malformed("a signature line is not of the form: \u{2014} name base64");
    let parts = line
        .strip_prefix("\u{2014} ")
        .and_then(|rest| rest.split_once(' '));
    let Some((name, encoded)) = parts else {
        return Err(malformed);
    };
    let bytes = BASE64.decode(encoded).map_err(|_| malformed.clone())?;
    let Some((hash, signature)) = bytes.split_first_chunk::<4>() else {
        return Err(malformed);
    };
    Ok((name, u32::from_be_bytes(*hash), signature.to_vec()))
}

#[cfg(test)]
mod tests;
