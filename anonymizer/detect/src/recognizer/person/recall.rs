//! Names that were found whole, and words that by themselves say too little but are parts of them, or stand in a row with them.

use super::after::{After, joins as joins_two};
use super::around::Around;
use super::before::Before;
use super::doubt::Place;
use super::element::{Case, Element};
use super::judged::Words;
use super::{Scan, column, field, judged};
use crate::kind::Kind;
use crate::names::{Facts, Lexicon};
use crate::span::Span;
use crate::text::{Gap, Text, hash};

/// So many parts of names are remembered.
const MOST: usize = 256;

/// The rule of names that were weighed.
const WEIGHED: &str = "person.weighed";
/// The rule of a given name that is a word too, with nothing beside it: it says little of its neighbours.
pub const WORD: &str = "person.given_word";

/// What was found in a text, and what may be names.
#[derive(Default)]
pub struct Seen {
    /// A bit for each hash, to refuse most words at once.
    bits: u64,
    hashes: Vec<u64>,
    /// Words that may be names.
    pub perhaps: Vec<Perhaps>,
    /// Among all that was found, no person stands before that place.
    people: usize,
    /// Words that rules have named, where weights are made.
    pub named: Vec<Perhaps>,
}

/// A word that may be a name, and what stands around it.
#[derive(Clone, Copy)]
pub struct Perhaps {
    pub element: Element,
    pub before: Before,
    pub after: After,
}

impl Seen {
    /// Remembers a part of a name in all its forms.
    pub fn note(&mut self, words: &mut Words<'_>, element: &Element) {
        if self.hashes.len() >= MOST {
            return;
        }
        self.keep(element.hash);
        if let Some(shape) = element.shape {
            self.keep(shape.stem);
        }
        for trunk in forms(words, element).into_iter().flatten() {
            self.keep(trunk);
        }
    }

    fn keep(&mut self, hash: u64) {
        self.bits |= 1 << (hash & 63);
        self.hashes.push(hash);
    }

    fn has(&self, hash: u64) -> bool {
        self.bits >> (hash & 63) & 1 == 1 && self.hashes.contains(&hash)
    }

    /// Whether the text names somebody so.
    pub fn knows(&self, words: &mut Words<'_>, element: &Element) -> bool {
        let stem = element.shape.is_some_and(|shape| self.has(shape.stem));
        let mut form = || {
            let trunks = forms(words, element);
            trunks.is_some_and(|trunks| trunks.iter().any(|trunk| self.has(*trunk)))
        };
        let known = element.is_given() || element.family() > 0 || element.likely > 0;
        stem || self.has(element.hash) || known && form()
    }
}

fn forms(words: &mut Words<'_>, element: &Element) -> Option<[u64; 2]> {
    let token = words.text.token(element.last)?;
    words.trunks(token)
}

/// Whether the token at `place` joins two of a row: `Асель и Данияр`, `Сәкен, Нұрлан`.
fn joins(text: &Text, place: usize) -> bool {
    text.token(place)
        .is_some_and(|token| token.is(',') || token.is_word() && joins_two(token.hash))
}

/// Of a word that is all that its line has beside a number before it: where the line begins, and the first word of the next.
fn line_of(text: &Text, element: &Element) -> Option<(usize, usize)> {
    let begins = |place: usize| text.token(place).is_none_or(|token| token.gap >= Gap::Line);
    let word = |place: usize| text.token(place).is_some_and(|token| token.is_word());
    let next = element.last + 1;
    let least = element.first.saturating_sub(6);
    let line = (least..=element.first).rev().find(|place| begins(*place))?;
    let alone = begins(next) && !(line..element.first).any(word);
    let next = (next..next + 6).find(|place| word(*place)).unwrap_or(next);
    alone.then_some((line, next))
}

