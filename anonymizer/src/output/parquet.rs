//! Parquet files, a row group at a time.

use std::io::Write;

use polars::prelude::*;
use rayon::prelude::*;

use super::{OutColumn, Output, Run};
use crate::cancel::Cancel;
use crate::parquet;

impl Output {
    /// Writes the release as Parquet. The same release gives the same bytes. Stops where it is when `cancel` is raised.
    ///
    /// # Errors
    /// The encoder's and the sink's.
    pub fn write_parquet(&self, sink: impl Write, cancel: &Cancel) -> PolarsResult<()> {
        let renewed = |column: &OutColumn| Some((column.name.clone(), column.renewal.clone()?));
        let renewals: Vec<_> = self.columns.iter().filter_map(renewed).collect();
        let metadata = parquet::metadata(&renewals);
        let values: Vec<Series> = self
            .columns
            .iter()
            .map(|column| column.dictionary.series(&column.name))
            .collect();
        let schema = values
            .iter()
            .map(|values| (values.name().clone(), values.dtype().clone()))
            .collect();
        let mut writer = ParquetWriter::new(sink)
            .with_compression(ParquetCompression::Zstd(None))
            .with_key_value_metadata(Some(metadata))
            .batched(&schema)?;
        for batch in self.batches() {
            if cancel.is_cancelled() {
                return Err(PolarsError::from(std::io::Error::from(
                    std::io::ErrorKind::Interrupted,
                )));
            }
            writer.write_batch(&self.frame(&batch, &values)?)?;
        }
        writer.finish()?;
        Ok(())
    }

    fn frame(&self, batch: &[Run], values: &[Series]) -> PolarsResult<DataFrame> {
        let rows = batch.iter().map(|run| run.rows).sum();
        let columns = values
            .par_iter()
            .enumerate()
            .map(|(place, values)| {
                let codes = batch.iter().flat_map(|run| {
                    let code = self.code(*run, place).checked_sub(1);
                    std::iter::repeat_n(code, run.rows)
                });
                let codes = IdxCa::from_iter_options("".into(), codes);
                Ok(values.take(&codes)?.into_column())
            })
            .collect::<PolarsResult<Vec<_>>>()?;
        DataFrame::new(rows, columns)
    }
}
