//! Faults of the machine: no engine, no room, no port, the wrong key.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use sandyq_proto::v1;
use sandyq_tests::register::{PROFILE, csv};
use sandyq_tests::work::{csv_dataset, shell, write_messages};
use sandyq_tests::{Options, Site, images};
use tonic::Code;

use super::told;

const NOWHERE: &str = "unix:///nonexistent/docker.sock";

#[tokio::test]
async fn without_the_engine_jobs_wait_and_say_for_what() {
    let mut site = Site::start().await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("box").await;
    site.kill();
    site.set_environment(&[("DOCKER_HOST", NOWHERE)]);
    site.serve().await;
    let named = [
        "Docker engine is not running",
        "/nonexistent/docker.sock",
        "systemctl start docker",
    ];
    let status = images::import(&site.user("admin"), &images::busybox())
        .await
        .unwrap_err();
    told(&status, Code::Unavailable, "ENGINE_NOT_RUNNING", &named);
    let job = site
        .submit(&sandbox, shell(&image, "echo late > /out/late"))
        .await
        .unwrap();
    let waiting = site
        .wait_job_until(&job.name, |job| job.waiting_reason == "ENGINE_UNAVAILABLE")
        .await;
    assert_eq!(waiting.state(), v1::job::State::Queued);
    for part in named {
        assert!(
            waiting.state_message.contains(part),
            "{part}: {}",
            waiting.state_message
        );
    }
    site.kill();
    site.set_environment(&[]);
    site.serve().await;
    let done = site.wait_job(&job.name).await;
    assert_eq!(done.state(), v1::job::State::Succeeded, "{done:?}");
    assert!(
        !done.state_message.contains("not running"),
        "{}",
        done.state_message
    );
    site.release(&done.output).await;
    let late = site
        .download("developer", &done.output, "late")
        .await
        .unwrap();
    assert_eq!(late, b"late\n");
}

fn run(program: &str, arguments: &[&str]) {
    let out = Command::new(program).args(arguments).output().unwrap();
    assert!(out.status.success(), "{program} {arguments:?}: {out:?}");
}

/// Puts a file system of a few MiB at a folder.
fn small_disk(folder: &Path, mebibytes: u32) {
    std::fs::create_dir_all(folder).unwrap();
    let options = format!("size={mebibytes}m,mode=0700");
    run(
        "mount",
        &[
            "-t",
            "tmpfs",
            "-o",
            &options,
            "tmpfs",
            folder.to_str().unwrap(),
        ],
    );
}

#[tokio::test]
async fn a_full_disk_is_named_and_costs_nothing_that_was_safe() {
    let mut site = Site::init(Options::default());
    let objects = site.dir.join("objects");
    small_disk(&objects, 24);
    site.serve().await;
    site.enrol_everybody().await;
    let before = site.publish_register("before", 0..40).await;
    let library = site.create_library("large").await;
    let bytes = b"a,b,c,d\n".repeat(5 << 20);
    let datasets = vec![csv_dataset("rows", &bytes, ",")];
    let version = site.create_version(&library.name, datasets).await.unwrap();
    let upload = version.datasets[0].upload.clone();
    let status = site.write(&upload, &bytes).await.unwrap_err();
    told(
        &status,
        Code::ResourceExhausted,
        "DISK_FULL",
        &["disk", "full", "resume"],
    );

    // What was there is there, and can be read: a job's inputs are made from it.
    let request = v1::GetVersionRequest {
        name: before.name.clone(),
    };
    let now = site
        .user("owner")
        .library()
        .get_version(request)
        .await
        .unwrap();
    assert_eq!(now.into_inner().version.unwrap().datasets, before.datasets);

    // With more room the upload goes on from where it was safe.
    run(
        "mount",
        &["-o", "remount,size=128m", objects.to_str().unwrap()],
    );
    let request = v1::QueryWriteStatusRequest {
        resource_name: upload.clone(),
    };
    let mut client = site.user("owner").library();
    let safe = client
        .query_write_status(request)
        .await
        .unwrap()
        .into_inner();
    assert!(!safe.complete);
    assert_eq!(safe.committed_size, 16 << 20);
    let messages = write_messages(&upload, &bytes, 16 << 20, true);
    let done = client
        .write(tokio_stream::iter(messages))
        .await
        .unwrap()
        .into_inner();
    assert!(done.complete);
    assert_eq!(done.committed_size, i64::try_from(bytes.len()).unwrap());
}

#[tokio::test]
async fn a_disk_that_is_full_for_the_database_too_is_named() {
    let mut site = Site::init(Options::default());
    // The whole platform moves to a disk of its own.
    let away = site.dir.with_extension("away");
    let (folder, copy) = (
        site.dir.to_str().unwrap().to_owned(),
        away.to_str().unwrap().to_owned(),
    );
    run("cp", &["-a", &folder, &copy]);
    small_disk(&site.dir, 16);
    run("cp", &["-a", &format!("{copy}/."), &folder]);
    site.serve().await;
    site.enrol_everybody().await;
    let library = site.create_library("kept").await;

    let filler = site.dir.join("filler");
    let out = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k", &format!("of={}", filler.display())])
        .output()
        .unwrap();
    assert!(!out.status.success(), "the disk did not fill up");
    let change = |display_name: &str| {
        let library = v1::Library {
            display_name: display_name.to_owned(),
            // Enough to need room for more than one page.
            description: "long ".repeat(1900),
            ..library.clone()
        };
        let request = v1::UpdateLibraryRequest {
            library: Some(v1::Library {
                etag: String::new(),
                ..library
            }),
            request_id: sandyq_tests::request_id(),
        };
        let mut client = site.user("owner").library();
        async move { client.update_library(request).await }
    };
    // Pages that the write-ahead log has already may be used again, so the first changes may still fit.
    let mut last = "kept".to_owned();
    let status = loop {
        let next = format!("{last}+");
        match change(&next).await {
            Ok(_) => last = next,
            Err(status) => break status,
        }
        assert!(last.len() < 180, "the database needs no room");
    };
    told(
        &status,
        Code::ResourceExhausted,
        "DISK_FULL",
        &["disk", "full"],
    );
    let read = || async {
        let request = v1::GetLibraryRequest {
            name: library.name.clone(),
        };
        let answer = site.user("owner").library().get_library(request).await;
        answer.unwrap().into_inner().library.unwrap().display_name
    };
    assert_eq!(
        read().await,
        last,
        "what was answered is there, what was refused is not"
    );
    std::fs::remove_file(&filler).unwrap();
    change("after").await.unwrap();
    assert_eq!(read().await, "after");
}

