//! Trains the weights by which sandyq-detect tells names from other words (`anonymizer/detect/data/names/likeness.bin`).
//!
//! `train_names RU.dic RU.aff KK.dic KK.aff OUT`, with the dictionaries of Debian's packages hunspell-ru (A. Lebedev) and
//! hunspell-kk (A. Mussayeva). Only the weights are kept. Names are those of sandyq-words and sandyq-detect in their case forms;
//! names of the corpora are not used. A tenth of names and words is left out, and what the weights make of it is printed.
#![allow(
    clippy::indexing_slicing,
    reason = "places are those of the weights they were counted from"
)]

mod train;

use train::hunspell::Dictionary;
use train::names::{is_name, names, places};
use train::{Example, Model};

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [ru_words, ru_rules, kk_words, kk_rules, out] = arguments.as_slice() else {
        eprintln!("train_names RU.dic RU.aff KK.dic KK.aff OUT");
        return Ok(());
    };
    let mut examples = names();
    examples.extend(places());
    for (source, words, rules) in [
        ("ordinary, Russian", ru_words, ru_rules),
        ("ordinary, Kazakh", kk_words, kk_rules),
    ] {
        let dictionary = Dictionary::read(words, rules)?;
        dictionary.forms(5, |word, form| {
            if !is_name(word) && !is_name(form) {
                examples.push(Example::new(source, word, form, false));
            }
        });
    }
    let model = Model::train(&examples);
    model.report(&examples);
    std::fs::write(out, model.frozen())
}
