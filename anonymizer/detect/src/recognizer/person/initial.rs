//! Initials.

use super::element::{Case, Element};
use crate::names::{Facts, Lexicon};
use crate::text::{Gap, Letters, Text, Token, hash};

/// How an initial is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// `А.`
    Dotted,
    /// `А`
    Bare,
    /// `АБ`
    Pair,
}

/// The initial at a place, if one stands there.
pub fn initial(
    text: &Text,
    lexicon: &Lexicon,
    (token, place): (&Token, usize),
    plain: bool,
) -> Option<Element> {
    let dotted = text
        .token(place + 1)
        .is_some_and(|next| next.is('.') && next.is_glued());
    let short = token.len == 1 || dotted && token.len == 2 && token.hash == const { hash("дж") };
    let initial = match (dotted, token.len) {
        _ if token.is_lower()
            && short
            && dotted
            && (plain && !abbreviated(text, token, place) || pair_of_initials(text, place)) =>
        {
            Initial::Dotted
        }
        _ if !token.letters.has(Letters::TITLE) => return None,
        (true, _) if short => Initial::Dotted,
        (_, 1) => Initial::Bare,
        (_, 2)
            if token.is_upper()
                && (ends_name(text, place)
                    || !lexicon
                        .get(token.hash)
                        .any(Facts::STOP.and(Facts::ORGANIZATION))) =>
        {
            Initial::Pair
        }
        _ => return None,
    };
    let facts = lexicon.get(token.hash);
    Some(Element {
        first: place,
        last: if initial == Initial::Dotted {
            place + 1
        } else {
            place
        },
        hash: token.hash,
        facts: if initial == Initial::Pair {
            facts
        } else {
            Facts::default()
        },
        shape: None,
        patronymic: None,
        initial: Some(initial),
        case: if token.is_lower() && !plain {
            Case::Lower
        } else {
            Case::Upper
        },
        written: if token.is_lower() {
            Case::Lower
        } else {
            Case::Upper
        },
        possible: false,
        blank: false,
        nearly: false,
        likely: 0,
        unlisted: false,
        ordinary: false,
        syllable: false,
        inflected: false,
    })
}

/// Whether two capitals end what a capitalized word begins: `Врач Болатбеков НА.`
fn ends_name(text: &Text, place: usize) -> bool {
    let name = text
        .before(place, 1)
        .is_some_and(|name| name.is_word() && name.is_title() && name.len > 4);
    let ends = text
        .token(place + 1)
        .is_none_or(|next| !next.is_word() && !next.is_number() || next.gap >= Gap::Line);
    name && ends
}

/// Whether a small letter with a dot is the begin of a word like город, дом, село, or stands before a number.
fn abbreviated(text: &Text, token: &Token, place: usize) -> bool {
    const WORDS: [u64; 8] = [
        hash("г"),
        hash("д"),
        hash("с"),
        hash("п"),
        hash("т"),
        hash("ж"),
        hash("қ"),
        hash("у"),
    ];
    let numbered = text
        .token(place + 2)
        .is_some_and(|next| next.is_number() && next.gap <= Gap::Space);
    numbered || WORDS.contains(&token.hash) && !pair_of_initials(text, place)
}

/// Whether a lower-case letter with a dot is one of two: `ахметов б.к.`.
pub fn pair_of_initials(text: &Text, place: usize) -> bool {
    let lettered = |place: usize| {
        text.token(place)
            .is_some_and(|token| token.is_word() && token.len == 1 && token.is_lower())
            && text
                .token(place + 1)
                .is_some_and(|next| next.is('.') && next.is_glued())
    };
    let near = |place: usize| {
        text.token(place)
            .is_some_and(|token| token.gap <= Gap::Space)
    };
    lettered(place)
        && (lettered(place + 2) && near(place + 2)
            || place >= 2 && lettered(place - 2) && near(place))
}
