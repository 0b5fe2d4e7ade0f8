//! People behind the rows: how many share what is known of one.

use maud::{Markup, html};

use super::show;
use crate::profile::KnownRecords;
use crate::relation::RelationReport;
use crate::report::Report;

pub(super) fn people(report: &Report) -> Option<Markup> {
    let relation = report.relation.as_ref()?;
    Some(html! {
        p {
            "Rows are about people, whom the column " strong { bdi { (show::text(&relation.subject)) } }
            " tells apart; several rows of one person count once. "
            (known(relation))
        }
        table {
            tbody {
                (row("People in the dataset", &show::count(relation.subjects)))
                @if let Some(released) = relation.released_subjects {
                    (row("People in the release", &show::count(released)))
                }
                (row("Rows left out", &show::count(relation.withheld_rows)))
                (row("Rows released that do not say whom they are about", &show::count(relation.rows_without_subject)))
                (row("People in the equivalence class that has the fewest", &show::count(relation.smallest_class_subjects)))
                @if let Some(joined) = relation.joined_k {
                    (row("People who share what is known of any one of them, over all datasets", &show::count(joined)))
                }
                @if let Some(classes) = relation.joined_classes {
                    (row("Different things that can be known of people", &show::count(classes)))
                }
                (row("People asked for", &show::count(relation.required_k)))
            }
        }
        @if relation.linked && relation.datasets.len() > 1 {
            p class="aside" {
                "Joined by pseudonym with: "
                @for (index, name) in relation.datasets.iter().filter(|name| **name != report.dataset).enumerate() {
                    @if index > 0 { ", " }
                    bdi { (show::text(name)) }
                }
                "."
            }
        }
    })
}

fn known(relation: &RelationReport) -> String {
    if !relation.linked {
        return "The release does not name them, so rows of one person cannot be found together."
            .to_owned();
    }
    match relation.known_records {
        KnownRecords::All => {
            "The release has pseudonyms, so that all rows of a person can be found together. People are counted who share the whole collection of \
             quasi-identifiers of their rows, dataset by dataset."
                .to_owned()
        }
        KnownRecords::AtMost(most) => format!(
            "The release has pseudonyms, so that all rows of a person can be found together. People are counted who share whatever an attacker may know: \
             the quasi-identifiers of any {} in each dataset.",
            show::counted(u64::from(most), "row of a person", "rows of a person")
        ),
    }
}

fn row(what: &str, value: &str) -> Markup {
    html! { tr { th scope="row" { (what) } td class="n" { (value) } } }
}
