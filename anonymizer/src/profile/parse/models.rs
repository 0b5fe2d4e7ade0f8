//! What each class must keep to in a sensitive column.

use std::ops::Range;

use toml::Spanned;

use super::super::raw::{Given, RawColumn, RawDistance, RawModel, RawModelName, span, value};
use super::super::{Distance, Model, ProfileError, Role};
use super::Reader;

impl Reader<'_> {
    pub(super) fn models(&self, raw: &RawColumn, path: &str) -> Result<Vec<Model>, ProfileError> {
        let list = format!("{path}.models");
        let Some(given) = &raw.models else {
            self.order(raw, &[], path)?;
            return Ok(Vec::new());
        };
        if *raw.role.get_ref() != Role::Sensitive {
            let message =
                "only a sensitive column has models; a quasi-identifier is protected by k";
            return Err(self.fault(given.span(), &list, message));
        }
        if given.get_ref().is_empty() {
            return Err(self.fault(given.span(), &list, "names no model"));
        }
        let mut models: Vec<Model> = Vec::new();
        for (index, model) in given.get_ref().iter().enumerate() {
            let path_of_model = format!("{list}[{index}]");
            let read = self.model(raw, model, path, &path_of_model)?;
            if models.iter().any(|known| same_kind(known, &read)) {
                return Err(self.fault(
                    model.span(),
                    &path_of_model,
                    "the model stands here twice",
                ));
            }
            models.push(read);
        }
        self.order(raw, &models, path)?;
        Ok(models)
    }

    fn model(
        &self,
        column: &RawColumn,
        raw: &Spanned<RawModel>,
        column_path: &str,
        path: &str,
    ) -> Result<Model, ProfileError> {
        let (place, raw) = (raw.span(), raw.get_ref());
        let name = *raw.model.get_ref();
        self.parameters(raw, name, path)?;
        let number = |given: &Given<f64>, field: &str| {
            self.parameter(given, &place, &format!("{path}.{field}"))
        };
        Ok(match name {
            RawModelName::DistinctDiversity => Model::DistinctDiversity {
                l: self.whole(&raw.l, &place, path)?,
            },
            RawModelName::EntropyDiversity => {
                let l = number(&raw.l, "l")?;
                self.hold(
                    &raw.l,
                    &format!("{path}.l"),
                    |l| *l > 1.0,
                    "must be above 1",
                )?;
                Model::EntropyDiversity { l }
            }
            RawModelName::RecursiveDiversity => Model::RecursiveDiversity {
                c: number(&raw.c, "c")?,
                l: self.whole(&raw.l, &place, path)?,
            },
            RawModelName::TCloseness => {
                let t = number(&raw.t, "t")?;
                self.hold(
                    &raw.t,
                    &format!("{path}.t"),
                    |t| *t <= 1.0,
                    "must be from 0 to 1",
                )?;
                Model::TCloseness {
                    t,
                    distance: self.distance(column, raw, &place, column_path, path)?,
                }
            }
            RawModelName::DeltaDisclosure => Model::DeltaDisclosure {
                delta: number(&raw.delta, "delta")?,
            },
            RawModelName::BasicBeta => Model::BasicBeta {
                beta: number(&raw.beta, "beta")?,
            },
            RawModelName::EnhancedBeta => Model::EnhancedBeta {
                beta: number(&raw.beta, "beta")?,
            },
        })
    }

    /// Refuses parameters of another model.
    fn parameters(
        &self,
        raw: &RawModel,
        name: RawModelName,
        path: &str,
    ) -> Result<(), ProfileError> {
        let takes: &[&str] = match name {
            RawModelName::DistinctDiversity | RawModelName::EntropyDiversity => &["l"],
            RawModelName::RecursiveDiversity => &["c", "l"],
            RawModelName::TCloseness => &["t", "distance"],
            RawModelName::DeltaDisclosure => &["delta"],
            RawModelName::BasicBeta | RawModelName::EnhancedBeta => &["beta"],
        };
        let given = [
            ("l", span(&raw.l)),
            ("c", span(&raw.c)),
            ("t", span(&raw.t)),
            ("distance", span(&raw.distance)),
            ("delta", span(&raw.delta)),
            ("beta", span(&raw.beta)),
        ];
        for (field, span) in given {
            if let Some(span) = span.filter(|_| !takes.contains(&field)) {
                let message = format!("has no effect: the model takes {}", takes.join(" and "));
                return Err(self.fault(span, &format!("{path}.{field}"), message));
            }
        }
        Ok(())
    }

    /// A number that the model needs: finite and above 0, t also 0.
    fn parameter(
        &self,
        given: &Given<f64>,
        place: &Range<usize>,
        path: &str,
    ) -> Result<f64, ProfileError> {
        let Some(number) = given else {
            return Err(self.fault(place.clone(), path, "the model needs this number"));
        };
        let zero = path.ends_with(".t");
        let message = if zero {
            "must be from 0 to 1"
        } else {
            "must be a number above 0"
        };
        let sound = |number: &f64| number.is_finite() && (*number > 0.0 || zero && *number == 0.0);
        self.hold(given, path, sound, message)?;
        Ok(*number.get_ref())
    }

    /// The l of a model that counts values.
    fn whole(
        &self,
        given: &Given<f64>,
        place: &Range<usize>,
        path: &str,
    ) -> Result<u64, ProfileError> {
        let path = format!("{path}.l");
        let l = self.parameter(given, place, &path)?;
        let sound = |l: &f64| *l >= 2.0 && *l <= 1e9 && l.fract() == 0.0;
        self.hold(given, &path, sound, "must be a whole number from 2")?;
        Ok(l as u64)
    }

    fn distance(
        &self,
        column: &RawColumn,
        raw: &RawModel,
        place: &Range<usize>,
        column_path: &str,
        path: &str,
    ) -> Result<Distance, ProfileError> {
        match value(&raw.distance) {
            None => {
                let message = "the model needs a distance: equal, hierarchical or ordered";
                Err(self.fault(place.clone(), &format!("{path}.distance"), message))
            }
            Some(RawDistance::Equal) => Ok(Distance::Equal),
            Some(RawDistance::Ordered) => {
                let order = column.order.as_ref().map(Spanned::get_ref);
                let order = order
                    .into_iter()
                    .flatten()
                    .map(|value| value.get_ref().clone());
                Ok(Distance::Ordered {
                    order: order.collect(),
                })
            }
            Some(RawDistance::Hierarchical) => match self.hierarchy(column, column_path)? {
                Some(hierarchy) => Ok(Distance::Hierarchical { hierarchy }),
                None => {
                    let message =
                        "the hierarchical distance needs the column's hierarchy, or build";
                    Err(self.fault(place.clone(), &format!("{column_path}.hierarchy"), message))
                }
            },
        }
    }

    /// The order must be used, and each value stands in it once.
    fn order(&self, raw: &RawColumn, models: &[Model], path: &str) -> Result<(), ProfileError> {
        let Some(order) = &raw.order else {
            return Ok(());
        };
        let path = format!("{path}.order");
        let used = models.iter().any(|model| {
            matches!(
                model,
                Model::TCloseness {
                    distance: Distance::Ordered { .. },
                    ..
                }
            )
        });
        if !used {
            return Err(self.fault(
                order.span(),
                &path,
                "only has a meaning with distance = \"ordered\"",
            ));
        }
        if order.get_ref().is_empty() {
            return Err(self.fault(
                order.span(),
                &path,
                "names no value; leave it out where values are numbers",
            ));
        }
        let mut seen = std::collections::HashSet::new();
        for value in order.get_ref() {
            if !seen.insert(value.get_ref()) {
                return Err(self.fault(
                    value.span(),
                    &path,
                    format!("{:?} stands twice", value.get_ref()),
                ));
            }
        }
        Ok(())
    }
}

fn same_kind(a: &Model, b: &Model) -> bool {
    let distance = |model: &Model| match model {
        Model::TCloseness { distance, .. } => Some(std::mem::discriminant(distance)),
        _ => None,
    };
    std::mem::discriminant(a) == std::mem::discriminant(b) && distance(a) == distance(b)
}
