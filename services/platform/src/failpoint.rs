//! Places at which a test ends the server, as a power cut would. In a program that is not built for tests (feature
//! `failpoints`) they are nothing.

/// Places between the steps of a job. Beside them, every state has `before STATE` and `after STATE`, around the
/// transaction that writes it.
pub const STEPS: [&str; 10] = [
    "volume-reserved",
    "volume-filled",
    "inputs-staged",
    "container-created",
    "container-started",
    "killed",
    "taken-in",
    "harvested",
    "container-removed",
    "volume-removed",
];

/// The variable that names a place and, after `@`, which of the times that it is reached counts: `container-created@3`.
pub const VARIABLE: &str = "SANDYQ_FAILPOINT";

/// Ends the process where a test wants it.
#[cfg(not(feature = "failpoints"))]
pub fn reach(_place: &str) {}

/// Ends the process where a test wants it.
#[cfg(feature = "failpoints")]
pub fn reach(place: &str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static WANTED: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static TIMES: AtomicU64 = AtomicU64::new(0);
    let wanted = WANTED.get_or_init(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let (name, times) = text.split_once('@').unwrap_or((&text, "1"));
        Some((name.to_owned(), times.parse().ok()?))
    });
    let Some((name, times)) = wanted else { return };
    if name == place && TIMES.fetch_add(1, Ordering::SeqCst) + 1 == *times {
        // Nothing of the process runs after this.
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
    }
}
