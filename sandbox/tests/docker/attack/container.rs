//! Lines 01 to 06 and 11: what a container is given.

use sandyq_sandbox::{CauseOfDeath, Engine, Isolation, Limits, Observed};

use super::{attack, host_is_unharmed, probe, profiles};
use crate::support::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn attack_01_a_job_is_nobody_on_the_host() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let job = bench
            .job(
                "exec 2>&1; id -u; id -g; echo mine > /out/mine
                cp /bin/busybox /out/shell; busybox chmod 6755 /out/shell
                chown 0:0 /out/mine; busybox su -c id; sleep 3; true",
            )
            .with_isolation(isolation);
        let spec = job.spec();
        let container = bench.engine.create(&spec).await.unwrap();
        bench.engine.start(spec.id()).await.unwrap();
        // While it runs: no process of it is root's on the host.
        let marked = wait_for(|| owners_of_processes(container.as_str())).await;
        assert!(!marked.contains(&0), "{isolation:?}: {marked:?}");
        bench.engine.wait(spec.id()).await.unwrap();
        let log: String = bench.logs(&spec).await.into_iter().map(|l| l.1).collect();
        assert!(log.starts_with("10001\n10001\n"), "{log}");
        assert!(
            log.contains("chown: /out/mine: Operation not permitted"),
            "{log}"
        );
        assert!(!log.contains("uid=0"), "{log}");
        let mine = std::fs::metadata(job.volume.mount_point().join("mine")).unwrap();
        let (uid, gid) = {
            use std::os::unix::fs::MetadataExt;
            (mine.uid(), mine.gid())
        };
        assert_eq!(
            (uid, gid),
            (10001, 10001),
            "files are the job's on the host"
        );
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let out = job.volume.mount_point().display().to_string();
        let options = mounts.lines().find(|line| line.contains(&out)).unwrap();
        assert!(
            options.contains("nosuid") && options.contains("nodev"),
            "a set-uid bit means nothing on the host either: {options}"
        );
        bench.engine.remove(spec.id()).await.unwrap();
    }
    host_is_unharmed(&bench).await;
}

/// Effective users of the container's processes as the host sees them. gVisor's server
/// of files, which no code of the job runs in, is apart.
fn owners_of_processes(container: &str) -> Option<Vec<u32>> {
    let mut owners = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| {
            let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        if !read("cgroup").contains(container) || read("cmdline").contains("\0gofer\0") {
            continue;
        }
        let status = read("status");
        let line = status.lines().find(|line| line.starts_with("Uid:"));
        owners.extend(line.and_then(|line| line.split_whitespace().nth(2)?.parse::<u32>().ok()));
    }
    (owners.len() >= 2).then_some(owners)
}

