//! CSV, on all cores.
//!
//! A block is cut at line breaks into some parts for each core, and every part is scanned as if a record began there. Where the
//! part before it turns out to end within a quoted cell, that was wrong, and the block is scanned again from that record on. What
//! is left of a record at the end of a block goes before the next one, which is read meanwhile.

use std::io::Read;
use std::sync::Mutex;

use memchr::{memchr, memrchr};
use rayon::prelude::*;

use super::dialect::{Dialect, Encoding, Text};
use super::records::{Records, Row};
use super::{File, LONGEST_RECORD};
use crate::cell::Observer;
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
    let mut now = Block::new();
    let (names, mut more) = names(text, dialect, &mut now)?;
    let mut scanner = Scanner::new(dialect, names.len());
    let mut next = Block::new();
    loop {
        let (mut used, mut filled) = (0, Ok(false));
        let last = !more;
        rayon::in_place_scope(|scope| {
            let (scanner, used, block) = (&mut scanner, &mut used, now.text());
            scope.spawn(move |_| *used = scanner.block(block, !last));
            if more {
                filled = text.more(&mut next.bytes);
            }
        });
        if last {
            break;
        }
        more = filled?;
        let rest = now.text().get(used..).unwrap_or_default();
        next.prepend(scanner.spare(rest)?);
        now.clear();
        std::mem::swap(&mut now, &mut next);
    }
    Ok(File {
        form: "csv",
        encoding,
        delimiter: Some(dialect.delimiter),
        names,
        survey: scanner.finish(),
    })
}

/// Reads until there is a header; the block is then what follows it, and the flag tells whether there may be more.
fn names(
    text: &mut Text<impl Read>,
    dialect: Dialect,
    block: &mut Block,
) -> Result<(Vec<String>, bool), ClassifyError> {
    let mut more = true;
    while more {
        more = text.more(&mut block.bytes)?;
        let (cells, used) = header(block.text(), dialect, more);
        block.start += used;
        match cells {
            Some(cells) if cells.len() > MOST_COLUMNS => {
                return Err(ClassifyError::TooManyColumns {
                    limit: MOST_COLUMNS,
                });
            }
            Some(cells) => return Ok((cells, more)),
            None if block.text().len() > LONGEST_RECORD => return Err(too_long(0)),
            None => {}
        }
    }
    Err(ClassifyError::Empty)
}

fn too_long(rows: u64) -> ClassifyError {
    ClassifyError::RecordTooLong {
        row: rows + 1,
        limit: LONGEST_RECORD,
    }
}

/// Bytes that a block has room for before its text.
const ROOM: usize = 1 << 18;

/// Text that was read, with room before it for what is left of the block before.
struct Block {
    bytes: Vec<u8>,
    start: usize,
}

impl Block {
    fn new() -> Self {
        Self {
            bytes: vec![0; ROOM],
            start: ROOM,
        }
    }

    fn text(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn clear(&mut self) {
        self.bytes.truncate(ROOM);
        self.start = ROOM;
    }

    /// Puts a text before what was read.
    fn prepend(&mut self, text: &[u8]) {
        match self.start.checked_sub(text.len()) {
            Some(start) => {
                if let Some(room) = self.bytes.get_mut(start..self.start) {
                    room.copy_from_slice(text);
                }
                self.start = start;
            }
            None => {
                self.bytes.splice(..self.start, text.iter().copied());
                self.start = 0;
            }
        }
    }
}

/// The cells of the first record that is not blank, and where it ends.
fn header(buffer: &[u8], dialect: Dialect, more: bool) -> (Option<Vec<String>>, usize) {
    let mut records = Records::new(buffer, dialect, true, !more);
    while let Some(row) = records.single() {
        let cells = texts(&records, row);
        if cells.len() > 1 || cells.iter().any(|cell| !cell.trim().is_empty()) {
            return (Some(cells), records.at());
        }
    }
    let at = records.at();
    if !more {
        // The file ends within quotes: they are characters like others.
        let rest = buffer.get(at..).unwrap_or_default();
        let mut records = Records::new(rest, dialect, false, true);
        if let Some(row) = records.single() {
            return (Some(texts(&records, row)), at + records.at());
        }
    }
    (None, at)
}

fn texts(records: &Records<'_>, row: Row) -> Vec<String> {
    let cells = (0..row.width()).filter_map(|place| records.cell(row, place));
    cells.map(text_of).collect()
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

/// The survey of a file, block by block.
struct Scanner {
    dialect: Dialect,
    survey: Survey,
    /// Observers that are not at work. What they know of words is worth keeping.
    observers: Mutex<Vec<Observer>>,
}

impl Scanner {
    fn new(dialect: Dialect, width: usize) -> Self {
        Self {
            dialect,
            survey: Survey::new(width),
            observers: Mutex::default(),
        }
    }

    /// Surveys the whole records of a block, and answers where they end.
    fn block(&mut self, text: &[u8], more: bool) -> usize {
        let end = if more {
            memrchr(self.dialect.line_end, text).map_or(0, |last| last + 1)
        } else {
            text.len()
        };
        let lines = text.get(..end).unwrap_or_default();
        let parts = cut(lines, self.dialect.line_end);
        let surveyed: Vec<(Survey, usize)> = parts
            .par_iter()
            .map(|part| self.surveyed(part, true))
            .collect();
        let mut at = 0;
        for (part, (found, used)) in parts.iter().zip(surveyed) {
            self.survey.append(found);
            at += used;
            if used < part.len() {
                return at + self.again(lines.get(at..).unwrap_or_default(), more);
            }
        }
        at
    }

    /// The survey of a text by itself, and where the last whole record of it ends.
    fn surveyed(&self, text: &[u8], quotes: bool) -> (Survey, usize) {
        let mut survey = self.survey.another();
        let observers = || self.observers.lock().ok();
        if let Some(observer) = observers().and_then(|mut spare| spare.pop()) {
            survey.observer = observer;
        }
        let used = scan(text, self.dialect, quotes, &mut survey);
        survey.settle();
        if let Some(mut spare) = observers() {
            spare.push(std::mem::take(&mut survey.observer));
        }
        (survey, used)
    }

    /// Surveys text that begins with a record which the end of a part has cut.
    fn again(&mut self, text: &[u8], more: bool) -> usize {
        let (found, mut used) = self.surveyed(text, true);
        self.survey.append(found);
        if !more && used < text.len() {
            // The file ends within quotes: they are characters like others.
            used += self.lenient(text.get(used..).unwrap_or_default());
        }
        used
    }

    /// Surveys text in which quotes mean nothing.
    fn lenient(&mut self, text: &[u8]) -> usize {
        let (found, used) = self.surveyed(text, false);
        self.survey.append(found);
        used
    }

    /// What goes before the next block, of what a block has left.
    fn spare<'t>(&mut self, mut rest: &'t [u8]) -> Result<&'t [u8], ClassifyError> {
        if rest.len() > LONGEST_RECORD {
            // A quote that nothing closes is taken for a character of its cell.
            let taken = self.lenient(rest);
            rest = rest.get(taken..).unwrap_or_default();
        }
        if rest.len() > LONGEST_RECORD {
            return Err(too_long(self.survey.rows));
        }
        Ok(rest)
    }

    fn finish(mut self) -> Survey {
        self.survey.settle();
        self.survey
    }
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
    let mut records = Records::new(text, dialect, quotes, true);
    while records.fill() {
        survey.batch(&records);
    }
    records.at()
}
