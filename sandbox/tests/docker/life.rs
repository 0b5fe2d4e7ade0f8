//! A job from its creation to its removal.

use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;

use crate::support::{Bench, init};
use futures::StreamExt;
use sandyq_sandbox::CauseOfDeath;
use sandyq_sandbox::DockerEngine;
use sandyq_sandbox::DockerOptions;
use sandyq_sandbox::End;
use sandyq_sandbox::Engine;
use sandyq_sandbox::EngineError;
use sandyq_sandbox::Limits;
use sandyq_sandbox::Observed;
use sandyq_sandbox::PlatformId;
use sandyq_sandbox::Usage;
use sandyq_sandbox::collect::Caps;
use sandyq_sandbox::collect::RefusalReason;
use sandyq_sandbox::collect::collect;
use sandyq_sandbox::engine::LogRequest;
use sandyq_sandbox::engine::LogStream;
use sandyq_sandbox::outcome::cause;
use sandyq_sandbox::outcome::follow;

#[tokio::test(flavor = "multi_thread")]
async fn a_job_runs_end_to_end() {
    let bench = Bench::new().await;
    let job = bench.job("cat /data/census/adult.parquet; echo oops >&2; mkdir /out/m; echo 42 > /out/m/metrics; ln -s /etc/passwd /out/link");
    let input = bench.folder().join("adult.parquet");
    std::fs::write(&input, b"PAR1 data\n").unwrap();
    let job = job.with_input(&input);
    let spec = job.spec();

    let container = bench.engine.create(&spec).await.unwrap();
    assert_eq!(
        bench.engine.create(&spec).await.unwrap(),
        container,
        "creating twice adopts"
    );
    assert_eq!(
        bench.engine.observe(spec.id()).await.unwrap(),
        Observed::Created
    );
    bench.engine.start(spec.id()).await.unwrap();
    let mut usage = Usage::default();
    let mut looks = 0;
    let end = follow(
        &bench.engine,
        spec.id(),
        Duration::from_millis(50),
        &mut usage,
        |_| looks += 1,
    )
    .await
    .unwrap();
    assert_eq!(
        cause(&end, &usage, job.volume.is_full().unwrap()),
        CauseOfDeath::Exit(0)
    );
    assert!(
        usage.wall > Duration::ZERO && usage.wall < Duration::from_secs(20),
        "{usage:?} {end:?}"
    );
    assert!(looks > 0);

    let before = bench.engine.observe(spec.id()).await.unwrap();
    assert!(matches!(before, Observed::Exited { code: 0, .. }));
    bench.engine.start(spec.id()).await.unwrap();
    assert_eq!(
        bench.engine.observe(spec.id()).await.unwrap(),
        before,
        "what has run is not started again"
    );

    let logs = bench.logs(&spec).await;
    assert_eq!(logs.len(), 2);
    assert!(logs.contains(&(LogStream::Stdout, "PAR1 data\n".to_owned())));
    assert!(logs.contains(&(LogStream::Stderr, "oops\n".to_owned())));

    job.volume.freeze().unwrap();
    job.volume.freeze().unwrap();
    assert!(
        std::fs::write(job.volume.mount_point().join("late"), b"x").is_err(),
        "frozen"
    );
    let found = collect(job.volume.mount_point(), Caps::of(spec.limits())).unwrap();
    assert_eq!(found.files.len(), 1);
    assert_eq!(found.files[0].path, "m/metrics");
    assert_eq!(
        std::io::read_to_string(found.open(&found.files[0]).unwrap()).unwrap(),
        "42\n"
    );
    assert_eq!(
        (found.refused[0].name.as_str(), found.refused[0].reason),
        ("link", RefusalReason::Symlink)
    );
    drop(found);

    bench.engine.remove(spec.id()).await.unwrap();
    bench.engine.remove(spec.id()).await.unwrap();
    assert_eq!(
        bench.engine.observe(spec.id()).await.unwrap(),
        Observed::Absent
    );
    job.volume.remove().unwrap();
    job.volume.remove().unwrap();
    assert!(!job.volume.is_mounted().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_commands_that_do_not_exist_are_told_apart() {
    let bench = Bench::new().await;
    let spec = bench.job("exit 3").spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(3));

    let spec = bench.job("").with_command(&["/no/such/program"]).spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(127));
    let report = end.report.unwrap();
    assert!(matches!(report.end, End::NotStarted(_)), "{report:?}");
    let spec = bench.job("").with_command(&["/data"]).spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(126));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wall_clock_and_cancel_kill_at_once() {
    let bench = Bench::new().await;
    // SIGTERM is ignored, and a daemon has left its parent.
    let spec = bench
        .job("trap '' TERM; (setsid sleep 600 &); while :; do sleep 1; done")
        .spec();
    bench.engine.create(&spec).await.unwrap();
    bench.engine.start(spec.id()).await.unwrap();
    let Observed::Running { since } = bench.engine.observe(spec.id()).await.unwrap() else {
        panic!("not running")
    };
    assert!(
        since.elapsed().unwrap_or_default() < Duration::from_secs(60),
        "{since:?} {:?}",
        SystemTime::now()
    );
    // The first process has begun; the command follows at its own pace.
    let begun = Instant::now();
    loop {
        let sample = bench.engine.sample(spec.id()).await.unwrap().unwrap();
        if sample.pids.unwrap() >= 2 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{sample:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let start = Instant::now();
    bench.engine.kill(spec.id()).await.unwrap();
    assert_eq!(bench.engine.wait(spec.id()).await.unwrap(), Some(137));
    let end = bench.engine.observe(spec.id()).await.unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert!(matches!(end, Observed::Exited { code: 137, .. }), "{end:?}");
    bench.engine.kill(spec.id()).await.unwrap();
    assert_eq!(bench.engine.sample(spec.id()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_engine_object_adopts_what_the_old_one_started() {
    let mut bench = Bench::new().await;
    let spec = bench.job("sleep 1; echo survived > /out/x; exit 4").spec();
    let container = bench.engine.create(&spec).await.unwrap();
    bench.engine.start(spec.id()).await.unwrap();
    bench.reconnect().await;
    assert_eq!(bench.engine.create(&spec).await.unwrap(), container);
    let listed = bench.engine.list().await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0].job, &listed[0].container, listed[0].runs),
        (spec.id(), &container, true)
    );
    let end = follow(
        &bench.engine,
        spec.id(),
        Duration::from_secs(1),
        &mut Usage::default(),
        |_| (),
    )
    .await
    .unwrap();
    assert!(
        matches!(end.observed, Observed::Exited { code: 4, .. }),
        "{end:?}"
    );
    assert!(!bench.engine.list().await.unwrap()[0].runs);

    let other =
        DockerOptions::from_environment(PlatformId::new("another-platform").unwrap(), init());
    let other = DockerEngine::connect(other).await.unwrap();
    assert!(other.list().await.unwrap().is_empty());
    assert!(matches!(
        other.observe(spec.id()).await,
        Err(EngineError::NameTaken { .. })
    ));
    assert!(matches!(
        other.remove(spec.id()).await,
        Err(EngineError::NameTaken { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_followed_and_capped() {
    let bench = Bench::new().await;
    let limits = Limits {
        log_bytes: 64 << 10,
        ..Limits::default()
    };
    let spec = bench
        .job("echo first; sleep 1; yes 0123456789 | head -c 4000000; echo last")
        .with_limits(limits)
        .spec();
    bench.engine.create(&spec).await.unwrap();
    bench.engine.start(spec.id()).await.unwrap();
    let mut frames = bench
        .engine
        .logs(
            spec.id(),
            LogRequest {
                follow: true,
                since: None,
            },
        )
        .await
        .unwrap();
    let first = frames.next().await.unwrap().unwrap();
    assert_eq!(&first.bytes[..], b"first\n");
    assert!(
        matches!(
            bench.engine.observe(spec.id()).await.unwrap(),
            Observed::Running { .. }
        ),
        "followed while it runs"
    );
    let followed = tokio::time::timeout(Duration::from_secs(30), async {
        while frames.next().await.is_some() {}
    })
    .await;
    assert!(followed.is_ok(), "following ends with the container");
    bench.engine.wait(spec.id()).await.unwrap();
    let kept: String = bench
        .logs(&spec)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    assert!(kept.len() <= 64 << 10, "{} bytes are kept", kept.len());
    assert!(kept.starts_with("first\n0123456789\n"));
    assert!(kept.ends_with("last\n"));
    assert_eq!(kept.matches("the log limit").count(), 1, "said once");
}
