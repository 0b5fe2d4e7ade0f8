//! The collected files in portions that are read at one go: small ones together, large ones alone.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use ring::digest::{SHA256, digest};
use sandyq_sandbox::collect::inspect::{inspect, inspect_bytes};
use sandyq_sandbox::collect::{Collected, CollectedFile};

use crate::error::{Error, Result};

/// A file of this size or more is an object of its own: the object then costs less than the bytes do.
const LARGE: u64 = 1 << 20;
/// Bytes of small files after which a portion ends.
const PORTION_BYTES: u64 = 1 << 20;
/// Files of a portion at most.
const PORTION_FILES: usize = 1024;

/// What was read at one go, in the order of the list.
pub enum Portion {
    /// Small files, one after another.
    Small {
        /// What is known of each.
        files: Vec<Known>,
        /// The bytes of all.
        bytes: Vec<u8>,
    },
    /// A large file, at its beginning.
    Large {
        /// Its path.
        path: String,
        /// Its size.
        bytes: u64,
        /// Open for reading.
        file: File,
        /// What the checks found.
        findings: Vec<String>,
    },
}

/// A small file that was read.
pub struct Known {
    /// Relative to /out.
    pub path: String,
    /// Size.
    pub bytes: u64,
    /// Hexadecimal.
    pub sha256: String,
    /// What the checks found.
    pub findings: Vec<String>,
}

/// Cuts the list into portions, in its order.
pub fn portions(collected: &Arc<Collected>) -> impl Iterator<Item = Range<usize>> + Send + use<> {
    let collected = Arc::clone(collected);
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = collected.files.get(from..)?;
        let length = length(rest);
        let start = from;
        from += length;
        (length > 0).then_some(start..from)
    })
}

/// How many of the files make the next portion.
fn length(files: &[CollectedFile]) -> usize {
    let Some(first) = files.first() else { return 0 };
    if first.bytes >= LARGE {
        return 1;
    }
    let mut bytes = 0_u64;
    let small = files.iter().take(PORTION_FILES).take_while(|file| {
        let begins = bytes < PORTION_BYTES && file.bytes < LARGE;
        bytes = bytes.saturating_add(file.bytes);
        begins
    });
    small.count()
}

/// Opens, reads, hashes and looks into the files of a portion, away from the threads that serve.
///
/// # Errors
/// The disk's, or a file is not what it was when it was listed.
pub async fn read(collected: Arc<Collected>, range: Range<usize>) -> Result<Portion> {
    tokio::task::spawn_blocking(move || {
        let files = collected.files.get(range).unwrap_or_default();
        match files {
            [file] if file.bytes >= LARGE => large(&collected, file),
            files => small(&collected, files),
        }
    })
    .await
    .map_err(|error| Error::internal("read output files", error))?
}

fn large(collected: &Collected, listed: &CollectedFile) -> Result<Portion> {
    let file = open(collected, listed)?;
    Ok(Portion::Large {
        findings: inspect(&listed.path, &file),
        path: listed.path.clone(),
        bytes: listed.bytes,
        file,
    })
}

fn small(collected: &Collected, listed: &[CollectedFile]) -> Result<Portion> {
    let room = listed.iter().map(|file| file.bytes).sum::<u64>();
    let mut bytes = Vec::with_capacity(usize::try_from(room).unwrap_or(0));
    let mut files = Vec::with_capacity(listed.len());
    for one in listed {
        let (start, size) = (bytes.len(), usize::try_from(one.bytes).unwrap_or(0));
        bytes.resize(start + size, 0);
        let own = bytes.get_mut(start..).unwrap_or_default();
        open(collected, one)?
            .read_exact(own)
            .map_err(|error| Error::internal("read an output file", error))?;
        files.push(Known {
            sha256: hex::encode(digest(&SHA256, own)),
            findings: inspect_bytes(&one.path, own),
            path: one.path.clone(),
            bytes: one.bytes,
        });
    }
    Ok(Portion::Small { files, bytes })
}

fn open(collected: &Collected, file: &CollectedFile) -> Result<File> {
    let opened = collected.open(file);
    opened.map_err(|error| Error::internal("open an output file", error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use sandyq_sandbox::collect::{Caps, collect};

    use super::*;

    const CAPS: Caps = Caps {
        bytes: 1 << 30,
        files: 10_000,
        depth: 8,
    };

    fn cut(sizes: &[u64]) -> Vec<usize> {
        let folder = tempfile::tempdir().unwrap();
        for (number, size) in sizes.iter().enumerate() {
            let file = File::create(folder.path().join(format!("{number:05}"))).unwrap();
            file.set_len(*size).unwrap();
        }
        let collected = Arc::new(collect(folder.path(), CAPS).unwrap());
        portions(&collected).map(|range| range.len()).collect()
    }

    #[test]
    fn portions_are_bounded_and_large_files_are_alone() {
        assert!(cut(&[]).is_empty());
        assert_eq!(cut(&[1, 0, 5]), [3]);
        assert_eq!(cut(&[1, LARGE, 5, LARGE + 1, LARGE]), [1, 1, 1, 1, 1]);
        assert_eq!(cut(&[PORTION_BYTES - 1, 1, LARGE - 1, 3]), [2, 2]);
        assert_eq!(cut(&[0; PORTION_FILES + 3]), [PORTION_FILES, 3]);
    }

    #[tokio::test]
    async fn small_files_come_together_with_the_hash_of_each() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), b"first").unwrap();
        std::fs::write(folder.path().join("b.py"), b"import os\n").unwrap();
        std::fs::write(folder.path().join("c"), b"").unwrap();
        let collected = Arc::new(collect(folder.path(), CAPS).unwrap());
        let portion = read(Arc::clone(&collected), 0..3).await.unwrap();
        let Portion::Small { files, bytes } = portion else {
            unreachable!("all are small");
        };
        assert_eq!(bytes, b"firstimport os\n");
        let hashes: Vec<_> = files.iter().map(|file| file.sha256.clone()).collect();
        let expected = [&b"first"[..], b"import os\n", b""];
        assert_eq!(
            hashes,
            expected.map(|bytes| hex::encode(digest(&SHA256, bytes)))
        );
        let found = files.iter().map(|file| !file.findings.is_empty());
        assert_eq!(found.collect::<Vec<_>>(), [false, true, false]);
        // What changed since it was listed is not taken.
        std::fs::write(folder.path().join("b.py"), b"import os, sys\n").unwrap();
        assert!(read(collected, 0..3).await.is_err());
    }
}
