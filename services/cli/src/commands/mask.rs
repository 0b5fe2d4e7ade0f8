//! Masking personal data in text on this machine.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use sandyq_detect::{Detector, Span, Style, mask_into};

use super::detect::record::Record;
use super::detect::stream::{Lines, Sink};
use super::detect::summary;
use crate::errors::{Failure, Result};
use crate::output;

/// `sandyq mask`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Mask {
    /// The file: plain text, or with `--field` one JSON object a line; `-` reads standard input.
    input: PathBuf,
    /// The field that holds the text; all other fields stay as they are.
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// What stands in the place of personal data.
    #[arg(long, value_enum, default_value_t)]
    style: MaskStyle,
    /// Where the masked text goes [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  sandyq mask letter.txt --out letter.masked.txt
  sandyq mask notes.jsonl --field text --out masked.jsonl
  echo 'ИИН 900101300017' | sandyq mask - --style partial

The masked text is written beside its place and moved there when all of it is done.
Exit codes: 0 done; 2 a record or an option is wrong; 130 interrupted; 1 anything else.";

/// What stands in the place of personal data.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum MaskStyle {
    /// The type: [PERSON].
    #[default]
    Placeholder,
    /// The data with most letters and digits starred.
    Partial,
}

/// Text is masked in blocks of about this size.
const BLOCK: usize = 1 << 20;

/// The work and what it found.
struct Work {
    detector: Detector,
    style: Style,
    spans: Vec<Span>,
    masked: String,
    counts: BTreeMap<&'static str, u64>,
    records: u64,
}

/// Masks a text, or a field of each record.
pub fn run(command: &Mask, form: output::Format) -> Result<()> {
    let mut lines = Lines::open(&command.input, form)?;
    let mut sink = Sink::open(command.out.as_deref())?;
    let mut work = Work {
        detector: Detector::new(),
        style: match command.style {
            MaskStyle::Placeholder => Style::Placeholder,
            MaskStyle::Partial => Style::Partial,
        },
        spans: Vec::new(),
        masked: String::new(),
        counts: BTreeMap::new(),
        records: 0,
    };
    match &command.field {
        Some(field) => work.records(field, &mut lines, &mut sink)?,
        None => work.text(&mut lines, &mut sink)?,
    }
    lines.finish();
    sink.publish()?;
    summary(work.records, &work.counts, command.out.is_some());
    Ok(())
}

impl Work {
    fn records(&mut self, field: &str, lines: &mut Lines, sink: &mut Sink) -> Result<()> {
        while lines.advance()? {
            let line = lines.line()?;
            let record = Record::read(line, field).map_err(|wrong| lines.wrong(&wrong))?;
            self.mask(record.text());
            let (head, tail) = (line.get(..record.place.start), line.get(record.place.end..));
            let value = self.value(line, &record)?;
            let parts = [
                head.unwrap_or_default(),
                &value,
                tail.unwrap_or_default(),
                "\n",
            ];
            for part in parts {
                sink.write_all(part.as_bytes())
                    .map_err(|error| sink.failed(&error))?;
            }
            self.records += 1;
        }
        Ok(())
    }

    /// The JSON of the masked field. A value in which nothing was found stays as it is; any other becomes a string.
    fn value<'l>(&self, line: &'l str, record: &Record<'_>) -> Result<Cow<'l, str>> {
        if self.spans.is_empty() {
            return Ok(Cow::Borrowed(
                line.get(record.place.clone()).unwrap_or_default(),
            ));
        }
        let intact =
            !record.quoted && serde_json::from_str::<serde::de::IgnoredAny>(&self.masked).is_ok();
        if intact {
            return Ok(Cow::Owned(self.masked.clone()));
        }
        let json = serde_json::to_string(&self.masked);
        json.map(Cow::Owned)
            .map_err(|error| Failure::general(format!("cannot make JSON: {error}")))
    }

    fn text(&mut self, lines: &mut Lines, sink: &mut Sink) -> Result<()> {
        let mut block = String::new();
        while lines.next_block(BLOCK, &mut block)? {
            self.mask(&block);
            sink.write_all(self.masked.as_bytes())
                .map_err(|error| sink.failed(&error))?;
            self.records += 1;
        }
        Ok(())
    }

    fn mask(&mut self, text: &str) {
        self.detector.detect_into(text, &mut self.spans);
        self.masked.clear();
        mask_into(text, &self.spans, self.style, &mut self.masked);
        for span in &self.spans {
            *self.counts.entry(span.kind.as_str()).or_insert(0) += 1;
        }
    }
}
