//! What is asked of a library before its data is taken, published and lent.

use sandyq_access::Purpose;
use time::{Duration, OffsetDateTime};

use super::law;
use super::purposes::Purposes;
use crate::error::{Error, Result, Violation};
use crate::records::library::{DatasetReport, Library, Version};
use crate::records::rule::Declared;

const MOST_PURPOSES: usize = 100;

/// Name of the column type under which intake finds biometric data.
const BIOMETRIC: &str = "BIOMETRIC";

/// Name of the column type of keys that name rows, not persons.
const ROW_KEY: &str = "ROW_KEY";

/// The purposes that an owner declares: each in the operator's vocabulary.
///
/// # Errors
/// None, too many, malformed, or not in the vocabulary.
pub fn declared_purposes(declared: &[String], vocabulary: &Purposes) -> Result<Vec<String>> {
    if declared.is_empty() || declared.len() > MOST_PURPOSES {
        return Err(Error::invalid(
            "library.purposes",
            "declare 1 to 100 purposes for which the library is lent",
        )
        .citing(law::PD_7_8));
    }
    let problem = |purpose: &String| match Purpose::parse(purpose) {
        Err(error) => Some(error.to_string()),
        Ok(_) if vocabulary.knows(purpose) => None,
        Ok(_) => Some(format!("{purpose} is not in the vocabulary of purposes")),
    };
    let bad: Vec<Violation> = declared
        .iter()
        .enumerate()
        .filter_map(|(index, purpose)| {
            Some(Violation {
                field: format!("library.purposes[{index}]"),
                description: problem(purpose)?,
            })
        })
        .collect();
    if bad.is_empty() {
        Ok(declared.to_vec())
    } else {
        Err(Error::invalid_fields(bad).citing(law::PD_7_8))
    }
}

/// A purpose of the vocabulary.
///
/// # Errors
/// It is malformed, or not in the vocabulary.
pub fn known_purpose(field: &str, purpose: &str, vocabulary: &Purposes) -> Result<String> {
    let purpose = Purpose::parse(purpose)
        .map_err(|error| Error::invalid(field, error.to_string()).citing(law::PD_7_8))?;
    if !vocabulary.knows(purpose.as_str()) {
        return Err(Error::invalid(
            field,
            format!("{purpose} is not in the vocabulary of purposes"),
        )
        .citing(law::PD_7_8));
    }
    Ok(purpose.to_string())
}

/// The purpose must be one of the library's, or lie below one, and be in the vocabulary.
///
/// # Errors
/// It is not.
pub fn lendable_purpose(
    field: &str,
    purpose: &str,
    library: &Library,
    vocabulary: &Purposes,
) -> Result<String> {
    let purpose =
        Purpose::parse(purpose).map_err(|error| Error::invalid(field, error.to_string()))?;
    let declared = library
        .purposes
        .iter()
        .filter_map(|declared| Purpose::parse(declared).ok())
        .any(|declared| purpose.lies_within(&declared));
    if !declared {
        return Err(Error {
            reason: "PURPOSE_NOT_DECLARED",
            ..Error::invalid(
                field,
                format!(
                    "{purpose} is none of the purposes that the owner declared for {} ({}), nor below one",
                    library.name,
                    library.purposes.join(", ")
                ),
            )
        }
        .citing(law::PD_7_8));
    }
    known_purpose(field, purpose.as_str(), vocabulary)
}

/// Special state bodies lend on their own initiative alone.
///
/// # Errors
/// It is one, and does not say so.
pub fn own_initiative(special: bool, declared: &Declared) -> Result<()> {
    if special && declared.own_initiative.is_none() {
        return Err(Error::invalid(
            "library.own_initiative",
            "a special state body lends on its own initiative alone; attach its decision",
        )
        .citing(law::AI_13_2));
    }
    Ok(())
}

/// A term that no grant may outlast.
///
/// # Errors
/// The term ends after consent, purposes or the owner's longest term.
pub fn within_terms(
    field: &str,
    expire_time: OffsetDateTime,
    declared: &Declared,
    now: OffsetDateTime,
) -> Result<()> {
    if let Some((end, what)) = declared.end()
        && expire_time > end
    {
        let article = if declared.consent_expire_time == Some(end) {
            law::PD_8_5
        } else {
            law::PD_7_8
        };
        return Err(
            Error::invalid(field, format!("is after {what}, {}", end.date())).citing(article),
        );
    }
    let longest = declared
        .access
        .max_term_seconds
        .map(|seconds| Duration::seconds(i64::try_from(seconds).unwrap_or(i64::MAX)));
    if let Some(longest) = longest
        && expire_time > now.saturating_add(longest)
    {
        return Err(Error::invalid(
            field,
            format!("the owner lends for at most {longest} at a time"),
        )
        .citing(law::AI_17_1));
    }
    Ok(())
}

/// Biometric data that intake found needs consent, or a law.
///
/// # Errors
/// The library declares neither.
pub fn lawful_biometrics(library: &Library, version: &Version) -> Result<()> {
    if library.declared.biometric.is_some() {
        return Ok(());
    }
    let mut found: Vec<String> = Vec::new();
    for dataset in &version.datasets {
        let columns = dataset.classification.iter().flat_map(|c| &c.columns);
        found.extend(
            columns
                .filter(|column| column.semantic.as_str() == BIOMETRIC)
                .map(|column| format!("{}.{}", dataset.id, column.name)),
        );
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::precondition(
        "BIOMETRIC_EVIDENCE_MISSING",
        format!(
            "biometric data was found in {}; declare it for {} with evidence of consent or of a law before it is processed",
            found.join(", "),
            library.name
        ),
    )
    .citing(law::PD_7_12)
    .with("field", "library.biometric"))
}

