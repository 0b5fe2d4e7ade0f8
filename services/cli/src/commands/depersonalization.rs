//! Profiles, runs, reports and publication.

mod report;

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use sandyq_proto::v1::run::State;
use sandyq_proto::v1::{
    CreateRunRequest, GetRunRequest, Hierarchy, ListRunsRequest, PublishVersionRequest, Run,
    ValidateProfileRequest, WatchRunRequest,
};

use crate::client::{
    Client, DepersonalizationServiceClient, LARGEST_ANSWER, PAGE, pages, request_id, rpc,
};
use crate::commands::confirm::confirm;
use crate::commands::library;
use crate::errors::{Exit, Failure, Result};
use crate::{Session, or_interrupted, parse};

/// A profile and its hierarchies.
#[derive(Debug, Args)]
pub struct Sources {
    /// The profile, TOML.
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// The folder of the hierarchies: each one that the profile names is read from NAME.csv.
    #[arg(long, value_name = "DIR")]
    hierarchies: Option<PathBuf>,
}

/// `sandyq profile`.
#[derive(Debug, Subcommand)]
pub enum Profile {
    /// Check a profile against a version without reading a row.
    #[command(
        after_help = "Example:\n  sandyq profile check adult/v1 --profile profile.toml --hierarchies hierarchies/"
    )]
    Check {
        /// The version.
        #[arg(value_parser = parse::version)]
        version: String,
        #[command(flatten)]
        sources: Sources,
    },
}

/// `sandyq depersonalize`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  sandyq depersonalize adult/v1 --profile profile.toml --hierarchies hierarchies/ --watch
Then read the report with `sandyq run show`, and publish.")]
pub struct Depersonalize {
    /// The version, CLASSIFIED or VERIFIED.
    #[arg(value_parser = parse::version)]
    version: String,
    #[command(flatten)]
    sources: Sources,
    /// Wait for the end, and show the report.
    #[arg(long)]
    watch: bool,
}

/// `sandyq run`.
#[derive(Debug, Subcommand)]
pub enum Runs {
    /// Show a run and its report.
    #[command(after_help = "Example:\n  sandyq run show adult/v1/r1")]
    Show {
        /// Its name.
        #[arg(value_parser = parse::run)]
        run: String,
    },
    /// Write the whole report of a data set, as the owner approves it, into files.
    #[command(
        after_help = "Example:\n  sandyq run report adult/v1/r1 --html report.html
The page is one file that needs no network, for reading and printing."
    )]
    Report {
        /// The run.
        #[arg(value_parser = parse::run)]
        run: String,
        /// The data set; may be left out if there is one.
        #[arg(long, value_name = "NAME")]
        dataset: Option<String>,
        /// Write the report as a page with pictures.
        #[arg(long, value_name = "FILE", required_unless_present = "json")]
        html: Option<PathBuf>,
        /// Write the report as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// List the runs of a version.
    #[command(after_help = "Example:\n  sandyq run list adult/v1")]
    List {
        /// The version.
        #[arg(value_parser = parse::version)]
        version: String,
    },
    /// Wait for the end of a run, and show its report.
    #[command(after_help = "Example:\n  sandyq run watch adult/v1/r1")]
    Watch {
        /// Its name.
        #[arg(value_parser = parse::run)]
        run: String,
    },
}

