//! From init's program to a command with a terminal of its own.
//!
//! A process can only take a terminal for its own from within, and what happens between a fork and a new program is no place for
//! safe code. So init starts its own program once more, which does what is to be done and becomes the command.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use nix::errno::Errno;
use nix::sys::signal::SigSet;

use crate::output::complain;
use crate::tree::{OomOrder, step_back};

/// Asks the program to become a command.
pub const LOGIN: &str = "--login";

/// Becomes the command, which comes with its arguments. Returns where it cannot, with the code that a shell would give.
pub fn become_command(command: &[OsString]) -> ExitCode {
    step_back();
    // It stays so until the command has ended: nothing takes it back.
    std::mem::forget(OomOrder::job_first());
    let error = match own_terminal() {
        Ok(()) => match command.split_first() {
            Some((program, arguments)) => Command::new(program).args(arguments).exec(),
            None => Errno::EINVAL.into(),
        },
        Err(error) => error.into(),
    };
    complain(&format!("cannot run {command:?}: {error}"));
    match error.raw_os_error() {
        Some(errno) if errno == Errno::ENOENT as i32 => ExitCode::from(127),
        _ => ExitCode::from(126),
    }
}

/// Makes a session whose terminal is the standard input.
fn own_terminal() -> nix::Result<()> {
    // Init holds its signals back, and what it starts inherits that.
    SigSet::empty().thread_set_mask()?;
    nix::unistd::setsid()?;
    take_terminal()
}

#[cfg(feature = "program")]
fn take_terminal() -> nix::Result<()> {
    rustix::process::ioctl_tiocsctty(std::io::stdin())
        .map_err(|error| Errno::from_raw(error.raw_os_error()))
}

#[cfg(not(feature = "program"))]
fn take_terminal() -> nix::Result<()> {
    Err(Errno::ENOTSUP)
}
