//! Makes what sandyq-detect knows of words that no list of it has, in `anonymizer/detect/data/names`: the weights by which it tells names
//! from other words (`likeness.bin`), and the bits of the ordinary words (`ordinary.bin`).
//!
//! `train_names likeness|ordinary RU.dic RU.aff KK.dic KK.aff OUT`, with the dictionaries of Debian's packages hunspell-ru
//! (A. Lebedev) and hunspell-kk (A. Mussayeva). Names are those of sandyq-words and sandyq-detect in their case forms; names of the
//! corpora are not used. Of the weights a tenth of names and words is left out, and what they make of it is printed.
#![allow(
    clippy::indexing_slicing,
    reason = "places are those of the weights they were counted from"
)]
#![allow(dead_code, reason = "another example uses the rest")]

mod train;

use sandyq_detect::{likeness::WEIGHTS, ordinary};
use train::hunspell::Dictionary;
use train::names::{is_name, names, places};
use train::{Example, Model, Training};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, ru_words, ru_rules, kk_words, kk_rules, out] = arguments.as_slice() else {
        eprintln!("train_names likeness|ordinary RU.dic RU.aff KK.dic KK.aff OUT");
        return Ok(());
    };
    let russian = Dictionary::read(ru_words, ru_rules)?;
    let kazakh = Dictionary::read(kk_words, kk_rules)?;
    std::fs::write(
        out,
        match what.as_str() {
            "ordinary" => ordinary(&[russian, kazakh]),
            _ => likeness(&russian, &kazakh),
        },
    )
}

fn likeness(russian: &Dictionary, kazakh: &Dictionary) -> Vec<u8> {
    let mut examples = names();
    examples.extend(places());
    for (source, dictionary) in [("ordinary, Russian", russian), ("ordinary, Kazakh", kazakh)] {
        dictionary.forms(5, |word, form| {
            if !is_name(word) && !is_name(form) {
                examples.push(Example::new(source, word, form, false));
            }
        });
    }
    let model = Model::train(
        &examples,
        Training {
            weights: WEIGHTS,
            balanced: true,
            shrink: 2e-6,
        },
    );
    model.report(&examples);
    model.frozen()
}

/// The bits of every form of every word: of Russian ones as such, of Kazakh ones as such.
fn ordinary(dictionaries: &[Dictionary; 2]) -> Vec<u8> {
    let mut frozen = vec![0_u8; ordinary::BYTES];
    for (language, dictionary) in dictionaries.iter().enumerate() {
        dictionary.all(|form| {
            for place in ordinary::bits(form)
                .map(|bits| bits[language])
                .into_iter()
                .flatten()
            {
                frozen[place / 8] |= 1 << (place % 8);
            }
        });
    }
    let set: u32 = frozen.iter().map(|byte| byte.count_ones()).sum();
    eprintln!(
        "{:.3} of the bits are set",
        f64::from(set) / (8 * ordinary::BYTES) as f64
    );
    frozen
}
