//! Names that fill a field: behind a label, before the colon of a message, in the cell of a table.

use std::ops::Range;

use super::before::{Label, label_before};
use super::element::{Case, Element, element};
use super::judged::Words;
use crate::names::Facts;
use crate::text::{Gap, Text, Token};

/// The longest name, in tokens.
const LONGEST: usize = 12;
/// The longest name, in words without initials.
const MOST: usize = 4;

/// The name behind the colon at `colon`, or before it if a message begins there.
pub fn beside_colon(words: &mut Words<'_>, colon: usize) -> Option<Vec<Element>> {
    if let Some(sender) = sender(words.text, colon) {
        return read(words, sender, Label::Role);
    }
    let label = label_before(words.text, words.lexicon, colon)?;
    let value = value(words.text, colon + 1)?;
    read(words, value, label)
}

/// The name in a line that begins with the word for it: `ТЕГІ Русакова`.
pub fn beside_heading(words: &mut Words<'_>, place: usize) -> Option<Vec<Element>> {
    let text = words.text;
    let begins = text
        .token(place)
        .is_some_and(|token| token.gap >= Gap::Line);
    let next = text.token(place + 1)?;
    if !begins || !next.is_word() || next.is_lower() || next.gap != Gap::Space {
        return None;
    }
    let value = value(text, place + 1)?;
    let whole = text
        .token(value.end)
        .is_none_or(|next| next.gap >= Gap::Line);
    whole.then(|| read(words, value, Label::Role)).flatten()
}

/// The elements of a range, if they are a name and nothing else.
pub fn read(words: &mut Words<'_>, range: Range<usize>, label: Label) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    let quote = |at: usize| words.text.token(at).is_some_and(|sign| sign.is('"'));
    let mut at = range.start + usize::from(quote(range.start));
    let end = range.end - usize::from(range.len() > 2 && quote(range.end - 1));
    if end <= at || end - at > LONGEST {
        return None;
    }
    words.plain = false;
    while at < end {
        let element = element(words, at)?;
        at = element.last + 1;
        elements.push(element);
    }
    (at == end && is_name(&elements, label)).then_some(elements)
}

/// Whether the elements that fill a field may all be parts of one name, and some of them hardly anything else.
fn is_name(elements: &[Element], label: Label) -> bool {
    let parts = || elements.iter().filter(|element| element.initial.is_none());
    let count = parts().count();
    if count == 0 || count > MOST || elements.len() > MOST + 2 {
        return false;
    }
    let says = |part: &Element| {
        part.is_given()
            || part.is_patronymic()
            || part.syllable
            || part.family() > u8::from(part.ordinary)
            || part.unlisted
                && !part.ordinary
                && (count > 1 || part.likely > -64 || part.is_strange())
    };
    let fits = |part: &Element| {
        let written = part.case != Case::Lower || label == Label::Name;
        let other = part.ordinary && part.unlisted && part.shape.is_none();
        let title = part.facts.any(Facts::TITLE.and(Facts::CUE));
        let role = other && label == Label::Role && !part.is_patronymic();
        written && (part.syllable || !(part.is_blocked() || title || role))
    };
    parts().all(fits) && parts().any(says)
}

/// Where the value ends that begins at `place`.
fn value(text: &Text, place: usize) -> Option<Range<usize>> {
    let opened = text.token(place)?.is('"');
    let from = place + usize::from(opened);
    let ends = |at: usize| {
        let Some(token) = text.token(at) else {
            return true;
        };
        let apart = at > from && (token.gap >= Gap::Line || text.is_tabbed(at));
        let sign = !token.is_word() && !token.is('-') && !token.is('\'');
        // The dot of an initial.
        let initial = token.is('.')
            && token.is_glued()
            && text
                .before(at, 1)
                .is_some_and(|letter| letter.is_word() && letter.len <= 2);
        apart || sign && !initial
    };
    let end = (from..from + LONGEST).find(|at| ends(*at))?;
    let closed = !opened || text.token(end).is_some_and(|token| token.is('"'));
    let number = text
        .token(end)
        .is_some_and(|token| token.is_number() && token.gap <= Gap::Space);
    (end > from && closed && !number).then_some(from..end)
}

/// What stands between the time of a message, in brackets, and the colon before its text.
fn sender(text: &Text, colon: usize) -> Option<Range<usize>> {
    let token = |back: usize| text.before(colon, back);
    let bracket = (2..=LONGEST).find(|back| token(*back).is_some_and(|sign| sign.is(']')))?;
    let one_line = (0..bracket).all(|back| token(back).is_some_and(|token| token.gap < Gap::Line));
    let time = token(bracket + 1).is_some_and(|time| Token::is_number(time) && time.len <= 4);
    (one_line && time).then(|| colon + 1 - bracket..colon)
}
