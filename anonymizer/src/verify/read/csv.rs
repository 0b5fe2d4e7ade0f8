//! A release as delimited text: UTF-8, a header, rows ended by a line feed, cells quoted as in RFC 4180, a missing value as an empty cell.

use std::borrow::Cow;
use std::io::Read;
use std::sync::Mutex;

use super::super::account::{Account, At, Fault, What};
use super::super::column::Column;
use super::super::seal::{PIECE, Seen};
use super::{Parts, VerifyError, unreadable};

/// A row is at most so long.
const LONGEST: usize = 256 << 20;

/// The rows of a file, in blocks.
pub(super) struct Blocks<'a> {
    columns: &'a [Column<'a>],
    delimiter: u8,
    state: Mutex<State<'a>>,
    /// Where account is kept of what was read, if it is.
    seen: Option<&'a Seen>,
}

struct State<'a> {
    reader: Box<dyn Read + Send + 'a>,
    /// What was read beyond the last block.
    rest: Vec<u8>,
    /// Blocks that were counted, to be read into again: new memory costs more than what is read into it.
    spare: Vec<Vec<u8>>,
    next: usize,
    /// Pieces of the file that were read.
    pieces: usize,
    ended: bool,
}

/// What was left of the block before, and what was read then: a piece of the file, or more where a row is longer. Small files, too, are to be read
/// by all threads.
#[derive(Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// Where the whole rows end; what follows is the beginning of the next block, too.
    rows: usize,
    /// Where what was read begins,
    read: usize,
    /// and the place of its first piece in the file.
    piece: usize,
}

impl<'a> Blocks<'a> {
    /// Reads the header.
    pub(super) fn new(
        reader: Box<dyn Read + Send + 'a>,
        delimiter: u8,
        columns: &'a [Column<'a>],
        seen: Option<&'a Seen>,
    ) -> Result<Self, VerifyError> {
        let mut blocks = Self {
            columns,
            delimiter,
            state: Mutex::new(State {
                reader,
                rest: Vec::new(),
                spare: Vec::new(),
                next: 0,
                pieces: 0,
                ended: false,
            }),
            seen,
        };
        let Ok(state) = blocks.state.get_mut() else {
            return Ok(blocks);
        };
        let block = state.block()?.unwrap_or_default();
        let end = line_end(&block.bytes, false).unwrap_or(block.bytes.len());
        let mut names = Vec::new();
        let header = block.bytes.get(..end).unwrap_or_default();
        each_cell(header, delimiter, |cell, _| {
            names.push(String::from_utf8_lossy(&cell).into_owned());
        });
        let expected: Vec<String> = columns.iter().map(|c| c.name.to_owned()).collect();
        if names != expected {
            return Err(VerifyError::WrongColumns {
                found: names,
                expected,
            });
        }
        // What follows the header is handed out with the next block.
        let after = block.bytes.get(end + 1..).unwrap_or_default();
        state.rest = after.to_vec();
        blocks.see(&block);
        Ok(blocks)
    }

    fn see(&self, block: &Block) {
        if let Some(seen) = self.seen {
            seen.take(
                block.piece,
                block.bytes.get(block.read..).unwrap_or_default(),
            );
        }
    }
}

impl State<'_> {
    /// The next whole rows of the file.
    fn block(&mut self) -> Result<Option<Block>, VerifyError> {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.append(&mut self.rest);
        let (read, piece) = (bytes.len(), self.pieces);
        loop {
            if !self.ended {
                bytes.reserve(PIECE + 1);
                let piece = self.reader.by_ref().take(PIECE as u64);
                self.ended = { piece }.read_to_end(&mut bytes)? < PIECE;
                self.pieces += 1;
            }
            let end = match self.ended {
                true => Some(bytes.len()),
                false => last_line_end(&bytes).map(|end| end + 1),
            };
            if let Some(rows) = end {
                self.rest
                    .extend_from_slice(bytes.get(rows..).unwrap_or_default());
                let block = Block {
                    bytes,
                    rows,
                    read,
                    piece,
                };
                return Ok((!block.bytes.is_empty()).then_some(block));
            }
            if bytes.len() > LONGEST {
                return Err(VerifyError::WrongRow {
                    row: 0,
                    what: "it does not end",
                });
            }
        }
    }
}

