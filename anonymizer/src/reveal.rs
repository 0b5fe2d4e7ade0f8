//! Encrypted values turned back by the holder of the key.

use std::collections::HashSet;

use sandyq_replace::{Ff1Error, FormatPreserving};

use crate::parquet::{self, ParquetFault};
use crate::profile::{DatasetProfile, Replacement, Transform};
use crate::pseudonym::{PseudonymKey, Renewal};

/// Why a value cannot be turned back. No message quotes a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevealError {
    /// The column is not encrypted by the profile.
    #[error(
        "the profile does not encrypt column {column:?} of data set {dataset:?}; {}",
        if encrypted.is_empty() {
            "it encrypts none: only what is encrypted can be turned back".to_owned()
        } else {
            format!("it encrypts: {}", encrypted.join(", "))
        }
    )]
    NotEncrypted {
        /// The data set.
        dataset: String,
        /// The column that was named.
        column: String,
        /// The columns that could be.
        encrypted: Vec<String>,
    },
    /// The column is not encrypted in the release.
    #[error(
        "column {column:?} of the release is not encrypted; {}",
        if encrypted.is_empty() {
            "none is: only what is encrypted can be turned back".to_owned()
        } else {
            format!("these are: {}", encrypted.join(", "))
        }
    )]
    NotReleased {
        /// The column that was named.
        column: String,
        /// The columns that could be.
        encrypted: Vec<String>,
    },
    /// A value does not stand in the release.
    #[error("value {number} does not stand in this column of the release{}", if *in_sandbox { " as the sandbox sees it" } else { "" })]
    Foreign {
        /// Which of the values, from 1.
        number: usize,
        /// Asked about as the sandbox sees it.
        in_sandbox: bool,
    },
    /// The release cannot be read.
    #[error("the release cannot be read: it is truncated or damaged")]
    Release(#[from] ParquetFault),
    /// No encryption gives such a value.
    #[error("the value is none that this column was encrypted to")]
    Value(#[source] Ff1Error),
    /// The cipher could not be made.
    #[error("the cipher cannot be made")]
    Cipher(#[source] Ff1Error),
}

/// Turns the values of one encrypted column back (FF1 of NIST SP 800-38G, decryption).
#[derive(Debug)]
pub struct Reveal(FormatPreserving);

impl Reveal {
    /// For a column, as the profile of its release encrypted it under this key. Under another key, or for a release that was staged into
    /// a sandbox, what comes out is of the same format and wrong: format-preserving encryption leaves no room to tell.
    ///
    /// # Errors
    /// [`RevealError::NotEncrypted`] if the profile does something else with the column.
    pub fn new(
        dataset: &DatasetProfile,
        column: &str,
        key: &PseudonymKey,
    ) -> Result<Self, RevealError> {
        let rule = dataset.column(column).map(|rule| &rule.transform);
        let Some(Transform::Replace(Replacement::Encrypt { alphabet, domain })) = rule else {
            let encrypted = dataset.columns().filter(|(_, rule)| {
                matches!(
                    rule.transform,
                    Transform::Replace(Replacement::Encrypt { .. })
                )
            });
            return Err(RevealError::NotEncrypted {
                dataset: dataset.name().to_owned(),
                column: column.to_owned(),
                encrypted: encrypted.map(|(name, _)| name.to_owned()).collect(),
            });
        };
        FormatPreserving::new(&key.project(), domain, *alphabet)
            .map(Self)
            .map_err(RevealError::Cipher)
    }

    /// The value that was encrypted.
    ///
    /// # Errors
    /// [`RevealError::Value`] for what the encryption cannot have made.
    pub fn value(&self, encrypted: &str) -> Result<String, RevealError> {
        self.0.decrypt(encrypted).map_err(RevealError::Value)
    }
}

/// Turns back values of an encrypted column of a release (a Parquet file of ours), as the release holds them or, where a sandbox's key
/// is given, as jobs of that sandbox see them. Only what stands in the release is turned back, so that the key opens nobody's values
/// but those of its people; one value that does not refuses all.
///
/// # Errors
/// [`RevealError::NotReleased`], [`RevealError::Foreign`], or the release is damaged.
pub fn reveal_released(
    release: &[u8],
    column: &str,
    values: &[String],
    key: &PseudonymKey,
    sandbox: Option<&PseudonymKey>,
) -> Result<Vec<String>, RevealError> {
    let renewals = parquet::renewals(&parquet::footer(release)?)?;
    let encrypted = renewals.iter().filter_map(|(name, renewal)| match renewal {
        Renewal::Encrypted { alphabet, domain } => Some((name, *alphabet, domain)),
        _ => None,
    });
    let Some((name, alphabet, domain)) = encrypted.clone().find(|(name, ..)| *name == column)
    else {
        return Err(RevealError::NotReleased {
            column: column.to_owned(),
            encrypted: encrypted.map(|(name, ..)| name.clone()).collect(),
        });
    };
    let cipher = |key: &PseudonymKey| {
        FormatPreserving::new(&key.project(), domain, alphabet).map_err(RevealError::Cipher)
    };
    let (ours, theirs) = (cipher(key)?, sandbox.map(cipher).transpose()?);
    let cells = parquet::decode_column(release, name)?;
    let cells = cells
        .str()
        .map_err(|error| ParquetFault::Refused(error.to_string()))?;
    let held: HashSet<&str> = cells.iter().flatten().collect();
    let turned = values.iter().enumerate().map(|(at, value)| {
        let foreign = || RevealError::Foreign {
            number: at + 1,
            in_sandbox: sandbox.is_some(),
        };
        let value = match &theirs {
            Some(theirs) => theirs.decrypt(value).map_err(|_| foreign())?,
            None => value.clone(),
        };
        if !held.contains(value.as_str()) {
            return Err(foreign());
        }
        ours.decrypt(&value).map_err(RevealError::Value)
    });
    turned.collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;
    use crate::profile::Profile;
    use crate::{Encoding, Format, Limits, Work, cancel::Cancel, intake};

    const PROFILE: &str = "version = 1\nprivacy.k = 2\n\
        [datasets.people.columns.iin]\nrole = \"direct\"\ntransform = \"encrypt\"\nalphabet = \"digits\"\n\
        [datasets.people.columns.age]\nrole = \"insensitive\"\n";

    /// A release of two people under the key of sevens.
    fn release() -> crate::Output {
        let profile = Profile::parse(PROFILE).unwrap();
        let dataset = profile.dataset("people").unwrap();
        let format = Format::Csv {
            delimiter: None,
            encoding: Encoding::Utf8,
        };
        let text = "iin,age\n900101300017,36\n850615400125,41\n";
        let table = intake::read("people", text.as_bytes(), &format, &Limits::default()).unwrap();
        let hierarchies = crate::Hierarchies::new();
        let work = Work::new(&table, dataset, &hierarchies, None).unwrap();
        let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
        let key = PseudonymKey::new([7; 32]);
        work.execute(&plan, &key, &Cancel::new(), &mut |_| {})
            .unwrap()
    }

    #[test]
    fn what_a_release_holds_is_turned_back_under_its_key_alone() {
        let profile = Profile::parse(PROFILE).unwrap();
        let dataset = profile.dataset("people").unwrap();
        let mut csv = Vec::new();
        release().write_csv(&mut csv, b',', &Cancel::new()).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        let released: Vec<&str> = csv
            .lines()
            .skip(1)
            .map(|line| line.split_once(',').unwrap().0)
            .collect();
        assert!(!csv.contains("900101300017") && !csv.contains("850615400125"));
        let reveal = Reveal::new(dataset, "iin", &PseudonymKey::new([7; 32])).unwrap();
        let mut values: Vec<String> = released
            .iter()
            .map(|value| reveal.value(value).unwrap())
            .collect();
        values.sort_unstable();
        assert_eq!(values, ["850615400125", "900101300017"]);
        let other = Reveal::new(dataset, "iin", &PseudonymKey::new([8; 32])).unwrap();
        assert!(!values.contains(&other.value(released[0]).unwrap()));
    }

    #[test]
    fn what_is_not_encrypted_is_refused_without_its_value() {
        let profile = Profile::parse(PROFILE).unwrap();
        let dataset = profile.dataset("people").unwrap();
        let key = PseudonymKey::new([7; 32]);
        let error = Reveal::new(dataset, "age", &key).unwrap_err().to_string();
        assert!(error.contains("it encrypts: iin"), "{error}");
        let error = Reveal::new(dataset, "iin", &key)
            .unwrap()
            .value("87x51")
            .unwrap_err();
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("character 3"), "{source}");
        assert!(!format!("{error}{source}").contains("87x51"));
    }

    fn cells(release: &[u8]) -> Vec<String> {
        let column = parquet::decode_column(release, "iin").unwrap();
        column
            .str()
            .unwrap()
            .iter()
            .map(|cell| cell.unwrap().to_owned())
            .collect()
    }

    #[test]
    fn only_what_stands_in_a_release_is_turned_back_also_as_a_sandbox_sees_it() {
        let (key, sandbox) = (PseudonymKey::new([7; 32]), PseudonymKey::new([9; 32]));
        let output = release();
        let mut release = Vec::new();
        output.write_parquet(&mut release, &Cancel::new()).unwrap();
        let staged = crate::rekey(&release, &["iin"], &sandbox).unwrap();
        let (ours, theirs) = (cells(&release), cells(&staged));
        assert!(ours.iter().all(|value| !theirs.contains(value)));
        for (values, layer) in [(&ours, None), (&theirs, Some(&sandbox))] {
            let mut people = reveal_released(&release, "iin", values, &key, layer).unwrap();
            people.sort_unstable();
            assert_eq!(people, ["850615400125", "900101300017"]);
        }
        let foreign = ["123456789012".to_owned()];
        for (values, layer) in [
            (&theirs[..], None),
            (&ours[..], Some(&sandbox)),
            (&foreign[..], None),
            (&foreign[..], Some(&sandbox)),
        ] {
            let refused = reveal_released(&release, "iin", values, &key, layer).unwrap_err();
            assert!(
                matches!(refused, RevealError::Foreign { number: 1, .. }),
                "{refused}"
            );
            assert!(!refused.to_string().contains(&values[0]));
        }
        let refused = reveal_released(&release, "age", &ours, &key, None).unwrap_err();
        assert!(refused.to_string().ends_with("these are: iin"), "{refused}");
    }
}
