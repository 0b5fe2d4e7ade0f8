#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::*;

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

/// Salaries 3k to 11k, each once: the table of the paper on t-closeness.
fn salaries() -> Prior {
    Prior::new(vec![1; 9])
}

/// {3k, 4k, 5k} and {6k, 8k, 11k}: 0.375 and 0.167 in the paper (Li et al. 2007, section 4.2).
#[test]
fn the_ordered_distance_is_that_of_the_paper() {
    let places: Vec<u32> = (0..9).collect();
    let low = [(0, 1), (1, 1), (2, 1)];
    let spread = [(3, 1), (5, 1), (8, 1)];
    close(ordered_distance(&low, &salaries(), &places), 0.375);
    close(ordered_distance(&spread, &salaries(), &places), 1.0 / 6.0);
    // The order is that of the places, not of the codes.
    let reversed: Vec<u32> = (0..9).rev().collect();
    close(ordered_distance(&low, &salaries(), &reversed), 0.375);
    let shuffled = [4, 0, 7, 2, 8, 3, 6, 1, 5];
    let far = ordered_distance(&low, &salaries(), &shuffled);
    // A code that stands for no value is no place.
    let (mut more, places) = (vec![1; 9], (0..10).collect::<Vec<u32>>());
    more.insert(2, 0);
    let gap = Prior::new(more);
    close(
        ordered_distance(&[(0, 1), (1, 1), (3, 1)], &gap, &places),
        0.375,
    );
    // Places 4, 0 and 7 hold a third each: the sums after each place, by hand.
    let sums = [2.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0];
    close(far, sums.iter().sum::<f64>() / 9.0 / 8.0);
}

/// Six diseases in two groups of three under one root.
fn diseases() -> Tree {
    Tree::new(vec![vec![0, 0, 0, 1, 1, 1], vec![0; 6]])
}

#[test]
fn the_hierarchical_distance_is_the_work_of_moving_mass_through_the_tree() {
    let prior = Prior::new(vec![1; 6]);
    // A third within the group has to come from the other group: ½ over height 2 of 2; the rest is even.
    close(
        hierarchical_distance(&[(0, 1), (1, 1), (2, 1)], &prior, &diseases()),
        0.5,
    );
    // One value alone: a third moves within the group at half the cost, a half from the other group at full cost.
    close(
        hierarchical_distance(&[(0, 1)], &prior, &diseases()),
        1.0 / 3.0 * 0.5 + 0.5,
    );
    // One of each group: two thirds move within the groups.
    close(
        hierarchical_distance(&[(0, 1), (3, 1)], &prior, &diseases()),
        2.0 / 3.0 * 0.5,
    );
    close(
        hierarchical_distance(
            &[(0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)],
            &prior,
            &diseases(),
        ),
        0.0,
    );
}

#[test]
fn a_tree_without_a_root_is_given_one() {
    let rooted = Tree::new(vec![vec![0, 0, 0, 1, 1, 1]]);
    assert_eq!(rooted, diseases());
    // A flat tree measures the equal distance.
    let (flat, prior) = (Tree::new(vec![vec![0; 4]]), Prior::new(vec![4, 3, 2, 1]));
    let class = [(0, 1), (3, 2)];
    close(
        hierarchical_distance(&class, &prior, &flat),
        equal_distance(&class, &prior),
    );
}

#[test]
fn diversity_by_hand() {
    let class = [(0, 4), (2, 2), (5, 2)];
    assert_eq!(distinct(&class), 3);
    // Entropy of ½, ¼, ¼ is 1.5 ln 2.
    close(entropy(&class), 2.0_f64.powf(1.5));
    close(entropy(&[(7, 3)]), 1.0);
    assert_eq!(recursive(&class, 1), (4, 8));
    assert_eq!(recursive(&class, 2), (4, 4));
    assert_eq!(recursive(&class, 3), (4, 2));
    assert_eq!(recursive(&class, 4), (4, 0));
    assert_eq!(recursive(&class, u64::MAX), (4, 0));
}

#[test]
fn disclosure_and_likeness_by_hand() {
    let prior = Prior::new(vec![6, 3, 1]);
    let class = [(0, 1), (1, 2), (2, 1)];
    // p / q is 5/12, 5/3, 5/2.
    close(disclosure(&class, &prior).unwrap(), 2.5_f64.log2());
    // A value that the class lacks is not looked at: 5/6 and 5/3.
    close(
        disclosure(&[(0, 1), (1, 1)], &prior).unwrap(),
        (5.0_f64 / 3.0).log2(),
    );
    assert_eq!(disclosure(&[(9, 1)], &prior), None);
    close(basic_likeness(&class, &prior).unwrap(), 1.5);
    // -ln 0.1 is 2.3, -ln 0.3 is 1.2: a gain of 1.5 and one of 2/3 are within.
    close(enhanced_likeness(&class, &prior).unwrap(), 1.5);
    // 0.6 becoming 1 is a gain of 2/3, above -ln 0.6 = 0.51.
    close(basic_likeness(&[(0, 1)], &prior).unwrap(), 2.0 / 3.0);
    assert_eq!(enhanced_likeness(&[(0, 1)], &prior), None);
    // What the table does not have is a gain without bound.
    assert_eq!(basic_likeness(&[(9, 1)], &prior), None);
    close(equal_distance(&[(9, 1)], &prior), 1.0);
}

