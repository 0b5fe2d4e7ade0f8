#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

use super::*;

fn findings(path: &str, bytes: &[u8]) -> Vec<String> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    inspect(path, &file)
}

#[track_caller]
fn told(path: &str, bytes: &[u8], wanted: &str) {
    let found = findings(path, bytes);
    assert!(
        found.iter().any(|finding| finding.contains(wanted)),
        "{wanted:?} is not among {found:#?}"
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        // Written by hand: the crate refuses names that leave the folder.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        out.append(&header, *bytes).unwrap();
    }
    out.into_inner().unwrap()
}

/// One entry of a zip: name, content, deflated or stored, Unix mode, size it says it has.
struct Entry<'a>(&'a str, &'a [u8], bool, u32, Option<u32>);

fn zip(entries: &[Entry<'_>]) -> Vec<u8> {
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for Entry(name, content, deflated, mode, said) in entries {
        let packed = if *deflated {
            let mut packer = DeflateEncoder::new(Vec::new(), Compression::best());
            packer.write_all(content).unwrap();
            packer.finish().unwrap()
        } else {
            content.to_vec()
        };
        let local = u32::try_from(out.len()).unwrap();
        let method: u16 = if *deflated { 8 } else { 0 };
        let mut fields = Vec::new();
        fields.extend(
            [20_u16, 0, method, 0, 0]
                .iter()
                .flat_map(|n| n.to_le_bytes()),
        );
        fields.extend(0_u32.to_le_bytes());
        fields.extend(u32::try_from(packed.len()).unwrap().to_le_bytes());
        let unpacked = said.unwrap_or(u32::try_from(content.len()).unwrap());
        fields.extend(unpacked.to_le_bytes());
        fields.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        fields.extend(0_u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&fields);
        out.extend(name.as_bytes());
        out.extend(packed);
        list.extend(b"PK\x01\x02");
        list.extend(0x031e_u16.to_le_bytes());
        list.extend(&fields);
        list.extend([0_u16, 0, 0].iter().flat_map(|n| n.to_le_bytes()));
        list.extend((mode << 16).to_le_bytes());
        list.extend(local.to_le_bytes());
        list.extend(name.as_bytes());
    }
    let (count, at) = (
        u16::try_from(entries.len()).unwrap(),
        u32::try_from(out.len()).unwrap(),
    );
    let size = u32::try_from(list.len()).unwrap();
    out.extend(list);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}

fn plain<'a>(name: &'a str, content: &'a [u8]) -> Entry<'a> {
    Entry(name, content, true, 0o100_644, None)
}

/// `os.system("id")` as protocol 4 writes it.
const CALLS_SYSTEM: &[u8] =
    b"\x80\x04\x95\x1d\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94.";

#[test]
fn files_that_hold_nothing_unusual_have_no_findings() {
    assert_eq!(findings("metrics.json", b"{\"auc\": 0.9}"), [""; 0]);
    assert_eq!(findings("empty", b""), [""; 0]);
    assert_eq!(findings("notes.txt", b"MZ is a pair of letters"), [""; 0]);
    let table = findings("t.csv", b"a,b\n-1.5,+7 701\n-,- 3\n");
    assert_eq!(table, ["table: may hold records of people"]);
}

#[test]
fn bombs_are_told_without_being_unpacked() {
    let zeros = vec![0_u8; 32 << 20];
    told("a.gz", &gzip(&zeros), "archive bomb");
    told("a.zip", &zip(&[plain("zeros", &zeros)]), "archive bomb");
    // A bomb inside a gzip inside a zip.
    let nested = zip(&[plain("inner.gz", &gzip(&zeros))]);
    told("nested.zip", &nested, "archive bomb");
    // The list says a little, the content is much.
    let lies = Entry("a", &zeros, true, 0o100_644, Some(10));
    told(
        "lies.zip",
        &zip(&[lies]),
        "says 10 bytes and unpacks to more",
    );
    told("t.tgz", &gzip(&tar(&[("zeros", &zeros)])), "archive bomb");
}

#[test]
fn archives_inside_one_another_end_at_a_depth() {
    let mut bytes = b"core".to_vec();
    for _ in 0..8 {
        bytes = zip(&[plain("next.zip", &bytes)]);
    }
    told("deep.zip", &bytes, "inside 4 others, not looked into");
}

#[test]
fn entries_that_leave_their_folder_are_told() {
    for name in ["../up", "a/../../up", "/etc/cron.d/x", "C:x", "a\\..\\b"] {
        told(
            "a.zip",
            &zip(&[plain(name, b"x")]),
            "archive path traversal",
        );
        told("a.tar", &tar(&[(name, b"x")]), "archive path traversal");
        let packed = gzip(&tar(&[(name, b"x")]));
        told("a.tar.gz", &packed, "archive path traversal");
    }
    told("a.zip", &zip(&[plain("a\nb", b"x")]), "misleading name");
    let link = Entry("link", b"/etc/passwd", false, 0o120_777, None);
    told("a.zip", &zip(&[link]), "archive: link");
}

#[test]
fn a_zip_behind_another_file_is_found() {
    let mut bytes = b"\x89PNG and so on".to_vec();
    bytes.extend(zip(&[plain("../x", b"x")]));
    told("picture.png", &bytes, "hangs at the end");
    told("picture.png", &bytes, "archive path traversal");
}

#[test]
fn code_is_told_as_code() {
    told(
        "m.bin",
        CALLS_SYSTEM,
        "posix.system, WHICH ACTS ON THE MACHINE",
    );
    told(
        "m.pkl",
        b"cos\nsystem\n(S'id'\ntR.",
        "os.system, WHICH ACTS",
    );
    told("m.pkl", b"\x80\x04K\x01.", "pickle: runs code");
    told("m.joblib", b"x", "could not be followed to its end");
    let torch = Entry("m/data.pkl", CALLS_SYSTEM, false, 0o100_644, None);
    told("m.pt", &zip(&[torch]), "posix.system");
    told("m.pkl.gz", &gzip(CALLS_SYSTEM), "posix.system");
    told(
        "a.npy",
        b"\x93NUMPY\x01\0v\0{'descr': '|O', 'shape': (1,)}",
        "pickle",
    );
    let book = zip(&[plain("xl/vbaProject.bin", b"macros")]);
    told("book.xlsm", &book, "macro");
    let mut old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    old.resize(100_000, 0);
    old.extend(b"_VBA_PROJECT");
    told("book.xls", &old, "macro");
    told(
        "a.pdf",
        b"%PDF-1.7 /OpenAction << /JS (app.alert(1)) >>",
        "code",
    );
    told("page.html", b"<p><SCRIPT>fetch('x')</script>", "code");
    told("a", b"\x7fELF", "program");
    told("run", b"#!/bin/sh\n", "program");
    told("a.exe", b"MZ\x90\0\x03", "program");
}

#[test]
fn formulas_are_told_with_their_place() {
    let place = "formula: a spreadsheet would compute 1 cells, the first in row 2, column 2";
    told("t.csv", b"a,b\n1,=1+1\n", place);
    told("t.csv", b"a;b\r\n1;\"=cmd|'/c calc'!A0\"\r\n", place);
    told("t.tsv", b"a\tb\n1\t@SUM(A1)\n", place);
    told("t.csv", b"a,b\n1,-2+3+cmd|'/c calc'!A0\n", place);
    told("t.csv", b"\xef\xbb\xbf=1,2\n", "row 1, column 1");
    told("t.csv", b"\"a\n=b\",c\n1,=2\n", "row 2, column 2");
}

#[test]
fn damage_is_a_finding() {
    let whole = zip(&[plain("a", b"content")]);
    told("a.zip", whole.get(..whole.len() - 30).unwrap(), "damaged");
    told("a.gz", b"\x1f\x8b\x08broken", "damaged");
    let mut bad = b"PK\x05\x06".to_vec();
    bad.extend([0xff; 18]);
    told("a.zip", &bad, "damaged");
}

#[test]
fn findings_are_bounded() {
    let names: Vec<String> = (0..500).map(|n| format!("../{n}")).collect();
    let entries: Vec<Entry<'_>> = names.iter().map(|name| plain(name, b"")).collect();
    let found = findings("many.zip", &zip(&entries));
    assert_eq!(found.len(), MOST_FINDINGS + 1);
    assert!(found.last().unwrap().ends_with("more findings"));
    let long = format!("../{}", "x".repeat(60_000));
    let found = findings("long.zip", &zip(&[plain(&long, b"")]));
    assert!(
        found
            .iter()
            .all(|one| one.chars().count() <= LONGEST_FINDING)
    );
}
