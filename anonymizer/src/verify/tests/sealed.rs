//! Files whose digest was taken while they were written.

use std::io::Write as _;
use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::verify::seal::PIECE;
use crate::{Cancel, Seal, Sealing, Work};

const KEPT: &str = r#"
version = 1
privacy = { k = 2 }
[datasets.t.columns.place]
role = "quasi"
transform = "keep"
[datasets.t.columns.note]
role = "insensitive"
"#;

const CSV: OutputFormat = OutputFormat::Csv { delimiter: b',' };

struct Made {
    table: Table,
    profile: Profile,
    plan: Plan,
    csv: Vec<u8>,
    parquet: Vec<u8>,
}

/// What all tests here read; it is made once.
fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(make)
}

/// A release of several pieces as text, with rows that are longer than one.
fn make() -> Made {
    let mut rows = "place,note\n".to_owned();
    for number in 0..900 {
        let long = if number % 300 == 0 { PIECE + 7 } else { 90 };
        let place = ["a", "b", "c"][number % 3];
        rows.push_str(&format!("{place},{number:03}{}\n", "n".repeat(long)));
    }
    let (table, profile) = (table("t", &rows), profile(KEPT));
    let (plan, parquet, csv) = {
        let none = Hierarchies::new();
        let work = Work::new(&table, profile.dataset("t").unwrap(), &none, None).unwrap();
        let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
        let output = work.execute(&plan, &key(), &Cancel::new(), &mut |_| {});
        let output = output.unwrap();
        let mut csv = Vec::new();
        output.write_csv(&mut csv, b',', &Cancel::new()).unwrap();
        (plan, work.parquet(&output, &Cancel::new()).unwrap(), csv)
    };
    assert!(csv.len() > 4 * PIECE);
    Made {
        table,
        profile,
        plan,
        csv,
        parquet,
    }
}

impl Made {
    /// Verifies a file of which this was sealed.
    fn verify(
        &self,
        format: OutputFormat,
        seal: Option<Seal>,
        read: &[u8],
    ) -> Result<crate::Report, VerifyError> {
        let none = Hierarchies::new();
        let dataset = self.profile.dataset("t").unwrap();
        let work = Work::new(&self.table, dataset, &none, None).unwrap();
        let (plan, key, read) = (&self.plan, key(), read.to_vec());
        let report = match seal {
            Some(seal) => work
                .verify(plan, &key, format, seal.on(read), &mut |_| {})
                .map(|release| release.into_parts().1),
            None => work
                .verify(plan, &key, format, read, &mut |_| {})
                .map(|release| release.into_parts().1),
        };
        report.map_err(|error| match error {
            crate::Error::Verify(error) => error,
            other => panic!("{other}"),
        })
    }

    fn formats(&self) -> [(OutputFormat, &Vec<u8>); 2] {
        [(CSV, &self.csv), (OutputFormat::Parquet, &self.parquet)]
    }
}

/// The seal of bytes written so many at a time.
fn sealed(bytes: &[u8], at_once: usize) -> Seal {
    let mut sink = Sealing::new(Vec::new());
    for part in bytes.chunks(at_once) {
        sink.write_all(part).unwrap();
    }
    let (written, seal) = sink.finish();
    assert_eq!(written, bytes);
    seal
}

#[test]
fn a_sealed_file_has_the_report_of_one_without() {
    let made = made();
    for (format, bytes) in made.formats() {
        let plain = made.verify(format, None, bytes).unwrap();
        assert_eq!(plain.output_sha256, crate::digest::sha256_hex(bytes));
        for at_once in [1000, PIECE, bytes.len()] {
            let seal = sealed(bytes, at_once);
            assert_eq!(made.verify(format, Some(seal), bytes).unwrap(), plain);
        }
    }
}

/// These are releases by themselves, of the same rows; but their digest is not the one that was taken.
#[test]
fn other_bytes_than_were_written_are_refused_even_if_they_hold_the_same() {
    let made = made();
    let text = std::str::from_utf8(&made.csv).unwrap();
    let quoted = text.replacen("\na,", "\n\"a\",", 1);
    let unended = text.trim_end_matches('\n').to_owned();
    for other in [quoted, unended] {
        made.verify(CSV, None, other.as_bytes()).unwrap();
        let seal = sealed(&made.csv, PIECE);
        let refused = made.verify(CSV, Some(seal), other.as_bytes()).unwrap_err();
        assert!(matches!(refused, VerifyError::Changed), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// What is read is a release; what was sealed differs from it in one byte, or by its end, or by the order of its pieces.
    #[test]
    fn a_seal_is_of_all_bytes_in_their_order(place in any::<prop::sample::Index>(), bit in 0..8, how in 0..4) {
        let made = made();
        for (format, bytes) in made.formats() {
            let (mut other, place) = (bytes.clone(), place.index(bytes.len()));
            match how {
                0 => other[place] ^= 1_u8 << bit,
                1 => other.truncate(place),
                2 => other.extend_from_slice(&bytes[place..]),
                _ if bytes.len() > 2 * PIECE => other[..2 * PIECE].rotate_left(PIECE),
                _ => other.rotate_left(1),
            }
            prop_assume!(other != *bytes);
            let refused = made.verify(format, Some(sealed(&other, 5000)), bytes).unwrap_err();
            prop_assert!(matches!(refused, VerifyError::Changed), "{}", refused);
        }
    }

    /// What was sealed is a release; what is read back was changed in one byte.
    #[test]
    fn bytes_changed_between_writing_and_reading_are_refused(place in any::<prop::sample::Index>(), bit in 0..8) {
        let made = made();
        for (format, bytes) in made.formats() {
            let mut other = bytes.clone();
            other[place.index(bytes.len())] ^= 1_u8 << bit;
            prop_assert!(made.verify(format, Some(sealed(bytes, 5000)), &other).is_err());
        }
    }
}
