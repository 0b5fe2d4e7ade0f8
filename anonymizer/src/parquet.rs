//! Parquet bytes in and out of frames. The decoder is fed untrusted bytes, so that its panics become errors.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use polars::io::mmap::MmapBytesReader;
use polars::io::parquet::write::KeyValueMetadata;
use polars::prelude::*;

use crate::pseudonym::Renewal;

/// The key of the file's metadata that lists, as a JSON array of strings, the columns that hold pseudonyms.
pub const PSEUDONYMS_KEY: &str = "sandyq.pseudonyms";

/// The key of the file's metadata that says, as a JSON object, of which of those columns the values are no pseudonyms and what
/// becomes of them when the release is staged.
const RENEWALS_KEY: &str = "sandyq.renewals";

/// Rows of a row group in a release.
const ROW_GROUP: usize = 1 << 18;

/// Why bytes are no readable Parquet file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetFault {
    /// The decoder refused the bytes.
    #[error("{0}")]
    Refused(String),
    /// The decoder gave up on the bytes.
    #[error("the decoder gave up on it")]
    Panicked,
}

/// What the footer of a file declares.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub columns: Vec<(String, DataType)>,
    pub rows: u64,
    /// Rows of each row group.
    pub groups: Vec<u64>,
    /// Bytes of all pages when decompressed.
    pub uncompressed: u64,
    /// The file's own metadata, by key.
    pub metadata: Vec<(String, String)>,
}

/// Reads only the footer.
pub(crate) fn footer(bytes: &[u8]) -> Result<Footer, ParquetFault> {
    footer_of(Cursor::new(bytes))
}

/// Reads only the footer of what is not in memory.
pub(crate) fn footer_of(source: impl MmapBytesReader) -> Result<Footer, ParquetFault> {
    guarded(|| {
        let mut reader = ParquetReader::new(source);
        let schema = reader.schema()?;
        let metadata = reader.get_metadata()?;
        let columns = schema
            .iter()
            .map(|(name, field)| (name.to_string(), DataType::from_arrow_field(field)));
        let sizes = metadata.row_groups.iter().map(|group| {
            let chunks = group
                .parquet_columns()
                .iter()
                .map(|chunk| u64::try_from(chunk.uncompressed_size()).unwrap_or(u64::MAX));
            chunks
                .fold(0, u64::saturating_add)
                .max(group.total_byte_size() as u64)
        });
        let keys = metadata.key_value_metadata.iter().flatten();
        Ok(Footer {
            columns: columns.collect(),
            rows: metadata.num_rows as u64,
            groups: metadata
                .row_groups
                .iter()
                .map(|group| group.num_rows() as u64)
                .collect(),
            uncompressed: sizes.fold(0, u64::saturating_add),
            metadata: keys
                .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
                .collect(),
        })
    })
}

/// Decodes every page.
pub(crate) fn decode(bytes: &[u8]) -> Result<DataFrame, ParquetFault> {
    guarded(|| ParquetReader::new(Cursor::new(bytes)).finish())
}

/// Decodes one column.
pub(crate) fn decode_column(bytes: &[u8], name: &str) -> Result<Column, ParquetFault> {
    guarded(|| {
        let frame = ParquetReader::new(Cursor::new(bytes))
            .with_columns(Some(vec![name.to_owned()]))
            .finish()?;
        Ok(frame.column(name)?.clone())
    })
}

/// Decodes `count` rows from row `from` on, counted from 0.
pub(crate) fn decode_part(
    bytes: &[u8],
    from: usize,
    count: usize,
) -> Result<DataFrame, ParquetFault> {
    guarded(|| {
        ParquetReader::new(Cursor::new(bytes))
            .with_slice(Some((from, count)))
            .finish()
    })
}

