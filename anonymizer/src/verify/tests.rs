#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod lines;
mod models;
mod sealed;
mod spoilt;

use super::*;
use crate::parquet;
use crate::tests::{
    bytes_of, hierarchies, key, plan_of, profile, rows_of, set_cell, spoilt, table,
};
use crate::{Hierarchies, Profile};

const PROFILE: &str = r#"
version = 1
privacy = { k = 2, suppression_limit = 0.3 }
[datasets.t.columns.iin]
role = "direct"
transform = "pseudonymize"
[datasets.t.columns.age]
role = "quasi"
hierarchy = "age"
[datasets.t.columns.city]
role = "quasi"
transform = "keep"
[datasets.t.columns.rank]
role = "quasi"
transform = "suppress"
[datasets.t.columns.income]
role = "sensitive"
type = "integer"
[datasets.t.columns.job]
role = "sensitive"
"#;

const DATA: &str = "\
iin,name,age,city,rank,income,job
1,A,20,Almaty,x,10,clerk
2,B,21,Almaty,y,20,clerk
3,C,22,Almaty,x,30,smith
4,D,30,Astana,y,40,clerk
5,E,31,Astana,x,50,smith
6,F,39,Oral,y,60,baker
";

struct Case {
    table: Table,
    profile: Profile,
    hierarchies: Hierarchies,
    plan: Plan,
    bytes: Vec<u8>,
}

fn case() -> Case {
    let ages = "20;20-29;*\n21;20-29;*\n22;20-29;*\n30;30-39;*\n31;30-39;*\n39;30-39;*";
    let (table, profile, hierarchies) = (
        table("t", DATA),
        profile(PROFILE),
        hierarchies(&[("age", ages)]),
    );
    let plan = plan_of(&table, &profile, &hierarchies).unwrap();
    let bytes = bytes_of(&table, &profile, &hierarchies, &plan);
    Case {
        table,
        profile,
        hierarchies,
        plan,
        bytes,
    }
}

impl Case {
    fn verify(&self, bytes: Vec<u8>) -> Result<Release, VerifyError> {
        verify(
            &self.table,
            self.profile.dataset("t").unwrap(),
            &self.hierarchies,
            &self.plan,
            &key(),
            bytes,
        )
    }

    fn refused(&self, change: impl FnOnce(&mut DataFrame)) -> String {
        self.verify(spoilt(&self.bytes, change))
            .unwrap_err()
            .to_string()
    }
}

#[test]
fn what_was_executed_is_accepted_and_measured() {
    let case = case();
    let release = case.verify(case.bytes.clone()).unwrap();
    assert_eq!(
        (
            release.rows(),
            release.k(),
            release.report().rows.suppressed
        ),
        (5, 2, 1)
    );
    assert_eq!(release.bytes(), case.bytes);
    let risks = &release.report().privacy;
    assert_eq!(
        (risks.highest_prosecutor_risk, risks.average_prosecutor_risk),
        (0.5, 0.4)
    );
    assert!((release.loss() - case.plan.geometric_loss).abs() < 1e-12);
    let losses: Vec<_> = release
        .report()
        .columns
        .iter()
        .filter_map(|column| column.loss)
        .collect();
    assert_eq!(losses.len(), 3);
    for (measured, planned) in losses.iter().zip(&case.plan.columns) {
        assert!((measured - planned.loss).abs() < 1e-12);
    }
    // Encoding the same frame again gives the same bytes, so that the changes below are the only ones.
    assert_eq!(spoilt(&case.bytes, |_| {}), case.bytes);
}

#[test]
fn each_kind_of_value_is_held_to_its_rule() {
    let case = case();
    let refused = |column: &str, value| case.refused(|frame| set_cell(frame, column, 0, value));
    let no_pseudonym = "column \"iin\": the value is no pseudonym of the dataset's column";
    assert!(refused("iin", Some("900101300017")).ends_with(no_pseudonym));
    // What would be right in another row, or missing there, is not the record's.
    let other = rows_of(&case.bytes)[1][0].clone();
    let of_record = "the values of a row are not those of its record";
    assert!(refused("iin", Some(&other)).ends_with(of_record));
    assert!(refused("iin", None).ends_with(of_record));
    let not_planned = "column \"age\": the value is not of the planned level";
    assert!(refused("age", Some("20")).ends_with(not_planned));
    assert!(refused("age", Some("*")).ends_with(not_planned));
    assert!(refused("age", None).ends_with("no row becomes like that"));
    let not_there = "the value is not in the dataset's column";
    assert!(refused("city", Some("Semey")).ends_with(not_there));
    assert!(refused("rank", Some("x")).ends_with("column \"rank\": the value must be *"));
    assert!(refused("job", Some("A")).ends_with(not_there));
    assert!(refused("job", Some("baker")).ends_with(of_record));
    assert!(refused("job", None).ends_with(of_record));
}

#[test]
fn a_raw_value_that_looks_like_a_pseudonym_is_no_pseudonym() {
    let md5 = "9e107d9d372bb6826bd81d3542a419d6";
    let (table, profile) = (
        table("t", &format!("h,x\n{md5},1\n{md5},2\n")),
        profile(
            "version = 1\nprivacy.k = 2\n[datasets.t.columns.h]\nrole = \"direct\"\ntransform = \"pseudonymize\"\n",
        ),
    );
    let plan = plan_of(&table, &profile, &Hierarchies::new()).unwrap();
    let bytes = bytes_of(&table, &profile, &Hierarchies::new(), &plan);
    let raw = spoilt(&bytes, |frame| set_cell(frame, "h", 0, Some(md5)));
    let verify = |bytes| {
        verify(
            &table,
            profile.dataset("t").unwrap(),
            &Hierarchies::new(),
            &plan,
            &key(),
            bytes,
        )
    };
    assert!(verify(bytes).is_ok());
    assert!(matches!(verify(raw), Err(VerifyError::WrongValue { .. })));
}

