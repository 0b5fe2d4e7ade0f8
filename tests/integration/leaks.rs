//! What an invented registry says of people, looked for in everything that is made of it but the data itself: tables of columns,
//! drafts, plans, reports, messages, logs, records, the audit log.
//!
//! Every value that identifies a person alone is looked for, of every column that is labelled so and of every place in every text, as
//! words in their order, in any case and with any signs between. What is meant to hold data is left out, and named where it is: files
//! of spans hold offsets and are looked at; masked and redacted texts hold what no recognizer found, which is measured
//! elsewhere.

mod platform;
mod premises;
mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use sandyq_tests::site::program;
use tempfile::TempDir;

use self::truth::Truth;

/// A registry, and what was made of it, by name.
struct Made {
    folder: TempDir,
    truth: Truth,
    artefacts: BTreeMap<String, String>,
}

impl Made {
    pub fn registry() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = folder.path().join("registry");
        let out = registry.to_str().unwrap();
        let made =
            sandyq_tests::site::run(&["synth", "--rows", "300", "--seed", "11", "--out", out]);
        assert!(made.contains("citizens"), "{made}");
        let truth = Truth::of(&registry);
        assert!(truth.count() > 3_000, "{} values", truth.count());
        Self {
            folder,
            truth,
            artefacts: BTreeMap::new(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Keeps something that was made.
    pub fn keep(&mut self, name: &str, text: String) {
        self.artefacts.insert(name.to_owned(), text);
    }

    /// Runs the program in the folder, and keeps all that it said; whether it ended well.
    pub fn run(&mut self, arguments: &str, files: &[&str]) -> bool {
        let out = Command::new(program())
            .args(arguments.split(' '))
            .current_dir(self.folder.path())
            .env_remove("SANDYQ_OUTPUT")
            .output()
            .unwrap();
        let said = String::from_utf8(out.stderr).unwrap();
        let printed = String::from_utf8(out.stdout).unwrap();
        assert!(
            !(said.is_empty() && printed.is_empty()) || out.status.success(),
            "{arguments} said nothing"
        );
        self.keep(arguments, format!("{printed}\n{said}"));
        for file in files {
            if let Ok(bytes) = fs::read(self.path(file)) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                self.keep(&format!("{file} of {arguments}"), text);
            }
        }
        out.status.success()
    }

    /// Says where a value of somebody stands.
    pub fn check(&self) {
        let mut wrong = Vec::new();
        for (name, text) in &self.artefacts {
            let found = self.truth.found_in(text);
            if !found.is_empty() {
                let some: Vec<&String> = found.iter().take(8).collect();
                wrong.push(format!("{name}: {} values, such as {some:?}", found.len()));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
