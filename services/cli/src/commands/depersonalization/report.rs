//! A run's report for the person who decides on it.

use std::fmt::Write as _;

use sandyq_anonymizer::Report;
use sandyq_proto::v1::{DatasetReport, Run};
use serde_json::Value;

use crate::errors::{Failure, Result};
use crate::output::{new_table, printable};

/// The report of one data set: the one that is named, or the only one.
pub fn whole<'a>(run: &'a Run, dataset: Option<&str>) -> Result<&'a DatasetReport> {
    let named = |report: &&DatasetReport| dataset.is_none_or(|name| report.dataset_id == name);
    let mut found = run.reports.iter().filter(named);
    match (found.next(), found.next()) {
        (Some(report), None) => Ok(report),
        (None, _) if run.reports.is_empty() => Err(Failure::general(format!(
            "{} has no report; see `sandyq run show`",
            printable(&run.name)
        ))),
        _ => {
            let names = run
                .reports
                .iter()
                .map(|report| printable(&report.dataset_id));
            let names = names.collect::<Vec<_>>().join(", ");
            Err(Failure::usage(format!(
                "name one data set: --dataset {names}"
            )))
        }
    }
}

/// The report as a page, made here of what the server measured.
pub fn page(report: &DatasetReport) -> Result<String> {
    let parsed: Report = serde_json::from_str(&report.report_json).map_err(|error| {
        Failure::general(format!(
            "the report of {} is of another version of Sandyq: {error}",
            printable(&report.dataset_id)
        ))
    })?;
    Ok(parsed.to_html())
}

/// The report as text.
pub fn render(run: &Run) -> String {
    let mut text = String::new();
    let state = run
        .state()
        .as_str_name()
        .trim_start_matches("STATE_")
        .to_owned();
    let _ = writeln!(text, "run             {}", printable(&run.name));
    let _ = writeln!(text, "state           {state}");
    for (label, value) in [
        ("profile SHA-256", &run.profile_sha256),
        ("report SHA-256", &run.report_sha256),
        ("failure", &run.failure_message),
    ] {
        if !value.is_empty() {
            let _ = writeln!(text, "{label:15} {}", printable(value));
        }
    }
    for breach in &run.quality_breaches {
        let _ = writeln!(text, "quality         {}", printable(breach));
    }
    for report in &run.reports {
        dataset(&mut text, report);
    }
    text.trim_end().to_owned()
}

fn dataset(text: &mut String, report: &DatasetReport) {
    let share = share_of(report.suppressed_rows, report.input_rows);
    let _ = writeln!(text, "\ndata set {}", printable(&report.dataset_id));
    let _ = writeln!(
        text,
        "  rows                 {} of {}",
        report.released_rows, report.input_rows
    );
    if report.withdrawn_rows > 0 {
        let _ = writeln!(
            text,
            "  consent withdrawn    {} rows, taken out before",
            report.withdrawn_rows
        );
    }
    let _ = writeln!(
        text,
        "  records suppressed   {} ({share:.2}%)",
        report.suppressed_rows
    );
    match report.measured_k {
        0 => text.push_str("  k                    none: the release has no quasi-identifier\n"),
        k => {
            let _ = writeln!(text, "  k, measured          {k}");
            let _ = writeln!(
                text,
                "  equivalence classes  {}",
                report.equivalence_classes
            );
            let _ = writeln!(
                text,
                "  loss                 {:.4} (0 nothing lost, 1 all)",
                report.loss
            );
        }
    }
    let _ = writeln!(
        text,
        "  release SHA-256      {}",
        printable(&report.release_sha256)
    );
    columns(text, &report.report_json);
}

#[allow(clippy::cast_precision_loss, reason = "a percentage for people")]
fn share_of(part: i64, whole: i64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 * 100.0 / whole as f64
    }
}

/// What was done to each column, and how much risk is left, as the verifier's own report says.
fn columns(text: &mut String, report_json: &str) {
    let Ok(report) = serde_json::from_str::<Value>(report_json) else {
        return;
    };
    let number = |path: &str| report.pointer(path).and_then(Value::as_f64);
    if let (Some(highest), Some(mean)) = (
        number("/privacy/highest_prosecutor_risk"),
        number("/privacy/average_prosecutor_risk"),
    ) {
        let (highest, mean) = (highest * 100.0, mean * 100.0);
        let _ = writeln!(
            text,
            "  risk of a record     {highest:.2}% at most, {mean:.2}% on average"
        );
    }
    let dropped = names(&report, "dropped");
    if !dropped.is_empty() {
        let _ = writeln!(text, "  dropped columns      {}", dropped.join(", "));
    }
    let columns = report
        .get("columns")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    if columns.is_empty() {
        return;
    }
    let mut table =
        new_table(&["COLUMN", "ROLE", "TRANSFORM", "LEVEL", "LOSS"].map(ToOwned::to_owned));
    for column in columns {
        let shown = ["name", "role", "transform", "level", "loss"].map(|key| cell(column.get(key)));
        table.add_row(shown);
    }
    text.push('\n');
    for line in table.trim_fmt().lines() {
        let _ = writeln!(text, "  {line}");
    }
}

