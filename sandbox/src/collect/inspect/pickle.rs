//! Python pickles, by their opcodes and without running them: which names they would import.
//!
//! Format: the Python library's `pickletools.py`, protocols 0 to 5.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

/// Names that are told.
const MOST_NAMES: usize = 12;
/// Names and strings longer than this are not import names.
const LONGEST: u64 = 200;
/// Modules and functions with which a pickle takes a machine over.
const DANGEROUS: [&str; 19] = [
    "os.",
    "posix.",
    "nt.",
    "subprocess.",
    "sys.",
    "shutil.",
    "socket.",
    "pty.",
    "runpy.",
    "ctypes.",
    "importlib.",
    "webbrowser.",
    "code.",
    "builtins.eval",
    "builtins.exec",
    "builtins.getattr",
    "builtins.__import__",
    "builtins.open",
    "builtins.compile",
];

/// By the name, or by the first bytes of protocols 2 to 5.
pub(super) fn is_one(name: &str, head: &[u8]) -> bool {
    let protocol = head.get(1).is_some_and(|version| (2..=5).contains(version));
    head.first() == Some(&0x80) && protocol
        || [".pkl", ".pickle", ".joblib", ".pt", ".pth", ".dill"]
            .iter()
            .any(|ending| name.ends_with(ending))
}

/// What a pickle would do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Imports {
    pub(super) names: BTreeSet<String>,
    /// Whether it was read to its end.
    pub(super) whole: bool,
}

impl Imports {
    pub(super) fn sentence(&self) -> String {
        let dangerous = |name: &&String| DANGEROUS.iter().any(|known| name.starts_with(known));
        let (worst, others): (Vec<_>, Vec<_>) = self.names.iter().partition(dangerous);
        let list = |names: &[&String]| {
            let shown: Vec<&str> = names.iter().take(MOST_NAMES).map(|n| n.as_str()).collect();
            shown.join(", ")
        };
        let mut out = "pickle: runs code when it is loaded".to_owned();
        if !worst.is_empty() {
            out.push_str(&format!(
                "; it calls {}, WHICH ACTS ON THE MACHINE",
                list(&worst)
            ));
        }
        if !others.is_empty() {
            out.push_str(&format!("; it names {}", list(&others)));
        }
        if !self.whole {
            out.push_str("; it could not be followed to its end");
        }
        out
    }
}

/// Follows the opcodes to the end, or to what is none.
pub(super) fn read(file: &mut dyn Read) -> io::Result<Imports> {
    let mut walk = Walk {
        file: BufReader::new(file),
        strings: Vec::new(),
        found: Imports::default(),
    };
    match walk.run() {
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
        outcome => walk.found.whole = outcome.unwrap_or(false),
    }
    Ok(walk.found)
}

struct Walk<R: Read> {
    file: BufReader<R>,
    /// The strings pushed last: STACK_GLOBAL takes two of them.
    strings: Vec<String>,
    found: Imports,
}

impl<R: Read> Walk<R> {
    /// Whether STOP was reached.
    fn run(&mut self) -> io::Result<bool> {
        loop {
            let [code] = self.bytes()?;
            match code {
                b'.' => return Ok(true),
                // GLOBAL and INST: module and name, a line each.
                b'c' | b'i' => {
                    let (module, name) = (self.line()?, self.line()?);
                    self.import(&module, &name);
                }
                // STACK_GLOBAL. Names that came from the memo are not followed: the two strings before are told.
                0x93 => self.import_from_stack(),
                // Short and long strings: 1, 4 and 8 bytes of length.
                0x8c | b'U' => {
                    let [length] = self.bytes()?;
                    self.string(u64::from(length))?;
                }
                b'X' | b'T' => {
                    let length = u32::from_le_bytes(self.bytes()?);
                    self.string(u64::from(length))?;
                }
                0x8d => {
                    let length = u64::from_le_bytes(self.bytes()?);
                    self.string(length)?;
                }
                b'S' | b'V' => {
                    let text = self.line()?;
                    self.push(text.trim_matches(['\'', '"']).to_owned());
                }
                // Bytes, byte arrays and long integers of counted length.
                b'C' | 0x8a => {
                    let [length] = self.bytes()?;
                    self.skip(u64::from(length))?;
                }
                b'B' | 0x8b => {
                    let length = u32::from_le_bytes(self.bytes()?);
                    self.skip(u64::from(length))?;
                }
                0x8e | 0x96 => {
                    let length = u64::from_le_bytes(self.bytes()?);
                    self.skip(length)?;
                }
                // Numbers and references written as a line.
                b'I' | b'L' | b'F' | b'P' | b'g' | b'p' => {
                    self.line()?;
                }
                // Fixed lengths.
                0x80 | b'K' | b'h' | b'q' | 0x82 => self.skip(1)?,
                b'M' | 0x83 => self.skip(2)?,
                b'J' | b'j' | b'r' | 0x84 => self.skip(4)?,
                b'G' | 0x95 => self.skip(8)?,
                // Without an argument.
                b'('
                | b'0'
                | b'1'
                | b'2'
                | b'N'
                | b'Q'
                | b'R'
                | b'a'
                | b'b'
                | b'd'
                | b'e'
                | b'l'
                | b'o'
                | b's'
                | b't'
                | b'u'
                | b'}'
                | b']'
                | b')'
                | 0x81
                | 0x85..=0x89
                | 0x8f
                | 0x90..=0x92
                | 0x94
                | 0x97
                | 0x98 => {}
                _ => return Ok(false),
            }
        }
    }

    fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut out = [0_u8; N];
        self.file.read_exact(&mut out)?;
        Ok(out)
    }

    /// A line, of which no more than the beginning is kept.
    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        (&mut self.file)
            .take(LONGEST)
            .read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            // The rest of an endless line, and the end of the file, are passed over.
            self.file.skip_until(b'\n')?;
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.file).take(bytes), &mut io::sink())?;
        if passed == bytes {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn string(&mut self, bytes: u64) -> io::Result<()> {
        if bytes > LONGEST {
            return self.skip(bytes);
        }
        let mut text = Vec::new();
        (&mut self.file).take(bytes).read_to_end(&mut text)?;
        self.push(String::from_utf8_lossy(&text).into_owned());
        Ok(())
    }

    fn push(&mut self, text: String) {
        if self.strings.len() >= 2 {
            self.strings.remove(0);
        }
        self.strings.push(text);
    }

    fn import_from_stack(&mut self) {
        if let [module, name] = self.strings.as_slice() {
            let (module, name) = (module.clone(), name.clone());
            self.import(&module, &name);
        }
    }

    fn import(&mut self, module: &str, name: &str) {
        if self.found.names.len() < 1000 {
            let named = format!("{module}.{name}");
            self.found.names.insert(super::escaped(named.as_bytes()));
        }
    }
}
