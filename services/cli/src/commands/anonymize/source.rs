//! What the command reads: profile, hierarchies, key and tables.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use sandyq_anonymizer::{
    DatasetProfile, Encoding, Format, Hierarchies, Hierarchy, Limits, OutputFormat, Profile,
    PseudonymKey, Table, intake,
};

use super::{Anonymize, InputFormat, SavedPlan, TextEncoding};
use crate::errors::{Failure, Result, causes};

pub(super) fn read_profile(path: &Path) -> Result<Profile> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Profile::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
}

pub(super) fn read_plan(path: &Path) -> Result<SavedPlan> {
    let text = fs::read(path).map_err(|error| Failure::file("read", path, &error))?;
    serde_json::from_slice(&text)
        .map_err(|error| Failure::usage(format!("{} is no saved plan: {error}", path.display())))
}

/// The part of the profile that is of the input.
pub(super) fn dataset<'p>(command: &Anonymize, profile: &'p Profile) -> Result<&'p DatasetProfile> {
    let mut datasets = profile.datasets();
    let name = match (&command.dataset, datasets.next(), datasets.next()) {
        (Some(name), ..) => name.clone(),
        (None, Some(only), None) => return Ok(only),
        _ => {
            let name = command.input.file_name().unwrap_or_default();
            let name = name.to_string_lossy();
            name.split('.').next().unwrap_or_default().to_owned()
        }
    };
    profile.dataset(&name).map_err(|error| {
        Failure::usage(format!(
            "{}; name one of the profile's by --dataset",
            causes(&error)
        ))
    })
}

pub(super) fn hierarchies(command: &Anonymize, dataset: &DatasetProfile) -> Result<Hierarchies> {
    let beside = command
        .profile
        .parent()
        .unwrap_or(Path::new(""))
        .join("hierarchies");
    let folder = command.hierarchies.clone().unwrap_or(beside);
    let names: BTreeSet<&str> = dataset.hierarchies();
    let read = |name: &str| {
        let path = folder.join(format!("{name}.csv"));
        let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let hierarchy = Hierarchy::parse(name, &bytes)
            .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))?;
        Ok((name.to_owned(), hierarchy))
    };
    names.into_iter().map(read).collect()
}

/// The key of pseudonyms, where the profile asks for any.
pub(super) fn key(command: &Anonymize, dataset: &DatasetProfile) -> Result<PseudonymKey> {
    let Some(path) = &command.key_file else {
        if dataset.needs_key() {
            return Err(Failure::usage(
                "the profile asks for pseudonyms or for replacements under a key: give the file of their key by --key-file\n  `openssl rand -hex 32 > key` makes one; keep it secret",
            ));
        }
        return Ok(PseudonymKey::new([0; 32]));
    };
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    let bytes = hex::decode(text.trim()).ok();
    let bytes: Option<[u8; 32]> = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.map(PseudonymKey::new).ok_or_else(|| {
        Failure::usage(format!(
            "{} does not hold a key: 64 hexadecimal digits",
            path.display()
        ))
    })
}

pub(super) fn population(command: &Anonymize, dataset: &DatasetProfile) -> Result<Option<Table>> {
    let Some((name, path)) = &command.population else {
        return Ok(None);
    };
    if dataset.privacy().population.as_deref() != Some(name.as_str()) {
        return Err(Failure::usage(format!(
            "the profile does not name a population {name:?}"
        )));
    }
    read(command, name, Path::new(path)).map(Some)
}

/// Reads a table: the given format, or that of the ending.
pub(super) fn read(command: &Anonymize, name: &str, path: &Path) -> Result<Table> {
    open(path, &input_format(command, path)?, name)
}

pub(super) fn open(path: &Path, format: &Format, name: &str) -> Result<Table> {
    let failed = |error: &std::io::Error| Failure::file("read", path, error);
    let file = File::open(path).map_err(|error| failed(&error))?;
    // The file is the user's own: what bounds it is this machine.
    let limits = Limits {
        max_rows: u64::from(u32::MAX - 1),
        max_table_bytes: 1 << 40,
        ..Limits::default()
    };
    let table = match format {
        Format::Parquet => {
            let bytes = fs::read(path).map_err(|error| failed(&error))?;
            intake::read_bytes(name, &bytes, format, &limits)
        }
        _ => intake::read(name, file, format, &limits),
    };
    table.map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
}

pub(super) fn input_format(command: &Anonymize, path: &Path) -> Result<Format> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let kind = match (command.format, name.rsplit('.').next()) {
        (Some(format), _) => format,
        (None, Some("csv" | "tsv" | "txt")) => InputFormat::Csv,
        (None, Some("parquet")) => InputFormat::Parquet,
        (None, Some("ndjson" | "jsonl")) => InputFormat::Ndjson,
        _ => {
            return Err(Failure::usage(format!(
                "the format of {} is not known from its ending; give --format",
                path.display()
            )));
        }
    };
    Ok(match kind {
        InputFormat::Parquet => Format::Parquet,
        InputFormat::Ndjson => Format::Ndjson,
        InputFormat::Csv => Format::Csv {
            delimiter: given_delimiter(command),
            encoding: match command.encoding {
                TextEncoding::Utf8 => Encoding::Utf8,
                TextEncoding::Windows1251 => Encoding::Windows1251,
            },
        },
    })
}

pub(super) fn given_delimiter(command: &Anonymize) -> Option<u8> {
    command
        .delimiter
        .as_ref()
        .and_then(|text| text.bytes().next())
}

/// The format of the release by its ending. CSV is cut as the input was.
pub(super) fn output_format(command: &Anonymize, table: &Table) -> Result<OutputFormat> {
    let ending = command
        .out
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match ending.as_str() {
        "parquet" => Ok(OutputFormat::Parquet),
        "csv" | "txt" => Ok(OutputFormat::Csv {
            delimiter: given_delimiter(command)
                .or(table.delimiter())
                .unwrap_or(b','),
        }),
        "tsv" => Ok(OutputFormat::Csv { delimiter: b'\t' }),
        _ => Err(Failure::usage(format!(
            "the format of {} is not known from its ending: .csv, .tsv or .parquet",
            command.out.display()
        ))),
    }
}
