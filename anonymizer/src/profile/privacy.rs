//! What a release must keep to, and how it is looked for.

use serde::{Deserialize, Serialize};

/// The privacy that a release must have, and what its search minimizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Privacy {
    /// Rows that must share each combination of quasi-identifiers (Samarati 2001, Sweeney 2002); 1 where nothing is asked.
    pub k: u64,
    /// The share of rows, 0 to 1, that may be left out.
    pub suppression_limit: f64,
    /// What becomes of rows that are left out.
    pub suppressed_records: SuppressedRecords,
    /// What a missing quasi-identifier matches.
    pub missing: Missing,
    /// Whether all values of a column go to one level.
    pub recoding: Recoding,
    /// What global recoding minimizes.
    pub metric: Metric,
    /// How the losses of several columns become one.
    pub aggregate: Aggregate,
    /// The time for a search that cannot be exhaustive, in seconds.
    pub time_budget_seconds: f64,
    /// People of the population that must share each combination (Sweeney 2001).
    pub k_map: Option<u64>,
    /// Bounds on the probability that a person of the population is in the release (Nergiz, Atzori, Clifton 2007).
    pub delta_presence: Option<DeltaPresence>,
    /// The name of the table that holds the population.
    pub population: Option<String>,
    /// Bounds on the risk of being found again.
    pub risk: RiskLimits,
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            k: 1,
            suppression_limit: 0.0,
            suppressed_records: SuppressedRecords::Remove,
            missing: Missing::Own,
            recoding: Recoding::Global,
            metric: Metric::Loss,
            aggregate: Aggregate::Geometric,
            time_budget_seconds: 60.0,
            k_map: None,
            delta_presence: None,
            population: None,
            risk: RiskLimits::default(),
        }
    }
}

impl Privacy {
    /// The number of rows out of `rows` that may be left out.
    ///
    /// The share is a decimal fraction that binary floats miss by a hair (0.29 of 100 gives 28.999…), hence the allowance.
    #[must_use]
    pub fn suppressible(&self, rows: u64) -> u64 {
        let allowed = (self.suppression_limit * rows as f64 + 1e-9).floor();
        // The limit is at most 1, so that the product is within `rows`.
        (allowed as u64).min(rows)
    }

    /// Whether a model looks at the population.
    #[must_use]
    pub fn looks_at_population(&self) -> bool {
        let risk = &self.risk;
        let attackers = [
            risk.journalist_highest,
            risk.journalist_average,
            risk.marketer,
        ];
        self.k_map.is_some()
            || self.delta_presence.is_some()
            || attackers.iter().any(Option::is_some)
    }
}

/// What becomes of rows that are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressedRecords {
    /// They are not in the release.
    Remove,
    /// They stay as rows whose quasi-identifiers are all `*` and whose other values are all missing.
    Star,
}

/// What a missing quasi-identifier matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// Only missing values, as if it were one more value.
    Own,
    /// Any value.
    Any,
}

/// How values are generalized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recoding {
    /// All values of a column go to one level, the best of all combinations of levels.
    Global,
    /// Every record gets the least generalization that its class allows; thorough.
    Local,
    /// The same, quickly.
    LocalFast,
}

/// What global recoding minimizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The mean share of the domain under a released value (ARX's Loss; Iyengar 2002).
    Loss,
    /// The sum of squared class sizes, a row left out counting all rows (Bayardo, Agrawal 2005).
    Discernibility,
    /// Rows by classes, relative to k (LeFevre, DeWitt, Ramakrishnan 2006).
    AverageClassSize,
    /// The information lost about values (Gionis, Tassa 2009).
    NonUniformEntropy,
    /// The mean level relative to the highest (Sweeney 2002).
    Precision,
}

/// How the losses of several columns become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// `prod((Loss_j + 1)^w_j)^(1/sum w_j) - 1`.
    Geometric,
    /// The weighted mean.
    Arithmetic,
}

/// Bounds, 0 to 1, on the share of the population under a class that is in the release.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeltaPresence {
    /// The least share.
    pub min: f64,
    /// The greatest share.
    pub max: f64,
}

/// Bounds on the risk of being found again, each above 0 and at most 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RiskLimits {
    /// The greatest 1/f of a class of f rows: an attacker who knows that the person is in the table.
    pub prosecutor_highest: Option<f64>,
    /// The mean of 1/f over rows.
    pub prosecutor_average: Option<f64>,
    /// The greatest 1/F for F people of the population: an attacker who does not know that.
    pub journalist_highest: Option<f64>,
    /// The mean of 1/F over rows.
    pub journalist_average: Option<f64>,
    /// The expected share of rows that an attacker finds who links all of them to the population.
    pub marketer: Option<f64>,
}

impl RiskLimits {
    /// Whether nothing is bounded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
