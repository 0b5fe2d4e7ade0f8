//! Two words that are a surname and a given name.

use super::before::Before;
use super::element::{Case, Element};
use super::grammar::{BESIDE, GUESSED, Name, name};
use crate::names::Facts;

/// How much the letters of a surname must speak for one that follows the given name at the beginning of a sentence, in
/// sixteenths of log-odds.
const LAST: i16 = -32;
/// The same of two words together that no list has: after a word for people, within a sentence, at its beginning.
const TOLD: i16 = -220;
const WITHIN: i16 = -24;
const AT_START: i16 = 72;
/// What each step of a surname's shape is worth beside that.
const SHAPED: i16 = 24;

/// A surname and a given name, in either order.
pub fn of_two(row: &[Element], before: &Before) -> Option<Name> {
    let [a, b, ..] = row else { return None };
    if a.is_blocked() || b.is_blocked() || a.initial.is_some() || b.initial.is_some() {
        return None;
    }
    let lower = matches!(a.case, Case::Lower) || matches!(b.case, Case::Lower);
    let (surname, given) = if a.is_given() && (!b.is_given() || b.family() > a.family()) {
        (b, a)
    } else {
        (a, b)
    };
    if !given.is_given() {
        let cue = before.cue
            && !lower
            && a.is_unknown()
            && b.is_unknown()
            && matches!(b.case, Case::Title);
        let told = before.cue || before.title;
        let both = a.family().min(b.family()) > 0;
        let shaped = told
            && !lower
            && a.family().max(b.family()) >= 2
            && (both || before.cue && (a.is_unknown() || b.is_unknown()));
        let strong = !lower && (with_strong_surname(a, b, before) || both_strange(a, b, before));
        return (cue || shaped || strong)
            .then_some(())
            .and_then(|()| name(2, 0.65, GUESSED));
    }
    if disagree(surname, given) {
        return None;
    }
    let family = surname.family();
    let clear = given.is_clear();
    let places = given.facts.has(Facts::PLACE) && surname.facts.has(Facts::PLACE);
    let accepted = match (lower, family) {
        _ if places => false,
        (true, 2..) => {
            let nominative = given.facts.has(Facts::NOMINATIVE)
                && surname.shape.is_some_and(|shape| shape.nominative);
            clear
                || family == 3
                    && given.facts.has(Facts::COMMON)
                    && (before.cue || !before.start || nominative)
        }
        (true, _) => {
            clear && before.cue && (family > 0 || surname.is_given()) || clear && surname.is_clear()
        }
        (false, 2..) => true,
        (false, 1) => {
            clear
                || surname.is_clear()
                || !before.start
                || before.cue
                || !given.facts.has(Facts::WORD)
                    && surname
                        .shape
                        .is_some_and(|shape| shape.nominative && shape.suffixed)
                || given.facts.has(Facts::NOMINATIVE)
                    && surname.shape.is_some_and(|shape| shape.adjective)
        }
        (false, _) if surname.is_given() => {
            clear
                || surname.is_clear()
                || before.cue
                || before.title
                || !before.start
                || b.written == Case::Title && a.written == Case::Title
        }
        (false, _) => beside(given, surname, std::ptr::eq(given, a), before),
    };
    accepted.then_some(()).and_then(|()| {
        name(
            2,
            if family >= 2 { 0.9 } else { 0.78 },
            "person.given_surname",
        )
    })
}

/// Whether a surname and a given name are those of a woman and a man: `Тәжібаева Қожаны`. Russian says `Ахметова Ержана` of a man
/// too, but with the given name in a Russian case.
fn disagree(surname: &Element, given: &Element) -> bool {
    let named = |facts| given.facts.has(facts);
    let told =
        (named(Facts::NOMINATIVE) || given.inflected) && named(Facts::MALE) != named(Facts::FEMALE);
    !surname.is_given()
        && surname.shape.is_some_and(|shape| {
            let other =
                named(Facts::MALE) && shape.feminine || named(Facts::FEMALE) && shape.masculine;
            told && shape.nominative && other
        })
}

