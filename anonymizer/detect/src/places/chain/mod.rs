//! Components that follow one another, and whether they are somebody's address.

mod evidence;
mod plain;

use super::component::{Before, Component, Level};
use super::lexicon::Roles;
use super::reader::Reader;
use crate::text::{Gap, Token};
use evidence::Evidence;

/// How far back components are looked for from the word that woke the recognizer.
const BACK: usize = 26;
/// So many words of prose in a row are in no address.
const PROSE: usize = 4;
/// A name before its type has fewer tokens. What stands nearer may join a settlement in the sentence before: `г. Алматы.
/// Абай көшесі, 5`.
const NAME: usize = 8;
/// How far before an address words of residence may stand.
const CONTEXT: usize = 10;
/// How far behind a word of residence its address may begin.
const AHEAD: usize = 14;
/// Signs and prepositions that may part two components.
const SEPARATORS: usize = 4;

/// An address: its tokens from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Address {
    pub first: usize,
    pub last: usize,
    pub confidence: f32,
    pub rule: &'static str,
}

/// Words of residence around a chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Context {
    /// Some word of residence is near.
    near: bool,
    /// One that speaks of a person's residence stands right before.
    strong: bool,
}

/// Components in their order.
#[derive(Debug, Default)]
struct Chain {
    components: Vec<Component>,
    parted: bool,
    /// The words before the first component.
    context: Context,
}

impl Chain {
    fn has(&self, level: Level) -> bool {
        self.components
            .iter()
            .any(|component| component.level == level)
    }

    fn before(&self, context: bool) -> Before {
        let last = self.components.last();
        Before {
            last: last.map(|last| last.level),
            city: self.has(Level::City),
            detail: self.has(Level::Street) || self.has(Level::Micro) || self.has(Level::House),
            house: last.is_some_and(|last| last.level == Level::House),
            context,
            parted: self.parted,
        }
    }

    /// Whether a component continues this address rather than begins another.
    fn accepts(&self, next: &Component) -> bool {
        let housed = self.has(Level::House) || self.has(Level::Flat);
        let placed = self.has(Level::Street) || self.has(Level::Micro);
        match next.level {
            Level::Street => !self.has(Level::Street),
            Level::Micro => !self.has(Level::Micro),
            Level::House => !self.has(Level::House),
            Level::City => !self.has(Level::City) || !housed && !placed && next.typed,
            Level::Flat => {
                self.components
                    .iter()
                    .filter(|one| one.level == Level::Flat)
                    .count()
                    < 2
            }
            Level::Postal | Level::Country => !self.has(next.level),
            Level::Region | Level::District | Level::Rural => {
                // A complete address is followed by another one, not by its own region.
                let housed = self
                    .components
                    .last()
                    .is_some_and(|last| last.level >= Level::House);
                !self.has(next.level) && (!housed || !self.has(Level::City))
            }
            Level::Corpus | Level::Entrance => true,
        }
    }
}

/// Reads a text for addresses.
pub struct Scan<'t> {
    reader: Reader<'t>,
    chain: Chain,
    found: Vec<Address>,
    /// The place after the last word of residence that was passed, and the place until which they were looked for.
    residence: usize,
    seen: usize,
}

impl<'t> Scan<'t> {
    pub fn new(reader: Reader<'t>) -> Self {
        Self {
            reader,
            chain: Chain::default(),
            found: Vec::new(),
            residence: 0,
            seen: 0,
        }
    }

    /// The addresses around the word at `trigger`, reading no token before `done`; and the place until which it read.
    pub fn around(&mut self, trigger: usize, done: usize) -> (usize, std::vec::Drain<'_, Address>) {
        let mut at = self.begin(trigger, done);
        let mut horizon = self.horizon(trigger);
        let length = self.reader.text.tokens().len();
        let mut separators = 0;
        while at < length && (at <= horizon || !self.chain.components.is_empty()) {
            let block = self
                .reader
                .token(at)
                .is_some_and(|token| token.gap == Gap::Block);
            if block {
                self.close();
                if at > horizon {
                    break;
                }
            }
            if self.chain.components.is_empty() {
                // Words of residence say nothing of the next sentence.
                if at > trigger && self.reader.ends_sentence(at) {
                    at += 1;
                    break;
                }
                if self.reader.is_prose(at) {
                    at += 1;
                    continue;
                }
            }
            let context = match self.chain.components.is_empty() {
                true => self.context(at),
                false => self.chain.context,
            };
            let before = self.chain.before(context.near);
            if let Some(component) = self.reader.component(at, before) {
                if !self.joins(&component) {
                    self.close();
                }
                horizon = horizon.max(
                    self.horizon(component.next.saturating_sub(1))
                        .min(component.next),
                );
                at = component.next;
                if self.chain.components.is_empty() {
                    self.chain.context = self.context(component.first);
                }
                self.chain.components.push(component);
                self.chain.parted = false;
                separators = 0;
                continue;
            }
            separators += 1;
            if self.chain.components.is_empty() {
                at += 1;
                separators = 0;
            } else if separators <= SEPARATORS && self.separates(at) {
                self.chain.parted |= [',', ';', '-'].iter().any(|sign| self.reader.is(at, *sign));
                at += 1;
            } else {
                self.close();
                separators = 0;
                if at <= horizon {
                    at += 1;
                }
            }
        }
        self.close();
        (at, self.found.drain(..))
    }

    /// How far the word at `place` lets the scan go.
    fn horizon(&self, place: usize) -> usize {
        let residence = self.reader.roles(place).any(Roles::RESIDENCE);
        place + if residence { AHEAD } else { 1 }
    }

