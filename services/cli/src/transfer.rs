//! Bytes on their way: hashing, resumable uploads, safe downloads.

pub mod download;

use std::io::{IsTerminal as _, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ring::digest::{Context as Digest, SHA256};
use sandyq_proto::v1::{QueryWriteStatusRequest, WriteRequest, WriteResponse};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::client::{Client, LibraryServiceClient, rpc};
use crate::errors::{Failure, Result};

/// Bytes of one message.
pub const CHUNK: usize = 1 << 20;
/// Messages read ahead of the network.
const READ_AHEAD: usize = 4;

/// A progress bar; silent where standard error is not a terminal.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over this many bytes.
    pub fn new(what: &str, size: u64) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template(
            "{msg:30} {bar:30} {bytes:>11}/{total_bytes} {bytes_per_sec} {eta}",
        );
        let bar = ProgressBar::with_draw_target(Some(size), target).with_message(what.to_owned());
        Self {
            bar: bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
        }
    }

    /// A bar over the bytes of a file.
    pub fn of_file(what: &str, path: &Path) -> Result<Self> {
        let size = std::fs::metadata(path)
            .map_err(|error| Failure::file("read", path, &error))?
            .len();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self::new(&format!("{what} {name}"), size))
    }

    /// So many more.
    pub fn add(&self, bytes: usize) {
        self.bar.inc(bytes as u64);
    }

    /// So many in all.
    pub fn set(&self, bytes: u64) {
        self.bar.set_position(bytes);
    }

    /// The work is done.
    pub fn finish(&self) {
        self.bar.finish();
    }
}

