//! One JSON object of a line, of which all but one field is left as it is.

use std::borrow::Cow;
use std::ops::Range;

/// A record whose text was found.
pub struct Record<'l> {
    text: Cow<'l, str>,
    /// Where the field's value is in the line.
    pub place: Range<usize>,
    /// Whether the value is a string.
    pub quoted: bool,
}

impl<'l> Record<'l> {
    /// Finds the field in a line that must be one JSON object. The error does not quote the line.
    pub fn read(line: &'l str, field: &str) -> Result<Self, String> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(line) {
            return Err(format!("it is no JSON (column {})", error.column()));
        }
        if !line.trim_start().starts_with('{') {
            return Err("it is no JSON object".to_owned());
        }
        let place = raw(line, field).ok_or_else(|| missing(line, field))?;
        let value = line.get(place.clone()).unwrap_or_default();
        let quoted = value.starts_with('"');
        let text = if quoted {
            string(value).ok_or_else(|| {
                format!("field `{field}` has an escape that stands for no character")
            })?
        } else if value == "null" {
            Cow::Borrowed("")
        } else {
            Cow::Borrowed(value)
        };
        Ok(Self {
            text,
            place,
            quoted,
        })
    }

    /// The text; that of a value that is no string is the value as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn missing(line: &str, field: &str) -> String {
    let mut names = Vec::new();
    scan(line, |name, _| {
        names.push(name.to_owned());
        false
    });
    // Names come from the file too: only few and short ones are told.
    names.retain(|name| name.len() <= 40);
    names.truncate(8);
    format!(
        "there is no field `{field}`; there are: {}",
        names.join(", ")
    )
}

/// Where the value of a top-level field is, in a line that is a JSON object.
pub fn raw(line: &str, field: &str) -> Option<Range<usize>> {
    let mut found = None;
    scan(line, |name, place| {
        if name == field {
            found = Some(place);
        }
        found.is_some()
    });
    found
}

/// Goes over the top-level fields until `seen` has enough.
fn scan(line: &str, mut seen: impl FnMut(&str, Range<usize>) -> bool) {
    let bytes = line.as_bytes();
    let mut at = skip(bytes, 0) + 1;
    loop {
        at = skip(bytes, at);
        if bytes.get(at) == Some(&b',') {
            at = skip(bytes, at + 1);
        }
        if bytes.get(at) != Some(&b'"') {
            return;
        }
        let end = value(bytes, at);
        let Some(name) = line.get(at..end).and_then(string) else {
            return;
        };
        // The colon follows.
        let start = skip(bytes, skip(bytes, end) + 1);
        at = value(bytes, start);
        if at <= start || seen(&name, start..at) {
            return;
        }
    }
}

fn string(quoted: &str) -> Option<Cow<'_, str>> {
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str::<String>(quoted).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

fn skip(bytes: &[u8], at: usize) -> usize {
    let space = bytes
        .iter()
        .skip(at)
        .take_while(|byte| byte.is_ascii_whitespace());
    at + space.count()
}

/// Where the value that begins at a place ends.
fn value(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        if quoted {
            let ends = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            quoted = !ends;
            if ends && depth == 0 {
                return at + 1;
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return at,
            _ => {}
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    fn text(line: &str) -> String {
        Record::read(line, "text").map_or_else(|wrong| wrong, |record| record.text().to_owned())
    }

    #[test]
    fn the_field_is_found() {
        assert_eq!(text(r#"{"id": 1, "text": "а\"б\n"}"#), "а\"б\n");
        assert_eq!(
            text(r#" { "a":{"text":"no"},"b":["]",{}],"text" : "yes" } "#),
            "yes"
        );
        assert_eq!(text(r#"{"text": 900101300017}"#), "900101300017");
        assert_eq!(
            text(r#"{"text": {"iin": "900101300017"}, "id": 2}"#),
            r#"{"iin": "900101300017"}"#
        );
        assert_eq!(text(r#"{"text": null}"#), "");
        assert_eq!(text(r#"{"\u0074ext": "x"}"#), "x");
        assert_eq!(text(r#"{"x\\": "\\", "text": "y"}"#), "y");
    }

    #[test]
    fn errors_do_not_quote_values() {
        assert_eq!(
            text(r#"{"id": 1, "body": "900101300017"}"#),
            "there is no field `text`; there are: id, body"
        );
        assert_eq!(text("{"), "it is no JSON (column 1)");
        assert_eq!(text("[1]"), "it is no JSON object");
        assert_eq!(text("{}"), "there is no field `text`; there are: ");
    }

    #[test]
    fn identifiers_are_copied_as_they_are() {
        let line = r#"{"id": 12345678901234567890123, "text": ""}"#;
        assert_eq!(&line[raw(line, "id").unwrap()], "12345678901234567890123");
        assert_eq!(raw(line, "no"), None);
    }
}
