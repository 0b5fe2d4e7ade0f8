//! Encrypted values turned back by the holder of the key.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sandyq_tests::site::program;
use serde_json::Value;

const PROFILE: &str = r#"version = 1
privacy.k = 2

[datasets.people.columns.iin]
role = "direct"
transform = "encrypt"
alphabet = "digits"

[datasets.people.columns.name]
role = "direct"
transform = "drop"

[datasets.people.columns.sex]
role = "quasi"
transform = "keep"
"#;

const PEOPLE: &str =
    "iin,name,sex\n900101300017,A,m\n850615400125,B,f\n051231500070,C,m\n120229600039,D,f\n";

fn sandyq(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(arguments)
        .current_dir(folder)
        .env_remove("SANDYQ_OUTPUT")
        .output()
        .unwrap()
}

#[test]
fn values_of_a_release_are_turned_back_with_a_record_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("profile.toml"), PROFILE).unwrap();
    fs::write(path("people.csv"), PEOPLE).unwrap();
    fs::write(path("key"), "07".repeat(32)).unwrap();
    fs::write(path("other"), "08".repeat(32)).unwrap();
    let made = sandyq(
        folder.path(),
        &[
            "anonymize",
            "people.csv",
            "--profile",
            "profile.toml",
            "--key-file",
            "key",
            "--out",
            "release.csv",
        ],
    );
    assert!(made.status.success(), "{made:?}");
    let release = fs::read_to_string(path("release.csv")).unwrap();
    let encrypted: Vec<&str> = release
        .lines()
        .skip(1)
        .map(|line| line.split(',').next().unwrap())
        .collect();
    assert!(
        encrypted
            .iter()
            .all(|value| value.len() == 12 && !PEOPLE.contains(value))
    );
    fs::write(path("values"), encrypted.join("\n")).unwrap();
    let reveal = |column: &str, key: &str, reason: &str| {
        sandyq(
            folder.path(),
            &[
                "reveal",
                "values",
                "--profile",
                "profile.toml",
                "--column",
                column,
                "--key-file",
                key,
                "--reason",
                reason,
                "--record",
                "record.ndjson",
            ],
        )
    };
    let out = reveal("iin", "key", "request 14-2/331");
    assert!(out.status.success(), "{out:?}");
    let shown = String::from_utf8(out.stdout).unwrap();
    let mut values: Vec<&str> = shown.lines().collect();
    values.sort_unstable();
    assert_eq!(
        values,
        [
            "051231500070",
            "120229600039",
            "850615400125",
            "900101300017"
        ]
    );
    let record = fs::read_to_string(path("record.ndjson")).unwrap();
    let entry: Value = serde_json::from_str(record.trim()).unwrap();
    assert_eq!(entry["reason"], "request 14-2/331");
    assert_eq!(
        (&entry["column"], &entry["values"]),
        (&"iin".into(), &4.into())
    );
    assert!(entry["user"].is_string() && entry["time"].as_str().unwrap().ends_with('Z'));
    assert!(values.iter().all(|value| !record.contains(value)));

    // Under another key nothing of it comes back; the attempt stands in the record too.
    let out = reveal("iin", "other", "by mistake");
    assert!(out.status.success(), "{out:?}");
    let shown = String::from_utf8(out.stdout).unwrap();
    assert!(values.iter().all(|value| !shown.contains(value)));
    assert_eq!(
        fs::read_to_string(path("record.ndjson"))
            .unwrap()
            .lines()
            .count(),
        2
    );

    // What is not encrypted, and what is no value of the column, is refused before anything is noted or shown.
    for (column, reason, said) in [("sex", "r", "it encrypts: iin"), ("iin", " ", "say why")] {
        let out = reveal(column, "key", reason);
        let text = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{text}");
        assert!(text.contains(said) && out.stdout.is_empty(), "{text}");
    }
    fs::write(path("values"), "90010130001x").unwrap();
    let out = reveal("iin", "key", "r");
    let text = String::from_utf8(out.stderr).unwrap();
    assert!(
        text.contains("line 1") && text.contains("character 12") && !text.contains("90010130001"),
        "{text}"
    );
    assert_eq!(
        fs::read_to_string(path("record.ndjson"))
            .unwrap()
            .lines()
            .count(),
        2
    );
}
