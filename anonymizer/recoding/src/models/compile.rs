//! Making models ready for a problem.

use super::attribute::AttributeModels;
use super::closeness::{Closeness, Shape};
use super::{Averages, Distance, Model, ModelError, Models, Monotony, TOLERANCE};
use crate::problem::{Problem, Sensitive};

/// Beyond it, products of two counts would leave what a double holds with room to spare.
const MAX_ROWS: u64 = 1 << 31;

impl Models {
    /// Makes models ready for a problem, which has passed [`Problem::check`].
    ///
    /// # Errors
    /// The first model that does not fit the problem.
    pub fn new(models: &[Model], problem: &Problem) -> Result<Self, ModelError> {
        let rows = problem.rows();
        if rows > MAX_ROWS {
            return Err(ModelError::TooManyRows {
                rows,
                max: MAX_ROWS,
            });
        }
        let mut ready = Self::empty(problem);
        for model in models {
            ready.add(model, problem)?;
        }
        for models in &ready.attributes {
            ready.min_rows = ready.min_rows.max(models.fewest_rows());
        }
        Ok(ready)
    }

    fn empty(problem: &Problem) -> Self {
        let mut width = 0;
        let mut offset = |sensitive: &Sensitive| {
            let offset = width;
            width += sensitive.values;
            offset
        };
        let offsets = problem.sensitive.iter().map(&mut offset).collect();
        Self {
            min_rows: 1,
            min_people: 0,
            presence: None,
            attributes: Vec::new(),
            offsets,
            width: width as usize,
            averages: Averages {
                prosecutor: 1.0,
                journalist: 1.0,
                marketer: 1.0,
            },
            needs_population: false,
            monotony: Monotony::Upward,
        }
    }

    fn add(&mut self, model: &Model, problem: &Problem) -> Result<(), ModelError> {
        let averages = &mut self.averages;
        match *model {
            Model::KAnonymity { k } => {
                self.min_rows = self.min_rows.max(at_least_one("k", k)?);
            }
            Model::ProsecutorHighest { risk } => {
                self.min_rows = self.min_rows.max(inverse(risk)?);
            }
            Model::ProsecutorAverage { risk } => {
                averages.prosecutor = averages.prosecutor.min(checked_risk(risk)?);
            }
            Model::KMap { k } => {
                self.people("k-map", problem)?;
                self.min_people = self.min_people.max(at_least_one("k of k-map", k)?);
            }
            Model::JournalistHighest { risk } => {
                self.people("the journalist's highest risk", problem)?;
                self.min_people = self.min_people.max(inverse(risk)?);
            }
            Model::JournalistAverage { risk } => {
                averages.journalist = averages.journalist.min(checked_risk(risk)?);
                self.people("the journalist's average risk", problem)?;
            }
            Model::Marketer { risk } => {
                averages.marketer = averages.marketer.min(checked_risk(risk)?);
                self.people("the marketer's risk", problem)?;
            }
            Model::DeltaPresence { min, max } => {
                self.people("delta-presence", problem)?;
                share("min of delta-presence", min)?;
                share("max of delta-presence", max)?;
                if min > max {
                    return Err(parameter("min of delta-presence", min, "at most max"));
                }
                let (least, most) = self.presence.unwrap_or((0.0, 1.0));
                self.presence = Some((least.max(min), most.min(max)));
            }
            _ => self.add_sensitive(model, problem)?,
        }
        let on_table = matches!(
            model,
            Model::ProsecutorAverage { .. }
                | Model::JournalistAverage { .. }
                | Model::Marketer { .. }
        );
        if !on_table {
            self.monotony = self.monotony.min(model.monotony());
        }
        Ok(())
    }

    fn people(&mut self, what: &'static str, problem: &Problem) -> Result<(), ModelError> {
        self.needs_population = true;
        match problem.population {
            Some(_) => Ok(()),
            None => Err(ModelError::NoPopulation { what }),
        }
    }

