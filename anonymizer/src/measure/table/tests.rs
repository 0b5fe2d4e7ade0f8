#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use super::*;
use crate::tests::{hierarchies, profile, table};

const AGES: &str = "20;20-29;*\n21;20-29;*\n22;20-29;*\n30;30-39;*\n31;30-39;*\n39;30-39;*";

const PROFILE: &str = r#"
version = 1
privacy = { k = 2, suppression_limit = 0.4 }
[datasets.t.columns.age]
role = "quasi"
hierarchy = "age"
[datasets.t.columns.city]
role = "quasi"
transform = "keep"
[datasets.t.columns.job]
role = "sensitive"
models = [ { model = "distinct_diversity", l = 2 } ]
"#;

fn measured(
    text: &str,
    csv: &str,
    original: Option<&str>,
    population: Option<&str>,
) -> Result<Measurement, MeasureError> {
    let hierarchies = hierarchies(&[
        ("age", AGES),
        ("job", "clerk;office;*\nsmith;works;*\nbaker;works;*"),
    ]);
    let original = original.map(|csv| table("o", csv));
    let population = population.map(|csv| table("p", csv));
    let beside = Beside {
        hierarchies: &hierarchies,
        original: original.as_ref(),
        population: population.as_ref(),
    };
    measure(
        &table("t", csv),
        profile(text).dataset("t").unwrap(),
        &beside,
    )
}

fn of(measured: &Measurement, model: &str) -> (Option<f64>, bool) {
    let mut found = measured.requirements.iter().filter(|r| r.model == model);
    let requirement = found.next().unwrap();
    assert!(found.next().is_none());
    (requirement.measured, requirement.holds)
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

/// A locally recoded table: one class on level 1, one on level 0 with a cell suppressed, and a suppressed record.
const RELEASED: &str = "\
age,city,job
20-29,Almaty,clerk
20-29,Almaty,smith
30,*,baker
30,*,baker
*,*,
";

#[test]
fn a_table_is_measured_as_it_stands() {
    let found = measured(PROFILE, RELEASED, None, None).unwrap();
    assert_eq!((found.records, found.suppressed), (5, 1));
    assert_eq!(found.classes.sizes, [(2, 2)]);
    assert_eq!(of(&found, "k_anonymity"), (Some(2.0), true));
    assert_eq!(of(&found, "suppression"), (Some(0.2), true));
    assert_eq!(of(&found, "distinct_diversity"), (Some(1.0), false));
    assert_eq!(found.violated().count(), 1);
    // age: (2 · 3/6 + 2 · 1/6 + 1) / 5; city, of the values Almaty and *: (2 · ½ + 2 + 1) / 5.
    let losses: Vec<f64> = found.utility.attributes.iter().map(|a| a.loss).collect();
    close(losses[0], (7.0 / 15.0 - 1.0 / 6.0) / (5.0 / 6.0));
    close(losses[1], (0.8 - 0.5) / 0.5);
    assert_eq!(found.utility.non_uniform_entropy, None);
    assert_eq!(found.risks.prosecutor.highest, 0.5);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Measurement>(&json).unwrap(), found);
}

const ORIGINAL: &str = "\
age,city,job,name
20,Almaty,clerk,A
21,Almaty,smith,B
30,Astana,baker,C
30,Oral,baker,D
39,Oral,clerk,E
31,Almaty,clerk,F
";

