//! From the written profile to a valid one.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;

use super::raw::{RawColumn, RawDataset, RawPrivacy, RawProfile, RawTransform};
use super::{ColumnRule, DatasetProfile, Privacy, Profile, Role, Transform};
use crate::digest::sha256_hex;

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
        reader.ranges(&raw.privacy)?;
        let sha256 = sha256_hex(text.as_bytes());
        let mut datasets = BTreeMap::new();
        for (name, dataset) in raw.datasets {
            let profile = reader.dataset(&name, dataset, &raw.privacy, &sha256)?;
            datasets.insert(name, profile);
        }
        Ok(Self { sha256, datasets })
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
            let rule = self.column(&column, &rule, &path)?;
            columns.insert(column, rule);
        }
        Ok(DatasetProfile {
            name: name.to_owned(),
            privacy,
            columns,
            profile_sha256: profile_sha256.to_owned(),
        })
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

    fn privacy(
        &self,
        own: &RawPrivacy,
        defaults: &RawPrivacy,
        span: &Range<usize>,
        path: &str,
    ) -> Result<Privacy, ProfileError> {
        let Some(k) = own.k.as_ref().or(defaults.k.as_ref()) else {
            let message = "no k: set it in [privacy] or for this dataset";
            return Err(self.fault(span.clone(), &format!("{path}.privacy.k"), message));
        };
        self.ranges(own)?;
        let limit = own
            .suppression_limit
            .as_ref()
            .or(defaults.suppression_limit.as_ref());
        Ok(Privacy {
            k: *k.get_ref(),
            suppression_limit: limit.map_or(0.0, |limit| *limit.get_ref()),
        })
    }

    fn ranges(&self, raw: &RawPrivacy) -> Result<(), ProfileError> {
        if let Some(k) = raw.k.as_ref().filter(|k| *k.get_ref() < 2) {
            return Err(self.fault(
                k.span(),
                "privacy.k",
                "k must be 2 or more: with 1 every person may stand alone",
            ));
        }
        if let Some(limit) = raw
            .suppression_limit
            .as_ref()
            .filter(|limit| !(0.0..=1.0).contains(limit.get_ref()))
        {
            return Err(self.fault(
                limit.span(),
                "privacy.suppression_limit",
                "must be a share from 0 to 1",
            ));
        }
        Ok(())
    }

    fn column(&self, name: &str, raw: &RawColumn, path: &str) -> Result<ColumnRule, ProfileError> {
        let role = *raw.role.get_ref();
        let chosen = match &raw.transform {
            Some(transform) => *transform.get_ref(),
            None => self.default_transform(role, raw, path)?,
        };
        let span = raw
            .transform
            .as_ref()
            .map_or_else(|| raw.role.span(), Spanned::span);
        if !allowed(role).contains(&chosen) {
            let message = format!(
                "a column of role {} may be {}",
                written(&role),
                list(allowed(role))
            );
            return Err(self.fault(span, &format!("{path}.transform"), message));
        }
        self.belongs(raw, chosen, path)?;
        let transform = match chosen {
            RawTransform::Keep => Transform::Keep {
                cast: self.cast(role, raw, path)?,
            },
            RawTransform::Drop => Transform::Drop,
            RawTransform::Suppress => Transform::Suppress,
            RawTransform::Pseudonymize => Transform::Pseudonymize {
                domain: self.domain(name, raw, path)?,
            },
            RawTransform::Generalize => self.generalize(raw, span, path)?,
        };
        Ok(ColumnRule { role, transform })
    }

    fn default_transform(
        &self,
        role: Role,
        raw: &RawColumn,
        path: &str,
    ) -> Result<RawTransform, ProfileError> {
        match role {
            Role::Direct | Role::FreeText => Ok(RawTransform::Drop),
            Role::Sensitive | Role::Insensitive => Ok(RawTransform::Keep),
            Role::Quasi if raw.hierarchy.is_some() => Ok(RawTransform::Generalize),
            Role::Quasi => {
                let message = "a quasi-identifier needs a transform: generalize (with a hierarchy), keep, drop or suppress";
                Err(self.fault(raw.role.span(), &format!("{path}.transform"), message))
            }
        }
    }

    /// Refuses fields that would have no effect: whoever wrote them expects one.
    fn belongs(
        &self,
        raw: &RawColumn,
        chosen: RawTransform,
        path: &str,
    ) -> Result<(), ProfileError> {
        let fields = [
            (
                "hierarchy",
                raw.hierarchy.as_ref().map(Spanned::span),
                RawTransform::Generalize,
            ),
            (
                "min_level",
                raw.min_level.as_ref().map(Spanned::span),
                RawTransform::Generalize,
            ),
            (
                "max_level",
                raw.max_level.as_ref().map(Spanned::span),
                RawTransform::Generalize,
            ),
            (
                "domain",
                raw.domain.as_ref().map(Spanned::span),
                RawTransform::Pseudonymize,
            ),
            (
                "type",
                raw.value_type.as_ref().map(Spanned::span),
                RawTransform::Keep,
            ),
        ];
        for (field, span, owner) in fields {
            if let Some(span) = span.filter(|_| owner != chosen) {
                let message = format!(
                    "only has a meaning with transform = \"{}\"",
                    written_transform(owner)
                );
                return Err(self.fault(span, &format!("{path}.{field}"), message));
            }
        }
        Ok(())
    }

    fn cast(
        &self,
        role: Role,
        raw: &RawColumn,
        path: &str,
    ) -> Result<Option<super::ValueType>, ProfileError> {
        let Some(cast) = &raw.value_type else {
            return Ok(None);
        };
        if !matches!(role, Role::Sensitive | Role::Insensitive) {
            let message = "only a sensitive or insensitive column can be given a type";
            return Err(self.fault(cast.span(), &format!("{path}.type"), message));
        }
        Ok(Some(*cast.get_ref()))
    }

    fn domain(&self, name: &str, raw: &RawColumn, path: &str) -> Result<String, ProfileError> {
        let Some(domain) = &raw.domain else {
            return Ok(name.to_owned());
        };
        self.name(domain.get_ref(), &domain.span(), &format!("{path}.domain"))?;
        Ok(domain.get_ref().clone())
    }

    fn generalize(
        &self,
        raw: &RawColumn,
        span: Range<usize>,
        path: &str,
    ) -> Result<Transform, ProfileError> {
        let Some(hierarchy) = &raw.hierarchy else {
            return Err(self.fault(
                span,
                &format!("{path}.hierarchy"),
                "generalize needs the name of a hierarchy",
            ));
        };
        self.name(
            hierarchy.get_ref(),
            &hierarchy.span(),
            &format!("{path}.hierarchy"),
        )?;
        let min_level = raw.min_level.as_ref().map_or(0, |level| *level.get_ref());
        if let Some(max) = raw
            .max_level
            .as_ref()
            .filter(|max| *max.get_ref() < min_level)
        {
            let message = format!("is below min_level, which is {min_level}");
            return Err(self.fault(max.span(), &format!("{path}.max_level"), message));
        }
        let max_level = raw.max_level.as_ref().map(|level| *level.get_ref());
        Ok(Transform::Generalize {
            hierarchy: hierarchy.get_ref().clone(),
            min_level,
            max_level,
        })
    }
}

fn allowed(role: Role) -> &'static [RawTransform] {
    use RawTransform::{Drop, Generalize, Keep, Pseudonymize, Suppress};
    match role {
        Role::Direct => &[Drop, Pseudonymize],
        Role::Quasi => &[Generalize, Keep, Drop, Suppress],
        Role::Sensitive | Role::Insensitive => &[Keep, Drop, Suppress, Pseudonymize],
        Role::FreeText => &[Drop, Keep, Suppress],
    }
}

fn list(transforms: &[RawTransform]) -> String {
    let names: Vec<_> = transforms
        .iter()
        .map(|transform| written_transform(*transform))
        .collect();
    names.join(", ")
}

fn written(role: &Role) -> &'static str {
    match role {
        Role::Direct => "direct",
        Role::Quasi => "quasi",
        Role::Sensitive => "sensitive",
        Role::Insensitive => "insensitive",
        Role::FreeText => "free_text",
    }
}

fn written_transform(transform: RawTransform) -> &'static str {
    match transform {
        RawTransform::Keep => "keep",
        RawTransform::Drop => "drop",
        RawTransform::Pseudonymize => "pseudonymize",
        RawTransform::Generalize => "generalize",
        RawTransform::Suppress => "suppress",
    }
}
