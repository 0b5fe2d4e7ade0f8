#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

const CAPS: Caps = Caps {
    bytes: 1 << 20,
    files: 100,
    depth: 8,
};

fn paths(found: &Collected) -> Vec<&str> {
    found.files.iter().map(|file| file.path.as_str()).collect()
}

fn refusals(found: &Collected) -> Vec<(&str, RefusalReason)> {
    let mut all: Vec<_> = found
        .refused
        .iter()
        .map(|r| (r.name.as_str(), r.reason))
        .collect();
    all.sort_unstable_by(|a, b| a.0.cmp(b.0));
    all
}

#[test]
fn plain_files_are_taken_whole() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("models/deep")).unwrap();
    fs::write(folder.path().join("metrics.json"), b"{}").unwrap();
    fs::write(folder.path().join("models/deep/m.bin"), [7; 5000]).unwrap();
    let found = collect(folder.path(), CAPS).unwrap();
    assert_eq!(paths(&found), ["metrics.json", "models/deep/m.bin"]);
    assert_eq!(found.bytes(), 5002);
    let mut bytes = Vec::new();
    found
        .open(&found.files[1])
        .unwrap()
        .read_to_end(&mut bytes)
        .unwrap();
    assert_eq!(bytes, [7; 5000]);
    assert!(found.refused.is_empty());
}

#[test]
fn links_and_specials_are_refused_by_name_without_blocking() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    symlink("/etc/passwd", at("absolute")).unwrap();
    symlink("../../..", at("relative")).unwrap();
    symlink("/proc/self/root", at("magic")).unwrap();
    fs::write(at("one"), b"x").unwrap();
    fs::hard_link(at("one"), at("two")).unwrap();
    mkfifo(&at("fifo"), Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::write(at("kept"), b"y").unwrap();
    let start = Instant::now();
    let found = collect(folder.path(), CAPS).unwrap();
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(paths(&found), ["kept"]);
    assert_eq!(
        refusals(&found),
        [
            ("absolute", RefusalReason::Symlink),
            ("fifo", RefusalReason::Fifo),
            ("magic", RefusalReason::Symlink),
            ("one", RefusalReason::HardLink),
            ("relative", RefusalReason::Symlink),
            ("socket", RefusalReason::Socket),
            ("two", RefusalReason::HardLink),
        ]
    );
}

#[test]
fn names_are_refused_that_do_not_show_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        &b"a\nb"[..],
        b"\xff",
        "x\u{202e}y".as_bytes(),
        b"Same",
        b"same",
    ] {
        fs::write(folder.path().join(std::ffi::OsStr::from_bytes(name)), b"").unwrap();
    }
    let found = collect(folder.path(), CAPS).unwrap();
    assert_eq!(paths(&found), ["Same"]);
    assert_eq!(
        refusals(&found),
        [
            ("\\xff", RefusalReason::BadName),
            ("a\\u{a}b", RefusalReason::BadName),
            ("same", RefusalReason::CaseCollision),
            ("x\\u{202e}y", RefusalReason::BadName),
        ]
    );
}

#[test]
fn a_hole_counts_in_full() {
    let folder = tempfile::tempdir().unwrap();
    fs::File::create(folder.path().join("hole"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    fs::File::create(folder.path().join("small-hole"))
        .unwrap()
        .set_len(1 << 19)
        .unwrap();
    let found = collect(folder.path(), CAPS).unwrap();
    assert_eq!(refusals(&found), [("hole", RefusalReason::TooManyBytes)]);
    assert_eq!(
        (found.files[0].bytes, found.files[0].allocated_bytes),
        (1 << 19, 0)
    );
}

#[test]
fn depth_and_width_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("d/".repeat(40))).unwrap();
    let caps = Caps { files: 10, ..CAPS };
    for number in 0..3000 {
        fs::write(folder.path().join(format!("f{number:05}")), b"").unwrap();
    }
    let found = collect(folder.path(), caps).unwrap();
    assert_eq!(found.files.len(), 10);
    assert!(found.refused.len() <= MOST_REFUSED);
    let whole = found.files.len() as u64 + found.refused.len() as u64 + found.refused_unnamed;
    assert!((3000..=3002).contains(&whole), "{whole}");
    let deep = collect(
        folder.path(),
        Caps {
            files: 10_000,
            ..CAPS
        },
    )
    .unwrap();
    assert_eq!(deep.files.len(), 3000);
    assert_eq!(deep.refused[0].reason, RefusalReason::TooDeep);
}

#[test]
fn a_file_that_changed_meanwhile_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), b"first").unwrap();
    let found = collect(folder.path(), CAPS).unwrap();
    fs::write(folder.path().join("a"), b"longer than first").unwrap();
    assert!(matches!(
        found.open(&found.files[0]),
        Err(CollectError::Changed { .. })
    ));
    fs::remove_file(folder.path().join("a")).unwrap();
    symlink("/etc/passwd", folder.path().join("a")).unwrap();
    assert!(matches!(
        found.open(&found.files[0]),
        Err(CollectError::Read { .. })
    ));
}

#[test]
fn the_root_is_a_folder_and_no_link() {
    let folder = tempfile::tempdir().unwrap();
    symlink("/", folder.path().join("link")).unwrap();
    for bad in ["link", "absent"] {
        assert!(matches!(
            collect(&folder.path().join(bad), CAPS),
            Err(CollectError::Root { .. })
        ));
    }
}
