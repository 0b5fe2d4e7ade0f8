//! Delimited text.

use super::*;

#[test]
fn csv_is_text_with_empty_cells_missing() {
    let table = load(b"a,b\r\n1,\"x, \"\"y\"\"\n\"\r\n,\"\"\r\n\r\n2,z", &UTF8).unwrap();
    assert_eq!(
        cells(&table),
        [
            [text("1"), text("x, \"y\"\n")],
            [None, None],
            [text("2"), text("z")]
        ]
    );
    let b = &table.schema().columns[1];
    assert_eq!(
        (b.name.as_str(), b.physical_type, b.nulls, b.distinct.count),
        ("b", PhysicalType::String, 1, 2)
    );
    assert_eq!(table.schema().rows, 3);
    assert_eq!(
        validate(&b"a,b\n1,2\n"[..], &UTF8, &small()).unwrap().rows,
        1
    );
}

#[test]
fn a_blank_line_is_a_missing_value_only_in_a_single_column() {
    assert_eq!(
        cells(&load(b"a\n1\n\n2\n", &UTF8).unwrap()),
        [[text("1")], [None], [text("2")]]
    );
    assert_eq!(load(b"\n\na,b\n1,2\n\n\n3,4\n", &UTF8).unwrap().rows(), 2);
}

