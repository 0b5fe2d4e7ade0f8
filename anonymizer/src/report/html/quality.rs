//! The quality of the data, as part of a report and as a page of its own.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{POLICY, STYLE, show};
use crate::quality::{ColumnQuality, DatasetQuality, Distribution, OutlierMethod, QualityReport};

/// Categories that a table shows.
const LISTED: usize = 30;

/// The quality of one dataset.
pub(super) fn section(quality: &DatasetQuality) -> Markup {
    html! {
        p {
            (show::counted(quality.rows, "row", "rows")) "; " strong { (show::percent(quality.completeness)) } " of all cells have a value; "
            (show::counted(quality.duplicates.rows, "row repeats", "rows repeat")) " another ("
            (show::percent(quality.duplicates.share)) ")"
            @if let (Some(subjects), Some(repeated)) = (quality.duplicates.subjects, quality.duplicates.repeated_subjects) {
                "; " (show::counted(subjects, "person", "people")) ", " (show::count(repeated)) " of them with several rows"
            }
            "."
        }
        table {
            thead { tr { th { "Column" } th { "Type" } th class="n" { "Filled" } th class="n" { "Valid" } th class="n" { "Outliers" } } }
            tbody { @for column in &quality.columns { (row(column)) } }
        }
        @for distribution in &quality.distributions { (compared(distribution)) }
        @if !quality.languages.is_empty() {
            h3 { "Languages of the texts" }
            table {
                thead { tr { th { "Column" } th class="n" { "Kazakh" } th class="n" { "Russian" } th class="n" { "English" } th class="n" { "Too short to tell" } th class="n" { "Texts in several" } } }
                tbody {
                    @for mix in &quality.languages {
                        tr {
                            th scope="row" { bdi { (show::text(&mix.column)) } }
                            @for share in [mix.kazakh, mix.russian, mix.english, mix.undetermined, mix.mixed] {
                                td class="n" { (show::percent(share)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn row(column: &ColumnQuality) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (show::text(&column.column)) } }
            td { (column.kind.as_deref().map(show::text).unwrap_or_default()) }
            td class="n" { (show::percent(column.completeness)) }
            td class="n" { @if let Some(validity) = column.validity { (show::percent(validity.share)) } }
            td class="n" {
                @if let Some(outliers) = column.outliers {
                    (show::percent(outliers.share)) " " (match outliers.method {
                        OutlierMethod::RobustZ => "(robust z)",
                        OutlierMethod::Quartiles => "(quartiles)",
                        OutlierMethod::Range => "(out of range)",
                    })
                }
            }
        }
    }
}

fn compared(distribution: &Distribution) -> Markup {
    let name = match distribution.dimension.as_str() {
        "sex" => "Sex",
        "age_group" => "Age",
        _ => "Region",
    };
    html! {
        h3 { (name) ", beside the population" }
        p {
            "Distance " strong { (show::percent(distribution.distance)) } " (0% is the same distribution), over "
            (show::counted(distribution.people, "person", "people")) "; not known of " (show::count(distribution.unknown)) "."
        }
        table {
            thead { tr { th { "Category" } th class="n" { "Dataset" } th class="n" { "Population" } } }
            tbody {
                @for share in distribution.shares.iter().take(LISTED) {
                    tr {
                        th scope="row" { bdi { (show::text(&share.category)) } }
                        td class="n" { (show::percent(share.observed)) }
                        td class="n" { (show::percent(share.reference)) }
                    }
                }
            }
        }
    }
}

/// The quality of a library as one self-contained HTML file.
#[must_use]
pub fn quality_html(report: &QualityReport) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Quality report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p class="kind" { "Quality report" }
                    h1 {
                        @for (index, dataset) in report.datasets.iter().enumerate() {
                            @if index > 0 { ", " }
                            bdi { (show::text(&dataset.dataset)) }
                        }
                    }
                    @if report.breaches.is_empty() {
                        p class="lead" { "Every threshold that was set holds." }
                    } @else {
                        p class="lead" { "Below what is asked for:" }
                        ul { @for breach in &report.breaches { li { (show::shortened(&breach.to_string(), 300)) } } }
                    }
                }
                main {
                    @for (index, dataset) in report.datasets.iter().enumerate() {
                        section id=(format!("s{}", index + 1)) {
                            h2 { bdi { (show::text(&dataset.dataset)) } }
                            (section(dataset))
                        }
                    }
                }
                footer { "Sandyq " (env!("CARGO_PKG_VERSION")) " · Ages as of " (report.today) }
            }
        }
    };
    page.into_string()
}
