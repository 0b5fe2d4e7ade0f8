//! What a machine lacks, said before a job is refused for it.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use sandyq_tests::site::program;
use serde_json::Value;

fn doctor(environment: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(program())
        .arg("doctor")
        .args(arguments)
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

fn findings(out: &Output) -> BTreeMap<String, Value> {
    let listed: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    listed
        .into_iter()
        .map(|finding| (finding["check"].as_str().unwrap().to_owned(), finding))
        .collect()
}

#[test]
fn a_machine_is_looked_at_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display().to_string();
    let arguments = ["--dir", &dir, "--output", "json"];
    let found = findings(&doctor(&[], &arguments));
    for check in [
        "engine",
        "engine limits",
        "controllers",
        "output quota",
        "disk",
        "clock",
        "rights",
    ] {
        assert_eq!(found[check]["status"], "OK", "{}", found[check]);
    }
    for finding in found.values() {
        let well = finding["status"] == "OK";
        assert_eq!(finding["mend"] == "", well, "{finding}");
    }
    for check in ["runtimes", "sandyq-init", "core dumps", "swap"] {
        assert!(found.contains_key(check), "{check}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(&dir), "the trial volume is unmounted");

    let absent = [("DOCKER_HOST", "unix:///nonexistent/docker.sock")];
    let out = doctor(&absent, &arguments);
    assert_eq!(out.status.code(), Some(1));
    let found = findings(&out);
    assert_eq!(found["engine"]["status"], "FAILED");
    let mend = found["engine"]["mend"].as_str().unwrap();
    assert!(mend.contains("systemctl start docker"), "{mend}");
    assert_eq!(
        found["disk"]["status"], "OK",
        "the rest is looked at all the same"
    );

    let out = doctor(&absent, &["--dir", &dir]);
    let table = String::from_utf8(out.stdout).unwrap();
    assert!(
        table.contains("TO MEND") && table.contains("FAILED"),
        "{table}"
    );
    let said = String::from_utf8(out.stderr).unwrap();
    assert!(said.contains("checks failed"), "{said}");
}
