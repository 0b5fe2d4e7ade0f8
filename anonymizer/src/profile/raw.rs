//! The profile as it is written, with the place of each value for messages.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{Role, ValueType};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    pub version: Spanned<u64>,
    #[serde(default)]
    pub privacy: RawPrivacy,
    #[serde(default)]
    pub datasets: BTreeMap<String, Spanned<RawDataset>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrivacy {
    pub k: Option<Spanned<u64>>,
    pub suppression_limit: Option<Spanned<f64>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDataset {
    #[serde(default)]
    pub privacy: RawPrivacy,
    #[serde(default)]
    pub columns: BTreeMap<String, RawColumn>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    pub role: Spanned<Role>,
    pub transform: Option<Spanned<RawTransform>>,
    pub hierarchy: Option<Spanned<String>>,
    pub min_level: Option<Spanned<u32>>,
    pub max_level: Option<Spanned<u32>>,
    pub domain: Option<Spanned<String>>,
    #[serde(rename = "type")]
    pub value_type: Option<Spanned<ValueType>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawTransform {
    Keep,
    Drop,
    Pseudonymize,
    Generalize,
    Suppress,
}
