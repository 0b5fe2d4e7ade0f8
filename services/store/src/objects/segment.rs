//! The memory of a segment, and its way to the disk.
//!
//! On a local disk a large segment is written around the page cache (`O_DIRECT`): a copy into the cache costs more than
//! encrypting the bytes did, and the cache has better things to keep than an upload. Where the file system knows no such
//! writes, and in every other storage, it goes the usual way.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use nix::fcntl::OFlag;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::format::{CHUNK_BYTES, HEADER_LEN, TAG_LEN};
use super::{ObjectError, ObjectStore};

/// What addresses and lengths of direct writes are multiples of: a page, which is a multiple of every disk's blocks.
const ALIGNMENT: usize = 4096;
/// Smaller segments are not worth it.
const LEAST_DIRECT: usize = 1 << 20;
/// The name of an object's first segment.
const FIRST: &str = "00000000";
/// The memory that a segment begins with. Most objects are smaller; that of a whole segment is not asked for in vain.
const FIRST_ROOM: usize = 64 << 10;

/// The bytes of one segment file, at an address that a disk can be given.
pub(super) struct Segment {
    memory: Vec<u8>,
    /// What a whole segment takes.
    whole: usize,
    /// Where the file begins in the memory.
    start: usize,
    /// Where the chunk begins that is being received.
    chunk: usize,
    chunks: u32,
}

impl Segment {
    /// A segment for so many chunks.
    pub fn new(header: &[u8], chunks: u32) -> Self {
        let chunks = usize::try_from(chunks).unwrap_or(usize::MAX);
        let content = (CHUNK_BYTES + TAG_LEN).saturating_mul(chunks);
        let whole = (ALIGNMENT + HEADER_LEN).saturating_add(content);
        let (memory, start) = room(whole.min(FIRST_ROOM));
        Self {
            memory,
            whole,
            start,
            chunk: 0,
            chunks: 0,
        }
        .again(header)
    }

    /// The same memory for another segment.
    pub fn again(mut self, header: &[u8]) -> Self {
        self.memory.clear();
        self.memory.resize(self.start, 0);
        self.memory.extend_from_slice(header);
        self.chunk = self.memory.len();
        self.chunks = 0;
        self
    }

    /// Adds to the chunk.
    pub fn push(&mut self, bytes: &[u8]) {
        self.make_room(bytes.len());
        self.memory.extend_from_slice(bytes);
    }

    /// Moves to the memory of a whole segment when the first is too small.
    fn make_room(&mut self, bytes: usize) {
        let needed = self.memory.len().saturating_add(bytes);
        if needed <= self.memory.capacity() {
            return;
        }
        let (mut memory, start) = room(self.whole.max(needed));
        memory.resize(start, 0);
        memory.extend_from_slice(self.file());
        self.chunk = self.chunk - self.start + start;
        (self.memory, self.start) = (memory, start);
    }

    /// The chunk so far.
    pub fn open_chunk(&mut self) -> &mut [u8] {
        self.memory.get_mut(self.chunk..).unwrap_or_default()
    }

    /// Ends the chunk with its tag.
    pub fn end_chunk(&mut self, tag: &[u8]) {
        self.make_room(tag.len());
        self.memory.extend_from_slice(tag);
        self.chunk = self.memory.len();
        self.chunks += 1;
    }

    /// Chunks that were ended.
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// What is written of it.
    pub fn file(&self) -> &[u8] {
        self.memory.get(self.start..).unwrap_or_default()
    }
}

/// Memory for so many bytes, and where in it an address begins that a disk can be given.
fn room(bytes: usize) -> (Vec<u8>, usize) {
    let memory: Vec<u8> = Vec::with_capacity(bytes);
    let start = memory.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    (memory, start)
}

/// A segment that the storage reads from.
struct Lent(Arc<Segment>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.0.file()
    }
}

impl ObjectStore {
    /// Makes a segment durable; gives its memory back where it can.
    pub(super) async fn put(
        &self,
        path: &Path,
        segment: Segment,
    ) -> Result<Option<Segment>, ObjectError> {
        let mut segment = segment;
        if let Some(root) = &self.shared.root {
            let file = root.join(path.as_ref());
            let written = tokio::task::spawn_blocking(move || {
                let written = write(&file, segment.file());
                (written, segment)
            });
            let (written, back) = written.await.map_err(|_| failed("a writer ended early"))?;
            if written.map_err(failed)? {
                return Ok(Some(back));
            }
            segment = back;
        }
        let shared = Arc::new(segment);
        let bytes = Bytes::from_owner(Lent(Arc::clone(&shared)));
        self.shared.backend.put(path, bytes.into()).await?;
        Ok(Arc::into_inner(shared))
    }
}

fn failed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ObjectError {
    let source = source.into();
    object_store::Error::Generic {
        store: "local",
        source,
    }
    .into()
}

