//! A table as numbers.

/// What is wrong with a problem as it was put together.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemError {
    /// A list is not as long as the one it belongs to.
    #[error("{what} has {found} entries where {expected} are needed")]
    Length {
        /// Which list.
        what: String,
        /// Its entries.
        found: usize,
        /// The entries it should have.
        expected: usize,
    },
    /// A code that no level or value knows.
    #[error("{what} has the code {code}, and there are {known}")]
    Code {
        /// Where it stands.
        what: String,
        /// The code.
        code: u32,
        /// How many codes there are.
        known: usize,
    },
    /// A level that is not a coarsening of the one before.
    #[error("attribute {attribute}: level {level} separates values that the level before joins")]
    NotNested {
        /// The attribute, by its place.
        attribute: usize,
        /// The level, by its place.
        level: usize,
    },
}

/// A quasi-identifier: the levels it may be generalized to.
#[derive(Clone, Debug, Default)]
pub struct Attribute {
    /// |D|: leaves of the whole hierarchy, whether or not they occur.
    pub domain: u64,
    /// Its weight in a metric; 1 if nothing is said.
    pub weight: f64,
    /// The permitted levels, finest first, at least one. Each is a coarsening of the one before.
    pub levels: Vec<Level>,
    /// Whether a single cell may become `*` (all of the domain), where not even the last level joins a class. Local recoding only.
    pub suppressible: bool,
}

/// What the values of an attribute become on one level.
#[derive(Clone, Debug, Default)]
pub struct Level {
    /// The code on this level, by the code of the value.
    pub codes: Vec<u32>,
    /// Leaves of the hierarchy under the code of this level, 1 or more.
    pub leaves: Vec<u64>,
}

/// Records that differ from one another in a quasi-identifier or a sensitive attribute, in ascending order (quasi-identifiers first), each
/// with the number of rows that are like it.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// For each quasi-identifier the code of the value, by record.
    pub quasi: Vec<Vec<u32>>,
    /// For each sensitive attribute the code of the value, by record. Empty if no model asks for any, and then records are
    /// the different combinations of quasi-identifiers.
    pub sensitive: Vec<Vec<u32>>,
    /// Rows, by record, 1 or more.
    pub weights: Vec<u32>,
}

/// A sensitive attribute.
#[derive(Clone, Debug, Default)]
pub struct Sensitive {
    /// Number of different values: codes are below it.
    pub values: u32,
    /// Rows of the whole table with each value: what an attacker knows beforehand.
    pub totals: Vec<u64>,
    /// For the ordered distance, the place of each value among all, from 0. Otherwise empty.
    pub ranks: Vec<u32>,
    /// For the hierarchical distance, the code of each value on each level of its hierarchy, the value itself aside, up to a
    /// level of one code. Otherwise empty.
    pub above: Vec<Vec<u32>>,
}

/// The population from which the table is a sample, by different combinations of quasi-identifiers.
#[derive(Clone, Debug, Default)]
pub struct Population {
    /// For each quasi-identifier the code of the value, by combination; codes as in [`Records::quasi`].
    pub quasi: Vec<Vec<u32>>,
    /// People, by combination.
    pub weights: Vec<u64>,
}

/// A table as numbers: what recoding works on.
#[derive(Clone, Debug, Default)]
pub struct Problem {
    /// The quasi-identifiers.
    pub attributes: Vec<Attribute>,
    /// The table.
    pub records: Records,
    /// The sensitive attributes that models speak of.
    pub sensitive: Vec<Sensitive>,
    /// The population, where a model asks for one.
    pub population: Option<Population>,
}

impl Attribute {
    /// Number of values: codes are below it.
    #[must_use]
    pub fn values(&self) -> usize {
        self.levels.first().map_or(0, |level| level.codes.len())
    }
}

impl Level {
    /// The code on this level of a value.
    #[must_use]
    pub fn code(&self, value: u32) -> u32 {
        self.codes.get(value as usize).copied().unwrap_or_default()
    }

    /// Leaves under the code that a value has on this level.
    #[must_use]
    pub fn leaves(&self, value: u32) -> u64 {
        let code = self.code(value);
        self.leaves.get(code as usize).copied().unwrap_or(1)
    }
}

impl Problem {
    /// Rows of the table.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.records.weights.iter().map(|w| u64::from(*w)).sum()
    }

    /// Whether lists fit one another, codes exist and levels are nested. Recoding takes this for granted.
    ///
    /// # Errors
    /// The first thing that does not.
    pub fn check(&self) -> Result<(), ProblemError> {
        let records = self.records.weights.len();
        length(
            "quasi-identifiers of the records",
            self.records.quasi.len(),
            self.attributes.len(),
        )?;
        length(
            "sensitive attributes of the records",
            self.records.sensitive.len(),
            self.sensitive.len(),
        )?;
        for (place, attribute) in self.attributes.iter().enumerate() {
            attribute.check(place)?;
        }
        for (place, (codes, attribute)) in
            self.records.quasi.iter().zip(&self.attributes).enumerate()
        {
            let what = format!("quasi-identifier {place}");
            length(&what, codes.len(), records)?;
            known(&what, codes, attribute.values())?;
        }
        for (place, (codes, sensitive)) in self
            .records
            .sensitive
            .iter()
            .zip(&self.sensitive)
            .enumerate()
        {
            let what = format!("sensitive attribute {place}");
            length(&what, codes.len(), records)?;
            known(&what, codes, sensitive.values as usize)?;
            length(
                &format!("totals of {what}"),
                sensitive.totals.len(),
                sensitive.values as usize,
            )?;
        }
        if let Some(population) = &self.population {
            length(
                "quasi-identifiers of the population",
                population.quasi.len(),
                self.attributes.len(),
            )?;
            for (place, (codes, attribute)) in
                population.quasi.iter().zip(&self.attributes).enumerate()
            {
                let what = format!("quasi-identifier {place} of the population");
                length(&what, codes.len(), population.weights.len())?;
                known(&what, codes, attribute.values())?;
            }
        }
        Ok(())
    }
}

impl Attribute {
    fn check(&self, place: usize) -> Result<(), ProblemError> {
        length(
            &format!("levels of attribute {place}"),
            self.levels.len().min(1),
            1,
        )?;
        for (index, level) in self.levels.iter().enumerate() {
            let what = format!("level {index} of attribute {place}");
            length(&what, level.codes.len(), self.values())?;
            known(&what, &level.codes, level.leaves.len())?;
        }
        for (index, pair) in self.levels.windows(2).enumerate() {
            let [fine, coarse] = pair else { continue };
            let mut above = vec![None; fine.leaves.len()];
            for (code, parent) in fine.codes.iter().zip(&coarse.codes) {
                let Some(slot) = above.get_mut(*code as usize) else {
                    continue;
                };
                if slot.is_some_and(|known| known != *parent) {
                    return Err(ProblemError::NotNested {
                        attribute: place,
                        level: index + 1,
                    });
                }
                *slot = Some(*parent);
            }
        }
        Ok(())
    }
}

fn length(what: &str, found: usize, expected: usize) -> Result<(), ProblemError> {
    if found == expected {
        return Ok(());
    }
    Err(ProblemError::Length {
        what: what.to_owned(),
        found,
        expected,
    })
}

fn known(what: &str, codes: &[u32], known: usize) -> Result<(), ProblemError> {
    match codes.iter().find(|code| **code as usize >= known) {
        None => Ok(()),
        Some(code) => Err(ProblemError::Code {
            what: what.to_owned(),
            code: *code,
            known,
        }),
    }
}
