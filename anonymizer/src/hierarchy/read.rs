//! Reading hierarchies row by row.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Hierarchy, HierarchyError, Level};
use crate::digest::sha256_hex;
use crate::intake::scan::{Records, Scanner};
use crate::intake::{IntakeError, Place};

pub(super) const MAX_BYTES: usize = 64 << 20;
pub(super) const MAX_LEVELS: usize = 64;
pub(super) const MAX_VALUES: usize = 1 << 22;
const MAX_VALUE: usize = 1 << 16;

impl Hierarchy {
    /// Parses and validates a hierarchy.
    ///
    /// # Errors
    /// The first thing that is wrong, with its line.
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, HierarchyError> {
        let hierarchy = || name.to_owned();
        if bytes.len() > MAX_BYTES {
            return Err(HierarchyError::TooLarge {
                hierarchy: hierarchy(),
            });
        }
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if let Err(error) = std::str::from_utf8(text) {
            let offset = bytes.len() - text.len() + error.valid_up_to();
            return Err(HierarchyError::BadUtf8 {
                hierarchy: hierarchy(),
                offset,
            });
        }
        let mut file = File {
            name,
            builder: None,
            cells: Vec::new(),
            row: String::new(),
            fault: None,
        };
        let mut scanner = Scanner::new(b';', MAX_VALUE, 1);
        let read = scanner
            .feed(text, &mut file)
            .and_then(|()| scanner.finish(&mut file));
        if let Some(fault) = file.fault {
            return Err(fault);
        }
        read.map_err(|source| HierarchyError::Text {
            hierarchy: hierarchy(),
            source,
        })?;
        match file.builder {
            Some(builder) => builder.finish(sha256_hex(bytes)),
            None => Err(HierarchyError::Empty {
                hierarchy: hierarchy(),
            }),
        }
    }
}

/// The rows of a file on their way to the builder.
struct File<'a> {
    name: &'a str,
    builder: Option<Builder>,
    /// Where each cell of the current row ends.
    cells: Vec<usize>,
    row: String,
    fault: Option<HierarchyError>,
}

impl Records for File<'_> {
    fn cell(&mut self, text: &[u8], _: Place) -> Result<(), IntakeError> {
        // One cell more than there may be is enough to refuse the row.
        if self.cells.len() <= MAX_LEVELS {
            // The whole text is UTF-8, and cells are cut at ASCII bytes.
            self.row
                .push_str(std::str::from_utf8(text).unwrap_or_default());
            self.cells.push(self.row.len());
        }
        Ok(())
    }

    fn end(&mut self, cells: u64, place: Place) -> Result<bool, IntakeError> {
        if cells == 0 {
            return Ok(false);
        }
        if self.fault.is_none() {
            let starts = std::iter::once(&0).chain(&self.cells);
            let texts = starts
                .zip(&self.cells)
                .map(|(start, end)| self.row.get(*start..*end).unwrap_or_default());
            let builder = self
                .builder
                .get_or_insert_with(|| Builder::new(self.name, cells as usize));
            self.fault = builder.row(place.line, texts).err();
        }
        self.cells.clear();
        self.row.clear();
        Ok(true)
    }
}

/// The texts of a level, each with its index.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    hasher: DefaultHashBuilder,
    places: HashTable<u32>,
}

impl Index {
    pub(super) fn find(&self, values: &[String], text: &str) -> Option<u32> {
        let known = |place: &u32| {
            values
                .get(*place as usize)
                .is_some_and(|value| value == text)
        };
        self.places.find(self.hasher.hash_one(text), known).copied()
    }

    /// The index of a text and whether it is new; a new one is put at the end of `values`.
    pub(super) fn place(&mut self, values: &mut Vec<String>, text: &str) -> (u32, bool) {
        if let Some(place) = self.find(values, text) {
            return (place, false);
        }
        let place = values.len() as u32;
        values.push(text.to_owned());
        let rehash = |place: &u32| {
            self.hasher
                .hash_one(values.get(*place as usize).map_or("", String::as_str))
        };
        self.places
            .insert_unique(self.hasher.hash_one(text), place, rehash);
        (place, true)
    }
}

/// A hierarchy in the making.
pub(super) struct Builder {
    name: String,
    levels: Vec<Level>,
    /// For each level, the index of each value's parent, by the value's index.
    parents: Vec<Vec<u32>>,
    values: usize,
}

