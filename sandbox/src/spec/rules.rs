//! The rule for each field of a raw job.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::path::{Component, Path};

use super::{Input, Model, Serve, Terminal, Violation};

/// `ARG_MAX` on Linux is at least this; one argument may have 128 KiB.
const MOST_ARGUMENT_BYTES: usize = 128 << 10;
const MOST_VARIABLES: usize = 256;
const MOST_VALUE_BYTES: usize = 32 << 10;
const MOST_INPUTS: usize = 1024;
/// Files of released outputs that a job serves at most.
pub const MOST_MODELS: usize = 256;
const MOST_PATH_BYTES: usize = 1024;
/// Ports below are root's.
const LEAST_PORT: u16 = 1024;

/// Variables that steer the loader, the shell or an interpreter before the
/// command's own first instruction, or that the platform sets itself.
const RESERVED: [&str; 25] = [
    "BASH_ENV",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "HOME",
    "HOSTALIASES",
    "HOSTNAME",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "LOCPATH",
    "NLSPATH",
    "NODE_OPTIONS",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PYTHONHOME",
    "PYTHONINSPECT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RESOLV_HOST_CONF",
    "RUBYLIB",
    "RUBYOPT",
    "SHELLOPTS",
    "TMPDIR",
    "_JAVA_OPTIONS",
];
const RESERVED_PREFIXES: [&str; 5] = ["LD_", "DYLD_", "DOCKER_", "SANDYQ_", "BASH_FUNC_"];

/// Places of the host that hold sockets, devices, secrets or other containers,
/// so that no mistake of a caller can mount one.
const FORBIDDEN_PLACES: [&str; 9] = [
    "/boot",
    "/dev",
    "/etc",
    "/proc",
    "/run",
    "/sys",
    "/var/lib/containerd",
    "/var/lib/docker",
    "/var/run",
];

/// Collects violations.
#[derive(Default)]
pub(super) struct Findings(Vec<Violation>);

impl Findings {
    pub(super) fn add(&mut self, field: impl Into<String>, reason: impl Into<String>) {
        self.0.push(Violation {
            field: field.into(),
            reason: reason.into(),
        });
    }

    pub(super) fn take<T, E: Display>(&mut self, field: &str, value: Result<T, E>) -> Option<T> {
        value
            .map_err(|error| self.add(field, error.to_string()))
            .ok()
    }

    pub(super) fn into_violations(self) -> Vec<Violation> {
        self.0
    }
}

pub(super) fn command(found: &mut Findings, command: &[String]) {
    let bytes: usize = command.iter().map(|argument| argument.len() + 1).sum();
    if command.first().is_none_or(String::is_empty) {
        found.add("command", "is empty; give the program and its arguments");
    } else if command.iter().any(|argument| argument.contains('\0')) {
        found.add("command", "contains a NUL character");
    } else if bytes > MOST_ARGUMENT_BYTES {
        found.add(
            "command",
            format!("has {bytes} bytes; at most {MOST_ARGUMENT_BYTES}"),
        );
    }
}

pub(super) fn environment(found: &mut Findings, environment: &BTreeMap<String, String>) {
    if environment.len() > MOST_VARIABLES {
        found.add(
            "environment",
            format!(
                "has {} variables; at most {MOST_VARIABLES}",
                environment.len()
            ),
        );
        return;
    }
    for (name, value) in environment {
        if let Some(reason) = variable_fault(name, value) {
            found.add(format!("environment[{name:?}]"), reason);
        }
    }
}

fn variable_fault(name: &str, value: &str) -> Option<String> {
    let upper = name.to_ascii_uppercase();
    if !is_variable_name(name) {
        Some("a name has letters, digits and `_`, and does not start with a digit".to_owned())
    } else if RESERVED.contains(&upper.as_str())
        || RESERVED_PREFIXES
            .iter()
            .any(|prefix| upper.starts_with(prefix))
    {
        Some(
            "is reserved: it steers the loader or an interpreter, or the platform sets it"
                .to_owned(),
        )
    } else if value.contains('\0') {
        Some("the value contains a NUL character".to_owned())
    } else if value.len() > MOST_VALUE_BYTES {
        Some(format!(
            "the value has {} bytes; at most {MOST_VALUE_BYTES}",
            value.len()
        ))
    } else {
        None
    }
}

