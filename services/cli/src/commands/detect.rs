//! Finding personal data in text on this machine.

pub(super) mod record;
pub(super) mod stream;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use clap::Args;
use sandyq_detect::{Detector, Span, code_points};

use self::record::Record;
use self::stream::{Lines, Sink};
use crate::errors::{Failure, Result};
use crate::output::{self, note};

/// `sandyq detect`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Detect {
    /// The file: one JSON object a line; `-` reads standard input.
    input: PathBuf,
    /// The field that holds the text.
    #[arg(long, value_name = "NAME", default_value = "text")]
    field: String,
    /// The field that tells records apart; it is copied to the result as it is.
    #[arg(long, value_name = "NAME", default_value = "id")]
    id: String,
    /// Where the spans go [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sandyq detect notes.jsonl --field text --out spans.jsonl
  sandyq detect letters.ndjson --field body --id number --out spans.jsonl
  cat notes.jsonl | sandyq detect - | head

Each record gives one line: {\"id\": 7, \"spans\": [{\"start\": 4, \"end\": 16, \"type\": \"IIN\", \"confidence\": 0.99, \"rule\": \"iin.checksum\"}]}.
Offsets count Unicode code points of the text, end exclusive. A text that is no string is read as it is written; null is empty.
The spans are written beside their place and moved there when all are done.
Exit codes: 0 done; 2 a record or an option is wrong; 130 interrupted; 1 anything else.";

/// Writes the spans of each record.
pub fn run(command: &Detect, form: output::Format) -> Result<()> {
    let mut lines = Lines::open(&command.input, form)?;
    let mut sink = Sink::open(command.out.as_deref())?;
    let mut detector = Detector::new();
    let mut counts = BTreeMap::new();
    let mut spans = Vec::new();
    let mut records = 0_u64;
    while lines.advance()? {
        let line = lines.line()?;
        let record = Record::read(line, &command.field).map_err(|wrong| lines.wrong(&wrong))?;
        let id = record::raw(line, &command.id);
        let id = id.ok_or_else(|| {
            lines.wrong(&format!(
                "there is no field `{}` to tell the record by",
                command.id
            ))
        })?;
        detector.detect_into(record.text(), &mut spans);
        for span in &spans {
            *counts.entry(span.kind.as_str()).or_insert(0_u64) += 1;
        }
        write(
            &mut sink,
            line.get(id).unwrap_or_default(),
            record.text(),
            &spans,
        )?;
        records += 1;
    }
    lines.finish();
    sink.publish()?;
    summary(records, &counts, command.out.is_some());
    Ok(())
}

/// One line of the result.
fn write(sink: &mut Sink, id: &str, text: &str, spans: &[Span]) -> Result<()> {
    let mut line = format!("{{\"id\": {id}, \"spans\": [");
    for (place, (span, at)) in spans.iter().zip(code_points(text, spans)).enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        line.push_str(&format!(
            "{comma}{{\"start\": {}, \"end\": {}, \"type\": \"{}\", \"confidence\": {}, \"rule\": \"{}\"}}",
            at.start, at.end, span.kind, span.confidence, span.rule
        ));
    }
    line.push_str("]}\n");
    sink.write_all(line.as_bytes())
        .map_err(|error| sink.failed(&error))
}

/// Tells a person how many were found; a pipe gets the spans alone.
pub(super) fn summary(records: u64, counts: &BTreeMap<&'static str, u64>, wanted: bool) {
    if !wanted {
        return;
    }
    let found: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    let found = if found.is_empty() {
        "nothing found".to_owned()
    } else {
        found.join(", ")
    };
    note(&format!("{records} records: {found}"));
}

/// The line is no text.
pub(super) fn not_text(at: usize) -> String {
    format!("byte {} is no UTF-8; convert the file first", at + 1)
}

/// The failure of a record or a line.
pub(super) fn failure(text: impl Into<String>) -> Failure {
    Failure::usage(text)
}
