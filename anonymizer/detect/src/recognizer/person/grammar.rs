//! Which rows of elements are names.

use super::context::Before;
use super::element::{Case, Element, Initial};
use crate::names::Facts;

/// A name that begins with some element of a row.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// How many elements it has.
    pub len: usize,
    /// How sure the pattern is.
    pub confidence: f32,
    /// The pattern.
    pub rule: &'static str,
}

/// The rule for two words of which no given name is known.
pub const GUESSED: &str = "person.cue_two_words";

/// How much the letters of a word must speak for a name, in sixteenths of log-odds; found by trial on the
/// invented texts, where their recall is flat around these.
mod least {
    /// Of a word that could be a given name, at the beginning of a sentence.
    pub const AT_START: i16 = -32;
    /// Of a surname beside one initial, or of a word beside one shaped like a surname.
    pub const BESIDE: i16 = 16;
    /// Of a surname that follows the given name at the beginning of a sentence.
    pub const LAST: i16 = -32;
    /// Of a word that is in no list, with initials, where a name is expected.
    pub const EXPECTED: i16 = -32;
    /// Of two words together, in a sentence.
    pub const TWO: i16 = 64;
    /// Of two words together, at the beginning of one.
    pub const TWO_AT_START: i16 = 96;
    /// Of each of the two.
    pub const EACH: i16 = -16;
}

const fn name(len: usize, confidence: f32, rule: &'static str) -> Option<Name> {
    Some(Name {
        len,
        confidence,
        rule,
    })
}

/// The longest name of several elements with which `row` begins.
pub fn several(row: &[Element], before: &Before) -> Option<Name> {
    with_patronymic(row, before)
        .or_else(|| with_initials(row, before))
        .or_else(|| of_three(row))
        .or_else(|| of_two(row, before))
}

fn with_patronymic(row: &[Element], before: &Before) -> Option<Name> {
    let [first, rest @ ..] = row else { return None };
    match rest {
        // Surname, given name, patronymic.
        [given, son, ..]
            if son_of(given, son)
                && forename(given)
                && surname(first, before)
                && !leads(first, row, before) =>
        {
            let more = row
                .get(3)
                .is_some_and(|next| is_son(first) && next.family() >= 2);
            name(
                if more { 4 } else { 3 },
                0.95,
                "person.surname_given_patronymic",
            )
        }
        // Given name, patronymic, perhaps a surname.
        [son, ..] if son_of(first, son) && forename(first) => {
            let surname = row.get(2).is_some_and(follows);
            let rule = if surname {
                "person.given_patronymic_surname"
            } else {
                "person.given_patronymic"
            };
            let sure = first.is_given() || son.patronymic.is_some_and(|found| found.known);
            let blank = first.is_blank()
                && (!before.start || before.cue || before.title || first.likely >= least::AT_START);
            let clear = sure && (first.is_given() || !before.start || first.family() > 0) || blank;
            (clear || !matches!(first.case, Case::Lower) && sure).then_some(())?;
            name(if surname { 3 } else { 2 }, 0.92, rule)
        }
        // A patronymic that serves as a surname: Құнанбайұлы Абай.
        [given, ..] if is_son(first) && given.is_given() => {
            let more = row.get(2).is_some_and(is_son);
            name(if more { 3 } else { 2 }, 0.9, "person.patronymic_given")
        }
        _ => None,
    }
}

pub fn is_son(element: &Element) -> bool {
    element.is_patronymic()
        && (!matches!(element.case, Case::Lower)
            || element
                .patronymic
                .is_some_and(|found| found.known || !found.kazakh))
}

/// Whether a patronymic follows a given name, perhaps with a wrong letter.
fn son_of(given: &Element, son: &Element) -> bool {
    is_son(son) || son.nearly && (given.is_given() || given.is_blank())
}

/// Whether it may stand where a given name stands beside a patronymic.
fn forename(element: &Element) -> bool {
    let known = element.facts.has(Facts::GIVEN) && matches!(element.case, Case::Title)
        || element.is_given()
        || !element.is_blocked() && element.family() > 0;
    known || element.is_unknown() || element.is_blank()
}

/// Whether it may stand where a surname stands before a given name and a patronymic.
fn surname(element: &Element, before: &Before) -> bool {
    let lower = matches!(element.case, Case::Lower);
    if element.is_blocked()
        || element.initial.is_some()
        || lower && element.family() < 1 && !element.is_given()
    {
        return false;
    }
    element.family() > 0
        || element.is_given()
        || element.is_blank()
            && (!before.start || before.cue || before.title || element.likely >= least::AT_START)
        || element.is_unknown() && before.cue
}

/// Whether the first element is no surname because one follows: (Шеф) Иван Петрович Сидоров.
fn leads(first: &Element, row: &[Element], before: &Before) -> bool {
    let doubtful = first.family() == 0 && !first.is_given() && !first.is_likely();
    doubtful && before.start && row.get(3).is_some_and(|last| last.family() >= 2)
}

/// Whether it may be the surname after a patronymic.
fn follows(element: &Element) -> bool {
    if element.is_blocked() || element.initial.is_some() {
        return false;
    }
    match element.case {
        Case::Lower => element.family() >= 2,
        _ => {
            element.family() > 0
                || element.is_unknown()
                || element.is_blank()
                || element.is_given() && element.facts.has(Facts::NOMINATIVE)
        }
    }
}

fn first_case(row: &[Element]) -> Case {
    row.first().map_or(Case::Title, |first| first.case)
}

