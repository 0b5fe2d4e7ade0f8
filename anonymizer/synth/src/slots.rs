//! Sentences with places for the names of people, filled by lot.

use sandyq_words as words;

use crate::grammar::{kazakh, russian};
use crate::label::{Document, Language};
use crate::people;
use crate::person::Sex;
use crate::place::lines;
use crate::rng::Rng;

const TEXTS: &str = include_str!("../data/doubts_slots.txt");
/// Surnames that are words too, or of peoples whose surnames have no ending of their own; given names as friends say them.
const WORDS: &str = include_str!("../data/doubts_words.txt");

/// So often each sentence is filled.
const TIMES: u64 = 5;

/// All sentences, each filled several times.
pub fn documents(seed: u64) -> Vec<Document> {
    let templates: Vec<&str> = lines(TEXTS).collect();
    let mut all = String::new();
    for (number, template) in templates.iter().enumerate() {
        for time in 0..TIMES {
            let mut rng = Rng::new(seed, number as u64 * TIMES + time);
            all.push_str(&fill(template, &mut rng));
            all.push('\n');
        }
    }
    people::read(&all)
}

fn fill(template: &str, rng: &mut Rng) -> String {
    let language = if template.starts_with("kk") {
        Language::Kazakh
    } else {
        Language::Russian
    };
    // Only what is written without capitals ends without a sign.
    let small = template.ends_with(char::is_alphabetic);
    let mut filled = String::new();
    for piece in template.split_inclusive('⟧') {
        let Some((before, code)) = piece
            .strip_suffix('⟧')
            .and_then(|piece| piece.split_once('⟦'))
        else {
            filled.push_str(piece);
            continue;
        };
        let name = name(code, language, rng);
        let name = if small { name.to_lowercase() } else { name };
        filled.push_str(&format!("{before}⟦{name}⟧"));
    }
    filled
}

/// A name as its code says: kind, sex, case.
fn name(code: &str, language: Language, rng: &mut Rng) -> String {
    let mut letters = code.chars();
    let kind = letters.next().unwrap_or('G');
    let sex = match letters.next() {
        Some('f') => Sex::Female,
        _ => Sex::Male,
    };
    let case = letters.next().unwrap_or('n');
    let name = nominative(kind, sex, language, rng);
    if language == Language::Kazakh {
        let case = match case {
            'g' => kazakh::Case::Genitive,
            'd' => kazakh::Case::Dative,
            'a' => kazakh::Case::Accusative,
            'l' => kazakh::Case::Locative,
            'b' => kazakh::Case::Ablative,
            'i' => kazakh::Case::Instrumental,
            _ => return name,
        };
        return kazakh::inflect(&name, case, false);
    }
    let case = match case {
        'g' => russian::Case::Genitive,
        'd' => russian::Case::Dative,
        'a' => russian::Case::Accusative,
        'i' => russian::Case::Instrumental,
        'p' => russian::Case::Prepositional,
        _ => return name,
    };
    if kind == 'G' {
        russian::given(&name, sex, case)
    } else {
        russian::surname(&name, sex, case)
    }
}

fn nominative(kind: char, sex: Sex, language: Language, rng: &mut Rng) -> String {
    let own = match sex {
        Sex::Male => words::Sex::Male,
        Sex::Female => words::Sex::Female,
    };
    let native = rng.chance(0.6);
    let of = match (native, language) {
        (true, Language::Kazakh) | (false, Language::Russian) => words::Language::Kazakh,
        _ => words::Language::Russian,
    };
    let special = match (kind, own) {
        ('W', _) => special(if rng.chance(0.6) { "W:" } else { "P:" }),
        ('S', _) if rng.chance(0.25) => special("P:"),
        ('G', words::Sex::Male) if rng.chance(0.35) => special("M:"),
        ('G', words::Sex::Female) if rng.chance(0.35) => special("F:"),
        _ => Vec::new(),
    };
    let listed = match kind {
        'G' => words::given(of, own),
        _ => words::surnames(of, own),
    };
    let name = if special.is_empty() {
        rng.word(listed)
    } else {
        rng.word(&special)
    };
    match language {
        Language::Kazakh => name.to_owned(),
        _ => name.chars().map(words::russian_letter).collect(),
    }
}

fn special(kind: &str) -> Vec<&'static str> {
    let of = lines(WORDS).filter_map(|line| line.strip_prefix(kind));
    of.flat_map(str::split_whitespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled() {
        let documents = documents(1);
        assert!(documents.len() > 1_000);
        for document in &documents {
            assert!(!document.spans.is_empty(), "{}", document.text);
            assert!(
                !document.text.bytes().any(|byte| byte.is_ascii_lowercase()),
                "{}",
                document.text
            );
        }
    }
}
