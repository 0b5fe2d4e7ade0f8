//! The loops for plain words and numbers.

use super::super::alphabet::{Class, Packed};
use super::super::written::Written;
use super::super::{Gap, Letters, Loose, Token, TokenKind};
use super::eight::Eight;
use super::{Fold, Open, first};
use crate::glance::Glance;

impl Fold<'_> {
    /// A word of Cyrillic letters alone that begins with a character at `start`, and where to go on; nothing if it goes on with
    /// anything else.
    #[inline]
    pub(super) fn cyrillic_word(
        &mut self,
        bytes: &[u8],
        start: usize,
        character: usize,
    ) -> Option<usize> {
        let written = Written::read(bytes, start);
        if let Some((written, length)) = written
            && let Some(known) = self.text.words.get(&written)
        {
            let end = start + length;
            if !self.ends(bytes, end) {
                return None;
            }
            let folded = self.folded(bytes, (start, end), character, known.letters)?;
            self.note_waker(known.glance);
            let (hash, letters, glance) = (known.hash, known.letters, known.glance);
            return Some(self.word_token(
                bytes,
                (start, end),
                folded,
                (hash, letters, glance),
                length / 2,
            ));
        }
        self.new_word(bytes, start, character, written)
    }

    /// The same of a word that is not known yet.
    #[inline(never)]
    fn new_word(
        &mut self,
        bytes: &[u8],
        start: usize,
        character: usize,
        written: Option<(Written, usize)>,
    ) -> Option<usize> {
        let eight = Eight::read(bytes, start, self.cyrillic)?;
        let begin = first(eight.first.letters());
        let mut end = start + 2 * eight.count;
        let mut hash = eight.append(Loose::EMPTY);
        let mut later = eight.later;
        let mut whole = eight.is_whole();
        while whole && let Some(eight) = Eight::read(bytes, end, self.cyrillic) {
            hash = eight.append(hash);
            later = later.or(eight.all());
            end += 2 * eight.count;
            whole = eight.is_whole();
        }
        if !self.ends(bytes, end) || !is_short(end - start) {
            return None;
        }
        let letters = Letters(begin | later.letters());
        let folded = self.folded(bytes, (start, end), character, letters)?;
        let hash = hash.finish();
        let glance = self.glance(hash, TokenKind::Word, folded);
        // A sign among Cyrillic characters ends a word too.
        if let Some((written, length)) = written
            && length == end - start
        {
            self.text.words.note(written, hash, letters, glance);
        }
        Some(self.word_token(
            bytes,
            (start, end),
            folded,
            (hash, letters, glance),
            (end - start) / 2,
        ))
    }

    /// Whether a word ends before what stands at a place.
    #[inline]
    fn ends(&self, bytes: &[u8], at: usize) -> bool {
        let Some((character, len)) = decode(bytes, at) else {
            return true;
        };
        let next = self.table.get(character).filter(|_| len > 0);
        next.is_some_and(|next| next.ends_word())
    }

    /// Where the folded form of a word of Cyrillic letters is, which begins with `character`.
    #[inline]
    fn folded(
        &mut self,
        bytes: &[u8],
        (start, end): (usize, usize),
        character: usize,
        letters: Letters,
    ) -> Option<(usize, usize)> {
        if !letters.any(Letters::TITLE.and(Letters::UPPER)) {
            return Some((start, end));
        }
        let first = *self.table.get(character)?;
        Some(self.lowered(bytes, (start, end), (first, 2), letters))
    }

    /// The token of a word that is complete; where to go on.
    #[inline]
    fn word_token(
        &mut self,
        bytes: &[u8],
        (start, end): (usize, usize),
        (at, until): (usize, usize),
        (hash, letters, glance): (u64, Letters, Glance),
        count: usize,
    ) -> usize {
        self.token(Token {
            hash,
            start: start as u32,
            end: end as u32,
            at: at as u32,
            until: until as u32,
            kind: TokenKind::Word,
            gap: self.gap,
            letters,
            len: count as u8,
            glance,
        });
        self.after(bytes, end)
    }

    /// Letters from `start` on, of which `plain` is the first. If something follows that may belong to the word, the word
    /// stays open.
    pub(super) fn word(&mut self, bytes: &[u8], start: usize, plain: Packed, len: usize) -> usize {
        let table = self.table;
        let (mut at, mut hash, mut rest, mut count, mut whole);
        match Eight::read(bytes, start, self.cyrillic) {
            Some(begin) => {
                at = start + 2 * begin.count;
                hash = begin.append(Loose::EMPTY);
                (rest, count, whole) = (begin.later, begin.count, begin.is_whole());
            }
            None => {
                at = start + len;
                hash = Loose::EMPTY.waiting(plain.loose());
                (rest, count, whole) = (Packed::default(), 1, false);
            }
        }
        let next = 'word: loop {
            while whole && let Some(eight) = Eight::read(bytes, at, self.cyrillic) {
                hash = eight.append(hash);
                rest = rest.or(eight.all());
                count += eight.count;
                at += 2 * eight.count;
                whole = eight.is_whole();
            }
            // So many letters more until the hash takes up four of them.
            for _ in 0..hash.missing() {
                let Some((character, len)) = decode(bytes, at) else {
                    break 'word Class::Sign;
                };
                let Some(plain) = table.get(character).filter(|_| len > 0) else {
                    break 'word Class::Markup;
                };
                if !plain.is_letter() {
                    break 'word plain.class();
                }
                rest = rest.or(*plain);
                hash = hash.waiting(plain.loose());
                count += 1;
                at += len;
            }
            hash = hash.taken_up();
            whole = true;
        };
        let letters = first(plain.letters()) | rest.letters();
        let letters = Letters(letters);
        let capital = letters.any(Letters::TITLE.and(Letters::UPPER));
        let complete = ends(next);
        if complete && !letters.has(Letters::CYRILLIC.and(Letters::LATIN)) && is_short(at - start) {
            let folded = match capital {
                false => (start, at),
                true => self.lowered(bytes, (start, at), (plain, len), letters),
            };
            let hash = hash.finish();
            let glance = self.glance(hash, TokenKind::Word, folded);
            let said = (hash, letters, glance);
            return self.word_token(bytes, (start, at), folded, said, count);
        }
        let mut open = Open {
            kind: TokenKind::Word,
            start,
            end: at,
            at: self.text.folded.len(),
            hash,
            before: Loose::EMPTY,
            letters,
            len: count,
        };
        self.lowered(bytes, (start, at), (plain, len), letters);
        if complete {
            self.complete(open);
        } else {
            let mut letters = self.text.folded.get(open.at..).unwrap_or_default().chars();
            letters.next_back();
            open.before = Loose::EMPTY.followed(letters.as_str());
            self.open = Some(open);
        }
        at
    }

    /// Writes a word behind the copy in lower case; where its folded form begins and ends.
    fn lowered(
        &mut self,
        bytes: &[u8],
        (start, end): (usize, usize),
        (first, len): (Packed, usize),
        letters: Letters,
    ) -> (usize, usize) {
        let from = self.text.folded.len();
        // Most words with a capital have one, at their begin.
        let head = start + len;
        let one = first.folded() < 0x800 && !letters.any(Letters::UPPER);
        match self.piece.get(head..end).filter(|_| one) {
            Some(rest) => {
                if let Some(letter) = char::from_u32(u32::from(first.folded())) {
                    self.text.folded.push(letter);
                }
                self.text.folded.push_str(rest);
            }
            None => self.copy_lower(bytes, start, end),
        }
        (from, self.text.folded.len())
    }

    /// Passes over the space behind a complete token, if one stands there.
    #[inline]
    pub(super) fn after(&mut self, bytes: &[u8], at: usize) -> usize {
        let spaced = bytes.get(at) == Some(&b' ');
        self.gap = if spaced { Gap::Space } else { Gap::None };
        at + usize::from(spaced)
    }

    /// Writes letters behind the copy in lower case.
    fn copy_lower(&mut self, bytes: &[u8], start: usize, end: usize) {
        let mut at = start;
        while at < end {
            let Some((character, len)) = decode(bytes, at) else {
                break;
            };
            let folded = self
                .table
                .get(character)
                .map_or(character as u32, |plain| u32::from(plain.folded()));
            if let Some(letter) = char::from_u32(folded) {
                self.text.folded.push(letter);
            }
            at += len.max(1);
        }
    }

    /// ASCII digits from `start` on. If something follows that may belong to the number, it stays open.
    #[inline]
    pub(super) fn number(&mut self, bytes: &[u8], start: usize) -> usize {
        let rest = bytes.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let at = start + count;
        let plain = |byte: &u8| byte.is_ascii() && !matches!(byte, b'&' | b'<' | b'\\');
        if is_short(count) && rest.get(count).is_none_or(plain) {
            self.note_number();
            self.token(Token {
                hash: 0,
                start: start as u32,
                end: at as u32,
                at: start as u32,
                until: at as u32,
                kind: TokenKind::Number,
                gap: self.gap,
                letters: Letters::default(),
                len: count as u8,
                glance: Glance::default(),
            });
            return self.after(bytes, at);
        }
        self.open = Some(Open {
            kind: TokenKind::Number,
            start,
            end: at,
            at: self.text.folded.len(),
            hash: Loose::EMPTY,
            before: Loose::EMPTY,
            letters: Letters::default(),
            len: count,
        });
        let digits = self.piece.get(start..at).unwrap_or_default();
        self.text.folded.push_str(digits);
        at
    }
}

/// Whether a word ends before a character that is no letter.
const fn ends(next: Class) -> bool {
    !matches!(next, Class::Markup | Class::Invisible | Class::Mark)
}

/// Whether a count fits into a token without being cut.
const fn is_short(count: usize) -> bool {
    count < 256
}

/// The character at a place and its length; the length is 0 if it has three bytes or more.
#[inline]
pub fn decode(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let first = *bytes.get(at)?;
    if first < 0x80 {
        return Some((usize::from(first), 1));
    }
    let second = bytes.get(at + 1).copied().unwrap_or_default();
    let character = usize::from(first & 0x1F) << 6 | usize::from(second & 0x3F);
    Some((character, if first < 0xE0 { 2 } else { 0 }))
}
