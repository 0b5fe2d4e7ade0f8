//! How much of what a job prints is kept, and how fast it may come. Pure: time comes in.
//!
//! The first part of a log is passed on as it comes. Beyond its limit only the end is
//! kept, in memory, and passed on when the job has ended: that is where an error stands.

use std::collections::VecDeque;
use std::time::Duration;

use crate::frame::{Frame, Stream, encode_printed};

/// What of the limit is kept back for the end of the log.
const TAIL_BYTES: u64 = 32 << 10;
/// Kept back for the note that says so.
const NOTE_BYTES: u64 = 256;
/// What an entry of the engine's log costs beside its text.
const ENTRY_BYTES: u64 = 64;
/// How much more than the limit the frames may take in all, with their escapes and
/// entries: a log of single characters must not fill the engine's disk.
const COST_FACTOR: u64 = 4;
/// Frames smaller than this are rare, by a pause after each.
const SMALL: usize = 1024;
const PAUSE: Duration = Duration::from_millis(5);
/// Bytes that may come at once before the rate counts, but not more than a second's.
const BURST: u64 = 1 << 20;
/// Longest piece of the tail.
const PIECE: usize = 4096;

/// What the engine must have room for, so that it never drops a frame of a log with this
/// limit.
#[must_use]
pub fn engine_bytes(log_bytes: u64) -> u64 {
    log_bytes
        .saturating_mul(COST_FACTOR)
        .saturating_add(1 << 20)
}

/// Bounds a log.
#[derive(Debug)]
pub struct Budget {
    limit: u64,
    head: u64,
    cost: u64,
    over: bool,
    tail: VecDeque<(Stream, Vec<u8>)>,
    tail_bytes: u64,
    tail_limit: u64,
    written: u64,
    dropped: u64,
}

impl Budget {
    /// A log of at most `log_bytes`.
    #[must_use]
    pub fn new(log_bytes: u64) -> Self {
        let tail_limit = TAIL_BYTES.min(log_bytes / 4);
        Self {
            limit: log_bytes,
            head: log_bytes.saturating_sub(tail_limit + NOTE_BYTES),
            cost: log_bytes.saturating_mul(COST_FACTOR),
            over: false,
            tail: VecDeque::new(),
            tail_bytes: 0,
            tail_limit,
            written: 0,
            dropped: 0,
        }
    }

    /// Takes what was printed; gives the frames to be written now.
    pub fn take(&mut self, stream: Stream, bytes: &[u8]) -> Vec<u8> {
        if self.over {
            self.keep(stream, bytes);
            return Vec::new();
        }
        let room = usize::try_from(self.head).unwrap_or(usize::MAX);
        let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
        let mut frames = if now.is_empty() {
            Vec::new()
        } else {
            encode_printed(stream, now)
        };
        self.head -= now.len() as u64;
        self.written += now.len() as u64;
        self.cost = self.cost.saturating_sub(frames.len() as u64 + ENTRY_BYTES);
        if !later.is_empty() || self.cost == 0 {
            self.over = true;
            let note = format!(
                "the log limit of {} bytes is reached; of what follows the last {} bytes are kept",
                self.limit, self.tail_limit
            );
            frames.extend(Frame::Note(note.into_bytes()).encode());
            self.keep(stream, later);
        }
        frames
    }

    fn keep(&mut self, stream: Stream, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE) {
            self.tail_bytes += piece.len() as u64;
            match self.tail.back_mut() {
                Some((last, text)) if *last == stream && text.len() + piece.len() <= PIECE => {
                    text.extend_from_slice(piece);
                }
                _ => self.tail.push_back((stream, piece.to_vec())),
            }
        }
        while self.tail_bytes > self.tail_limit {
            let excess = self.tail_bytes - self.tail_limit;
            let Some((_, oldest)) = self.tail.front_mut() else {
                break;
            };
            let cut = oldest
                .len()
                .min(usize::try_from(excess).unwrap_or(usize::MAX));
            oldest.drain(..cut);
            if oldest.is_empty() {
                self.tail.pop_front();
            }
            self.tail_bytes -= cut as u64;
            self.dropped += cut as u64;
        }
    }

    /// The frames of the log's end, once nothing more comes.
    pub fn finish(&mut self) -> Vec<u8> {
        self.written += self.tail_bytes;
        self.tail_bytes = 0;
        std::mem::take(&mut self.tail)
            .into_iter()
            .flat_map(|(stream, text)| encode_printed(stream, &text))
            .collect()
    }

    /// Whether what comes now is passed on at once.
    #[must_use]
    pub fn passes_on(&self) -> bool {
        !self.over
    }

    /// Bytes passed on so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Bytes that are not kept.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

/// A token bucket. Times are counted from any fixed moment.
#[derive(Debug)]
pub struct Rate {
    bytes_per_second: u64,
    burst: u64,
    tokens: u64,
    at: Duration,
}

