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
    /// The mean over records.
    pub average: f64,
    /// Records whose risk is above 0.09.
    pub records_above_0_09: u64,
    /// Records whose risk is above 0.20.
    pub records_above_0_20: u64,
}

/// The risk of records to each attacker (El Emam, Dankar 2008). Suppressed records have none and do not count.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Risks {
    /// An attacker who knows that the person is in the table: 1/f, for f rows of the class.
    pub prosecutor: AttackerRisk,
    /// An attacker who does not: 1/F, for F people of the population. `None` without a population.
    pub journalist: Option<AttackerRisk>,
    /// An attacker who wants as many as possible: the share found of all records, the mean over records of 1/F, or of 1/f without
    /// a population.
    pub marketer: f64,
}

/// From the rows of each class and, where the population is known, its people.
pub(crate) fn risks(sizes: &[u64], people: Option<&[u64]>) -> Risks {
    let prosecutor = attacker(sizes.iter().map(|size| (*size, *size)));
    let journalist =
        people.map(|people| attacker(sizes.iter().copied().zip(people.iter().copied())));
    Risks {
        prosecutor,
        journalist,
        marketer: journalist.unwrap_or(prosecutor).average,
    }
}

/// From the rows of each class and the number of people among whom a record of it is looked for. A class of which the population knows
/// nobody cannot hide anyone.
fn attacker(classes: impl Iterator<Item = (u64, u64)>) -> AttackerRisk {
    let (mut highest, mut sum, mut records) = (0.0_f64, 0.0, 0);
    let (mut low, mut high) = (0, 0);
    for (rows, people) in classes {
        let risk = 1.0 / people.max(1) as f64;
        highest = highest.max(risk);
        sum += rows as f64 * risk;
        records += rows;
        low += if risk > LOW { rows } else { 0 };
        high += if risk > HIGH { rows } else { 0 };
    }
    AttackerRisk {
        highest,
        average: if records == 0 {
            0.0
        } else {
            sum / records as f64
        },
        records_above_0_09: low,
        records_above_0_20: high,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn risks_by_hand() {
        let risks = risks(&[5, 2, 12], Some(&[10, 0, 24]));
        assert_eq!(risks.prosecutor.highest, 0.5);
        assert!((risks.prosecutor.average - 3.0 / 19.0).abs() < 1e-12);
        // 1/5 is not above 0.20; 1/12 is not above 0.09.
        assert_eq!(risks.prosecutor.records_above_0_20, 2);
        assert_eq!(risks.prosecutor.records_above_0_09, 7);
        let journalist = risks.journalist.unwrap();
        assert_eq!(journalist.highest, 1.0);
        let mean = (5.0 / 10.0 + 2.0 + 12.0 / 24.0) / 19.0;
        assert!((journalist.average - mean).abs() < 1e-12);
        assert_eq!(risks.marketer, journalist.average);
        let alone = super::risks(&[4], None);
        assert_eq!((alone.journalist, alone.marketer), (None, 0.25));
        assert_eq!(super::risks(&[], None).prosecutor.highest, 0.0);
    }
}
