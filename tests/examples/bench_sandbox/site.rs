//! Platforms to measure on, and many jobs.

use futures::StreamExt;
use futures::stream;
use sandyq_proto::v1;
use sandyq_proto::v1::job::State;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, request_id};

/// A platform with these settings.
pub async fn with(settings: &[(&str, &str)]) -> Site {
    let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Site::start_with(Options {
        config: settings.iter().map(own).collect(),
        ..Options::default()
    })
    .await
}

/// A sandbox of somebody for as many jobs as are asked for.
pub async fn roomy(site: &Site, user: &str, id: &str) -> String {
    // It comes with a registered system.
    site.open_sandbox_for(user, id, 3600).await;
    site.open_roomy_sandbox(
        user,
        &format!("systems/{id}-system"),
        &format!("{id}-roomy"),
    )
    .await
}

/// A job of little memory with a limit in seconds.
pub fn job(image: &str, script: &str, seconds: i64) -> v1::Job {
    let mut job = shell(image, script);
    let limits = job.limits.as_mut().unwrap();
    limits.memory_bytes = 32 << 20;
    limits.output_bytes = 1 << 20;
    limits.cpu_millis = 500;
    limits.wall_clock_duration = Some(prost_types::Duration { seconds, nanos: 0 });
    job
}

/// Submits a job as somebody; returns its name.
pub async fn submit(site: &Site, user: &str, sandbox: &str, job: v1::Job) -> String {
    let request = v1::CreateJobRequest {
        parent: sandbox.to_owned(),
        job: Some(job),
        request_id: request_id(),
    };
    let answer = site.user(user).sandbox().create_job(request).await;
    answer.unwrap().into_inner().job.unwrap().name
}

/// Submits the same job so many times to each sandbox; those of one sandbox one after another.
pub async fn submit_many(
    site: &Site,
    user: &str,
    sandboxes: &[String],
    job: &v1::Job,
    each: usize,
) -> Vec<String> {
    let submitting = sandboxes.iter().map(|sandbox| async move {
        let mut names = Vec::with_capacity(each);
        for _ in 0..each {
            names.push(submit(site, user, sandbox, job.clone()).await);
        }
        names
    });
    let all: Vec<Vec<String>> = stream::iter(submitting)
        .buffer_unordered(16)
        .collect()
        .await;
    all.concat()
}

/// Waits until a job runs.
pub async fn running(site: &Site, name: &str) {
    site.wait_job_until(name, |job| job.state() == State::Running)
        .await;
}

/// Every job of a sandbox.
pub async fn jobs(site: &Site, sandbox: &str) -> Vec<v1::Job> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = v1::ListJobsRequest {
            parent: sandbox.to_owned(),
            page_size: 1000,
            page_token,
        };
        let mut client = site.user("admin").sandbox();
        let page = client.list_jobs(request).await.unwrap().into_inner();
        all.extend(page.jobs);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

/// Bytes of memory of the server, in MiB.
pub fn memory(site: &Site) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", site.pid())).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = line
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    kib / 1024.0
}

/// Seconds of processor time that the server has used.
pub fn cpu_seconds(site: &Site) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{}/stat", site.pid())).unwrap();
    // proc_pid_stat(5): utime and stime are the 14th and 15th fields, in hundredths of a second.
    let after = text.rsplit_once(')').unwrap().1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |index: usize| fields[index].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}
