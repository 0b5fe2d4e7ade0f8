//! File systems as they are right after they were made, kept in memory. Two for the same limits are the same but for their
//! names and the time, so a second one is written from what is kept: that costs a tenth of a program that makes it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;
use nix::unistd::{Whence, lseek64};

/// Kept at once; those that were made last.
const MOST: usize = 8;
/// Bytes of one at most, without its holes. Only those of large volumes have more.
const MOST_BYTES: usize = 2 << 20;

/// The limits that a file system was made for: bytes and files.
pub(super) type Limits = (u64, u32);

/// What is not a hole, each part with its place in the file.
type Parts = Vec<(u64, Vec<u8>)>;

static KEPT: Mutex<Vec<(Limits, Arc<Parts>)>> = Mutex::new(Vec::new());

/// Writes a file system for these limits into an empty file of the right length; false where none is kept.
pub(super) fn write(file: &File, limits: Limits) -> io::Result<bool> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let found = kept.iter().find(|(of, _)| *of == limits);
    let Some(parts) = found.map(|(_, parts)| Arc::clone(parts)) else {
        return Ok(false);
    };
    drop(kept);
    for (place, bytes) in parts.iter() {
        file.write_all_at(bytes, *place)?;
    }
    Ok(true)
}

/// Keeps the file system that was just made, where it is small and can be read; there is no need of it.
pub(super) fn keep(file: &File, limits: Limits) {
    let Ok(Some(parts)) = parts(file) else { return };
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|(of, _)| *of != limits);
    if kept.len() >= MOST {
        kept.remove(0);
    }
    kept.push((limits, Arc::new(parts)));
}

/// The parts of a file that are no holes; `None` when they are large.
fn parts(file: &File) -> io::Result<Option<Parts>> {
    let (mut parts, mut room, mut from) = (Parts::new(), MOST_BYTES, 0);
    loop {
        let start = match lseek64(file, from, Whence::SeekData) {
            // Nothing but a hole follows.
            Err(Errno::ENXIO) => return Ok(Some(parts)),
            other => other?,
        };
        from = lseek64(file, start, Whence::SeekHole)?;
        let length = usize::try_from(from - start).unwrap_or(usize::MAX);
        let Some(left) = room.checked_sub(length) else {
            return Ok(None);
        };
        room = left;
        let place = u64::try_from(start).map_err(io::Error::other)?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, place)?;
        parts.push((place, bytes));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::super::{OutputVolume, image_bytes, system};
    use super::*;

    const LIMITS: Limits = (5 << 20, 123);

    fn image(volume: &OutputVolume) -> File {
        let file = File::create_new(&volume.image).unwrap();
        file.set_len(image_bytes(LIMITS.0, LIMITS.1)).unwrap();
        drop(file);
        let mut options = File::options();
        options.read(true).write(true).open(&volume.image).unwrap()
    }

    /// What is kept belongs to the whole process, so one test after another.
    #[test]
    fn what_is_kept_is_written_again_and_bounded() {
        what_is_written_again_is_the_same_file_system();
        only_the_last_and_the_small_are_kept();
    }

    fn what_is_written_again_is_the_same_file_system() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one", "two"].map(|name| {
            let folder = folder.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            OutputVolume::at(&folder)
        });
        let made = image(&one);
        assert!(!write(&made, LIMITS).unwrap());
        one.format(LIMITS.0, LIMITS.1).unwrap();
        keep(&made, LIMITS);
        assert!(write(&image(&two), LIMITS).unwrap());
        assert!(!write(&made, (LIMITS.0, LIMITS.1 + 1)).unwrap());
        let [first, second] = [&one, &two].map(|volume| std::fs::read(&volume.image).unwrap());
        assert!(first == second);
        let check = system("e2fsck")
            .args(["-f", "-n"])
            .arg(&two.image)
            .output()
            .unwrap();
        assert!(check.status.success(), "{check:?}");
        let listed = system("debugfs")
            .args(["-R", "ls -p /"])
            .arg(&two.image)
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(
            listed.contains("/../") && !listed.contains("lost+found"),
            "{listed}"
        );
    }

    fn only_the_last_and_the_small_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"file system").unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        for number in 0..=u64::try_from(MOST).unwrap() {
            keep(&file, (number, 7_000_001));
        }
        assert!(!write(&file, (0, 7_000_001)).unwrap());
        assert!(write(&file, (1, 7_000_001)).unwrap());
        std::fs::write(&path, vec![1; MOST_BYTES + 1]).unwrap();
        keep(&file, (1, 7_000_002));
        assert!(!write(&file, (1, 7_000_002)).unwrap());
    }
}