/// `sandyq publish`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sandyq publish adult/v1 --run r1
The report is shown before the question. What is approved is this report and this profile, by hash.")]
pub struct Publish {
    /// The version.
    #[arg(value_parser = parse::version)]
    version: String,
    /// The verified run: its name, or just the last part.
    #[arg(long)]
    run: String,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

/// Checks a profile.
pub async fn profile(command: Profile, session: &Session) -> Result<()> {
    let Profile::Check { version, sources } = command;
    let (profile, hierarchies) = read(&sources)?;
    let client = session.client()?;
    let request = ValidateProfileRequest {
        parent: version,
        profile,
        hierarchies,
    };
    let answer = rpc!(
        client,
        DepersonalizationServiceClient,
        validate_profile,
        request
    )?;
    session.printer.show(&answer)?;
    for column in &answer.dropped_columns {
        session.printer.remark(&format!(
            "The profile does not name {column}: it will be dropped."
        ));
    }
    Ok(())
}

/// Starts a run.
pub async fn depersonalize(command: Depersonalize, session: &Session) -> Result<()> {
    let (profile, hierarchies) = read(&command.sources)?;
    let client = session.client()?;
    let request = CreateRunRequest {
        parent: command.version,
        profile,
        hierarchies,
        request_id: request_id(),
    };
    let answer = rpc!(client, DepersonalizationServiceClient, create_run, request)?;
    let run = answer.run.ok_or_else(|| Failure::incomplete("run"))?;
    if command.watch {
        return watch(&client, session, &run.name).await;
    }
    session.printer.remark(&format!(
        "Started. It goes on by itself; see `sandyq run watch {}`.",
        run.name
    ));
    session.printer.show(&run)
}

/// Shows runs.
pub async fn runs(command: Runs, session: &Session) -> Result<()> {
    let client = session.client()?;
    match command {
        Runs::Show { run } => show(session, &get(&client, run).await?),
        Runs::Watch { run } => watch(&client, session, &run).await,
        Runs::Report {
            run,
            dataset,
            html,
            json,
        } => {
            let run = get(&client, run).await?;
            let report = report::whole(&run, dataset.as_deref())?;
            let page = html.as_ref().map(|_| report::page(report)).transpose()?;
            for (path, text) in [(html, page), (json, Some(report.report_json.clone()))] {
                if let (Some(path), Some(text)) = (path, text) {
                    std::fs::write(&path, text)
                        .map_err(|error| Failure::file("write", &path, &error))?;
                }
            }
            Ok(())
        }
        Runs::List { version } => {
            let all = pages(async |page_token| {
                let request = ListRunsRequest {
                    parent: version.clone(),
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, DepersonalizationServiceClient, list_runs, request)?;
                Ok((page.runs, page.next_page_token))
            });
            session.printer.list(&all.await?)
        }
    }
}

/// Publishes what the owner has read: both hashes are those of the report that was shown.
pub async fn publish(command: Publish, session: &Session) -> Result<()> {
    let client = session.client()?;
    let name = if command.run.contains('/') {
        parse::run(&command.run)
    } else {
        Ok(format!("{}/runs/{}", command.version, command.run))
    };
    let run = get(&client, name.map_err(Failure::usage)?).await?;
    if !session.printer.is_json() {
        show(session, &run)?;
    }
    if !command.yes {
        let question = format!(
            "Publish {} with this profile and this report?",
            command.version
        );
        confirm(&question, "read the report", "not published")?;
    }
    let request = PublishVersionRequest {
        name: command.version,
        run: run.name,
        profile_sha256: run.profile_sha256,
        report_sha256: run.report_sha256,
        request_id: request_id(),
    };
    let answer = rpc!(
        client,
        DepersonalizationServiceClient,
        publish_version,
        request
    )?;
    let version = answer
        .version
        .ok_or_else(|| Failure::incomplete("version"))?;
    session
        .printer
        .remark(&format!("Published: {} can be granted now.", version.name));
    library::show_version(session, &version)
}

async fn get(client: &Client, name: String) -> Result<Run> {
    let answer = rpc!(
        client,
        DepersonalizationServiceClient,
        get_run,
        GetRunRequest { name }
    )?;
    answer.run.ok_or_else(|| Failure::incomplete("run"))
}

async fn watch(client: &Client, session: &Session, name: &str) -> Result<()> {
    let mut shown = (State::Unspecified, 0);
    let open = async || {
        let request = WatchRunRequest {
            name: name.to_owned(),
        };
        let mut service = DepersonalizationServiceClient::new(client.channel())
            .max_decoding_message_size(LARGEST_ANSWER);
        service.watch_run(request).await
    };
    let following = client.follow(open, |message| {
        let run = message.run.ok_or_else(|| Failure::incomplete("run"))?;
        let now = (run.state(), percent(run.progress));
        if now != shown {
            shown = now;
            let state = now.0.as_str_name().trim_start_matches("STATE_");
            if session.printer.is_json() || now.0 == State::Running {
                session
                    .printer
                    .event(&run, &format!("{} is {state}, {}%", run.name, now.1))?;
            }
        }
        Ok(if now.0 == State::Running {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(run)
        })
    });
    let advice = format!("the run goes on; see `sandyq run watch {name}`");
    let run = or_interrupted(following, &advice).await?;
    if !session.printer.is_json() {
        show(session, &run)?;
    }
    match run.state() {
        State::Failed => Err(Failure::new(
            Exit::Conflict,
            format!("{} made no release: {}", run.name, run.failure_message),
        )),
        _ => Ok(()),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a share between 0 and 1 becomes 0 to 100"
)]
fn percent(share: f64) -> i32 {
    (share.clamp(0.0, 1.0) * 100.0) as i32
}

/// A run as a report for people, or whole.
fn show(session: &Session, run: &Run) -> Result<()> {
    if session.printer.is_json() {
        session.printer.show(run)
    } else {
        session.printer.lines(&report::render(run))
    }
}

fn read(sources: &Sources) -> Result<(String, Vec<Hierarchy>)> {
    let path = &sources.profile;
    let profile =
        std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    let names = hierarchies_named(&profile);
    let mut hierarchies = Vec::new();
    for hierarchy_id in names {
        let Some(dir) = &sources.hierarchies else {
            return Err(Failure::usage(format!(
                "{} names the hierarchy `{hierarchy_id}`; say where with --hierarchies",
                path.display()
            )));
        };
        if hierarchy_id.contains(['/', '\0']) || hierarchy_id.starts_with('.') {
            return Err(Failure::usage(format!(
                "{} names a hierarchy `{hierarchy_id}`, which is no file name",
                path.display()
            )));
        }
        let file = dir.join(format!("{hierarchy_id}.csv"));
        let csv = std::fs::read(&file).map_err(|error| Failure::file("read", &file, &error))?;
        hierarchies.push(Hierarchy { hierarchy_id, csv });
    }
    Ok((profile, hierarchies))
}

/// Every `hierarchy = "NAME"` of a profile. The platform, not this side, knows the grammar; a file that is no TOML is sent
/// as it is, so that one and the same message tells of every fault.
fn hierarchies_named(profile: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Ok(table) = profile.parse::<toml::Table>() {
        collect(&toml::Value::Table(table), &mut names);
    }
    names
}

fn collect(value: &toml::Value, names: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, inner) in table {
                match inner {
                    toml::Value::String(name) if key == "hierarchy" => {
                        names.insert(name.clone());
                    }
                    _ => collect(inner, names),
                }
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        _ => {}
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

    const PROFILE: &str = "[dataset.adult.column.age]\nrole = \"quasi\"\nhierarchy = \"age\"\n[[more]]\nhierarchy = \"sex\"\n";

    #[test]
    fn hierarchies_are_found_wherever_they_are_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("p.toml"), PROFILE).unwrap();
        std::fs::write(dir.path().join("age.csv"), "17;*\n").unwrap();
        let sources = Sources {
            profile: dir.path().join("p.toml"),
            hierarchies: Some(dir.path().into()),
        };
        let failure = read(&sources).unwrap_err();
        assert!(failure.text.contains("sex.csv"), "{failure}");
        std::fs::write(dir.path().join("sex.csv"), "Male;*\n").unwrap();
        let (_, hierarchies) = read(&sources).unwrap();
        let names: Vec<_> = hierarchies
            .iter()
            .map(|hierarchy| hierarchy.hierarchy_id.as_str())
            .collect();
        assert_eq!(names, ["age", "sex"]);
    }

    #[test]
    fn a_hierarchy_cannot_name_another_folder() {
        let dir = tempfile::tempdir().unwrap();
        let profile = dir.path().join("p.toml");
        std::fs::write(&profile, "hierarchy = \"../secret\"\n").unwrap();
        let sources = Sources {
            profile,
            hierarchies: Some(dir.path().into()),
        };
        assert_eq!(read(&sources).unwrap_err().exit, Exit::Usage);
    }
}
