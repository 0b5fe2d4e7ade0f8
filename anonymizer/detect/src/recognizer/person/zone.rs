//! Parts of a text that are written without capitals.

use crate::text::{Letters, Text, Token};

/// So many tokens without a capital on both sides make such a part.
const NEAR: usize = 24;

/// Where capitals stand around the place that is read.
#[derive(Debug, Default)]
pub struct Zone {
    /// Behind the last capital before.
    last: Option<usize>,
    /// Until there no capital follows.
    clear: usize,
    /// Whether one stands there.
    capital: bool,
}

impl Zone {
    /// Takes up that a capital stands before `end`.
    pub fn capital_until(&mut self, end: usize) {
        self.last = Some(end);
    }

    /// Whether the words around a place are written without capitals; places come in the order of the text.
    #[inline]
    pub fn is_plain(&mut self, text: &Text, place: usize) -> bool {
        !self.is_near(place) && self.look_ahead(text, place)
    }

    /// Whether a capital stands shortly before a place.
    #[inline]
    pub fn is_near(&self, place: usize) -> bool {
        self.last.is_some_and(|last| place < last + NEAR)
    }

    fn look_ahead(&mut self, text: &Text, place: usize) -> bool {
        if self.clear < place {
            self.clear = place;
            self.capital = false;
        }
        while !self.capital && self.clear < place + NEAR {
            let Some(token) = text.token(self.clear) else {
                return true;
            };
            self.capital = is_capital(token);
            self.clear += usize::from(!self.capital);
        }
        self.clear >= place + NEAR
    }
}

/// Whether a Cyrillic word has a capital.
pub fn is_capital(token: &Token) -> bool {
    token.is_word()
        && token.len > 1
        && token.letters.has(Letters::TITLE)
        && !token.letters.has(Letters::LATIN)
}
