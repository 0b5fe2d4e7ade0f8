//! The platform itself: making its folder, and running it.

use std::error::Error;
use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use sandyq_platform::config::Config;
use sandyq_platform::{InitOptions, Traces};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::Session;
use crate::errors::{Failure, Result, causes};

/// Open files with which all connections that the server takes, and all jobs, get along.
const OPEN_FILES: u64 = 4096;

/// `sandyq init`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq init /var/lib/sandyq --listen 0.0.0.0:7443 --public-name sandyq.example.kz
  sandyq serve --dir /var/lib/sandyq &
  sandyq enroll /var/lib/sandyq/operator.invitation --context operator
The folder holds the authority's key and the master key of all data: keep it, and keep it closed.")]
pub struct Init {
    /// The folder to make.
    dir: PathBuf,
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:7443")]
    listen: SocketAddr,
    /// A DNS name or address by which clients reach the server; may be given more than once. The first one stands in
    /// invitations. The listening address and localhost when not given.
    #[arg(long = "public-name", value_name = "NAME")]
    public_names: Vec<String>,
    /// PostgreSQL, as postgres://USER:PASSWORD@HOST/DATABASE; an SQLite file in the folder when not given.
    #[arg(
        long,
        env = "SANDYQ_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    database_url: Option<String>,
    /// Name of the installation: the origin of its audit log, and the label of its containers.
    #[arg(long, default_value = "sandyq", value_name = "NAME")]
    platform_id: String,
    /// What people call the first operator.
    #[arg(long, default_value = "Operator", value_name = "NAME")]
    operator_name: String,
}

/// `sandyq serve`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq serve --dir /var/lib/sandyq
SANDYQ_LOG chooses what is logged, such as `warn` or `info,sandyq_platform=debug`. SIGTERM and Ctrl-C end the server in
order; running jobs go on and are adopted at the next start.")]
pub struct Serve {
    /// The folder made by `sandyq init`.
    #[arg(long, env = "SANDYQ_DIR")]
    dir: PathBuf,
    /// The form of the log.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    log: LogFormat,
}

/// The form of the server's log, on standard error.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Makes a platform's folder.
pub async fn init(command: Init, session: &Session) -> Result<()> {
    let options = InitOptions {
        listen: command.listen,
        public_names: command.public_names,
        database_url: command.database_url,
        platform_id: command.platform_id,
        operator_name: command.operator_name,
    };
    let made = sandyq_platform::init(&command.dir, options)
        .await
        .map_err(|error| failed(&error))?;
    let (dir, file) = (command.dir.display(), made.invitation_path.display());
    let lines = format!(
        "The platform is made in {dir}.\n  start it with    sandyq serve --dir {dir}\n  then enrol with  sandyq enroll {file} \
         --context operator\nThe key of its audit log; keep it apart from the platform:\n  {}",
        made.verifier_key
    );
    let value = json!({
        "dir": command.dir,
        "server": made.invitation.server,
        "invitation": made.invitation_path,
        "verifier_key": made.verifier_key,
    });
    session.printer.value(&value, &lines)
}

/// Runs the platform until it is told to end.
pub async fn serve(command: Serve) -> Result<()> {
    let traces = start_log(command.log, &command.dir)?;
    leave_no_core()?;
    open_enough()?;
    let end = told_to_end()?;
    let ready = |address| tracing::info!("listening on {address}");
    let served = sandyq_platform::serve(&command.dir, end, ready).await;
    if let Some(traces) = traces {
        traces.close().await;
    }
    served.map_err(|error| failed(&error))
}

/// A core file would hold the master key and whatever is decrypted at the time.
fn leave_no_core() -> Result<()> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)
        .and_then(|()| set_dumpable(false))
        .map_err(|error| Failure::general(format!("core dumps cannot be turned off: {error}")))
}

/// As many files and connections as the system lets it have: the usual bound is for programs that serve nobody.
fn open_enough() -> Result<()> {
    let most = || {
        let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
        Ok::<_, nix::Error>(hard)
    };
    let most = most().map_err(|error| {
        Failure::general(format!(
            "the number of open files cannot be raised: {error}"
        ))
    })?;
    if most < OPEN_FILES {
        tracing::warn!(
            "the system lets the server have {most} open files; give it {OPEN_FILES} (systemd: LimitNOFILE=)"
        );
    }
    Ok(())
}

fn failed(error: &(dyn Error + 'static)) -> Failure {
    Failure::general(causes(error))
}

/// The log on standard error; and traces, where a collector is configured.
fn start_log(format: LogFormat, dir: &Path) -> Result<Option<Traces>> {
    let wanted = std::env::var("SANDYQ_LOG").unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| {
        Failure::usage(format!(
            "SANDYQ_LOG `{wanted}` cannot be understood: {error}"
        ))
    })?;
    let log = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let log = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => log.json().boxed(),
    };
    // What is wrong with the configuration is told when it is served.
    let config = Config::load(dir).ok();
    let collector = config.as_ref().and_then(|config| config.collector);
    let (layer, traces) = match (collector, &config) {
        (Some(address), Some(config)) => {
            let (layer, traces) = sandyq_platform::traces(address, &config.raw.platform_id)
                .map_err(|e| failed(&e))?;
            let own = filter_fn(|about| about.target().starts_with("sandyq"));
            (Some(layer.with_filter(own)), Some(traces))
        }
        _ => (None, None),
    };
    tracing_subscriber::registry()
        .with(log.with_filter(filter))
        .with(layer)
        .init();
    Ok(traces)
}

/// Resolves at SIGTERM or SIGINT.
fn told_to_end() -> Result<impl Future<Output = ()> + Send + 'static> {
    let listen = |kind| {
        signal(kind)
            .map_err(|error| Failure::general(format!("cannot listen for signals: {error}")))
    };
    let (mut term, mut int) = (
        listen(SignalKind::terminate())?,
        listen(SignalKind::interrupt())?,
    );
    Ok(async move {
        tokio::select! {
            _ = term.recv() => tracing::info!("told to end"),
            _ = int.recv() => tracing::info!("interrupted"),
        }
    })
}
