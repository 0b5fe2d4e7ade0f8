#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::*;
use crate::cancel::Cancel;
use crate::measure::{
    AttackerRisk, ClassSizes, Comparison, Measurement, Requirement, Risks, Utility,
};
use crate::profile::{Recoding, Role, Transform};
use crate::report::{
    ColumnReport, DropReason, DroppedColumn, SearchReport, SuppressedCells, SuppressionReason,
    SuppressionReport, drift,
};
use crate::utility::{Attribute, Coded, UtilityLimits, utility};

/// Markup that would do harm if it were taken for such.
const HOSTILE: &str = "<script>alert('x')</script>\"><img src=http://x/ onerror=a>&amp;";

fn measurement(sizes: &[(u64, u64)]) -> Measurement {
    let classes: u64 = sizes.iter().map(|(_, classes)| classes).sum();
    let records: u64 = sizes.iter().map(|(size, classes)| size * classes).sum();
    let risk = AttackerRisk {
        highest: 1.0,
        average: classes as f64 / records as f64,
        records_above_0_09: records,
        records_above_0_20: records,
        records_among: [records, 0, 0, 0, 0, 0, 0, 0],
    };
    Measurement {
        records,
        suppressed: 0,
        classes: ClassSizes {
            classes,
            smallest: 1,
            largest: 9,
            average: records as f64 / classes as f64,
            sizes: sizes.to_vec(),
        },
        risks: Risks {
            prosecutor: risk,
            journalist: None,
            marketer: risk.average,
        },
        population: None,
        sensitive: Vec::new(),
        utility: Utility {
            geometric_loss: 0.0,
            arithmetic_loss: 0.0,
            discernibility: 0.0,
            average_class_size: 0.0,
            precision_loss: 0.0,
            non_uniform_entropy: None,
            attributes: Vec::new(),
        },
        requirements: Vec::new(),
    }
}

fn requirement(model: &str, holds: bool) -> Requirement {
    Requirement {
        model: model.to_owned(),
        column: Some(HOSTILE.to_owned()),
        detail: HOSTILE.to_owned(),
        comparison: Comparison::AtLeast,
        required: 3.0,
        measured: None,
        holds,
    }
}

/// A report that has something in every place, with `text` wherever a name or value of the data may stand.
fn full(text: &str) -> Report {
    let mut report = Report {
        dataset: text.to_owned(),
        profile_sha256: "0a".repeat(32),
        output_sha256: "0b".repeat(32),
        input_sha256: Some("0c".repeat(32)),
        ..Report::default()
    };
    report.rows.input = 30_162;
    report.rows.output = 28_816;
    report.rows.suppressed = 1_346;
    report.hierarchies.insert(text.to_owned(), "0d".repeat(32));
    report.columns.push(ColumnReport {
        name: text.to_owned(),
        role: Role::Quasi,
        transform: Transform::Suppress,
        level: None,
        loss: Some(0.25),
    });
    report.dropped.push(DroppedColumn {
        name: text.to_owned(),
        reason: DropReason::NotInProfile,
    });
    let mut measured = measurement(&[(5, 3)]);
    measured.requirements = vec![
        requirement("distinct_diversity", true),
        requirement(text, true),
    ];
    report.measured = Some(measured);
    report.original = Some(measurement(&[(1, 3), (2, 6)]));
    let other = format!("{text}2");
    let coded = |values: [&str; 4]| Coded::of(values.map(Some));
    let attributes = [text, &other].map(|name| {
        let (before, after) = (coded(["a", text, "b", "b"]), coded([text, "a", "b", "b"]));
        Attribute::new(name, true, before, after, |_| None)
    });
    let limits = UtilityLimits::default();
    report.utility = Some(utility(&attributes, Some(text), &limits, &Cancel::new()).unwrap());
    report.suppression = Some(SuppressionReport {
        reasons: vec![SuppressionReason {
            model: text.to_owned(),
            column: Some(text.to_owned()),
            records: 1_346,
        }],
        cells: vec![SuppressedCells {
            column: text.to_owned(),
            cells: 7,
        }],
    });
    report.search = Some(SearchReport {
        recoding: Recoding::LocalFast,
        optimal: false,
        score: 0.5,
        bound: Some(0.25),
    });
    let mut old = report.clone();
    old.columns.push(ColumnReport {
        name: format!("old {text}"),
        ..report.columns.first().unwrap().clone()
    });
    report.drift = Some(drift(&old, &report));
    report
}

