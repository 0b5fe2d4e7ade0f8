//! Records of kinds that are many and of which few are looked at, each of those again and again while it changes: the
//! last that were read or written.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crate::record::Kind;
use crate::store::Fetched;

/// The kinds that are kept so.
pub(crate) const RECENT: [Kind; 1] = [Kind::Job];

/// Records that are kept at most, and their bytes.
const MOST: usize = 256;
const MOST_BYTES: usize = 4 << 20;

/// What is kept is what the database holds, or the record is not there.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    rows: HashMap<Arc<str>, Arc<Fetched>>,
    /// Names with revisions, as they came; those of earlier revisions mean nothing any more.
    order: VecDeque<(Arc<str>, i64)>,
    bytes: usize,
}

impl Recent {
    pub fn get(&self, name: &str) -> Option<&Arc<Fetched>> {
        self.rows.get(name)
    }

    pub fn put(&mut self, fetched: Fetched) {
        self.remove(&fetched.name);
        let name: Arc<str> = fetched.name.as_str().into();
        self.order.push_back((Arc::clone(&name), fetched.revision));
        self.bytes += fetched.bytes();
        self.rows.insert(name, Arc::new(fetched));
        while self.rows.len() > MOST || self.bytes > MOST_BYTES || self.order.len() > 2 * MOST {
            let Some((name, revision)) = self.order.pop_front() else {
                return;
            };
            let is_last = |row: &Arc<Fetched>| row.revision == revision;
            if self.rows.get(&name).is_some_and(is_last) {
                self.remove(&name);
            }
        }
    }

    pub fn remove(&mut self, name: &str) -> Option<Arc<Fetched>> {
        let row = self.rows.remove(name)?;
        self.bytes -= row.bytes();
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Parsed;

    fn row(name: usize, revision: i64, bytes: usize) -> Fetched {
        Fetched {
            name: format!("{name}"),
            revision,
            create_time: 0,
            update_time: 0,
            body: " ".repeat(bytes),
            parsed: Parsed::new(),
        }
    }

    #[test]
    fn the_last_are_kept_and_their_number_is_bounded() {
        let mut recent = Recent::default();
        recent.put(row(0, 1, 10));
        for name in 1..MOST {
            recent.put(row(name, 1, 10));
        }
        // Written again, it is one of the last.
        recent.put(row(0, 2, 10));
        recent.put(row(MOST, 1, 10));
        assert_eq!(recent.get("0").map(|row| row.revision), Some(2));
        assert!(recent.get("1").is_none() && recent.get("2").is_some());
        for revision in 3..5000 {
            recent.put(row(0, revision, 10));
        }
        assert!(recent.order.len() <= 2 * MOST);
        assert!(recent.get("0").is_some());
        let bytes = recent.rows.values().map(|row| row.bytes()).sum::<usize>();
        assert_eq!(recent.bytes, bytes);
    }

    #[test]
    fn their_bytes_are_bounded() {
        let mut recent = Recent::default();
        for name in 0..10 {
            recent.put(row(name, 1, MOST_BYTES / 4));
            assert!(recent.bytes <= MOST_BYTES);
        }
        assert!(recent.get("9").is_some() && recent.get("6").is_none());
        recent.put(row(9, 2, 2 * MOST_BYTES));
        assert!(recent.get("9").is_none() && recent.bytes == 0);
    }
}
