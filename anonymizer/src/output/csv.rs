//! CSV files as in RFC 4180, with line feeds.

use std::io::Write;

use rayon::prelude::*;

use super::{Output, Run};
use crate::cancel::Cancel;

/// Rows that one thread makes into text at a time.
const PART: usize = 1 << 12;

impl Output {
    /// Writes the release as CSV. Missing values are empty cells. Stops where it is when `cancel` is raised. While the sink takes rows, which
    /// may be work of its own, the next ones are made.
    ///
    /// # Errors
    /// The sink's.
    pub fn write_csv(
        &self,
        sink: &mut (impl Write + Send),
        delimiter: u8,
        cancel: &Cancel,
    ) -> std::io::Result<()> {
        let names = self.columns.iter().map(|column| column.name.as_str());
        let mut header = Vec::new();
        for (name, place) in names.zip(0..) {
            separate(&mut header, place, delimiter);
            escape(name, delimiter, &mut header);
        }
        header.push(b'\n');
        sink.write_all(&header)?;
        let labels: Vec<Labels> = self
            .columns
            .iter()
            .map(|column| Labels::of(column.dictionary.texts(), delimiter))
            .collect();
        let mut ready: Vec<Vec<u8>> = Vec::new();
        for batch in self.batches() {
            for parts in parts(&batch).chunks(rayon::current_num_threads().max(1)) {
                if cancel.is_cancelled() {
                    return Err(std::io::ErrorKind::Interrupted.into());
                }
                let texts = || {
                    let texts = parts.par_iter();
                    texts.map(|runs| self.lines(runs, &labels, delimiter))
                };
                let (written, next) = rayon::join(|| write_all(sink, &ready), || texts().collect());
                written?;
                ready = next;
            }
        }
        write_all(sink, &ready)?;
        sink.flush()
    }

    fn lines(&self, runs: &[Run], labels: &[Labels], delimiter: u8) -> Vec<u8> {
        let (mut text, mut line) = (Vec::new(), Vec::new());
        for run in runs {
            line.clear();
            for (labels, place) in labels.iter().zip(0..) {
                separate(&mut line, place, delimiter);
                line.extend_from_slice(labels.get(self.code(*run, place)));
            }
            line.push(b'\n');
            for _ in 0..run.rows {
                text.extend_from_slice(&line);
            }
        }
        text
    }
}

fn write_all(sink: &mut impl Write, texts: &[Vec<u8>]) -> std::io::Result<()> {
    texts.iter().try_for_each(|text| sink.write_all(text))
}

fn separate(line: &mut Vec<u8>, place: usize, delimiter: u8) {
    if place > 0 {
        line.push(delimiter);
    }
}

/// Runs in parts of about the same number of rows.
fn parts(batch: &[Run]) -> Vec<&[Run]> {
    let (mut parts, mut rest) = (Vec::new(), batch);
    while !rest.is_empty() {
        let mut rows = 0;
        let end = rest.iter().take_while(|run| {
            let before = rows;
            rows += run.rows;
            before < PART
        });
        let end = end.count();
        let (part, more) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        parts.push(part);
        rest = more;
    }
    parts
}

/// The cells of a column as they are written, by code.
struct Labels {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Labels {
    fn of<'t>(texts: impl Iterator<Item = Option<&'t str>>, delimiter: u8) -> Self {
        let (mut text, mut ends) = (Vec::new(), vec![0]);
        for label in texts {
            match label {
                Some("") => text.extend_from_slice(b"\"\""),
                Some(label) => escape(label, delimiter, &mut text),
                None => {}
            }
            ends.push(text.len());
        }
        Self { text, ends }
    }

    fn get(&self, code: u32) -> &[u8] {
        let code = code as usize;
        match (self.ends.get(code), self.ends.get(code + 1)) {
            (Some(start), Some(end)) => self.text.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// Writes a cell, within quotes if it holds what would end it.
fn escape(text: &str, delimiter: u8, to: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let special = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !bytes.iter().any(special) {
        to.extend_from_slice(bytes);
        return;
    }
    to.push(b'"');
    for byte in bytes {
        if *byte == b'"' {
            to.push(b'"');
        }
        to.push(*byte);
    }
    to.push(b'"');
}
