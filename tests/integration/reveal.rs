//! Encrypted values turned back by the holder of the key.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use sandyq_proto::v1;
use sandyq_tests::Site;
use sandyq_tests::register::{self, iin};
use sandyq_tests::site::program;
use sandyq_tests::work::shell;
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

const REGISTER: &str = r#"version = 1
privacy.k = 5
privacy.suppression_limit = 0.05

[datasets.people.columns.iin]
role = "direct"
transform = "encrypt"
alphabet = "digits"

[datasets.people.columns.region]
role = "quasi"
transform = "keep"
"#;

/// What the log keeps of a call.
async fn noted(site: &Site) -> Vec<Value> {
    let request = v1::ListEntriesRequest {
        page_size: 1000,
        ..Default::default()
    };
    let answer = site.user("auditor").audit().list_entries(request).await;
    let entries = answer.unwrap().into_inner().entries;
    entries
        .iter()
        .map(|entry| serde_json::from_str::<Value>(&entry.entry_json).unwrap())
        .filter(|entry| entry["action"] == "LibraryService.RevealValues")
        .collect()
}

#[tokio::test]
async fn an_owner_turns_back_what_a_sandbox_saw_and_nobody_else_does() {
    let site = Site::start().await;
    let library = site.create_library("clinic").await;
    let pushed = site
        .push_csv(&library.name, "people", &register::csv(0..40), ",")
        .await;
    let run = site.depersonalize(&pushed.name, REGISTER, vec![]).await;
    let run = run.unwrap();
    let version = site.publish(&run).await;
    let (one, two) = (
        site.open_sandbox("one").await,
        site.open_sandbox("two").await,
    );
    site.grant(&version.name, &one, "research", 600).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..shell(&image, "cp /data/clinic/people.parquet /out/people")
    };
    let job = site.submit(&one, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    site.release(&job.output).await;
    let parquet = site.released_file(&job.output, "people").await;
    let seen = column(&parquet, "iin");

    let ask = |sandbox: &str, values: &[String]| v1::RevealValuesRequest {
        name: version.name.clone(),
        dataset_id: "people".to_owned(),
        column: "iin".to_owned(),
        sandbox: sandbox.to_owned(),
        values: values.to_vec(),
        reason: "call patients in".to_owned(),
        request_id: String::new(),
    };
    let owner = site.user("owner");
    let answer = owner.library().reveal_values(ask(&one, &seen)).await;
    let mut people = answer.unwrap().into_inner().values;
    people.sort_unstable();
    assert_eq!(people, (0..40).map(iin).collect::<Vec<_>>());

    at_the_terminal(&site, &version.name, &one, &seen).await;

    // Neither the developer nor the operator, nor the owner for what is not of this release and this sandbox.
    for user in ["developer", "admin", "auditor"] {
        let mut library = site.user(user).library();
        let answer = library.reveal_values(ask(&one, &seen)).await;
        let status = answer.unwrap_err();
        assert_eq!(status.code(), tonic::Code::PermissionDenied, "{user}");
    }
    let foreign = [iin(3)];
    for (sandbox, values, field) in [
        ("", &seen[..], "values[0]"),
        (&one, &foreign[..], "values[0]"),
        (&two, &seen[..], "sandbox"),
        (&one, &[], "values"),
    ] {
        let status = owner.library().reveal_values(ask(sandbox, values)).await;
        let status = status.unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument, "{status}");
        assert!(status.message().starts_with(field), "{status}");
        assert!(!status.message().contains(&seen[0]) && !status.message().contains(&foreign[0]));
    }
    let entries = noted(&site).await;
    let allowed: Vec<&Value> = entries
        .iter()
        .filter(|entry| entry["decision"] == "allow")
        .collect();
    assert_eq!(
        allowed.len(),
        2,
        "the owner's and that at the terminal: {entries:?}"
    );
    assert_eq!(allowed[0]["detail"]["values"], 40);
    assert_eq!(allowed[0]["detail"]["reason"], "call patients in");
    assert!(!serde_json::to_string(&entries).unwrap().contains(&iin(0)));

    // Once the sandbox is gone, so is what it saw; once the version is retired, everything.
    let destroy = v1::DestroySandboxRequest {
        name: one.clone(),
        reason: "done".to_owned(),
        ..Default::default()
    };
    let admin = site.user("admin");
    admin.sandbox().destroy_sandbox(destroy).await.unwrap();
    let status = owner.library().reveal_values(ask(&one, &seen)).await;
    assert!(
        status.unwrap_err().message().contains("its key with it"),
        "the key of a destroyed sandbox is shredded"
    );
    let retire = v1::RetireVersionRequest {
        name: version.name.clone(),
        reason: "done".to_owned(),
        ..Default::default()
    };
    owner.library().retire_version(retire).await.unwrap();
    let status = owner.library().reveal_values(ask("", &seen)).await;
    assert_eq!(status.unwrap_err().code(), tonic::Code::FailedPrecondition);
}

/// Another owner of the agency does the same by the command.
async fn at_the_terminal(site: &Site, version: &str, sandbox: &str, seen: &[String]) {
    let request = v1::CreateInvitationRequest {
        organization: "organizations/statistics".to_owned(),
        display_name: "second owner".to_owned(),
        roles: vec![v1::Role::AgencyOwner.into()],
        user_id: "second-owner".to_owned(),
        ..Default::default()
    };
    let mut client = site.user("admin").identity();
    let invited = client.create_invitation(request).await.unwrap();
    let invitation = serde_json::json!({
        "server": site.address,
        "ca_pem": site.ca_pem,
        "token": invited.into_inner().token,
    });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("invitation"), invitation.to_string()).unwrap();
    fs::write(folder.path().join("values"), seen.join("\n")).unwrap();
    let at_home = ["--home", "contexts", "--context", "owner"];
    let run = |arguments: &[&str]| sandyq(folder.path(), &[&at_home, arguments].concat());
    let enrolled = run(&["enroll", "invitation"]);
    assert!(enrolled.status.success(), "{enrolled:?}");
    let command = ["library", "version", "reveal", version, "values"];
    let about = [
        "--dataset",
        "people",
        "--column",
        "iin",
        "--reason",
        "audit 7",
    ];
    let refused = run(&[&command[..], &about].concat());
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("name the sandbox"), "{said}");
    assert!(!said.contains(&seen[0]));
    let done = run(&[&command[..], &about, &["--sandbox", sandbox]].concat());
    assert!(done.status.success(), "{done:?}");
    let text = String::from_utf8(done.stdout).unwrap();
    let mut people: Vec<&str> = text.lines().collect();
    people.sort_unstable();
    assert_eq!(people, (0..40).map(iin).collect::<Vec<_>>());
}

fn column(parquet: &[u8], name: &str) -> Vec<String> {
    use polars::prelude::{ParquetReader, SerReader};
    let frame = ParquetReader::new(std::io::Cursor::new(parquet))
        .finish()
        .unwrap();
    let strings = frame.column(name).unwrap().str().unwrap().clone();
    strings.iter().map(|v| v.unwrap().to_owned()).collect()
}
