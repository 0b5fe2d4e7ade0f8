//! What a name may be made of: words and initials that stand in a row.

use crate::names::{
    Facts, Lexicon, Patronymic, Shape, Strength, Word, abstracted, compound, declined_given,
    nearly_patronymic, patronymic, patronymic_tail, possible, shape,
};
use crate::text::{Gap, Letters, Text, Token, hash};

/// The longest row that is looked at.
const LONGEST: usize = 12;

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
    /// How it is written.
    pub case: Case,
    /// Nothing speaks against it as a name that is not known.
    pub possible: bool,
    /// Nothing is known of it, and it has no ending of nouns and adjectives that are never names.
    pub blank: bool,
    /// It ends as Russian verbs, participles and adverbs do, which begin sentences.
    pub verbal: bool,
    /// It ends nearly as a patronymic does.
    pub nearly: bool,
}

/// How an initial is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// `А.`
    Dotted,
    /// `А`
    Bare,
    /// `АБ`
    Pair,
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

    /// Whether nothing at all is known of a capitalized word.
    pub fn is_blank(&self) -> bool {
        self.initial.is_none() && self.case == Case::Title && self.blank
    }

    /// Whether it may be a name of which nothing is known.
    pub const fn is_unknown(&self) -> bool {
        self.possible && !matches!(self.case, Case::Lower)
    }
}

/// Reads the row of elements that begins at `place`; none if no name can begin there.
pub fn row(text: &Text, lexicon: &Lexicon, place: usize, row: &mut Vec<Element>) {
    row.clear();
    let mut at = place;
    while row.len() < LONGEST {
        let Some(token) = text.token(at) else { return };
        let element = match row.last() {
            None => element(text, lexicon, at),
            Some(last) if joins(text, lexicon, last, token, at) => element(text, lexicon, at),
            Some(_) => None,
        };
        let Some(mut element) = element else { return };
        father(text, lexicon, &mut element, row);
        at = element.last + 1;
        row.push(element);
    }
}

/// Whether the token goes on with the row.
fn joins(text: &Text, lexicon: &Lexicon, last: &Element, token: &Token, at: usize) -> bool {
    if !token.is_word() {
        return false;
    }
    match token.gap {
        Gap::Space => {}
        Gap::None if last.initial.is_some() => {}
        Gap::Line => return wraps(text, lexicon, at),
        _ => return false,
    }
    !token.is_lower() || continues(text, lexicon, last, (token, at))
}

