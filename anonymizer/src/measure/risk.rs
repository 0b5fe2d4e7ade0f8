//! The risk that a record is found again, for the three attackers of El Emam and Dankar.

use serde::{Deserialize, Serialize};

/// The usual threshold for data that goes to known recipients.
pub(crate) const LOW: f64 = 0.09;

/// The usual threshold of guidance for public health data.
pub(crate) const HIGH: f64 = 0.2;

/// The risk of records to one attacker, who finds a record of a class of n people with probability 1/n.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttackerRisk {
    /// Of the record most at risk.
    pub highest: f64,
    /// Of all records together: the mean over records, or, where people are more than records, the larger of it and classes / people.
    pub average: f64,
    /// Records whose risk is above 0.09.
    pub records_above_0_09: u64,
    /// Records whose risk is above 0.20.
    pub records_above_0_20: u64,
    /// Records by the number of people among whom they are looked for, in the ranges that begin at [`AMONG`].
    pub records_among: [u64; AMONG.len()],
}

/// Where the ranges of people begin among whom a record is looked for: 1, 2, 3 to 4, 5 to 11 (a risk of at most 0.20), 12 to 49 (of at
/// most 0.09), and so on. The last has no end.
pub const AMONG: [u64; 8] = [1, 2, 3, 5, 12, 50, 100, 500];

/// The risk of records to each attacker (El Emam, Dankar 2008). Suppressed records have none and do not count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Risks {
    /// An attacker who knows that the person is in the table: 1/f, for f rows of the class.
    pub prosecutor: AttackerRisk,
    /// An attacker who does not: 1/F, for F people of the population. `None` without a population.
    pub journalist: Option<AttackerRisk>,
    /// An attacker who wants as many as possible: the share of all records that is found, Σ f/F over classes by records; with f for F
    /// if there is no population.
    pub marketer: f64,
}

/// From the rows of each class, the rows that an attacker must take for candidates, and, where the population is known, its people, who are
/// never fewer than the rows.
pub(crate) fn risks(sizes: &[u64], candidates: &[u64], people: Option<&[u64]>) -> Risks {
    let pairs = sizes.iter().zip(candidates);
    let alone: Vec<(u64, u64)> = pairs.map(|(rows, among)| (*rows, *among)).collect();
    let among = people.map(|people| {
        let pairs = sizes.iter().zip(people);
        pairs
            .map(|(rows, people)| (*rows, *people.max(rows)))
            .collect::<Vec<_>>()
    });
    Risks {
        prosecutor: AttackerRisk {
            average: found(&alone),
            ..attacker(&alone)
        },
        journalist: among.as_deref().map(attacker),
        marketer: found(among.as_deref().unwrap_or(&alone)),
    }
}

/// From the rows of each class and the number of people among whom a record of it is looked for.
fn attacker(classes: &[(u64, u64)]) -> AttackerRisk {
    let people: u64 = classes.iter().map(|(_, people)| people).sum();
    let risk = |people: u64| 1.0 / people as f64;
    let above = |threshold: f64| {
        let risky = classes
            .iter()
            .filter(|(_, people)| risk(*people) > threshold);
        risky.map(|(rows, _)| rows).sum()
    };
    AttackerRisk {
        highest: classes
            .iter()
            .map(|(_, people)| risk(*people))
            .fold(0.0, f64::max),
        average: found(classes).max(classes.len() as f64 / people.max(1) as f64),
        records_above_0_09: above(LOW),
        records_above_0_20: above(HIGH),
        records_among: among(classes),
    }
}

fn among(classes: &[(u64, u64)]) -> [u64; AMONG.len()] {
    let mut records = [0; AMONG.len()];
    for (rows, people) in classes {
        let range = AMONG.partition_point(|first| first <= people);
        if let Some(sum) = records.get_mut(range.saturating_sub(1)) {
            *sum += rows;
        }
    }
    records
}

/// The mean over records of 1 / people of the class.
fn found(classes: &[(u64, u64)]) -> f64 {
    let shares = classes
        .iter()
        .map(|(rows, people)| *rows as f64 / *people as f64);
    let records: u64 = classes.iter().map(|(rows, _)| rows).sum();
    shares.sum::<f64>() / records.max(1) as f64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn risks_by_hand() {
        let risks = risks(&[5, 2, 12], &[5, 2, 12], Some(&[10, 0, 24]));
        assert_eq!(risks.prosecutor.highest, 0.5);
        assert!((risks.prosecutor.average - 3.0 / 19.0).abs() < 1e-12);
        // 1/5 is not above 0.20; 1/12 is not above 0.09.
        assert_eq!(risks.prosecutor.records_above_0_20, 2);
        assert_eq!(risks.prosecutor.records_above_0_09, 7);
        assert_eq!(risks.prosecutor.records_among, [0, 2, 0, 5, 12, 0, 0, 0]);
        // A population that does not know the two records of a class has at least these two.
        let journalist = risks.journalist.unwrap();
        assert_eq!(journalist.highest, 0.5);
        let mean = (5.0 / 10.0 + 2.0 / 2.0 + 12.0 / 24.0) / 19.0;
        assert!((journalist.average - mean).abs() < 1e-12);
        assert!((risks.marketer - mean).abs() < 1e-12);
        assert_eq!(journalist.records_above_0_09, 7);
        // Classes by people may be more than the mean over records.
        let uneven = super::risks(&[1, 9], &[1, 9], Some(&[1, 900]))
            .journalist
            .unwrap();
        assert!((uneven.average - (1.0 + 0.01) / 10.0).abs() < 1e-12);
        let even = super::risks(&[1, 9], &[1, 9], Some(&[10, 9]))
            .journalist
            .unwrap();
        assert!((even.average - (0.1 + 1.0) / 10.0).abs() < 1e-12);
        let mixed = super::risks(&[1, 99], &[1, 99], Some(&[10, 100]))
            .journalist
            .unwrap();
        assert!((mixed.average - 2.0 / 110.0).abs() < 1e-12);
        // Two rows that others might be hidden behind missing values.
        let hidden = super::risks(&[1, 3], &[4, 3], None).prosecutor;
        assert_eq!(hidden.highest, 1.0 / 3.0);
        assert!((hidden.average - (0.25 + 1.0) / 4.0).abs() < 1e-12);
        let alone = super::risks(&[4], &[4], None);
        assert_eq!((alone.journalist, alone.marketer), (None, 0.25));
        assert_eq!(super::risks(&[], &[], None).prosecutor.highest, 0.0);
        assert_eq!(super::risks(&[], &[], None).marketer, 0.0);
    }
}
