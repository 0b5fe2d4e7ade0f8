//! Hierarchies made by a rule.

use serde::{Deserialize, Serialize};

/// How many levels a rule may make.
const MAX_LEVELS: usize = 62;

/// A rule that makes a hierarchy over given values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Build {
    /// Numbers by intervals.
    Intervals(Intervals),
    /// A list of values by groups of neighbours.
    Ordered(Ordered),
    /// Dates by the calendar.
    Dates(Dates),
    /// Texts by masking characters from one end.
    Mask(Mask),
    /// Codes of Kazakhstan's administrative units.
    Kato(Kato),
    /// Codes by their first characters.
    Prefix(Prefix),
}

/// Numbers by intervals, each width a multiple of the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intervals {
    /// The width of the intervals on each level from level 1 on.
    pub widths: Vec<f64>,
    /// Numbers below are one open interval on every level from 1 on. Intervals are counted from here, or from 0.
    pub lower: Option<f64>,
    /// Numbers from here on are one open interval on every level from 1 on.
    pub upper: Option<f64>,
    /// The numbers from `lower` to `upper` in steps of this belong to the domain whether or not they occur.
    pub step: Option<f64>,
}

/// A list of values by groups of neighbours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ordered {
    /// The values in their order.
    pub values: Vec<String>,
    /// How many groups of the level below each group joins, for each level from 1 on.
    pub groups: Vec<u32>,
}

/// Dates by the calendar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dates {
    /// The unit of each level from level 1 on, each longer than the one before.
    pub units: Vec<Unit>,
}

/// A unit of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// `2024-05-17`.
    Day,
    /// `2024-05`.
    Month,
    /// `2024-Q2`.
    Quarter,
    /// `2024`.
    Year,
    /// `2020-2029`.
    Decade,
}

/// Texts by masking characters from one end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mask {
    /// Where masking begins.
    pub end: End,
    /// What stands for a masked character.
    pub character: char,
    /// The characters of the longest value; `None` for the longest that occurs.
    pub length: Option<u32>,
    /// Characters that each level masks more than the one below.
    pub by: u32,
}

/// An end of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// Codes of Kazakhstan's administrative units: nine digits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kato {
    /// Whether the regions made in 2022 are joined with those they were made of, so that data from before and after compare.
    pub join_2022: bool,
}

/// Codes by their first characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prefix {
    /// How many characters stay on each level from level 1 on, each fewer than the one before.
    pub lengths: Vec<u32>,
    /// Ranges of codes, such as `A00-A09`, that make a level above the prefixes of their length.
    pub blocks: Vec<String>,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct BuildFault {
    /// The field of the rule.
    pub field: &'static str,
    /// What is wrong with it and what to do.
    pub message: String,
}

fn fault(field: &'static str, message: impl Into<String>) -> BuildFault {
    BuildFault {
        field,
        message: message.into(),
    }
}

impl Build {
    /// The name of the kind of rule.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Intervals(_) => "intervals",
            Self::Ordered(_) => "ordered",
            Self::Dates(_) => "dates",
            Self::Mask(_) => "mask",
            Self::Kato(_) => "kato",
            Self::Prefix(_) => "prefix",
        }
    }

    /// Whether the rule makes sense, before any values are known.
    ///
    /// # Errors
    /// The first field that is wrong.
    pub fn check(&self) -> Result<(), BuildFault> {
        match self {
            Self::Intervals(intervals) => intervals.check(),
            Self::Ordered(ordered) => ordered.check(),
            Self::Dates(dates) => dates.check(),
            Self::Mask(mask) => mask.check(),
            Self::Kato(_) => Ok(()),
            Self::Prefix(prefix) => prefix.check(),
        }
    }
}

fn levels(field: &'static str, count: usize) -> Result<(), BuildFault> {
    if (1..=MAX_LEVELS).contains(&count) {
        return Ok(());
    }
    Err(fault(
        field,
        format!("needs 1 to {MAX_LEVELS} entries, one for each level from level 1 on"),
    ))
}

