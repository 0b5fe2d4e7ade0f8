//! Files that are read and written as streams.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::{failure, not_text};
use crate::commands::anonymize::pending::Pending;
use crate::commands::anonymize::progress::Watch;
use crate::errors::{Exit, Failure, Result};
use crate::output::Format;

/// A longer line is refused, so that a file without line ends does not fill the memory.
const LONGEST_LINE: usize = 256 << 20;

/// The lines of a file, and how far the reading has come.
pub struct Lines {
    reader: BufReader<Box<dyn Read>>,
    name: String,
    line: Vec<u8>,
    number: u64,
    done: u64,
    total: Option<u64>,
    watch: Watch,
}

impl Lines {
    /// Opens a file; `-` is standard input.
    pub fn open(path: &Path, form: Format) -> Result<Self> {
        let (source, total): (Box<dyn Read>, _) = if path == Path::new("-") {
            (Box::new(io::stdin()), None)
        } else {
            let file = File::open(path).map_err(|error| Failure::file("read", path, &error))?;
            let length = file
                .metadata()
                .ok()
                .filter(std::fs::Metadata::is_file)
                .map(|data| data.len());
            (Box::new(file), length)
        };
        let watch = Watch::start(form)?;
        watch.say("reading");
        Ok(Self {
            reader: BufReader::with_capacity(1 << 20, source),
            name: path.display().to_string(),
            line: Vec::new(),
            number: 0,
            done: 0,
            total,
            watch,
        })
    }

    /// Goes to the next line that is not blank; there may be none.
    pub fn advance(&mut self) -> Result<bool> {
        while self.next()? {
            if self.line.iter().any(|byte| !byte.is_ascii_whitespace()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The line, without its end and without a byte order mark.
    pub fn line(&self) -> Result<&str> {
        Ok(self
            .text()?
            .trim_matches(['\u{feff}', '\n', '\r', ' ', '\t']))
    }

    /// The next lines, with their ends: at least `size` bytes while there are so many, up to an empty line if one comes soon.
    pub fn next_block(&mut self, size: usize, block: &mut String) -> Result<bool> {
        block.clear();
        while self.next()? {
            block.push_str(self.text()?);
            let blank = self.line.iter().all(u8::is_ascii_whitespace);
            if block.len() >= size && (blank || block.len() >= 2 * size) {
                break;
            }
        }
        Ok(!block.is_empty())
    }

    fn next(&mut self) -> Result<bool> {
        if self.watch.cancel().is_cancelled() {
            return Err(Failure::new(
                Exit::Interrupted,
                "interrupted; nothing was written",
            ));
        }
        self.line.clear();
        let limit = LONGEST_LINE as u64 + 1;
        let read = (&mut self.reader)
            .take(limit)
            .read_until(b'\n', &mut self.line);
        let read =
            read.map_err(|error| Failure::general(format!("cannot read {}: {error}", self.name)))?;
        self.number += 1;
        if read > LONGEST_LINE {
            return Err(self.wrong(&format!("it is longer than {} MiB", LONGEST_LINE >> 20)));
        }
        self.done += read as u64;
        if let Some(total) = self.total {
            self.watch.reach(self.done, total);
        }
        Ok(read > 0)
    }

    fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.line).map_err(|error| self.wrong(&not_text(error.valid_up_to())))
    }

    /// The failure of the line that was read last.
    pub fn wrong(&self, what: &str) -> Failure {
        failure(format!("{}, line {}: {what}", self.name, self.number))
    }

    /// The work has ended.
    pub fn finish(&self) {
        self.watch.finish();
    }
}

/// Where results go: standard output, or a file that is moved to its place at the end.
pub struct Sink {
    writer: Writer,
    pending: Pending,
    place: Option<PathBuf>,
}

enum Writer {
    File(BufWriter<File>),
    Standard(BufWriter<io::Stdout>),
}

impl Sink {
    /// Begins a file, or standard output.
    pub fn open(place: Option<&Path>) -> Result<Self> {
        let mut pending = Pending::default();
        let writer = match place {
            Some(place) => Writer::File(BufWriter::with_capacity(1 << 20, pending.file(place)?)),
            None => Writer::Standard(BufWriter::new(io::stdout())),
        };
        Ok(Self {
            writer,
            pending,
            place: place.map(Path::to_owned),
        })
    }

    /// A failure to write. A reader that has had enough (`| head`) ends the program at once and well.
    pub fn failed(&self, error: &io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe && self.place.is_none() {
            std::process::exit(0);
        }
        match &self.place {
            Some(place) => Failure::file("write", place, error),
            None => Failure::general(format!("cannot write to standard output: {error}")),
        }
    }

    /// Ends the file and moves it to its place.
    pub fn publish(mut self) -> Result<()> {
        if let Err(error) = self.flush() {
            return Err(self.failed(&error));
        }
        self.pending.publish()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Writer::File(file) => file.write(bytes),
            Writer::Standard(standard) => standard.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::File(file) => file.flush(),
            Writer::Standard(standard) => standard.flush(),
        }
    }
}
