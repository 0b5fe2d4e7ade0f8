//! What a terminal may be told by code that nobody trusts.
//!
//! A terminal obeys what it is shown. Some of it changes more than the screen (the clipboard, the title, the printer), and some
//! has the terminal type an answer that the program has chosen. What passes is a list: characters, and the sequences that move the
//! cursor, colour, erase and scroll (ECMA-48; xterm's control sequences). Everything else is taken out: all strings (OSC, DCS,
//! APC, PM, SOS), reports of every kind, mouse and key modes, resizing, resets.

use super::characters::Characters;
use crate::collect::is_invisible;

/// Longest control sequence that is looked at.
const SEQUENCE_CHARACTERS: usize = 48;

/// Final characters of control sequences that change the screen alone.
const FINALS: &str = "@ABCDEFGHIJKLMPSTXZ`adefgmrsu";
/// Private modes that may be set and reset: cursor keys, origin, wrapping, blinking, the cursor itself, the alternate
/// screen, bracketed paste.
const MODES: [&str; 9] = ["1", "6", "7", "12", "25", "47", "1047", "1049", "2004"];

/// From what a program sends to its terminal to what a person's terminal is told. Keeps its place across chunks.
#[derive(Debug, Clone, Default)]
pub struct ScreenFilter {
    characters: Characters,
    escape: Escape,
}

#[derive(Debug, Clone, Default)]
enum Escape {
    #[default]
    None,
    /// After ESC, with the intermediate characters so far.
    Start(String),
    /// In a control sequence, with what of it has come; `None` once it is too long.
    Control(Option<String>),
    /// In a string, until BEL or ST.
    Text,
    /// In a string, after ESC.
    TextEnd,
}

impl ScreenFilter {
    /// The part of a chunk that may be shown.
    pub fn push(&mut self, chunk: &[u8]) -> String {
        let mut shown = String::new();
        let mut escape = std::mem::take(&mut self.escape);
        self.characters.push(chunk, |c| {
            escape = character(std::mem::take(&mut escape), c, &mut shown);
        });
        self.escape = escape;
        shown
    }
}

