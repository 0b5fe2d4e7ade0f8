//! The privacy of a data set.

use super::*;

fn privacy(body: &str) -> Result<Privacy, ProfileError> {
    let profile = Profile::parse(&format!("version = 1\n[privacy]\n{body}\n[datasets.d]\n"))?;
    Ok(profile.dataset("d")?.privacy().clone())
}

#[test]
fn every_field_of_privacy_is_read() {
    let found = privacy(
        "k = 5\nsuppression_limit = 0.1\nsuppressed_records = \"star\"\nmissing = \"any\"\nmetric = \"precision\"\naggregate = \"arithmetic\"\n\
         time_budget_seconds = 7\nk_map = 3\ndelta_presence = { max = 0.5 }\npopulation = \"register\"\n\
         risk = { prosecutor_highest = 0.2, prosecutor_average = 0.1, journalist_highest = 0.3, journalist_average = 0.4, marketer = 0.5 }",
    );
    let expected = Privacy {
        k: 5,
        suppression_limit: 0.1,
        suppressed_records: SuppressedRecords::Star,
        missing: Missing::Any,
        recoding: Recoding::Global,
        metric: Metric::Precision,
        aggregate: Aggregate::Arithmetic,
        time_budget_seconds: 7.0,
        k_map: Some(3),
        delta_presence: Some(DeltaPresence { min: 0.0, max: 0.5 }),
        population: Some("register".to_owned()),
        risk: RiskLimits {
            prosecutor_highest: Some(0.2),
            prosecutor_average: Some(0.1),
            journalist_highest: Some(0.3),
            journalist_average: Some(0.4),
            marketer: Some(0.5),
        },
    };
    assert_eq!(found, Ok(expected));
    assert_eq!(
        privacy("k = 2\nrecoding = \"local\"").unwrap().recoding,
        Recoding::Local
    );
    assert_eq!(
        privacy("k = 2\nrecoding = \"local_fast\"")
            .unwrap()
            .recoding,
        Recoding::LocalFast
    );
    for metric in [
        "loss",
        "discernibility",
        "average_class_size",
        "non_uniform_entropy",
    ] {
        privacy(&format!("k = 2\nmetric = \"{metric}\"")).unwrap();
    }
}

#[test]
fn k_may_be_absent_where_something_else_bounds_each_person() {
    for instead in [
        "k_map = 2\npopulation = \"p\"",
        "delta_presence = { min = 0.1 }\npopulation = \"p\"",
        "risk = { prosecutor_highest = 0.2 }",
        "risk = { journalist_highest = 0.2 }\npopulation = \"p\"",
    ] {
        assert_eq!(privacy(instead).unwrap().k, 1, "{instead}");
    }
    for not_enough in [
        "",
        "risk = { prosecutor_average = 0.1 }",
        "risk = { marketer = 0.1 }\npopulation = \"p\"",
        "suppression_limit = 0.5",
    ] {
        let shown = privacy(not_enough).unwrap_err().to_string();
        assert!(
            shown.contains("field datasets.d.privacy.k: no k"),
            "{shown}"
        );
    }
}

