//! The list of an output's files as it grows: in the record while it is short, in an object of its own when it is not.

use ring::digest::{Context, SHA256};
use sandyq_store::{ObjectRecord, ObjectWriter};

use crate::error::{Error, Result};
use crate::platform::Platform;
use crate::records::airlock::{Block, Listing, OutputFile};

/// Files that the record itself lists at most.
const MOST_IN_RECORD: usize = 1000;
/// Bytes of their list at most.
const MOST_BYTES_IN_RECORD: usize = 1 << 20;
/// Files of a block: few enough to look for one, many enough that the record stays small.
const BLOCK_FILES: u64 = 256;
/// Lines are written so many bytes at a time.
const WRITE_BYTES: usize = 256 << 10;

/// Takes files in the order of their paths. What it holds does not grow with their number, but for the first path of each
/// block.
pub struct Lister {
    place: String,
    manifest: Context,
    files: u64,
    bytes: u64,
    blocks: Vec<Block>,
    few: Vec<OutputFile>,
    lines: Vec<u8>,
    writer: Option<ObjectWriter>,
}

/// A list that is complete.
pub struct Listed {
    /// The files, where they are few.
    pub files: Vec<OutputFile>,
    /// Where they are listed, where they are many.
    pub listing: Option<Listing>,
    /// The object of that list, to be kept.
    pub object: Option<ObjectRecord>,
    /// The hash that names what is reviewed: every path, size and hash, in order.
    pub manifest_sha256: String,
}

impl Lister {
    /// An empty list, which would be kept at a place.
    pub fn at(place: String) -> Self {
        Self {
            place,
            manifest: Context::new(&SHA256),
            files: 0,
            bytes: 0,
            blocks: Vec::new(),
            few: Vec::new(),
            lines: Vec::new(),
            writer: None,
        }
    }

    /// Takes the next file.
    ///
    /// # Errors
    /// The storage's.
    pub async fn add(&mut self, platform: &Platform, file: OutputFile) -> Result<()> {
        note(&mut self.manifest, &file);
        let failed = |error: serde_json::Error| Error::internal("list an output file", error);
        let mut line = serde_json::to_vec(&file).map_err(failed)?;
        line.push(b'\n');
        if self.files.is_multiple_of(BLOCK_FILES) {
            self.blocks.push(Block {
                first: file.path.clone(),
                offset: self.bytes,
                bytes: 0,
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.bytes += line.len() as u64;
        }
        self.files += 1;
        self.bytes += line.len() as u64;
        self.lines.append(&mut line);
        if self.writer.is_none() {
            self.few.push(file);
            if self.few.len() > MOST_IN_RECORD || self.lines.len() > MOST_BYTES_IN_RECORD {
                self.few = Vec::new();
                self.writer = Some(platform.objects.create(&self.place).await?);
            }
        }
        if let Some(writer) = &mut self.writer
            && self.lines.len() >= WRITE_BYTES
        {
            writer.take(std::mem::take(&mut self.lines).into()).await?;
        }
        Ok(())
    }

    /// Ends the list.
    ///
    /// # Errors
    /// The storage's.
    pub async fn finish(self) -> Result<Listed> {
        let manifest_sha256 = hex::encode(self.manifest.finish());
        let Some(mut writer) = self.writer else {
            return Ok(Listed {
                files: self.few,
                listing: None,
                object: None,
                manifest_sha256,
            });
        };
        writer.take(self.lines.into()).await?;
        Ok(Listed {
            files: Vec::new(),
            listing: Some(Listing {
                place: self.place,
                files: self.files,
                blocks: self.blocks,
            }),
            object: Some(writer.finish().await?),
            manifest_sha256,
        })
    }
}

fn note(manifest: &mut Context, file: &OutputFile) {
    manifest.update(&(file.path.len() as u64).to_be_bytes());
    manifest.update(file.path.as_bytes());
    manifest.update(&file.bytes.to_be_bytes());
    manifest.update(file.sha256.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(files: &[OutputFile]) -> String {
        let mut context = Context::new(&SHA256);
        for file in files {
            note(&mut context, file);
        }
        hex::encode(context.finish())
    }

    #[test]
    fn the_manifest_changes_with_any_part() {
        let one = OutputFile {
            path: "a".into(),
            bytes: 1,
            sha256: "00".into(),
            place: String::new(),
            offset: 0,
            findings: vec![],
        };
        let hash = manifest(std::slice::from_ref(&one));
        for other in [
            OutputFile {
                path: "b".into(),
                ..one.clone()
            },
            OutputFile {
                bytes: 2,
                ..one.clone()
            },
            OutputFile {
                sha256: "01".into(),
                ..one.clone()
            },
        ] {
            assert_ne!(manifest(&[other]), hash);
        }
        // Where it is kept is no part of what is reviewed.
        let moved = OutputFile {
            place: "elsewhere".into(),
            offset: 7,
            ..one
        };
        assert_eq!(manifest(&[moved]), hash);
    }
}
