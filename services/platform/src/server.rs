//! Wiring: opens everything, starts the workers, serves until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sandyq_access::{Policies, PolicyError};
use sandyq_proto::DESCRIPTOR_SET;
use sandyq_proto::v1::access_service_server::AccessServiceServer;
use sandyq_proto::v1::airlock_service_server::AirlockServiceServer;
use sandyq_proto::v1::audit_service_server::AuditServiceServer;
use sandyq_proto::v1::depersonalization_service_server::DepersonalizationServiceServer;
use sandyq_proto::v1::identity_service_server::IdentityServiceServer;
use sandyq_proto::v1::image_service_server::ImageServiceServer;
use sandyq_proto::v1::incident_service_server::IncidentServiceServer;
use sandyq_proto::v1::library_service_server::LibraryServiceServer;
use sandyq_proto::v1::sandbox_service_server::SandboxServiceServer;
use sandyq_proto::v1::subject_service_server::SubjectServiceServer;
use sandyq_proto::v1::system_service_server::SystemServiceServer;
use sandyq_proto::v1::trial_service_server::TrialServiceServer;
use sandyq_sandbox::PlatformId;
use sandyq_store::{Change, KeyringError, ObjectError, ObjectStore, Store, StoreError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::call::system_event;
use crate::config::{Config, ConfigError};
use crate::connections::{self, Bounds, Terms};
use crate::engine::EngineSlot;
use crate::error::Error;
use crate::gate::GateLayer;
use crate::governance::purposes::{Purposes, PurposesError};
use crate::metrics::{self, Metrics};
use crate::platform::{Parts, Platform, system_clock};
use crate::secrets::{self, MasterKeyError};
use crate::services::Services;
use crate::trials::{self, gateway};
use crate::{expiry, jobs, pipeline, subjects};

/// Flow control windows: an upload keeps the line full.
const STREAM_WINDOW: u32 = 8 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;
const FRAME: u32 = 1 << 20;

/// Most bytes of one message.
const MOST_MESSAGE_BYTES: usize = 8 << 20;

/// Most bytes of one message to the service that strangers may call too.
const MOST_IDENTITY_BYTES: usize = 64 << 10;

/// Connections at one time.
const BOUNDS: Bounds = Bounds {
    all: 1024,
    of_one: 256,
    strangers: 128,
    strangers_of_one: 32,
};

/// How TLS is spoken: Enroll comes without a certificate; every other call is refused without one.
const TERMS: Terms = Terms {
    protocol: b"h2",
    strangers: true,
};

/// A client that does not answer pings for this long is gone.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// How long calls in progress may take to end after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Files of objects that no record owns are removed when older than this.
const ORPHAN_AGE: time::Duration = time::Duration::hours(24);

/// Answers to repeated requests are remembered this long.
const REQUEST_AGE: time::Duration = time::Duration::days(7);

/// How often the server tidies up.
const TIDY_PERIOD: Duration = Duration::from_secs(24 * 3600);

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The master key is that of another platform.
    #[error(
        "{path} is not the master key of this platform's database; restore the right one from your backup"
    )]
    WrongMasterKey {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StoreError,
    },
    /// The policies.
    #[error("the policies cannot be used, so the server does not start")]
    Policies(#[from] PolicyError),
    /// The vocabulary of purposes.
    #[error("the vocabulary of purposes cannot be used, so the server does not start")]
    Purposes(#[from] PurposesError),
    /// The database.
    #[error("the database cannot be used")]
    Store(#[from] StoreError),
    /// The objects.
    #[error("the folder of objects cannot be used")]
    Objects(#[from] ObjectError),
    /// The port.
    #[error("cannot listen on {address}: {hint}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What to do.
        hint: String,
        /// Why.
        source: std::io::Error,
    },
    /// The transport.
    #[error("the server's transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// Reflection.
    #[error("the description of the interface cannot be served")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// Anything else, with its causes.
    #[error("{0}")]
    Other(String),
}

impl From<Error> for ServeError {
    fn from(error: Error) -> Self {
        Self::Other(error.chain())
    }
}

/// Serves the platform in a folder until `shutdown` resolves. `ready` is told the address once calls are answered.
///
/// # Errors
/// [`ServeError`], in words for people.
pub async fn serve(
    dir: &Path,
    shutdown: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(SocketAddr) + Send,
) -> Result<(), ServeError> {
    let config = Config::load(dir)?;
    let listener = listen_for("listen", config.raw.listen).await?;
    let address = listener.local_addr().map_err(|source| ServeError::Listen {
        address: config.raw.listen,
        hint: "the system does not tell the port".to_owned(),
        source,
    })?;
    let metrics = match config.metrics {
        Some(address) => Some(listen_for("metrics.listen", address).await?),
        None => None,
    };
    let gateway = match config.gateway {
        Some(address) => Some(listen_for("trials.listen", address).await?),
        None => None,
    };
    let stop = CancellationToken::new();
    let platform = open(config, stop.clone()).await?;
    resume(&platform).await?;
    if let Some(listener) = metrics {
        let serving = metrics::serve(Arc::clone(&platform), listener);
        platform.tasks.spawn(serving);
    }
    if let Some(listener) = gateway {
        let pair = secrets::server_pair(&platform).await?;
        let tls = connections::tls(&pair, platform.authority.certificate_pem(), gateway::TERMS)?;
        let serving = gateway::serve(Arc::clone(&platform), listener, tls);
        platform.tasks.spawn(serving);
    }
    let outcome = run(&platform, listener, shutdown, || ready(address)).await;
    stop.cancel();
    platform.tasks.close();
    if tokio::time::timeout(GRACE, platform.tasks.wait())
        .await
        .is_err()
    {
        tracing::warn!("background work did not end in time; the next start goes on with it");
    }
    platform.store.close().await;
    outcome
}

async fn listen_for(field: &'static str, address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen {
            address,
            hint: match source.kind() {
                std::io::ErrorKind::AddrInUse => {
                    format!(
                        "another program uses the port; stop it, or set `{field}` in sandyq.toml"
                    )
                }
                std::io::ErrorKind::PermissionDenied => {
                    format!("ports below 1024 need root; set `{field}` in sandyq.toml")
                }
                _ => format!("set `{field}` in sandyq.toml to an address of this machine"),
            },
            source,
        })
}

