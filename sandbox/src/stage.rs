//! Where decrypted inputs lie while jobs of a sandbox need them: a file system in memory of the sandbox's own.
//!
//! In memory, because what was written to a disk stays on it after its removal; without swap, for the same reason. Of
//! mode 0700 and root's: jobs see single files of it, bound into their containers read-only. All calls block for some
//! milliseconds.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::statvfs;

/// For the folders and lists of the file system itself.
const OWN_BYTES: u64 = 64 << 10;
const PAGE: u64 = 4096;
/// A file more is there while it is written beside its place.
const OWN_FILES: u64 = 4;

/// The ending of a file while it is written.
pub const UNFINISHED: &str = "unfinished";

/// Inputs that cannot be held.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// The kernel cannot keep the memory out of swap, and the machine swaps.
    #[error(
        "staged inputs would reach the disk: this machine swaps and its kernel has no `noswap` for tmpfs (Linux 6.4); switch swap off (`swapoff -a`)"
    )]
    Swap,
    /// A file operation failed.
    #[error("cannot {step} {}", path.display())]
    Io {
        /// What was done.
        step: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

pub(crate) fn at<E: Into<io::Error>>(
    step: &'static str,
    path: &Path,
) -> impl FnOnce(E) -> StageError {
    let path = path.to_owned();
    move |source| StageError::Io {
        step,
        path,
        source: source.into(),
    }
}

/// The memory that a file of so many bytes takes.
#[must_use]
pub fn room_for(bytes: u64) -> u64 {
    bytes.next_multiple_of(PAGE) + PAGE
}

/// The mount of one sandbox, there or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputMount {
    folder: PathBuf,
}

impl InputMount {
    /// The mount at a folder, as an earlier process left it.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// Whether it is mounted.
    ///
    /// # Errors
    /// The folder cannot be looked at.
    pub fn is_mounted(&self) -> Result<bool, StageError> {
        is_mounted(&self.folder)
    }

    /// The memory that it may take, in bytes; 0 when it is not mounted.
    ///
    /// # Errors
    /// It cannot be asked.
    pub fn size(&self) -> Result<u64, StageError> {
        if !self.is_mounted()? {
            return Ok(0);
        }
        let about = statvfs(&self.folder).map_err(at("measure", &self.folder))?;
        Ok(about.blocks() * about.fragment_size())
    }

