//! A job from submission to its end, whatever that is.

mod airlock;
mod ends;
mod logs;
mod revocation;

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_tests::{Options, Site, request_id};

/// A platform on which this many jobs run at once.
async fn site_for(jobs: usize) -> Site {
    Site::start_with(Options {
        config: vec![("jobs.concurrent".into(), jobs.to_string())],
        ..Options::default()
    })
    .await
}

/// From start to end of a job.
fn ran_for(job: &v1::Job) -> Duration {
    let time = |time: &Option<prost_types::Timestamp>| {
        std::time::SystemTime::try_from(time.expect("a job that ran has its times")).unwrap()
    };
    time(&job.end_time)
        .duration_since(time(&job.start_time))
        .unwrap()
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

async fn cancel(site: &Site, job: &str, reason: &str) -> Result<v1::Job, tonic::Status> {
    let request = v1::CancelJobRequest {
        name: job.to_owned(),
        reason: reason.to_owned(),
        request_id: request_id(),
    };
    let answer = site.user("developer").sandbox().cancel_job(request).await?;
    Ok(answer.into_inner().job.unwrap())
}

/// Waits until a job's container runs.
async fn running(site: &Site, job: &str) -> v1::Job {
    site.wait_job_until(job, |job| job.state() == v1::job::State::Running)
        .await
}
