//! Requirements, risks, classes, records that stand out, and suppression.

use maud::{Markup, html};

use super::svg::{self, Group, Row, Size};
use super::{show, summary, words};
use crate::measure::{AMONG, AttackerRisk, ClassSizes, Measurement, Requirement};
use crate::report::Report;
use crate::utility::Uniques;

pub(super) fn requirements(report: &Report) -> Option<Markup> {
    let requirements = &report.measured.as_ref()?.requirements;
    if requirements.is_empty() {
        return None;
    }
    Some(html! {
        p { (words::REQUIREMENTS) }
        table class="wide" {
            thead { tr { th { "Requirement" } th { "What it means" } th class="n" { "Asked" } th class="n" { "Measured" } th { "Met" } } }
            tbody {
                @for requirement in requirements { (requirement_row(requirement)) }
            }
        }
    })
}

fn requirement_row(requirement: &Requirement) -> Markup {
    let (name, meaning) = words::requirement(requirement);
    let comparison = words::comparison(requirement.comparison);
    let measured = requirement.measured.map_or_else(
        || "no bound".to_owned(),
        |number| words::value(requirement, number),
    );
    html! {
        tr {
            th scope="row" {
                (name)
                @if let Some(column) = &requirement.column { br; bdi class="note" { (show::text(column)) } }
                @if !requirement.detail.is_empty() { br; span class="note" { (show::text(&requirement.detail)) } }
            }
            td { (meaning) }
            td class="n" { (comparison) " " (words::value(requirement, requirement.required)) }
            td class="n" { strong { (measured) } }
            td { @if requirement.holds { span class="good" { "✓ yes" } } @else { span class="bad" { "✗ no" } } }
        }
    }
}

pub(super) fn risks(report: &Report) -> Option<Markup> {
    let after = &report.measured.as_ref()?.risks;
    let before = report.original.as_ref().map(|original| &original.risks);
    let prosecutor = (before.map(|risks| risks.prosecutor), after.prosecutor);
    let journalist = after
        .journalist
        .map(|risk| (before.and_then(|risks| risks.journalist), risk));
    let marketer = (before.map(|risks| risks.marketer), after.marketer);
    Some(html! {
        p { (words::RISK) }
        (legend(before.is_some()))
        div class="cards" {
            article {
                h3 { "The prosecutor" }
                p { (words::PROSECUTOR) }
                (attacker("Risk of records to the prosecutor", prosecutor.0, &prosecutor.1))
            }
            article {
                h3 { "The journalist" }
                p { (words::JOURNALIST) }
                @match &journalist {
                    Some((before, after)) => (attacker("Risk of records to the journalist", *before, after)),
                    None => {
                        p class="aside" { (words::NO_POPULATION) }
                        (attacker("Risk of records to the journalist, at most", prosecutor.0, &prosecutor.1))
                    }
                }
            }
            article class="whole" {
                h3 { "The marketer" }
                p { (words::MARKETER) }
                (marketer_rows(marketer.0, marketer.1))
            }
        }
    })
}

/// What the two colours mean.
pub(super) fn legend(before: bool) -> Markup {
    html! {
        p class="legend" {
            @if before { span class="key before" {} " the dataset " }
            span class="key after" {} " the release"
        }
    }
}

fn attacker(title: &str, before: Option<AttackerRisk>, after: &AttackerRisk) -> Markup {
    let shares = |risk: &AttackerRisk| {
        let records = risk.records_among.iter().sum::<u64>().max(1) as f64;
        risk.records_among.map(|count| count as f64 / records)
    };
    let (old, new) = (before.as_ref().map(shares), shares(after));
    let groups: Vec<Group> = new
        .iter()
        .enumerate()
        .map(|(place, after)| Group {
            label: chance(place),
            before: old.and_then(|old| old.get(place).copied()),
            after: *after,
        })
        .collect();
    let size = Size {
        width: 400.0,
        height: 210.0,
    };
    let row = |name: &str, of: fn(&AttackerRisk) -> String| {
        html! {
            tr {
                th scope="row" { (name) }
                @if let Some(before) = &before { td class="n" { (of(before)) } }
                td class="n" { (of(after)) }
            }
        }
    };
    html! {
        (svg::columns(title, "chance of recognizing a record; height: share of records", &groups, size, show::rounded))
        table {
            thead { tr { th {} @if before.is_some() { th class="n" { "Dataset" } } th class="n" { "Release" } } }
            tbody {
                (row("Highest risk of a record", |risk| show::percent(risk.highest)))
                (row("Average risk", |risk| show::percent(risk.average)))
                (row("Records at more than 20%", |risk| show::count(risk.records_above_0_20)))
                (row("Records at more than 9%", |risk| show::count(risk.records_above_0_09)))
            }
        }
    }
}

