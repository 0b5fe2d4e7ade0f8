//! Tables, profiles, hierarchies and keys from files of this machine.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use nix::sys::signal::Signal;
use sandyq_anonymizer::{
    DatasetProfile, Encoding, Format, Hierarchies, Hierarchy, Limits, Profile, PseudonymKey, Table,
    intake,
};

use crate::errors::{Exit, Failure, Result, causes};

/// What the bytes of a file are.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum InputFormat {
    /// Delimited text with a header row.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// One JSON object a line.
    Ndjson,
}

/// The encoding of a text.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum TextEncoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[value(name = "utf-8")]
    Utf8,
    /// Windows-1251.
    #[value(name = "windows-1251")]
    Windows1251,
}

/// How files are to be read where their names do not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    /// Else that of the ending.
    pub format: Option<InputFormat>,
    /// Else found out.
    pub delimiter: Option<&'a str>,
    /// Of CSV.
    pub encoding: TextEncoding,
}

impl Reading<'_> {
    /// What is between the cells of CSV, where it was given.
    pub fn delimiter(&self) -> Option<u8> {
        self.delimiter.and_then(|text| text.bytes().next())
    }

    /// Reads a table by the format that was given, or by the ending of its name.
    pub fn read(&self, name: &str, path: &Path) -> Result<Table> {
        let format = self.format_of(path)?;
        if matches!(format, Format::Parquet) {
            try_decoder(path)?;
        }
        open(path, &format, name)
    }

    fn format_of(&self, path: &Path) -> Result<Format> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = name.to_lowercase();
        let name = name.strip_suffix(".gz").unwrap_or(&name);
        let kind = match (self.format, name.rsplit('.').next()) {
            (Some(format), _) => format,
            (None, Some("csv" | "tsv" | "txt")) => InputFormat::Csv,
            (None, Some("parquet")) => InputFormat::Parquet,
            (None, Some("ndjson" | "jsonl")) => InputFormat::Ndjson,
            _ => {
                return Err(Failure::usage(format!(
                    "the format of {} is not known from its ending: .csv, .tsv, .ndjson, .jsonl or .parquet",
                    path.display()
                )));
            }
        };
        Ok(match kind {
            InputFormat::Parquet => Format::Parquet,
            InputFormat::Ndjson => Format::Ndjson,
            InputFormat::Csv => Format::Csv {
                delimiter: self.delimiter(),
                encoding: match self.encoding {
                    TextEncoding::Utf8 => Encoding::Utf8,
                    TextEncoding::Windows1251 => Encoding::Windows1251,
                },
            },
        })
    }
}

/// The file is the user's own: what bounds it is this machine.
pub fn own_limits() -> Limits {
    Limits {
        max_rows: u64::from(u32::MAX - 1),
        max_table_bytes: 1 << 40,
        ..Limits::default()
    }
}

/// Decodes a Parquet file in a process of its own. The decoder believes lengths that a file declares, and an allocation that cannot be
/// had ends the process that asks for it: that is to be a message here, not a crash.
fn try_decoder(path: &Path) -> Result<()> {
    let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
    let status = Command::new("/proc/self/exe")
        .args(["decode-parquet", "--own"])
        .stdin(file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| Failure::general(format!("cannot start a decoder: {error}")))?;
    match status.signal().map(Signal::try_from) {
        // What it has to say about the file is said again where it is read.
        None => Ok(()),
        Some(Ok(Signal::SIGINT | Signal::SIGTERM)) => Err(Failure::new(
            Exit::Interrupted,
            "interrupted; nothing was written",
        )),
        Some(_) => Err(Failure::usage(format!(
            "{}: the Parquet file cannot be decoded: the decoder gave up on it; it is damaged, have it written anew",
            path.display()
        ))),
    }
}

/// Reads a table of a known format.
pub fn open(path: &Path, format: &Format, name: &str) -> Result<Table> {
    let failed = |error| Failure::file("read", path, &error);
    let limits = own_limits();
    let table = match format {
        Format::Parquet => {
            let bytes = fs::read(path).map_err(failed)?;
            intake::read_bytes(name, &bytes, format, &limits)
        }
        _ => intake::read(name, File::open(path).map_err(failed)?, format, &limits),
    };
    table.map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
}

/// The data set that a file is of: its name up to the first dot.
pub fn dataset_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Reads a profile.
pub fn profile(path: &Path) -> Result<Profile> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Profile::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
}

/// The part of a profile that was named, or its only one, or that of the file's name.
pub fn dataset<'p>(
    profile: &'p Profile,
    named: Option<&str>,
    input: &Path,
) -> Result<&'p DatasetProfile> {
    let mut datasets = profile.datasets();
    let name = match (named, datasets.next(), datasets.next()) {
        (Some(name), ..) => name.to_owned(),
        (None, Some(only), None) => return Ok(only),
        _ => dataset_of(input),
    };
    profile.dataset(&name).map_err(|error| {
        Failure::usage(format!(
            "{}; name one of the profile's by --dataset",
            causes(&error)
        ))
    })
}

/// Hierarchies by their names, from a folder or from `hierarchies` beside the profile.
pub fn hierarchies<'n>(
    folder: Option<&PathBuf>,
    profile: &Path,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Hierarchies> {
    let beside = profile.with_file_name("hierarchies");
    let folder = folder.unwrap_or(&beside);
    let read = |name: &str| {
        let path = folder.join(format!("{name}.csv"));
        let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let hierarchy = Hierarchy::parse(name, &bytes)
            .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))?;
        Ok((name.to_owned(), hierarchy))
    };
    let names: BTreeSet<&str> = names.into_iter().collect();
    names.into_iter().map(read).collect()
}

/// The table of the population that a profile compares with.
pub fn population(
    given: Option<&(String, String)>,
    dataset: &DatasetProfile,
    reading: &Reading<'_>,
) -> Result<Option<Table>> {
    let named = dataset.privacy().population.as_deref();
    match (given, named) {
        (Some((name, path)), Some(named)) if name == named => {
            reading.read(name, Path::new(path)).map(Some)
        }
        (Some((name, _)), _) => Err(Failure::usage(format!(
            "--population: the profile does not name a population {name:?}"
        ))),
        (None, Some(name)) if dataset.privacy().looks_at_population() => Err(Failure::usage(
            format!("the profile compares with a population: --population {name}=FILE"),
        )),
        (None, _) => Ok(None),
    }
}

/// The key of pseudonyms, from a file of 64 hexadecimal digits; none is needed where no profile asks for any.
pub fn key<'p>(
    file: Option<&PathBuf>,
    datasets: impl IntoIterator<Item = &'p DatasetProfile>,
) -> Result<PseudonymKey> {
    let Some(path) = file else {
        return if datasets.into_iter().any(DatasetProfile::needs_key) {
            Err(Failure::usage(
                "the profile asks for pseudonyms or for replacements under a key: give the file of their key by --key-file\n  `openssl rand -hex 32 > key` makes one; keep it secret",
            ))
        } else {
            Ok(PseudonymKey::new([0; 32]))
        };
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

/// Writes a file that is there whole or not at all.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".partial");
    let beside = PathBuf::from(beside);
    fs::write(&beside, bytes)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| Failure::file("write", path, &error))
}