#[test]
fn the_original_tells_what_is_missing_and_what_was_known() {
    let released: String = RELEASED
        .lines()
        .take(5)
        .map(|line| format!("{line}\n"))
        .collect();
    let text = PROFILE.replace(
        "models = [",
        "hierarchy = \"job\"\nmodels = [ { model = \"t_closeness\", t = 0.4, distance = \"equal\" },\
         { model = \"t_closeness\", t = 0.7, distance = \"hierarchical\" }, { model = \"basic_beta\", beta = 2.0 },",
    );
    let found = measured(&text, &released, Some(ORIGINAL), None).unwrap();
    assert_eq!((found.records, found.suppressed), (6, 2));
    // The original has clerk 3, smith 1, baker 2 of 6.
    let job = &found.sensitive[0];
    assert_eq!((job.values, job.distinct_diversity), (3, Some(1)));
    // Of both bakers: ⅔ moves, ⅙ of it from smith at half the cost and ½ from clerk.
    close(job.t_closeness_equal.unwrap(), 2.0 / 3.0);
    let closeness: Vec<_> = found
        .requirements
        .iter()
        .filter(|r| r.model == "t_closeness")
        .collect();
    close(closeness[0].measured.unwrap(), 2.0 / 3.0);
    close(closeness[1].measured.unwrap(), 0.5 + 1.0 / 12.0);
    assert_eq!((closeness[0].holds, closeness[1].holds), (false, true));
    close(of(&found, "basic_beta").0.unwrap(), 2.0);
    assert!(of(&found, "basic_beta").1);
    // The original has three cities.
    let city = &found.utility.attributes[1];
    close(
        city.loss,
        ((2.0 / 3.0 + 4.0) / 6.0 - 1.0 / 3.0) / (2.0 / 3.0),
    );
    assert!(city.non_uniform_entropy.unwrap() > 0.0);
    let grown = measured(PROFILE, ORIGINAL, Some(&released), None).unwrap_err();
    assert!(
        matches!(
            grown,
            MeasureError::MoreThanOriginal {
                rows: 6,
                original: 4
            }
        ),
        "{grown}"
    );
    let without = measured(PROFILE, &released, Some("age,city\n20,A\n"), None).unwrap_err();
    assert!(without.to_string().contains("4 rows"), "{without}");
    let without = measured(
        PROFILE,
        "age,city,job\n20,A,\n",
        Some("age,city\n20,A\n"),
        None,
    )
    .unwrap_err();
    assert_eq!(
        without.to_string(),
        "the original \"o\" has no column \"job\", which is needed to compare with it"
    );
}

/// An original table measures as losing nothing.
#[test]
fn what_is_unchanged_loses_nothing() {
    let found = measured(PROFILE, ORIGINAL, Some(ORIGINAL), None).unwrap();
    assert_eq!(found.suppressed, 0);
    close(found.utility.arithmetic_loss, 0.0);
    close(found.utility.non_uniform_entropy.unwrap(), 0.0);
    close(found.utility.precision_loss, 0.0);
    assert_eq!(found.classes.smallest, 1);
}

#[test]
fn a_population_is_counted_under_values_of_any_level() {
    let text = PROFILE.replace(
        "k = 2,",
        "k = 2, k_map = 4, population = \"p\", delta_presence = { min = 0.0, max = 0.5 },",
    );
    let people = "age,city\n20,Almaty\n21,Almaty\n22,Almaty\n22,Oral\n30,Oral\n30,Astana\n30,Astana\n30,Semey\n31,Oral\n77,Oral\n";
    let found = measured(&text, RELEASED, None, Some(people)).unwrap();
    let population = found.population.unwrap();
    // 20-29 in Almaty are three; 30 anywhere are four.
    assert_eq!(population.k_map, 3);
    close(population.greatest_presence, 2.0 / 3.0);
    close(population.least_presence, 0.5);
    assert_eq!(of(&found, "k_map"), (Some(3.0), false));
    assert!(!of(&found, "delta_presence_max").1);
    let journalist = found.risks.journalist.unwrap();
    close(journalist.highest, 1.0 / 3.0);
    close(found.risks.marketer, (2.0 / 3.0 + 2.0 / 4.0) / 4.0);
    let without = measured(&text, RELEASED, None, None).unwrap_err();
    assert!(matches!(without, MeasureError::NeedsPopulation));
}

#[test]
fn missing_values_match_themselves_or_anything() {
    let rows = "age,city,job\n20,Almaty,a\n20,Almaty,b\n20,,a\n20,,b\n30,Oral,a\n,Oral,b\n";
    let own = measured(PROFILE, rows, None, None).unwrap();
    assert_eq!(of(&own, "k_anonymity"), (Some(1.0), false));
    assert_eq!(own.classes.smallest, 1);
    let text = PROFILE.replace("k = 2,", "k = 2, missing = \"any\",");
    let any = measured(&text, rows, None, None).unwrap();
    // [-, Oral] hides behind nothing; [30, Oral] may be either.
    assert_eq!(of(&any, "k_anonymity"), (Some(1.0), false));
    assert_eq!(any.classes.smallest, 1);
    close(
        any.risks.prosecutor.average,
        (2.0 / 4.0 + 2.0 / 2.0 + 1.0 / 2.0 + 1.0) / 6.0,
    );
}

