//! Sources that may be packed with gzip (RFC 1952).

use std::io::{self, Chain, Cursor, Read};

use flate2::read::MultiGzDecoder;

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// The text of a source, unpacked if need be.
pub enum Unpacked<R: Read> {
    Plain(Whole<R>),
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
}

impl<R: Read> Unpacked<R> {
    pub fn new(mut source: R) -> io::Result<Self> {
        let mut head = Vec::new();
        source.by_ref().take(2).read_to_end(&mut head)?;
        let packed = head == [0x1F, 0x8B];
        let whole = Cursor::new(head).chain(source);
        Ok(if packed {
            Self::Gzip(Box::new(MultiGzDecoder::new(whole)))
        } else {
            Self::Plain(whole)
        })
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(source) => source.read(buffer),
            Self::Gzip(source) => source.read(buffer),
        }
    }
}
