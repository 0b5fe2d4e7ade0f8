//! The audit log.

use bytes::Bytes;
use futures::StreamExt;
use sandyq_access::Resource;
use sandyq_proto::v1;
use sandyq_proto::v1::audit_service_server::AuditService;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::{PageRequest, Services};
use crate::convert;
use crate::error::{Error, Result};
use crate::watch::{Answers, until};

/// Entries that are read at a time for an export.
const EXPORT_BATCH: u32 = 500;

impl Services {
    /// The present size and its signed checkpoint.
    async fn checkpoint(&self) -> Result<(u64, String)> {
        let head = self.0.store.head().await?;
        Ok((head.size, self.0.log_key.sign(head.size, head.root)))
    }

    fn size_or_present(field: &str, asked: i64, present: u64) -> Result<u64> {
        match convert::uncount(field, asked)? {
            0 => Ok(present),
            size if size <= present => Ok(size),
            _ => Err(Error::invalid(
                field,
                format!("the log has {present} entries"),
            )),
        }
    }
}

#[tonic::async_trait]
impl AuditService for Services {
    type ExportLogStream = Answers<v1::ExportLogResponse>;

    async fn list_entries(
        &self,
        request: Request<v1::ListEntriesRequest>,
    ) -> Result<Response<v1::ListEntriesResponse>, Status> {
        let mut call = self.0.enter("AuditService.ListEntries", &request).await?;
        call.authorize(Resource::audit_log()).await?;
        let message = request.get_ref();
        let page = PageRequest::new(message.page_size, "")?;
        let first = if message.page_token.is_empty() {
            convert::uncount("first_sequence", message.first_sequence)?
        } else {
            message
                .page_token
                .parse()
                .map_err(|_| Error::invalid("page_token", "is not one that this service gave"))?
        };
        let found = self
            .0
            .store
            .entries(first, page.size)
            .await
            .map_err(Error::from)?;
        let full = found.len() == page.size as usize;
        let next_page_token = found
            .last()
            .filter(|_| full)
            .map(|last| (last.seq + 1).to_string())
            .unwrap_or_default();
        let entries = found
            .into_iter()
            .map(|entry| v1::AuditEntry {
                sequence: convert::count(entry.seq),
                entry_json: entry.leaf,
            })
            .collect();
        Ok(Response::new(v1::ListEntriesResponse {
            entries,
            next_page_token,
        }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        let mut call = self.0.enter("AuditService.GetCheckpoint", &request).await?;
        call.authorize(Resource::audit_log()).await?;
        let (size, checkpoint) = self.checkpoint().await?;
        Ok(Response::new(v1::GetCheckpointResponse {
            checkpoint,
            verifier_key: self.0.log_key.verifier().to_string(),
            tree_size: convert::count(size),
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<v1::GetInclusionProofRequest>,
    ) -> Result<Response<v1::GetInclusionProofResponse>, Status> {
        let mut call = self
            .0
            .enter("AuditService.GetInclusionProof", &request)
            .await?;
        call.authorize(Resource::audit_log()).await?;
        let message = request.get_ref();
        let present = self.0.store.head().await.map_err(Error::from)?.size;
        let size = Self::size_or_present("tree_size", message.tree_size, present)?;
        let index = convert::uncount("sequence", message.sequence)?;
        if index >= size {
            return Err(Error::invalid(
                "sequence",
                format!("the log of that size ends at {}", size - 1),
            )
            .into());
        }
        let hashes = self
            .0
            .store
            .inclusion_proof(index, size)
            .await
            .map_err(Error::from)?;
        let entry = self.0.store.entries(index, 1).await.map_err(Error::from)?;
        Ok(Response::new(v1::GetInclusionProofResponse {
            hashes: hashes.iter().map(|hash| hash.as_bytes().to_vec()).collect(),
            tree_size: convert::count(size),
            entry: entry.into_iter().next().map(|entry| v1::AuditEntry {
                sequence: convert::count(entry.seq),
                entry_json: entry.leaf,
            }),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<v1::GetConsistencyProofRequest>,
    ) -> Result<Response<v1::GetConsistencyProofResponse>, Status> {
        let mut call = self
            .0
            .enter("AuditService.GetConsistencyProof", &request)
            .await?;
        call.authorize(Resource::audit_log()).await?;
        let message = request.get_ref();
        let present = self.0.store.head().await.map_err(Error::from)?.size;
        let second = Self::size_or_present("second_tree_size", message.second_tree_size, present)?;
        let first = convert::uncount("first_tree_size", message.first_tree_size)?;
        if first > second {
            return Err(
                Error::invalid("first_tree_size", "must not be above second_tree_size").into(),
            );
        }
        let hashes = self
            .0
            .store
            .consistency_proof(first, second)
            .await
            .map_err(Error::from)?;
        Ok(Response::new(v1::GetConsistencyProofResponse {
            hashes: hashes.iter().map(|hash| hash.as_bytes().to_vec()).collect(),
            second_tree_size: convert::count(second),
        }))
    }

    async fn export_log(
        &self,
        request: Request<v1::ExportLogRequest>,
    ) -> Result<Response<Self::ExportLogStream>, Status> {
        let mut call = self.0.enter("AuditService.ExportLog", &request).await?;
        call.authorize(Resource::audit_log()).await?;
        let (size, checkpoint) = self.checkpoint().await?;
        let (sender, receiver) = mpsc::channel(4);
        let platform = std::sync::Arc::clone(&self.0);
        self.0.tasks.spawn(async move {
            let outcome: Result<()> = async {
                let mut next = 0;
                while next < size {
                    let left = u32::try_from(size - next).unwrap_or(u32::MAX);
                    let batch = platform.store.entries(next, left.min(EXPORT_BATCH)).await?;
                    let mut text = String::new();
                    for entry in batch {
                        next = entry.seq + 1;
                        text.push_str(&entry.leaf);
                        text.push('\n');
                    }
                    if text.is_empty() || sender.send(Ok(part(text))).await.is_err() {
                        return Ok(());
                    }
                }
                let mut last = sandyq_audit::checkpoint_line(&checkpoint)
                    .map_err(|error| Error::internal("write the checkpoint", error))?;
                last.push('\n');
                // The reader may be gone.
                let _ = sender.send(Ok(part(last))).await;
                Ok(())
            }
            .await;
            if let Err(error) = outcome {
                let _ = sender.send(Err(error.into())).await;
            }
        });
        let answers = ReceiverStream::new(receiver).boxed();
        Ok(Response::new(until(call.dismissed(), answers)))
    }
}

fn part(text: String) -> v1::ExportLogResponse {
    v1::ExportLogResponse {
        data: Bytes::from(text).into(),
    }
}
