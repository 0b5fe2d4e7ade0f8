//! Encrypted objects as the services and workers use them.

use std::io::Read;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use sandyq_store::{ObjectError, ObjectRecord};
use tonic::Status;

use crate::error::{Class, Error, Result};
use crate::platform::Platform;

/// Bytes that are read at a time from a file.
const READ_BYTES: usize = 1 << 20;

impl From<ObjectError> for Error {
    fn from(error: ObjectError) -> Self {
        match error {
            ObjectError::Full(_) => {
                Self::new(Class::Exhausted, "DISK_FULL", error.to_string()).caused_by(error)
            }
            ObjectError::Busy(_) => {
                Self::new(Class::Aborted, "UPLOAD_BUSY", error.to_string()).caused_by(error)
            }
            _ => Self::internal("read or write an encrypted object", error),
        }
    }
}

/// What is known of the object at a place.
///
/// # Errors
/// Nothing is kept there.
pub async fn stored(platform: &Platform, place: &str) -> Result<ObjectRecord> {
    platform.store.object(place).await?.ok_or_else(|| {
        Error::internal(
            "find an object",
            std::io::Error::other(format!("nothing is kept at {place}")),
        )
    })
}

/// The bytes of the object at a place, as answers of a call.
///
/// # Errors
/// Nothing is kept there, or its key is not readable.
pub async fn streamed(
    platform: &Platform,
    place: &str,
) -> Result<BoxStream<'static, Result<Bytes, Status>>> {
    let object = stored(platform, place).await?;
    let reader = platform.objects.reader(&object)?;
    let pieces = reader
        .stream()
        .map(|piece| piece.map_err(|error| Status::from(Error::from(error))));
    Ok(pieces.boxed())
}

/// Encrypts bytes into a new object. Keep the record with a change.
///
/// # Errors
/// The storage's.
pub async fn put(platform: &Platform, place: &str, bytes: &[u8]) -> Result<ObjectRecord> {
    let mut writer = platform.objects.create(place).await?;
    writer.write(bytes).await?;
    Ok(writer.finish().await?)
}

/// Encrypts an open file into a new object, a piece at a time.
///
/// # Errors
/// The storage's, or the file's.
pub async fn put_file(
    platform: &Platform,
    place: &str,
    mut file: std::fs::File,
) -> Result<ObjectRecord> {
    let mut writer = platform.objects.create(place).await?;
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let mut buffer = Vec::with_capacity(READ_BYTES);
            let taken = (&mut file).take(READ_BYTES as u64).read_to_end(&mut buffer);
            taken.map(|_| (file, buffer))
        })
        .await
        .map_err(|error| Error::internal("read a file", error))?
        .map_err(|error| Error::internal("read a file", error))?;
        file = read.0;
        if read.1.is_empty() {
            break;
        }
        writer.take(read.1.into()).await?;
    }
    Ok(writer.finish().await?)
}

/// Removes the files of objects whose keys were dropped; what fails is left to the sweep.
pub async fn remove(platform: &Platform, records: &[ObjectRecord]) {
    for record in records {
        if let Err(error) = platform.objects.remove(record).await {
            tracing::warn!(
                place = record.place,
                "shredded object's files stay for now: {error}"
            );
        }
    }
}