fn is_variable_name(name: &str) -> bool {
    let starts_well = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    starts_well && name.len() <= 128 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

pub(super) fn inputs(found: &mut Findings, inputs: &[Input]) {
    if inputs.len() > MOST_INPUTS {
        found.add(
            "inputs",
            format!("has {} datasets; at most {MOST_INPUTS}", inputs.len()),
        );
        return;
    }
    let mut targets = BTreeSet::new();
    for (index, input) in inputs.iter().enumerate() {
        host_path(
            found,
            &format!("inputs[{index}].host_path"),
            &input.host_path,
        );
        for (field, name) in [("library", &input.library), ("dataset", &input.dataset)] {
            mount_name(found, format!("inputs[{index}].{field}"), name);
        }
        if !targets.insert(input.target()) {
            found.add(
                format!("inputs[{index}]"),
                format!("{} is mounted twice", input.target()),
            );
        }
    }
}

fn mount_name(found: &mut Findings, field: String, name: &str) {
    if !is_mount_name(name) {
        let reason = format!(
            "{name:?} is not 1 to 63 of A-Z a-z 0-9 . _ -, starting with a letter or digit"
        );
        found.add(field, reason);
    }
}

fn is_mount_name(name: &str) -> bool {
    let starts_well = name
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphanumeric());
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    starts_well && name.len() <= 63 && name.bytes().all(is_plain)
}

pub(super) fn host_path(found: &mut Findings, field: &str, path: &Path) {
    if let Some(reason) = host_path_fault(path) {
        found.add(field, format!("{} {reason}", path.display()));
    }
}

fn host_path_fault(path: &Path) -> Option<&'static str> {
    let Some(text) = path.to_str() else {
        return Some("is not UTF-8");
    };
    let normal = path
        .components()
        .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    // `components` drops `.` and doubled slashes in silence, so the text is compared too.
    let rebuilt: std::path::PathBuf = path.components().collect();
    if !path.is_absolute() || path.parent().is_none() {
        Some("is not an absolute path below /")
    } else if text.chars().any(char::is_control) {
        Some("contains a control character")
    } else if !normal || rebuilt.as_os_str() != path.as_os_str() {
        Some("is not in its plain form (no `.`, `..`, `//` or trailing `/`)")
    } else if FORBIDDEN_PLACES.iter().any(|place| path.starts_with(place)) {
        Some("is a place of the system that is never mounted")
    } else {
        None
    }
}

pub(super) fn models(found: &mut Findings, models: &[Model], output: &Path) {
    if models.len() > MOST_MODELS {
        let reason = format!("has {} files; at most {MOST_MODELS}", models.len());
        return found.add("models", reason);
    }
    let mut targets = BTreeSet::new();
    for (index, model) in models.iter().enumerate() {
        let field = format!("models[{index}].host_path");
        host_path(found, &field, &model.host_path);
        if model.host_path.starts_with(output) {
            found.add(field, "lies inside the output volume");
        }
        mount_name(found, format!("models[{index}].output"), &model.output);
        if !is_plain_path(&model.path) {
            let reason = format!("{:?} is not plain names with `/` between them", model.path);
            found.add(format!("models[{index}].path"), reason);
        }
        if !targets.insert(model.target()) {
            let reason = format!("{} is mounted twice", model.target());
            found.add(format!("models[{index}]"), reason);
        }
    }
}

fn is_plain_path(path: &str) -> bool {
    let parts = Path::new(path).components();
    let rebuilt: std::path::PathBuf = parts.clone().collect();
    let mut chars = path.chars();
    path.len() <= MOST_PATH_BYTES
        && rebuilt.as_os_str() == path
        && parts.clone().next().is_some()
        && parts
            .into_iter()
            .all(|part| matches!(part, Component::Normal(_)))
        && !chars.any(|c| {
            c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
}

pub(super) fn serve(found: &mut Findings, serve: Option<&Serve>, output: &Path) {
    let Some(serve) = serve else { return };
    if serve.port < LEAST_PORT {
        let reason = format!(
            "{} is below {LEAST_PORT}, and the job is not root",
            serve.port
        );
        found.add("serve.port", reason);
    }
    host_path(found, "serve.host_path", &serve.host_path);
    if serve.host_path.starts_with(output) || output.starts_with(&serve.host_path) {
        found.add("serve.host_path", "lies in the output volume, or holds it");
    }
}

/// An input inside the output volume could be rewritten by the job.
pub(super) fn apart(found: &mut Findings, inputs: &[Input], output: &Path) {
    if host_path_fault(output).is_some() {
        return;
    }
    for (index, input) in inputs.iter().enumerate() {
        if input.host_path.starts_with(output) {
            found.add(
                format!("inputs[{index}].host_path"),
                "lies inside the output volume",
            );
        }
    }
}

/// A terminal is closed some time, and shows something.
pub(super) fn terminal(found: &mut Findings, terminal: Option<Terminal>) {
    let Some(terminal) = terminal else { return };
    if terminal.idle < std::time::Duration::from_secs(1) {
        found.add("terminal.idle", "must be at least one second");
    }
    if terminal.bytes_per_second == 0 {
        found.add("terminal.bytes_per_second", "must be above 0");
    }
}
