//! Small tables: every combination of levels, as one more place to begin.

use std::collections::BTreeMap;

use super::judge::{Desk, Judge};
use super::scale::Word;
use super::space::{Member, Space};

/// The most records times combinations of levels that are looked through.
const SMALL: usize = 1 << 16;

/// The classes of the combination of levels that loses least, of those at which every class may be released. None for a table that is not
/// small, or if there is none.
pub(super) fn best<const W: usize>(
    space: &Space<W>,
    judge: &Judge<'_, W>,
    members: &[Member],
) -> Option<Vec<Vec<Member>>> {
    let mut kept: Vec<Word<W>> = vec![[0; W]];
    for attribute in 0..space.scale.attributes {
        let ways = space.scale.ways::<W>(attribute);
        if kept.len() * ways.len() * members.len() > SMALL {
            return None;
        }
        let both = |one: &Word<W>, other: &Word<W>| {
            let words = one.iter().zip(other).map(|(a, b)| a | b);
            let mut joined = [0; W];
            joined
                .iter_mut()
                .zip(words)
                .for_each(|(slot, word)| *slot = word);
            joined
        };
        kept = kept
            .iter()
            .flat_map(|known| ways.iter().map(move |way| both(known, way)))
            .collect();
    }
    let mut desk = Desk::default();
    let mut best: Option<(i64, Vec<Vec<Member>>)> = None;
    for kept in kept {
        let classes = classes(space, members, &kept);
        let cost = classes.iter().map(|class| space.value(class)).sum();
        let better = best.as_ref().is_none_or(|best| cost < best.0);
        if better
            && classes
                .iter()
                .all(|class| judge.admits(space, class, &mut desk))
        {
            best = Some((cost, classes));
        }
    }
    best.map(|(_, classes)| classes)
}

/// The members by what is kept of their paths.
fn classes<const W: usize>(
    space: &Space<W>,
    members: &[Member],
    kept: &Word<W>,
) -> Vec<Vec<Member>> {
    let mut classes: BTreeMap<Vec<u64>, Vec<Member>> = BTreeMap::new();
    for member in members {
        if let Some(path) = space.paths.get(member.0 as usize) {
            let key = path.iter().zip(kept).map(|(path, kept)| path & kept);
            classes.entry(key.collect()).or_default().push(*member);
        }
    }
    classes.into_values().collect()
}
