//! CSV, on all cores.
//!
//! A block is cut at line breaks into some parts for each core, and every part is scanned as if a record began there. Where the
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

/// Parts of a block for each core, so that none waits long for another that is busy with something else.
const PARTS: usize = 2;

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
    let mut scan = Scan::new(dialect, true, !more);
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
    let parts = PARTS * rayon::current_num_threads().max(1);
    let size = (text.len() / parts).max(LEAST_PART);
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
    let mut scan = Scan::new(dialect, quotes, true);
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

/// Cells of a record whose places are kept until its end is found; those of a longer record are found twice.
const MOST_PLACES: usize = 4 * MOST_COLUMNS;

/// Scans single records, quoted cells and all (RFC 4180).
struct Scan {
    dialect: Dialect,
    /// Whether quotes have a meaning.
    quotes: bool,
    /// Whether the text is the end of the file, or ends with a line break.
    last: bool,
    places: Vec<Place>,
    unescaped: Vec<u8>,
}

/// Where a cell is.
struct Place {
    start: usize,
    end: usize,
    /// The length of what is quoted, its quotes included.
    quoted: Option<usize>,
    /// Whether the record ends with it.
    last: bool,
}

impl Scan {
    fn new(dialect: Dialect, quotes: bool, last: bool) -> Self {
        Self {
            dialect,
            quotes,
            last,
            places: Vec::new(),
            unescaped: Vec::new(),
        }
    }

    /// Reports the cells of the first record of a text, and answers where it ends; `None`, and nothing reported, if it does not.
    fn record(&mut self, text: &[u8], report: &mut impl FnMut(&[u8])) -> Option<usize> {
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        let whole = self.places(text, &mut places);
        let end = whole.then(|| self.report_all(text, &places, report));
        self.places = places;
        end
    }

    /// Finds the cells of the first record, and answers whether it ends.
    fn places(&self, text: &[u8], places: &mut Vec<Place>) -> bool {
        let mut start = 0;
        while let Some(place) = self.place(text, start) {
            start = place.end + 1;
            let last = place.last;
            if places.len() < MOST_PLACES {
                places.push(place);
            }
            if last {
                return true;
            }
        }
        false
    }

    fn report_all(
        &mut self,
        text: &[u8],
        places: &[Place],
        report: &mut impl FnMut(&[u8]),
    ) -> usize {
        let (mut end, mut last) = (0, false);
        for place in places {
            self.report(text, place, report);
            (end, last) = (place.end, place.last);
        }
        while !last && let Some(place) = self.place(text, end + 1) {
            self.report(text, &place, report);
            (end, last) = (place.end, place.last);
        }
        (end + 1).min(text.len())
    }

    /// The cell that begins at a place; `None` if it does not end.
    fn place(&self, text: &[u8], start: usize) -> Option<Place> {
        let quoted = match text.get(start) {
            Some(b'"') if self.quotes => Some(self.quoted(text.get(start..)?)?),
            _ => None,
        };
        let from = start + quoted.unwrap_or(0);
        let rest = text.get(from..)?;
        let (end, last) = match memchr2(self.dialect.delimiter, self.dialect.line_end, rest) {
            Some(at) => (from + at, rest.get(at) == Some(&self.dialect.line_end)),
            None if self.last => (text.len(), true),
            None => return None,
        };
        Some(Place {
            start,
            end,
            quoted,
            last,
        })
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

    fn report(&mut self, text: &[u8], place: &Place, report: &mut impl FnMut(&[u8])) {
        let cell = text.get(place.start..place.end).unwrap_or_default();
        let cell = cell.strip_suffix(b"\r").unwrap_or(cell);
        let Some(length) = place.quoted.filter(|length| *length >= 2) else {
            return report(cell);
        };
        let inner = cell.get(1..length - 1).unwrap_or_default();
        // What follows a closing quote still belongs to the cell.
        let after = cell.get(length..).unwrap_or_default();
        if after.is_empty() && memchr(b'"', inner).is_none() {
            return report(inner);
        }
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
        self.unescaped.extend_from_slice(after);
        report(&self.unescaped);
    }
}