/// The place of the next word of three letters or more on one side, with a comma or a semicolon before it.
fn between(text: &Text, backwards: bool, step: impl Fn(usize) -> Option<usize>) -> Option<usize> {
    let mut parted = false;
    for away in 1..=9 {
        let place = step(away)?;
        let token = text.token(place)?;
        let gap = text.token(place + usize::from(backwards))?.gap;
        if gap >= Gap::Line {
            return None;
        }
        // `Попов — июль, Шин — август`
        let told = backwards
            && parted
            && token.is_word()
            && token.is_lower()
            && text.before(place, 1).is_some_and(|dash| dash.is('-'));
        if told {
            continue;
        }
        if token.is_word() && token.len > 2 {
            return parted.then_some(place);
        }
        parted |= token.is(',') || token.is(';');
        let ends = token.is('.') && !token.is_glued();
        if ends || token.is(':') || token.is('"') {
            return None;
        }
        let initial = token.is_word() && token.is_title();
        if parted && initial {
            return Some(place);
        }
    }
    None
}

/// A word in its place, among people who were found.
fn place<'t>(
    text: &'t Text,
    lexicon: &'static Lexicon,
    one: &'t Perhaps,
    people: &[(usize, usize)],
) -> Place<'t> {
    let Perhaps {
        element,
        before,
        after,
    } = one;
    let at = |place: usize| {
        text.token(place)
            .map_or((0, 0), |token| (token.start as usize, token.end as usize))
    };
    let word = (at(element.first).0, at(element.last).1);
    Place {
        text,
        lexicon,
        element,
        before,
        after,
        around: Around::of(word, people),
    }
}

