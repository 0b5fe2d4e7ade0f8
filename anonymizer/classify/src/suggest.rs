//! What to do with a column of a type, until its owner decides.

use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::decide::Decision;
use crate::semantic::SemanticType::{self, *};

/// A role and a transform in the words of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Suggestion {
    /// `direct`, `quasi`, `sensitive`, `insensitive` or `free_text`.
    pub role: String,
    /// `drop`, `pseudonymize`, `generalize` or `keep`.
    pub transform: String,
    /// Pseudonyms: equal values of one domain get equal ones.
    pub domain: Option<String>,
    /// Generalization: the rule of a hierarchy, as a table of TOML.
    pub build: Option<String>,
}

impl Suggestion {
    fn plain(role: &str, transform: &str) -> Self {
        Self {
            role: role.to_owned(),
            transform: transform.to_owned(),
            domain: None,
            build: None,
        }
    }

    fn pseudonym(domain: &str) -> Self {
        Self {
            domain: Some(domain.to_owned()),
            ..Self::plain("direct", "pseudonymize")
        }
    }

    fn generalized(build: String) -> Self {
        Self {
            build: Some(build),
            ..Self::plain("quasi", "generalize")
        }
    }
}

/// Different values of a list that is worth generalizing; longer ones are dropped.
const LONGEST_LIST: u64 = 2_000;

/// The suggestion for a column. What identifies a person, or hides something that does, never stays as it is.
pub fn suggest(decision: &Decision, column: &Column) -> Suggestion {
    if !decision.hidden.is_empty() && !decision.semantic.is_direct() {
        return Suggestion::plain("direct", "drop");
    }
    match decision.semantic {
        Iin => Suggestion::pseudonym("person"),
        Bin => Suggestion::pseudonym("organization"),
        RowKey => Suggestion {
            domain: None,
            ..Suggestion::pseudonym("")
        },
        FreeText | HealthText | CriminalText => Suggestion::plain("free_text", "drop"),
        semantic if semantic.is_direct() => Suggestion::plain("direct", "drop"),
        Street | House | Flat | Url => Suggestion::plain("quasi", "drop"),
        Religion => Suggestion::plain("sensitive", "keep"),
        Diagnosis if column.distinct() > 1 => Suggestion::plain("sensitive", "keep"),
        Empty => Suggestion::plain("insensitive", "drop"),
        semantic => built(semantic, column),
    }
}

fn built(semantic: SemanticType, column: &Column) -> Suggestion {
    if column.present() == 0 {
        return Suggestion::plain("quasi", "drop");
    }
    let numeric = column.low.is_finite() && column.high.is_finite() && column.high > column.low;
    match semantic {
        BirthDate | Date if column.count_of(crate::sign::Sign::Date) > 0 => {
            Suggestion::generalized(
                "{ kind = \"dates\", units = [\"month\", \"year\", \"decade\"] }".to_owned(),
            )
        }
        Kato => Suggestion::generalized("{ kind = \"kato\" }".to_owned()),
        Age => {
            Suggestion::generalized("{ kind = \"intervals\", widths = [5, 10, 20, 40] }".to_owned())
        }
        PostalCode => {
            Suggestion::generalized("{ kind = \"prefix\", lengths = [4, 3, 2] }".to_owned())
        }
        Diagnosis => Suggestion::plain("sensitive", "keep"),
        Number | Salary | Coordinates | BirthDate | Date if numeric => {
            Suggestion::generalized(intervals(column))
        }
        Number | Salary | Coordinates | BirthDate | Date => Suggestion::plain("quasi", "drop"),
        _ if column.distinct() > LONGEST_LIST => Suggestion::plain("quasi", "drop"),
        _ => Suggestion::generalized("{ kind = \"mask\", by = 1000 }".to_owned()),
    }
}

/// Intervals of a round width, about twenty of them, then about five. No bound of the column is told.
fn intervals(column: &Column) -> String {
    let span = (column.high - column.low).max(f64::MIN_POSITIVE);
    let power = (span / 20.0).log10().floor().clamp(-6.0, 12.0) as i32;
    let width = if power >= 0 {
        format!("1{}", "0".repeat(power.unsigned_abs() as usize))
    } else {
        format!("0.{}1", "0".repeat(power.unsigned_abs() as usize - 1))
    };
    let ten = |times: i32| {
        let power = power + times;
        if power >= 0 {
            format!("1{}", "0".repeat(power.unsigned_abs() as usize))
        } else {
            format!("0.{}1", "0".repeat(power.unsigned_abs() as usize - 1))
        }
    };
    format!("{{ kind = \"intervals\", widths = [{width}, {}] }}", ten(1))
}
