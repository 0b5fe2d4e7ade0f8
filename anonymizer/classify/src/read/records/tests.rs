#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::*;

const DIALECT: Dialect = Dialect {
    delimiter: b';',
    line_end: b'\n',
};

type Rows = Vec<Vec<Vec<u8>>>;

/// The records, and where what does not end begins.
fn found(text: &[u8], quotes: bool) -> (Rows, usize) {
    let mut records = Records::new(text, DIALECT, quotes, true);
    let mut rows = Rows::new();
    while records.fill() {
        for row in records.rows() {
            let cells = (0..row.width()).map(|place| records.cell(*row, place).unwrap().to_vec());
            rows.push(cells.collect());
            assert_eq!(records.cell(*row, row.width()), None);
        }
    }
    (rows, records.at())
}

/// As [`found`], byte by byte.
fn told(text: &[u8], quotes: bool) -> (Rows, usize) {
    let (mut rows, mut at) = (Rows::new(), 0);
    while at < text.len() {
        let (from, mut row, mut last) = (at, Vec::new(), false);
        while !last {
            let Some((cell, end)) = cell(text, at, quotes) else {
                return (rows, from);
            };
            last = text.get(end) != Some(&b';');
            at = end + 1;
            row.push(match cell {
                Cell::Quoted(inner, after) => {
                    [&inner, after.strip_suffix(b"\r").unwrap_or(&after)].concat()
                }
                Cell::Plain(text) if last => text.strip_suffix(b"\r").unwrap_or(&text).to_vec(),
                Cell::Plain(text) => text,
            });
        }
        let line = text.get(from..at - 1).unwrap_or(&text[from..]);
        if !matches!(line, b"" | b"\r") {
            rows.push(row);
        }
        at = at.min(text.len());
    }
    (rows, at)
}

enum Cell {
    Quoted(Vec<u8>, Vec<u8>),
    Plain(Vec<u8>),
}

/// The cell that begins at a place, and its end.
fn cell(text: &[u8], mut at: usize, quotes: bool) -> Option<(Cell, usize)> {
    let mut inner = None;
    if quotes && text.get(at) == Some(&b'"') {
        let mut cell = Vec::new();
        at += 1;
        while text.get(at..at + 1)? != b"\"" || text.get(at + 1) == Some(&b'"') {
            cell.push(text[at]);
            at += if text[at] == b'"' { 2 } else { 1 };
        }
        at += 1;
        inner = Some(cell);
    }
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.iter().position(|byte| matches!(byte, b';' | b'\n'));
    let end = end.unwrap_or(rest.len());
    let after = rest[..end].to_vec();
    let cell = match inner {
        Some(inner) => Cell::Quoted(inner, after),
        None => Cell::Plain(after),
    };
    Some((cell, at + end))
}

proptest! {
    #[test]
    fn records_are_those_told_byte_by_byte(lines in proptest::collection::vec("[a;я\r]{0,12}(;?\"([a;\n\rя]|\"\"){0,20}\")?[a;\"\r]{0,3}", 0..300), quotes in any::<bool>()) {
        let text = lines.join("\n");
        prop_assert_eq!(found(text.as_bytes(), quotes), told(text.as_bytes(), quotes));
    }
}

#[test]
fn a_row_of_too_many_cells_is_told_by_one_too_many() {
    let text = format!("1\n{}\n1;2", "1;".repeat(20_000));
    let (rows, end) = found(text.as_bytes(), true);
    let widths: Vec<usize> = rows.iter().map(Vec::len).collect();
    assert_eq!(widths, [1, MOST_COLUMNS + 1, 2]);
    assert_eq!(end, text.len());
}

#[test]
fn one_wrong_character_makes_few_rows_doubtful() {
    let mut text = "Айгуль;Алматы\n".repeat(40_000).into_bytes();
    let line = text.len() / 40_000;
    text[20_000 * line] = 0xC0;
    let mut records = Records::new(&text, DIALECT, true, true);
    let mut doubtful = Vec::new();
    let mut number = 0;
    while records.fill() {
        for row in records.rows() {
            doubtful.extend((!row.utf8).then_some(number));
            number += 1;
        }
    }
    assert_eq!(number, 40_000);
    assert!(doubtful.contains(&20_000));
    assert!(doubtful.len() < 3 * WINDOW / line, "{}", doubtful.len());
}
