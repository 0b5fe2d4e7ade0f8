//! Interactive workspaces: who may open one, what it shows, and how it ends.

mod person;

use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::open_shell_request::Step as Asked;
use sandyq_proto::v1::open_shell_response::Step as Told;
use sandyq_proto::v1::sandbox_service_client::SandboxServiceClient;
use sandyq_proto::v1::shell_end::Reason;
use sandyq_tests::traces::eventually;
use sandyq_tests::work::{library, shell};
use sandyq_tests::{Options, Site, reason, request_id, sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

use self::person::Person;
use crate::audit;

async fn site(exits: &[(&str, &str)]) -> Site {
    let mut config = vec![("jobs.concurrent".to_owned(), "4".to_owned())];
    let exits = exits
        .iter()
        .map(|(name, value)| (format!("exits.{name}"), (*value).to_owned()));
    config.extend(exits);
    Site::start_with(Options {
        config,
        ..Options::default()
    })
    .await
}

/// The owner opens a library to people's eyes, or closes it.
async fn open_library(site: &Site, name: &str, interactive_viewing: bool) {
    let access = v1::AccessRule {
        interactive_viewing,
        ..Default::default()
    };
    let request = v1::UpdateLibraryRequest {
        library: Some(v1::Library {
            name: format!("libraries/{name}"),
            access: Some(access),
            ..library(name)
        }),
        request_id: request_id(),
    };
    let mut client = site.user("owner").library();
    client.update_library(request).await.unwrap();
}

fn workspace(image: &str, versions: &[&v1::Version]) -> v1::Job {
    v1::Job {
        versions: versions.iter().map(|v| v.name.clone()).collect(),
        command: Vec::new(),
        ..shell(image, "")
    }
}

async fn record(site: &Site, who: &str, job: &str) -> Result<Vec<u8>, Status> {
    let request = v1::DownloadShellRecordRequest {
        name: job.to_owned(),
    };
    let mut client = site.user(who).sandbox();
    let mut stream = client.download_shell_record(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        bytes.extend(message.data);
    }
    Ok(bytes)
}

#[tokio::test]
async fn a_person_works_at_a_terminal_and_all_of_it_is_recorded() {
    let site = site(&[]).await;
    let version = site.publish_register("people", 0..40).await;
    open_library(&site, "people", true).await;
    let image = site.approved_image().await;
    let stage = v1::Stage::Development;
    let sandbox = site.open_sandbox_in("desk", stage).await;
    site.grant(&version.name, &sandbox, "research", 600).await;
    let job = workspace(&image, &[&version]);
    let mut person = Person::open(&site, &sandbox, job).await.unwrap();
    person.sees(0, "$ ").await;
    person.runs("stty size", "24 80").await;
    let size = v1::TerminalSize {
        columns: 200,
        rows: 30,
    };
    person.ask(Asked::Size(size)).await;
    person.runs("stty size", "30 200").await;
    person.runs("tty", "/dev/pts/").await;

    // The same isolation as any job.
    person.runs("ls /data/people", "people.parquet").await;
    person.runs("touch /data/people/x", "Read-only").await;
    person.runs("cat /proc/1/environ", "denied").await;
    person.runs("ls /proc/1/fd/", "denied").await;
    person.runs("ls /sys/class/net; echo =", "lo\r\n=").await;
    person.runs("id -u", "10001").await;
    // Keys that interrupt are for the command.
    person.runs("echo $((5 + 5)); sleep 100", "10\r\n").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    person.types("\u{3}").await;
    person.runs("echo $((40 + 2))", "42").await;
    // What would do more than draw does not come through: the clipboard, the title, a question that the terminal answers.
    let hostile =
        r"printf 'a\033]52;c;eA==\007b\033]0;t\007c\033[6nd\033P$q\033\\e\033[31mf\033[0m\n'";
    person.runs(hostile, "abcde\u{1b}[31mf\u{1b}[0m").await;
    assert!(
        !person.screen().contains("\u{1b}]"),
        "{:?}",
        person.screen()
    );

    person
        .runs("echo kept > /out/kept; echo done", "done")
        .await;
    let name = person.job.clone();
    let request = v1::StreamLogsRequest {
        name: name.clone(),
        offset: 0,
    };
    let mut client = site.user("developer").sandbox();
    let closed = client.stream_logs(request).await.unwrap_err();
    assert_eq!(reason(&closed), "LOG_CLOSED");
    person.types("exit\n").await;
    let end = person.ends().await;
    assert_eq!(end.reason(), Reason::Exited);
    let job = end.job.unwrap();
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");

    // What it left goes through the airlock like that of any job, the terminal as its log.
    let denied = site.download("developer", &job.output, "kept").await;
    assert!(denied.is_err(), "out without a review");
    site.release(&job.output).await;
    assert_eq!(site.released_file(&job.output, "kept").await, b"kept\n");

    the_record_is_true(&site, &name, &person.screen()).await;
    let exits = site.sandbox(&sandbox).await.exits.unwrap();
    let shown = person.screen.len() as i64;
    assert!(
        (shown..shown + 4096).contains(&exits.terminal_bytes),
        "{exits:?}"
    );
    site.wait_clean().await;
}

async fn the_record_is_true(site: &Site, job: &str, screen: &str) {
    for who in ["developer", "owner", "reviewer", "rival"] {
        assert!(record(site, who, job).await.is_err(), "{who}");
    }
    let cast = record(site, "auditor", job).await.unwrap();
    let shell = site.job(job).await.shell.unwrap();
    assert_eq!(shell.record_sha256, sha256(&cast));
    assert_eq!(shell.record_bytes, cast.len() as i64);
    let entries = audit::verified(site).await;
    let entry = entries
        .iter()
        .find(|entry| entry["action"] == "system.ShellRecorded" && entry["resource"] == *job)
        .unwrap();
    assert_eq!(entry["detail"]["sha256"], shell.record_sha256, "{entry}");
    assert_eq!(entry["detail"]["bytes"], shell.record_bytes, "{entry}");
    let who = "SandboxService.DownloadShellRecord";
    assert!(
        audit::count(&entries, who, job) >= 1,
        "who read it is logged"
    );

    let text = String::from_utf8(cast).unwrap();
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let header = lines.next().unwrap();
    assert_eq!(
        (&header["version"], &header["width"]),
        (&2.into(), &80.into())
    );
    let (mut shown, mut typed, mut sizes, mut last) = (String::new(), String::new(), vec![], 0.0);
    for event in lines {
        let time = event[0].as_f64().unwrap();
        assert!(time >= last, "{event}");
        last = time;
        let data = event[2].as_str().unwrap();
        match event[1].as_str().unwrap() {
            "o" => shown.push_str(data),
            "i" => typed.push_str(data),
            "r" => sizes.push(data.to_owned()),
            other => panic!("{other}"),
        }
    }
    assert_eq!(shown, screen);
    assert!(
        typed.starts_with("stty size\n") && typed.ends_with("exit\n"),
        "{typed}"
    );
    assert_eq!(sizes, ["200x30"]);
}

#[tokio::test]
async fn a_workspace_needs_the_development_stage_and_every_grant() {
    let site = site(&[("terminal_idle_seconds", "600")]).await;
    let open = site.publish_register("open", 0..40).await;
    let closed = site.publish_register("closed", 0..40).await;
    open_library(&site, "open", true).await;
    let image = site.approved_image().await;
    let desk = site.open_sandbox_in("desk", v1::Stage::Development).await;
    let training = site.open_sandbox("training").await;
    let grant = site.grant(&open.name, &desk, "research", 600).await;
    site.grant(&closed.name, &desk, "research", 600).await;
    let refused = async |sandbox: &str, versions: &[&v1::Version]| {
        let opened = Person::open(&site, sandbox, workspace(&image, versions)).await;
        reason(&opened.err().expect("it was opened"))
    };
    assert_eq!(refused(&training, &[]).await, "SHELL_NOT_IN_DEVELOPMENT");
    assert_eq!(refused(&desk, &[&closed]).await, "VIEWING_CLOSED");
    assert_eq!(refused(&desk, &[&open, &closed]).await, "VIEWING_CLOSED");
    // The owner of the data may close it for one grant alone.
    let other = site.open_sandbox_in("other", v1::Stage::Development).await;
    let conditions = v1::GrantConditions {
        interactive_viewing: Some(false),
        ..Default::default()
    };
    let narrow = site.grant_on(&open.name, &other, conditions).await;
    assert_eq!(narrow.conditions.unwrap().interactive_viewing, Some(false));
    assert_eq!(refused(&other, &[&open]).await, "VIEWING_CLOSED");
    let jobs = site.sandbox(&desk).await.used.unwrap().concurrent_jobs;
    assert_eq!(jobs, 0, "nothing was begun");

    // A rule that is narrowed later ends what it covers, and so does a revocation.
    let job = workspace(&image, &[&open]);
    let mut person = Person::open(&site, &desk, job.clone()).await.unwrap();
    person.runs("echo $((1 + 1))", "2").await;
    let begin = Instant::now();
    open_library(&site, "open", false).await;
    stopped(&mut person, begin).await;
    assert_eq!(refused(&desk, &[&open]).await, "VIEWING_CLOSED");
    open_library(&site, "open", true).await;

    let mut person = Person::open(&site, &desk, job).await.unwrap();
    person.runs("echo $((1 + 1))", "2").await;
    let request = v1::RevokeGrantRequest {
        name: grant.name,
        reason: "misuse".to_owned(),
        request_id: request_id(),
    };
    let begin = Instant::now();
    let mut client = site.user("owner").access();
    client.revoke_grant(request).await.unwrap();
    stopped(&mut person, begin).await;
    assert_eq!(refused(&desk, &[&open]).await, "ACCESS_DENIED");
    site.wait_clean().await;
}

async fn stopped(person: &mut Person, begin: Instant) {
    let end = person.ends().await;
    assert!(
        begin.elapsed() < Duration::from_secs(5),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(end.reason(), Reason::Stopped);
    let job = end.job.unwrap();
    assert_eq!(job.cause_of_death(), v1::CauseOfDeath::Revoked, "{job:?}");
    assert_eq!(job.output, "", "nothing of it is kept");
}

#[tokio::test]
async fn a_terminal_ends_with_its_person_its_pause_and_its_server() {
    let mut site = site(&[("terminal_idle_seconds", "4")]).await;
    let image = site.approved_image().await;
    let desk = site.open_sandbox_in("desk", v1::Stage::Development).await;
    let job = workspace(&image, &[]);

    // Nothing is typed, although the command goes on to print.
    let mut person = Person::open(&site, &desk, job.clone()).await.unwrap();
    let begin = Instant::now();
    person
        .types("while true; do echo busy; sleep 1; done\n")
        .await;
    let end = person.ends().await;
    assert_eq!(end.reason(), Reason::Idle);
    let took = begin.elapsed();
    assert!((4..12).contains(&took.as_secs()), "{took:?}");
    assert_ne!(end.job.unwrap().output, "", "what it left is kept");

    // Messages that type nothing are no sign of life either.
    let mut person = Person::open(&site, &desk, job.clone()).await.unwrap();
    let (begin, asked) = (Instant::now(), person.asked.clone());
    let nudging = tokio::spawn(async move {
        let empty = || v1::OpenShellRequest {
            step: Some(Asked::Input(Vec::new())),
        };
        while asked.send(empty()).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    });
    assert_eq!(person.ends().await.reason(), Reason::Idle);
    nudging.abort();
    let took = begin.elapsed();
    assert!((4..12).contains(&took.as_secs()), "{took:?}");

    // A client that takes nothing does not hold up the end, nor the record.
    let developer = site.user("developer");
    let tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(&developer.ca_pem))
        .identity(Identity::from_pem(
            &developer.certificate_pem,
            &developer.key_pem,
        ));
    let endpoint = Endpoint::from_shared(site.address.clone()).unwrap();
    let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
    let client = SandboxServiceClient::new(channel);
    let person = Person::open_by(client, &desk, job.clone()).await.unwrap();
    let line = "x".repeat(2000);
    person
        .types(&format!("while true; do echo {line}; done\n"))
        .await;
    let ended = site.wait_job(&person.job).await;
    assert_ne!(ended.output, "", "{ended:?}");
    eventually("its record is kept", || async {
        let job = site.job(&person.job).await;
        !job.shell.unwrap().record_sha256.is_empty()
    })
    .await;
    drop(person);

    // A command that will not end is ended.
    let mut person = Person::open(&site, &desk, job.clone()).await.unwrap();
    person
        .types("trap '' HUP TERM; (trap '' HUP; sleep 100) & echo $((2 + 2))\n")
        .await;
    person.sees(0, "\n4\r\n").await;
    let name = person.job.clone();
    drop(person);
    let begin = Instant::now();
    let ended = site.wait_job(&name).await;
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Exit, "{ended:?}");
    assert_ne!(ended.shell.unwrap().record_sha256, "", "it was recorded");

    // With the server dies the connection, and with that the terminal; no record is lost but its own.
    let mut person = Person::open(&site, &desk, job).await.unwrap();
    person.runs("echo $((3 + 3))", "6").await;
    let name = person.job.clone();
    site.kill();
    eventually("the container has ended without the server", || async {
        let mut containers = site.containers().into_iter();
        containers.all(|id| sandyq_tests::traces::inspect(&id)["State"]["Running"] == false)
    })
    .await;
    site.serve().await;
    let ended = site.wait_job(&name).await;
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Exit, "{ended:?}");
    assert_ne!(ended.output, "", "its log is kept for review");
    site.wait_clean().await;
    audit::verified(&site).await;
}

