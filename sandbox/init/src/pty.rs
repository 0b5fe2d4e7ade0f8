//! A terminal for the command: what it prints and what is typed pass through init.

use std::fs::File;
use std::os::fd::OwnedFd;

use crate::terminal::Size;

/// Both ends of a terminal.
pub struct Terminal {
    /// Init's, to be read and written without waiting.
    pub master: OwnedFd,
    /// The command's.
    pub slave: File,
}

#[cfg(feature = "program")]
mod system {
    use std::fs::OpenOptions;
    use std::os::fd::AsFd;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::OpenOptionsExt;

    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcsetwinsize};

    use super::{Size, Terminal};

    fn errno(error: rustix::io::Errno) -> Errno {
        Errno::from_raw(error.raw_os_error())
    }

    /// Opens a terminal of this size.
    pub fn open(size: Size) -> nix::Result<Terminal> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).map_err(errno)?;
        grantpt(&master).map_err(errno)?;
        unlockpt(&master).map_err(errno)?;
        let name = ptsname(&master, Vec::new()).map_err(errno)?;
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        resize(&master, size)?;
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOCTTY.bits())
            .open(std::ffi::OsStr::from_bytes(name.as_bytes()))
            .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
        Ok(Terminal { master, slave })
    }

    /// Tells the command of another size.
    pub fn resize(master: &impl AsFd, size: Size) -> nix::Result<()> {
        let size = Winsize {
            ws_col: size.columns,
            ws_row: size.rows,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(master, size).map_err(errno)
    }
}

#[cfg(not(feature = "program"))]
mod system {
    use std::os::fd::AsFd;

    use super::{Size, Terminal};

    /// Only the program itself opens terminals.
    pub fn open(_: Size) -> nix::Result<Terminal> {
        Err(nix::Error::ENOTSUP)
    }

    /// Only the program itself opens terminals.
    pub fn resize(_: &impl AsFd, _: Size) -> nix::Result<()> {
        Err(nix::Error::ENOTSUP)
    }
}

pub use system::{open, resize};
