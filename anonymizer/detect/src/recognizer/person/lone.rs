//! Which words are names by themselves.

use super::before::Before;
use super::element::{Case, Element};
use crate::names::Facts;

/// How much the letters of a word must speak for a name after a cue, in sixteenths of log-odds.
const CUED: i16 = 32;
/// The same after a title.
const TITLED: i16 = -32;
/// The same in a sentence, with nothing beside it that speaks for a name.
const PROSE: i16 = 24;
/// The same where no dictionary has the word either.
const STRANGE: i16 = -110;
/// The same of a word with which somebody presents himself: `Это Кошкимбай, папа Улбалы`.
const PRESENTED: i16 = 0;
/// Of a word that no dictionary has and that ends as surnames do in some case, or as adjectives of places do too.
const DECLINED: (i16, i16) = (-130, -40);
/// The same where the word is in a list, or written without a capital letter.
const SURE: i16 = 32;

/// The rule for a given name with nothing beside it that speaks for one.
pub const GIVEN: &str = "person.given";
/// The rule for a word that only its letters speak for.
pub const LIKELY: &str = "person.likely";

/// How a word is a name by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lone {
    /// It is one.
    Name(&'static str),
    /// It is one if the text names that person more fully elsewhere.
    Perhaps,
    /// It is none.
    No,
}

/// Judges a word that stands by itself. `told` says that the word after it or a label makes it a person's name, `ended` that a
/// sign or nothing follows.
pub fn lone(element: &Element, before: &Before, told: bool, ended: bool) -> Lone {
    if element.is_blocked() || element.initial.is_some() {
        return Lone::No;
    }
    let this = before.this
        && (element.is_given() || element.is_strange() && element.likely >= PRESENTED)
        && element.case == Case::Title
        && !element.facts.has(Facts::PLACE);
    let cue = told || before.cue || this || is_acting(element, before);
    if matches!(element.case, Case::Lower) {
        return lone_lower(element, before, cue);
    }
    if element.is_patronymic() {
        return Lone::Name("person.patronymic");
    }
    if element.is_given() {
        return lone_given(element, before, cue);
    }
    match element.family() {
        _ if element.facts.has(Facts::PLACE) => {
            if cue {
                Lone::Name("person.cue_surname")
            } else {
                Lone::Perhaps
            }
        }
        3 => Lone::Name("person.surname"),
        2 if element.shape.is_some()
            && !before.start
            && !element.ordinary
            && !matches!(element.case, Case::Upper) =>
        {
            Lone::Name("person.surname")
        }
        // `вёл Цой`
        2 if element.facts.has(Facts::SURNAME)
            && element.shape.is_none()
            && element.written == Case::Title
            && !before.start
            && !before.quoted
            && (!element.ordinary || element.syllable && ended) =>
        {
            Lone::Name("person.surname")
        }
        2 if element.is_strange()
            && element.shape.is_some_and(|shape| shape.suffixed)
            && !before.quoted =>
        {
            Lone::Name("person.surname")
        }
        2 if cue || before.title => Lone::Name("person.title_surname"),
        1 | 2
            if element.is_strange()
                && !before.quoted
                && element.shape.is_some_and(|shape| shape.suffixed)
                && (!before.start && element.likely >= declined(element)
                    || element.likely >= SURE) =>
        {
            Lone::Name("person.surname")
        }
        1 if cue => Lone::Name("person.cue_surname"),
        1 if before.title
            && (element.is_strange() || element.likely >= 0)
            && element.likely >= STRANGE
            && element.shape.is_some_and(|shape| shape.nominative) =>
        {
            Lone::Name("person.title_surname")
        }
        0 if cue
            && element.is_unknown()
            && matches!(element.case, Case::Title)
            && (!element.ordinary || element.likely >= 0)
            && (!before.start || element.likely >= SURE) =>
        {
            Lone::Name("person.cue_word")
        }
        _ if cue
            && (element.is_strange()
                || ended && !before.start && !before.quoted && element.written == Case::Title) =>
        {
            Lone::Name("person.cue_word")
        }
        _ if cue && element.likely >= CUED && !matches!(element.case, Case::Upper) => {
            Lone::Name("person.cue_word")
        }
        _ if before.title && element.is_strange() && element.likely >= STRANGE => {
            Lone::Name("person.title_word")
        }
        // `мастер участка Щербань`
        _ if before.led && element.is_strange() && element.likely >= STRANGE => {
            Lone::Name("person.led_word")
        }
        _ if before.agent
            && element.case == Case::Title
            && element.is_strange()
            && element.likely >= TITLED =>
        {
            Lone::Name("person.agent_word")
        }
        _ if before.title && likely(element, TITLED) => Lone::Name("person.title_word"),
        _ if !before.start && !before.quoted && likely(element, PROSE) => Lone::Name(LIKELY),
        _ => Lone::Perhaps,
    }
}

