//! HTML tags and entities, and escapes of JSON, inside a text.

use super::Gap;

/// A longer tag is taken for text.
const LONGEST_TAG: usize = 2000;

/// What stood there instead of a plain character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Markup {
    /// An entity or an escape.
    Character {
        /// What it stands for.
        character: char,
        /// Where it ended.
        end: usize,
    },
    /// A tag of HTML.
    Tag {
        /// How it parts what stands before and after it; inline tags do not.
        gap: Gap,
        /// Where its attributes are.
        attributes: Option<(usize, usize)>,
        /// Where it ended.
        end: usize,
    },
}

/// Reads markup that begins with the character at `start`: `<`, `&` or `\`.
pub fn read(text: &str, start: usize) -> Option<Markup> {
    let rest = text.as_bytes().get(start..)?;
    match rest.first()? {
        b'<' => tag(rest, start),
        b'&' => entity(rest, start),
        b'\\' => escape(rest, start),
        _ => None,
    }
}

fn tag(rest: &[u8], start: usize) -> Option<Markup> {
    let from = if rest.get(1) == Some(&b'/') { 2 } else { 1 };
    let after = rest.get(from..)?;
    let name = after
        .iter()
        .take(11)
        .take_while(|byte| byte.is_ascii_alphanumeric())
        .count();
    let gap = gap_of(after.get(..name)?)?;
    if !matches!(after.get(name)?, b' ' | b'\t' | b'\n' | b'\r' | b'/' | b'>') {
        return None;
    }
    let inner = after.get(name..after.len().min(LONGEST_TAG))?;
    let length = memchr::memchr2(b'>', b'<', inner)?;
    if inner.get(length) != Some(&b'>') {
        return None;
    }
    let begin = start + from + name;
    let assigned = memchr::memchr(b'=', inner.get(..length)?).is_some();
    Some(Markup::Tag {
        gap,
        attributes: assigned.then_some((begin, begin + length)),
        end: begin + length + 1,
    })
}

/// How a tag of that name parts the text; `None` for names that are not of HTML.
fn gap_of(name: &[u8]) -> Option<Gap> {
    const INLINE: &[&str] = &[
        "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font",
        "i", "ins", "kbd", "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong",
        "sub", "sup", "time", "tt", "u", "var", "wbr",
    ];
    const LINE: &[&str] = &[
        "br", "td", "th", "label", "dt", "dd", "input", "option", "button",
    ];
    const BLOCK: &[&str] = &[
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "col",
        "colgroup",
        "details",
        "div",
        "dl",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
        "hr",
        "html",
        "iframe",
        "img",
        "legend",
        "li",
        "link",
        "main",
        "meta",
        "nav",
        "ol",
        "p",
        "pre",
        "script",
        "section",
        "select",
        "style",
        "summary",
        "table",
        "tbody",
        "textarea",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ];
    let among = |names: &[&str]| {
        names
            .iter()
            .any(|known| known.as_bytes().eq_ignore_ascii_case(name))
    };
    if among(INLINE) {
        Some(Gap::None)
    } else if among(LINE) {
        Some(Gap::Line)
    } else {
        among(BLOCK).then_some(Gap::Block)
    }
}

fn entity(rest: &[u8], start: usize) -> Option<Markup> {
    let within = rest.get(1..rest.len().min(12))?;
    let length = memchr::memchr(b';', within)?;
    let name = std::str::from_utf8(within.get(..length)?).ok()?;
    let character = match name.strip_prefix('#') {
        Some(number) => numeric(number)?,
        None => named(name)?,
    };
    Some(Markup::Character {
        character,
        end: start + length + 2,
    })
}

fn numeric(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "nbsp" | "ensp" | "emsp" | "thinsp" | "numsp" => ' ',
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" | "laquo" | "raquo" | "ldquo" | "rdquo" | "bdquo" => '"',
        "apos" | "lsquo" | "rsquo" => '\'',
        "ndash" | "mdash" | "minus" | "hyphen" | "dash" => '-',
        "shy" => '\u{ad}',
        "zwj" | "zwnj" => '\u{200b}',
        "commat" => '@',
        "period" => '.',
        "comma" => ',',
        "colon" => ':',
        "sol" => '/',
        "plus" => '+',
        "lpar" => '(',
        "rpar" => ')',
        "num" => '#',
        "numero" => '№',
        "NewLine" => '\n',
        "Tab" => '\t',
        _ => return None,
    })
}

fn escape(rest: &[u8], start: usize) -> Option<Markup> {
    let (character, length) = match rest.get(1)? {
        b'n' => ('\n', 2),
        b'r' | b't' => ('\t', 2),
        b'"' => ('"', 2),
        b'/' => ('/', 2),
        b'\\' => ('\\', 2),
        b'u' => unicode(rest)?,
        _ => return None,
    };
    Some(Markup::Character {
        character,
        end: start + length,
    })
}

/// `\u0418`, or a pair of surrogates.
fn unicode(rest: &[u8]) -> Option<(char, usize)> {
    let first = hexadecimal(rest)?;
    if let Some(character) = char::from_u32(first) {
        return Some((character, 6));
    }
    let second = hexadecimal(rest.get(6..)?)?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    let character = char::decode_utf16(pair).next()?.ok()?;
    Some((character, 12))
}

fn hexadecimal(escape: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?.get(..4)?).ok()?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}
