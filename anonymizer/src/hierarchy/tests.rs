#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use proptest::prelude::*;

use super::*;

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

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Hierarchy::parse("h", &bytes);
    }

    #[test]
    fn a_parsed_hierarchy_is_a_chain_of_coarser_partitions(text in "([ab];[cd];[*e]\n){1,4}") {
        if let Ok(h) = parse(&text) {
            for level in 1..h.levels() {
                let mut parent = HashMap::new();
                for (below, above) in h.generalized(level - 1).zip(h.generalized(level)) {
                    prop_assert_eq!(*parent.entry(below).or_insert(above), above);
                }
            }
        }
    }
}
