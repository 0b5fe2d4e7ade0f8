//! How many people share what is known of one, counted from lists of who shows what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::profile::KnownRecords;

/// How many rows of a person show each class, by dataset and class.
pub(super) type Person = BTreeMap<(usize, usize), u32>;

/// So many rows of a class of a dataset.
type Held = ((usize, usize), u32);

/// What was counted.
pub(super) struct Shared {
    /// People who share what the fewest share.
    pub smallest: u64,
    /// Different things that can be known of people.
    pub classes: u64,
}

pub(super) fn shared(people: &[Person], known: KnownRecords) -> Shared {
    match known {
        KnownRecords::All => whole(people),
        KnownRecords::AtMost(most) => any(people, most),
    }
}

fn whole(people: &[Person]) -> Shared {
    let mut alike: BTreeMap<&Person, u64> = BTreeMap::new();
    for person in people {
        *alike.entry(person).or_default() += 1;
    }
    Shared {
        smallest: alike.values().copied().min().unwrap_or_default(),
        classes: alike.len() as u64,
    }
}

/// Who has at least so many rows of a class.
type Postings = HashMap<Held, Vec<u32>>;

fn any(people: &[Person], most: u32) -> Shared {
    let mut postings: Postings = HashMap::new();
    for (person, number) in people.iter().zip(0_u32..) {
        for (class, rows) in person {
            for many in 1..=(*rows).min(most) {
                postings.entry((*class, many)).or_default().push(number);
            }
        }
    }
    let mut asked: BTreeSet<Vec<Held>> = BTreeSet::new();
    for person in people {
        asked.extend(knowledge(person, most));
    }
    let who_has = |needed: &Vec<Held>| {
        let mut lists: Vec<&Vec<u32>> = needed.iter().filter_map(|one| postings.get(one)).collect();
        lists.sort_by_key(|list| list.len());
        let Some((first, others)) = lists.split_first() else {
            return 0;
        };
        let everywhere =
            |person: &&u32| others.iter().all(|list| list.binary_search(person).is_ok());
        first.iter().filter(everywhere).count() as u64
    };
    Shared {
        smallest: asked.iter().map(who_has).min().unwrap_or_default(),
        classes: asked.len() as u64,
    }
}

/// All that can be known of a person by `most` rows of each dataset, or all of them where there are fewer.
fn knowledge(person: &Person, most: u32) -> Vec<Vec<Held>> {
    let mut of_dataset: BTreeMap<usize, Vec<Held>> = BTreeMap::new();
    for (class, rows) in person {
        of_dataset.entry(class.0).or_default().push((*class, *rows));
    }
    let mut all = vec![Vec::new()];
    for classes in of_dataset.values() {
        let rows: u32 = classes.iter().map(|(_, rows)| rows).sum();
        let mut parts = Vec::new();
        pick(classes, rows.min(most), &mut Vec::new(), &mut parts);
        all = all
            .iter()
            .flat_map(|known: &Vec<_>| parts.iter().map(move |part| [&known[..], part].concat()))
            .collect();
    }
    all
}

/// Every way to pick so many rows out of classes.
fn pick(classes: &[Held], rows: u32, picked: &mut Vec<Held>, all: &mut Vec<Vec<Held>>) {
    if rows == 0 {
        all.push(picked.clone());
        return;
    }
    let Some(((class, there), rest)) = classes.split_first() else {
        return;
    };
    pick(rest, rows, picked, all);
    for many in 1..=rows.min(*there) {
        picked.push((*class, many));
        pick(rest, rows - many, picked, all);
        picked.pop();
    }
}
