//! One platform: made by `sandyq init`, served by `sandyq serve`, killed at the end with all that it left on the engine.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use tempfile::TempDir;

use crate::people::User;

/// How long a server may take to answer in a debug build on a busy machine.
const START: Duration = Duration::from_secs(60);

/// How long a job may take to come to a failpoint on a busy machine: several times what it takes on an idle one.
const PATIENCE: Duration = Duration::from_secs(180);

/// What is special about a platform.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// PostgreSQL, when not SQLite.
    pub database_url: Option<String>,
    /// Lines that replace those of `sandyq.toml` with the same key at the top level or in `[table]`: `("jobs.concurrent", "1")`.
    pub config: Vec<(String, String)>,
    /// Environment of the server.
    pub environment: Vec<(String, String)>,
}

/// A platform that runs.
pub struct Site {
    /// Its folder.
    pub dir: PathBuf,
    /// `https://localhost:port`.
    pub address: String,
    /// The authority, PEM.
    pub ca_pem: String,
    /// Verifier key of the audit log.
    pub verifier_key: String,
    /// Label of its containers.
    pub platform_id: String,
    /// People by short name: admin, reviewer, owner, steward, developer (a lead), junior, auditor, other-owner,
    /// rival.
    pub people: BTreeMap<&'static str, User>,
    options: Options,
    child: Option<Child>,
    log: Arc<Mutex<Vec<String>>>,
    _temp: TempDir,
}

/// The program under test, built beside this test.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("SANDYQ_BIN") {
        return path.into();
    }
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    let path = folder.join("sandyq");
    assert!(
        path.exists(),
        "{} is not built; run: cargo build -p sandyq",
        path.display()
    );
    let init = path.with_file_name("sandyq-init");
    assert!(
        init.exists(),
        "{} is not built; run: make init",
        init.display()
    );
    path
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Runs the program to its end; panics with what it said unless it succeeded.
pub fn run(arguments: &[&str]) -> String {
    let out = Command::new(program()).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success(), "sandyq {arguments:?}: {said}");
    String::from_utf8(out.stdout).unwrap()
}

impl Site {
    /// A platform with SQLite and everybody enrolled.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// A platform with everybody enrolled.
    pub async fn start_with(options: Options) -> Self {
        let mut site = Self::init(options);
        site.serve().await;
        site.enrol_everybody().await;
        site
    }

    /// Makes the folder, starts nothing.
    pub fn init(options: Options) -> Self {
        let temp = tempfile::Builder::new()
            .prefix("sandyq-test-")
            .tempdir()
            .unwrap();
        let dir = temp.path().join("platform");
        let port = free_port();
        let platform_id = format!("test-{}", &crate::request_id()[..12]);
        let listen = format!("127.0.0.1:{port}");
        let dir_text = dir.display().to_string();
        let mut arguments = vec![
            "init",
            &dir_text,
            "--listen",
            &listen,
            "--public-name",
            "localhost",
            "--public-name",
            "127.0.0.1",
        ];
        arguments.extend(["--platform-id", &platform_id, "--output", "json"]);
        if let Some(url) = &options.database_url {
            arguments.extend(["--database-url", url]);
        }
        let made: serde_json::Value = serde_json::from_str(&run(&arguments)).unwrap();
        let invitation = std::fs::read_to_string(dir.join("operator.invitation")).unwrap();
        let invitation: serde_json::Value = serde_json::from_str(&invitation).unwrap();
        let site = Self {
            address: format!("https://localhost:{port}"),
            ca_pem: invitation["ca_pem"].as_str().unwrap().to_owned(),
            verifier_key: made["verifier_key"].as_str().unwrap().to_owned(),
            platform_id,
            people: BTreeMap::new(),
            child: None,
            log: Arc::default(),
            dir,
            options,
            _temp: temp,
        };
        site.configure();
        site
    }

    fn configure(&self) {
        let path = self.dir.join("sandyq.toml");
        let mut text = std::fs::read_to_string(&path).unwrap();
        for (key, value) in &self.options.config {
            let (table, field) = key.rsplit_once('.').unwrap_or(("", key));
            let mut current = String::new();
            let lines: Vec<String> = text
                .lines()
                .map(|line| {
                    if let Some(name) = line.strip_prefix('[') {
                        current = name.trim_end_matches(']').to_owned();
                    }
                    let mine = current == table && line.starts_with(&format!("{field} ="));
                    if mine {
                        format!("{field} = {value}")
                    } else {
                        line.to_owned()
                    }
                })
                .collect();
            text = lines.join("\n") + "\n";
            assert!(
                text.contains(&format!("{field} = {value}")),
                "no setting {key}"
            );
        }
        std::fs::write(path, text).unwrap();
    }

    /// Starts the server and waits until it answers.
    pub async fn serve(&mut self) {
        self.spawn();
        let from = Instant::now();
        while !self.said("listening on") {
            let child = self.child.as_mut().unwrap();
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            assert!(
                from.elapsed() < START,
                "the server does not start:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn spawn(&mut self) {
        self.log.lock().unwrap().clear();
        let mut child = Command::new(program())
            .args(["serve", "--dir"])
            .arg(&self.dir)
            .env("SANDYQ_LOG", "info")
            .envs(self.options.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let reader = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::clone(&self.log);
        std::thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                log.lock().unwrap().push(line);
            }
        });
        self.child = Some(child);
    }

