//! Depersonalizing a file on this machine: no server, no network.

mod digest;
pub(super) mod pending;
pub(super) mod progress;
mod source;
mod summary;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use sandyq_anonymizer::{
    Cancel, DatasetProfile, Detail, Encoding, Error, Format, Hierarchies, Output, OutputFormat,
    Plan, PlanError, PseudonymKey, Release, Seal, Sealed, Sealing, Table, UtilityLimits, Work,
    drift,
};

use self::digest::sha256_of;
use self::pending::Pending;
use self::progress::Watch;
use self::source::{output_format, read_plan};
use super::tables::{self, InputFormat, Reading, TextEncoding};
use crate::errors::{Exit, Failure, Result, causes};
use crate::output::{self, note};
use crate::parse;

/// `sandyq anonymize`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Anonymize {
    /// The file: CSV or NDJSON, which may be packed with gzip, or Parquet.
    input: PathBuf,
    /// The profile, TOML.
    #[arg(long, value_name = "FILE")]
    profile: PathBuf,
    /// Where the release goes: CSV or Parquet by its ending.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The folder of the hierarchies: each one that the profile names is read from NAME.csv [default: `hierarchies` beside the profile].
    #[arg(long, value_name = "DIR")]
    hierarchies: Option<PathBuf>,
    /// The data set of the profile [default: the only one, or that of the file's name].
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,
    /// The table of the population, by the name that the profile gives it.
    #[arg(long, value_parser = parse::pair, value_name = "NAME=FILE")]
    population: Option<(String, String)>,
    /// Write a report that a browser shows.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
    /// The column that the report's test of a classifier predicts.
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// Keep the plan, to be used on a later version of the file. It holds what is released, not what was read.
    #[arg(long, value_name = "FILE")]
    save_plan: Option<PathBuf>,
    /// Do not search: use a plan that was kept, and tell what has changed since.
    #[arg(long, value_name = "FILE")]
    use_plan: Option<PathBuf>,
    /// The delimiter of CSV files, or `tab`; found out when not given.
    #[arg(long, value_parser = parse::delimiter)]
    delimiter: Option<String>,
    /// The format of the input; by its ending when not given.
    #[arg(long, value_enum)]
    format: Option<InputFormat>,
    /// The encoding of a CSV file.
    #[arg(long, value_enum, default_value_t = TextEncoding::Utf8)]
    encoding: TextEncoding,
    /// A file with the key of pseudonyms: 64 hexadecimal digits. The same key gives the same pseudonyms.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sandyq anonymize adult.csv --profile profile.toml --out adult-release.csv --report report.html
  sandyq anonymize visits.parquet --profile clinic.toml --dataset visits --out release.parquet --save-plan plan.json
  sandyq anonymize visits-2027.parquet --profile clinic.toml --dataset visits --out next.parquet --use-plan plan.json

The release is written beside its place, measured there, and moved to its place only when it has all that the profile asks for;
otherwise nothing is left.
Exit codes: 0 done; 2 the profile, a hierarchy or an option is wrong, or does not fit the file; 4 the models cannot be met;
7 the written file failed its measurement; 130 interrupted; 1 anything else.";

/// The steps and how long each took.
pub(super) type Timings = Vec<(&'static str, Duration)>;

impl Anonymize {
    fn reading(&self) -> Reading<'_> {
        Reading {
            format: self.format,
            delimiter: self.delimiter.as_deref(),
            encoding: self.encoding,
        }
    }
}

/// Depersonalizes a file.
pub fn run(command: &Anonymize, form: output::Format) -> Result<()> {
    let begun = Instant::now();
    let profile = tables::profile(&command.profile)?;
    let dataset = tables::dataset(&profile, command.dataset.as_deref(), &command.input)?;
    let names = dataset.hierarchies();
    let hierarchies = tables::hierarchies(command.hierarchies.as_ref(), &command.profile, names)?;
    // What is made here is not staged, so that surrogates stand in it at once.
    let key = tables::key(command.key_file.as_ref(), [dataset])?.with_surrogates();
    let saved = command.use_plan.as_deref().map(read_plan).transpose()?;
    let watch = Watch::start(form)?;
    let mut pending = Pending::default();
    let outcome = release(
        command,
        &Given {
            dataset,
            hierarchies: &hierarchies,
            key: &key,
            saved: saved.as_ref(),
        },
        &watch,
        &mut pending,
    );
    watch.finish();
    let (report, timings) = outcome?;
    pending.publish()?;
    summary::print(&report, &command.out, &timings, begun.elapsed(), form)
}

/// What was read before the data.
struct Given<'a> {
    dataset: &'a DatasetProfile,
    hierarchies: &'a Hierarchies,
    key: &'a PseudonymKey,
    saved: Option<&'a SavedPlan>,
}

/// A plan, and the report of the release that it was made for.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SavedPlan {
    plan: Plan,
    report: sandyq_anonymizer::Report,
}

