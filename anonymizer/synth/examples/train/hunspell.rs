//! Words and their forms, from dictionaries of Hunspell: suffixes alone, with one flag a letter.

use std::collections::HashMap;

use sandyq_synth::rng::Rng;

/// A suffix: what is taken from the end of a word, what comes instead, and how the word must end.
struct Suffix {
    strip: String,
    add: String,
    ends: Vec<Set>,
}

/// A letter of a condition.
enum Set {
    Any,
    Of(Vec<char>),
    Not(Vec<char>),
}

/// A dictionary.
pub struct Dictionary {
    words: Vec<(String, String)>,
    suffixes: HashMap<char, Vec<Suffix>>,
}

impl Dictionary {
    /// Of a `.dic` and an `.aff`, in UTF-8.
    pub fn read(words: &str, rules: &str) -> std::io::Result<Self> {
        let text = std::fs::read_to_string(words)?;
        let words = text
            .lines()
            .skip(1)
            .map(|line| line.trim().split_once('/').unwrap_or((line.trim(), "")))
            .map(|(word, flags)| (word.to_owned(), flags.to_owned()))
            .collect();
        let mut suffixes = HashMap::<char, Vec<Suffix>>::new();
        for line in std::fs::read_to_string(rules)?.lines() {
            let parts: Vec<&str> = line.split_whitespace().collect();
            if let ["SFX", flag, strip, add, condition, ..] = parts.as_slice() {
                let blank = |part: &str| {
                    if part == "0" {
                        String::new()
                    } else {
                        part.to_owned()
                    }
                };
                let suffix = Suffix {
                    strip: blank(strip),
                    add: blank(add),
                    ends: sets(condition),
                };
                suffixes
                    .entry(flag.chars().next().unwrap_or(' '))
                    .or_default()
                    .push(suffix);
            }
        }
        Ok(Self { words, suffixes })
    }

    /// Calls `out` with every form of every lower-case word.
    pub fn all(&self, mut out: impl FnMut(&str)) {
        for (word, fitting) in self.words() {
            out(word);
            for suffix in fitting {
                out(&suffix.apply(word));
            }
        }
    }

    /// The lower-case words, each with the suffixes that it may have.
    fn words(&self) -> impl Iterator<Item = (&str, Vec<&Suffix>)> {
        let lower = |word: &str| {
            let plain = |letter: char| letter.is_alphabetic() && letter.is_lowercase();
            word.chars().all(plain) && word.chars().count() >= 2
        };
        let words = self.words.iter().filter(move |(word, _)| lower(word));
        words.map(|(word, flags)| {
            let suffixes = flags.chars().filter_map(|flag| self.suffixes.get(&flag));
            let fitting = suffixes.flatten().filter(|suffix| suffix.fits(word));
            (word.as_str(), fitting.collect())
        })
    }

    /// Calls `out` with every lower-case word and itself, and with up to `most` of its other forms, which chance draws.
    pub fn forms(&self, most: usize, mut out: impl FnMut(&str, &str)) {
        let mut rng = Rng::new(2, 0);
        for (word, fitting) in self.words() {
            out(word, word);
            for _ in 0..most.min(fitting.len()) {
                out(word, &fitting[rng.below(fitting.len())].apply(word));
            }
        }
    }
}

impl Suffix {
    fn fits(&self, word: &str) -> bool {
        let mut letters = word.chars().rev();
        let ended = self
            .ends
            .iter()
            .rev()
            .all(|set| match (set, letters.next()) {
                (_, None) => false,
                (Set::Any, _) => true,
                (Set::Of(these), Some(letter)) => these.contains(&letter),
                (Set::Not(these), Some(letter)) => !these.contains(&letter),
            });
        ended && word.ends_with(&self.strip)
    }

    fn apply(&self, word: &str) -> String {
        format!(
            "{}{}",
            word.strip_suffix(&self.strip).unwrap_or(word),
            self.add
        )
    }
}

/// `[^аб]в.`
fn sets(condition: &str) -> Vec<Set> {
    let mut sets = Vec::new();
    let mut letters = condition.chars();
    while let Some(letter) = letters.next() {
        sets.push(match letter {
            '.' => Set::Any,
            '[' => {
                let inner: Vec<char> = letters
                    .by_ref()
                    .take_while(|letter| *letter != ']')
                    .collect();
                match inner.split_first() {
                    Some(('^', these)) => Set::Not(these.to_vec()),
                    _ => Set::Of(inner),
                }
            }
            one => Set::Of(vec![one]),
        });
    }
    if matches!(sets.as_slice(), [Set::Any]) {
        sets.clear();
    }
    sets
}
