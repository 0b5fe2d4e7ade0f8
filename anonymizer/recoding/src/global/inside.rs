//! Searching on a thread of the pool while the caller's own thread waits.
//!
//! Work that is divided between threads is handed from thread to thread within the pool; from outside, each time would cost a sleep and a
//! waking.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::Control;

/// How often the caller is told how far the search is.
const TELL: Duration = Duration::from_millis(50);

/// How a search is watched and ended, from whatever thread.
pub(super) struct Watch<'a> {
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    pub progress: &'a mut (dyn FnMut(u128, u128) + Send),
}

/// What the caller's thread waits for.
#[derive(Default)]
struct State {
    /// Nodes settled and all nodes, not yet told.
    news: Option<(u128, u128)>,
    ended: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Tells the caller, on its own thread, how far it is until the search has ended.
    fn wait(&self, progress: &mut dyn FnMut(u128, u128)) {
        let mut ended = false;
        while !ended {
            let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let waited = self
                .changed
                .wait_timeout_while(state, TELL, |state| !state.ended);
            let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            ended = state.ended;
            let news = state.news.take();
            drop(state);
            if let Some((settled, nodes)) = news {
                progress(settled, nodes);
            }
        }
    }
}

/// Says that the search has ended, even if by a panic.
struct Ending<'a>(&'a Shared);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.set(|state| state.ended = true);
        self.0.changed.notify_one();
    }
}

/// Runs a search on a thread of the pool. A caller that is on one itself is told how far the search came when it has ended.
pub(super) fn run<T: Send>(
    control: &mut Control<'_>,
    search: impl FnOnce(&mut Watch<'_>) -> T + Send,
) -> Option<T> {
    let (cancelled, go_on) = (control.cancelled, control.go_on);
    let shared = Shared::default();
    let mut found = None;
    let work = || {
        let _ending = Ending(&shared);
        found = Some(search(&mut Watch {
            cancelled,
            go_on,
            progress: &mut |settled, nodes| {
                shared.set(|state| state.news = Some((settled, nodes)));
            },
        }));
    };
    if rayon::current_thread_index().is_some() {
        work();
        shared.wait(control.progress);
    } else {
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| work());
            shared.wait(control.progress);
        });
    }
    found
}
