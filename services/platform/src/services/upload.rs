//! Bytes on their way in: resumable, encrypted as they arrive, hashed, and complete only when the hash is the declared one.

use sandyq_proto::v1;
use sandyq_store::objects::CHUNK_BYTES;
use sandyq_store::{Change, ObjectWriter, Stored};
use serde_json::json;
use tonic::Streaming;

use super::Services;
use crate::call::Call;
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::names;
use crate::objects;
use crate::records::library::{Dataset, Upload, Version, VersionState};

/// Most bytes of one message; larger ones are refused before they are read whole.
const MOST_MESSAGE_BYTES: usize = 2 << 20;

/// A stream that sends nothing for this long is ended; what is durable stays.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(120);

impl Services {
    /// Bytes of an upload that are safe on disk.
    pub(super) async fn durable(&self, upload: &Upload) -> Result<u64> {
        let Some(place) = &upload.place else {
            return Ok(0);
        };
        let record = objects::stored(&self.0, place).await?;
        if record.complete {
            return Ok(record.bytes);
        }
        let segments = self.0.objects.durable_segments(&record).await?;
        Ok(u64::from(segments) * u64::from(record.segment_chunks) * CHUNK_BYTES as u64)
    }

    /// Opens the writer: a new object for the first bytes, the same one afterwards.
    async fn open_writer(&self, call: &Call, upload: &mut Stored<Upload>) -> Result<ObjectWriter> {
        if let Some(place) = &upload.place {
            let record = objects::stored(&self.0, place).await?;
            let segments = self.0.objects.durable_segments(&record).await?;
            return Ok(self.0.objects.resume(&record, segments).await?);
        }
        let place = format!("{}/{}", upload.name, names::fresh_id('o'));
        let writer = self.0.objects.create(&place).await?;
        upload.place = Some(place);
        let event = call.event(
            &upload.version,
            [("dataset", json!(upload.dataset)), ("step", json!("begun"))],
        );
        let change = Change::new(event)
            .keep_object(writer.record().clone())
            .update(upload)?;
        self.0.commit(change).await?;
        upload.revision += 1;
        Ok(writer)
    }

    /// Takes a Write stream.
    pub(super) async fn take_upload(
        &self,
        mut call: Call,
        mut stream: Streaming<v1::WriteRequest>,
    ) -> Result<v1::WriteResponse> {
        let Some(first) = next(&mut stream).await? else {
            return Err(Error::invalid(
                "resource_name",
                "the first message must name the upload",
            ));
        };
        let mut upload = call.fetch::<Upload>(&first.resource_name).await?;
        let version = call.fetch::<Version>(&upload.version).await?;
        permitted(&mut call, &version, &upload).await?;
        if version.state != VersionState::Uploading {
            return Err(Error::precondition(
                "VERSION_NOT_UPLOADING",
                format!(
                    "{} is {}; open a new version to upload data",
                    version.name,
                    version.state.as_str()
                ),
            ));
        }
        if upload.complete {
            let committed_size = convert::count(self.durable(&upload).await?);
            return Ok(v1::WriteResponse {
                committed_size,
                complete: true,
            });
        }
        let dataset = version
            .datasets
            .iter()
            .find(|dataset| dataset.id == upload.dataset)
            .cloned()
            .ok_or_else(|| Error::not_found(&upload.name))?;
        let mut writer = self.open_writer(&call, &mut upload).await?;
        let limit = match dataset.declared_bytes {
            0 => self.0.config.raw.intake.max_dataset_bytes,
            declared => declared,
        };
        let mut message = Some(first);
        while let Some(part) = message {
            let finish = part.finish_write;
            take_part(&mut writer, part, limit).await?;
            if finish {
                // The stream may have been long: the user may have been revoked since.
                call.authorize_again(version.resource()).await?;
                return self.finish_upload(&call, upload, &dataset, writer).await;
            }
            message = next(&mut stream).await?;
        }
        // The client went without finishing: whole segments stay, the rest is sent again.
        Ok(v1::WriteResponse {
            committed_size: convert::count(writer.settle().await?),
            complete: false,
        })
    }

