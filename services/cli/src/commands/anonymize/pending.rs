//! Files that are written beside their places and moved there all together, or removed.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::errors::{Failure, Result};

/// Files in the making. Those that were not published are removed when this is dropped.
#[derive(Default)]
pub struct Pending {
    /// Where each is, and where it belongs.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Pending {
    /// Begins a file that belongs at `place`.
    pub fn file(&mut self, place: &Path) -> Result<File> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&beside)
            .map_err(|error| Failure::file("write", place, &error))?;
        super::progress::remove_at_interrupt(&beside);
        self.files.push((beside, place.to_owned()));
        Ok(file)
    }

    /// Writes a whole file that belongs at `place`.
    pub fn write(&mut self, place: &Path, bytes: &[u8]) -> Result<()> {
        let mut file = self.file(place)?;
        file.write_all(bytes)
            .map_err(|error| Failure::file("write", place, &error))
    }

    /// Where the file that belongs at `place` is now.
    pub fn place_of<'a>(&'a self, place: &'a Path) -> &'a Path {
        let found = self.files.iter().find(|(_, belongs)| belongs == place);
        found.map_or(place, |(now, _)| now)
    }

    /// Moves the files to their places, the first one last: where it is, the others are too.
    pub fn publish(mut self) -> Result<()> {
        while let Some((beside, place)) = self.files.pop() {
            if let Err(error) = fs::rename(&beside, &place) {
                self.files.push((beside, place.clone()));
                return Err(Failure::file("write", &place, &error));
            }
        }
        Ok(())
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        for (beside, _) in &self.files {
            // There is nothing to be done about a file that cannot be removed.
            let _ = fs::remove_file(beside);
        }
    }
}