/// The least work that moves p onto q over a line of places or a tree, found by trying every way to round trips of unit mass: both
/// sides are spread into equally many units, and the cheapest pairing is found by the Hungarian method's brute force over
/// permutations.
fn cheapest(from: &[u32], to: &[u32], cost: &dyn Fn(u32, u32) -> f64) -> f64 {
    fn go(from: &[u32], to: &mut Vec<u32>, cost: &dyn Fn(u32, u32) -> f64) -> f64 {
        let Some((first, rest)) = from.split_first() else {
            return 0.0;
        };
        let mut best = f64::INFINITY;
        for place in 0..to.len() {
            let taken = to.swap_remove(place);
            best = best.min(cost(*first, taken) + go(rest, to, cost));
            to.push(taken);
            let last = to.len() - 1;
            to.swap(place, last);
        }
        best
    }
    go(from, &mut to.to_vec(), cost) / from.len() as f64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// The formulas against the definition of the earth mover's distance: the cheapest of all pairings.
    #[test]
    fn distances_are_earth_movers_distances(table in prop::collection::vec(0_u32..6, 6), class in prop::sample::select(vec![1_usize, 2, 3])) {
        // The class has a divisor of the table's rows, so that each of its rows stands for equally many.
        let units: Vec<u32> = table.iter().take(class).flat_map(|value| std::iter::repeat_n(*value, 6 / class)).collect();
        let mut counts = vec![0_u64; 6];
        table.iter().for_each(|value| counts[*value as usize] += 1);
        let prior = Prior::new(counts);
        let mut cells = std::collections::BTreeMap::new();
        table.iter().take(class).for_each(|value| *cells.entry(*value).or_insert(0_u64) += 1);
        let cells: Vec<_> = cells.into_iter().collect();
        let places: Vec<u32> = (0..6).collect();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        let equal = cheapest(&units, &table, &|a, b| f64::from(u8::from(a != b)));
        prop_assert!(near(equal_distance(&cells, &prior), equal));
        // Only values that occur have a place.
        let occurring: Vec<u32> = (0..6).filter(|value| table.contains(value)).collect();
        let place = |value: u32| occurring.iter().position(|known| *known == value).unwrap() as f64;
        let last = (occurring.len() - 1).max(1) as f64;
        let ordered = cheapest(&units, &table, &|a, b| (place(a) - place(b)).abs() / last);
        prop_assert!(near(ordered_distance(&cells, &prior, &places), ordered));
        let tree = |a: u32, b: u32| if a == b { 0.0 } else if a / 3 == b / 3 { 0.5 } else { 1.0 };
        let hierarchical = cheapest(&units, &table, &tree);
        prop_assert!(near(hierarchical_distance(&cells, &prior, &diseases()), hierarchical));
        prop_assert!(ordered <= equal && hierarchical <= equal + 1e-12);
    }

    /// What holds for every class: orders between the models.
    #[test]
    fn models_stand_in_order(counts in prop::collection::vec(1_u64..9, 2..6), some in prop::collection::vec(0_u64..5, 6)) {
        let cells: Vec<(u32, u64)> = counts.iter().zip(&some).enumerate().filter(|(_, (_, n))| **n > 0).map(|(code, (_, n))| (code as u32, *n)).collect();
        prop_assume!(!cells.is_empty());
        let prior = Prior::new(counts);
        prop_assert!(entropy(&cells) <= distinct(&cells) as f64 + 1e-9);
        prop_assert!(entropy(&cells) >= 1.0 - 1e-9);
        let (first, tail) = recursive(&cells, 1);
        prop_assert_eq!(tail, size(&cells));
        prop_assert!(first <= tail);
        if let Some(disclosure) = disclosure(&cells, &prior) {
            prop_assert!(basic_likeness(&cells, &prior).unwrap() <= disclosure.exp2() - 1.0 + 1e-9);
        }
        if let Some(enhanced) = enhanced_likeness(&cells, &prior) {
            prop_assert_eq!(Some(enhanced), basic_likeness(&cells, &prior));
        }
    }
}
