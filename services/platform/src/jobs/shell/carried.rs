//! What goes between a person and a command: filtered, recorded, counted and paced.

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_proto::v1::open_shell_request::Step as Asked;
use sandyq_sandbox::logs::ScreenFilter;
use sandyq_sandbox::terminal::{encode_input, encode_size};
use tokio::time::Instant;

use super::record::Recorder;
use crate::error::{Error, Result};
use crate::platform::Platform;

/// Most bytes of one message of input.
const MOST_INPUT: usize = 64 << 10;
/// What each message counts for at least, because each is recorded.
const LEAST_TYPED: usize = 64;

/// What is carried between a person and a command.
pub(super) struct Carried {
    pub(super) filter: ScreenFilter,
    pub(super) recorder: Recorder,
    pub(super) idle: Duration,
    /// Bytes that a session shows.
    most: u64,
    pub(super) shown: u64,
    pub(super) typed: usize,
    /// Bytes that are counted and not shown yet.
    pub(super) paid: u64,
    /// Bytes a second.
    rate: u64,
    /// Until when the rate is used up.
    paced: Instant,
    /// No more is shown.
    pub(super) spent: bool,
}

impl Carried {
    pub(super) fn new(platform: &Platform, recorder: Recorder) -> Self {
        let bounds = &platform.config.raw.exits;
        Self {
            filter: ScreenFilter::default(),
            recorder,
            idle: Duration::from_secs(bounds.terminal_idle_seconds),
            most: bounds.terminal_session_bytes,
            shown: 0,
            typed: 0,
            paid: 0,
            rate: bounds.terminal_bytes_per_second,
            paced: Instant::now(),
            spent: false,
        }
    }

    /// How much of so many bytes the session may still show, when not all.
    pub(super) fn left(&self, bytes: usize) -> Option<usize> {
        let left = usize::try_from(self.most.saturating_sub(self.shown)).unwrap_or(usize::MAX);
        (left < bytes).then_some(left)
    }

    /// From when on more may be shown, after so many bytes; a second's worth may come at once.
    pub(super) fn pace(&mut self, bytes: usize) -> Instant {
        let now = Instant::now();
        let cost = Duration::from_secs_f64(bytes as f64 / self.rate.max(1) as f64);
        self.paced = self.paced.max(now) + cost;
        self.paced
            .checked_sub(Duration::from_secs(1))
            .unwrap_or(now)
    }

    /// Notes a message of the client's; gives what init is to be sent.
    pub(super) async fn asked(&mut self, message: v1::OpenShellRequest) -> Result<Vec<u8>> {
        self.typed += LEAST_TYPED;
        match message.step {
            Some(Asked::Input(bytes)) if bytes.len() <= MOST_INPUT => {
                self.typed += bytes.len();
                self.recorder.typed(&bytes).await?;
                Ok(encode_input(&bytes))
            }
            Some(Asked::Input(_)) => Err(Error::invalid("input", "has more than 64 KiB")),
            Some(Asked::Size(new)) => {
                let new = super::size(new);
                self.recorder.resized(new).await?;
                Ok(encode_size(new))
            }
            Some(Asked::Opening(_)) => Err(Error::invalid("opening", "comes once, and first")),
            None => Ok(Vec::new()),
        }
    }
}
