//! What a report says beyond the measures of a release: the dataset as it was, and what the release is still good for.
//!
//! It takes longer than measuring the release, and is done for whoever asks for a report.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Report, SuppressedCells, SuppressionReason, SuppressionReport};
use crate::cancel::Cancel;
use crate::hierarchy::{Hierarchies, Hierarchy, resolve};
use crate::input::SUPPRESSED;
use crate::measure::{Beside, measure};
use crate::prepare;
use crate::profile::{ColumnRule, DatasetProfile, Role, Transform, ValueType};
use crate::table::{Coded as Column, Table};
use crate::utility::{Attribute, Coded, UtilityError, UtilityLimits, utility};
use crate::verify::Release;

/// What a report is completed from.
#[derive(Clone, Copy)]
pub struct Detail<'a> {
    /// The profile of the dataset.
    pub profile: &'a DatasetProfile,
    /// The hierarchies that it names.
    pub hierarchies: &'a Hierarchies,
    /// The dataset.
    pub original: &'a Table,
    /// The release, as read back.
    pub released: &'a Table,
    /// The population, if it was given.
    pub population: Option<&'a Table>,
    /// The column that a classifier is to predict, in place of that of the profile; without either there is no such test.
    pub target: Option<&'a str>,
    /// How much is looked at.
    pub limits: UtilityLimits,
}

impl Report {
    /// Adds what the dataset measures, what the release is still good for, and why records are suppressed. The measures of the
    /// release stay as they are.
    ///
    /// # Errors
    /// A target that cannot be predicted; work that was cancelled.
    pub fn complete(&mut self, detail: &Detail<'_>, cancel: &Cancel) -> Result<(), UtilityError> {
        let attributes = detail.attributes();
        let target = detail.target.or_else(|| detail.profile.report_target());
        let limits = UtilityLimits {
            rare: detail.limits.rare.max(detail.profile.privacy().k),
            ..detail.limits
        };
        self.utility = Some(utility(&attributes, target, &limits, cancel)?);
        let beside = Beside {
            hierarchies: detail.hierarchies,
            original: Some(detail.original),
            population: detail.population,
        };
        // A dataset whose values are prepared before they are in their hierarchies cannot be measured as it is.
        self.original = measure(detail.original, detail.profile, &beside).ok();
        if let Some(original) = &mut self.original {
            // It is the release that is held to the profile.
            original.requirements.clear();
        }
        self.suppression
            .get_or_insert_with(SuppressionReport::default)
            .cells = self.cells(detail);
        self.reasons();
        Ok(())
    }

    /// Cells of records that are released, in columns whose values are generalized one by one.
    fn cells(&self, detail: &Detail<'_>) -> Vec<SuppressedCells> {
        let absent = self
            .rows
            .input
            .saturating_sub(detail.released.rows() as u64);
        let starred = self.rows.suppressed.saturating_sub(absent);
        let local = self.columns.iter().filter(|column| {
            matches!(column.transform, Transform::Generalize(_)) && column.level.is_none()
        });
        let cells = local.filter_map(|column| {
            let released = detail.released.column(&column.name)?;
            let texts = released.dictionary.texts().zip(released.counts());
            let stars = texts.filter(|(text, _)| *text == Some(SUPPRESSED));
            let stars: u64 = stars.map(|(_, rows)| rows).sum();
            Some(SuppressedCells {
                column: column.name.clone(),
                cells: stars.saturating_sub(starred),
            })
        });
        cells.filter(|column| column.cells > 0).collect()
    }

    /// Where k alone is asked for, it is the reason; otherwise whoever decided which records to suppress knows.
    fn reasons(&mut self) {
        let requirements = self
            .measured
            .iter()
            .flat_map(|measured| &measured.requirements);
        let mut models = requirements.filter(|r| r.model != "suppression");
        let alone = models.all(|requirement| requirement.model == "k_anonymity");
        let Some(suppression) = &mut self.suppression else {
            return;
        };
        if alone && self.rows.suppressed > 0 && suppression.reasons.is_empty() {
            suppression.reasons.push(SuppressionReason {
                model: "k_anonymity".to_owned(),
                column: None,
                records: self.rows.suppressed,
            });
        }
    }
}

impl<W> Release<W> {
    /// Names in the report the file that the dataset was read from, by its SHA-256 in hex.
    pub fn of_file(&mut self, sha256: String) {
        self.report_mut().input_sha256 = Some(sha256);
    }

    /// Tells in the report how many rows were taken out of the dataset before, because their subjects withdrew consent.
    pub fn of_withdrawn(&mut self, rows: u64) {
        self.report_mut().withdrawn_rows = (rows > 0).then_some(rows);
    }

    /// Adds to the report what takes longer than measuring the release: see [`Report::complete`].
    ///
    /// # Errors
    /// See [`Report::complete`].
    pub fn describe(&mut self, detail: &Detail<'_>, cancel: &Cancel) -> Result<(), UtilityError> {
        self.report_mut().complete(detail, cancel)
    }
}

