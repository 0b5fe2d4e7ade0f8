//! The one place that makes a `tonic::Status`, with the details that AIP-193 asks for.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{Class, Error, chain};

/// `ErrorInfo.domain` of every error.
pub const DOMAIN: &str = "sandyq";

fn code(class: Class) -> Code {
    match class {
        Class::Unauthenticated => Code::Unauthenticated,
        Class::Denied => Code::PermissionDenied,
        Class::NotFound => Code::NotFound,
        Class::Invalid => Code::InvalidArgument,
        Class::Exists => Code::AlreadyExists,
        Class::Precondition => Code::FailedPrecondition,
        Class::Aborted => Code::Aborted,
        Class::Exhausted => Code::ResourceExhausted,
        Class::Unavailable => Code::Unavailable,
        Class::OutOfRange => Code::OutOfRange,
        Class::Internal => Code::Internal,
    }
}

/// Most bytes of a message, and of all descriptions of fields together. A status travels in HTTP headers, of which clients
/// take 8 KiB, and messages may repeat what the client sent.
const MOST_BYTES: usize = 1000;

/// The beginning of a text that is too long.
fn bounded(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.char_indices().map(|(index, _)| index);
    let end = end.take_while(|index| *index <= most).last();
    let kept = text.get(..end.unwrap_or_default()).unwrap_or_default();
    format!("{kept}...")
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        if error.class == Class::Internal {
            tracing::error!(reason = error.reason, "{}", chain(&error));
        }
        let metadata: HashMap<String, String> = error
            .metadata
            .iter()
            .map(|(k, v)| ((*k).to_owned(), v.clone()))
            .collect();
        let mut details = ErrorDetails::with_error_info(error.reason, DOMAIN, metadata);
        let mut room = MOST_BYTES;
        for violation in &error.violations {
            let field = bounded(&violation.field, 100);
            let description = bounded(&violation.description, room);
            room = room.saturating_sub(field.len() + description.len());
            details.add_bad_request_violation(field, description);
            if room == 0 {
                break;
            }
        }
        let message = bounded(&error.message, MOST_BYTES);
        Self::with_error_details(code(error.class), message, details)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_status_fits_into_headers() {
        let violations = (0..1000)
            .map(|index| crate::error::Violation {
                field: format!("datasets[{index}].name"),
                description: "ә".repeat(index),
            })
            .collect();
        let status = Status::from(Error::invalid_fields(violations));
        assert!(status.message().len() < 1010, "{}", status.message().len());
        let told = status.get_error_details();
        let fields = &told.bad_request().unwrap().field_violations;
        assert_eq!(fields.first().unwrap().field, "datasets[0].name");
        assert!(status.details().len() < 4000, "{}", status.details().len());
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(bounded("short", 5), "short");
        assert_eq!(bounded("longer", 4), "long...");
        assert_eq!(bounded("әәә", 3), "ә...");
    }
}