impl Rate {
    /// A full bucket.
    #[must_use]
    pub fn new(bytes_per_second: u64, now: Duration) -> Self {
        let burst = BURST.min(bytes_per_second);
        Self {
            bytes_per_second: bytes_per_second.max(1),
            burst,
            tokens: burst,
            at: now,
        }
    }

    /// Takes frames out of the bucket. Gives the time from which more may be read.
    pub fn spend(&mut self, frames: usize, now: Duration) -> Duration {
        let passed = now.saturating_sub(self.at);
        let gained = passed.as_nanos() * u128::from(self.bytes_per_second) / 1_000_000_000;
        // What is less than a token stays with the clock.
        if gained > 0 {
            let gained = u64::try_from(gained).unwrap_or(u64::MAX);
            self.tokens = self.tokens.saturating_add(gained).min(self.burst);
            self.at = now;
        }
        let cost = frames as u64 + ENTRY_BYTES;
        let debt = cost.saturating_sub(self.tokens);
        self.tokens = self.tokens.saturating_sub(cost);
        let wait = Duration::from_secs_f64(debt as f64 / self.bytes_per_second as f64);
        // The debt is paid by waiting, so it is not owed any more.
        self.at = self.at.max(now) + wait;
        let small = if frames < SMALL {
            PAUSE
        } else {
            Duration::ZERO
        };
        now + wait.max(small)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use super::*;
    use crate::frame::Decoder;

    fn printed(frames: &[Frame]) -> Vec<u8> {
        frames
            .iter()
            .filter_map(|frame| match frame {
                Frame::Printed(_, bytes) => Some(bytes.as_slice()),
                _ => None,
            })
            .flatten()
            .copied()
            .collect()
    }

    /// The frames that come of what a job printed in these pieces.
    fn run(limit: u64, pieces: impl Iterator<Item = Vec<u8>>) -> (Vec<Frame>, Budget, u64) {
        let (mut budget, mut decoder) = (Budget::new(limit), Decoder::default());
        let (mut frames, mut cost) = (Vec::new(), 0);
        for piece in pieces {
            let text = budget.take(Stream::Stdout, &piece);
            if !text.is_empty() {
                cost += text.len() as u64 + ENTRY_BYTES;
            }
            frames.extend(decoder.push(&text));
            assert!(budget.tail.len() < 20, "the tail is bounded");
        }
        let text = budget.finish();
        cost += text.len() as u64 + ENTRY_BYTES;
        frames.extend(decoder.push(&text));
        (frames, budget, cost)
    }

    #[test]
    fn a_log_within_its_limit_is_passed_on_whole() {
        let (frames, budget, _) = run(64 << 10, (0..100).map(|_| b"hello\n".to_vec()));
        assert_eq!(printed(&frames), b"hello\n".repeat(100));
        assert_eq!((budget.written(), budget.dropped()), (600, 0));
        assert!(frames.iter().all(|frame| !matches!(frame, Frame::Note(_))));
    }

    #[test]
    fn beginning_and_end_are_kept_and_the_cut_is_said_once() {
        let limit = 64 << 10;
        let lines = (0..100_000).map(|number| format!("line {number}\n").into_bytes());
        let all: u64 = lines.clone().map(|line| line.len() as u64).sum();
        let (frames, budget, cost) = run(limit, lines);
        let text = String::from_utf8(printed(&frames)).unwrap();
        assert!(text.starts_with("line 0\nline 1\n"));
        assert!(text.ends_with("line 99998\nline 99999\n"));
        assert!(text.len() as u64 <= limit);
        let notes = frames.iter().filter(|f| matches!(f, Frame::Note(_)));
        assert_eq!(notes.count(), 1);
        assert_eq!(budget.written(), text.len() as u64);
        assert_eq!(budget.written() + budget.dropped(), all);
        assert!(cost <= engine_bytes(limit));
    }

    #[test]
    fn single_characters_and_line_feeds_do_not_fill_the_engines_disk() {
        let limit = 1 << 20;
        for piece in [b"\n".to_vec(), b"x".to_vec(), vec![b'\n'; 8000]] {
            let times = 3 * usize::try_from(limit).unwrap() / piece.len();
            let (_, budget, cost) = run(limit, std::iter::repeat_n(piece, times));
            assert!(cost <= engine_bytes(limit), "{cost}");
            assert!(budget.dropped() > 0);
        }
    }

    #[test]
    fn the_rate_holds_and_a_burst_passes() {
        let mut now = Duration::ZERO;
        let mut rate = Rate::new(1 << 20, now);
        let mut written = 0;
        while now < Duration::from_secs(10) {
            now = rate.spend(8000, now);
            written += 8000;
        }
        let most = (BURST + (10 << 20)) as usize;
        assert!(written <= most + 8000, "{written}");
        assert!(written >= most * 9 / 10, "{written}");
    }

    #[test]
    fn small_frames_are_rare() {
        let mut rate = Rate::new(1 << 20, Duration::ZERO);
        assert_eq!(rate.spend(2, Duration::ZERO), PAUSE);
        assert_eq!(rate.spend(SMALL, PAUSE), PAUSE);
    }
}
