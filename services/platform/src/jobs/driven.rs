//! Which jobs are being driven, so that none is driven twice and none is forgotten.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Names of jobs that somebody drives.
#[derive(Debug, Default, Clone)]
pub struct Driven(Arc<Mutex<HashSet<String>>>);

/// Held while a job is driven, also by a task that panics.
#[derive(Debug)]
pub struct Held {
    name: String,
    driven: Driven,
}

impl Driven {
    /// Takes a job to drive; `None` when somebody does already.
    pub fn begin(&self, name: &str) -> Option<Held> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(name.to_owned()).then(|| Held {
            name: name.to_owned(),
            driven: self.clone(),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let names = self.driven.0.lock();
        names
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_driven_once_at_a_time() {
        let driven = Driven::default();
        let held = driven.begin("a");
        assert!(held.is_some() && driven.begin("a").is_none() && driven.begin("b").is_some());
        drop(held);
        assert!(driven.begin("a").is_some());
    }
}
