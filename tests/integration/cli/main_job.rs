//! The main job by commands, and what commands say and return when something is wrong.

use std::process::Output;

use sandyq_tests::{images, repository};

use super::{Terminal, name, said, site, text};

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
        "--basis",
        "law",
        "--basis-reference",
        "law on state statistics, article 8",
        "--provenance-kind",
        "licensed",
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
    read_report(terminal, &name(&runs[0]));
    terminal.must(
        "owner",
        &["publish", &version, "--run", &name(&runs[0]), "--yes"],
    );
    version
}

/// The page is made of the report that is approved, and says what a person has to know.
fn read_report(terminal: &Terminal, run: &str) {
    let (page, json) = (terminal.path("report.html"), terminal.path("report.json"));
    let files = ["--html", text(&page), "--json", text(&json)];
    terminal.must("owner", &[&["run", "report", run][..], &files].concat());
    let page = std::fs::read_to_string(page).unwrap();
    let report = std::fs::read_to_string(json).unwrap();
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    for hash in ["profile_sha256", "input_sha256", "output_sha256"] {
        let hash = report[hash].as_str().unwrap();
        assert!(hash.len() == 64 && page.contains(hash), "{hash}");
    }
    assert!(page.contains("The release meets all"));
    assert!(!page.contains("<script"));
    assert!(report["utility"]["pairs"].as_array().unwrap().len() > 10);
    assert!(report["original"]["risks"]["prosecutor"]["highest"].as_f64() == Some(1.0));
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
    let approve = [
        "grant",
        "approve",
        &grant,
        "--reason",
        "agreed",
        "--log",
        "text",
        "--log-daily",
        "32KiB",
        "--trial-use",
        "false",
    ];
    let given = terminal.last("owner", &approve);
    let conditions = &given["conditions"];
    assert_eq!(conditions["log_tail"]["mode"], "MODE_TEXT", "{given}");
    assert_eq!(conditions["log_tail"]["daily_bytes"], 32 << 10, "{given}");
    assert_eq!(conditions["interactive_viewing"], false, "{given}");
    terminal.fails("owner", 4, &["grant", "approve", &grant]);
    waits_for_the_owner(terminal, &grant);
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

/// What was asked for is seen where the owner looks, and what is wider than the rule is refused by its field.
fn waits_for_the_owner(terminal: &Terminal, grant: &str) {
    let waiting = |user: &str| {
        let listed = terminal.last(user, &["grant", "list", "--state", "requested"]);
        listed.as_array().unwrap().len()
    };
    assert_eq!(waiting("owner"), 0);
    let renew = [
        "grant",
        "renew",
        grant,
        "--term",
        "36h",
        "--justification",
        "more",
    ];
    let asked = terminal.last("developer", &renew);
    assert_eq!(asked["approvals"][0]["reason"], "agreed", "{asked}");
    assert_eq!((waiting("owner"), waiting("developer")), (1, 1));
    let said = terminal.fails("developer", 4, &renew);
    assert!(said.contains("RENEWAL_PENDING"), "{said}");
    let wider = ["grant", "approve", grant, "--interactive-viewing", "true"];
    let said = terminal.fails("owner", 2, &wider);
    assert!(said.contains("conditions.interactive_viewing"), "{said}");
    let deny = ["grant", "deny", grant, "--reason", "no more"];
    let denied = terminal.last("owner", &deny);
    assert_eq!(denied["state"], "STATE_ACTIVE", "{denied}");
    assert_eq!(denied["decision_reason"], "agreed", "{denied}");
    assert_eq!(denied["approvals"], asked["approvals"]);
    assert_eq!(denied["denied_renewal"]["deny_reason"], "no more");
    assert_eq!(waiting("owner"), 0);
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
    terminal.open_sandbox("incomes", "training");
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

    what_was_shown(&terminal, &name(&jobs[0]));

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
    // A file named by mistake is not repeated on the terminal.
    let mistaken = ["audit", "verify", text(&log), "--key", text(&log)];
    let said = terminal.fails("auditor", 2, &mistaken);
    assert!(!said.contains("organizations/"), "{said}");
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

/// A log as people read it, and how it is counted.
fn what_was_shown(terminal: &Terminal, job: &str) {
    let out = terminal.run("developer", &["job", "logs", job]);
    assert!(out.status.success(), "{}", said(&out));
    assert!(String::from_utf8_lossy(&out.stderr).contains("done\n"));
    let sandbox = terminal.last("developer", &["sandbox", "show", "incomes"]);
    // `done` with its end, and the code 9, which says more than that the other job failed.
    assert_eq!(sandbox["exits"]["log_bytes"], 6, "{sandbox}");
    assert_eq!(sandbox["exits"]["log_daily_bytes"], 4 << 20, "{sandbox}");
    let mut logs = std::process::Command::new(sandyq_tests::site::program());
    let home = terminal.path("contexts");
    logs.args(["--home", text(&home), "--context", "developer"])
        .args(["job", "logs", job]);
    let out = logs.output().unwrap();
    assert_eq!(out.stdout, b"done\n", "{}", said(&out));
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(told.contains("at most 64 KiB"), "{told}");
    assert!(
        told.contains("32 KiB a day, of which 6 B were shown"),
        "{told}"
    );
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
            "research",
            "--basis",
            "law",
            "--basis-reference",
            "law on state statistics, article 8",
            "--provenance-kind",
            "licensed",
        ],
    );
    terminal.fails(
        "developer",
        3,
        &["library", "create", "mine", "--name", "m", "--purpose", "x"],
    );
    let free = [
        "system",
        "create",
        "free",
        "--description",
        "decides alone",
        "--purpose",
        "research.income",
        "--risk",
        "minimal",
        "--autonomy",
        "fully-autonomous",
    ];
    let banned = terminal.fails("developer", 2, &free);
    assert!(banned.contains("article 18.2"), "{banned}");
    let wrong = terminal.fails(
        "owner",
        2,
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