/// Takes a character in; gives the state that follows.
fn character(escape: Escape, c: char, shown: &mut String) -> Escape {
    match (escape, c) {
        // A line's end, or a cancel, ends any sequence, so that one without end hides one line only.
        (_, '\n' | '\r') => {
            shown.push(c);
            Escape::None
        }
        (_, '\u{18}' | '\u{1a}') => Escape::None,
        (Escape::Text, '\u{7}' | '\u{9c}') | (Escape::TextEnd, '\\') => Escape::None,
        (Escape::Text | Escape::TextEnd, '\u{1b}') => Escape::TextEnd,
        (Escape::Text | Escape::TextEnd, _) => Escape::Text,
        (_, '\u{1b}') => Escape::Start(String::new()),
        // The same as sequences of eight bits: not every terminal takes them for it, so none is passed on.
        (_, '\u{9b}') => Escape::Control(None),
        (_, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') => Escape::Text,
        (Escape::Start(before), c) => start(before, c, shown),
        (Escape::Control(so_far), c) => control(so_far, c, shown),
        (Escape::None, c) => {
            let moves = matches!(c, '\u{7}' | '\u{8}' | '\t');
            if moves || !(c.is_control() || is_invisible(c)) {
                shown.push(c);
            }
            Escape::None
        }
    }
}

fn start(mut before: String, c: char, shown: &mut String) -> Escape {
    match c {
        '[' if before.is_empty() => Escape::Control(Some(String::new())),
        ']' | 'P' | 'X' | '^' | '_' => Escape::Text,
        ' '..='/' if before.len() < 4 => {
            before.push(c);
            Escape::Start(before)
        }
        _ => {
            let moves = before.is_empty() && "78DEHM=>".contains(c);
            let charset = matches!(before.as_str(), "(" | ")") && "0AB".contains(c);
            if moves || charset {
                shown.push('\u{1b}');
                shown.push_str(&before);
                shown.push(c);
            }
            Escape::None
        }
    }
}

fn control(so_far: Option<String>, c: char, shown: &mut String) -> Escape {
    if !matches!(c, '\u{40}'..='\u{7e}') {
        let longer = so_far.filter(|text| text.len() < SEQUENCE_CHARACTERS);
        return Escape::Control(longer.map(|mut text| {
            text.push(c);
            text
        }));
    }
    if let Some(parameters) = so_far.filter(|text| is_harmless(text, c)) {
        shown.push_str("\u{1b}[");
        shown.push_str(&parameters);
        shown.push(c);
    }
    Escape::None
}

/// Whether a control sequence changes nothing but the screen.
fn is_harmless(parameters: &str, end: char) -> bool {
    if let Some(modes) = parameters.strip_prefix('?') {
        return matches!(end, 'h' | 'l') && modes.split(';').all(|mode| MODES.contains(&mode));
    }
    let plain = |c: char| c.is_ascii_digit() || c == ';' || (c == ':' && end == 'm');
    match end {
        'h' | 'l' => parameters == "4",
        // With more it is no scrolling but a way to follow the mouse.
        'T' => parameters.chars().all(|c| c.is_ascii_digit()),
        _ => FINALS.contains(end) && parameters.chars().all(plain),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(chunks: &[&[u8]]) -> String {
        let mut filter = ScreenFilter::default();
        chunks.iter().map(|chunk| filter.push(chunk)).collect()
    }

    #[test]
    fn what_draws_a_screen_passes() {
        for text in [
            "привет, қала €𝄞\r\n\t\u{8}\u{7}",
            "\u{1b}[31;1mred\u{1b}[0m\u{1b}[38:2:1:2:3m",
            "\u{1b}[2J\u{1b}[1;1H\u{1b}[K\u{1b}[5A\u{1b}[3;20r\u{1b}[2L",
            "\u{1b}[?25l\u{1b}[?1049h\u{1b}[?2004h\u{1b}[?1;7l\u{1b}[4h",
            "\u{1b}7\u{1b}8\u{1b}M\u{1b}=\u{1b}(0lqk\u{1b}(B",
        ] {
            assert_eq!(shown(&[text.as_bytes()]), text);
            let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            assert_eq!(shown(&single), text);
        }
    }

    #[test]
    fn what_does_more_is_taken_out() {
        for (text, left) in [
            // The clipboard, the title, a link, a notification.
            ("a\u{1b}]52;c;cm0gLXJmCg==\u{7}b", "ab"),
            ("a\u{1b}]0;title\u{1b}\\b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\b", "ab"),
            ("a\u{9d}0;title\u{9c}b", "ab"),
            // Answers: settings, the title, the cursor's place, what the terminal is, its size, its modes.
            ("a\u{1b}P$q\"p\u{1b}\\b", "ab"),
            ("a\u{1b}[21tb\u{1b}[6nc\u{1b}[cd\u{1b}[>0ce\u{1b}Z", "abcde"),
            ("a\u{1b}[18tb\u{1b}[?1$pc\u{1b}[xd\u{5}", "abcd"),
            // The printer, the keys, the mouse, the whole terminal.
            ("a\u{1b}[5ib\u{1b}[>4;2mc\u{1b}[?1000hd\u{1b}cd", "abcdd"),
            ("a\u{1b}[1;2;3;4;5Tb\u{1b}[?1;1000hc", "abc"),
            // Other strings, one that never ends, one too long, eight bits.
            (
                "a\u{1b}_x\u{1b}\\b\u{1b}^x\u{1b}\\c\u{1b}Xx\u{1b}\\d",
                "abcd",
            ),
            ("a\u{1b}]52;c;never\nb", "a\nb"),
            ("a\u{9b}2Jb\u{9b}1;1Hc\u{202e}d", "abcd"),
        ] {
            assert_eq!(shown(&[text.as_bytes()]), left, "{text:?}");
        }
        let long = format!("a\u{1b}[{}mb", "1;".repeat(100));
        assert_eq!(shown(&[long.as_bytes()]), "ab");
    }

    proptest! {
        #[test]
        fn nothing_is_shown_that_would_be_taken_out(
            pieces in proptest::collection::vec("\\PC{0,5}|[\x00-\x1f\u{80}-\u{9f}]{0,3}|\x1b[\\[\\]P(=c7]?[0-9;?>$:]{0,6}[@-~]?", 0..30),
            cut in 1_usize..20,
        ) {
            let text = pieces.concat();
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
            let once = shown(&chunks);
            prop_assert_eq!(&shown(&[text.as_bytes()]), &once, "chunking changes nothing");
            prop_assert_eq!(&shown(&[once.as_bytes()]), &once, "what passed passes again");
            let has_strings = once.contains("\u{1b}]") || once.contains("\u{1b}P");
            prop_assert!(!has_strings, "{:?}", once);
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let once = shown(&[&bytes]);
            prop_assert_eq!(&shown(&[once.as_bytes()]), &once);
        }
    }
}