/// Encodes a frame with columns of pseudonyms. The same frame gives the same bytes.
#[cfg(test)]
pub(crate) fn encode(frame: &mut DataFrame, pseudonyms: &[String]) -> PolarsResult<Vec<u8>> {
    let pseudonyms = pseudonyms
        .iter()
        .map(|name| (name.clone(), Renewal::Pseudonyms));
    encode_renewed(frame, &pseudonyms.collect::<Vec<_>>())
}

/// What a file says of the columns that are made anew when it is staged, in the order of the columns.
pub(crate) fn metadata(renewals: &[(String, Renewal)]) -> KeyValueMetadata {
    let names: Vec<&str> = renewals.iter().map(|(name, _)| name.as_str()).collect();
    let mut pairs = vec![(
        PSEUDONYMS_KEY.to_owned(),
        serde_json::Value::from(names).to_string(),
    )];
    let others: serde_json::Map<String, serde_json::Value> = renewals
        .iter()
        .filter(|(_, renewal)| *renewal != Renewal::Pseudonyms)
        .filter_map(|(name, renewal)| Some((name.clone(), serde_json::to_value(renewal).ok()?)))
        .collect();
    if !others.is_empty() {
        pairs.push((
            RENEWALS_KEY.to_owned(),
            serde_json::Value::Object(others).to_string(),
        ));
    }
    KeyValueMetadata::from_static(pairs)
}

/// Encodes a frame with columns that are made anew when it is staged. The same frame gives the same bytes.
pub(crate) fn encode_renewed(
    frame: &mut DataFrame,
    renewals: &[(String, Renewal)],
) -> PolarsResult<Vec<u8>> {
    let metadata = metadata(renewals);
    frame.rechunk_mut();
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .with_row_group_size(Some(ROW_GROUP))
        .with_key_value_metadata(Some(metadata))
        .finish(frame)?;
    Ok(bytes)
}

/// Orders rows by what they hold, column by column, missing values first. What is equal is identical, so that nothing of the
/// order of the rows that came in is left.
pub(crate) fn sort_by_content(frame: DataFrame) -> PolarsResult<DataFrame> {
    let names = frame.get_column_names_owned();
    if names.is_empty() {
        return Ok(frame);
    }
    frame.sort(
        names,
        SortMultipleOptions::default().with_maintain_order(true),
    )
}

/// The columns that a file declares to be made anew when it is staged; none if it declares nothing.
fn pseudonyms(footer: &Footer) -> Result<Vec<String>, ParquetFault> {
    let Some((_, list)) = footer
        .metadata
        .iter()
        .find(|(key, _)| key == PSEUDONYMS_KEY)
    else {
        return Ok(Vec::new());
    };
    serde_json::from_str(list)
        .map_err(|_| ParquetFault::Refused(format!("{PSEUDONYMS_KEY} is no list of columns")))
}

/// The columns that a file declares to be made anew when it is staged, with what becomes of each.
pub(crate) fn renewals(footer: &Footer) -> Result<Vec<(String, Renewal)>, ParquetFault> {
    let refused = |what: &str| ParquetFault::Refused(format!("{RENEWALS_KEY} {what}"));
    let mut others: std::collections::BTreeMap<String, Renewal> =
        match footer.metadata.iter().find(|(key, _)| key == RENEWALS_KEY) {
            Some((_, map)) => serde_json::from_str(map)
                .map_err(|_| refused("does not say what becomes of columns"))?,
            None => std::collections::BTreeMap::new(),
        };
    let names = pseudonyms(footer)?;
    let renewals = names
        .into_iter()
        .map(|name| {
            let renewal = others.remove(&name).unwrap_or(Renewal::Pseudonyms);
            (name, renewal)
        })
        .collect();
    match others.is_empty() {
        true => Ok(renewals),
        false => Err(refused("names a column that is not made anew")),
    }
}

fn guarded<T>(work: impl FnOnce() -> PolarsResult<T>) -> Result<T, ParquetFault> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ParquetFault::Refused(error.to_string())),
        Err(_) => Err(ParquetFault::Panicked),
    }
}