impl Builder {
    pub(super) fn new(name: &str, levels: usize) -> Self {
        Self {
            name: name.to_owned(),
            // More are refused with the first row.
            levels: vec![Level::default(); levels.min(MAX_LEVELS + 1)],
            parents: vec![Vec::new(); levels.min(MAX_LEVELS + 1)],
            values: 0,
        }
    }

    /// Takes the row of a value: the value and what is above it, level by level.
    pub(super) fn row<'t>(
        &mut self,
        line: u64,
        texts: impl Iterator<Item = &'t str> + Clone,
    ) -> Result<(), HierarchyError> {
        self.check_row(line, texts.clone())?;
        let mut below: Option<(u32, bool)> = None;
        for (level, text) in texts.enumerate() {
            let known = below
                .filter(|(_, new)| !new)
                .and_then(|(child, _)| self.parent(level, child));
            let (place, new) = match known {
                Some((parent, _, first)) if first == text => (parent, false),
                Some((_, value, first)) => {
                    return Err(self.two_parents(line, level - 1, value, first, text));
                }
                None => self.value(level, text),
            };
            if level == 0 && !new {
                let (hierarchy, value) = (self.name.clone(), text.to_owned());
                return Err(HierarchyError::DuplicateLeaf {
                    hierarchy,
                    line,
                    value,
                });
            }
            if let Some(parents) = below
                .filter(|(_, new)| *new)
                .and_then(|_| self.parents.get_mut(level - 1))
            {
                parents.push(place);
            }
            if let Some(level) = self.levels.get_mut(level) {
                level.above.push(place);
            }
            below = Some((place, new));
        }
        if self.values > MAX_VALUES {
            return Err(HierarchyError::TooLarge {
                hierarchy: self.name.clone(),
            });
        }
        Ok(())
    }

    fn check_row<'t>(
        &self,
        line: u64,
        mut texts: impl Iterator<Item = &'t str> + Clone,
    ) -> Result<(), HierarchyError> {
        let hierarchy = || self.name.clone();
        let (found, expected) = (texts.clone().count(), self.levels.len());
        if found > MAX_LEVELS {
            return Err(HierarchyError::TooLarge {
                hierarchy: hierarchy(),
            });
        }
        if found != expected {
            return Err(HierarchyError::Ragged {
                hierarchy: hierarchy(),
                line,
                found,
                expected,
            });
        }
        match texts.position(str::is_empty) {
            Some(level) => Err(HierarchyError::EmptyValue {
                hierarchy: hierarchy(),
                line,
                level,
            }),
            None => Ok(()),
        }
    }

    /// The index and text of a value's parent on `level`, and between them the value's own text.
    fn parent(&self, level: usize, child: u32) -> Option<(u32, &str, &str)> {
        let below = level.checked_sub(1)?;
        let parent = *self.parents.get(below)?.get(child as usize)?;
        let text = |level: usize, place: u32| {
            Some(self.levels.get(level)?.values.get(place as usize)?.as_str())
        };
        Some((parent, text(below, child)?, text(level, parent)?))
    }

    fn value(&mut self, level: usize, text: &str) -> (u32, bool) {
        let Some(level) = self.levels.get_mut(level) else {
            return (0, false);
        };
        let (place, new) = level.index.place(&mut level.values, text);
        self.values += usize::from(new);
        (place, new)
    }

    fn two_parents(
        &self,
        line: u64,
        level: usize,
        value: &str,
        first: &str,
        second: &str,
    ) -> HierarchyError {
        HierarchyError::TwoParents {
            hierarchy: self.name.clone(),
            line,
            level,
            value: value.to_owned(),
            first: first.to_owned(),
            second: second.to_owned(),
        }
    }

    pub(super) fn finish(self, sha256: String) -> Result<Hierarchy, HierarchyError> {
        let hierarchy = Hierarchy {
            name: self.name,
            sha256,
            levels: self.levels,
        };
        match super::cycle::find(&hierarchy, &self.parents) {
            None => Ok(hierarchy),
            Some((value, other)) => Err(HierarchyError::Cyclic {
                hierarchy: hierarchy.name,
                value,
                other,
            }),
        }
    }

    /// Finishes a hierarchy that was not read from a file: the file that it would be gives its hash.
    pub(super) fn finish_with_text(self) -> Result<Hierarchy, HierarchyError> {
        let mut hierarchy = self.finish(String::new())?;
        hierarchy.sha256 = sha256_hex(hierarchy.to_csv().as_bytes());
        Ok(hierarchy)
    }
}
