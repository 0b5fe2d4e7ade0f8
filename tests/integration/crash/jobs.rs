//! A kill while jobs wait, run or end.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_tests::traces::{eventually, inspect};
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site, reason};
use sqlx::Connection as _;

use crate::audit;

/// Writes a line when it begins and one when it ends, to its output and its log, and does something in between.
fn witness_of(image: &str, between: &str) -> v1::Job {
    let script = format!(
        "echo begun >> /out/witness; echo begun; {between}; echo ended >> /out/witness; echo ended"
    );
    shell(image, &script)
}

fn witness(image: &str, seconds: &str) -> v1::Job {
    witness_of(image, &format!("sleep {seconds}"))
}

/// Waits until the job's container was told so.
fn until_told(word: &str) -> String {
    format!("until [ -e /tmp/{word} ]; do sleep 0.05; done")
}

fn tell(containers: &[String], word: &str) {
    for id in containers {
        let mut docker = std::process::Command::new("docker");
        let touch = ["exec", id, "touch", &format!("/tmp/{word}")];
        let told = docker.args(touch).output().unwrap();
        assert!(told.status.success(), "{told:?}");
    }
}

fn is_running(container: &str) -> bool {
    inspect(container)["State"]["Running"] == true
}

/// The job ran once, from its beginning to its end.
async fn assert_ran_once(site: &Site, job: &v1::Job) {
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    site.release(&job.output).await;
    let witness = site.released_file(&job.output, "witness").await;
    assert_eq!(
        String::from_utf8(witness).unwrap(),
        "begun\nended\n",
        "{}",
        job.name
    );
    let log = site.released_file(&job.output, ".sandyq/job.log").await;
    assert_eq!(
        String::from_utf8(log).unwrap(),
        "begun\nended\n",
        "{}",
        job.name
    );
}

#[tokio::test]
async fn jobs_go_on_without_the_server_and_are_adopted() {
    let mut site = Site::start_with(Options {
        config: vec![("jobs.concurrent".into(), "5".into())],
        ..Options::default()
    })
    .await;
    let sandbox = site.open_sandbox("crash").await;
    let image = site.approved_image().await;
    let long = witness_of(&image, &until_told("served"));
    let long = site.submit(&sandbox, long).await.unwrap();
    let short = witness_of(&image, &until_told("killed"));
    let short = site.submit(&sandbox, short).await.unwrap();
    let mut overdue = shell(&image, "sleep 60");
    let limits = overdue.limits.as_mut().unwrap();
    limits.wall_clock_duration = Some(prost_types::Duration {
        seconds: 10,
        nanos: 0,
    });
    let overdue = site.submit(&sandbox, overdue).await.unwrap();
    let limits = v1::Limits {
        memory_bytes: 32 << 20,
        output_bytes: 4 << 20,
        ..Default::default()
    };
    let mut limited = Vec::new();
    for (script, cause) in [
        (
            "x=$(head -c 200000000 /dev/zero | tr '\\0' a); echo ${#x}",
            v1::CauseOfDeath::OutOfMemory,
        ),
        (
            "dd if=/dev/zero of=/out/big bs=64k count=400 || exit 3",
            v1::CauseOfDeath::OutputQuota,
        ),
    ] {
        let job = v1::Job {
            limits: Some(limits),
            ..shell(&image, &format!("{}; {script}", until_told("killed")))
        };
        limited.push((site.submit(&sandbox, job).await.unwrap(), cause));
    }
    let queued = site.submit(&sandbox, witness(&image, "0")).await.unwrap();
    let limited_jobs = limited.iter().map(|(job, _)| job);
    for job in [&long, &short, &overdue].into_iter().chain(limited_jobs) {
        site.wait_job_until(&job.name, |job| job.state() >= v1::job::State::Running)
            .await;
    }
    assert_eq!(site.job(&queued.name).await.state(), v1::job::State::Queued);
    let containers = site.containers();
    assert_eq!(containers.len(), 5);
    let started = |id: &String| inspect(id)["State"]["StartedAt"].clone();
    let before: Vec<_> = containers.iter().map(started).collect();
    site.kill();
    // Three of them end meanwhile, another passes its deadline.
    tell(&containers, "killed");
    let running = || containers.iter().filter(|id| is_running(id));
    eventually("containers ended without the server", || async {
        running().count() == 1
    })
    .await;
    assert_eq!(site.containers(), containers);
    let after: Vec<_> = containers.iter().map(started).collect();
    assert_eq!(before, after);
    let left: Vec<String> = running().cloned().collect();
    site.serve().await;
    tell(&left, "served");
    let adopted = site.wait_job(&long.name).await;
    assert!(adopted.usage.as_ref().unwrap().log_bytes > 0);
    for job in [&long, &short, &queued] {
        let ended = site.wait_job(&job.name).await;
        assert_ran_once(&site, &ended).await;
    }
    let overdue = site.wait_job(&overdue.name).await;
    assert_eq!(overdue.state(), v1::job::State::TimedOut, "{overdue:?}");
    for (job, cause) in limited {
        let ended = site.wait_job(&job.name).await;
        assert_eq!(ended.state(), v1::job::State::Failed, "{ended:?}");
        assert_eq!(ended.cause_of_death(), cause, "{ended:?}");
    }
    site.wait_clean().await;
    let log = audit::verified(&site).await;
    for job in [&long, &short, &queued, &overdue] {
        assert_eq!(audit::count(&log, "SandboxService.CreateJob", &job.name), 1);
    }
    let used = site.sandbox(&sandbox).await.used.unwrap();
    assert_eq!(used.concurrent_jobs, 0, "every reservation was settled");
}

