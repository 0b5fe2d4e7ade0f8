#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::intake::IntakeError;
use crate::profile::{HierarchySource, Unknown};

fn parse(text: &str) -> Result<Hierarchy, HierarchyError> {
    Hierarchy::parse("h", text.as_bytes())
}

#[test]
fn levels_grow_coarser() {
    let h = parse("1;odd;*\n2;even;*\r\n3;odd;*").unwrap();
    assert_eq!((h.len(), h.levels()), (3, 3));
    assert_eq!(h.generalized(1).collect::<Vec<_>>(), ["odd", "even", "odd"]);
    assert_eq!(h.values(2), ["*"]);
    assert_eq!(h.leaf("2"), Some(1));
    assert_eq!(h.leaf("odd"), None);
}

#[test]
fn each_fault_names_its_line() {
    let shown = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        shown(""),
        "hierarchy \"h\" is empty: it needs a row for each value"
    );
    assert_eq!(
        shown("a;*\nb;x;*"),
        "hierarchy \"h\", line 2: found 3 levels, the rows before have 2"
    );
    assert_eq!(
        shown("a;*\n\nb;"),
        "hierarchy \"h\", line 3: the value of level 1 is empty"
    );
    assert_eq!(
        shown("a;*\nb;*\na;*"),
        "hierarchy \"h\", line 3: the value \"a\" has a row already"
    );
    assert_eq!(
        shown("a;x;p\nb;x;q"),
        "hierarchy \"h\", line 2: \"x\" of level 1 is under \"q\" here and under \"p\" before"
    );
    assert!(matches!(
        Hierarchy::parse("h", b"a;\xff").unwrap_err(),
        HierarchyError::BadUtf8 { offset: 2, .. }
    ));
    assert!(matches!(
        parse("a;\"*\n"),
        Err(HierarchyError::Text {
            source: IntakeError::UnterminatedQuote { .. },
            ..
        })
    ));
}

#[test]
fn values_above_one_another_are_refused() {
    let shown = |text: &str| parse(text).unwrap_err().to_string();
    assert_eq!(
        shown("a;b;*\nb;a;*"),
        "hierarchy \"h\": \"a\" is under \"b\" on one level and above it on others, so that neither is the more general"
    );
    assert!(shown("x;a;b;c;*\ny;b;c;a;*").contains("on one level and above it"));
    assert!(shown("a;*;x\nb;x;*").contains("on one level and above it"));
}

#[test]
fn a_text_may_stand_on_several_levels() {
    let h = parse("7;7;7;*\n8;8;even;*\n*;*;*;*\neven;even;even;*").unwrap();
    assert_eq!(
        h.generalized(2).collect::<Vec<_>>(),
        ["7", "even", "*", "even"]
    );
}

#[test]
fn what_is_too_large_is_refused() {
    assert!(matches!(
        parse(&"a;".repeat(64)),
        Err(HierarchyError::TooLarge { .. })
    ));
    assert!(matches!(
        parse(&"a;".repeat(1 << 20)),
        Err(HierarchyError::TooLarge { .. })
    ));
    assert!(matches!(
        Hierarchy::parse("h", &vec![b'a'; (64 << 20) + 1]),
        Err(HierarchyError::TooLarge { .. })
    ));
    assert!(matches!(
        parse(&"a".repeat(1 << 17)),
        Err(HierarchyError::Text {
            source: IntakeError::CellTooLong { .. },
            ..
        })
    ));
}

#[test]
fn cells_with_delimiters_quotes_and_line_ends_are_written_so_that_they_are_read() {
    let text = "\"a;b\";\"say \"\"x\"\"\";*\n\"two\nlines\";other;*\n\"\u{FEFF}bom\";other;*\n";
    let h = parse(text).unwrap();
    assert_eq!(h.to_csv(), text);
    assert_eq!(h.leaf("two\nlines"), Some(1));
}

fn resolved(file: &str, unknown: Unknown, values: &[&str]) -> Hierarchy {
    let hierarchies = Hierarchies::from([("h".to_owned(), parse(file).unwrap())]);
    let source = HierarchySource::Named("h".to_owned());
    let values = values.iter().copied();
    resolve(&source, unknown, "c", &hierarchies, values)
        .unwrap()
        .unwrap()
        .into_owned()
}

