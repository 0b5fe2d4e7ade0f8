//! What a released table has lost, by the metrics of the field.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::classes::Classes;
use crate::hierarchy::Hierarchy;
use crate::input::SUPPRESSED;

/// How general the released values of a quasi-identifier are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scale {
    /// |D|: leaves of the hierarchy, or different values where there is none.
    pub domain: u64,
    /// The highest level.
    pub height: u32,
    /// The grade of each value that the hierarchy has; `None` where there is no hierarchy.
    grades: Option<HashMap<String, Grade>>,
}

/// How general one value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grade {
    /// Leaves under it.
    pub leaves: u64,
    /// Its level, 0 for a leaf.
    pub level: u32,
}

impl Scale {
    /// Of a column without a hierarchy that has so many different values.
    pub(crate) fn flat(domain: u64) -> Self {
        Self {
            domain,
            height: 1,
            ..Self::default()
        }
    }

    /// Of a column with a hierarchy. A value that stands on several levels counts on the lowest of `levels`.
    pub(crate) fn of(hierarchy: &Hierarchy, levels: impl Iterator<Item = usize>) -> Self {
        let mut grades: HashMap<String, Grade> = HashMap::new();
        for level in levels {
            let mut leaves: HashMap<&str, u64> = HashMap::new();
            for value in hierarchy.generalized(level) {
                *leaves.entry(value).or_default() += 1;
            }
            for (value, leaves) in leaves {
                let level = level as u32;
                grades
                    .entry(value.to_owned())
                    .or_insert(Grade { leaves, level });
            }
        }
        Self {
            domain: hierarchy.len() as u64,
            height: (hierarchy.levels() as u32).saturating_sub(1),
            grades: Some(grades),
        }
    }

    /// How general a value is; `None` for a value that the hierarchy does not have. A missing value is as exact as a leaf, `*` covers all.
    pub(crate) fn grade(&self, value: Option<&str>) -> Option<Grade> {
        let exact = Grade {
            leaves: 1,
            level: 0,
        };
        match (value, &self.grades) {
            (Some(SUPPRESSED), _) => Some(Grade {
                leaves: self.domain,
                level: self.height,
            }),
            (None, _) | (Some(_), None) => Some(exact),
            (Some(value), Some(grades)) => grades.get(value).copied(),
        }
    }
}

/// What a released table has lost. Everything counts the suppressed records too, and is lower for the better table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Utility {
    /// prod(Loss_j + 1)^(1/n) - 1, each factor to the power of its weight.
    pub geometric_loss: f64,
    /// The weighted mean of Loss_j.
    pub arithmetic_loss: f64,
    /// The sum of squared class sizes, a suppressed record counting all rows (Bayardo, Agrawal 2005).
    pub discernibility: f64,
    /// Rows by classes, suppressed records being one (LeFevre, DeWitt, Ramakrishnan 2006, before the division by k).
    pub average_class_size: f64,
    /// 1 - Prec: the mean over cells of level / highest level (Sweeney 2002).
    pub precision_loss: f64,
    /// The information lost about the original values, as a share of all of it (Gionis, Tassa 2009); `None` without the
    /// original table.
    pub non_uniform_entropy: Option<f64>,
    /// For each quasi-identifier.
    pub attributes: Vec<AttributeUtility>,
}

/// What one quasi-identifier has lost, each 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttributeUtility {
    /// The column.
    pub column: String,
    /// ARX's Loss: the mean over records of leaves / |D|, a suppressed record counting 1, scaled from [1/|D|, 1] to [0, 1].
    pub loss: f64,
    /// The mean over records of level / highest level.
    pub precision_loss: f64,
    /// The information lost, as a share; `None` without the original table.
    pub non_uniform_entropy: Option<f64>,
}

/// One quasi-identifier of the table that is measured.
#[derive(Clone, Debug)]
pub(crate) struct Measured<'a> {
    pub column: &'a str,
    /// Its weight among the others.
    pub weight: f64,
    pub domain: u64,
    pub height: u32,
    /// How general each released value is, by code.
    pub grades: &'a [Grade],
    /// What the original table tells about the values.
    pub originals: Option<&'a Originals>,
}

