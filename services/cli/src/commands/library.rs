//! Data libraries and their versions.

mod rule;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use sandyq_proto::v1::version::State;
use sandyq_proto::v1::{
    CreateLibraryRequest, GetClassificationRequest, GetLibraryRequest, GetVersionRequest, Library,
    ListLibrariesRequest, ListLibraryUsesRequest, ListVersionsRequest, RetireVersionRequest,
    RevealValuesRequest, UpdateLibraryRequest, Version, WatchVersionRequest,
};

use crate::client::{Client, LibraryServiceClient, PAGE, pages, request_id, rpc};
use crate::commands::detect::stream::Lines;
use crate::commands::push;
use crate::errors::{Failure, Result};
use crate::{Session, parse};

/// `sandyq library`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make an empty library.
    #[command(after_help = "Example:
  sandyq library create adult --name 'Census income' --purpose research --description 'Census of 1994' \\
      --basis law --basis-reference 'law on state statistics, article 8' --provenance-kind licensed
  sandyq library create clinic --purpose research.health --basis consent --basis-reference 'form No. 3' \\
      --consent-until 2027-12-31 --provenance-kind from-subjects --max-risk medium --min-k 5 --two-approvals true")]
    Create {
        /// Final part of its name: 1-63 of a-z, 0-9 and dash, beginning with a letter.
        id: String,
        #[command(flatten)]
        content: Content,
    },
    /// List libraries.
    #[command(after_help = "Example:\n  sandyq library list")]
    List,
    /// Show a library.
    #[command(after_help = "Example:\n  sandyq library show adult")]
    Show {
        /// Its name.
        #[arg(value_parser = parse::library)]
        library: String,
    },
    /// Change what a library says about itself; what is not given stays.
    #[command(
        after_help = "Example:\n  sandyq library update adult --purpose research --purpose education"
    )]
    Update {
        /// Its name.
        #[arg(value_parser = parse::library)]
        library: String,
        #[command(flatten)]
        content: Content,
    },
    /// List every job that uses or has used a library, with its system and output.
    #[command(after_help = "Example:\n  sandyq library uses adult")]
    Uses {
        /// The library.
        #[arg(value_parser = parse::library)]
        library: String,
    },
    /// Upload data sets as a new version.
    Push(push::Push),
    /// List the versions of a library.
    #[command(after_help = "Example:\n  sandyq library versions adult")]
    Versions {
        /// The library.
        #[arg(value_parser = parse::library)]
        library: String,
    },
    /// Show what was found in the columns of a version, with a draft of a profile.
    #[command(
        after_help = "Example:\n  sandyq library classification adult/v1 --profile profile.toml"
    )]
    Classification {
        /// The version.
        #[arg(value_parser = parse::version)]
        version: String,
        /// Write the draft, to be edited and sent with `sandyq depersonalize`.
        #[arg(long, value_name = "FILE")]
        profile: Option<PathBuf>,
    },
    /// Versions of a library.
    #[command(subcommand)]
    Version(VersionCommand),
}

/// What a library says about itself.
#[derive(Debug, Args)]
pub struct Content {
    /// What people call it.
    #[arg(long)]
    name: Option<String>,
    /// What is in it, for those who may ask for it.
    #[arg(long)]
    description: Option<String>,
    /// A purpose for which you lend it, such as research.health; may be given more than once.
    #[arg(long = "purpose", value_name = "PURPOSE")]
    purposes: Vec<String>,
    #[command(flatten)]
    declared: rule::Declared,
}

/// `sandyq library version`.
#[derive(Debug, Subcommand)]
pub enum VersionCommand {
    /// Show a version, its data sets and columns.
    #[command(after_help = "Example:\n  sandyq library version show adult/v1")]
    Show {
        /// Its name.
        #[arg(value_parser = parse::version)]
        version: String,
    },
    /// Print each change of a version's state until it rests.
    #[command(after_help = "Example:\n  sandyq library version watch adult/v1")]
    Watch {
        /// Its name.
        #[arg(value_parser = parse::version)]
        version: String,
    },
    /// End the use of a version: no new grants, no new jobs.
    #[command(
        after_help = "Example:\n  sandyq library version retire adult/v1 --reason 'superseded'"
    )]
    Retire {
        /// Its name.
        #[arg(value_parser = parse::version)]
        version: String,
        /// Why; kept in the log.
        #[arg(long)]
        reason: String,
    },
    /// Turn encrypted values of a published version back, to know whom a result is about.
    #[command(after_help = "Examples:
  sandyq library version reveal clinic/v1 values.txt --dataset visits --column iin --reason 'request 14-2/331'
  sandyq library version reveal clinic/v1 values.txt --dataset visits --column iin --sandbox risk --reason 'call patients in'

