//! What was done with each column, and its values before and after.

use maud::{Markup, html};

use super::svg::{self, Row};
use super::{privacy, show, words};
use crate::report::{ColumnReport, Report};
use crate::utility::{Bar, ColumnUtility};

pub(super) fn treatments(report: &Report) -> Option<Markup> {
    let losses: Vec<Row> = report
        .columns
        .iter()
        .filter_map(|column| {
            let loss = column.loss?;
            Some(Row {
                label: show::text(&column.name),
                share: loss,
                number: show::percent(loss),
                before: false,
            })
        })
        .collect();
    Some(html! {
        p { (words::COLUMNS) }
        table class="wide" {
            thead { tr { th { "Column" } th { "What it tells" } th { "What was done" } th class="n" { "Loss" } } }
            tbody {
                @for column in &report.columns { (treatment(column)) }
                @for column in &report.dropped {
                    tr class="gone" {
                        th scope="row" { bdi { (show::text(&column.name)) } }
                        td { "–" }
                        td { "not released: " (words::dropped(column.reason)) }
                        td class="n" { "–" }
                    }
                }
            }
        }
        @if !losses.is_empty() {
            h3 { "Loss of each quasi-identifier" }
            (svg::rows("Loss of each quasi-identifier, from 0% to 100%", &losses, 1.0))
            p class="aside" { "Taken together: " (show::percent(report.loss.arithmetic)) " (arithmetic mean), " (show::percent(report.loss.geometric)) " (geometric mean)." }
        }
    })
}

fn treatment(column: &ColumnReport) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (show::text(&column.name)) } }
            td { (words::role(column.role)) }
            td { (words::treatment(&column.transform, column.level)) }
            td class="n" { (column.loss.map_or_else(|| "–".to_owned(), show::percent)) }
        }
    }
}

pub(super) fn distributions(report: &Report) -> Option<Markup> {
    let columns = &report.utility.as_ref()?.columns;
    if columns.is_empty() {
        return None;
    }
    Some(html! {
        p { (words::DISTRIBUTIONS) }
        (privacy::legend(true))
        div class="stack" {
            @for column in columns { (distribution(column)) }
        }
    })
}

fn distribution(column: &ColumnUtility) -> Markup {
    let most = column
        .distribution
        .iter()
        .flat_map(|bar| [bar.before, bar.after])
        .fold(0.0, f64::max);
    html! {
        article {
            h3 { bdi { (show::text(&column.name)) } }
            p class="note" {
                "Distance " strong { (format!("{:.3}", column.distance)) }
                " · different values " (show::count(column.values_before)) " → " (show::count(column.values_after))
                @if column.generalized > 0.0 { " · " (show::percent(column.generalized)) " of the values generalized or suppressed" }
            }
            table class="bars" {
                thead class="hidden" { tr { th { "Value" } th {} th class="n" { "Dataset" } th class="n" { "Release" } } }
                tbody {
                    @for bar in &column.distribution { (bar_row(bar, most)) }
                }
            }
        }
    }
}

fn bar_row(bar: &Bar, most: f64) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (show::shortened(&show::value(bar.label.as_deref()), 24)) } }
            td { (svg::pair(bar.before, bar.after, most)) }
            td class="n" { (show::percent(bar.before)) }
            td class="n" { (show::percent(bar.after)) }
        }
    }
}
