//! Words that may be names and that no rule names: weighed by what they are and what stands around them.
//!
//! A logistic regression over hashed features (J. Langford et al., "Hash Kernels", AISTATS 2009), frozen in a file of one byte a weight. The
//! weights are made again by the example `train_doubts` of `sandyq-synth`.

use sandyq_words::russian_letter;

use super::after::After;
use super::around::{Around, FAR};
use super::before::Before;
use super::element::{Case, Element};
use super::row::is_declined_word;
use crate::names::{Facts, Lexicon, Strength};
use crate::text::{Gap, Letters, Text, Token};

/// How many weights there are.
pub const WEIGHTS: usize = 1 << 14;
/// The log-odds, in sixteenths, from which a word is a name: near somebody who was found, and elsewhere, if no dictionary has it.
const LEAST: (i32, i32) = (16, 80);
/// So much more must speak elsewhere for a word that dictionaries have.
const ORDINARY: i32 = 64;
/// The same for a common given name, wherever it stands.
const COMMON: i32 = 24;
/// How far ahead the end of a clause is looked for.
const CLAUSE: usize = 9;

static FROZEN: &[u8; WEIGHTS] = include_bytes!("../../../data/names/doubts.bin");

/// A word in doubt, as the weights are made from it.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// The first byte in the piece of text.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
    /// Whether it was named by a rule, and is as if no list had it.
    pub blinded: bool,
    /// Its features, of which the first bits are the places of its weights.
    pub features: Vec<u32>,
    /// The same as if nobody were found around it.
    pub alone: Vec<u32>,
}

/// Weights other than those that are frozen, to try them.
#[derive(Clone, Debug)]
pub struct Weights {
    /// One byte a weight.
    pub steps: Vec<u8>,
    /// As much as makes a word a name: near somebody who was found, and elsewhere.
    pub least: (i32, i32),
}

/// A word in its place.
pub struct Place<'t> {
    pub text: &'t Text,
    pub lexicon: &'static Lexicon,
    pub element: &'t Element,
    pub before: &'t Before,
    pub after: &'t After,
    /// Whom rules found around it.
    pub around: Around,
}

