#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod csv;
mod ndjson;
mod parquet;

use std::io::Cursor;

use polars::prelude::*;
use proptest::prelude::*;

use self::parquet::parquet_of;
use super::*;
use crate::table::PhysicalType;

const UTF8: Format = Format::Csv {
    delimiter: None,
    encoding: Encoding::Utf8,
};
const CP1251: Format = Format::Csv {
    delimiter: None,
    encoding: Encoding::Windows1251,
};

fn small() -> Limits {
    Limits {
        max_rows: 10,
        max_columns: 4,
        max_cell_bytes: 100,
        max_table_bytes: 10_000,
    }
}

fn load(bytes: &[u8], format: &Format) -> Result<Table, IntakeError> {
    read("t", bytes, format, &small())
}

fn cells(table: &Table) -> Vec<Vec<Option<String>>> {
    let row = |row| {
        table
            .columns()
            .iter()
            .map(|column| column.text(row).map(str::to_owned))
            .collect()
    };
    (0..table.rows()).map(row).collect()
}

fn refused(bytes: &[u8], format: &Format) -> String {
    let read = load(bytes, format).unwrap_err().to_string();
    let validated = validate(bytes, format, &small()).unwrap_err().to_string();
    assert_eq!(read, validated);
    read
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn a_format_is_read_from_its_serialization() {
    let format: Format = serde_json::from_str(r#"{"csv":{"encoding":"windows-1251"}}"#).unwrap();
    assert_eq!(format, CP1251);
    assert_eq!(
        serde_json::from_str::<Format>("\"parquet\"").unwrap(),
        Format::Parquet
    );
    assert_eq!(
        serde_json::from_str::<Limits>("{\"max_rows\":3}")
            .unwrap()
            .max_rows,
        3
    );
}

/// A source that delivers a few bytes at a time.
struct Trickle<'a>(Cursor<&'a [u8]>, usize);

impl std::io::Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let end = buffer.len().min(self.1);
        self.0.read(&mut buffer[..end])
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in [&UTF8, &CP1251, &Format::Ndjson, &Format::Parquet] {
            let _ = load(&bytes, format);
        }
    }

    #[test]
    fn arbitrary_delimited_text_never_panics(text in "([abИ\",;\t|\r\n\u{0}]|\"\"){0,60}") {
        let read = load(text.as_bytes(), &UTF8).map(|table| table.schema().clone()).map_err(|error| error.to_string());
        let validated = validate(text.as_bytes(), &UTF8, &small()).map_err(|error| error.to_string());
        prop_assert_eq!(read, validated);
    }

    #[test]
    fn a_spoilt_parquet_footer_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = parquet_of(df!("i" => [1_i64, 2, 3], "s" => ["x", "y", "z"]).unwrap());
        // The last eight bytes are the length of the footer and the magic bytes.
        let end = bytes.len() - 8;
        let length = u32::from_le_bytes(bytes[end..end + 4].try_into().unwrap()) as usize;
        let at = end - length + at.index(length + 8);
        bytes[at] = byte;
        let _ = load(&bytes, &Format::Parquet);
    }

    #[test]
    fn csv_agrees_with_the_csv_crate(
        records in prop::collection::vec(prop::collection::vec("[aИ \",;\r\n]{0,4}", 3), 1..8),
        step in 1_usize..9,
    ) {
        let mut writer = ::csv::Writer::from_writer(Vec::new());
        writer.write_record(["x", "y", "z"]).unwrap();
        records.iter().for_each(|record| writer.write_record(record).unwrap());
        let bytes = writer.into_inner().unwrap();
        let format = Format::Csv { delimiter: Some(b','), encoding: Encoding::Utf8 };
        let table = read("t", Trickle(Cursor::new(&bytes), step), &format, &small()).unwrap();
        let expected: Vec<Vec<Option<String>>> = records
            .into_iter()
            .map(|record| record.into_iter().map(|cell| Some(cell).filter(|cell| !cell.is_empty())).collect())
            .collect();
        prop_assert_eq!(cells(&table), expected);
    }
}
