//! How well numbers, addresses and dates of birth are found in texts that nobody wrote recognizers by.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

use sandyq_detect::{Detector, Kind, code_points};
use sandyq_synth::facts;

/// Of some kinds: labelled, found, and found right, by its edges.
fn counts(kinds: &[&str]) -> (usize, usize, usize) {
    let mut detector = Detector::new();
    let (mut labelled, mut found, mut right) = (0, 0, 0);
    for document in facts::documents() {
        let spans = detector.detect(&document.text);
        let places = code_points(&document.text, &spans);
        let wanted = |kind: Kind| kinds.contains(&kind.as_str());
        let of_kinds = spans
            .iter()
            .zip(places)
            .filter(|(span, _)| wanted(span.kind));
        let labels = document.spans.iter();
        labelled += labels
            .filter(|label| kinds.contains(&label.kind.as_str()))
            .count();
        for (span, place) in of_kinds {
            found += 1;
            let mut labels = document.spans.iter();
            right += usize::from(labels.any(|label| {
                // The word for "year" behind a date is a matter of taste.
                let taste = if span.kind == Kind::BirthDate { 6 } else { 0 };
                label.kind == span.kind.as_str()
                    && label.start == place.start
                    && (label.end..=label.end + taste).contains(&place.end)
            }));
        }
    }
    (labelled, found, right)
}

#[test]
fn facts_in_texts_written_by_hand_are_found() {
    for (kinds, recall, precision) in [
        (&facts::FORMATTED[..], 0.995, 0.99),
        (&["ADDRESS"][..], 0.92, 0.90),
        (&["BIRTHDATE"][..], 0.92, 0.90),
    ] {
        let (labelled, found, right) = counts(kinds);
        let ratio = |whole: usize| right as f64 / whole as f64;
        assert!(
            ratio(labelled) >= recall && ratio(found) >= precision,
            "{kinds:?}: recall {:.4} of {labelled}, precision {:.4} of {found}",
            ratio(labelled),
            ratio(found)
        );
    }
}
