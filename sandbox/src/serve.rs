//! The host's side of the way into a job that serves.
//!
//! The folder with the socket is a file system in memory of the job's own, so small that there is nothing to fill, and the
//! job may put anything there in place of the socket: a link, a pipe, a socket of its own. Nothing of it is followed. The
//! entry is opened without being opened (`O_PATH`), never through a link and never outside of that file system; it must
//! be a socket, and the connection goes to exactly what was looked at. A socket in that file system was made by a process
//! of the container, because nothing else has it: whoever answers is the job.

use std::io::{Error, ErrorKind, Result};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::mount::{MsFlags, mount};
use nix::sys::stat::{Mode, SFlag, fstat};
use sandyq_init::forward;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::UnixStream;

use crate::collect::resolve;
use crate::spec::{GID, UID};
use crate::stage::{StageError, at, is_mounted, make_private, take_down};

/// Four pages; an entry of a folder takes none.
const BYTES: u64 = 16 << 10;
/// The folder and the socket, and a few for who plays with them.
const INODES: u64 = 8;

/// A connection to the port that a job serves on.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// See [`Duplex`].
pub type Connection = Box<dyn Duplex>;

/// The folder of a job's socket, mounted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServeFolder {
    folder: PathBuf,
}

impl ServeFolder {
    /// The one at this place.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Makes the folder and mounts it; leaves a mounted one as it is.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn make(&self) -> std::result::Result<(), StageError> {
        if is_mounted(&self.folder)? {
            return Ok(());
        }
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)
            .map_err(at("make", &self.folder))?;
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let options = format!("size={BYTES},nr_inodes={INODES},mode=0700,uid={UID},gid={GID}");
        let (source, kind) = (Some("sandyq-serve"), Some("tmpfs"));
        mount(source, &self.folder, kind, flags, Some(options.as_str()))
            .map_err(at("mount memory at", &self.folder))?;
        make_private(&self.folder)
    }

    /// Unmounts and removes it. Idempotent.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn remove(&self) -> std::result::Result<(), StageError> {
        take_down(&self.folder)
    }

    /// Connects to whoever listens at the socket.
    ///
    /// # Errors
    /// There is no socket, or nobody listens.
    pub async fn connect(&self) -> Result<UnixStream> {
        let socket = self.socket()?;
        // The kernel leads this name to the very file that was looked at.
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd())).await
    }

    fn socket(&self) -> Result<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let folder = nix::fcntl::open(&self.folder, flags, Mode::empty())?;
        let found = resolve(folder, Path::new(forward::SOCKET), OFlag::O_PATH)?;
        let kind = SFlag::from_bits_truncate(fstat(&found)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFSOCK {
            return Ok(found);
        }
        let text = "what the job has put in place of its socket is not followed";
        Err(Error::new(ErrorKind::InvalidData, text))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::os::unix::net::UnixListener;

    use nix::unistd::mkfifo;

    use super::*;

    #[tokio::test]
    async fn a_socket_is_reached_and_whatever_else_stands_there_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        let place = temp.path().join("serve");
        let folder = ServeFolder::at(&place);
        folder.make().unwrap();
        folder.make().unwrap();
        let about = std::fs::metadata(&place).unwrap();
        assert_eq!((about.mode() & 0o7777, about.uid()), (0o700, UID));
        let socket = place.join(forward::SOCKET);
        assert!(folder.connect().await.is_err(), "nothing is there");

        // What a link would lead to: a socket of the host's.
        let precious = temp.path().join("precious.sock");
        let listener = UnixListener::bind(&precious).unwrap();
        listener.set_nonblocking(true).unwrap();
        symlink(&precious, &socket).unwrap();
        assert!(folder.connect().await.is_err(), "a link");
        assert!(listener.accept().is_err(), "nobody came");
        std::fs::remove_file(&socket).unwrap();

        mkfifo(&socket, Mode::from_bits_truncate(0o666)).unwrap();
        assert!(folder.connect().await.is_err(), "a pipe");
        std::fs::remove_file(&socket).unwrap();
        std::fs::write(&socket, b"x").unwrap();
        assert!(folder.connect().await.is_err(), "a file");
        std::fs::remove_file(&socket).unwrap();
        std::fs::create_dir(&socket).unwrap();
        assert!(folder.connect().await.is_err(), "a folder");
        std::fs::remove_dir(&socket).unwrap();

        let own = UnixListener::bind(&socket).unwrap();
        folder.connect().await.unwrap();
        assert!(own.accept().is_ok());
        let filled = std::fs::write(place.join("big"), vec![0; 1 << 20]);
        assert!(filled.is_err(), "there is nothing to fill");
        for name in 0..INODES {
            let _ = std::fs::write(place.join(name.to_string()), b"");
        }
        assert!(std::fs::write(place.join("more"), b"").is_err());
        folder.remove().unwrap();
        folder.remove().unwrap();
        assert!(!place.exists());
    }
}
