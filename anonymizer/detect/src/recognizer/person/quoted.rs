//! Names that are those of works, goods and fields rather than people's.

use crate::text::{Gap, Text};

/// A title between quotes has at most so many tokens on either side of a name.
const LONGEST: usize = 6;

/// Whether the tokens from `first` to `last` are the title of something, or a part of it: they stand between such quotes as are made for
/// it, which data formats do not use, and it is neither speech nor the value of a field.
pub fn is_titled(text: &Text, first: usize, last: usize) -> bool {
    let opened = (1..=LONGEST).find_map(|back| {
        let token = text.before(first, back)?;
        let quote = token
            .is('"')
            .then(|| matches!(text.written(token), "«" | "“" | "„"));
        ends(text, first, back)
            .then_some(None)
            .or(quote.map(|opens| opens.then_some(back)))
    });
    let Some(opened) = opened.flatten() else {
        return false;
    };
    let colon = text
        .before(first, opened + 1)
        .is_some_and(|sign| sign.is(':'));
    let closed = (1..=LONGEST).find_map(|ahead| {
        let token = text.token(last + ahead)?;
        let quote = token
            .is('"')
            .then(|| matches!(text.written(token), "»" | "”" | "“"));
        let stops = token.gap >= Gap::Line || is_spoken(text, last + ahead);
        stops.then_some(false).or(quote)
    });
    !colon && closed == Some(true)
}

/// The longest speech in quotes that is read, in tokens.
const SPEECH: usize = 40;

/// Whether the quotes that are open behind a place hold what somebody says, as signs and small letters tell: `«Мурат, позвони матери»`.
pub fn is_speech(text: &Text, last: usize) -> bool {
    let (mut spoken, mut small) = (false, 0);
    for place in last + 1..last + SPEECH {
        let Some(token) = text.token(place).filter(|token| token.gap < Gap::Line) else {
            return false;
        };
        if token.is('"') {
            return small > 1 && spoken || small > 2;
        }
        small += usize::from(token.is_word() && token.is_lower());
        spoken |= is_spoken(text, place) || token.is('.');
    }
    false
}

/// Whether reading backwards stops at the token `back` places before.
fn ends(text: &Text, place: usize, back: usize) -> bool {
    let line = text
        .token(place + 1 - back)
        .is_some_and(|token| token.gap >= Gap::Line);
    line || is_spoken(text, place - back)
}

/// Signs that speech has and titles have not.
fn is_spoken(text: &Text, place: usize) -> bool {
    let signs = [',', '!', '?', ':', ';'];
    text.token(place)
        .is_some_and(|token| signs.iter().any(|sign| token.is(*sign)))
}

/// Whether the tokens are a part of the name of a field: `қуат_вт`.
pub fn is_key(text: &Text, first: usize, last: usize) -> bool {
    let joint = |place: usize| {
        text.token(place)
            .is_some_and(|token| token.is('_') && token.is_glued())
    };
    joint(last + 1) || joint(first.saturating_sub(1)) && first > 0
}

/// Where the sentence ends that the token at `place` stands in.
pub fn sentence_end(text: &Text, place: usize) -> usize {
    let ends = |at: &usize| {
        text.token(*at).is_none_or(|token| {
            token.gap >= Gap::Line || [';', '!', '?', '.'].iter().any(|sign| token.is(*sign))
        })
    };
    (place + 1..).find(ends).unwrap_or(place)
}
