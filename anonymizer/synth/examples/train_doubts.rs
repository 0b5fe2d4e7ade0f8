//! Makes the weights by which sandyq-detect judges words that no rule names: `anonymizer/detect/data/names/doubts.bin`.
//!
//! `train_doubts OUT`. They are made from the first corpus, the clean text beside it, and texts written by hand, as they are, in
//! small and in large letters; not from the second corpus. A fifth of the texts is left out at first, and what the weights make of it is printed.
#![allow(
    clippy::indexing_slicing,
    reason = "places are those of the weights they were counted from"
)]
#![allow(dead_code, reason = "another example uses the rest")]

mod train;

use sandyq_detect::{DOUBT_WEIGHTS, Detector};
use sandyq_synth::corpus::{CORPORA, clean};
use sandyq_synth::label::Document;
use sandyq_synth::people;
use train::{Example, Model, Training, hash};

/// So many texts of the first corpus, which has few templates.
const DOCUMENTS: u64 = 3_000;
const SEED: u64 = 77;
/// How often what is no name in clean text counts.
const CLEAN: usize = 3;

fn main() -> std::io::Result<()> {
    let Some(out) = std::env::args().nth(1) else {
        eprintln!("train_doubts OUT");
        return Ok(());
    };
    let mut detector = Detector::new();
    let mut examples = Vec::new();
    let corpus = (0..DOCUMENTS).map_while(|number| (CORPORA[0].document)(SEED, number));
    for document in corpus {
        read(
            &mut detector,
            &document,
            ["corpus: other", "corpus: name"],
            &mut examples,
        );
    }
    let parts = [
        people::documents(),
        people::more(),
        people::third(),
        people::fourth(),
        people::fifth(),
        people::lone(),
    ];
    for document in parts.into_iter().flatten() {
        read(
            &mut detector,
            &document,
            ["by hand: other", "by hand: name"],
            &mut examples,
        );
        let large = Document {
            text: document.text.to_uppercase(),
            ..document.clone()
        };
        if hash(&large.text).is_multiple_of(3) {
            read(
                &mut detector,
                &large,
                ["large: other", "large: name"],
                &mut examples,
            );
        }
        let small = Document {
            text: document.text.to_lowercase(),
            ..document
        };
        read(
            &mut detector,
            &small,
            ["small: other", "small: name"],
            &mut examples,
        );
    }
    let clean = (0..clean::count() as u64).map_while(|number| clean::paragraph(SEED, number));
    let texts = clean.map(|(_, text)| text);
    let texts = texts.chain(people::nobody().map(str::to_owned));
    for text in texts {
        let held = hash(&text).is_multiple_of(5);
        for text in [text.to_lowercase(), text] {
            for doubt in detector.doubts(&text) {
                for _ in 0..CLEAN {
                    examples.push(Example::of("clean", doubt.features.clone(), false, held));
                }
            }
        }
    }
    let training = Training {
        weights: DOUBT_WEIGHTS,
        balanced: false,
        shrink: 2e-4,
    };
    Model::train(&examples, training).report(&examples);
    let all: Vec<Example> = examples.into_iter().map(Example::trained).collect();
    std::fs::write(out, Model::train(&all, training).frozen())
}

/// The words in doubt of a text: `sources` name those that are none, and names.
fn read(
    detector: &mut Detector,
    document: &Document,
    sources: [&'static str; 2],
    examples: &mut Vec<Example>,
) {
    let held = hash(&document.text).is_multiple_of(5);
    let places: Vec<usize> = document
        .text
        .char_indices()
        .map(|(place, _)| place)
        .chain([document.text.len()])
        .collect();
    let spans: Vec<(usize, usize)> = document
        .spans
        .iter()
        .filter(|span| span.kind == "PERSON")
        .map(|span| (places[span.start], places[span.end]))
        .collect();
    for doubt in detector.doubts(&document.text) {
        let touches = |&&(start, end): &&(usize, usize)| start < doubt.end && doubt.start < end;
        let label = spans.iter().find(touches);
        // A part of a longer name is neither; initials behind it are found with it.
        let initials = |&(start, end): &(usize, usize)| {
            let rest = &document.text[doubt.end.min(end)..end];
            start == doubt.start && rest.chars().filter(|letter| letter.is_alphabetic()).count() < 3
        };
        if label.is_some_and(|label| !initials(label)) {
            continue;
        }
        let name = label.is_some();
        let source = match (doubt.blinded, name) {
            (true, true) => "blinded name",
            (true, false) => "blinded other",
            (false, name) => sources[usize::from(name)],
        };
        examples.push(Example::of(source, doubt.features, name, held));
    }
}
