//! What profiles say of values, from file to file: hierarchies made by rule, unknown and missing values, preparation, microaggregation.

use super::*;
use crate::{Error, depersonalize};

/// Releases a table whose profile has these columns beside `[privacy]`, and answers its rows.
fn released(csv: &str, privacy: &str, columns: &str) -> Result<Vec<Vec<String>>, Error> {
    released_with(csv, privacy, columns, &Hierarchies::new())
}

fn released_with(
    csv: &str,
    privacy: &str,
    columns: &str,
    hierarchies: &Hierarchies,
) -> Result<Vec<Vec<String>>, Error> {
    let columns = columns
        .replace("[[", "[datasets.d.columns.")
        .replace("]]", "]");
    let profile = profile(&format!("version = 1\n[privacy]\n{privacy}\n{columns}"));
    let release = depersonalize(
        &table("d", csv),
        &profile,
        hierarchies,
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )?;
    Ok(rows_of(release.bytes()))
}

fn shown(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

#[test]
fn every_rule_generalizes_a_column() {
    let csv = "age,income,born,post,kato,icd\n\
               21,low,2024-05-17,050010,101033102,A00.1\n\
               24,mid,2024-05-01,050013,101033106,A00.9\n\
               67,high,01.02.1999,010000,711110000,A16\n\
               93,top,28.02.1999,010002,711210000,A17.2\n";
    for recoding in ["global", "local", "local_fast"] {
        let level = if recoding == "global" {
            "level = 1\n"
        } else {
            "min_level = 1\n"
        };
        let columns = format!(
            "[[age]]\nrole = \"quasi\"\nbuild = {{ kind = \"intervals\", widths = [10, 40], lower = 20, upper = 60 }}\n{level}\
             [[income]]\nrole = \"quasi\"\nbuild = {{ kind = \"ordered\", values = [\"low\", \"mid\", \"high\", \"top\"], groups = [2] }}\n{level}\
             [[born]]\nrole = \"quasi\"\nbuild = {{ kind = \"dates\" }}\n{level}\
             [[post]]\nrole = \"quasi\"\nbuild = {{ kind = \"mask\" }}\n{level}\
             [[kato]]\nrole = \"quasi\"\nbuild = {{ kind = \"kato\" }}\nlevel = 3\n\
             [[icd]]\nrole = \"quasi\"\nbuild = {{ kind = \"prefix\", lengths = [3, 1], blocks = [\"A00-A09\", \"A15-A19\"] }}\nlevel = 2\n"
        );
        let rows = released(csv, &format!("k = 2\nrecoding = \"{recoding}\""), &columns)
            .unwrap_or_else(|error| panic!("{}", shown(&error)));
        let young = [
            "[20-30[",
            "low - mid",
            "2024-05",
            "05001*",
            "100000000",
            "A00-A09",
        ];
        let old = [
            ">=60",
            "high - top",
            "1999-02",
            "01000*",
            "710000000",
            "A15-A19",
        ];
        assert_eq!(
            rows,
            [old, old, young, young].map(|row| row.map(str::to_owned).to_vec()),
            "{recoding}"
        );
    }
}

#[test]
fn values_that_a_rule_cannot_place_are_listed_or_fall_back() {
    let csv = "age\n21\n24\nold\nold\n";
    let columns = |unknown: &str| {
        format!(
            "[[age]]\nrole = \"quasi\"\nbuild = {{ kind = \"intervals\", widths = [10] }}\nlevel = 1\n{unknown}\n"
        )
    };
    let error = released(csv, "k = 2", &columns("")).unwrap_err();
    assert_eq!(
        shown(&error),
        "dataset \"d\", column \"age\": 1 values in 2 rows are not in hierarchy \"intervals of age\": \"old\" (2)"
    );
    let star = released(csv, "k = 2", &columns("unknown = \"suppress\"")).unwrap();
    assert_eq!(star.concat(), ["*", "*", "[20-30[", "[20-30["]);
    let local = columns("unknown = \"suppress\"").replace("level = 1", "min_level = 1");
    for recoding in ["local", "local_fast"] {
        let rows = released(csv, &format!("k = 2\nrecoding = \"{recoding}\""), &local).unwrap();
        assert_eq!(rows.concat(), ["*", "*", "[20-30[", "[20-30["]);
    }
    // What is suppressed as a single value and what is unknown are the same `*`.
    let rows = released(
        "age\n21\n24\n57\nold\n",
        "k = 2\nrecoding = \"local\"",
        &local,
    )
    .unwrap();
    assert_eq!(rows.concat(), ["*", "*", "[20-30[", "[20-30["]);
    let kept = released(csv, "k = 2", &columns("unknown = \"keep\"")).unwrap();
    assert_eq!(kept.concat(), ["[20-30[", "[20-30[", "old", "old"]);
}

#[test]
fn a_file_is_extended_by_unknown_values() {
    let files = hierarchies(&[("h", "a;x;*\nb;x;*\n")]);
    let of = |unknown: &str| {
        let columns = format!(
            "[[c]]\nrole = \"quasi\"\nhierarchy = \"h\"\nlevel = 1\nunknown = \"{unknown}\"\n"
        );
        released_with(
            "c\na\nb\nq\nr\n",
            "k = 2\nsuppression_limit = 0.5",
            &columns,
            &files,
        )
        .map(|rows| rows.concat())
    };
    assert_eq!(of("suppress").unwrap(), ["*", "*", "x", "x"]);
    assert_eq!(of("keep").unwrap(), ["x", "x"]);
    assert!(
        shown(&of("error").unwrap_err())
            .ends_with("2 values in 2 rows are not in hierarchy \"h\": \"q\" (1), \"r\" (1)")
    );
}

#[test]
fn values_are_prepared_before_all_else() {
    let csv = "age,pay,note\n3,104,alpha\n16,96,beta\n95,250,gamma\n97,251,delta\n";
    let columns = "[[age]]\nrole = \"quasi\"\nprepare = [ { bottom_code = 17 }, { top_code = 90 } ]\ntransform = \"keep\"\n\
                   [[pay]]\nrole = \"sensitive\"\nprepare = [ { round_to = 10 } ]\ntype = \"integer\"\n\
                   [[note]]\nrole = \"insensitive\"\nprepare = [ { truncate = 1 } ]\n";
    let rows = released(csv, "k = 2", columns).unwrap();
    let expected = [
        ["17", "100", "a"],
        ["17", "100", "b"],
        ["90", "250", "d"],
        ["90", "250", "g"],
    ];
    assert_eq!(rows, expected.map(|row| row.map(str::to_owned).to_vec()));
    // What is equal after preparation is one value: no class has two.
    let diverse = columns.replace(
        "type = \"integer\"",
        "models = [ { model = \"distinct_diversity\", l = 2 } ]",
    );
    assert!(released(csv, "k = 2", &diverse).is_err());
    for value in ["NaN", "inf", "x"] {
        let error = released(
            &format!("age,pay,note\n20,1,a\n30,{value},b\n"),
            "k = 2",
            columns,
        )
        .unwrap_err();
        assert_eq!(
            shown(&error),
            format!(
                "dataset \"d\", row 2, column \"pay\": the value cannot be prepared: {value:?} is no number, which round_to needs"
            )
        );
    }
}

#[test]
fn classes_are_aggregated() {
    let csv = "city,pay,job\nA,10,x\nA,20,y\nA,60,y\nB,5,z\nB,,z\nB,,w\n";
    let of = |function: &str, column: &str| {
        let columns = format!(
            "[[city]]\nrole = \"quasi\"\ntransform = \"keep\"\n[[{column}]]\nrole = \"sensitive\"\ntransform = \"microaggregate\"\nfunction = \"{function}\"\n"
        );
        released(csv, "k = 3", &columns)
    };
    let cells = |function: &str, column: &str| {
        of(function, column)
            .unwrap()
            .iter()
            .map(|row| row[1].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(cells("mean", "pay"), ["30", "30", "30", "5", "5", "5"]);
    assert_eq!(cells("median", "pay"), ["20", "20", "20", "5", "5", "5"]);
    assert_eq!(cells("mode", "job"), ["y", "y", "y", "z", "z", "z"]);
    assert!(shown(&of("mean", "job").unwrap_err()).contains("is no number, which mean needs"));
}

#[test]
fn missing_values_match_one_another_and_with_any_also_count_for_others() {
    let csv = "a,b\n1,x\n1,x\n1,\n1,\n";
    let columns = "[[a]]\nrole = \"quasi\"\ntransform = \"keep\"\n[[b]]\nrole = \"quasi\"\ntransform = \"keep\"\n";
    for missing in ["own", "any"] {
        let rows = released(csv, &format!("k = 2\nmissing = \"{missing}\""), columns).unwrap();
        assert_eq!(
            rows.concat(),
            ["1", "?", "1", "?", "1", "x", "1", "x"],
            "{missing}"
        );
    }
    assert!(released(csv, "k = 3", columns).is_err());
}
