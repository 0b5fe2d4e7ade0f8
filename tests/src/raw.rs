//! Calls by path and bytes: every RPC the same way, whatever its messages are.

use bytes::{Buf, BufMut, Bytes};
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};

/// A codec that leaves messages as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// Calls `/package.Service/Method` with these messages. Returns the first message of the answer, which is empty when the
/// stream ends without one.
///
/// # Errors
/// What the platform or the transport says.
pub async fn call(channel: Channel, path: &str, messages: Vec<Bytes>) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(64 << 20);
    grpc.ready()
        .await
        .map_err(|error| Status::from_error(error.into()))?;
    let request = Request::new(tokio_stream::iter(messages));
    let answer = grpc.streaming(request, path.parse().unwrap(), Raw).await?;
    let first = answer.into_inner().message().await?;
    Ok(first.unwrap_or_default())
}
