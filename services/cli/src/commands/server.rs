//! The platform itself: making its folder, and running it.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sandyq_platform::InitOptions;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::commands::identity::Invitation;
use crate::errors::{Failure, Result};
use crate::{Session, context};

/// The file in the platform's folder with which its first operator enrols.
const INVITATION_FILE: &str = "operator-invitation.json";

/// `sandyq init`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq init /var/lib/sandyq --listen 0.0.0.0:7443 --public-name sandyq.example.kz
  sandyq serve --dir /var/lib/sandyq &
  sandyq enroll /var/lib/sandyq/operator-invitation.json --context operator
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
    #[arg(long, env = "SANDYQ_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// What people call the operating organization.
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
    let dir = command.dir.as_path();
    let options = InitOptions {
        listen: command.listen,
        public_names: public_names(command.public_names, command.listen),
        database_url: command.database_url,
        operator_name: command.operator_name,
    };
    let made = sandyq_platform::init(dir, options).await.map_err(|error| Failure::general(error.to_string()))?;
    let invitation =
        Invitation { server: made.invitation.server, ca_pem: made.invitation.ca_pem, token: made.invitation.token };
    let file = dir.join(INVITATION_FILE);
    let text = serde_json::to_string_pretty(&invitation)
        .map_err(|error| Failure::general(format!("cannot write the invitation: {error}")))?;
    context::write(&file, text.as_bytes())?;
    let next = format!(
        "The platform is in {}.\nStart it with     sandyq serve --dir {}\nthen enrol with   sandyq enroll {} --context operator",
        dir.display(),
        dir.display(),
        file.display()
    );
    session.printer.value(&json!({"dir": dir, "server": invitation.server, "invitation": file}), &next)
}

/// Runs the platform until it is told to end.
pub async fn serve(command: Serve) -> Result<()> {
    start_log(command.log)?;
    sandyq_platform::serve(&command.dir, ended()).await.map_err(|error| Failure::general(error.to_string()))
}