async fn open(config: Config, shutdown: CancellationToken) -> Result<Arc<Platform>, ServeError> {
    let policies = Policies::with_forbids(&config.policies)?;
    let purposes = Purposes::load(&config.dir, config.raw.governance.purposes.as_deref())?;
    let keyring = secrets::read_master_key(&config.master_key)?;
    let store = Store::open(&config.database_url).await?;
    store.claim().await?;
    store
        .check_keyring(&keyring)
        .await
        .map_err(|error| match error {
            StoreError::Key(KeyringError::WrongMasterKey { .. }) => ServeError::WrongMasterKey {
                path: config.master_key.clone(),
                source: error,
            },
            other => ServeError::Store(other),
        })?;
    let objects = ObjectStore::local(&config.objects, keyring.clone())?;
    let authority = secrets::authority(&store, &keyring).await?;
    let log_key = secrets::log_key(&store, &keyring, &config.raw.platform_id).await?;
    let platform_id = PlatformId::new(&config.raw.platform_id)
        .map_err(|error| ServeError::Other(error.to_string()))?;
    let metrics = Arc::new(Metrics::new());
    Ok(Platform::new(Parts {
        store,
        objects,
        keyring,
        policies,
        purposes,
        engine: EngineSlot::new(platform_id, config.init.clone(), Arc::clone(&metrics)),
        authority,
        log_key,
        config,
        metrics,
        clock: system_clock(),
        shutdown,
    }))
}