/// A release is published only when it is as the owner asks.
///
/// # Errors
/// Its smallest class is below the owner's least.
pub fn large_enough(library: &Library, measured_k: u64) -> Result<()> {
    let least = library.declared.access.min_k;
    if measured_k >= least {
        return Ok(());
    }
    Err(Error::precondition(
        "K_BELOW_RULE",
        format!(
            "the release has an equivalence class of {measured_k}; the rule of {} asks for at least {least}",
            library.name
        ),
    )
    .citing(law::AI_17_1))
}

/// Data that its owner declares as depersonalized holds nothing that identifies a person by itself.
///
/// # Errors
/// Intake found such columns.
pub fn depersonalized_by_owner(version: &Version) -> Result<()> {
    if !version.owner_depersonalized {
        return Ok(());
    }
    let mut found: Vec<String> = Vec::new();
    for dataset in &version.datasets {
        let columns = dataset.classification.iter().flat_map(|c| &c.columns);
        let direct = columns
            .filter(|column| column.semantic.is_direct() && column.semantic.as_str() != ROW_KEY);
        found.extend(direct.map(|column| {
            format!(
                "{}.{} ({})",
                dataset.id,
                column.name,
                column.semantic.as_str()
            )
        }));
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(Error::precondition(
        "NOT_DEPERSONALIZED",
        format!(
            "{} is declared as depersonalized by its owner, but holds what identifies persons: {}",
            version.name,
            found.join(", ")
        ),
    )
    .citing(law::PD_17_3))
}

/// Refuses when a run had to change data that its owner declares as depersonalized.
///
/// # Errors
/// Records were suppressed or values changed to reach what the profile asks.
pub fn unchanged<'a>(reports: impl Iterator<Item = &'a DatasetReport>) -> Result<()> {
    for report in reports {
        if report.suppressed_rows == 0
            && report.released_rows == report.input_rows
            && report.loss <= 0.0
        {
            continue;
        }
        return Err(Error::precondition(
            "NOT_DEPERSONALIZED",
            format!(
                "data set {} is declared as depersonalized by its owner, but does not hold what the profile asks: {} records had to be \
                 suppressed, and values changed with a loss of {:.4}; depersonalize it here, or declare a weaker profile",
                report.dataset, report.suppressed_rows, report.loss
            ),
        )
        .citing(law::PD_17_3));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use std::sync::OnceLock;

    use proptest::prelude::*;
    use sandyq_access::{
        Policies, UseGrant, UseQuestion, UseRule, UseSandbox, UseSystem, UseVersion,
    };

    use super::*;

    fn allowed(purpose: &str, declared: &str) -> bool {
        static POLICIES: OnceLock<Policies> = OnceLock::new();
        let (sandbox, version) = ("sandboxes/s", "libraries/l/versions/1");
        let question = UseQuestion {
            now: 1,
            sandbox: UseSandbox {
                name: sandbox.to_owned(),
                organization: "organizations/lab".to_owned(),
                state: "ACTIVE".to_owned(),
                stage: "TRAINING".to_owned(),
                expire_time: 3,
            },
            version: UseVersion {
                name: version.to_owned(),
                state: "PUBLISHED".to_owned(),
                organization: "organizations/agency".to_owned(),
                measured_k: 5,
            },
            requester: "users/d".to_owned(),
            training: false,
            system: UseSystem {
                state: "REGISTERED".to_owned(),
                risk: 1,
            },
            rule: UseRule::default(),
            purpose: purpose.to_owned(),
            grant: Some(UseGrant {
                name: "grants/g".to_owned(),
                state: "ACTIVE".to_owned(),
                sandbox: sandbox.to_owned(),
                version: version.to_owned(),
                purpose: purpose.to_owned(),
                expire_time: 2,
            }),
            library_purposes: vec![declared.to_owned()],
        };
        let policies = POLICIES.get_or_init(|| Policies::builtin().unwrap());
        policies.decide_use(&question).allowed
    }

    proptest! {
        // Around every limit: of parts, of their length, of the whole, and of what they begin with.
        #[test]
        fn what_can_be_granted_can_be_used(
            declared in "[a-z][a-z0-9_-]{0,64}(\\.[a-z0-9_-]{1,16}){0,12}",
            below in "(\\.[a-z0-9_-]{0,64}){0,3}",
        ) {
            let purpose = format!("{declared}{below}");
            let library = Library {
                name: "libraries/l".to_owned(),
                display_name: String::new(),
                description: String::new(),
                organization: "organizations/agency".to_owned(),
                purposes: vec![declared.clone()],
                versions: 1,
                published_version: None,
                two_approvals_lifted_by: None,
                declared: Declared::default(),
            };
            let vocabulary = Purposes::of(&declared);
            if lendable_purpose("grant.purpose", &purpose, &library, &vocabulary).is_ok() {
                prop_assert!(allowed(&purpose, &declared), "{purpose} below {declared}");
            }
        }
    }
}