    async fn finish_upload(
        &self,
        call: &Call,
        mut upload: Stored<Upload>,
        dataset: &Dataset,
        writer: ObjectWriter,
    ) -> Result<v1::WriteResponse> {
        let record = writer.finish().await?;
        let short = dataset.declared_bytes != 0 && record.bytes != dataset.declared_bytes;
        if short || record.sha256 != dataset.sha256 {
            let found = record.sha256.clone();
            upload.place = None;
            let event = call.event(
                &upload.version,
                [
                    ("dataset", json!(upload.dataset)),
                    ("step", json!("discarded")),
                    ("sha256", json!(found)),
                ],
            );
            let change = Change::new(event)
                .drop_object(record.place.clone())
                .update(&upload)?;
            self.0.commit(change).await?;
            objects::remove(&self.0, &[record]).await;
            return Err(Error::new(
                Class::Precondition,
                "HASH_MISMATCH",
                format!(
                    "data set {}: the bytes have SHA-256 {found}, declared was {}; nothing of them was kept, upload \
                     the file again from the beginning",
                    dataset.id, dataset.sha256
                ),
            ));
        }
        upload.complete = true;
        let version = call
            .platform
            .change::<Version>(&upload.version, |version| {
                if let Some(known) = version.datasets.iter_mut().find(|d| d.id == upload.dataset) {
                    known.complete = true;
                    known.declared_bytes = record.bytes;
                }
                let event = call.event(
                    &version.name,
                    [
                        ("dataset", json!(upload.dataset)),
                        ("step", json!("complete")),
                        ("sha256", json!(record.sha256)),
                        ("bytes", json!(record.bytes)),
                    ],
                );
                Ok(Some(
                    Change::new(event)
                        .keep_object(record.clone())
                        .update(&upload)?,
                ))
            })
            .await?;
        tracing::info!(
            version = version.name,
            dataset = dataset.id,
            bytes = record.bytes,
            "data set complete"
        );
        Ok(v1::WriteResponse {
            committed_size: convert::count(record.bytes),
            complete: true,
        })
    }
}

/// Asks the policies on the version; a version that may not be seen is not named, the upload reads as absent.
pub(super) async fn permitted(
    call: &mut Call,
    version: &Stored<Version>,
    upload: &Upload,
) -> Result<()> {
    let decision = call.authorize(version.resource()).await;
    decision.map_err(|error| match error.class {
        Class::NotFound => Error::not_found(&upload.name),
        _ => error,
    })
}

async fn next(stream: &mut Streaming<v1::WriteRequest>) -> Result<Option<v1::WriteRequest>> {
    let message = tokio::time::timeout(SILENCE, stream.message())
        .await
        .map_err(|_| {
            Error::new(
                Class::Unavailable,
                "STREAM_SILENT",
                "nothing came for two minutes; ask QueryWriteStatus where to resume",
            )
        })?;
    message.map_err(|status| {
        // Either the connection was cut, or the message was not one; the client knows its own side.
        if status.code() == tonic::Code::OutOfRange {
            Error::invalid(
                "data",
                "the message is too large; send at most 2 MiB at a time",
            )
        } else {
            Error::new(
                Class::Unavailable,
                "STREAM_BROKEN",
                "the upload was interrupted; resume it",
            )
            .caused_by(status)
        }
    })
}

async fn take_part(writer: &mut ObjectWriter, part: v1::WriteRequest, limit: u64) -> Result<()> {
    let offset = convert::uncount("write_offset", part.write_offset)?;
    if offset != writer.offset() {
        return Err(Error::new(
            Class::OutOfRange,
            "WRONG_OFFSET",
            format!(
                "write_offset is {offset}, expected was {}; ask QueryWriteStatus where to resume",
                writer.offset()
            ),
        )
        .with("committed_size", writer.durable().to_string()));
    }
    if part.data.len() > MOST_MESSAGE_BYTES {
        return Err(Error::invalid("data", "send at most 2 MiB in a message"));
    }
    let after = offset.saturating_add(part.data.len() as u64);
    if after > limit {
        return Err(Error::new(
            Class::OutOfRange,
            "MORE_THAN_DECLARED",
            format!("byte {after} lies beyond the {limit} bytes that were declared or are allowed"),
        ));
    }
    writer.take(part.data).await?;
    Ok(())
}
