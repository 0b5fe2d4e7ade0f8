#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod columns;
mod mutated;
mod privacy;
mod relations;

use super::*;
use crate::tests::example;

const HEAD: &str = "version = 1\n[privacy]\nk = 5\nsuppression_limit = 0.05\n";

fn column(body: &str) -> Result<ColumnRule, ProfileError> {
    let profile = Profile::parse(&format!("{HEAD}[datasets.d.columns.c]\n{body}"))?;
    Ok(profile.dataset("d")?.column("c").unwrap().clone())
}

fn refused(text: &str) -> String {
    Profile::parse(text).unwrap_err().to_string()
}

#[test]
fn the_grammar_as_documented_is_read() {
    let documented = include_str!("../../PROFILE.md");
    let grammar = documented
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let profile = Profile::parse(grammar).unwrap();
    let adult = profile.dataset("adult").unwrap();
    assert_eq!(
        adult.privacy(),
        &Privacy {
            k: 10,
            suppression_limit: 0.05,
            ..Privacy::default()
        }
    );
    let age = Generalize {
        hierarchy: HierarchySource::Named("age".to_owned()),
        min_level: 0,
        max_level: Some(3),
        weight: 1.0,
        suppress_cells: None,
        unknown: Unknown::Error,
    };
    let age = ColumnRule {
        role: Role::Quasi,
        prepare: Vec::new(),
        transform: Transform::Generalize(age),
        models: Vec::new(),
        derive: None,
    };
    assert_eq!(adult.column("age"), Some(&age));
    assert_eq!(adult.hierarchies().into_iter().collect::<Vec<_>>(), ["age"]);
    let people = profile.dataset("people").unwrap();
    assert_eq!(people.privacy().k, 5);
    let iin = Transform::Pseudonymize {
        domain: "person".to_owned(),
    };
    assert_eq!(people.column("iin").unwrap().transform, iin);
    assert_eq!(
        people.column("income").unwrap().transform,
        Transform::Keep {
            cast: Some(ValueType::Integer)
        }
    );
    assert_eq!(people.column("nobody"), None);
}

#[test]
fn the_shipped_example_is_valid() {
    let profile = Profile::parse(std::str::from_utf8(&example("profile.toml")).unwrap()).unwrap();
    assert_eq!(
        profile
            .datasets()
            .map(DatasetProfile::name)
            .collect::<Vec<_>>(),
        ["adult"]
    );
    assert_eq!(profile.sha256().len(), 64);
}

#[test]
fn defaults_are_the_safe_ones() {
    let transform = |body: &str| column(body).unwrap().transform;
    assert_eq!(transform("role = \"direct\""), Transform::Drop);
    assert_eq!(transform("role = \"free_text\""), Transform::Drop);
    assert_eq!(
        transform("role = \"free_text\"\ntransform = \"keep\""),
        Transform::Keep { cast: None }
    );
    assert_eq!(
        transform("role = \"sensitive\""),
        Transform::Keep { cast: None }
    );
    assert_eq!(
        transform("role = \"direct\"\ntransform = \"pseudonymize\""),
        Transform::Pseudonymize {
            domain: "c".to_owned()
        }
    );
    assert!(matches!(
        transform("role = \"quasi\"\nhierarchy = \"h\""),
        Transform::Generalize(Generalize {
            min_level: 0,
            max_level: None,
            ..
        })
    ));
    let silent = Profile::parse("version = 1\nprivacy.k = 2\n[datasets.d]\n").unwrap();
    assert_eq!(
        silent.dataset("d").unwrap().privacy().suppression_limit,
        0.0
    );
}

#[test]
fn a_direct_identifier_is_never_released_as_it_is() {
    for transform in ["keep", "generalize", "suppress"] {
        let shown = column(&format!("role = \"direct\"\ntransform = \"{transform}\""))
            .unwrap_err()
            .to_string();
        assert_eq!(
            shown,
            "profile, line 7, column 13, field datasets.d.columns.c.transform: a column of role direct may be drop, pseudonymize, mask, placeholder, encrypt, surrogate"
        );
    }
    assert!(column("role = \"quasi\"\ntransform = \"pseudonymize\"").is_err());
}

