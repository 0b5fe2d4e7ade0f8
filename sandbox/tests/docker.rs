//! The sandbox against the real Docker engine, with a tiny image and real volumes.
//! Needs root and a running engine; `deploy/setup.sh test` sees to both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant, SystemTime};

use futures::StreamExt;
use sandyq_sandbox::collect::{Caps, RefusalReason, collect};
use sandyq_sandbox::engine::{LogRequest, LogStream};
use sandyq_sandbox::outcome::{cause, follow};
use sandyq_sandbox::volume::{OutputVolume, VolumeError};
use sandyq_sandbox::{
    CauseOfDeath, DockerEngine, DockerOptions, Engine, EngineError, Limits, Observed, PlatformId,
    Usage,
};
use support::{Bench, MIB};

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

    bench.engine.start(spec.id()).await.unwrap();
    assert_eq!(
        bench.engine.observe(spec.id()).await.unwrap(),
        end,
        "what has run is not started again"
    );

    let logs = bench.logs(&spec).await;
    assert_eq!(
        logs,
        [
            (LogStream::Stdout, "PAR1 data\n".to_owned()),
            (LogStream::Stderr, "oops\n".to_owned())
        ]
    );

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
async fn the_container_has_no_rights_and_no_way_out() {
    let bench = Bench::new().await;
    let script = "exec 2>&1
        id -u; id -g
        grep -E '^(CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status
        touch /root-is-writable
        ls /sys/class/net
        echo routes; cat /proc/net/route /proc/net/arp; echo end
        grep -E ' (/out|/tmp|/dev/shm|/data/census/adult.parquet) ' /proc/mounts
        echo x > /data/census/adult.parquet
        cp /bin/busybox /tmp/b; /tmp/b true; cp /bin/busybox /out/b; /out/b true
        unshare -U true; chown 0 /out; mount -t tmpfs x /tmp
        ulimit -c; ulimit -n; hostname; env | sort; ls /var/run/docker.sock
        true";
    let job = bench.job(script);
    let input = bench.folder().join("adult.parquet");
    std::fs::write(&input, b"PAR1").unwrap();
    let spec = job.with_input(&input).spec();
    let (end, _) = bench.run(&spec).await;
    assert!(matches!(end, Observed::Exited { code: 0, .. }), "{end:?}");
    let log: String = bench
        .logs(&spec)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    println!("{log}");
    let has = |wanted: &str| assert!(log.contains(wanted), "missing {wanted:?} in:\n{log}");
    assert!(log.starts_with("10001\n10001\n"));
    for capabilities in ["CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        has(&format!("{capabilities}:\t0000000000000000"));
    }
    has("NoNewPrivs:\t1");
    has("Seccomp:\t2");
    has("touch: /root-is-writable: Read-only file system");
    has("\nlo\n");
    assert!(!log.contains("eth0"));
    let routes = log
        .split("routes\n")
        .nth(1)
        .unwrap()
        .split("end\n")
        .next()
        .unwrap();
    assert_eq!(
        routes.lines().count(),
        2,
        "two headings and no route:\n{routes}"
    );
    let mounts = |target: &str| {
        log.lines()
            .find(|line| line.contains(&format!(" {target} ")))
            .unwrap()
            .to_owned()
    };
    for target in ["/out", "/tmp", "/dev/shm"] {
        for option in ["nosuid", "nodev", "noexec"] {
            assert!(
                mounts(target).contains(option),
                "{target} lacks {option}:\n{}",
                mounts(target)
            );
        }
    }
    assert!(mounts("/tmp").contains("nr_inodes=") && mounts("/dev/shm").contains("nr_inodes="));
    assert!(mounts("/data/census/adult.parquet").contains(" ro,"));
    assert_eq!(std::fs::read(&input).unwrap(), b"PAR1");
    has("/tmp/b: Permission denied");
    has("/out/b: Permission denied");
    has("unshare");
    has("chown: /out: Operation not permitted");
    has("mount: permission denied");
    has("\n0\n4096\nsandbox\n");
    has("PATH=/usr/local/sbin");
    assert!(
        !log.contains("LD_PRELOAD") && !log.contains("FROM_IMAGE"),
        "the image's environment is dropped"
    );
    has("ls: /var/run/docker.sock: No such file or directory");
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_and_commands_that_do_not_exist_are_told_apart() {
    let bench = Bench::new().await;
    let spec = bench.job("exit 3").spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(3));

    let spec = bench.job("").with_command(&["/no/such/program"]).spec();
    bench.engine.create(&spec).await.unwrap();
    let error = bench.engine.start(spec.id()).await.unwrap_err();
    assert!(
        matches!(error, EngineError::Command { code: 127, .. }),
        "{error:?}"
    );
    assert_eq!(error.cause(), CauseOfDeath::Exit(127));
    let seen = bench.engine.observe(spec.id()).await.unwrap();
    assert_eq!(
        cause(&seen, &Usage::default(), false),
        CauseOfDeath::Exit(127)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn running_out_of_memory_is_found_in_the_main_process_and_in_a_child() {
    let bench = Bench::new().await;
    let limits = Limits {
        memory_bytes: 32 * MIB,
        tmp_bytes: MIB,
        ..Limits::default()
    };
    // `tail` keeps a line without end in memory.
    let spec = bench
        .job("exec tail -n 1 /dev/zero")
        .with_limits(limits)
        .spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(
        cause(&end, &usage, false),
        CauseOfDeath::OutOfMemory,
        "{end:?} {usage:?}"
    );

    let spec = bench
        .job("tail -n 1 /dev/zero; sleep 1; exit 9")
        .with_limits(limits)
        .spec();
    let (end, usage) = bench.run(&spec).await;
    assert!(matches!(end, Observed::Exited { code: 9, .. }), "{end:?}");
    assert!(
        usage.oom_kills > 0 && usage.peak_memory_bytes > 16 * MIB,
        "{usage:?}"
    );
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::OutOfMemory);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_bomb_meets_its_limit() {
    let bench = Bench::new().await;
    let limits = Limits {
        pids: 16,
        ..Limits::default()
    };
    let spec = bench
        .job("(for i in $(seq 40); do sleep 2 & done); sleep 1; exit 1")
        .with_limits(limits)
        .spec();
    let (end, usage) = bench.run(&spec).await;
    assert!(usage.pids_refused > 0, "{end:?} {usage:?}");
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::PidsExhausted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_output_volume_is_an_error_the_job_sees() {
    let bench = Bench::new().await;
    let limits = Limits {
        output_bytes: 2 * MIB,
        output_files: 16,
        ..Limits::default()
    };
    let job = bench
        .job("dd if=/dev/zero of=/out/big bs=64k; exit 5")
        .with_limits(limits);
    let spec = job.spec();
    let (end, usage) = bench.run(&spec).await;
    let log: String = bench
        .logs(&spec)
        .await
        .into_iter()
        .map(|(_, text)| text)
        .collect();
    println!("{log} {end:?} {:?}", job.volume.room());
    assert_eq!(
        cause(&end, &usage, job.volume.is_full().unwrap()),
        CauseOfDeath::OutputQuota
    );
    assert!(log.contains("No space left on device"), "{log}");
    job.volume.freeze().unwrap();
    let found = collect(job.volume.mount_point(), Caps::of(spec.limits())).unwrap();
    assert_eq!(
        found.refused[0].reason,
        RefusalReason::TooManyBytes,
        "more than was promised is not taken"
    );

    let job = bench
        .job("i=0; while : > /out/f$i; do i=$((i+1)); done; exit 5")
        .with_limits(limits);
    let (end, usage) = bench.run(&job.spec()).await;
    assert_eq!(
        cause(&end, &usage, job.volume.is_full().unwrap()),
        CauseOfDeath::OutputQuota
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_promised_fits() {
    let bench = Bench::new().await;
    let limits = Limits {
        output_bytes: 4 * MIB,
        output_files: 100,
        ..Limits::default()
    };
    let job = bench.job("for i in $(seq 99); do echo x > /out/f$i || exit 1; done; dd if=/dev/zero of=/out/big bs=4096 count=$((1024-25)) || exit 2").with_limits(limits);
    let (end, _) = bench.run(&job.spec()).await;
    assert!(
        matches!(end, Observed::Exited { code: 0, .. }),
        "{end:?} {:?}",
        job.volume.room()
    );
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
    assert!(
        bench
            .engine
            .sample(spec.id())
            .await
            .unwrap()
            .unwrap()
            .pids
            .unwrap()
            >= 2
    );
    let start = Instant::now();
    bench.engine.kill(spec.id()).await.unwrap();
    let end = bench.engine.wait(spec.id()).await.unwrap();
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
        (&listed[0].job, &listed[0].container),
        (spec.id(), &container)
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
    assert!(matches!(end, Observed::Exited { code: 4, .. }), "{end:?}");

    let other = DockerOptions::from_environment(PlatformId::new("another-platform").unwrap());
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
    assert!(kept.len() < 300_000, "{} bytes are kept", kept.len());
    assert!(kept.ends_with("last\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn images_come_from_archives_and_are_named_by_digest() {
    let bench = Bench::new().await;
    let archive = support::archive(&bench.mark("import"), "[\"A=1\"]", "null");
    let images = bench.import(archive.clone()).await.unwrap();
    assert_eq!(images.len(), 1);
    assert!(bench.engine.image_exists(&images[0].digest).await.unwrap());
    assert!(images[0].size_bytes > 0 && images[0].refusal.is_none());
    assert_eq!(
        bench.import(archive).await.unwrap(),
        images,
        "importing twice is the same"
    );

    let saved = bench.save(&images[0].digest).await;
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    assert!(!bench.engine.image_exists(&images[0].digest).await.unwrap());
    assert_eq!(
        bench.import(saved).await.unwrap()[0].digest,
        images[0].digest,
        "what `docker save` wrote"
    );
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    let spec = bench.job("true").with_image(&images[0].digest).spec();
    let error = bench.engine.create(&spec).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::ImageMissing { image } if *image == images[0].digest),
        "{error:?}"
    );
    assert!(matches!(error.cause(), CauseOfDeath::ImageRefused(_)));

    for bad in [b"no archive at all".to_vec(), Vec::new(), vec![0; 10_240]] {
        let error = bench.import(bad).await.unwrap_err();
        assert!(matches!(error, EngineError::Archive { .. }), "{error:?}");
    }
    let cut = futures::stream::iter([
        Ok(vec![1; 5000].into()),
        Err(std::io::Error::other("the client went away")),
    ]);
    let error = bench.engine.import_image(cut.boxed()).await.unwrap_err();
    assert!(
        error.to_string().contains("the client went away"),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_with_volumes_is_refused() {
    let bench = Bench::new().await;
    let archive = support::archive(&bench.mark("volumes"), "[]", "{\"/free\":{}}");
    let images = bench.import(archive).await.unwrap();
    assert!(images[0].refusal.as_ref().unwrap().contains("/free"));
    let spec = bench.job("true").with_image(&images[0].digest).spec();
    let error = bench.engine.create(&spec).await.unwrap_err();
    bench.engine.remove_image(&images[0].digest).await.unwrap();
    assert!(
        matches!(error, EngineError::ImageUnsafe { .. }),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_unbounded_or_special_is_mounted() {
    let bench = Bench::new().await;
    let job = bench.job("true");
    job.volume.remove().unwrap();
    std::fs::create_dir(job.volume.mount_point()).unwrap();
    let error = bench.engine.create(&job.spec()).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Mount { reason, .. } if reason.contains("size cannot be limited")),
        "{error:?}"
    );

    let job = bench.job("true");
    let link = bench.folder().join("link");
    std::os::unix::fs::symlink("/var/run/docker.sock", &link).unwrap();
    let error = bench
        .engine
        .create(&job.with_input(&link).spec())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, EngineError::Mount { reason, .. } if reason.contains("regular file")),
        "{error:?}"
    );

    let secret = bench.folder().join("secret");
    std::fs::write(&secret, b"PAR1").unwrap();
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
    let error = bench
        .engine
        .create(&bench.job("true").with_input(&secret).spec())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, EngineError::Mount { reason, .. } if reason.contains("mode 0444")),
        "{error:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_not_running_is_named_with_the_way_to_start_it() {
    let platform = PlatformId::new("p").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let dead = folder.path().join("dead.sock");
    drop(std::os::unix::net::UnixListener::bind(&dead).unwrap());
    for address in [
        "unix:///nonexistent/docker.sock".to_owned(),
        format!("unix://{}", dead.display()),
    ] {
        let options = DockerOptions {
            address: address.clone(),
            platform: platform.clone(),
        };
        let error = DockerEngine::connect(options).await.unwrap_err();
        assert!(error.is_transient());
        let text = error.to_string();
        assert!(
            text.contains(&address) && text.contains("systemctl start docker"),
            "{text}"
        );
    }
    let options = DockerOptions {
        address: "tcp://10.0.0.1:2375".to_owned(),
        platform,
    };
    assert!(matches!(
        DockerEngine::connect(options).await,
        Err(EngineError::NotLocal { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_is_quick_hard_and_leaves_nothing() {
    let bench = Bench::new().await;
    let mut times = Vec::new();
    for number in 0..10 {
        let place = bench.folder().join(number.to_string());
        let start = Instant::now();
        let volume = OutputVolume::create(&place, 64 * MIB, 1000).unwrap();
        times.push(start.elapsed());
        assert!(matches!(
            OutputVolume::create(&place, MIB, 16),
            Err(VolumeError::InUse { .. })
        ));
        let room = volume.room().unwrap();
        assert!(room.bytes >= 64 * MIB && room.files >= 1000, "{room:?}");
        assert_eq!(std::fs::read_dir(volume.mount_point()).unwrap().count(), 0);
        OutputVolume::at(&place).remove().unwrap();
        assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
    }
    times.sort();
    println!("create: median {:?}, slowest {:?}", times[5], times[9]);
    assert!(times[5] < Duration::from_millis(500), "{times:?}");
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(&*bench.folder().to_string_lossy()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_enforces_everything() {
    let bench = Bench::new().await;
    let info = bench.engine.info().await.unwrap();
    assert_eq!(info.gaps, Vec::<String>::new());
    assert!(info.cpus > 0 && info.memory_bytes > 0 && !info.version.is_empty());
}
