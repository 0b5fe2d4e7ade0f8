//! The rules of columns.

use super::*;
use crate::hierarchy::{Build, End, Mask};

#[test]
fn how_a_column_is_generalized_is_read() {
    let of = |body: &str| match column(&format!("role = \"quasi\"\n{body}"))
        .unwrap()
        .transform
    {
        Transform::Generalize(generalize) => generalize,
        other => panic!("{other:?}"),
    };
    let fixed = of("hierarchy = \"h\"\nlevel = 2\nweight = 0.5\nunknown = \"keep\"");
    assert_eq!(
        (
            fixed.min_level,
            fixed.max_level,
            fixed.weight,
            fixed.unknown
        ),
        (2, Some(2), 0.5, Unknown::Keep)
    );
    let built = of("build = { kind = \"mask\", end = \"left\", by = 2 }");
    let mask = Mask {
        end: End::Left,
        character: '*',
        length: None,
        by: 2,
    };
    assert_eq!(built.hierarchy, HierarchySource::Built(Build::Mask(mask)));
    assert_eq!(built.suppress_cells, None);
    let local = Profile::parse(
        "version = 1\nprivacy = { k = 2, recoding = \"local\" }\n[datasets.d.columns.c]\nrole = \"quasi\"\nhierarchy = \"h\"\nsuppress_cells = false\n",
    );
    let local = local.unwrap();
    let rule = &local.dataset("d").unwrap().column("c").unwrap().transform;
    assert!(matches!(
        rule,
        Transform::Generalize(Generalize {
            suppress_cells: Some(false),
            ..
        })
    ));
}

#[test]
fn models_and_steps_are_read() {
    use crate::prepare::{Step, Unit};
    let rule = column(
        "role = \"sensitive\"\nhierarchy = \"h\"\norder = [\"low\", \"high\"]\nprepare = [ { bottom_code = 1 }, { bin = 10 }, { truncate = 2 } ]\n\
         models = [ { model = \"distinct_diversity\", l = 3 }, { model = \"entropy_diversity\", l = 2.5 }, { model = \"recursive_diversity\", c = 4, l = 3 },\n\
         { model = \"t_closeness\", t = 0.2, distance = \"hierarchical\" }, { model = \"t_closeness\", t = 0, distance = \"ordered\" },\n\
         { model = \"delta_disclosure\", delta = 1.5 }, { model = \"basic_beta\", beta = 2 }, { model = \"enhanced_beta\", beta = 3 } ]",
    )
    .unwrap();
    let hierarchical = Distance::Hierarchical {
        hierarchy: HierarchySource::Named("h".to_owned()),
    };
    let ordered = Distance::Ordered {
        order: vec!["low".to_owned(), "high".to_owned()],
    };
    assert_eq!(
        rule.models,
        [
            Model::DistinctDiversity { l: 3 },
            Model::EntropyDiversity { l: 2.5 },
            Model::RecursiveDiversity { c: 4.0, l: 3 },
            Model::TCloseness {
                t: 0.2,
                distance: hierarchical
            },
            Model::TCloseness {
                t: 0.0,
                distance: ordered
            },
            Model::DeltaDisclosure { delta: 1.5 },
            Model::BasicBeta { beta: 2.0 },
            Model::EnhancedBeta { beta: 3.0 },
        ]
    );
    assert_eq!(
        rule.prepare,
        [Step::BottomCode(1.0), Step::Bin(10.0), Step::Truncate(2)]
    );
    assert_eq!(rule.hierarchies().count(), 1);
    let dates =
        column("role = \"quasi\"\ntransform = \"keep\"\nprepare = [ { date = \"quarter\" } ]")
            .unwrap();
    assert_eq!(dates.prepare, [Step::Date(Unit::Quarter)]);
    let mean =
        column("role = \"sensitive\"\ntransform = \"microaggregate\"\nfunction = \"median\"")
            .unwrap();
    assert_eq!(
        mean.transform,
        Transform::Microaggregate {
            function: AggregateFunction::Median
        }
    );
}

