//! The report as a page that an agency's lawyer can read, print and file.
//!
//! One file without scripts and without anything from elsewhere; a policy in its head forbids both, should a text from the data ever slip
//! through as markup. Everything is escaped by the templates; nothing is put into the page as it is but the style sheet.

mod columns;
mod good;
mod origin;
mod people;
mod privacy;
mod quality;
mod show;
mod summary;
mod svg;
mod words;

pub use quality::quality_html;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Report;

const STYLE: &str = include_str!("style.css");

/// Nothing may be loaded or run.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// The report as one self-contained HTML file.
#[must_use]
pub fn html(report: &Report) -> String {
    let title = format!("Depersonalization report: {}", show::text(&report.dataset));
    let sections = sections(report);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (summary::head(report))
                nav aria-label="Contents" {
                    ol {
                        @for (index, section) in sections.iter().enumerate() {
                            li { a href=(format!("#s{}", index + 1)) { (section.title) } }
                        }
                    }
                }
                main {
                    @for (index, section) in sections.iter().enumerate() {
                        section id=(format!("s{}", index + 1)) {
                            h2 { span class="place" { (index + 1) } " " (section.title) }
                            (section.body)
                        }
                    }
                }
                footer { "Sandyq " (env!("CARGO_PKG_VERSION")) " · " (title) " · file " code { (report.output_sha256.chars().take(16).collect::<String>()) "…" } }
            }
        }
    };
    page.into_string()
}

struct Section {
    title: &'static str,
    body: Markup,
}

/// The sections that there is something to say in.
fn sections(report: &Report) -> Vec<Section> {
    let all = [
        (
            "What was asked, and what was measured",
            privacy::requirements(report),
        ),
        ("The risk of being recognized", privacy::risks(report)),
        ("How many records look alike", privacy::classes(report)),
        ("People behind the rows", people::people(report)),
        ("Records that stand out", privacy::uniques(report)),
        ("What was suppressed, and why", privacy::suppression(report)),
        (
            "What was done with each column",
            columns::treatments(report),
        ),
        (
            "The values before and after",
            columns::distributions(report),
        ),
        (
            "How columns depend on one another",
            good::associations(report),
        ),
        (
            "What can be learnt from the release",
            good::learning(report),
        ),
        (
            "The quality of the data",
            report.quality.as_ref().map(quality::section),
        ),
        ("What changed since the last version", origin::drift(report)),
        ("Where this release comes from", origin::files(report)),
        ("What to keep in mind", Some(origin::limits())),
        ("Words used", Some(origin::glossary())),
    ];
    all.into_iter()
        .filter_map(|(title, body)| Some(Section { title, body: body? }))
        .collect()
}

#[cfg(test)]
mod tests;
