//! What each character is.

use std::sync::LazyLock;

use super::Letters;

/// What a character is to the fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A letter.
    Letter,
    /// A digit.
    Digit,
    /// Space within a line.
    Space,
    /// The end of a line.
    Line,
    /// Anything else that is seen.
    Sign,
    /// Nothing that is seen.
    Invisible,
    /// A mark that belongs to the letter before it.
    Mark,
    /// `<`, `&` and `\`, which may begin markup or an escape.
    Markup,
}

impl Class {
    const ALL: [Self; 8] = [
        Self::Letter,
        Self::Digit,
        Self::Space,
        Self::Line,
        Self::Sign,
        Self::Invisible,
        Self::Mark,
        Self::Markup,
    ];
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The lower-case letter, ASCII digit or plain sign.
    pub folded: u32,
    /// The letter in hashes.
    pub loose: u32,
    /// What it is.
    pub class: Class,
    /// Case and script of a letter.
    pub letters: Letters,
}

/// A row of the table in one number: the loose letter, the folded character, the facts and the class, from the lowest bits on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Packed(u64);

impl Packed {
    const FOLDED: u32 = 16;
    const LETTERS: u32 = 32;
    const CLASS: u32 = 40;

    /// The row of a character.
    pub fn new(character: u32) -> Self {
        let row = row(character);
        let letter = row.class == Class::Letter;
        // What does not fit is read the slow way, and so is a letter that hashes as none.
        let fits = row.folded < 0x10000 && row.loose < 0x10000 && !(letter && row.loose == 0);
        let class = if fits { row.class } else { Class::Markup };
        Self(
            u64::from(row.loose as u16)
                | u64::from(row.folded as u16) << Self::FOLDED
                | u64::from(row.letters.0) << Self::LETTERS
                | (class as u64) << Self::CLASS,
        )
    }

    /// The lower-case letter, ASCII digit or plain sign.
    pub const fn folded(self) -> u16 {
        (self.0 >> Self::FOLDED) as u16
    }

    /// The letter in hashes; never 0.
    pub const fn loose(self) -> u16 {
        self.0 as u16
    }

    /// What it is.
    pub fn class(self) -> Class {
        let place = (self.0 >> Self::CLASS & 7) as usize;
        Class::ALL.get(place).copied().unwrap_or(Class::Markup)
    }

    /// Whether it is a letter.
    pub const fn is_letter(self) -> bool {
        self.0 >> Self::CLASS == Class::Letter as u64
    }

    /// Whether a word ends before it: it is no letter, and nothing that may be a part of one.
    pub const fn ends_word(self) -> bool {
        let class = self.0 >> Self::CLASS;
        class >= Class::Digit as u64 && class <= Class::Sign as u64
    }

    /// Case and script of a letter; of letters put together with [`or`](Self::or), of all of them.
    pub const fn letters(self) -> u8 {
        (self.0 >> Self::LETTERS) as u8
    }

    /// The facts of both.
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

static PACKED: LazyLock<[Packed; 0x800]> =
    LazyLock::new(|| std::array::from_fn(|character| Packed::new(character as u32)));

/// The rows of the characters of at most two bytes.
pub fn packed() -> &'static [Packed; 0x800] {
    &PACKED
}

/// The row of any character.
pub fn row(character: u32) -> Row {
    let plain = plain(character);
    let class = class(character, plain);
    if class != Class::Letter {
        return Row {
            folded: plain,
            loose: plain,
            class,
            letters: Letters::default(),
        };
    }
    let folded = lower(plain);
    Row {
        folded,
        loose: loose(folded),
        class,
        letters: letters(plain, folded),
    }
}

fn class(character: u32, plain: u32) -> Class {
    match character {
        0xAD
        | 0x34F
        | 0x61C
        | 0x115F
        | 0x1160
        | 0x17B4
        | 0x17B5
        | 0x180B..=0x180F
        | 0x200B..=0x200F => Class::Invisible,
        0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 => {
            Class::Invisible
        }
        0x1BCA0..=0x1BCA3 | 0xE0000..=0xE0FFF => Class::Invisible,
        0x300..=0x36F
        | 0x483..=0x489
        | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF
        | 0x20D0..=0x20FF
        | 0xFE20..=0xFE2F => Class::Mark,
        0x0A..=0x0D | 0x85 | 0x2028 | 0x2029 => Class::Line,
        _ => match char::from_u32(plain) {
            Some('<' | '&' | '\\') if plain == character => Class::Markup,
            Some('0'..='9') => Class::Digit,
            Some(c) if c.is_alphabetic() => Class::Letter,
            Some(c) if c.is_whitespace() => Class::Space,
            Some('\0'..='\u{1f}' | '\u{7f}'..='\u{9f}') => Class::Space,
            _ => Class::Sign,
        },
    }
}

