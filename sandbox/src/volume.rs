//! The output volume: a file system of its own in a sparse file, so that a job
//! that fills it meets ENOSPC and nothing else on the node is touched.
//!
//! All calls block for some milliseconds; an asynchronous caller runs them on a
//! thread for blocking work. A volume is known by its folder alone, so that a
//! restarted server can go on with it.

mod blank;
mod device;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::statvfs::{Statvfs, statvfs};

use self::device::Attached;
use crate::spec::{GID, UID};

/// Below this size blocks have 1 KiB, which wastes little on small files; above it 4 KiB.
const SMALL_FILE_SYSTEM: u64 = 512 << 20;
const INODE_BYTES: u64 = 256;
/// The root folder and what ext4 keeps for itself.
const OWN_INODES: u64 = 16;
/// Inodes are dealt out evenly to block groups in steps of 8, rounded down.
const INODES_PER_GROUP_STEP: u64 = 16;
const FLAGS: MsFlags = MsFlags::MS_NOSUID
    .union(MsFlags::MS_NODEV)
    .union(MsFlags::MS_NOEXEC);
const SYSTEM_FOLDERS: [&str; 4] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// A volume that cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VolumeError {
    /// Mounting needs root.
    #[error(
        "an output volume with a hard limit needs root (it mounts a file system), and this process runs as user {uid}; run the server as root"
    )]
    NotRoot {
        /// The effective user.
        uid: u32,
    },
    /// The folder already holds a mounted volume.
    #[error("{} is mounted already; remove the old volume first", path.display())]
    InUse {
        /// The mount point.
        path: PathBuf,
    },
    /// A program of the system is absent or failed.
    #[error("`{program}` failed for {}: {reason}", path.display())]
    Program {
        /// Which one.
        program: &'static str,
        /// On what.
        path: PathBuf,
        /// What it said, or how to get it.
        reason: String,
    },
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

fn at<E: Into<io::Error>>(step: &'static str, path: &Path) -> impl FnOnce(E) -> VolumeError {
    let path = path.to_owned();
    move |source| VolumeError::Io {
        step,
        path,
        source: source.into(),
    }
}

/// The size of the file system in which `bytes` in `files` files fit, in bytes:
/// for each file an inode and the unused part of its last block, and 1/64 and 1 MiB
/// for ext4's own tables. The file is sparse; the disk is used as it fills.
#[must_use]
pub fn image_bytes(bytes: u64, files: u32) -> u64 {
    let files = (u64::from(files) + OWN_INODES) * (INODE_BYTES + block_bytes(bytes));
    (bytes + bytes / 64 + files + (1 << 20)).next_multiple_of(4096)
}

fn block_bytes(bytes: u64) -> u64 {
    if bytes < SMALL_FILE_SYSTEM {
        1024
    } else {
        4096
    }
}

/// The inodes to ask mkfs for. A group has as many blocks as one block has bits.
fn inodes(bytes: u64, files: u32) -> u64 {
    let block = block_bytes(bytes);
    let groups = image_bytes(bytes, files).div_ceil(8 * block * block);
    u64::from(files) + OWN_INODES + groups * INODES_PER_GROUP_STEP
}

/// Room left in a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that can still be written.
    pub bytes: u64,
    /// Files that can still be made.
    pub files: u64,
}

/// An output volume, mounted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputVolume {
    image: PathBuf,
    mount_point: PathBuf,
}

