//! The main job by a stock client: Python's gRPC from its package index, the interface learnt by reflection.

use std::path::PathBuf;
use std::process::Command;

use sandyq_audit::VerifierKey;
use sandyq_tests::{Options, Site, images, repository, sha256};

fn must(command: &mut Command) -> String {
    let out = command.output().unwrap();
    assert!(
        out.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

/// A Python with the client's packages, made once for each list of them and kept between runs.
fn python() -> PathBuf {
    let requirements = repository().join("tests/python/requirements.txt");
    let hash = sha256(&std::fs::read(&requirements).unwrap());
    let folder = repository().join(format!(".cache/python-{}", &hash[..12]));
    let program = folder.join("bin/python");
    let whole = folder.join("complete");
    if !whole.exists() {
        must(
            Command::new("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
        );
        must(
            Command::new(&program)
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--only-binary",
                    ":all:",
                    "-r",
                ])
                .arg(&requirements),
        );
        std::fs::write(whole, "").unwrap();
    }
    program
}

#[tokio::test]
async fn a_stock_python_client_does_the_whole_main_job() {
    let mut site = Site::init(Options::default());
    site.serve().await;
    let python = python();
    let script = repository().join("tests/python/main_job.py");
    let arguments = [
        site.dir.join("operator.invitation"),
        repository().join("examples/adult"),
        images::busybox(),
    ];
    let said = tokio::task::spawn_blocking(move || {
        must(
            Command::new(python)
                .arg(script)
                .args(arguments)
                .env("GRPC_VERBOSITY", "NONE"),
        )
    })
    .await
    .unwrap();
    let result: serde_json::Value = serde_json::from_str(&said).unwrap();
    let services = result["services"].as_array().unwrap();
    assert_eq!(services.len(), 12, "{services:?}");
    assert!(result["measured_k"].as_i64().unwrap() >= 5);
    // "PAR1" and "done\n".
    assert_eq!(result["files"]["magic"], "UEFSMQ==");
    assert_eq!(result["files"][".sandyq/job.log"], "ZG9uZQo=");
    assert_eq!(result["verifier_key"], site.verifier_key.as_str());
    let key = VerifierKey::parse(&site.verifier_key).unwrap();
    let checkpoint = key.open(result["checkpoint"].as_str().unwrap()).unwrap();
    assert!(checkpoint.size > 30, "{checkpoint:?}");
    site.wait_clean().await;
}
