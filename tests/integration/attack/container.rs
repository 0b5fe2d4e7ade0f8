//! Lines 07, 11 and 32: what runs, under which kernel, and what it is told.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::engine::{PrivateEngine, has_gvisor};
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, fields, reason};

use crate::law::sandbox_of_high_risk;

#[tokio::test]
async fn attack_07_only_what_was_approved_runs_and_only_as_we_say() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("box").await;
    // Names that an engine would pull from somewhere, and a digest that nobody approved.
    let unknown = format!("images/{}", "0".repeat(64));
    for name in [
        "alpine",
        "docker.io/library/alpine:latest",
        "images/latest",
        &unknown,
    ] {
        let status = site.submit(&sandbox, shell(name, "true")).await;
        let status = status.unwrap_err();
        assert_eq!(reason(&status), "IMAGE_UNKNOWN", "{name}: {status:?}");
    }
    for name in [
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "PATH",
        "PYTHONSTARTUP",
        "BASH_ENV",
    ] {
        let mut job = shell(&image, "true");
        job.environment.insert(name.to_owned(), "/out/x".to_owned());
        let status = site.submit(&sandbox, job).await.unwrap_err();
        let field = format!("job.environment[{name:?}]");
        assert_eq!(fields(&status), [field], "{status:?}");
    }
    let listed = Command::new("docker")
        .args(["images", "--format", "{{.Repository}}"])
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&listed.stdout).contains("alpine"));
}

/// A job that looks around as public probes do.
const LOOK: &str = "exec 2>&1; cat /proc/version; cat /proc/self/status /proc/mounts; env
    ls -la /dev /var/run /data; cat /proc/net/route; echo code > /out/ran; exit 7";

#[tokio::test]
async fn attack_11_high_risk_has_a_kernel_of_its_own_or_does_not_run() {
    let site = Site::start().await;
    let image = site.approved_image().await;
    let sandbox = sandbox_of_high_risk(&site).await;
    let submitted = site.submit(&sandbox, shell(&image, LOOK)).await;
    if !has_gvisor() {
        assert_eq!(reason(&submitted.unwrap_err()), "ISOLATION_NOT_AVAILABLE");
        return;
    }
    let job = site.wait_job(&submitted.unwrap().name).await;
    assert_eq!(job.state(), State::Failed, "{job:?}");
    assert_eq!(job.exit_code, 7, "{job:?}");
    let log = whole_log(&site, &job).await;
    let ours = std::fs::read_to_string("/proc/version").unwrap();
    assert!(!log.contains(ours.trim()), "{log}");
    assert!(
        log.contains("Linux version 4.4.0") || log.contains("gVisor"),
        "{log}"
    );
    assert!(log.contains("CapEff:\t0000000000000000"), "{log}");
}

/// The whole log, which leaves only as a reviewed output.
async fn whole_log(site: &Site, job: &v1::Job) -> String {
    site.release(&job.output).await;
    let log = site
        .download("developer", &job.output, ".sandyq/job.log")
        .await
        .unwrap();
    String::from_utf8_lossy(&log).into_owned()
}

#[tokio::test]
async fn attack_11_an_engine_without_gvisor_runs_nothing_of_high_risk() {
    let engine = PrivateEngine::start();
    let options = Options {
        environment: vec![("DOCKER_HOST".to_owned(), engine.host())],
        ..Options::default()
    };
    let site = Site::start_with(options).await;
    let sandbox = sandbox_of_high_risk(&site).await;
    let image = format!("images/{}", "0".repeat(64));
    let status = site.submit(&sandbox, shell(&image, LOOK)).await;
    let status = status.unwrap_err();
    assert_eq!(reason(&status), "ISOLATION_NOT_AVAILABLE", "{status:?}");
    assert!(status.message().contains("deploy/setup.sh"), "{status:?}");
}

#[tokio::test]
async fn attack_32_secrets_are_nowhere_to_be_read() {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let sandbox = site.open_sandbox("box").await;
    site.grant(&version.name, &sandbox, "research", 600).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version.name],
        ..shell(
            &image,
            "exec 2>&1; env; cat /proc/*/environ /proc/*/cmdline; ls -la /data /data/people; sleep 20",
        )
    };
    let job = site.submit(&sandbox, job).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == State::Running)
        .await;

    let secrets = secrets(&site);
    assert!(secrets.len() >= 2, "{}", secrets.len());
    let inspected = inspect(&site.platform_id);
    assert!(inspected.contains("sandyq.job"), "{inspected}");
    // Of a process: its arguments, its environment, and whether it may leave a core.
    let about = |name: &str| {
        let path = format!("/proc/{}/{name}", site.pid());
        String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
    };
    let (arguments, environment, limits) = (about("cmdline"), about("environ"), about("limits"));
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "the server leaves no core");
    for (place, text) in [
        ("docker inspect", &inspected),
        ("arguments", &arguments),
        ("environment", &environment),
        ("log", &site.log()),
    ] {
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{place} holds a secret");
        }
    }
    // What is staged is closed to everybody else on the host, and in no path that a container could name.
    let staging = site.dir.join("work/staging");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&staging), 0o700);
    for file in site
        .files()
        .iter()
        .filter(|file| file.starts_with(&staging))
    {
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(file) & 0o222, 0, "{}", file.display());
    }
    let request = v1::CancelJobRequest {
        name: job.name.clone(),
        ..Default::default()
    };
    site.user("developer")
        .sandbox()
        .cancel_job(request)
        .await
        .unwrap();
    site.wait_job(&job.name).await;
}

/// The keys that lie in the platform's folder, as bytes would be written in text.
fn secrets(site: &Site) -> Vec<String> {
    let mut out = Vec::new();
    for name in ["master.key", "operator.invitation"] {
        let Ok(bytes) = std::fs::read(site.dir.join(name)) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes).trim().to_owned();
        if let Ok(file) = serde_json::from_str::<serde_json::Value>(&text) {
            out.push(file["token"].as_str().unwrap().to_owned());
            continue;
        }
        out.push(hex::encode(&bytes));
        out.push(hex::encode_upper(&bytes));
        if !text.is_empty() && text.is_ascii() {
            out.push(text);
        }
    }
    out
}

/// All that `docker inspect` says of a platform's containers.
fn inspect(platform: &str) -> String {
    let filter = format!("label=sandyq.platform={platform}");
    let listed = Command::new("docker")
        .args(["ps", "-aq", "--filter", &filter])
        .output()
        .unwrap();
    let ids = String::from_utf8(listed.stdout).unwrap();
    let out = Command::new("docker")
        .arg("inspect")
        .args(ids.split_whitespace())
        .output()
        .unwrap();
    String::from_utf8_lossy(&out.stdout).into_owned()
}
