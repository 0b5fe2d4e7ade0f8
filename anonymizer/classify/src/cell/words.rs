//! Cells of words: names, addresses, prose.

use super::{Bytes, Observation, check, code, number};
use crate::column::hash;
use crate::sign::{Sign, Signs};
use crate::skeleton::{Skeleton, letter, letter_width};
use crate::vocabulary::{
    BOOLEAN, DISTRICT_MARK, FLAT, FUNCTION, GIVEN, HOUSE, MISSING, MONEY, MONTH, Meanings,
    ORGANIZATION, PATRONYMIC, PATRONYMIC_LIKE, REGION, REGION_MARK, SETTLEMENT, SETTLEMENT_MARK,
    STREET, SURNAME, SURNAME_LIKE, Vocabulary,
};

/// Words of a cell whose meanings are asked for; what has more is prose.
const MOST_WORDS: usize = 16;

/// From so many words on, a cell is prose.
const PROSE_WORDS: usize = 7;

/// The words of a cell.
#[derive(Default)]
struct Words {
    count: usize,
    /// Letters of the words that are longer than one letter.
    long: usize,
    /// Words of a single letter.
    initials: usize,
    functions: usize,
    given: usize,
    surnames: usize,
    patronymics: usize,
    all: Meanings,
    /// Meanings of the first word alone.
    first: Meanings,
    known: usize,
}

pub fn observe(
    vocabulary: &Vocabulary,
    known: &mut Known,
    cell: &[u8],
    bytes: Bytes,
) -> Observation {
    let words = Words::of(vocabulary, known, cell);
    if words.are_missing(cell) {
        return Observation::sign(Sign::Missing);
    }
    let mut signs = Signs::default().with_if(
        (bytes.digits >= 9 || bytes.at) && cell.len() < super::LOOKED_AT && inside(cell),
        Sign::Inside,
    );
    if words.count == 0 {
        return Observation::of(signs.with(Sign::Code));
    }
    if words.is_address(bytes) {
        return Observation::of(signs.with(Sign::Address));
    }
    if words.count >= PROSE_WORDS || (words.count >= 4 && words.functions > 0) {
        return Observation::of(signs.with(Sign::Prose));
    }
    let year = (words.all & MONTH != 0 && bytes.digits >= 4)
        .then(|| year(cell))
        .flatten();
    if year.is_some() {
        return Observation {
            year,
            ..Observation::of(signs.with(Sign::Date))
        };
    }
    signs = signs.and(words.signs(bytes));
    if bytes.digits == 0 {
        signs = signs.and(words.names(cell));
    }
    Observation::of(signs)
}

/// Words that were met last, with their meanings: most come again and again.
#[derive(Debug, Default)]
pub struct Known {
    /// In each place the meanings of a word, below the upper bits of its hash; two places that differ in the last bit are for the same words, the
    /// first for the one met last.
    places: Vec<u64>,
}

/// Places for words; a power of two.
const PLACES: usize = 1 << 14;

/// The bits of a place that say what a word means.
const MEANINGS: u64 = (1 << 25) - 1;

const _: () = assert!(
    PATRONYMIC_LIKE as u64 <= MEANINGS,
    "the last of the meanings"
);

impl Known {
    /// What the word of these bytes means.
    #[inline]
    fn meanings(&mut self, vocabulary: &Vocabulary, word: &[u8]) -> Meanings {
        let hash = hash(word);
        // The place is chosen by bits that the meanings cover.
        let at = hash as usize & (PLACES - 2);
        match self.places.get_mut(at..at + 2) {
            Some([first, _]) if (*first ^ hash) & !MEANINGS == 0 => (*first & MEANINGS) as Meanings,
            Some([first, second]) if (*second ^ hash) & !MEANINGS == 0 => {
                std::mem::swap(first, second);
                (*first & MEANINGS) as Meanings
            }
            _ => self.learn(vocabulary, word, hash, at),
        }
    }

    #[cold]
    fn learn(&mut self, vocabulary: &Vocabulary, word: &[u8], hash: u64, at: usize) -> Meanings {
        if self.places.is_empty() {
            self.places = vec![0; PLACES];
        }
        let meanings = vocabulary.meanings(&skeleton(word));
        if let Some([first, second]) = self.places.get_mut(at..at + 2) {
            *second = *first;
            *first = hash & !MEANINGS | u64::from(meanings);
        }
        meanings
    }
}

