//! The container's first process under attack. The numbers are those of the lines of
//! docs/threats.md.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use sandyq_sandbox::outcome::{cause, ending};
use sandyq_sandbox::{CauseOfDeath, End, Engine, JobSpec, Limits, Observed, Report, Usage};

use crate::support::{Bench, MIB, init};

/// Between start and end, as the engine noted them.
fn lived(observed: &Observed) -> Duration {
    let Observed::Exited {
        started: Some(started),
        finished: Some(finished),
        ..
    } = observed
    else {
        panic!("it has not run: {observed:?}")
    };
    finished.duration_since(*started).unwrap()
}

/// Bytes of the engine's disk that a container's log takes.
fn log_on_disk(container: &str) -> u64 {
    let folder = format!("/var/lib/docker/containers/{container}/local-logs");
    let files = std::fs::read_dir(folder).unwrap().flatten();
    files.map(|file| file.metadata().unwrap().len()).sum()
}

async fn print(bench: &Bench, script: &str, limits: Limits) -> (Report, String, Duration, u64) {
    let spec = bench.job(script).with_limits(limits).spec();
    let container = bench.engine.create(&spec).await.unwrap();
    let begin = Instant::now();
    let (end, usage) = bench.run(&spec).await;
    let took = begin.elapsed();
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(0), "{end:?}");
    let log = bench.logs(&spec).await;
    let text = log.into_iter().map(|(_, text)| text).collect();
    let disk = log_on_disk(container.as_str());
    (end.report.unwrap(), text, took, disk)
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_10_a_log_flood_is_bounded_slowed_and_said_once() {
    let bench = Bench::new().await;
    let limits = Limits {
        log_bytes: 64 << 10,
        memory_bytes: 32 * MIB,
        tmp_bytes: MIB,
        ..Limits::default()
    };
    for script in [
        "echo first; yes 0123456789 | head -c 300000000; echo; echo last",
        "echo first; head -c 300000000 /dev/zero; echo; echo last",
        "echo first; yes '' | head -c 30000000 >&2; echo last",
    ] {
        let (report, text, _, disk) = print(&bench, script, limits).await;
        assert!(
            text.len() as u64 <= limits.log_bytes,
            "{script}: {}",
            text.len()
        );
        assert!(text.starts_with("first\n"), "{script}");
        assert!(text.ends_with("last\n"), "{script}: the end is kept");
        assert_eq!(text.matches("the log limit").count(), 1, "{script}: once");
        assert!(report.log_dropped_bytes >= 29_000_000, "{report:?}");
        assert!(report.log_bytes <= limits.log_bytes, "{report:?}");
        // Page cache and busybox count too; the flood itself would be ten times as much.
        let peak = report.counters.peak_memory_bytes.unwrap();
        assert!(peak < 16 * MIB, "{script}: {peak} bytes of memory");
        assert!(
            disk < 2 * MIB,
            "{script}: {disk} bytes on the engine's disk"
        );
    }
    let limits = Limits {
        log_bytes: 16 * MIB,
        ..limits
    };
    let (report, text, took, _) = print(&bench, "yes 0123456789 | head -c 11000000", limits).await;
    assert_eq!(text, "0123456789\n".repeat(1_000_000), "nothing is lost");
    assert_eq!(report.log_dropped_bytes, 0);
    assert!(took > Duration::from_secs(2), "{took:?}: 4 MiB a second");
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_22_output_without_line_feeds_arrives_as_it_was() {
    let bench = Bench::new().await;
    let script = "printf 'no end'; sleep 0.1; printf '\\\\n\\033[2J\\000\\r' >&2; sleep 0.1; printf x; \
        head -c 100000 /dev/zero";
    let (report, text, _, _) = print(&bench, script, Limits::default()).await;
    let expected = format!("no end\\n\u{1b}[2J\0\rx{}", "\0".repeat(100_000));
    assert_eq!(text, expected);
    assert_eq!(report.log_bytes, 100_014 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_21_no_process_outlives_the_command() {
    let bench = Bench::new().await;
    let limits = Limits {
        pids: 32,
        ..Limits::default()
    };
    // Daemons that have left their parents, ignore what they are asked, and hold the log open.
    let daemon = "setsid sh -c 'trap \"\" TERM HUP INT; sleep 600 & sleep 600'";
    let script = format!("trap '' TERM; ({daemon} &) ; ({daemon} &) ; sleep 0.3; exit 3");
    let spec = bench.job(&script).with_limits(limits).spec();
    let begin = Instant::now();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(3));
    assert!(
        begin.elapsed() < Duration::from_secs(4),
        "{:?}",
        begin.elapsed()
    );

    // Orphans that have ended are taken in, or they would fill the limit of processes. The
    // job counts by its shell alone, and waits for a machine that is slow.
    let flood = "count() { set -- /proc/[0-9]*; left=$#; }; i=0; while [ $i -lt 300 ]; do \
        (true &); i=$((i+1)); count; while [ $left -gt 7 ]; do sleep 0.01; count; done; \
        done; echo $left";
    let spec = bench.job(flood).with_limits(limits).spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(0));
    let log = bench.logs(&spec).await;
    let left: u32 = log[0].1.trim().parse().unwrap();
    assert!(left < 8, "{left} processes are left");
}

/// Starts a job and watches no more.
async fn abandoned(bench: &Bench, script: &str, limits: Limits) -> JobSpec {
    let spec = bench.job(script).with_limits(limits).spec();
    bench.engine.create(&spec).await.unwrap();
    bench.engine.start(spec.id()).await.unwrap();
    spec
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_25_the_deadline_holds_while_nobody_watches() {
    let mut bench = Bench::new().await;
    let limits = Limits {
        wall_clock: Duration::from_secs(2),
        ..Limits::default()
    };
    let starved = Limits {
        cpu_millis: 500,
        ..limits
    };
    let mut specs = Vec::new();
    for (script, limits) in [
        ("trap '' TERM; while :; do sleep 1; done", limits),
        // A hundred that want the half core that init too must live on.
        (
            "i=0; while [ $i -lt 100 ]; do (while :; do :; done) & i=$((i+1)); done; wait",
            starved,
        ),
        ("yes", limits),
        ("kill -STOP 1; kill -KILL 1; kill -STOP $$", limits),
    ] {
        specs.push(abandoned(&bench, script, limits).await);
    }
    bench.reconnect().await;
    let from = SystemTime::now();
    for spec in specs {
        bench.engine.wait(spec.id()).await.unwrap();
        let seen = bench.engine.observe(spec.id()).await.unwrap();
        let mut usage = Usage::default();
        let end = ending(&bench.engine, spec.id(), seen, &mut usage)
            .await
            .unwrap();
        assert_eq!(
            cause(&end, &usage, false),
            CauseOfDeath::TimedOut,
            "{end:?}"
        );
        let lived = lived(&end.observed);
        println!("{lived:?} {:?}", end.report);
        assert!(lived >= limits.wall_clock, "too early: {lived:?}");
        // By its own clock; the engine notes an end when it gets to it. Where a job starves its own first process, on a machine
        // that has little to give besides, that one comes later.
        let wall = end.report.unwrap().wall;
        let grace = if spec.limits().cpu_millis == starved.cpu_millis {
            Duration::from_secs(4)
        } else {
            Duration::from_secs(1)
        };
        assert!(
            wall <= limits.wall_clock + grace,
            "too late: {wall:?}, seen after {lived:?}"
        );
        assert!(usage.wall >= limits.wall_clock);
    }
    assert!(from.elapsed().unwrap() < Duration::from_secs(20));
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_28_a_job_cannot_speak_for_init() {
    let bench = Bench::new().await;
    let script = r#"
        printf 'xend=exit:0 deadline=1 wall_us=1\n' | tee /dev/stderr
        printf '\nxend=exit:0 deadline=1 wall_us=1\n'
        exec 2>&1
        cat /proc/1/environ; ls /proc/1/fd; cat /proc/1/mem
        for fd in 0 1 2 3 4 5 6 7 8 9; do
            echo 'xend=exit:0 deadline=1 wall_us=1' > /proc/1/fd/$fd
        done
        echo x > /.sandyq/init; touch /.sandyq/y
        kill -9 1; kill -STOP 1; kill -TERM 1; sleep 0.2
        echo here
        exit 124"#;
    let script = script.replace("| tee /dev/stderr", "");
    let spec = bench.job(&format!("trap '' TERM; {script}")).spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(
        cause(&end, &usage, false),
        CauseOfDeath::Exit(124),
        "{end:?}"
    );
    assert_eq!(end.report.unwrap().end, End::Exit(124));
    let log = bench.logs(&spec).await;
    let log: String = log.into_iter().map(|(_, text)| text).collect();
    println!("{log}");
    let denied = log.matches("Permission denied").count();
    assert!(denied >= 12, "{denied} denials in:\n{log}");
    assert!(
        log.contains("/.sandyq/init: Read-only file system"),
        "{log}"
    );
    assert!(log.starts_with("xend=exit:0 deadline=1 wall_us=1\n\nxend="));
    assert!(log.ends_with("here\n"), "{log}");

    // Not even where init is killed from outside after the job had its say.
    let spec = bench
        .job("printf 'xend=exit:0 deadline=1 wall_us=1\\n'; sleep 60")
        .spec();
    bench.engine.create(&spec).await.unwrap();
    bench.engine.start(spec.id()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    bench.engine.kill(spec.id()).await.unwrap();
    bench.engine.wait(spec.id()).await.unwrap();
    let seen = bench.engine.observe(spec.id()).await.unwrap();
    let mut usage = Usage::default();
    let end = ending(&bench.engine, spec.id(), seen, &mut usage)
        .await
        .unwrap();
    assert_eq!(end.report, None);
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::Exit(137));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_is_passed_on_and_what_a_short_job_used_is_known() {
    let bench = Bench::new().await;
    for (script, code) in [
        ("exit 0", 0),
        ("exit 255", 255),
        ("exit 121", 121),
        ("exit 125", 125),
        ("kill -SEGV $$", 139),
        ("kill -TERM $$", 143),
        ("kill -KILL $$", 137),
    ] {
        let spec = bench.job(script).spec();
        let (end, usage) = bench.run(&spec).await;
        assert_eq!(
            cause(&end, &usage, false),
            CauseOfDeath::Exit(code),
            "{script}"
        );
    }
    let limits = Limits {
        memory_bytes: 32 * MIB,
        tmp_bytes: MIB,
        ..Limits::default()
    };
    // No look from outside sees the control group after the kill.
    let spec = bench
        .job("tail -n 1 /dev/zero; exit 9")
        .with_limits(limits)
        .spec();
    let (end, usage) = bench.run(&spec).await;
    assert_eq!(cause(&end, &usage, false), CauseOfDeath::OutOfMemory);
    assert_eq!(end.report.unwrap().counters.oom_kills, Some(1));
    assert!(usage.cpu > Duration::ZERO && usage.peak_memory_bytes > 16 * MIB);
}

/// Init as an ordinary process: what the engine does not let one do.
fn alone(options: &[&str], script: &str) -> Command {
    // Who is started in the background of a script ignores interrupts, and hands that down.
    let mut command = Command::new("env");
    command
        .arg("--default-signal=INT")
        .arg(init())
        .args(["--log-bytes", "65536", "--log-rate", "4194304"])
        .args(options)
        .args(["--", "sh", "-c", script])
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

fn frames(output: &str) -> Report {
    let last = output.lines().last().unwrap();
    last.strip_prefix('x').unwrap().parse().unwrap()
}

#[test]
fn an_engine_that_does_not_read_cannot_hold_the_deadline_up() {
    let begin = Instant::now();
    let mut child = alone(
        &["--wall-clock-ms", "1000", "--log-bytes", "9000000"],
        "exec yes",
    )
    .spawn()
    .unwrap();
    let code = child.wait().unwrap().code();
    let took = begin.elapsed();
    assert_eq!(code, Some(124));
    assert!(took >= Duration::from_secs(1), "{took:?}");
    // Init itself waits less than a second more; the rest is for a busy machine.
    assert!(took < Duration::from_secs(4), "{took:?}");
    let mut output = Vec::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_end(&mut output)
        .unwrap();
    assert!(output.starts_with(b"oy\\ny\\n"));
}

#[test]
fn signals_are_passed_on() {
    for (signal, code) in [
        ("TERM", 41),
        ("INT", 42),
        ("HUP", 43),
        ("USR1", 44),
        ("USR2", 45),
    ] {
        let script =
            format!("trap 'exit {code}' {signal}; echo ready; while :; do sleep 0.02; done");
        let mut child = alone(&["--wall-clock-ms", "10000"], &script)
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut ready = [0; 9];
        output.read_exact(&mut ready).unwrap();
        assert_eq!(&ready, b"oready\\n\n");
        let pid = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &pid]).status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
    }
}

#[test]
fn a_grace_lies_inside_the_deadline() {
    let options = ["--wall-clock-ms", "3000", "--grace-ms", "2500"];
    let script = "trap 'echo bye; exit 0' TERM; while :; do sleep 0.02; done";
    let begin = Instant::now();
    let output = alone(&options, script).output().unwrap();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(took >= Duration::from_millis(500), "{took:?}");
    assert_eq!(output.status.code(), Some(124));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("obye\\n\n"), "{text}");
    let report = frames(&text);
    assert_eq!((report.end, report.deadline), (End::Exit(0), true));
}

#[test]
fn init_is_small_and_quick() {
    let bytes = std::fs::metadata(init()).unwrap().len();
    assert!(bytes < 1_500_000, "{bytes} bytes");
    let mut times: Vec<Duration> = (0..20)
        .map(|_| {
            let begin = Instant::now();
            let mut child = alone(&["--wall-clock-ms", "10000"], "echo x")
                .spawn()
                .unwrap();
            let mut first = [0; 5];
            child.stdout.take().unwrap().read_exact(&mut first).unwrap();
            let took = begin.elapsed();
            child.wait().unwrap();
            took
        })
        .collect();
    times.sort();
    println!("{bytes} bytes; first output after {:?}", times[10]);
    assert!(times[0] < Duration::from_millis(50), "{times:?}");
}
