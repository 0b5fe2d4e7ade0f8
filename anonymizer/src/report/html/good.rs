//! What the release is still good for: dependences between columns, and what can be learnt.

use maud::{Markup, html};

use super::svg::{self, Row};
use super::{show, words};
use crate::report::Report;
use crate::utility::{PairUtility, SampleReport, UtilityReport};

/// Pairs in the table below the picture.
const LISTED: usize = 10;

pub(super) fn associations(report: &Report) -> Option<Markup> {
    let utility = report.utility.as_ref()?;
    if utility.pairs.is_empty() {
        return None;
    }
    let names = names(utility);
    let pair = |row: usize, column: usize| -> Option<&PairUtility> {
        let (a, b) = (names.get(row)?, names.get(column)?);
        let same = |pair: &&PairUtility| {
            (&pair.first, &pair.second) == (a, b) || (&pair.first, &pair.second) == (b, a)
        };
        utility.pairs.iter().find(same)
    };
    let mut changed: Vec<&PairUtility> = utility.pairs.iter().collect();
    let change = |pair: &PairUtility| (pair.after - pair.before).abs();
    changed.sort_by(|a, b| change(b).total_cmp(&change(a)));
    let shown: Vec<String> = names.iter().map(|name| show::text(name)).collect();
    Some(html! {
        p { (words::ASSOCIATIONS) }
        p { "On average over " (show::counted(utility.pairs.len() as u64, "pair", "pairs")) ", " "the strength differs by " strong { (format!("{:.3}", 1.0 - utility.association_kept)) } "." }
        (svg::heat_map(
            "How strongly columns depend on one another: the dataset below the diagonal, the release above it",
            &shown,
            |row, column| pair(row, column).map(|pair| pair.before),
            |row, column| pair(row, column).map(|pair| pair.after),
        ))
        h3 { "The pairs that changed most" }
        table {
            thead { tr { th { "Columns" } th class="n" { "Dataset" } th class="n" { "Release" } } }
            tbody {
                @for pair in changed.iter().take(LISTED) {
                    tr {
                        th scope="row" { bdi { (show::text(&pair.first)) } " and " bdi { (show::text(&pair.second)) } }
                        td class="n" { (format!("{:.3}", pair.before)) }
                        td class="n" { (format!("{:.3}", pair.after)) }
                    }
                }
            }
        }
        @if !utility.unpaired.is_empty() {
            p class="aside" {
                "Not compared, having too many different values: "
                @for (index, name) in utility.unpaired.iter().enumerate() {
                    @if index > 0 { ", " }
                    bdi { (show::text(name)) }
                }
                "."
            }
        }
        (sample(&utility.sample))
    })
}

/// The columns that are paired, in the order in which they appear.
fn names(utility: &UtilityReport) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for pair in &utility.pairs {
        for name in [&pair.first, &pair.second] {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

fn sample(sample: &SampleReport) -> Markup {
    html! {
        @if sample.original < sample.original_of || sample.released < sample.released_of {
            p class="aside" {
                "Measured on a sample of " (show::count(sample.original)) " of " (show::count(sample.original_of)) " records of the dataset and "
                (show::count(sample.released)) " of " (show::count(sample.released_of)) " of the release, the same at every run."
            }
        }
    }
}

pub(super) fn learning(report: &Report) -> Option<Markup> {
    let utility = report.utility.as_ref()?;
    let learning = utility.learning.as_ref()?;
    let bar = |label: &str, share: f64, before| Row {
        label: label.to_owned(),
        share,
        number: show::percent(share),
        before,
    };
    let bars = [
        bar("Always the most frequent", learning.baseline_accuracy, true),
        bar("Learnt from the release", learning.released_accuracy, false),
        bar("Learnt from the dataset", learning.original_accuracy, true),
    ];
    Some(html! {
        p { (words::LEARNING) }
        p {
            "Column predicted: " strong { bdi { (show::text(&learning.target)) } } ", " (show::counted(learning.classes, "value", "values")) ", from "
            @for (index, name) in learning.features.iter().enumerate() {
                @if index > 0 { ", " }
                bdi { (show::text(name)) }
            }
            "."
        }
        (svg::rows("Share of right answers", &bars, 1.0))
        p class="aside" {
            "Share of right answers on " (show::counted(learning.test_rows, "record", "records")) " kept aside; learnt from "
            (show::count(learning.original_rows)) " original and " (show::count(learning.released_rows)) " released records. Classifier: " (learning.classifier) "."
        }
    })
}
