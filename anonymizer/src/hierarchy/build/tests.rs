#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::*;

fn built(build: &Build, values: &[&str]) -> Built {
    build.over("h", values.iter().copied()).unwrap()
}

/// The file that a rule makes.
fn file(build: &Build, values: &[&str]) -> String {
    let Built {
        hierarchy,
        rejected,
    } = built(build, values);
    assert!(rejected.is_empty(), "{rejected:?}");
    hierarchy.to_csv()
}

fn intervals(widths: &[f64], lower: Option<f64>, upper: Option<f64>, step: Option<f64>) -> Build {
    Build::Intervals(Intervals {
        widths: widths.to_vec(),
        lower,
        upper,
        step,
    })
}

fn ordered(values: &[&str], groups: &[u32]) -> Build {
    Build::Ordered(Ordered {
        values: values.iter().map(|value| (*value).to_owned()).collect(),
        groups: groups.to_vec(),
    })
}

fn mask(end: End, length: Option<u32>, by: u32) -> Build {
    Build::Mask(Mask {
        end,
        character: '*',
        length,
        by,
    })
}

fn prefix(lengths: &[u32], blocks: &[&str]) -> Build {
    Build::Prefix(Prefix {
        lengths: lengths.to_vec(),
        blocks: blocks.iter().map(|block| (*block).to_owned()).collect(),
    })
}

#[test]
fn intervals_lie_within_one_another() {
    let build = intervals(&[5.0, 10.0], Some(20.0), Some(33.0), None);
    assert_eq!(
        file(&build, &["30", "19.5", "20", "27", "33", "32.5", "1e2"]),
        "19.5;<20;<20;*\n20;[20-25[;[20-30[;*\n27;[25-30[;[20-30[;*\n30;[30-33[;[30-33[;*\n32.5;[30-33[;[30-33[;*\n33;>=33;>=33;*\n1e2;>=33;>=33;*\n"
    );
    let fractions = intervals(&[0.1, 0.5], None, None, None);
    assert_eq!(
        file(&fractions, &["0.3", "-0.05"]),
        "-0.05;[-0.1-0[;[-0.5-0[;*\n0.3;[0.3-0.4[;[0-0.5[;*\n"
    );
}

#[test]
fn a_step_declares_the_domain() {
    let build = intervals(&[2.0], Some(1.0), Some(4.0), Some(1.0));
    assert_eq!(
        file(&build, &["2", "7"]),
        "1;[1-3[;*\n2;[1-3[;*\n3;[3-4[;*\n4;>=4;*\n7;>=4;*\n"
    );
}

#[test]
fn neighbours_are_grouped_by_groups_of_groups() {
    let build = ordered(&["a", "b", "c", "d", "e"], &[2, 2]);
    assert_eq!(
        file(&build, &["e"]),
        "a;a - b;a - d;*\nb;a - b;a - d;*\nc;c - d;a - d;*\nd;c - d;a - d;*\ne;e;e;*\n"
    );
    assert_eq!(built(&build, &["f", "a"]).rejected, ["f"]);
}

#[test]
fn dates_go_to_longer_units() {
    let units = vec![Unit::Month, Unit::Quarter, Unit::Year, Unit::Decade];
    let build = Build::Dates(Dates { units });
    assert_eq!(
        file(&build, &["2024-05-17", "01.02.1999"]),
        "01.02.1999;1999-02;1999-Q1;1999;1990-1999;*\n2024-05-17;2024-05;2024-Q2;2024;2020-2029;*\n"
    );
    assert_eq!(
        built(&build, &["2023-02-30", "2024", "x"]).rejected,
        ["2023-02-30", "2024", "x"]
    );
}

#[test]
fn characters_are_masked_from_either_end() {
    assert_eq!(
        file(&mask(End::Right, None, 1), &["050", "07"]),
        "050;05*;0**;***;*\n07;0*;**;**;*\n"
    );
    assert_eq!(
        file(&mask(End::Left, Some(4), 2), &["Орал"]),
        "Орал;**ал;****;*\n"
    );
    assert_eq!(
        built(&mask(End::Left, Some(4), 2), &["Ақтау"]).rejected,
        ["Ақтау"]
    );
    // One character alone is `*` on a level below the last as well.
    assert_eq!(file(&mask(End::Right, None, 1), &["7"]), "7;*;*\n");
}

#[test]
fn units_of_the_country_lie_within_regions() {
    let plain = Build::Kato(Kato { join_2022: false });
    assert_eq!(
        file(&plain, &["101033102"]),
        "101033102;101033100;101000000;100000000;KZ\n"
    );
    assert_eq!(
        built(&plain, &["990000000", "71", "", "10103310x", "７10000000"]).rejected,
        ["", "10103310x", "71", "990000000", "７10000000"]
    );
    let joined = Build::Kato(Kato { join_2022: true });
    let rows = file(
        &joined,
        &["101033102", "331000000", "623600000", "711110000"],
    );
    let regions: Vec<_> = rows
        .lines()
        .map(|row| row.split(';').nth(3).unwrap())
        .collect();
    assert_eq!(
        regions,
        ["630000000", "190000000", "350000000", "710000000"]
    );
}

