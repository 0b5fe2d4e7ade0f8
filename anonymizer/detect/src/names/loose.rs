//! A word as its shape is judged: lower case, with Kazakh letters and ё as the Russian letters typed for them.

use sandyq_words::russian_letter;

/// Longer words are no names.
const MOST: usize = 28;

/// A word of at most a few dozen letters, kept on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    bytes: [u8; MOST * 2],
    len: u8,
    kazakh: bool,
}

impl Word {
    /// Of a folded (lower-case) word; nothing if it is too long or has letters other than Cyrillic ones.
    pub fn new(folded: &str) -> Option<Self> {
        let mut word = Self {
            bytes: [0; MOST * 2],
            len: 0,
            kazakh: false,
        };
        for letter in folded.chars() {
            if !('\u{400}'..'\u{530}').contains(&letter) {
                return None;
            }
            let plain = russian_letter(letter);
            word.kazakh |= plain != letter && letter != 'ё';
            let place = usize::from(word.len);
            let mut coded = [0; 4];
            let code = plain.encode_utf8(&mut coded).as_bytes();
            word.bytes
                .get_mut(place..place + code.len())?
                .copy_from_slice(code);
            word.len += code.len() as u8;
        }
        Some(word)
    }

    /// The letters.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Whether it was written with letters that Russian does not have.
    pub const fn is_kazakh(&self) -> bool {
        self.kazakh
    }
}