/// Whether two words that no list has are a name: their letters, their shape, and what stands before speak for it.
fn both_strange(a: &Element, b: &Element, before: &Before) -> bool {
    let may = |element: &Element| {
        matches!(element.case, Case::Title)
            && (element.unlisted || element.shape.is_some())
            && (!element.ordinary || element.shape.is_some_and(|shape| shape.suffixed))
    };
    let points = |element: &Element| element.likely + SHAPED * i16::from(element.family());
    let least = match before {
        _ if a.case != a.written || b.case != b.written => AT_START,
        _ if before.cue || before.title => TOLD,
        _ if before.start => AT_START,
        _ => WITHIN,
    };
    !before.organization && !before.quoted && may(a) && may(b) && points(a) + points(b) >= least
}

/// Whether one of two words can only be a surname, so that the other, of which nothing is known, is the given name.
fn with_strong_surname(a: &Element, b: &Element, before: &Before) -> bool {
    if a.case != b.case || before.organization {
        return false;
    }
    let surname = |surname: &Element| {
        surname.family() >= 2 && surname.shape.is_some_and(|shape| shape.suffixed)
    };
    let unknown = |element: &Element| {
        element.is_blank()
            || element.is_strange()
            || element.case == Case::Title && element.shape.is_some_and(|shape| !shape.suffixed)
    };
    let nominative = b.shape.is_some_and(|shape| shape.nominative);
    let probable = |element: &Element| {
        element.shape.is_some_and(|shape| shape.suffixed) && element.likely >= BESIDE
    };
    let pair = |a: &Element, b: &Element| {
        surname(a) && unknown(b) || probable(a) && unknown(b) && b.likely >= BESIDE
    };
    let second = b.written == Case::Title && b.unlisted && !b.ordinary;
    // `Назначил Синельников`
    let word = before.start && a.ordinary;
    pair(a, b)
        || surname(a) && second
        || !word
            && pair(b, a)
            && (!before.start || a.likely >= LAST && (nominative || a.is_likely()))
}

/// Whether a given name is hardly anything else, be it ever so rare.
fn is_plain(given: &Element) -> bool {
    given.is_given() && !given.facts.has(Facts::PLACE) && (given.is_clear() || !given.ordinary)
}

fn clear_of_words(given: &Element) -> bool {
    !given.facts.any(Facts::WORD.and(Facts::PLACE))
}

/// Whether an unknown word beside a given name is its surname.
fn beside(given: &Element, other: &Element, given_first: bool, before: &Before) -> bool {
    let title =
        matches!(other.case, Case::Title) || matches!(given.case, Case::Upper) && before.cue;
    // Within a sentence a capital says that a word is no ordinary one.
    let capital = matches!(other.case, Case::Title) && other.written == Case::Title;
    if capital && other.unlisted && given.is_clear() && (given_first || !before.start) {
        return true;
    }
    // `Эля Майербах`: two capitals in a row, of which the first can be a given name.
    let rare = !given.ordinary || !before.start;
    if capital
        && given_first
        && rare
        && given.written == Case::Title
        && other.unlisted
        && !other.ordinary
        && !given.facts.has(Facts::PLACE)
    {
        return true;
    }
    // `директор Гора Степан`: a surname may be any word.
    let told = (before.title || before.cue) && !before.start;
    let even = given_first || given.facts.has(Facts::NOMINATIVE);
    if capital && told && even && given.is_clear() && !other.facts.has(Facts::PLACE) {
        return true;
    }
    let agrees = given_first || !before.start || given.facts.has(Facts::NOMINATIVE);
    if other.is_strange()
        && agrees
        && is_plain(given)
        && (given_first || !given.facts.has(Facts::WORD))
    {
        return true;
    }
    if !other.is_unknown() && !other.is_blank() || !title || given.facts.has(Facts::PLACE) {
        return false;
    }
    if other.is_likely()
        && given.facts.has(Facts::NOMINATIVE)
        && (clear_of_words(given) || !before.start)
    {
        return true;
    }
    if given_first {
        let foreign =
            !before.start && given.facts.has(Facts::NOMINATIVE) && !given.facts.has(Facts::WORD);
        return given.is_clear()
            || foreign
            || before.cue
            || before.title && given.facts.has(Facts::COMMON);
    }
    given.facts.has(Facts::NOMINATIVE)
        && (before.cue || (before.title || !before.start) && given.is_clear())
}
