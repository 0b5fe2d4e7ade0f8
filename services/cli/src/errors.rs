//! How a command fails: a text for people and an exit code for scripts.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::ErrorKind;
use std::path::Path;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::output::printable;

/// Exit codes, as documented in `sandyq --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Anything that has no code of its own.
    Failure = 1,
    /// The command line, or a value in the request, is wrong.
    Usage = 2,
    /// There is no such thing, or the caller may not know of it.
    NotFound = 3,
    /// The thing is in the wrong state, exists already, was changed meanwhile, or a quota is used up.
    Conflict = 4,
    /// The server cannot be reached now; the same command may succeed later.
    Unavailable = 5,
    /// The job ended, but not with success.
    JobFailed = 6,
    /// A hash, a signature, a proof or a required privacy model does not hold.
    Verification = 7,
    /// Interrupted from the keyboard.
    Interrupted = 130,
}

/// Why a command failed.
#[derive(Debug)]
pub struct Failure {
    /// For scripts.
    pub exit: Exit,
    /// For people: what was wrong, where, and what to do. May span lines.
    pub text: String,
}

/// The result of a command.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with an exit code of its own.
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self {
            exit,
            text: text.into(),
        }
    }

    /// A failure without one.
    pub fn general(text: impl Into<String>) -> Self {
        Self::new(Exit::Failure, text)
    }

    /// The command line is wrong.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// Something does not verify.
    pub fn verification(text: impl Into<String>) -> Self {
        Self::new(Exit::Verification, text)
    }

    /// A file or folder could not be used. Where the command line names what is not there to be read, it is the line that is wrong.
    pub fn file(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        let exit = match error.kind() {
            ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::IsADirectory
                if doing == "read" =>
            {
                Exit::Usage
            }
            _ => Exit::Failure,
        };
        Self::new(exit, format!("cannot {doing} {}: {error}", path.display()))
    }

    /// The server left out what the interface promises.
    pub fn incomplete(what: &str) -> Self {
        Self::general(format!(
            "the server's answer has no {what}; it is perhaps of another version"
        ))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self {
            exit: exit_of(&status),
            text: render(&status),
        }
    }
}

/// Whether the failure was made on this side, by the connection, and not by the server's answer.
pub fn is_local(status: &Status) -> bool {
    status.source().is_some()
}

/// Whether the same request may succeed when it is sent again.
pub fn is_transient(status: &Status) -> bool {
    (status.code() == Code::Unavailable || is_local(status)) && !is_distrust(status)
}

/// The two sides do not accept each other's certificates: waiting does not help.
fn is_distrust(status: &Status) -> bool {
    is_local(status) && connection(status).to_lowercase().contains("certificate")
}

fn exit_of(status: &Status) -> Exit {
    if is_distrust(status) {
        return Exit::NotFound;
    }
    match status.code() {
        Code::InvalidArgument | Code::OutOfRange => Exit::Usage,
        Code::NotFound | Code::PermissionDenied | Code::Unauthenticated => Exit::NotFound,
        Code::FailedPrecondition
        | Code::AlreadyExists
        | Code::Aborted
        | Code::ResourceExhausted => Exit::Conflict,
        Code::Unavailable | Code::DeadlineExceeded => Exit::Unavailable,
        Code::DataLoss => Exit::Verification,
        _ if is_local(status) => Exit::Unavailable,
        _ => Exit::Failure,
    }
}

/// An error and its causes, without repetition.
pub fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let part = inner.to_string();
        if !text.contains(&part) {
            let _ = write!(text, ": {part}");
        }
        cause = inner.source();
    }
    text
}

/// The causes of a failure of the connection.
fn connection(status: &Status) -> String {
    status.source().map(causes).unwrap_or_default()
}