    /// Whether the component continues the chain across what parts them.
    fn joins(&self, next: &Component) -> bool {
        let Some(last) = self.chain.components.last() else {
            return true;
        };
        if !self.chain.accepts(next) {
            return false;
        }
        let stop = (last.next..next.first).any(|at| self.reader.is(at, '.'));
        if stop {
            return next.typed && next.level > Level::City;
        }
        true
    }

    /// Whether a sign or preposition may stand between components.
    fn separates(&self, at: usize) -> bool {
        let Some(token) = self.reader.token(at) else {
            return false;
        };
        if token.is_word() {
            let shouted = token.is_upper()
                && self
                    .reader
                    .token(at + 1)
                    .is_some_and(|next| next.is_upper() && next.len > 1);
            return (token.is_lower() || shouted)
                && matches!(
                    self.reader.text.folded(token),
                    "в" | "во"
                        | "на"
                        | "по"
                        | "in"
                        | "at"
                        | "мекенжайы"
                        | "здание"
                        | "ел"
                        | "р"
                );
        }
        [',', ';', '/', '|', '-', '.', '(', ')', ':', '"']
            .iter()
            .any(|sign| token.is(*sign))
    }

    /// Where to begin to read for the word at `trigger`: behind words of prose, which no address holds.
    fn begin(&self, trigger: usize, done: usize) -> usize {
        let mut prose = 0;
        let mut at = trigger;
        let end = trigger.saturating_sub(BACK).max(done);
        while at > end && prose < PROSE {
            if self
                .reader
                .token(at)
                .is_none_or(|token| token.gap == Gap::Block)
            {
                break;
            }
            if trigger - at > NAME && self.reader.ends_sentence(at - 1) {
                break;
            }
            at -= 1;
            let Some(token) = self.reader.token(at) else {
                break;
            };
            let mark = self.reader.mark(at);
            if token.is_lower() && !(mark.roles | mark.word).any(Roles::ADDRESS) {
                prose += usize::from(token.len > 1);
            } else if token.is_word() || token.is_number() {
                prose = 0;
            }
        }
        at
    }

    /// The words of residence shortly before `first`.
    fn context(&mut self, first: usize) -> Context {
        for place in self.seen.max(first.saturating_sub(CONTEXT))..first {
            let word = self.reader.token(place).is_some_and(Token::is_word);
            if word && self.reader.mark(place).word.any(Roles::RESIDENCE) {
                self.residence = place + 1;
            }
        }
        self.seen = self.seen.max(first);
        if self.residence + CONTEXT <= first || self.residence == 0 {
            return Context::default();
        }
        self.context_before(first)
    }

    fn context_before(&self, first: usize) -> Context {
        let mut context = Context::default();
        let mut words = 0;
        for at in (first.saturating_sub(CONTEXT)..first).rev() {
            let Some(token) = self.reader.token(at) else {
                break;
            };
            if self
                .reader
                .token(at + 1)
                .is_some_and(|next| next.gap == Gap::Block)
                || self.reader.ends_sentence(at)
            {
                break;
            }
            if !token.is_word() {
                continue;
            }
            let roles = self.reader.mark(at).word;
            if roles.any(Roles::RESIDENCE) && !self.is_other_address(at) {
                context.near = true;
                context.strong |= roles.any(Roles::RESIDENCE_STRONG) && words <= 3;
            }
            words += 1;
            if words > 6 {
                break;
            }
        }
        context
    }

    /// `адрес электронной почты`, `IP-адрес`, `в адрес министерства`.
    fn is_other_address(&self, at: usize) -> bool {
        let folded =
            |place: Option<&'t Token>| place.map_or("", |token| self.reader.text.folded(token));
        let next = folded(self.reader.token(at + 1));
        let before = folded(at.checked_sub(1).and_then(|place| self.reader.token(place)));
        matches!(
            next,
            "электронной" | "эл" | "сайта" | "почты" | "сервера" | "ip" | "mac"
        ) || before == "в" && folded(self.reader.token(at)) == "адрес"
    }

    fn context_after(&self, next: usize) -> bool {
        for at in next..next + 3 {
            let Some(token) = self.reader.token(at).filter(|token| token.gap < Gap::Line) else {
                return false;
            };
            if token.is_word() && self.reader.roles(at).any(Roles::RESIDENCE_AFTER) {
                return true;
            }
            if self.reader.is(at, '.') {
                return false;
            }
        }
        false
    }

    /// Ends the chain: it is an address, or nothing.
    fn close(&mut self) {
        let mut chain = std::mem::take(&mut self.chain);
        while let Some(address) = self.judge(&chain) {
            let Some(address) = address else {
                // The last component was in doubt; the rest may still be an address.
                chain.components.pop();
                continue;
            };
            self.found.push(address);
            break;
        }
        chain.components.clear();
        chain.parted = false;
        self.chain = chain;
    }

    /// The address a chain is. `None` is nothing; `Some(None)` asks to look again without the last component.
    fn judge(&self, chain: &Chain) -> Option<Option<Address>> {
        let (first, last) = (chain.components.first()?, chain.components.last()?);
        let mut context = chain.context;
        context.near |= self.context_after(last.next);
        let mut evidence = Evidence::of(chain);
        evidence.plain = self.is_plain(&chain.components);
        let written = evidence.plain && last.strong;
        if last.doubtful
            && !context.near
            && !evidence.city
            && !written
            && (!evidence.dotted || last.level != Level::House)
        {
            return Some(None);
        }
        // A word that might have been a street, had a number followed.
        if last.level == Level::Street && !last.typed && chain.components.len() > 1 {
            return Some(None);
        }
        let (confidence, rule) = evidence.verdict(context)?;
        Some(Some(Address {
            first: first.first,
            last: last.next - 1,
            confidence,
            rule,
        }))
    }
}
