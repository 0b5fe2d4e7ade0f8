//! Reads the engine's answers into our own types; pure.

use std::time::SystemTime;

use bollard::container::LogOutput;
use bollard::models::{
    ContainerState, ContainerStateStatusEnum, ContainerStatsResponse, ContainerSummaryStateEnum,
    ImageInspect, SystemInfo,
};
use sandyq_init::{Decoder, Frame, Report, Stream};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{LogFrame, LogStream, Observed};
use crate::isolation::{self, Isolation};
use crate::usage::Sample;

/// How a container stands, from the state that `inspect` shows.
pub(super) fn observed(state: &ContainerState) -> Observed {
    let started = state.started_at.as_deref().and_then(instant);
    let error = state.error.clone().filter(|text| !text.is_empty());
    match state.status {
        Some(ContainerStateStatusEnum::CREATED) if error.is_none() => Observed::Created,
        Some(
            ContainerStateStatusEnum::RUNNING
            | ContainerStateStatusEnum::PAUSED
            | ContainerStateStatusEnum::RESTARTING,
        ) => Observed::Running {
            since: started.unwrap_or(SystemTime::UNIX_EPOCH),
        },
        Some(ContainerStateStatusEnum::REMOVING) => Observed::Absent,
        _ => Observed::Exited {
            code: state
                .exit_code
                .and_then(|code| i32::try_from(code).ok())
                .unwrap_or(-1),
            oom: state.oom_killed.unwrap_or(false),
            started,
            finished: state.finished_at.as_deref().and_then(instant),
            error,
        },
    }
}

/// Whether a process may run in a container that stands so in a list.
pub(super) fn may_run(state: Option<ContainerSummaryStateEnum>) -> bool {
    use ContainerSummaryStateEnum::{CREATED, DEAD, EXITED, REMOVING};
    !matches!(state, Some(CREATED | DEAD | EXITED | REMOVING))
}

/// The engine writes the year 1 for "never".
pub(super) fn instant(text: &str) -> Option<SystemTime> {
    let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    (instant.year() > 1970).then(|| instant.into())
}

/// What of the hardening the engine cannot give.
pub(super) fn gaps(info: &SystemInfo, host_has_swap: bool) -> Vec<String> {
    let options = info.security_options.clone().unwrap_or_default();
    let seccomp = options
        .iter()
        .any(|option| option.starts_with("name=seccomp") && !option.contains("unconfined"));
    [
        (seccomp, "the engine has no seccomp filter"),
        (
            info.memory_limit == Some(true),
            "the kernel has no memory limit (cgroup `memory`)",
        ),
        (
            info.swap_limit == Some(true) || !host_has_swap,
            "swap cannot be limited; boot with `swapaccount=1` or turn swap off",
        ),
        (
            info.pids_limit == Some(true),
            "the kernel has no pids limit (cgroup `pids`)",
        ),
        (
            info.cpu_cfs_quota == Some(true),
            "the kernel has no processor quota (cgroup `cpu`)",
        ),
        (
            !remaps_users(info),
            "the engine maps users (userns-remap), and jobs could not write their output",
        ),
        (
            info.os_type.as_deref() == Some("linux"),
            "the engine does not run Linux containers",
        ),
    ]
    .into_iter()
    .filter(|(held, _)| !held)
    .map(|(_, gap)| gap.to_owned())
    .collect()
}

/// Profiles that the engine cannot give, with the reason.
pub(super) fn unavailable(info: &SystemInfo) -> Vec<(Isolation, String)> {
    Isolation::ALL
        .into_iter()
        .filter_map(|profile| isolation::fault(profile, info).map(|why| (profile, why)))
        .collect()
}

/// The same for jobs that serve.
pub(super) fn serving_unavailable(info: &SystemInfo) -> Vec<(Isolation, String)> {
    Isolation::ALL
        .into_iter()
        .filter_map(|profile| isolation::serving_fault(profile, info).map(|why| (profile, why)))
        .collect()
}