#[test]
fn a_field_of_a_column_that_is_wrong_or_has_no_effect_is_named() {
    let quasi = "role = \"quasi\"\nhierarchy = \"h\"\n";
    let keep = "role = \"quasi\"\ntransform = \"keep\"\n";
    let sensitive = "role = \"sensitive\"\n";
    let build = "role = \"quasi\"\n";
    for (head, body, field, message) in [
        (
            quasi,
            "level = 1\nmax_level = 2",
            "max_level",
            "has no effect beside level",
        ),
        (
            quasi,
            "level = 1\nmin_level = 1",
            "min_level",
            "has no effect beside level",
        ),
        (quasi, "weight = 0", "weight", "must be a number above 0"),
        (quasi, "weight = inf", "weight", "must be a number above 0"),
        (
            quasi,
            "suppress_cells = true",
            "suppress_cells",
            "only has a meaning with local recoding",
        ),
        (
            quasi,
            "unknown = \"ignore\"",
            "unknown",
            "unknown variant `ignore`",
        ),
        (
            quasi,
            "function = \"mean\"",
            "function",
            "only has a meaning with transform = \"microaggregate\"",
        ),
        (
            quasi,
            "build = { kind = \"kato\" }",
            "build",
            "has no effect beside hierarchy",
        ),
        (
            quasi,
            "models = [ { model = \"distinct_diversity\", l = 2 } ]",
            "models",
            "only has a meaning with transform",
        ),
        (quasi, "prepare = []", "prepare", "names no step"),
        (quasi, "prepare = [ {} ]", "prepare[0]", "a step is one of"),
        (
            quasi,
            "prepare = [ { bin = 5, top_code = 7 } ]",
            "prepare[0]",
            "a step is one of",
        ),
        (
            quasi,
            "prepare = [ { truncate = 0 } ]",
            "prepare[0].truncate",
            "must be 1 or more",
        ),
        (
            quasi,
            "prepare = [ { bin = 5 }, { round_to = 5 } ]",
            "prepare[1]",
            "a step before makes text",
        ),
        (
            quasi,
            "prepare = [ { round_to = -5 } ]",
            "prepare[0].round_to",
            "must be a number above 0",
        ),
        (
            quasi,
            "prepare = [ { top_code = nan } ]",
            "prepare[0].top_code",
            "must be a finite number",
        ),
        (
            keep,
            "hierarchy = \"h\"",
            "hierarchy",
            "only has a meaning with transform = \"generalize\"",
        ),
        (
            keep,
            "build = { kind = \"kato\" }",
            "build",
            "only has a meaning with transform = \"generalize\"",
        ),
        (keep, "weight = 2", "weight", "only has a meaning"),
        (keep, "level = 2", "level", "only has a meaning"),
        (keep, "unknown = \"keep\"", "unknown", "only has a meaning"),
        (
            keep,
            "models = [ { model = \"distinct_diversity\", l = 2 } ]",
            "models",
            "only a sensitive column has models",
        ),
        (
            keep,
            "order = [\"a\"]",
            "order",
            "only has a meaning with distance = \"ordered\"",
        ),
        (
            sensitive,
            "transform = \"generalize\"",
            "transform",
            "a column of role sensitive may be",
        ),
        (
            sensitive,
            "transform = \"microaggregate\"",
            "function",
            "needs a function",
        ),
        (
            sensitive,
            "transform = \"drop\"\nmodels = [ { model = \"distinct_diversity\", l = 2 } ]",
            "models",
            "only has a meaning",
        ),
        (
            sensitive,
            "transform = \"suppress\"\nprepare = [ { bin = 2 } ]",
            "prepare",
            "only has a meaning",
        ),
        (
            sensitive,
            "type = \"integer\"\nprepare = [ { bin = 2 } ]",
            "prepare",
            "can only be string",
        ),
        (
            sensitive,
            "hierarchy = \"h\"",
            "hierarchy",
            "only has a meaning",
        ),
        (sensitive, "models = []", "models", "names no model"),
        (
            sensitive,
            "models = [ { model = \"distinct\" } ]",
            "models",
            "unknown variant `distinct`",
        ),
        (
            sensitive,
            "models = [ { model = \"distinct_diversity\" } ]",
            "models[0].l",
            "the model needs this number",
        ),
        (
            sensitive,
            "models = [ { model = \"distinct_diversity\", l = 1 } ]",
            "models[0].l",
            "whole number from 2",
        ),
        (
            sensitive,
            "models = [ { model = \"distinct_diversity\", l = 2.5 } ]",
            "models[0].l",
            "whole number from 2",
        ),
        (
            sensitive,
            "models = [ { model = \"entropy_diversity\", l = 1 } ]",
            "models[0].l",
            "above 1",
        ),
        (
            sensitive,
            "models = [ { model = \"recursive_diversity\", c = 0, l = 2 } ]",
            "models[0].c",
            "above 0",
        ),
        (
            sensitive,
            "models = [ { model = \"basic_beta\", beta = inf } ]",
            "models[0].beta",
            "above 0",
        ),
        (
            sensitive,
            "models = [ { model = \"basic_beta\", beta = 1, l = 2 } ]",
            "models[0].l",
            "has no effect: the model takes beta",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = 1.1, distance = \"equal\" } ]",
            "models[0].t",
            "from 0 to 1",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = -0.1, distance = \"equal\" } ]",
            "models[0].t",
            "from 0 to 1",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = 0.1 } ]",
            "models[0].distance",
            "needs a distance",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = 0.1, distance = \"hierarchical\" } ]",
            "hierarchy",
            "needs the column's hierarchy",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = 0.1, distance = \"equal\" } ]\norder = [\"a\"]",
            "order",
            "only has a meaning",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = 0.1, distance = \"ordered\" } ]\norder = []",
            "order",
            "names no value",
        ),
        (
            sensitive,
            "models = [ { model = \"t_closeness\", t = 0.1, distance = \"ordered\" } ]\norder = [\"a\", \"a\"]",
            "order",
            "stands twice",
        ),
        (
            sensitive,
            "models = [ { model = \"basic_beta\", beta = 1 }, { model = \"basic_beta\", beta = 2 } ]",
            "models[1]",
            "stands here twice",
        ),
        (
            build,
            "build = { kind = \"intervals\" }",
            "build.widths",
            "is needed for this kind",
        ),
        (
            build,
            "build = { kind = \"intervals\", widths = [5, 7] }",
            "build.widths",
            "must be a multiple",
        ),
        (
            build,
            "build = { kind = \"intervals\", widths = [5], units = [\"day\"] }",
            "build.units",
            "has no effect: this kind takes widths",
        ),
        (
            build,
            "build = { kind = \"mask\", character = \"**\" }",
            "build.character",
            "expected a character",
        ),
        (
            build,
            "build = { kind = \"dates\", units = [\"week\"] }",
            "build.units",
            "unknown variant `week`",
        ),
        (
            build,
            "build = { widths = [5] }",
            "build",
            "missing field `kind`",
        ),
    ] {
        let shown = column(&format!("{head}{body}")).unwrap_err().to_string();
        let place = format!("field datasets.d.columns.c.{field}");
        assert!(
            shown.starts_with("profile, line ") && shown.contains(&place),
            "{body}: {shown}"
        );
        assert!(shown.contains(message), "{body}: {shown}");
    }
}

#[test]
fn a_column_has_one_role() {
    let twice = column(
        "role = \"quasi\"\nhierarchy = \"h\"\n[datasets.d.columns.c]\nrole = \"sensitive\"\n",
    );
    let shown = twice.unwrap_err().to_string();
    assert!(shown.starts_with("profile, line 8, column 21"), "{shown}");
    assert!(shown.contains("duplicate key"), "{shown}");
    let shown = column("role = \"quasi\"\nrole = \"sensitive\"\n")
        .unwrap_err()
        .to_string();
    assert!(
        shown.starts_with("profile, line 7, column 1") && shown.contains("duplicate key"),
        "{shown}"
    );
}
