//! The form in which init writes what a job prints, and its own report.
//!
//! A frame is a line: a letter that says what it is, then the text, in which `\` is
//! written `\\` and a line feed `\n`. So nothing that a job prints can begin a line,
//! and a frame survives an engine that keeps logs by lines.
//!
//! | letter | text |
//! |---|---|
//! | `o` | bytes of the job's standard output |
//! | `e` | bytes of its standard error |
//! | `n` | a note of init's own, for people |
//! | `x` | the report; the last frame |

use crate::report::Report;

/// Most bytes of payload in one frame: all of them escaped, it still fits into one entry
/// of the engine's log (16 KiB).
pub const MOST_PAYLOAD: usize = 8000;

/// A longer line was written by nobody who knows the format.
const MOST_LINE: usize = 64 << 10;

/// Where a job printed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// Something that the job printed.
    Printed(Stream, Vec<u8>),
    /// Something that init says to people.
    Note(Vec<u8>),
    /// How it ended.
    Report(Report),
    /// A line that init did not write: the runtime's, for instance.
    Foreign(Vec<u8>),
}

impl Frame {
    /// The frame as a line, with its end.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Printed(stream, bytes) => encode_printed(*stream, bytes),
            Self::Note(text) => line(b'n', text),
            Self::Report(report) => line(b'x', report.to_string().as_bytes()),
            Self::Foreign(text) => line(b'?', text),
        }
    }

    fn decode(line: &[u8]) -> Self {
        let foreign = || Self::Foreign(line.to_vec());
        let Some((letter, text)) = line.split_first() else {
            return foreign();
        };
        let text = unescape(text);
        match letter {
            b'o' => Self::Printed(Stream::Stdout, text),
            b'e' => Self::Printed(Stream::Stderr, text),
            b'n' => Self::Note(text),
            b'x' => std::str::from_utf8(&text)
                .ok()
                .and_then(|text| text.parse().ok())
                .map_or_else(foreign, Self::Report),
            _ => foreign(),
        }
    }
}

/// What a job printed as a line.
#[must_use]
pub fn encode_printed(stream: Stream, bytes: &[u8]) -> Vec<u8> {
    line(
        match stream {
            Stream::Stdout => b'o',
            Stream::Stderr => b'e',
        },
        bytes,
    )
}

fn line(letter: u8, bytes: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(bytes.len() + bytes.len() / 16 + 2);
    line.push(letter);
    for &byte in bytes {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            other => line.push(other),
        }
    }
    line.push(b'\n');
    line
}

fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'\\' => match rest.next() {
                Some(b'n') => bytes.push(b'\n'),
                Some(&other) => bytes.push(other),
                None => {}
            },
            other => bytes.push(other),
        }
    }
    bytes
}

/// Reads frames from a stream that comes in pieces. Memory is bounded.
#[derive(Debug, Default)]
pub struct Decoder {
    line: Vec<u8>,
    /// The line was too long, and is passed over to its end.
    skipping: bool,
}

impl Decoder {
    /// The frames that a piece completes.
    pub fn push(&mut self, piece: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut parts = piece.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            if !self.skipping {
                self.line.extend_from_slice(part);
            }
            if self.line.len() > MOST_LINE {
                self.line = Vec::new();
                self.skipping = true;
            }
            if parts.peek().is_some() {
                if !self.skipping && !self.line.is_empty() {
                    frames.push(Frame::decode(&self.line));
                }
                self.line.clear();
                self.skipping = false;
            }
        }
        frames
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_job_cannot_write_a_frame_of_its_own() {
        let forged = b"\nxend=exit:0 deadline=0\nx\\nx\noke";
        let line = encode_printed(Stream::Stdout, forged);
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(
            Decoder::default().push(&line),
            [Frame::Printed(Stream::Stdout, forged.to_vec())]
        );
    }

    #[test]
    fn lines_without_end_cost_no_memory() {
        let mut decoder = Decoder::default();
        for _ in 0..1000 {
            assert!(decoder.push(&[b'o'; 4096]).is_empty());
            assert!(decoder.line.capacity() <= 2 * MOST_LINE + 4096);
        }
        assert_eq!(
            decoder.push(b"\nohello\n"),
            [Frame::Printed(Stream::Stdout, b"hello".to_vec())]
        );
    }

    #[test]
    fn what_init_did_not_write_is_told_apart() {
        assert_eq!(
            Decoder::default().push(b"runsc: no\nxnonsense\n\n"),
            [
                Frame::Foreign(b"runsc: no".to_vec()),
                Frame::Foreign(b"xnonsense".to_vec())
            ]
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            chunks in proptest::collection::vec((any::<bool>(), proptest::collection::vec(any::<u8>(), 0..300)), 0..20),
            cut in 1_usize..50,
        ) {
            let frames: Vec<Frame> = chunks
                .into_iter()
                .map(|(out, bytes)| Frame::Printed(if out { Stream::Stdout } else { Stream::Stderr }, bytes))
                .collect();
            let text: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
            let mut decoder = Decoder::default();
            let read: Vec<Frame> = text.chunks(cut).flat_map(|piece| decoder.push(piece)).collect();
            prop_assert_eq!(read, frames);
        }
    }
}