impl Parts for Blocks<'_> {
    type Part = Block;

    fn next(&self) -> Result<Option<(usize, Block)>, Fault> {
        let Ok(mut state) = self.state.lock() else {
            return Ok(None);
        };
        let place = state.next;
        state.next += 1;
        match state.block() {
            Ok(block) => Ok(block.map(|block| (place, block))),
            Err(error) => Err(unreadable(place, error)),
        }
    }

    fn count(&self, part: Block, place: usize, account: &mut Account<'_>) -> Result<(), Fault> {
        self.see(&part);
        let rows = part.bytes.get(..part.rows).unwrap_or_default();
        self.rows(rows, place, account)?;
        if let Ok(mut state) = self.state.lock() {
            state.spare.push(part.bytes);
        }
        Ok(())
    }
}

impl Blocks<'_> {
    /// Counts the rows of a block.
    fn rows(&self, block: &[u8], place: usize, account: &mut Account<'_>) -> Result<(), Fault> {
        // Few files have any quotes, and then a line feed ends a row wherever it stands.
        let plain = memchr::memchr(b'"', block).is_none();
        let mut rows = Rows {
            columns: self.columns,
            delimiter: self.delimiter,
            codes: vec![0; self.columns.len()],
            line: b"",
            ends: vec![0; self.columns.len()],
        };
        let (mut rest, mut line, mut run) = (block, None, 0);
        let mut at = At {
            part: place,
            row: 0,
        };
        while !rest.is_empty() {
            // Rows stand in the order of their content, so that like rows stand together.
            if let Some(line) = line
                && let Some([b'\n', later @ ..]) = rest.strip_prefix(line)
            {
                run += 1;
                rest = later;
                continue;
            }
            let end = line_end(rest, plain).unwrap_or(rest.len());
            let (now, later) = rest.split_at(end);
            rest = later.get(1..).unwrap_or_default();
            if line.is_some() {
                account.run(&rows.codes, run, at)?;
                at.row += run;
            }
            let read = if plain || memchr::memchr(b'"', now).is_none() {
                rows.read(now)
            } else {
                rows.read_quoted(now)
            };
            read.map_err(|what| Fault { at, what })?;
            (line, run) = (Some(now), 1);
        }
        if line.is_some() {
            account.run(&rows.codes, run, at)?;
        }
        Ok(())
    }
}

/// The row that was read last.
struct Rows<'a, 'b> {
    columns: &'a [Column<'a>],
    delimiter: u8,
    codes: Vec<u32>,
    /// The row as it is written, if it has no quotes,
    line: &'b [u8],
    /// and where its cells end.
    ends: Vec<usize>,
}

impl<'b> Rows<'_, 'b> {
    /// Reads a row without quotes. Many of its cells are those of the row before, the first ones nearly always, as rows stand in the order of
    /// their content.
    fn read(&mut self, line: &'b [u8]) -> Result<(), What> {
        let same = alike(self.line, line);
        let first = self.ends.partition_point(|end| *end < same);
        let before = first.checked_sub(1).and_then(|last| self.ends.get(last));
        let mut start = before.map_or(0, |end| end + 1);
        // Where the cell of the row before begins.
        let mut known = start;
        let slots = self.ends.iter_mut().zip(&mut self.codes);
        for ((place, column), (end, code)) in self.columns.iter().enumerate().zip(slots).skip(first)
        {
            let rest = line.get(start..).ok_or(What::Cells)?;
            let length = memchr::memchr(self.delimiter, rest).unwrap_or(rest.len());
            let cell = rest.get(..length).unwrap_or_default();
            if cell.is_empty() || self.line.get(known..*end) != Some(cell) {
                *code = coded(column, place, cell, false)?;
            }
            known = *end + 1;
            *end = start + length;
            start = *end + 1;
        }
        self.line = line;
        if start <= line.len() {
            Err(What::Cells)
        } else {
            Ok(())
        }
    }

    fn read_quoted(&mut self, line: &'b [u8]) -> Result<(), What> {
        let mut cells = Vec::new();
        each_cell(line, self.delimiter, |cell, quoted| {
            cells.push((cell, quoted))
        });
        if cells.len() != self.columns.len() {
            return Err(What::Cells);
        }
        self.line = b"";
        let slots = self.codes.iter_mut().zip(self.columns);
        for (place, ((cell, quoted), (code, column))) in cells.iter().zip(slots).enumerate() {
            *code = coded(column, place, cell, *quoted)?;
        }
        Ok(())
    }
}