impl Scan<'_> {
    /// Names words that by themselves say too little, but are parts of names found whole, or stand in a row with names.
    pub fn recall(&mut self) {
        let mut perhaps = std::mem::take(&mut self.seen.perhaps);
        if perhaps.is_empty() && self.seen.named.is_empty() {
            return;
        }
        let mut found = self.out.spans().iter();
        let person = found.position(|span| span.kind == Kind::Person);
        self.seen.people = person.unwrap_or(self.out.spans().len());
        let spans = self.out.spans().iter();
        let people = spans.filter(|span| span.kind == Kind::Person && span.rule != WORD);
        let mut people: Vec<(usize, usize)> = people.map(|span| (span.start, span.end)).collect();
        people.sort_unstable();
        if self.out.doubts.is_some() {
            self.doubts(&perhaps, &people);
        }
        perhaps.retain(|one| !self.recalled(one, Some(&people)));
        // Of a list the first may be known by the second.
        for one in perhaps.iter().rev() {
            self.recalled(one, None);
        }
    }

    /// Notes words in doubt, and those that rules have named as if they were.
    fn doubts(&mut self, perhaps: &[Perhaps], people: &[(usize, usize)]) {
        let (text, lexicon) = (self.words.text, self.words.lexicon);
        let named = std::mem::take(&mut self.seen.named);
        let Some(doubts) = &mut self.out.doubts else {
            return;
        };
        for (all, named) in [(perhaps, false), (named.as_slice(), true)] {
            for one in all {
                let place = place(text, lexicon, one, people);
                place.doubts(named, |doubt| doubts.push(doubt));
            }
        }
    }

    fn recalled(&mut self, one: &Perhaps, people: Option<&[(usize, usize)]>) -> bool {
        let element = &one.element;
        let row = self.in_row(element) || self.in_list(element);
        let weighed = !row
            && people.is_some_and(|people| {
                let place = place(self.words.text, self.words.lexicon, one, people);
                place.weigh(self.out.trial.as_deref())
            });
        let named = row || weighed || self.seen.knows(&mut self.words, element);
        if named {
            if row {
                self.seen.note(&mut self.words, element);
            }
            let last = self.with_initials(element.last);
            let rule = if weighed && !row {
                WEIGHED
            } else {
                "person.named_before"
            };
            self.push(element.first, last, 0.66, rule);
        }
        named
    }

    /// Whether a word that may be a name stands in a list after or before somebody found, with nothing but signs, numbers and words
    /// of two letters between: `Байжанов (+), Рубцова (-)`, `пн Исмаилов, вт Черных`.
    fn in_list(&self, element: &Element) -> bool {
        let text = self.words.text;
        let last = self.with_initials(element.last);
        let may = element.case == Case::Title
            && !element.facts.has(Facts::PLACE)
            && (element.family() > 0
                || element.is_given()
                || element.syllable
                || element.is_strange()
                || last > element.last);
        if !may {
            return false;
        }
        let before = between(text, true, |step| element.first.checked_sub(step));
        let after = between(text, false, |step| Some(last + step));
        let is = |place: Option<usize>, end: bool| {
            let token = place.and_then(|place| text.token(place));
            token.is_some_and(|token| self.ends(if end { token.end } else { token.start }, end))
        };
        is(before, true) || is(after, false)
    }

    /// What was found, from the first person on.
    fn found(&self) -> &[Span] {
        self.out.spans().get(self.seen.people..).unwrap_or_default()
    }

    /// Whether a name that was found ends, or begins, there.
    fn ends(&self, place: u32, end: bool) -> bool {
        let spans = self.found().iter().rev();
        let mut people = spans.filter(|span| span.kind == Kind::Person);
        people.any(|span| (if end { span.end } else { span.start }) == place as usize)
    }

    /// Whether a word that may be a name stands in a row with somebody found: `дети Сакен, Турганкуль и Азирбай`.
    fn in_row(&self, element: &Element) -> bool {
        let may = element.case == Case::Title
            && (element.is_given() && !element.facts.has(Facts::PLACE)
                || element.is_strange() && element.likely >= judged::UNLIKELY);
        let text = self.words.text;
        let found = |place: Option<usize>, end: bool| {
            let token = place.and_then(|place| text.token(place));
            let spans = self.found().iter();
            let spans = spans.filter(|span| span.kind == Kind::Person);
            token.is_some_and(|token| {
                let mut ends = spans.map(|span| if end { span.end } else { span.start });
                ends.any(|at| at == if end { token.end } else { token.start } as usize)
            })
        };
        let before = element.first.checked_sub(1);
        if let Some((line, next)) = line_of(text, element) {
            let (above, below) = (found(line.checked_sub(1), true), found(Some(next), false));
            let listed = element.unlisted && !element.is_blocked();
            let shaped = element.family() > 0 && !element.ordinary;
            return (may || shaped) && (above || below) || listed && above && below;
        }
        // `я и Еркасым`.
        let us = |place: Option<usize>| {
            let word = place.and_then(|place| text.token(place));
            word.is_some_and(|word| [hash("я"), hash("мы"), hash("мен")].contains(&word.hash))
        };
        may && (before.is_some_and(|before| joins(text, before))
            && (us(before.and_then(|before| before.checked_sub(1)))
                || found(before.and_then(|before| before.checked_sub(1)), true))
            || joins(text, element.last + 1) && found(Some(element.last + 2), false))
    }

    pub fn push(&mut self, first: usize, last: usize, confidence: f32, rule: &'static str) {
        let text = self.words.text;
        self.out
            .push(text, first, last, Kind::Person, confidence, rule);
    }

    /// A name that fills a field or a cell.
    fn whole(&mut self, elements: &[Element], rule: &'static str) {
        if let [first, .., last] | [first @ last] = elements {
            for element in elements.iter().filter(|element| element.initial.is_none()) {
                self.seen.note(&mut self.words, element);
            }
            self.push(first.first, last.last, 0.96, rule);
        }
    }

    /// Names in fields and tables, which their labels and heads give away.
    pub fn fields(&mut self) {
        let text = self.words.text;
        for &mark in text.marks() {
            let place = mark as usize;
            if text.token(place).is_some_and(|sign| sign.is(':'))
                && let Some(name) = field::beside_colon(&mut self.words, place)
            {
                self.whole(&name, "person.field");
            }
        }
    }

    /// What the word at `place` heads: a line or a column.
    pub fn heading(&mut self, place: usize) {
        if let Some(name) = field::beside_heading(&mut self.words, place) {
            self.whole(&name, "person.field");
            return;
        }
        let mut names = Vec::new();
        column::column(&mut self.words, place, |_, name| names.push(name.to_vec()));
        for name in names {
            self.whole(&name, "person.column");
        }
    }

    /// The last token of the dotted initials behind a place, or that place.
    fn with_initials(&self, mut last: usize) -> usize {
        let text = self.words.text;
        for _ in 0..2 {
            let letter = text
                .token(last + 1)
                .is_some_and(|token| token.is_word() && token.len == 1 && token.gap <= Gap::Space);
            let dotted = text
                .token(last + 2)
                .is_some_and(|token| token.is('.') && token.is_glued());
            if !letter || !dotted {
                break;
            }
            last += 2;
        }
        last
    }
}
