//! The one pass over a text that makes tokens.

use super::alphabet::{Class, Row, as_cyrillic, as_latin, loose, row, rows};
use super::markup::{self, Markup};
use super::{Gap, Letters, Loose, Text, Token, TokenKind};

/// A token that is not complete.
struct Open {
    kind: TokenKind,
    start: usize,
    end: usize,
    at: usize,
    hash: Loose,
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
    table: &'static [Row],
    folded: Vec<u8>,
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
        let mut folded = std::mem::take(&mut text.folded).into_bytes();
        folded.clear();
        folded.reserve(piece.len());
        text.tokens.clear();
        text.numbers.clear();
        text.marks.clear();
        Self {
            text,
            piece,
            table: rows(),
            folded,
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
        self.text.folded = String::from_utf8(self.folded).unwrap_or_default();
    }

    fn range(&mut self, start: usize, end: usize, markup: bool) {
        let mut at = start;
        while at < end {
            let Some(item) = self.item(at) else { break };
            at = item.end;
            match item.row.class {
                Class::Letter => at = self.word(&item, end),
                Class::Digit => self.digit(&item),
                Class::Space => self.separate(Gap::Space),
                Class::Line => self.line(&item),
                Class::Invisible => {}
                Class::Mark => self.mark(&item),
                Class::Sign => self.sign(&item),
                Class::Markup => at = self.markup(&item, markup),
            }
        }
        self.close();
    }

    /// The character at a place.
    fn item(&self, start: usize) -> Option<Item> {
        let (character, len) = self.decode(start)?;
        let tabled = self.table.get(character as usize);
        Some(Item {
            character,
            row: tabled.copied().unwrap_or_else(|| row(character)),
            start,
            end: start + len,
        })
    }

    #[inline]
    fn decode(&self, start: usize) -> Option<(u32, usize)> {
        match *self.piece.as_bytes().get(start)? {
            byte @ 0..=0x7F => Some((u32::from(byte), 1)),
            first @ 0xC0..=0xDF => {
                let second = *self.piece.as_bytes().get(start + 1)?;
                Some(((u32::from(first) & 0x1F) << 6 | u32::from(second) & 0x3F, 2))
            }
            _ => {
                let character = self.piece.get(start..)?.chars().next()?;
                Some((u32::from(character), character.len_utf8()))
            }
        }
    }

    /// A letter, and those that follow it at once. Says where it stopped.
    fn word(&mut self, first: &Item, limit: usize) -> usize {
        let mut open = self.begin(TokenKind::Word, first);
        self.letter(&mut open, &first.row, first.end);
        let mut at = first.end;
        while at < limit {
            let Some((character, len)) = self.decode(at) else {
                break;
            };
            let Some(row) = self.table.get(character as usize) else {
                break;
            };
            if row.class != Class::Letter {
                break;
            }
            let row = *row;
            at += len;
            self.letter(&mut open, &row, at);
        }
        self.open = Some(open);
        at
    }

    #[inline]
    fn letter(&mut self, open: &mut Open, row: &Row, end: usize) {
        let facts = row.letters.0;
        let facts = if open.len == 0 {
            facts & !2 | (facts >> 1) & 1
        } else {
            facts
        };
        open.letters.0 |= facts;
        open.hash = open.hash.with(row.loose);
        open.len += 1;
        open.end = end;
        push(&mut self.folded, row.folded);
    }