impl<'a> Detail<'a> {
    /// The columns that are compared: those whose values are in the release, generalized or not, but no pseudonyms and no prose.
    fn attributes(&self) -> Vec<Attribute<'a>> {
        let columns = self.released.columns().iter().filter_map(|released| {
            let original = self.original.column(&released.name)?;
            let rule = self.profile.column(&released.name)?;
            let compared = !matches!(rule.role, Role::Direct | Role::FreeText)
                && !matches!(
                    rule.transform,
                    Transform::Drop | Transform::Pseudonymize { .. } | Transform::Replace(_)
                );
            compared.then(|| self.attribute(original, released, rule))
        });
        columns.collect()
    }

    fn attribute(
        &self,
        original: &'a Column,
        released: &'a Column,
        rule: &ColumnRule,
    ) -> Attribute<'a> {
        let cover = Cover::new(original, rule, self.hierarchies);
        let quasi = rule.role == Role::Quasi;
        let (before, after) = (coded(original), coded(released));
        Attribute::new(&released.name, quasi, before, after, |label| {
            cover.of(label)
        })
    }
}

fn coded(column: &Column) -> Coded<'_> {
    let labels = column.dictionary.texts();
    let labels = labels.map(|label| label.map(str::to_owned));
    Coded::new(labels.collect(), &column.codes)
}

/// What the released values of a column stand for.
struct Cover<'a> {
    /// For each value as it is after its preparation, the values of the dataset that become it. `None` if values stay as they are.
    prepared: Option<HashMap<String, Vec<String>>>,
    hierarchy: Option<Leaves<'a>>,
    /// All values of the dataset, if the column is suppressed.
    suppressed: Option<Vec<String>>,
}

impl<'a> Cover<'a> {
    fn new(original: &Column, rule: &ColumnRule, hierarchies: &'a Hierarchies) -> Self {
        let values = || original.dictionary.texts().flatten();
        let prepared = prepared(values(), rule);
        let leaves: Vec<&str> = match &prepared {
            Some(prepared) => prepared.keys().map(String::as_str).collect(),
            None => values().collect(),
        };
        let hierarchy = match &rule.transform {
            Transform::Generalize(rule) => {
                let name = &original.name;
                resolve(&rule.hierarchy, rule.unknown, name, hierarchies, leaves)
                    .ok()
                    .flatten()
            }
            _ => None,
        };
        let suppressed = matches!(rule.transform, Transform::Suppress)
            .then(|| values().map(str::to_owned).collect());
        Self {
            prepared,
            hierarchy: hierarchy.map(Leaves::of),
            suppressed,
        }
    }

    /// The values of the dataset that a released value stands for; `None` for itself.
    fn of(&self, label: &str) -> Option<Vec<String>> {
        if let Some(all) = &self.suppressed {
            return (label == SUPPRESSED).then(|| all.clone());
        }
        let leaves = self
            .hierarchy
            .as_ref()
            .and_then(|leaves| leaves.under(label));
        let Some(prepared) = &self.prepared else {
            return leaves;
        };
        let leaves = leaves.unwrap_or_else(|| vec![label.to_owned()]);
        let values = leaves.into_iter().flat_map(|leaf| {
            let values = prepared.get(&leaf).cloned();
            values.unwrap_or_else(|| vec![leaf])
        });
        Some(values.collect())
    }
}

/// The values of a dataset by what they are after their preparation and their change of type.
fn prepared<'v>(
    values: impl Iterator<Item = &'v str>,
    rule: &ColumnRule,
) -> Option<HashMap<String, Vec<String>>> {
    let cast = match rule.transform {
        Transform::Keep { cast } => cast.filter(|cast| *cast != ValueType::String),
        _ => None,
    };
    if rule.prepare.is_empty() && cast.is_none() {
        return None;
    }
    let mut prepared: HashMap<String, Vec<String>> = HashMap::new();
    for value in values {
        // The dataset was released, so that no value fails; one that did would stand for itself.
        let ready = prepare::apply(&rule.prepare, Some(value)).ok().flatten();
        let ready = ready.unwrap_or_else(|| value.to_owned());
        let ready = cast.and_then(|cast| typed(&ready, cast)).unwrap_or(ready);
        prepared.entry(ready).or_default().push(value.to_owned());
    }
    Some(prepared)
}

/// How a value of another type reads.
fn typed(text: &str, cast: ValueType) -> Option<String> {
    match cast {
        ValueType::String => None,
        ValueType::Integer => text.parse::<i64>().ok().map(|number| number.to_string()),
        ValueType::Float => text.parse::<f64>().ok().map(|number| number.to_string()),
        ValueType::Boolean => match text {
            "1" => Some("true".to_owned()),
            "0" => Some("false".to_owned()),
            other => Some(other.to_lowercase()),
        },
    }
}

/// The values of a hierarchy with the leaves under each.
struct Leaves<'h> {
    hierarchy: Cow<'h, Hierarchy>,
    /// The lowest level of each value, and its place there.
    values: HashMap<String, (usize, u32)>,
}

