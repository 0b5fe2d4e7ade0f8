//! Zip, by its central directory, read entry by entry: a list of millions of entries takes no memory.
//!
//! Format: APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.14 to 4.3.16 (its end).

use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use super::{HEAD, Look, Source, escaped, worth_it};

const END: &[u8] = b"PK\x05\x06";
const END_BYTES: u64 = 22;
const ENTRY: &[u8] = b"PK\x01\x02";
const LOCAL_BYTES: u64 = 30;
const LONGEST_COMMENT: u64 = 65_535;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Unix file type of a symbolic link, in the upper half of the external attributes.
const LINK: u32 = 0o120_000;

/// Whether a file ends with the end of a zip, whatever it begins with: many unpackers read from the end.
pub(super) fn ends_like_one(source: &mut dyn Source, bytes: u64) -> io::Result<bool> {
    if bytes < END_BYTES {
        return Ok(false);
    }
    let mut end = [0_u8; 4];
    source.seek(SeekFrom::Start(bytes - END_BYTES))?;
    source.read_exact(&mut end)?;
    source.rewind()?;
    Ok(end == END)
}

/// One line of the central directory.
struct Entry {
    name: Vec<u8>,
    flags: u16,
    method: u16,
    packed: u64,
    unpacked: u64,
    local: u64,
    mode: u32,
}

/// Where the central directory is, and how many entries it says it has.
struct Directory {
    offset: u64,
    entries: u64,
}

fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let pair = bytes.get(at..at + 2).unwrap_or_default();
    pair.try_into().map_or(0, u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).unwrap_or_default();
    four.try_into().map_or(0, u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let eight = bytes.get(at..at + 8).unwrap_or_default();
    eight.try_into().map_or(0, u64::from_le_bytes)
}

fn directory(source: &mut dyn Source, bytes: u64) -> io::Result<Directory> {
    let tail = bytes.min(END_BYTES + LONGEST_COMMENT);
    source.seek(SeekFrom::Start(bytes - tail))?;
    let mut text = Vec::new();
    (&mut *source).take(tail).read_to_end(&mut text)?;
    let at = text
        .windows(END.len())
        .rposition(|window| window == END)
        .ok_or_else(|| damaged("a zip without an end"))?;
    let end = text.get(at..).unwrap_or_default();
    let here = bytes - tail + at as u64;
    let size = u64::from(u32_at(end, 12));
    let told = Directory {
        offset: u64::from(u32_at(end, 16)),
        entries: u64::from(u16_at(end, 10)),
    };
    if told.offset != u64::from(u32::MAX) && told.entries != u64::from(u16::MAX) {
        // What stands before the zip shifts all its offsets.
        let shift = here.saturating_sub(size).saturating_sub(told.offset);
        return Ok(Directory {
            offset: told.offset + shift,
            ..told
        });
    }
    large_directory(source, here)
}

/// The end of a zip64.
fn large_directory(source: &mut dyn Source, end: u64) -> io::Result<Directory> {
    let mut locator = [0_u8; 20];
    source.seek(SeekFrom::Start(end.saturating_sub(20)))?;
    source.read_exact(&mut locator)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Err(damaged("a large zip without its locator"));
    }
    let mut record = [0_u8; 56];
    source.seek(SeekFrom::Start(u64_at(&locator, 8)))?;
    source.read_exact(&mut record)?;
    if !record.starts_with(b"PK\x06\x06") {
        return Err(damaged("a large zip without its end"));
    }
    Ok(Directory {
        offset: u64_at(&record, 48),
        entries: u64_at(&record, 32),
    })
}

fn entry(directory: &mut dyn Read) -> io::Result<Option<Entry>> {
    let mut fixed = [0_u8; 46];
    directory.read_exact(&mut fixed)?;
    if !fixed.starts_with(ENTRY) {
        return Ok(None);
    }
    let mut name = vec![0_u8; usize::from(u16_at(&fixed, 28))];
    directory.read_exact(&mut name)?;
    let mut extra = vec![0_u8; usize::from(u16_at(&fixed, 30))];
    directory.read_exact(&mut extra)?;
    io::copy(
        &mut directory.take(u64::from(u16_at(&fixed, 32))),
        &mut io::sink(),
    )?;
    let mut large = large_fields(&extra);
    let mut wide = |narrow: u32| {
        if narrow == u32::MAX {
            large.next().unwrap_or(u64::from(narrow))
        } else {
            u64::from(narrow)
        }
    };
    let unpacked = wide(u32_at(&fixed, 24));
    let packed = wide(u32_at(&fixed, 20));
    let local = wide(u32_at(&fixed, 42));
    Ok(Some(Entry {
        name,
        flags: u16_at(&fixed, 8),
        method: u16_at(&fixed, 10),
        packed,
        unpacked,
        local,
        mode: u32_at(&fixed, 38) >> 16,
    }))
}

