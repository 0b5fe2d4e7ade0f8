//! Columns that a profile derives from others, before anything is planned.

use sandyq_replace::{Sex, iin_facts};

use super::{Coded, Codes, Dictionary, PhysicalType, Table};
use crate::input::InputError;
use crate::profile::{DatasetProfile, DerivedPart};

impl Table {
    /// The table with the columns that the profile derives, after its own. What a value does not tell is missing: an
    /// identification number with a wrong check digit tells nothing. A table that has them already stays as it is.
    ///
    /// # Errors
    /// [`InputError::AbsentColumn`] if a column is absent, [`InputError::DerivedExists`] if the dataset has a derived one itself, with
    /// other values.
    pub fn derived(mut self, profile: &DatasetProfile) -> Result<Self, InputError> {
        for (name, rule) in profile.columns() {
            let Some(derivation) = &rule.derive else {
                continue;
            };
            let from = self.column(&derivation.from);
            let from = from.ok_or_else(|| InputError::AbsentColumn {
                dataset: self.name.clone(),
                column: derivation.from.clone(),
            })?;
            let made = made(name, from, derivation.part);
            match self.column(name) {
                Some(own)
                    if own.codes == made.codes
                        && own.dictionary.texts().eq(made.dictionary.texts()) => {}
                Some(_) => {
                    return Err(InputError::DerivedExists {
                        dataset: self.name.clone(),
                        column: name.to_owned(),
                    });
                }
                None => {
                    self.schema.columns.push(made.schema());
                    self.columns.push(made);
                }
            }
        }
        Ok(self)
    }
}

impl Table {
    /// Whether the profile derives a column that the table does not have yet.
    pub(crate) fn lacks_derived(&self, profile: &DatasetProfile) -> bool {
        let mut columns = profile.columns();
        columns.any(|(name, rule)| rule.derive.is_some() && self.column(name).is_none())
    }
}

fn made(name: &str, from: &Coded, part: DerivedPart) -> Coded {
    let told: Vec<Option<String>> = from
        .dictionary
        .texts()
        .map(|text| told(text?, part))
        .collect();
    let (dictionary, map) = Dictionary::of_labels(told.iter().map(Option::as_deref));
    let mut codes = Codes::default();
    let code = |code: u32| map.get(code as usize).copied().unwrap_or_default();
    codes.extend(dictionary.len(), from.codes.iter().map(code));
    let same: Vec<u32> = (0..dictionary.len() as u32).collect();
    Coded::new(name, PhysicalType::String, codes, &same, dictionary)
}

fn told(text: &str, part: DerivedPart) -> Option<String> {
    let facts = iin_facts(text.trim())?;
    Some(match part {
        DerivedPart::BirthYear => format!("{:04}", facts.birth_year),
        DerivedPart::BirthMonth => format!("{:04}-{:02}", facts.birth_year, facts.birth_month),
        DerivedPart::Sex => match facts.sex {
            Sex::Male => "male".to_owned(),
            Sex::Female => "female".to_owned(),
        },
    })
}