    fn add_sensitive(&mut self, model: &Model, problem: &Problem) -> Result<(), ModelError> {
        let attribute = model.attribute().unwrap_or_default();
        let sensitive = problem
            .sensitive
            .get(attribute)
            .ok_or(ModelError::Attribute {
                attribute,
                known: problem.sensitive.len(),
            })?;
        let offset = self.offset(attribute) as usize;
        let place = self.attributes.iter().position(|m| m.offset == offset);
        let place = place.unwrap_or_else(|| {
            self.attributes
                .push(AttributeModels::none(offset, sensitive.values as usize));
            self.attributes.len() - 1
        });
        match self.attributes.get_mut(place) {
            Some(models) => models.add(model, attribute, sensitive),
            None => Ok(()),
        }
    }
}

impl AttributeModels {
    fn none(offset: usize, values: usize) -> Self {
        Self {
            offset,
            values,
            distinct: 1,
            entropy: None,
            recursive: Vec::new(),
            closeness: Vec::new(),
            bounds: None,
        }
    }

    fn add(
        &mut self,
        model: &Model,
        attribute: usize,
        sensitive: &Sensitive,
    ) -> Result<(), ModelError> {
        let values = sensitive.totals.iter().filter(|total| **total > 0).count();
        let diversity = |what, l: f64| {
            if l <= values as f64 + TOLERANCE {
                return Ok(());
            }
            Err(ModelError::Diversity {
                what,
                attribute,
                l,
                values,
            })
        };
        match *model {
            Model::DistinctDiversity { l, .. } => {
                at_least_one("l of distinct diversity", u64::from(l))?;
                diversity("distinct diversity", f64::from(l))?;
                self.distinct = self.distinct.max(l);
            }
            Model::EntropyDiversity { l, .. } => {
                if !(l.is_finite() && l >= 1.0) {
                    return Err(parameter("l of entropy diversity", l, "a number from 1"));
                }
                diversity("entropy diversity", l)?;
                // An entropy of log(l) takes l values.
                self.distinct = self.distinct.max((l - 1e-6).ceil() as u32);
                self.entropy = Some(self.entropy.map_or(l.ln(), |known| known.max(l.ln())));
            }
            Model::RecursiveDiversity { c, l, .. } => {
                at_least_one("l of recursive diversity", u64::from(l))?;
                positive("c of recursive diversity", c)?;
                diversity("recursive diversity", f64::from(l))?;
                self.distinct = self.distinct.max(l);
                self.recursive.push((c, l));
            }
            Model::TCloseness { t, distance, .. } => {
                share("t of t-closeness", t)?;
                self.closeness
                    .push(Closeness::new(t, distance, attribute, sensitive)?);
            }
            Model::DeltaDisclosure { delta, .. } => {
                positive("delta of delta-disclosure privacy", delta)?;
                // Both bounds are themselves refused.
                let (least, most) = (
                    (-delta).exp2() * (1.0 + TOLERANCE),
                    delta.exp2() * (1.0 - TOLERANCE),
                );
                self.bound(sensitive, |q| (q * least, q * most));
            }
            Model::BasicBeta { beta, .. } => {
                positive("beta of beta-likeness", beta)?;
                self.bound(sensitive, |q| (0.0, q * (1.0 + beta) * (1.0 + TOLERANCE)));
            }
            Model::EnhancedBeta { beta, .. } => {
                positive("beta of beta-likeness", beta)?;
                self.bound(sensitive, |q| {
                    (0.0, q * (1.0 + beta.min(-q.ln())) * (1.0 + TOLERANCE))
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn bound(&mut self, sensitive: &Sensitive, of: impl Fn(f64) -> (f64, f64)) {
        let rows: u64 = sensitive.totals.iter().sum();
        let bounds = self
            .bounds
            .get_or_insert_with(|| vec![(0.0, f64::INFINITY); self.values]);
        for ((lower, upper), total) in bounds.iter_mut().zip(&sensitive.totals) {
            let (least, most) = of(*total as f64 / rows.max(1) as f64);
            *lower = lower.max(least);
            // A value that the table does not have must not turn up in a class: its bound may be no number.
            *upper = upper.min(if most.is_finite() { most } else { 0.0 });
        }
    }

    /// Rows without which no class can pass.
    fn fewest_rows(&self) -> u64 {
        let close = self.closeness.iter().map(Closeness::fewest_rows);
        close.max().unwrap_or(1).max(u64::from(self.distinct))
    }
}

impl Closeness {
    fn new(
        t: f64,
        distance: Distance,
        attribute: usize,
        sensitive: &Sensitive,
    ) -> Result<Self, ModelError> {
        let totals: Vec<f64> = sensitive.totals.iter().map(|total| *total as f64).collect();
        let shape = match distance {
            Distance::Equal => Shape::Equal,
            Distance::Hierarchical => {
                Shape::Hierarchical(levels(sensitive).ok_or(ModelError::NoHierarchy { attribute })?)
            }
            Distance::Ordered => {
                let places = places(&sensitive.ranks, totals.len())
                    .ok_or(ModelError::NoOrder { attribute })?;
                let sums = block_totals(&places, &totals, totals.len());
                Shape::Ordered(places, sums)
            }
        };
        Ok(Self {
            t,
            rows: totals.iter().sum(),
            totals,
            shape,
        })
    }

    /// For the equal distance, a class of f rows has at most f values, which must make up 1 - t of the table.
    fn fewest_rows(&self) -> u64 {
        if !matches!(self.shape, Shape::Equal) {
            return 1;
        }
        let mut totals = self.totals.clone();
        totals.sort_unstable_by(|a, b| b.total_cmp(a));
        let needed = (1.0 - self.t - 2.0 * TOLERANCE) * self.rows;
        let mut covered = 0.0;
        let short = totals.iter().take_while(|total| {
            covered += **total;
            covered < needed
        });
        short.count() as u64 + 1
    }
}

/// The partitions of the levels between the values and the root.
fn levels(sensitive: &Sensitive) -> Option<Vec<(Vec<u32>, Vec<f64>)>> {
    let (root, between) = sensitive.above.split_last()?;
    let first = root.first()?;
    let whole = root.iter().all(|code| code == first)
        && sensitive
            .above
            .iter()
            .all(|codes| codes.len() == sensitive.totals.len());
    if !whole {
        return None;
    }
    let totals: Vec<f64> = sensitive.totals.iter().map(|total| *total as f64).collect();
    let level = |codes: &Vec<u32>| {
        let number = codes.iter().max().map_or(0, |code| *code as usize + 1);
        // Codes are places: a code far above the number of values would make room for nothing.
        (number <= totals.len()).then(|| (codes.clone(), block_totals(codes, &totals, number)))
    };
    between.iter().map(level).collect()
}

fn places(ranks: &[u32], values: usize) -> Option<Vec<u32>> {
    let mut taken = vec![false; values];
    for rank in ranks {
        let slot = taken.get_mut(*rank as usize)?;
        if std::mem::replace(slot, true) {
            return None;
        }
    }
    (ranks.len() == values).then(|| ranks.to_vec())
}

fn block_totals(blocks: &[u32], totals: &[f64], number: usize) -> Vec<f64> {
    let mut sums = vec![0.0; number];
    for (block, total) in blocks.iter().zip(totals) {
        if let Some(sum) = sums.get_mut(*block as usize) {
            *sum += total;
        }
    }
    sums
}

fn parameter(what: &'static str, value: f64, range: &'static str) -> ModelError {
    ModelError::Parameter { what, value, range }
}

fn at_least_one(what: &'static str, value: u64) -> Result<u64, ModelError> {
    match value {
        0 => Err(parameter(what, 0.0, "1 or more")),
        value => Ok(value),
    }
}

fn share(what: &'static str, value: f64) -> Result<f64, ModelError> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(parameter(what, value, "between 0 and 1"))
    }
}

fn positive(what: &'static str, value: f64) -> Result<f64, ModelError> {
    if value.is_finite() && value > 0.0 {
        Ok(value)
    } else {
        Err(parameter(what, value, "a number above 0"))
    }
}

fn checked_risk(risk: f64) -> Result<f64, ModelError> {
    if risk > 0.0 && risk <= 1.0 {
        Ok(risk)
    } else {
        Err(parameter("the risk", risk, "above 0 and at most 1"))
    }
}

/// The smallest number with 1 / number at most the risk.
fn inverse(risk: f64) -> Result<u64, ModelError> {
    let number = 1.0 / checked_risk(risk)?;
    Ok((number * (1.0 - TOLERANCE)).ceil().max(1.0) as u64)
}