/// Delays that differ from round to round and are the same in every run (Park and Miller's generator).
fn delays(mut seed: u64) -> impl Iterator<Item = Duration> {
    std::iter::repeat_with(move || {
        seed = seed * 48_271 % 0x7fff_ffff;
        Duration::from_millis(seed % 1500)
    })
}

/// A platform with data, a sandbox that may use it, and an image.
async fn prepared() -> (Site, String, v1::Job) {
    let site = Site::start().await;
    let version = site.publish_register("people", 0..40).await;
    let sandbox = site.open_sandbox("anytime").await;
    site.grant(&version.name, &sandbox, "research", 1200).await;
    let image = site.approved_image().await;
    let job = v1::Job {
        versions: vec![version.name.clone()],
        ..witness(&image, "0.7")
    };
    (site, sandbox, job)
}

/// Kills and restarts the server; the job must end as if nothing had happened.
async fn kill_and_finish(site: &mut Site, job: &v1::Job) {
    site.kill();
    site.serve().await;
    let ended = site.wait_job(&job.name).await;
    assert_ran_once(site, &ended).await;
    let usage = ended.usage.unwrap();
    assert!(usage.input_bytes > 0, "{usage:?}");
    assert_eq!(usage.output_bytes, 12, "{usage:?}");
}

#[tokio::test]
async fn a_job_survives_a_kill_at_any_moment() {
    let (mut site, sandbox, job) = prepared().await;
    let mut states = Vec::new();
    for delay in delays(20_260_118).take(8) {
        let job = site.submit(&sandbox, job.clone()).await.unwrap();
        tokio::time::sleep(delay).await;
        states.push((delay, site.job(&job.name).await.state()));
        kill_and_finish(&mut site, &job).await;
    }
    println!("killed in: {states:?}");
    site.wait_clean().await;
    audit::verified(&site).await;
}

#[tokio::test]
async fn a_job_survives_a_kill_at_each_change_of_its_state() {
    use v1::job::State;
    let (mut site, sandbox, job) = prepared().await;
    for state in [
        State::Queued,
        State::Staging,
        State::Running,
        State::Collecting,
        State::Succeeded,
    ] {
        let job = site.submit(&sandbox, job.clone()).await.unwrap();
        site.wait_job_until(&job.name, |job| job.state() >= state)
            .await;
        kill_and_finish(&mut site, &job).await;
    }
    site.wait_clean().await;
    audit::verified(&site).await;
}

