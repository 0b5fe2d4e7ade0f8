//! The master key and what it seals.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

/// Length of every symmetric key, in bytes.
pub const KEY_LEN: usize = 32;

/// Why something cannot be sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// It was sealed under a master key that the keyring does not hold.
    #[error(
        "it is sealed under master key {wanted}, but the keyring holds {held}; give the server the right master key"
    )]
    WrongMasterKey {
        /// The id of the key that is missing.
        wanted: String,
        /// The ids of the keys that are there.
        held: String,
    },
    /// It was changed, or belongs to another place.
    #[error("what is sealed at {0} was changed, or belongs elsewhere")]
    Damaged(String),
    /// The text is no sealed value.
    #[error("what is stored at {0} is not a sealed value")]
    Malformed(String),
    /// The text is no master key.
    #[error("a master key is written as 64 hexadecimal digits")]
    NotAKey,
    /// No randomness was to be had.
    #[error("the system's random number generator failed")]
    Random,
}

/// The key that all others are wrapped by.
pub struct MasterKey {
    id: String,
    sealing: Zeroizing<[u8; KEY_LEN]>,
    text: Zeroizing<String>,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("id", &self.id)
            .field("key", &"***")
            .finish()
    }
}

impl MasterKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`KeyringError::Random`].
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, KeyringError> {
        Self::from_bytes(&*random_key(random)?)
    }

    /// Reads the text form, 64 hexadecimal digits; white space around it is passed over.
    ///
    /// # Errors
    /// [`KeyringError::NotAKey`].
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut bytes = Zeroizing::new([0; KEY_LEN]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice())
            .map_err(|_| KeyringError::NotAKey)?;
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8; KEY_LEN]) -> Result<Self, KeyringError> {
        let mut id = [0; 8];
        expand(b"sandyq master key", bytes, b"id", &mut id)?;
        let mut sealing = Zeroizing::new([0; KEY_LEN]);
        expand(b"sandyq master key", bytes, b"seal", sealing.as_mut_slice())?;
        Ok(Self {
            id: hex::encode(id),
            sealing,
            text: Zeroizing::new(hex::encode(bytes)),
        })
    }

    /// The id that is stored with what the key seals; derived from the key, it tells nothing about it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The text form, to be written to a file that only the server's user can read.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        self.text.clone()
    }
}

/// The current master key, and the old ones that something may still be sealed under.
#[derive(Clone)]
pub struct Keyring {
    keys: Arc<Keys>,
    random: Arc<dyn SecureRandom + Send + Sync>,
}

struct Keys {
    current: MasterKey,
    old: Vec<MasterKey>,
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Keys { current, old } = &*self.keys;
        f.debug_struct("Keyring")
            .field("current", current)
            .field("old", old)
            .finish()
    }
}

/// The place that a key check value is bound to.
const CHECK: &str = "key check";

impl Keyring {
    /// A keyring that seals under `current` and opens what any of its keys has sealed.
    #[must_use]
    pub fn new(
        current: MasterKey,
        old: Vec<MasterKey>,
        random: Arc<dyn SecureRandom + Send + Sync>,
    ) -> Self {
        Self {
            keys: Arc::new(Keys { current, old }),
            random,
        }
    }

    /// The id of the current key.
    #[must_use]
    pub fn current_id(&self) -> &str {
        self.keys.current.id()
    }

    /// Seals a small secret and binds it to its place. The text names the key that it is sealed under.
    ///
    /// # Errors
    /// [`KeyringError::Random`].
    pub fn seal(&self, place: &str, secret: &[u8]) -> Result<String, KeyringError> {
        self.seal_as("secret", place, secret)
    }

    /// Opens what was sealed at the same place.
    ///
    /// # Errors
    /// [`KeyringError::WrongMasterKey`], [`KeyringError::Damaged`], [`KeyringError::Malformed`].
    pub fn open(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        self.open_as("secret", place, sealed)
    }

    /// Seals anew, under the current key, what an old one has sealed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn rewrap(&self, place: &str, sealed: &str) -> Result<String, KeyringError> {
        self.seal(place, &self.open(place, sealed)?)
    }

    /// The id of the key that something is sealed under.
    #[must_use]
    pub fn key_id(sealed: &str) -> Option<&str> {
        sealed
            .strip_prefix("v1.")?
            .split_once('.')
            .map(|(id, _)| id)
    }

    /// A value by which [`Self::check`] later tells whether the keyring is the right one.
    ///
    /// # Errors
    /// [`KeyringError::Random`].
    pub fn check_value(&self) -> Result<String, KeyringError> {
        self.seal_as("check", CHECK, CHECK.as_bytes())
    }

    /// Checks that the keyring has the key that made the value.
    ///
    /// # Errors
    /// [`KeyringError::WrongMasterKey`].
    pub fn check(&self, value: &str) -> Result<(), KeyringError> {
        self.open_as("check", CHECK, value).map(drop)
    }

    pub(crate) fn random(&self) -> &dyn SecureRandom {
        &*self.random
    }

    /// Seals under the current key. `purpose` keeps one kind of secret from being opened as another.
    pub(crate) fn seal_as(
        &self,
        purpose: &str,
        place: &str,
        secret: &[u8],
    ) -> Result<String, KeyringError> {
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .map_err(|_| KeyringError::Random)?;
        let mut sealed = secret.to_vec();
        let key = &self.keys.current;
        aead(&key.sealing)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated(purpose, place)),
                &mut sealed,
            )
            .map_err(|_| KeyringError::Malformed(place.to_owned()))?;
        let text = BASE64.encode([&nonce, sealed.as_slice()].concat());
        Ok(format!("v1.{}.{text}", key.id))
    }

    pub(crate) fn open_as(
        &self,
        purpose: &str,
        place: &str,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let malformed = || KeyringError::Malformed(place.to_owned());
        let id = Self::key_id(sealed).ok_or_else(malformed)?;
        let key = self.find(id)?;
        let text = sealed.rsplit('.').next().ok_or_else(malformed)?;
        let mut bytes = Zeroizing::new(BASE64.decode(text).map_err(|_| malformed())?);
        let (nonce, body) = bytes
            .split_first_chunk_mut::<NONCE_LEN>()
            .ok_or_else(malformed)?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = aead(&key.sealing)?
            .open_in_place(nonce, Aad::from(associated(purpose, place)), body)
            .map_err(|_| KeyringError::Damaged(place.to_owned()))?;
        Ok(Zeroizing::new(opened.to_vec()))
    }

    fn find(&self, id: &str) -> Result<&MasterKey, KeyringError> {
        let mut keys = std::iter::once(&self.keys.current).chain(&self.keys.old);
        keys.find(|key| key.id == id).ok_or_else(|| {
            let held: Vec<_> = std::iter::once(&self.keys.current)
                .chain(&self.keys.old)
                .map(|key| key.id.as_str())
                .collect();
            KeyringError::WrongMasterKey {
                wanted: id.to_owned(),
                held: held.join(", "),
            }
        })
    }
}