/// Goes on with what an earlier process left, and starts the workers.
async fn resume(platform: &Arc<Platform>) -> Result<(), ServeError> {
    secrets::ensure(platform, secrets::SUBJECTS).await?;
    pipeline::resume(platform).await?;
    jobs::resume(platform).await?;
    subjects::withdrawal::resume(platform).await?;
    platform
        .tasks
        .spawn(jobs::run_scheduler(Arc::clone(platform)));
    platform
        .tasks
        .spawn(jobs::run_reconciler(Arc::clone(platform)));
    platform.tasks.spawn(trials::run(Arc::clone(platform)));
    platform.tasks.spawn(expiry::run(Arc::clone(platform)));
    platform
        .tasks
        .spawn(subjects::due::run(Arc::clone(platform)));
    platform.tasks.spawn(reload_on_hangup(Arc::clone(platform)));
    let tidy = Arc::clone(platform);
    platform.tasks.spawn(async move {
        loop {
            if let Err(error) = tidy_up(&tidy).await {
                tracing::error!("tidying up failed: {}", error.chain());
            }
            tokio::select! {
                () = tidy.shutdown.cancelled() => return,
                () = tokio::time::sleep(TIDY_PERIOD) => {}
            }
        }
    });
    Ok(())
}

/// Reads the policies anew at each SIGHUP.
async fn reload_on_hangup(platform: Arc<Platform>) {
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return tracing::error!("cannot listen for SIGHUP: {error}"),
    };
    loop {
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            _ = hangups.recv() => {}
        }
        match reload(&platform).await {
            Ok(count) => tracing::info!(count, "the policies were read anew"),
            Err(error) => tracing::error!("the policies were not read anew: {}", error.chain()),
        }
    }
}

async fn reload(platform: &Arc<Platform>) -> Result<usize, Error> {
    let read = platform.read_policies().await?;
    let detail = [("count", serde_json::json!(read.count()))];
    let event = system_event("PoliciesReloaded", "policies", "", detail);
    platform.commit(Change::new(event)).await?;
    platform.policies.replace(&read);
    jobs::recheck(platform, "").await?;
    Ok(read.count())
}

/// Finishes a key rotation, removes what belongs to nothing, forgets old request ids.
async fn tidy_up(platform: &Arc<Platform>) -> Result<(), Error> {
    let renewed = secrets::rotate(platform).await?;
    if renewed > 0 {
        tracing::info!(renewed, "keys were wrapped by the current master key");
    }
    let owned = platform.store.object_ids().await?;
    platform
        .objects
        .sweep(&owned, platform.now() - ORPHAN_AGE)
        .await?;
    let event = system_event("OldRequestsForgotten", "requests", "", []);
    platform
        .commit(Change::new(event).forget_requests(platform.now() - REQUEST_AGE))
        .await
}

async fn run(
    platform: &Arc<Platform>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
    ready: impl FnOnce(),
) -> Result<(), ServeError> {
    let pair = secrets::server_pair(platform).await?;
    let tls = connections::tls(&pair, platform.authority.certificate_pem(), TERMS)?;
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_service_status("", tonic_health::ServingStatus::Serving)
        .await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let services = Services(Arc::clone(platform));
    macro_rules! service {
        ($server:ident) => {
            $server::new(services.clone()).max_decoding_message_size(MOST_MESSAGE_BYTES)
        };
    }
    let stopping = platform.shutdown.clone();
    let signal = async move {
        shutdown.await;
        // Watches and log streams end now, so that the transport can.
        stopping.cancel();
    };
    let router = Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE))
        .layer(GateLayer(Arc::clone(platform)))
        .add_service(health)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?)
        .add_service(
            IdentityServiceServer::new(services.clone())
                .max_decoding_message_size(MOST_IDENTITY_BYTES),
        )
        .add_service(service!(LibraryServiceServer))
        .add_service(service!(DepersonalizationServiceServer))
        .add_service(service!(AccessServiceServer))
        .add_service(service!(SystemServiceServer))
        .add_service(service!(SandboxServiceServer))
        .add_service(service!(TrialServiceServer))
        .add_service(service!(ImageServiceServer))
        .add_service(service!(AirlockServiceServer))
        .add_service(service!(SubjectServiceServer))
        .add_service(service!(IncidentServiceServer))
        .add_service(service!(AuditServiceServer));
    let incoming = ReceiverStream::new(connections::accept(platform, listener, tls, BOUNDS));
    let cut = platform.shutdown.clone();
    let serving = router.serve_with_incoming_shutdown(incoming, signal);
    ready();
    tokio::select! {
        outcome = serving => Ok(outcome?),
        () = async { cut.cancelled().await; tokio::time::sleep(GRACE).await } => Ok(()),
    }
}