#[test]
fn faults_name_line_column_and_field() {
    let shown = |body: &str| column(body).unwrap_err().to_string();
    assert!(refused("version = 1\nprivacy = {").starts_with("profile, line 2, column "));
    assert_eq!(
        refused("version = 2\n"),
        "profile, line 1, column 11, field version: this program reads version 1"
    );
    let unknown = shown("role = \"direct\"\nrolle = 1\n");
    assert!(
        unknown.starts_with("profile, line 7, column 1, field datasets.d.columns.c"),
        "{unknown}"
    );
    assert!(unknown.contains("unknown field `rolle`"), "{unknown}");
    let role = shown("role = \"quazi\"\n");
    assert!(
        role.starts_with(
            "profile, line 6, column 8, field datasets.d.columns.c.role: unknown variant `quazi`"
        ),
        "{role}"
    );
    assert!(shown("transform = \"keep\"\n").contains("missing field `role`"));
    let kind = shown("role = \"quasi\"\nhierarchy = \"h\"\nmin_level = -1\n");
    assert!(
        kind.starts_with("profile, line 8, column 13, field datasets.d.columns.c.min_level"),
        "{kind}"
    );
    assert!(
        shown("role = \"quasi\"\n")
            .contains("field datasets.d.columns.c.transform: a quasi-identifier needs a transform")
    );
    assert!(
        shown("role = \"quasi\"\ntransform = \"generalize\"\n")
            .contains("field datasets.d.columns.c.hierarchy")
    );
    assert!(
        shown("role = \"quasi\"\nhierarchy = \"h\"\nmin_level = 3\nmax_level = 2")
            .contains("line 9, column 13")
    );
    assert!(
        shown("role = \"sensitive\"\ndomain = \"d\"")
            .contains("only has a meaning with transform = \"pseudonymize\"")
    );
    assert!(
        shown("role = \"quasi\"\ntransform = \"keep\"\ntype = \"float\"")
            .contains("columns.c.type")
    );
    assert!(
        shown("role = \"sensitive\"\ntransform = \"pseudonymize\"\ndomain = \" \"")
            .contains("columns.c.domain")
    );
}

#[test]
fn privacy_has_a_floor() {
    assert!(
        refused("version = 1\n[privacy]\nk = 1\n")
            .starts_with("profile, line 3, column 5, field privacy.k: k must be 2 or more")
    );
    assert!(
        refused("version = 1\n[privacy]\nk = 2\nsuppression_limit = 1.5\n")
            .contains("line 4, column 21")
    );
    assert!(
        refused("version = 1\n[privacy]\nk = 2\nsuppression_limit = nan\n")
            .contains("share from 0 to 1")
    );
    let none = refused("version = 1\n[datasets.d.columns.c]\nrole = \"direct\"\n");
    assert!(none.contains("field datasets.d.privacy.k: no k"), "{none}");
}

#[test]
fn the_suppressible_rows_are_those_of_the_decimal_limit() {
    let rows = |limit, rows| {
        Privacy {
            k: 2,
            suppression_limit: limit,
            ..Privacy::default()
        }
        .suppressible(rows)
    };
    assert_eq!(rows(0.29, 100), 29);
    assert_eq!(rows(0.05, 30_162), 1508);
    assert_eq!((rows(0.0, 10), rows(1.0, 10)), (0, 10));
}

/// The profiles of the documentation: each block alone or, where it shows a part only, after the head of another.
#[test]
fn every_example_of_the_documentation_is_read() {
    let documented = include_str!("../../PROFILE.md");
    let blocks: Vec<&str> = documented
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(blocks.len(), 7);
    for block in blocks {
        let head = match (block.contains("version = 1"), block.contains("[privacy]")) {
            (true, _) => "",
            (false, true) => "version = 1\n",
            (false, false) => "version = 1\nprivacy = { k = 5, recoding = \"local\" }\n",
        };
        Profile::parse(&format!("{head}{block}\n[datasets.one_more]\n"))
            .unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
    let inline = |start: &str| {
        documented
            .split('`')
            .filter(|code| code.starts_with(start))
            .collect::<Vec<_>>()
    };
    let builds = inline("{ kind = ");
    assert_eq!(builds.len(), 6);
    for build in builds {
        column(&format!("role = \"quasi\"\nbuild = {build}"))
            .unwrap_or_else(|error| panic!("{error}: {build}"));
    }
    let models = inline("{ model = ");
    assert_eq!(models.len(), 7);
    for model in models {
        column(&format!("role = \"sensitive\"\nmodels = [ {model} ]"))
            .unwrap_or_else(|error| panic!("{error}: {model}"));
    }
    let steps: Vec<_> = documented
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|code| {
            [
                "round_to",
                "top_code",
                "bottom_code",
                "bin",
                "truncate",
                "date",
            ]
            .contains(&code.split(' ').next().unwrap())
        })
        .collect();
    assert_eq!(steps.len(), 6);
    for step in steps {
        column(&format!(
            "role = \"insensitive\"\nprepare = [ {{ {step} }} ]"
        ))
        .unwrap_or_else(|error| panic!("{error}: {step}"));
    }
}

#[test]
fn the_report_predicts_a_column_that_is_released() {
    let with = |target: &str| {
        format!(
            "{HEAD}[datasets.d.report]\ntarget = {target:?}\n[datasets.d.columns.c]\nrole = \"sensitive\"\n\
             [datasets.d.columns.iin]\nrole = \"direct\"\n"
        )
    };
    let profile = Profile::parse(&with("c")).unwrap();
    assert_eq!(profile.dataset("d").unwrap().report_target(), Some("c"));
    for target in ["iin", "other"] {
        let message = refused(&with(target));
        assert!(
            message.contains("line 6") && message.contains("datasets.d.report.target"),
            "{message}"
        );
    }
}
