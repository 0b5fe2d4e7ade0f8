//! The view of a text that recognizers read.
//!
//! Folding drops what is invisible (zero-width characters, soft hyphens), writes digits of every script as ASCII ones,
//! lowers case, composes й and ё, undoes Latin look-alikes inside Cyrillic words (and the reverse), decodes HTML
//! entities and JSON escapes, and passes over HTML tags. What is left is a list of [`Token`]s: words, numbers, signs.

mod alphabet;
mod fold;
mod markup;
mod script;
mod word;
mod written;

pub(crate) use alphabet::loose;
pub use word::{Loose, hash, prefixes};

use crate::glance::{Glance, Glances};
use fold::Fold;
use written::Words;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters.
    Word,
    /// Digits.
    Number,
    /// One other character.
    Sign,
}

/// What stands between a token and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// Nothing: `12kg` is a number and a glued word.
    None,
    /// Space.
    Space,
    /// The end of a line, perhaps with space.
    Line,
    /// At least one empty line, a block of markup, or the begin of the text.
    Block,
}

/// Facts of the letters of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Letters(u8);

impl Letters {
    /// The first letter is upper case.
    pub const TITLE: Self = Self(1);
    /// Some later letter is upper case.
    pub const UPPER: Self = Self(2);
    /// Some letter is lower case.
    pub const LOWER: Self = Self(4);
    /// Some letter is Cyrillic (after look-alikes were undone).
    pub const CYRILLIC: Self = Self(8);
    /// Some letter is Latin (after look-alikes were undone).
    pub const LATIN: Self = Self(16);
    /// Some letter is of Kazakh but not of Russian: әғқңөұүһі.
    pub const KAZAKH: Self = Self(32);
    /// Look-alikes of the other script were undone.
    pub const DISGUISED: Self = Self(64);

    /// Whether it has all of `facts`.
    pub const fn has(self, facts: Self) -> bool {
        self.0 & facts.0 == facts.0
    }

    /// Whether it has any of `facts`.
    pub const fn any(self, facts: Self) -> bool {
        self.0 & facts.0 != 0
    }

    /// Both.
    pub const fn and(self, facts: Self) -> Self {
        Self(self.0 | facts.0)
    }

    const fn without(self, facts: Self) -> Self {
        Self(self.0 & !facts.0)
    }
}

/// A word, a number or a sign.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// The hash of a word without regard to case, ё and letters of Kazakh typed as Russian ones, as [`hash`] computes it;
    /// the folded character of a sign (`'-'` for all dashes, `'"'` for all quotes); 0 for a number.
    pub hash: u64,
    /// The first byte in the piece of the original text.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
    /// The first byte in the folded text.
    at: u32,
    /// The byte after the last one in the folded text.
    until: u32,
    /// What it is made of.
    pub kind: TokenKind,
    /// What stands before it.
    pub gap: Gap,
    /// How its letters are, of a word.
    pub letters: Letters,
    /// How many characters it has, at most 255.
    pub len: u8,
    /// What the word or sign may be to the recognizers.
    pub(crate) glance: Glance,
}

impl Token {
    /// Whether it is the sign `sign` (folded: every dash is `-`, every quote `"`).
    pub const fn is(&self, sign: char) -> bool {
        matches!(self.kind, TokenKind::Sign) && self.hash == sign as u64
    }

    /// Whether it is letters.
    pub const fn is_word(&self) -> bool {
        matches!(self.kind, TokenKind::Word)
    }

    /// Whether it is digits.
    pub const fn is_number(&self) -> bool {
        matches!(self.kind, TokenKind::Number)
    }

    /// Whether nothing stands between it and the token before it.
    pub const fn is_glued(&self) -> bool {
        matches!(self.gap, Gap::None)
    }

    /// How many bytes it has folded; of a number, how many digits.
    pub const fn folded_len(&self) -> usize {
        (self.until - self.at) as usize
    }

    /// A word like `Алматы`; also a single capital.
    pub const fn is_title(&self) -> bool {
        self.letters.has(Letters::TITLE) && !self.letters.has(Letters::UPPER)
    }

    /// A word like `АЛМАТЫ`; also a single capital.
    pub const fn is_upper(&self) -> bool {
        self.letters.has(Letters::TITLE) && !self.letters.has(Letters::LOWER)
    }

    /// A word like `алматы`.
    pub const fn is_lower(&self) -> bool {
        self.is_word() && !self.letters.any(Letters::TITLE.and(Letters::UPPER))
    }
}

/// A piece of text, folded into tokens. Its buffers are used again for the next piece.
#[derive(Debug, Default)]
pub struct Text {
    tokens: Vec<Token>,
    /// A copy of the piece, and behind it the folded forms that are others than what stands there.
    folded: String,
    /// The places of numbers among the tokens.
    numbers: Vec<u32>,
    /// The places of the signs `@` and `:` among the tokens.
    marks: Vec<u32>,
    /// The places of numbers, and of words that may wake the search for addresses or dates of birth.
    wakers: Vec<u32>,
    /// What words and signs said before.
    glances: Glances,
    /// What was read of words before.
    words: Words,
}

impl Text {
    /// Folds a piece of at most 2^31 bytes.
    pub fn read(&mut self, piece: &str) {
        Fold::new(self, piece).run();
    }

    /// All tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The token of that place.
    pub fn token(&self, place: usize) -> Option<&Token> {
        self.tokens.get(place)
    }

    /// The token `back` places before `place`.
    pub fn before(&self, place: usize, back: usize) -> Option<&Token> {
        self.tokens.get(place.checked_sub(back)?)
    }

    /// The folded characters of a token: lower case, й composed, digits ASCII. Kazakh letters and ё stay.
    pub fn folded(&self, token: &Token) -> &str {
        let range = token.at as usize..token.until as usize;
        self.folded.get(range).unwrap_or_default()
    }

    /// A token as it was written.
    pub(crate) fn written(&self, token: &Token) -> &str {
        let range = token.start as usize..token.end as usize;
        self.folded.get(range).unwrap_or_default()
    }

    /// How many tabs stand right before the token at `place`.
    pub(crate) fn tabs(&self, place: usize) -> usize {
        let gap = || {
            let token = self.token(place).filter(|token| !token.is_glued())?;
            let before = self.before(place, 1)?;
            let gap = before.end as usize..token.start as usize;
            self.folded.as_bytes().get(gap)
        };
        gap().map_or(0, |gap| gap.iter().filter(|byte| **byte == b'\t').count())
    }

    /// Whether a tab stands right before the token at `place`, so that it is in another cell than the one before.
    pub(crate) fn is_tabbed(&self, place: usize) -> bool {
        self.tabs(place) > 0
    }

    /// How many visible characters the tokens from `first` to `last` have.
    pub(crate) fn weight(&self, first: usize, last: usize) -> u32 {
        let tokens = self.tokens.get(first..=last).unwrap_or_default();
        tokens.iter().map(|token| u32::from(token.len)).sum()
    }

    /// Where the numbers are among the tokens.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Where the signs `@` and `:` are among the tokens.
    pub fn marks(&self) -> &[u32] {
        &self.marks
    }

    /// Where the numbers are, and the words that may wake the search for addresses or dates of birth.
    pub(crate) fn wakers(&self) -> &[u32] {
        &self.wakers
    }
}
