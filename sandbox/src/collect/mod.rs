//! Takes what a job left in its output volume.
//!
//! To be called once the container has stopped and the volume is frozen. The walk
//! never leaves the volume and never follows a link: every name is resolved by
//! `openat2` (openat2(2), RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
//! RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV). It looks before it opens, so a FIFO or a device is
//! never opened at all.
//!
//! An entry that cannot be taken is refused by name and left out; the others are
//! taken. Contents alone are taken: owners, permissions, extended attributes and
//! times stay behind.

pub mod inspect;
mod names;
mod walk;

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat2};
use nix::sys::stat::Mode;
use serde::{Deserialize, Serialize};

pub use names::{escaped, is_invisible};

/// How much is taken at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of all files together, by their apparent size (a hole counts).
    pub bytes: u64,
    /// Files.
    pub files: u32,
    /// Folders inside one another.
    pub depth: u32,
}

impl Caps {
    /// The caps that go with a job's limits.
    #[must_use]
    pub fn of(limits: &crate::spec::Limits) -> Self {
        Self {
            bytes: limits.output_bytes,
            files: limits.output_files,
            depth: 32,
        }
    }

    /// Names looked at, with folders and refused ones.
    fn entries(&self) -> usize {
        (self.files as usize).saturating_mul(2).saturating_add(1000)
    }
}

/// Refusals that are kept by name; the rest is only counted.
const MOST_REFUSED: usize = 1000;

/// The outputs cannot be collected at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The output folder itself cannot be opened or is not a folder.
    #[error("the output volume {} cannot be opened", path.display())]
    Root {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: Errno,
    },
    /// The disk failed.
    #[error("{path:?} in the output volume cannot be read")]
    Read {
        /// Inside the volume, escaped.
        path: String,
        /// What the system said.
        source: Errno,
    },
    /// A file is not what it was when it was listed.
    #[error(
        "{path:?} in the output volume changed after it was listed; freeze the volume before collecting"
    )]
    Changed {
        /// Inside the volume.
        path: String,
    },
}

/// Why an entry was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum RefusalReason {
    /// A symbolic link.
    Symlink,
    /// A file with more than one name.
    HardLink,
    /// A FIFO.
    Fifo,
    /// A socket.
    Socket,
    /// A block or character device.
    Device,
    /// Another file system is mounted there.
    OtherFileSystem,
    /// Not UTF-8, or with control, bidirectional or invisible characters, a
    /// backslash, or longer than 255 bytes.
    BadName,
    /// Another entry differs from it in case only.
    CaseCollision,
    /// More bytes than the cap leaves.
    TooManyBytes,
    /// More files or entries than the cap.
    TooManyFiles,
    /// Deeper than the cap.
    TooDeep,
    /// The job took its own right to it away and it cannot be opened.
    Unreadable,
}

/// An entry that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Its path in the volume, with everything unusual escaped.
    pub name: String,
    /// Why.
    pub reason: RefusalReason,
}

/// A file that was taken into the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectedFile {
    /// Its path in the volume, with `/` between folders.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes of disk it uses; far fewer than `bytes` for a file of holes.
    pub allocated_bytes: u64,
    inode: u64,
}

/// What a job left, in order of path. Holds the volume open.
#[derive(Debug)]
pub struct Collected {
    root: OwnedFd,
    /// Files to be taken.
    pub files: Vec<CollectedFile>,
    /// Entries left out, at most 1,000 by name.
    pub refused: Vec<Refused>,
    /// Entries left out beyond those named.
    pub refused_unnamed: u64,
}

impl Collected {
    /// Bytes of all files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Opens a file for reading, from its beginning. The reader should take
    /// [`CollectedFile::bytes`] bytes and treat any other length as an error.
    ///
    /// # Errors
    /// When the file is no longer the one that was listed.
    pub fn open(&self, file: &CollectedFile) -> Result<File, CollectError> {
        let read = |source| CollectError::Read {
            path: file.path.clone(),
            source,
        };
        let fd = resolve(
            &self.root,
            Path::new(&file.path),
            OFlag::O_RDONLY | OFlag::O_NONBLOCK,
        )
        .map_err(read)?;
        let opened = File::from(fd);
        let about = opened
            .metadata()
            .map_err(|error| read(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
        if about.is_file()
            && about.ino() == file.inode
            && about.len() == file.bytes
            && about.nlink() == 1
        {
            Ok(opened)
        } else {
            Err(CollectError::Changed {
                path: file.path.clone(),
            })
        }
    }
}

/// Opens what lies below a folder, through no link and on the same file system.
pub(crate) fn resolve(root: impl AsFd, path: &Path, flags: OFlag) -> Result<OwnedFd, Errno> {
    let strict = ResolveFlag::RESOLVE_BENEATH
        | ResolveFlag::RESOLVE_NO_SYMLINKS
        | ResolveFlag::RESOLVE_NO_MAGICLINKS
        | ResolveFlag::RESOLVE_NO_XDEV;
    let how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW)
        .resolve(strict);
    openat2(root, path, how)
}

/// Lists what a stopped job left in `root`.
///
/// # Errors
/// When the volume cannot be opened or the disk fails; never because of what the
/// job wrote there.
pub fn collect(root: &Path, caps: Caps) -> Result<Collected, CollectError> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let opened = nix::fcntl::open(root, flags, Mode::empty());
    walk::run(
        opened.map_err(|source| CollectError::Root {
            path: root.to_owned(),
            source,
        })?,
        caps,
    )
}

#[cfg(test)]
mod tests;
