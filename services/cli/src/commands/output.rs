//! What jobs made, on its way out through the airlock.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use sandyq_proto::v1::{
    self, DownloadOutputRequest, GetOutputRequest, ListOutputsRequest, Output, OutputFile,
    RejectOutputRequest, ReleaseOutputRequest, StartReviewRequest,
};
use tonic::Status;

use crate::client::{AirlockServiceClient, Client, PAGE, pages, request_id, rpc};
use crate::errors::{Exit, Failure, Result};
use crate::transfer::download::{Incoming, place};
use crate::transfer::{self, Progress};
use crate::{Session, parse};

/// States by which outputs are listed.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum State {
    /// Being checked.
    Collected,
    /// Waits for a reviewer.
    Checked,
    /// A reviewer reads it.
    InReview,
    /// May be downloaded.
    Released,
    /// Kept, for good.
    Rejected,
}

impl From<State> for v1::output::State {
    fn from(state: State) -> Self {
        match state {
            State::Collected => Self::Collected,
            State::Checked => Self::Checked,
            State::InReview => Self::InReview,
            State::Released => Self::Released,
            State::Rejected => Self::Rejected,
        }
    }
}

/// `sandyq output download`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sandyq output download o1 --to results/
Each file appears only once its size and SHA-256 are those that were reviewed.")]
pub struct Download {
    /// The output.
    #[arg(value_parser = parse::output)]
    output: String,
    /// Only this file; may be given more than once. All files when not given.
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Replace files that are there and differ.
    #[arg(long)]
    overwrite: bool,
}

/// `sandyq output`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List outputs.
    #[command(after_help = "Example:\n  sandyq output list --state checked")]
    List {
        /// Only those in this state.
        #[arg(long, value_enum)]
        state: Option<State>,
    },
    /// Show an output: its files, sizes, hashes and findings.
    #[command(after_help = "Example:\n  sandyq output show o1")]
    Show {
        /// The output.
        #[arg(value_parser = parse::output)]
        output: String,
    },
    /// Take a checked output into review (reviewer).
    #[command(
        after_help = "Example:\n  sandyq output review o1 && sandyq output download o1 --to review/"
    )]
    Review {
        /// The output.
        #[arg(value_parser = parse::output)]
        output: String,
    },
    /// Let an output in review leave (reviewer).
    #[command(
        after_help = "Example:\n  sandyq output release o1 --manifest 60303ae... --reason 'aggregates only'"
    )]
    Release {
        /// The output.
        #[arg(value_parser = parse::output)]
        output: String,
        /// Why.
        #[arg(long)]
        reason: String,
        /// The `manifest_sha256` that you reviewed; the present one when not given.
        #[arg(long, value_name = "SHA256")]
        manifest: Option<String>,
    },
    /// Keep an output in review from leaving, for good (reviewer).
    #[command(
        after_help = "Example:\n  sandyq output reject o1 --reason 'rows of the data are in model.json'"
    )]
    Reject {
        /// The output.
        #[arg(value_parser = parse::output)]
        output: String,
        /// Why.
        #[arg(long)]
        reason: String,
    },
    /// Download files: a reviewer while in review, the owning organization once released.
    Download(Download),
}

/// Does it.
pub async fn run(command: Command, session: &Session) -> Result<()> {
    let client = session.client()?;
    let output = match command {
        Command::List { state } => {
            let state = state
                .map_or(v1::output::State::Unspecified, Into::into)
                .into();
            let all = pages(async |page_token| {
                let request = ListOutputsRequest {
                    state,
                    page_size: PAGE,
                    page_token,
                };
                let page = rpc!(client, AirlockServiceClient, list_outputs, request)?;
                Ok((page.outputs, page.next_page_token))
            });
            return session.printer.list(&all.await?);
        }
        Command::Show { output } => Some(get(&client, output).await?),
        Command::Review { output } => {
            let request = StartReviewRequest {
                name: output,
                request_id: request_id(),
            };
            rpc!(client, AirlockServiceClient, start_review, request)?.output
        }
        Command::Release {
            output,
            reason,
            manifest,
        } => {
            let manifest_sha256 = match manifest {
                Some(manifest) => manifest,
                None => get(&client, output.clone()).await?.manifest_sha256,
            };
            let request = ReleaseOutputRequest {
                name: output,
                manifest_sha256,
                reason,
                request_id: request_id(),
            };
            rpc!(client, AirlockServiceClient, release_output, request)?.output
        }
        Command::Reject { output, reason } => {
            let request = RejectOutputRequest {
                name: output,
                reason,
                request_id: request_id(),
            };
            rpc!(client, AirlockServiceClient, reject_output, request)?.output
        }
        Command::Download(command) => return download(&client, session, command).await,
    };
    session.printer.show(&completed(&client, output).await?)
}

