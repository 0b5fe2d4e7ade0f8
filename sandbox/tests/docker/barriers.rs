//! What a job cannot reach, and when no job is run at all.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Bench, init};
use sandyq_sandbox::DockerEngine;
use sandyq_sandbox::DockerOptions;
use sandyq_sandbox::Engine;
use sandyq_sandbox::EngineError;
use sandyq_sandbox::Observed;
use sandyq_sandbox::PlatformId;

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
    assert!(
        matches!(end.observed, Observed::Exited { code: 0, .. }),
        "{end:?}"
    );
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
async fn nothing_unbounded_or_special_is_mounted() {
    let bench = Bench::new().await;
    let job = bench.job("true");
    job.volume.remove().unwrap();
    std::fs::create_dir(job.volume.mount_point()).unwrap();
    bench.engine.create(&job.spec()).await.unwrap();
    let error = bench.engine.start(job.spec().id()).await.unwrap_err();
    assert!(
        matches!(&error, EngineError::Mount { reason, .. } if reason.contains("size cannot be limited")),
        "{error:?}"
    );
    assert_eq!(
        bench.engine.observe(job.spec().id()).await.unwrap(),
        Observed::Created
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
            init: init(),
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
        init: init(),
    };
    assert!(matches!(
        DockerEngine::connect(options).await,
        Err(EngineError::NotLocal { .. })
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_enforces_everything() {
    let bench = Bench::new().await;
    let info = bench.engine.info().await.unwrap();
    assert_eq!(info.gaps, Vec::<String>::new());
    assert!(info.cpus > 0 && info.memory_bytes > 0 && !info.version.is_empty());
}
