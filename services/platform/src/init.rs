//! `sandyq init`: a new platform in a folder.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sandyq_access::{OrganizationKind, Role};
use sandyq_store::{Change, Store, StoreError};
use serde_json::json;
use time::Duration;

use crate::call::system_event;
use crate::config::{self, Config, ConfigError, RawConfig};
use crate::error::{Error, chain};
use crate::governance::purposes;
use crate::platform::system_clock;
use crate::records::identity::{Invitation, Organization, User, UserState};
use crate::secrets::{self, MasterKeyError};
use crate::services::{fresh_token, invitation_name};

/// How long the first operator's invitation can be used.
const FIRST_INVITATION: Duration = Duration::days(7);

/// What a new platform is made with.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Host names and addresses of the server's certificate; the usual local ones when empty.
    pub public_names: Vec<String>,
    /// `postgres://...`; SQLite in the folder when not set.
    pub database_url: Option<String>,
    /// Name of the installation.
    pub platform_id: String,
    /// What people call the first operator.
    pub operator_name: String,
}

/// An invitation as it is handed to a person.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct InvitationFile {
    /// `https://host:port`.
    pub server: String,
    /// The platform's authority, PEM.
    pub ca_pem: String,
    /// The one-time token.
    pub token: String,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct Initialized {
    /// The first operator's invitation.
    pub invitation: InvitationFile,
    /// Where it was written, mode 0600.
    pub invitation_path: PathBuf,
    /// Verifier key of the audit log: to be kept apart from the platform.
    pub verifier_key: String,
}

/// Why a platform could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The folder holds something already.
    #[error("{0} is not empty; name a new folder")]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("cannot {step} {path}")]
    File {
        /// What was done.
        step: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database.
    #[error("the database could not be set up")]
    Store(#[from] StoreError),
    /// The configuration could not be written down.
    #[error("the configuration could not be written down")]
    Toml(#[from] toml::ser::Error),
    /// Anything else, with its causes.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for InitError {
    fn from(error: Error) -> Self {
        Self::Other(error.chain())
    }
}

fn make_folder(path: &Path) -> Result<(), InitError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| InitError::File {
            step: "make",
            path: path.to_owned(),
            source,
        })
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), InitError> {
    let failed = |source| InitError::File {
        step: "write",
        path: path.to_owned(),
        source,
    };
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}

/// Makes authority, keys, configuration, policies, database, operator organization and the first operator's invitation.
///
/// # Errors
/// [`InitError`]; the folder may be left half made, and must then be removed.
pub async fn init(dir: &Path, options: InitOptions) -> Result<Initialized, InitError> {
    make_folder(dir)?;
    let failed = |source| InitError::File {
        step: "read",
        path: dir.to_owned(),
        source,
    };
    if std::fs::read_dir(dir).map_err(failed)?.next().is_some() {
        return Err(InitError::NotEmpty(dir.to_owned()));
    }
    let defaults = RawConfig::default();
    let raw = RawConfig {
        listen: options.listen,
        public_names: if options.public_names.is_empty() {
            defaults.public_names.clone()
        } else {
            options.public_names
        },
        database_url: options
            .database_url
            .unwrap_or(defaults.database_url.clone()),
        platform_id: options.platform_id,
        ..defaults
    };
    write(&dir.join(config::FILE), &toml::to_string(&raw)?, 0o600)?;
    let config = Config::load(dir)?;
    for folder in [&config.objects, &config.policies, &config.work] {
        make_folder(folder)?;
    }
    write(&dir.join(purposes::FILE), purposes::SHIPPED, 0o644)?;
    secrets::write_master_key(&config.master_key)?;
    let store = Store::open(&config.database_url).await?;
    let made = fill(&config, &store, &options.operator_name).await;
    store.close().await;
    let (invitation, verifier_key) = made?;
    let invitation_path = dir.join("operator.invitation");
    let text =
        serde_json::to_string_pretty(&invitation).map_err(|e| InitError::Other(chain(&e)))?;
    write(&invitation_path, &text, 0o600)?;
    Ok(Initialized {
        invitation,
        invitation_path,
        verifier_key,
    })
}

async fn fill(
    config: &Config,
    store: &Store,
    operator_name: &str,
) -> Result<(InvitationFile, String), InitError> {
    let now = system_clock()();
    let keyring = secrets::read_master_key(&config.master_key)?;
    store.check_keyring(&keyring).await?;
    let secrets = secrets::generate(
        &keyring,
        &config.raw.platform_id,
        &config.raw.public_names,
        now,
    )?;
    let organization = Organization {
        name: "organizations/operator".to_owned(),
        display_name: "Operator".to_owned(),
        kind: OrganizationKind::Operator,
        special_state_body: false,
    };
    let user = User {
        name: "users/operator".to_owned(),
        display_name: operator_name.to_owned(),
        organization: organization.name.clone(),
        roles: vec![Role::OperatorAdmin],
        state: UserState::Invited,
    };
    let token = fresh_token()?;
    let invitation = Invitation {
        name: invitation_name(&token),
        user: user.name.clone(),
        expire_time: now + FIRST_INVITATION,
    };
    let public = |name: &str| {
        secrets
            .iter()
            .find(|secret| secret.name == name)
            .map(|s| s.public.clone())
            .unwrap_or_default()
    };
    let (ca_pem, verifier_key) = (public(secrets::AUTHORITY), public(secrets::AUDIT));
    let event = system_event(
        "PlatformInitialized",
        "platform",
        &organization.name,
        [
            ("platform_id", json!(config.raw.platform_id)),
            ("verifier_key", json!(verifier_key)),
        ],
    );
    let mut change = Change::new(event)
        .insert(&organization)?
        .insert(&user)?
        .insert(&invitation)?;
    for secret in &secrets {
        change = change.insert(secret)?;
    }
    store.commit(change, now).await?;
    let host = config
        .raw
        .public_names
        .first()
        .map_or("localhost", String::as_str);
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let server = format!("https://{host}:{}", config.raw.listen.port());
    Ok((
        InvitationFile {
            server,
            ca_pem,
            token,
        },
        verifier_key,
    ))
}
