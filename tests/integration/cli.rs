//! The program as people and scripts use it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sandyq_tests::site::program;
use sandyq_tests::traces::eventually;
use sandyq_tests::{Options, Site, images, repository};
use serde_json::Value;
use tempfile::TempDir;

use crate::audit;

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
    terminal.join("developer", "lab", "developer");
    terminal.join("auditor", "court", "auditor");
    (site, terminal)
}

fn publish(terminal: &Terminal) -> String {
    let adult = repository().join("examples/adult");
    let create = [
        "library",
        "create",
        "adult",
        "--name",
        "Census income",
        "--purpose",
        "research",
    ];
    terminal.must("owner", &create);
    let file = adult.join("adult.csv");
    let push = [
        "library",
        "push",
        "adult",
        text(&file),
        "--delimiter",
        ";",
        "--provenance",
        "Census of 1994",
    ];
    let version = terminal.last("owner", &push);
    assert_eq!(version["state"], "STATE_CLASSIFIED", "{version}");
    let version = name(&version);
    let (profile, hierarchies) = (adult.join("profile.toml"), adult.join("hierarchies"));
    let early = [
        "grant",
        "request",
        "--version",
        &version,
        "--sandbox",
        "none",
        "--purpose",
        "research",
        "--justification",
        "x",
        "--term",
        "1d",
    ];
    terminal.fails("developer", 3, &early);
    terminal.must(
        "owner",
        &[
            "depersonalize",
            &version,
            "--profile",
            text(&profile),
            "--hierarchies",
            text(&hierarchies),
            "--watch",
        ],
    );
    let runs = terminal.last("owner", &["run", "list", &version]);
    assert_eq!(runs[0]["state"], "STATE_VERIFIED", "{runs}");
    terminal.must(
        "owner",
        &["publish", &version, "--run", &name(&runs[0]), "--yes"],
    );
    version
}

fn open_sandbox(terminal: &Terminal) {
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
        "--autonomy",
        "assistant",
    ];
    terminal.must("developer", &create);
    terminal.must("developer", &["system", "submit", "income"]);
    terminal.must("admin", &["system", "register", "income"]);
    let create = [
        "sandbox",
        "create",
        "incomes",
        "--system",
        "income",
        "--stage",
        "training",
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
    terminal.must("developer", &create);
    terminal.must("admin", &["sandbox", "approve", "incomes"]);
}

fn grant(terminal: &Terminal, version: &str) {
    let request = [
        "grant",
        "request",
        "--version",
        version,
        "--sandbox",
        "incomes",
        "--purpose",
        "research.income",
        "--justification",
        "a study",
        "--term",
        "1d",
    ];
    let grant = name(&terminal.last("developer", &request));
    terminal.must("owner", &["grant", "approve", &grant, "--reason", "agreed"]);
    terminal.fails("owner", 4, &["grant", "approve", &grant]);
    let check = [
        "access",
        "check",
        "--sandbox",
        "incomes",
        "--version",
        version,
        "--purpose",
        "research.income",
    ];
    let checked = terminal.last("developer", &check);
    assert_eq!(checked["allowed"], true, "{checked}");
}

fn job(terminal: &Terminal, version: &str, image: &str, script: &str) -> Output {
    let run = [
        "job",
        "run",
        "--sandbox",
        "incomes",
        "--image",
        image,
        "--version",
        version,
        "--purpose",
        "research.income",
        "--memory",
        "64MiB",
        "--wall-clock",
        "1m",
        "--watch",
        "--",
        "sh",
        "-c",
        script,
    ];
    terminal.run("developer", &run)
}

#[tokio::test]
async fn the_main_job_is_done_by_commands() {
    let (mut site, terminal) = site().await;
    let version = publish(&terminal);
    open_sandbox(&terminal);
    let archive = images::busybox();
    let image = terminal.last(
        "admin",
        &["image", "import", text(&archive), "--name", "busybox"],
    );
    let image = name(&image);
    let out = job(&terminal, &version, &image, "true");
    assert_eq!(out.status.code(), Some(4), "not approved: {}", said(&out));
    terminal.must("admin", &["image", "approve", &image]);
    grant(&terminal, &version);

    let out = job(
        &terminal,
        &version,
        &image,
        "ls /data/adult > /out/list; echo done",
    );
    assert_eq!(out.status.code(), Some(0), "{}", said(&out));
    let out = job(&terminal, &version, &image, "exit 9");
    assert_eq!(out.status.code(), Some(6), "{}", said(&out));
    let jobs = terminal.last("developer", &["job", "list", "incomes"]);
    assert_eq!(jobs.as_array().unwrap().len(), 2, "{jobs}");
    assert_eq!(jobs[1]["exit_code"], 9, "{jobs}");
    let done = terminal.last("developer", &["job", "show", &name(&jobs[0])]);
    assert_eq!(done["state"], "STATE_SUCCEEDED", "{done}");

    let output = done["output"].as_str().unwrap();
    let folder = terminal.path("results");
    let download = ["output", "download", output, "--to", text(&folder)];
    let refused = terminal.run("developer", &download);
    assert!(!refused.status.success(), "{}", said(&refused));
    assert!(!folder.join("list").exists());
    let reviewed = terminal.last("reviewer", &["output", "review", output]);
    let manifest = reviewed["manifest_sha256"].as_str().unwrap();
    let release = [
        "output",
        "release",
        output,
        "--manifest",
        manifest,
        "--reason",
        "aggregates only",
    ];
    terminal.must("reviewer", &release);
    terminal.must("developer", &download);
    let list = std::fs::read_to_string(folder.join("list")).unwrap();
    assert_eq!(list, "adult.parquet\n");

    let (log, key) = (terminal.path("log.ndjson"), terminal.path("key"));
    let note = terminal.path("checkpoint");
    let checkpoint = [
        "audit",
        "checkpoint",
        "--out",
        text(&note),
        "--key-out",
        text(&key),
    ];
    terminal.must("auditor", &checkpoint);
    terminal.must("auditor", &["audit", "export", "--out", text(&log)]);
    let verify = [
        "audit",
        "verify",
        text(&log),
        "--key",
        text(&key),
        "--checkpoint",
        text(&note),
    ];
    terminal.must("auditor", &verify);
    let entries = std::fs::read_to_string(&log).unwrap();
    std::fs::write(
        &log,
        entries.replace("organizations/lab", "organizations/lob"),
    )
    .unwrap();
    terminal.fails("auditor", 7, &verify);

    mistakes(&terminal);
    site.kill();
    terminal.fails("owner", 5, &["--retry-for", "1s", "library", "list"]);
}