/// ASCII for full-width forms, digits of other scripts, and the many dashes and quotes.
fn plain(character: u32) -> u32 {
    match character {
        0xFF01..=0xFF5E => plain(character - 0xFF01 + 0x21),
        0x1D400..=0x1D6A3 => mathematical(character),
        0x1D7CE..=0x1D7FF => '0' as u32 + (character - 0x1D7CE) % 10,
        0x2010..=0x2015 | 0x2043 | 0x2212 | 0xFE58 | 0xFE63 | 0x58A | 0x1806 => '-' as u32,
        0xAB | 0xBB | 0x201C..=0x201F | 0x2039 | 0x203A | 0x2033 | 0x301D..=0x301F => '"' as u32,
        0x60 | 0xB4 | 0x2018..=0x201B | 0x2032 | 0x2BC | 0x2B9 => '\'' as u32,
        0xFE52 | 0x2024 | 0x3002 | 0xFF61 => '.' as u32,
        0x2236 | 0xFE55 | 0xA789 => ':' as u32,
        0x2044 | 0x2215 => '/' as u32,
        0xFE6B => '@' as u32,
        _ => digit(character).unwrap_or(character),
    }
}

/// Bold, italic and other letters for formulas, which make text look unlike itself.
fn mathematical(character: u32) -> u32 {
    let at = (character - 0x1D400) % 52;
    if at < 26 {
        'A' as u32 + at
    } else {
        'a' as u32 + at - 26
    }
}

/// The digits of other scripts; each script has ten in a row.
fn digit(character: u32) -> Option<u32> {
    const ZEROS: [u32; 22] = [
        0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
        0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0xA620, 0xA8D0, 0xAA50, 0x1FBF0,
    ];
    let zero = ZEROS
        .into_iter()
        .find(|zero| (*zero..*zero + 10).contains(&character))?;
    Some('0' as u32 + character - zero)
}

fn letters(plain: u32, folded: u32) -> Letters {
    let case = if folded == plain {
        Letters::LOWER
    } else {
        Letters::UPPER
    };
    let script = match folded {
        0x61..=0x7A | 0xAA..=0x24F | 0x1E00..=0x1EFF => Letters::LATIN,
        0x4D9 | 0x493 | 0x49B | 0x4A3 | 0x4E9 | 0x4B1 | 0x4AF | 0x4BB | 0x456 => {
            Letters::CYRILLIC.and(Letters::KAZAKH)
        }
        0x400..=0x52F => Letters::CYRILLIC,
        _ => Letters::default(),
    };
    case.and(script)
}

/// The lower case of a letter.
pub const fn lower(letter: u32) -> u32 {
    match letter {
        0x41..=0x5A | 0xC0..=0xD6 | 0xD8..=0xDE | 0x391..=0x3A1 | 0x3A3..=0x3AB | 0x410..=0x42F => {
            letter + 0x20
        }
        0x400..=0x40F => letter + 0x50,
        0x130 => 0x69,
        0x178 => 0xFF,
        0x4C0 => 0x4CF,
        0x139..=0x148 | 0x179..=0x17E | 0x4C1..=0x4CE => letter + letter % 2,
        0x100..=0x137
        | 0x14A..=0x177
        | 0x1DE..=0x1EF
        | 0x1F4..=0x1F5
        | 0x1F8..=0x21F
        | 0x222..=0x233 => letter | 1,
        0x460..=0x481 | 0x48A..=0x4BF | 0x4D0..=0x52F | 0x1E00..=0x1E95 | 0x1EA0..=0x1EFF => {
            letter | 1
        }
        0x1CD..=0x1DC => letter + letter % 2,
        _ => letter,
    }
}

/// A lower-case letter as it stands in hashes: Kazakh letters as the Russian ones typed for them, Latin without diacritics.
pub const fn loose(letter: u32) -> u32 {
    let plain = match letter {
        0x4D9 => 'а',
        0x493 => 'г',
        0x49B => 'к',
        0x4A3 => 'н',
        0x4E9 => 'о',
        0x4B1 | 0x4AF => 'у',
        0x4BB => 'х',
        0x456 | 0x457 => 'и',
        0x451 => 'е',
        0xE0..=0xE5 | 0x101 | 0x103 | 0x105 => 'a',
        0xE7 | 0x107 | 0x109 | 0x10B | 0x10D => 'c',
        0xE8..=0xEB | 0x113 | 0x115 | 0x117 | 0x119 | 0x11B => 'e',
        0x11D | 0x11F | 0x121 | 0x123 | 0x1F5 | 0x1E7 => 'g',
        0xEC..=0xEF | 0x129 | 0x12B | 0x12D | 0x12F | 0x131 => 'i',
        0xF1 | 0x144 | 0x146 | 0x148 | 0x14B => 'n',
        0xF2..=0xF6 | 0xF8 | 0x14D | 0x14F | 0x151 => 'o',
        0x15B | 0x15D | 0x15F | 0x161 | 0x219 => 's',
        0xF9..=0xFC | 0x169 | 0x16B | 0x16D | 0x16F | 0x171 | 0x173 => 'u',
        0xFD | 0xFF => 'y',
        0x17A | 0x17C | 0x17E => 'z',
        _ => return letter,
    };
    plain as u32
}