/// How many bytes two texts have in common from their beginning.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
    let words = 8 * words.take_while(|(a, b)| a == b).count();
    let (a, b) = (a.iter().skip(words), b.iter().skip(words));
    words + a.zip(b).take_while(|(a, b)| a == b).count()
}

/// The code of a cell. An empty one is a missing value, or within quotes an empty text.
fn coded(column: &Column<'_>, place: usize, cell: &[u8], quoted: bool) -> Result<u32, What> {
    // A text that the column may hold is one, so that only others are asked whether they are.
    if !cell.is_empty()
        && let Some(code) = column.code_of_bytes(cell)
    {
        return Ok(code);
    }
    let text = std::str::from_utf8(cell).map_err(|_| What::Encoding)?;
    let text = (quoted || !text.is_empty()).then_some(text);
    column.code(text).ok_or(What::Value(place))
}

/// Where the first row ends. There are no quotes in `plain` bytes.
fn line_end(bytes: &[u8], plain: bool) -> Option<usize> {
    let end = memchr::memchr(b'\n', bytes)?;
    if plain {
        return Some(end);
    }
    let quotes = |bytes: &[u8]| memchr::memchr_iter(b'"', bytes).count();
    if quotes(bytes.get(..end)?) % 2 == 0 {
        return Some(end);
    }
    let mut open = false;
    bytes.iter().position(|byte| {
        open ^= *byte == b'"';
        *byte == b'\n' && !open
    })
}

/// Where the last row that ends within the bytes does.
fn last_line_end(bytes: &[u8]) -> Option<usize> {
    if memchr::memchr(b'"', bytes).is_none() {
        return memchr::memrchr(b'\n', bytes);
    }
    let (mut open, mut last) = (false, None);
    for place in memchr::memchr2_iter(b'"', b'\n', bytes) {
        match bytes.get(place) {
            Some(b'"') => open = !open,
            _ if !open => last = Some(place),
            _ => {}
        }
    }
    last
}

/// The cells of a row without their quotes, and whether they had any.
fn each_cell<'b>(line: &'b [u8], delimiter: u8, mut each: impl FnMut(Cow<'b, [u8]>, bool)) {
    let mut rest = Some(line);
    while let Some(whole) = rest {
        let Some(quoted) = whole.strip_prefix(b"\"") else {
            let end = memchr::memchr(delimiter, whole);
            let cell = match end {
                Some(end) => whole.get(..end).unwrap_or_default(),
                None => whole,
            };
            each(Cow::Borrowed(cell), false);
            rest = end.and_then(|end| whole.get(end + 1..));
            continue;
        };
        let (mut cell, mut place) = (Vec::new(), 0);
        while let Some(byte) = quoted.get(place) {
            let doubled = *byte == b'"' && quoted.get(place + 1) == Some(&b'"');
            if *byte == b'"' && !doubled {
                break;
            }
            cell.push(*byte);
            place += 1 + usize::from(doubled);
        }
        each(Cow::Owned(cell), true);
        let after = quoted.get(place + 1..).unwrap_or_default();
        // Between the closing quote and the delimiter nothing may stand; what does makes a cell too many.
        rest = match after.split_first() {
            None => None,
            Some((first, later)) if *first == delimiter => Some(later),
            Some(_) => Some(after),
        };
    }
}