    /// Mounts it with room for one more file of so many bytes, or lets it grow by that. The folder is made; an
    /// unmounted one that holds something is wiped first.
    ///
    /// # Errors
    /// [`StageError`].
    pub fn make_room(&self, bytes: u64) -> Result<(), StageError> {
        if !self.is_mounted()? {
            self.wipe()?;
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.folder)
                .map_err(at("make", &self.folder))?;
            self.mount(OWN_BYTES + room_for(bytes), OWN_FILES + 1, MsFlags::empty())?;
            return make_private(&self.folder);
        }
        let about = statvfs(&self.folder).map_err(at("measure", &self.folder))?;
        let free = about.blocks_available() * about.fragment_size();
        let missing = (room_for(bytes) + OWN_BYTES).saturating_sub(free);
        let size = about.blocks() * about.fragment_size() + missing;
        self.mount(size, about.files() + 1, MsFlags::MS_REMOUNT)
    }

    fn mount(&self, bytes: u64, files: u64, flags: MsFlags) -> Result<(), StageError> {
        let flags = flags | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let options = format!("size={bytes},nr_inodes={files},mode=0700");
        let mounted = |options: &str| {
            mount(
                Some("sandyq-staging"),
                &self.folder,
                Some("tmpfs"),
                flags,
                Some(options),
            )
        };
        match mounted(&format!("{options},noswap")) {
            Err(Errno::EINVAL) if has_swap() => Err(StageError::Swap),
            Err(Errno::EINVAL) => mounted(&options).map_err(at("mount memory at", &self.folder)),
            other => other.map_err(at("mount memory at", &self.folder)),
        }
    }

    /// Files that were not finished when a process ended: whatever ends in [`UNFINISHED`].
    ///
    /// # Errors
    /// One cannot be removed.
    pub fn drop_unfinished(&self) -> Result<(), StageError> {
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return Ok(());
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|ending| ending == UNFINISHED) {
                fs::remove_file(&path).map_err(at("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Gives its memory back to the kernel, which clears every page before anybody else gets it, and removes mount and
    /// folder. Files are cut to nothing first, so that a container which is still being taken down holds none of it.
    /// Idempotent.
    ///
    /// # Errors
    /// The step that failed; calling again goes on from there.
    pub fn wipe(&self) -> Result<(), StageError> {
        if let Ok(entries) = fs::read_dir(&self.folder) {
            for path in entries.flatten().map(|entry| entry.path()) {
                fs::OpenOptions::new()
                    .write(true)
                    .open(&path)
                    .and_then(|file| file.set_len(0))
                    .map_err(at("empty", &path))?;
                fs::remove_file(&path).map_err(at("remove", &path))?;
            }
        }
        take_down(&self.folder)
    }
}

/// Whether a file system of its own is mounted at a folder.
pub(crate) fn is_mounted(folder: &Path) -> Result<bool, StageError> {
    let device = |path: &Path| match fs::symlink_metadata(path) {
        Ok(about) => Ok(Some(about.dev())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at("look at", path)(error)),
    };
    let Some(inner) = device(folder)? else {
        return Ok(false);
    };
    let parent = folder.parent().unwrap_or(Path::new("/"));
    Ok(device(parent)? != Some(inner))
}

/// Nothing that is mounted on this machine later appears in it, nor the other way round.
pub(crate) fn make_private(folder: &Path) -> Result<(), StageError> {
    let nothing = None::<&str>;
    mount(nothing, folder, nothing, MsFlags::MS_PRIVATE, nothing)
        .map_err(at("make private", folder))
}

/// Unmounts what is mounted at a folder, and removes the folder. Idempotent.
pub(crate) fn take_down(folder: &Path) -> Result<(), StageError> {
    for _ in 0..16 {
        if !is_mounted(folder)? {
            break;
        }
        let flags = MntFlags::UMOUNT_NOFOLLOW;
        if umount2(folder, flags) == Err(Errno::EBUSY) {
            umount2(folder, flags | MntFlags::MNT_DETACH).map_err(at("unmount", folder))?;
        }
    }
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at("remove", folder)(error)),
        _ => Ok(()),
    }
}

fn has_swap() -> bool {
    fs::read_to_string("/proc/swaps").map_or(true, |text| text.lines().count() > 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_mount_holds_what_it_was_made_for_and_no_more() {
        let temp = tempfile::tempdir().unwrap();
        let mount = InputMount::at(&temp.path().join("staged"));
        assert_eq!(mount.size().unwrap(), 0);
        mount.make_room(1 << 20).unwrap();
        assert!(mount.is_mounted().unwrap());
        let about = fs::metadata(temp.path().join("staged")).unwrap();
        assert_eq!((about.mode() & 0o7777, about.uid()), (0o700, 0));
        let first = temp.path().join("staged/a.parquet");
        fs::write(&first, vec![7; 1 << 20]).unwrap();
        let second = temp.path().join("staged/b.parquet");
        assert!(
            fs::write(&second, vec![7; 1 << 20]).is_err(),
            "it is bounded"
        );
        fs::write(&second, b"").unwrap();
        mount.make_room(2 << 20).unwrap();
        fs::write(&second, vec![7; 2 << 20]).unwrap();
        assert_eq!(
            fs::read(&first).unwrap().len(),
            1 << 20,
            "growing keeps what is there"
        );
        let half = temp.path().join("staged/c.unfinished");
        fs::write(&half, b"x").unwrap();
        mount.drop_unfinished().unwrap();
        assert!(!half.exists() && first.exists());
        let open = fs::File::open(&first).unwrap();
        mount.wipe().unwrap();
        assert_eq!(
            open.metadata().unwrap().len(),
            0,
            "who holds a file has nothing of it"
        );
        drop(open);
        assert!(!temp.path().join("staged").exists());
        mount.wipe().unwrap();
    }
}