fn render(status: &Status) -> String {
    if is_distrust(status) {
        let hint = "the server is another one than this context enrolled with, or the certificate was revoked or has expired";
        return format!(
            "no trusted connection to the server: {}\n  {hint}",
            printable(&connection(status))
        );
    }
    if is_local(status) {
        let hint = "is it running, and is the address right? `sandyq context list` shows it";
        return format!(
            "the server cannot be reached: {}\n  {hint}",
            printable(&connection(status))
        );
    }
    let message = if status.message().is_empty() {
        status.code().description()
    } else {
        status.message()
    };
    let mut text = printable(message);
    add_details(&mut text, &status.get_error_details());
    text
}

fn add_details(text: &mut String, details: &ErrorDetails) {
    for violation in details
        .bad_request()
        .into_iter()
        .flat_map(|bad| &bad.field_violations)
    {
        let line = format!("{}: {}", violation.field, violation.description);
        add_line(text, &line);
    }
    for violation in details
        .precondition_failure()
        .into_iter()
        .flat_map(|failure| &failure.violations)
    {
        let line = format!("{}: {}", violation.subject, violation.description);
        add_line(text, &line);
    }
    if let Some(info) = details.error_info() {
        let mut facts: Vec<_> = info
            .metadata
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        facts.sort();
        let facts = if facts.is_empty() {
            String::new()
        } else {
            format!(" ({})", facts.join(", "))
        };
        let _ = write!(
            text,
            "\n  reason {}{}",
            printable(&info.reason),
            printable(&facts)
        );
    }
}

/// Adds a line unless the message says the very same.
fn add_line(text: &mut String, line: &str) {
    let line = printable(line);
    if *text != line {
        let _ = write!(text, "\n  {line}");
    }
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

    #[test]
    fn a_status_shows_fields_and_reason() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("datasets[0].sha256", "must be 64 hexadecimal digits");
        details.set_error_info(
            "INVALID_FIELD",
            "sandyq",
            [
                ("z".to_owned(), "2".to_owned()),
                ("a".to_owned(), "1".to_owned()),
            ],
        );
        let failure = Failure::from(Status::with_error_details(
            Code::InvalidArgument,
            "the request is wrong",
            details,
        ));
        assert_eq!(failure.exit, Exit::Usage);
        assert_eq!(
            failure.text,
            "the request is wrong\n  datasets[0].sha256: must be 64 hexadecimal digits\n  reason INVALID_FIELD (a: 1, z: 2)"
        );
    }

    #[test]
    fn exit_codes_follow_the_status() {
        let cases = [
            (Code::NotFound, Exit::NotFound),
            (Code::PermissionDenied, Exit::NotFound),
            (Code::FailedPrecondition, Exit::Conflict),
            (Code::ResourceExhausted, Exit::Conflict),
            (Code::Unavailable, Exit::Unavailable),
            (Code::Internal, Exit::Failure),
        ];
        for (code, exit) in cases {
            assert_eq!(Failure::from(Status::new(code, "x")).exit, exit, "{code:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_a_fault_of_the_command_line() {
        let path = Path::new("/no/such.csv");
        let failed = |doing, kind: ErrorKind| Failure::file(doing, path, &kind.into()).exit;
        assert_eq!(failed("read", ErrorKind::NotFound), Exit::Usage);
        assert_eq!(failed("read", ErrorKind::PermissionDenied), Exit::Usage);
        assert_eq!(failed("read", ErrorKind::UnexpectedEof), Exit::Failure);
        assert_eq!(failed("write", ErrorKind::PermissionDenied), Exit::Failure);
    }

    #[test]
    fn terminal_escapes_of_the_server_are_not_passed_on() {
        let failure = Failure::from(Status::internal("bad \u{1b}[2J thing"));
        assert!(!failure.text.contains('\u{1b}'));
    }

    #[test]
    fn only_the_connection_is_tried_again() {
        assert!(is_transient(&Status::unavailable("restarting")));
        assert!(!is_transient(&Status::internal("bug")));
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        assert!(is_transient(&Status::from_error(Box::new(refused))));
        let distrust = std::io::Error::other("invalid peer certificate: UnknownIssuer");
        let status = Status::from_error(Box::new(distrust));
        assert!(!is_transient(&status));
        assert_eq!(Failure::from(status).exit, Exit::NotFound);
    }
}
