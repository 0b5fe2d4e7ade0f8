//! Rows of elements.

use super::element::{Case, Element, element};
use super::initial::pair_of_initials;
use super::judged::Words;
use crate::names::{
    Facts, Lexicon, Patronymic, Strength, Word, is_ordinary, patronymic, patronymic_tail,
};
use crate::text::{Gap, Text, Token, hash};

/// The longest row that is looked at.
const LONGEST: usize = 12;

/// Reads the row of elements that begins at `place`; none if no name can begin there.
pub fn row(words: &mut Words<'_>, place: usize, row: &mut Vec<Element>) {
    let (text, lexicon) = (words.text, words.lexicon);
    row.clear();
    let mut at = place;
    while row.len() < LONGEST {
        let Some(token) = text.token(at) else { break };
        let element = match row.last() {
            None => element(words, at),
            Some(last) if joins(words, last, token, at) => element(words, at),
            Some(last) if row.len() == 1 && breaks(words, last, token, at) => element(words, at),
            Some(_) => None,
        };
        let Some(mut element) = element else { break };
        father(text, lexicon, &mut element, row);
        at = element.last + 1;
        row.push(element);
    }
    if row.len() > 1
        && let Some(last) = row.last_mut()
    {
        last.inflected = inflected(words, last);
    }
    if let [first, _, ..] = row.as_mut_slice()
        && first.is_strange()
        && first.shape.is_none()
        && is_declined_word(text, first)
    {
        first.ordinary = true;
        first.possible = false;
        first.blank = false;
    }
}

/// Whether an element is an ordinary word in a Kazakh case, which begins no name: `Суретті Юрий түсірген`, `Күннің тұтылуы`.
pub fn is_declined_word(text: &Text, element: &Element) -> bool {
    const ENDINGS: [&str; 14] = [
        "ты", "ти", "ды", "ди", "ны", "ни", "га", "ка", "нын", "нин", "дын", "дин", "тын", "тин",
    ];
    let token = text.token(element.last);
    let word = token.and_then(|token| Word::new(text.folded(token)));
    word.is_some_and(|word| {
        let ends = ENDINGS
            .iter()
            .filter_map(|end| word.as_str().strip_suffix(end));
        let mut stems = ends.filter(|stem| stem.len() >= 2 * 3);
        stems.any(|stem| Word::new(stem).is_some_and(|stem| is_ordinary(&stem)))
    })
}

/// Whether an element is a name in a Kazakh case.
fn inflected(words: &mut Words<'_>, element: &Element) -> bool {
    let given = element.facts.has(Facts::GIVEN.and(Facts::NOMINATIVE));
    let surname = element.shape.is_some_and(|shape| shape.nominative);
    let token = words.text.token(element.last);
    !given
        && !surname
        && element.initial.is_none()
        && token.is_some_and(|token| words.is_cased(token))
}

/// Whether the token goes on with the row.
fn joins(words: &mut Words<'_>, last: &Element, token: &Token, at: usize) -> bool {
    if !token.is_word() {
        return false;
    }
    // `м.ғ.д. Ф.Е. Рамазанова`: what is abbreviated in small letters is no initial of who follows.
    let small = last.initial.is_some() && last.written == Case::Lower;
    if small && !token.is_lower() && !words.plain {
        return false;
    }
    match token.gap {
        Gap::Space => {}
        Gap::None if last.initial.is_some() => {}
        Gap::Line => return wraps(words.text, words.lexicon, at),
        _ => return false,
    }
    // `Қуанышевтың Қуанышеваға`: only the last word of a name takes an ending.
    if inflected(words, last) {
        return false;
    }
    if token.is_lower() && words.plain {
        return if token.len == 1 {
            element(words, at).is_some()
        } else {
            words.judge(token).is_some_and(|word| word.is_namable())
        };
    }
    !token.is_lower() || continues(words, last, (token, at))
}