impl OutputVolume {
    /// The volume of a folder, as it was left by an earlier process.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            image: folder.join("out.ext4"),
            mount_point: folder.join("out"),
        }
    }

    /// Makes and mounts a volume in `folder` (which is made too) for `bytes` bytes
    /// in `files` files. What an interrupted attempt left there is removed.
    ///
    /// # Errors
    /// [`VolumeError::NotRoot`], [`VolumeError::InUse`] when one is mounted there,
    /// or the step that failed. Nothing is left behind.
    pub fn create(folder: &Path, bytes: u64, files: u32) -> Result<Self, VolumeError> {
        let volume = Self::reserve(folder)?;
        volume.fill(bytes, files)?;
        Ok(volume)
    }

    /// The first part of [`create`](Self::create), without waiting for a disk: makes
    /// the folder that the volume is to be mounted on. A container can be made with
    /// it at once, and started after [`fill`](Self::fill).
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn reserve(folder: &Path) -> Result<Self, VolumeError> {
        let uid = nix::unistd::geteuid();
        if !uid.is_root() {
            return Err(VolumeError::NotRoot { uid: uid.as_raw() });
        }
        let volume = Self::at(folder);
        if volume.is_mounted()? {
            return Err(VolumeError::InUse {
                path: volume.mount_point,
            });
        }
        volume.remove()?;
        let mount_point = &volume.mount_point;
        fs::create_dir_all(folder).map_err(at("make", folder))?;
        // Without the volume on it, the folder is closed to the job: a lost mount
        // must not become an unlimited one.
        fs::DirBuilder::new()
            .mode(0o700)
            .create(mount_point)
            .map_err(at("make", mount_point))?;
        Ok(volume)
    }

    /// The second part of [`create`](Self::create): makes the file system and mounts
    /// it in the reserved folder.
    ///
    /// # Errors
    /// The step that failed. Nothing is left behind.
    pub fn fill(&self, bytes: u64, files: u32) -> Result<(), VolumeError> {
        let made = self.make(bytes, files);
        if made.is_err() {
            // The first error is the one to report.
            drop(self.remove());
        }
        made
    }

    fn make(&self, bytes: u64, files: u32) -> Result<(), VolumeError> {
        let image = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.image)
            .map_err(at("make", &self.image))?;
        let written = image
            .set_len(image_bytes(bytes, files))
            .and_then(|()| blank::write(&image, (bytes, files)));
        if !written.map_err(at("make", &self.image))? {
            self.format(bytes, files)?;
            blank::keep(&image, (bytes, files));
        }
        self.mount()?;
        let lost_and_found = self.mount_point.join("lost+found");
        match fs::remove_dir(&lost_and_found) {
            // It was taken out of the file system before.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(at("remove", &lost_and_found)),
        }
    }

    /// No journal: after a crash of the machine the job is lost anyway. The inode
    /// tables need no zeroing, because a new sparse file reads as zeros.
    fn format(&self, bytes: u64, files: u32) -> Result<(), VolumeError> {
        let (block, inodes) = (
            block_bytes(bytes).to_string(),
            inodes(bytes, files).to_string(),
        );
        let owner = format!("lazy_itable_init=1,nodiscard,root_owner={UID}:{GID}");
        let features = "^has_journal,^resize_inode";
        let mut options = vec!["-q", "-F", "-m", "0", "-O", features];
        options.extend(["-E", &owner, "-b", &block, "-N", &inodes]);
        self.run("mkfs.ext4", |mkfs| mkfs.args(options).arg(&self.image))?;
        // Taken out here, it is not in what is kept for other volumes either. Where this program is absent, the folder is removed once
        // the volume is mounted, which reads and frees it by way of the loop device.
        let take_out = ["-w", "-R", "rmdir lost+found"];
        let _ = self.run("debugfs", |debugfs| debugfs.args(take_out).arg(&self.image));
        Ok(())
    }

    /// By the system calls: a program that makes them costs the processor ten times as much. Without barriers: what would have to be
    /// on the disk before what is of no use to anybody once the machine was down.
    fn mount(&self) -> Result<(), VolumeError> {
        let device =
            Attached::to(&self.image).map_err(at("attach a loop device to", &self.image))?;
        let flags = MsFlags::MS_NOATIME | FLAGS;
        mount(
            Some(device.path()),
            &self.mount_point,
            Some("ext4"),
            flags,
            Some("noinit_itable,nobarrier"),
        )
        .map_err(at("mount", &self.mount_point))?;
        device.leave().map_err(at("let go of", &self.image))
    }

    fn run(
        &self,
        program: &'static str,
        with: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<(), VolumeError> {
        let failed = |reason| VolumeError::Program {
            program,
            path: self.image.clone(),
            reason,
        };
        let mut command = system(program);
        let output = with(&mut command).output();
        let output = output.map_err(|error| failed(format!("{error}; install e2fsprogs")))?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(
            String::from_utf8_lossy(&output.stderr)
                .trim()
                .chars()
                .take(500)
                .collect(),
        ))
    }

    /// Where the volume is mounted; this is the job's `output_path`.
    #[must_use]
    pub fn mount_point(&self) -> &Path {
        &self.mount_point
    }

    /// Whether it is mounted.
    ///
    /// # Errors
    /// When the folder cannot be looked at.
    pub fn is_mounted(&self) -> Result<bool, VolumeError> {
        let device = |path: &Path| match fs::symlink_metadata(path) {
            Ok(about) => Ok(Some(about.dev())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at("look at", path)(error)),
        };
        let Some(inner) = device(&self.mount_point)? else {
            return Ok(false);
        };
        let parent = self.mount_point.parent().unwrap_or(Path::new("/"));
        Ok(device(parent)? != Some(inner))
    }

    /// What is left of it.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn room(&self) -> Result<Room, VolumeError> {
        let about = self.about()?;
        Ok(Room {
            bytes: about.blocks_available() * about.fragment_size(),
            files: about.files_available(),
        })
    }

    fn about(&self) -> Result<Statvfs, VolumeError> {
        statvfs(&self.mount_point).map_err(at("measure", &self.mount_point))
    }

    /// Whether a job may have failed for want of room: no inode is left, or less
    /// than 128 KiB or 1/64 of the volume. Not zero bytes, because ext4 refuses a
    /// large write as a whole.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn is_full(&self) -> Result<bool, VolumeError> {
        let about = self.about()?;
        let least = (about.blocks() * about.fragment_size() / 64).max(128 << 10);
        self.room()
            .map(|room| room.bytes < least || room.files == 0)
    }

    /// Makes it read-only for everyone, so that what is collected cannot change.
    /// To be called once the container has stopped; waits up to a second for its
    /// last descriptors to close. Idempotent.
    ///
    /// # Errors
    /// When a process still writes to it, or it is not mounted.
    pub fn freeze(&self) -> Result<(), VolumeError> {
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | FLAGS;
        let remount = || {
            mount(
                None::<&str>,
                &self.mount_point,
                None::<&str>,
                flags,
                None::<&str>,
            )
        };
        let mut answer = remount();
        for _ in 0..50 {
            if answer != Err(nix::errno::Errno::EBUSY) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
            answer = remount();
        }
        answer.map_err(at("freeze", &self.mount_point))
    }

    /// Unmounts it, frees its loop device and removes its file and mount point.
    /// Idempotent, and right for whatever an interrupted process left.
    ///
    /// # Errors
    /// The step that failed; calling again goes on from there.
    pub fn remove(&self) -> Result<(), VolumeError> {
        let devices = self.unmount()?;
        // What was mounted frees its device, but where a cut came before that was asked for. Another may have come before the mount.
        if devices.is_empty() || devices.into_iter().any(device::is_left_over) {
            device::free(&self.image).map_err(at("free the loop device of", &self.image))?;
        }
        for (gone, path) in [
            (fs::remove_file(&self.image), &self.image),
            (fs::remove_dir(&self.mount_point), &self.mount_point),
        ] {
            match gone {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at("remove", path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives the numbers of the devices that it was mounted from.
    fn unmount(&self) -> Result<Vec<u64>, VolumeError> {
        let mut devices = Vec::new();
        // More than once, because an interrupted attempt may have mounted twice.
        for _ in 0..16 {
            if !self.is_mounted()? {
                return Ok(devices);
            }
            let about = fs::symlink_metadata(&self.mount_point);
            devices.extend(about.map(|about| about.dev()));
            let answer = umount2(&self.mount_point, MntFlags::UMOUNT_NOFOLLOW);
            if answer == Err(nix::errno::Errno::EBUSY) {
                // Someone looks at it (a collection that was cut). Detached, it goes
                // when they let go.
                let lazily = MntFlags::UMOUNT_NOFOLLOW | MntFlags::MNT_DETACH;
                umount2(&self.mount_point, lazily).map_err(at("unmount", &self.mount_point))?;
            } else {
                answer.map_err(at("unmount", &self.mount_point))?;
            }
        }
        Err(VolumeError::InUse {
            path: self.mount_point.clone(),
        })
    }
}

/// A program of the system, named by its whole path: one that is looked for in a path of its own would be begun by a copy
/// of this process, which costs more than the program does.
fn system(program: &str) -> Command {
    let places = SYSTEM_FOLDERS.map(|folder| Path::new(folder).join(program));
    let there = places.into_iter().find(|place| place.exists());
    let mut command = Command::new(there.unwrap_or_else(|| program.into()));
    command
        .env("PATH", SYSTEM_FOLDERS.join(":"))
        .env("LC_ALL", "C");
    command
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_volume_is_larger_than_what_fits_in() {
        assert!(image_bytes(1 << 20, 16) > 2 << 20);
        let large = image_bytes(1 << 30, 1000);
        assert!(large > 1 << 30 && large < (1 << 30) * 11 / 10, "{large}");
        assert_eq!(large % 4096, 0);
    }

    #[test]
    fn what_a_cut_left_attached_is_freed() {
        let folder = tempfile::tempdir().unwrap();
        let attached = |mounted: bool| {
            let volume = OutputVolume::reserve(folder.path()).unwrap();
            let file = fs::File::create_new(&volume.image).unwrap();
            file.set_len(image_bytes(1 << 20, 10)).unwrap();
            volume.format(1 << 20, 10).unwrap();
            let device = Attached::to(&volume.image).unwrap();
            if mounted {
                let ext4 = Some("ext4");
                mount(
                    Some(device.path()),
                    &volume.mount_point,
                    ext4,
                    FLAGS,
                    None::<&str>,
                )
                .unwrap();
            }
            // As with the process that ended here.
            device.abandon();
            volume
        };
        for mounted in [false, true] {
            let volume = attached(mounted);
            let image = volume.image.canonicalize().unwrap();
            assert_eq!(device::devices_of(&image).unwrap().len(), 1);
            assert_eq!(volume.is_mounted().unwrap(), mounted);
            volume.remove().unwrap();
            let left: Vec<PathBuf> = device::devices_of(&image).unwrap();
            assert!(left.is_empty(), "{left:?}");
            let gone = format!("{} (deleted)", image.display());
            assert!(device::devices_of(Path::new(&gone)).unwrap().is_empty());
        }
    }

    #[test]
    fn a_folder_that_never_held_a_volume_has_nothing_to_remove() {
        let volume = OutputVolume::at(Path::new("/nonexistent/sandyq/job"));
        assert!(matches!(volume.is_mounted(), Ok(false)));
        assert!(volume.remove().is_ok());
        assert!(matches!(
            volume.freeze(),
            Err(VolumeError::Io { step: "freeze", .. })
        ));
    }
}
