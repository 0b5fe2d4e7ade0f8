//! Which rows of elements are names.

use super::before::Before;
use super::element::{Case, Element};
use super::initial::Initial;
use super::pair::of_two;
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

/// How much the letters of a word that could be a given name must speak for one, at the beginning of a sentence, in
/// sixteenths of log-odds; found by trial on the invented texts, where their recall is flat around it.
const AT_START: i16 = -32;
/// The same of a surname beside one initial.
pub const BESIDE: i16 = 16;
/// Of a word that is in no list, with initials, where a name is expected.
const EXPECTED: i16 = -32;

/// A name by its pattern.
pub const fn name(len: usize, confidence: f32, rule: &'static str) -> Option<Name> {
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
                && (forename(given) || is_between(given, son))
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
        [son, ..]
            if son_of(first, son)
                && (forename(first) || is_between(first, son) && !before.start) =>
        {
            let surname = row.get(2).is_some_and(follows);
            let rule = if surname {
                "person.given_patronymic_surname"
            } else {
                "person.given_patronymic"
            };
            let sure = first.is_given() || son.patronymic.is_some_and(|found| found.known);
            let blank = first.is_strange()
                || first.is_blank()
                    && (!before.start || before.cue || before.title || first.likely >= AT_START);
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

/// Whether a capitalized word before a patronymic that is one for sure can only be the given name.
fn is_between(given: &Element, son: &Element) -> bool {
    given.case == Case::Title
        && given.unlisted
        && given.initial.is_none()
        && son
            .patronymic
            .is_some_and(|found| found.sure && found.known)
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
    known || element.is_unknown() || element.is_blank() || element.is_strange()
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
    let within = element.case == Case::Title && element.unlisted && !before.start;
    if before.start && element.ordinary && element.unlisted && element.shape.is_none() {
        return before.cue && element.is_unknown();
    }
    element.family() > 0
        || element.is_given()
        || element.is_strange()
        || within
        || element.is_blank()
            && (!before.start || before.cue || before.title || element.likely >= AT_START)
        || element.is_unknown() && before.cue
}

/// Whether the first element is no surname because one follows: (Шеф) Иван Петрович Сидоров.
fn leads(first: &Element, row: &[Element], before: &Before) -> bool {
    let doubtful = first.family() == 0 && !first.is_given() && !first.is_likely();
    doubtful && before.start && row.get(3).is_some_and(|last| last.family() >= 2)
}

/// Whether it may be the surname after a patronymic.
fn follows(element: &Element) -> bool {
    if element.syllable && element.written == Case::Title {
        return true;
    }
    if element.is_blocked() || element.initial.is_some() {
        return false;
    }
    match element.case {
        Case::Lower => element.family() >= 2,
        _ => {
            element.family() > 0
                || element.is_unknown()
                || element.is_blank()
                || element.is_strange()
                || element.written == Case::Title && element.unlisted
                || element.is_given() && element.facts.has(Facts::NOMINATIVE)
        }
    }
}

/// How many initials stand for surname, name and patronymic, which follow: `Т.А.Ә. Атығаева Томирисай`.
pub fn labels(row: &[Element], before: &Before) -> Option<usize> {
    let initials = row.iter().take_while(|element| element.initial.is_some());
    let count = initials.count();
    let rest = row.get(count..).filter(|_| count > 2)?;
    let named = with_patronymic(rest, before).or_else(|| of_two(rest, before));
    named.map(|_| count)
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
        let possible = dotted && last.is_strange()
            || dotted
                && last.is_unknown()
                && (leading > 1 || before.cue || before.title || last.likely >= BESIDE)
            // `хатшы Ә. Бөлек`: a surname may be any word.
            || dotted && (before.cue || before.title) && last.case == Case::Title;
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
    let told = before.cue || before.title;
    let short = trailing == 2 && told && first.case == Case::Title && dotted;
    // `между Нам Л.П. и банком`: within a sentence a particle has no capital.
    let syllable = trailing == 2 && dotted && first.written == Case::Title && first.syllable;
    // `үшін Воробей Т.П. жіберілсін`: within a sentence a word beside two initials has a capital only as a surname.
    let any = trailing == 2
        && dotted
        && first.written == Case::Title
        && !before.start
        && !first.is_blocked()
        && !first.facts.has(Facts::PLACE);
    let short = short
        || any
        || syllable && !before.start
        || trailing == 1
            && told
            && first.written == Case::Title
            && dotted
            && !first.is_blocked()
            && !first.facts.has(Facts::PLACE);
    if trailing == 0
        || first.is_blocked() && !short
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
    let possible = first.is_strange()
        || (first.is_unknown() || first.is_blank())
            && (trailing == 2 || before.cue || before.title || first.likely >= BESIDE)
        || (before.title || before.cue) && first.unlisted && first.likely >= EXPECTED
        || matches!(first.case, Case::Lower) && first.possible;
    if dotted && (likely || possible || short) {
        return name(trailing + 1, 0.92, "person.surname_initials");
    }
    if bare && (first.family() >= 2 || told && first.is_strange()) {
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
    // `Бейсенғазы Ержан Мұқановты`: one of whom something is told, and another.
    if c.inflected && c.shape.is_some_and(|shape| shape.suffixed) {
        return None;
    }
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
