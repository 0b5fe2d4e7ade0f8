//! The texts that a released column may hold, each with a code.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::table::{Dictionary, Texts};

/// What two numbers of a microaggregated column may differ by, relative to the larger.
const ROUNDING: f64 = 1e-9;

/// The texts of a released column in the order in which rows are to stand. Code 0 is the missing value, and each text has a code from 1 on.
pub(super) struct Labels<'a> {
    texts: Kept<'a>,
    places: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The texts as numbers, by code less one, where texts that are nearly the same number count as one.
    numbers: Option<Vec<f64>>,
}

enum Kept<'a> {
    Dictionary(&'a Dictionary),
    Own(Texts),
}

impl<'a> Labels<'a> {
    /// The values of a column of the dataset, in the order and with the codes they have there.
    pub(super) fn of_dictionary(dictionary: &'a Dictionary) -> Self {
        Self::new(Kept::Dictionary(dictionary))
    }

    /// Texts in the order in which rows are to stand.
    pub(super) fn of_texts<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        Self::new(Kept::Own(texts.collect()))
    }

    /// Numbers in ascending order; a text is one of them if it differs only by rounding.
    pub(super) fn of_numbers(numbers: Vec<f64>) -> Self {
        let texts: Vec<String> = numbers.iter().map(f64::to_string).collect();
        let mut labels = Self::of_texts(texts.iter().map(String::as_str));
        labels.numbers = Some(numbers);
        labels
    }

    fn new(texts: Kept<'a>) -> Self {
        let mut labels = Self {
            texts,
            places: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            numbers: None,
        };
        let (texts, hasher) = (&labels.texts, &labels.hasher);
        let hash = |code: &u32| hasher.hash_one(texts.bytes(*code).unwrap_or_default());
        labels.places.reserve(texts.len(), hash);
        for code in 1..texts.len() as u32 {
            labels.places.insert_unique(hash(&code), code, hash);
        }
        labels
    }

    /// Number of codes, that of the missing value with them.
    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn text(&self, code: u32) -> Option<&str> {
        self.texts.text(code)
    }

    /// The code of a text; `None` if the column may not hold it.
    pub(super) fn code(&self, text: Option<&str>) -> Option<u32> {
        let Some(text) = text else { return Some(0) };
        if let Some(numbers) = &self.numbers {
            return nearest(numbers, text.parse().ok()?);
        }
        self.place(text.as_bytes())
    }

    /// The code of a text by its bytes; `None` if the column may not hold it, or holds numbers.
    pub(super) fn code_of_bytes(&self, text: &[u8]) -> Option<u32> {
        match self.numbers {
            Some(_) => None,
            None => self.place(text),
        }
    }

    fn place(&self, text: &[u8]) -> Option<u32> {
        let same = |code: &u32| self.texts.bytes(*code) == Some(text);
        self.places.find(self.hasher.hash_one(text), same).copied()
    }
}

impl Kept<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Dictionary(dictionary) => dictionary.len(),
            Self::Own(texts) => texts.len() + 1,
        }
    }

    fn text(&self, code: u32) -> Option<&str> {
        match self {
            Self::Dictionary(dictionary) => dictionary.text(code),
            Self::Own(texts) => texts.get((code as usize).checked_sub(1)?),
        }
    }

    fn bytes(&self, code: u32) -> Option<&[u8]> {
        let place = (code as usize).checked_sub(1)?;
        match self {
            Self::Dictionary(dictionary) => dictionary.text(code).map(str::as_bytes),
            Self::Own(texts) => Some(texts.bytes(place)),
        }
    }
}

fn nearest(numbers: &[f64], number: f64) -> Option<u32> {
    let above = numbers.partition_point(|known| *known < number);
    let near = |place: usize| {
        let known = *numbers.get(place)?;
        same_number(known, number).then_some(place as u32 + 1)
    };
    near(above).or_else(|| near(above.checked_sub(1)?))
}

/// Whether two numbers are the same but for rounding.
pub(super) fn same_number(a: f64, b: f64) -> bool {
    (a - b).abs() <= ROUNDING * a.abs().max(b.abs()).max(1.0)
}