/// Whether a lower-case word may go on with a row.
fn continues(text: &Text, lexicon: &Lexicon, last: &Element, (token, at): (&Token, usize)) -> bool {
    if token.len == 1 {
        return (matches!(last.case, Case::Lower) || last.initial.is_some())
            && pair_of_initials(text, at);
    }
    if last.initial.is_some() && !matches!(last.case, Case::Lower) {
        return false;
    }
    let facts = lexicon.get(token.hash);
    let clear =
        facts.has(Facts::GIVEN.and(Facts::COMMON)) && !facts.any(Facts::WORD.and(Facts::STOP));
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
    Word::new(text.folded(token)).is_some_and(|word| {
        patronymic(&word, lexicon).is_some_and(|found| found.known)
            || shape(&word, lexicon).is_some_and(|shape| shape.strength >= Strength::Likely)
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

/// The element that begins at a place.
pub fn element(text: &Text, lexicon: &Lexicon, place: usize) -> Option<Element> {
    let token = text.token(place)?;
    if !token.is_word() || token.letters.has(Letters::LATIN) {
        return None;
    }
    if let Some(initial) = initial(text, lexicon, token, place) {
        return Some(initial);
    }
    let mut element = word(text, lexicon, token, place)?;
    while let Some(part) = hyphenated(text, lexicon, element.last) {
        if part.facts.any(Facts::AFTER) && matches!(part.case, Case::Lower) {
            break;
        }
        merge(&mut element, &part, text);
    }
    Some(element)
}

fn initial(text: &Text, lexicon: &Lexicon, token: &Token, place: usize) -> Option<Element> {
    let dotted = text
        .token(place + 1)
        .is_some_and(|next| next.is('.') && next.is_glued());
    let short = token.len == 1 || dotted && token.len == 2 && token.hash == hash("дж");
    let initial = match (dotted, token.len) {
        _ if token.is_lower() && short && dotted && pair_of_initials(text, place) => {
            Initial::Dotted
        }
        _ if !token.letters.has(Letters::TITLE) => return None,
        (true, _) if short => Initial::Dotted,
        (_, 1) => Initial::Bare,
        (_, 2)
            if token.is_upper()
                && !lexicon
                    .get(token.hash)
                    .any(Facts::STOP.and(Facts::ORGANIZATION)) =>
        {
            Initial::Pair
        }
        _ => return None,
    };
    let facts = lexicon.get(token.hash);
    Some(Element {
        first: place,
        last: if initial == Initial::Dotted {
            place + 1
        } else {
            place
        },
        hash: token.hash,
        facts: if initial == Initial::Pair {
            facts
        } else {
            Facts::default()
        },
        shape: None,
        patronymic: None,
        initial: Some(initial),
        case: if token.is_lower() {
            Case::Lower
        } else {
            Case::Upper
        },
        possible: false,
        blank: false,
        verbal: false,
        nearly: false,
    })
}

/// Whether a lower-case letter with a dot is one of two: `ахметов б.к.`.
pub fn pair_of_initials(text: &Text, place: usize) -> bool {
    let lettered = |place: usize| {
        text.token(place)
            .is_some_and(|token| token.is_word() && token.len == 1 && token.is_lower())
            && text
                .token(place + 1)
                .is_some_and(|next| next.is('.') && next.is_glued())
    };
    let near = |place: usize| {
        text.token(place)
            .is_some_and(|token| token.gap <= Gap::Space)
    };
    lettered(place)
        && (lettered(place + 2) && near(place + 2)
            || place >= 2 && lettered(place - 2) && near(place))
}

fn word(text: &Text, lexicon: &Lexicon, token: &Token, place: usize) -> Option<Element> {
    let facts = lexicon.get(token.hash);
    let folded = text.folded(token);
    let word = Word::new(folded)?;
    let stopped = facts.has(Facts::STOP);
    let shape = if stopped { None } else { shape(&word, lexicon) };
    let named = !token.is_lower()
        && facts.without(Facts::STEM).is_empty()
        && token.len > 4
        && shape.is_none_or(|shape| shape.strength == Strength::Weak && !shape.suffixed)
        && compound(&word, lexicon);
    let unknown = !token.is_lower() && !named && token.len > 5 && facts.is_empty();
    let facts = if unknown && shape.is_none() {
        declined_given(&word, lexicon)
    } else {
        facts
    };
    let facts = if named {
        facts
            .and(Facts::GIVEN)
            .and(Facts::COMMON)
            .and(Facts::NOMINATIVE)
    } else {
        facts
    };
    let case = match () {
        () if token.is_lower() => Case::Lower,
        () if token.is_upper() => Case::Upper,
        () => Case::Title,
    };
    let patronymic = if stopped {
        None
    } else {
        patronymic(&word, lexicon)
    };
    let nearly = !token.is_lower()
        && facts.is_empty()
        && match patronymic {
            Some(son) => son.kazakh,
            None => shape.is_none() && nearly_patronymic(&word),
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
        possible: token.len >= 2 && facts.without(Facts::STEM).is_empty() && possible(&word),
        blank: token.len >= 2 && facts.without(Facts::STEM).is_empty() && !abstracted(&word),
        verbal: ["о", "е", "и", "ю", "ы", "л", "ла", "ан", "ен", "ят", "им"]
            .iter()
            .any(|end| folded.ends_with(end)),
        nearly,
    })
}

/// The part after a hyphen.
fn hyphenated(text: &Text, lexicon: &Lexicon, last: usize) -> Option<Element> {
    let dash = text.token(last + 1)?;
    let part = text.token(last + 2)?;
    if !dash.is('-')
        || !dash.is_glued()
        || !part.is_word()
        || !part.is_glued()
        || part.letters.has(Letters::LATIN)
    {
        return None;
    }
    word(text, lexicon, part, last + 2)
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

fn merge(element: &mut Element, part: &Element, text: &Text) {
    const CITY: (u64, u64) = (hash("нур"), hash("султан"));
    let city = (element.hash, part.hash) == CITY;
    element.last = part.last;
    element.possible &= part.possible || matches!(part.case, Case::Lower);
    if matches!(part.case, Case::Lower)
        && text
            .token(part.first)
            .is_some_and(|token| ENDINGS.contains(&token.hash))
    {
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
        _ if part.family() > 0 || part.is_given() => element.facts.and(part.facts),
        _ if element.family() > 0 && part.possible && !matches!(part.case, Case::Lower) => {
            element.facts
        }
        _ => element.facts.and(Facts::STOP),
    };
    element.shape = part.shape.or(element.shape);
    element.patronymic = part.patronymic;
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
