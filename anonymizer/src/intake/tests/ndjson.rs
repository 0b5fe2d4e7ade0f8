//! One JSON object a line.

use super::*;

#[test]
fn ndjson_keeps_scalar_types() {
    let lines = b"\xEF\xBB\xBF{\"s\":\"x\",\"i\":1,\"b\":true}\n\n{\"i\":2.5,\"n\":null}\n{\"s\":null,\"i\":3}\n";
    let table = load(lines, &Format::Ndjson).unwrap();
    let kinds: Vec<_> = table
        .schema()
        .columns
        .iter()
        .map(|c| (c.name.as_str(), c.physical_type, c.nulls))
        .collect();
    use PhysicalType::{Boolean, Float, String};
    assert_eq!(
        kinds,
        [
            ("s", String, 2),
            ("i", Float, 0),
            ("b", Boolean, 2),
            ("n", String, 3)
        ]
    );
    assert_eq!(cells(&table)[1], [None, text("2.5"), None, None]);
    assert_eq!(cells(&table)[2], [None, text("3"), None, None]);
    assert_eq!(
        validate(&lines[..], &Format::Ndjson, &small()).unwrap(),
        *table.schema()
    );
}

#[test]
fn each_ndjson_fault_names_its_line() {
    let shown = |bytes: &[u8]| refused(bytes, &Format::Ndjson);
    assert_eq!(
        shown(b""),
        "the file is empty: expected one JSON object a line"
    );
    assert_eq!(
        shown(b"{\"a\":1}\n{\"a\":1"),
        "line 2, column 6: EOF while parsing an object"
    );
    assert_eq!(
        shown(b"{\"a\":1}\n[5]\n"),
        "line 2, column 0: not a JSON object"
    );
    assert!(shown(b"{\"a\":1}\n{\"a\":[1]}\n").starts_with("column \"a\", line 2: nested"));
    assert!(shown(b"{\"a\":{\"b\":1}}\n").starts_with("column \"a\", line 1: nested"));
    assert_eq!(
        shown(b"{\"a\":1,\"a\":2}\n"),
        "line 1: the key \"a\" occurs twice"
    );
    assert_eq!(
        shown(b"{\"a\":1}\n{\"a\":\"x\"}\n"),
        "line 2: column \"a\" holds String values here and Integer values before"
    );
    assert!(
        shown(b"{\"a\":1}\n{\"a\":\"\xFF\"}\n")
            .starts_with("row 2 (line 2): the byte at offset 14 is not valid UTF-8")
    );
    assert!(shown(b"{\"a\":18446744073709551615}\n").contains("does not fit 64 bits"));
    assert!(shown(b"{\"a\":\"\\u0000\"}\n").contains("NUL"));
    assert!(shown(b"{\"\":1}\n").contains("column 1 has an empty name"));
    // A whole number that a float would change is not widened.
    assert!(
        shown(b"{\"a\":9007199254740993}\n{\"a\":0.5}\n")
            .contains("line 2: column \"a\" holds Float")
    );
    assert!(
        shown(b"{\"a\":0.5}\n{\"a\":9007199254740993}\n")
            .contains("line 2: column \"a\" holds Integer")
    );
}
