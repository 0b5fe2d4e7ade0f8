//! Completions for shells.

use clap::CommandFactory as _;

use crate::errors::Result;

/// `sandyq completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  sandyq completions bash > /etc/bash_completion.d/sandyq")]
pub struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the completions.
pub fn run(command: &Completions) -> Result<()> {
    clap_complete::generate(
        command.shell,
        &mut crate::Arguments::command(),
        "sandyq",
        &mut std::io::stdout(),
    );
    Ok(())
}
