//! What a reviewer should know of a file before opening it.
//!
//! The file was written by code that nobody trusts, so everything here is bounded: bytes that are unpacked,
//! entries that are listed, archives inside one another, findings that are told. What lies beyond a bound is told
//! too. Nothing is written anywhere, and nothing of a file is ever run or loaded.

mod archive;
mod code;
mod pickle;
mod table;
#[cfg(test)]
mod tests;
mod zip;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

use super::names::{escaped, fault};

/// Findings of one file.
const MOST_FINDINGS: usize = 40;
/// Characters of one finding.
const LONGEST_FINDING: usize = 300;
/// Bytes that are unpacked of one file, with all that is inside.
const MOST_UNPACKED: u64 = 64 << 20;
/// Entries that are listed of one file, with all that is inside.
const MOST_ENTRIES: u32 = 20_000;
/// Archives inside one another.
const DEEPEST: u32 = 4;
/// Bytes of a file inside an archive that is looked into.
const MOST_INSIDE: u64 = 16 << 20;
/// Bytes of a plain file that are looked through.
const MOST_READ: u64 = 64 << 20;
/// What unpacks to more than this many times its size, and to more than [`BOMB_LEAST`], is a bomb.
const BOMB_RATIO: u64 = 100;
const BOMB_LEAST: u64 = 4 << 20;
/// Enough for every magic number, that of tar included.
const HEAD: usize = 512;

/// Looks at a collected file. `path` is its path below `/out`.
///
/// A file that cannot be read, or is not what its name says, is no error: it is a finding. The file is left at its
/// beginning.
#[must_use]
pub fn inspect(path: &str, file: &File) -> Vec<String> {
    let mut look = Look::default();
    let mut file = file;
    look.file(path, &mut file, 0);
    if file.rewind().is_err() {
        look.report
            .add("damaged: it cannot be read from its beginning again");
    }
    look.told()
}

/// As [`inspect`], for a small file that was read already.
#[must_use]
pub fn inspect_bytes(path: &str, bytes: &[u8]) -> Vec<String> {
    let mut look = Look::default();
    look.file(path, &mut Cursor::new(bytes), 0);
    look.told()
}

/// What is read and can be read again.
trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

#[derive(Default)]
struct Report {
    findings: Vec<String>,
    untold: u64,
}

impl Report {
    fn add(&mut self, finding: &str) {
        let finding = if finding.chars().count() > LONGEST_FINDING {
            finding
                .chars()
                .take(LONGEST_FINDING - 1)
                .chain(['…'])
                .collect()
        } else {
            finding.to_owned()
        };
        if self.findings.contains(&finding) {
            return;
        }
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        } else {
            self.untold += 1;
        }
    }

    fn told(mut self) -> Vec<String> {
        if self.untold > 0 {
            self.findings
                .push(format!("and {} more findings", self.untold));
        }
        self.findings
    }
}

/// One look at one file and all that is inside.
struct Look {
    report: Report,
    unpacked_left: u64,
    entries_left: u32,
    /// Something was not looked into because a bound was met.
    exhausted: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            report: Report::default(),
            unpacked_left: MOST_UNPACKED,
            entries_left: MOST_ENTRIES,
            exhausted: false,
        }
    }
}

impl Look {
    fn told(mut self) -> Vec<String> {
        if self.exhausted {
            self.report.add(
                "archive: more is inside than is looked into (64 MiB unpacked, 20,000 entries)",
            );
        }
        self.report.told()
    }

    /// A finding of a file, by its place: `inner.csv in a.zip`.
    fn add(&mut self, place: &str, depth: u32, finding: &str) {
        if depth == 0 {
            self.report.add(finding);
        } else {
            self.report.add(&format!("{finding} ({place})"));
        }
    }

    fn file(&mut self, place: &str, source: &mut dyn Source, depth: u32) {
        if self.look_into(place, source, depth).is_err() {
            self.add(place, depth, "damaged: it cannot be read to its end");
        }
    }

