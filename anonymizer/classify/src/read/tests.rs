#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::sign::Sign;

fn file(bytes: &[u8]) -> File {
    read(bytes, Reading::default()).unwrap()
}

#[test]
fn dialects_are_found_out() {
    for (text, delimiter, columns) in [
        ("a,b\n1,2\n", b',', 2),
        ("a;b;c\n1,5;2;3\n4,5;6;7\n", b';', 3),
        ("a\tb\n1\t2\n", b'\t', 2),
        ("a|b\n1|2\n", b'|', 2),
        ("a^b^c\n1^2^3\n", b'^', 3),
        ("\"a;x\",b\n\"1;2\",3\n", b',', 2),
        ("a,b\r1,2\r", b',', 2),
        ("\n\na;b\n1;2\n", b';', 2),
        ("only\n1\n2\n", b',', 1),
    ] {
        let file = file(text.as_bytes());
        assert_eq!(
            (file.delimiter, file.names.len()),
            (Some(delimiter), columns),
            "{text:?}"
        );
        assert!(file.survey.rows > 0, "{text:?}");
    }
}

#[test]
fn encodings_are_found_out() {
    let text = "имя;город\nАйгуль;Алматы\nИван;Астана\nОльга;Караганда\n".repeat(30);
    let (windows, _, _) = encoding_rs::WINDOWS_1251.encode(&text);
    let (dos, _, _) = encoding_rs::IBM866.encode(&text);
    let (koi, _, _) = encoding_rs::KOI8_R.encode(&text);
    let mut utf16 = vec![0xFF, 0xFE];
    utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let big: Vec<u8> = [0xFE, 0xFF]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_be_bytes))
        .collect();
    let marked = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
    for (bytes, encoding) in [
        (text.as_bytes(), Encoding::Utf8),
        (&marked, Encoding::Utf8),
        (&windows, Encoding::Windows1251),
        (&dos, Encoding::Ibm866),
        (&koi, Encoding::Koi8R),
        (&utf16, Encoding::Utf16Le),
        (&big, Encoding::Utf16Be),
    ] {
        let file = file(bytes);
        assert_eq!(file.encoding, encoding);
        assert_eq!(file.names, ["имя", "город"], "{encoding:?}");
        assert!(
            file.survey.columns[0].share(Sign::GivenName) > 0.7,
            "{encoding:?}"
        );
    }
}

#[test]
fn gzip_is_unpacked() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"a,b\n1,2\n3,4\n").unwrap();
    let file = file(&packed.finish().unwrap());
    assert_eq!((file.names.len(), file.survey.rows), (2, 2));
}

#[test]
fn quotes_hold_line_breaks_and_delimiters() {
    let file = file(b"a,b\n\"x,\"\"y\"\"\n900101300017\",2\n5,6\n");
    assert_eq!((file.survey.rows, file.survey.ragged), (2, 0));
    assert_eq!(file.survey.columns[0].count_of(Sign::Inside), 1);
}

#[test]
fn quotes_that_nothing_closes_hide_nothing() {
    let mut text = "a;b\n\"never closed;1\n".to_owned();
    text.push_str(&"x;2\n".repeat(1000));
    text.push_str("900101300017;3\n");
    let file = file(text.as_bytes());
    assert_eq!(file.survey.columns[0].count_of(Sign::Iin), 1);
    assert_eq!(file.survey.rows, 1002);
}

#[test]
fn a_cell_in_another_encoding_makes_no_other_strange() {
    let mut text = "имя;город\n".as_bytes().to_vec();
    for number in 0..20_000 {
        let windows: &[u8] = b"\xC0\xE9\xE3\xF3\xEB\xFC";
        let strange = number % 9_000 == 8_999;
        text.extend(if strange {
            windows
        } else {
            "Айгуль".as_bytes()
        });
        text.extend(";Алматы\n".as_bytes());
    }
    let columns = file(&text).survey.columns;
    assert_eq!(columns[0].count_of(Sign::OtherEncoding), 2);
    assert_eq!(columns[0].first_of(Sign::OtherEncoding), Some(8_999));
    assert_eq!(columns[0].count_of(Sign::GivenName), 20_000);
    assert_eq!(columns[1].count_of(Sign::OtherEncoding), 0);
}

#[test]
fn long_rows_make_columns_of_their_own() {
    let file = file(b"a;b\n1;2\n1;2;900101300017\n1\n");
    assert_eq!((file.survey.columns.len(), file.survey.ragged), (3, 2));
    assert_eq!(file.survey.columns[2].count_of(Sign::Iin), 1);
}

#[test]
fn a_cell_of_ten_megabytes_is_read() {
    let text = format!("a,b\n\"{}\",900101300017\n", "слово\n".repeat(900_000));
    let file = file(text.as_bytes());
    assert_eq!(file.survey.rows, 1);
    assert_eq!(file.survey.columns[0].count_of(Sign::Prose), 1);
    assert_eq!(file.survey.columns[1].count_of(Sign::Iin), 1);
}

#[test]
fn objects_become_columns() {
    let file = file(
        "{\"a\":1,\"b\":{\"c\":\"900101300017\"}}\n\n{\"a\":null,\"d\":[\"x@y.kz\",2]}\n"
            .as_bytes(),
    );
    assert_eq!(file.names, ["a", "b.c", "d"]);
    assert_eq!(file.survey.rows, 2);
    assert_eq!(file.survey.columns[1].count_of(Sign::Iin), 1);
    assert_eq!(file.survey.columns[2].count_of(Sign::Email), 1);
    let error = read(&b"{\"a\":1}\n{\"a\":secret}\n"[..], Reading::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 2 is no JSON object: its syntax is wrong at column 6"
    );
}

#[test]
fn nothing_is_an_error() {
    for text in ["", "\n\n", "  \n"] {
        assert!(
            matches!(
                read(text.as_bytes(), Reading::default()),
                Err(ClassifyError::Empty)
            ),
            "{text:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..400), text in "[a\",;\n\r1-9я]{0,120}") {
        let _ = read(bytes.as_slice(), Reading::default());
        let _ = read(text.as_bytes(), Reading::default());
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    /// Cutting a file into parts must not change what is seen.
    #[test]
    fn quoted_cells_across_parts_are_read_like_one(cells in proptest::collection::vec("[a-z\n;\"]{0,6}", 20..60)) {
        let mut text = "h;i\n".to_owned();
        let mut rows = 0;
        // More than one part of a block.
        while text.len() < 3 * 256 * 1024 {
            for cell in &cells {
                text.push_str(&format!("\"{}\";900101300017\n", cell.replace('"', "\"\"")));
                rows += 1;
            }
        }
        let file = read(text.as_bytes(), Reading { delimiter: Some(b';'), ..Reading::default() }).unwrap();
        prop_assert_eq!(file.survey.rows, rows);
        prop_assert_eq!(file.survey.ragged, 0);
        prop_assert_eq!(file.survey.columns[1].count_of(Sign::Iin), rows);
    }
}
