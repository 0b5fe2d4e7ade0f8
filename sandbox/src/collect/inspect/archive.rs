//! Archives that are read as a stream: gzip and tar.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::{BOMB_LEAST, BOMB_RATIO, HEAD, Look, Source, escaped};

/// What holds other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    Gzip,
    Tar,
    Bzip2,
    Xz,
    Zstd,
    SevenZip,
    Rar,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Zip => "zip",
            Self::Gzip => "gzip",
            Self::Tar => "tar",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::SevenZip => "7z",
            Self::Rar => "rar",
        })
    }
}

/// By the first bytes, never by the name.
pub(super) fn kind(head: &[u8]) -> Option<Kind> {
    let begins: [(&[u8], Kind); 9] = [
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"\x1f\x8b", Kind::Gzip),
        (b"BZh", Kind::Bzip2),
        (b"\xfd7zXZ\0", Kind::Xz),
        (b"\x28\xb5\x2f\xfd", Kind::Zstd),
        (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
        (b"Rar!\x1a\x07", Kind::Rar),
        (b"PK\x07\x08", Kind::Zip),
    ];
    let known = begins.iter().find(|(magic, _)| head.starts_with(magic));
    let tar = head.get(257..262) == Some(b"ustar");
    known.map(|(_, kind)| *kind).or(tar.then_some(Kind::Tar))
}

impl Look {
    pub(super) fn gzip(
        &mut self,
        place: &str,
        source: &mut dyn Source,
        bytes: u64,
        depth: u32,
    ) -> io::Result<()> {
        self.add(place, depth, "archive: gzip");
        let mut unpacked = MultiGzDecoder::new(source);
        let head = self.unpack(&mut unpacked, HEAD as u64)?;
        let is_tar = kind(&head) == Some(Kind::Tar);
        let mut whole = Cursor::new(head).chain(unpacked);
        if is_tar {
            return self.tar(place, &mut whole, bytes, depth);
        }
        let name = place.split(" in ").next().unwrap_or(place);
        let name = name.strip_suffix(".gz").unwrap_or("content").to_owned();
        self.inside(place, name.as_bytes(), &mut whole, bytes, depth)?;
        Ok(())
    }

    /// Members are told by name, and looked into. `packed` is the size of the whole as it lies there.
    pub(super) fn tar(
        &mut self,
        place: &str,
        from: &mut dyn Read,
        packed: u64,
        depth: u32,
    ) -> io::Result<()> {
        let budget = self.unpacked_left;
        let mut bounded = from.take(budget);
        let listed = self.members(place, &mut bounded, depth);
        let (left, read) = (bounded.limit(), budget - bounded.limit());
        self.unpacked_left = self.unpacked_left.min(left);
        if self.is_bomb(packed, read) {
            let finding = format!("archive bomb: {packed} bytes unpack to {read} or more");
            self.add(place, depth, &finding);
        }
        if left == 0 {
            self.exhausted = true;
            return Ok(());
        }
        let members = listed?;
        self.add(place, depth, &format!("archive: tar, {members} entries"));
        Ok(())
    }

    fn members(&mut self, place: &str, from: &mut dyn Read, depth: u32) -> io::Result<u64> {
        let mut archive = tar::Archive::new(from);
        let mut members = 0_u64;
        for entry in archive.entries()? {
            let mut entry = entry?;
            let name = entry.path_bytes().into_owned();
            if !self.entry_name(place, &name, depth) {
                break;
            }
            members += 1;
            let kind = entry.header().entry_type();
            if kind.is_symlink() || kind.is_hard_link() {
                let finding = format!("archive: link {:?}", escaped(&name));
                self.add(place, depth, &finding);
            } else if kind.is_file() {
                let bytes = entry.size();
                self.inside(place, &name, &mut entry, bytes, depth)?;
            } else if !kind.is_dir() {
                let finding = format!("archive: special entry {:?}", escaped(&name));
                self.add(place, depth, &finding);
            }
        }
        Ok(members)
    }

    pub(super) fn is_bomb(&self, packed: u64, unpacked: u64) -> bool {
        unpacked > BOMB_LEAST && unpacked / packed.max(1) > BOMB_RATIO
    }

    /// Unpacks at most `most` bytes within what is left of the budget.
    pub(super) fn unpack(&mut self, from: &mut dyn Read, most: u64) -> io::Result<Vec<u8>> {
        let allowed = most.min(self.unpacked_left);
        let mut bytes = Vec::new();
        let read = from.take(allowed).read_to_end(&mut bytes)?;
        self.unpacked_left -= read as u64;
        self.exhausted |= self.unpacked_left == 0;
        Ok(bytes)
    }

    /// Unpacks to nowhere, to learn how much it is; ends once it is known for a bomb. `before` bytes were unpacked.
    pub(super) fn count(
        &mut self,
        from: &mut dyn Read,
        packed: u64,
        before: u64,
    ) -> io::Result<u64> {
        let mut piece = vec![0_u8; 64 << 10];
        let mut beyond = 0_u64;
        while self.unpacked_left > 0 && !self.is_bomb(packed, before + beyond) {
            let read = from.read(&mut piece)? as u64;
            if read == 0 {
                return Ok(beyond);
            }
            beyond += read;
            self.unpacked_left = self.unpacked_left.saturating_sub(read);
        }
        self.exhausted |= self.unpacked_left == 0;
        Ok(beyond)
    }
}
