//! Reading objects.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use object_store::ObjectStoreExt as _;
use tokio::runtime::Handle;
use zeroize::Zeroizing;

use super::format::{CHUNK_BYTES, Geometry, HEADER_LEN, SegmentKey, locate};
use super::{ObjectError, ObjectRecord, ObjectStore, held, segment_path};
use crate::keys::KEY_LEN;

/// Chunks that a stream has under way at the same time.
const AHEAD: usize = 2;

/// An object that is open for reading. Clones are cheap; every chunk is checked as it is read.
#[derive(Clone)]
pub struct ObjectReader {
    source: Arc<Source>,
    geometry: Geometry,
}

impl std::fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ObjectReader")
            .field("place", &self.source.record.place)
            .finish_non_exhaustive()
    }
}

impl ObjectReader {
    pub(super) fn new(
        objects: ObjectStore,
        record: ObjectRecord,
        data_key: Zeroizing<[u8; KEY_LEN]>,
    ) -> Self {
        let geometry = Geometry {
            bytes: record.bytes,
            segment_chunks: record.segment_chunks,
        };
        Self {
            source: Arc::new(Source::new(objects, record, data_key)),
            geometry,
        }
    }

    /// The number of bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.geometry.bytes
    }

    /// The bytes in pieces of at most 1 MiB. After an error the stream ends.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static {
        // With the last chunk, which may be empty, so that an object that was cut off is found out.
        let (chunks, bytes) = (0..self.geometry.chunks(), 0..self.geometry.bytes);
        self.pieces(chunks, bytes)
    }

    /// The bytes of a range in pieces of at most 1 MiB. Only the chunks that have them are read, and each is checked
    /// whole before anything of it is given. After an error the stream ends.
    ///
    /// # Errors
    /// [`ObjectError::OutOfRange`] when the object has not all of them.
    pub fn range(
        self,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static, ObjectError> {
        if range.start > range.end || range.end > self.geometry.bytes {
            return Err(ObjectError::OutOfRange {
                place: self.source.record.place.clone(),
                start: range.start,
                end: range.end,
                bytes: self.geometry.bytes,
            });
        }
        let chunk = CHUNK_BYTES as u64;
        let chunks = if range.is_empty() {
            0..0
        } else {
            range.start / chunk..range.end.div_ceil(chunk)
        };
        Ok(self.pieces(chunks, range))
    }

    /// What chunks have of a range.
    fn pieces(
        self,
        chunks: Range<u64>,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, ObjectError>> + Send + 'static {
        futures::stream::iter(chunks)
            .map(move |number| {
                let (reader, range) = (self.clone(), range.clone());
                async move {
                    let chunk = reader.chunk(number).await?;
                    Ok::<_, ObjectError>(within(chunk, number, &range))
                }
            })
            .buffered(AHEAD)
            .try_filter(|bytes| futures::future::ready(!bytes.is_empty()))
            .scan(false, |failed, item| {
                let ended = std::mem::replace(failed, item.is_err());
                futures::future::ready((!ended).then_some(item))
            })
    }

    /// All bytes at once.
    ///
    /// # Errors
    /// [`ObjectError::TooLarge`] past the limit, before anything is read; else as the stream.
    pub async fn read_all(self, limit: u64) -> Result<Vec<u8>, ObjectError> {
        let (bytes, place) = (self.geometry.bytes, self.source.record.place.clone());
        if bytes > limit {
            return Err(ObjectError::TooLarge {
                place,
                bytes,
                limit,
            });
        }
        gathered(self.stream(), bytes).await
    }

    /// All bytes of a range at once.
    ///
    /// # Errors
    /// [`ObjectError::TooLarge`] past the limit, before anything is read; else as [`Self::range`].
    pub async fn read_range(self, range: Range<u64>, limit: u64) -> Result<Vec<u8>, ObjectError> {
        let bytes = range.end.saturating_sub(range.start);
        if bytes > limit {
            return Err(ObjectError::TooLarge {
                place: self.source.record.place.clone(),
                bytes,
                limit,
            });
        }
        gathered(self.range(range)?, bytes).await
    }

    /// The same for code that blocks; it must not run on one of the runtime's own threads.
    #[must_use]
    pub fn blocking(self, runtime: Handle) -> BlockingReader {
        BlockingReader {
            reader: self,
            runtime,
            position: 0,
            current: None,
        }
    }

    async fn chunk(&self, number: u64) -> Result<Bytes, ObjectError> {
        let (segment, range) = self.geometry.locate(number);
        let last = self.geometry.is_last(number);
        let bytes = self.source.fetch(segment, range, number).await?;
        self.source
            .open(segment, number, last, bytes)
            .await?
            .ok_or_else(|| self.source.tampered(number))
    }
}

/// What a chunk has of a range of the object.
fn within(chunk: Bytes, number: u64, range: &Range<u64>) -> Bytes {
    let from = number * CHUNK_BYTES as u64;
    let at = |offset: u64| {
        let offset = usize::try_from(offset.saturating_sub(from)).unwrap_or(usize::MAX);
        offset.min(chunk.len())
    };
    let (start, end) = (at(range.start), at(range.end));
    chunk.slice(start..end.max(start))
}

async fn gathered(
    pieces: impl Stream<Item = Result<Bytes, ObjectError>>,
    bytes: u64,
) -> Result<Vec<u8>, ObjectError> {
    let mut all = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    let mut pieces = std::pin::pin!(pieces);
    while let Some(piece) = pieces.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all)
}

