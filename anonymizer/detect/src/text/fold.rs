//! The one pass over a text that makes tokens.
//!
//! The folded text is a copy of the piece; a token whose folded form is another than what stands there has it written
//! behind the copy. Plain words and numbers are read by loops of their own; whatever else a word may hold (entities,
//! marks, invisible characters) is added letter by letter to an open token.

mod eight;
mod quick;

use eight::{Cyrillic, cyrillic};
use quick::decode;

use super::alphabet::{Class, Packed, Row, loose, packed, row};
use super::markup::{self, Markup};
use super::script::unmasked;
use super::{Gap, Letters, Loose, Text, Token, TokenKind};
use crate::glance::Glance;

/// A token that is not complete.
struct Open {
    kind: TokenKind,
    start: usize,
    end: usize,
    /// Where its folded form begins, behind the copy.
    at: usize,
    hash: Loose,
    /// The hash without the last letter, which a mark may change.
    before: Loose,
    letters: Letters,
    len: usize,
}

/// A character of the original, or what an entity or escape stands for.
struct Item {
    character: u32,
    row: Row,
    start: usize,
    end: usize,
}

/// The state of the pass.
pub struct Fold<'t> {
    text: &'t mut Text,
    piece: &'t str,
    table: &'static [Packed; 0x800],
    cyrillic: &'static Cyrillic,
    open: Option<Open>,
    gap: Gap,
    /// Ends of lines since the last token.
    lines: u32,
    /// Attributes of tags, which are read after everything else.
    asides: Vec<(usize, usize)>,
}

impl<'t> Fold<'t> {
    /// Begins anew in the buffers of `text`.
    pub fn new(text: &'t mut Text, piece: &'t str) -> Self {
        text.folded.clear();
        text.folded.push_str(piece);
        text.tokens.clear();
        text.numbers.clear();
        text.marks.clear();
        text.wakers.clear();
        Self {
            text,
            piece,
            table: packed(),
            cyrillic: cyrillic(),
            open: None,
            gap: Gap::Block,
            lines: 0,
            asides: Vec::new(),
        }
    }

    /// Reads the whole piece.
    pub fn run(mut self) {
        self.range(0, self.piece.len(), true);
        for (start, end) in std::mem::take(&mut self.asides) {
            self.gap = Gap::Block;
            self.range(start, end, false);
        }
    }

    fn range(&mut self, start: usize, end: usize, markup: bool) {
        let bytes = self.piece.as_bytes().get(..end).unwrap_or_default();
        let mut at = start;
        while let Some((character, len)) = decode(bytes, at) {
            // Most of what stands between words is one space.
            if character == usize::from(b' ') {
                self.separate(Gap::Space);
                at += 1;
                continue;
            }
            if len == 2
                && (0x400..0x500).contains(&character)
                && self.open.is_none()
                && let Some(end) = self.cyrillic_word(bytes, at, character)
            {
                at = end;
                continue;
            }
            let Some(plain) = self.table.get(character).filter(|_| len > 0).copied() else {
                at = self.rare(at, markup);
                continue;
            };
            if plain.is_letter() && self.open.is_none() {
                at = self.word(bytes, at, plain, len);
                continue;
            }
            match plain.class() {
                Class::Digit if self.open.is_none() && len == 1 => at = self.number(bytes, at),
                Class::Space => {
                    self.separate(Gap::Space);
                    at += len;
                }
                Class::Sign => {
                    self.sign(
                        u32::from(plain.folded()),
                        at,
                        at + len,
                        plain.folded() as usize == character,
                    );
                    at = self.after(bytes, at + len);
                }
                _ => at = self.rare(at, markup),
            }
        }
        self.close();
    }

    /// A character that needs more than the quick loops. Says where it ended.
    fn rare(&mut self, start: usize, markup: bool) -> usize {
        let Some(character) = self.piece.get(start..).and_then(|rest| rest.chars().next()) else {
            return self.piece.len();
        };
        let item = Item {
            character: character as u32,
            row: row(character as u32),
            start,
            end: start + character.len_utf8(),
        };
        if item.row.class == Class::Markup {
            return self.markup(&item, markup);
        }
        self.add(&item);
        item.end
    }

    fn add(&mut self, item: &Item) {
        match item.row.class {
            Class::Letter => self.letter(item),
            Class::Digit => self.digit(item),
            Class::Space => self.separate(Gap::Space),
            Class::Line => self.line(item),
            Class::Invisible => {}
            Class::Mark => self.mark(item),
            Class::Sign | Class::Markup => self.sign(item.row.folded, item.start, item.end, false),
        }
    }

    fn letter(&mut self, item: &Item) {
        let mut open = self.begin(TokenKind::Word, item);
        let facts = item.row.letters.0;
        open.letters.0 |= if open.len == 0 { first(facts) } else { facts };
        open.before = open.hash;
        open.hash = open.hash.with(item.row.loose);
        self.extend(open, item);
    }

    fn digit(&mut self, item: &Item) {
        let open = self.begin(TokenKind::Number, item);
        self.extend(open, item);
    }

    /// The open token if it is of this kind, else a new one.
    fn begin(&mut self, kind: TokenKind, item: &Item) -> Open {
        if self.open.as_ref().is_some_and(|open| open.kind != kind) {
            self.close();
        }
        let new = || Open {
            kind,
            start: item.start,
            end: item.end,
            at: self.text.folded.len(),
            hash: Loose::EMPTY,
            before: Loose::EMPTY,
            letters: Letters::default(),
            len: 0,
        };
        self.open.take().unwrap_or_else(new)
    }

