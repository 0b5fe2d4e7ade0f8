//! The operator's vocabulary of purposes (law on personal data, article 7.8: predefined, lawful purposes).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sandyq_access::Purpose;
use serde::Deserialize;

/// The shipped vocabulary; `sandyq init` writes a copy.
pub const SHIPPED: &str = include_str!("purposes.toml");

/// Name of the file in the platform's folder.
pub const FILE: &str = "purposes.toml";

/// Purposes at most.
const MOST: usize = 10_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    purpose: Vec<RawPurpose>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPurpose {
    id: String,
    title: String,
    #[serde(default)]
    open: bool,
    #[serde(default)]
    training: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    open: bool,
    training: bool,
}

/// A validated vocabulary.
#[derive(Debug, Clone)]
pub struct Purposes {
    entries: BTreeMap<String, Entry>,
}

/// Why a vocabulary cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PurposesError {
    /// The file cannot be read.
    #[error("cannot read {}; restore it, or remove the setting governance.purposes", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not as it should be.
    #[error("{file}: {message}")]
    Invalid {
        /// The file.
        file: String,
        /// What and where.
        message: String,
    },
}

impl Purposes {
    /// Reads a vocabulary from a file; the shipped one where the file that is looked for by default is absent.
    ///
    /// # Errors
    /// [`PurposesError`].
    pub fn load(dir: &Path, named: Option<&Path>) -> Result<Self, PurposesError> {
        let path = dir.join(named.unwrap_or(Path::new(FILE)));
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path.display().to_string(), &text),
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
                Self::parse("the shipped vocabulary", SHIPPED)
            }
            Err(source) => Err(PurposesError::Read { path, source }),
        }
    }

    fn parse(file: &str, text: &str) -> Result<Self, PurposesError> {
        let invalid = |message: String| PurposesError::Invalid {
            file: file.to_owned(),
            message,
        };
        let raw: Raw = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
        if raw.purpose.is_empty() || raw.purpose.len() > MOST {
            return Err(invalid(format!("declare 1 to {MOST} purposes")));
        }
        let mut entries = BTreeMap::new();
        for purpose in raw.purpose {
            Purpose::parse(&purpose.id).map_err(|error| invalid(error.to_string()))?;
            if purpose.title.trim().is_empty() {
                return Err(invalid(format!("purpose {} has no title", purpose.id)));
            }
            let entry = Entry {
                open: purpose.open,
                training: purpose.training,
            };
            if entries.insert(purpose.id.clone(), entry).is_some() {
                return Err(invalid(format!("purpose {} stands twice", purpose.id)));
            }
        }
        for id in entries.keys() {
            if let Some((above, _)) = id.rsplit_once('.')
                && !entries.contains_key(above)
            {
                return Err(invalid(format!(
                    "purpose {id} lies below {above}, which is not declared"
                )));
            }
        }
        Ok(Self { entries })
    }

    /// A vocabulary of one open purpose.
    #[cfg(test)]
    pub fn of(purpose: &str) -> Self {
        let entry = Entry {
            open: true,
            training: false,
        };
        Self {
            entries: BTreeMap::from([(purpose.to_owned(), entry)]),
        }
    }

    /// The purposes, in order.
    #[cfg(test)]
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The entry that a purpose is, or the nearest one above it.
    fn nearest(&self, purpose: &str) -> Option<(&str, Entry)> {
        std::iter::successors(Some(purpose), |id| {
            id.rsplit_once('.').map(|(above, _)| above)
        })
        .find_map(|id| {
            let (id, entry) = self.entries.get_key_value(id)?;
            Some((id.as_str(), *entry))
        })
    }

    /// True for a purpose that is in the vocabulary, or lies below one that is open.
    pub fn knows(&self, purpose: &str) -> bool {
        self.nearest(purpose)
            .is_some_and(|(id, entry)| id == purpose || entry.open)
    }

    /// True for a purpose of training.
    pub fn is_training(&self, purpose: &str) -> bool {
        std::iter::successors(Some(purpose), |id| {
            id.rsplit_once('.').map(|(above, _)| above)
        })
        .filter_map(|id| self.entries.get(id))
        .any(|entry| entry.training)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn refused(text: &str) -> String {
        Purposes::parse("p.toml", text).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_vocabulary_is_valid() {
        let purposes = Purposes::parse("shipped", SHIPPED).unwrap();
        assert!(purposes.ids().count() > 10);
        assert!(purposes.knows("research") && purposes.knows("research.incomes.brackets"));
        assert!(!purposes.knows("marketing") && !purposes.knows("statistics.gossip"));
        assert!(!purposes.knows("researching"));
        assert!(purposes.is_training("development.training"));
        assert!(!purposes.is_training("research.health"));
    }

    #[test]
    fn a_vocabulary_with_faults_is_refused() {
        for (text, told) in [
            ("", "1 to"),
            (
                "[[purpose]]\nid = \"A b\"\ntitle = \"t\"",
                "is not a purpose",
            ),
            ("[[purpose]]\nid = \"a\"\ntitle = \" \"", "no title"),
            ("[[purpose]]\nid = \"a.b\"\ntitle = \"t\"", "not declared"),
            (
                "[[purpose]]\nid = \"a\"\ntitle = \"t\"\n[[purpose]]\nid = \"a\"\ntitle = \"u\"",
                "twice",
            ),
            (
                "[[purpose]]\nid = \"a\"\ntitle = \"t\"\ncolour = 1",
                "line 4",
            ),
        ] {
            let error = refused(text);
            assert!(
                error.starts_with("p.toml: ") && error.contains(told),
                "{error}"
            );
        }
    }

    #[test]
    fn a_named_file_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        Purposes::load(dir.path(), None).unwrap();
        let error = Purposes::load(dir.path(), Some(Path::new("mine.toml"))).unwrap_err();
        assert!(error.to_string().contains("mine.toml"), "{error}");
    }
}