#[tokio::test]
async fn a_workspace_that_waits_ends_with_the_server_that_was_to_carry_it() {
    let mut site = Site::start_with(Options {
        config: vec![("jobs.concurrent".to_owned(), "1".to_owned())],
        ..Options::default()
    })
    .await;
    let image = site.approved_image().await;
    let desk = site.open_sandbox_in("desk", v1::Stage::Development).await;
    let first = site.submit(&desk, shell(&image, "sleep 60")).await.unwrap();
    let running = |job: &v1::Job| job.state() == v1::job::State::Running;
    site.wait_job_until(&first.name, running).await;

    let (asked, requests) = mpsc::channel(16);
    let opening = v1::ShellOpening {
        parent: desk.clone(),
        job: Some(workspace(&image, &[])),
        size: None,
    };
    let step = Some(Asked::Opening(opening));
    asked.send(v1::OpenShellRequest { step }).await.unwrap();
    let mut client = site.user("developer").sandbox();
    let told = client.open_shell(ReceiverStream::new(requests)).await;
    let told = told.unwrap().into_inner().message().await.unwrap();
    let Some(Told::Job(waits)) = told.and_then(|message| message.step) else {
        panic!("it tells nothing of its job");
    };
    assert_eq!(waits.state(), v1::job::State::Queued, "{waits:?}");
    site.kill();
    site.serve().await;
    let ended = site.wait_job(&waits.name).await;
    let cause = ended.cause_of_death();
    assert_eq!(cause, v1::CauseOfDeath::Cancelled, "{ended:?}");
    let request = v1::CancelJobRequest {
        name: first.name.clone(),
        ..Default::default()
    };
    let mut client = site.user("developer").sandbox();
    client.cancel_job(request).await.unwrap();
    site.wait_job(&first.name).await;
    site.wait_clean().await;
}

