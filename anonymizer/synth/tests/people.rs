//! How well names are found in texts that nobody wrote recognizers by.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use sandyq_detect::{Detector, Kind, code_points};
use sandyq_synth::label::{Document, Language};
use sandyq_synth::people;

/// Labelled, found, and found right, with exact edges.
fn counts(documents: Vec<Document>, language: Language) -> (usize, usize, usize) {
    let mut detector = Detector::new();
    let (mut labelled, mut found, mut right) = (0, 0, 0);
    let documents = documents.into_iter();
    for document in documents.filter(|document| document.language == language) {
        let mut spans = detector.detect(&document.text);
        spans.retain(|span| span.kind == Kind::Person);
        let places = code_points(&document.text, &spans);
        labelled += document.spans.len();
        found += places.len();
        right += places
            .iter()
            .filter(|place| {
                let mut labels = document.spans.iter();
                labels.any(|label| (label.start, label.end) == (place.start, place.end))
            })
            .count();
    }
    (labelled, found, right)
}

#[test]
fn names_in_texts_written_by_hand_are_found() {
    for (documents, language, recall, precision) in [
        (people::documents(), Language::Russian, 0.91, 0.93),
        (people::documents(), Language::Kazakh, 0.92, 0.94),
        (people::more(), Language::Russian, 0.94, 0.94),
        (people::more(), Language::Kazakh, 0.94, 0.94),
        (people::third(), Language::Russian, 0.93, 0.97),
        (people::third(), Language::Kazakh, 0.92, 0.97),
        (people::fourth(), Language::Russian, 0.96, 0.98),
        (people::fourth(), Language::Kazakh, 0.94, 0.96),
        (people::fifth(), Language::Russian, 0.96, 0.98),
        (people::fifth(), Language::Kazakh, 0.94, 0.96),
        (people::sixth(), Language::Russian, 0.96, 0.98),
        (people::sixth(), Language::Kazakh, 0.94, 0.97),
        (people::seventh(), Language::Russian, 0.96, 0.98),
        (people::seventh(), Language::Kazakh, 0.92, 0.95),
        (people::eighth(), Language::Russian, 0.96, 0.96),
        (people::eighth(), Language::Kazakh, 0.96, 0.98),
        (people::ninth(), Language::Russian, 0.93, 0.94),
        (people::ninth(), Language::Kazakh, 0.93, 0.94),
        (people::tenth(), Language::Russian, 0.93, 0.94),
        (people::tenth(), Language::Kazakh, 0.92, 0.96),
        (people::eleventh(), Language::Russian, 0.94, 0.92),
        (people::eleventh(), Language::Kazakh, 0.93, 0.90),
    ] {
        let (labelled, found, right) = counts(documents, language);
        let ratio = |whole: usize| right as f64 / whole as f64;
        assert!(
            ratio(labelled) >= recall && ratio(found) >= precision,
            "{language:?}: recall {:.3} of {labelled}, precision {:.3} of {found}",
            ratio(labelled),
            ratio(found)
        );
    }
}