fn names(report: &Value, list: &str) -> Vec<String> {
    let items = report
        .get(list)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    items
        .filter_map(|item| item.get("name")?.as_str())
        .map(printable)
        .collect()
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => printable(text),
        Some(Value::Number(number)) if number.is_f64() => {
            format!("{:.4}", number.as_f64().unwrap_or_default())
        }
        // A transform with its settings, such as {"generalize": {"hierarchy": "age"}}.
        Some(Value::Object(variant)) => {
            variant
                .iter()
                .next()
                .map_or_else(String::new, |(name, settings)| {
                    match settings.get("hierarchy").and_then(Value::as_str) {
                        Some(hierarchy) => printable(&format!("{name} by {hierarchy}")),
                        None => printable(name),
                    }
                })
        }
        Some(other) => printable(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_rows_k_and_loss_of_each_column() {
        let report = DatasetReport {
            dataset_id: "adult".into(),
            input_rows: 30_162,
            released_rows: 29_900,
            suppressed_rows: 262,
            measured_k: 10,
            equivalence_classes: 77,
            loss: 0.41,
            release_sha256: "00".into(),
            report_json: r#"{"privacy":{"highest_prosecutor_risk":0.1,"average_prosecutor_risk":0.002},"columns":[
                {"name":"age","role":"quasi","transform":{"generalize":{"hierarchy":"ages"}},"level":2,"loss":0.25},
                {"name":"job","role":"sensitive","transform":{"keep":{"cast":null}},"level":null,"loss":null}],
                "dropped":[{"name":"phone","reason":"not_in_profile"}]}"#
                .into(),
            withdrawn_rows: 3,
        };
        let text = render(&Run {
            name: "r".into(),
            state: 2,
            reports: vec![report],
            ..Default::default()
        });
        for part in [
            "VERIFIED",
            "29900 of 30162",
            "consent withdrawn    3 rows",
            "262 (0.87%)",
            "k, measured          10",
            "0.2500",
            "generalize by ages",
            "10.00% at most",
            "phone",
            "COLUMN",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }

    fn reported(datasets: &[&str]) -> Run {
        let report = |dataset: &&str| DatasetReport {
            dataset_id: (*dataset).to_owned(),
            report_json: Report::default().to_json().unwrap_or_default(),
            ..Default::default()
        };
        Run {
            reports: datasets.iter().map(report).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn a_data_set_is_named_where_there_are_several() {
        let (one, two) = (reported(&["a"]), reported(&["a", "b"]));
        assert_eq!(
            whole(&one, None)
                .map(|report| report.dataset_id.as_str())
                .ok(),
            Some("a")
        );
        assert_eq!(
            whole(&two, Some("b"))
                .map(|report| report.dataset_id.as_str())
                .ok(),
            Some("b")
        );
        for (run, dataset) in [(&two, None), (&two, Some("c")), (&reported(&[]), None)] {
            assert!(whole(run, dataset).is_err());
        }
    }

    #[test]
    fn a_page_is_made_of_the_report_that_was_measured() {
        let run = reported(&["a"]);
        let made = run.reports.first().map(page);
        assert!(matches!(made, Some(Ok(html)) if html.starts_with("<!DOCTYPE html>")));
        let other = DatasetReport {
            report_json: "{}".to_owned(),
            ..Default::default()
        };
        assert!(page(&other).is_err());
    }

    #[test]
    fn a_report_of_another_shape_is_no_failure() {
        for json in [
            "",
            "[]",
            "{}",
            r#"{"columns":1}"#,
            r#"{"columns":[]}"#,
            r#"{"columns":[1]}"#,
        ] {
            let report = DatasetReport {
                report_json: json.into(),
                ..Default::default()
            };
            assert!(
                render(&Run {
                    reports: vec![report],
                    ..Default::default()
                })
                .contains("data set")
            );
        }
    }
}