#[tokio::test]
async fn an_orderly_stop_is_quick_and_leaves_jobs_running() {
    let mut site = Site::start().await;
    let sandbox = site.open_sandbox("orderly").await;
    let image = site.approved_image().await;
    let job = site.submit(&sandbox, witness(&image, "5")).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    let request = v1::WatchJobRequest {
        name: job.name.clone(),
    };
    let mut client = site.user("developer").sandbox();
    let mut watch = client.watch_job(request).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    let pid = site.pid().to_string();
    let begin = std::time::Instant::now();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &pid])
        .status();
    assert!(sent.unwrap().success());
    // Who waits for something is told.
    let told = watch.message().await.unwrap_err();
    assert_eq!(told.code(), tonic::Code::Unavailable, "{told:?}");
    assert_eq!(reason(&told), "SHUTTING_DOWN");
    eventually("the process has ended", || async {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(')')
            .next()
            .unwrap()
            .trim_start()
            .starts_with('Z')
    })
    .await;
    assert!(begin.elapsed() < Duration::from_secs(5));
    site.kill();
    assert_eq!(site.containers().len(), 1);
    site.serve().await;
    let ended = site.wait_job(&job.name).await;
    assert_ran_once(&site, &ended).await;
    site.wait_clean().await;
    audit::verified(&site).await;
}

/// Changes one record behind the server's back.
async fn rewrite_one(site: &Site, sql: &'static str) {
    let url = format!("sqlite:{}", site.dir.join("state.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let changed = sqlx::query(sql).execute(&mut connection).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    connection.close().await.unwrap();
}

/// The server was killed after a grant had ended in the database and before its job was told.
#[tokio::test]
async fn a_job_whose_grant_ended_with_the_server_ends_after_the_restart() {
    let (mut site, sandbox, mut job) = prepared().await;
    job.command = ["sh", "-c", "echo half > /out/half; sleep 60"]
        .map(str::to_owned)
        .to_vec();
    let job = site.submit(&sandbox, job).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    site.kill();
    let sql = "UPDATE grants SET state = 'REVOKED', body = json_set(body, '$.state', 'REVOKED')";
    rewrite_one(&site, sql).await;
    let begin = std::time::Instant::now();
    site.serve().await;
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.state(), v1::job::State::Cancelled, "{ended:?}");
    assert_eq!(ended.cause_of_death(), v1::CauseOfDeath::Revoked);
    assert_eq!(ended.output, "", "nothing of a revoked job is kept");
    assert!(begin.elapsed() < Duration::from_secs(20));
    site.wait_clean().await;
}

/// An engine that was killed while it started a container may know nothing of it afterwards; after the machine went down, the job's folder
/// may know nothing of it either.
#[tokio::test]
async fn a_start_of_which_nobody_knows_the_outcome_is_not_tried_again() {
    let mut site = Site::start_with(Options::default()).await;
    let sandbox = site.open_sandbox("crash").await;
    let image = site.approved_image().await;
    for container in ["is there", "is gone", "is of an earlier boot"] {
        site.set_environment(&[(sandyq_platform::failpoint::VARIABLE, "container-created")]);
        site.kill();
        site.serve().await;
        let job = site.submit(&sandbox, witness(&image, "1")).await.unwrap();
        site.wait_ended().await;
        let jobs = site.dir.join("work/jobs");
        let folder = std::fs::read_dir(jobs).unwrap().flatten().next().unwrap();
        if container == "is of an earlier boot" {
            let sql = "UPDATE jobs SET body = json_set(body, '$.boot', 'an earlier one') \
                WHERE json_extract(body, '$.state') = 'STAGING'";
            rewrite_one(&site, sql).await;
        } else {
            std::fs::write(folder.path().join("begun"), b"").unwrap();
        }
        if container == "is gone" {
            let filter = format!("name={}", folder.file_name().to_str().unwrap());
            let remove = format!("docker rm -f $(docker ps -aq --filter '{filter}')");
            let mut by_hand = std::process::Command::new("sh");
            assert!(by_hand.args(["-c", &remove]).status().unwrap().success());
        }
        site.set_environment(&[]);
        site.kill();
        site.serve().await;
        let ended = site.wait_job(&job.name).await;
        assert_eq!(
            ended.state(),
            v1::job::State::Lost,
            "{container}: {ended:?}"
        );
        assert_eq!(ended.output, "", "{container}: {ended:?}");
        site.wait_clean().await;
    }
}
