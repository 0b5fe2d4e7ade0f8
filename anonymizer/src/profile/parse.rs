//! From the written profile to a valid one.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::raw::{RawDataset, RawPrivacy, RawProfile, RawReport};
use super::{ColumnRule, DatasetProfile, Profile, Role, Transform};
use crate::digest::sha256_hex;

mod column;
mod hierarchy;
mod models;
mod prepare;
mod privacy;
mod relations;
mod replacement;

const VERSION: u64 = 1;
const MAX_BYTES: usize = 1 << 20;
const MAX_NAME: usize = 256;

/// Why a profile was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The text is not a profile.
    #[error("profile, line {line}, column {column}{}: {message}", in_field(field))]
    Invalid {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// Dotted path of the field, empty where the text is no TOML at all.
        field: String,
        /// What is wrong and what to do.
        message: String,
    },
    /// The profile says nothing about the dataset.
    #[error("the profile does not name dataset {dataset:?}; add [datasets.{dataset}.columns]")]
    UnknownDataset {
        /// The dataset.
        dataset: String,
    },
    /// The text is too long.
    #[error("the profile is longer than {limit} bytes")]
    TooLong {
        /// The limit in bytes.
        limit: usize,
    },
}

fn in_field(field: &str) -> String {
    if field.is_empty() {
        String::new()
    } else {
        format!(", field {field}")
    }
}

impl Profile {
    /// Parses and validates the text of a profile.
    ///
    /// # Errors
    /// [`ProfileError::Invalid`] with the line, column and field of the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        if text.len() > MAX_BYTES {
            return Err(ProfileError::TooLong { limit: MAX_BYTES });
        }
        let raw: RawProfile = toml::from_str(text).map_err(|error| malformed(text, error))?;
        let reader = Reader { text };
        if *raw.version.get_ref() != VERSION {
            let message = format!("this program reads version {VERSION}");
            return Err(reader.fault(raw.version.span(), "version", message));
        }
        reader.ranges(&raw.privacy, "privacy")?;
        let sha256 = sha256_hex(text.as_bytes());
        reader.idle_defaults(&raw)?;
        let mut datasets = BTreeMap::new();
        for (name, dataset) in raw.datasets {
            let profile = reader.dataset(&name, dataset, &raw.privacy, &sha256)?;
            datasets.insert(name, profile);
        }
        let relations = reader.relations(raw.relations.as_ref(), &raw.quality, &datasets)?;
        let quality = raw.quality.map(Spanned::into_inner).unwrap_or_default();
        Ok(Self {
            sha256,
            datasets,
            relations,
            quality,
        })
    }
}

/// Turns an error of the TOML reader into ours; its path of keys is only in its text.
fn malformed(text: &str, mut error: toml::de::Error) -> ProfileError {
    let at = error.span().map_or(0, |span| span.start);
    error.set_input(None);
    let shown = error.to_string();
    let path = shown
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    let (line, column) = position(text, at);
    let field = path.unwrap_or_default().to_owned();
    ProfileError::Invalid {
        line,
        column,
        field,
        message: error.message().trim().to_owned(),
    }
}

/// Line and column, from 1, of a byte offset.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (line, column)
}

struct Reader<'a> {
    text: &'a str,
}

impl Reader<'_> {
    fn fault(&self, span: Range<usize>, field: &str, message: impl Into<String>) -> ProfileError {
        let (line, column) = position(self.text, span.start);
        ProfileError::Invalid {
            line,
            column,
            field: field.to_owned(),
            message: message.into(),
        }
    }

    fn dataset(
        &self,
        name: &str,
        raw: Spanned<RawDataset>,
        defaults: &RawPrivacy,
        profile_sha256: &str,
    ) -> Result<DatasetProfile, ProfileError> {
        let path = format!("datasets.{name}");
        let span = raw.span();
        let raw = raw.into_inner();
        self.name(name, &span, &path)?;
        let privacy = self.privacy(&raw.privacy, defaults, &span, &path)?;
        let mut columns = BTreeMap::new();
        for (column, rule) in raw.columns {
            let path = format!("{path}.columns.{column}");
            self.name(&column, &rule.role.span(), &path)?;
            let rule = self.column(&column, &rule, &privacy, &path)?;
            columns.insert(column, rule);
        }
        let report_target = self.target(&raw.report, &columns, &path)?;
        let subject = self.subject(&raw.subject, &columns, &privacy, &path)?;
        let types = self.types(raw.types, &columns, &path)?;
        Ok(DatasetProfile {
            name: name.to_owned(),
            privacy,
            columns,
            report_target,
            subject,
            types,
            profile_sha256: profile_sha256.to_owned(),
        })
    }

    /// The column that the report predicts: one whose values are released.
    fn target(
        &self,
        report: &RawReport,
        columns: &BTreeMap<String, ColumnRule>,
        path: &str,
    ) -> Result<Option<String>, ProfileError> {
        let Some(target) = &report.target else {
            return Ok(None);
        };
        let released = |rule: &ColumnRule| {
            !matches!(rule.role, Role::Direct | Role::FreeText)
                && !matches!(
                    rule.transform,
                    Transform::Drop
                        | Transform::Pseudonymize { .. }
                        | Transform::Suppress
                        | Transform::Replace(_)
                )
        };
        let name = target.get_ref();
        if columns.get(name).is_some_and(released) {
            return Ok(Some(name.clone()));
        }
        let message = format!("{name:?} is no column whose values the profile releases");
        Err(self.fault(target.span(), &format!("{path}.report.target"), message))
    }

    fn name(&self, name: &str, span: &Range<usize>, path: &str) -> Result<(), ProfileError> {
        if name.trim().is_empty() || name.len() > MAX_NAME || name.contains('\0') {
            return Err(self.fault(
                span.clone(),
                path,
                format!("a name has 1 to {MAX_NAME} bytes and no NUL"),
            ));
        }
        Ok(())
    }
}
