//! The profile as it is written, with the place of each value for messages.

use std::collections::BTreeMap;
use std::ops::Range;

use sandyq_replace::{Alphabet, Shape, SurrogateKind};
use serde::Deserialize;
use toml::Spanned;

use super::relations::RawRelations;
use super::{
    Aggregate, AggregateFunction, DerivedPart, Metric, Missing, Recoding, RedactStyle, Role,
    SuppressedRecords, Unknown, ValueType,
};
use crate::hierarchy::End;
use crate::prepare::Unit;
use crate::quality::Thresholds;

/// A value with its place in the text, if it is given.
pub(super) type Given<T> = Option<Spanned<T>>;

/// Where a value stands, if it is given.
pub(super) fn span<T>(given: &Given<T>) -> Option<Range<usize>> {
    given.as_ref().map(Spanned::span)
}

/// The value without its place.
pub(super) fn value<T: Clone>(given: &Given<T>) -> Option<T> {
    given.as_ref().map(|value| value.get_ref().clone())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawProfile {
    pub version: Spanned<u64>,
    #[serde(default)]
    pub privacy: RawPrivacy,
    pub relations: Given<RawRelations>,
    pub quality: Given<Thresholds>,
    #[serde(default)]
    pub datasets: BTreeMap<String, Spanned<RawDataset>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPrivacy {
    pub k: Given<u64>,
    pub suppression_limit: Given<f64>,
    pub suppressed_records: Given<SuppressedRecords>,
    pub missing: Given<Missing>,
    pub recoding: Given<Recoding>,
    pub metric: Given<Metric>,
    pub aggregate: Given<Aggregate>,
    pub time_budget_seconds: Given<f64>,
    pub k_map: Given<u64>,
    pub delta_presence: Given<RawDeltaPresence>,
    pub population: Given<String>,
    pub risk: Given<RawRisk>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawReport {
    pub target: Given<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDeltaPresence {
    pub min: Given<f64>,
    pub max: Given<f64>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRisk {
    pub prosecutor_highest: Given<f64>,
    pub prosecutor_average: Given<f64>,
    pub journalist_highest: Given<f64>,
    pub journalist_average: Given<f64>,
    pub marketer: Given<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDataset {
    #[serde(default)]
    pub privacy: RawPrivacy,
    #[serde(default)]
    pub columns: BTreeMap<String, RawColumn>,
    #[serde(default)]
    pub report: RawReport,
    pub subject: Given<String>,
    #[serde(default)]
    pub types: BTreeMap<String, Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawColumn {
    pub role: Spanned<Role>,
    pub prepare: Given<Vec<Spanned<RawStep>>>,
    pub transform: Given<RawTransform>,
    pub hierarchy: Given<String>,
    pub build: Given<RawBuild>,
    pub min_level: Given<u32>,
    pub max_level: Given<u32>,
    pub level: Given<u32>,
    pub weight: Given<f64>,
    pub suppress_cells: Given<bool>,
    pub unknown: Given<Unknown>,
    pub function: Given<AggregateFunction>,
    pub domain: Given<String>,
    #[serde(rename = "type")]
    pub value_type: Given<ValueType>,
    pub models: Given<Vec<Spanned<RawModel>>>,
    pub order: Given<Vec<Spanned<String>>>,
    pub show: Given<u32>,
    pub end: Given<End>,
    pub alphabet: Given<Alphabet>,
    pub subject: Given<String>,
    pub days: Given<u32>,
    pub spread: Given<f64>,
    pub share: Given<f64>,
    pub shape: Given<Shape>,
    pub of: Given<SurrogateKind>,
    pub style: Given<RedactStyle>,
    pub derive: Given<RawDerive>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDerive {
    pub from: Spanned<String>,
    pub part: Spanned<DerivedPart>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawTransform {
    Keep,
    Drop,
    Pseudonymize,
    Generalize,
    Microaggregate,
    Suppress,
    Mask,
    Placeholder,
    Encrypt,
    ShiftDate,
    Noise,
    Surrogate,
    Redact,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub round_to: Given<f64>,
    pub top_code: Given<f64>,
    pub bottom_code: Given<f64>,
    pub bin: Given<f64>,
    pub truncate: Given<u32>,
    pub date: Given<Unit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawModel {
    pub model: Spanned<RawModelName>,
    pub l: Given<f64>,
    pub c: Given<f64>,
    pub t: Given<f64>,
    pub distance: Given<RawDistance>,
    pub delta: Given<f64>,
    pub beta: Given<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawModelName {
    DistinctDiversity,
    EntropyDiversity,
    RecursiveDiversity,
    TCloseness,
    DeltaDisclosure,
    BasicBeta,
    EnhancedBeta,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawDistance {
    Equal,
    Hierarchical,
    Ordered,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawBuild {
    pub kind: Spanned<RawBuildKind>,
    pub widths: Given<Vec<f64>>,
    pub lower: Given<f64>,
    pub upper: Given<f64>,
    pub step: Given<f64>,
    pub values: Given<Vec<String>>,
    pub groups: Given<Vec<u32>>,
    pub units: Given<Vec<Unit>>,
    pub end: Given<End>,
    pub character: Given<char>,
    pub length: Given<u32>,
    pub by: Given<u32>,
    pub join_2022: Given<bool>,
    pub lengths: Given<Vec<u32>>,
    pub blocks: Given<Vec<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RawBuildKind {
    Intervals,
    Ordered,
    Dates,
    Mask,
    Kato,
    Prefix,
}