    fn digit(&mut self, item: &Item) {
        let mut open = self.begin(TokenKind::Number, item);
        open.end = item.end;
        open.len += 1;
        push(&mut self.folded, item.row.folded);
        self.open = Some(open);
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
            at: self.folded.len(),
            hash: Loose::EMPTY,
            letters: Letters::default(),
            len: 0,
        };
        self.open.take().unwrap_or_else(new)
    }

    fn sign(&mut self, item: &Item) {
        self.close();
        let at = self.folded.len();
        push(&mut self.folded, item.row.folded);
        if matches!(item.row.folded, 0x40 | 0x3A) {
            self.text.marks.push(self.text.tokens.len() as u32);
        }
        self.token(Token {
            hash: u64::from(item.row.folded),
            start: item.start as u32,
            end: item.end as u32,
            at: at as u32,
            until: self.folded.len() as u32,
            kind: TokenKind::Sign,
            gap: self.gap,
            letters: Letters::default(),
            len: 1,
        });
    }

    fn token(&mut self, token: Token) {
        self.text.tokens.push(token);
        self.gap = Gap::None;
        self.lines = 0;
    }

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
        let Some(open) = self.open.as_mut() else {
            return;
        };
        if open.kind != TokenKind::Word {
            return;
        }
        open.end = item.end;
        let composed = match (item.character, self.folded.as_slice()) {
            (0x306, [.., 0xD0, 0xB8]) => 'й',
            (0x308, [.., 0xD0, 0xB5]) => 'ё',
            (0x306, [.., 0xD1, 0x83]) => 'ў',
            _ => return,
        };
        self.folded.truncate(self.folded.len() - 2);
        push(&mut self.folded, composed as u32);
        open.hash = Loose::EMPTY;
        let word = self.folded.get(open.at..).unwrap_or_default();
        for letter in std::str::from_utf8(word).unwrap_or_default().chars() {
            open.hash = open.hash.with(loose(letter as u32));
        }
    }

    /// What may be a tag, an entity or an escape. Says where it ended.
    fn markup(&mut self, item: &Item, tags: bool) -> usize {
        match markup::read(self.piece, item.start) {
            Some(Markup::Character { character, end }) => {
                let row = row(character as u32);
                let item = Item {
                    character: character as u32,
                    row,
                    start: item.start,
                    end,
                };
                match row.class {
                    Class::Letter => return self.word(&item, end),
                    Class::Digit => self.digit(&item),
                    Class::Space => self.separate(Gap::Space),
                    Class::Line => self.line(&item),
                    Class::Invisible => {}
                    Class::Mark => self.mark(&item),
                    Class::Sign | Class::Markup => self.sign(&item),
                }
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
                self.sign(item);
                item.end
            }
        }
    }

    fn close(&mut self) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        let mixed = Letters::CYRILLIC.and(Letters::LATIN);
        if open.letters.has(mixed) {
            self.unmask(&mut open);
        }
        let number = open.kind == TokenKind::Number;
        if number {
            self.text.numbers.push(self.text.tokens.len() as u32);
        }
        self.token(Token {
            hash: if number { 0 } else { open.hash.finish() },
            start: open.start as u32,
            end: open.end as u32,
            at: open.at as u32,
            until: self.folded.len() as u32,
            kind: open.kind,
            gap: self.gap,
            letters: open.letters,
            len: open.len.min(255) as u8,
        });
    }

    /// Writes a word of two scripts in the one whose letters all the others resemble.
    fn unmask(&mut self, open: &mut Open) {
        let word = self.folded.get(open.at..).unwrap_or_default();
        let word = std::str::from_utf8(word).unwrap_or_default();
        let lower = open.letters.has(Letters::LOWER);
        let (mut cyrillic, mut latin) = (Some(String::new()), Some(String::new()));
        let mut balance = 0_i64;
        for (place, letter) in word.chars().enumerate() {
            let capital = !lower || (place == 0 && open.letters.has(Letters::TITLE));
            let is_latin = row(letter as u32).letters.has(Letters::LATIN);
            balance += if is_latin { -1 } else { 1 };
            let cased = if capital {
                letter.to_uppercase().next().unwrap_or(letter)
            } else {
                letter
            };
            let to_cyrillic = if is_latin {
                as_cyrillic(cased)
            } else {
                Some(letter)
            };
            let to_latin = if is_latin {
                Some(letter)
            } else {
                as_latin(cased)
            };
            extend(&mut cyrillic, to_cyrillic);
            extend(&mut latin, to_latin);
        }
        let chosen = match (cyrillic, latin) {
            (Some(_), Some(latin)) if balance < 0 => latin,
            (Some(cyrillic), _) => cyrillic,
            (None, Some(latin)) => latin,
            (None, None) => return,
        };
        let scripts = Letters::CYRILLIC.and(Letters::LATIN).and(Letters::KAZAKH);
        open.letters = open.letters.without(scripts).and(Letters::DISGUISED);
        open.hash = Loose::EMPTY;
        for letter in chosen.chars() {
            let facts = row(letter as u32)
                .letters
                .without(Letters::LOWER.and(Letters::UPPER));
            open.letters = open.letters.and(facts);
            open.hash = open.hash.with(loose(letter as u32));
        }
        self.folded.truncate(open.at);
        self.folded.extend_from_slice(chosen.as_bytes());
    }
}

fn extend(word: &mut Option<String>, letter: Option<char>) {
    match (word.as_mut(), letter) {
        (Some(word), Some(letter)) => word.push(letter),
        _ => *word = None,
    }
}