/// SHA-256 of a file, hexadecimal, and its size.
pub async fn sha256_of_file(path: PathBuf, progress: Progress) -> Result<(String, u64)> {
    blocking(move || {
        let mut file =
            std::fs::File::open(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let (mut digest, mut size, mut buffer) = (Digest::new(&SHA256), 0u64, vec![0; CHUNK]);
        loop {
            let count = file
                .read(&mut buffer)
                .map_err(|error| Failure::file("read", &path, &error))?;
            if count == 0 {
                progress.finish();
                return Ok((hex::encode(digest.finish()), size));
            }
            digest.update(buffer.get(..count).unwrap_or_default());
            size = size.saturating_add(count as u64);
            progress.add(count);
        }
    })
    .await
}

/// Uploads a file to `resource`, taking up again where the platform has it safe after each loss of the connection.
pub async fn upload(client: &Client, path: &Path, resource: &str, size: u64) -> Result<()> {
    let progress = Progress::of_file("uploading", path)?;
    let mut backoff = client.long_backoff();
    let mut safe = None;
    loop {
        let request = QueryWriteStatusRequest {
            resource_name: resource.to_owned(),
        };
        let status = rpc!(client, LibraryServiceClient, query_write_status, request);
        let lost = match status {
            Ok(status) if status.complete => {
                progress.set(size);
                progress.finish();
                return Ok(());
            }
            Ok(status) => {
                if safe.is_some_and(|before| status.committed_size > before) {
                    backoff.reset();
                }
                safe = Some(status.committed_size);
                let offset = u64::try_from(status.committed_size).unwrap_or(0);
                progress.set(offset);
                match write_from(client, path, resource, offset, size, &progress).await? {
                    Ok(answer) if answer.complete => continue,
                    Ok(answer) => Status::unavailable(format!(
                        "the server took {} of {size} bytes",
                        answer.committed_size
                    )),
                    Err(status) => status,
                }
            }
            // The short patience has ended; the long one goes on.
            Err(failure) if failure.exit == crate::Exit::Unavailable => {
                Status::unavailable(failure.text)
            }
            Err(failure) => return Err(failure),
        };
        backoff.wait(lost).await?;
    }
}

/// One Write stream: the outer error is this side's, the inner one the server's or the connection's.
async fn write_from(
    client: &Client,
    path: &Path,
    resource: &str,
    offset: u64,
    size: u64,
    progress: &Progress,
) -> Result<std::result::Result<WriteResponse, Status>> {
    if offset > size {
        return Err(Failure::general(format!(
            "the server has {offset} bytes, {} only {size}: it is another file",
            path.display()
        )));
    }
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let reading = {
        let (path, resource, progress) = (path.to_owned(), resource.to_owned(), progress.clone());
        tokio::spawn(blocking(move || {
            read_messages(&path, &resource, offset, size, &sender, &progress)
        }))
    };
    let answer = LibraryServiceClient::new(client.channel())
        .write(ReceiverStream::new(receiver))
        .await;
    match reading.await {
        Ok(Err(failure)) => Err(failure),
        _ => Ok(answer.map(tonic::Response::into_inner)),
    }
}

/// Reads the file from `offset` into messages. Stops without an error when nobody takes them any more: then the server's
/// answer says why.
fn read_messages(
    path: &Path,
    resource: &str,
    offset: u64,
    size: u64,
    sender: &mpsc::Sender<WriteRequest>,
    progress: &Progress,
) -> Result<()> {
    let unreadable = |error: std::io::Error| Failure::file("read", path, &error);
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
    let (mut at, mut first) = (offset, true);
    loop {
        let length = usize::try_from(size.saturating_sub(at))
            .unwrap_or(CHUNK)
            .min(CHUNK);
        let mut data = Vec::with_capacity(length);
        let read = (&mut file)
            .take(length as u64)
            .read_to_end(&mut data)
            .map_err(unreadable)?;
        if read < length {
            return Err(unreadable(std::io::ErrorKind::UnexpectedEof.into()));
        }
        let finish_write = at.saturating_add(length as u64) >= size;
        let message = WriteRequest {
            resource_name: if first {
                resource.to_owned()
            } else {
                String::new()
            },
            write_offset: i64::try_from(at).unwrap_or(i64::MAX),
            finish_write,
            data: Bytes::from(data),
        };
        if sender.blocking_send(message).is_err() || finish_write {
            return Ok(());
        }
        progress.add(length);
        (at, first) = (at.saturating_add(length as u64), false);
    }
}

/// Runs what waits for a disk away from the threads that serve the network.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(Failure::general(format!(
            "a background task ended: {error}"
        ))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    async fn messages(content: &[u8], offset: u64) -> Vec<WriteRequest> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, content).unwrap();
        let (sender, mut receiver) = mpsc::channel(READ_AHEAD);
        let size = content.len() as u64;
        let reading = tokio::spawn(blocking(move || {
            let _dir = dir;
            read_messages(&path, "r", offset, size, &sender, &Progress::new("", 0))
        }));
        let mut all = Vec::new();
        while let Some(message) = receiver.recv().await {
            all.push(message);
        }
        reading.await.unwrap().unwrap();
        all
    }

    #[tokio::test]
    async fn a_file_becomes_messages_without_gaps() {
        let content: Vec<u8> = (0..CHUNK * 2 + 5).map(|i| (i % 251) as u8).collect();
        for offset in [0, 7, CHUNK, CHUNK * 2 + 5] {
            let all = messages(&content, offset as u64).await;
            let joined: Vec<u8> = all
                .iter()
                .flat_map(|message| message.data.to_vec())
                .collect();
            assert_eq!(joined, &content[offset..]);
            assert_eq!(all[0].resource_name, "r");
            assert_eq!(all.iter().filter(|message| message.finish_write).count(), 1);
            assert!(all.last().unwrap().finish_write);
            let mut at = offset as i64;
            for message in &all {
                assert_eq!(message.write_offset, at);
                at += message.data.len() as i64;
            }
        }
    }

    #[tokio::test]
    async fn an_empty_file_is_one_message() {
        let all = messages(b"", 0).await;
        assert_eq!(all.len(), 1);
        assert!(all[0].finish_write && all[0].data.is_empty());
    }

    #[tokio::test]
    async fn hashes_are_sha256() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("abc");
        std::fs::write(&path, "abc").unwrap();
        let (sha256, size) = sha256_of_file(path, Progress::new("", 3)).await.unwrap();
        assert_eq!(
            sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(size, 3);
    }
}
