//! What a name may be made of: words and initials that stand in a row.

use super::initial::{Initial, initial};
use super::judged::{Judged, LIKELY, Words};
use super::short;
use crate::names::{Facts, Patronymic, Shape, Strength};
use crate::text::{Letters, Text, Token, hash};

/// A word, perhaps hyphenated, or an initial.
#[derive(Clone, Copy, Debug)]
pub struct Element {
    /// The place of the first token.
    pub first: usize,
    /// The place of the last token.
    pub last: usize,
    /// The hash of the first word.
    pub hash: u64,
    /// What is known of the word.
    pub facts: Facts,
    /// Its shape, if that is a surname's.
    pub shape: Option<Shape>,
    /// Its shape, if that is a patronymic's.
    pub patronymic: Option<Patronymic>,
    /// A capital, with or without its dot.
    pub initial: Option<Initial>,
    /// How it is written; as with a capital, where capitals are no help and the word may well be part of a name.
    pub case: Case,
    /// How it is truly written.
    pub written: Case,
    /// Nothing speaks against it as a name that is not known.
    pub possible: bool,
    /// Nothing is known of it, and it has no ending of nouns and adjectives that are never names.
    pub blank: bool,
    /// It ends nearly as a patronymic does.
    pub nearly: bool,
    /// The log-odds, in sixteenths, that its letters are those of a name.
    pub likely: i16,
    /// No list has it.
    pub unlisted: bool,
    /// It is an ordinary word.
    pub ordinary: bool,
    /// It may be a surname of one syllable, whatever else it is.
    pub syllable: bool,
    /// It stands in a Kazakh case; told of rows alone.
    pub inflected: bool,
}

/// How a word is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    Title,
    Upper,
    Lower,
}

impl Element {
    /// Whether it is a given name.
    pub const fn is_given(&self) -> bool {
        self.facts.has(Facts::GIVEN) && !self.facts.has(Facts::STOP)
    }

    /// Whether it is a given name that is hardly anything else.
    pub const fn is_clear(&self) -> bool {
        self.is_given()
            && self.facts.has(Facts::COMMON)
            && !self.facts.any(Facts::WORD.and(Facts::PLACE))
    }

    /// Whether it is a patronymic.
    pub fn is_patronymic(&self) -> bool {
        self.patronymic.is_some_and(|found| found.sure)
    }

    /// Whether it can be no part of a name.
    pub const fn is_blocked(&self) -> bool {
        const ROLES: Facts = Facts::TITLE
            .and(Facts::CUE)
            .and(Facts::STREET)
            .and(Facts::STREET_AFTER)
            .and(Facts::NAMED)
            .and(Facts::INSTITUTION)
            .and(Facts::ORGANIZATION)
            .and(Facts::PLACE);
        const NAMES: Facts = Facts::GIVEN.and(Facts::SURNAME);
        // INVARIANT: stop words win over names; `Дана Ермековна` is let through by the one who sees the patronymic.
        let mister = matches!(self.case, Case::Lower) && self.facts.has(Facts::AFTER);
        mister
            || self.facts.has(Facts::STOP)
            || self.facts.any(ROLES) && !self.facts.any(NAMES) && !self.is_known_surname()
    }

    const fn is_known_surname(&self) -> bool {
        matches!(
            self.shape,
            Some(Shape {
                strength: Strength::Known | Strength::Strong,
                ..
            })
        )
    }

    /// How much it looks like a surname, from 0 to 3.
    pub fn family(&self) -> u8 {
        if self.is_blocked() || self.initial.is_some() {
            return 0;
        }
        let shaped = match self.shape.map(|shape| shape.strength) {
            Some(Strength::Known | Strength::Strong) => 3,
            Some(Strength::Likely) => 2,
            Some(Strength::Weak) => 1,
            None => 0,
        };
        let listed = if self.facts.has(Facts::SURNAME) { 2 } else { 0 };
        let son = if self
            .patronymic
            .is_some_and(|found| found.sure && found.kazakh)
        {
            3
        } else {
            0
        };
        shaped.max(listed).max(son)
    }

    /// Whether it is a capitalized word that neither a list nor a dictionary has.
    pub fn is_strange(&self) -> bool {
        self.initial.is_none()
            && self.case == Case::Title
            && self.unlisted
            && !self.ordinary
            && !self.is_blocked()
    }

    /// Whether nothing at all is known of a capitalized word.
    pub fn is_blank(&self) -> bool {
        self.initial.is_none() && self.case == Case::Title && self.blank
    }

    /// Whether it may be a name of which nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.possible && !matches!(self.case, Case::Lower)
    }
}

impl Element {
    /// Whether its letters are those of names.
    pub const fn is_likely(&self) -> bool {
        self.likely >= LIKELY
    }

    /// As it is truly written.
    pub const fn as_written(self) -> Self {
        Self {
            case: self.written,
            ..self
        }
    }
}

/// The element that begins at a place.
pub fn element(words: &mut Words<'_>, place: usize) -> Option<Element> {
    let (text, lexicon) = (words.text, words.lexicon);
    let token = text.token(place)?;
    if !token.is_word() || token.letters.has(Letters::LATIN) {
        return None;
    }
    let apostrophe = text
        .token(place + 1)
        .is_some_and(|next| next.is('\'') && next.is_glued());
    let initial = || initial(text, lexicon, (token, place), words.plain);
    if let Some(initial) = (!apostrophe).then(initial).flatten() {
        return Some(initial);
    }
    let mut element = word(words, token, place)?;
    while let Some(part) = hyphenated(words, element.last) {
        if part.facts.any(Facts::AFTER) && matches!(part.case, Case::Lower) {
            break;
        }
        merge(&mut element, &part, text);
    }
    Some(element)
}

