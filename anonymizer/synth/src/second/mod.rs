//! A second corpus, kept apart from that of [`crate::corpus`]: templates of its own for whole documents, names and addresses
//! of its own. It shows what was fitted to the first one rather than learnt from the languages.

mod address;
mod cast;
pub mod clean;
mod notation;
mod slots;

use std::sync::LazyLock;

use crate::corpus::TODAY;
use crate::dirt::Dirt;
use crate::label::{Document, Language};
use crate::place::lines;
use crate::rng::Rng;
use crate::template::{Template, TemplateError};
use crate::text::Text;

/// Streams of chance that neither libraries nor the first corpus have.
const DOCUMENTS: u64 = 1 << 42;

/// Templates with the kind of writing that each is.
type Kinds = Vec<(&'static str, Template)>;

/// Reads templates, one a line, under lines with a kind of writing between equals signs.
fn read(text: &'static str) -> Result<Kinds, TemplateError> {
    let mut kind = "";
    let mut all = Vec::new();
    for line in lines(text) {
        match line
            .strip_prefix("== ")
            .and_then(|line| line.strip_suffix(" =="))
        {
            Some(name) => kind = name,
            None => all.push((kind, Template::parse(line)?)),
        }
    }
    Ok(all)
}

const FILES: [&str; 3] = [
    include_str!("../../data/second/ru.txt"),
    include_str!("../../data/second/kk.txt"),
    include_str!("../../data/second/mixed.txt"),
];

/// Russian, Kazakh, mixed; that the files can be read is tested.
static TEMPLATES: LazyLock<[Kinds; 3]> =
    LazyLock::new(|| FILES.map(|file| read(file).unwrap_or_default()));

/// A document of a seed and a number, with numbers of the ranges in use: for measuring in memory, not for writing to files.
pub fn document(seed: u64, number: u64) -> Option<Document> {
    let mut rng = Rng::new(seed, DOCUMENTS + number);
    let [russian, kazakh, mixed] = &*TEMPLATES;
    let (language, templates) = match rng.weighted(&[43, 42, 15]) {
        0 => (Language::Russian, russian),
        1 => (Language::Kazakh, kazakh),
        _ => (Language::Mixed, mixed),
    };
    let (genre, template) = rng.pick(templates)?;
    let mut text = Text::default();
    slots::write(
        template,
        &cast::Cast::draw(&mut rng),
        language,
        &mut rng,
        &mut text,
    );
    dirty(&mut text, language, &mut rng);
    let (text, spans) = text.finish();
    Some(Document {
        id: number.to_string(),
        text,
        language,
        genre: (*genre).to_owned(),
        spans,
    })
}

/// What happened to a document on its way: most are as they were written.
fn dirty(text: &mut Text, language: Language, rng: &mut Rng) {
    let dirt = match rng.weighted(&[76, 5, 4, 5, 2, 1, 1, 2, 2, 2]) {
        1 => Dirt::Lower,
        2 => Dirt::Upper,
        3 if language != Language::Russian => Dirt::Russified,
        4 => Dirt::Spaces,
        5 => Dirt::Invisible,
        6 => Dirt::Lookalikes,
        7 => Dirt::Typos,
        8 => return wrap(text, rng),
        9 => Dirt::Decomposed,
        _ => Dirt::None,
    };
    dirt.apply(text, rng);
}

/// Breaks lines as e-mail programs and converters of scanned pages do.
fn wrap(text: &mut Text, rng: &mut Rng) {
    let width = rng.between(38, 78);
    let mut column = 0;
    text.rewrite(|_, letter, out| {
        column += 1;
        match letter {
            '\n' => column = 0,
            ' ' if column >= width => {
                column = 0;
                out.push('\n');
                return;
            }
            _ => {}
        }
        out.push(letter);
    });
}

/// The day that texts are written on.
fn today() -> crate::date::Day {
    TODAY
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn there_are_templates_enough_of_many_kinds() {
        let [russian, kazakh, mixed] = FILES.map(|file| read(file).unwrap());
        assert!(russian.len() >= 120, "{}", russian.len());
        assert!(kazakh.len() >= 120, "{}", kazakh.len());
        assert!(mixed.len() >= 40, "{}", mixed.len());
        for templates in [russian, kazakh] {
            let kinds: BTreeSet<&str> = templates.iter().map(|(kind, _)| *kind).collect();
            assert!(kinds.len() >= 15, "{kinds:?}");
        }
    }

    #[test]
    fn every_template_has_its_slots_filled_and_its_spans_in_the_text() {
        let languages = [Language::Russian, Language::Kazakh, Language::Mixed];
        for (file, language) in FILES.into_iter().zip(languages) {
            for (kind, template) in read(file).unwrap() {
                for seed in 0..12 {
                    let mut rng = Rng::new(seed, 77);
                    let mut text = Text::default();
                    slots::write(
                        &template,
                        &cast::Cast::draw(&mut rng),
                        language,
                        &mut rng,
                        &mut text,
                    );
                    assert!(!text.as_str().contains("⁅"), "{kind}: {}", text.as_str());
                    dirty(&mut text, language, &mut rng);
                    let length = text.as_str().chars().count();
                    let mut end = 0;
                    let (all, spans) = text.finish();
                    for span in spans {
                        assert!(
                            span.start >= end && span.start < span.end && span.end <= length,
                            "{all}"
                        );
                        end = span.end;
                    }
                }
            }
        }
    }

    #[test]
    fn a_number_gives_the_same_document_again() {
        assert_eq!(document(4, 9), document(4, 9));
        assert_ne!(document(4, 9), document(5, 9));
    }

    #[test]
    fn lines_break_at_spaces_and_spans_keep_their_words() {
        let mut text = Text::default();
        text.push(&"слово ".repeat(30));
        text.push_span("PERSON", "Ли Ый");
        let before = text.as_str().to_owned();
        wrap(&mut text, &mut Rng::new(1, 1));
        assert!(text.as_str().contains('\n'));
        assert_eq!(text.as_str().replace('\n', " "), before);
    }
}
