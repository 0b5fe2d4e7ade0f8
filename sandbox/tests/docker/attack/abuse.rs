//! Lines 04 and 20: using up the machine.

use std::time::{Duration, Instant};

use sandyq_sandbox::{CauseOfDeath, Isolation, Limits, Observed};

use super::{attack, host_is_unharmed, profiles, tight};
use crate::support::{Bench, MIB};

#[tokio::test(flavor = "multi_thread")]
async fn attack_04_every_limit_is_the_kernels() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let limits = Limits {
            cpu_millis: 500,
            ..tight()
        };
        let script = "ulimit -n; ulimit -c; ulimit -Hn; ulimit -n 1000000 && echo RAISED
            ulimit -c unlimited && echo RAISED; ulimit -f unlimited && echo RAISED
            for i in 1 2; do busybox timeout 3 yes > /dev/null & done; wait";
        let ended = attack(&bench, isolation, limits, script).await;
        assert!(ended.log.starts_with("4096\n0\n4096\n"), "{}", ended.log);
        ended.lacks("RAISED");
        // Two spinning processes got half a core between them.
        let share = ended.usage.cpu.as_secs_f64() / ended.usage.wall.as_secs_f64();
        assert!(
            share < 0.75,
            "{isolation:?}: {share} of a core, {:?}",
            ended.usage
        );
        assert!(
            ended.usage.cpu > Duration::from_millis(300),
            "{:?}",
            ended.usage
        );
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_20_a_fork_bomb_stays_within_its_limit() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let from = Instant::now();
        let bomb = "(for i in $(seq 200); do sleep 2 & done) ; sleep 1; exit 1";
        let ended = attack(&bench, isolation, tight(), bomb).await;
        ended.has("can't fork");
        match isolation {
            // gVisor counts in its own kernel, where no control group sees it.
            Isolation::Gvisor => assert_eq!(ended.cause.name(), "EXIT"),
            _ => assert_eq!(ended.cause, CauseOfDeath::PidsExhausted),
        }
        let bomb = "bomb() { bomb | bomb & }; bomb; sleep 2; exit 3";
        let ended = attack(&bench, isolation, tight(), bomb).await;
        assert_ne!(ended.cause, CauseOfDeath::Exit(0));
        assert!(from.elapsed() < Duration::from_secs(30));
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_20_a_memory_bomb_kills_itself() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let ended = attack(&bench, isolation, tight(), "exec tail -n 1 /dev/zero").await;
        assert_eq!(ended.cause, CauseOfDeath::OutOfMemory, "{isolation:?}");
        assert!(
            ended.usage.peak_memory_bytes <= 97 * MIB,
            "{:?}",
            ended.usage
        );
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_20_tmp_is_filled_in_vain() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        // Two files each, because the limit of one file's size is as large as all of /tmp.
        let fill = "for place in /tmp /dev/shm; do for file in x y; do
              dd if=/dev/zero of=$place/$file bs=64k count=48
            done; done; exit 5";
        let ended = attack(&bench, isolation, tight(), fill).await;
        assert_eq!(
            ended.log.matches("No space left").count(),
            2,
            "{}",
            ended.log
        );
        assert!(ended.usage.peak_memory_bytes <= 97 * MIB);
        let fill = "i=0; while : > /tmp/$i; do i=$((i+1)); done; echo $i; exit 5";
        let ended = attack(&bench, isolation, tight(), fill).await;
        match isolation {
            // gVisor has no limit on inodes, but they are memory of the job's own.
            Isolation::Gvisor => assert_eq!(ended.cause, CauseOfDeath::OutOfMemory),
            _ => ended.has("No space left"),
        }
    }
    host_is_unharmed(&bench).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_20_descriptors_run_out_inside() {
    let bench = Bench::new().await;
    for isolation in profiles(&bench).await {
        let script = "i=3; while eval \"exec $i</dev/null\"; do i=$((i+1)); done; echo $i; exit 5";
        let ended = attack(&bench, isolation, Limits::default(), script).await;
        assert!(
            matches!(ended.observed, Observed::Exited { code: 1..=5, .. }),
            "{:?}",
            ended.observed
        );
        ended.has("Too many open files");
    }
    host_is_unharmed(&bench).await;
}
