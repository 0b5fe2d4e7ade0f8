//! How the release was found, by which files, what changed, and what the numbers do not say.

use maud::{Markup, html};

use super::{show, words};
use crate::report::{Drift, Report};

pub(super) fn files(report: &Report) -> Option<Markup> {
    let hash = |name: &str, hash: &str| {
        html! { tr { th scope="row" { bdi { (show::text(name)) } } td { code { (hash) } } } }
    };
    Some(html! {
        @if let Some(search) = &report.search {
            p {
                (words::recoding(search.recoding)) " "
                @if search.optimal {
                    "No other solution of this kind keeps more of the data: all "
                    (show::count(report.lattice_nodes)) " combinations of levels were examined or excluded by proof."
                } @else if let Some(bound) = search.bound {
                    "The score is " (show::number(search.score)) "; no solution can be below " (show::number(bound)) "."
                } @else {
                    "The score is " (show::number(search.score)) "; a better solution may exist."
                }
            }
        } @else if report.lattice_nodes > 0 {
            p { "Of " (show::count(report.lattice_nodes)) " combinations of levels, " (show::count(report.candidates_examined)) " were counted." }
        }
        p { (words::ORIGIN) }
        table class="hashes" {
            thead { tr { th { "File" } th { "SHA-256" } } }
            tbody {
                (hash("Profile", &report.profile_sha256))
                @if let Some(input) = &report.input_sha256 { (hash("Dataset", input)) }
                @for (name, sha256) in &report.hierarchies { (hash(&format!("Hierarchy {name}"), sha256)) }
                (hash("Release", &report.output_sha256))
            }
        }
        p class="aside" { "The released file has " (show::count(report.output_bytes)) " bytes." }
        @if let Some(rows) = report.withdrawn_rows {
            p { "Before anything else " (show::count(rows)) " rows were taken out, because their subjects withdrew consent." }
        }
    })
}

pub(super) fn drift(report: &Report) -> Option<Markup> {
    let drift = report.drift.as_ref()?;
    let notable = drift.notable();
    Some(html! {
        p { "The plan of this release was made for an earlier version of the data, and was applied again. Both releases were measured." }
        @if notable.is_empty() {
            p { strong { "Nothing changed to speak of." } }
        } @else {
            p { strong { "To be looked at before publishing:" } }
            ul { @for line in &notable { li { (show::shortened(line, 200)) } } }
        }
        (drift_table(drift))
    })
}

fn drift_table(drift: &Drift) -> Markup {
    let row = |name: &str, old: String, new: String| {
        html! { tr { th scope="row" { (name) } td class="n" { (old) } td class="n" { (new) } } }
    };
    let counts = |name: &str, pair: (u64, u64)| row(name, show::count(pair.0), show::count(pair.1));
    let shares =
        |name: &str, pair: (f64, f64)| row(name, show::percent(pair.0), show::percent(pair.1));
    let distance = |distance: Option<f64>| {
        distance.map_or_else(|| "–".to_owned(), |distance| format!("{distance:.3}"))
    };
    html! {
        table {
            thead { tr { th {} th class="n" { "Earlier" } th class="n" { "This version" } } }
            tbody {
                (counts("Records of the dataset", drift.rows))
                (shares("Records suppressed", drift.suppressed))
                (counts("Classes", drift.classes))
                (counts("Records of the smallest class", drift.smallest_class))
                (shares("Highest risk", drift.highest_risk))
                (shares("Loss (geometric)", drift.loss))
            }
        }
        h3 { "Distance between the two versions" }
        table {
            thead { tr { th { "Column" } th class="n" { "Datasets" } th class="n" { "Releases" } } }
            tbody {
                @for column in &drift.columns {
                    tr {
                        th scope="row" { bdi { (show::text(&column.name)) } }
                        td class="n" { (distance(column.dataset_distance)) }
                        td class="n" { (distance(column.release_distance)) }
                    }
                }
            }
        }
    }
}

pub(super) fn limits() -> Markup {
    html! { ul { @for limit in words::LIMITS { li { (limit) } } } }
}

pub(super) fn glossary() -> Markup {
    html! {
        dl class="glossary" {
            @for (word, meaning) in words::GLOSSARY { div { dt { (word) } dd { (meaning) } } }
        }
    }
}
