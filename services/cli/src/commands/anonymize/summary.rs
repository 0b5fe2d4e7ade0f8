//! What is told at the end.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use sandyq_anonymizer::Report;
use serde_json::json;

use super::{Timings, remark};
use crate::errors::{Failure, Result};
use crate::output::Format;

/// Prints the summary: a line for each fact, or one object.
pub fn print(
    report: &Report,
    out: &Path,
    timings: &Timings,
    elapsed: Duration,
    form: Format,
) -> Result<()> {
    let peak = peak_memory();
    match form {
        Format::Json => {
            let seconds = |time: &Duration| (time.as_secs_f64() * 1e6).round() / 1e6;
            let steps: serde_json::Map<String, serde_json::Value> = timings
                .iter()
                .map(|(what, time)| ((*what).to_owned(), json!(seconds(time))))
                .collect();
            let summary = json!({
                "out": out.display().to_string(),
                "rows": report.rows,
                "privacy": report.privacy,
                "loss": report.loss,
                "output_sha256": report.output_sha256,
                "output_bytes": report.output_bytes,
                "drift": report.drift,
                "seconds": seconds(&elapsed),
                "steps": steps,
                "peak_memory_bytes": peak,
            });
            line(&format!("{summary:#}"))
        }
        Format::Table => {
            line(&text(report, out))?;
            let peak = peak.map(|bytes| format!(", at most {} MiB of memory", bytes >> 20));
            let steps: Vec<String> = timings
                .iter()
                .map(|(what, time)| format!("{what} {:.2}", time.as_secs_f64()))
                .collect();
            remark(&format!(
                "{:.2} s ({}){}",
                elapsed.as_secs_f64(),
                steps.join(", "),
                peak.unwrap_or_default()
            ));
            Ok(())
        }
    }
}

fn text(report: &Report, out: &Path) -> String {
    let (rows, loss) = (&report.rows, &report.loss);
    let mut text = format!(
        "{}: {} of {} rows, {} suppressed, {} classes, the smallest of {}\nloss: {:.6} geometric, {:.6} arithmetic",
        out.display(),
        rows.output,
        rows.input,
        rows.suppressed,
        rows.classes,
        rows.smallest_class,
        loss.geometric,
        loss.arithmetic,
    );
    for change in report
        .drift
        .iter()
        .flat_map(sandyq_anonymizer::Drift::notable)
    {
        let _ = write!(text, "\nchanged: {change}");
    }
    text
}

fn line(text: &str) -> Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::general(
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(()),
    }
}

/// The most memory that this process has had, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let number = line.split_whitespace().nth(1)?;
    Some(number.parse::<u64>().ok()? * 1024)
}
