//! A real PostgreSQL server for a test: a cluster of its own in a temporary folder, reached by a Unix socket, stopped
//! and removed when it is dropped.

use std::io;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where the distribution's packages put the server, one folder for each version.
const INSTALLED: &str = "/usr/lib/postgresql";
/// How long the server may take to accept connections.
const READY: Duration = Duration::from_secs(60);

/// Why the server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostgresError {
    /// There is no server on this machine.
    #[error("no PostgreSQL server under {INSTALLED}; install it with: apt-get install postgresql")]
    NotInstalled,
    /// The server refuses to run as root, and there is no other user for it.
    #[error(
        "PostgreSQL does not run as root and there is no user postgres; install it with: apt-get install postgresql"
    )]
    NoUser,
    /// Files or processes failed.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: String,
        /// What happened.
        source: io::Error,
    },
    /// A program of the server ended with an error.
    #[error("{program} failed: {output}")]
    Failed {
        /// The program.
        program: String,
        /// What it wrote.
        output: String,
    },
    /// The server did not accept connections in time.
    #[error("the PostgreSQL server was not ready in time: {0}")]
    NotReady(String),
}

/// A running server.
#[derive(Debug)]
pub struct PostgresServer {
    programs: Programs,
    server: Child,
}

#[derive(Debug)]
struct Programs {
    folder: PathBuf,
    user: Option<(u32, u32)>,
    home: TempDir,
}

impl PostgresServer {
    /// Starts a server on an empty cluster.
    ///
    /// # Errors
    /// [`PostgresError`].
    pub fn start() -> Result<Self, PostgresError> {
        let programs = Programs::find()?;
        programs.run(
            "initdb",
            &[
                "-D",
                "data",
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "-N",
            ],
        )?;
        let log = programs.home.path().join("log");
        let log = std::fs::File::create(log).map_err(io_error("make the server's log"))?;
        let socket = programs.socket().to_owned();
        let server = programs
            .command("postgres")
            .args(["-D", "data", "-k", &socket, "-c", "listen_addresses="])
            .stderr(log)
            .spawn()
            .map_err(io_error("start postgres"))?;
        let server = Self { programs, server };
        server.await_ready()?;
        Ok(server)
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Errors
    /// [`PostgresError::Failed`].
    pub fn create_database(&self, name: &str) -> Result<String, PostgresError> {
        let socket = self.programs.socket();
        self.programs
            .run("createdb", &["-h", socket, "-U", "postgres", name])?;
        Ok(format!(
            "postgres://postgres@localhost/{name}?host={socket}"
        ))
    }

    fn await_ready(&self) -> Result<(), PostgresError> {
        let begin = Instant::now();
        while begin.elapsed() < READY {
            if self
                .programs
                .run("pg_isready", &["-q", "-h", self.programs.socket()])
                .is_ok()
            {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.programs.home.path().join("log"));
        Err(PostgresError::NotReady(log.unwrap_or_default()))
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if self
            .programs
            .run("pg_ctl", &["-D", "data", "stop", "-m", "immediate"])
            .is_err()
        {
            // The server may have ended by itself; then there is nothing to kill either.
            let _ = self.server.kill();
        }
        let _ = self.server.wait();
    }
}

impl Programs {
    fn find() -> Result<Self, PostgresError> {
        let folder = newest(Path::new(INSTALLED)).ok_or(PostgresError::NotInstalled)?;
        // A Unix socket's path must be short, so the place does not follow TMPDIR.
        let home = tempfile::Builder::new()
            .prefix("sandyq-pg-")
            .tempdir_in("/tmp")
            .map_err(io_error("make a folder for the cluster"))?;
        let user = if is_root(home.path())? {
            Some(server_user().ok_or(PostgresError::NoUser)?)
        } else {
            None
        };
        if let Some((uid, gid)) = user {
            chown(home.path(), Some(uid), Some(gid))
                .map_err(io_error("give the folder to postgres"))?;
        }
        Ok(Self { folder, user, home })
    }

    fn socket(&self) -> &str {
        self.home.path().to_str().unwrap_or("/tmp")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.folder.join(program));
        command
            .current_dir(self.home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<(), PostgresError> {
        let what = format!("run {program}");
        let output = self
            .command(program)
            .args(arguments)
            .stderr(Stdio::piped())
            .output()
            .map_err(io_error(&what))?;
        if output.status.success() {
            return Ok(());
        }
        let output = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(PostgresError::Failed {
            program: program.to_owned(),
            output,
        })
    }
}

/// The folder of programs of the newest version that is installed.
fn newest(installed: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(installed).ok()?.flatten();
    versions
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path().join("bin"),
            ))
        })
        .filter(|(_, folder)| folder.join("initdb").is_file())
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
}

/// Whoever makes a folder owns it.
fn is_root(home: &Path) -> Result<bool, PostgresError> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(std::fs::metadata(home)
        .map_err(io_error("look at the cluster's folder"))?
        .uid()
        == 0)
}

/// The user and group ids of `postgres`.
fn server_user() -> Option<(u32, u32)> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("postgres:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn io_error(what: &str) -> impl FnOnce(io::Error) -> PostgresError {
    let what = what.to_owned();
    move |source| PostgresError::Io { what, source }
}
