//! Parquet.

use super::*;

pub(super) fn parquet_of(mut frame: DataFrame) -> Vec<u8> {
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
    bytes
}

#[test]
fn parquet_keeps_scalar_types_and_refuses_nested_ones_by_name() {
    let bytes = parquet_of(df!("i" => [1_i64, 2, 2], "s" => [Some("x"), None, Some("y")]).unwrap());
    let table = load(&bytes, &Format::Parquet).unwrap();
    let kinds: Vec<_> = table
        .schema()
        .columns
        .iter()
        .map(|c| (c.physical_type, c.nulls, c.distinct.count))
        .collect();
    assert_eq!(
        kinds,
        [(PhysicalType::Integer, 0, 2), (PhysicalType::String, 1, 2)]
    );
    let lists = df!("l" => [Series::new("".into(), [1, 2])]).unwrap();
    assert!(refused(&parquet_of(lists), &Format::Parquet).starts_with("column \"l\": nested"));
    let binary = df!("b" => [&b"\xFF"[..]]).unwrap();
    assert!(
        refused(&parquet_of(binary), &Format::Parquet)
            .starts_with("column \"b\": nested and binary")
    );
}

#[test]
fn parquet_limits_are_held_before_decoding() {
    let shown = |frame: DataFrame| refused(&parquet_of(frame), &Format::Parquet);
    assert!(
        shown(df!("i" => (0..11).collect::<Vec<i32>>()).unwrap()).contains("more than 10 rows")
    );
    // Compresses to a few hundred bytes; the footer declares what it would become.
    let bomb = df!("s" => ["x".repeat(1 << 20)]).unwrap();
    let bytes = parquet_of(bomb);
    assert!(bytes.len() < 5_000);
    assert_eq!(
        refused(&bytes, &Format::Parquet),
        "the dataset takes more than 10000 bytes in memory"
    );
    assert!(shown(df!("s" => ["x".repeat(101)]).unwrap()).contains("longer than 100 bytes"));
}

#[test]
fn a_truncated_parquet_file_is_refused() {
    let bytes = parquet_of(df!("i" => [1_i64, 2, 3], "s" => ["x", "y", "z"]).unwrap());
    for end in 0..bytes.len() {
        assert!(
            load(&bytes[..end], &Format::Parquet).is_err(),
            "{end} bytes of {}",
            bytes.len()
        );
    }
    assert!(
        refused(&bytes[..bytes.len() - 1], &Format::Parquet)
            .starts_with("the Parquet file is truncated or damaged")
    );
    assert!(
        refused(b"a,b\n1,2\n3,4\n", &Format::Parquet)
            .starts_with("the Parquet file is truncated or damaged")
    );
}