#[inline]
fn push(folded: &mut Vec<u8>, character: u32) {
    if character < 0x80 {
        folded.push(character as u8);
    } else if character < 0x800 {
        folded.extend_from_slice(&[
            0xC0 | (character >> 6) as u8,
            0x80 | (character & 0x3F) as u8,
        ]);
    } else if let Some(character) = char::from_u32(character) {
        folded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;
    use crate::text::hash;

    /// The folded tokens, with what stands before each: nothing, ` `, `/` for a line, `|` for a block.
    fn folded(text: &str) -> String {
        let mut read = Text::default();
        read.read(text);
        let mut all = String::new();
        for token in read.tokens() {
            all.push_str(match token.gap {
                Gap::None => "_",
                Gap::Space => " ",
                Gap::Line => "/",
                Gap::Block => "|",
            });
            all.push_str(read.folded(token));
        }
        all
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(folded(text), expected, "{text:?}");
    }

    #[test]
    fn words_numbers_and_signs_are_told_apart() {
        check("ИИН: 900101-300017", "|иин_: 900101_-_300017");
        check("A123BC02", "|a_123_bc_02");
        check(
            "Әл-Фараби даңғылы,\n12 үй\n\n5",
            "|әл_-_фараби даңғылы_,/12 үй|5",
        );
    }

    #[test]
    fn what_is_invisible_is_dropped() {
        check("Ива\u{200b}н\u{ad}ов 87\u{feff}01", "|иванов 8701");
        check("８７０１２３４５６７", "|8701234567");
        check("и\u{306}од Е\u{308}лка", "|йод ёлка");
        check("a\u{301}b", "|ab");
    }

    #[test]
    fn look_alikes_are_undone() {
        check("Ивaнoв", "|иванов");
        check("HурСултан", "|нурсултан");
        check("KZ mаil", "|kz mail");
        check("жqд", "|жqд");
        let mut read = Text::default();
        read.read("Ивaнoв");
        assert_eq!(read.tokens()[0].hash, hash("иванов"));
        assert!(
            read.tokens()[0]
                .letters
                .has(Letters::CYRILLIC.and(Letters::DISGUISED))
        );
        assert!(!read.tokens()[0].letters.has(Letters::LATIN));
    }

    #[test]
    fn markup_and_escapes_are_passed_over() {
        check("<td>ИИН</td>\n<td>9001<b>01</b>", "|иин/900101");
        check("a&nbsp;b &amp; &#1048;&#x438;", "|a b & ии");
        check("\\u0418\\u0438\\n12\\t3 \\\"x\\\"", "|ии/12 3 \"_x_\"");
        check("<a href=\"x@y.kz\">z</a>", "|z|href_=_\"_x_@_y_._kz_\"");
        check(
            "<ivan@mail.kz> a < b > c",
            "|<_ivan_@_mail_._kz_> a < b > c",
        );
        check("<iin>90</iin>", "|<_iin_>_90_<_/_iin_>");
    }

    #[test]
    fn letters_are_described() {
        let mut read = Text::default();
        read.read("Алматы АЛМАТЫ алматы А аЛ Қазақ Abc");
        let tokens = read.tokens();
        assert!(tokens[0].is_title() && !tokens[0].is_upper());
        assert!(tokens[1].is_upper() && !tokens[1].is_title());
        assert!(tokens[2].is_lower());
        assert!(tokens[3].is_upper() && tokens[3].is_title());
        assert!(!tokens[4].is_lower() && !tokens[4].is_title() && !tokens[4].is_upper());
        assert!(
            tokens[5]
                .letters
                .has(Letters::KAZAKH.and(Letters::CYRILLIC))
        );
        assert!(tokens[6].letters.has(Letters::LATIN) && !tokens[6].letters.has(Letters::CYRILLIC));
    }

    #[test]
    fn places_lead_back_to_the_original() {
        let text = "ИИН &quot;9001\u{200b}01&quot; Ивaн\u{ad}ов.";
        let mut read = Text::default();
        read.read(text);
        let pieces: Vec<_> = read
            .tokens()
            .iter()
            .map(|t| &text[t.start as usize..t.end as usize])
            .collect();
        assert_eq!(
            pieces,
            [
                "ИИН",
                "&quot;",
                "9001\u{200b}01",
                "&quot;",
                "Ивaн\u{ad}ов",
                "."
            ]
        );
    }
}
