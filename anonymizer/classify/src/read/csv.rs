//! CSV, on all cores.
//!
//! A block is cut at line breaks into a part for each core, and every part is scanned as if a record began there. Where the
//! part before it turns out to end within a quoted cell, that was wrong, and the block is scanned again from that record on. What
//! is left of a record at the end of a block goes before the next one.

use std::io::Read;

use memchr::{memchr, memchr2, memchr2_iter, memrchr};
use rayon::prelude::*;

use super::dialect::{Dialect, Encoding, Text};
use super::{File, LONGEST_RECORD};
use crate::error::ClassifyError;
use crate::survey::{MOST_COLUMNS, Survey};

/// A part of a block is worth a core from this size on.
const LEAST_PART: usize = 256 * 1024;

pub fn read(
    text: &mut Text<impl Read>,
    dialect: Dialect,
    encoding: Encoding,
) -> Result<File, ClassifyError> {
    let mut buffer = Vec::new();
    let mut names = None;
    let mut survey = Survey::new(0);
    let mut more = true;
    while more {
        more = text.more(&mut buffer)?;
        let mut used = 0;
        if names.is_none() {
            let (cells, end) = header(&buffer, dialect, more);
            used = end;
            if let Some(cells) = cells {
                if cells.len() > MOST_COLUMNS {
                    return Err(ClassifyError::TooManyColumns {
                        limit: MOST_COLUMNS,
                    });
                }
                survey = Survey::new(cells.len());
                names = Some(cells);
            }
        }
        if names.is_some() {
            let rest = buffer.get(used..).unwrap_or_default();
            used += block(rest, dialect, more, &mut survey);
        }
        buffer.drain(..used.min(buffer.len()));
        if buffer.len() > LONGEST_RECORD {
            // A quote that nothing closes is taken for a character of its cell.
            let taken = lenient(&buffer, dialect, &mut survey);
            buffer.drain(..taken.min(buffer.len()));
            if buffer.len() > LONGEST_RECORD {
                return Err(ClassifyError::RecordTooLong {
                    row: survey.rows + 1,
                    limit: LONGEST_RECORD,
                });
            }
        }
    }
    survey.settle();
    let names = names.ok_or(ClassifyError::Empty)?;
    Ok(File {
        form: "csv",
        encoding,
        delimiter: Some(dialect.delimiter),
        names,
        survey,
    })
}

/// The cells of the first record that is not blank, and where it ends.
fn header(buffer: &[u8], dialect: Dialect, more: bool) -> (Option<Vec<String>>, usize) {
    let mut cells: Vec<String> = Vec::new();
    let mut scan = Scan {
        dialect,
        quotes: true,
        last: !more,
        unescaped: Vec::new(),
    };
    let mut at = 0;
    while at < buffer.len() {
        let rest = buffer.get(at..).unwrap_or_default();
        let mut keep = |cell: &[u8]| {
            // The limit is looked at later; a file of delimiters alone must not take memory.
            if cells.len() <= MOST_COLUMNS {
                cells.push(text_of(cell));
            }
        };
        let Some(end) = scan.record(rest, &mut keep) else {
            if !more {
                cells.clear();
                scan.quotes = false;
                if let Some(end) = scan.record(rest, &mut |cell| cells.push(text_of(cell))) {
                    return (Some(cells), at + end);
                }
            }
            return (None, at);
        };
        at += end;
        if cells.iter().any(|cell| !cell.trim().is_empty()) || cells.len() > 1 {
            return (Some(cells), at);
        }
        cells.clear();
    }
    (None, at)
}

fn text_of(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::WINDOWS_1251
            .decode_without_bom_handling(cell)
            .0
            .into_owned(),
    }
}

/// Surveys the whole records of a block, and answers where they end.
fn block(text: &[u8], dialect: Dialect, more: bool, survey: &mut Survey) -> usize {
    let end = if more {
        memrchr(dialect.line_end, text).map_or(0, |last| last + 1)
    } else {
        text.len()
    };
    let lines = text.get(..end).unwrap_or_default();
    let parts = cut(lines, dialect.line_end);
    let empty = || survey.another();
    let surveyed: Vec<(Survey, usize)> = parts
        .par_iter()
        .map(|part| {
            let mut survey = empty();
            let used = scan(part, dialect, true, &mut survey);
            survey.settle();
            (survey, used)
        })
        .collect();
    let mut at = 0;
    for (part, (found, used)) in parts.iter().zip(surveyed) {
        survey.append(found);
        at += used;
        if used < part.len() {
            return at + again(lines.get(at..).unwrap_or_default(), dialect, more, survey);
        }
    }
    at
}

/// Surveys text that begins with a record which the end of a part has cut.
fn again(text: &[u8], dialect: Dialect, more: bool, survey: &mut Survey) -> usize {
    let mut found = survey.another();
    let mut used = scan(text, dialect, true, &mut found);
    found.settle();
    survey.append(found);
    if !more && used < text.len() {
        // The file ends within quotes: they are characters like others.
        used += lenient(text.get(used..).unwrap_or_default(), dialect, survey);
    }
    used
}

/// Surveys text in which quotes mean nothing.
fn lenient(text: &[u8], dialect: Dialect, survey: &mut Survey) -> usize {
    let mut found = survey.another();
    let used = scan(text, dialect, false, &mut found);
    found.settle();
    survey.append(found);
    used
}

