//! The program as people and scripts use it.

mod doctor;
mod help;
mod main_job;
mod push;
mod rights;
mod shell;
mod trials;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sandyq_tests::site::program;
use sandyq_tests::{Options, Site};
use serde_json::Value;
use tempfile::TempDir;

/// People with identities on one machine, who type commands.
struct Terminal {
    home: TempDir,
}

impl Terminal {
    /// The first operator, enrolled with the invitation that `sandyq init` wrote.
    fn of(site: &Site) -> Self {
        let terminal = Self {
            home: tempfile::tempdir().unwrap(),
        };
        let invitation = site.dir.join("operator.invitation");
        terminal.must("admin", &["enroll", text(&invitation)]);
        terminal
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn command(&self, context: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program());
        command
            .arg("--home")
            .arg(self.path("contexts"))
            .args(["--context", context, "--output", "json"])
            .args(arguments)
            .env_remove("SANDYQ_CONTEXT")
            .env_remove("SANDYQ_HOME")
            .env_remove("SANDYQ_OUTPUT")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, context: &str, arguments: &[&str]) -> Output {
        self.command(context, arguments).output().unwrap()
    }

    /// Runs a command that must succeed; returns what it printed, which must be JSON: one value, or one a line.
    fn must(&self, context: &str, arguments: &[&str]) -> Vec<Value> {
        let out = self.run(context, arguments);
        assert!(out.status.success(), "{arguments:?}: {}", said(&out));
        serde_json::Deserializer::from_slice(&out.stdout)
            .into_iter()
            .map(|value| value.unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", said(&out))))
            .collect()
    }

    /// As [`Terminal::must`], of which the last value counts.
    fn last(&self, context: &str, arguments: &[&str]) -> Value {
        let values = self.must(context, arguments);
        let none = || panic!("{arguments:?} printed nothing");
        values.last().cloned().unwrap_or_else(none)
    }

    /// Runs a command that must fail with this exit code; returns what it said.
    fn fails(&self, context: &str, code: i32, arguments: &[&str]) -> String {
        let out = self.run(context, arguments);
        assert_eq!(
            out.status.code(),
            Some(code),
            "{arguments:?}: {}",
            said(&out)
        );
        let text = String::from_utf8(out.stderr).unwrap();
        assert!(!text.trim().is_empty(), "{arguments:?} says why");
        text
    }

    /// A registered system and a sandbox of its own that may be used.
    fn open_sandbox(&self, sandbox: &str, stage: &str) {
        let create = [
            "system",
            "create",
            "income",
            "--name",
            "Income classifier",
            "--description",
            "for the regional study",
            "--purpose",
            "research.income",
            "--risk",
            "minimal",
            "--risk-reasons",
            "decides nothing about persons",
            "--autonomy",
            "assistant",
        ];
        self.must("developer", &create);
        self.must("developer", &["system", "submit", "income"]);
        self.must("admin", &["system", "register", "income"]);
        let create = [
            "sandbox",
            "create",
            sandbox,
            "--system",
            "income",
            "--stage",
            stage,
            "--term",
            "2d",
            "--cpu-time",
            "10h",
            "--concurrent-jobs",
            "2",
            "--memory",
            "1GiB",
            "--output-bytes",
            "1GiB",
        ];
        self.must("developer", &create);
        self.must("admin", &["sandbox", "approve", sandbox]);
    }

    /// Invites somebody and enrols them under the name of their organization.
    fn join(&self, context: &str, organization: &str, role: &str) {
        let file = self.path(context);
        self.must(
            "admin",
            &[
                "user",
                "invite",
                "--org",
                organization,
                "--name",
                context,
                "--role",
                role,
                "--out",
                text(&file),
            ],
        );
        self.must(context, &["enroll", text(&file)]);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn said(out: &Output) -> String {
    format!(
        "{:?}\n{}{}",
        out.status,
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    )
}

fn name(value: &Value) -> String {
    value["name"]
        .as_str()
        .unwrap_or_else(|| panic!("no name in {value}"))
        .to_owned()
}

/// A platform with a person of each kind at the terminal.
async fn site() -> (Site, Terminal) {
    let mut site = Site::init(Options::default());
    site.serve().await;
    let terminal = Terminal::of(&site);
    for (id, kind) in [
        ("statistics", "agency"),
        ("lab", "developer"),
        ("court", "auditor"),
    ] {
        terminal.must(
            "admin",
            &["org", "create", id, "--name", id, "--kind", kind],
        );
    }
    terminal.join("reviewer", "operator", "operator-reviewer");
    terminal.join("owner", "statistics", "agency-owner");
    terminal.join("developer", "lab", "developer-lead");
    terminal.join("auditor", "court", "auditor");
    (site, terminal)
}
