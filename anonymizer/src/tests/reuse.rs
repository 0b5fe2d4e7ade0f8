//! Saved plans on later versions of a table, populations, files of both kinds, and any number of threads.

use super::adult::{adult, adult_hierarchies};
use super::*;
use crate::{Error, OutputFormat, Release, Work};

fn case(name: &str) -> Profile {
    profile(&String::from_utf8(example(&format!("case-{name}.toml"))).unwrap())
}

/// The first rows of Adult, and some of its rows a second time: a later version of the same library.
fn later() -> Table {
    let text = String::from_utf8(example("adult.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let again = lines.iter().skip(1).step_by(7);
    let all: Vec<&str> = lines.iter().take(29_000).chain(again).copied().collect();
    table("adult", &all.join("\n"))
}

fn verified(work: &Work<'_>, plan: &Plan, format: OutputFormat) -> Result<Release<Vec<u8>>, Error> {
    let (key, cancel) = (key(), Cancel::new());
    let output = work.execute(plan, &key, &cancel, &mut |_| {})?;
    let bytes = match format {
        OutputFormat::Parquet => work.parquet(&output, &cancel)?,
        OutputFormat::Csv { delimiter } => {
            let mut bytes = Vec::new();
            output.write_csv(&mut bytes, delimiter, &cancel).unwrap();
            bytes
        }
    };
    work.verify(plan, &key, format, bytes, &mut |_| {})
}

#[test]
fn a_saved_plan_does_with_a_later_version_as_before() {
    let (table, later, hierarchies) = (adult(), later(), adult_hierarchies());
    for name in ["b", "c", "local"] {
        let profile = case(name);
        let dataset = profile.dataset("adult").unwrap();
        let mut dataset = dataset.clone();
        if name == "local" {
            dataset.privacy.recoding = crate::Recoding::LocalFast;
            dataset.privacy.suppression_limit = 0.05;
        }
        let work = Work::new(&table, &dataset, &hierarchies, None).unwrap();
        let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
        let saved: Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        let same = work.reuse(&saved, &Cancel::new(), &mut |_| {}).unwrap();
        if name != "local" {
            assert_eq!(same.suppressed, plan.suppressed, "{name}");
        }
        let next = Work::new(&later, &dataset, &hierarchies, None).unwrap();
        let again = next.reuse(&saved, &Cancel::new(), &mut |_| {}).unwrap();
        let levels = |plan: &Plan| {
            plan.columns
                .iter()
                .map(|column| column.level)
                .collect::<Vec<_>>()
        };
        if name != "local" {
            assert_eq!(levels(&again), levels(&plan));
        }
        let release = verified(&next, &again, OutputFormat::Parquet).unwrap();
        assert!(release.k() >= 5);
        let mut other = saved;
        other.profile_sha256.clear();
        let refused = next.reuse(&other, &Cancel::new(), &mut |_| {}).unwrap_err();
        assert!(refused.to_string().contains("another profile"), "{refused}");
    }
}

#[test]
fn a_csv_release_is_measured_like_a_parquet_one() {
    let (table, hierarchies, profile) = (adult(), adult_hierarchies(), case("c"));
    let work = Work::new(
        &table,
        profile.dataset("adult").unwrap(),
        &hierarchies,
        None,
    )
    .unwrap();
    let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
    let parquet = verified(&work, &plan, OutputFormat::Parquet).unwrap();
    let csv = verified(&work, &plan, OutputFormat::Csv { delimiter: b';' }).unwrap();
    assert_eq!(parquet.report().measured, csv.report().measured);
    let (bytes, _) = csv.into_parts();
    let at = bytes.len() - 3;
    let mut spoilt = bytes;
    spoilt[at] ^= 1;
    let refused = work.verify(
        &plan,
        &key(),
        OutputFormat::Csv { delimiter: b';' },
        spoilt,
        &mut |_| {},
    );
    assert!(matches!(refused, Err(Error::Verify(_))));
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (table, hierarchies) = (adult(), adult_hierarchies());
    let bytes = |threads: usize, name: &str| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let profile = case(name);
        pool.install(|| {
            let work = Work::new(
                &table,
                profile.dataset("adult").unwrap(),
                &hierarchies,
                None,
            )
            .unwrap();
            let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
            let release = verified(&work, &plan, OutputFormat::Parquet).unwrap();
            release.into_parts().0
        })
    };
    assert!(bytes(1, "cr") == bytes(3, "cr"));
}

#[test]
fn a_population_counts_where_the_table_is_too_small() {
    let text = "version = 1\nprivacy = { k_map = 3, population = \"all\" }\n[datasets.t.columns.q]\nrole = \"quasi\"\nhierarchy = \"q\"\n[datasets.t.columns.s]\nrole = \"sensitive\"\n";
    let profile = profile(text);
    let dataset = profile.dataset("t").unwrap();
    let hierarchies = hierarchies(&[("q", "a;ab;*\nb;ab;*\nc;c;*")]);
    let sample = table("t", "q,s\na,1\na,2\nc,3\n");
    let release = |people: &str| {
        let people = table("all", people);
        let work = Work::new(&sample, dataset, &hierarchies, Some(&people)).unwrap();
        let plan = work.plan(&Cancel::new(), &mut |_| {})?;
        verified(&work, &plan, OutputFormat::Parquet).unwrap();
        Ok::<_, PlanError>(plan.columns[0].level)
    };
    assert_eq!(release("q\na\na\na\nc\nc\nc\n").unwrap(), 0);
    assert_eq!(release("q\na\nb\na\nc\nc\nc\nx\n").unwrap(), 1);
    assert_eq!(release("q\na\na\nb\nc\nc\n").unwrap(), 2);
    let others = table("all", "q\na\na\na\nc\nc\nc\n");
    let mut local = dataset.clone();
    for recoding in [crate::Recoding::LocalFast, crate::Recoding::Local] {
        local.privacy.recoding = recoding;
        let work = Work::new(&sample, &local, &hierarchies, Some(&others)).unwrap();
        let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
        assert_eq!(plan.arithmetic_loss, 0.0);
        verified(&work, &plan, OutputFormat::Parquet).unwrap();
        let again = work.reuse(&plan, &Cancel::new(), &mut |_| {}).unwrap();
        assert_eq!((again.arithmetic_loss, again.classes), (0.0, 2));
        verified(&work, &again, OutputFormat::Parquet).unwrap();
        // Without the people who made its classes large enough the plan does not hold any more.
        let fewer = table("all", "q\na\na\nc\nc\n");
        let work = Work::new(&sample, &local, &hierarchies, Some(&fewer)).unwrap();
        let refused = work.reuse(&plan, &Cancel::new(), &mut |_| {}).unwrap_err();
        assert!(refused.to_string().contains("plan again"), "{refused}");
    }
    let alone = Work::new(&sample, dataset, &hierarchies, None).unwrap();
    let refused = alone.plan(&Cancel::new(), &mut |_| {}).unwrap_err();
    assert!(refused.to_string().contains("population"), "{refused}");
}
