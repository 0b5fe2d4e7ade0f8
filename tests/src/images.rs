//! Container images for tests, and what tests leave on the engine.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use bytes::Bytes;
use sandyq_proto::v1;

use crate::people::User;

/// The archive of a small image with busybox, made once.
pub fn busybox() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let archive = crate::repository().join(".cache/busybox.tar");
        let script = crate::repository().join("deploy/images/busybox.sh");
        let out = Command::new(script).arg(&archive).output().unwrap();
        assert!(
            out.status.success(),
            "deploy/images/busybox.sh failed; was deploy/setup.sh test run?\n{}",
            String::from_utf8_lossy(&out.stderr)
        );
        archive
    })
    .clone()
}

/// Imports an archive; returns `images/{image}`.
pub async fn import(user: &User, archive: &std::path::Path) -> Result<v1::Image, tonic::Status> {
    let bytes = std::fs::read(archive).unwrap();
    let mut messages: Vec<v1::ImportImageRequest> = bytes
        .chunks(1 << 20)
        .map(|part| v1::ImportImageRequest {
            data: Bytes::copy_from_slice(part),
            ..Default::default()
        })
        .collect();
    if let Some(first) = messages.first_mut() {
        first.display_name = "busybox".to_owned();
        first.archive_sha256 = crate::sha256(&bytes);
    }
    let answer = user
        .image()
        .import_image(tokio_stream::iter(messages))
        .await?;
    Ok(answer.into_inner().image.unwrap())
}

/// The engine's client, for the engine that a platform uses.
pub fn docker(host: Option<&str>) -> Command {
    let mut command = Command::new("docker");
    if let Some(host) = host {
        command.args(["-H", host]);
    }
    command
}

/// Removes the containers of a platform, running or not.
pub fn sweep(platform_id: &str, host: Option<&str>) {
    let filter = format!("label=sandyq.platform={platform_id}");
    let Ok(listed) = docker(host)
        .args(["ps", "-aq", "--filter", &filter])
        .output()
    else {
        return;
    };
    for id in String::from_utf8_lossy(&listed.stdout).split_whitespace() {
        let _ = docker(host).args(["rm", "-f", id]).output();
    }
}
