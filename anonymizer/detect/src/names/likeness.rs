//! How much a word looks like a name of a person, by the letters it is made of.
//!
//! A logistic regression over hashed runs of letters (J. Langford et al., "Hash Kernels", AISTATS 2009), frozen in a file of one byte
//! a weight. It tells names that no list has from words that no list has, in any case form of Russian and Kazakh. The weights are
//! made again by the example `train_names` of `sandyq-synth`.

use super::loose::Word;

/// How many weights there are.
pub const WEIGHTS: usize = 1 << 16;
/// What one step of a weight is worth, in log-odds.
pub const STEP: f32 = 1.0 / 16.0;
/// The longest run of letters.
const LONGEST: usize = 5;
/// Stands before a word, and behind it.
const EDGES: (u32, u32) = (34, 35);

static FROZEN: &[u8; WEIGHTS] = include_bytes!("../../data/names/likeness.bin");

/// Calls `out` with the place of the weight of every run of letters of a lower-case Cyrillic word; nothing of other words.
pub fn features(folded: &str, mut out: impl FnMut(usize)) {
    if let Some(word) = Word::new(folded) {
        runs(&word, &mut out);
    }
}

/// The log-odds, in sixteenths, that a word is a name rather than any other word, where both are as frequent.
pub(crate) fn likeness(word: &Word) -> i32 {
    let mut sum = 0;
    runs(word, &mut |place| {
        let weight = FROZEN.get(place).copied().unwrap_or_default();
        sum += i32::from(weight as i8);
    });
    sum
}

fn runs(word: &Word, out: &mut impl FnMut(usize)) {
    // The word with its edges.
    let mut codes = [0; 64];
    let mut count = 0;
    let letters = word.as_str().chars().map(code);
    let all = std::iter::once(EDGES.0)
        .chain(letters)
        .chain(std::iter::once(EDGES.1));
    for (slot, code) in codes.iter_mut().zip(all) {
        *slot = code;
        count += 1;
    }
    out(0);
    let codes = codes.get(..count).unwrap_or_default();
    for begin in 0..codes.len() {
        let mut run = 0_u32;
        let rest = codes.get(begin..).unwrap_or_default();
        for (length, code) in rest.iter().take(LONGEST).enumerate() {
            run = run << 6 | code;
            if length > 0 {
                out(place(run));
            }
        }
    }
}

const fn place(run: u32) -> usize {
    (run.wrapping_mul(0x9E37_79B1) >> 16) as usize
}

/// A number below 34 for a letter.
const fn code(letter: char) -> u32 {
    let number = letter as u32;
    match number {
        0x430..=0x44F => number - 0x430 + 1,
        _ => 33,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn of(word: &str) -> i32 {
        likeness(&Word::new(&word.to_lowercase()).unwrap())
    }

    #[test]
    fn names_score_above_other_words() {
        for word in [
            "Тлеугабылова",
            "Бейбітгүлдің",
            "Остапчука",
            "Мухаммедрахимом",
            "Ырысжанқызына",
        ] {
            assert!(of(word) > 0, "{word} {}", of(word));
        }
        for word in [
            "Направлена",
            "Эпикризді",
            "Сообщение",
            "Приложениями",
            "Жазылымдар",
        ] {
            assert!(of(word) < 0, "{word} {}", of(word));
        }
    }
}
