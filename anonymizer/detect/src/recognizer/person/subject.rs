//! Two people in a Kazakh sentence: `Ахат Тимурды ұрды`.
//!
//! Of a name in Kazakh only the last word takes an ending, so that a name and another in a case may be one person. But where a sentence begins
//! with them, ends with what somebody did, and names nobody else who may have done it, the first did it.

use super::element::{Case, Element};
use crate::names::{Facts, Lexicon, Word};
use crate::text::{Gap, Text, Token};

/// A clause is no longer, in tokens.
const CLAUSE: usize = 16;
/// So many words may say who the first is.
const ROLES: usize = 3;

/// Whether the first two words of a row are one who did something, and another to whom it was done.
pub fn with_object(text: &Text, lexicon: &Lexicon, row: &[Element]) -> bool {
    let [who, whom, rest @ ..] = row else {
        return false;
    };
    let named = |element: &Element| {
        element.written == Case::Title
            && element.initial.is_none()
            && !element.is_blocked()
            && !element.is_patronymic()
            && (element.is_given() || element.family() >= 2)
    };
    let nominative = who.facts.has(Facts::NOMINATIVE)
        || who
            .shape
            .is_some_and(|shape| shape.nominative && !shape.feminine);
    rest.is_empty()
        && named(who)
        && named(whom)
        && is_object(text, whom)
        && nominative
        && !who.inflected
        && whom.inflected
        && begins(text, lexicon, who.first)
        && is_done(text, lexicon, whom.last)
}

/// Whether a name stands in the accusative, the dative, the ablative or the instrumental.
fn is_object(text: &Text, element: &Element) -> bool {
    const ENDINGS: [&str; 19] = [
        "ны", "ні", "ды", "ді", "ты", "ті", "ға", "ге", "қа", "ке", "дан", "ден", "тан", "тен",
        "нан", "нен", "мен", "бен", "пен",
    ];
    let token = text.token(element.last);
    token.is_some_and(|token| {
        let folded = text.folded(token);
        ENDINGS.iter().any(|end| folded.ends_with(end))
    })
}

/// Whether nothing but words for what somebody is stands before a place in its sentence.
fn begins(text: &Text, lexicon: &Lexicon, place: usize) -> bool {
    let mut gap = text.token(place).map_or(Gap::Block, |token| token.gap);
    for back in 1..=ROLES + 1 {
        let token = text.before(place, back).filter(|_| gap < Gap::Line);
        let Some(token) = token else { return true };
        if !token.is_word() {
            return token.is('.') || token.is('!') || token.is('?') || token.is(':');
        }
        let facts = lexicon.get(token.hash);
        if !facts.any(Facts::TITLE.and(Facts::CUE)) {
            return false;
        }
        gap = token.gap;
    }
    false
}

/// Whether the clause that goes on behind a place ends with what one person did, and names nobody else who may have done it.
fn is_done(text: &Text, lexicon: &Lexicon, place: usize) -> bool {
    let mut last = None;
    for token in (place + 1..place + CLAUSE).map_while(|place| text.token(place)) {
        if token.gap >= Gap::Line || token.is('.') || token.is(',') || token.is(';') {
            break;
        }
        let other = || {
            let facts = lexicon.get(token.hash);
            !token.is_lower() || facts.any(Facts::TITLE.and(Facts::CUE).and(Facts::ORGANIZATION))
        };
        if token.is_word() && other() {
            return false;
        }
        last = Some(token);
    }
    last.is_some_and(|token| token.is_word() && is_deed(text, token))
}

/// Whether a word is a verb of the third person, in the past, the present or of what is over, and not in the passive.
fn is_deed(text: &Text, token: &Token) -> bool {
    const PAST: [&str; 12] = [
        "ады", "еди", "йды", "йди", "ды", "ди", "ты", "ти", "ган", "ген", "кан", "кен",
    ];
    // What papers and meetings do, in Russian letters.
    const HAPPENS: [&str; 10] = [
        "от", "тус", "жет", "тий", "шык", "кет", "бар", "жат", "тур", "отыр",
    ];
    let Some(word) = Word::new(text.folded(token)) else {
        return false;
    };
    let stem = PAST.iter().find_map(|end| word.as_str().strip_suffix(end));
    stem.is_some_and(|stem| {
        stem.len() >= 2 * 2 && !stem.ends_with(['л', 'н']) && !HAPPENS.contains(&stem)
    })
}