#[tokio::test]
async fn attack_23_a_terminal_shows_no_faster_and_no_more_than_it_may() {
    let site = site(&[
        ("terminal_bytes_per_second", "16384"),
        ("terminal_session_bytes", "65536"),
        ("terminal_daily_bytes", "100000"),
    ])
    .await;
    let image = site.approved_image().await;
    let desk = site.open_sandbox_in("desk", v1::Stage::Development).await;
    let mut total = 0;
    for most in [65_536, 100_000 - 65_536] {
        let job = workspace(&image, &[]);
        let mut person = Person::open(&site, &desk, job).await.unwrap();
        let begin = Instant::now();
        person.types("yes abcdefghijklmnopqrstuvwxyz\n").await;
        let end = person.ends().await;
        assert_eq!(end.reason(), Reason::Budget);
        let (shown, took) = (person.screen.len(), begin.elapsed().as_secs_f64());
        assert!(shown <= most, "{shown} bytes of {most}");
        assert!(shown > most - 8192, "{shown} bytes of {most}");
        // A second's worth may come at once.
        let fastest = 16_384.0 * (took + 1.0);
        assert!(shown as f64 <= fastest, "{shown} bytes in {took} s");
        total += shown;
    }
    assert!(total <= 100_000, "{total}");
    let refused = Person::open(&site, &desk, workspace(&image, &[])).await;
    let status = refused.err().expect("it was opened");
    assert_eq!(reason(&status), "TERMINAL_BUDGET_SPENT");
    let exits = site.sandbox(&desk).await.exits.unwrap();
    assert_eq!(exits.terminal_daily_bytes, 100_000);
    assert_eq!(exits.terminal_bytes, 100_000, "{exits:?}");
    site.wait_clean().await;
}
