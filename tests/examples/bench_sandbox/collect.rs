//! What a job leaves, taken in: one file of a GiB, and a hundred thousand small ones, beside `cp -r` and `sha256sum` of the
//! same files on the same disk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::Site;

use crate::site::{self, job};
use crate::table::{Bar, Row};

const GIB: i64 = 1 << 30;
const FILES: i64 = 100_000;
const LONGEST: Duration = Duration::from_secs(600);

/// Throughput of both: the same data over the time that each takes.
pub async fn measure() -> Vec<Row> {
    let site = site::with(&[("jobs.concurrent", "2")]).await;
    let image = site.approved_image().await;
    let sandbox = site::roomy(&site, "developer", "collect").await;
    let big = "dd if=/dev/urandom of=/out/big bs=1048576 count=1024";
    let big = wanted(&image, big, GIB + GIB / 8, 100);
    let many = "cd /out; i=0; while [ $i -lt 100 ]; do mkdir $i; j=0; while [ $j -lt 1000 ]; do \
                echo $i $j > $i/$j; j=$((j+1)); done; i=$((i+1)); done";
    let many = wanted(&image, many, GIB, FILES + 1000);
    vec![
        compare(
            &site,
            &sandbox,
            big,
            "GiB/s",
            "one file of 1 GiB collected",
            1.0,
        )
        .await,
        compare(
            &site,
            &sandbox,
            many,
            "files/s",
            "100,000 files collected",
            1e5,
        )
        .await,
    ]
}

fn wanted(image: &str, script: &str, bytes: i64, files: i64) -> v1::Job {
    let mut job = job(image, script, 600);
    let limits = job.limits.as_mut().unwrap();
    limits.output_bytes = bytes;
    limits.output_files = files;
    limits.memory_bytes = 256 << 20;
    limits.cpu_millis = 1000;
    job
}

async fn compare(
    site: &Site,
    sandbox: &str,
    job: v1::Job,
    unit: &'static str,
    what: &'static str,
    amount: f64,
) -> Row {
    let name = site::submit(site, "developer", sandbox, job).await;
    let copy = site.dir.parent().unwrap().join(name.replace('/', "-"));
    site::running(site, &name).await;
    // The volume is still there while the job is being collected; it is copied for the baseline meanwhile the job runs on
    // nothing else, so both read what the page cache holds.
    let (collecting, ended) = watch(site, &name).await;
    assert_eq!(ended.state(), State::Succeeded, "{}", ended.state_message);
    let output = ended.output.clone();
    assert!(!output.is_empty(), "nothing was collected");
    rebuild(&copy, &ended);
    let begin = Instant::now();
    let again = copy.with_extension("again");
    run(Command::new("cp").arg("-r").arg(&copy).arg(&again));
    let hash = format!(
        "find {} -type f -print0 | xargs -0 sha256sum > /dev/null",
        again.display()
    );
    run(Command::new("sh").args(["-c", &hash]));
    let baseline = begin.elapsed().as_secs_f64();
    std::fs::remove_dir_all(&again).unwrap();
    std::fs::remove_dir_all(&copy).unwrap();
    Row {
        what,
        ours: amount / collecting,
        baseline: Some((amount / baseline, "cp -r and sha256sum")),
        unit,
        bar: Bar::RatioAtLeast(0.5),
    }
}

/// Seconds that a job spent in COLLECTING.
async fn watch(site: &Site, name: &str) -> (f64, v1::Job) {
    let request = v1::WatchJobRequest {
        name: name.to_owned(),
    };
    let watching = site.user("admin").sandbox().watch_job(request).await;
    let mut stream = watching.unwrap().into_inner();
    let mut since = None;
    let from = Instant::now();
    while let Some(message) = stream.message().await.unwrap() {
        let job = message.job.unwrap();
        if job.state() == State::Collecting {
            since.get_or_insert_with(Instant::now);
        }
        if job.state() as i32 >= State::Succeeded as i32 {
            let since = since.expect("it was collected");
            return (since.elapsed().as_secs_f64(), job);
        }
        assert!(from.elapsed() < LONGEST, "the job does not end");
    }
    panic!("the watch ended before {name}");
}

/// The same files again, as the job made them.
fn rebuild(copy: &Path, job: &v1::Job) {
    std::fs::create_dir(copy).unwrap();
    let script = job.command[2].replace("/out", &copy.display().to_string());
    run(Command::new("sh")
        .args(["-c", &script])
        .stderr(Stdio::null()));
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}
