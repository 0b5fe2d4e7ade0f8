#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::tests::{bytes_of, hierarchies, key, plan_of, profile, rows_of, table};
use crate::{Profile, verify};

const FOREST: [(&str, &str); 4] = [
    ("pairs", "a;ab;*\nb;ab;*\nc;cd;*\nd;cd;*"),
    ("no-root", "a;x\nb;x\nc;y\nd;y"),
    ("flat", "a;*\nb;*\nc;*\nd;*"),
    ("lopsided", "a;ab;abc;*\nb;ab;abc;*\nc;c;abc;*\nd;d;d;*"),
];

fn profile_of(trees: &[usize], k: u64, limit: f64) -> Profile {
    let mut text = format!("version = 1\nprivacy = {{ k = {k}, suppression_limit = {limit:?} }}\n");
    for (column, tree) in trees.iter().enumerate() {
        let name = FOREST[*tree].0;
        text +=
            &format!("[datasets.t.columns.q{column}]\nrole = \"quasi\"\nhierarchy = \"{name}\"\n");
    }
    text += "[datasets.t.columns.s]\nrole = \"sensitive\"\n";
    profile(&text)
}

fn csv_of(columns: usize, rows: &[Vec<String>]) -> String {
    let header: Vec<_> = (0..columns).map(|column| format!("q{column}")).collect();
    let mut csv = format!("{},s\n", header.join(","));
    for (index, row) in rows.iter().enumerate() {
        csv += &format!("{},{}\n", row[..columns].join(","), index % 3);
    }
    csv
}

/// One node measured without any of the engine's code: product of losses, suppressed rows, sum of levels, levels.
type Measured = (f64, u64, usize, Vec<usize>);

fn brute(trees: &[usize], rows: &[Vec<String>], k: u64) -> Vec<(Measured, Vec<u64>)> {
    let parsed: Vec<Vec<Vec<&str>>> = trees
        .iter()
        .map(|tree| {
            FOREST[*tree]
                .1
                .lines()
                .map(|line| line.split(';').collect())
                .collect()
        })
        .collect();
    let mut nodes = vec![vec![]];
    for tree in &parsed {
        nodes = nodes
            .iter()
            .flat_map(|node: &Vec<usize>| {
                (0..tree[0].len()).map(|level| [&node[..], &[level]].concat())
            })
            .collect();
    }
    nodes
        .into_iter()
        .map(|node| measured(&parsed, rows, k, node))
        .collect()
}

fn measured(
    trees: &[Vec<Vec<&str>>],
    rows: &[Vec<String>],
    k: u64,
    node: Vec<usize>,
) -> (Measured, Vec<u64>) {
    let released: Vec<Vec<(String, u64)>> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(trees).zip(&node);
            cells
                .map(|((value, tree), level)| {
                    let at: Vec<&str> = tree.iter().map(|path| path[*level]).collect();
                    let single = at.iter().all(|value| *value == at[0]);
                    match tree.iter().position(|path| path[0] == value.as_str()) {
                        Some(leaf) => (
                            at[leaf].to_owned(),
                            at.iter().filter(|value| **value == at[leaf]).count() as u64,
                        ),
                        None if single => (at[0].to_owned(), at.len() as u64),
                        None => (String::new(), 1),
                    }
                })
                .collect()
        })
        .collect();
    let mut sizes: HashMap<Vec<&str>, u64> = HashMap::new();
    let label = |row: &[(String, u64)]| -> Vec<String> {
        row.iter().map(|(value, _)| value.clone()).collect()
    };
    let labels: Vec<Vec<String>> = released.iter().map(|row| label(row)).collect();
    for row in &labels {
        *sizes
            .entry(row.iter().map(String::as_str).collect())
            .or_default() += 1;
    }
    let gone: Vec<bool> = labels
        .iter()
        .map(|row| sizes[&row.iter().map(String::as_str).collect::<Vec<_>>()] < k)
        .collect();
    let suppressed = gone.iter().filter(|gone| **gone).count() as u64;
    let n = rows.len() as u64;
    let mut product = 1.0;
    for (column, tree) in trees.iter().enumerate() {
        let domain = tree.len() as u64;
        let sum: u64 = released
            .iter()
            .zip(&gone)
            .map(|(row, gone)| if *gone { domain } else { row[column].1 })
            .sum();
        product *= (sum - n) as f64 / (n as f64 * (domain - 1) as f64) + 1.0;
    }
    let mut class_sizes: Vec<u64> = sizes.into_values().collect();
    class_sizes.sort_unstable();
    ((product, suppressed, node.iter().sum(), node), class_sizes)
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("a"), 3 => Just("b"), 2 => Just("c"), 2 => Just("d"), 1 => Just("")]
        .prop_map(str::to_owned)
}