impl<'h> Leaves<'h> {
    fn of(hierarchy: Cow<'h, Hierarchy>) -> Self {
        let mut values = HashMap::new();
        for level in (0..hierarchy.levels()).rev() {
            for (value, place) in hierarchy.values(level).iter().zip(0..) {
                values.insert(value.clone(), (level, place));
            }
        }
        Self { hierarchy, values }
    }

    /// The leaves under a value; all of them under `*`, and `None` for a value that the hierarchy does not have.
    fn under(&self, label: &str) -> Option<Vec<String>> {
        let leaves = self.hierarchy.values(0).iter();
        match self.values.get(label) {
            Some((level, place)) => {
                let above = self.hierarchy.above(*level).iter();
                let under = leaves.zip(above).filter(|(_, above)| *above == place);
                Some(under.map(|(leaf, _)| leaf.clone()).collect())
            }
            None => (label == SUPPRESSED).then(|| leaves.cloned().collect()),
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
mod tests {
    use super::*;
    use crate::intake::{Encoding, Format, Limits, read};
    use crate::profile::Profile;

    const PROFILE: &str = r#"
        version = 1
        [privacy]
        k = 2
        [datasets.d.columns.age]
        role = "quasi"
        hierarchy = "age"
        [datasets.d.columns.zip]
        role = "quasi"
        transform = "keep"
        prepare = [{ truncate = 2 }]
        [datasets.d.columns.ill]
        role = "sensitive"
        [datasets.d.columns.note]
        role = "free_text"
        transform = "keep"
    "#;

    fn table(text: &str) -> Table {
        let format = Format::Csv {
            delimiter: Some(b';'),
            encoding: Encoding::Utf8,
        };
        read("d", text.as_bytes(), &format, &Limits::default()).unwrap()
    }

    fn completed(released: &str, target: Option<&str>) -> Result<Report, UtilityError> {
        let profile = Profile::parse(PROFILE).unwrap();
        let hierarchy = Hierarchy::parse("age", b"20;20-29;*\n21;20-29;*\n30;30-39;*\n").unwrap();
        let hierarchies = Hierarchies::from([("age".to_owned(), hierarchy)]);
        let original = table(
            "age;zip;ill;note\n20;A101;a;x\n21;A102;b;y\n30;B201;a;z\n20;A101;b;w\n30;C909;a;v\n",
        );
        let released = table(released);
        let detail = Detail {
            profile: profile.dataset("d").unwrap(),
            hierarchies: &hierarchies,
            original: &original,
            released: &released,
            population: None,
            target,
            limits: UtilityLimits {
                rare: 1,
                ..UtilityLimits::default()
            },
        };
        let mut report = Report::default();
        report.rows.input = 5;
        report.rows.suppressed = 5 - released.rows() as u64;
        report.complete(&detail, &Cancel::new())?;
        Ok(report)
    }

    const RELEASED: &str = "age;zip;ill;note\n20-29;A1;a;x\n20-29;A1;b;y\n20-29;A1;b;w\n*;B2;a;z\n";

    #[test]
    fn released_values_stand_for_what_they_were_made_of() {
        let utility = completed(RELEASED, None).unwrap().utility.unwrap();
        let names: Vec<&str> = utility
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(names, ["age", "zip", "ill"]);
        let age = &utility.columns[0];
        let shares = |label: &str| {
            let bar = age
                .distribution
                .iter()
                .find(|bar| bar.label.as_deref() == Some(label));
            bar.map(|bar| (bar.before, bar.after)).unwrap()
        };
        // Of four rows, three stand for 20 and 21 alike, one for all of three. 21 has one row of the dataset and is not shown alone.
        assert!((shares("20 to 21").0 - 0.6).abs() < 1e-12);
        assert!((shares("20 to 21").1 - (3.0 + 2.0 / 3.0) / 4.0).abs() < 1e-12);
        assert!((shares("30").1 - 1.0 / 12.0).abs() < 1e-12);
        assert_eq!(age.generalized, 1.0);
        // A prepared value stands for the values that became it.
        let zip = &utility.columns[1];
        let bars = zip.distribution.iter();
        let bars: Vec<_> = bars.map(|bar| (bar.label.as_deref(), bar.after)).collect();
        assert_eq!(
            bars,
            [(Some("A101"), 0.375), (Some("3 other values"), 0.625)]
        );
        assert_eq!(utility.uniques_before.by_size, [3, 0]);
        assert_eq!(utility.uniques_after.any, 1);
    }

    #[test]
    fn the_reason_is_k_if_nothing_else_is_asked_for() {
        let suppression = completed(RELEASED, None).unwrap().suppression.unwrap();
        assert_eq!(suppression.reasons[0].records, 1);
        assert_eq!(suppression.reasons[0].model, "k_anonymity");
    }

    #[test]
    fn a_target_that_is_not_there_is_an_error() {
        assert!(matches!(
            completed(RELEASED, Some("note")),
            Err(UtilityError::UnknownTarget { .. })
        ));
    }
}
