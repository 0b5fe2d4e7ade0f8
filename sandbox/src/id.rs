//! Names that reach the container engine, each checked once when it is made.

use serde::{Deserialize, Serialize};

/// A name that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} {value:?} is refused: {reason}")]
pub struct IdError {
    /// What was being named, e.g. `job id`.
    pub kind: &'static str,
    /// The refused value, cut at 100 characters.
    pub value: String,
    /// What the value should have been.
    pub reason: &'static str,
}

fn refuse(kind: &'static str, value: &str, reason: &'static str) -> IdError {
    IdError {
        kind,
        value: value.chars().take(100).collect(),
        reason,
    }
}

/// Lower-case letters, digits and dashes, 1 to 63, starting with a letter or
/// digit: safe in a container name, a label, a file name and a host name.
fn is_label(value: &str) -> bool {
    let starts_well = value
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    starts_well
        && value.len() <= 63
        && value
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

const LABEL_RULE: &str =
    "1 to 63 lower-case letters, digits and dashes, starting with a letter or digit";

fn is_digest(value: &str) -> bool {
    value.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

const DIGEST_RULE: &str =
    "`sha256:` and 64 lower-case hexadecimal digits; images are named by digest, never by tag";

fn is_container(value: &str) -> bool {
    value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit())
}

const CONTAINER_RULE: &str = "64 hexadecimal digits";

macro_rules! checked_string {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $check:ident, $rule:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and takes the value.
            ///
            /// # Errors
            /// [`IdError`] says what the value should have been.
            pub fn new(value: impl Into<String>) -> Result<Self, IdError> {
                let value = value.into();
                if $check(&value) { Ok(Self(value)) } else { Err(refuse($kind, &value, $rule)) }
            }

            /// The value as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(value: String) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(value: &str) -> Result<Self, IdError> {
                Self::new(value)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}

checked_string!(
    /// A job, e.g. the UUID under which the platform keeps it.
    JobId, "job id", is_label, LABEL_RULE
);
checked_string!(
    /// The sandbox a job belongs to.
    SandboxId, "sandbox id", is_label, LABEL_RULE
);
checked_string!(
    /// One installation of the platform. Two of them may share an engine and never
    /// touch each other's containers.
    PlatformId, "platform id", is_label, LABEL_RULE
);
checked_string!(
    /// The digest of an image's configuration, as `docker images --no-trunc` shows it.
    ImageDigest, "image digest", is_digest, DIGEST_RULE
);
checked_string!(
    /// The engine's own name for a container.
    ContainerId, "container id", is_container, CONTAINER_RULE
);

impl JobId {
    /// The container's name: one job, one name, so that creating it twice is seen.
    #[must_use]
    pub fn container_name(&self) -> String {
        format!("sandyq-{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn labels_are_narrow() {
        for good in ["a", "0196-abc", "job-1"] {
            assert_eq!(JobId::new(good).unwrap().as_str(), good);
        }
        let long = "a".repeat(64);
        for bad in [
            "",
            "-a",
            "A",
            "a/b",
            "a b",
            "a\0",
            "é",
            "../x",
            long.as_str(),
        ] {
            assert!(JobId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_image_is_named_by_digest_only() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        assert_eq!(ImageDigest::new(&digest).unwrap().to_string(), digest);
        for bad in [
            "python:3",
            "sha256:abc",
            &digest.to_uppercase(),
            &format!("{digest}0"),
        ] {
            assert!(
                ImageDigest::new(bad)
                    .unwrap_err()
                    .to_string()
                    .contains("never by tag")
            );
        }
    }

    #[test]
    fn serde_checks_too() {
        assert!(serde_json::from_str::<JobId>("\"NOT OK\"").is_err());
        assert_eq!(
            serde_json::from_str::<JobId>("\"ok\"")
                .unwrap()
                .container_name(),
            "sandyq-ok"
        );
    }
}