Only values that stand in the release are turned back, all or none. The log keeps who asked, why and for how many values.")]
    Reveal {
        /// Its name.
        #[arg(value_parser = parse::version)]
        version: String,
        /// The values, one a line, 1000 at most; `-` reads standard input.
        values: PathBuf,
        /// The data set.
        #[arg(long)]
        dataset: String,
        /// The column, which the profile encrypts.
        #[arg(long)]
        column: String,
        /// The sandbox whose jobs or outputs showed the values; each sees values of its own.
        #[arg(long, value_parser = parse::sandbox)]
        sandbox: Option<String>,
        /// Why; kept in the log.
        #[arg(long)]
        reason: String,
    },
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    match command {
        Command::Create { id, content } => {
            let mut library = Library {
                display_name: content.name.unwrap_or_else(|| id.clone()),
                description: content.description.unwrap_or_default(),
                purposes: content.purposes,
                ..Default::default()
            };
            content.declared.apply(&mut library);
            let request = CreateLibraryRequest {
                library_id: id,
                library: Some(library),
                request_id: request_id(),
            };
            show(
                session,
                rpc!(client, LibraryServiceClient, create_library, request)?.library,
            )
        }
        Command::List => {
            let all = pages(async |page_token| {
                let request = ListLibrariesRequest {
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, LibraryServiceClient, list_libraries, request)?;
                Ok((page.libraries, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
        Command::Show { library } => show(session, get(&client, library).await?),
        Command::Update { library, content } => update(&client, session, library, content).await,
        Command::Uses { library } => {
            let all = pages(async |page_token| {
                let request = ListLibraryUsesRequest {
                    parent: library.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, LibraryServiceClient, list_library_uses, request)?;
                Ok((page.uses, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
        Command::Push(command) => push::run(command, session).await,
        Command::Versions { library } => {
            let all = pages(async |page_token| {
                let request = ListVersionsRequest {
                    parent: library.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, LibraryServiceClient, list_versions, request)?;
                Ok((page.versions, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
        Command::Classification { version, profile } => {
            classification(&client, version, profile.as_deref(), session).await
        }
        Command::Version(command) => version(&client, command, session).await,
    }
}

async fn get(client: &Client, name: String) -> Result<Option<Library>> {
    Ok(rpc!(
        client,
        LibraryServiceClient,
        get_library,
        GetLibraryRequest { name }
    )?
    .library)
}

fn show(session: &Session, library: Option<Library>) -> Result<()> {
    session
        .printer
        .show(&library.ok_or_else(|| Failure::incomplete("library"))?)
}

/// Reads, changes and writes back with the etag that was read, so that another's change meanwhile is not overwritten.
async fn update(client: &Client, session: &Session, name: String, content: Content) -> Result<()> {
    let mut library = get(client, name)
        .await?
        .ok_or_else(|| Failure::incomplete("library"))?;
    library.display_name = content.name.unwrap_or(library.display_name);
    library.description = content.description.unwrap_or(library.description);
    if !content.purposes.is_empty() {
        library.purposes = content.purposes;
    }
    content.declared.apply(&mut library);
    let request = UpdateLibraryRequest {
        library: Some(library),
        request_id: request_id(),
    };
    show(
        session,
        rpc!(client, LibraryServiceClient, update_library, request)?.library,
    )
}

async fn classification(
    client: &Client,
    name: String,
    profile: Option<&Path>,
    session: &Session,
) -> Result<()> {
    let request = GetClassificationRequest { name };
    let found = rpc!(client, LibraryServiceClient, get_classification, request)?
        .classification
        .ok_or_else(|| Failure::incomplete("classification"))?;
    if let Some(path) = profile {
        fs::write(path, &found.draft_profile)
            .map_err(|error| Failure::file("write", path, &error))?;
    }
    if session.printer.is_json() {
        return session.printer.show(&found);
    }
    for dataset in &found.datasets {
        session
            .printer
            .lines(&format!("columns of {}:", dataset.dataset_id))?;
        session.printer.list(&dataset.columns)?;
        session.printer.lines("")?;
    }
    Ok(())
}

async fn version(client: &Client, command: VersionCommand, session: &Session) -> Result<()> {
    match command {
        VersionCommand::Show { version } => {
            show_version(session, &get_version(client, &version).await?)
        }
        VersionCommand::Watch { version } => {
            let on_change = |version: &Version, line: &str| session.printer.event(version, line);
            let last = watch(client, &version, on_change, |state| !in_motion(state)).await?;
            check(&last)
        }
        VersionCommand::Reveal {
            version,
            values,
            dataset,
            column,
            sandbox,
            reason,
        } => {
            let request = RevealValuesRequest {
                name: version,
                dataset_id: dataset,
                column,
                sandbox: sandbox.unwrap_or_default(),
                values: listed(&values, session)?,
                reason,
                request_id: request_id(),
            };
            let answer = rpc!(client, LibraryServiceClient, reveal_values, request)?;
            let lines = answer.values.join("\n");
            session
                .printer
                .value(&serde_json::json!({ "values": answer.values }), &lines)
        }
        VersionCommand::Retire { version, reason } => {
            let request = RetireVersionRequest {
                name: version,
                reason,
                request_id: request_id(),
            };
            let answer = rpc!(client, LibraryServiceClient, retire_version, request)?;
            show_version(
                session,
                &answer
                    .version
                    .ok_or_else(|| Failure::incomplete("version"))?,
            )
        }
    }
}

/// The lines of a file, which are few.
fn listed(path: &Path, session: &Session) -> Result<Vec<String>> {
    /// More than the platform takes in one call, so that it tells.
    const MOST: usize = 1001;
    let mut lines = Lines::open(path, session.printer.format())?;
    let mut values = Vec::new();
    while values.len() < MOST && lines.advance()? {
        values.push(lines.line()?.to_owned());
    }
    lines.finish();
    Ok(values)
}

/// Prints a version, and in the form for people the columns of its data sets too.
pub fn show_version(session: &Session, version: &Version) -> Result<()> {
    session.printer.show(version)?;
    if session.printer.is_json() {
        return Ok(());
    }
    for dataset in version
        .datasets
        .iter()
        .filter(|dataset| !dataset.columns.is_empty())
    {
        session
            .printer
            .lines(&format!("\ncolumns of {}:", dataset.dataset_id))?;
        session.printer.list(&dataset.columns)?;
    }
    Ok(())
}

/// Reads a version.
pub async fn get_version(client: &Client, name: &str) -> Result<Version> {
    let request = GetVersionRequest {
        name: name.to_owned(),
    };
    rpc!(client, LibraryServiceClient, get_version, request)?
        .version
        .ok_or_else(|| Failure::incomplete("version"))
}

/// Tells of each change of a version's state until `is_end`.
pub async fn watch(
    client: &Client,
    name: &str,
    on_change: impl Fn(&Version, &str) -> Result<()>,
    is_end: impl Fn(State) -> bool,
) -> Result<Version> {
    let mut shown = None;
    let open = async || {
        let request = WatchVersionRequest {
            name: name.to_owned(),
        };
        LibraryServiceClient::new(client.channel())
            .watch_version(request)
            .await
    };
    client
        .follow(open, |message| {
            let version = message
                .version
                .ok_or_else(|| Failure::incomplete("version"))?;
            let state = version.state();
            if shown != Some(state) {
                shown = Some(state);
                let state = state.as_str_name().trim_start_matches("STATE_");
                on_change(&version, &format!("{} is {state}", version.name))?;
            }
            Ok(if is_end(state) {
                ControlFlow::Break(version)
            } else {
                ControlFlow::Continue(())
            })
        })
        .await
}

fn in_motion(state: State) -> bool {
    matches!(
        state,
        State::Unspecified | State::Uploading | State::Quarantined | State::Depersonalizing
    )
}

/// A refused version is a failure, with its reason.
pub fn check(version: &Version) -> Result<()> {
    match version.state() {
        State::Refused => Err(Failure::general(format!(
            "{} was refused: {}",
            version.name, version.failure_message
        ))),
        _ => Ok(()),
    }
}
