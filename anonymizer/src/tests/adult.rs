//! The Adult data set against what ARX 3.9.2 finds on it.

use super::*;
use crate::depersonalize;

const QUASI: [&str; 8] = [
    "sex",
    "age",
    "race",
    "marital-status",
    "education",
    "native-country",
    "workclass",
    "salary-class",
];

pub(super) fn adult() -> Table {
    let adult = example("adult.csv");
    intake::read("adult", adult.as_slice(), &CSV, &Limits::default()).unwrap()
}

pub(super) fn adult_hierarchies() -> Hierarchies {
    let load = |name: &str| {
        let hierarchy =
            Hierarchy::parse(name, &example(&format!("hierarchies/{name}.csv"))).unwrap();
        (name.to_owned(), hierarchy)
    };
    QUASI.into_iter().chain(["occupation"]).map(load).collect()
}

/// All nine columns; the eight quasi-identifiers of the reference cases.
fn reference_profile(limit: f64) -> Profile {
    let mut text = format!("version = 1\nprivacy = {{ k = 5, suppression_limit = {limit:?} }}\n");
    for name in QUASI {
        text +=
            &format!("[datasets.adult.columns.{name}]\nrole = \"quasi\"\nhierarchy = \"{name}\"\n");
    }
    text += "[datasets.adult.columns.occupation]\nrole = \"sensitive\"\n";
    profile(&text)
}

fn case(limit: f64) -> Plan {
    plan_of(&adult(), &reference_profile(limit), &adult_hierarchies()).unwrap()
}

fn check(plan: &Plan, levels: [u32; 8], geometric: f64, arithmetic: f64, suppressed: u64) {
    let found: Vec<_> = plan.columns.iter().map(|column| column.level).collect();
    let places: Vec<_> = plan
        .columns
        .iter()
        .map(|column| column.column.as_str())
        .collect();
    // The columns stand in the order of the file, which is that of the reference.
    assert_eq!(places, QUASI);
    assert_eq!(found, levels);
    assert_eq!(
        format!("{:.6}", plan.geometric_loss),
        format!("{geometric:.6}")
    );
    assert_eq!(
        format!("{:.6}", plan.arithmetic_loss),
        format!("{arithmetic:.6}")
    );
    assert_eq!(plan.suppressed, suppressed);
    assert!(plan.smallest_class >= 5);
}

#[test]
fn case_a_without_suppression_equals_arx() {
    check(&case(0.0), [0, 4, 1, 2, 3, 2, 0, 0], 0.542211, 0.625000, 0);
}

#[test]
fn case_b_with_5_percent_suppression_equals_arx() {
    check(
        &case(0.05),
        [0, 3, 0, 0, 2, 1, 1, 0],
        0.170123,
        0.178339,
        1346,
    );
}

#[test]
fn case_b100_with_any_suppression_equals_arx() {
    check(
        &case(1.0),
        [0, 3, 0, 0, 2, 1, 0, 0],
        0.162133,
        0.169130,
        2184,
    );
}

#[test]
fn the_search_counts_the_classes_of_few_of_the_nodes() {
    let plan = case(0.05);
    assert_eq!(plan.lattice_nodes, 4320);
    assert!(
        plan.candidates_examined < 1000,
        "{} of {}",
        plan.candidates_examined,
        plan.lattice_nodes
    );
}

/// ARX's adult9: occupation as a ninth quasi-identifier.
#[test]
fn nine_quasi_identifiers_equal_arx() {
    let mut text = "version = 1\nprivacy = { k = 5, suppression_limit = 0.05 }\n".to_owned();
    for name in QUASI.into_iter().chain(["occupation"]) {
        text +=
            &format!("[datasets.adult.columns.{name}]\nrole = \"quasi\"\nhierarchy = \"{name}\"\n");
    }
    let plan = plan_of(&adult(), &profile(&text), &adult_hierarchies()).unwrap();
    assert_eq!(format!("{:.6}", plan.geometric_loss), "0.241932");
    assert_eq!(format!("{:.6}", plan.arithmetic_loss), "0.269635");
    assert_eq!(plan.suppressed, 1346);
    assert!(plan.candidates_examined < plan.lattice_nodes / 4);
}

#[test]
fn the_shipped_profile_makes_a_release_fit_for_training() {
    let text = String::from_utf8(example("profile.toml")).unwrap();
    let mut stages = Vec::new();
    let release = depersonalize(
        &adult(),
        &profile(&text),
        &adult_hierarchies(),
        &key(),
        &Cancel::new(),
        &mut |progress| stages.push(progress.stage),
    )
    .unwrap();
    assert!(release.k() >= 5);
    assert_eq!(release.rows() + release.report().rows.suppressed, 30_162);
    assert!(release.report().rows.suppressed <= 1508);
    let columns: Vec<_> = release.columns().collect();
    let header = [
        "sex",
        "age",
        "race",
        "marital-status",
        "education",
        "native-country",
        "workclass",
        "occupation",
        "salary-class",
    ];
    assert_eq!(columns, header);
    let targets: std::collections::BTreeSet<_> = rows_of(release.bytes())
        .into_iter()
        .map(|row| row[8].clone())
        .collect();
    assert_eq!(targets.into_iter().collect::<Vec<_>>(), ["<=50K", ">50K"]);
    stages.dedup();
    assert_eq!(
        stages,
        [
            crate::Stage::Plan,
            crate::Stage::Execute,
            crate::Stage::Verify
        ]
    );
}

#[test]
fn case_b_is_released_as_planned() {
    let (table, profile, hierarchies) = (adult(), reference_profile(0.05), adult_hierarchies());
    let release = depersonalize(
        &table,
        &profile,
        &hierarchies,
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(release.rows(), 30_162 - 1346);
    assert_eq!(format!("{:.6}", release.loss()), "0.170123");
    let report: serde_json::Value =
        serde_json::from_str(&release.report().to_json().unwrap()).unwrap();
    assert_eq!(report["rows"]["suppressed"], 1346);
    assert_eq!(report["output_sha256"], release.sha256());
    assert_eq!(report["columns"][1]["level"], 3);
    assert_eq!(
        report["columns"][1]["transform"]["generalize"]["hierarchy"],
        "age"
    );
}

#[test]
fn a_raised_flag_stops_the_work() {
    let cancel = Cancel::new();
    cancel.cancel();
    let stopped = depersonalize(
        &adult(),
        &reference_profile(0.05),
        &adult_hierarchies(),
        &key(),
        &cancel,
        &mut |_| {},
    );
    assert!(stopped.unwrap_err().is_cancelled());
}