/// Whether a lower-case word may go on with a row.
fn continues(words: &mut Words<'_>, last: &Element, (token, at): (&Token, usize)) -> bool {
    let (text, lexicon) = (words.text, words.lexicon);
    if token.len == 1 {
        return (matches!(last.case, Case::Lower) || last.initial.is_some())
            && pair_of_initials(text, at);
    }
    if last.initial.is_some() && !matches!(last.case, Case::Lower) {
        return false;
    }
    let facts = lexicon.get(token.hash);
    // `Петя айдайды` is no case of `Айдай`.
    let clear = facts.has(Facts::GIVEN.and(Facts::COMMON).and(Facts::NOMINATIVE))
        && !facts.any(Facts::WORD.and(Facts::STOP));
    if clear
        || facts.has(Facts::GIVEN) && matches!(last.case, Case::Lower) && !facts.has(Facts::STOP)
    {
        return true;
    }
    if facts.has(Facts::STOP) || token.len < 5 {
        return false;
    }
    if patronymic_tail(text.folded(token)) {
        return true;
    }
    if !matches!(last.case, Case::Lower) {
        return false;
    }
    words.judge(token).is_some_and(|word| {
        word.patronymic.is_some_and(|found| found.known)
            || word
                .shape
                .is_some_and(|shape| shape.strength >= Strength::Likely)
    })
}

/// Whether a name goes on over the end of a line: with the patronymic, or with the given name and the patronymic.
fn wraps(text: &Text, lexicon: &Lexicon, at: usize) -> bool {
    let is = |place: usize| {
        let Some(token) = text
            .token(place)
            .filter(|token| token.is_word() && !token.is_lower())
        else {
            return false;
        };
        Word::new(text.folded(token)).is_some_and(|word| {
            patronymic(&word, lexicon).is_some_and(|found| found.known && !found.kazakh)
        })
    };
    let given = || {
        text.token(at)
            .is_some_and(|token| lexicon.get(token.hash).has(Facts::GIVEN))
    };
    is(at)
        || given()
            && text
                .token(at + 1)
                .is_some_and(|token| token.gap == Gap::Space)
            && is(at + 1)
}

/// Whether a name that begins within a line is broken after the surname: by its initials, or a given name alone.
fn breaks(words: &mut Words<'_>, last: &Element, token: &Token, at: usize) -> bool {
    let text = words.text;
    let within = text
        .token(last.first)
        .is_some_and(|token| token.gap < Gap::Line);
    if token.gap != Gap::Line || !within || !token.is_word() || token.is_lower() {
        return false;
    }
    let dotted = |at: usize| {
        text.token(at)
            .is_some_and(|next| next.is('.') && next.is_glued())
    };
    if last.initial.is_some() || token.len == 1 {
        let surname = last.initial.is_none() && last.family() >= 2;
        return token.len == 1 && dotted(at + 1) && (surname || last.initial.is_some());
    }
    let given = words.judge(token).is_some_and(|word| {
        word.facts.has(Facts::GIVEN) && !word.facts.any(Facts::STOP.and(Facts::WORD))
    });
    // A list of names goes on with a surname, which no mark parts from what follows.
    given && last.family() >= 2 && !last.is_given() && last.first > 0
}

/// `Серік ұлы`, `Гасан оглы`: the father's name and the word for child are one element.
fn father(text: &Text, lexicon: &Lexicon, element: &mut Element, row: &[Element]) {
    const CHILDREN: [u64; 12] = [
        hash("ұлы"),
        hash("қызы"),
        hash("ұлының"),
        hash("қызының"),
        hash("ұлына"),
        hash("қызына"),
        hash("ұлын"),
        hash("қызын"),
        hash("ұлымен"),
        hash("қызымен"),
        hash("оглы"),
        hash("угли"),
    ];
    let nominative =
        element.facts.has(Facts::NOMINATIVE) || element.facts.is_empty() && element.possible;
    if element.patronymic.is_some() {
        return;
    }
    let Some(child) = text
        .token(element.last + 1)
        .filter(|next| next.gap == Gap::Space && CHILDREN.contains(&next.hash))
    else {
        return;
    };
    if !nominative || child.is_title() && !child.is_upper() && child.len < 3 {
        return;
    }
    let after = text
        .token(element.last + 2)
        .filter(|next| next.is_word() && next.gap == Gap::Space && !next.is_lower());
    let before = row
        .last()
        .is_some_and(|last| last.is_given() || last.family() > 0);
    if before || after.is_some_and(|next| lexicon.get(next.hash).has(Facts::GIVEN)) {
        element.last += 1;
        element.patronymic = Some(Patronymic {
            known: true,
            sure: true,
            kazakh: true,
        });
        element.facts = Facts::default();
        element.shape = None;
    }
}
