//! Precision and recall of sandyq-detect on invented texts, each with its bar.
//!
//! `detect_quality [DOCUMENTS] [SEED] [errors KIND]`. With `errors KIND`, texts with wrong spans of that kind are shown; with `errors FACTS`,
//! those of numbers, addresses and dates of birth written by hand.
//! `detect_quality texts FILE [errors PEOPLE]` measures names in a file of anybody's, as [`people::read`] says.

mod quality;

use quality::{Score, Tally};
use sandyq_detect::{Detector, code_points};
use sandyq_synth::corpus::{CORPORA, Corpus, clean};
use sandyq_synth::label::{Document, Language, Span};
use sandyq_synth::{facts, people, second};

/// Kinds with a form or a check digit of their own.
const FORMATTED: &[&str] = &[
    "IIN",
    "BIN",
    "PHONE",
    "EMAIL",
    "IBAN",
    "CARD",
    "IDCARD",
    "PASSPORT",
    "PLATE",
    "VIN",
    "KATO",
    "DRIVER_LICENCE",
    "IP",
    "USER_NAME",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, otherwise: u64| {
        arguments
            .get(place)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    };
    let (documents, seed) = (number(0, 20_000), number(1, 1));
    let shown = arguments
        .iter()
        .position(|argument| argument == "errors")
        .and_then(|place| arguments.get(place + 1));
    let mut detector = Detector::new();
    let show = shown.map(String::as_str) == Some("PEOPLE");
    if let [first, file, ..] = arguments.as_slice()
        && first == "texts"
    {
        match std::fs::read_to_string(file) {
            Ok(texts) => measure_people(&mut detector, "texts", people::read(&texts), show),
            Err(error) => eprintln!("{file}: {error}"),
        }
        return;
    }
    let mut missed = 0;
    for corpus in CORPORA {
        missed += measure(
            &mut detector,
            corpus,
            documents,
            seed,
            shown.map(String::as_str),
        );
    }
    measure_people(&mut detector, "texts", people::documents(), show);
    measure_people(&mut detector, "more texts", people::more(), show);
    for (name, documents) in [
        ("a third part of texts", people::third()),
        ("a fourth part of texts", people::fourth()),
        ("a fifth part of texts", people::fifth()),
        ("a sixth part of texts", people::sixth()),
        ("a seventh part of texts", people::seventh()),
        ("an eighth part of texts", people::eighth()),
        ("a ninth part of texts", people::ninth()),
        ("a tenth part of texts", people::tenth()),
        ("an eleventh part of texts", people::eleventh()),
    ] {
        measure_people(&mut detector, name, documents, show);
    }
    missed += measure_facts(&mut detector, facts::documents(), shown.map(String::as_str));
    missed += measure_clean(&mut detector, seed, shown.is_some());
    missed += measure_second_clean(&mut detector, shown.is_some());
    println!("\n{missed} bars missed");
}

fn detect(detector: &mut Detector, text: &str) -> Vec<Span> {
    let found = detector.detect(text);
    let offsets = code_points(text, &found);
    found
        .iter()
        .zip(offsets)
        .map(|(span, place)| Span {
            start: place.start,
            end: place.end,
            kind: span.kind.as_str().to_owned(),
            optional: false,
            unlisted: false,
        })
        .collect()
}

fn measure(
    detector: &mut Detector,
    corpus: &Corpus,
    documents: u64,
    seed: u64,
    shown: Option<&str>,
) -> usize {
    let mut tally = Tally::default();
    let mut characters = 0;
    for number in 0..documents {
        let Some(document) = (corpus.document)(seed, number) else {
            break;
        };
        characters += document.text.len();
        let found = detect(detector, &document.text);
        let wrong = tally.add(&document, &found);
        if let Some(kind) = shown {
            for line in wrong.iter().filter(|line| line.starts_with(kind)) {
                println!("{line}\n    {}", document.text.replace('\n', "⏎"));
            }
        }
    }
    println!(
        "\ncorpus \"{}\": {documents} texts, {:.1} MB, seed {seed}\n",
        corpus.name,
        characters as f64 / 1e6
    );
    println!(
        "{:<34} {:>8} {:>9} {:>9} {:>9} {:>9}   bar",
        "kind", "labels", "recall", "precision", "r. part", "p. part"
    );
    let mut missed = 0;
    for (name, score) in tally.kinds() {
        print_score(&name, &score, None);
    }
    println!();
    let languages = [Language::Russian, Language::Kazakh, Language::Mixed];
    missed += print_score(
        "formatted identifiers",
        &tally.sum(FORMATTED, None),
        Some((0.995, 0.99)),
    );
    for language in languages {
        let bar = (language != Language::Mixed).then_some((0.95, 0.90));
        missed += print_score(
            &format!("person names, {language:?}"),
            &tally.sum(&["PERSON"], Some(language)),
            bar,
        );
    }
    for kind in ["ADDRESS", "BIRTHDATE"] {
        missed += print_score(kind, &tally.sum(&[kind], None), Some((0.92, 0.90)));
        for language in languages {
            print_score(
                &format!("{kind}, {language:?}"),
                &tally.sum(&[kind], Some(language)),
                None,
            );
        }
    }
    println!(
        "\nrecall of names in no list: {:.4} of {}",
        tally.unlisted.recall(),
        tally.unlisted.labels
    );
    println!("confused (label -> found): {}", tally.confusions());
    println!(
        "found of kinds that are not labelled here: {}",
        tally.foreign()
    );
    missed
}