#[tokio::test]
async fn bytes_that_were_changed_on_the_disk_go_nowhere() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let library = site.create_library("raw").await;
    let raw = site
        .push_csv(&library.name, "people", &csv(0..40), ",")
        .await;
    let sandbox = site.open_sandbox("box").await;
    site.grant(&version.name, &sandbox, "research", 600).await;
    let image = site.approved_image().await;
    // Enough for a file: what is small lies in the database.
    let script = "echo result > /out/result; head -c 100000 /dev/zero > /out/rest";
    let job = site.submit(&sandbox, shell(&image, script)).await.unwrap();
    let output = site.wait_job(&job.name).await.output;
    site.release(&output).await;
    let whole = site.download("developer", &output, "result").await.unwrap();
    assert_eq!(whole, b"result\n");

    let objects = site.dir.join("objects");
    for file in site
        .files()
        .into_iter()
        .filter(|file| file.starts_with(&objects))
    {
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    let status = site
        .download("developer", &output, "result")
        .await
        .unwrap_err();
    told(&status, Code::Internal, "INTERNAL", &[]);
    let run = site
        .depersonalize(&raw.name, PROFILE, vec![])
        .await
        .unwrap();
    assert_eq!(run.state(), v1::run::State::Failed);
    assert!(run.reports.is_empty());
    let job = v1::Job {
        versions: vec![version.name],
        ..shell(&image, "cat /data/people/people.parquet > /out/copy")
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Failed, "{job:?}");
    assert!(
        job.start_time.is_none() && job.output.is_empty(),
        "nothing of it ran: {job:?}"
    );
    for told in [site.log(), run.failure_message, job.state_message] {
        assert!(
            told.contains("was changed, moved or belongs elsewhere"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_server_that_cannot_serve_says_why() {
    let mut site = Site::init(Options::default());
    let authority = site.address.replace("https://localhost", "127.0.0.1");
    let taken = TcpListener::bind(&authority).unwrap();
    let said = site.serve_in_vain();
    for part in [
        authority.as_str(),
        "another program uses the port",
        "`listen` in sandyq.toml",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    drop(taken);
    site.serve().await;
    site.enrol_everybody().await;
    let version = site.publish_register("kept", 0..40).await;
    site.kill();

    let key = site.dir.join("master.key");
    let right = std::fs::read(&key).unwrap();
    let other = Site::init(Options::default());
    let wrong = std::fs::read(other.dir.join("master.key")).unwrap();
    for (bytes, mode, named) in [
        (
            wrong.as_slice(),
            "600",
            "is not the master key of this platform's database",
        ),
        (b"", "600", "is empty"),
        (b"hello", "600", "does not hold a master key"),
        (&right, "644", "can be read by others"),
    ] {
        std::fs::write(&key, bytes).unwrap();
        run("chmod", &[mode, key.to_str().unwrap()]);
        let said = site.serve_in_vain();
        for part in [named, "master.key"] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
    std::fs::remove_file(&key).unwrap();
    assert!(site.serve_in_vain().contains("master.key"));
    std::fs::write(&key, &right).unwrap();
    run("chmod", &["600", key.to_str().unwrap()]);

    let config = site.dir.join("sandyq.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\nlisten_to = 1\n")).unwrap();
    let said = site.serve_in_vain();
    assert!(
        said.contains("sandyq.toml") && said.contains("listen_to"),
        "{said}"
    );
    std::fs::write(&config, &text).unwrap();

    let policy = site.dir.join("policies/own.cedar");
    std::fs::write(
        &policy,
        r#"@id("own.a") @reason("a")
        forbid (principal is Principal, action == Action::"ImageService.GetPicture", resource);"#,
    )
    .unwrap();
    let said = site.serve_in_vain();
    assert!(
        said.contains("own.cedar") && said.contains("GetPicture"),
        "{said}"
    );
    std::fs::remove_file(&policy).unwrap();

    let purposes = site.dir.join("purposes.toml");
    let text = std::fs::read_to_string(&purposes).unwrap();
    std::fs::write(
        &purposes,
        format!("{text}\n[[purpose]]\nid = \"a.b\"\ntitle = \"t\"\n"),
    )
    .unwrap();
    let said = site.serve_in_vain();
    assert!(
        said.contains("purposes.toml") && said.contains("a.b"),
        "{said}"
    );
    std::fs::write(&purposes, &text).unwrap();

    // Nothing of it did any harm.
    site.serve().await;
    let request = v1::GetVersionRequest {
        name: version.name.clone(),
    };
    let kept = site
        .user("owner")
        .library()
        .get_version(request)
        .await
        .unwrap();
    assert_eq!(kept.into_inner().version.unwrap(), version);
}
