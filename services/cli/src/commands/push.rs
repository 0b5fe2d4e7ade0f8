//! Uploads data sets as a new version, or goes on with one that was interrupted.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use sandyq_proto::v1::version::State;
use sandyq_proto::v1::{
    CreateVersionRequest, Dataset, DatasetFormat, FinalizeVersionRequest, TextEncoding, Version,
};

use crate::client::{Client, request_id, rpc};
use crate::commands::library;
use crate::errors::{Exit, Failure, Result};
use crate::transfer::{self, Progress};
use crate::{Session, or_interrupted, parse};

/// `sandyq library push`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sandyq library push adult adult.csv --delimiter ';' --provenance 'Census of 1994, UCI archive'
  sandyq library push clinic --dataset visits=2026.csv --dataset staff=hr.parquet --provenance 'Registry, May 2026'
  sandyq library push adult adult.csv --resume adult/v1      (after an interruption)")]
pub struct Push {
    /// The library.
    #[arg(value_parser = parse::library)]
    library: String,
    /// Files; a data set each, named after the file.
    files: Vec<PathBuf>,
    /// A data set with a name of its own; may be given more than once.
    #[arg(long = "dataset", value_parser = parse::pair, value_name = "NAME=FILE")]
    datasets: Vec<(String, String)>,
    /// The format of the files; by their endings when not given.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// The delimiter of CSV files, or `tab`; found out when not given.
    #[arg(long, value_parser = parse::delimiter)]
    delimiter: Option<String>,
    /// The encoding of text files.
    #[arg(long, value_enum, default_value_t = Encoding::Utf8)]
    encoding: Encoding,
    /// Where and how the data was collected.
    #[arg(long, required_unless_present = "resume")]
    provenance: Option<String>,
    /// The data is depersonalized already. The run measures it all the same, and fails where it would have to change it.
    #[arg(long)]
    owner_depersonalized: bool,
    /// Go on with the upload of this version, from the same files.
    #[arg(long, value_parser = parse::version, value_name = "VERSION")]
    resume: Option<String>,
}

/// How the bytes of a file are to be read.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Format {
    /// Delimited text with a header row.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Ndjson,
}

/// The encoding of a text.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-1251.
    #[value(name = "windows-1251")]
    Windows1251,
}

/// A file and what is declared of it.
struct Source {
    path: PathBuf,
    dataset: Dataset,
}

/// Uploads.
pub async fn run(command: Push, session: &Session) -> Result<()> {
    let client = session.client()?;
    let sources = declare(&command)?;
    let sources = hash(sources).await?;
    let version = match &command.resume {
        Some(name) => resumed(&client, &command.library, name, &sources).await?,
        None => created(&client, &command, &sources).await?,
    };
    let advice = format!("go on with the same command and --resume {}", version.name);
    session.printer.remark(&format!(
        "{} takes {} data set(s).",
        version.name,
        sources.len()
    ));
    let done = or_interrupted(finish(&client, session, &version, &sources), &advice)
        .await
        .map_err(|mut failure| {
            if failure.exit == Exit::Unavailable {
                failure.text = format!("{}\n  {advice}", failure.text);
            }
            failure
        })?;
    library::check(&done)?;
    library::show_version(session, &done)
}

async fn finish(
    client: &Client,
    session: &Session,
    version: &Version,
    sources: &[Source],
) -> Result<Version> {
    if version.state() == State::Uploading {
        for source in sources {
            let upload = upload_of(version, &source.dataset.dataset_id)?;
            let size = u64::try_from(source.dataset.size_bytes).unwrap_or(0);
            transfer::upload(client, &source.path, upload, size).await?;
        }
        let request = FinalizeVersionRequest {
            name: version.name.clone(),
            request_id: request_id(),
        };
        rpc!(client, LibraryServiceClient, finalize_version, request)?;
    }
    let on_change = |_: &Version, line: &str| {
        session.printer.remark(line);
        Ok(())
    };
    let is_end = |state| !matches!(state, State::Uploading | State::Quarantined);
    library::watch(client, &version.name, on_change, is_end).await
}

fn upload_of<'a>(version: &'a Version, dataset_id: &str) -> Result<&'a str> {
    let dataset = version
        .datasets
        .iter()
        .find(|dataset| dataset.dataset_id == dataset_id);
    dataset
        .map(|dataset| dataset.upload.as_str())
        .ok_or_else(|| Failure::incomplete(&format!("upload of {dataset_id}")))
}

async fn created(client: &Client, command: &Push, sources: &[Source]) -> Result<Version> {
    let request = CreateVersionRequest {
        parent: command.library.clone(),
        provenance: command.provenance.clone().unwrap_or_default(),
        datasets: sources
            .iter()
            .map(|source| source.dataset.clone())
            .collect(),
        request_id: request_id(),
        owner_depersonalized: command.owner_depersonalized,
    };
    let answer = rpc!(client, LibraryServiceClient, create_version, request)?;
    answer.version.ok_or_else(|| Failure::incomplete("version"))
}

