//! Text that is no profile, or nearly one.

use proptest::prelude::*;

use super::*;

/// A profile with every field, and what a person or a program may do to it: lines and tokens left out, doubled, moved and exchanged.
fn mutated() -> impl Strategy<Value = String> {
    let documented = include_str!("../../../PROFILE.md");
    let blocks = documented
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let full: String = blocks
        .collect::<Vec<_>>()
        .join("\n")
        .replace("[privacy]", "[datasets.other.privacy]");
    let parts = vec![
        "=",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        ".",
        ",",
        "\n",
        "#",
        "nan",
        "-inf",
        "0",
        "-1",
        "1e999",
        "9223372036854775808",
        "true",
        "\"quasi\"",
        "k = 5",
        "version = 1",
        "[privacy]",
        "\"\"\"",
        "Ә",
        "\0",
        "1979-05-27",
        "[[[[[[[[",
        "level = 1",
        "transform = \"keep\"",
        "models = [ {} ]",
    ];
    let edit = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        0_usize..5,
        prop::sample::select(parts),
    );
    prop::collection::vec(edit, 1..8).prop_map(move |edits| {
        let mut tokens: Vec<String> = full
            .split_inclusive([' ', '\n', ',', '.'])
            .map(str::to_owned)
            .collect();
        for (at, other, kind, part) in edits {
            let (at, other) = (at.index(tokens.len()), other.index(tokens.len()));
            match kind {
                0 => tokens[at] = format!("{part} "),
                1 => tokens.insert(at, part.to_owned()),
                2 if tokens.len() > 1 => drop(tokens.remove(at)),
                3 => tokens.swap(at, other),
                _ => tokens.insert(other, tokens[at].clone()),
            }
        }
        tokens.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_profile_is_refused_with_its_place_or_read(text in mutated()) {
        match Profile::parse(&text) {
            Ok(profile) => prop_assert!(profile.datasets().all(|dataset| dataset.privacy().suppression_limit <= 1.0)),
            Err(ProfileError::Invalid { line, column, message, .. }) => {
                prop_assert!(line >= 1 && column >= 1 && line <= text.lines().count() + 1);
                prop_assert!(!message.is_empty());
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = Profile::parse(&text);
    }

    #[test]
    fn a_mutilated_profile_never_panics(at in 0_usize..1500, byte in any::<char>()) {
        let mut text: Vec<char> = String::from_utf8(example("profile.toml")).unwrap().chars().collect();
        let at = at % text.len();
        text[at] = byte;
        let text: String = text.into_iter().collect();
        if let Err(ProfileError::Invalid { line, column, .. }) = Profile::parse(&text) {
            prop_assert!(line >= 1 && column >= 1 && line <= text.lines().count() + 1);
        }
    }
}