/// The numbers of the zip64 extra field (tag 1), in order.
fn large_fields(extra: &[u8]) -> std::vec::IntoIter<u64> {
    let mut rest = extra;
    while rest.len() >= 4 {
        let bytes = usize::from(u16_at(rest, 2));
        let content = rest.get(4..4 + bytes).unwrap_or_default();
        if u16_at(rest, 0) == 1 {
            let numbers: Vec<u64> = content.chunks_exact(8).map(|c| u64_at(c, 0)).collect();
            return numbers.into_iter();
        }
        rest = rest.get(4 + bytes..).unwrap_or_default();
    }
    Vec::new().into_iter()
}

impl Look {
    pub(super) fn zip(
        &mut self,
        place: &str,
        source: &mut dyn Source,
        bytes: u64,
        depth: u32,
    ) -> io::Result<()> {
        let directory = directory(source, bytes)?;
        let (mut at, mut seen, mut packed, mut unpacked) = (directory.offset, 0_u64, 0_u64, 0_u64);
        while seen < directory.entries {
            source.seek(SeekFrom::Start(at))?;
            let mut reader = BufReader::with_capacity(4096, &mut *source);
            let Some(entry) = entry(&mut reader)? else {
                return Err(damaged("the list of a zip ends early"));
            };
            at = reader.stream_position()?;
            seen += 1;
            packed = packed.saturating_add(entry.packed);
            unpacked = unpacked.saturating_add(entry.unpacked);
            if !self.entry_name(place, &entry.name, depth) {
                break;
            }
            self.zip_entry(place, source, &entry, depth)?;
        }
        if self.is_bomb(bytes, unpacked) {
            let finding =
                format!("archive bomb: {bytes} bytes of zip say they unpack to {unpacked}");
            self.add(place, depth, &finding);
        }
        if packed > bytes {
            self.add(place, depth, "archive bomb: entries of a zip overlap");
        }
        let finding = format!(
            "archive: zip, {} entries, {unpacked} bytes unpacked",
            directory.entries
        );
        self.add(place, depth, &finding);
        Ok(())
    }

    fn zip_entry(
        &mut self,
        place: &str,
        source: &mut dyn Source,
        entry: &Entry,
        depth: u32,
    ) -> io::Result<()> {
        let name = escaped(&entry.name);
        if entry.name.to_ascii_lowercase().ends_with(b"vbaproject.bin") {
            self.add(
                place,
                depth,
                "macro: an Office document with a program in it",
            );
        }
        if entry.mode & 0o170_000 == LINK {
            self.add(place, depth, &format!("archive: link {name:?}"));
            return Ok(());
        }
        if entry.flags & 1 != 0 {
            let finding = format!("archive: encrypted entry {name:?}, which cannot be looked into");
            self.add(place, depth, &finding);
            return Ok(());
        }
        let mut local = [0_u8; LOCAL_BYTES as usize];
        source.seek(SeekFrom::Start(entry.local))?;
        source.read_exact(&mut local)?;
        let skipped = u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
        source.seek(SeekFrom::Start(entry.local + LOCAL_BYTES + skipped))?;
        let mut content = source.take(entry.packed);
        let all = match entry.method {
            // Nothing hides behind the beginning of a stored file that is no archive: models of gigabytes are stored so.
            STORED => self.stored(place, entry, &mut content, depth)?,
            DEFLATED => {
                let mut content = DeflateDecoder::new(content);
                self.inside(place, &entry.name, &mut content, entry.packed, depth)?
            }
            method => {
                let finding = format!(
                    "archive: entry {name:?} is packed by method {method}, not looked into"
                );
                self.add(place, depth, &finding);
                return Ok(());
            }
        };
        if all > entry.unpacked {
            let told = entry.unpacked;
            let finding =
                format!("archive bomb: entry {name:?} says {told} bytes and unpacks to more");
            self.add(place, depth, &finding);
        }
        Ok(())
    }

    fn stored(
        &mut self,
        place: &str,
        entry: &Entry,
        content: &mut dyn Read,
        depth: u32,
    ) -> io::Result<u64> {
        let head = self.unpack(content, HEAD as u64)?;
        let name = String::from_utf8_lossy(&entry.name).to_lowercase();
        if !worth_it(&name, &head) {
            self.inside(
                place,
                &entry.name,
                &mut head.as_slice(),
                entry.packed,
                depth,
            )?;
            return Ok(entry.packed);
        }
        let mut whole = Cursor::new(head).chain(content);
        self.inside(place, &entry.name, &mut whole, entry.packed, depth)
    }
}
