//! Tables and hierarchies from files of this machine, for commands that take several.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sandyq_anonymizer::{
    DatasetProfile, Encoding, Format, Hierarchies, Hierarchy, Limits, Profile, PseudonymKey, Table,
    intake,
};

use crate::errors::{Failure, Result, causes};

/// The data set that a file is of: its name up to the first dot.
pub fn dataset_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Reads a table by the ending of its name: CSV, NDJSON (either may be packed with gzip) or Parquet.
pub fn read(path: &Path, delimiter: Option<&str>) -> Result<Table> {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let format = match name.strip_suffix(".gz").unwrap_or(&name).rsplit('.').next() {
        Some("csv" | "tsv" | "txt") => Format::Csv {
            delimiter: delimiter.and_then(|text| text.bytes().next()),
            encoding: Encoding::Utf8,
        },
        Some("parquet") => Format::Parquet,
        Some("ndjson" | "jsonl") => Format::Ndjson,
        _ => {
            return Err(Failure::usage(format!(
                "the format of {} is not known from its ending: .csv, .tsv, .ndjson, .jsonl or .parquet",
                path.display()
            )));
        }
    };
    // The file is the user's own: what bounds it is this machine.
    let limits = Limits {
        max_rows: u64::from(u32::MAX - 1),
        max_table_bytes: 1 << 40,
        ..Limits::default()
    };
    let (dataset, failed) = (dataset_of(path), |error| {
        Failure::file("read", path, &error)
    });
    let table = match format {
        Format::Parquet => {
            let bytes = fs::read(path).map_err(failed)?;
            intake::read_bytes(&dataset, &bytes, &format, &limits)
        }
        _ => intake::read(
            &dataset,
            File::open(path).map_err(failed)?,
            &format,
            &limits,
        ),
    };
    table.map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
}

/// Reads a profile.
pub fn profile(path: &Path) -> Result<Profile> {
    let text = fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
    Profile::parse(&text)
        .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))
}

/// Every hierarchy that a profile names, from a folder or from `hierarchies` beside the profile.
pub fn hierarchies(
    folder: Option<&PathBuf>,
    beside: &Path,
    profile: &Profile,
) -> Result<Hierarchies> {
    let beside = beside.with_file_name("hierarchies");
    let folder = folder.unwrap_or(&beside);
    let names = profile.datasets().flat_map(DatasetProfile::hierarchies);
    let read = |name: &str| {
        let path = folder.join(format!("{name}.csv"));
        let bytes = fs::read(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let hierarchy = Hierarchy::parse(name, &bytes)
            .map_err(|error| Failure::usage(format!("{}: {}", path.display(), causes(&error))))?;
        Ok((name.to_owned(), hierarchy))
    };
    names.map(read).collect()
}

/// The key of pseudonyms from a file of 64 hexadecimal digits.
pub fn key(path: &Path) -> Result<PseudonymKey> {
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
