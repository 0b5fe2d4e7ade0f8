//! Lines 03, 08 and 09: what a job can write, and what it can read.

use std::os::unix::fs::PermissionsExt;

use sandyq_sandbox::{CauseOfDeath, Engine, EngineError, Isolation, Limits};

use super::{attack, end, host_is_unharmed, profiles, tight};
use crate::support::{Bench, MIB};

#[tokio::test(flavor = "multi_thread")]
async fn attack_03_nothing_but_tmp_and_out_can_be_written_and_nothing_there_runs() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let script = "for place in / /bin /etc /data /dev /sys /proc /run /var /usr /root; do
              echo x > $place/owned && echo WRITTEN $place
            done
            for place in /tmp /dev/shm /out; do
              cp /bin/busybox $place/b && busybox chmod 755 $place/b
              $place/b echo RAN $place
            done
            busybox rm /bin/sh && echo WRITTEN
            grep -E ' (/tmp|/dev/shm) ' /proc/mounts; true";
        let ended = attack(&bench, isolation, Limits::default(), script).await;
        ended.lacks("WRITTEN");
        ended.lacks("RAN");
        for target in ["/tmp", "/dev/shm"] {
            let line = ended
                .log
                .lines()
                .find(|line| line.contains(&format!(" {target} tmpfs")));
            let line = line.unwrap_or_else(|| panic!("{target} is no tmpfs:\n{}", ended.log));
            assert!(line.contains("noexec") && line.contains("size="), "{line}");
            // gVisor has neither set-uid programs nor device files to begin with.
            if isolation == Isolation::Hardened {
                for option in ["nosuid", "nodev", "nr_inodes="] {
                    assert!(line.contains(option), "{line}");
                }
            }
        }
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_08_inputs_are_read_only_and_lead_nowhere() {
    let bench = Bench::new().await;
    // As the platform stages them: closed to all but root and the job it is mounted into.
    let closed = bench.folder().join("staging");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o700)).unwrap();
    let input = closed.join("adult.parquet");
    std::fs::write(&input, b"PAR1 data\n").unwrap();
    std::fs::set_permissions(&input, PermissionsExt::from_mode(0o444)).unwrap();
    std::fs::write(closed.join("other"), b"of another sandbox").unwrap();
    for isolation in profiles(&bench).await {
        let script = "exec 2>&1; file=/data/census/adult.parquet
            cat $file; echo x > $file; echo x >> $file; busybox truncate -s 0 $file
            busybox rm $file; busybox mv $file /out/moved; busybox chmod 666 $file && echo CHANGED
            ln $file /out/link && echo LINKED; busybox mount -o remount,rw $file && echo CHANGED
            busybox umount /data/census && echo CHANGED
            ls -A /data; ls -A /data/census; cat /data/census/../other /proc/1/cwd/../other
            grep -c docker.sock /proc/mounts; ls /var/run/docker.sock; cat $file; true";
        let job = bench.job(script).with_isolation(isolation);
        let job = job.with_input(&input);
        let ended = end(&bench, &job, &job.spec()).await;
        assert_eq!(ended.cause, CauseOfDeath::Exit(0));
        assert!(ended.log.starts_with("PAR1 data\n"), "{}", ended.log);
        assert!(ended.log.ends_with("PAR1 data\n"), "{}", ended.log);
        ended.has("census\nadult.parquet\n");
        for unwanted in ["CHANGED", "LINKED", "of another"] {
            ended.lacks(unwanted);
        }
        assert_eq!(std::fs::read(&input).unwrap(), b"PAR1 data\n");
        let mode = std::fs::metadata(&input).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o444);
    }
    let socket = bench.folder().join("socket");
    std::os::unix::fs::symlink("/var/run/docker.sock", &socket).unwrap();
    let job = bench.job("true").with_input(&socket);
    let refused = bench.engine.create(&job.spec()).await.unwrap_err();
    assert!(matches!(refused, EngineError::Mount { .. }), "{refused:?}");
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_09_the_output_volume_has_a_hard_end() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let before = free_bytes(bench.folder());
        let script =
            "dd if=/dev/zero of=/out/big bs=64k; dd if=/dev/zero of=/out/more bs=4k; exit 5";
        let ended = attack(&bench, isolation, tight(), script).await;
        assert_eq!(ended.cause, CauseOfDeath::OutputQuota, "{isolation:?}");
        ended.has("No space left on device");
        let script = "i=0; while : > /out/f$i; do i=$((i+1)); done; exit 5";
        let ended = attack(&bench, isolation, tight(), script).await;
        assert_eq!(ended.cause, CauseOfDeath::OutputQuota, "{isolation:?}");
        ended.has("No space left on device");
        // A hole is no way past the quota either.
        let script = "busybox truncate -s 100G /out/hole && echo MADE; exit 5";
        let ended = attack(&bench, isolation, tight(), script).await;
        ended.lacks("MADE");
        // Other tests use the disk too; gigabytes would be seen.
        let used = before.saturating_sub(free_bytes(bench.folder()));
        assert!(used < 1024 * MIB, "{used}");
    }
    // What has no quota is not started; never silently unlimited.
    let job = bench.job("true");
    job.volume.remove().unwrap();
    std::fs::create_dir(job.volume.mount_point()).unwrap();
    bench.engine.create(&job.spec()).await.unwrap();
    let refused = bench.engine.start(job.spec().id()).await.unwrap_err();
    assert!(matches!(refused, EngineError::Mount { .. }), "{refused:?}");
    host_is_unharmed(&bench).await;
}

fn free_bytes(path: &std::path::Path) -> u64 {
    let about = nix::sys::statvfs::statvfs(path).unwrap();
    about.blocks_available() * about.fragment_size()
}
