//! `sandyq-init --wall-clock-ms N --log-bytes N --log-rate N [--serve-port N] [...] -- PROGRAM [ARGUMENT...]`

use std::ffi::OsString;
use std::time::Duration;

/// What is to be run, within which bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// From the command's start to its end at the latest.
    pub wall_clock: Duration,
    /// The last part of it, at whose beginning everything is asked to end (SIGTERM); none
    /// when zero.
    pub grace: Duration,
    /// Bytes of log that are kept.
    pub log_bytes: u64,
    /// Bytes of log a second; a faster writer is slowed down.
    pub log_rate: u64,
    /// The port of the container's loopback that [`crate::forward`] leads to, where the job serves.
    pub serve_port: Option<u16>,
    /// The command has a terminal, which is closed when nothing is typed for so long.
    pub terminal_idle: Option<Duration>,
    /// Program and arguments; never empty.
    pub command: Vec<OsString>,
}

/// Arguments that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    /// There is no command.
    #[error("no command; give the program and its arguments after `--`")]
    NoCommand,
    /// An option that does not exist.
    #[error("unknown option {0:?}")]
    Unknown(OsString),
    /// An option without a sound value.
    #[error("{0} needs a whole number above 0")]
    Value(&'static str),
    /// An option that must be given.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A number that is no port.
    #[error("{0} is not a port: 1 to 65535")]
    Port(u64),
}

const WALL_CLOCK: &str = "--wall-clock-ms";
const GRACE: &str = "--grace-ms";
const LOG_BYTES: &str = "--log-bytes";
const LOG_RATE: &str = "--log-rate";
const SERVE_PORT: &str = "--serve-port";
const TERMINAL_IDLE: &str = "--terminal-idle-ms";

impl Plan {
    /// Reads the arguments, without the program's own name.
    ///
    /// # Errors
    /// [`ArgumentError`].
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, ArgumentError> {
        let mut arguments = arguments.into_iter();
        let (mut wall_clock, mut grace, mut bytes, mut rate) = (None, None, None, None);
        let mut port = None;
        let mut idle = None;
        while let Some(option) = arguments.next() {
            let (name, slot) = match option.to_str() {
                Some("--") => break,
                Some(WALL_CLOCK) => (WALL_CLOCK, &mut wall_clock),
                Some(GRACE) => (GRACE, &mut grace),
                Some(LOG_BYTES) => (LOG_BYTES, &mut bytes),
                Some(LOG_RATE) => (LOG_RATE, &mut rate),
                Some(SERVE_PORT) => (SERVE_PORT, &mut port),
                Some(TERMINAL_IDLE) => (TERMINAL_IDLE, &mut idle),
                _ => return Err(ArgumentError::Unknown(option)),
            };
            let value = arguments
                .next()
                .and_then(|text| text.to_str()?.parse().ok());
            *slot = Some(
                value
                    .filter(|value: &u64| *value > 0)
                    .ok_or(ArgumentError::Value(name))?,
            );
        }
        let command: Vec<OsString> = arguments.collect();
        if command.first().is_none_or(|program| program.is_empty()) {
            return Err(ArgumentError::NoCommand);
        }
        let wall_clock = wall_clock.ok_or(ArgumentError::Missing(WALL_CLOCK))?;
        Ok(Self {
            wall_clock: Duration::from_millis(wall_clock),
            grace: Duration::from_millis(grace.unwrap_or(0).min(wall_clock)),
            log_bytes: bytes.ok_or(ArgumentError::Missing(LOG_BYTES))?,
            log_rate: rate.ok_or(ArgumentError::Missing(LOG_RATE))?,
            serve_port: port
                .map(|port| u16::try_from(port).map_err(|_| ArgumentError::Port(port)))
                .transpose()?,
            terminal_idle: idle.map(Duration::from_millis),
            command,
        })
    }

    /// The arguments that [`parse`](Self::parse) reads back.
    #[must_use]
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = Vec::new();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        for (name, value) in [
            (WALL_CLOCK, millis(self.wall_clock)),
            (GRACE, millis(self.grace)),
            (LOG_BYTES, self.log_bytes),
            (LOG_RATE, self.log_rate),
            (SERVE_PORT, self.serve_port.unwrap_or(0).into()),
            (TERMINAL_IDLE, self.terminal_idle.map_or(0, millis)),
        ] {
            if value > 0 {
                arguments.extend([name.into(), value.to_string().into()]);
            }
        }
        arguments.push("--".into());
        arguments.extend(self.command.iter().cloned());
        arguments
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn parse(text: &str) -> Result<Plan, ArgumentError> {
        Plan::parse(text.split_whitespace().map(OsString::from))
    }

    #[test]
    fn arguments_are_read_back() {
        let plan = parse("--wall-clock-ms 1500 --log-bytes 9 --log-rate 5 -- sh -c --grace-ms --");
        let plan = plan.unwrap();
        assert_eq!(plan.command, ["sh", "-c", "--grace-ms", "--"]);
        assert_eq!(plan.wall_clock, Duration::from_millis(1500));
        assert_eq!(plan.grace, Duration::ZERO);
        assert_eq!(Plan::parse(plan.arguments()).unwrap(), plan);
        let patient = Plan {
            grace: Duration::from_millis(200),
            serve_port: Some(8080),
            ..plan.clone()
        };
        assert_eq!(Plan::parse(patient.arguments()).unwrap(), patient);
        let interactive = Plan {
            terminal_idle: Some(Duration::from_secs(9)),
            ..plan
        };
        assert_eq!(Plan::parse(interactive.arguments()).unwrap(), interactive);
    }

    #[test]
    fn a_bound_that_is_not_given_is_an_error() {
        for (text, error) in [
            ("", ArgumentError::NoCommand),
            ("-- ", ArgumentError::NoCommand),
            ("sh", ArgumentError::Unknown("sh".into())),
            ("-- sh", ArgumentError::Missing(WALL_CLOCK)),
            ("--wall-clock-ms 0 -- sh", ArgumentError::Value(WALL_CLOCK)),
            ("--wall-clock-ms x -- sh", ArgumentError::Value(WALL_CLOCK)),
            ("--wall-clock-ms 5 -- sh", ArgumentError::Missing(LOG_BYTES)),
            (
                "--wall-clock-ms 5 --log-bytes 5 -- sh",
                ArgumentError::Missing(LOG_RATE),
            ),
            (
                "--wall-clock-ms 5 --log-bytes 5 --log-rate 5 --serve-port 65536 -- sh",
                ArgumentError::Port(65536),
            ),
        ] {
            assert_eq!(parse(text).unwrap_err(), error, "{text:?}");
        }
    }
}
