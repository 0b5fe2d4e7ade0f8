//! The head of the page: what the release is, whether it keeps to its profile, and the numbers most asked for.

use maud::{Markup, html};

use super::{show, words};
use crate::report::Report;

pub(super) fn head(report: &Report) -> Markup {
    html! {
        header {
            p class="kind" { "Depersonalization report" }
            h1 { bdi { (show::text(&report.dataset)) } }
            (verdict(report))
            p class="lead" { (words::PURPOSE) }
            dl class="tiles" {
                (tile("Records released", &show::count(report.rows.output), &format!("of {}", show::count(report.rows.input))))
                (tile("Records suppressed", &show::percent(suppressed(report)), &show::counted(report.rows.suppressed, "record", "records")))
                (tile("Smallest class", &show::count(report.rows.smallest_class), &format!("records look alike, at least; asked for {}", show::count(report.privacy.required_k))))
                (tile("Highest risk", &show::percent(report.privacy.highest_prosecutor_risk), &before(report, |risk| risk.highest)))
                (tile("Average risk", &show::percent(report.privacy.average_prosecutor_risk), &before(report, |risk| risk.average)))
                (tile("Detail lost", &show::percent(report.loss.arithmetic), "mean over the quasi-identifiers"))
            }
        }
    }
}

/// The share of records that are suppressed.
pub(super) fn suppressed(report: &Report) -> f64 {
    report.rows.suppressed as f64 / report.rows.input.max(1) as f64
}

fn before(report: &Report, of: fn(&crate::measure::AttackerRisk) -> f64) -> String {
    match &report.original {
        Some(original) => format!("before: {}", show::percent(of(&original.risks.prosecutor))),
        None => "of being recognized".to_owned(),
    }
}

fn tile(name: &str, value: &str, note: &str) -> Markup {
    html! {
        div {
            dt { (name) }
            dd { strong { (value) } span { (note) } }
        }
    }
}

fn verdict(report: &Report) -> Markup {
    let Some(measured) = &report.measured else {
        let holds = report.privacy.measured_k >= report.privacy.required_k;
        return judged(holds, 1, usize::from(!holds));
    };
    let broken = measured.requirements.iter().filter(|r| !r.holds).count();
    judged(broken == 0, measured.requirements.len(), broken)
}

fn judged(holds: bool, all: usize, broken: usize) -> Markup {
    html! {
        @if holds {
            p class="verdict good" { "✓ The release meets " (if all == 1 { "the requirement".to_owned() } else { format!("all {all} requirements") }) " of its profile." }
        } @else {
            p class="verdict bad" { "✗ The table does not meet " (broken) " of the " (all) " requirements of its profile. It must not be released." }
        }
    }
}