#[test]
fn unknown_values_get_leaves_as_the_profile_says() {
    let file = "a;x;p;*\nb;y;p;*\n";
    assert_eq!(resolved(file, Unknown::Error, &["q"]).to_csv(), file);
    assert_eq!(
        resolved(file, Unknown::Suppress, &["q", "a", "r"]).to_csv(),
        format!("{file}q;*;*;*\nr;*;*;*\n")
    );
    assert_eq!(
        resolved(file, Unknown::Keep, &["q"]).to_csv(),
        format!("{file}q;q;q;*\n")
    );
    // What is generalized already goes on as what it is.
    assert_eq!(
        resolved(file, Unknown::Keep, &["x", "p"]).to_csv(),
        format!("{file}x;x;p;*\np;p;p;*\n")
    );
    assert_eq!(
        resolved("a;x;KZ\n", Unknown::Suppress, &["q"]).to_csv(),
        "a;x;KZ\nq;*;KZ\n"
    );
    assert_eq!(
        resolved("a;x\nb;y\n", Unknown::Suppress, &["q"]).to_csv(),
        "a;x\nb;y\nq;*\n"
    );
    assert_eq!(
        resolved("a;*;x\nb;y;z\n", Unknown::Suppress, &["q"]).to_csv(),
        "a;*;x\nb;y;z\nq;*;x\n"
    );
    assert_eq!(
        resolved("a\nb\n", Unknown::Suppress, &["q"]).to_csv(),
        "a\nb\nq\n"
    );
    let h = resolved(file, Unknown::Suppress, &["q"]);
    assert_eq!(
        (h.len(), h.leaf("q"), h.sha256()),
        (3, Some(2), parse(file).unwrap().sha256())
    );
}

#[test]
fn a_rule_makes_the_hierarchy_of_a_column() {
    let build = Build::Intervals(Intervals {
        widths: vec![10.0],
        lower: None,
        upper: None,
        step: None,
    });
    let of = |unknown| {
        let values = ["12", "x", "7"].into_iter();
        resolve(
            &HierarchySource::Built(build.clone()),
            unknown,
            "age",
            &Hierarchies::new(),
            values,
        )
        .unwrap()
        .unwrap()
        .into_owned()
    };
    assert_eq!(of(Unknown::Error).name(), "intervals of age");
    assert_eq!(of(Unknown::Error).to_csv(), "7;[0-10[;*\n12;[10-20[;*\n");
    assert_eq!(
        of(Unknown::Suppress).to_csv(),
        "7;[0-10[;*\n12;[10-20[;*\nx;*;*\n"
    );
    let absent = HierarchySource::Named("h".to_owned());
    assert!(
        resolve(&absent, Unknown::Error, "age", &Hierarchies::new(), [])
            .unwrap()
            .is_none()
    );
    let none = Hierarchies::new();
    let built = HierarchySource::Built(build);
    let nothing = resolve(&built, Unknown::Suppress, "age", &none, ["x"])
        .unwrap()
        .unwrap();
    assert_eq!(nothing.to_csv(), "x;*;*\n");
}

/// A partition of each level's values is coarser than that of the level below.
fn is_chain(h: &Hierarchy) -> bool {
    (1..h.levels()).all(|level| {
        let mut parent = HashMap::new();
        h.generalized(level - 1)
            .zip(h.generalized(level))
            .all(|(below, above)| *parent.entry(below).or_insert(above) == above)
    })
}

/// An example file and what a person or a program may do to it.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let example = crate::tests::example("hierarchies/education.csv");
    let parts = vec![
        ";",
        "\n",
        "\r\n",
        "\"",
        "*",
        "Bachelors",
        "\u{FEFF}",
        "\0",
        " ",
        ";;",
        "\"\"",
        "Ә",
        "\u{202E}",
    ];
    let edit = (
        any::<prop::sample::Index>(),
        0_usize..4,
        prop::sample::select(parts),
        0_usize..40,
    );
    prop::collection::vec(edit, 1..6).prop_map(move |edits| {
        let mut bytes = example.clone();
        for (at, kind, part, length) in edits {
            let at = at.index(bytes.len() + 1);
            let end = (at + length).min(bytes.len());
            match kind {
                0 => drop(bytes.splice(at..at, part.bytes())),
                1 => drop(bytes.splice(at..end, [])),
                2 => drop(bytes.splice(at..end, part.bytes())),
                _ => {
                    let copy = bytes.get(at..end).unwrap_or_default().to_vec();
                    drop(bytes.splice(at..at, copy));
                }
            }
            if bytes.is_empty() {
                bytes.push(b';');
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_spoilt_file_is_refused_or_a_hierarchy(bytes in mutated()) {
        if let Ok(h) = Hierarchy::parse("h", &bytes) {
            prop_assert!(is_chain(&h));
            let written = Hierarchy::parse("h", h.to_csv().as_bytes()).unwrap();
            prop_assert_eq!(written.to_csv(), h.to_csv());
        }
    }

    #[test]
    fn an_extended_hierarchy_is_one(text in "([a-d];[ac-f];[*eg]\n){1,4}", values in prop::collection::btree_set("[a-h*]", 0..6), keep: bool) {
        if parse(&text).is_ok() {
            let values: Vec<_> = values.iter().map(String::as_str).collect();
            let h = resolved(&text, if keep { Unknown::Keep } else { Unknown::Suppress }, &values);
            prop_assert!(is_chain(&h));
            for value in values {
                let leaf = h.leaf(value).unwrap();
                prop_assert_eq!(h.generalized(0).nth(leaf as usize), Some(value));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Hierarchy::parse("h", &bytes);
    }

    #[test]
    fn a_parsed_hierarchy_is_a_chain_of_coarser_partitions(text in "([ab];[cd];[*e]\n){1,4}") {
        if let Ok(h) = parse(&text) {
            prop_assert!(is_chain(&h));
        }
    }
}