/// The output with all of its files.
async fn get(client: &Client, name: String) -> Result<Output> {
    let mut whole = Output::default();
    let mut file_page_token = String::new();
    loop {
        let request = GetOutputRequest {
            name: name.clone(),
            file_page_token,
        };
        let page = rpc!(client, AirlockServiceClient, get_output, request)?;
        let mut output = page.output.ok_or_else(|| Failure::incomplete("output"))?;
        whole.files.append(&mut output.files);
        output.files = std::mem::take(&mut whole.files);
        whole = output;
        file_page_token = page.next_file_page_token;
        if file_page_token.is_empty() {
            return Ok(whole);
        }
    }
}

/// An answer's output with all of its files, of which the answer may have the first alone.
async fn completed(client: &Client, output: Option<Output>) -> Result<Output> {
    let output = output.ok_or_else(|| Failure::incomplete("output"))?;
    if i64::try_from(output.files.len()).is_ok_and(|files| files < output.file_count) {
        return get(client, output.name).await;
    }
    Ok(output)
}

async fn download(client: &Client, session: &Session, command: Download) -> Result<()> {
    let output = get(client, command.output.clone()).await?;
    if output.files.is_empty() {
        let state = output.state().as_str_name().trim_start_matches("STATE_");
        let text = format!(
            "{} is {state} and shows no files; its developer sees them once it is released",
            output.name
        );
        return Err(Failure::new(Exit::Conflict, text));
    }
    if let Some(absent) = command
        .paths
        .iter()
        .find(|path| !output.files.iter().any(|file| file.path == **path))
    {
        return Err(Failure::new(
            Exit::NotFound,
            format!("{} has no file `{absent}`", output.name),
        ));
    }
    let wanted =
        |file: &&OutputFile| command.paths.is_empty() || command.paths.contains(&file.path);
    let mut places = Vec::new();
    for file in output.files.iter().filter(wanted) {
        places.push((file, place(&command.to, &file.path)?));
    }
    for (file, place) in places {
        if is_there(&place, file, command.overwrite).await? {
            session
                .printer
                .remark(&format!("{} is there already.", place.display()));
            continue;
        }
        receive(client, &output.name, file, &place).await?;
        session.printer.remark(&format!(
            "{} ({} bytes, SHA-256 {})",
            place.display(),
            file.size_bytes,
            file.sha256
        ));
    }
    if session.printer.is_json() {
        session.printer.show(&output)
    } else {
        Ok(())
    }
}

/// Whether the very file is in its place; another file there is refused unless it may be replaced.
async fn is_there(place: &Path, file: &OutputFile, overwrite: bool) -> Result<bool> {
    if !place.exists() {
        return Ok(false);
    }
    let (sha256, _) =
        transfer::sha256_of_file(place.to_owned(), Progress::of_file("checking", place)?).await?;
    if sha256 == file.sha256 || overwrite {
        return Ok(sha256 == file.sha256);
    }
    Err(Failure::new(
        Exit::Conflict,
        format!(
            "{} is there with other content; say --overwrite to replace it",
            place.display()
        ),
    ))
}

async fn receive(client: &Client, name: &str, file: &OutputFile, place: &Path) -> Result<()> {
    let mut backoff = client.long_backoff();
    loop {
        match attempt(client, name, file, place).await? {
            Ok(()) => return Ok(()),
            Err(status) => backoff.wait(status).await?,
        }
    }
}

/// One stream: the outer error is this side's or a wrong hash, the inner one the server's or the connection's.
async fn attempt(
    client: &Client,
    name: &str,
    file: &OutputFile,
    place: &Path,
) -> Result<std::result::Result<(), Status>> {
    let size = u64::try_from(file.size_bytes).map_err(|_| Failure::incomplete("file size"))?;
    let request = DownloadOutputRequest {
        name: name.to_owned(),
        path: file.path.clone(),
    };
    let mut stream = match AirlockServiceClient::new(client.channel())
        .download_output(request)
        .await
    {
        Ok(response) => response.into_inner(),
        Err(status) => return Ok(Err(status)),
    };
    let mut incoming = Incoming::create(place.to_owned(), size)?;
    let progress = Progress::new(&format!("downloading {}", file.path), size);
    loop {
        match stream.message().await {
            Ok(Some(message)) => {
                incoming.write(&message.data)?;
                progress.add(message.data.len());
            }
            Ok(None) => {
                progress.finish();
                return incoming.finish(&file.sha256).map(Ok);
            }
            Err(status) => return Ok(Err(status)),
        }
    }
}
