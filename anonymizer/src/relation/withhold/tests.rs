#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::super::collect::{NOBODY, Rows};
use super::*;

/// Rows of datasets: whom each is about, and what it shows.
type Library = Vec<Vec<(u32, u32)>>;

const SUBJECTS: u32 = 9;

fn library() -> impl Strategy<Value = Library> {
    let row = (prop_oneof![12 => 0..SUBJECTS, 1 => Just(NOBODY)], 0..3_u32);
    prop::collection::vec(prop::collection::vec(row, 0..16), 1..4)
}

fn knowledge() -> impl Strategy<Value = KnownRecords> {
    prop_oneof![
        Just(KnownRecords::All),
        (1..4_u32).prop_map(KnownRecords::AtMost),
    ]
}

fn withheld(library: &Library, k: u64, known: KnownRecords) -> Vec<Vec<bool>> {
    let of_rows: Vec<Rows> = library
        .iter()
        .map(|rows| {
            let subjects: Vec<u32> = rows.iter().map(|(subject, _)| *subject).collect();
            Rows::new(&subjects, SUBJECTS as usize)
        })
        .collect();
    let shown: Vec<Vec<u32>> = library
        .iter()
        .map(|rows| rows.iter().map(|(_, shown)| *shown).collect())
        .collect();
    let views: Vec<View<'_>> = of_rows
        .iter()
        .zip(&shown)
        .map(|(rows, shown)| View { rows, shown })
        .collect();
    let mut kept: Vec<Vec<bool>> = library.iter().map(|rows| vec![true; rows.len()]).collect();
    joined(&views, k, known, &mut kept).unwrap();
    kept
}

/// What is left of a library.
fn left(library: &Library, kept: &[Vec<bool>]) -> Library {
    let rows = library.iter().zip(kept);
    rows.map(|(rows, kept)| {
        let rows = rows.iter().zip(kept);
        rows.filter(|(_, kept)| **kept)
            .map(|(row, _)| *row)
            .collect()
    })
    .collect()
}

/// The rows about a subject, as (dataset, what is shown), in order.
fn about(library: &Library, subject: u32) -> Vec<(usize, u32)> {
    let mut all = Vec::new();
    for (dataset, rows) in library.iter().enumerate() {
        let own = rows.iter().filter(|(whom, _)| *whom == subject);
        all.extend(own.map(|(_, shown)| (dataset, *shown)));
    }
    all.sort_unstable();
    all
}

/// Whether a subject has at least these rows.
fn has(rows: &[(usize, u32)], known: &[(usize, u32)]) -> bool {
    let count = |of: &[(usize, u32)], row| of.iter().filter(|other| *other == row).count();
    known
        .iter()
        .all(|row| count(rows, row) >= count(known, row))
}