#[test]
fn tables_of_no_row_one_row_and_like_rows_are_measured() {
    let empty = measured(PROFILE, "age,city,job\n", None, None).unwrap();
    assert_eq!((empty.records, empty.classes.classes), (0, 0));
    assert_eq!(of(&empty, "k_anonymity"), (None, false));
    assert_eq!(empty.sensitive[0].distinct_diversity, None);
    let one = measured(PROFILE, "age,city,job\n20,A,x\n", None, None).unwrap();
    assert_eq!((one.records, one.classes.smallest), (1, 1));
    close(one.utility.attributes[1].loss, 0.0);
    let alike = measured(
        PROFILE,
        &format!("age,city,job\n{}", "20,A,x\n".repeat(7)),
        None,
        None,
    )
    .unwrap();
    assert_eq!((alike.classes.smallest, alike.classes.classes), (7, 1));
    close(alike.sensitive[0].t_closeness_equal.unwrap(), 0.0);
    let stars = measured(PROFILE, "age,city,job\n*,*,x\n*,*,x\n", None, None).unwrap();
    assert_eq!((stars.suppressed, stars.classes.classes), (2, 0));
    // The city has no hierarchy and no other value that could be lost.
    close(stars.utility.arithmetic_loss, 0.5);
}

#[test]
fn odd_values_are_values() {
    let rows = "age,city,job\n20,\"a;b,\"\"c\"\"\nd\",NaN\n20,\"a;b,\"\"c\"\"\nd\",inf\n30,NaN,-0\n30,NaN,0\n";
    let found = measured(PROFILE, rows, None, None).unwrap();
    assert_eq!((found.classes.smallest, found.classes.classes), (2, 2));
    assert_eq!(of(&found, "distinct_diversity"), (Some(2.0), true));
    let unknown = measured(
        PROFILE,
        "age,city,job\n99,A,x\n99,B,x\n98,B,x\n",
        None,
        None,
    )
    .unwrap_err();
    assert!(
        unknown.to_string().contains("\"99\" (2), \"98\" (1)"),
        "{unknown}"
    );
    let absent = measured(PROFILE, "age,job\n20,x\n", None, None).unwrap_err();
    assert!(
        matches!(absent, MeasureError::Input(InputError::AbsentColumn { .. })),
        "{absent}"
    );
}

#[test]
fn values_are_prepared_in_the_original_and_taken_as_they_are_in_the_table() {
    let text = PROFILE.replace(
        "transform = \"keep\"",
        "transform = \"keep\"\nprepare = [ { truncate = 1 } ]",
    );
    let released = "age,city,job\n20,A,clerk\n21,A,smith\n";
    let found = measured(&text, released, Some(ORIGINAL), None).unwrap();
    // Almaty and Astana are one value; Oral is the other.
    close(
        found.utility.attributes[1].loss,
        ((2.0 / 2.0 + 4.0) / 6.0 - 0.5) / 0.5,
    );
}

#[test]
fn a_hierarchy_made_by_rule_needs_the_values_it_was_made_over() {
    let text = PROFILE.replace(
        "hierarchy = \"age\"",
        "build = { kind = \"intervals\", widths = [10.0] }",
    );
    let released = "age,city,job\n[20-30[,Almaty,clerk\n[20-30[,Almaty,smith\n";
    assert!(matches!(
        measured(&text, released, None, None).unwrap_err(),
        MeasureError::NeedsOriginal { .. }
    ));
    let found = measured(&text, released, Some(ORIGINAL), None).unwrap();
    // Five ages occur, two of them under 30.
    close(
        found.utility.attributes[0].loss,
        ((2.0 * 0.4 + 4.0) / 6.0 - 0.2) / 0.8,
    );
}
