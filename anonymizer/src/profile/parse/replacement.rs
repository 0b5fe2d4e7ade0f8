//! The fields of replacements and derivations.

use std::ops::Range;

use sandyq_replace::{End, PartialMask, Shape, Spread};

use super::super::raw::{RawColumn, RawTransform, value};
use super::super::{Derivation, ProfileError, RedactStyle, Replacement, Role, SubjectColumn};
use super::Reader;
use crate::hierarchy;

/// Most days that dates are moved by.
const MOST_DAYS: u32 = 36_500;

impl Reader<'_> {
    /// What replaces the values of a column; `None` if it is no replacement that was chosen.
    pub(super) fn replacement(
        &self,
        name: &str,
        raw: &RawColumn,
        chosen: RawTransform,
        place: &Range<usize>,
        path: &str,
    ) -> Result<Option<Replacement>, ProfileError> {
        let missing = |field: &str, message: &str| {
            self.fault(place.clone(), &format!("{path}.{field}"), message)
        };
        Ok(Some(match chosen {
            RawTransform::Mask => Replacement::Mask(PartialMask {
                show: value(&raw.show).ok_or_else(|| {
                    missing("show", "mask needs show: how many letters and digits stay")
                })?,
                end: match value(&raw.end) {
                    Some(hierarchy::End::Left) => End::Left,
                    Some(hierarchy::End::Right) | None => End::Right,
                },
            }),
            RawTransform::Placeholder => Replacement::Placeholder {
                text: match value(&raw.of) {
                    Some(of) => format!("[{}]", of.as_str().to_uppercase()),
                    None => "[REMOVED]".to_owned(),
                },
            },
            RawTransform::Encrypt => Replacement::Encrypt {
                alphabet: value(&raw.alphabet).ok_or_else(|| {
                    missing(
                        "alphabet",
                        "encrypt needs an alphabet: digits, alphanumeric or alphanumeric_case",
                    )
                })?,
                domain: self.domain(name, raw, path)?,
            },
            RawTransform::ShiftDate => {
                let days = value(&raw.days).ok_or_else(|| {
                    missing("days", "shift_date needs days: how far dates move at most")
                })?;
                self.hold(
                    &raw.days,
                    &format!("{path}.days"),
                    |days| (1..=MOST_DAYS).contains(days),
                    "must be 1 to 36500",
                )?;
                Replacement::ShiftDate {
                    days,
                    subject: self.subject_column(raw, path)?.ok_or_else(|| {
                        missing(
                            "subject",
                            "shift_date needs a subject: the column that says whose date it is",
                        )
                    })?,
                }
            }
            RawTransform::Noise => self.noise(name, raw, place, path)?,
            RawTransform::Surrogate => Replacement::Surrogate {
                of: value(&raw.of).ok_or_else(|| {
                    missing(
                        "of",
                        "surrogate needs of: what the values are, such as person or phone",
                    )
                })?,
                subject: self.subject_column(raw, path)?,
            },
            RawTransform::Redact => Replacement::Redact {
                style: value(&raw.style).unwrap_or(RedactStyle::Placeholder),
            },
            _ => return Ok(None),
        }))
    }

    fn noise(
        &self,
        name: &str,
        raw: &RawColumn,
        place: &Range<usize>,
        path: &str,
    ) -> Result<Replacement, ProfileError> {
        for (field, given) in [("spread", &raw.spread), ("share", &raw.share)] {
            self.hold(
                given,
                &format!("{path}.{field}"),
                |number| number.is_finite() && *number > 0.0,
                "must be a number above 0",
            )?;
        }
        let spread = match (value(&raw.spread), value(&raw.share)) {
            (Some(spread), None) => Spread::Absolute(spread),
            (None, Some(share)) => Spread::Relative(share),
            _ => {
                let message =
                    "noise needs either spread, in units of the values, or share, of each value";
                return Err(self.fault(place.clone(), &format!("{path}.spread"), message));
            }
        };
        let subject = self.subject_column(raw, path)?;
        Ok(Replacement::Noise {
            spread,
            shape: value(&raw.shape).unwrap_or(Shape::Laplace),
            domain: name.to_owned(),
            subject,
        })
    }

    fn subject_column(
        &self,
        raw: &RawColumn,
        path: &str,
    ) -> Result<Option<SubjectColumn>, ProfileError> {
        let Some(subject) = &raw.subject else {
            if let Some(domain) = raw.domain.as_ref().filter(|_| raw.alphabet.is_none()) {
                let message = "has no effect without a subject";
                return Err(self.fault(domain.span(), &format!("{path}.domain"), message));
            }
            return Ok(None);
        };
        let column = subject.get_ref();
        self.name(column, &subject.span(), &format!("{path}.subject"))?;
        Ok(Some(SubjectColumn {
            column: column.clone(),
            domain: self.domain(column, raw, path)?,
        }))
    }

    /// What a column is derived from, that the dataset does not have.
    pub(super) fn derivation(
        &self,
        name: &str,
        raw: &RawColumn,
        path: &str,
    ) -> Result<Option<Derivation>, ProfileError> {
        let Some(derive) = &raw.derive else {
            return Ok(None);
        };
        let given = derive.get_ref();
        let wrong = match raw.role.get_ref() {
            Role::Direct | Role::FreeText => {
                Some("what is derived is quasi, sensitive or insensitive")
            }
            _ if given.from.get_ref() == name => Some("a column is derived from another one"),
            _ => None,
        };
        if let Some(message) = wrong {
            return Err(self.fault(derive.span(), &format!("{path}.derive"), message));
        }
        self.name(
            given.from.get_ref(),
            &given.from.span(),
            &format!("{path}.derive.from"),
        )?;
        Ok(Some(Derivation {
            from: given.from.get_ref().clone(),
            part: *given.part.get_ref(),
        }))
    }
}
