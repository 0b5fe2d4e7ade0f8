#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;
use crate::cancel::Cancel;
use crate::group::Key;
use crate::intake::{self, Encoding, Format, Limits};
use crate::table::Codes;

/// Two columns of odd values, six rows.
fn output() -> Output {
    let values = [Some("a;b"), Some("say \"x\"\nno"), Some("*")];
    let texts = values.iter().flatten().copied().collect();
    let (dictionary, ranks) = Dictionary::of_texts(&texts);
    let rows = Codes::U8(vec![0, 1, 2, 3, 1, 1]);
    let map: Vec<u32> = std::iter::once(0).chain(ranks).collect();
    let key = Key {
        rows: &rows,
        map: Some(&map),
        cardinality: dictionary.len(),
        lowest: 0,
    };
    let column = |name: &str| OutColumn {
        name: name.to_owned(),
        dictionary: dictionary.clone(),
        renewal: None,
    };
    let groups = Groups::of(&[key, key], 6, None, false);
    Output::new(vec![column("x;y"), column("z")], groups)
}

fn csv(output: &Output) -> String {
    let mut bytes = Vec::new();
    output.write_csv(&mut bytes, b';', &Cancel::new()).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn csv_is_in_order_and_quoted_where_needed() {
    let quoted = "\"a;b\";\"a;b\"\n";
    let said = "\"say \"\"x\"\"\nno\"";
    let expected = format!("\"x;y\";z\n;\n*;*\n{quoted}{quoted}{quoted}{said};{said}\n");
    assert_eq!(csv(&output()), expected);
}

#[test]
fn starred_rows_stand_where_their_content_belongs() {
    let starred = output().with_starred(vec![1, 0], 2);
    assert_eq!(starred.rows(), 8);
    let text = csv(&starred);
    assert!(text.starts_with("\"x;y\";z\n;\n*;\n*;\n*;*\n"), "{text}");
}

#[test]
fn csv_and_parquet_hold_the_same_table() {
    let output = output().with_starred(vec![1, 0], 2);
    let mut parquet = Vec::new();
    output.write_parquet(&mut parquet, &Cancel::new()).unwrap();
    let format = Format::Csv {
        delimiter: Some(b';'),
        encoding: Encoding::Utf8,
    };
    let read = |bytes: &[u8], format: &Format| {
        let table = intake::read_bytes("t", bytes, format, &Limits::default()).unwrap();
        let row = |row| {
            table
                .columns()
                .iter()
                .map(|column| column.text(row).map(str::to_owned))
                .collect()
        };
        (0..table.rows()).map(row).collect::<Vec<Vec<_>>>()
    };
    let rows = read(csv(&output).as_bytes(), &format);
    assert_eq!(rows.len(), 8);
    assert_eq!(rows, read(&parquet, &Format::Parquet));
}

#[test]
fn batches_cut_long_runs() {
    let output = output().with_starred(vec![1, 1], 2 * BATCH as u64);
    let sizes: Vec<usize> = output
        .batches()
        .map(|batch| batch.iter().map(|run| run.rows).sum())
        .collect();
    assert_eq!(sizes, [BATCH, BATCH, 6]);
}
