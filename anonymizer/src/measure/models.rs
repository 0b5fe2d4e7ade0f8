//! What a class tells of a sensitive column: diversity, closeness, disclosure and likeness, from the papers' formulas.
//!
//! p is the share of a value among the rows of a class, q its share in the whole table, which is what an attacker knows beforehand.
//! Every function takes the values of one class, each once with its rows; all rows of a class have a value, a missing one being a
//! value like any other.

/// What the attacker knows beforehand: the values of a sensitive column in the whole table.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Prior {
    /// Rows with each value, by code.
    counts: Vec<u64>,
    total: u64,
    /// Values that occur.
    distinct: usize,
}

/// The tree over the values of a sensitive column, for the hierarchical distance. All values are equally far from the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tree {
    /// For each height below the root, from the values up, the parent of each node.
    parents: Vec<Vec<u32>>,
}

impl Prior {
    /// From the rows with each value, by code.
    pub(crate) fn new(counts: Vec<u64>) -> Self {
        Self {
            total: counts.iter().sum(),
            distinct: counts.iter().filter(|count| **count > 0).count(),
            counts,
        }
    }

    /// Different values.
    pub(crate) fn distinct(&self) -> usize {
        self.distinct
    }

    /// q of a value.
    fn share(&self, code: u32) -> f64 {
        let count = self.counts.get(code as usize).copied().unwrap_or(0);
        count as f64 / self.total as f64
    }
}

impl Tree {
    /// From the node above each value on each level, the lowest first. A root is put above what has none.
    pub(crate) fn new(mut levels: Vec<Vec<u32>>) -> Self {
        let single = |level: &Vec<u32>| level.windows(2).all(|pair| pair.first() == pair.get(1));
        if !levels.last().is_some_and(single) {
            let values = levels.first().map_or(0, Vec::len);
            levels.push(vec![0; values]);
        }
        let mut nodes: Vec<u32> = (0..levels.first().map_or(0, Vec::len) as u32).collect();
        let mut parents = Vec::new();
        for level in levels {
            let count = nodes.iter().max().map_or(0, |node| *node as usize + 1);
            let mut above = vec![0; count];
            for (node, parent) in nodes.iter().zip(&level) {
                if let Some(slot) = above.get_mut(*node as usize) {
                    *slot = *parent;
                }
            }
            parents.push(above);
            nodes = level;
        }
        Self { parents }
    }
}

/// The values of a class, each with its rows, in ascending order of codes.
pub(crate) type Values = [(u32, u64)];

/// Rows of a class.
pub(crate) fn size(class: &Values) -> u64 {
    class.iter().map(|(_, rows)| rows).sum()
}

/// Different values: the l of distinct l-diversity (Machanavajjhala et al. 2007).
pub(crate) fn distinct(class: &Values) -> u64 {
    class.len() as u64
}

/// exp of the entropy: the l of entropy l-diversity, -Σ p ln p ≥ ln l (Machanavajjhala et al. 2007).
pub(crate) fn entropy(class: &Values) -> f64 {
    let size = size(class) as f64;
    let entropy: f64 = class
        .iter()
        .map(|(_, rows)| {
            let p = *rows as f64 / size;
            -p * p.ln()
        })
        .sum();
    entropy.exp()
}

/// Recursive (c,l)-diversity: the count of the most frequent value and the sum of the l-th most frequent and rarer ones. It holds if the
/// first is below c times the second (Machanavajjhala et al. 2007).
pub(crate) fn recursive(class: &Values, l: u64) -> (u64, u64) {
    let mut counts: Vec<u64> = class.iter().map(|(_, rows)| *rows).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    let first = counts.first().copied().unwrap_or_default();
    let from = usize::try_from(l.saturating_sub(1)).unwrap_or(usize::MAX);
    (first, counts.iter().skip(from).sum())
}

/// p - q of every value of the table.
fn differences(class: &Values, prior: &Prior) -> Vec<f64> {
    let mut differences: Vec<f64> = (0..prior.counts.len() as u32)
        .map(|code| -prior.share(code))
        .collect();
    let size = size(class) as f64;
    for (code, rows) in class {
        let code = *code as usize;
        if code >= differences.len() {
            // A value that the table does not have: all of it is gained.
            differences.resize(code + 1, 0.0);
        }
        if let Some(difference) = differences.get_mut(code) {
            *difference += *rows as f64 / size;
        }
    }
    differences
}