/// How often the original table has the values of a quasi-identifier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Originals {
    /// Rows of each original value.
    pub all: Vec<u64>,
    /// For each released value, by code, the rows of the original values under it.
    pub under: Vec<Vec<u64>>,
}

/// Measures the released classes; `suppressed` records count as lost altogether.
pub(crate) fn utility(classes: &Classes, suppressed: u64, attributes: &[Measured<'_>]) -> Utility {
    let rows = classes.rows() + suppressed;
    let attributes: Vec<(AttributeUtility, f64)> = attributes
        .iter()
        .enumerate()
        .map(|(place, attribute)| {
            let measured = of_attribute(classes, suppressed, place, attribute);
            (measured, attribute.weight)
        })
        .collect();
    let weights = attributes.iter().map(|(_, weight)| weight).sum::<f64>();
    let mean = |of: &dyn Fn(&AttributeUtility) -> f64| match weights > 0.0 {
        true => attributes.iter().map(|(a, w)| w * of(a)).sum::<f64>() / weights,
        false => 0.0,
    };
    let squares: f64 = classes
        .sizes
        .iter()
        .map(|size| (*size as f64).powi(2))
        .sum();
    let groups = classes.len() as u64 + u64::from(suppressed > 0);
    let entropies: Option<Vec<f64>> = attributes
        .iter()
        .map(|(attribute, _)| attribute.non_uniform_entropy)
        .collect();
    Utility {
        geometric_loss: mean(&|a| a.loss.ln_1p()).exp_m1(),
        arithmetic_loss: mean(&|a| a.loss),
        discernibility: squares + suppressed as f64 * rows as f64,
        average_class_size: rows as f64 / groups.max(1) as f64,
        precision_loss: mean(&|a| a.precision_loss),
        non_uniform_entropy: entropies
            .map(|all| all.iter().sum::<f64>() / (all.len().max(1)) as f64),
        attributes: attributes.into_iter().map(|(a, _)| a).collect(),
    }
}

fn of_attribute(
    classes: &Classes,
    suppressed: u64,
    place: usize,
    attribute: &Measured<'_>,
) -> AttributeUtility {
    let mut counts = vec![0_u64; attribute.grades.len()];
    for (key, rows) in classes.iter() {
        let count = key
            .get(place)
            .and_then(|code| counts.get_mut(*code as usize));
        if let Some(count) = count {
            *count += rows;
        }
    }
    let rows = (classes.rows() + suppressed).max(1) as f64;
    let mean = |of: &dyn Fn(&Grade) -> f64| {
        let graded = counts.iter().zip(attribute.grades);
        let sum: f64 = graded.map(|(count, grade)| *count as f64 * of(grade)).sum();
        (sum + suppressed as f64) / rows
    };
    let domain = attribute.domain as f64;
    let least = 1.0 / domain;
    let loss = match attribute.domain {
        0 | 1 => 0.0,
        _ => (mean(&|grade| grade.leaves as f64 / domain) - least) / (1.0 - least),
    };
    let height = f64::from(attribute.height.max(1));
    AttributeUtility {
        column: attribute.column.to_owned(),
        loss,
        precision_loss: mean(&|grade| f64::from(grade.level) / height),
        non_uniform_entropy: attribute
            .originals
            .map(|originals| lost_information(&counts, suppressed, originals)),
    }
}

/// The mean bits that are needed to tell the original value from the released one, by the frequencies of the original table, as a
/// share of the bits that are needed when nothing is known.
fn lost_information(counts: &[u64], suppressed: u64, originals: &Originals) -> f64 {
    let everything = entropy(&originals.all);
    if everything == 0.0 {
        return 0.0;
    }
    let bits: f64 = counts
        .iter()
        .zip(&originals.under)
        .filter(|(count, _)| **count > 0)
        .map(|(count, under)| *count as f64 * entropy(under))
        .sum();
    let rows = counts.iter().sum::<u64>() + suppressed;
    (bits + suppressed as f64 * everything) / (rows.max(1) as f64 * everything)
}

/// Entropy in bits of counts.
fn entropy(counts: &[u64]) -> f64 {
    let sum = counts.iter().sum::<u64>() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let p = *count as f64 / sum;
            -p * p.log2()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::super::classes::Counter;
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    #[test]
    fn values_are_graded_on_any_level() {
        let text = "20;20-29;*\n21;20-29;*\n30;30-39;*\n31;31;*\n";
        let hierarchy = Hierarchy::parse("age", text.as_bytes()).unwrap();
        let scale = Scale::of(&hierarchy, 0..3);
        let grade = |leaves, level| Some(Grade { leaves, level });
        assert_eq!((scale.domain, scale.height), (4, 2));
        assert_eq!(scale.grade(Some("20")), grade(1, 0));
        assert_eq!(scale.grade(Some("20-29")), grade(2, 1));
        assert_eq!(scale.grade(Some("30-39")), grade(1, 1));
        assert_eq!(scale.grade(Some("31")), grade(1, 0));
        assert_eq!(scale.grade(Some("*")), grade(4, 2));
        assert_eq!(scale.grade(None), grade(1, 0));
        assert_eq!(scale.grade(Some("40")), None);
        assert_eq!(Scale::flat(7).grade(Some("40")), grade(1, 0));
        assert_eq!(Scale::flat(7).grade(Some("*")), grade(7, 1));
        assert_eq!(
            Scale::of(&hierarchy, 0..2).grade(Some("20-29")),
            grade(2, 1)
        );
    }

    /// Two columns: one of two leaves that is kept, one of four of which half the rows stand at pairs. One of five rows is suppressed.
    #[test]
    fn metrics_by_hand() {
        let mut counter = Counter::new(2, 0);
        counter.add(&[0, 0], &[], 2);
        counter.add(&[1, 1], &[], 2);
        let classes = counter.finish();
        let grade = |leaves, level| Grade { leaves, level };
        let kept = [grade(1, 0), grade(1, 0)];
        let mixed = [grade(1, 0), grade(2, 1)];
        let originals = Originals {
            all: vec![2, 1, 1, 1],
            under: vec![vec![2], vec![1, 1]],
        };
        let column = |column, domain, height, grades, originals, weight| Measured {
            column,
            weight,
            domain,
            height,
            grades,
            originals,
        };
        let columns = [
            column("a", 2, 1, &kept[..], None, 1.0),
            column("b", 4, 2, &mixed[..], Some(&originals), 3.0),
        ];
        let found = utility(&classes, 1, &columns);
        // a: (4 · ½ + 1) / 5 = .6, scaled (.6 - .5) / .5; b: (2 · ¼ + 2 · ½ + 1) / 5 = .5, scaled (.5 - .25) / .75.
        close(found.attributes[0].loss, 0.2);
        close(found.attributes[1].loss, 1.0 / 3.0);
        close(found.arithmetic_loss, (0.2 + 1.0) / 4.0);
        close(
            found.geometric_loss,
            (1.2 * (4.0_f64 / 3.0).powi(3)).powf(0.25) - 1.0,
        );
        close(found.discernibility, 4.0 + 4.0 + 5.0);
        close(found.average_class_size, 5.0 / 3.0);
        close(found.attributes[0].precision_loss, 0.2);
        close(found.attributes[1].precision_loss, 2.0 / 5.0);
        // A pair of equally many costs a bit, a suppressed record all of the column's entropy.
        let all: f64 = [0.4_f64, 0.2, 0.2, 0.2].iter().map(|p| -p * p.log2()).sum();
        close(
            found.attributes[1].non_uniform_entropy.unwrap(),
            (2.0 + all) / 5.0 / all,
        );
        assert_eq!(found.non_uniform_entropy, None);
    }

    #[test]
    fn a_table_without_rows_columns_or_variety_loses_nothing() {
        let none = utility(&Classes::default(), 0, &[]);
        assert_eq!((none.geometric_loss, none.average_class_size), (0.0, 0.0));
        let mut counter = Counter::new(1, 0);
        counter.add(&[0], &[], 3);
        let grades = [Grade {
            leaves: 1,
            level: 0,
        }];
        let single = Measured {
            column: "a",
            weight: 1.0,
            domain: 1,
            height: 0,
            grades: &grades,
            originals: None,
        };
        let found = utility(&counter.finish(), 0, &[single]);
        assert_eq!((found.arithmetic_loss, found.precision_loss), (0.0, 0.0));
        let all = utility(&Classes::default(), 3, &[]);
        assert_eq!((all.discernibility, all.average_class_size), (9.0, 3.0));
    }
}
