//! A Docker engine of a test's own, with nothing registered, and what the machine's engine has.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// An engine apart from the machine's; ended with all it has at the end of the test.
pub struct PrivateEngine {
    child: Child,
    folder: TempDir,
}

impl PrivateEngine {
    /// Starts `dockerd` with an empty configuration.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sandyq-engine-")
            .tempdir()
            .unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("daemon.json"), "{}").unwrap();
        let log = std::fs::File::create(path("log")).unwrap();
        let child = Command::new("dockerd")
            .args(["--bridge=none", "--iptables=false", "--ip-forward=false"])
            .arg("--config-file")
            .arg(path("daemon.json"))
            .arg("--data-root")
            .arg(path("data"))
            .arg("--exec-root")
            .arg(path("exec"))
            .arg("--pidfile")
            .arg(path("pid"))
            .arg("--host")
            .arg(format!("unix://{}", path("docker.sock").display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let engine = Self { child, folder };
        for _ in 0..300 {
            if engine.answers() {
                return engine;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let said = std::fs::read_to_string(engine.folder.path().join("log")).unwrap();
        panic!("the engine does not answer:\n{said}");
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("docker.sock")
    }

    /// For `DOCKER_HOST`.
    pub fn address(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn answers(&self) -> bool {
        Command::new("docker")
            .args(["--host", &self.address(), "version"])
            .output()
            .is_ok_and(|out| out.status.success())
    }
}

impl Drop for PrivateEngine {
    /// SIGTERM, upon which the engine ends its containers and what it started.
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        for _ in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
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