fn associated(purpose: &str, place: &str) -> Vec<u8> {
    [purpose.as_bytes(), b"\0", place.as_bytes()].concat()
}

/// The AES-256-GCM key.
pub(crate) fn aead(key: &[u8; KEY_LEN]) -> Result<LessSafeKey, KeyringError> {
    UnboundKey::new(&AES_256_GCM, key)
        .map(LessSafeKey::new)
        .map_err(|_| KeyringError::NotAKey)
}

/// A new symmetric key.
pub(crate) fn random_key(
    random: &dyn SecureRandom,
) -> Result<Zeroizing<[u8; KEY_LEN]>, KeyringError> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    random
        .fill(key.as_mut_slice())
        .map_err(|_| KeyringError::Random)?;
    Ok(key)
}

/// HKDF-SHA-256 (RFC 5869).
pub(crate) fn expand(
    salt: &[u8],
    secret: &[u8],
    info: &[u8],
    output: &mut [u8],
) -> Result<(), KeyringError> {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], Length(output.len()))
        .and_then(|material| material.fill(output))
        .map_err(|_| KeyringError::NotAKey)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use proptest::prelude::*;
    use ring::rand::SystemRandom;

    use super::*;

    fn key(byte: u8) -> MasterKey {
        MasterKey::parse(&format!("{byte:02x}").repeat(KEY_LEN)).unwrap()
    }

    fn ring(current: u8, old: &[u8]) -> Keyring {
        Keyring::new(
            key(current),
            old.iter().map(|byte| key(*byte)).collect(),
            Arc::new(SystemRandom::new()),
        )
    }

    #[test]
    fn a_secret_opens_at_its_place_only() {
        let sealed = ring(1, &[]).seal("sandboxes/a", b"secret").unwrap();
        assert_eq!(
            ring(1, &[])
                .open("sandboxes/a", &sealed)
                .unwrap()
                .as_slice(),
            b"secret"
        );
        assert_eq!(
            ring(1, &[]).open("sandboxes/b", &sealed),
            Err(KeyringError::Damaged("sandboxes/b".to_owned()))
        );
        assert_eq!(
            ring(1, &[]).open_as("object", "sandboxes/a", &sealed),
            Err(KeyringError::Damaged("sandboxes/a".to_owned()))
        );
    }

    #[test]
    fn another_master_key_is_told_from_damage() {
        let value = ring(1, &[]).check_value().unwrap();
        assert_eq!(ring(1, &[]).check(&value), Ok(()));
        assert_eq!(
            ring(2, &[]).check(&value),
            Err(KeyringError::WrongMasterKey {
                wanted: key(1).id,
                held: key(2).id
            })
        );
    }

    #[test]
    fn keys_rotate() {
        let sealed = ring(1, &[]).seal("p", b"secret").unwrap();
        let rotated = ring(2, &[1]).rewrap("p", &sealed).unwrap();
        assert_eq!(Keyring::key_id(&rotated), Some(key(2).id()));
        assert_eq!(
            ring(2, &[]).open("p", &rotated).unwrap().as_slice(),
            b"secret"
        );
        assert!(matches!(
            ring(2, &[]).open("p", &sealed),
            Err(KeyringError::WrongMasterKey { .. })
        ));
    }

    #[test]
    fn a_key_survives_its_text_form_and_is_not_shown() {
        let made = MasterKey::generate(&SystemRandom::new()).unwrap();
        let text = made.to_text();
        assert_eq!(
            MasterKey::parse(&format!(" {}\n", *text)).unwrap().id(),
            made.id()
        );
        let shown = format!(
            "{:?}",
            Keyring::new(made, vec![key(3)], Arc::new(SystemRandom::new()))
        );
        assert!(!shown.contains(&*text) && shown.contains("***"), "{shown}");
        assert_eq!(MasterKey::parse("00").unwrap_err(), KeyringError::NotAKey);
    }

    #[test]
    fn the_same_secret_never_looks_the_same() {
        assert_ne!(
            ring(1, &[]).seal("p", b"s").unwrap(),
            ring(1, &[]).seal("p", b"s").unwrap()
        );
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in "(v1\\.)?[0-9a-f.]{0,20}\\PC*") {
            prop_assert!(ring(1, &[]).open("p", &text).is_err());
        }
    }
}