fn with_initials(row: &[Element], before: &Before) -> Option<Name> {
    let initials = row
        .iter()
        .take_while(|element| element.initial.is_some())
        .take(3);
    let leading = initials.clone().count();
    let dotted = initials
        .clone()
        .all(|element| element.initial == Some(Initial::Dotted));
    if leading > 0 {
        let last = row.get(leading)?;
        let likely = last.family() >= 2
            || last.is_given()
            || last.family() == 1 && (leading > 1 || !before.start);
        let possible = dotted
            && last.is_unknown()
            && (leading > 1 || before.cue || before.title || last.likely >= least::BESIDE);
        let lower = matches!(first_case(row), Case::Lower);
        let written = match last.case {
            Case::Lower => lower && leading == 2 && last.family() >= 2,
            _ => !lower && (dotted || leading > 1 && last.family() >= 2),
        };
        return (written && (likely || possible) && !last.is_blocked())
            .then_some(())
            .and_then(|()| name(leading + 1, 0.92, "person.initials_surname"));
    }
    let [first, rest @ ..] = row else { return None };
    let trailing = rest
        .iter()
        .take_while(|element| element.initial.is_some())
        .take(2)
        .count();
    let dotted = rest
        .iter()
        .take(trailing)
        .all(|element| element.initial == Some(Initial::Dotted));
    let bare = rest
        .first()
        .is_some_and(|element| element.initial == Some(Initial::Pair))
        || trailing == 2;
    if trailing == 0
        || first.is_blocked()
        || matches!(first.case, Case::Lower)
            && first.family() < 2
            && !(trailing == 2 && (before.cue || before.title) && first.possible)
    {
        return None;
    }
    let likely = first.family() >= 2
        || first.is_given()
        || first.family() == 1 && (trailing == 2 || !before.start);
    let leads = row
        .get(trailing + 1)
        .is_some_and(|last| last.case != Case::Lower && !last.is_blocked());
    if leads && first.family() == 0 && !first.is_given() {
        return None;
    }
    let possible = (first.is_unknown() || first.is_blank())
        && (trailing == 2 || before.cue || before.title || first.likely >= least::BESIDE)
        || (before.title || before.cue) && first.unlisted && first.likely >= least::EXPECTED
        || matches!(first.case, Case::Lower) && first.possible;
    if dotted && (likely || possible) {
        return name(trailing + 1, 0.92, "person.surname_initials");
    }
    if bare && first.family() >= 2 {
        let len = if trailing == 2 { 3 } else { 2 };
        return name(len, 0.8, "person.surname_bare_initials");
    }
    (trailing == 1 && rest.first()?.initial == Some(Initial::Bare) && first.family() >= 3)
        .then_some(())
        .and_then(|()| name(2, 0.7, "person.surname_bare_initials"))
}

fn of_three(row: &[Element]) -> Option<Name> {
    let [a, b, c, ..] = row else { return None };
    let capital = [a, b, c]
        .iter()
        .all(|element| !matches!(element.case, Case::Lower) && !element.is_blocked());
    let order = a.is_given() && b.is_given() && (c.family() >= 2 && !c.is_given());
    let other = a.family() >= 2
        && !a.is_given()
        && b.is_clear()
        && c.is_given()
        && c.facts.has(Facts::NOMINATIVE)
        && b.facts.has(Facts::NOMINATIVE);
    (capital && (order || other))
        .then_some(())
        .and_then(|()| name(3, 0.85, "person.three_names"))
}

fn of_two(row: &[Element], before: &Before) -> Option<Name> {
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
        let strong = !lower && (with_strong_surname(a, b, before) || both_likely(a, b, before));
        return (cue || shaped || strong)
            .then_some(())
            .and_then(|()| name(2, 0.65, GUESSED));
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
            clear || surname.is_clear() || before.cue || before.title || !before.start
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

/// Whether the letters of two words of which nothing is known are those of names.
fn both_likely(a: &Element, b: &Element, before: &Before) -> bool {
    let both = if before.start {
        least::TWO_AT_START
    } else {
        least::TWO
    };
    let may = |element: &Element| {
        matches!(element.case, Case::Title)
            && (element.unlisted || element.shape.is_some())
            && element.likely >= least::EACH
    };
    !before.organization && !before.quoted && may(a) && may(b) && a.likely + b.likely >= both
}

/// Whether one of two words can only be a surname, so that the other, of which nothing is known, is the given name.
fn with_strong_surname(a: &Element, b: &Element, before: &Before) -> bool {
    if a.case != b.case || before.organization {
        return false;
    }
    let surname = |surname: &Element| {
        surname.family() >= 2 && surname.shape.is_some_and(|shape| shape.suffixed)
    };
    let unknown = Element::is_blank;
    let nominative = b.shape.is_some_and(|shape| shape.nominative);
    let probable = |element: &Element| {
        element.shape.is_some_and(|shape| shape.suffixed) && element.likely >= least::BESIDE
    };
    let pair = |a: &Element, b: &Element| {
        surname(a) && unknown(b) || probable(a) && unknown(b) && b.likely >= least::BESIDE
    };
    pair(a, b)
        || pair(b, a) && (!before.start || a.likely >= least::LAST && (nominative || a.is_likely()))
}

fn clear_of_words(given: &Element) -> bool {
    !given.facts.any(Facts::WORD.and(Facts::PLACE))
}

/// Whether an unknown word beside a given name is its surname.
fn beside(given: &Element, other: &Element, given_first: bool, before: &Before) -> bool {
    let title =
        matches!(other.case, Case::Title) || matches!(given.case, Case::Upper) && before.cue;
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
