//! What a job printed: whole and capped for the airlock ([`LogCapture`]), filtered
//! and bounded for its author ([`TailFilter`]); what its terminal may show, where it has one
//! ([`ScreenFilter`]).

mod characters;
mod mask;
mod metrics;
mod screen;
mod strip;
mod tail;

pub use mask::masked;
pub use metrics::Metrics;
pub use screen::ScreenFilter;
pub use tail::{DEFAULT_BUDGET, HeldBack, LogOpening, TailFilter};

/// Cuts a log at a number of bytes, and counts what was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCapture {
    left: u64,
    dropped: u64,
}

impl LogCapture {
    /// A capture of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Self {
        Self {
            left: limit,
            dropped: 0,
        }
    }

    /// The part of a chunk that is kept.
    pub fn take<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let (kept, cut) = chunk.split_at_checked(room).unwrap_or((chunk, &[]));
        self.left -= kept.len() as u64;
        self.dropped += cut.len() as u64;
        kept
    }

    /// Bytes that were not kept.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capture_keeps_the_first_bytes() {
        let mut capture = LogCapture::new(5);
        assert_eq!(capture.take(b"abc"), b"abc");
        assert_eq!(capture.take(b"defg"), b"de");
        assert_eq!(capture.take(b"h"), b"");
        assert_eq!(capture.dropped(), 3);
    }
}
