//! A Docker engine of a test's own, which can be killed, restarted and stopped in its tracks without harm to anybody else.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long an engine may take to answer on a busy machine.
const START: Duration = Duration::from_secs(60);

/// An engine with its own folder, socket and containers.
pub struct PrivateEngine {
    folder: TempDir,
    child: Option<Child>,
    arguments: Vec<&'static str>,
}

impl PrivateEngine {
    /// Starts one; returns once it answers.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one that keeps every call, for [`Self::calls`].
    pub fn start_loud() -> Self {
        Self::start_with(&["--debug"])
    }

    /// Starts one with gVisor for jobs and for jobs that serve, as `deploy/setup.sh` registers it.
    pub fn start_with_gvisor() -> Self {
        let runtime = |more: &[&str]| {
            let arguments = ["--platform=ptrace", "--network=none", "--oci-seccomp"];
            let arguments = [&arguments, more].concat();
            serde_json::json!({"path": "/usr/bin/runsc", "runtimeArgs": arguments})
        };
        let serving = runtime(&["--host-uds=create"]);
        let runtimes = serde_json::json!({"runsc": runtime(&[]), "runsc-serve": serving});
        Self::start_as(&serde_json::json!({"runtimes": runtimes}), &[])
    }

    fn start_with(arguments: &[&'static str]) -> Self {
        // Nothing of what is registered with the machine's engine.
        Self::start_as(&serde_json::json!({}), arguments)
    }

    fn start_as(config: &serde_json::Value, arguments: &[&'static str]) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sandyq-engine-")
            .tempdir()
            .unwrap();
        std::fs::write(folder.path().join("daemon.json"), config.to_string()).unwrap();
        let mut engine = Self {
            folder,
            child: None,
            arguments: arguments.to_vec(),
        };
        engine.begin();
        engine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `unix://...`, for `DOCKER_HOST`.
    pub fn host(&self) -> String {
        format!("unix://{}", self.path("docker.sock").display())
    }

    /// Starts it again after [`Self::kill`] or [`Self::end`].
    pub fn begin(&mut self) {
        // The files of processes that were killed stay, and their numbers may be those of others, or of dead ones that
        // nobody has waited for; the engine would wait for them.
        for file in ["docker.pid", "exec/containerd/containerd.pid"] {
            let _ = std::fs::remove_file(self.path(file));
        }
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .unwrap();
        let child = Command::new("dockerd")
            .arg("--config-file")
            .arg(self.path("daemon.json"))
            .arg("--data-root")
            .arg(self.path("data"))
            .arg("--exec-root")
            .arg(self.path("exec"))
            .arg("--pidfile")
            .arg(self.path("docker.pid"))
            .args(["--host", &self.host()])
            .args(["--bridge=none", "--iptables=false", "--ip-masq=false"])
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("dockerd is installed");
        self.child = Some(child);
        let from = Instant::now();
        while !self.docker(&["version"]).status.success() {
            assert!(from.elapsed() < START, "the engine does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs the engine's client.
    pub fn docker(&self, arguments: &[&str]) -> std::process::Output {
        Command::new("docker")
            .args(["-H", &self.host()])
            .args(arguments)
            .output()
            .unwrap()
    }

    fn signal(&self, name: &str) {
        let pid = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it without warning.
    pub fn kill(&mut self) {
        self.signal("-KILL");
        self.child.take().unwrap().wait().unwrap();
    }

    /// Ends it in order; it kills its containers.
    pub fn end(&mut self) {
        self.signal("-TERM");
        self.child.take().unwrap().wait().unwrap();
    }

    /// It answers nobody until [`Self::thaw`].
    pub fn freeze(&self) {
        self.signal("-STOP");
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.signal("-CONT");
    }

    /// The calls that it was asked, such as `POST /v1.41/containers/create`.
    pub fn calls(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.path("log")).unwrap();
        let call = |line: &str| {
            let (_, call) = line.split_once("Calling ")?;
            Some(call.trim_end_matches('"').to_owned())
        };
        log.lines().filter_map(call).collect()
    }

    /// A file that every start of a container is written to, one line each: `<job> <container>`.
    pub fn watch_starts(&self, file: &Path) -> Child {
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .unwrap();
        Command::new("docker")
            .args(["-H", &self.host(), "events", "--filter", "event=start"])
            .args([
                "--format",
                "{{index .Actor.Attributes \"sandyq.job\"}} {{.ID}}",
            ])
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// What is left of processes that were started for it.
    fn remaining(&self) -> Vec<String> {
        let folder = self.folder.path().display().to_string();
        let Ok(entries) = std::fs::read_dir("/proc") else {
            return Vec::new();
        };
        let ours = |pid: String| {
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
            // What waits to become a container's program says nothing of the engine, but its root is of the engine's folder.
            let mounts = std::fs::read_to_string(format!("/proc/{pid}/mountinfo")).ok()?;
            let root = |line: &&str| line.split(' ').nth(4) == Some("/") && line.contains(&folder);
            let is = String::from_utf8_lossy(&line).contains(&folder)
                || mounts.lines().any(|line| root(&line));
            (is && pid
                .parse::<u32>()
                .is_ok_and(|pid| pid != std::process::id()))
            .then_some(pid)
        };
        entries
            .flatten()
            .filter_map(|entry| ours(entry.file_name().to_str()?.to_owned()))
            .collect()
    }
}

impl Drop for PrivateEngine {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = child.id().to_string();
            for signal in ["-CONT", "-TERM"] {
                let _ = Command::new("kill").args([signal, &pid]).status();
            }
            let from = Instant::now();
            while child.try_wait().is_ok_and(|ended| ended.is_none())
                && from.elapsed() < Duration::from_secs(15)
            {
                std::thread::sleep(Duration::from_millis(50));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        // Its supervisor and what it supervised outlive an engine that was killed.
        for pid in self.remaining() {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
        }
        std::thread::sleep(Duration::from_millis(100));
        crate::work::unmount_below(self.folder.path());
    }
}

/// Whether the machine's engine has gVisor.
pub fn has_gvisor() -> bool {
    let out = Command::new("docker")
        .args(["info", "--format", "{{json .Runtimes}}"])
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).contains("\"runsc\"")
}
