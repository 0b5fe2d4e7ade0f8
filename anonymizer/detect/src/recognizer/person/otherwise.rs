//! What words are that could be read as a name otherwise.

use super::after::joins;
use super::before::{Before, in_genitive};
use super::element::Element;
use super::grammar::{self, several};
use super::short;
use crate::names::{Facts, Lexicon, lexicon};
use crate::text::{Gap, Text};

/// Whether a row of several begins with a surname of one syllable.
pub fn short_headed(text: &Text, row: &[Element]) -> bool {
    row.len() > 1
        && row
            .first()
            .and_then(|head| text.token(head.first))
            .is_some_and(short::is_surname)
}

/// Whether a row begins with a street of which somebody is told: `Сейфуллинде Сейфулла тұрады`. Of a name in Kazakh only the last word takes
/// an ending.
pub fn in_street(text: &Text, row: &[Element]) -> bool {
    const ENDINGS: [&str; 4] = ["инде", "ында", "овта", "евте"];
    let Some(head) = row.first().filter(|head| !head.is_given()) else {
        return false;
    };
    let folded = text
        .token(head.last)
        .map(|token| text.folded(token))
        .unwrap_or_default();
    let given = || {
        let next = text.token(head.last + 1);
        next.is_some_and(|next| {
            next.gap == Gap::Space && next.is_title() && lexicon().get(next.hash).has(Facts::GIVEN)
        })
    };
    ENDINGS.iter().any(|ending| folded.ends_with(ending)) && given()
}

/// Whether a row begins with a surname and a given name.
pub fn is_whole(row: &[Element]) -> bool {
    let [surname, given, ..] = row else {
        return false;
    };
    surname.family() >= 2 && given.is_given() && several(row, &Before::default()).is_some()
}

/// Whether a name begins after the first word, which then says who it is: (Азамат) Жұмабаев Қанат Сәрсенұлы.
pub fn says_who(row: &[Element]) -> bool {
    let rest = row.get(1..).unwrap_or_default();
    let Some(next) = rest.first().filter(|next| !grammar::is_son(next)) else {
        return false;
    };
    several(rest, &Before::default()).is_some() || next.is_given() && next.family() < 2
}

/// Whether `мен` or `и` joins what is a word too with a place or a star: `Шолпан мен Юпитер`; or a comma as well, what is in no list.
pub fn beside_place(text: &Text, lexicon: &Lexicon, element: &Element) -> bool {
    let word = element.ordinary || element.facts.has(Facts::WORD);
    if !word && !element.unlisted {
        return false;
    }
    let is = |joint: Option<usize>, other: Option<usize>| {
        let token = |place: Option<usize>| place.and_then(|place| text.token(place));
        let joint = token(joint)
            .is_some_and(|joint| joins(joint.hash) || element.unlisted && joint.is(','));
        joint
            && token(other).is_some_and(|other| {
                let facts = lexicon.get(other.hash);
                let place =
                    facts.has(Facts::PLACE) && (element.unlisted || !facts.has(Facts::GIVEN));
                other.is_title() && place
            })
    };
    let back = |steps| element.first.checked_sub(steps);
    is(Some(element.last + 1), Some(element.last + 2)) || is(back(1), back(2))
}

/// Whether a name stands in the Kazakh genitive, which names an owner, never a street.
pub fn genitive(text: &Text, element: &Element) -> bool {
    let token = text.token(element.last);
    token.is_some_and(|token| in_genitive(text.folded(token)))
}

/// A genitive before a number is a street with its house: `Абая 45`, but not before a year: `Жақыпова 2011 жылдан`.
pub fn house(text: &Text, element: &Element, before: &Before) -> bool {
    let number = text
        .token(element.last + 1)
        .is_some_and(|next| next.is_number() && next.folded_len() < 4 && next.gap <= Gap::Space)
        && !text
            .token(element.last + 2)
            .is_some_and(|sign| sign.is('%'));
    let folded = text
        .token(element.last)
        .map(|token| text.folded(token))
        .unwrap_or_default();
    number
        && !before.cue
        && !before.title
        && !element.is_clear()
        && ["а", "я", "ой", "ого"]
            .iter()
            .any(|end| folded.ends_with(end))
        && !element.facts.has(Facts::NOMINATIVE)
}