#[test]
fn the_delimiter_is_found() {
    for (delimiter, sample) in [
        (",", "a,b\n1,2;3\n"),
        (";", "a;b\n1,5;2\n"),
        ("\t", "a\tb\n1\t2\n"),
        ("|", "a|b\n\"x\n|\"|2\n"),
    ] {
        let table = load(sample.as_bytes(), &UTF8).unwrap();
        assert_eq!(table.schema().columns.len(), 2, "{delimiter:?}");
    }
    assert_eq!(load(b"a b\n1\n", &UTF8).unwrap().schema().columns.len(), 1);
    let named = Format::Csv {
        delimiter: Some(b':'),
        encoding: Encoding::Utf8,
    };
    assert_eq!(
        load(b"a:b\n1:2\n", &named).unwrap().schema().columns.len(),
        2
    );
    for bad in [b'"', b'\n', b'x', 0xC3, 0] {
        let bad = Format::Csv {
            delimiter: Some(bad),
            encoding: Encoding::Utf8,
        };
        assert!(matches!(
            load(b"a\n1\n", &bad),
            Err(IntakeError::Delimiter(_))
        ));
    }
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_name() {
    for sample in [
        &b"\xEF\xBB\xBFa;b\n1;2\n"[..],
        b"\xEF\xBB\xBF\"a\";b\n1;2\n",
    ] {
        assert_eq!(load(sample, &UTF8).unwrap().schema().columns[0].name, "a");
    }
}

#[test]
fn windows_1251_is_decoded_when_named() {
    let (bytes, _, unmappable) = encoding_rs::WINDOWS_1251.encode("имя;город\nАйгүл;Алматы\n");
    assert!(unmappable, "Kazakh letters are not in Windows-1251");
    assert!(load(&bytes, &UTF8).is_err());
    let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode("имя;город\nИван;Алматы\n");
    let table = load(&bytes, &CP1251).unwrap();
    assert_eq!(table.schema().columns[0].name, "имя");
    assert_eq!(cells(&table), [[text("Иван"), text("Алматы")]]);
    // A UTF-8 file named Windows-1251 by mistake.
    let shown = refused("имя\nИван\n".as_bytes(), &CP1251);
    assert!(
        shown.starts_with("row 1 (line 2): the byte at offset 8 is not valid Windows-1251"),
        "{shown}"
    );
}

#[test]
fn each_csv_fault_names_its_place() {
    let shown = |bytes: &[u8]| refused(bytes, &UTF8);
    assert_eq!(
        shown(b"a,b\n1,2\n3\n"),
        "row 2 (line 3): found 1 columns, the header has 2"
    );
    assert_eq!(
        shown(b"a,b\n\"1\n\",2\n3,4,5\n"),
        "row 2 (line 4): found 3 columns, the header has 2"
    );
    assert!(
        shown(b"a,b\n1,2\n3,\xFF\n")
            .starts_with("row 2 (line 3): the byte at offset 10 is not valid UTF-8")
    );
    assert!(
        shown(b"a,b\n1,\xD0")
            .starts_with("row 1 (line 2): the byte at offset 6 is not valid UTF-8")
    );
    assert_eq!(
        shown(b""),
        "the file is empty: expected a header with the names of the columns"
    );
    assert_eq!(shown(b"\n \n\n"), "column 1 has an empty name");
    assert_eq!(
        shown(b"\n\n"),
        "the file is empty: expected a header with the names of the columns"
    );
    assert_eq!(
        shown(b"a,b,a\n"),
        "columns 1 and 3 are both named \"a\"; rename one"
    );
    assert_eq!(shown(b"a,,b\n"), "column 2 has an empty name");
    assert_eq!(
        shown(b"a,b\n1,2\n3,\"4\n5,6\n7,8\n"),
        "row 2 (line 3): a quote opened in column 2 is never closed"
    );
    assert!(
        shown(b"a,b\n\"1\"x,2\n")
            .starts_with("row 1 (line 2): text follows the closing quote in column 1")
    );
    assert!(shown(b"a,b\n1,\0\n").starts_with("row 1 (line 2): column 2 contains a NUL"));
}

#[test]
fn limits_are_held() {
    let shown = |bytes: &[u8]| refused(bytes, &UTF8);
    let long = format!("a,b\n1,{}\n", "x".repeat(101));
    assert_eq!(
        shown(long.as_bytes()),
        "row 1 (line 2): the cell in column 2 is longer than 100 bytes"
    );
    assert_eq!(shown(b"a,b,c,d,e\n"), "the dataset has more than 4 columns");
    assert_eq!(
        shown(format!("a\n{}", "1\n".repeat(11)).as_bytes()),
        "the dataset has more than 10 rows"
    );
    let limits = Limits {
        max_table_bytes: 100,
        ..small()
    };
    let wide = "a,b\n1234567890,1234567890\n".to_owned() + &"1234567890,1234567890\n".repeat(3);
    let over = read("t", wide.as_bytes(), &UTF8, &limits)
        .unwrap_err()
        .to_string();
    assert_eq!(over, "the dataset takes more than 100 bytes in memory");
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_is_unpacked_within_the_limits() {
    let table = load(&packed(b"a,b\n1,2\n"), &UTF8).unwrap();
    assert_eq!(cells(&table), [[text("1"), text("2")]]);
    assert_eq!(
        load(&packed(b"{\"a\":1}\n"), &Format::Ndjson)
            .unwrap()
            .rows(),
        1
    );
    // Blank lines are no rows, but still more than the limit.
    let bomb = packed(&[&b"a,b\n1,2\n"[..], &vec![b'\n'; 1 << 20]].concat());
    assert!(bomb.len() < 10_000);
    assert_eq!(
        refused(&bomb, &UTF8),
        "the dataset takes more than 10000 bytes in memory"
    );
    let whole = packed(b"a,b\n1,2\n");
    assert!(load(&whole[..whole.len() - 9], &UTF8).is_err());
}

/// Rows with every oddity of delimited text, enough of them for several parts.
fn odd_rows(rows: usize, line_break: &str) -> (String, Vec<Vec<Option<String>>>) {
    let (mut csv, mut expected) = (format!("a;b;c{line_break}"), Vec::new());
    for row in 0..rows {
        let (cell, meant) = match row % 97 {
            7 => ("\"x\ny;\"\"z\"".to_owned(), Some("x\ny;\"z".to_owned())),
            13 => (String::new(), None),
            29 => ("mid\"quote".to_owned(), Some("mid\"quote".to_owned())),
            _ => (
                format!("v{}", row % 1_009),
                Some(format!("v{}", row % 1_009)),
            ),
        };
        csv += &format!("{row};{cell};Алматы{line_break}");
        expected.push(vec![text(&row.to_string()), meant, text("Алматы")]);
    }
    (csv, expected)
}

#[test]
fn parts_read_side_by_side_give_what_one_pass_gives() {
    for line_break in ["\n", "\r\n", "\r"] {
        let (csv, expected) = odd_rows(30_000, line_break);
        let table = read("t", csv.as_bytes(), &UTF8, &Limits::default()).unwrap();
        assert!(cells(&table) == expected, "{line_break:?}");
        let schema = validate(csv.as_bytes(), &UTF8, &Limits::default()).unwrap();
        assert_eq!(&schema, table.schema());
        let slow = Trickle(Cursor::new(csv.as_bytes()), 1_009);
        let table = read("t", slow, &UTF8, &Limits::default()).unwrap();
        assert!(cells(&table) == expected, "{line_break:?}");
    }
}

#[test]
fn a_fault_far_into_the_file_names_its_place() {
    let (csv, _) = odd_rows(30_000, "\n");
    let quoted = (0..30_000).filter(|row| row % 97 == 7).count();
    let refused = |more: &[u8]| {
        let whole = [csv.as_bytes(), more].concat();
        let read = read("t", whole.as_slice(), &UTF8, &Limits::default());
        read.unwrap_err().to_string()
    };
    let place = format!("row 30001 (line {})", 30_002 + quoted);
    assert_eq!(
        refused(b"1;2\n3;4;5\n"),
        format!("{place}: found 2 columns, the header has 3")
    );
    assert!(refused(b"1;2;\"3\n\n").starts_with(&format!("{place}: a quote opened in column 3")));
    assert!(
        refused(b"1;\xFF;3\n")
            .starts_with(&format!("{place}: the byte at offset {}", csv.len() + 2))
    );
    // A quote that is never closed far from the end turns all that follows into one cell.
    let (head, tail) = csv.split_at(csv.find("\n20000;").unwrap() + 1);
    let whole = [head, "x;\"never;y\n", &tail.replace('"', "'")].concat();
    let shown = read("t", whole.as_bytes(), &UTF8, &Limits::default())
        .unwrap_err()
        .to_string();
    assert!(shown.starts_with("row 20001 ("), "{shown}");
}

/// A source that would deliver a gigabyte, and tells how much of it was taken.
struct Endless {
    given: u64,
    quoted: bool,
}

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let head: &[u8] = if self.quoted { b"a\n\"" } else { b"a\n" };
        if self.given == 0 {
            buffer[..head.len()].copy_from_slice(head);
            self.given = head.len() as u64;
            return Ok(head.len());
        }
        assert!(self.given < 1 << 30, "the whole line was taken");
        buffer.fill(b'x');
        self.given += buffer.len() as u64;
        Ok(buffer.len())
    }
}

#[test]
fn an_endless_line_is_refused_after_one_cell() {
    for quoted in [false, true] {
        for format in [&UTF8, &CP1251, &Format::Ndjson] {
            let mut source = Endless { given: 0, quoted };
            assert!(read("t", &mut source, format, &small()).is_err());
            assert!(source.given < 200_000, "{} bytes taken", source.given);
        }
    }
}
