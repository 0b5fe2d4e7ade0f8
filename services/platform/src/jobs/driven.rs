//! Which jobs are being driven, so that none is driven twice and none is forgotten, and that their records were written.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Names of jobs that somebody drives, each with who is to hear of its record.
#[derive(Debug, Default, Clone)]
pub struct Driven(Arc<Mutex<HashMap<String, Arc<Notify>>>>);

/// Held while a job is driven, also by a task that panics.
#[derive(Debug)]
pub struct Held {
    name: String,
    written: Arc<Notify>,
    driven: Driven,
}

impl Driven {
    /// Takes a job to drive; `None` when somebody does already.
    pub fn begin(&self, name: &str) -> Option<Held> {
        let mut names = self.names();
        if names.contains_key(name) {
            return None;
        }
        let written = Arc::new(Notify::new());
        names.insert(name.to_owned(), Arc::clone(&written));
        Some(Held {
            name: name.to_owned(),
            written,
            driven: self.clone(),
        })
    }

    /// Tells whoever drives it that a record was written. Nobody else is woken, however many jobs are driven.
    pub fn written(&self, name: &str) {
        if let Some(written) = self.names().get(name) {
            written.notify_waiters();
        }
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// Told each time the record is written.
    pub fn heard(&self) -> Arc<Notify> {
        Arc::clone(&self.written)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.driven.names().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn a_job_is_driven_once_at_a_time() {
        let driven = Driven::default();
        let held = driven.begin("a");
        assert!(held.is_some() && driven.begin("a").is_none() && driven.begin("b").is_some());
        drop(held);
        assert!(driven.begin("a").is_some());
    }

    #[test]
    fn only_who_drives_it_hears_of_a_record() {
        let driven = Driven::default();
        let [a, b] = ["a", "b"].map(|name| driven.begin(name).unwrap());
        let (a, b) = (a.heard(), b.heard());
        let [heard, other] = [&a, &b].map(|notify| {
            let mut heard = Box::pin(notify.notified());
            heard.as_mut().enable();
            heard
        });
        driven.written("a");
        driven.written("nobody's");
        assert!(heard.now_or_never().is_some() && other.now_or_never().is_none());
    }
}
