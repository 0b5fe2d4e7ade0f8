//! Makes the weights by which sandyq-detect judges words that no rule names: `anonymizer/detect/data/names/doubts.bin`.
//!
//! `train_doubts OUT`. They are made from the first corpus, the clean text beside it, and texts written by hand, as they are, in
//! small and in large letters; not from the second corpus. A fifth of the texts is left out at first, and what the weights make of it is printed.
//! `train_doubts apart [NEAR ELSEWHERE]... [errors]` measures each part by hand with weights that have not seen it, at these thresholds, in
//! sixteenths of log-odds; with `errors` it shows what is wrong, and what the words in doubt of that text weigh.
#![allow(
    clippy::indexing_slicing,
    reason = "places are those of the weights they were counted from"
)]
#![allow(dead_code, reason = "another example uses the rest")]

#[path = "quality/mod.rs"]
mod quality;
mod train;

use quality::Tally;
use sandyq_detect::{DOUBT_WEIGHTS, Detector, DoubtWeights, Kind, code_points};
use sandyq_synth::label::{Document, Language, Span};
use train::doubts::{Texts, clean_texts, parts, texts};
use train::{Example, Model, Training};

const TRAINING: Training = Training {
    weights: DOUBT_WEIGHTS,
    balanced: false,
    shrink: 2e-4,
};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, rest @ ..] = arguments.as_slice() else {
        eprintln!("train_doubts OUT | train_doubts apart [NEAR ELSEWHERE]... [errors]");
        return Ok(());
    };
    let Texts {
        mut examples,
        parts,
    } = texts();
    let shift = 32 - DOUBT_WEIGHTS.trailing_zeros();
    for example in &mut examples {
        example.shift(shift);
    }
    if first == "apart" {
        let numbers: Vec<i32> = rest
            .iter()
            .filter_map(|number| number.parse().ok())
            .collect();
        let pairs = numbers.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        let show = rest.iter().any(|argument| argument == "errors");
        apart(examples, &parts, &pairs.collect::<Vec<_>>(), show);
        return Ok(());
    }
    Model::train(&examples, TRAINING).report(&examples);
    let all: Vec<Example> = examples.into_iter().map(Example::trained).collect();
    std::fs::write(first, Model::train(&all, TRAINING).frozen())
}

/// Prints what weights that have not seen a part find in it, at several thresholds.
fn apart(mut examples: Vec<Example>, of: &[usize], thresholds: &[(i32, i32)], show: bool) {
    let parts = parts();
    let steps: Vec<Vec<u8>> = (0..parts.len())
        .map(|part| {
            for (example, of) in examples.iter_mut().zip(of) {
                example.hold(*of == part);
            }
            Model::train(&examples, TRAINING).frozen()
        })
        .collect();
    for &least in thresholds {
        println!("near {}, elsewhere {}", least.0, least.1);
        let mut detector = Detector::new();
        let (mut all, mut clean, mut words) = (Tally::default(), 0, 0);
        for (part, documents) in parts.iter().enumerate() {
            detector.weigh_by(DoubtWeights {
                steps: steps[part].clone(),
                least,
            });
            let mut tally = Tally::default();
            for document in documents {
                let found = people_in(&mut detector, document);
                let wrong = tally.add(document, &found);
                all.add(document, &found);
                if show && !wrong.is_empty() {
                    explain(&mut detector, document, &wrong, &steps[part]);
                }
            }
            print(&format!("part {}", part + 1), &tally);
            for (_, text) in clean_texts(parts.len()).filter(|(of, _)| *of == part) {
                words += text.split_whitespace().count();
                let found = detector.detect(&text);
                clean += found
                    .iter()
                    .filter(|span| span.kind == Kind::Person)
                    .count();
            }
        }
        print("all parts", &all);
        println!("{clean} false spans in {words} words of clean text");
    }
}

/// Shows what is wrong in a text, and what its words in doubt weigh, with people around them and without.
fn explain(detector: &mut Detector, document: &Document, wrong: &[String], steps: &[u8]) {
    println!("{}\n    {}", wrong.join("; "), document.text);
    let shift = 32 - DOUBT_WEIGHTS.trailing_zeros();
    let weigh = |features: &[u32]| -> i32 {
        let weights = features
            .iter()
            .map(|place| steps[(place >> shift) as usize] as i8);
        weights.map(i32::from).sum()
    };
    for doubt in detector.doubts(&document.text) {
        if !doubt.blinded {
            let word = &document.text[doubt.start..doubt.end];
            let (near, alone) = (weigh(&doubt.features), weigh(&doubt.alone));
            println!("        {word}: {near}, alone {alone}");
        }
    }
}

fn print(name: &str, tally: &Tally) {
    let scores = [Language::Russian, Language::Kazakh].map(|language| {
        let score = tally.sum(&["PERSON"], Some(language));
        format!(
            "{:?} {:.4} / {:.4} of {}",
            language,
            score.recall(),
            score.precision(),
            score.labels
        )
    });
    println!("{name:<12} {}", scores.join("   "));
}

fn people_in(detector: &mut Detector, document: &Document) -> Vec<Span> {
    let mut found = detector.detect(&document.text);
    found.retain(|span| span.kind == Kind::Person);
    let places = code_points(&document.text, &found);
    let spans = places.into_iter().map(|place| Span {
        start: place.start,
        end: place.end,
        kind: "PERSON".to_owned(),
        optional: false,
        unlisted: false,
    });
    spans.collect()
}
