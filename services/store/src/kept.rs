//! Reading what the database knows of objects.

use std::collections::HashSet;

use crate::error::StoreError;
use crate::objects::ObjectRecord;
use crate::sql::{Row, Value};
use crate::store::Store;

const COLUMNS: &str =
    "place, id, key_id, wrapped_key, segment_chunks, segments, bytes, sha256, complete, held";

impl Store {
    /// The object that is kept at a place.
    ///
    /// # Errors
    /// [`StoreError::Sql`], [`StoreError::Corrupt`].
    pub async fn object(&self, place: &str) -> Result<Option<ObjectRecord>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM objects WHERE place = $1");
        let row = self
            .inner
            .pools
            .reader()
            .await?
            .fetch_one(&sql, &[Value::Text(place)])
            .await?;
        row.map(|row| object(&row)).transpose()
    }

    /// Objects whose keys are wrapped by another master key than this one: those that a rotation has yet to do.
    ///
    /// # Errors
    /// [`StoreError::Sql`], [`StoreError::Corrupt`].
    pub async fn objects_under_other_keys(
        &self,
        key_id: &str,
        limit: u32,
    ) -> Result<Vec<ObjectRecord>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM objects WHERE key_id <> $1 ORDER BY place LIMIT {}",
            crate::sql::limit("$2")
        );
        let values = [Value::Text(key_id), Value::Int(i64::from(limit))];
        let rows = self
            .inner
            .pools
            .reader()
            .await?
            .fetch(&sql, &values)
            .await?;
        rows.iter().map(object).collect()
    }

    /// The ids of all objects, for [`crate::ObjectStore::sweep`].
    ///
    /// # Errors
    /// [`StoreError::Sql`].
    pub async fn object_ids(&self) -> Result<HashSet<String>, StoreError> {
        let rows = self
            .inner
            .pools
            .reader()
            .await?
            .fetch("SELECT id FROM objects", &[])
            .await?;
        Ok(rows
            .iter()
            .map(|row| row.text(0))
            .collect::<Result<_, _>>()?)
    }
}

fn object(row: &Row) -> Result<ObjectRecord, StoreError> {
    let place = row.text(0)?;
    let damaged = |_| StoreError::Corrupt {
        place: format!("objects {place}"),
        what: "a number is out of range".to_owned(),
    };
    Ok(ObjectRecord {
        id: row.text(1)?,
        key_id: row.text(2)?,
        wrapped_key: row.text(3)?,
        segment_chunks: u32::try_from(row.int(4)?).map_err(damaged)?,
        segments: u32::try_from(row.int(5)?).map_err(damaged)?,
        bytes: u64::try_from(row.int(6)?).map_err(damaged)?,
        sha256: row.text(7)?,
        complete: row.int(8)? != 0,
        held: row.text(9)?,
        place,
    })
}