/// Names of the engine's runtimes, sorted.
pub(super) fn runtimes(info: &SystemInfo) -> Vec<String> {
    let mut names: Vec<String> = info
        .runtimes
        .iter()
        .flat_map(|runtimes| runtimes.keys().cloned())
        .collect();
    names.sort();
    names
}

/// Whether the engine maps users of containers to others of the host.
pub(super) fn remaps_users(info: &SystemInfo) -> bool {
    info.security_options
        .iter()
        .flatten()
        .any(|option| option.starts_with("name=userns"))
}

/// Warnings of a create call that mean a limit was dropped. Without any swap a
/// missing swap limit limits nothing.
pub(super) fn dropped_limits(warnings: Vec<String>, host_has_swap: bool) -> Vec<String> {
    let is_moot = |warning: &String| !host_has_swap && warning.to_lowercase().contains("swap");
    warnings
        .into_iter()
        .filter(|warning| !is_moot(warning))
        .collect()
}

/// Why no job may run an image, when so.
pub(super) fn image_refusal(image: &ImageInspect) -> Option<String> {
    let volumes = image
        .config
        .as_ref()
        .and_then(|config| config.volumes.clone())
        .unwrap_or_default();
    if !volumes.is_empty() {
        Some(format!(
            "it declares the volume {}, which would be writable without a limit",
            volumes.join(", ")
        ))
    } else if image.os.as_deref().is_some_and(|os| os != "linux") {
        Some("it is not a Linux image".to_owned())
    } else {
        None
    }
}