/// The loose letters of the lower case of the first characters.
const LOOSE_LOWER: &[u16; 0x530] = &{
    let mut letters = [0; 0x530];
    let mut letter = 0;
    while letter < letters.len() {
        #[allow(
            clippy::indexing_slicing,
            reason = "an index out of range does not compile"
        )]
        {
            letters[letter] = loose(lower(letter as u32)) as u16;
        }
        letter += 1;
    }
    letters
};

/// The lower case of a letter as it stands in hashes.
#[inline]
pub const fn loose_lower(letter: u32) -> u32 {
    if letter < LOOSE_LOWER.len() as u32 {
        #[allow(clippy::indexing_slicing, reason = "the index was compared")]
        let found = LOOSE_LOWER[letter as usize];
        found as u32
    } else {
        loose(lower(letter))
    }
}

/// The Cyrillic letter that looks like the Latin one.
pub const fn as_cyrillic(latin: char) -> Option<char> {
    Some(match latin {
        'A' | 'a' => 'а',
        'B' => 'в',
        'C' | 'c' => 'с',
        'E' | 'e' => 'е',
        'H' => 'н',
        'h' => 'һ',
        'I' | 'i' => 'і',
        'K' | 'k' => 'к',
        'M' | 'm' => 'м',
        'O' | 'o' => 'о',
        'P' | 'p' => 'р',
        'T' | 't' => 'т',
        'X' | 'x' => 'х',
        'Y' | 'y' => 'у',
        'n' => 'п',
        'u' => 'и',
        'r' => 'г',
        'ë' | 'Ë' => 'ё',
        'ï' | 'Ï' => 'ї',
        'Ə' | 'ə' | 'ǝ' => 'ә',
        'Ɵ' | 'ɵ' => 'ө',
        _ => return None,
    })
}

/// The Latin letter that looks like the Cyrillic one.
pub const fn as_latin(cyrillic: char) -> Option<char> {
    Some(match cyrillic {
        'А' | 'а' => 'a',
        'В' => 'b',
        'С' | 'с' => 'c',
        'Е' | 'е' => 'e',
        'Н' => 'h',
        'һ' => 'h',
        'І' | 'і' => 'i',
        'Ј' | 'ј' => 'j',
        'К' | 'к' => 'k',
        'М' | 'м' => 'm',
        'О' | 'о' => 'o',
        'Р' | 'р' => 'p',
        'Ѕ' | 'ѕ' => 's',
        'Т' | 'т' => 't',
        'Х' | 'х' => 'x',
        'У' | 'у' | 'Ү' | 'ү' => 'y',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_is_that_of_unicode() {
        for c in (0..0x530).filter_map(char::from_u32) {
            let mut lowered = c.to_lowercase();
            let tabled = matches!(c as u32, 0..=0x17F | 0x400..=0x52F) || ('Α'..='Ω').contains(&c);
            if let (Some(only), None, true) = (lowered.next(), lowered.next(), tabled) {
                assert_eq!(char::from_u32(lower(c as u32)), Some(only), "{c}");
            }
        }
    }

    #[test]
    fn characters_are_folded() {
        for (given, expected) in [
            ('Ж', 'ж'),
            ('Қ', 'қ'),
            ('Ё', 'ё'),
            ('７', '7'),
            ('Ａ', 'a'),
            ('٣', '3'),
            ('—', '-'),
            ('«', '"'),
            ('＠', '@'),
            ('𝟗', '9'),
        ] {
            assert_eq!(
                char::from_u32(row(given as u32).folded),
                Some(expected),
                "{given}"
            );
        }
        for (given, class) in [
            ('\u{200b}', Class::Invisible),
            ('\u{ad}', Class::Invisible),
            ('\u{306}', Class::Mark),
            ('\u{a0}', Class::Space),
            ('\n', Class::Line),
            ('\u{2009}', Class::Space),
            ('中', Class::Letter),
            ('№', Class::Sign),
        ] {
            assert_eq!(row(given as u32).class, class, "{given:?}");
        }
    }
}
