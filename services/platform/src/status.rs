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
        for violation in &error.violations {
            details.add_bad_request_violation(&violation.field, &violation.description);
        }
        Self::with_error_details(code(error.class), error.message, details)
    }
}
