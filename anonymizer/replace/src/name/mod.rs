//! Names of people: which part is which, in what case, and how another name stands in the same case.

mod analyze;
mod decline;
mod kazakh;
mod letters;
mod lexicon;

pub(crate) use analyze::{Word, analyze};
pub(crate) use decline::decline;
pub(crate) use letters::{clean, folded, latin, shaped};
pub(crate) use lexicon::Names;

pub use sandyq_words::{Language, Sex};

/// A part of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The family's name.
    Surname,
    /// The name given at birth.
    Given,
    /// The name from the father's.
    Patronymic,
}

/// A grammatical case. Russian has six; Kazakh has its own suffixes, which follow the last word of a name only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Both languages.
    Nominative,
    Genitive,
    Dative,
    Accusative,
    Instrumental,
    Prepositional,
    KazakhGenitive,
    KazakhDative,
    KazakhAccusative,
    KazakhLocative,
    KazakhAblative,
    KazakhInstrumental,
}

impl Case {
    /// Nominative first: where two fit equally well, it is the likelier one.
    pub(crate) const ALL: [Self; 12] = [
        Self::Nominative,
        Self::Genitive,
        Self::Dative,
        Self::Accusative,
        Self::Instrumental,
        Self::Prepositional,
        Self::KazakhGenitive,
        Self::KazakhDative,
        Self::KazakhAccusative,
        Self::KazakhLocative,
        Self::KazakhAblative,
        Self::KazakhInstrumental,
    ];

    /// Its letter in a token.
    pub(crate) fn code(self) -> char {
        match self {
            Self::Nominative => 'n',
            Self::Genitive => 'g',
            Self::Dative => 'd',
            Self::Accusative => 'a',
            Self::Instrumental => 'i',
            Self::Prepositional => 'p',
            Self::KazakhGenitive => 'G',
            Self::KazakhDative => 'D',
            Self::KazakhAccusative => 'A',
            Self::KazakhLocative => 'L',
            Self::KazakhAblative => 'B',
            Self::KazakhInstrumental => 'I',
        }
    }

    /// The case of a letter.
    pub(crate) fn parse(code: char) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.code() == code)
    }

    /// The place of a Russian case among the six; `None` for the suffixes of Kazakh.
    pub(crate) fn russian(self) -> Option<usize> {
        Self::ALL.iter().take(6).position(|case| *case == self)
    }
}

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Cyrillic without the letters that only Kazakh has.
    Russian,
    /// Cyrillic with them.
    Kazakh,
    Latin,
}

/// Which letters of a word are capitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Title,
    Upper,
    Lower,
    /// The first letter alone stands for the word.
    Initial,
}