/// Names of the variables that an image sets.
pub(super) fn image_variables(image: &ImageInspect) -> Vec<String> {
    let env = image
        .config
        .as_ref()
        .and_then(|config| config.env.clone())
        .unwrap_or_default();
    env.iter()
        .filter_map(|entry| entry.split('=').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The engine's own figures, for where its control groups cannot be read.
pub(super) fn sample(stats: &ContainerStatsResponse) -> Sample {
    let memory = stats.memory_stats.as_ref();
    let cpu = stats
        .cpu_stats
        .as_ref()
        .and_then(|cpu| cpu.cpu_usage.as_ref())
        .and_then(|usage| usage.total_usage);
    Sample {
        cpu: std::time::Duration::from_nanos(cpu.unwrap_or(0)),
        memory_bytes: memory.and_then(|memory| memory.usage).unwrap_or(0),
        peak_memory_bytes: memory.and_then(|memory| memory.max_usage),
        pids: stats.pids_stats.as_ref().and_then(|pids| pids.current),
        oom_kills: None,
        pids_refused: None,
    }
}

/// What a piece of the container's output says that the job printed. Its standard output
/// has init's frames; its standard error is init's and the runtime's own, for when
/// there is no job to be heard.
pub(super) fn printed(
    decoder: &mut Decoder,
    output: LogOutput,
    mut reported: impl FnMut(Report),
) -> Vec<LogFrame> {
    if matches!(output, LogOutput::StdErr { .. }) {
        return vec![LogFrame {
            stream: LogStream::Stderr,
            bytes: output.into_bytes(),
        }];
    }
    decoder
        .push(&output.into_bytes())
        .into_iter()
        .filter_map(|frame| shown(frame, &mut reported))
        .collect()
}

fn shown(frame: Frame, reported: &mut impl FnMut(Report)) -> Option<LogFrame> {
    let said = |text: &[u8]| [b"[", text, b"]\n"].concat();
    let (stream, bytes) = match frame {
        Frame::Printed(Stream::Stdout, bytes) => (LogStream::Stdout, bytes),
        Frame::Printed(Stream::Stderr, bytes) => (LogStream::Stderr, bytes),
        Frame::Note(text) => (LogStream::Stderr, said(&text)),
        Frame::Foreign(text) => (LogStream::Stderr, said(&text)),
        Frame::Report(report) => {
            reported(report);
            return None;
        }
    };
    Some(LogFrame {
        stream,
        bytes: bytes.into(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]
    use super::*;

    fn state(status: ContainerStateStatusEnum) -> ContainerState {
        ContainerState {
            status: Some(status),
            exit_code: Some(137),
            oom_killed: Some(true),
            error: Some(String::new()),
            started_at: Some("2026-01-02T03:04:05.678901234Z".to_owned()),
            finished_at: Some("0001-01-01T00:00:00Z".to_owned()),
            ..ContainerState::default()
        }
    }

    #[test]
    fn states_are_read() {
        assert_eq!(
            observed(&state(ContainerStateStatusEnum::CREATED)),
            Observed::Created
        );
        let Observed::Running { since } = observed(&state(ContainerStateStatusEnum::RUNNING))
        else {
            unreachable!()
        };
        assert_eq!(
            since
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap()
                .as_millis(),
            1_767_323_045_678
        );
        let Observed::Exited {
            code,
            oom,
            started,
            finished,
            error,
        } = observed(&state(ContainerStateStatusEnum::EXITED))
        else {
            unreachable!()
        };
        assert_eq!(
            (code, oom, started.is_some(), finished, error),
            (137, true, true, None, None)
        );
    }

    #[test]
    fn a_container_that_could_not_start_has_ended() {
        let failed = ContainerState {
            exit_code: Some(127),
            error: Some("exec: \"nope\": not found".to_owned()),
            started_at: Some("0001-01-01T00:00:00Z".to_owned()),
            ..state(ContainerStateStatusEnum::CREATED)
        };
        assert!(matches!(
            observed(&failed),
            Observed::Exited {
                code: 127,
                started: None,
                error: Some(_),
                ..
            }
        ));
    }

    #[test]
    fn a_job_is_heard_through_inits_frames_alone() {
        let mut decoder = Decoder::default();
        let message = bytes::Bytes::from_static(b"ohello\\nxend=exit:0 deadline=0\nnthe limit\n");
        let frames = printed(&mut decoder, LogOutput::StdOut { message }, drop);
        let texts: Vec<_> = frames
            .iter()
            .map(|frame| (frame.stream, frame.bytes.as_ref()))
            .collect();
        assert_eq!(
            texts,
            [
                (
                    LogStream::Stdout,
                    b"hello\nxend=exit:0 deadline=0".as_slice()
                ),
                (LogStream::Stderr, b"[the limit]\n".as_slice()),
            ]
        );
        let message = bytes::Bytes::from_static(b"sandyq-init: no\n");
        let frames = printed(&mut decoder, LogOutput::StdErr { message }, drop);
        assert_eq!(frames[0].bytes.as_ref(), b"sandyq-init: no\n");
    }

    #[test]
    fn an_engine_without_barriers_has_gaps() {
        let sound = SystemInfo {
            security_options: Some(vec!["name=seccomp,profile=default".to_owned()]),
            memory_limit: Some(true),
            swap_limit: Some(true),
            pids_limit: Some(true),
            cpu_cfs_quota: Some(true),
            os_type: Some("linux".to_owned()),
            ..SystemInfo::default()
        };
        assert_eq!(gaps(&sound, true), Vec::<String>::new());
        assert_eq!(
            gaps(
                &SystemInfo {
                    swap_limit: Some(false),
                    ..sound.clone()
                },
                true
            )
            .len(),
            1
        );
        assert_eq!(
            gaps(
                &SystemInfo {
                    swap_limit: Some(false),
                    ..sound.clone()
                },
                false
            )
            .len(),
            0
        );
        let open = SystemInfo {
            security_options: Some(vec!["name=seccomp,profile=unconfined".to_owned()]),
            ..sound
        };
        assert_eq!(gaps(&open, true).len(), 1);
        assert_eq!(gaps(&SystemInfo::default(), true).len(), 6);
    }

    #[test]
    fn a_dropped_limit_is_not_passed_over() {
        let swap = "Your kernel does not support swap limit capabilities".to_owned();
        let pids = "Your kernel does not support PIDs limit".to_owned();
        assert_eq!(
            dropped_limits(vec![swap.clone(), pids.clone()], false),
            vec![pids.clone()]
        );
        assert_eq!(
            dropped_limits(vec![swap.clone(), pids.clone()], true),
            vec![swap, pids]
        );
    }
}
