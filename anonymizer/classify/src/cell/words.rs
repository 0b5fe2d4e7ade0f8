//! Cells of words: names, addresses, prose.

use super::{Bytes, Observation, check, code, number};
use crate::sign::{Sign, Signs};
use crate::skeleton::{Skeleton, letter};
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

pub fn observe(vocabulary: &Vocabulary, cell: &[u8], bytes: Bytes) -> Observation {
    let words = Words::of(vocabulary, cell);
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

impl Words {
    fn of(vocabulary: &Vocabulary, cell: &[u8]) -> Self {
        let mut words = Self::default();
        let mut skeleton = Skeleton::new();
        let (mut rest, mut letters) = (cell, 0);
        loop {
            let next = letter(rest);
            let code = next.map_or(0, |(code, _)| code);
            if code != 0 {
                skeleton.add(code);
                letters += 1;
            } else if letters > 0 && !joins(rest) {
                words.add(vocabulary, &skeleton, letters);
                skeleton.clear();
                letters = 0;
                if words.count >= MOST_WORDS {
                    break;
                }
            }
            match next {
                Some((_, after)) => rest = after,
                None => break,
            }
        }
        words
    }

    fn add(&mut self, vocabulary: &Vocabulary, word: &Skeleton, letters: usize) {
        let meanings = vocabulary.meanings(word);
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
            1 | 2 if cell.len() <= 26 => std::str::from_utf8(cell)
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
