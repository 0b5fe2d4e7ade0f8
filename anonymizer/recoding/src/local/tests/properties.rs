//! What holds for every table and every model.

use proptest::prelude::*;

use super::oracle;
use super::*;
use crate::models::ModelError;

/// The models that fit the table: small tables do not have the values that every model asks for.
fn fitting(problem: &Problem, models: Vec<Model>) -> Vec<Model> {
    let fits = |model: &Model| -> Result<Models, ModelError> { Models::new(&[*model], problem) };
    models
        .into_iter()
        .filter(|model| fits(model).is_ok())
        .collect()
}

/// Whether the most general classes fail already.
fn hopeless(problem: &Problem, models: &[Model]) -> bool {
    let groups = oracle::groups(problem);
    !models
        .iter()
        .all(|model| oracle::holds(problem, *model, &groups))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(debug_assertions) { 200 } else { 1500 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_result_meets_all_models(
        problem in tables::problem(),
        models in prop::collection::vec(tables::model(), 1..=3),
        limit in prop_oneof![Just(0_u64), 0_u64..8],
    ) {
        let models = fitting(&problem, models);
        let fast = run(&problem, &models, &options(Mode::Fast, limit));
        let thorough = run(&problem, &models, &Options { effort: 0.1, ..options(Mode::Thorough, limit) });
        match (fast, thorough) {
            (Ok(fast), Ok(thorough)) => {
                oracle::check(&problem, &models, limit, &fast);
                oracle::check(&problem, &models, limit, &thorough);
                prop_assert!(thorough.arithmetic <= fast.arithmetic + 1e-6);
                // Where two classes that pass may fail together, parts of a class that fails may pass.
                let joinable = models.iter().all(|model| model.monotony() > Monotony::None);
                if limit == 0 && joinable {
                    prop_assert!(!hopeless(&problem, &models));
                }
            }
            (Err(Failure::Unreachable { needed, rows, .. }), Err(_)) => {
                prop_assert!(hopeless(&problem, &models));
                prop_assert!(needed > limit || needed == rows);
            }
            (fast, thorough) => prop_assert!(false, "{fast:?} but {thorough:?}"),
        }
    }

    #[test]
    fn small_tables_lose_no_more_than_any_global_recoding(
        problem in tables::problem(),
        k in 1_u64..6,
    ) {
        let models = [Model::KAnonymity { k }];
        if let Some(global) = oracle::best_global(&problem, &models) {
            let local = run(&problem, &models, &Options { effort: 0.1, ..options(Mode::Thorough, 0) }).unwrap();
            prop_assert!(local.arithmetic <= global + 1e-6, "{} > {global}", local.arithmetic);
        }
    }
}