/// The skeleton of a word, whatever joins its parts.
fn skeleton(mut word: &[u8]) -> Skeleton {
    let mut skeleton = Skeleton::new();
    while let Some((code, rest)) = letter(word) {
        skeleton.add(code);
        word = rest;
    }
    skeleton
}

impl Words {
    fn of(vocabulary: &Vocabulary, known: &mut Known, cell: &[u8]) -> Self {
        let mut words = Self::default();
        let (mut at, mut start, mut letters) = (0, 0, 0);
        loop {
            let rest = cell.get(at..).unwrap_or_default();
            let width = letter_width(rest);
            if width > 0 {
                if letters == 0 {
                    start = at;
                }
                letters += 1;
                at += width;
                continue;
            }
            if letters > 0 && !joins(rest) {
                let word = cell.get(start..at).unwrap_or_default();
                words.add(known.meanings(vocabulary, word), letters);
                letters = 0;
                if words.count >= MOST_WORDS {
                    break;
                }
            }
            match letter(rest) {
                Some((_, after)) => at = cell.len() - after.len(),
                None => break,
            }
        }
        words
    }

    fn add(&mut self, meanings: Meanings, letters: usize) {
        if self.count == 0 {
            self.first = meanings;
        }
        self.count += 1;
        self.all |= meanings;
        self.functions += usize::from(meanings & FUNCTION != 0);
        if letters == 1 {
            self.initials += 1;
            return;
        }
        self.long += 1;
        // A word that is no name of one kind may be of another, but counts once.
        if meanings & (PATRONYMIC | PATRONYMIC_LIKE) != 0 {
            self.patronymics += 1;
        } else if meanings & GIVEN != 0 {
            self.given += 1;
        } else if meanings & (SURNAME | SURNAME_LIKE) != 0 {
            self.surnames += 1;
        }
        self.known += usize::from(meanings & (PATRONYMIC | GIVEN | SURNAME) != 0);
    }

    /// A street or a house with its number, or several parts of an address with a number.
    fn is_address(&self, bytes: Bytes) -> bool {
        let has = |meaning: Meanings| usize::from(self.all & meaning != 0);
        let reach = has(STREET) + has(HOUSE) + has(FLAT);
        let places =
            has(REGION | REGION_MARK) + has(DISTRICT_MARK) + has(SETTLEMENT | SETTLEMENT_MARK);
        bytes.digits > 0
            && self.count <= 14
            && ((has(STREET) > 0 && self.count >= 2)
                || reach >= 2
                || (reach >= 1 && places >= 1)
                || places >= 3)
    }

    /// Whether they are words for nothing.
    fn are_missing(&self, cell: &[u8]) -> bool {
        const PHRASES: &[&str] = &[
            "n/a",
            "н/д",
            "нет данных",
            "не указано",
            "не указан",
            "не указана",
            "деректер жоқ",
            "көрсетілмеген",
        ];
        match self.count {
            1 if cell == b"\\N" => true,
            1 if self.first & MISSING != 0 => cell.len() <= 24,
            1 | 2 if cell.len() <= 26 && may_be_missing(cell) => std::str::from_utf8(cell)
                .is_ok_and(|text| PHRASES.contains(&text.to_lowercase().as_str())),
            _ => false,
        }
    }

    fn signs(&self, bytes: Bytes) -> Signs {
        let has = |meaning: Meanings| self.all & meaning != 0;
        let several = self.count >= 2;
        Signs::of(Sign::Words)
            .with_if(has(STREET) && several && bytes.digits == 0, Sign::Street)
            .with_if(
                has(REGION_MARK) && several || has(REGION) && !has(SETTLEMENT) && self.count <= 2,
                Sign::Region,
            )
            .with_if(has(DISTRICT_MARK) && several, Sign::District)
            .with_if(
                has(SETTLEMENT) || has(SETTLEMENT_MARK) && several,
                Sign::Settlement,
            )
            .with_if(has(ORGANIZATION), Sign::Organization)
            .with_if(has(MONEY) && bytes.digits > 0, Sign::Money)
            .with_if(has(BOOLEAN) && !several, Sign::Boolean)
    }