#[test]
fn a_field_of_privacy_that_is_wrong_or_has_no_effect_is_named() {
    for (body, field, message) in [
        (
            "k = 5\nk_map = 1\npopulation = \"p\"",
            "privacy.k_map",
            "must be 2 or more",
        ),
        ("k = 5\nk_map = 2", "privacy.k_map", "needs population"),
        (
            "k = 5\ndelta_presence = { max = 0.5 }",
            "privacy.delta_presence",
            "needs population",
        ),
        (
            "k = 5\npopulation = \"p\"",
            "privacy.population",
            "has no effect: no model looks at the population",
        ),
        (
            "k = 5\npopulation = \" \"",
            "privacy.population",
            "a name has",
        ),
        (
            "k = 5\ndelta_presence = { min = 0.6, max = 0.5 }",
            "privacy.delta_presence",
            "min 0.6 is above max 0.5",
        ),
        (
            "k = 5\ndelta_presence = { min = 0, max = 1 }",
            "privacy.delta_presence",
            "bounds nothing",
        ),
        (
            "k = 5\ndelta_presence = { max = 1.5 }",
            "privacy.delta_presence.max",
            "share from 0 to 1",
        ),
        ("k = 5\nrisk = {}", "privacy.risk", "bounds no risk"),
        (
            "k = 5\nrisk = { marketer = 0.1 }",
            "privacy.risk",
            "journalist and marketer need population",
        ),
        (
            "k = 5\nrisk = { marketer = 0 }",
            "privacy.risk.marketer",
            "above 0",
        ),
        (
            "k = 5\nrisk = { marketer = nan }",
            "privacy.risk.marketer",
            "above 0",
        ),
        (
            "k = 5\nrisk = { marketeer = 0.1 }",
            "privacy.risk",
            "unknown field `marketeer`",
        ),
        (
            "k = 5\ntime_budget_seconds = 0",
            "privacy.time_budget_seconds",
            "above 0",
        ),
        (
            "k = 5\ntime_budget_seconds = inf",
            "privacy.time_budget_seconds",
            "above 0",
        ),
        (
            "k = 5\nrecoding = \"local_fast\"\ntime_budget_seconds = 9",
            "privacy.time_budget_seconds",
            "has no effect",
        ),
        (
            "k = 5\nrecoding = \"local\"\nmetric = \"loss\"",
            "privacy.metric",
            "has no effect: local recoding minimizes loss",
        ),
        (
            "k = 5\nrecoding = \"local\"\naggregate = \"geometric\"",
            "privacy.aggregate",
            "has no effect",
        ),
        (
            "k = 5\nmetric = \"discernibility\"\naggregate = \"geometric\"",
            "privacy.aggregate",
            "has no effect",
        ),
        (
            "k = 5\nrecoding = \"lokal\"",
            "privacy.recoding",
            "unknown variant `lokal`",
        ),
    ] {
        let shown = privacy(body).unwrap_err().to_string();
        assert!(
            shown.starts_with("profile, line ") && shown.contains(&format!("field {field}")),
            "{shown}"
        );
        assert!(shown.contains(message), "{shown}");
    }
}

#[test]
fn a_default_needs_effect_on_one_dataset_only() {
    let of = |defaults: &str, own: &str, other: &str| {
        Profile::parse(&format!(
            "version = 1\n[privacy]\nk = 5\n{defaults}\n[datasets.a.privacy]\n{own}\n[datasets.b.privacy]\n{other}\n"
        ))
    };
    let (local, precision) = ("recoding = \"local\"", "metric = \"precision\"");
    of(precision, local, "").unwrap();
    of(local, precision, "recoding = \"global\"").unwrap_err();
    of(local, "recoding = \"global\"\nmetric = \"precision\"", "").unwrap();
    let idle = of(precision, local, local).unwrap_err().to_string();
    assert!(
        idle.contains("line 4, column 10, field privacy.metric: has no effect"),
        "{idle}"
    );
    let overridden = of(precision, precision, precision).unwrap_err().to_string();
    assert!(
        overridden.contains("field privacy.metric: has no effect: every data set sets its own"),
        "{overridden}"
    );
    let own = of("", &format!("{local}\n{precision}"), "")
        .unwrap_err()
        .to_string();
    assert!(own.contains("field datasets.a.privacy.metric"), "{own}");
    let two = of(
        "risk = { marketer = 0.1 }\npopulation = \"p\"",
        "risk = { prosecutor_highest = 0.5 }",
        "",
    )
    .unwrap();
    assert_eq!(
        two.dataset("a").unwrap().privacy().risk.marketer,
        None,
        "risk is overridden as a whole"
    );
    assert_eq!(two.dataset("b").unwrap().privacy().risk.marketer, Some(0.1));
}
