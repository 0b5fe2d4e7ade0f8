//! Whom rows are about: the subject of each dataset, and what joins.

use std::collections::BTreeMap;

use toml::Spanned;

use super::super::raw::{Given, value};
use super::super::relations::{RawKnownRecords, RawRelations};
use super::super::{
    ColumnRule, DatasetProfile, KnownRecords, Privacy, ProfileError, Recoding, Relations, Role,
    SuppressedRecords, Transform,
};
use super::Reader;
use crate::quality::Thresholds;

const MOST_KNOWN: u64 = 3;
const MAX_TYPE: usize = 64;

impl Reader<'_> {
    /// The column that tells whom a row is about.
    pub(super) fn subject(
        &self,
        given: &Given<String>,
        columns: &BTreeMap<String, ColumnRule>,
        privacy: &Privacy,
        path: &str,
    ) -> Result<Option<String>, ProfileError> {
        let Some(subject) = given else {
            return Ok(None);
        };
        let name = subject.get_ref();
        let refuse =
            |message: String| Err(self.fault(subject.span(), &format!("{path}.subject"), message));
        let fits = |rule: &ColumnRule| {
            let transform = matches!(
                rule.transform,
                Transform::Pseudonymize { .. } | Transform::Drop
            );
            rule.role == Role::Direct && transform
        };
        if !columns.get(name).is_some_and(fits) {
            return refuse(format!(
                "{name:?} is no direct column that the profile pseudonymizes or drops"
            ));
        }
        if privacy.k < 2 {
            return refuse("people are counted by k: set k to 2 or more".to_owned());
        }
        if privacy.recoding != Recoding::Global {
            return refuse("people are counted under recoding = \"global\" only".to_owned());
        }
        if privacy.suppressed_records != SuppressedRecords::Remove {
            return refuse(
                "people are withheld by removal: suppressed_records = \"remove\"".to_owned(),
            );
        }
        Ok(Some(name.clone()))
    }

    /// The semantic types of columns.
    pub(super) fn types(
        &self,
        given: BTreeMap<String, Spanned<String>>,
        columns: &BTreeMap<String, ColumnRule>,
        path: &str,
    ) -> Result<BTreeMap<String, String>, ProfileError> {
        for (column, kind) in &given {
            let path = format!("{path}.types.{column}");
            if !columns.contains_key(column) {
                let message = "is of a column that the profile does not name";
                return Err(self.fault(kind.span(), &path, message));
            }
            if kind.get_ref().trim().is_empty() || kind.get_ref().len() > MAX_TYPE {
                let message = format!("a type has 1 to {MAX_TYPE} bytes");
                return Err(self.fault(kind.span(), &path, message));
            }
        }
        let types = given.into_iter();
        Ok(types
            .map(|(column, kind)| (column, kind.into_inner()))
            .collect())
    }

    /// What is asked of people whose rows join. Whatever can be joined must be measured.
    pub(super) fn relations(
        &self,
        raw: Option<&Spanned<RawRelations>>,
        quality: &Given<Thresholds>,
        datasets: &BTreeMap<String, DatasetProfile>,
    ) -> Result<Relations, ProfileError> {
        if let Some(quality) = quality
            && let Err((field, message)) = quality.get_ref().check()
        {
            return Err(self.fault(quality.span(), &format!("quality.{field}"), message));
        }
        let domains: Vec<(&str, &str)> = datasets
            .values()
            .filter_map(|dataset| Some((dataset.name(), subject_domain(dataset)?)))
            .collect();
        for dataset in datasets.values() {
            for (column, domain) in pseudonyms(dataset) {
                let subject = dataset.subject() == Some(column);
                let joined = domains.iter().find(|(_, of)| *of == domain && !subject);
                if let Some((other, _)) = joined {
                    let field = format!("datasets.{}.columns.{column}", dataset.name());
                    let message = format!(
                        "its pseudonyms join with the subjects of {other:?}, which would not be measured: make it the subject, or give it \
                         another domain"
                    );
                    return Err(self.fault(0..0, &field, message));
                }
            }
        }
        let Some(raw) = raw else {
            return Ok(Relations::default());
        };
        if datasets.values().all(|dataset| dataset.subject().is_none()) {
            let message = "has no effect: no dataset names its subject";
            return Err(self.fault(raw.span(), "relations", message));
        }
        let message = "k must be 2 or more: with 1 every person may stand alone";
        self.hold(&raw.get_ref().k, "relations.k", |k| *k >= 2, message)?;
        let counted = datasets
            .values()
            .filter(|dataset| dataset.subject().is_some());
        let largest = counted.map(|dataset| dataset.privacy.k).max().unwrap_or(1);
        let message =
            format!("has no effect below {largest}, the k of a dataset that has a subject");
        self.hold(&raw.get_ref().k, "relations.k", |k| *k >= largest, &message)?;
        let known_records = self.known_records(raw.get_ref())?;
        Ok(Relations {
            k: value(&raw.get_ref().k),
            known_records,
        })
    }

    fn known_records(&self, raw: &RawRelations) -> Result<KnownRecords, ProfileError> {
        let Some(known) = &raw.known_records else {
            return Ok(KnownRecords::All);
        };
        match known.get_ref() {
            RawKnownRecords::Word(word) if word == "all" => Ok(KnownRecords::All),
            RawKnownRecords::Number(number) if (1..=MOST_KNOWN).contains(number) => {
                Ok(KnownRecords::AtMost(*number as u32))
            }
            _ => Err(self.fault(
                known.span(),
                "relations.known_records",
                format!("must be \"all\" or a number from 1 to {MOST_KNOWN}"),
            )),
        }
    }
}

fn pseudonyms(dataset: &DatasetProfile) -> impl Iterator<Item = (&str, &str)> {
    dataset
        .columns()
        .filter_map(|(name, rule)| match &rule.transform {
            Transform::Pseudonymize { domain } => Some((name, domain.as_str())),
            _ => None,
        })
}

/// The domain of the pseudonyms of a dataset's subjects.
fn subject_domain(dataset: &DatasetProfile) -> Option<&str> {
    let subject = dataset.subject()?;
    let mut pseudonyms = pseudonyms(dataset);
    pseudonyms
        .find(|(name, _)| *name == subject)
        .map(|(_, domain)| domain)
}