/// The chances of a record that is looked for among so many.
fn chance(place: usize) -> String {
    let from = |place: usize| AMONG.get(place).copied();
    let percent = |people: u64| {
        let text = show::percent(1.0 / people as f64);
        text.trim_end_matches('%').to_owned()
    };
    match (from(place), from(place + 1)) {
        (Some(first), Some(next)) if next == first + 1 => format!("{}%", percent(first)),
        (Some(first), Some(next)) => {
            let round = |people: u64| {
                let share = 100.0 / people as f64;
                if share >= 1.0 {
                    format!("{share:.0}")
                } else {
                    percent(people)
                }
            };
            format!("{}–{}%", round(next - 1), round(first))
        }
        (Some(first), None) => format!("≤{}%", percent(first)),
        _ => String::new(),
    }
}

fn marketer_rows(before: Option<f64>, after: f64) -> Markup {
    let most = before.unwrap_or(0.0).max(after).max(0.01);
    let bar = |label: &str, share: f64, before| Row {
        label: label.to_owned(),
        share,
        number: show::percent(share),
        before,
    };
    let before = before.map(|share| bar("Recognized in the dataset", share, true));
    let bars: Vec<Row> = before
        .into_iter()
        .chain([bar("Recognized in the release", after, false)])
        .collect();
    svg::rows(
        "Share of all records that the marketer recognizes",
        &bars,
        most,
    )
}

/// Where the ranges of class sizes begin that are shown as one.
const SIZES: [u64; 10] = [1, 2, 3, 5, 10, 20, 50, 100, 500, 1_000];

pub(super) fn classes(report: &Report) -> Option<Markup> {
    let measured = report.measured.as_ref()?;
    let before = report.original.as_ref().map(|original| &original.classes);
    let after = &measured.classes;
    let (old, new) = (before.map(ranges), ranges(after));
    let groups: Vec<Group> = SIZES
        .iter()
        .enumerate()
        .map(|(place, _)| Group {
            label: range(place),
            before: old.map(|old| records(&old, place)),
            after: records(&new, place),
        })
        .collect();
    let size = Size {
        width: 720.0,
        height: 230.0,
    };
    let row = |name: &str, of: fn(&ClassSizes) -> String| {
        html! {
            tr {
                th scope="row" { (name) }
                @if let Some(before) = before { td class="n" { (of(before)) } }
                td class="n" { (of(after)) }
            }
        }
    };
    Some(html! {
        p { (words::CLASSES) }
        (legend(before.is_some()))
        (svg::columns("Records by the size of their class", "records of the class; height: records in classes of this size", &groups, size, whole))
        table {
            thead { tr { th {} @if before.is_some() { th class="n" { "Dataset" } } th class="n" { "Release" } } }
            tbody {
                (row("Classes", |sizes| show::count(sizes.classes)))
                (row("Records of the smallest class", |sizes| show::count(sizes.smallest)))
                (row("Records of a class on average", |sizes| show::number(sizes.average)))
                (row("Records of the largest class", |sizes| show::count(sizes.largest)))
                (row("People who stand alone", |sizes| show::count(alone(sizes))))
            }
        }
    })
}

fn whole(number: f64) -> String {
    show::count(number.round() as u64)
}

fn alone(sizes: &ClassSizes) -> u64 {
    let ones = sizes.sizes.iter().find(|(size, _)| *size == 1);
    ones.map_or(0, |(_, classes)| *classes)
}

/// Records in classes of each range of sizes.
fn ranges(sizes: &ClassSizes) -> [u64; SIZES.len()] {
    let mut records = [0; SIZES.len()];
    for (size, classes) in &sizes.sizes {
        let place = SIZES.partition_point(|first| first <= size);
        if let Some(sum) = records.get_mut(place.saturating_sub(1)) {
            *sum += size * classes;
        }
    }
    records
}

fn records(ranges: &[u64], place: usize) -> f64 {
    ranges.get(place).copied().unwrap_or_default() as f64
}

fn range(place: usize) -> String {
    match (SIZES.get(place), SIZES.get(place + 1)) {
        (Some(first), Some(next)) if *next == first + 1 => first.to_string(),
        (Some(first), Some(next)) => format!("{first}–{}", next - 1),
        (Some(first), None) => format!("{}+", show::count(*first)),
        _ => String::new(),
    }
}

