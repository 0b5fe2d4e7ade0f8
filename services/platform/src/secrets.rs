//! The platform's own keys: made once, sealed under the master key, kept in the database.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use sandyq_audit::LogKey;
use sandyq_store::{Change, Filter, Keyring, KeyringError, MasterKey, Page, Store, Stored};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use crate::call::system_event;
use crate::error::{Error, Result};
use crate::pipeline::runs::PSEUDONYM_SECRET;
use crate::pki::{self, Authority, Pair};
use crate::platform::{Platform, open_secret};
use crate::records::secret::Secret;

/// The authority's key; its certificate is the public part.
pub const AUTHORITY: &str = "secrets/authority";
/// The server's key; its certificate is the public part.
pub const SERVER: &str = "secrets/server";
/// The key under which subjects are hashed.
pub const SUBJECTS: &str = "secrets/subjects";
/// The key that signs checkpoints; the verifier key is the public part.
pub const AUDIT: &str = "secrets/audit-log";

/// Objects whose keys are wrapped anew at a time.
const ROTATION_BATCH: u32 = 500;

/// Why the master key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// The file cannot be read or written.
    #[error("cannot {step} the master key {path}")]
    File {
        /// What was done.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Others can read it.
    #[error("{path} can be read by others (mode {mode:03o}); run: chmod 600 {path}")]
    Readable {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is not a key.
    #[error("{path} does not hold a master key; restore it from your backup")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyringError,
    },
    /// It holds nothing.
    #[error("{path} is empty; restore it from your backup")]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// Makes a new master key, readable by its owner alone.
///
/// # Errors
/// The file exists or cannot be written.
pub fn write_master_key(path: &Path) -> Result<(), MasterKeyError> {
    let file = |step| {
        move |source| MasterKeyError::File {
            step,
            path: path.to_owned(),
            source,
        }
    };
    let key =
        MasterKey::generate(&SystemRandom::new()).map_err(|source| MasterKeyError::Malformed {
            path: path.to_owned(),
            source,
        })?;
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(file("make"))?;
    writeln!(out, "{}", key.to_text().as_str()).map_err(file("write"))?;
    out.sync_all().map_err(file("write"))
}

/// Reads the master keys: the first line is the current one, further lines are old ones that a rotation still needs.
///
/// # Errors
/// [`MasterKeyError`].
pub fn read_master_key(path: &Path) -> Result<Keyring, MasterKeyError> {
    let file = |source| MasterKeyError::File {
        step: "read",
        path: path.to_owned(),
        source,
    };
    let mode = std::fs::metadata(path).map_err(file)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(MasterKeyError::Readable {
            path: path.to_owned(),
            mode,
        });
    }
    let text = Zeroizing::new(std::fs::read_to_string(path).map_err(file)?);
    let mut keys = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(MasterKey::parse)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| MasterKeyError::Malformed {
            path: path.to_owned(),
            source,
        })?
        .into_iter();
    let current = keys.next().ok_or_else(|| MasterKeyError::Empty {
        path: path.to_owned(),
    })?;
    Ok(Keyring::new(
        current,
        keys.collect(),
        Arc::new(SystemRandom::new()),
    ))
}

fn sealed(keyring: &Keyring, name: &str, bytes: &[u8], public: String) -> Result<Secret> {
    let sealed = keyring
        .seal(name, bytes)
        .map_err(|error| Error::internal("seal a key", error))?;
    Ok(Secret {
        name: name.to_owned(),
        sealed,
        public,
    })
}

/// Makes all keys of a new platform.
///
/// # Errors
/// No random numbers.
pub fn generate(
    keyring: &Keyring,
    platform_id: &str,
    names: &[String],
    now: OffsetDateTime,
) -> Result<Vec<Secret>> {
    let internal = |error| Error::internal("make a key", error);
    let pair = pki::new_authority(now).map_err(internal)?;
    let authority = Authority::load(&pair).map_err(internal)?;
    let server = authority.server(names, now).map_err(internal)?;
    let (log_key, document) =
        LogKey::generate(&format!("sandyq/{platform_id}"), &SystemRandom::new())
            .map_err(|error| Error::internal("make the log's key", error))?;
    Ok(vec![
        sealed(
            keyring,
            AUTHORITY,
            pair.key_pem.as_bytes(),
            pair.certificate_pem,
        )?,
        sealed(
            keyring,
            SERVER,
            server.key_pem.as_bytes(),
            server.certificate_pem,
        )?,
        sealed(keyring, AUDIT, &document, log_key.verifier().to_string())?,
        random(keyring, PSEUDONYM_SECRET)?,
        random(keyring, SUBJECTS)?,
    ])
}

/// A fresh key of 256 bits.
fn random(keyring: &Keyring, name: &str) -> Result<Secret> {
    let mut key = Zeroizing::new([0_u8; 32]);
    SystemRandom::new()
        .fill(key.as_mut())
        .map_err(|_| Error::internal("make a key", std::io::Error::other("no random numbers")))?;
    sealed(keyring, name, key.as_ref(), String::new())
}

/// Makes a key that a platform from an earlier version does not have yet.
///
/// # Errors
/// The store's, or no random numbers.
pub async fn ensure(platform: &Platform, name: &str) -> Result<()> {
    if platform.store.get::<Secret>(name).await?.is_some() {
        return Ok(());
    }
    let secret = random(&platform.keyring, name)?;
    let event = system_event("KeyMade", name, "", []);
    platform.commit(Change::new(event).insert(&secret)?).await
}