#[test]
fn codes_lie_within_their_prefixes_and_blocks() {
    let build = prefix(&[3, 1], &["A15-A19", "A00-A09"]);
    assert_eq!(
        file(&build, &["A00.1", "A09", "A16.23"]),
        "A00.1;A00;A00-A09;A;*\nA09;A09;A00-A09;A;*\nA16.23;A16;A15-A19;A;*\n"
    );
    assert_eq!(built(&build, &["A10", "B00"]).rejected, ["A10", "B00"]);
    assert_eq!(file(&prefix(&[4, 3], &[]), &["A00.1"]), "A00.1;A00;A00;*\n");
    let crossing = prefix(&[2, 1], &["A9-B0"])
        .over("h", ["A9", "B0"])
        .unwrap_err();
    assert!(
        matches!(crossing, HierarchyError::TwoParents { .. }),
        "{crossing}"
    );
}

#[test]
fn rules_without_sense_name_their_field() {
    let date = |units: &[Unit]| {
        Build::Dates(Dates {
            units: units.to_vec(),
        })
    };
    for (build, field) in [
        (intervals(&[], None, None, None), "widths"),
        (intervals(&[0.0], None, None, None), "widths"),
        (intervals(&[f64::NAN], None, None, None), "widths"),
        (intervals(&[5.0, 5.0], None, None, None), "widths"),
        (intervals(&[5.0, 12.0], None, None, None), "widths"),
        (intervals(&[1.0; 63], None, None, None), "widths"),
        (intervals(&[5.0], Some(f64::INFINITY), None, None), "lower"),
        (intervals(&[5.0], Some(2.0), Some(2.0), None), "upper"),
        (intervals(&[5.0], Some(2.0), None, Some(1.0)), "step"),
        (intervals(&[5.0], Some(0.0), Some(1e9), Some(1e-9)), "step"),
        (ordered(&[], &[2]), "values"),
        (ordered(&["a", "a"], &[2]), "values"),
        (ordered(&["a", ""], &[2]), "values"),
        (ordered(&["a", "b", "a - b"], &[2]), "values"),
        (ordered(&["a", "b"], &[1]), "groups"),
        (ordered(&["a", "b"], &[]), "groups"),
        (date(&[]), "units"),
        (date(&[Unit::Year, Unit::Month]), "units"),
        (mask(End::Left, Some(0), 1), "length"),
        (mask(End::Left, Some(100), 1), "length"),
        (mask(End::Left, None, 0), "by"),
        (prefix(&[], &[]), "lengths"),
        (prefix(&[1, 3], &[]), "lengths"),
        (prefix(&[3, 0], &[]), "lengths"),
        (prefix(&[3], &["A00"]), "blocks"),
        (prefix(&[3], &["A09-A00"]), "blocks"),
        (prefix(&[3], &["A0-A1"]), "blocks"),
        (prefix(&[3], &["A00-A09", "A05-A19"]), "blocks"),
    ] {
        let fault = build.check().err().unwrap_or_else(|| panic!("{build:?}"));
        assert_eq!(fault.field, field, "{build:?}: {fault}");
        assert!(matches!(
            build.over("h", []),
            Err(HierarchyError::Build { .. })
        ));
    }
}

#[test]
fn nothing_makes_an_empty_hierarchy_of_all_levels() {
    let nothing = built(&intervals(&[5.0], None, None, None), &[]);
    assert!(nothing.hierarchy.is_empty() && nothing.hierarchy.levels() == 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// What a rule makes is a hierarchy, is one again when it is read from its file, and has every value that was not rejected.
    #[test]
    fn whatever_is_built_can_be_read(
        values in prop::collection::btree_set("[0-9A-C.;\"* -]{0,6}|-?[0-9]{1,4}(\\.[0-9]{1,3})?|[12][0-9]{3}-[01][0-9]-[0-3][0-9]|[1-7][0-9]{8}", 0..20),
        width in prop::sample::select(vec![0.1, 0.3, 1.0, 5.0, 7.5]),
        lower in prop::option::of(-20.0_f64..20.0),
        kind in 0_usize..6,
        by in 1_u32..4,
    ) {
        let build = match kind {
            0 => intervals(&[width, width * 2.0, width * 6.0], lower, lower.map(|lower| lower + 100.0), None),
            1 => mask(End::Right, None, by),
            2 => mask(End::Left, Some(5), by),
            3 => prefix(&[3, 2, 1], &[]),
            4 => Build::Kato(Kato { join_2022: by > 1 }),
            _ => Build::Dates(Dates { units: vec![Unit::Day, Unit::Month, Unit::Decade] }),
        };
        let Built { hierarchy, rejected } = build.over("h", values.iter().map(String::as_str)).unwrap();
        for value in &values {
            prop_assert_eq!(hierarchy.leaf(value).is_none(), rejected.contains(value));
        }
        if !hierarchy.is_empty() {
            let read = Hierarchy::parse("h", hierarchy.to_csv().as_bytes()).unwrap();
            prop_assert_eq!(read.sha256(), hierarchy.sha256());
            for level in 0..hierarchy.levels() {
                prop_assert!(read.generalized(level).eq(hierarchy.generalized(level)));
            }
        }
    }
}
