//! The program `sandyq-init`: where it is, and whether it may begin a container.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::EngineError;

/// The program's name.
pub const INIT: &str = "sandyq-init";

/// Its program headers are looked for in this many bytes (ELF has them behind its header).
const HEAD_BYTES: u64 = 4096;

const PT_INTERP: u32 = 3;
#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

/// Where the program is expected: in the folder of another.
#[must_use]
pub fn beside(program: &Path) -> PathBuf {
    program.with_file_name(INIT)
}

/// Whether it may begin a container: it is mounted into every one, where none of the
/// host's libraries are.
///
/// # Errors
/// [`EngineError::Init`] says what is wrong with it and what to do.
pub fn check(path: &Path) -> Result<(), EngineError> {
    let refused = |reason: String| EngineError::Init {
        path: path.to_owned(),
        reason,
    };
    let mut file = std::fs::File::open(path).map_err(|error| refused(error.to_string()))?;
    let about = file
        .metadata()
        .map_err(|error| refused(error.to_string()))?;
    if let Some(reason) = fault(about.is_file(), about.mode()) {
        return Err(refused(reason.to_owned()));
    }
    let mut head = Vec::new();
    file.by_ref()
        .take(HEAD_BYTES)
        .read_to_end(&mut head)
        .map_err(|error| refused(error.to_string()))?;
    match is_static(&head) {
        Some(true) => Ok(()),
        Some(false) => Err(refused(
            "it is linked dynamically, and an image need not have its libraries".to_owned(),
        )),
        None => Err(refused("it is no program for this machine".to_owned())),
    }
}

fn fault(is_file: bool, mode: u32) -> Option<&'static str> {
    if !is_file {
        Some("it is not a regular file")
    } else if mode & 0o005 != 0o005 {
        Some("it cannot be executed by everybody (mode 0755)")
    } else if mode & 0o022 != 0 {
        Some("others than its owner may write it (mode 0755)")
    } else {
        None
    }
}

/// Whether a 64-bit ELF program asks for no interpreter; `None` when it is not one for
/// this machine (System V ABI, chapters 4 and 5).
fn is_static(head: &[u8]) -> Option<bool> {
    let bytes = |at: usize, length: usize| head.get(at..at.checked_add(length)?);
    let short = |at| Some(u16::from_le_bytes(bytes(at, 2)?.try_into().ok()?));
    let word = |at| Some(u32::from_le_bytes(bytes(at, 4)?.try_into().ok()?));
    let long = |at| Some(u64::from_le_bytes(bytes(at, 8)?.try_into().ok()?));
    // The magic number, 64 bits, little endian.
    if bytes(0, 6)? != b"\x7fELF\x02\x01" || short(18)? != MACHINE {
        return None;
    }
    let (first, size, count) = (usize::try_from(long(32)?).ok()?, short(54)?, short(56)?);
    for index in 0..count {
        let at = first.checked_add(usize::from(index) * usize::from(size))?;
        if word(at)? == PT_INTERP {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn refusal(path: &Path) -> String {
        check(path).unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_begin_a_container_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let absent = refusal(&folder.path().join(INIT));
        assert!(
            absent.contains("No such file") && absent.contains("`make init`"),
            "{absent}"
        );
        let own = std::env::current_exe().unwrap();
        assert!(refusal(&own).contains("linked dynamically"));
        let text = folder.path().join("text");
        std::fs::write(&text, b"#!/bin/sh\n").unwrap();
        assert!(refusal(&text).contains("mode 0755"));
        std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(refusal(&text).contains("no program"));
        std::fs::set_permissions(&text, std::fs::Permissions::from_mode(0o775)).unwrap();
        assert!(refusal(&text).contains("may write it"));
        assert!(refusal(folder.path()).contains("not a regular file"));
    }

    #[test]
    fn a_cut_off_program_is_none() {
        let own = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for length in [0, 5, 20, 63, 64, 100] {
            assert_eq!(is_static(own.get(..length).unwrap()), None, "{length}");
        }
    }
}
