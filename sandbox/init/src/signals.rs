//! Signals as events.

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// Passed on to the job's command.
const FORWARDED: [Signal; 6] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// From here on signals wait to be read. To be called after the command was started,
/// which would inherit their being held back; what comes before is ignored by the kernel
/// on behalf of a first process.
pub fn hold() -> nix::Result<SignalFd> {
    let held: SigSet = FORWARDED.into_iter().chain([Signal::SIGCHLD]).collect();
    held.thread_block()?;
    SignalFd::with_flags(&held, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Begins something whose threads are never to take a signal: all are for the loop that holds the deadline.
pub fn apart<T>(begin: impl FnOnce() -> T) -> nix::Result<T> {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let begun = begin();
    before.thread_set_mask()?;
    Ok(begun)
}

/// The signals that came and are to be passed on.
pub fn read(signals: &SignalFd) -> Vec<Signal> {
    std::iter::from_fn(|| signals.read_signal().ok().flatten())
        .filter_map(|info| {
            let number = i32::try_from(info.ssi_signo).ok()?;
            Signal::try_from(number).ok()
        })
        .filter(|signal| FORWARDED.contains(signal))
        .collect()
}