#[test]
fn columns_are_those_of_the_profile_and_no_others() {
    let case = case();
    let names = |frame: &mut DataFrame| {
        let name = Column::new("name".into(), ["A", "B", "C", "D", "E"]);
        frame.with_column(name).unwrap();
    };
    assert!(case.refused(names).starts_with("the release has columns"));
    assert!(
        case.refused(|frame| drop(frame.drop_in_place("job")))
            .starts_with("the release has columns")
    );
    let retyped = |frame: &mut DataFrame| {
        let income = frame
            .column("income")
            .unwrap()
            .cast(&DataType::String)
            .unwrap();
        frame.replace("income", income).unwrap();
    };
    assert!(case.refused(retyped).contains("income: str"));
    let swapped = |frame: &mut DataFrame| {
        let names = ["age", "iin", "city", "rank", "income", "job"];
        *frame = frame.select(names).unwrap();
    };
    assert!(case.refused(swapped).starts_with("the release has columns"));
}

#[test]
fn undeclared_pseudonyms_are_refused() {
    let case = case();
    let mut frame = parquet::decode(&case.bytes).unwrap();
    let bytes = parquet::encode(&mut frame, &[]).unwrap();
    assert!(matches!(
        case.verify(bytes),
        Err(VerifyError::WrongPseudonyms { .. })
    ));
}

#[test]
fn rows_may_neither_vanish_nor_multiply_nor_keep_the_order_of_the_input() {
    let case = case();
    assert!(
        case.refused(|frame| *frame = frame.slice(0, 4))
            .contains("it has 1 rows, the dataset makes 2")
    );
    let none = case.refused(|frame| *frame = frame.slice(0, 0));
    assert!(
        none.contains("smallest equivalence class has 0 rows"),
        "{none}"
    );
    let doubled = case.refused(|frame| *frame = frame.vstack(frame).unwrap());
    assert!(
        doubled.contains("it has 6 rows, the dataset makes 3"),
        "{doubled}"
    );
    let pseudonyms = crate::pseudonym_columns(&case.bytes).unwrap();
    let mut reversed = parquet::decode(&case.bytes).unwrap().reverse();
    let bytes = parquet::encode(&mut reversed, &pseudonyms).unwrap();
    assert!(matches!(
        case.verify(bytes),
        Err(VerifyError::WrongOrder { row: 2 })
    ));
}

#[test]
fn bytes_that_are_no_file_are_refused() {
    let case = case();
    assert!(matches!(
        case.verify(Vec::new()),
        Err(VerifyError::Unreadable(_))
    ));
    let half = case.bytes[..case.bytes.len() / 2].to_vec();
    assert!(matches!(case.verify(half), Err(VerifyError::Unreadable(_))));
}

#[test]
fn a_plan_of_something_else_is_refused() {
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut case = case();
        change(&mut case.plan);
        let bytes = case.bytes.clone();
        case.verify(bytes).unwrap_err().to_string()
    };
    assert!(refused(&|plan| plan.k = 1).contains("another k"));
    assert!(refused(&|plan| plan.dataset = "u".to_owned()).contains("another dataset"));
    assert!(refused(&|plan| plan.profile_sha256.clear()).contains("another profile"));
    assert!(refused(&|plan| plan.rows = 7).contains("another number of rows"));
    assert!(refused(&|plan| plan.hierarchies.clear()).contains("other hierarchies"));
    assert!(refused(&|plan| drop(plan.columns.pop())).contains("other quasi-identifiers"));
    assert!(refused(&|plan| plan.columns[0].level = 9).contains("no permitted level"));
    assert!(refused(&|plan| plan.columns[0].level = 2).contains("not of the planned level"));
    assert!(refused(&|plan| plan.suppressed = 0).contains("suppressed rows is 1, planned was 0"));
    assert!(refused(&|plan| plan.geometric_loss += 0.001).contains("the geometric loss"));
}

#[test]
fn an_unmeasured_k_is_refused_whatever_the_plan_claims() {
    // A plan and bytes that agree with one another, made for k = 2, under a profile that asks for 3.
    let mut case = case();
    case.profile = profile(&PROFILE.replace("k = 2", "k = 3"));
    case.plan.k = 3;
    case.plan.profile_sha256 = case.profile.sha256().to_owned();
    let refused = case.verify(case.bytes.clone()).unwrap_err();
    assert!(
        matches!(
            refused,
            VerifyError::NotAnonymous {
                measured: 2,
                required: 3
            }
        ),
        "{refused}"
    );
    let mut strict = self::case();
    strict.profile = profile(&PROFILE.replace("0.3", "0.1"));
    strict.plan.profile_sha256 = strict.profile.sha256().to_owned();
    let refused = strict.verify(strict.bytes.clone()).unwrap_err();
    assert!(
        matches!(
            refused,
            VerifyError::TooMuchSuppressed {
                suppressed: 1,
                rows: 6,
                allowed: 0
            }
        ),
        "{refused}"
    );
}
