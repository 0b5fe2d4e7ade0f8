//! An upload that outlives the server.

use std::path::Path;
use std::process::Stdio;

use sandyq_tests::Site;
use sandyq_tests::traces::eventually;
use serde_json::Value;

use super::{said, site, text};
use crate::audit;

/// A CSV file of 200 MiB with few long cells.
fn large_csv(path: &Path) -> usize {
    use std::io::Write as _;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let cell = "y".repeat(100_000);
    writeln!(file, "id,filler").unwrap();
    let rows = (200 << 20) / cell.len();
    for row in 0..rows {
        writeln!(file, "{row},{cell}").unwrap();
    }
    file.flush().unwrap();
    rows
}

#[tokio::test]
async fn a_push_goes_on_after_the_server_was_killed_twice() {
    let (mut site, terminal) = site().await;
    terminal.must(
        "owner",
        &[
            "library",
            "create",
            "large",
            "--name",
            "Large",
            "--purpose",
            "research",
            "--basis",
            "not-personal",
            "--basis-reference",
            "invented",
            "--provenance-kind",
            "generated",
        ],
    );
    let file = terminal.path("large.csv");
    let rows = large_csv(&file);
    let mut push = terminal.command(
        "owner",
        &[
            "library",
            "push",
            "large",
            text(&file),
            "--provenance",
            "made up",
        ],
    );
    let push = push
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stored = |site: &Site| -> u64 {
        let sizes = site
            .files()
            .into_iter()
            .filter(|p| p.starts_with(site.dir.join("objects")));
        sizes
            .filter_map(|path| path.metadata().ok())
            .map(|about| about.len())
            .sum()
    };
    for reached in [40 << 20, 120 << 20] {
        eventually("some of it is stored", || async { stored(&site) > reached }).await;
        site.kill();
        let kept = stored(&site);
        assert!(
            kept < 190 << 20,
            "the upload was cut in its middle, not at {kept}"
        );
        site.serve().await;
    }
    let out = tokio::task::spawn_blocking(move || push.wait_with_output().unwrap())
        .await
        .unwrap();
    assert!(out.status.success(), "{}", said(&out));
    let version: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(version["state"], "STATE_CLASSIFIED", "{version}");
    assert_eq!(version["datasets"][0]["row_count"], rows, "{version}");
    // It went on: no second upload was begun, nothing was discarded.
    let log = terminal.path("log.ndjson");
    terminal.must("auditor", &["audit", "export", "--out", text(&log)]);
    let log = audit::entries(&std::fs::read(log).unwrap());
    let steps: Vec<&str> = log
        .iter()
        .filter(|entry| entry["action"] == "LibraryService.Write")
        .filter_map(|entry| entry["detail"]["step"].as_str())
        .collect();
    assert_eq!(steps, ["begun", "complete"]);
}
