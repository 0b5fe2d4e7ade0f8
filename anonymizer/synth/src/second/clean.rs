//! Text of this corpus in which nothing is personal.

use std::sync::LazyLock;

use crate::label::Language;
use crate::place::lines;

/// Paragraphs with their kinds of writing.
type Paragraphs = Vec<(&'static str, &'static str)>;

static PARAGRAPHS: LazyLock<[Paragraphs; 2]> = LazyLock::new(|| {
    [
        include_str!("../../data/second/clean.ru.txt"),
        include_str!("../../data/second/clean.kk.txt"),
    ]
    .map(read)
});

fn read(file: &'static str) -> Paragraphs {
    let mut kind = "";
    let mut all = Vec::new();
    for line in lines(file) {
        match line
            .strip_prefix("== ")
            .and_then(|line| line.strip_suffix(" =="))
        {
            Some(name) => kind = name,
            None => all.push((kind, line)),
        }
    }
    all
}

/// The paragraphs of a language, each with its kind of writing; a text is one of them, and its ⏎ are line ends.
pub fn paragraphs(language: Language) -> Vec<(&'static str, String)> {
    let [russian, kazakh] = &*PARAGRAPHS;
    let all = if language == Language::Kazakh {
        kazakh
    } else {
        russian
    };
    all.iter()
        .map(|(kind, text)| (*kind, text.replace('⏎', "\n")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_text_enough() {
        for (language, least) in [(Language::Russian, 6_000), (Language::Kazakh, 4_000)] {
            let count: usize = paragraphs(language)
                .iter()
                .map(|(_, text)| text.split_whitespace().count())
                .sum();
            assert!(count >= least, "{language:?}: {count}");
        }
    }
}
