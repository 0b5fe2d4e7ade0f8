//! Line 26: the engine is restarted, hangs, or holds what no job owns.

use super::*;
use sandyq_tests::engine::PrivateEngine;

async fn with_engine(engine: &PrivateEngine, jobs: usize) -> Site {
    Site::start_with(Options {
        config: vec![
            ("jobs.concurrent".into(), jobs.to_string()),
            ("jobs.orphan_grace_seconds".into(), "1".into()),
        ],
        environment: vec![("DOCKER_HOST".into(), engine.host())],
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn attack_26_jobs_end_on_time_while_the_engine_hangs() {
    let engine = PrivateEngine::start();
    let site = with_engine(&engine, 4).await;
    let sandbox = site.open_sandbox("hung").await;
    let kept = site.open_sandbox("kept").await;
    let image = site.approved_image().await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(
            site.submit(&sandbox, shell(&image, ENDLESS))
                .await
                .unwrap()
                .name,
        );
    }
    let mut overdue = shell(&image, "sleep 60");
    seconds(&mut overdue, 4);
    let overdue = site.submit(&kept, overdue).await.unwrap().name;
    for job in jobs.iter().chain([&overdue]) {
        running(&site, job).await;
    }
    let processes = || marked_processes(&site);
    assert!(processes() >= 4);
    engine.freeze();
    let begin = Instant::now();
    let request = v1::DestroySandboxRequest {
        name: sandbox.clone(),
        reason: "misuse".to_owned(),
        request_id: request_id(),
    };
    site.user("admin")
        .sandbox()
        .destroy_sandbox(request)
        .await
        .unwrap();
    for job in &jobs {
        let ended = site.wait_job(job).await;
        assert_eq!(ended.cause_of_death(), Cause::Revoked, "{ended:?}");
    }
    assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
    // The deadline of the other passes meanwhile; its process dies on time, and it is collected when the engine is back.
    eventually("nothing runs any more", || async { processes() == 0 }).await;
    assert!(
        begin.elapsed() < Duration::from_secs(8),
        "{:?}",
        begin.elapsed()
    );
    engine.thaw();
    let ended = site.wait_job(&overdue).await;
    assert_eq!(ended.state(), State::TimedOut, "{ended:?}");
    site.wait_clean().await;
    audit::verified(&site).await;
}

/// Processes of this machine in whose mounts an output volume of the platform is.
fn marked_processes(site: &Site) -> usize {
    let jobs: Vec<String> = std::fs::read_dir(site.dir.join("work/jobs"))
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path())
                .collect::<Vec<_>>()
        })
        .unwrap_or_default()
        .into_iter()
        .filter_map(|folder| std::fs::read_to_string(folder.join("container")).ok())
        .collect();
    let of_job = |pid: &std::fs::DirEntry| {
        let groups = std::fs::read_to_string(pid.path().join("cgroup")).unwrap_or_default();
        let stat = std::fs::read_to_string(pid.path().join("stat")).unwrap_or_default();
        let dead = stat
            .rsplit_once(')')
            .is_none_or(|(_, rest)| rest.trim_start().starts_with('Z'));
        !dead && jobs.iter().any(|container| groups.contains(container))
    };
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(of_job)
        .count()
}

#[tokio::test]
async fn attack_26_the_engine_is_restarted_under_running_jobs() {
    let mut engine = PrivateEngine::start();
    let mut site = with_engine(&engine, 4).await;
    let sandbox = site.open_sandbox("restarted").await;
    let image = site.approved_image().await;
    for with_server in [false, true] {
        let mut jobs = Vec::new();
        for script in ["sleep 60", "echo half > /out/half; sleep 60"] {
            jobs.push(
                site.submit(&sandbox, shell(&image, script))
                    .await
                    .unwrap()
                    .name,
            );
        }
        for job in &jobs {
            running(&site, job).await;
        }
        engine.kill();
        if with_server {
            site.kill();
        }
        engine.begin();
        if with_server {
            site.serve().await;
        }
        for job in &jobs {
            let ended = site.wait_job(job).await;
            let found = (ended.state(), ended.cause_of_death());
            assert_eq!(
                found,
                (State::Lost, Cause::NodeFailed),
                "{with_server}: {ended:?}"
            );
        }
        // And jobs run again.
        let after = site.submit(&sandbox, shell(&image, "true")).await.unwrap();
        assert_eq!(site.wait_job(&after.name).await.state(), State::Succeeded);
    }
    // An image that went from the engine is not fetched from anywhere.
    let digest = format!("sha256:{}", image.trim_start_matches("images/"));
    assert!(engine.docker(&["rmi", "-f", &digest]).status.success());
    let refused = site.submit(&sandbox, shell(&image, "true")).await.unwrap();
    let ended = site.wait_job(&refused.name).await;
    assert_eq!(ended.cause_of_death(), Cause::ImageRefused, "{ended:?}");
    site.wait_clean().await;
    audit::verified(&site).await;
}

/// A container of a create that failed for the platform, a volume and staged inputs of nobody.
#[tokio::test]
async fn attack_26_what_no_job_owns_is_removed_after_a_grace() {
    let site = site_for(2).await;
    let image = site.approved_image().await;
    let sandbox = site.open_sandbox("owner").await;
    let digest = format!("sha256:{}", image.trim_start_matches("images/"));
    let mine = site
        .submit(&sandbox, shell(&image, "sleep 8"))
        .await
        .unwrap();
    running(&site, &mine.name).await;
    let platform = format!("sandyq.platform={}", site.platform_id);
    let make = |job: &str, verb: &str| {
        let name = format!("sandyq-{job}");
        let label = format!("sandyq.job={job}");
        let mut command = std::process::Command::new("docker");
        command.args([
            verb, "--name", &name, "--label", &platform, "--label", &label,
        ]);
        command.args(["--network", "none"]);
        if verb == "run" {
            command.arg("-d");
        }
        let out = command
            .args([digest.as_str(), "sleep", "600"])
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
    };
    make("jorphan1", "create");
    make("jorphan2", "run");
    let folder = site.dir.join("work/jobs/jorphan3");
    let volume = sandyq_sandbox::volume::OutputVolume::create(&folder, 1 << 20, 16).unwrap();
    assert!(volume.is_mounted().unwrap());
    let staged = site.dir.join("work/staging/nobody");
    sandyq_sandbox::stage::InputMount::at(&staged)
        .make_room(1 << 20)
        .unwrap();
    eventually("only what a job owns is left", || async {
        site.containers().len() == 1 && !folder.exists() && !staged.exists()
    })
    .await;
    let ended = site.wait_job(&mine.name).await;
    assert_eq!(
        ended.state(),
        State::Succeeded,
        "its own was left alone: {ended:?}"
    );
    site.wait_clean().await;
}