    fn names(&self, cell: &[u8]) -> Signs {
        if self.all & (ORGANIZATION | STREET | REGION_MARK | DISTRICT_MARK) != 0 {
            return Signs::default();
        }
        match (self.long, self.initials) {
            (1, 0) => Signs::default()
                .with_if(self.first & GIVEN != 0, Sign::GivenName)
                .with_if(self.first & SURNAME != 0, Sign::Surname)
                .with_if(
                    self.first & (SURNAME | SURNAME_LIKE) != 0,
                    Sign::SurnameLike,
                )
                .with_if(
                    self.first & (PATRONYMIC | PATRONYMIC_LIKE) != 0,
                    Sign::Patronymic,
                ),
            // `Иванов И. И.`, `И.И. Иванов`.
            (1, 1 | 2)
                if cell.contains(&b'.') && self.surnames + self.given + self.patronymics > 0 =>
            {
                Signs::of(Sign::FullName)
            }
            (2..=4, 0 | 1) if self.is_full_name() => Signs::of(Sign::FullName)
                .with_if(self.patronymics > 0 && self.known > 0, Sign::Person),
            _ => Signs::default(),
        }
    }

    /// Names of at least two kinds, and hardly another word; `Серік қызы` is a patronymic of two words.
    fn is_full_name(&self) -> bool {
        let names = self.given + self.surnames + self.patronymics;
        let kinds = usize::from(self.given > 0)
            + usize::from(self.surnames > 0)
            + usize::from(self.patronymics > 0);
        (kinds >= 2 && names + 1 >= self.long && self.known > 0)
            || (self.given >= 2 && self.given == self.long)
    }
}

/// Whether a cell begins like a phrase for nothing, in either case: by `n/`, `н/`, `не`, `де` or `кө`.
fn may_be_missing(cell: &[u8]) -> bool {
    matches!(
        cell,
        [b'n' | b'N', b'/', ..]
            | [0xD0, 0xBD | 0x9D, b'/', ..]
            | [0xD0, 0xBD | 0x9D | 0xB4 | 0x94, 0xD0, 0xB5 | 0x95, ..]
            | [0xD0, 0xBA | 0x9A, 0xD3, 0xA8 | 0xA9, ..]
    )
}

/// Whether the text goes on with a hyphen or an apostrophe that joins a word.
fn joins(rest: &[u8]) -> bool {
    matches!(rest, [b'-' | b'\'', next, ..] if letter(rest.get(1..).unwrap_or_default()).is_some_and(|(code, _)| code != 0) && *next != b' ')
}

/// The year among the words of a date such as `12 мая 1985 г.`
fn year(cell: &[u8]) -> Option<u16> {
    let numbers = cell.split(|byte| !byte.is_ascii_digit());
    let four = numbers
        .filter(|number| number.len() == 4)
        .find_map(check::small);
    four.filter(|year| (1850..=2150).contains(year))
}

/// Whether an identifier that needs no context stands among other text: an IIN, BIN or card by its check digit, a telephone number with
/// its prefix, an e-mail address.
pub fn inside(cell: &[u8]) -> bool {
    let spaced = |byte: &u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b',' | b';' | b'<' | b'>' | b'(' | b')' | b'"' | b':')
    };
    if cell.contains(&b'@')
        && cell
            .split(spaced)
            .any(|word| code::is_email(word.strip_suffix(b".").unwrap_or(word)))
    {
        return true;
    }
    runs(cell).any(|digits| match digits.len() {
        12 => {
            let signs = number::twelve(digits);
            signs.has(Sign::Iin) || signs.has(Sign::Bin)
        }
        11 => matches!(digits, [b'7' | b'8', rest @ ..] if check::mobile(rest)),
        16 => check::card(digits),
        _ => false,
    }) || has_telephone(cell)
}

/// The runs of digits of a text.
fn runs(cell: &[u8]) -> impl Iterator<Item = &[u8]> {
    cell.split(|byte| !byte.is_ascii_digit())
        .filter(|run| !run.is_empty())
}

/// `+7` or `8 (` and ten more digits in groups.
fn has_telephone(cell: &[u8]) -> bool {
    let starts = memchr::memchr2_iter(b'+', b'8', cell);
    starts
        .map(|start| cell.get(start..).unwrap_or_default())
        .any(|text| {
            let mut digits = [0; 11];
            let marked = text.starts_with(b"+7")
                || text.starts_with(b"8 ")
                || text.starts_with(b"8(")
                || text.starts_with(b"8-");
            let near = text.iter().take(22).filter(|byte| byte.is_ascii_digit());
            let count = digits
                .iter_mut()
                .zip(near)
                .map(|(place, digit)| *place = *digit)
                .count();
            marked && count == 11 && digits.get(1..).is_some_and(check::mobile)
        })
}