pub(super) fn uniques(report: &Report) -> Option<Markup> {
    let utility = report.utility.as_ref()?;
    let (before, after) = (&utility.uniques_before, &utility.uniques_after);
    if before.by_column.is_empty() {
        return None;
    }
    let found = |uniques: &Uniques, place: usize| uniques.by_size.get(place).copied();
    let shown = |count: Option<u64>| count.map_or_else(|| "not counted".to_owned(), show::count);
    let most = before
        .by_column
        .iter()
        .map(|c| c.records)
        .max()
        .unwrap_or(0);
    let mut columns: Vec<_> = before.by_column.iter().zip(&after.by_column).collect();
    columns.sort_by_key(|(before, _)| std::cmp::Reverse(before.records));
    Some(html! {
        p { (words::UNIQUES) }
        table {
            thead { tr { th { "Stand out by" } th class="n" { "Dataset" } th class="n" { "Release" } } }
            tbody {
                @for (place, name) in ["one column alone", "two columns together", "three columns together"].into_iter().enumerate() {
                    @if place < before.by_column.len() {
                        tr { th scope="row" { (name) } td class="n" { (shown(found(before, place))) } td class="n" { (shown(found(after, place))) } }
                    }
                }
                tr class="sum" { th scope="row" { "any of these" } td class="n" { (show::count(before.any)) } td class="n" { (show::count(after.any)) } }
            }
        }
        p class="aside" { "Of " (show::counted(before.records, "record", "records")) " in the dataset and " (show::count(after.records)) " in the release. A record may stand out in several ways." }
        @if before.any > 0 {
            h3 { "Which columns single people out" }
            (legend(true))
            table {
                thead { tr { th { "Column" } th {} th class="n" { "Dataset" } th class="n" { "Release" } } }
                tbody {
                    @for (before, after) in columns.iter().take(15) {
                        tr {
                            th scope="row" { bdi { (show::text(&before.name)) } }
                            td { (svg::pair(before.records as f64, after.records as f64, most as f64)) }
                            td class="n" { (show::count(before.records)) }
                            td class="n" { (show::count(after.records)) }
                        }
                    }
                }
            }
        }
    })
}

pub(super) fn suppression(report: &Report) -> Option<Markup> {
    let reasons = report.suppression.as_ref();
    let cells = reasons.map_or(&[][..], |suppression| suppression.cells.as_slice());
    let reasons = reasons.map_or(&[][..], |suppression| suppression.reasons.as_slice());
    let allowed = (report.privacy.suppression_limit * report.rows.input as f64 + 1e-9) as u64;
    Some(html! {
        @if report.rows.suppressed == 0 && cells.is_empty() {
            p { "Nothing was suppressed: every record of the dataset is in the release." }
        } @else {
            p {
                (words::SUPPRESSION) " In this release these are "
                strong { (show::counted(report.rows.suppressed, "record", "records")) ", " (show::percent(summary::suppressed(report))) }
                " of the dataset; the profile allows up to " (show::count(allowed)) "."
            }
            @if !reasons.is_empty() {
                table {
                    thead { tr { th { "Requirement that the records did not meet" } th class="n" { "Records" } } }
                    tbody {
                        @for reason in reasons {
                            tr {
                                th scope="row" {
                                    (name(report.measured.as_ref(), &reason.model, reason.column.as_deref()))
                                    @if let Some(column) = &reason.column { " of " bdi { (show::text(column)) } }
                                }
                                td class="n" { (show::count(reason.records)) }
                            }
                        }
                    }
                }
                p class="aside" { "A record may have failed several requirements." }
            }
        }
        @if !cells.is_empty() {
            h3 { "Single values replaced by *" }
            table {
                thead { tr { th { "Column" } th class="n" { "Values" } } }
                tbody {
                    @for column in cells {
                        tr { th scope="row" { bdi { (show::text(&column.column)) } } td class="n" { (show::count(column.cells)) } }
                    }
                }
            }
        }
    })
}

/// The name of a model that the profile asks for.
fn name(measured: Option<&Measurement>, model: &str, column: Option<&str>) -> String {
    let requirements = measured.map_or(&[][..], |measured| measured.requirements.as_slice());
    let same = |r: &&Requirement| r.model == model && r.column.as_deref() == column;
    match requirements.iter().find(same) {
        Some(requirement) => words::requirement(requirement).0,
        None => show::text(model),
    }
}
