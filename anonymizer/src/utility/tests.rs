#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;

fn texts(values: &[&str]) -> Coded<'static> {
    Coded::of(values.iter().map(|value| Some(*value)))
}

fn same(name: &str, values: &[&str]) -> Attribute<'static> {
    Attribute::new(name, true, texts(values), texts(values), |_| None)
}

fn hidden(name: &str, values: &[&str]) -> Attribute<'static> {
    let stars = vec!["*"; values.len()];
    let mut leaves = values.to_vec();
    leaves.sort_unstable();
    leaves.dedup();
    Attribute::new(name, true, texts(values), texts(&stars), |label| {
        (label == "*").then(|| leaves.iter().map(|leaf| (*leaf).to_owned()).collect())
    })
}

fn measured(attributes: &[Attribute<'_>]) -> UtilityReport {
    utility(attributes, None, &UtilityLimits::default(), &Cancel::new()).unwrap()
}

#[test]
fn a_release_that_changes_nothing_keeps_everything() {
    let report = measured(&[
        same("a", &["x", "y", "x", "y", "z"]),
        same("b", &["1", "2", "1", "2", "1"]),
    ]);
    assert!(report.columns.iter().all(|column| column.distance < 1e-9));
    assert!((report.association_kept - 1.0).abs() < 1e-12);
    assert_eq!(report.pairs.len(), 1);
    assert!((report.pairs[0].before - report.pairs[0].after).abs() < 1e-12);
    assert_eq!(report.uniques_before, report.uniques_after);
    assert_eq!(report.uniques_before.any, 1);
    assert_eq!(report.learning, None);
}

#[test]
fn a_hidden_column_loses_its_associations_and_singles_out_nobody() {
    let values: Vec<&str> = ["x", "y", "z"].into_iter().cycle().take(600).collect();
    let report = measured(&[same("a", &values), hidden("b", &values)]);
    let pair = &report.pairs[0];
    assert!((pair.before - 1.0).abs() < 1e-9);
    assert!(pair.after < 0.2, "{pair:?}");
    assert!((report.association_kept - (1.0 - (pair.before - pair.after))).abs() < 1e-12);
    assert!((report.columns[1].generalized - 1.0).abs() < f64::EPSILON);
    // Spread evenly over three values that are as frequent as one another, nothing of the distribution is lost.
    assert!(report.columns[1].distance < 1e-6);
    assert_eq!(report.uniques_after.any, 0);
}

#[test]
fn a_table_without_rows_or_columns_is_measured_too() {
    let report = measured(&[]);
    assert_eq!(report.pairs.len(), 0);
    let report = measured(&[Attribute::new("a", true, texts(&["x"]), texts(&[]), |_| {
        None
    })]);
    assert!((report.columns[0].distance - 1.0).abs() < f64::EPSILON);
    assert_eq!(report.uniques_after.records, 0);
}

#[test]
fn columns_with_too_many_values_are_in_no_pair() {
    let many: Vec<String> = (0..1_500).map(|i| format!("v{i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let few: Vec<&str> = ["x", "y"].into_iter().cycle().take(1_500).collect();
    let report = measured(&[same("many", &many), same("few", &few), same("also", &few)]);
    assert_eq!(report.unpaired, ["many"]);
    assert_eq!(report.pairs.len(), 1);
    assert_eq!(report.uniques_before.by_size, [1_500, 0, 0]);
}

#[test]
fn large_tables_are_sampled_and_the_report_says_so() {
    let values: Vec<&str> = ["x", "y", "z"].into_iter().cycle().take(30_000).collect();
    let limits = UtilityLimits {
        rows: 5_000,
        ..UtilityLimits::default()
    };
    let attributes = [same("a", &values), same("b", &values)];
    let report = utility(&attributes, None, &limits, &Cancel::new()).unwrap();
    assert_eq!(report.sample.original_of, 30_000);
    assert!((4_500..5_500).contains(&report.sample.original));
    assert!((report.pairs[0].before - 1.0).abs() < 1e-9);
    assert_eq!(
        report,
        utility(&attributes, None, &limits, &Cancel::new()).unwrap()
    );
}

#[test]
fn work_that_was_stopped_says_so() {
    let cancel = Cancel::new();
    cancel.cancel();
    let report = utility(&[], None, &UtilityLimits::default(), &cancel);
    assert!(matches!(report, Err(UtilityError::Cancelled)));
}
