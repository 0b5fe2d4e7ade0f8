//! Purposes, which form a hierarchy by their dots.

use std::fmt;

use thiserror::Error;

/// Longest purpose, in bytes.
const MAX_BYTES: usize = 200;
/// Deepest purpose, in parts.
const MAX_PARTS: usize = 12;
/// Longest part, in bytes.
const MAX_PART_BYTES: usize = 63;

/// A purpose of use, such as `research.health.screening`, which lies below `research.health` and `research`.
///
/// Parts are made of `a-z`, `0-9`, `-` and `_`, begin with a letter, have 63 bytes at most and are joined by single dots;
/// 12 parts and 200 bytes at most. What owners declare, developers ask for and policies decide on is held to this one
/// rule, so that nothing can be granted that could never be used.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Purpose(String);

/// A text that is no purpose.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{}` is not a purpose: {problem}; write it like `research.health.screening`", text.escape_debug())]
pub struct PurposeError {
    /// The text, cut to 200 characters.
    pub text: String,
    /// What was wrong.
    pub problem: &'static str,
}

impl Purpose {
    /// Reads a purpose.
    pub fn parse(text: &str) -> Result<Purpose, PurposeError> {
        match problem(text) {
            None => Ok(Purpose(text.to_owned())),
            Some(problem) => Err(PurposeError {
                text: text.chars().take(MAX_BYTES).collect(),
                problem,
            }),
        }
    }

    /// Whether it is the other purpose or lies below it.
    pub fn lies_within(&self, other: &Purpose) -> bool {
        self.upwards().any(|purpose| purpose == other.0)
    }

    /// The purpose itself, the one above it, and so on.
    pub(crate) fn upwards(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.0.as_str()), |purpose| {
            purpose.rsplit_once('.').map(|(above, _)| above)
        })
    }

    /// The purpose as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

fn problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("it is empty")
    } else if text.len() > MAX_BYTES {
        Some("it is longer than 200 bytes")
    } else if text.split('.').count() > MAX_PARTS {
        Some("it has more than 12 parts")
    } else if text.split('.').any(str::is_empty) {
        Some("a part between dots is empty")
    } else if !text
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
    {
        Some("it has characters other than a-z, 0-9, dash, underscore and dot")
    } else if !text
        .split('.')
        .all(|part| part.starts_with(|first: char| first.is_ascii_lowercase()))
    {
        Some("a part does not begin with a letter")
    } else if text.split('.').any(|part| part.len() > MAX_PART_BYTES) {
        Some("a part is longer than 63 bytes")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(purpose: &str, other: &str, expected: bool) {
        let (purpose, other) = (
            Purpose::parse(purpose).unwrap(),
            Purpose::parse(other).unwrap(),
        );
        assert_eq!(
            purpose.lies_within(&other),
            expected,
            "{purpose} within {other}"
        );
    }

    #[test]
    fn hierarchy_follows_dots_and_not_letters() {
        check("research", "research", true);
        check("research.health.screening", "research.health", true);
        check("research.health.screening", "research", true);
        check("research", "research.health", false);
        check("research.healthcare", "research.health", false);
        check("research.health", "research.transport", false);
        check("health", "research.health", false);
    }

    #[test]
    fn malformed_purposes_say_what_is_wrong() {
        for (text, problem) in [
            ("", "empty"),
            (".", "between dots"),
            ("research.", "between dots"),
            ("research..health", "between dots"),
            ("Research", "other than a-z"),
            ("research health", "other than a-z"),
            ("зерттеу", "other than a-z"),
            ("a.b.c.d.e.f.g.h.i.j.k.l.m", "more than 12"),
            ("x".repeat(201).as_str(), "longer than 200"),
            ("research.1st", "begin with a letter"),
            ("-research", "begin with a letter"),
            ("research._a", "begin with a letter"),
            ("x".repeat(64).as_str(), "longer than 63"),
        ] {
            let error = Purpose::parse(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(purpose) = Purpose::parse(&text) {
                prop_assert!(purpose.lies_within(&purpose));
                prop_assert_eq!(purpose.as_str(), text);
            }
        }

        #[test]
        fn what_is_below_lies_within(above in "[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", below in "[a-z]{1,8}") {
            let inner = Purpose::parse(&format!("{above}.{below}")).unwrap();
            let outer = Purpose::parse(&above).unwrap();
            prop_assert!(inner.lies_within(&outer));
            prop_assert!(!outer.lies_within(&inner));
        }
    }
}
