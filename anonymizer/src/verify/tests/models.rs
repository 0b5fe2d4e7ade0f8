//! Every model is measured on what is released, whatever a plan claims.

use super::*;
use crate::{Cancel, Work};

const AGES: &str = "20;20-29;*\n21;20-29;*\n30;30-39;*\n31;30-39;*\n";
const DATA: &str = "\
age,job,level
20,clerk,1
21,clerk,2
20,smith,3
21,baker,4
20,clerk,5
30,smith,1
31,baker,1
30,smith,2
31,smith,9
";
const REGISTER: &str = "age\n20\n21\n20\n21\n20\n20\n30\n31\n30\n31\n30\n31\n30\n31\n30\n";

fn profile_of(privacy: &str, job: &str, level: &str) -> Profile {
    profile(&format!(
        "version = 1\n[privacy]\nk = 2\npopulation = \"register\"\n{privacy}\n\
         [datasets.t.columns.age]\nrole = \"quasi\"\nhierarchy = \"age\"\nlevel = 1\n\
         [datasets.t.columns.job]\nrole = \"sensitive\"\n{job}\n\
         [datasets.t.columns.level]\nrole = \"sensitive\"\n{level}\n"
    ))
}

/// Verifies a release made for k = 2 and a k-map of 2 alone under a profile that asks for more; answers what was refused.
fn refused(privacy: &str, job: &str, level: &str) -> Option<String> {
    let (table, register) = (table("t", DATA), table("register", REGISTER));
    let jobs = "clerk;office;*\nsmith;works;*\nbaker;works;*\n";
    let hierarchies = hierarchies(&[("age", AGES), ("job", jobs)]);
    let lax = profile_of("k_map = 2", "", "");
    let dataset = lax.dataset("t").unwrap();
    let work = Work::new(&table, dataset, &hierarchies, Some(&register)).unwrap();
    let mut plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
    let output = work
        .execute(&plan, &key(), &Cancel::new(), &mut |_| {})
        .unwrap();
    let bytes = work.parquet(&output, &Cancel::new()).unwrap();
    let strict = profile_of(privacy, job, level);
    plan.profile_sha256 = strict.sha256().to_owned();
    let named = strict.dataset("t").unwrap().hierarchies();
    for name in named {
        plan.hierarchies
            .insert(name.to_owned(), hierarchies[name].sha256().to_owned());
    }
    let verified = Verification::new(
        &table,
        strict.dataset("t").unwrap(),
        &hierarchies,
        &plan,
        &key(),
    )
    .population(Some(&register))
    .of(bytes);
    verified.err().map(|error| error.to_string())
}

fn job(model: &str) -> Option<String> {
    refused("k_map = 2", &format!("models = [ {model} ]"), "")
}

fn holds_until(model: &str, ask: impl Fn(&str) -> Option<String>, holding: &str, failing: &str) {
    assert_eq!(ask(&model.replace('#', holding)), None, "{model} {holding}");
    let refused = ask(&model.replace('#', failing)).unwrap_or_else(|| panic!("{model} {failing}"));
    assert!(
        refused.starts_with("the release does not have what the profile asks for"),
        "{refused}"
    );
}

/// The classes have clerk 3, smith 1, baker 1 and smith 3, baker 1; the table clerk 3, smith 4, baker 2 of 9.
#[test]
fn each_model_of_a_sensitive_column_is_measured() {
    holds_until("{ model = \"distinct_diversity\", l = # }", job, "2", "3");
    // The entropy of 3/4 and 1/4 is .562: e^.562 = 1.755.
    holds_until(
        "{ model = \"entropy_diversity\", l = # }",
        job,
        "1.75",
        "1.76",
    );
    // 3 < c · 1 for the second class, 3 < c · 2 for the first.
    holds_until(
        "{ model = \"recursive_diversity\", c = #, l = 2 }",
        job,
        "3.1",
        "3.0",
    );
    // ½ (|3/5-3/9| + |1/5-4/9| + |1/5-2/9|) = .267; ½ (3/9 + |3/4-4/9| + |1/4-2/9|) = .333.
    holds_until(
        "{ model = \"t_closeness\", t = #, distance = \"equal\" }",
        job,
        "0.34",
        "0.33",
    );
    // Clerks against the others: |0 - 3/9| over the whole height; within works nothing more has to move.
    let hierarchical = |model: &str| {
        refused(
            "k_map = 2",
            &format!("hierarchy = \"job\"\nmodels = [ {model} ]"),
            "",
        )
    };
    holds_until(
        "{ model = \"t_closeness\", t = #, distance = \"hierarchical\" }",
        hierarchical,
        "0.334",
        "0.33",
    );
    // log2 of (3/5) / (3/9) is .848; of (1/5) / (4/9) it is -1.152.
    holds_until(
        "{ model = \"delta_disclosure\", delta = # }",
        job,
        "1.16",
        "1.15",
    );
    // (3/5 - 3/9) / (3/9) = .8; (3/4 - 4/9) / (4/9) = .6875.
    holds_until("{ model = \"basic_beta\", beta = # }", job, "0.81", "0.79");
    holds_until(
        "{ model = \"enhanced_beta\", beta = # }",
        job,
        "0.81",
        "0.79",
    );
}

/// Level 1 is 3 of 9 rows, 2 is 2, and 3, 4, 5, 9 are one each.
#[test]
fn the_ordered_distance_is_measured_by_numbers_and_by_name() {
    let ordered = |model: &str| refused("k_map = 2", "", &format!("models = [ {model} ]"));
    // 30s: 1 1 2 9 against 1 1 1 2 2 3 4 5 9: |2/4-3/9| + |3/4-5/9| + |3/4-6/9| + |3/4-7/9| + |3/4-8/9| = .611, over 5.
    // 20s: 1 2 3 4 5: |1/5-3/9| + |2/5-5/9| + |3/5-6/9| + |4/5-7/9| + |1-8/9| = .489, over 5.
    holds_until(
        "{ model = \"t_closeness\", t = #, distance = \"ordered\" }",
        ordered,
        "0.1223",
        "0.122",
    );
    let named = |model: &str| {
        let order = "[\"9\", \"5\", \"4\", \"3\", \"2\", \"1\"]";
        refused(
            "k_map = 2",
            "",
            &format!("order = {order}\nmodels = [ {model} ]"),
        )
    };
    holds_until(
        "{ model = \"t_closeness\", t = #, distance = \"ordered\" }",
        named,
        "0.1223",
        "0.122",
    );
}

/// The classes have 5 and 4 rows, and 6 and 9 people.
#[test]
fn each_model_of_the_population_and_of_risk_is_measured() {
    let table = |privacy: &str| refused(privacy, "", "");
    holds_until("k_map = #", table, "6", "7");
    holds_until(
        "delta_presence = { min = 0.4, max = # }",
        table,
        "0.84",
        "0.83",
    );
    holds_until(
        "delta_presence = { min = #, max = 0.9 }",
        table,
        "0.44",
        "0.45",
    );
    holds_until(
        "risk = { prosecutor_highest = # }\nk_map = 2",
        table,
        "0.25",
        "0.24",
    );
    // 2 classes of 9 rows.
    holds_until(
        "risk = { prosecutor_average = # }\nk_map = 2",
        table,
        "0.223",
        "0.222",
    );
    holds_until("risk = { journalist_highest = # }", table, "0.167", "0.166");
    // (5/6 + 4/9) / 9 = .1420; 2 classes of 15 people are .1333.
    holds_until("risk = { journalist_average = # }", table, "0.143", "0.141");
    holds_until("risk = { marketer = # }", table, "0.143", "0.141");
}