    fn look_into(&mut self, place: &str, source: &mut dyn Source, depth: u32) -> io::Result<()> {
        let bytes = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let mut head = Vec::with_capacity(HEAD);
        (&mut *source).take(HEAD as u64).read_to_end(&mut head)?;
        source.rewind()?;
        let name = place.split(" in ").next().unwrap_or(place).to_lowercase();
        self.by_content(place, &name, &head, depth);
        match archive::kind(&head) {
            Some(kind) if depth >= DEEPEST => {
                let deep = format!("archive: {kind} inside {DEEPEST} others, not looked into");
                self.add(place, depth, &deep);
            }
            Some(archive::Kind::Gzip) => self.gzip(place, source, bytes, depth)?,
            Some(archive::Kind::Tar) => self.tar(place, &mut *source, bytes, depth)?,
            Some(archive::Kind::Zip) => self.zip(place, source, bytes, depth)?,
            Some(kind) => {
                let closed = format!("archive: {kind}, which is not looked into");
                self.add(place, depth, &closed);
            }
            None if zip::ends_like_one(source, bytes)? => {
                self.add(
                    place,
                    depth,
                    "archive: a zip hangs at the end of another file",
                );
                self.zip(place, source, bytes, depth)?;
            }
            None => self.plain(place, &name, &head, source, depth)?,
        }
        Ok(())
    }

    /// What the first bytes and the name say.
    fn by_content(&mut self, place: &str, name: &str, head: &[u8], depth: u32) {
        if let Some(finding) = code::program(name, head) {
            self.add(place, depth, &finding);
        }
        if code::is_table(name, head) {
            self.add(place, depth, "table: may hold records of people");
        }
    }

    /// A file that holds no others.
    fn plain(
        &mut self,
        place: &str,
        name: &str,
        head: &[u8],
        source: &mut dyn Source,
        depth: u32,
    ) -> io::Result<()> {
        let mut bounded = source.take(MOST_READ);
        if pickle::is_one(name, head) {
            self.add(place, depth, &pickle::read(&mut bounded)?.sentence());
        } else if code::is_scanned(name, head) {
            for finding in code::scan(head, &mut bounded)? {
                self.add(place, depth, &finding);
            }
        } else if table::is_one(name)
            && let Some(found) = table::formulas(&mut bounded)?
        {
            self.add(place, depth, &found.sentence());
        }
        Ok(())
    }

    /// Looks into a file that is being unpacked from an archive, and unpacks it to its end. Returns its size, or at
    /// least as much as makes it a bomb.
    fn inside(
        &mut self,
        place: &str,
        name: &[u8],
        content: &mut dyn Read,
        packed: u64,
        depth: u32,
    ) -> io::Result<u64> {
        let place = format!("{} in {place}", escaped(name));
        let mut bytes = self.unpack(content, HEAD as u64)?;
        if worth_it(&String::from_utf8_lossy(name).to_lowercase(), &bytes) {
            bytes.extend(self.unpack(content, MOST_INSIDE)?);
        }
        let beyond = self.count(content, packed, bytes.len() as u64)?;
        let all = bytes.len() as u64 + beyond;
        if self.is_bomb(packed, all) {
            let finding = format!("archive bomb: {packed} bytes unpack to {all} or more");
            self.add(&place, depth + 1, &finding);
        } else if beyond > 0 && archive::kind(&bytes).is_some() {
            self.exhausted = true;
        } else {
            self.file(&place, &mut Cursor::new(bytes), depth + 1);
        }
        Ok(all)
    }

    /// The name of an entry, as unpackers would use it. Tells whether it is one to go on with.
    fn entry_name(&mut self, place: &str, name: &[u8], depth: u32) -> bool {
        if self.entries_left == 0 {
            self.exhausted = true;
            return false;
        }
        self.entries_left -= 1;
        if leaves(name) {
            let finding = format!("archive path traversal: entry {:?}", escaped(name));
            self.add(place, depth, &finding);
        } else if name
            .split(|byte| *byte == b'/')
            .any(|part| !part.is_empty() && part != b"." && fault(part).is_some())
        {
            let finding = format!("archive: entry with a misleading name {:?}", escaped(name));
            self.add(place, depth, &finding);
        }
        true
    }
}

/// Whether more than the first bytes tell what is in it.
fn worth_it(name: &str, head: &[u8]) -> bool {
    archive::kind(head).is_some()
        || pickle::is_one(name, head)
        || code::is_scanned(name, head)
        || table::is_one(name)
}

/// Whether an unpacker that trusts the name would write outside of its folder.
fn leaves(name: &[u8]) -> bool {
    let drive = matches!(name, [letter, b':', ..] if letter.is_ascii_alphabetic());
    drive
        || name.starts_with(b"/")
        || name.starts_with(b"\\")
        || name
            .split(|byte| matches!(byte, b'/' | b'\\'))
            .any(|part| part == b"..")
}