/// Reads and seeks in an object by blocking the thread.
pub struct BlockingReader {
    reader: ObjectReader,
    runtime: Handle,
    position: u64,
    current: Option<(u64, Bytes)>,
}

impl Read for BlockingReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.reader.geometry.bytes || buffer.is_empty() {
            return Ok(0);
        }
        let number = self.position / CHUNK_BYTES as u64;
        let within = usize::try_from(self.position % CHUNK_BYTES as u64).unwrap_or(0);
        let chunk = self.load(number)?;
        let rest = chunk.get(within..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer
            .chunks_mut(count.max(1))
            .zip(rest.chunks(count.max(1)))
            .take(1)
        {
            to.copy_from_slice(from.get(..to.len()).unwrap_or_default());
        }
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlockingReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.reader.geometry.bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let before = || io::Error::new(io::ErrorKind::InvalidInput, "seek before the first byte");
        self.position = position.ok_or_else(before)?;
        Ok(self.position)
    }
}

impl BlockingReader {
    fn load(&mut self, number: u64) -> io::Result<Bytes> {
        if let Some((current, bytes)) = &self.current
            && *current == number
        {
            return Ok(bytes.clone());
        }
        let bytes = self
            .runtime
            .block_on(self.reader.chunk(number))
            .map_err(io::Error::other)?;
        self.current = Some((number, bytes.clone()));
        Ok(bytes)
    }
}

/// The stored bytes of an object, whether it is finished or not.
pub(super) struct Source {
    objects: ObjectStore,
    pub record: ObjectRecord,
    data_key: Zeroizing<[u8; KEY_LEN]>,
    /// The key of the segment that was read last.
    key: Mutex<Option<(u32, Arc<SegmentKey>)>>,
}

impl Source {
    pub fn new(
        objects: ObjectStore,
        record: ObjectRecord,
        data_key: Zeroizing<[u8; KEY_LEN]>,
    ) -> Self {
        Self {
            objects,
            record,
            data_key,
            key: Mutex::new(None),
        }
    }

    /// A chunk in the midst of an unfinished object; `None` when it is not a chunk that another follows.
    pub async fn inner_chunk(&self, number: u64) -> Result<Option<Bytes>, ObjectError> {
        let (segment, range) = locate(number, self.record.segment_chunks, CHUNK_BYTES as u64);
        match self.fetch(segment, range, number).await {
            Ok(bytes) => self.open(segment, number, false, bytes).await,
            Err(ObjectError::Truncated { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn open(
        &self,
        segment: u32,
        number: u64,
        last: bool,
        bytes: Bytes,
    ) -> Result<Option<Bytes>, ObjectError> {
        let Some(key) = self.segment_key(segment, number).await? else {
            return Ok(None);
        };
        let mut bytes = bytes
            .try_into_mut()
            .unwrap_or_else(|shared| shared.as_ref().into());
        let length = key.open(&self.record.place, number, last, &mut bytes);
        Ok(length.map(|length| {
            bytes.truncate(length);
            bytes.freeze()
        }))
    }

    async fn segment_key(
        &self,
        segment: u32,
        number: u64,
    ) -> Result<Option<Arc<SegmentKey>>, ObjectError> {
        if let Ok(cached) = self.key.lock()
            && let Some((of, key)) = &*cached
            && *of == segment
        {
            return Ok(Some(Arc::clone(key)));
        }
        let header = self.fetch(segment, 0..HEADER_LEN as u64, number).await?;
        let Some(key) = SegmentKey::from_header(&self.data_key, &header).map(Arc::new) else {
            return Ok(None);
        };
        if let Ok(mut cached) = self.key.lock() {
            *cached = Some((segment, Arc::clone(&key)));
        }
        Ok(Some(key))
    }

    /// Exactly these bytes of a segment.
    async fn fetch(
        &self,
        segment: u32,
        range: Range<u64>,
        chunk: u64,
    ) -> Result<Bytes, ObjectError> {
        if !self.record.held.is_empty() {
            return self.fetch_held(segment, range, chunk);
        }
        let path = segment_path(&self.record.id, segment);
        let place = || self.record.place.clone();
        let backend = &self.objects.shared.backend;
        match backend.get_range(&path, range.clone()).await {
            Ok(bytes) if bytes.len() as u64 == range.end - range.start => Ok(bytes),
            Ok(_) => Err(ObjectError::Truncated {
                place: place(),
                chunk,
            }),
            Err(object_store::Error::NotFound { .. }) => Err(ObjectError::Missing {
                place: place(),
                segment,
            }),
            // Each storage has words of its own for a range past the end.
            Err(error) => match backend.head(&path).await {
                Ok(meta) if meta.size < range.end => Err(ObjectError::Truncated {
                    place: place(),
                    chunk,
                }),
                _ => Err(error.into()),
            },
        }
    }

    /// The same of the segment that the record holds.
    fn fetch_held(
        &self,
        segment: u32,
        range: Range<u64>,
        chunk: u64,
    ) -> Result<Bytes, ObjectError> {
        let place = || self.record.place.clone();
        if segment != 0 {
            return Err(ObjectError::Missing {
                place: place(),
                segment,
            });
        }
        held::bytes(&self.record.held, range)
            .map_err(|_| self.tampered(chunk))?
            .ok_or_else(|| ObjectError::Truncated {
                place: place(),
                chunk,
            })
    }

    fn tampered(&self, chunk: u64) -> ObjectError {
        ObjectError::Tampered {
            place: self.record.place.clone(),
            chunk,
        }
    }
}
