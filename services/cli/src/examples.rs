//! Examples in helps, written so that they can be copied: a line that a terminal would wrap ends with a backslash instead.

/// Columns that every terminal has.
const WIDTH: usize = 80;

/// Before what goes on from the line above.
const INDENT: &str = "      ";

/// The command and all below it, with examples that can be copied.
pub fn copyable(command: clap::Command) -> clap::Command {
    let help = command
        .get_after_help()
        .map(|help| broken(&help.to_string()));
    let command = match help {
        Some(help) => command.after_help(help),
        None => command,
    };
    command.mut_subcommands(copyable)
}

fn broken(help: &str) -> String {
    let mut lines = Vec::new();
    let mut goes_on = false;
    for line in help.lines() {
        let begins = line.trim_start().starts_with("sandyq ") || line.contains(" | sandyq ");
        let is_example = goes_on || begins;
        goes_on = is_example && line.ends_with(" \\");
        let units = units(line.strip_suffix(" \\").unwrap_or(line).trim());
        if is_example && line.chars().count() > WIDTH && !units.iter().any(String::is_empty) {
            let start = line.len() - line.trim_start().len();
            let indent = line.get(..start).unwrap_or_default();
            lines.extend(filled(indent, &units, goes_on));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

/// The parts of an example that stay on one line: words, and options with what is given to them. An empty one tells that a remark follows.
fn units(example: &str) -> Vec<String> {
    let mut quote = None;
    let mut words = vec![String::new()];
    for c in example.chars() {
        match (c, quote) {
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (' ', None) => {
                words.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
        }
    }
    let mut units: Vec<String> = Vec::new();
    for word in words {
        match units.last_mut() {
            Some(unit)
                if unit.starts_with("--") && !unit.contains(' ') && !word.starts_with('-') =>
            {
                unit.push(' ');
                unit.push_str(&word);
            }
            _ => units.push(word),
        }
    }
    units
}

fn filled(indent: &str, units: &[String], goes_on: bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for unit in units {
        // Two columns are for the backslash.
        if !line.is_empty() && line.chars().count() + 1 + unit.chars().count() > WIDTH - 2 {
            lines.push(format!("{line} \\"));
            line = format!("{INDENT}{unit}");
        } else if line.is_empty() {
            line = format!("{indent}{unit}");
        } else {
            line.push(' ');
            line.push_str(unit);
        }
    }
    if goes_on {
        line.push_str(" \\");
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn a_long_example_is_broken_between_its_options() {
        let help = "Example:\n  sandyq grant request --version adult/v1 --sandbox lab --purpose research.income --term 30d \\\n      \
                    --justification 'income model --for the regional study'";
        let expected = "Example:\n  sandyq grant request --version adult/v1 --sandbox lab \\\n      --purpose research.income --term 30d \
                        \\\n      --justification 'income model --for the regional study'";
        assert_eq!(broken(help), expected);
        assert_eq!(broken(expected), expected);
        let prose = "A sentence that is longer than a line of a terminal is wrapped by whoever shows it, as sentences are.";
        assert_eq!(broken(prose), prose);
    }

    /// No example is wrapped without a backslash at the width that helps have.
    #[test]
    fn every_example_can_be_copied() {
        fn walk(command: &clap::Command, path: &str) {
            let help = command.get_after_help().map(ToString::to_string);
            for line in help.unwrap_or_default().lines() {
                let is_example = line.starts_with("  ");
                assert!(!is_example || line.chars().count() <= 100, "{path}: {line}");
            }
            for inner in command.get_subcommands() {
                walk(inner, &format!("{path} {}", inner.get_name()));
            }
        }
        walk(&copyable(crate::Arguments::command()), "sandyq");
    }
}
