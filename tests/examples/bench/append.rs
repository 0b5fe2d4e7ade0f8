//! Durable audit entries, by the store's own measurement: a process of its own, so that nothing else shares its disk.

use std::process::Command;

use crate::table::{Bar, Row};

const ROUNDS: &str = "7";

/// Runs the store's example `append_rate`, which lies beside this program.
pub fn measure() -> Vec<Row> {
    let program = std::env::current_exe()
        .unwrap()
        .with_file_name("append_rate");
    let out = Command::new(&program)
        .args([std::env::temp_dir().as_os_str(), ROUNDS.as_ref()])
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}; run deploy/bench.sh", program.display()));
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = String::from_utf8(out.stdout).unwrap();
    let rates: Vec<f64> = text
        .lines()
        .map(|line| line.split_whitespace().next().unwrap().parse().unwrap())
        .collect();
    let [fsyncs, alone, together] = rates[..] else {
        panic!("append_rate said: {text}")
    };
    let row = |what, ours| Row {
        what,
        ours,
        baseline: Some((fsyncs, "fsync of 4 KiB")),
        unit: "/s",
        bar: Bar::None,
    };
    vec![
        row("durable audit entries, one writer", alone),
        row("durable audit entries, 16 writers", together),
    ]
}
