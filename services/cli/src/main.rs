//! `sandyq`: one program for operators, agencies, developers and auditors.

mod client;
mod commands;
mod context;
mod errors;
mod examples;
mod output;
mod parse;
mod transfer;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, FromArgMatches as _, Parser};

use crate::client::Client;
use crate::commands::Command;
use crate::context::{Context, Home};
use crate::errors::{Exit, Failure, Result};
use crate::output::{Format, Printer, note};

/// Uploads take and leave buffers of a megabyte at every step; this allocator keeps them instead of having the system
/// clear fresh pages each time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  the command line, a file that it names or a value in the request is wrong
  3  not found, or not permitted (the platform does not tell which), or not identified
  4  wrong state, conflict, or a quota is used up
  5  the server cannot be reached; try again
  6  the job ended without success
  7  a hash, a signature, a proof or a required privacy model does not hold

Names may be short where the kind is clear: `adult/v1` for `libraries/adult/versions/v1`.
Sizes are written 512MiB, spans of time 90s, 10m, 2h or 30d.";

/// A national AI platform: data libraries go in, depersonalized versions are granted, containers train on them, results leave
/// through review.
#[derive(Debug, Parser)]
#[command(name = "sandyq", version, after_long_help = EXIT_CODES, arg_required_else_help = true, max_term_width = 110)]
struct Arguments {
    /// The identity to use (see `sandyq context list`).
    #[arg(
        id = "global.context",
        long = "context",
        global = true,
        env = "SANDYQ_CONTEXT",
        value_name = "NAME",
        help_heading = "Global options"
    )]
    context: Option<String>,
    /// The folder of all contexts [default: ~/.config/sandyq].
    #[arg(
        id = "global.home",
        long = "home",
        global = true,
        env = "SANDYQ_HOME",
        value_name = "DIR",
        help_heading = "Global options"
    )]
    home: Option<PathBuf>,
    /// The form of the results.
    #[arg(
        id = "global.output",
        long = "output",
        short = 'o',
        global = true,
        value_enum,
        default_value_t,
        env = "SANDYQ_OUTPUT",
        value_name = "FORMAT",
        help_heading = "Global options"
    )]
    output: Format,
    /// How long to go on trying when the server cannot be reached [default: 5s; transfers and streams 2m].
    #[arg(
        id = "global.retry-for",
        long = "retry-for",
        global = true,
        value_parser = parse::duration,
        value_name = "DURATION",
        help_heading = "Global options"
    )]
    retry_for: Option<Duration>,
    #[command(subcommand)]
    command: Command,
}

/// What every command has at hand.
#[derive(Debug)]
struct Session {
    home: Home,
    context: Context,
    printer: Printer,
    patience: Option<Duration>,
}

impl Session {
    fn new(arguments: &Arguments) -> Result<Self> {
        let home = Home::new(arguments.home.clone())?;
        let context = home.context(arguments.context.as_deref())?;
        Ok(Self {
            home,
            context,
            printer: Printer::new(arguments.output)?,
            patience: arguments.retry_for,
        })
    }

    /// The connection of the chosen context.
    fn client(&self) -> Result<Client> {
        Client::new(&self.context, self.patience)
    }
}

/// The command line; ends the program where it is wrong, or asks for help.
fn arguments() -> Arguments {
    let read = examples::copyable(Arguments::command())
        .try_get_matches()
        .and_then(|matches| {
            Arguments::from_arg_matches(&matches)
                .map_err(|error| error.format(&mut Arguments::command()))
        });
    read.unwrap_or_else(|mut error| {
        without_globals(&mut error);
        error.exit()
    })
}

/// Takes the global options out of a usage line: it lists them as if they were required as soon as one is given, even by the
/// environment.
fn without_globals(error: &mut clap::Error) {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return;
    };
    let mut usage = usage.to_string();
    for option in [
        "--context <NAME>",
        "--home <DIR>",
        "--output <FORMAT>",
        "--retry-for <DURATION>",
    ] {
        usage = usage.replace(&format!(" {option}"), "");
    }
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage.into()));
}

