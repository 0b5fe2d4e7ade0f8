//! The rule of a column.

use std::ops::Range;

use toml::Spanned;

use super::super::raw::{RawColumn, RawDistance, RawModelName, RawTransform, span, value};
use super::super::{
    AggregateFunction, ColumnRule, Generalize, Metric, Privacy, ProfileError, Recoding, Role,
    Transform, Unknown, ValueType,
};
use super::Reader;

impl Reader<'_> {
    pub(super) fn column(
        &self,
        name: &str,
        raw: &RawColumn,
        privacy: &Privacy,
        path: &str,
    ) -> Result<ColumnRule, ProfileError> {
        let role = *raw.role.get_ref();
        let chosen = match value(&raw.transform) {
            Some(transform) => transform,
            None => self.default_transform(role, raw, path)?,
        };
        let place = span(&raw.transform).unwrap_or_else(|| raw.role.span());
        if !allowed(role).contains(&chosen) {
            let message = format!(
                "a column of role {} may be {}",
                written(role),
                list(allowed(role))
            );
            return Err(self.fault(place, &format!("{path}.transform"), message));
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
            RawTransform::Generalize => {
                Transform::Generalize(self.generalize(raw, privacy, &place, path)?)
            }
            RawTransform::Microaggregate => Transform::Microaggregate {
                function: self.function(raw, &place, path)?,
            },
            _ => match self.replacement(name, raw, chosen, &place, path)? {
                Some(replacement) => Transform::Replace(replacement),
                None => Transform::Drop,
            },
        };
        let cast = match &transform {
            Transform::Keep { cast } => *cast,
            _ => None,
        };
        Ok(ColumnRule {
            role,
            prepare: self.steps(raw, cast, path)?,
            models: self.models(raw, path)?,
            derive: self.derivation(name, raw, path)?,
            transform,
        })
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
            Role::Quasi if raw.hierarchy.is_some() || raw.build.is_some() => {
                Ok(RawTransform::Generalize)
            }
            Role::Quasi => {
                let message = "a quasi-identifier needs a transform: generalize (with a hierarchy), keep, microaggregate, drop or suppress";
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
        use RawTransform::{
            Encrypt, Generalize, Keep, Mask, Microaggregate, Noise, Placeholder, Pseudonymize,
            Redact, ShiftDate, Surrogate,
        };
        let distance = needs_hierarchy(raw);
        let fields = [
            (
                "hierarchy",
                span(&raw.hierarchy).filter(|_| !distance),
                &[Generalize][..],
            ),
            (
                "build",
                span(&raw.build).filter(|_| !distance),
                &[Generalize],
            ),
            ("min_level", span(&raw.min_level), &[Generalize]),
            ("max_level", span(&raw.max_level), &[Generalize]),
            ("level", span(&raw.level), &[Generalize]),
            ("weight", span(&raw.weight), &[Generalize]),
            ("suppress_cells", span(&raw.suppress_cells), &[Generalize]),
            ("unknown", span(&raw.unknown), &[Generalize]),
            ("function", span(&raw.function), &[Microaggregate]),
            (
                "domain",
                span(&raw.domain),
                &[Pseudonymize, Encrypt, ShiftDate, Noise, Surrogate],
            ),
            ("show", span(&raw.show), &[Mask]),
            ("end", span(&raw.end), &[Mask]),
            ("alphabet", span(&raw.alphabet), &[Encrypt]),
            (
                "subject",
                span(&raw.subject),
                &[ShiftDate, Noise, Surrogate],
            ),
            ("days", span(&raw.days), &[ShiftDate]),
            ("spread", span(&raw.spread), &[Noise]),
            ("share", span(&raw.share), &[Noise]),
            ("shape", span(&raw.shape), &[Noise]),
            ("of", span(&raw.of), &[Surrogate, Placeholder]),
            ("style", span(&raw.style), &[Redact]),
            ("type", span(&raw.value_type), &[Keep]),
            (
                "prepare",
                span(&raw.prepare),
                &[Keep, Generalize, Microaggregate],
            ),
            ("models", span(&raw.models), &[Keep, Pseudonymize]),
            ("order", span(&raw.order), &[Keep, Pseudonymize]),
        ];
        for (field, span, owners) in fields {
            if let Some(span) = span.filter(|_| !owners.contains(&chosen)) {
                let message = format!("only has a meaning with transform = {}", quoted(owners));
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
    ) -> Result<Option<ValueType>, ProfileError> {
        let Some(cast) = &raw.value_type else {
            return Ok(None);
        };
        if !matches!(role, Role::Sensitive | Role::Insensitive) {
            let message = "only a sensitive or insensitive column can be given a type";
            return Err(self.fault(cast.span(), &format!("{path}.type"), message));
        }
        Ok(Some(*cast.get_ref()))
    }

    pub(super) fn domain(
        &self,
        name: &str,
        raw: &RawColumn,
        path: &str,
    ) -> Result<String, ProfileError> {
        let Some(domain) = &raw.domain else {
            return Ok(name.to_owned());
        };
        self.name(domain.get_ref(), &domain.span(), &format!("{path}.domain"))?;
        Ok(domain.get_ref().clone())
    }

    fn function(
        &self,
        raw: &RawColumn,
        place: &Range<usize>,
        path: &str,
    ) -> Result<AggregateFunction, ProfileError> {
        value(&raw.function).ok_or_else(|| {
            let message = "microaggregate needs a function: mean, median or mode";
            self.fault(place.clone(), &format!("{path}.function"), message)
        })
    }

    fn generalize(
        &self,
        raw: &RawColumn,
        privacy: &Privacy,
        place: &Range<usize>,
        path: &str,
    ) -> Result<Generalize, ProfileError> {
        let hierarchy = self.hierarchy(raw, path)?.ok_or_else(|| {
            let message = "generalize needs the name of a hierarchy, or build";
            self.fault(place.clone(), &format!("{path}.hierarchy"), message)
        })?;
        let (min_level, max_level) = self.levels(raw, path)?;
        self.searched(raw, privacy, path)?;
        Ok(Generalize {
            hierarchy,
            min_level,
            max_level,
            weight: value(&raw.weight).unwrap_or(1.0),
            suppress_cells: value(&raw.suppress_cells),
            unknown: value(&raw.unknown).unwrap_or(Unknown::Error),
        })
    }

    fn levels(&self, raw: &RawColumn, path: &str) -> Result<(u32, Option<u32>), ProfileError> {
        if let Some(level) = value(&raw.level) {
            for (field, span) in [
                ("min_level", span(&raw.min_level)),
                ("max_level", span(&raw.max_level)),
            ] {
                if let Some(span) = span {
                    let message = "has no effect beside level, which fixes the level";
                    return Err(self.fault(span, &format!("{path}.{field}"), message));
                }
            }
            return Ok((level, Some(level)));
        }
        let min_level = value(&raw.min_level).unwrap_or(0);
        let message = format!("is below min_level, which is {min_level}");
        self.hold(
            &raw.max_level,
            &format!("{path}.max_level"),
            |max| *max >= min_level,
            &message,
        )?;
        Ok((min_level, value(&raw.max_level)))
    }

    /// The fields that steer the search.
    fn searched(&self, raw: &RawColumn, privacy: &Privacy, path: &str) -> Result<(), ProfileError> {
        self.hold(
            &raw.weight,
            &format!("{path}.weight"),
            |weight| weight.is_finite() && *weight > 0.0,
            "must be a number above 0",
        )?;
        let global = privacy.recoding == Recoding::Global;
        let unweighted = matches!(
            privacy.metric,
            Metric::Discernibility | Metric::AverageClassSize
        );
        if let Some(weight) = raw.weight.as_ref().filter(|_| global && unweighted) {
            let message = "has no effect: the metric has no losses of columns";
            return Err(self.fault(weight.span(), &format!("{path}.weight"), message));
        }
        if let Some(cells) = raw.suppress_cells.as_ref().filter(|_| global) {
            let message = "only has a meaning with local recoding";
            return Err(self.fault(cells.span(), &format!("{path}.suppress_cells"), message));
        }
        Ok(())
    }
}

/// Whether a model of the column measures distance in a hierarchy.
fn needs_hierarchy(raw: &RawColumn) -> bool {
    let models = raw.models.as_ref().map(Spanned::get_ref);
    models.into_iter().flatten().any(|model| {
        let model = model.get_ref();
        *model.model.get_ref() == RawModelName::TCloseness
            && value(&model.distance) == Some(RawDistance::Hierarchical)
    })
}

fn allowed(role: Role) -> &'static [RawTransform] {
    use RawTransform::{
        Drop, Encrypt, Generalize, Keep, Mask, Microaggregate, Noise, Placeholder, Pseudonymize,
        Redact, ShiftDate, Suppress, Surrogate,
    };
    match role {
        Role::Direct => &[Drop, Pseudonymize, Mask, Placeholder, Encrypt, Surrogate],
        Role::Quasi => &[Generalize, Keep, Microaggregate, Drop, Suppress],
        Role::Sensitive => &[
            Keep,
            Microaggregate,
            Drop,
            Suppress,
            Pseudonymize,
            Mask,
            Placeholder,
            Encrypt,
            ShiftDate,
            Noise,
            Surrogate,
        ],
        Role::Insensitive => &[
            Keep,
            Drop,
            Suppress,
            Pseudonymize,
            Mask,
            Placeholder,
            Encrypt,
            ShiftDate,
            Noise,
            Surrogate,
        ],
        Role::FreeText => &[Drop, Redact, Keep, Suppress],
    }
}

fn list(transforms: &[RawTransform]) -> String {
    let names: Vec<_> = transforms
        .iter()
        .map(|transform| written_transform(*transform))
        .collect();
    names.join(", ")
}

fn quoted(transforms: &[RawTransform]) -> String {
    let names: Vec<_> = transforms
        .iter()
        .map(|transform| format!("\"{}\"", written_transform(*transform)))
        .collect();
    names.join(" or ")
}

fn written(role: Role) -> &'static str {
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
        RawTransform::Microaggregate => "microaggregate",
        RawTransform::Suppress => "suppress",
        RawTransform::Mask => "mask",
        RawTransform::Placeholder => "placeholder",
        RawTransform::Encrypt => "encrypt",
        RawTransform::ShiftDate => "shift_date",
        RawTransform::Noise => "noise",
        RawTransform::Surrogate => "surrogate",
        RawTransform::Redact => "redact",
    }
}
