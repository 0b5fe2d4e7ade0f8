//! The queue of a real server: whose turn it is, what waits for what, and what people are told of it.

mod many;
mod observed;
mod retries;
mod turns;

use sandyq_proto::v1;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, request_id};

/// A platform with these settings.
async fn site_with(settings: &[(&str, &str)]) -> Site {
    let config = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Site::start_with(Options {
        config,
        ..Options::default()
    })
    .await
}

/// A shell job with thousandths of a processor and a limit in seconds.
fn job(image: &str, script: &str, cpu_millis: i32, seconds: i64) -> v1::Job {
    let mut job = shell(image, script);
    let limits = job.limits.as_mut().unwrap();
    limits.cpu_millis = cpu_millis;
    limits.wall_clock_duration = Some(prost_types::Duration { seconds, nanos: 0 });
    job
}

/// Somebody submits a job.
async fn submit(
    site: &Site,
    user: &str,
    sandbox: &str,
    job: v1::Job,
) -> Result<v1::Job, tonic::Status> {
    let request = v1::CreateJobRequest {
        parent: sandbox.to_owned(),
        job: Some(job),
        request_id: request_id(),
    };
    let answer = site.user(user).sandbox().create_job(request).await?;
    Ok(answer.into_inner().job.unwrap())
}

async fn get(site: &Site, name: &str) -> v1::Job {
    let request = v1::GetJobRequest {
        name: name.to_owned(),
    };
    let answer = site.user("admin").sandbox().get_job(request).await;
    answer.unwrap().into_inner().job.unwrap()
}

/// Waits until a job waits for this reason.
async fn waits_for(site: &Site, name: &str, reason: &str) -> v1::Job {
    site.wait_job_until(name, |job| {
        job.waiting_reason == reason && job.queue_position > 0
    })
    .await
}

async fn runs(site: &Site, name: &str) {
    site.wait_job_until(name, |job| job.state() == v1::job::State::Running)
        .await;
}

async fn cancel(site: &Site, name: &str) {
    let request = v1::CancelJobRequest {
        name: name.to_owned(),
        request_id: request_id(),
        ..Default::default()
    };
    site.user("admin")
        .sandbox()
        .cancel_job(request)
        .await
        .unwrap();
}
