//! Values that a hierarchy does not have, put into it as the profile says.

use std::borrow::Cow;

use super::{Hierarchies, Hierarchy, HierarchyError};
use crate::profile::{HierarchySource, Unknown};

/// What is above a value that is not to be shown.
const SUPPRESSED: &str = "*";

/// The hierarchy of a column: the named one, or one made by rule, with what the profile says of values that it does not have.
///
/// `values` are the different values of the column without the missing one. With [`Unknown::Error`] values may be left that have no leaf.
/// `Ok(None)` if there is no hierarchy of that name.
///
/// # Errors
/// Those of [`super::Build::over`].
pub(crate) fn resolve<'h, 'v>(
    source: &HierarchySource,
    unknown: Unknown,
    column: &str,
    hierarchies: &'h Hierarchies,
    values: impl IntoIterator<Item = &'v str> + Clone,
) -> Result<Option<Cow<'h, Hierarchy>>, HierarchyError> {
    let hierarchy = match source {
        HierarchySource::Named(name) => match hierarchies.get(name) {
            Some(hierarchy) => Cow::Borrowed(hierarchy),
            None => return Ok(None),
        },
        HierarchySource::Built(build) => {
            let name = format!("{} of {column}", build.kind());
            Cow::Owned(build.over(&name, values.clone())?.hierarchy)
        }
    };
    if unknown == Unknown::Error
        || values
            .clone()
            .into_iter()
            .all(|value| hierarchy.leaf(value).is_some())
    {
        return Ok(Some(hierarchy));
    }
    let mut extended = hierarchy.into_owned();
    extended.extend(values, unknown);
    Ok(Some(Cow::Owned(extended)))
}

impl Hierarchy {
    /// Gives a leaf to each value that has none. The hash stays that of the file.
    fn extend<'v>(&mut self, values: impl IntoIterator<Item = &'v str>, unknown: Unknown) {
        let mut parents = self.parents();
        for value in values {
            if self.leaf(value).is_some() {
                continue;
            }
            let text = if unknown == Unknown::Suppress {
                SUPPRESSED
            } else {
                value
            };
            let top = self.levels.len().saturating_sub(1);
            let mut below: Option<(u32, bool)> = None;
            for level in 0..=top {
                let known = below.filter(|(_, new)| !new).and_then(|(child, _)| {
                    parents
                        .get(level.checked_sub(1)?)?
                        .get(child as usize)
                        .copied()
                });
                let (place, new) = match known {
                    // What is written like a value of the hierarchy goes on as that one.
                    Some(parent) => (parent, false),
                    None if level == top && level > 0 => self.top_value(text),
                    None => self.level_value(level, if level == 0 { value } else { text }),
                };
                if let Some(parents) = below
                    .filter(|(_, new)| *new)
                    .and_then(|_| parents.get_mut(level.saturating_sub(1)))
                {
                    parents.push(place);
                }
                if let Some(level) = self.levels.get_mut(level) {
                    level.above.push(place);
                }
                below = Some((place, new));
            }
        }
    }

    /// Where the highest level has a single value, it covers all; otherwise `text` is one more.
    fn top_value(&mut self, text: &str) -> (u32, bool) {
        let top = self.levels.len().saturating_sub(1);
        match self.values(top).len() {
            1 => (0, false),
            0 => self.level_value(top, SUPPRESSED),
            _ => self.level_value(top, text),
        }
    }

    fn level_value(&mut self, level: usize, text: &str) -> (u32, bool) {
        self.levels.get_mut(level).map_or((0, false), |level| {
            level.index.place(&mut level.values, text)
        })
    }

    /// For each level but the last, the index of each value's parent, by the value's index.
    fn parents(&self) -> Vec<Vec<u32>> {
        let levels = self.levels.iter().zip(self.levels.iter().skip(1));
        let parents = levels.map(|(lower, upper)| {
            let mut parents = vec![0; lower.values.len()];
            for (value, parent) in lower.above.iter().zip(&upper.above) {
                if let Some(slot) = parents.get_mut(*value as usize) {
                    *slot = *parent;
                }
            }
            parents
        });
        parents.collect()
    }
}
