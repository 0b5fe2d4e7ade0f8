#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;

fn column(cells: &[String]) -> Column {
    let mut column = Column::new(true);
    let mut observer = Observer::new();
    for (cell, row) in cells.iter().zip(0..) {
        column.push(&mut observer, cell.as_bytes(), row);
    }
    column.settle();
    column
}

#[test]
fn parts_add_up_to_the_whole() {
    let cells: Vec<String> = (0..5000_u32)
        .map(|row| match row % 5 {
            0 => String::new(),
            1 => format!("{}", row % 90),
            2 => format!("12.05.{}", 1940 + row % 70),
            3 => "нет данных".to_owned(),
            _ => format!("слово{row}"),
        })
        .collect();
    let whole = column(&cells);
    let mut joined = Column::new(true);
    let mut row = 0;
    for part in cells.chunks(777) {
        joined.append(column(part), row);
        row += part.len() as u64;
    }
    assert_eq!(whole.present(), 3000);
    assert_eq!(joined.present(), whole.present());
    assert_eq!(joined.counts, whole.counts);
    assert_eq!(joined.first, whole.first);
    assert_eq!(joined.decades, whole.decades);
    assert_eq!(joined.distinct(), whole.distinct());
    assert_eq!((joined.low, joined.high), (whole.low, whole.high));
}

#[test]
fn different_values_are_counted() {
    for count in [3_u32, 300, 3_000, 100_000] {
        let mut cells: Vec<String> = (0..count).map(|n| format!("код {n}")).collect();
        cells.extend(cells.clone());
        let column = column(&cells);
        assert_eq!(column.present(), 2 * u64::from(count));
        assert_eq!(column.counts.iter().max(), Some(&column.present()));
        let distinct = column.distinct() as f64;
        let error = (distinct - f64::from(count)).abs() / f64::from(count);
        assert!(error < 0.05, "{distinct} for {count}");
    }
}

#[test]
fn a_value_late_in_the_column_is_found_with_its_row() {
    let mut cells = vec!["учитель".to_owned(); 20_000];
    cells[19_000] = "900101300017".to_owned();
    let column = column(&cells);
    assert_eq!(column.count_of(Sign::Iin), 1);
    assert_eq!(column.first_of(Sign::Iin), Some(19_000));
}
