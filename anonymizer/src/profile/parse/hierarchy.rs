//! Where a column's hierarchy comes from.

use std::ops::Range;

use toml::Spanned;

use super::super::raw::{RawBuild, RawBuildKind, RawColumn, span, value};
use super::super::{HierarchySource, ProfileError};
use super::Reader;
use crate::hierarchy::{Build, Dates, End, Intervals, Kato, Mask, Ordered, Prefix};
use crate::prepare::Unit;

impl Reader<'_> {
    pub(super) fn hierarchy(
        &self,
        raw: &RawColumn,
        path: &str,
    ) -> Result<Option<HierarchySource>, ProfileError> {
        match (&raw.hierarchy, &raw.build) {
            (None, None) => Ok(None),
            (Some(_), Some(build)) => {
                let message = "has no effect beside hierarchy; give one of them";
                Err(self.fault(build.span(), &format!("{path}.build"), message))
            }
            (Some(name), None) => {
                self.name(name.get_ref(), &name.span(), &format!("{path}.hierarchy"))?;
                Ok(Some(HierarchySource::Named(name.get_ref().clone())))
            }
            (None, Some(build)) => {
                let build = self.build(build, &format!("{path}.build"))?;
                Ok(Some(HierarchySource::Built(build)))
            }
        }
    }

    fn build(&self, raw: &Spanned<RawBuild>, path: &str) -> Result<Build, ProfileError> {
        let (place, raw) = (raw.span(), raw.get_ref());
        self.build_fields(raw, path)?;
        let needed = |field: &str| {
            self.fault(
                place.clone(),
                &format!("{path}.{field}"),
                "is needed for this kind",
            )
        };
        let build = match raw.kind.get_ref() {
            RawBuildKind::Intervals => Build::Intervals(Intervals {
                widths: value(&raw.widths).ok_or_else(|| needed("widths"))?,
                lower: value(&raw.lower),
                upper: value(&raw.upper),
                step: value(&raw.step),
            }),
            RawBuildKind::Ordered => Build::Ordered(Ordered {
                values: value(&raw.values).ok_or_else(|| needed("values"))?,
                groups: value(&raw.groups).ok_or_else(|| needed("groups"))?,
            }),
            RawBuildKind::Dates => Build::Dates(Dates {
                units: value(&raw.units)
                    .unwrap_or_else(|| vec![Unit::Month, Unit::Quarter, Unit::Year, Unit::Decade]),
            }),
            RawBuildKind::Mask => Build::Mask(Mask {
                end: value(&raw.end).unwrap_or(End::Right),
                character: value(&raw.character).unwrap_or('*'),
                length: value(&raw.length),
                by: value(&raw.by).unwrap_or(1),
            }),
            RawBuildKind::Kato => Build::Kato(Kato {
                join_2022: value(&raw.join_2022).unwrap_or(false),
            }),
            RawBuildKind::Prefix => Build::Prefix(Prefix {
                lengths: value(&raw.lengths).ok_or_else(|| needed("lengths"))?,
                blocks: value(&raw.blocks).unwrap_or_default(),
            }),
        };
        build.check().map_err(|fault| {
            let place = raw.span(fault.field).unwrap_or(place);
            self.fault(place, &format!("{path}.{}", fault.field), fault.message)
        })?;
        Ok(build)
    }

    /// Refuses fields of another kind.
    fn build_fields(&self, raw: &RawBuild, path: &str) -> Result<(), ProfileError> {
        let takes: &[&str] = match raw.kind.get_ref() {
            RawBuildKind::Intervals => &["widths", "lower", "upper", "step"],
            RawBuildKind::Ordered => &["values", "groups"],
            RawBuildKind::Dates => &["units"],
            RawBuildKind::Mask => &["end", "character", "length", "by"],
            RawBuildKind::Kato => &["join_2022"],
            RawBuildKind::Prefix => &["lengths", "blocks"],
        };
        for field in FIELDS {
            if let Some(span) = raw.span(field).filter(|_| !takes.contains(&field)) {
                let message = format!("has no effect: this kind takes {}", takes.join(", "));
                return Err(self.fault(span, &format!("{path}.{field}"), message));
            }
        }
        Ok(())
    }
}

const FIELDS: [&str; 14] = [
    "widths",
    "lower",
    "upper",
    "step",
    "values",
    "groups",
    "units",
    "end",
    "character",
    "length",
    "by",
    "join_2022",
    "lengths",
    "blocks",
];

impl RawBuild {
    fn span(&self, field: &str) -> Option<Range<usize>> {
        match field {
            "widths" => span(&self.widths),
            "lower" => span(&self.lower),
            "upper" => span(&self.upper),
            "step" => span(&self.step),
            "values" => span(&self.values),
            "groups" => span(&self.groups),
            "units" => span(&self.units),
            "end" => span(&self.end),
            "character" => span(&self.character),
            "length" => span(&self.length),
            "by" => span(&self.by),
            "join_2022" => span(&self.join_2022),
            "lengths" => span(&self.lengths),
            "blocks" => span(&self.blocks),
            _ => None,
        }
    }
}