impl Place<'_> {
    /// Whether enough speaks for the word as a name; most are refused unweighed.
    pub fn weigh(&self, others: Option<&Weights>) -> bool {
        if self.is_hopeless() {
            return false;
        }
        let element = self.judged();
        let place = Place {
            element: &element,
            ..*self
        };
        if place.is_hopeless() {
            return false;
        }
        let steps = others.map_or(FROZEN.as_slice(), |others| &others.steps);
        let least = others.map_or(LEAST, |others| others.least);
        let shift = 32 - steps.len().trailing_zeros();
        let mut sum = 0;
        place.features(&mut |place| {
            let weight = steps.get((place >> shift) as usize).copied();
            sum += i32::from(weight.unwrap_or_default() as i8);
        });
        let Around { before, behind } = self.around;
        let near = before.min(behind) < FAR;
        // A common name that the lists of names that are words have not, though a dictionary has it.
        let common = element.is_given()
            && element.facts.has(Facts::COMMON)
            && !element.facts.any(Facts::WORD.and(Facts::PLACE));
        let least = match near {
            _ if common => COMMON,
            true => least.0,
            // With nobody near, a place stays one.
            false if element.facts.has(Facts::PLACE) && !self.before.title && !self.before.cue => {
                return false;
            }
            false if element.ordinary => least.1 + ORDINARY,
            false => least.1,
        };
        sum >= least
    }

    /// The word, which is an ordinary one in a Kazakh case too.
    fn judged(&self) -> Element {
        let element = *self.element;
        let word = || element.unlisted && is_declined_word(self.text, &element);
        Element {
            ordinary: element.ordinary || word(),
            ..element
        }
    }

    /// Whether the word is refused unweighed, as most are.
    fn is_hopeless(&self) -> bool {
        let element = self.element;
        let unmarked = element.written != Case::Title;
        let known = element
            .shape
            .is_some_and(|shape| shape.strength == Strength::Known);
        let token = self.text.token(element.last);
        let short = token.is_none_or(|token| token.len < 4);
        // `ИИНжәне`: words that were run together.
        let mixed =
            token.is_some_and(|token| token.letters.has(Letters::UPPER.and(Letters::LOWER)));
        let plain = !element.is_given()
            && (element.ordinary && self.before.start && element.family() == 0
                || unmarked && (element.ordinary && !known || short));
        // `Жетысуской`
        let adjective = element
            .shape
            .is_some_and(|shape| shape.adjective && shape.strength == Strength::Weak);
        let held = self.before.title || self.before.cue;
        // `Абаем и Данияром`: a place that is a given name too is weighed.
        let place = element.facts.has(Facts::PLACE) && !element.is_given();
        plain || mixed || (adjective || place) && !held
    }

    /// The word as it is weighed, and, if a rule has named it, as words are weighed that no list has.
    pub fn doubts(&self, named: bool, mut out: impl FnMut(Doubt)) {
        let (Some(first), Some(last)) = (
            self.text.token(self.element.first),
            self.text.token(self.element.last),
        ) else {
            return;
        };
        let mut note = |element: &Element| {
            let mut features = Vec::new();
            let place = Place { element, ..*self };
            if place.is_hopeless() {
                return;
            }
            place.features(&mut |place| features.push(place));
            let mut alone = Vec::new();
            let place = Place {
                around: Around::NOBODY,
                ..place
            };
            place.features(&mut |place| alone.push(place));
            out(Doubt {
                start: first.start as usize,
                end: last.end as usize,
                blinded: named,
                features,
                alone,
            });
        };
        let element = self.judged();
        if !named {
            return note(&element);
        }
        let unlisted = Element {
            facts: Facts::default(),
            unlisted: true,
            ..element
        };
        note(&unlisted);
        note(&Element {
            ordinary: true,
            shape: None,
            likely: unlisted.likely.min((unlisted.hash % 48) as i16 - 24),
            ..unlisted
        });
    }

    fn features(&self, out: &mut impl FnMut(u32)) {
        let mut note = |kind: u64, value: u64| out(place(kind, value));
        note(0, 0);
        let own = self.own(&mut note);
        self.near(own, &mut note);
        for (number, told) in self.told().into_iter().enumerate() {
            if told {
                note(1, number as u64);
                note(2, number as u64 * 64 + own);
            }
        }
        let clause = self.clause();
        note(3, clause);
        let Around { before, behind } = self.around;
        note(100, before * 8 + behind);
        note(101, (before * 8 + behind) << 6 | own);
        note(102, before.min(behind) << 6 | own);
        if let Some(token) = self.text.token(self.element.last) {
            let [_, two] = endings(self.text, token);
            note(103, clause << 32 ^ two);
            self.signature(two, &mut note);
        }
    }

    /// What stands on both sides together, and a preposition with the ending of the word.
    fn signature(&self, two: u64, note: &mut impl FnMut(u64, u64)) {
        let (first, last) = (self.element.first, self.element.last);
        let gap = self.text.token(first).map_or(Gap::Block, |token| token.gap);
        let before = self.text.before(first, 1).filter(|_| gap < Gap::Line);
        let after = self
            .text
            .token(last + 1)
            .filter(|token| token.gap < Gap::Line);
        let class = |token: Option<&Token>| match token {
            None => 1,
            Some(token) if token.is_number() => 2,
            Some(token) if !token.is_word() => token.hash << 1,
            Some(token) => {
                (self.lexicon.get(token.hash).class() << 1 | u64::from(token.is_lower())) << 2 | 3
            }
        };
        note(104, class(before) << 32 ^ class(after));
        let preposition = |token: &&Token| token.is_word() && token.is_lower() && token.len <= 4;
        if let Some(word) = before.filter(preposition) {
            note(105, word.hash ^ two.wrapping_mul(0x9E37_79B9));
        }
        if let Some(word) = after.filter(|token| token.is_word() && !token.is_lower()) {
            note(106, endings(self.text, word)[1]);
        }
        if let Some(word) = before.filter(|token| token.is_word() && !token.is_lower()) {
            note(107, endings(self.text, word)[1]);
        }
    }

    /// What the word is; its likeness and whether it begins a sentence, in a number below 64.
    fn own(&self, note: &mut impl FnMut(u64, u64)) -> u64 {
        let element = self.element;
        let likely = u64::from((element.likely.clamp(-96, 95) + 96).unsigned_abs() / 24);
        let bits = |all: &[bool]| {
            all.iter()
                .fold(0, |number, bit| number << 1 | u64::from(*bit))
        };
        let has = |facts| element.facts.has(facts);
        let listed = bits(&[
            has(Facts::GIVEN),
            has(Facts::COMMON),
            has(Facts::WORD),
            has(Facts::PLACE),
            has(Facts::NOMINATIVE),
            has(Facts::SURNAME),
            has(Facts::TITLE),
            element.ordinary,
            element.unlisted,
        ]);
        let shape = element.shape;
        let shaped = u64::from(element.family()) << 2
            | bits(&[
                shape.is_some_and(|shape| shape.suffixed),
                shape.is_some_and(|shape| shape.nominative),
            ]);
        let case = match element.case {
            Case::Title => 0,
            Case::Upper => 1,
            Case::Lower => 2,
        };
        let start = u64::from(self.before.start);
        note(4, likely);
        note(5, listed);
        note(6, shaped);
        note(7, case * 2 + start);
        note(8, likely << 4 | shaped);
        note(9, (listed << 3) | (case * 2 + start));
        note(10, (likely << 3) | (case * 2 + start));
        note(11, (likely << 1 | u64::from(element.ordinary)) << 1 | start);
        if let Some(token) = self.text.token(element.last) {
            let [three, two] = endings(self.text, token);
            note(12, two);
            note(13, three);
        }
        likely << 2 | u64::from(element.ordinary) << 1 | start
    }

    /// What stands beside the word.
    fn near(&self, own: u64, note: &mut impl FnMut(u64, u64)) {
        let (first, last) = (self.element.first, self.element.last);
        let mut gap = self.text.token(first).map_or(Gap::Block, |token| token.gap);
        for back in 1..=2_usize {
            let token = self.text.before(first, back).filter(|_| gap < Gap::Line);
            self.beside(16 * back as u64, token, own, note);
            gap = token.map_or(Gap::Block, |token| token.gap);
        }
        let mut ended = false;
        for ahead in 1..=2_usize {
            let token = self.text.token(last + ahead);
            let token = token.filter(|token| !ended && token.gap < Gap::Line);
            self.beside(16 * (2 + ahead as u64), token, own, note);
            ended |= token.is_none();
        }
    }

    fn beside(&self, kind: u64, token: Option<&Token>, own: u64, note: &mut impl FnMut(u64, u64)) {
        let Some(token) = token else {
            note(kind, own);
            return;
        };
        if token.is_number() {
            return note(kind + 1, own);
        }
        if !token.is_word() {
            note(kind + 2, token.hash);
            return note(kind + 3, token.hash << 6 | own);
        }
        let facts = self.lexicon.get(token.hash);
        let lower = token.is_lower();
        let class = facts.class() << 1 | u64::from(lower);
        note(kind + 4, token.hash);
        note(kind + 5, class);
        note(kind + 6, class << 6 | own);
        if lower {
            let [three, two] = endings(self.text, token);
            note(kind + 7, three);
            note(kind + 8, two << 6 | own);
        }
    }

    /// What the words around say, as rules ask it.
    fn told(&self) -> [bool; 14] {
        let (before, after) = (self.before, self.after);
        [
            before.title,
            before.cue,
            before.this,
            before.quoted,
            before.does,
            before.done_to,
            before.led,
            before.agent,
            before.lower,
            after.title,
            after.together,
            after.called,
            after.colon,
            after.institution,
        ]
    }

    /// The ending of the last word of the clause, which in Kazakh is its verb, and whether it is of what people do.
    fn clause(&self) -> u64 {
        let last = self.element.last;
        let mut end = None;
        for token in (last + 1..last + CLAUSE).map_while(|place| self.text.token(place)) {
            let sign = !token.is_word() && !token.is_number();
            if token.gap >= Gap::Line || sign && !token.is('-') {
                break;
            }
            end = Some(token);
        }
        let Some(token) = end.filter(|token| token.is_lower()) else {
            return 0;
        };
        let does = self.lexicon.get(token.hash).has(Facts::DOES);
        endings(self.text, token)[1] << 1 | u64::from(does)
    }
}

/// The last three and the last two letters of a word, in Russian letters.
fn endings(text: &Text, token: &Token) -> [u64; 2] {
    let (mut three, mut two) = (0, 0);
    for (number, letter) in text.folded(token).chars().rev().take(3).enumerate() {
        let letter = u64::from(u32::from(russian_letter(letter)) & 0xFFFF);
        three |= letter << (16 * number);
        if number < 2 {
            two = three;
        }
    }
    [three, two]
}

const fn place(kind: u64, value: u64) -> u32 {
    let mixed = (value ^ kind << 57 ^ kind << 31).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ mixed >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 32) as u32
}
