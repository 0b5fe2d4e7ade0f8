//! The engine on an agency's own premises: files in, files out, no server and no network.

mod browser;

use std::path::Path;
use std::process::{Command, Output};

use sandyq_tests::{repository, site::program};
use serde_json::Value;
use tempfile::TempDir;

use self::browser::Page;
use crate::bad_input::deadly;

fn sandyq(arguments: &[&str]) -> Output {
    Command::new(program())
        .args(["--output", "json"])
        .args(arguments)
        .env_remove("SANDYQ_OUTPUT")
        .output()
        .unwrap()
}

/// Runs a command that must end with this code; returns what it printed and what it said.
fn ends(code: i32, arguments: &[&str]) -> (String, String) {
    let out = sandyq(arguments);
    let (printed, said) = (
        String::from_utf8(out.stdout).unwrap(),
        String::from_utf8(out.stderr).unwrap(),
    );
    assert_eq!(
        out.status.code(),
        Some(code),
        "{arguments:?}: {printed}{said}"
    );
    (printed, said)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Adult, depersonalized with its report.
struct Released {
    folder: TempDir,
}

impl Released {
    fn adult() -> Self {
        let released = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let adult = repository().join("examples/adult");
        ends(
            0,
            &[
                "anonymize",
                text(&adult.join("adult.csv")),
                "--profile",
                text(&adult.join("case-b.toml")),
                "--out",
                text(&released.path("release.csv")),
                "--report",
                text(&released.path("report.html")),
                "--report-json",
                text(&released.path("report.json")),
                "--target",
                "salary-class",
            ],
        );
        released
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn measure(&self, file: &str, code: i32) -> (String, String) {
        let adult = repository().join("examples/adult");
        let original = adult.join("adult.csv");
        ends(
            code,
            &[
                "measure",
                text(&self.path(file)),
                "--profile",
                text(&adult.join("case-b.toml")),
                "--original",
                text(&original),
            ],
        )
    }
}

#[test]
fn what_was_made_measures_as_it_was_reported() {
    let released = Released::adult();
    let (printed, _) = released.measure("release.csv", 0);
    let measured: Value = serde_json::from_str(&printed).unwrap();
    let report = std::fs::read(released.path("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    // ARX's score of this case, which is the optimum.
    let score = measured["utility"]["geometric_loss"].as_f64().unwrap();
    assert!((score - 0.170_123).abs() < 1e-6, "{score}");
    let reported = report["loss"]["geometric"].as_f64().unwrap();
    assert!((score - reported).abs() < 1e-9, "{score} and {reported}");
}

#[test]
fn a_release_with_one_row_of_its_own_fails_its_measurement() {
    let released = Released::adult();
    let release = std::fs::read_to_string(released.path("release.csv")).unwrap();
    let mut lines: Vec<String> = release.lines().map(str::to_owned).collect();
    // The first row takes the sex of nobody else in its class, and stands alone.
    let row = lines.iter().position(|line| line.contains("Male")).unwrap();
    let alone = lines[row]
        .replacen("Female", "*", 1)
        .replacen("Male", "*", 1);
    lines[row] = alone;
    std::fs::write(released.path("spoilt.csv"), lines.join("\n") + "\n").unwrap();
    let (_, said) = released.measure("spoilt.csv", 7);
    assert!(said.contains("k"), "{said}");
}

#[test]
fn the_report_shows_all_of_itself_without_a_network() {
    let released = Released::adult();
    let page = Page::open(&released.path("report.html"));
    assert!(page.pictures > 10, "{page:?}");
    assert_eq!(page.empty_pictures, 0, "{page:?}");
    assert_eq!(page.requests, 0, "{page:?}");
    assert!(page.wider_than_the_window <= 0, "{page:?}");
    assert!(page.characters > 3000, "{page:?}");
    // A lawyer prints it: a few pages, not one and not fifty.
    let printed = browser::print(&released.path("report.html"));
    assert!((2..=30).contains(&printed), "{printed} pages");
}

#[test]
fn a_hierarchy_built_by_a_command_serves_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let people: String = (0..60)
        .map(|n| format!("{};x{}\n", 20 + n % 30, n % 7))
        .collect();
    std::fs::write(path("people.csv"), format!("age;illness\n{people}")).unwrap();
    std::fs::create_dir(path("hierarchies")).unwrap();
    let build = |out: &Path| {
        ends(
            0,
            &[
                "hierarchy",
                "build",
                "intervals",
                "--widths",
                "5,10",
                "--input",
                text(&path("people.csv")),
                "--column",
                "age",
                "--out",
                text(out),
            ],
        )
    };
    build(&path("hierarchies/age.csv"));
    let profile = "version = 1\n[privacy]\nk = 10\n[datasets.people.columns.age]\nrole = \"quasi\"\nhierarchy = \"age\"\n\
                   [datasets.people.columns.illness]\nrole = \"sensitive\"\n";
    std::fs::write(path("profile.toml"), profile).unwrap();
    let anonymize = |input: &str| {
        sandyq(&[
            "anonymize",
            text(&path(input)),
            "--profile",
            text(&path("profile.toml")),
            "--dataset",
            "people",
            "--out",
            text(&path("release.csv")),
        ])
    };
    let out = anonymize("people.csv");
    assert!(out.status.success(), "{out:?}");
    let release = std::fs::read_to_string(path("release.csv")).unwrap();
    assert!(release.contains("[20-25["), "{release}");
    // An age that the hierarchy lacks: nothing is made, and the value is named.
    std::fs::remove_file(path("release.csv")).unwrap();
    std::fs::write(path("older.csv"), format!("age;illness\n{people}77;x1\n")).unwrap();
    let out = anonymize("older.csv");
    assert_eq!(out.status.code(), Some(2), "{out:?}");
    assert!(
        String::from_utf8_lossy(&out.stderr).contains("77"),
        "{out:?}"
    );
    assert!(!path("release.csv").exists());
}

#[test]
fn a_file_that_kills_its_decoder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("deadly.parquet"), deadly(&["--own"])).unwrap();
    let profile = "version = 1\n[privacy]\nk = 2\n[datasets.deadly.columns.text]\nrole = \"quasi\"\ntransform = \"keep\"\n";
    std::fs::write(path("profile.toml"), profile).unwrap();
    let (input, profile, out) = (
        path("deadly.parquet"),
        path("profile.toml"),
        path("release.csv"),
    );
    let (input, profile) = (text(&input), text(&profile));
    for command in [
        &[
            "anonymize",
            input,
            "--profile",
            profile,
            "--out",
            text(&out),
        ][..],
        &["measure", input, "--profile", profile],
    ] {
        let (_, said) = ends(2, command);
        assert!(
            said.contains("deadly.parquet") && said.contains("the decoder gave up on it"),
            "{said}"
        );
    }
    assert!(!out.exists());
}
