//! Whether a rule makes sense, before any values are known.

use std::collections::HashSet;

use super::{BuildFault, Dates, Intervals, Mask, Ordered, Prefix};

/// How many levels a rule may make besides the first and the last.
pub(super) const MAX_LEVELS: usize = 62;

fn fault(field: &'static str, message: impl Into<String>) -> BuildFault {
    BuildFault {
        field,
        message: message.into(),
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
    pub(super) fn check(&self) -> Result<(), BuildFault> {
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
    pub(super) fn check(&self) -> Result<(), BuildFault> {
        if self.values.is_empty() {
            return Err(fault("values", "needs the values in their order"));
        }
        let mut seen = HashSet::new();
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
        if let Some(label) = self.clash() {
            let message = format!("two groups of one level would be called {label:?}");
            return Err(fault("values", message));
        }
        Ok(())
    }
}

impl Dates {
    pub(super) fn check(&self) -> Result<(), BuildFault> {
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
    pub(super) fn check(&self) -> Result<(), BuildFault> {
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
    pub(super) fn check(&self) -> Result<(), BuildFault> {
        levels("lengths", self.lengths.len())?;
        if self.lengths.contains(&0) || !self.lengths.is_sorted_by(|a, b| a > b) {
            return Err(fault(
                "lengths",
                "each length must be 1 or more and below the one before",
            ));
        }
        let (mut width, mut ranges) = (None, Vec::new());
        for block in &self.blocks {
            let ends = block.split_once('-').filter(|(first, last)| {
                !first.is_empty() && first.chars().count() == last.chars().count() && first <= last
            });
            let Some((first, last)) = ends else {
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
            ranges.push((first, last, block));
        }
        ranges.sort_unstable();
        for (before, after) in ranges.iter().zip(ranges.iter().skip(1)) {
            if after.0 <= before.1 {
                return Err(fault(
                    "blocks",
                    format!("{:?} and {:?} overlap", before.2, after.2),
                ));
            }
        }
        Ok(())
    }
}