    /// Starts the server where it is expected to refuse; returns what it said.
    pub fn serve_in_vain(&mut self) -> String {
        self.spawn();
        let mut child = self.child.take().unwrap();
        let from = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(!status.success(), "the server ended well");
                std::thread::sleep(Duration::from_millis(100));
                return self.log();
            }
            if from.elapsed() > START {
                child.kill().unwrap();
                panic!("the server did not refuse to start:\n{}", self.log());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends the server without warning, as a power cut would.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Changes the environment of the server from its next start on.
    pub fn set_environment(&mut self, environment: &[(&str, &str)]) {
        self.options.environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
    }

    /// The engine that the server uses, when it is not the machine's.
    pub fn docker_host(&self) -> Option<&str> {
        let mut variables = self.options.environment.iter();
        let host = variables.find(|(name, _)| name == "DOCKER_HOST")?;
        // Some tests give the server an engine that is not there.
        host.1.contains("sandyq-engine-").then_some(host.1.as_str())
    }

    /// Whether the server ended by itself, as at a failpoint.
    pub fn has_ended(&mut self) -> bool {
        let child = self.child.as_mut();
        child.is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    /// Waits until the server has come to its failpoint.
    pub async fn wait_ended(&mut self) {
        let from = Instant::now();
        while !self.has_ended() {
            assert!(
                from.elapsed() < PATIENCE,
                "the failpoint is not reached within {PATIENCE:?}; a program that was not built together with these tests has none"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Starts the server; `false` when it ended before it served.
    pub async fn try_serve(&mut self) -> bool {
        self.spawn();
        let from = Instant::now();
        while !self.said("listening on") {
            if self.has_ended() {
                return false;
            }
            assert!(
                from.elapsed() < START,
                "the server does not start:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        true
    }

    /// Process id of the server.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("the server runs").id()
    }

    /// What the server logged since its start.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    fn said(&self, what: &str) -> bool {
        self.log
            .lock()
            .unwrap()
            .iter()
            .any(|line| line.contains(what))
    }

    /// A person.
    pub fn user(&self, name: &str) -> User {
        self.people
            .get(name)
            .unwrap_or_else(|| panic!("nobody is called {name}"))
            .clone()
    }

    /// Enrols the first operator, with whose invitation a platform begins.
    pub async fn enrol_operator(&mut self) {
        let text = std::fs::read_to_string(self.dir.join("operator.invitation")).unwrap();
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let token = file["token"].as_str().unwrap();
        let admin = User::enroll(&self.address, &self.ca_pem, token)
            .await
            .unwrap();
        self.people.insert("admin", admin);
    }

    /// Enrols the operators and a user or two of each kind of organization.
    pub async fn enrol_everybody(&mut self) {
        use v1::{OrganizationKind as Kind, Role};
        self.enrol_operator().await;
        for (id, kind) in [
            ("statistics", Kind::Agency),
            ("health", Kind::Agency),
            ("lab", Kind::Developer),
            ("rival", Kind::Developer),
            ("audit", Kind::Auditor),
        ] {
            self.create_organization(id, kind).await;
        }
        for (name, organization, role) in [
            ("reviewer", "operator", Role::OperatorReviewer),
            ("owner", "statistics", Role::AgencyOwner),
            ("steward", "statistics", Role::AgencySteward),
            ("other-owner", "health", Role::AgencyOwner),
            ("developer", "lab", Role::DeveloperLead),
            ("junior", "lab", Role::Developer),
            ("rival", "rival", Role::DeveloperLead),
            ("auditor", "audit", Role::Auditor),
        ] {
            let user = self.enrol(name, organization, role).await;
            self.people.insert(name, user);
        }
    }

    /// Registers an organization.
    pub async fn create_organization(&self, id: &str, kind: v1::OrganizationKind) {
        let organization = v1::Organization {
            display_name: id.to_owned(),
            kind: kind.into(),
            ..Default::default()
        };
        let request = v1::CreateOrganizationRequest {
            organization_id: id.to_owned(),
            organization: Some(organization),
            request_id: crate::request_id(),
        };
        self.user("admin")
            .identity()
            .create_organization(request)
            .await
            .unwrap();
    }

    /// Invites and enrols a user.
    pub async fn enrol(&self, id: &str, organization: &str, role: v1::Role) -> User {
        let request = v1::CreateInvitationRequest {
            organization: format!("organizations/{organization}"),
            display_name: id.to_owned(),
            roles: vec![role.into()],
            user_id: id.to_owned(),
            ..Default::default()
        };
        let answer = self
            .user("admin")
            .identity()
            .create_invitation(request)
            .await
            .unwrap();
        User::enroll(&self.address, &self.ca_pem, &answer.into_inner().token)
            .await
            .unwrap()
    }

    /// Every file below the folder.
    pub fn files(&self) -> Vec<PathBuf> {
        fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
            let Ok(entries) = std::fs::read_dir(folder) else {
                return;
            };
            for entry in entries.flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, out)
                } else {
                    out.push(path)
                }
            }
        }
        let mut out = Vec::new();
        walk(&self.dir, &mut out);
        out
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            eprintln!("--- log of the server\n{}\n---", self.log());
        }
        crate::images::sweep(&self.platform_id, self.docker_host());
        crate::work::unmount_below(&self.dir);
    }
}