fn cut(text: &[u8], line_end: u8) -> Vec<&[u8]> {
    let size = (text.len() / rayon::current_num_threads().max(1)).max(LEAST_PART);
    let (mut parts, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let after = rest.get(size..).unwrap_or_default();
        let end = memchr(line_end, after).map_or(rest.len(), |line| size + line + 1);
        let (part, more) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        parts.push(part);
        rest = more;
    }
    parts
}

/// Scans records, the last of which needs no line break, and answers where the last whole one ends.
fn scan(text: &[u8], dialect: Dialect, quotes: bool, survey: &mut Survey) -> usize {
    let mut scan = Scan {
        dialect,
        quotes,
        last: true,
        unescaped: Vec::new(),
    };
    let mut at = 0;
    let mut quote = if quotes {
        next_quote(text, 0)
    } else {
        text.len()
    };
    while at < text.len() {
        if quote > at {
            let plain = text.get(at..quote).unwrap_or_default();
            let end = if quote == text.len() {
                Some(plain.len())
            } else {
                memrchr(dialect.line_end, plain).map(|last| last + 1)
            };
            if let Some(end) = end.filter(|end| *end > 0) {
                plain_lines(plain.get(..end).unwrap_or_default(), dialect, survey);
                at += end;
                continue;
            }
        }
        let rest = text.get(at..).unwrap_or_default();
        let mut cells = 0;
        let Some(end) = scan.record(rest, &mut |cell| {
            cells += 1;
            survey.cell(cell);
        }) else {
            // Nothing of the record was surveyed yet.
            return at;
        };
        survey.end_row();
        at += end;
        if quote < at {
            quote = next_quote(text, at);
        }
    }
    at
}

fn next_quote(text: &[u8], from: usize) -> usize {
    memchr(b'"', text.get(from..).unwrap_or_default()).map_or(text.len(), |at| from + at)
}

/// Lines in which only delimiters and line breaks have a meaning.
fn plain_lines(text: &[u8], dialect: Dialect, survey: &mut Survey) {
    let (mut start, mut cells) = (0, 0_usize);
    let end_line = |cell: &[u8], cells: usize, survey: &mut Survey| {
        let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
        if cells > 0 || !cell.is_empty() {
            survey.cell(cell);
            survey.end_row();
        }
    };
    for end in memchr2_iter(dialect.delimiter, dialect.line_end, text) {
        let cell = text.get(start..end).unwrap_or_default();
        start = end + 1;
        if text.get(end) == Some(&dialect.line_end) {
            end_line(cell, cells, survey);
            cells = 0;
        } else {
            survey.cell(cell);
            cells += 1;
        }
    }
    if start < text.len() || cells > 0 {
        end_line(text.get(start..).unwrap_or_default(), cells, survey);
    }
}

/// Scans single records, quoted cells and all (RFC 4180).
struct Scan {
    dialect: Dialect,
    /// Whether quotes have a meaning.
    quotes: bool,
    /// Whether the text is the end of the file, or ends with a line break.
    last: bool,
    unescaped: Vec<u8>,
}

impl Scan {
    /// Reports the cells of the first record of a text, and answers where it ends; `None`, and nothing reported, if it does not.
    fn record(&mut self, text: &[u8], report: &mut dyn FnMut(&[u8])) -> Option<usize> {
        let end = self.end_of_record(text)?;
        let record = text.get(..end)?;
        let mut at = 0;
        loop {
            at += self.cell(record.get(at..).unwrap_or_default(), report);
            match record.get(at) {
                Some(byte) if *byte == self.dialect.delimiter => at += 1,
                _ => return Some(end),
            }
        }
    }

    /// Where the first record ends, line break included.
    fn end_of_record(&self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            if self.quotes && text.get(at) == Some(&b'"') {
                at += self.quoted(text.get(at..)?)?;
            }
            let rest = text.get(at..)?;
            match memchr2(self.dialect.delimiter, self.dialect.line_end, rest) {
                Some(place) if rest.get(place) == Some(&self.dialect.delimiter) => at += place + 1,
                Some(place) => return Some(at + place + 1),
                None => return self.last.then_some(text.len()),
            }
        }
    }

    /// The length of a quoted cell, its quotes included.
    fn quoted(&self, text: &[u8]) -> Option<usize> {
        let mut at = 1;
        loop {
            at += memchr(b'"', text.get(at..)?)? + 1;
            if text.get(at) != Some(&b'"') {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Reports the first cell, and answers where it ends.
    fn cell(&mut self, text: &[u8], report: &mut dyn FnMut(&[u8])) -> usize {
        let quoted = if self.quotes && text.first() == Some(&b'"') {
            self.quoted(text)
        } else {
            None
        };
        let from = quoted.unwrap_or(0);
        let rest = text.get(from..).unwrap_or_default();
        let end = from
            + memchr2(self.dialect.delimiter, self.dialect.line_end, rest).unwrap_or(rest.len());
        let cell = text.get(..end).unwrap_or_default();
        let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
        match quoted {
            // What follows a closing quote still belongs to the cell.
            Some(length) if length >= 2 => {
                let inner = text.get(1..length - 1).unwrap_or_default();
                self.unescaped.clear();
                let mut before = 0;
                for &byte in inner {
                    if !(byte == b'"' && before == b'"') {
                        self.unescaped.push(byte);
                        before = byte;
                    } else {
                        before = 0;
                    }
                }
                self.unescaped
                    .extend_from_slice(cell.get(length..).unwrap_or_default());
                report(&self.unescaped);
            }
            _ => report(cell),
        }
        end
    }
}