async fn read(store: &Store, name: &str) -> Result<Stored<Secret>> {
    store.get::<Secret>(name).await?.ok_or_else(|| {
        Error::internal(
            "find its keys",
            std::io::Error::other(format!(
                "{name} is not in the database; was `sandyq init` finished?"
            )),
        )
    })
}

fn pair(keyring: &Keyring, secret: &Secret) -> Result<Pair> {
    let key = open_secret(keyring, secret)?;
    let key_pem = std::str::from_utf8(&key)
        .map_err(|error| Error::internal("read one of its keys", error))?
        .to_owned();
    Ok(Pair {
        certificate_pem: secret.public.clone(),
        key_pem: Zeroizing::new(key_pem),
    })
}

/// Loads the authority.
///
/// # Errors
/// The key is absent or not readable.
pub async fn authority(store: &Store, keyring: &Keyring) -> Result<Authority> {
    let secret = read(store, AUTHORITY).await?;
    Authority::load(&pair(keyring, &secret)?)
        .map_err(|error| Error::internal("load the authority", error))
}

/// Loads the key of the audit log.
///
/// # Errors
/// The key is absent or not readable.
pub async fn log_key(store: &Store, keyring: &Keyring, platform_id: &str) -> Result<LogKey> {
    let secret = read(store, AUDIT).await?;
    let document = open_secret(keyring, &secret)?;
    LogKey::from_pkcs8(&format!("sandyq/{platform_id}"), &document)
        .map_err(|error| Error::internal("load the log's key", error))
}

/// The server's certificate and key; made anew when its names changed or less than a third of its term is left.
///
/// # Errors
/// The key is absent or not readable.
pub async fn server_pair(platform: &Platform) -> Result<Pair> {
    let mut secret = read(&platform.store, SERVER).await?;
    let names = &platform.config.raw.public_names;
    if is_current(&secret.public, names, platform.now()) {
        return pair(&platform.keyring, &secret);
    }
    let fresh = platform
        .authority
        .server(names, platform.now())
        .map_err(|error| Error::internal("make the server's certificate", error))?;
    secret.record = sealed(
        &platform.keyring,
        SERVER,
        fresh.key_pem.as_bytes(),
        fresh.certificate_pem.clone(),
    )?;
    let event = system_event("ServerCertificateRenewed", SERVER, "", []);
    platform.commit(Change::new(event).update(&secret)?).await?;
    Ok(fresh)
}

fn is_current(certificate_pem: &str, names: &[String], now: OffsetDateTime) -> bool {
    use x509_parser::extensions::GeneralName;
    let Ok((_, pem)) = x509_parser::pem::parse_x509_pem(certificate_pem.as_bytes()) else {
        return false;
    };
    let Ok(certificate) = pem.parse_x509() else {
        return false;
    };
    let left = certificate.validity().not_after.timestamp() - now.unix_timestamp();
    let third = Duration::days(pki::SERVER_CERTIFICATE_DAYS / 3).whole_seconds();
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else {
        return false;
    };
    let known: Vec<String> = alternative
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match <[u8; 4]>::try_from(*bytes) {
                Ok(four) => Some(std::net::Ipv4Addr::from(four).to_string()),
                Err(_) => <[u8; 16]>::try_from(*bytes)
                    .ok()
                    .map(|b| std::net::Ipv6Addr::from(b).to_string()),
            },
            _ => None,
        })
        .collect();
    left > third && known == *names
}

/// Wraps every key anew that an old master key wraps. Afterwards the old lines can be taken out of the key file.
///
/// # Errors
/// The store's, or a key is not readable.
pub async fn rotate(platform: &Platform) -> Result<u64> {
    let current = platform.keyring.current_id().to_owned();
    let mut renewed = 0;
    let all = Filter::default();
    for mut secret in platform
        .store
        .list::<Secret>(&all, Page::first(1_000_000))
        .await?
    {
        if Keyring::key_id(&secret.sealed) == Some(current.as_str()) {
            continue;
        }
        secret.sealed = platform
            .keyring
            .rewrap(&secret.name, &secret.sealed)
            .map_err(|error| Error::internal("wrap a key anew", error))?;
        let event = system_event("KeyRewrapped", &secret.name, "", []);
        platform.commit(Change::new(event).update(&secret)?).await?;
        renewed += 1;
    }
    loop {
        let batch = platform
            .store
            .objects_under_other_keys(&current, ROTATION_BATCH)
            .await?;
        if batch.is_empty() {
            return Ok(renewed);
        }
        let event = system_event(
            "ObjectKeysRewrapped",
            "objects",
            "",
            [("count", serde_json::json!(batch.len()))],
        );
        let mut change = Change::new(event);
        for object in &batch {
            change = change.keep_object(platform.objects.rewrap(object)?);
            renewed += 1;
        }
        platform.commit(change).await?;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_master_key_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        write_master_key(&path).unwrap();
        read_master_key(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = read_master_key(&path).unwrap_err().to_string();
        assert!(error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_master_key_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        write_master_key(&path).unwrap();
        assert!(write_master_key(&path).is_err());
    }

    #[test]
    fn a_server_certificate_is_renewed_for_new_names_and_in_time() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let authority = Authority::load(&pki::new_authority(now).unwrap()).unwrap();
        let names = vec![
            "localhost".to_owned(),
            "127.0.0.1".to_owned(),
            "::1".to_owned(),
        ];
        let pair = authority.server(&names, now).unwrap();
        assert!(is_current(&pair.certificate_pem, &names, now));
        let fewer = vec!["localhost".to_owned()];
        assert!(!is_current(&pair.certificate_pem, &fewer, now));
        assert!(!is_current(
            &pair.certificate_pem,
            &names,
            now + Duration::days(300)
        ));
    }
}
