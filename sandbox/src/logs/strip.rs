//! From bytes to the characters a person would see: terminal escapes and
//! controls are taken out, so that a log can neither steer the terminal it is
//! read in nor hide digits from the mask.

use super::characters::Characters;
use crate::collect::is_invisible;

/// ECMA-48 escape sequences, as far as they must be skipped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    /// After ESC.
    Start,
    /// In a control sequence, until a byte of 0x40 to 0x7E.
    Control,
    /// In a string (OSC, DCS, APC ...), until BEL or ST.
    Text,
    /// In a string, after ESC.
    TextEnd,
}

/// Keeps its place across chunks: a character or a sequence may be split.
#[derive(Debug, Clone, Default)]
pub(super) struct Strip {
    escape: Escape,
    characters: Characters,
}

impl Strip {
    /// The visible characters of a chunk, and `\n` for every end of line.
    pub(super) fn push(&mut self, chunk: &[u8]) -> String {
        let mut shown = String::new();
        let escape = &mut self.escape;
        self.characters
            .push(chunk, |c| *escape = character(*escape, c, &mut shown));
        shown
    }
}

/// Takes a character in; gives the state that follows.
fn character(escape: Escape, c: char, shown: &mut String) -> Escape {
    match (escape, c) {
        // A line ends any sequence, so that a sequence without end hides one line only.
        (_, '\n' | '\r') => {
            shown.push('\n');
            Escape::None
        }
        (Escape::Text, '\u{7}' | '\u{9c}') => Escape::None,
        (Escape::Text, '\u{1b}') | (Escape::TextEnd, '\u{1b}') => Escape::TextEnd,
        (Escape::TextEnd, '\\') => Escape::None,
        (Escape::Text | Escape::TextEnd, _) => Escape::Text,
        (_, '\u{1b}') => Escape::Start,
        (_, '\u{9b}') => Escape::Control,
        (_, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') => Escape::Text,
        (Escape::Start, '[') => Escape::Control,
        (Escape::Start, ']' | 'P' | 'X' | '^' | '_') => Escape::Text,
        // Intermediate bytes, as in the choice of a character set.
        (Escape::Start, ' '..='/') => Escape::Start,
        (Escape::Start, _) => Escape::None,
        (Escape::Control, '\u{40}'..='\u{7e}') => Escape::None,
        (Escape::Control, _) => Escape::Control,
        (Escape::None, '\t') => {
            shown.push(' ');
            Escape::None
        }
        (Escape::None, c) => {
            if !c.is_control() && !is_invisible(c) {
                shown.push(c);
            }
            Escape::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip(chunks: &[&[u8]]) -> String {
        let mut strip = Strip::default();
        chunks.iter().map(|chunk| strip.push(chunk)).collect()
    }

    #[test]
    fn escapes_are_taken_out() {
        assert_eq!(strip(&[b"\x1b[31mred\x1b[0m ok"]), "red ok");
        assert_eq!(
            strip(&[b"a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c"]),
            "abc"
        );
        assert_eq!(strip(&[b"\x1b(Ba\x1b", b"[1", b";2Hb"]), "ab");
        assert_eq!(strip(&[b"a\x1b]never ends\nb"]), "a\nb");
        assert_eq!(strip(&["a\u{9b}31mb\u{202e}c\u{200b}d".as_bytes()]), "abcd");
    }

    #[test]
    fn characters_may_be_split_over_chunks() {
        let text = "қ€𝄞".as_bytes();
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(strip(&single), "қ€𝄞");
        assert_eq!(strip(&[b"a\xffb\xf0\x9f", b"x"]), "a\u{fffd}b\u{fffd}x");
    }

    #[test]
    fn a_carriage_return_ends_a_line() {
        assert_eq!(strip(&[b"10%\r20%\r\nx\x08y\x00z"]), "10%\n20%\n\nxyz");
    }
}
