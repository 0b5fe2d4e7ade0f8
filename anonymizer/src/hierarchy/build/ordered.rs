//! A list of values by groups of neighbours.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Ordered, ROOT, Rows};

impl Ordered {
    pub(super) fn rows(&self, values: &BTreeSet<&str>) -> Rows {
        let mut rows = Rows::new(self.groups.len() + 2);
        let mut columns: Vec<Vec<String>> = vec![Vec::new(); self.values.len()];
        let mut size = 1_usize;
        for group in &self.groups {
            size = size.saturating_mul(*group as usize);
            let places = columns.chunks_mut(size).zip(self.values.chunks(size));
            for (columns, members) in places {
                let label = label(members);
                for column in columns {
                    column.push(label.clone());
                }
            }
        }
        for (value, above) in self.values.iter().zip(columns) {
            rows.push(value, Some(above), ROOT);
        }
        let known: HashSet<&str> = self.values.iter().map(String::as_str).collect();
        for value in values.iter().filter(|value| !known.contains(*value)) {
            rows.push(value, None, ROOT);
        }
        rows
    }

    /// Two groups of one level with the same text, if there are any: they could not be told apart.
    pub(super) fn clash(&self) -> Option<String> {
        let mut size = 1_usize;
        for group in &self.groups {
            size = size.saturating_mul(*group as usize);
            let mut seen: HashMap<String, ()> = HashMap::new();
            for members in self.values.chunks(size) {
                let label = label(members);
                if seen.insert(label.clone(), ()).is_some() {
                    return Some(label);
                }
            }
        }
        None
    }
}

/// A group of one is its value.
fn label(members: &[String]) -> String {
    match members {
        [] => String::new(),
        [only] => only.clone(),
        [first, .., last] => format!("{first} - {last}"),
    }
}