fn mistakes(terminal: &Terminal) {
    terminal.fails("owner", 2, &["library", "create"]);
    terminal.fails("owner", 2, &["no-such-command"]);
    terminal.fails("owner", 2, &["library", "create", "Not An Id"]);
    terminal.fails("owner", 3, &["library", "show", "absent"]);
    terminal.fails(
        "owner",
        4,
        &[
            "library",
            "create",
            "adult",
            "--name",
            "again",
            "--purpose",
            "x",
        ],
    );
    terminal.fails(
        "developer",
        3,
        &["library", "create", "mine", "--name", "m", "--purpose", "x"],
    );
    let wrong = terminal.fails(
        "owner",
        1,
        &[
            "library",
            "push",
            "adult",
            "/no/such.csv",
            "--provenance",
            "x",
        ],
    );
    assert!(wrong.contains("/no/such.csv"), "{wrong}");
}

#[test]
fn every_command_explains_itself_with_an_example() {
    fn walk(path: &[String], leaves: &mut usize) {
        let out = Command::new(program())
            .args(path)
            .arg("--help")
            .output()
            .unwrap();
        assert!(out.status.success(), "{path:?}");
        let help = String::from_utf8(out.stdout).unwrap();
        let commands: Vec<&str> = help
            .lines()
            .skip_while(|line| *line != "Commands:")
            .skip(1)
            .take_while(|line| line.starts_with("  "))
            .filter(|line| !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|command| *command != "help")
            .collect();
        if commands.is_empty() {
            assert!(help.contains("\nExample"), "{path:?} has no example");
            *leaves += 1;
        }
        for command in commands {
            let deeper = [path, &[command.to_owned()]].concat();
            walk(&deeper, leaves);
        }
    }
    let mut leaves = 0;
    walk(&[], &mut leaves);
    assert!(leaves > 50, "{leaves} commands");
}

/// A CSV file of 200 MiB with few long cells.
fn large_csv(path: &Path) -> usize {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let cell = "y".repeat(100_000);
    writeln!(file, "id,filler").unwrap();
    let rows = (200 << 20) / cell.len();
    for row in 0..rows {
        writeln!(file, "{row},{cell}").unwrap();
    }
    file.flush().unwrap();
    rows
}

#[tokio::test]
async fn a_push_goes_on_after_the_server_was_killed() {
    let (mut site, terminal) = site().await;
    terminal.must(
        "owner",
        &[
            "library",
            "create",
            "large",
            "--name",
            "Large",
            "--purpose",
            "research",
        ],
    );
    let file = terminal.path("large.csv");
    let rows = large_csv(&file);
    let mut push = terminal.command(
        "owner",
        &[
            "library",
            "push",
            "large",
            text(&file),
            "--provenance",
            "made up",
        ],
    );
    let push = push
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stored = |site: &Site| -> u64 {
        let sizes = site
            .files()
            .into_iter()
            .filter(|p| p.starts_with(site.dir.join("objects")));
        sizes
            .filter_map(|path| path.metadata().ok())
            .map(|about| about.len())
            .sum()
    };
    eventually("some of it is stored", || async {
        stored(&site) > 40 << 20
    })
    .await;
    site.kill();
    let kept = stored(&site);
    assert!(
        kept < 190 << 20,
        "the upload was cut in its middle, not at {kept}"
    );
    site.serve().await;
    let out = tokio::task::spawn_blocking(move || push.wait_with_output().unwrap())
        .await
        .unwrap();
    assert!(out.status.success(), "{}", said(&out));
    let version: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(version["state"], "STATE_CLASSIFIED", "{version}");
    assert_eq!(version["datasets"][0]["row_count"], rows, "{version}");
    // It went on: no second upload was begun, nothing was discarded.
    let log = terminal.path("log.ndjson");
    terminal.must("auditor", &["audit", "export", "--out", text(&log)]);
    let log = audit::entries(&std::fs::read(log).unwrap());
    let steps: Vec<&str> = log
        .iter()
        .filter(|entry| entry["action"] == "LibraryService.Write")
        .filter_map(|entry| entry["detail"]["step"].as_str())
        .collect();
    assert_eq!(steps, ["begun", "complete"]);
}
