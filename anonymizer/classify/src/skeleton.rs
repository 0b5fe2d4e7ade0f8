//! One spelling for a word in any of the alphabets in which it is written.
//!
//! Headers and names arrive in Russian, in Kazakh Cyrillic or Latin, in Kazakh typed with Russian letters, and in several
//! transliterations. The skeleton is what they share: `Әсел`, `Асел`, `Asel`; `жынысы`, `zhynysy`, `jynysy`;
//! `фамилия`, `familiya`, `familia`.

/// The longest skeleton kept; what follows does not count.
pub const LONGEST: usize = 40;

/// The skeleton of one word.
#[derive(Clone, Copy, Debug)]
pub struct Skeleton {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Skeleton {
    pub const fn new() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    #[inline]
    fn last(&self) -> u8 {
        match self.length.checked_sub(1) {
            Some(last) => self.bytes.get(last).copied().unwrap_or(0),
            None => 0,
        }
    }

    /// Adds a letter; doubled letters count once.
    #[inline]
    fn push(&mut self, letter: u8) {
        if letter == self.last() {
            return;
        }
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = letter;
            self.length += 1;
        }
    }

    fn replace(&mut self, letter: u8) {
        self.length = self.length.saturating_sub(1);
        self.push(letter);
    }

    /// Adds the next letter of the word as `code` of [`letter`] says, joining Latin letters that stand for one Cyrillic letter.
    #[inline]
    pub fn add(&mut self, code: u8) {
        match (self.last(), code) {
            (_, 0 | SILENT) => {}
            (_, IA) => {
                self.push(b'i');
                self.push(b'a');
            }
            (_, IU) => {
                self.push(b'i');
                self.push(b'u');
            }
            (_, KS) => {
                self.push(b'k');
                self.push(b's');
            }
            (b'z', LATIN_H) => self.replace(b'j'),
            (b'k', LATIN_H) => self.replace(b'h'),
            (b's', LATIN_H) => self.replace(b'S'),
            (b'c', LATIN_H) => {
                self.length -= 1;
                self.add(b'C');
            }
            (b'g', LATIN_H) => {}
            (_, LATIN_H) => self.push(b'h'),
            (b't', LATIN_S) => self.replace(b'c'),
            (_, LATIN_S) => self.push(b's'),
            (b'i', LATIN_E) if self.length == 1 => self.replace(b'e'),
            (_, LATIN_E) => self.push(b'e'),
            // Of `shch` the second half adds nothing, and `sch` is the same letter.
            (b'S', b'C') => {}
            (b's', b'C') => self.replace(b'S'),
            (_, code) => self.push(code),
        }
    }

    /// The skeleton of a whole word; what is no letter is left out.
    pub fn of(word: &str) -> Self {
        let mut skeleton = Self::new();
        let mut bytes = word.as_bytes();
        while let Some((code, rest)) = letter(bytes) {
            skeleton.add(code);
            bytes = rest;
        }
        skeleton
    }

    #[inline]
    pub fn hash(&self) -> u64 {
        hash(self.as_bytes())
    }
}

const SILENT: u8 = 1;
const IA: u8 = 2;
const IU: u8 = 3;
const KS: u8 = 4;
const LATIN_H: u8 = 5;
const LATIN_S: u8 = 6;
const LATIN_E: u8 = 7;

/// The code of the first letter of a text, 0 if it begins with none, and what follows it.
#[inline]
pub fn letter(text: &[u8]) -> Option<(u8, &[u8])> {
    let (&first, rest) = text.split_first()?;
    if first < 0x80 {
        return Some((ASCII.get(first as usize).copied().unwrap_or(0), rest));
    }
    if !(0xC3..=0xD3).contains(&first) {
        return Some((0, rest));
    }
    let (&second, rest) = rest.split_first()?;
    let place = ((first & 0x1F) as usize) << 6 | (second & 0x3F) as usize;
    Some((TWO_BYTES.get(place).copied().unwrap_or(0), rest))
}

/// How many bytes the letter takes that a text begins with; 0 if it begins with none.
#[inline]
pub fn letter_width(text: &[u8]) -> usize {
    match text {
        [first, ..] if *first < 0x80 => usize::from(ASCII.get(*first as usize) > Some(&0)),
        [first @ 0xC3..=0xD3, second, ..] => {
            let place = ((first & 0x1F) as usize) << 6 | (second & 0x3F) as usize;
            2 * usize::from(TWO_BYTES.get(place) > Some(&0))
        }
        _ => 0,
    }
}

#[inline]
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = 0x9E37_79B9_7F4A_7C15_u64;
    for &byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        hash ^= hash >> 29;
    }
    hash
}

