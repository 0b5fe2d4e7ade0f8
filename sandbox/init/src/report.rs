//! Init's last word: how the command ended, and what it used.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::counters::Counters;

/// How the job's command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, with this code.
    Exit(i32),
    /// By this signal.
    Signal(i32),
    /// It could not be executed; what the system said (errno).
    NotStarted(i32),
    /// It had not ended when init did.
    Unknown,
}

impl End {
    /// The exit code as a shell would say it: 128 + signal, 127 for a program that is
    /// not there and 126 for one that cannot be executed.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Exit(code) => code,
            Self::Signal(signal) => 128 + signal,
            Self::NotStarted(errno) if errno == nix::errno::Errno::ENOENT as i32 => 127,
            Self::NotStarted(_) => 126,
            Self::Unknown => 128 + nix::sys::signal::Signal::SIGKILL as i32,
        }
    }
}

/// Init's last word. As text: `name=value`, separated by spaces, in any order; what is
/// not known is left out, and names that the reader does not know are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// How the command ended.
    pub end: End,
    /// The deadline had passed, and init ended it for that.
    pub deadline: bool,
    /// From the command's start to its end.
    pub wall: Duration,
    /// What the kernel counted.
    pub counters: Counters,
    /// Bytes of log that were written.
    pub log_bytes: u64,
    /// Bytes that the job printed and that were not kept.
    pub log_dropped_bytes: u64,
}

impl Report {
    /// The exit code of the container: the command's own, unless the deadline passed, or
    /// unless it means something else here.
    #[must_use]
    pub fn container_code(&self) -> i32 {
        match self.end.code() {
            _ if self.deadline => crate::CODE_DEADLINE,
            crate::CODE_DEADLINE | crate::CODE_FAILED => crate::CODE_RESERVED,
            code => code,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.end {
            End::Exit(code) => write!(f, "end=exit:{code}")?,
            End::Signal(signal) => write!(f, "end=signal:{signal}")?,
            End::NotStarted(errno) => write!(f, "end=not-started:{errno}")?,
            End::Unknown => write!(f, "end=unknown:0")?,
        }
        write!(
            f,
            " deadline={} wall_us={} log_bytes={} log_dropped_bytes={}",
            u8::from(self.deadline),
            self.wall.as_micros(),
            self.log_bytes,
            self.log_dropped_bytes
        )?;
        for (name, value) in [
            ("cpu_us", micros(self.counters.cpu)),
            ("peak_memory_bytes", self.counters.peak_memory_bytes),
            ("oom_kills", self.counters.oom_kills),
            ("pids_refused", self.counters.pids_refused),
        ] {
            if let Some(value) = value {
                write!(f, " {name}={value}")?;
            }
        }
        Ok(())
    }
}

fn micros(duration: Option<Duration>) -> Option<u64> {
    duration.and_then(|duration| u64::try_from(duration.as_micros()).ok())
}

/// A text that is not a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a report of sandyq-init")]
pub struct NotAReport;

impl FromStr for Report {
    type Err = NotAReport;

    fn from_str(text: &str) -> Result<Self, NotAReport> {
        let value = |wanted: &str| {
            text.split(' ')
                .filter_map(|field| field.split_once('='))
                .find(|(name, _)| *name == wanted)
                .map(|(_, value)| value)
        };
        let number = |name: &str| value(name).and_then(|value| value.parse::<u64>().ok());
        let (kind, detail) = value("end")
            .and_then(|end| end.split_once(':'))
            .ok_or(NotAReport)?;
        let detail: i32 = detail.parse().map_err(|_| NotAReport)?;
        let end = match kind {
            "exit" => End::Exit(detail),
            "signal" => End::Signal(detail),
            "not-started" => End::NotStarted(detail),
            "unknown" => End::Unknown,
            _ => return Err(NotAReport),
        };
        Ok(Self {
            end,
            deadline: number("deadline").ok_or(NotAReport)? != 0,
            wall: Duration::from_micros(number("wall_us").unwrap_or(0)),
            counters: Counters {
                cpu: number("cpu_us").map(Duration::from_micros),
                peak_memory_bytes: number("peak_memory_bytes"),
                oom_kills: number("oom_kills"),
                pids_refused: number("pids_refused"),
            },
            log_bytes: number("log_bytes").unwrap_or(0),
            log_dropped_bytes: number("log_dropped_bytes").unwrap_or(0),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn report(end: End) -> Report {
        Report {
            end,
            deadline: false,
            wall: Duration::from_micros(1_500_001),
            counters: Counters {
                cpu: Some(Duration::from_micros(7)),
                peak_memory_bytes: Some(4096),
                oom_kills: None,
                pids_refused: Some(3),
            },
            log_bytes: 10,
            log_dropped_bytes: 2,
        }
    }

    #[test]
    fn a_report_is_read_back() {
        for end in [
            End::Exit(0),
            End::Exit(255),
            End::Signal(9),
            End::NotStarted(2),
            End::Unknown,
        ] {
            let report = report(end);
            assert_eq!(report.to_string().parse::<Report>().unwrap(), report);
        }
        let newer = format!("{} later=1", report(End::Exit(1)));
        assert_eq!(newer.parse::<Report>().unwrap().end, End::Exit(1));
        for bad in [
            "",
            "end=exit:0",
            "end=exit deadline=0",
            "end=x:1 deadline=0",
        ] {
            assert!(bad.parse::<Report>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn codes_are_a_shells_but_for_the_reserved_ones() {
        for (end, code) in [
            (End::Exit(0), 0),
            (End::Exit(3), 3),
            (End::Signal(9), 137),
            (End::Signal(15), 143),
            (End::NotStarted(2), 127),
            (End::NotStarted(13), 126),
            (End::Exit(124), 125),
            (End::Exit(121), 125),
            (End::Exit(125), 125),
        ] {
            assert_eq!(report(end).container_code(), code, "{end:?}");
        }
        let late = Report {
            deadline: true,
            ..report(End::Exit(0))
        };
        assert_eq!(late.container_code(), 124);
    }
}
