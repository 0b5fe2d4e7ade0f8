//! What a platform leaves on its machine, and what its log says.

use std::future::Future;
use std::process::Command;
use std::time::{Duration, Instant};

use sandyq_proto::v1;

use crate::site::Site;

/// Waits until something holds; panics with what it was about otherwise.
pub async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let from = Instant::now();
    while !holds().await {
        assert!(from.elapsed() < Duration::from_secs(60), "not so: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the engine says of a container.
pub fn inspect(container: &str) -> serde_json::Value {
    let out = Command::new("docker")
        .args(["inspect", container])
        .output()
        .unwrap();
    assert!(out.status.success(), "{container} is not there");
    let all: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    all[0].clone()
}

impl Site {
    /// Ids of the platform's containers, running or not.
    pub fn containers(&self) -> Vec<String> {
        let filter = format!("label=sandyq.platform={}", self.platform_id);
        let out = crate::images::docker(self.docker_host())
            .args(["ps", "-aq", "--no-trunc", "--filter", &filter])
            .output()
            .unwrap();
        assert!(out.status.success());
        let text = String::from_utf8(out.stdout).unwrap();
        let mut ids: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        ids.sort();
        ids
    }

    /// What jobs have left: containers, mounts, files in the working folder.
    pub fn leftovers(&self) -> Vec<String> {
        let mut out: Vec<String> = self
            .containers()
            .into_iter()
            .map(|id| format!("container {id}"))
            .collect();
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let below = |line: &&str| {
            let target = line.split(' ').nth(1).unwrap_or_default();
            std::path::Path::new(target).starts_with(&self.dir)
        };
        out.extend(
            mounts
                .lines()
                .filter(below)
                .map(|line| format!("mount {line}")),
        );
        let work = self.dir.join("work");
        let files = self
            .files()
            .into_iter()
            .filter(|path| path.starts_with(&work));
        out.extend(files.map(|path| format!("file {}", path.display())));
        out
    }

    /// Waits until jobs have left nothing on the machine.
    pub async fn wait_clean(&self) {
        let from = Instant::now();
        loop {
            let left = self.leftovers();
            if left.is_empty() {
                return;
            }
            assert!(
                from.elapsed() < Duration::from_secs(20),
                "jobs left behind: {left:#?}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The whole audit log with its checkpoint, as exported for an auditor, who is the operator where there is none.
    pub async fn export_log(&self) -> Vec<u8> {
        let user = if self.people.contains_key("auditor") {
            "auditor"
        } else {
            "admin"
        };
        let request = v1::ExportLogRequest {};
        let mut stream = self
            .user(user)
            .audit()
            .export_log(request)
            .await
            .unwrap()
            .into_inner();
        let mut out = Vec::new();
        while let Some(message) = stream.message().await.unwrap() {
            out.extend_from_slice(&message.data);
        }
        out
    }

    /// A job as it is now.
    pub async fn job(&self, name: &str) -> v1::Job {
        let request = v1::GetJobRequest {
            name: name.to_owned(),
        };
        let answer = self.user("admin").sandbox().get_job(request).await;
        answer.unwrap().into_inner().job.unwrap()
    }

    /// A sandbox as it is now.
    pub async fn sandbox(&self, name: &str) -> v1::Sandbox {
        let request = v1::GetSandboxRequest {
            name: name.to_owned(),
        };
        let answer = self.user("admin").sandbox().get_sandbox(request).await;
        answer.unwrap().into_inner().sandbox.unwrap()
    }

    /// One file of an output, as the developer gets it after release.
    pub async fn released_file(&self, output: &str, path: &str) -> Vec<u8> {
        self.download("developer", output, path).await.unwrap()
    }
}
