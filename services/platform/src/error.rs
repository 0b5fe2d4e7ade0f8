//! What a call can be refused for. `status.rs` alone turns it into a gRPC status.

use sandyq_store::StoreError;

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Path of the field, such as `datasets[0].sha256`.
    pub field: String,
    /// What is wrong with it and what to do.
    pub description: String,
}

/// The class of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The caller has no valid certificate.
    Unauthenticated,
    /// The caller may see the resource, but not do this.
    Denied,
    /// There is no such resource, or the caller may not know whether there is.
    NotFound,
    /// Fields are wrong.
    Invalid,
    /// There is such a resource already.
    Exists,
    /// The state of things does not allow it.
    Precondition,
    /// Another changed it at the same time; read again and retry.
    Aborted,
    /// A budget, quota or disk is used up.
    Exhausted,
    /// A part is down; retry later.
    Unavailable,
    /// An offset lies outside.
    OutOfRange,
    /// A fault of the platform.
    Internal,
}

/// A refusal, ready to be told.
#[derive(Debug)]
pub struct Error {
    /// Its class.
    pub class: Class,
    /// `UPPER_SNAKE_CASE`, for programs; goes into `ErrorInfo.reason`.
    pub reason: &'static str,
    /// For people: what was wrong, where, and what to do.
    pub message: String,
    /// Fields, with [`Class::Invalid`].
    pub violations: Vec<Violation>,
    /// More for programs; goes into `ErrorInfo.metadata`.
    pub metadata: Vec<(&'static str, String)>,
    /// The cause, for the server's own log.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Shorthand of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A refusal of a class.
    pub fn new(class: Class, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            reason,
            message: message.into(),
            violations: Vec::new(),
            metadata: Vec::new(),
            source: None,
        }
    }

    /// Adds something for programs.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.metadata.push((key, value.into()));
        self
    }

    /// Names the article that asks for the refusal: for people in the message, for programs as `article`.
    #[must_use]
    pub fn citing(mut self, article: &'static str) -> Self {
        if self.metadata.iter().any(|(key, _)| *key == "article") {
            return self;
        }
        self.message = format!("{} ({article})", self.message);
        for violation in &mut self.violations {
            violation.description = format!("{} ({article})", violation.description);
        }
        self.with("article", article)
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The resource is absent, or the caller may not know of it: both read the same.
    pub fn not_found(name: &str) -> Self {
        Self::new(
            Class::NotFound,
            "RESOURCE_NOT_FOUND",
            format!("{name:?} does not exist, or you may not see it"),
        )
    }

    /// One field is wrong.
    pub fn invalid(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self::invalid_fields(vec![Violation {
            field: field.into(),
            description: description.into(),
        }])
    }

    /// Fields are wrong.
    pub fn invalid_fields(violations: Vec<Violation>) -> Self {
        let message = violations
            .iter()
            .map(|v| format!("{}: {}", v.field, v.description))
            .collect::<Vec<_>>()
            .join("; ");
        Self {
            violations,
            ..Self::new(Class::Invalid, "INVALID_FIELD", message)
        }
    }

    /// The state of things does not allow it.
    pub fn precondition(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Class::Precondition, reason, message)
    }

    /// A fault of the platform; its cause is logged, not told.
    pub fn internal(
        what: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::new(
            Class::Internal,
            "INTERNAL",
            format!("the platform failed to {what}"),
        )
        .caused_by(source)
    }

    /// Message and causes in one line, for records and logs.
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error with all its causes in one line.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let part = cause.to_string();
        if !text.contains(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        next = cause.source();
    }
    text
}

impl From<crate::records::TransitionError> for Error {
    fn from(error: crate::records::TransitionError) -> Self {
        Self::precondition("WRONG_STATE", error.to_string()).with("state", error.state)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Conflict { .. } => {
                Self::new(Class::Aborted, "CONCURRENT_CHANGE", message).caused_by(error)
            }
            StoreError::Exists { .. } => {
                Self::new(Class::Exists, "ALREADY_EXISTS", message).caused_by(error)
            }
            StoreError::NotFound { ref name, .. } => Self::not_found(name),
            StoreError::Full(_) => {
                Self::new(Class::Exhausted, "DISK_FULL", message).caused_by(error)
            }
            StoreError::Closed => Self::new(
                Class::Unavailable,
                "SHUTTING_DOWN",
                "the server is shutting down; retry",
            ),
            _ => Self::internal("read or write its state", error),
        }
    }
}
