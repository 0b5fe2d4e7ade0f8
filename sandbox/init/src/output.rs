//! Init's own standard output: never waited for, so that an engine that does not read
//! cannot hold up the deadline.

use std::io::{Stdout, Write};
use std::os::fd::{AsFd, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// What could not be written yet is kept; the caller reads no more until it is gone.
pub struct Output {
    to: Stdout,
    pending: Vec<u8>,
    written: usize,
    broken: bool,
}

impl Output {
    pub fn new() -> nix::Result<Self> {
        let to = std::io::stdout();
        let flags = OFlag::from_bits_truncate(fcntl(&to, FcntlArg::F_GETFL)?);
        fcntl(&to, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        Ok(Self {
            to,
            pending: Vec::new(),
            written: 0,
            broken: false,
        })
    }

    pub fn push(&mut self, frames: &[u8]) {
        if self.broken {
            return;
        }
        self.pending.extend_from_slice(frames);
        self.flush();
    }

    pub fn flush(&mut self) {
        while let Some(rest) = self.pending.get(self.written..).filter(|r| !r.is_empty()) {
            match nix::unistd::write(&self.to, rest) {
                Ok(written) => self.written += written,
                Err(nix::Error::EAGAIN) => return,
                Err(nix::Error::EINTR) => {}
                // Nobody will ever read it.
                Err(_) => {
                    self.broken = true;
                    break;
                }
            }
        }
        self.pending.clear();
        self.written = 0;
    }

    pub fn is_clear(&self) -> bool {
        self.pending.is_empty()
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.to.as_fd()
    }
}

/// A sentence for whoever looks at the container itself. Nothing can be done when it
/// cannot be written.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "sandyq-init: {text}");
}
