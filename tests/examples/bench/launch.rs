//! From a submitted job to the first thing that its container does, beside the same container made and started by the
//! engine's own interface.
//!
//! The baseline is the two calls `POST /containers/create` and `POST /containers/{id}/start` with the very body that
//! the platform sends, but for the name and for `/out`, which is a plain folder that was made before the clock began.
//! Ours is all that lies between: the call through TLS, the decision, the audited and fsynced states of the job, a file
//! system of its own for `/out`, and the checks around create and start. Neither has input data.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bollard::Docker;
use bollard::query_parameters::{
    CreateContainerOptions, RemoveContainerOptions, StartContainerOptions,
};
use sandyq_proto::v1;
use sandyq_sandbox::spec::{ContainerContext, GID, Limits, RawJob, UID, container};
use sandyq_sandbox::{JobSpec, PlatformId};
use sandyq_tests::Site;
use sandyq_tests::work::shell;

use crate::table::{Bar, Row, median};

const ROUNDS: usize = 30;
const WARM_UP: usize = 2;
/// The shell tells microseconds since 1970 by the clock that the host has too; the pause lets the file be read.
const SCRIPT: &str = "echo $EPOCHREALTIME > /out/first; sleep 0.5";
const LONGEST: Duration = Duration::from_secs(60);

/// One of ours and one of the engine's take turns.
pub async fn measure(site: &Site) -> Vec<Row> {
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("bench-launch").await;
    let engine = Docker::connect_with_local_defaults()
        .unwrap()
        .negotiate_version()
        .await
        .unwrap();
    let (mut ours, mut raw) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + ROUNDS {
        let by_engine = launch_raw(site, &engine, &image, round).await;
        let by_platform = launch(site, &sandbox, &image).await;
        if round >= WARM_UP {
            raw.push(by_engine);
            ours.push(by_platform);
        }
    }
    vec![Row {
        what: "submit to the first instruction of the container, median of 30",
        ours: median(ours),
        baseline: Some((median(raw), "create and start by the engine")),
        unit: "ms",
        bar: Bar::RatioAtMost(1.3),
    }]
}

fn job(image: &str) -> v1::Job {
    shell(image, SCRIPT)
}

/// Milliseconds from the call to the container's first act.
async fn launch(site: &Site, sandbox: &str, image: &str) -> f64 {
    let jobs = site.dir.join("work/jobs");
    let begin = SystemTime::now();
    let job = site.submit(sandbox, job(image)).await.unwrap();
    let first = first_act(|| {
        let folder = std::fs::read_dir(&jobs).ok()?.flatten().next()?;
        Some(folder.path().join("out/first"))
    })
    .await;
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.state(), v1::job::State::Succeeded, "{ended:?}");
    // The next one must not meet this one's removal.
    let from = std::time::Instant::now();
    while std::fs::read_dir(&jobs).is_ok_and(|mut left| left.next().is_some()) {
        assert!(from.elapsed() < LONGEST, "the job is not removed");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    since(begin, first)
}

async fn launch_raw(site: &Site, engine: &Docker, image: &str, round: usize) -> f64 {
    let out = site.dir.parent().unwrap().join(format!("out-{round}"));
    std::fs::create_dir(&out).unwrap();
    std::os::unix::fs::chown(&out, Some(UID), Some(GID)).unwrap();
    let spec = spec(image, round, &out);
    let platform = PlatformId::new(site.platform_id.clone()).unwrap();
    let context = ContainerContext {
        platform: &platform,
        init: &sandyq_sandbox::engine::beside(&sandyq_tests::site::program()),
        image_variables: &[],
    };
    let body = container(&spec, &context);
    let name = spec.id().container_name();
    let options = CreateContainerOptions {
        name: Some(name.clone()),
        ..CreateContainerOptions::default()
    };
    let begin = SystemTime::now();
    engine.create_container(Some(options), body).await.unwrap();
    engine
        .start_container(&name, None::<StartContainerOptions>)
        .await
        .unwrap();
    let first = first_act(|| Some(out.join("first"))).await;
    let options = RemoveContainerOptions {
        force: true,
        ..RemoveContainerOptions::default()
    };
    engine.remove_container(&name, Some(options)).await.unwrap();
    std::fs::remove_dir_all(&out).unwrap();
    since(begin, first)
}

/// What the platform makes of [`job`].
fn spec(image: &str, round: usize, out: &Path) -> JobSpec {
    let (job, default) = (job(image), Limits::default());
    let asked = job.limits.unwrap();
    let memory_bytes = u64::try_from(asked.memory_bytes).unwrap();
    RawJob {
        id: format!("bench-{round}"),
        sandbox: "bench-launch".to_owned(),
        image: format!("sha256:{}", image.trim_start_matches("images/")),
        command: job.command,
        output_path: out.to_owned(),
        limits: Limits {
            memory_bytes,
            output_bytes: u64::try_from(asked.output_bytes).unwrap(),
            tmp_bytes: default.tmp_bytes.min(memory_bytes),
            wall_clock: Duration::from_secs(60),
            ..default
        },
        ..RawJob::default()
    }
    .validate()
    .unwrap()
}

/// What the container wrote, once it has.
async fn first_act(path: impl Fn() -> Option<PathBuf>) -> Duration {
    let from = std::time::Instant::now();
    loop {
        let text = path().and_then(|path| std::fs::read_to_string(path).ok());
        if let Some(seconds) = text.filter(|text| text.ends_with('\n')) {
            return Duration::from_secs_f64(seconds.trim().parse().unwrap());
        }
        assert!(from.elapsed() < LONGEST, "the container does not begin");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn since(begin: SystemTime, first: Duration) -> f64 {
    let begin = begin.duration_since(UNIX_EPOCH).unwrap();
    (first.as_secs_f64() - begin.as_secs_f64()) * 1e3
}