/// Writes a file, a large one around the page cache; when it returns, bytes and name are durable. An object has a folder of its own, which
/// is made with its first segment: each folder whose names change is written to the disk once. False, and nothing is left, where that is
/// not possible: a file system without direct writes, or a folder above that must be made first.
fn write(path: &FilePath, bytes: &[u8]) -> io::Result<bool> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(false);
    };
    let made = match std::fs::create_dir(folder) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    // The name under which the storage's own unfinished files are hidden from lists, and swept.
    let mut staged = path.as_os_str().to_owned();
    staged.push("#1");
    let staged = PathBuf::from(staged);
    let done = stage(&staged, bytes).and_then(|()| {
        std::fs::rename(&staged, path)?;
        File::open(folder)?.sync_all()?;
        // The folder may be of an earlier attempt, which was cut before its name was durable.
        match folder.parent() {
            Some(above) if made || *name == *FIRST => File::open(above)?.sync_all(),
            _ => Ok(()),
        }
    });
    let Err(error) = done else { return Ok(true) };
    // An earlier attempt is still there; the storage finds another name.
    if error.kind() == io::ErrorKind::AlreadyExists {
        return Ok(false);
    }
    // Some file systems make the file before they refuse to write to it directly.
    let _ = std::fs::remove_file(&staged);
    if made {
        let _ = std::fs::remove_dir(folder);
    }
    if error.kind() == io::ErrorKind::InvalidInput {
        Ok(false)
    } else {
        Err(error)
    }
}

fn stage(path: &FilePath, bytes: &[u8]) -> io::Result<()> {
    let direct = bytes.len() >= LEAST_DIRECT && bytes.as_ptr().align_offset(ALIGNMENT) == 0;
    let aligned = if direct {
        bytes.len() / ALIGNMENT * ALIGNMENT
    } else {
        0
    };
    let (body, tail) = bytes.split_at_checked(aligned).unwrap_or((&[], bytes));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    if !direct {
        let file = options.open(path)?;
        file.write_all_at(tail, 0)?;
        return file.sync_all();
    }
    let file = options.custom_flags(OFlag::O_DIRECT.bits()).open(path)?;
    file.write_all_at(body, 0)?;
    // What is left is no whole page, so it goes through the cache.
    let rest = OpenOptions::new().write(true).open(path)?;
    rest.write_all_at(tail, body.len() as u64)?;
    rest.sync_all()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn segment(chunks: u32) -> Segment {
        let mut segment = Segment::new(&[7; HEADER_LEN], chunks);
        for number in 0..chunks {
            segment.push(&vec![u8::try_from(number).unwrap(); CHUNK_BYTES]);
            segment.end_chunk(&[9; TAG_LEN]);
        }
        segment
    }

    #[test]
    fn memory_is_used_again_at_the_same_address() {
        let full = segment(2);
        let (address, bytes) = (full.file().as_ptr(), full.file().to_vec());
        assert_eq!(address.align_offset(ALIGNMENT), 0);
        assert_eq!(bytes.len(), HEADER_LEN + 2 * (CHUNK_BYTES + TAG_LEN));
        let mut again = full.again(&[8; HEADER_LEN]);
        assert_eq!(again.chunks(), 0);
        again.push(&[1, 2]);
        assert_eq!(again.open_chunk(), [1, 2]);
        again.end_chunk(&[9; TAG_LEN]);
        assert_eq!(again.file().as_ptr(), address);
        assert_eq!(again.file().len(), HEADER_LEN + 2 + TAG_LEN);
    }

    #[test]
    fn a_write_leaves_the_very_bytes_or_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let segment = segment(2);
        let small = segment.file().get(..100).unwrap();
        let object = folder.path().join("object");
        // Whether the file system takes direct writes or not, nothing else may be left.
        let mut files = 0;
        for (number, bytes) in [segment.file(), small].into_iter().enumerate() {
            let path = object.join(format!("{number:08}"));
            let written = write(&path, bytes).unwrap();
            assert!(written || bytes.len() > small.len());
            assert_eq!(object.is_dir(), written);
            if written {
                files += 1;
                assert!(std::fs::read(&path).unwrap() == bytes);
                assert_eq!(std::fs::read_dir(&object).unwrap().count(), files);
            }
        }
        assert!(!write(&folder.path().join("none/object/00000000"), small).unwrap());
        assert!(!folder.path().join("none").exists());
    }

    #[test]
    fn what_has_outgrown_its_first_memory_is_the_same() {
        let mut segment = Segment::new(&[7; HEADER_LEN], 2);
        assert!(segment.memory.capacity() <= FIRST_ROOM + ALIGNMENT);
        for part in vec![3; FIRST_ROOM].chunks(1000) {
            segment.push(part);
        }
        assert_eq!(segment.open_chunk(), vec![3; FIRST_ROOM]);
        segment.end_chunk(&[9; TAG_LEN]);
        assert_eq!(segment.file().as_ptr().align_offset(ALIGNMENT), 0);
        let expected = [&[7; HEADER_LEN][..], &vec![3; FIRST_ROOM], &[9; TAG_LEN]].concat();
        assert!(segment.file() == expected);
    }

    #[test]
    fn what_an_earlier_attempt_left_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("00000001");
        let staged = folder.path().join("00000001#1");
        std::fs::write(&staged, "left").unwrap();
        assert!(!write(&path, segment(2).file()).unwrap());
        assert_eq!(std::fs::read(staged).unwrap(), b"left");
    }
}