impl Intervals {
    fn check(&self) -> Result<(), BuildFault> {
        levels("widths", self.widths.len())?;
        if self
            .widths
            .iter()
            .any(|width| !(width.is_finite() && *width > 0.0))
        {
            return Err(fault("widths", "a width is a number above 0"));
        }
        for (narrow, wide) in self.widths.iter().zip(self.widths.iter().skip(1)) {
            let ratio = wide / narrow;
            if ratio < 1.5 || (ratio - ratio.round()).abs() > 1e-9 * ratio {
                let message = format!(
                    "{wide} must be a multiple of {narrow}, which is the width below, so that intervals lie within one another"
                );
                return Err(fault("widths", message));
            }
        }
        for (field, bound) in [("lower", self.lower), ("upper", self.upper)] {
            if bound.is_some_and(|bound| !bound.is_finite()) {
                return Err(fault(field, "a bound is a finite number"));
            }
        }
        if let (Some(lower), Some(upper)) = (self.lower, self.upper)
            && lower >= upper
        {
            return Err(fault(
                "upper",
                format!("must be above lower, which is {lower}"),
            ));
        }
        self.check_step()
    }

    fn check_step(&self) -> Result<(), BuildFault> {
        let Some(step) = self.step else { return Ok(()) };
        if !(step.is_finite() && step > 0.0) {
            return Err(fault("step", "a step is a number above 0"));
        }
        let (Some(lower), Some(upper)) = (self.lower, self.upper) else {
            return Err(fault("step", "only has a meaning with lower and upper"));
        };
        if (upper - lower) / step > MAX_STEPS {
            return Err(fault(
                "step",
                format!("makes more than {MAX_STEPS} values from lower to upper"),
            ));
        }
        Ok(())
    }
}

/// How many values a rule may declare that do not occur.
const MAX_STEPS: f64 = 1e6;

impl Ordered {
    fn check(&self) -> Result<(), BuildFault> {
        if self.values.is_empty() {
            return Err(fault("values", "needs the values in their order"));
        }
        let mut seen = std::collections::HashSet::new();
        for value in &self.values {
            if value.is_empty() {
                return Err(fault("values", "a value has no text"));
            }
            if !seen.insert(value) {
                return Err(fault("values", format!("{value:?} stands twice")));
            }
        }
        levels("groups", self.groups.len())?;
        if self.groups.iter().any(|size| *size < 2) {
            return Err(fault(
                "groups",
                "a group joins 2 or more of the level below",
            ));
        }
        Ok(())
    }
}

impl Dates {
    fn check(&self) -> Result<(), BuildFault> {
        levels("units", self.units.len())?;
        if self.units.is_sorted_by(|a, b| a < b) {
            return Ok(());
        }
        Err(fault(
            "units",
            "each unit must be longer than the one before: day, month, quarter, year, decade",
        ))
    }
}

impl Mask {
    fn check(&self) -> Result<(), BuildFault> {
        if self.by == 0 {
            return Err(fault("by", "each level masks 1 or more characters"));
        }
        if self.character.is_control() {
            return Err(fault("character", "must not be a control character"));
        }
        let length = self.length.unwrap_or(1);
        if length == 0 || length.div_ceil(self.by) as usize > MAX_LEVELS {
            return Err(fault(
                "length",
                format!("makes no level or more than {MAX_LEVELS}; raise by"),
            ));
        }
        Ok(())
    }
}

impl Prefix {
    fn check(&self) -> Result<(), BuildFault> {
        levels("lengths", self.lengths.len())?;
        if self.lengths.contains(&0) || !self.lengths.is_sorted_by(|a, b| a > b) {
            return Err(fault(
                "lengths",
                "each length must be 1 or more and below the one before",
            ));
        }
        let mut width = None;
        for block in &self.blocks {
            let ends = block.split_once('-').filter(|(first, last)| {
                !first.is_empty() && first.chars().count() == last.chars().count() && first <= last
            });
            let Some((first, _)) = ends else {
                return Err(fault(
                    "blocks",
                    format!("{block:?} is no range such as A00-A09"),
                ));
            };
            let length = first.chars().count() as u32;
            if *width.get_or_insert(length) != length || !self.lengths.contains(&length) {
                let message = format!(
                    "the codes of {block:?} must be as long as those of the other blocks and one of lengths"
                );
                return Err(fault("blocks", message));
            }
        }
        Ok(())
    }
}