const ASCII: [u8; 128] = ascii();
const TWO_BYTES: [u8; 2048] = two_bytes();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiling, on tables of a known size"
)]
const fn ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut byte = b'a';
    while byte <= b'z' {
        let code = match byte {
            b'h' => LATIN_H,
            b's' => LATIN_S,
            b'e' => LATIN_E,
            b'q' => b'k',
            b'w' => b'v',
            b'x' => KS,
            b'y' => b'i',
            other => other,
        };
        table[byte as usize] = code;
        table[byte.to_ascii_uppercase() as usize] = code;
        byte += 1;
    }
    table
}

/// Letters of two bytes in UTF-8, by their code points. Serbian and Ukrainian letters stand for the Kazakh ones whose bytes they have when
/// KZ-1048 is read as Windows-1251.
#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiling, on tables of a known size"
)]
const fn two_bytes() -> [u8; 2048] {
    let mut table = [0; 2048];
    let russian = *b"abvgdejziiklmnoprstufhcCSS\x01i\x01e\x03\x02";
    let mut place = 0;
    while place < 32 {
        table[0x410 + place] = russian[place];
        table[0x430 + place] = russian[place];
        place += 1;
    }
    let pairs: [(usize, u8); 54] = [
        (0x401, b'e'),
        (0x451, b'e'),
        (0x406, b'i'),
        (0x456, b'i'),
        (0x4D8, b'a'),
        (0x4D9, b'a'),
        (0x492, b'g'),
        (0x493, b'g'),
        (0x49A, b'k'),
        (0x49B, b'k'),
        (0x4A2, b'n'),
        (0x4A3, b'n'),
        (0x4E8, b'o'),
        (0x4E9, b'o'),
        (0x4B0, b'u'),
        (0x4B1, b'u'),
        (0x4AE, b'u'),
        (0x4AF, b'u'),
        (0x4BA, b'h'),
        (0x4BB, b'h'),
        (0x40C, b'k'),
        (0x45C, b'k'),
        (0x40B, b'h'),
        (0x45B, b'h'),
        (0x40E, b'u'),
        (0x45E, b'u'),
        (0x408, b'a'),
        (0x458, b'a'),
        (0x404, b'g'),
        (0x454, b'g'),
        (0x407, b'u'),
        (0x457, b'u'),
        (0x405, b'n'),
        (0x455, b'n'),
        (0x490, b'o'),
        (0x491, b'o'),
        (0x0C4, b'a'),
        (0x0E4, b'a'),
        (0x0D6, b'o'),
        (0x0F6, b'o'),
        (0x0DC, b'u'),
        (0x0FC, b'u'),
        (0x11E, b'g'),
        (0x11F, b'g'),
        (0x130, b'i'),
        (0x131, b'i'),
        (0x15E, b'S'),
        (0x15F, b'S'),
        (0x0D1, b'n'),
        (0x0F1, b'n'),
        (0x16A, b'u'),
        (0x16B, b'u'),
        (0x0C7, b'C'),
        (0x0E7, b'C'),
    ];
    place = 0;
    while place < pairs.len() {
        table[pairs[place].0] = pairs[place].1;
        place += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_meet() {
        for spellings in [
            &["фамилия", "Фамилия", "familiya", "familia", "FAMILIYA"][..],
            &["жынысы", "zhynysy", "jynysy"],
            &["Әсел", "Асел", "Asel"],
            &["Қызы", "кызы", "qyzy", "kyzy"],
            &["Щербаков", "Shcherbakov", "Scherbakov"],
            &["Ерлан", "Yerlan", "Erlan"],
            &["отчество", "otchestvo"],
            &["Хасан", "Khasan", "Hasan"],
            &["Цой", "Tsoi", "Tsoy"],
            &["Юлия", "Yuliya", "Iuliia"],
            &["Ќайрат", "Қайрат", "Qairat", "Kairat"],
        ] {
            let first = Skeleton::of(spellings.first().copied().unwrap_or_default());
            for spelling in spellings {
                let skeleton = Skeleton::of(spelling);
                assert_eq!(
                    String::from_utf8_lossy(skeleton.as_bytes()),
                    String::from_utf8_lossy(first.as_bytes()),
                    "{spelling}"
                );
            }
        }
        assert_ne!(
            Skeleton::of("пол").as_bytes(),
            Skeleton::of("поле").as_bytes()
        );
    }

    #[test]
    fn a_long_word_is_cut() {
        assert_eq!(Skeleton::of(&"аб".repeat(100)).as_bytes().len(), LONGEST);
    }
}
