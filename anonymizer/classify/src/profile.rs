//! A draft of the profile, for the owner to edit.

use std::fmt::Write as _;

use hashbrown::HashSet;

use crate::report::{Classification, ColumnClass};

impl Classification {
    /// A profile in TOML that does what is suggested for each column. It parses, and runs without hierarchies from files. `dataset` is the name
    /// that the profile has for the data set.
    #[must_use]
    pub fn profile(&self, dataset: &str) -> String {
        draft([(dataset, self)])
    }

    fn write(&self, dataset: &str, text: &mut String) {
        if !self.header || self.personal_header {
            let _ = writeln!(
                text,
                "\n# Data set {} has no header, or one that names people. Write one, with the names below, before it is used with this profile.",
                quoted(dataset)
            );
        }
        let mut named = HashSet::new();
        for column in &self.columns {
            // A name that comes twice is refused at intake; the profile can have it once.
            if named.insert(column.name.as_str()) {
                column.write(dataset, text);
            } else {
                let _ = writeln!(
                    text,
                    "\n# Column {} has the name of another one; rename it.",
                    column.position
                );
            }
        }
    }
}

/// A profile of several data sets, as [`Classification::profile`].
#[must_use]
pub fn draft<'a>(datasets: impl IntoIterator<Item = (&'a str, &'a Classification)>) -> String {
    let mut text = String::from(HEAD);
    for (name, classification) in datasets {
        classification.write(name, &mut text);
    }
    text
}

const HEAD: &str = "\
# Draft: what was found in each column, and what may be done with it. Read it, edit it, approve it.
version = 1

[privacy]
k = 5
suppression_limit = 0.05
";

impl ColumnClass {
    fn write(&self, dataset: &str, text: &mut String) {
        let suggestion = &self.suggestion;
        let _ = writeln!(
            text,
            "\n# {}, confidence {:.2}: {}",
            self.semantic,
            self.confidence,
            self.evidence.join("; ")
        );
        if self.mixed {
            let _ = writeln!(
                text,
                "# The column is mixed: clean it, or let it be dropped."
            );
        }
        let _ = writeln!(
            text,
            "[datasets.{}.columns.{}]",
            quoted(dataset),
            quoted(&self.name)
        );
        let _ = writeln!(text, "role = \"{}\"", suggestion.role);
        let _ = writeln!(text, "transform = \"{}\"", suggestion.transform);
        if let Some(domain) = &suggestion.domain {
            let _ = writeln!(text, "domain = {}", quoted(domain));
        }
        if let Some(build) = &suggestion.build {
            let _ = writeln!(text, "build = {build}\nunknown = \"suppress\"");
        }
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
