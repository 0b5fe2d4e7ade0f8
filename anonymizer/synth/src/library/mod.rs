//! A library as a ministry would have it: five tables that share keys, their dirt, and what is true of them.
//!
//! | file | what | form |
//! |---|---|---|
//! | citizens.csv | a register of citizens | UTF-8, Russian headers |
//! | visits.ndjson | clinic visits with notes, by the patient's IIN | NDJSON, English keys |
//! | pupils.csv | school records with remarks, by the pupil's IIN; parents are citizens | UTF-8, semicolons, Kazakh headers |
//! | staff.csv | the doctors and teachers of the other tables | Windows-1251, Kazakh letters typed as Russian ones, abbreviated headers |
//! | appeals.ndjson | what citizens write | NDJSON |
//!
//! `labels/library.json` lists the tables and the type of every column ([`Table`]); `labels/NAME.spans.ndjson` has a line
//! `{"id", "spans": [{"start", "end", "type"}]}` for every text, in code points. Each household is a function of the seed and its
//! number, so nothing is kept in memory and any number of threads gives the same files.

mod rows;
mod staff;
mod tables;

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use thiserror::Error;

use self::rows::Unit;
use self::staff::Employee;
use crate::label::Table;

/// What to make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options {
    /// How many records of citizens.
    pub rows: u64,
    /// The same seed gives the same library.
    pub seed: u64,
}

/// Why a library was not written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LibraryError {
    /// The place is taken.
    #[error("{} already holds files; give a folder that is new or empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The labels could not be written as JSON.
    #[error("cannot write the labels as JSON")]
    Labels(#[from] serde_json::Error),
}

/// Households made at a time: enough for many threads, little enough to be held.
const BATCH: u64 = 4_096;

/// An open file, which knows its path.
struct Sink {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Sink {
    fn create(folder: &Path, name: &str) -> Result<Self, LibraryError> {
        let path = folder.join(name);
        match File::create(&path) {
            Ok(file) => Ok(Self {
                path,
                file: BufWriter::with_capacity(1 << 18, file),
            }),
            Err(source) => Err(LibraryError::Write { path, source }),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), LibraryError> {
        self.file
            .write_all(bytes)
            .map_err(|source| LibraryError::Write {
                path: self.path.clone(),
                source,
            })
    }

    fn finish(mut self) -> Result<(), LibraryError> {
        self.file.flush().map_err(|source| LibraryError::Write {
            path: self.path.clone(),
            source,
        })
    }
}

/// Writes a library into a new or empty folder, and says what is in it.
pub fn write(folder: &Path, options: Options) -> Result<Vec<Table>, LibraryError> {
    let labels = prepare(folder)?;
    let mut tables = tables::tables();
    let mut sinks = tables
        .iter()
        .map(|table| Sink::create(folder, &table.file))
        .collect::<Result<Vec<_>, _>>()?;
    for (table, sink) in tables.iter().zip(&mut sinks) {
        sink.put(&tables::header(table))?;
    }
    let spans = tables
        .iter()
        .flat_map(|table| &table.columns)
        .filter_map(|column| column.spans.as_deref());
    let mut span_sinks = spans
        .map(|file| Sink::create(folder, file))
        .collect::<Result<Vec<_>, _>>()?;
    let staff = staff::all(options.seed, options.rows);
    households(options, &staff, |unit| {
        for ((part, sink), table) in unit.tables.iter().zip(&mut sinks).zip(&mut tables) {
            sink.put(&part.bytes)?;
            table.rows += part.rows;
        }
        unit.spans
            .iter()
            .zip(&mut span_sinks)
            .try_for_each(|(bytes, sink)| sink.put(bytes))
    })?;
    if let (Some(sink), Some(table)) = (sinks.last_mut(), tables.last_mut()) {
        for (employee, number) in staff.iter().zip(0..) {
            sink.put(&staff::row(options.seed, number, employee))?;
        }
        table.rows = staff.len() as u64;
    }
    sinks
        .into_iter()
        .chain(span_sinks)
        .try_for_each(Sink::finish)?;
    let mut sink = Sink::create(&labels, "library.json")?;
    sink.put(&serde_json::to_vec_pretty(&tables)?)?;
    sink.finish()?;
    Ok(tables)
}

/// Makes the folder, which has to be empty, and the one of the labels in it.
fn prepare(folder: &Path) -> Result<PathBuf, LibraryError> {
    let labels = folder.join("labels");
    let wrong = |source| LibraryError::Write {
        path: folder.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(wrong)?;
    if fs::read_dir(folder).map_err(wrong)?.next().is_some() {
        return Err(LibraryError::NotEmpty(folder.to_owned()));
    }
    fs::create_dir(&labels).map_err(wrong)?;
    Ok(labels)
}

/// Hands over household by household until there are as many citizens as asked for.
fn households(
    options: Options,
    staff: &[Employee],
    mut take: impl FnMut(Unit) -> Result<(), LibraryError>,
) -> Result<(), LibraryError> {
    let mut left = options.rows;
    let mut next = 0;
    while left > 0 {
        let batch = (left / 2).clamp(16, BATCH);
        let numbers: Vec<u64> = (next..next + batch).collect();
        let units: Vec<Unit> = numbers
            .par_iter()
            .map(|number| Unit::make(options.seed, *number, staff, u64::MAX))
            .collect();
        for (unit, number) in units.into_iter().zip(numbers) {
            // The last household loses whom there is no room for.
            let unit = if unit.citizens() > left {
                Unit::make(options.seed, number, staff, left)
            } else {
                unit
            };
            left -= unit.citizens();
            take(unit)?;
            if left == 0 {
                break;
            }
        }
        next += batch;
    }
    Ok(())
}
