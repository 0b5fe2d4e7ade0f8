//! Line 27: the disk is full, the state cannot be written.

use super::*;
use std::path::Path;
use std::process::Command;

fn run(program: &str, arguments: &[&str]) {
    let out = Command::new(program).args(arguments).output().unwrap();
    assert!(out.status.success(), "{program} {arguments:?}: {out:?}");
}

fn small_disk(folder: &Path, mebibytes: u32) {
    std::fs::create_dir_all(folder).unwrap();
    let options = format!("size={mebibytes}m,mode=0700");
    let folder = folder.to_str().unwrap();
    run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", folder]);
}

#[tokio::test]
async fn attack_27_the_disk_of_the_jobs_is_full() {
    let mut site = Site::init(Options {
        config: vec![("jobs.retries".into(), "0".into())],
        ..Options::default()
    });
    // Beside the platform's own disk, so that only jobs are in want.
    let work = site.dir.join("work");
    small_disk(&work, 24);
    site.serve().await;
    site.enrol_everybody().await;
    let sandbox = site.open_sandbox("full").await;
    let image = site.approved_image().await;
    let filler = work.join("filler");
    let of = format!("of={}", filler.display());
    let filled = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k", &of])
        .output()
        .unwrap();
    assert!(!filled.status.success(), "the disk did not fill up");
    let job = site
        .submit(&sandbox, shell(&image, "echo x > /out/x"))
        .await
        .unwrap();
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.cause_of_death(), Cause::EngineError, "{ended:?}");
    assert!(
        ended.state_message.to_lowercase().contains("space"),
        "{ended:?}"
    );
    assert!(ended.start_time.is_none(), "it never ran");
    std::fs::remove_file(&filler).unwrap();
    let job = site
        .submit(&sandbox, shell(&image, "echo x > /out/x"))
        .await
        .unwrap();
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.state(), State::Succeeded, "{ended:?}");
    assert_eq!(
        site.sandbox(&sandbox).await.used.unwrap().concurrent_jobs,
        0
    );
    audit::verified(&site).await;
}

/// The server cannot begin without writing, and says so; nothing of the job is lost until it can.
#[tokio::test]
async fn attack_27_the_state_directory_is_read_only() {
    let mut site = Site::init(Options::default());
    let away = site.dir.with_extension("away");
    let (folder, copy) = (site.dir.display().to_string(), away.display().to_string());
    run("cp", &["-a", &folder, &copy]);
    small_disk(&site.dir, 256);
    run("cp", &["-a", &format!("{copy}/."), &folder]);
    site.serve().await;
    site.enrol_everybody().await;
    let sandbox = site.open_sandbox("read-only").await;
    let image = site.approved_image().await;
    let script = "printf x >> /out/starts; sleep 3";
    let job = site.submit(&sandbox, shell(&image, script)).await.unwrap();
    running(&site, &job.name).await;
    site.kill();
    // The volume of the job is a file of this disk, which is written to: only a bind mount hides that from the server.
    let state = site.dir.join("state.db");
    let state = state.to_str().unwrap();
    run("mount", &["--bind", state, state]);
    run("mount", &["-o", "remount,bind,ro", state]);
    let said = site.serve_in_vain();
    run("umount", &[state]);
    assert!(said.to_lowercase().contains("database"), "{said}");
    site.serve().await;
    let ended = site.wait_job(&job.name).await;
    assert_eq!(ended.state(), State::Succeeded, "{ended:?}");
    assert_eq!(starts(&site, &ended).await, 1);
    audit::verified(&site).await;
}
