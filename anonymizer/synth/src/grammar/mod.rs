//! How names are inflected and spelt.

pub mod kazakh;
pub mod russian;
pub mod spelling;

/// Whether a letter is a vowel of Russian or Kazakh.
pub(crate) fn is_vowel(letter: char) -> bool {
    "аеёиоуыэюяәөұүі".contains(letter)
}

/// The last letter, in lower case.
pub(crate) fn last(word: &str) -> char {
    word.chars()
        .next_back()
        .map_or(' ', |letter| letter.to_lowercase().next().unwrap_or(letter))
}

/// The word without its last `count` letters.
pub(crate) fn without(word: &str, count: usize) -> &str {
    let cut = word
        .char_indices()
        .rev()
        .nth(count.saturating_sub(1))
        .map_or(0, |(at, _)| at);
    if count == 0 {
        word
    } else {
        word.get(..cut).unwrap_or("")
    }
}
