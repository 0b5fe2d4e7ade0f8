//! What a job uses up, and what it dies of.

use std::time::Duration;
use std::time::Instant;

use crate::support::Bench;
use crate::support::MIB;
use sandyq_sandbox::CauseOfDeath;
use sandyq_sandbox::Limits;
use sandyq_sandbox::Observed;
use sandyq_sandbox::collect::Caps;
use sandyq_sandbox::collect::RefusalReason;
use sandyq_sandbox::collect::collect;
use sandyq_sandbox::outcome::cause;
use sandyq_sandbox::volume::OutputVolume;
use sandyq_sandbox::volume::VolumeError;

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
    assert!(
        matches!(end.observed, Observed::Exited { code: 9, .. }),
        "{end:?}"
    );
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
        matches!(end.observed, Observed::Exited { code: 0, .. }),
        "{end:?} {:?}",
        job.volume.room()
    );
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
