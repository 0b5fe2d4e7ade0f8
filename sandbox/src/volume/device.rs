//! Loop devices (loop(4)): what a file system in a file is mounted from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use loopdev::{LoopControl, LoopDevice};
use nix::errno::Errno;
use nix::sys::stat::{major, minor};

/// How often another device is asked for when somebody else took the free one.
const ATTEMPTS: usize = 64;

/// Who asks for a free device gets the same one as whoever asks at the same time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A device whose contents are those of a file. It is freed when it is dropped, or unmounted after that.
#[derive(Debug)]
pub(super) struct Attached {
    device: LoopDevice,
    path: PathBuf,
    /// Nothing is to be done any more.
    left: bool,
}

impl Attached {
    /// Takes a free device.
    pub fn to(file: &Path) -> io::Result<Self> {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let control = LoopControl::open()?;
        let mut attempt = 0;
        loop {
            let device = control.next_free()?;
            let path = device.path().ok_or(io::ErrorKind::NotFound)?;
            attempt += 1;
            match device.attach_file(file) {
                Err(error) if is(&error, Errno::EBUSY) && attempt < ATTEMPTS => {}
                done => {
                    let left = false;
                    return done.map(|()| Self { device, path, left });
                }
            }
        }
    }

    /// The device's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves it to the kernel to free the device, which does so when nobody uses it any more.
    pub fn leave(mut self) -> io::Result<()> {
        self.left = true;
        self.device.detach()
    }

    /// Lets go of it as a process does that ends here.
    #[cfg(test)]
    pub fn abandon(mut self) {
        self.left = true;
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        if !self.left {
            // What led here is what is to be told.
            let _ = self.device.detach();
        }
    }
}

/// Frees the devices whose file this is, which a cut left attached.
pub(super) fn free(file: &Path) -> io::Result<()> {
    let Ok(file) = file.canonicalize() else {
        return Ok(());
    };
    for device in devices_of(&file)? {
        match LoopDevice::open(&device)?.detach() {
            // Somebody else did.
            Err(error) if is(&error, Errno::ENXIO) => {}
            done => done?,
        }
    }
    Ok(())
}

/// The devices whose file this is, by its whole path.
pub(super) fn devices_of(file: &Path) -> io::Result<Vec<PathBuf>> {
    let mut devices = Vec::new();
    for entry in fs::read_dir("/sys/block")? {
        let entry = entry?;
        if !entry.file_name().as_encoded_bytes().starts_with(b"loop") {
            continue;
        }
        // Without a file a device has no such entry.
        let text = fs::read_to_string(entry.path().join("loop/backing_file"));
        let text = text.unwrap_or_default();
        if Path::new(text.strip_suffix('\n').unwrap_or(&text)) == file {
            devices.push(Path::new("/dev").join(entry.file_name()));
        }
    }
    Ok(devices)
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno as i32)
}

/// Whether a loop device with this number, from which something was mounted, is one that somebody has to free.
pub(super) fn is_left_over(device: u64) -> bool {
    let (major, minor) = (major(device), minor(device));
    let path = format!("/sys/dev/block/{major}:{minor}/loop/autoclear");
    // A device without a file has no such entry.
    fs::read_to_string(path).is_ok_and(|text| text.trim_end() != "1")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn number(device: &Attached) -> u64 {
        fs::metadata(device.path()).unwrap().rdev()
    }

    fn file(device: u64) -> Option<String> {
        let (major, minor) = (major(device), minor(device));
        let path = format!("/sys/dev/block/{major}:{minor}/loop/backing_file");
        fs::read_to_string(path).ok()
    }

    #[test]
    fn a_device_goes_with_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let image = folder.path().join("image");
        fs::write(&image, vec![7; 1 << 16]).unwrap();
        let devices: Vec<Attached> = std::thread::scope(|scope| {
            let threads = [(); 8].map(|()| scope.spawn(|| Attached::to(&image).unwrap()));
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        let mut numbers: Vec<u64> = devices.iter().map(number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 8, "each has one of its own");
        for device in &devices {
            assert_eq!(fs::read(device.path()).unwrap(), vec![7; 1 << 16]);
            assert!(is_left_over(number(device)));
        }
        let own = folder.path().file_name().unwrap().to_str().unwrap();
        let ours = |device: &u64| file(*device).is_some_and(|file| file.contains(own));
        assert!(numbers.iter().all(ours));
        drop(devices);
        assert!(!numbers.iter().any(ours));
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Attached::to(&folder.path().join("absent")).is_err());
        assert!(Attached::to(folder.path()).is_err());
    }
}
