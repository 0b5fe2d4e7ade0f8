//! Choices that look random and are the same every time.

/// `SplitMix64` (Steele, Lea and Flood 2014): a well mixed number for each input.
fn mixed(input: u64) -> u64 {
    let mut z = input.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number for a row, independent from one stream to another.
pub(super) fn number(stream: u64, row: usize) -> u64 {
    mixed(mixed(stream) ^ row as u64)
}

/// A number from 0 to `below - 1` for a row, each as likely as the other. 0 if there is no choice.
pub(super) fn below(below: usize, stream: u64, row: usize) -> usize {
    let wide = u128::from(number(stream, row)) * below as u128;
    (wide >> 64) as usize
}

/// The rows of a table that are looked at: all of them, or about `most`, spread over the table without a pattern.
pub(super) fn sample(rows: usize, most: usize) -> Vec<usize> {
    if rows <= most {
        return (0..rows).collect();
    }
    (0..rows)
        .filter(|row| below(rows, SAMPLE, *row) < most)
        .collect()
}

const SAMPLE: u64 = 0x5A4D_504C;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_everything_or_about_as_many_as_asked_for() {
        assert_eq!(sample(3, 5), [0, 1, 2]);
        let some = sample(100_000, 10_000).len();
        assert!((9_500..10_500).contains(&some), "{some}");
    }

    #[test]
    fn choices_are_even_and_the_same_every_time() {
        let mut counts = [0_u32; 5];
        for row in 0..50_000 {
            let choice = below(5, 7, row);
            assert_eq!(choice, below(5, 7, row));
            if let Some(count) = counts.get_mut(choice) {
                *count += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (9_600..10_400).contains(count)),
            "{counts:?}"
        );
        assert_eq!(below(0, 1, 1), 0);
    }
}
