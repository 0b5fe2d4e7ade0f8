//! Identities on this machine.

use clap::Subcommand;
use serde_json::json;

use crate::Session;
use crate::errors::Result;
use crate::output::new_table;

/// `sandyq context`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the identities on this machine.
    #[command(after_help = "Example:\n  sandyq context list")]
    List,
    /// Choose the identity that is used without --context.
    #[command(after_help = "Example:\n  sandyq context use agency")]
    Use {
        /// Its name.
        name: String,
    },
}

/// Does it.
pub fn run(command: &Command, session: &Session) -> Result<()> {
    match command {
        Command::List => list(session),
        Command::Use { name } => {
            let context = session.home.context(Some(name))?;
            session.home.choose(&context)?;
            session
                .printer
                .remark(&format!("Commands now use context {name}."));
            Ok(())
        }
    }
}

fn list(session: &Session) -> Result<()> {
    let chosen = session.home.chosen();
    let mut table = new_table(&["", "NAME", "USER", "SERVER"].map(ToOwned::to_owned));
    let mut values = Vec::new();
    for context in session.home.list()? {
        let settings = context.settings()?;
        let mark = if context.name == chosen { "*" } else { "" };
        table.add_row([mark, &context.name, &settings.user, &settings.server]);
        values.push(json!({
            "name": context.name, "user": settings.user, "server": settings.server, "chosen": context.name == chosen,
        }));
    }
    session.printer.value(&json!(values), &table.trim_fmt())
}
