//! Logs as the engine keeps them, and what init says in them.

use bollard::container::LogOutput;
use bollard::errors::Error as Bollard;
use bollard::query_parameters::LogsOptions;
use futures::{Stream, StreamExt};
use sandyq_init::{Decoder, Report};

use super::{DockerEngine, failed};
use crate::engine::{LastWord, LogFrames, observe};
use crate::id::ContainerId;

/// The end of a log, in which init's report is the last line.
const REPORT_LINES: &str = "3";
/// A log of so many bytes is read once, with init's report in it.
const SMALL_LOG_BYTES: usize = 64 << 10;

impl DockerEngine {
    /// What init wrote, from what the engine hands on of it.
    pub(super) fn frames(
        &self,
        step: &'static str,
        outputs: impl Stream<Item = Result<LogOutput, Bollard>> + Send + 'static,
    ) -> LogFrames {
        let address = self.address.clone();
        let mut decoder = Decoder::default();
        let frames = outputs.map(move |output| {
            output
                .map(|output| observe::printed(&mut decoder, output, drop))
                .map_err(|error| failed(step, &address, error))
        });
        let each = |frames: Result<Vec<_>, _>| match frames {
            Ok(frames) => futures::stream::iter(frames.into_iter().map(Ok).collect::<Vec<_>>()),
            Err(error) => futures::stream::iter(vec![Err(error)]),
        };
        frames.flat_map(each).boxed()
    }

    /// The whole log with init's report, where it is small.
    pub(super) async fn small_log(&self, own: &ContainerId) -> Result<Option<LastWord>, Bollard> {
        let options = LogsOptions {
            stdout: true,
            stderr: true,
            ..LogsOptions::default()
        };
        let mut outputs = self.docker.logs(own.as_str(), Some(options));
        let (mut decoder, mut report) = (Decoder::default(), None);
        let (mut frames, mut room) = (Vec::new(), SMALL_LOG_BYTES);
        while let Some(output) = outputs.next().await {
            let output = output?;
            let Some(left) = room.checked_sub(output.as_ref().len()) else {
                return Ok(None);
            };
            room = left;
            frames.extend(observe::printed(&mut decoder, output, |last| {
                report = Some(last);
            }));
        }
        Ok(Some(LastWord {
            report,
            log: Some(frames),
        }))
    }

    /// Init's report, from the end of a log.
    pub(super) async fn report(&self, own: &ContainerId) -> Result<Option<Report>, Bollard> {
        let options = LogsOptions {
            stdout: true,
            tail: REPORT_LINES.to_owned(),
            ..LogsOptions::default()
        };
        let mut outputs = self.docker.logs(own.as_str(), Some(options));
        let (mut decoder, mut report) = (Decoder::default(), None);
        while let Some(output) = outputs.next().await {
            observe::printed(&mut decoder, output?, |last| report = Some(last));
        }
        Ok(report)
    }
}
