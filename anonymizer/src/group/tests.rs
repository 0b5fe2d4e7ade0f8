#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn check(columns: &[Vec<u32>], kept: Option<&[bool]>) {
    let rows = columns[0].len();
    let held: Vec<Codes> = columns.iter().cloned().map(Codes::U32).collect();
    let cardinality = |column: &Vec<u32>| column.iter().max().map_or(0, |max| *max as usize) + 1;
    let keys: Vec<_> = held
        .iter()
        .zip(columns)
        .map(|(rows, column)| Key {
            rows,
            map: None,
            cardinality: cardinality(column),
            lowest: 0,
        })
        .collect();
    let numbers = Codes::U32((0..rows as u32).collect());
    let filter = kept.map(|flags| Kept {
        rows: &numbers,
        flags,
    });
    let mut expected: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
    let row = |row: usize| columns.iter().map(|column| column[row]).collect::<Vec<_>>();
    let kept = |row: usize| kept.is_none_or(|flags| flags[row]);
    (0..rows)
        .filter(|row| kept(*row))
        .for_each(|index| *expected.entry(row(index)).or_default() += 1);
    for numbered in [false, true] {
        let groups = Groups::of(&keys, rows, filter, numbered);
        let found: Vec<(Vec<u32>, u32)> = (0..groups.len())
            .map(|group| {
                let codes = (0..columns.len()).map(|column| groups.code(group, column));
                (codes.collect(), groups.weights[group])
            })
            .collect();
        assert_eq!(found, expected.clone().into_iter().collect::<Vec<_>>());
        if numbered {
            for index in (0..rows).filter(|row| kept(*row)) {
                assert_eq!(found[groups.of_row[index] as usize].0, row(index));
            }
        }
    }
}

#[test]
fn columns_beyond_64_bits_are_grouped_in_steps() {
    let many = |factor: u32| {
        (0..500_u32)
            .map(|row| row.wrapping_mul(factor) % 1_000_003 * 4_000)
            .collect()
    };
    let columns: Vec<Vec<u32>> = vec![
        vec![7; 500],
        many(7_919),
        many(104_729),
        many(3),
        many(1_299_709),
    ];
    check(&columns, None);
}

#[test]
fn many_rows_are_numbered_in_shares() {
    let rows = 0..50_000_u32;
    let columns: Vec<Vec<u32>> = vec![
        rows.clone().map(|row| row * row % 97).collect(),
        rows.clone().map(|row| row / 3 % 1_000).collect(),
    ];
    let kept: Vec<bool> = rows.map(|row| row % 5 > 0).collect();
    check(&columns, None);
    check(&columns, Some(&kept));
}

proptest! {
    #[test]
    fn groups_are_what_a_sorted_map_counts(
        rows in prop::collection::vec((0_u32..4, 0_u32..300, 0_u32..2, any::<bool>()), 1..400),
    ) {
        let columns = vec![
            rows.iter().map(|row| row.0).collect(),
            rows.iter().map(|row| row.1).collect(),
            rows.iter().map(|row| row.2).collect(),
        ];
        let kept: Vec<bool> = rows.iter().map(|row| row.3).collect();
        check(&columns, None);
        check(&columns, Some(&kept));
    }
}