    fn extend(&mut self, mut open: Open, item: &Item) {
        open.end = item.end;
        open.len += 1;
        self.text.folded.extend(char::from_u32(item.row.folded));
        self.open = Some(open);
    }

    fn sign(&mut self, folded: u32, start: usize, end: usize, plain: bool) {
        self.close();
        let (at, until) = if plain {
            (start, end)
        } else {
            let at = self.text.folded.len();
            self.text.folded.extend(char::from_u32(folded));
            (at, self.text.folded.len())
        };
        if matches!(folded, 0x40 | 0x3A) {
            self.text.marks.push(self.text.tokens.len() as u32);
        }
        let glance = self.glance(u64::from(folded), TokenKind::Sign, (at, until));
        self.token(Token {
            hash: u64::from(folded),
            start: start as u32,
            end: end as u32,
            at: at as u32,
            until: until as u32,
            kind: TokenKind::Sign,
            gap: self.gap,
            letters: Letters::default(),
            len: 1,
            glance,
        });
    }

    #[inline]
    fn token(&mut self, token: Token) {
        self.text.tokens.push(token);
        self.gap = Gap::None;
        self.lines = 0;
    }

    /// What the word or sign of that hash says, which is folded in a range; takes up whom the next token may wake.
    #[inline]
    fn glance(&mut self, hash: u64, kind: TokenKind, folded: (usize, usize)) -> Glance {
        // Signs have small numbers for hashes, and places of their own.
        let sign = kind == TokenKind::Sign;
        let key = hash ^ u64::from(sign) << 63;
        let glance = match self.text.glances.get(key) {
            Some(glance) => glance,
            None => self.look(key, kind, folded),
        };
        self.note_waker(glance);
        glance
    }

    /// Takes up whom the next token may wake.
    #[inline]
    fn note_waker(&mut self, glance: Glance) {
        if glance.has(Glance::ADDRESS | Glance::BIRTH) {
            self.text.wakers.push(self.text.tokens.len() as u32);
        }
    }

    #[cold]
    fn look(&mut self, key: u64, kind: TokenKind, (from, until): (usize, usize)) -> Glance {
        let folded = self.text.folded.get(from..until).unwrap_or_default();
        let glance = match kind {
            TokenKind::Sign => Glance::of_sign(folded),
            _ => Glance::of_word(key, folded),
        };
        self.text.glances.note(key, glance);
        glance
    }

    /// Takes up that the next token is a number.
    #[inline]
    fn note_number(&mut self) {
        let place = self.text.tokens.len() as u32;
        self.text.numbers.push(place);
        self.text.wakers.push(place);
    }

    #[inline]
    fn separate(&mut self, gap: Gap) {
        self.close();
        self.gap = self.gap.max(gap);
    }

    fn line(&mut self, item: &Item) {
        self.close();
        let before = item
            .start
            .checked_sub(1)
            .and_then(|at| self.piece.as_bytes().get(at));
        if item.character == u32::from('\n') && before == Some(&b'\r') {
            return;
        }
        self.lines += 1;
        self.separate(if self.lines > 1 {
            Gap::Block
        } else {
            Gap::Line
        });
    }

    /// Composes й and ё; other marks only belong to their letter.
    fn mark(&mut self, item: &Item) {
        let Some(open) = self
            .open
            .as_mut()
            .filter(|open| open.kind == TokenKind::Word)
        else {
            return;
        };
        open.end = item.end;
        let folded = &mut self.text.folded;
        let composed = match (item.character, folded.chars().next_back()) {
            (0x306, Some('и')) => 'й',
            (0x308, Some('е')) => 'ё',
            (0x306, Some('у')) => 'ў',
            _ => return,
        };
        folded.pop();
        folded.push(composed);
        open.hash = open.before.with(loose(composed as u32));
    }

    /// What may be a tag, an entity or an escape. Says where it ended.
    fn markup(&mut self, item: &Item, tags: bool) -> usize {
        match markup::read(self.piece, item.start) {
            Some(Markup::Character { character, end }) => {
                let row = row(character as u32);
                let character = character as u32;
                self.add(&Item {
                    character,
                    row,
                    start: item.start,
                    end,
                });
                end
            }
            Some(Markup::Tag {
                gap,
                attributes,
                end,
            }) if tags => {
                self.asides.extend(attributes);
                if gap != Gap::None {
                    self.separate(gap);
                }
                end
            }
            _ => {
                self.add(item);
                item.end
            }
        }
    }

    #[inline]
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.complete(open);
        }
    }

    fn complete(&mut self, mut open: Open) {
        if open.letters.has(Letters::CYRILLIC.and(Letters::LATIN)) {
            let word = self.text.folded.get(open.at..).unwrap_or_default();
            if let Some((word, hash, letters)) = unmasked(word, open.letters) {
                self.text.folded.truncate(open.at);
                self.text.folded.push_str(&word);
                (open.hash, open.letters) = (hash, letters);
            }
        }
        let until = self.text.folded.len();
        let (hash, glance) = match open.kind {
            TokenKind::Number => {
                self.note_number();
                (0, Glance::default())
            }
            kind => {
                let hash = open.hash.finish();
                (hash, self.glance(hash, kind, (open.at, until)))
            }
        };
        self.token(Token {
            hash,
            start: open.start as u32,
            end: open.end as u32,
            at: open.at as u32,
            until: until as u32,
            kind: open.kind,
            gap: self.gap,
            letters: open.letters,
            len: open.len.min(255) as u8,
            glance,
        });
    }
}

/// Upper case of a first letter is another fact than that of later ones.
const fn first(facts: u8) -> u8 {
    facts & !Letters::UPPER.0 | (facts & Letters::UPPER.0) >> 1
}

#[cfg(test)]
mod tests;