/// By trying all that an attacker may know: the fewest subjects among whom anyone is hidden; `None` if nobody is left.
fn fewest(library: &Library, known: KnownRecords) -> Option<u64> {
    let people: Vec<Vec<(usize, u32)>> = (0..SUBJECTS)
        .map(|subject| about(library, subject))
        .filter(|rows| !rows.is_empty())
        .collect();
    let mut fewest = None;
    for rows in &people {
        let hidden = match known {
            KnownRecords::All => people.iter().filter(|other| *other == rows).count() as u64,
            KnownRecords::AtMost(most) => (1..1_u32 << rows.len())
                .map(|chosen| {
                    let picked = rows.iter().enumerate();
                    let picked = picked.filter(|(place, _)| chosen >> place & 1 == 1);
                    picked.map(|(_, row)| *row).collect::<Vec<_>>()
                })
                .filter(|picked| {
                    (0..library.len()).all(|dataset| {
                        let of_dataset = picked.iter().filter(|(of, _)| *of == dataset);
                        of_dataset.count() <= most as usize
                    })
                })
                .map(|picked| people.iter().filter(|other| has(other, &picked)).count() as u64)
                .min()
                .unwrap(),
        };
        fewest = Some(fewest.map_or(hidden, |fewest: u64| fewest.min(hidden)));
    }
    fewest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn whoever_is_left_is_one_of_k(library in library(), k in 2..5_u64, known in knowledge()) {
        prop_assume!((0..SUBJECTS).all(|subject| about(&library, subject).len() <= 8));
        let kept = withheld(&library, k, known);
        let rest = left(&library, &kept);
        if let Some(fewest) = fewest(&rest, known) {
            prop_assert!(fewest >= k, "{fewest} of {k} in {rest:?}");
        }
        // A row about nobody hides among k subjects of its dataset.
        for rows in &rest {
            for (_, shown) in rows.iter().filter(|(subject, _)| *subject == NOBODY) {
                let mut others: Vec<u32> = rows
                    .iter()
                    .filter(|(subject, other)| *subject != NOBODY && other == shown)
                    .map(|(subject, _)| *subject)
                    .collect();
                others.sort_unstable();
                others.dedup();
                prop_assert!(others.len() as u64 >= k);
            }
        }
    }

    #[test]
    fn nobody_is_withheld_who_is_one_of_k(library in library(), k in 2..5_u64, known in knowledge()) {
        let mut library = library;
        for rows in &mut library {
            rows.retain(|(subject, _)| *subject != NOBODY);
        }
        prop_assume!((0..SUBJECTS).all(|subject| about(&library, subject).len() <= 8));
        let kept = withheld(&library, k, known);
        if fewest(&library, known).is_none_or(|fewest| fewest >= k) {
            prop_assert!(kept.iter().flatten().all(|kept| *kept));
        }
        if known == KnownRecords::All {
            for subject in 0..SUBJECTS {
                let own = about(&library, subject);
                let alike = (0..SUBJECTS).filter(|other| about(&library, *other) == own).count();
                if alike as u64 >= k {
                    prop_assert_eq!(about(&left(&library, &kept), subject), own);
                }
            }
        }
    }

    #[test]
    fn a_dataset_without_pseudonyms_shows_only_what_k_have(rows in prop::collection::vec((0..SUBJECTS, 0..4_u32), 0..40), k in 2..5_u64) {
        let subjects: Vec<u32> = rows.iter().map(|(subject, _)| *subject).collect();
        let shown: Vec<u32> = rows.iter().map(|(_, shown)| *shown).collect();
        let of_rows = Rows::new(&subjects, SUBJECTS as usize);
        let mut kept = vec![true; rows.len()];
        single(View { rows: &of_rows, shown: &shown }, k, &mut kept);
        for (row, kept) in rows.iter().zip(kept) {
            let others = (0..SUBJECTS).filter(|subject| rows.contains(&(*subject, row.1)));
            prop_assert_eq!(kept, others.count() as u64 >= k);
        }
    }
}

/// Twelve visits are one person.
#[test]
fn many_rows_of_one_person_do_not_hide_anybody() {
    let rows: Vec<(u32, u32)> = (0..12).map(|_| (0, 1)).chain([(1, 1)]).collect();
    for known in [KnownRecords::All, KnownRecords::AtMost(1)] {
        let kept = withheld(&vec![rows.clone()], 3, known);
        assert!(kept[0].iter().all(|kept| !kept));
    }
}

/// A person loses the visits that no one shares, and stays as a citizen.
#[test]
fn what_can_stay_of_a_person_stays() {
    let citizens = vec![(0, 7), (1, 7), (2, 7)];
    let visits = vec![(0, 1), (0, 2), (1, 3)];
    let kept = withheld(&vec![citizens, visits], 3, KnownRecords::All);
    assert_eq!(kept, [vec![true; 3], vec![false; 3]]);
}

#[test]
fn more_combinations_than_can_be_counted_are_refused() {
    let rows: Vec<(u32, u32)> = (0..400).map(|shown| (0, shown)).collect();
    let subjects: Vec<u32> = rows.iter().map(|(subject, _)| *subject).collect();
    let shown: Vec<u32> = rows.iter().map(|(_, shown)| *shown).collect();
    let of_rows = Rows::new(&subjects, 1);
    let views = [View {
        rows: &of_rows,
        shown: &shown,
    }];
    let mut kept = vec![vec![true; rows.len()]];
    let counted = joined(&views, 2, KnownRecords::AtMost(3), &mut kept);
    assert_eq!(counted, Err(TooMany));
}