/// The texts written by hand, in which only names are marked.
fn measure_people(detector: &mut Detector, name: &str, documents: Vec<Document>, show: bool) {
    let (mut tally, mut others) = (Tally::default(), 0);
    for document in documents {
        let mut found = detect(detector, &document.text);
        let all = found.len();
        found.retain(|span| span.kind == "PERSON");
        others += all - found.len();
        let wrong = tally.add(&document, &found);
        if show {
            for line in wrong {
                println!("{line}\n    {}", document.text.replace('\n', "⏎"));
            }
        }
    }
    println!("\n{name} written by hand; {others} spans of other kinds\n");
    for language in [Language::Russian, Language::Kazakh] {
        let name = format!("person names, {language:?}");
        print_score(&name, &tally.sum(&["PERSON"], Some(language)), None);
    }
}

/// The texts written by hand, in which everything but names is marked.
fn measure_facts(detector: &mut Detector, documents: Vec<Document>, shown: Option<&str>) -> usize {
    let mut tally = Tally::default();
    for document in documents {
        let mut found = detect(detector, &document.text);
        found.retain(|span| span.kind != "PERSON");
        let wrong = tally.add(&document, &found);
        if let Some(kind) = shown {
            for line in wrong
                .iter()
                .filter(|line| line.starts_with(kind) || kind == "FACTS")
            {
                println!("{line}\n    {}", document.text.replace('\n', "⏎"));
            }
        }
    }
    println!("\nnumbers, addresses and dates of birth in texts written by hand\n");
    for (name, score) in tally.kinds() {
        print_score(&name, &score, None);
    }
    let formatted = tally.sum(&facts::FORMATTED, None);
    let mut missed = print_score("formatted identifiers", &formatted, Some((0.995, 0.99)));
    for kind in ["ADDRESS", "BIRTHDATE"] {
        missed += print_score(kind, &tally.sum(&[kind], None), Some((0.92, 0.90)));
        for language in [Language::Russian, Language::Kazakh] {
            print_score(
                &format!("{kind}, {language:?}"),
                &tally.sum(&[kind], Some(language)),
                None,
            );
        }
    }
    missed
}

/// Prints a line, and counts a missed bar.
fn print_score(name: &str, score: &Score, bar: Option<(f64, f64)>) -> usize {
    let missed = bar.is_some_and(|(recall, precision)| {
        score.recall() < recall || score.precision() < precision
    });
    let verdict = match bar {
        None => String::new(),
        Some((recall, precision)) => format!(
            "{recall} / {precision} {}",
            if missed { "MISSED" } else { "met" }
        ),
    };
    println!(
        "{name:<34} {:>8} {:>9.4} {:>9.4} {:>9.4} {:>9.4}   {verdict}",
        score.labels,
        score.recall(),
        score.precision(),
        score.partial_recall(),
        score.partial_precision()
    );
    usize::from(missed)
}

fn measure_clean(detector: &mut Detector, seed: u64, show: bool) -> usize {
    let (mut words, mut spans) = (0, std::collections::BTreeMap::<String, usize>::new());
    // Each paragraph several times, as its digits differ.
    for number in 0..5 * clean::count() as u64 {
        let Some((kind, text)) = clean::paragraph(seed, number) else {
            break;
        };
        words += text.split_whitespace().count();
        for span in detector.detect(&text) {
            *spans.entry(format!("{} in {kind}", span.kind)).or_insert(0) += 1;
            if show && number < clean::count() as u64 {
                println!(
                    "FALSE {} {:?} ({}): {text}",
                    span.kind,
                    text.get(span.start..span.end).unwrap_or(""),
                    span.rule
                );
            }
        }
    }
    let total: usize = spans.values().sum();
    let rate = total as f64 * 2_000.0 / words as f64;
    println!("\nclean text: {words} words in {:?}", clean::kinds());
    println!("false spans: {spans:?}");
    println!(
        "false spans per 2,000 words: {rate:.2}   bar below 1: {}",
        if rate < 1.0 { "met" } else { "MISSED" }
    );
    usize::from(rate >= 1.0)
}

/// The clean texts of the second corpus, by language.
fn measure_second_clean(detector: &mut Detector, show: bool) -> usize {
    let mut missed = 0;
    for language in [Language::Russian, Language::Kazakh] {
        let (mut words, mut spans) = (0, std::collections::BTreeMap::<String, usize>::new());
        for (kind, text) in second::clean::paragraphs(language) {
            words += text.split_whitespace().count();
            for span in detector.detect(&text) {
                *spans.entry(format!("{} in {kind}", span.kind)).or_insert(0) += 1;
                if show {
                    let found = text.get(span.start..span.end).unwrap_or("");
                    println!("FALSE {} {found:?} ({}): {text}", span.kind, span.rule);
                }
            }
        }
        let rate = spans.values().sum::<usize>() as f64 * 2_000.0 / words.max(1) as f64;
        println!(
            "\nclean text of the second corpus, {language:?}: {words} words; false spans: {spans:?}"
        );
        println!(
            "false spans per 2,000 words: {rate:.2}   bar below 1: {}",
            if rate < 1.0 { "met" } else { "MISSED" }
        );
        missed += usize::from(rate >= 1.0);
    }
    missed
}