fn case() -> impl Strategy<Value = (Vec<usize>, Vec<Vec<String>>, u64, f64)> {
    (
        prop::collection::vec(0..FOREST.len(), 1..4),
        prop::collection::vec(prop::collection::vec(value(), 3), 1..40),
        2_u64..7,
        prop::sample::select(vec![0.0, 0.05, 0.2, 0.5, 1.0]),
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_plan_is_the_optimum_of_a_brute_force((trees, mut rows, k, limit) in case()) {
        rows.iter_mut().for_each(|row| row.truncate(trees.len()));
        let (table, profile) = (table("t", &csv_of(trees.len(), &rows)), profile_of(&trees, k, limit));
        let n = rows.len() as u64;
        let allowed = (limit * n as f64 + 1e-9) as u64;
        let nodes = brute(&trees, &rows, k);
        let feasible = nodes.iter().map(|(node, _)| node).filter(|node| node.1 <= allowed && node.1 < n);
        let best = feasible.min_by(|a, b| a.partial_cmp(b).unwrap());
        match plan_of(&table, &profile, &hierarchies(&FOREST)) {
            Ok(plan) => {
                let (product, suppressed, _, levels) = best.expect("the brute force finds none");
                let found: Vec<_> = plan.columns.iter().map(|column| column.level as usize).collect();
                prop_assert_eq!(&found, levels);
                prop_assert_eq!(plan.suppressed, *suppressed);
                let geometric = product.powf(1.0 / trees.len() as f64) - 1.0;
                prop_assert!((plan.geometric_loss - geometric).abs() < 1e-12);
                prop_assert!(plan.candidates_examined <= plan.lattice_nodes);
                // What is planned can be made, and what is made passes its measurement.
                let bytes = bytes_of(&table, &profile, &hierarchies(&FOREST), &plan);
                let release = verify(&table, profile.dataset("t").unwrap(), &hierarchies(&FOREST), &plan, &key(), bytes);
                let release = release.unwrap();
                prop_assert_eq!(release.rows(), n - suppressed);
                prop_assert!(release.k() >= k);
                prop_assert_eq!(rows_of(release.bytes()).len() as u64, release.rows());
            }
            Err(PlanError::KAboveRows { .. }) => prop_assert!(k > n),
            Err(PlanError::KNotReachable { needed, largest_k, suppressible, .. }) => {
                prop_assert!(best.is_none());
                prop_assert_eq!(suppressible, allowed);
                prop_assert_eq!(needed, nodes.iter().map(|(node, _)| node.1).min().unwrap());
                let reached = |k: u64| nodes.iter().any(|(_, sizes)| {
                    let gone: u64 = sizes.iter().filter(|size| **size < k).sum();
                    gone <= allowed && gone < n
                });
                prop_assert_eq!(largest_k, (1..=n).filter(|k| reached(*k)).max().unwrap());
            }
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn what_is_reachable_is_said() {
    let table = table("t", "q0,s\na,1\na,1\na,1\nb,1\nc,1\nc,1\nc,1\n");
    let refused = plan_of(&table, &profile_of(&[1], 5, 0.0), &hierarchies(&FOREST)).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "dataset \"t\": k = 5 is not reachable within the suppression limit. At the most general levels 7 of 7 rows would \
         have to be left out and 0 may be; the largest k reachable within the limit is 3. Raise suppression_limit or a \
         max_level, lower k, or drop a quasi-identifier"
    );
}

#[test]
fn edges_have_defined_answers() {
    let forest = hierarchies(&FOREST);
    let plan = |csv: &str, profile: &Profile| plan_of(&table("t", csv), profile, &forest);
    let with_quasi = profile_of(&[0], 2, 0.0);
    assert!(matches!(
        plan("q0,s\n", &with_quasi),
        Err(PlanError::EmptyTable { .. })
    ));
    assert!(matches!(
        plan("q0,s\na,1\n", &with_quasi),
        Err(PlanError::KAboveRows { k: 2, rows: 1, .. })
    ));
    // Without quasi-identifiers all rows are one class.
    let without = profile_of(&[], 3, 0.0);
    let one_class = plan("s\n1\n2\n3\n", &without).unwrap();
    assert_eq!(
        (
            one_class.classes,
            one_class.smallest_class,
            one_class.geometric_loss
        ),
        (1, 3, 0.0)
    );
    assert!(matches!(
        plan("s\n1\n2\n", &without),
        Err(PlanError::KAboveRows { .. })
    ));
    let dropped = crate::tests::profile(
        "version = 1\nprivacy.k = 2\n[datasets.t.columns.s]\nrole = \"direct\"\n",
    );
    assert!(matches!(
        plan("s\n1\n2\n", &dropped),
        Err(PlanError::NoColumns { .. })
    ));
    // A limit of 1 does not mean that nothing may be left.
    let all = crate::tests::profile(
        "version = 1\nprivacy = { k = 2, suppression_limit = 1 }\n[datasets.t.columns.s]\nrole = \"quasi\"\ntransform = \"keep\"\n",
    );
    assert!(matches!(
        plan("s\n1\n2\n", &all),
        Err(PlanError::KNotReachable {
            needed: 2,
            largest_k: 1,
            ..
        })
    ));
}

#[test]
fn levels_stay_within_their_bounds() {
    let text = "version = 1\nprivacy.k = 2\n[datasets.t.columns.q0]\nrole = \"quasi\"\nhierarchy = \"lopsided\"\nmin_level = 1\nmax_level = 2\n";
    let plan = |csv: &str| plan_of(&table("t", csv), &profile(text), &hierarchies(&FOREST));
    // Level 0 would do, but is not permitted.
    let low = plan("q0,s\na,1\na,1\n").unwrap();
    assert_eq!(
        (
            low.columns[0].level,
            low.columns[0].max_level,
            low.lattice_nodes
        ),
        (1, 2, 2)
    );
    // Level 3 would do, but is not permitted.
    assert!(matches!(
        plan("q0,s\na,1\nd,1\n"),
        Err(PlanError::KNotReachable { .. })
    ));
}

#[test]
fn a_lattice_too_large_to_search_still_has_a_plan() {
    let deep: Vec<String> = (0..2)
        .map(|leaf| {
            let levels: Vec<_> = (0..40)
                .map(|level| {
                    if level == 39 {
                        "*".to_owned()
                    } else {
                        format!("{leaf}-{level}")
                    }
                })
                .collect();
            levels.join(";")
        })
        .collect();
    let mut text = "version = 1\nprivacy = { k = 2, time_budget_seconds = 0.2 }\n".to_owned();
    for column in 0..6 {
        text +=
            &format!("[datasets.t.columns.q{column}]\nrole = \"quasi\"\nhierarchy = \"deep\"\n");
    }
    let table = table(
        "t",
        "q0,q1,q2,q3,q4,q5\n0-0,0-0,0-0,0-0,0-0,0-0\n1-0,1-0,1-0,1-0,1-0,1-0\n",
    );
    let plan = plan_of(
        &table,
        &profile(&text),
        &hierarchies(&[("deep", &deep.join("\n"))]),
    )
    .unwrap();
    assert_eq!(plan.lattice_nodes, 4_096_000_000);
    assert!(plan.columns.iter().all(|column| column.level == 39));
    assert!(plan.bound.unwrap() <= plan.score);
}

#[test]
fn a_plan_survives_its_serialization() {
    let plan = plan_of(
        &table("t", "q0,s\na,1\na,1\nb,1\n"),
        &profile_of(&[0], 2, 0.5),
        &hierarchies(&FOREST),
    )
    .unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    let again: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    assert!(
        again.division.is_none(),
        "a plan that is written holds no rows"
    );
}