fn release(
    command: &Anonymize,
    given: &Given<'_>,
    watch: &Watch,
    pending: &mut Pending,
) -> Result<(sandyq_anonymizer::Report, Timings)> {
    let mut timings = Timings::new();
    let mut last = Instant::now();
    let mut lap = |what| {
        timings.push((what, last.elapsed()));
        last = Instant::now();
    };
    let cancel = watch.cancel();
    let progress = &mut |step| watch.tell(step);
    watch.say("reading");
    let reading = command.reading();
    let table = reading.read(given.dataset.name(), &command.input)?;
    let table = table.derived(given.dataset);
    let table = table.map_err(|error| failed(PlanError::from(error).into()))?;
    let population = tables::population(command.population.as_ref(), given.dataset, &reading)?;
    lap("read");
    let work = Work::new(
        &table,
        given.dataset,
        given.hierarchies,
        population.as_ref(),
    );
    let work = work.map_err(|error| failed(error.into()))?;
    lap("encode");
    let plan = match given.saved {
        Some(saved) => work.reuse(&saved.plan, cancel, progress),
        None => work.plan(cancel, progress),
    };
    let plan = plan.map_err(|error| failed(error.into()))?;
    lap("search");
    let output = work.execute(&plan, given.key, cancel, progress);
    let output = output.map_err(|error| failed(error.into()))?;
    lap("execute");
    watch.say("writing");
    let format = output_format(command, &table)?;
    let seal = write(
        &output,
        format,
        pending.file(&command.out)?,
        &command.out,
        cancel,
    )?;
    let written = seal.on(pending.place_of(&command.out).to_owned());
    // What is measured is the file; its memory serves the measurement.
    drop(output);
    lap("write");
    watch.say("measuring");
    let verified = work.verify(&plan, given.key, format, written, progress);
    let mut release = verified.map_err(failed)?;
    lap("verify");
    // A saved plan carries the report too: a later release is compared with it.
    let compared = command.save_plan.is_some() || given.saved.is_some();
    if compared || command.report.is_some() || command.report_json.is_some() {
        watch.say("reporting");
        describe(
            command,
            given,
            (&table, population.as_ref()),
            pending,
            &mut release,
            cancel,
        )?;
        lap("report");
    }
    let (_, mut report) = release.into_parts();
    report.drift = given.saved.map(|saved| drift(&saved.report, &report));
    if let Some(path) = &command.report {
        pending.write(path, report.to_html().as_bytes())?;
    }
    if let Some(path) = &command.report_json {
        let json = report
            .to_json()
            .map_err(|error| Failure::general(error.to_string()))?;
        pending.write(path, json.as_bytes())?;
    }
    if let Some(path) = &command.save_plan {
        let saved = SavedPlan {
            plan,
            report: report.clone(),
        };
        let json = serde_json::to_vec_pretty(&saved)
            .map_err(|error| Failure::general(error.to_string()))?;
        pending.write(path, &json)?;
    }
    if cancel.is_cancelled() {
        return Err(interrupted());
    }
    Ok((report, timings))
}

fn write(
    output: &Output,
    format: OutputFormat,
    file: File,
    path: &Path,
    cancel: &Cancel,
) -> Result<Seal> {
    let failed = |error: &(dyn std::error::Error + 'static)| {
        if cancel.is_cancelled() {
            return interrupted();
        }
        Failure::general(format!(
            "cannot write {}: {}",
            path.display(),
            causes(error)
        ))
    };
    let mut sink = Sealing::new(BufWriter::with_capacity(1 << 20, file));
    match format {
        OutputFormat::Csv { delimiter } => output
            .write_csv(&mut sink, delimiter, cancel)
            .map_err(|error| failed(&error))?,
        OutputFormat::Parquet => output
            .write_parquet(&mut sink, cancel)
            .map_err(|error| failed(&error))?,
    }
    let (sink, seal) = sink.finish();
    sink.into_inner().map_err(|error| failed(&error))?;
    Ok(seal)
}

/// Compares the release with the dataset, for the report.
fn describe(
    command: &Anonymize,
    given: &Given<'_>,
    (original, population): (&Table, Option<&Table>),
    pending: &Pending,
    release: &mut Release<Sealed<PathBuf>>,
    cancel: &Cancel,
) -> Result<()> {
    let path = pending.place_of(&command.out);
    let format = match output_format(command, original)? {
        OutputFormat::Parquet => Format::Parquet,
        OutputFormat::Csv { delimiter } => Format::Csv {
            delimiter: Some(delimiter),
            encoding: Encoding::Utf8,
        },
    };
    let released = tables::open(path, &format, given.dataset.name())?;
    let detail = Detail {
        profile: given.dataset,
        hierarchies: given.hierarchies,
        original,
        released: &released,
        population,
        target: command.target.as_deref(),
        limits: UtilityLimits::default(),
    };
    release.of_file(sha256_of(&command.input)?);
    release.describe(&detail, cancel).map_err(|error| {
        if cancel.is_cancelled() {
            return interrupted();
        }
        Failure::usage(format!("the report cannot be made: {}", causes(&error)))
    })
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted; nothing was written")
}

fn failed(error: Error) -> Failure {
    if error.is_cancelled() {
        return interrupted();
    }
    let exit = match &error {
        Error::Plan(PlanError::KNotReachable { .. } | PlanError::Search { .. }) => Exit::Conflict,
        Error::Plan(_) | Error::Execute(_) | Error::Profile(_) => Exit::Usage,
        Error::Verify(_) => Exit::Verification,
        _ => Exit::Failure,
    };
    Failure::new(exit, causes(&error))
}

/// Says on standard error what a person watching wants to know.
fn remark(text: &str) {
    note(text);
}
