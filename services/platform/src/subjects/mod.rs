//! The rights of the people whom libraries hold (law on personal data, articles 8 and 19-1).
//!
//! A subject is known here by a keyed hash alone ([`key`]). Intake keeps the hashes of each version ([`holdings`]), so that a withdrawal of
//! consent finds the versions ([`withdrawal`]) and a run leaves the subject out. [`due`] watches over terms, which are counted in working days.

pub mod due;
pub mod holdings;
pub mod key;
pub mod withdrawal;

use sandyq_calendar::CalendarError;
use sandyq_detect::identifier::Iin;
use time::OffsetDateTime;

use crate::error::{Error, Result, Violation};
use crate::platform::Platform;
use crate::records::system::Evidence;
use crate::services::text;

/// Digits of an individual identification number.
const IIN_DIGITS: usize = 12;

/// The end of a term of working days that began at a time.
///
/// # Errors
/// The calendar does not cover it: a term is never guessed.
pub fn deadline(
    platform: &Platform,
    field: &str,
    from: OffsetDateTime,
    days: u32,
    article: &str,
) -> Result<OffsetDateTime> {
    let end = platform.config.calendar.deadline(from, days);
    end.map_err(|error| not_covered(field, &error, article))
}

fn not_covered(field: &str, error: &CalendarError, article: &str) -> Error {
    let description = format!("{error} ({article}, counts working days)");
    Error {
        violations: vec![Violation {
            field: field.to_owned(),
            description: description.clone(),
        }],
        ..Error::precondition("CALENDAR_YEAR_MISSING", description)
    }
}

/// Whether twelve digits in a row, with or without spaces and dashes between, are a valid number.
pub fn holds_iin(text: &str) -> bool {
    let mut run: Vec<u8> = Vec::new();
    for c in text.chars() {
        match c {
            '0'..='9' => run.push(c as u8 - b'0'),
            ' ' | '-' | '\u{a0}' | '\u{2009}' | '\u{202f}' => continue,
            _ => run.clear(),
        }
        let last = run
            .len()
            .checked_sub(IIN_DIGITS)
            .and_then(|from| run.get(from..));
        let digits: Option<[u8; IIN_DIGITS]> = last.and_then(|digits| digits.try_into().ok());
        if digits.is_some_and(|digits| Iin::from_digits(digits).is_ok()) {
            return true;
        }
    }
    false
}

/// A document that must be shown.
///
/// # Errors
/// It is missing, has no hash or holds a personal number.
pub fn evidence(
    field: &str,
    sent: Option<&sandyq_proto::v1::Evidence>,
    article: &str,
) -> Result<Evidence> {
    let missing = || {
        Error::invalid(
            field,
            format!("is required: name the document and the SHA-256 of its file ({article})"),
        )
    };
    let sent = sent.ok_or_else(missing)?;
    if sent.reference.trim().is_empty() {
        return Err(Error::invalid(
            format!("{field}.reference"),
            format!("is required: say what the document is and where it is kept ({article})"),
        ));
    }
    let sha256 = crate::convert::document_sha256(&format!("{field}.sha256"), &sent.sha256)
        .map_err(|error| {
            let told = error.violations.into_iter().map(|wrong| Violation {
                description: format!("{} ({article})", wrong.description),
                ..wrong
            });
            Error::invalid_fields(told.collect())
        })?;
    Ok(Evidence {
        reference: text(&format!("{field}.reference"), &sent.reference, true, 1000)?,
        sha256,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_numbers_are_found_in_texts() {
        for text in [
            "900101300017",
            "the subject 900101300017 asks",
            "№ 900101 300017.",
            "9001-0130-0017",
            "12900101300017",
        ] {
            assert!(holds_iin(text), "{text}");
        }
        for text in ["", "900101300018", "letter 12 of 2026", "900101/300017"] {
            assert!(!holds_iin(text), "{text}");
        }
    }
}