/// The version to go on with. Each file must be the very one that was declared: only a hash tells.
async fn resumed(
    client: &Client,
    library: &str,
    name: &str,
    sources: &[Source],
) -> Result<Version> {
    if !name.starts_with(&format!("{library}/")) {
        return Err(Failure::usage(format!(
            "{name} is not a version of {library}"
        )));
    }
    let version = library::get_version(client, name).await?;
    for dataset in &version.datasets {
        let source = sources
            .iter()
            .find(|source| source.dataset.dataset_id == dataset.dataset_id)
            .ok_or_else(|| {
                Failure::usage(format!(
                    "{name} has a data set `{}`; give its file too",
                    dataset.dataset_id
                ))
            })?;
        if source.dataset.sha256 != dataset.sha256 {
            let text = format!(
                "{} is not the file whose upload was begun as `{}`\n  declared then: {}\n  the file now:  {}",
                source.path.display(),
                dataset.dataset_id,
                dataset.sha256,
                source.dataset.sha256
            );
            return Err(Failure::verification(text));
        }
    }
    match sources
        .iter()
        .find(|source| upload_of(&version, &source.dataset.dataset_id).is_err())
    {
        Some(extra) => Err(Failure::usage(format!(
            "{name} has no data set `{}`",
            extra.dataset.dataset_id
        ))),
        None => Ok(version),
    }
}

fn declare(command: &Push) -> Result<Vec<Source>> {
    let named = command
        .datasets
        .iter()
        .map(|(name, file)| Ok((name.clone(), PathBuf::from(file))));
    let after_files = command
        .files
        .iter()
        .map(|file| dataset_id(file).map(|id| (id, file.clone())));
    let mut sources: Vec<Source> = Vec::new();
    for pair in after_files.chain(named) {
        let (dataset_id, path) = pair?;
        if let Some(other) = sources
            .iter()
            .find(|source| source.dataset.dataset_id == dataset_id)
        {
            let (first, second) = (other.path.display(), path.display());
            return Err(Failure::usage(format!(
                "{first} and {second} would both be `{dataset_id}`; use --dataset NAME=FILE"
            )));
        }
        sources.push(Source {
            dataset: described(command, dataset_id, &path)?,
            path,
        });
    }
    if sources.is_empty() {
        return Err(Failure::usage(
            "there is nothing to upload: give FILE or --dataset NAME=FILE",
        ));
    }
    Ok(sources)
}

fn described(command: &Push, dataset_id: String, path: &Path) -> Result<Dataset> {
    let format = match command.format {
        Some(format) => format,
        None => format_of(path)?,
    };
    let (wire, delimiter) = match format {
        Format::Csv => (
            DatasetFormat::Csv,
            command.delimiter.clone().unwrap_or_default(),
        ),
        Format::Parquet => (DatasetFormat::Parquet, String::new()),
        Format::Ndjson => (DatasetFormat::Ndjson, String::new()),
    };
    let encoding = match (format, command.encoding) {
        (Format::Parquet, _) => TextEncoding::Unspecified,
        (_, Encoding::Utf8) => TextEncoding::Utf8,
        (_, Encoding::Windows1251) => TextEncoding::Windows1251,
    };
    Ok(Dataset {
        dataset_id,
        format: wire.into(),
        delimiter,
        encoding: encoding.into(),
        ..Default::default()
    })
}

async fn hash(mut sources: Vec<Source>) -> Result<Vec<Source>> {
    for source in &mut sources {
        let progress = Progress::of_file("hashing", &source.path)?;
        let (sha256, size) = transfer::sha256_of_file(source.path.clone(), progress).await?;
        source.dataset.sha256 = sha256;
        source.dataset.size_bytes = i64::try_from(size).unwrap_or(i64::MAX);
    }
    Ok(sources)
}

fn format_of(path: &Path) -> Result<Format> {
    match path
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_lowercase)
        .as_deref()
    {
        Some("csv" | "tsv" | "txt") => Ok(Format::Csv),
        Some("parquet" | "pq") => Ok(Format::Parquet),
        Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
        _ => Err(Failure::usage(format!(
            "the ending of {} tells no format; say it with --format",
            path.display()
        ))),
    }
}

/// The name of a data set after its file: lower case, and a dash for what cannot be in a name.
fn dataset_id(path: &Path) -> Result<String> {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default()
        .to_lowercase();
    let id: String = stem
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c
            } else {
                '-'
            }
        })
        .collect();
    if !id.starts_with(|c: char| c.is_ascii_lowercase()) || id.len() > 63 {
        let text = format!(
            "{} gives no name of a data set; use --dataset NAME={}",
            path.display(),
            path.display()
        );
        return Err(Failure::usage(text));
    }
    Ok(id)
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
    fn data_sets_are_named_after_files() {
        for (file, id) in [
            ("a/Adult.csv", "adult"),
            ("my data.v2.csv", "my-data-v2"),
            ("x_1.parquet", "x_1"),
        ] {
            assert_eq!(dataset_id(Path::new(file)).unwrap(), id);
        }
        for file in ["2026.csv", "данные.csv", "", "_x.csv"] {
            assert_eq!(
                dataset_id(Path::new(file)).unwrap_err().exit,
                Exit::Usage,
                "{file}"
            );
        }
    }

    #[test]
    fn formats_by_ending() {
        assert!(matches!(format_of(Path::new("a.CSV")), Ok(Format::Csv)));
        assert!(matches!(
            format_of(Path::new("a.jsonl")),
            Ok(Format::Ndjson)
        ));
        assert!(format_of(Path::new("a.xlsx")).is_err());
    }
}