fn main() -> ExitCode {
    let arguments = arguments();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            note(&format!("error: {failure}"));
            ExitCode::from(failure.exit as u8)
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    // Work on this machine needs no context and no runtime, and should begin at once.
    if let Command::Anonymize(command) = &arguments.command {
        return commands::anonymize::run(command, arguments.output);
    }
    if let Command::Classify(command) = &arguments.command {
        return commands::classify::run(command, arguments.output);
    }
    if let Command::Detect(command) = &arguments.command {
        return commands::detect::run(command, arguments.output);
    }
    if let Command::Mask(command) = &arguments.command {
        return commands::mask::run(command, arguments.output);
    }
    if let Command::DecodeParquet(command) = &arguments.command {
        return commands::decode::run(command);
    }
    let session = Session::new(&arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::general(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(commands::run(arguments.command, &session));
    // A thread that still reads a file or waits for a terminal must not keep the program.
    runtime.shutdown_timeout(Duration::from_millis(200));
    outcome
}

/// Ends the program's work at Ctrl-C, telling how to go on.
async fn or_interrupted<T>(work: impl Future<Output = Result<T>>, advice: &str) -> Result<T> {
    tokio::select! {
        outcome = work => outcome,
        _ = tokio::signal::ctrl_c() => Err(Failure::new(Exit::Interrupted, format!("interrupted\n  {advice}"))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_help() {
        fn walk(command: &clap::Command, path: &str) {
            assert!(command.get_about().is_some(), "{path} has no help");
            for argument in command.get_arguments() {
                assert!(
                    argument.get_help().is_some(),
                    "{path} {} has no help",
                    argument.get_id()
                );
            }
            for inner in command.get_subcommands() {
                walk(inner, &format!("{path} {}", inner.get_name()));
            }
            if command.get_subcommands().next().is_none() {
                assert!(command.get_after_help().is_some(), "{path} has no example");
            }
        }
        walk(&Arguments::command(), "sandyq");
    }

    #[test]
    fn usage_lines_ask_for_no_global_option() {
        let line = "sandyq --home /h --retry-for 1s grant approve g1 --context c -o json --wrong";
        let mut error = Arguments::try_parse_from(line.split_whitespace()).unwrap_err();
        assert!(error.to_string().contains("--context <NAME>"), "{error}");
        without_globals(&mut error);
        let said = error.to_string();
        assert!(said.contains("Usage: sandyq grant approve"), "{said}");
        for option in ["--home <", "--context <", "--output <", "--retry-for <"] {
            assert!(!said.contains(option), "{said}");
        }
    }

    /// A global option and an argument of a command with the same identifier would be taken for one another.
    #[test]
    fn no_command_reuses_the_name_of_a_global_option() {
        fn walk(command: &clap::Command, path: &str) {
            for argument in command
                .get_arguments()
                .filter(|argument| !argument.is_global_set())
            {
                assert!(
                    !argument.get_id().as_str().starts_with("global."),
                    "{path} {}",
                    argument.get_id()
                );
            }
            for inner in command.get_subcommands() {
                walk(inner, &format!("{path} {}", inner.get_name()));
            }
        }
        let root = Arguments::command();
        assert_eq!(
            root.get_arguments()
                .filter(|a| a.get_id().as_str().starts_with("global."))
                .count(),
            4
        );
        walk(&root, "sandyq");
        for line in [
            "sandyq output show o1",
            "sandyq -o json output download o1 --to x",
            "sandyq context use a",
        ] {
            Arguments::try_parse_from(line.split_whitespace()).unwrap();
        }
    }

    #[test]
    fn a_job_is_read_as_a_person_writes_it() {
        let line = "sandyq job run --sandbox s --image 00 --version adult/v1 --purpose research --cpus 2 --memory 1GiB \
                    --wall-clock 10m --output-bytes 64MiB --env SEED=1 --follow -- /usr/bin/python3 -c print(1) --flag";
        let arguments = Arguments::try_parse_from(line.split_whitespace()).unwrap();
        let Command::Job(commands::job::Command::Run(run)) = arguments.command else {
            panic!("not a job")
        };
        assert_eq!(
            run.command,
            ["/usr/bin/python3", "-c", "print(1)", "--flag"]
        );
        assert_eq!(run.sandbox, "sandboxes/s");
        assert_eq!(run.workload.versions, ["libraries/adult/versions/v1"]);
    }
}
