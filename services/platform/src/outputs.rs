//! Outputs as they are read: their lists of files, and the bytes of each file.

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use ring::digest::{Context, SHA256, digest};
use tonic::Status;

use crate::error::{Error, Result};
use crate::objects;
use crate::platform::Platform;
use crate::records::airlock::{Block, Listing, Output, OutputFile};

/// Bytes of a list after which a page of it ends: half of what clients take that were told of no limit.
const PAGE_BYTES: u64 = 2 << 20;

/// A page of the list of an output's files, and the block with which the next page begins.
///
/// # Errors
/// There is no such block, or the storage's.
pub async fn page(
    platform: &Platform,
    output: &Output,
    block: usize,
) -> Result<(Vec<OutputFile>, Option<usize>)> {
    let Some(listing) = &output.listing else {
        let files = if block == 0 {
            output.files.clone()
        } else {
            Vec::new()
        };
        return Ok((files, None));
    };
    let blocks = listing.blocks.get(block..).unwrap_or_default();
    let taken = pages(blocks);
    let on_page = blocks.get(..taken).unwrap_or(blocks);
    let files = files_of(platform, listing, on_page).await?;
    let next = (taken < blocks.len()).then_some(block + taken);
    Ok((files, next))
}

/// How many blocks make a page: one at least, so that there is always a next page.
fn pages(blocks: &[Block]) -> usize {
    let mut bytes = 0_u64;
    let fitting = blocks.iter().take_while(|block| {
        bytes = bytes.saturating_add(block.bytes);
        bytes <= PAGE_BYTES
    });
    fitting.count().max(1)
}

/// All files of an output, if they are not more than `most`.
///
/// # Errors
/// There are more, or the storage's.
pub async fn files(platform: &Platform, output: &Output, most: u64) -> Result<Vec<OutputFile>> {
    let Some(listing) = &output.listing else {
        return Ok(output.files.clone());
    };
    if listing.files > most {
        let text = format!(
            "{} has {} files; at most {most} can be used",
            output.name, listing.files
        );
        return Err(Error::precondition("TOO_MANY_FILES", text));
    }
    files_of(platform, listing, &listing.blocks).await
}

/// The file with a path.
///
/// # Errors
/// The storage's.
pub async fn find(platform: &Platform, output: &Output, path: &str) -> Result<Option<OutputFile>> {
    let Some(listing) = &output.listing else {
        return Ok(output.files.iter().find(|file| file.path == path).cloned());
    };
    let Some(block) = block_of(&listing.blocks, path) else {
        return Ok(None);
    };
    let mut files = files_of(platform, listing, std::slice::from_ref(block)).await?;
    Ok(files
        .iter()
        .position(|file| file.path == path)
        .map(|place| files.swap_remove(place)))
}

/// The only block that can have a path: the last that does not begin after it.
fn block_of<'a>(blocks: &'a [Block], path: &str) -> Option<&'a Block> {
    let after = blocks.partition_point(|block| block.first.as_str() <= path);
    blocks.get(after.checked_sub(1)?)
}

/// The files of blocks that follow one another.
async fn files_of(
    platform: &Platform,
    listing: &Listing,
    blocks: &[Block],
) -> Result<Vec<OutputFile>> {
    let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else {
        return Ok(Vec::new());
    };
    let record = objects::stored(platform, &listing.place).await?;
    let range = first.offset..last.offset.saturating_add(last.bytes);
    let lines = platform
        .objects
        .reader(&record)?
        .read_range(range, u64::MAX)
        .await?;
    let failed = |error: serde_json::Error| Error::internal("read a list of files", error);
    let files = serde_json::Deserializer::from_slice(&lines).into_iter::<OutputFile>();
    files.collect::<Result<_, _>>().map_err(failed)
}