/// t-closeness with equal ground distance: ½ Σ |p - q| (Li et al. 2007).
pub(crate) fn equal_distance(class: &Values, prior: &Prior) -> f64 {
    differences(class, prior)
        .iter()
        .map(|difference| difference.abs())
        .sum::<f64>()
        / 2.0
}

/// t-closeness with ordered distance: Σ_i |Σ_{j ≤ i} (p_j - q_j)| / (m - 1) over the m values in their order, here the places of values
/// by code (Li et al. 2007).
pub(crate) fn ordered_distance(class: &Values, prior: &Prior, places: &[u32]) -> f64 {
    let differences = differences(class, prior);
    let place = |code: usize| places.get(code).copied().unwrap_or(u32::MAX);
    // Codes that neither the table nor the class has stand for no value.
    let occurs = |code: &usize| {
        let in_table = prior.counts.get(*code).is_some_and(|count| *count > 0);
        in_table
            || differences
                .get(*code)
                .is_some_and(|difference| *difference > 0.0)
    };
    let mut codes: Vec<usize> = (0..differences.len()).filter(occurs).collect();
    if codes.len() < 2 {
        return 0.0;
    }
    codes.sort_by_key(|code| place(*code));
    let (mut sum, mut moved) = (0.0_f64, 0.0_f64);
    for code in &codes {
        sum += differences.get(*code).copied().unwrap_or_default();
        moved += sum.abs();
    }
    moved / (codes.len() - 1) as f64
}

/// t-closeness with hierarchical distance: Σ over inner nodes of height / H · min(what flows out of its children, what flows in), where
/// what a node cannot even out among its own flows on to its parent (Li et al. 2007).
pub(crate) fn hierarchical_distance(class: &Values, prior: &Prior, tree: &Tree) -> f64 {
    let mut extra = differences(class, prior);
    let mut distance = 0.0;
    for (parents, height) in tree.parents.iter().zip(1..) {
        let width = parents.iter().max().map_or(0, |node| *node as usize + 1);
        let (mut out, mut into) = (vec![0.0_f64; width], vec![0.0_f64; width]);
        for (flow, parent) in extra.iter().zip(parents) {
            let side = if *flow > 0.0 { &mut out } else { &mut into };
            if let Some(sum) = side.get_mut(*parent as usize) {
                *sum += flow.abs();
            }
        }
        let sides = || out.iter().zip(&into);
        let evened: f64 = sides().map(|(out, into)| out.min(*into)).sum();
        distance += f64::from(height) / tree.parents.len() as f64 * evened;
        extra = sides().map(|(out, into)| out - into).collect();
    }
    distance
}

/// δ-disclosure: the largest |log2 (p / q)| over the values of the class; `None` if one is not in the table (Brickell, Shmatikov 2008;
/// as in ARX, values that the class lacks are not looked at, for log 0 is no number). It holds if the number is below δ.
pub(crate) fn disclosure(class: &Values, prior: &Prior) -> Option<f64> {
    let size = size(class) as f64;
    class.iter().try_fold(0.0, |largest: f64, (code, rows)| {
        let q = prior.share(*code);
        let told = (*rows as f64 / size / q).log2().abs();
        (q > 0.0).then(|| largest.max(told))
    })
}

/// Basic β-likeness: the largest (p - q) / q over the values that became likelier; 0 if none did (Cao, Karras 2012).
pub(crate) fn basic_likeness(class: &Values, prior: &Prior) -> Option<f64> {
    gains(class, prior).try_fold(0.0, |largest: f64, (gain, _)| Some(largest.max(gain?)))
}

/// Enhanced β-likeness: the smallest β with (p - q) / q ≤ min(β, -ln q) for every value that became likelier; `None` if a value gained
/// more than -ln q, which no β allows (Cao, Karras 2012).
pub(crate) fn enhanced_likeness(class: &Values, prior: &Prior) -> Option<f64> {
    gains(class, prior).try_fold(0.0, |largest: f64, (gain, q)| {
        let gain = gain?;
        (gain <= -q.ln() + super::TOLERANCE).then_some(largest.max(gain))
    })
}

/// The (p - q) / q of each value with p > q, with its q; no number for a value that the table does not have.
fn gains<'a>(class: &'a Values, prior: &'a Prior) -> impl Iterator<Item = (Option<f64>, f64)> + 'a {
    let size = size(class) as f64;
    class.iter().filter_map(move |(code, rows)| {
        let (p, q) = (*rows as f64 / size, prior.share(*code));
        (p > q).then(|| ((q > 0.0).then(|| (p - q) / q), q))
    })
}

#[cfg(test)]
mod tests;
