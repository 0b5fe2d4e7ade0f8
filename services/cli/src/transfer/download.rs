//! Downloads that cannot leave their folder, and that exist only once their hash is right.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use ring::digest::{Context as Digest, SHA256};

use crate::errors::{Failure, Result};
use crate::output::printable;

/// Where a file named by the platform goes below `dir`. Names come from code that nobody trusts: nothing but plain parts is
/// accepted, and no part may be a symbolic link that is there already.
///
/// # Errors
/// When the path could leave the folder.
pub fn place(dir: &Path, path: &str) -> Result<PathBuf> {
    let refuse = |why: &str| {
        Failure::verification(format!(
            "the file `{}` is not written: {why}",
            printable(path)
        ))
    };
    if path.is_empty() || printable(path) != path || path.contains('\\') {
        return Err(refuse(
            "its name is empty or has characters that do not belong in one",
        ));
    }
    let mut place = dir.to_owned();
    for component in Path::new(path).components() {
        let Component::Normal(part) = component else {
            return Err(refuse("its name would leave the folder"));
        };
        place.push(part);
        if place
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_symlink())
        {
            return Err(refuse(&format!("{} is a symbolic link", place.display())));
        }
    }
    Ok(place)
}

/// A file that is being received beside its place.
pub struct Incoming {
    place: PathBuf,
    beside: PathBuf,
    file: std::fs::File,
    digest: Digest,
    size: u64,
    limit: u64,
}

impl Incoming {
    /// Begins to receive a file of `limit` bytes.
    pub fn create(place: PathBuf, limit: u64) -> Result<Self> {
        let parent = place.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent).map_err(|error| Failure::file("make", parent, &error))?;
        let beside = parent.join(format!(".sandyq-{}.part", uuid::Uuid::new_v4().simple()));
        let file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&beside)
            .map_err(|error| Failure::file("write", &beside, &error))?;
        Ok(Self {
            place,
            beside,
            file,
            digest: Digest::new(&SHA256),
            size: 0,
            limit,
        })
    }

    /// Takes the next bytes.
    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        self.size = self.size.saturating_add(data.len() as u64);
        if self.size > self.limit {
            let text = format!(
                "{} is longer than the {} bytes that were reviewed",
                self.place.display(),
                self.limit
            );
            return Err(Failure::verification(text));
        }
        self.digest.update(data);
        self.file
            .write_all(data)
            .map_err(|error| Failure::file("write", &self.beside, &error))
    }

    /// Puts the file in its place if size and hash are as promised.
    pub fn finish(self, sha256: &str) -> Result<()> {
        let found = hex::encode(self.digest.clone().finish());
        if self.size != self.limit || found != sha256.to_lowercase() {
            let text = format!(
                "{} is not what was reviewed\n  reviewed: {} bytes, SHA-256 {}\n  received: {} bytes, SHA-256 {found}",
                self.place.display(),
                self.limit,
                printable(sha256),
                self.size
            );
            return Err(Failure::verification(text));
        }
        self.file
            .sync_all()
            .map_err(|error| Failure::file("write", &self.beside, &error))?;
        std::fs::rename(&self.beside, &self.place)
            .map_err(|error| Failure::file("write", &self.place, &error))
    }
}

impl Drop for Incoming {
    /// After the rename there is nothing to remove.
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.beside);
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;
    use crate::errors::Exit;

    #[test]
    fn plain_paths_stay_below_the_folder() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "model.json",
            "a/b/c.json",
            ".sandyq/job.log",
            "имя файла.txt",
        ] {
            assert_eq!(place(dir.path(), path).unwrap(), dir.path().join(path));
        }
    }

    #[test]
    fn paths_that_would_leave_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "",
            "/etc/passwd",
            "../x",
            "a/../../x",
            "a/..",
            "a\\..\\x",
            "a\0b",
            "a\nb",
            "a\u{202e}b",
        ] {
            assert_eq!(
                place(dir.path(), path).unwrap_err().exit,
                Exit::Verification,
                "{path:?}"
            );
        }
    }

    #[test]
    fn symbolic_links_on_the_way_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/tmp", dir.path().join("link")).unwrap();
        assert!(place(dir.path(), "link").is_err());
        assert!(place(dir.path(), "link/x").is_err());
    }

    fn receive(dir: &Path, data: &[u8], size: u64, sha256: &str) -> Result<()> {
        let mut incoming = Incoming::create(dir.join("sub/file"), size)?;
        incoming.write(data)?;
        incoming.finish(sha256)
    }

    #[test]
    fn only_what_was_promised_appears() {
        let dir = tempfile::tempdir().unwrap();
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for (data, size) in [
            (b"abd".as_slice(), 3),
            (b"ab", 3),
            (b"abcd", 3),
            (b"abc", 4),
        ] {
            assert_eq!(
                receive(dir.path(), data, size, abc).unwrap_err().exit,
                Exit::Verification
            );
            assert_eq!(
                std::fs::read_dir(dir.path().join("sub")).unwrap().count(),
                0,
                "{data:?}"
            );
        }
        receive(dir.path(), b"abc", 3, abc).unwrap();
        assert_eq!(std::fs::read(dir.path().join("sub/file")).unwrap(), b"abc");
    }
}
