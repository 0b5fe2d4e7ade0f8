//! Words of two scripts.

use super::alphabet::{as_cyrillic, as_latin, loose, row};
use super::{Letters, Loose};

/// A folded word of Cyrillic and Latin letters, in the one script whose letters all the others resemble, with its hash and
/// facts; `None` if there is no such script.
pub fn unmasked(word: &str, letters: Letters) -> Option<(String, Loose, Letters)> {
    let lower = letters.has(Letters::LOWER);
    let (mut cyrillic, mut latin) = (Some(String::new()), Some(String::new()));
    let mut balance = 0_i64;
    for (place, letter) in word.chars().enumerate() {
        let capital = !lower || (place == 0 && letters.has(Letters::TITLE));
        let is_latin = row(letter as u32).letters.has(Letters::LATIN);
        balance += if is_latin { -1 } else { 1 };
        let cased = if capital {
            letter.to_uppercase().next().unwrap_or(letter)
        } else {
            letter
        };
        let to_cyrillic = if is_latin {
            as_cyrillic(cased)
        } else {
            Some(letter)
        };
        let to_latin = if is_latin {
            Some(letter)
        } else {
            as_latin(cased)
        };
        extend(&mut cyrillic, to_cyrillic);
        extend(&mut latin, to_latin);
    }
    let chosen = match (cyrillic, latin) {
        (Some(_), Some(latin)) if balance < 0 => latin,
        (Some(cyrillic), _) => cyrillic,
        (None, latin) => latin?,
    };
    let scripts = Letters::CYRILLIC.and(Letters::LATIN).and(Letters::KAZAKH);
    let mut letters = letters.without(scripts).and(Letters::DISGUISED);
    let mut hash = Loose::EMPTY;
    for letter in chosen.chars() {
        let facts = row(letter as u32)
            .letters
            .without(Letters::LOWER.and(Letters::UPPER));
        letters = letters.and(facts);
        hash = hash.with(loose(letter as u32));
    }
    Some((chosen, hash, letters))
}

fn extend(word: &mut Option<String>, letter: Option<char>) {
    match (word.as_mut(), letter) {
        (Some(word), Some(letter)) => word.push(letter),
        _ => *word = None,
    }
}