/// Whether the verb before a word is one of people, and the word looks like somebody.
fn is_acting(element: &Element, before: &Before) -> bool {
    let least = match before {
        Before { done_to: true, .. } => PRESENTED,
        Before { does: true, .. } => SURE,
        _ => return false,
    };
    element.case == Case::Title
        && !before.start
        && !element.facts.has(Facts::PLACE)
        && (element.is_given() && !element.ordinary
            || element.is_strange() && element.likely >= least)
}

fn declined(element: &Element) -> i16 {
    let adjective = element.shape.is_some_and(|shape| shape.adjective);
    if adjective { DECLINED.1 } else { DECLINED.0 }
}

fn lone_given(element: &Element, before: &Before, cue: bool) -> Lone {
    if cue {
        return Lone::Name("person.cue_given");
    }
    // `Азамату`: a Russian case of what is a word in Kazakh alone.
    let plain = element.ordinary || element.facts.has(Facts::NOMINATIVE);
    let role = plain && element.facts.any(Facts::TITLE.and(Facts::CUE));
    if role || element.facts.has(Facts::PLACE) {
        return Lone::Perhaps;
    }
    // A rare name that is an ordinary word is one where something says so.
    if element.ordinary && !element.facts.has(Facts::COMMON) && !before.title {
        return Lone::Perhaps;
    }
    let said = matches!(element.case, Case::Upper) || before.start;
    // `Сәуле шашқан күн`: a word of dictionaries where any word has a capital.
    let bare = element.ordinary && element.facts.has(Facts::NOMINATIVE);
    let word = element.facts.has(Facts::WORD) || bare && said;
    let doubtful = word || !element.facts.has(Facts::COMMON);
    let foreign = !element.facts.any(Facts::COMMON.and(Facts::NOMINATIVE));
    let letters = element.likely >= if said { SURE } else { PRESENTED };
    if (doubtful && said || foreign) && !before.title && (word && said || !letters) {
        Lone::Perhaps
    } else {
        Lone::Name(GIVEN)
    }
}

fn lone_lower(element: &Element, before: &Before, cue: bool) -> Lone {
    let known = element
        .patronymic
        .is_some_and(|found| found.sure && found.known);
    if known {
        return Lone::Name("person.patronymic");
    }
    let said = element.facts.has(Facts::PLAIN) || element.likely >= SURE;
    let sure = !element.ordinary || element.facts.has(Facts::PLAIN);
    // `скажи айдане, что Рома не придёт`: what is nothing but a name is one among capitals too.
    let always = element.facts.has(Facts::PLAIN) && !element.ordinary;
    let plain = element.is_clear() && sure && said && (before.lower || always);
    let word = element.ordinary && !element.facts.has(Facts::PLAIN);
    let told = cue || before.title && before.lower;
    if plain || told && !word && element.is_given() && element.facts.has(Facts::NOMINATIVE) {
        return Lone::Name("person.lower_given");
    }
    if (cue || before.title) && element.family() >= 2 && element.shape.is_some() {
        return Lone::Name("person.title_surname");
    }
    let lower = before.lower && element.shape.is_some();
    if lower && element.family() == 3 && element.likely >= SURE {
        return Lone::Name("person.surname");
    }
    if before.lower {
        Lone::Perhaps
    } else {
        Lone::No
    }
}

/// Whether the letters of a capitalized word of which nothing is known are those of names.
fn likely(element: &Element, least: i16) -> bool {
    let known = Facts::PLACE.and(Facts::TITLE).and(Facts::CUE);
    matches!(element.case, Case::Title)
        && !element.facts.any(known)
        && element.unlisted
        && !element.ordinary
        && element.likely >= least
}