async fn wait_for<T>(mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..100 {
        if let Some(found) = look() {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("nothing came");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_02_there_are_no_rights_to_be_had() {
    let bench = Bench::new().await;
    let devices = "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero \
                   console core mqueue fuse net";
    for isolation in profiles(&bench).await {
        let script = "grep -E '^(Cap|NoNewPrivs)' /proc/self/status
            echo devices; ls /dev; echo end; ls /dev/net
            for name in cgroup ipc mnt net pid uts; do busybox readlink /proc/self/ns/$name; done
            ls /proc/1/root/root; busybox nsenter -t 1 -m id; mount -t tmpfs x /tmp
            busybox mount -o remount,rw /; hostname owned; cat /proc/kcore | head -c 1
            echo x > /proc/sys/kernel/core_pattern; echo c > /proc/sysrq-trigger";
        let ended = attack(&bench, isolation, Limits::default(), script).await;
        for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd"] {
            ended.has(&format!("{capabilities}:\t0000000000000000"));
        }
        let listed = ended.log.split("devices\n").nth(1).unwrap();
        for device in listed.split("end\n").next().unwrap().lines() {
            assert!(devices.contains(device), "{isolation:?}: /dev/{device}");
        }
        if isolation == Isolation::Hardened {
            ended.has("NoNewPrivs:\t1");
            ended.lacks("fuse");
            for name in ["cgroup", "ipc", "mnt", "net", "pid", "uts"] {
                let ours = std::fs::read_link(format!("/proc/self/ns/{name}")).unwrap();
                ended.lacks(&ours.display().to_string());
            }
        }
        assert_ne!(ended.cause, CauseOfDeath::Exit(0));
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_05_an_inspecting_probe_finds_nothing_granted() {
    let built = probe();
    let bench = Bench::with_programs(&[("probe", built.as_slice())]).await;
    for isolation in profiles(&bench).await {
        let ended = attack(&bench, isolation, Limits::default(), "probe").await;
        assert_eq!(ended.cause, CauseOfDeath::Exit(0), "{:?}", ended.observed);
        let mut tried = 0;
        for line in ended.log.lines() {
            let (name, answer) = line.split_once(' ').unwrap();
            let open = answer == "open";
            // What programs need is there; all else is not.
            assert_eq!(open, name.starts_with("work-"), "{isolation:?}: {line}");
            tried += 1;
        }
        assert_eq!(tried, 49, "the probe went to its end");
        let script = "grep '^Seccomp:' /proc/self/status";
        let ended = attack(&bench, isolation, Limits::default(), script).await;
        if isolation == Isolation::Hardened {
            ended.has("Seccomp:\t2");
        }
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_06_there_is_no_way_out_to_any_network() {
    let bench = Bench::new().await;
    // A server of the host's, on every address that it has, and on an abstract socket.
    let host = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    host.set_nonblocking(true).unwrap();
    let port = host.local_addr().unwrap().port();
    for isolation in profiles(&bench).await {
        let script = format!(
            "ls /sys/class/net; grep -c : /proc/net/dev
            for address in 127.0.0.1 172.17.0.1 10.0.0.1 8.8.8.8; do
              echo GET | busybox nc -w 2 $address {port} && echo LEAK
            done
            echo GET | busybox nc -w 2 169.254.169.254 80 && echo LEAK
            busybox timeout 5 busybox nslookup example.org 8.8.8.8 && echo LEAK
            busybox ping -c 1 -W 1 172.17.0.1 && echo LEAK
            ls -A /var/run /run; echo over"
        );
        let ended = attack(&bench, isolation, Limits::default(), &script).await;
        assert!(ended.log.starts_with("lo\n1\n"), "{}", ended.log);
        ended.has("over");
        ended.lacks("LEAK");
        let refused = ended.log.matches("nc: can't connect").count();
        assert_eq!(refused, 5, "each was tried:\n{}", ended.log);
        ended.lacks("docker.sock");
    }
    assert!(host.accept().is_err(), "nobody came");
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_11_a_job_of_high_risk_does_not_reach_the_hosts_kernel() {
    let bench = Bench::new().await;
    let ours = std::fs::read_to_string("/proc/version").unwrap();
    for isolation in profiles(&bench).await {
        let script = "cat /proc/version; busybox dmesg; cat /proc/cmdline; ls /sys/kernel; exit 7";
        let ended = attack(&bench, isolation, Limits::default(), script).await;
        // Exit codes come through as they are.
        assert!(
            matches!(ended.observed, Observed::Exited { code: 7, .. }),
            "{:?}",
            ended.observed
        );
        assert_eq!(
            ended.log.contains(ours.trim()),
            isolation == Isolation::Hardened,
            "{isolation:?}"
        );
    }
    // A profile that the engine has not is no profile: nothing runs in a weaker one.
    let info = bench.engine.info().await.unwrap();
    let job = bench.job("true").with_isolation(Isolation::Gvisor);
    let created = bench.engine.create(&job.spec()).await;
    assert_eq!(
        created.is_ok(),
        info.runtimes.iter().any(|name| name == "runsc"),
        "{created:?}"
    );
}
