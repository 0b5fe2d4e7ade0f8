//! How strongly two columns depend on one another.

/// Columns with more different values than this are not paired: such tables are all but empty.
pub(super) const WIDEST: usize = 1_000;

/// Cramér's V with Bergsma's correction of its bias (Bergsma 2013): 0 where two columns are independent, 1 where one tells the other.
///
/// `first` and `second` hold a code for each row, below `sizes`. 0 where a column has a single value.
pub(super) fn cramers_v(first: &[u32], second: &[u32], sizes: (usize, usize)) -> f64 {
    let mut table = vec![0_u32; sizes.0 * sizes.1];
    let mut rows = vec![0_u32; sizes.0];
    let mut columns = vec![0_u32; sizes.1];
    for (i, j) in first.iter().zip(second) {
        let (i, j) = (*i as usize, *j as usize);
        for (counts, place) in [
            (&mut table, i * sizes.1 + j),
            (&mut rows, i),
            (&mut columns, j),
        ] {
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        }
    }
    let mut sum = 0.0;
    for (cells, row) in table.chunks(sizes.1.max(1)).zip(&rows) {
        for (cell, column) in cells.iter().zip(&columns).filter(|(cell, _)| **cell > 0) {
            let cell = f64::from(*cell);
            sum += cell * cell / (f64::from(*row) * f64::from(*column));
        }
    }
    let seen = |counts: &[u32]| counts.iter().filter(|count| **count > 0).count() as f64;
    corrected(sum - 1.0, first.len() as f64, seen(&rows), seen(&columns))
}

/// From phi squared, the rows, and the different values of either column.
fn corrected(phi: f64, n: f64, r: f64, c: f64) -> f64 {
    if n < 2.0 {
        return 0.0;
    }
    let phi = (phi - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
    let shrunk = |k: f64| k - (k - 1.0).powi(2) / (n - 1.0);
    let least = (shrunk(r) - 1.0).min(shrunk(c) - 1.0);
    // The root would make what rounding left of nothing a thousand million times larger.
    if least <= 0.0 || phi < 1e-12 {
        return 0.0;
    }
    (phi / least).sqrt().clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(table: &[&[usize]]) -> f64 {
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for (i, cells) in table.iter().enumerate() {
            for (j, count) in cells.iter().enumerate() {
                first.extend(std::iter::repeat_n(i as u32, *count));
                second.extend(std::iter::repeat_n(j as u32, *count));
            }
        }
        let width = table.iter().map(|cells| cells.len()).max();
        cramers_v(&first, &second, (table.len(), width.unwrap_or(0)))
    }

    #[test]
    fn association_is_that_of_the_definition() {
        // chi2 = 100 * (30 * 40 - 20 * 10)^2 / (50 * 50 * 40 * 60) = 16.6667, phi2 = 1/6.
        // phi2 - 1/99 = 0.156566; both sides shrink to 2 - 1/99, less one 0.989899; V = sqrt(0.156566 / 0.989899).
        let expected = (0.156_565_656_565_f64 / 0.989_898_989_899).sqrt();
        assert!((of(&[&[30, 20], &[10, 40]]) - expected).abs() < 1e-9);
        assert!(of(&[&[25, 25], &[25, 25]]).abs() < 1e-12);
        assert!((of(&[&[50, 0], &[0, 50]]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_column_of_one_value_or_a_table_of_one_row_is_associated_with_nothing() {
        assert!(of(&[&[10, 20]]).abs() < f64::EPSILON);
        assert!(of(&[&[1, 0], &[0, 0]]).abs() < f64::EPSILON);
        assert!(cramers_v(&[], &[], (0, 0)).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn association_is_symmetric_and_within_0_and_1(
            cells in prop::collection::vec((0_u32..4, 0_u32..3), 0..60),
        ) {
            let (first, second): (Vec<u32>, Vec<u32>) = cells.into_iter().unzip();
            let v = cramers_v(&first, &second, (4, 3));
            prop_assert!((0.0..=1.0).contains(&v));
            prop_assert!((v - cramers_v(&second, &first, (3, 4))).abs() < 1e-12);
        }
    }
}