/// The bytes of a file, as answers of a call. The last of them are given only if all are those that were collected, and so
/// those that were reviewed.
///
/// # Errors
/// Nothing is kept there, or its key is not readable.
pub async fn streamed(
    platform: &Platform,
    file: &OutputFile,
) -> Result<BoxStream<'static, Result<Bytes, Status>>> {
    let record = objects::stored(platform, &file.place).await?;
    let reader = platform.objects.reader(&record)?;
    let mut check = Check::of(file);
    let pieces = reader
        .range(range(file))?
        .map(move |piece| -> Result<Bytes, Status> {
            let piece = piece.map_err(Error::from)?;
            check.take(&piece)?;
            Ok(piece)
        });
    Ok(pieces.boxed())
}

/// All bytes of a file, which are those that were collected or none.
///
/// # Errors
/// As [`streamed`], or it is larger than `most`.
pub async fn read(platform: &Platform, file: &OutputFile, most: u64) -> Result<Vec<u8>> {
    let record = objects::stored(platform, &file.place).await?;
    let reader = platform.objects.reader(&record)?;
    let bytes = reader.read_range(range(file), most).await?;
    if hex::encode(digest(&SHA256, &bytes)) == file.sha256 {
        return Ok(bytes);
    }
    Err(changed(&file.path))
}

fn range(file: &OutputFile) -> std::ops::Range<u64> {
    file.offset..file.offset.saturating_add(file.bytes)
}

/// The check of a file that is read in pieces.
struct Check {
    path: String,
    sha256: String,
    left: u64,
    context: Context,
}

impl Check {
    fn of(file: &OutputFile) -> Self {
        Self {
            path: file.path.clone(),
            sha256: file.sha256.clone(),
            left: file.bytes,
            context: Context::new(&SHA256),
        }
    }

    /// Takes the next piece; fails at the last one where the whole is not what it should be.
    fn take(&mut self, piece: &[u8]) -> Result<()> {
        self.context.update(piece);
        self.left = self.left.saturating_sub(piece.len() as u64);
        if self.left > 0 || hex::encode(self.context.clone().finish()) == self.sha256 {
            return Ok(());
        }
        Err(changed(&self.path))
    }
}

fn changed(path: &str) -> Error {
    let text = format!("{path:?} is not what was collected and reviewed");
    Error::internal("read a file of an output", std::io::Error::other(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn block(first: &str, bytes: u64) -> Block {
        Block {
            first: first.to_owned(),
            offset: 0,
            bytes,
        }
    }

    #[test]
    fn a_path_is_looked_for_in_one_block() {
        let blocks = [block("b", 1), block("d", 1), block("f", 1)];
        let found = |path| block_of(&blocks, path).map(|block| block.first.as_str());
        for (path, first) in [
            ("b", "b"),
            ("c", "b"),
            ("d", "d"),
            ("e/x", "d"),
            ("f", "f"),
            ("z", "f"),
        ] {
            assert_eq!(found(path), Some(first), "{path}");
        }
        assert_eq!(found("a"), None);
        assert!(block_of(&[], "a").is_none());
    }

    #[test]
    fn a_page_has_a_block_at_least_and_ends_in_time() {
        assert_eq!(pages(&[block("a", PAGE_BYTES + 1), block("b", 1)]), 1);
        assert_eq!(
            pages(&[block("a", PAGE_BYTES - 1), block("b", 1), block("c", 1)]),
            2
        );
        assert_eq!(pages(&[block("a", 1), block("b", 1)]), 2);
    }

    #[test]
    fn the_last_piece_is_not_given_where_any_byte_differs() {
        let file = OutputFile {
            path: "a".into(),
            bytes: 6,
            sha256: hex::encode(digest(&SHA256, b"abcdef")),
            place: String::new(),
            offset: 0,
            findings: vec![],
        };
        let mut check = Check::of(&file);
        assert!(check.take(b"abc").is_ok() && check.take(b"def").is_ok());
        let mut check = Check::of(&file);
        assert!(check.take(b"abX").is_ok() && check.take(b"def").is_err());
    }
}