/// The names of all elements, and the attributes that might load or run something.
fn elements(page: &str) -> Vec<&str> {
    page.split('<')
        .skip(1)
        .map(|tag| {
            tag.split([' ', '>', '/'])
                .find(|part| !part.is_empty())
                .unwrap_or_default()
        })
        .collect()
}

#[test]
fn text_of_the_data_is_never_markup() {
    let page = html(&full(HOSTILE));
    let known = [
        "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "header", "p", "h1", "h2",
        "h3", "bdi", "dl", "div", "dt", "dd", "strong", "span", "nav", "ol", "ul", "li", "a",
        "main", "section", "article", "table", "thead", "tbody", "tr", "th", "td", "br", "svg",
        "desc", "rect", "line", "text", "code", "footer",
    ];
    for element in elements(&page) {
        assert!(known.contains(&element), "there is an element {element:?}");
    }
    assert!(page.contains("&lt;script&gt;alert('x')"));
    for loaded in [" src=", "http:", "https:", "url(", "@import", "javascript:"] {
        let outside = page.replace("&lt;img src=http://x/ onerror=a&gt;", "");
        let outside = outside.replace("img src=http", "");
        assert!(!outside.contains(loaded), "{loaded} is in the page");
    }
}

#[test]
fn the_page_says_what_the_report_says() {
    let page = html(&full("age"));
    for part in [
        "<title>Depersonalization report: age</title>",
        "meets all 2 requirements",
        "28,816",
        "of 30,162",
        "1,346 records",
        "4.46%",
        "at least 3 different values of",
        "the profile does not name it",
        "no solution can be below 0.25",
        "column &quot;old age&quot; is no longer released",
        "Content-Security-Policy",
        "@media print",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    for hash in ["0a", "0b", "0c", "0d"] {
        assert!(page.contains(&hash.repeat(32)));
    }
}

#[test]
fn every_picture_has_a_title_and_a_description() {
    let page = html(&full("age"));
    let pictures = page.split("<svg").skip(1);
    let mut described = 0;
    for picture in pictures {
        let head = picture.split('>').next().unwrap();
        if head.contains("aria-hidden") {
            continue;
        }
        assert!(head.contains("role=\"img\"") && head.contains("aria-label"));
        assert!(picture.contains("<title>") && picture.contains("<desc>"));
        described += 1;
    }
    assert!(described >= 5, "{described} pictures");
}

#[test]
fn elements_are_closed_in_the_order_in_which_they_were_opened() {
    let page = html(&full("age"));
    let mut open = Vec::new();
    for tag in page.split('<').skip(2) {
        let tag = tag.split('>').next().unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => {
                let name = tag.split(' ').next().unwrap();
                if !["meta", "br"].contains(&name) {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?} are open");
}

#[test]
fn what_fails_its_profile_is_called_so() {
    let mut report = full("age");
    let measured = report.measured.as_mut().unwrap();
    measured
        .requirements
        .push(requirement("k_anonymity", false));
    let page = html(&report);
    assert!(page.contains("does not meet 1 of the 3 requirements"));
    assert!(page.contains("✗ no"));
}

#[test]
fn a_report_that_measured_little_is_a_page_too() {
    let page = html(&Report::default());
    assert!(page.contains("Words used"));
    assert!(!page.contains("NaN") && !page.contains("inf"));
    let json = Report::default().to_json().unwrap();
    assert_eq!(
        serde_json::from_str::<Report>(&json).unwrap(),
        Report::default()
    );
}

#[test]
fn a_report_survives_its_json() {
    let report = full(HOSTILE);
    let json = report.to_json().unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_adds_an_element(text in "\\PC{0,20}|[<>&\"'a/= -]{0,30}") {
        prop_assume!(text != "a" && text != "b");
        let count = |page: &str| elements(page).len();
        prop_assert_eq!(count(&html(&full(&text))), count(&html(&full("age"))));
    }
}