fn word(words: &mut Words<'_>, token: &Token, place: usize) -> Option<Element> {
    let judged = words.judge(token)?;
    let Judged {
        facts,
        shape,
        patronymic,
        possible,
        blank,
        nearly,
        likely,
        unlisted,
        ordinary,
    } = judged;
    // `ЦОНа`, `КамАЗ`, `МГц`
    let mixed = token.letters.has(Letters::UPPER.and(Letters::LOWER));
    if mixed && facts.is_empty() && shape.is_none() && patronymic.is_none() {
        return None;
    }
    let written = match () {
        () if token.is_lower() => Case::Lower,
        () if token.is_upper() => Case::Upper,
        () => Case::Title,
    };
    let helpless = match written {
        Case::Lower => words.plain,
        Case::Upper => token.len > 2 && beside_capitals(words.text, place),
        Case::Title => false,
    };
    let strange = written == Case::Upper && token.len > 4 && judged.is_strange() && judged.blank;
    let case = if helpless && (judged.is_namable() || strange) {
        Case::Title
    } else {
        written
    };
    Some(Element {
        first: place,
        last: place,
        hash: token.hash,
        facts,
        shape,
        patronymic,
        initial: None,
        case,
        written,
        possible,
        blank,
        nearly,
        likely,
        unlisted,
        ordinary,
        syllable: written != Case::Lower && short::is_surname(token),
        inflected: false,
    })
}

/// Whether a word all in capitals stands beside another.
fn beside_capitals(text: &Text, place: usize) -> bool {
    let capitals = |token: Option<&Token>| {
        token.is_some_and(|token| token.is_word() && token.is_upper() && token.len > 2)
    };
    capitals(text.token(place + 1)) || capitals(text.before(place, 1))
}

/// The part after a hyphen, or after the apostrophe of `О'Коннор`.
fn hyphenated(words: &mut Words<'_>, last: usize) -> Option<Element> {
    let text = words.text;
    let dash = text.token(last + 1)?;
    let part = text.token(last + 2)?;
    let apostrophe =
        dash.is('\'') && text.token(last).is_some_and(|token| token.len <= 2) && part.len > 2;
    if !dash.is('-') && !apostrophe
        || !dash.is_glued()
        || !part.is_word()
        || !part.is_glued()
        || part.letters.has(Letters::LATIN)
    {
        return None;
    }
    word(words, part, last + 2)
}

/// Kazakh endings written after a hyphen: `АЙГҮЛ-ге`.
const ENDINGS: [u64; 16] = [
    hash("ға"),
    hash("ге"),
    hash("қа"),
    hash("ның"),
    hash("нің"),
    hash("дың"),
    hash("дің"),
    hash("тың"),
    hash("тің"),
    hash("мен"),
    hash("пен"),
    hash("ды"),
    hash("ді"),
    hash("дан"),
    hash("ден"),
    hash("ны"),
];

/// What makes a surname or a patronymic of the name before the hyphen: `Мамед-заде`, `Аслан-оглы`.
const OFFSPRING: [u64; 7] = [
    hash("заде"),
    hash("зада"),
    hash("зода"),
    hash("швили"),
    hash("оглы"),
    hash("оглу"),
    hash("кызы"),
];

fn merge(element: &mut Element, part: &Element, text: &Text) {
    const CITY: (u64, u64) = (hash("нур"), hash("султан"));
    let city = (element.hash, part.hash) == CITY;
    element.last = part.last;
    if text.before(part.first, 1).is_some_and(|sign| sign.is('\'')) {
        *element = Element {
            first: element.first,
            hash: element.hash,
            ..*part
        };
        return;
    }
    element.possible &= part.possible || matches!(part.case, Case::Lower);
    if matches!(part.case, Case::Lower)
        && text
            .token(part.first)
            .is_some_and(|token| ENDINGS.contains(&token.hash))
    {
        return;
    }
    let offspring = text.token(part.first);
    if offspring.is_some_and(|token| OFFSPRING.contains(&token.hash)) {
        element.facts = Facts::SURNAME;
        return;
    }
    let named = element.is_given() && part.is_given();
    element.facts = match (named, city) {
        (_, true) => Facts::PLACE,
        (true, _) => element
            .facts
            .and(part.facts)
            .and(Facts::COMMON)
            .without(Facts::WORD.and(Facts::PLACE)),
        // `Сон-Логвиненко`
        _ if part.family() > 0 && element.syllable => part.facts.and(Facts::SURNAME),
        _ if part.family() > 0 || part.is_given() => element.facts.and(part.facts),
        _ if element.family() > 0 && part.possible && !matches!(part.case, Case::Lower) => {
            element.facts
        }
        _ => element.facts.and(Facts::STOP),
    };
    element.shape = part.shape.or(element.shape);
    element.patronymic = part.patronymic;
    element.likely = element.likely.min(part.likely);
    element.unlisted &= part.unlisted;
    element.ordinary = element.ordinary && part.ordinary;
}
