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
            // All these letters have two bytes.
            let place = usize::from(word.len);
            let code = word.bytes.get_mut(place..)?.first_chunk_mut::<2>()?;
            *code = [
                0xC0 | (plain as u32 >> 6) as u8,
                0x80 | (plain as u8 & 0x3F),
            ];
            word.len += 2;
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
