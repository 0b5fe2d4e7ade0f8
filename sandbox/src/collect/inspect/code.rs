//! Programs, documents with programs in them, and tables.

use std::io::{self, Read};

const DOCUMENT: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// A finding when the file is something that can be run.
pub(super) fn program(name: &str, head: &[u8]) -> Option<String> {
    let begins: [(&[u8], &str); 6] = [
        (b"\x7fELF", "program: can be executed"),
        (b"#!", "program: can be executed (a script)"),
        (b"\xcf\xfa\xed\xfe", "program: can be executed on macOS"),
        (
            b"\xca\xfe\xba\xbe",
            "program: can be executed (Java or macOS)",
        ),
        (b"\0asm", "program: WebAssembly"),
        (
            b"\x89HDF\r\n\x1a\n",
            "model: HDF5; Keras runs code of Lambda layers when it loads one",
        ),
    ];
    let by_content = begins.iter().find(|(magic, _)| head.starts_with(magic));
    if let Some((_, finding)) = by_content {
        return Some((*finding).to_owned());
    }
    // Text may begin with these two letters; a program has zeros near its beginning.
    if head.starts_with(b"MZ") && head.contains(&0) {
        return Some("program: can be executed on Windows".to_owned());
    }
    let scripts = [
        ".py", ".pyc", ".sh", ".js", ".ps1", ".bat", ".vbs", ".r", ".jl", ".so", ".jar", ".ipynb",
    ];
    let script = scripts.iter().find(|ending| name.ends_with(*ending))?;
    Some(format!("program: a file of code by its name ({script})"))
}

/// Whether it holds rows.
pub(super) fn is_table(name: &str, head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
        || head.starts_with(b"ARROW1")
        || head.starts_with(b"SQLite format 3\0")
        || [
            ".parquet", ".csv", ".tsv", ".ndjson", ".jsonl", ".arrow", ".feather",
        ]
        .iter()
        .any(|ending| name.ends_with(ending))
}

/// Whether it is a document that may hold a program.
pub(super) fn is_scanned(name: &str, head: &[u8]) -> bool {
    head.starts_with(DOCUMENT)
        || head.starts_with(b"%PDF")
        || head.starts_with(b"\x93NUMPY")
        || [".html", ".htm", ".svg", ".xml", ".rtf"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

/// Looks for what makes a document run something, piece by piece.
pub(super) fn scan(head: &[u8], file: &mut dyn Read) -> io::Result<Vec<String>> {
    let (needles, said): (&[&[u8]], &str) = if head.starts_with(DOCUMENT) {
        (
            &[b"V\0B\0A\0", b"_VBA_PROJECT", b"M\0a\0c\0r\0o\0s\0"],
            "macro: an Office document with a program in it",
        )
    } else if head.starts_with(b"%PDF") {
        (
            &[
                b"/JavaScript",
                b"/JS",
                b"/Launch",
                b"/OpenAction",
                b"/EmbeddedFile",
            ],
            "code: a PDF that runs or carries something",
        )
    } else if head.starts_with(b"\x93NUMPY") {
        (
            &[b"'|O'", b"\"|O\""],
            "pickle: an array of objects, which runs code when it is loaded",
        )
    } else {
        (
            &[
                b"<script",
                b"javascript:",
                b"onload=",
                b"onerror=",
                b"\\objdata",
            ],
            "code: a document that runs a script when it is opened",
        )
    };
    let found = contains(file, needles)?;
    Ok(found.then(|| said.to_owned()).into_iter().collect())
}

/// Whether one of the needles (each shorter than a piece) stands in the file, capital letters or small.
fn contains(file: &mut dyn Read, needles: &[&[u8]]) -> io::Result<bool> {
    let longest = needles.iter().map(|needle| needle.len()).max().unwrap_or(1);
    let mut window: Vec<u8> = Vec::new();
    let mut piece = vec![0_u8; 64 << 10];
    loop {
        let read = file.read(&mut piece)?;
        let Some(new) = piece.get(..read).filter(|new| !new.is_empty()) else {
            return Ok(false);
        };
        window.extend_from_slice(new);
        let found = |needle: &&[u8]| {
            window
                .windows(needle.len())
                .any(|part| part.eq_ignore_ascii_case(needle))
        };
        if needles.iter().any(found) {
            return Ok(true);
        }
        // A needle may lie across two pieces.
        let keep = window.len().saturating_sub(longest - 1);
        window.drain(..keep);
    }
}
