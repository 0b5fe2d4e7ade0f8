//! The walk through the output volume, folder by folder.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{FileStat, SFlag, fstat};

use super::names::{escaped, fault};
use super::{
    Caps, CollectError, Collected, CollectedFile, MOST_REFUSED, RefusalReason, Refused, resolve,
};

struct Folder {
    path: PathBuf,
    depth: u32,
}

struct Walk {
    caps: Caps,
    entries_left: usize,
    bytes_left: u64,
    folders: Vec<Folder>,
    found: Collected,
}

pub(super) fn run(root: OwnedFd, caps: Caps) -> Result<Collected, CollectError> {
    let mut walk = Walk {
        caps,
        entries_left: caps.entries(),
        bytes_left: caps.bytes,
        folders: vec![Folder {
            path: PathBuf::new(),
            depth: 0,
        }],
        found: Collected {
            root,
            files: Vec::new(),
            refused: Vec::new(),
            refused_unnamed: 0,
        },
    };
    while let Some(folder) = walk.folders.pop() {
        walk.visit(&folder)?;
    }
    walk.found.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(walk.found)
}

impl Walk {
    fn visit(&mut self, folder: &Folder) -> Result<(), CollectError> {
        let here = if folder.path.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &folder.path
        };
        let opened = match resolve(&self.found.root, here, OFlag::O_RDONLY | OFlag::O_DIRECTORY) {
            Err(error) => return self.unopened(&folder.path, error),
            Ok(opened) => opened,
        };
        let again = opened.try_clone().map_err(|error| {
            failed(
                &folder.path,
                Errno::from_raw(error.raw_os_error().unwrap_or(0)),
            )
        })?;
        let mut folded = BTreeSet::new();
        for name in self.names(again, &folder.path)? {
            let path = folder.path.join(OsStr::from_bytes(&name));
            match fault(&name) {
                Some(reason) => self.refuse(&path, reason),
                None if !folded.insert(String::from_utf8_lossy(&name).to_lowercase()) => {
                    self.refuse(&path, RefusalReason::CaseCollision);
                }
                None => self.entry(&opened, &name, path, folder.depth)?,
            }
        }
        Ok(())
    }

    /// The names in a folder, in order. No more are held than may still be looked
    /// at; the rest of a very wide folder is counted.
    fn names(&mut self, folder: OwnedFd, path: &Path) -> Result<Vec<Vec<u8>>, CollectError> {
        let mut folder = Dir::from_fd(folder).map_err(|error| failed(path, error))?;
        let mut names = Vec::new();
        let mut beyond = 0_u64;
        for entry in folder.iter() {
            let entry = entry.map_err(|error| failed(path, error))?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            if self.entries_left == 0 {
                beyond += 1;
            } else {
                self.entries_left -= 1;
                names.push(name.to_vec());
            }
        }
        if beyond > 0 {
            self.refuse(&path.join("…"), RefusalReason::TooManyFiles);
            self.found.refused_unnamed += beyond - 1;
        }
        names.sort();
        Ok(names)
    }

    /// Looks at an entry without opening what it stands for.
    fn entry(
        &mut self,
        folder: impl AsFd,
        name: &[u8],
        path: PathBuf,
        depth: u32,
    ) -> Result<(), CollectError> {
        let looked =
            resolve(folder, Path::new(OsStr::from_bytes(name)), OFlag::O_PATH).and_then(fstat);
        let about = match looked {
            Err(error) => return self.unopened(&path, error),
            Ok(about) => about,
        };
        match kind(&about) {
            SFlag::S_IFDIR if depth >= self.caps.depth => {
                self.refuse(&path, RefusalReason::TooDeep)
            }
            SFlag::S_IFDIR => self.folders.push(Folder {
                path,
                depth: depth + 1,
            }),
            SFlag::S_IFREG => self.file(&path, &about),
            other => self.refuse(&path, special(other)),
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, about: &FileStat) {
        let bytes = u64::try_from(about.st_size).unwrap_or(u64::MAX);
        if about.st_nlink != 1 {
            self.refuse(path, RefusalReason::HardLink);
        } else if self.found.files.len() >= self.caps.files as usize {
            self.refuse(path, RefusalReason::TooManyFiles);
        } else if bytes > self.bytes_left {
            self.refuse(path, RefusalReason::TooManyBytes);
        } else {
            self.bytes_left -= bytes;
            self.found.files.push(CollectedFile {
                path: path.to_string_lossy().into_owned(),
                bytes,
                // st_blocks counts units of 512 bytes, whatever the block size (stat(2)).
                allocated_bytes: u64::try_from(about.st_blocks)
                    .unwrap_or(0)
                    .saturating_mul(512),
                inode: about.st_ino,
            });
        }
    }

    fn unopened(&mut self, path: &Path, error: Errno) -> Result<(), CollectError> {
        let reason = match error {
            Errno::ELOOP => RefusalReason::Symlink,
            Errno::EXDEV => RefusalReason::OtherFileSystem,
            Errno::ENAMETOOLONG => RefusalReason::TooDeep,
            Errno::EACCES | Errno::EPERM => RefusalReason::Unreadable,
            other => return Err(failed(path, other)),
        };
        self.refuse(path, reason);
        Ok(())
    }

    fn refuse(&mut self, path: &Path, reason: RefusalReason) {
        if self.found.refused.len() < MOST_REFUSED {
            self.found.refused.push(Refused {
                name: escaped(path.as_os_str().as_bytes()),
                reason,
            });
        } else {
            self.found.refused_unnamed += 1;
        }
    }
}

fn kind(about: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(about.st_mode) & SFlag::S_IFMT
}

fn special(kind: SFlag) -> RefusalReason {
    match kind {
        SFlag::S_IFLNK => RefusalReason::Symlink,
        SFlag::S_IFIFO => RefusalReason::Fifo,
        SFlag::S_IFSOCK => RefusalReason::Socket,
        _ => RefusalReason::Device,
    }
}

fn failed(path: &Path, source: Errno) -> CollectError {
    CollectError::Read {
        path: escaped(path.as_os_str().as_bytes()),
        source,
    }
}
