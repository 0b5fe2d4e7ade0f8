//! Follows a container to its end and names the cause of death.

use std::time::{Duration, SystemTime};

use crate::cause::CauseOfDeath;
use crate::engine::{Engine, EngineError, Observed};
use crate::id::JobId;
use crate::state::{JobEvent, JobState};
use crate::usage::Usage;

/// The first look at a job's usage comes after this long, the next ones after
/// twice as long each, up to the period asked for: a short job is seen too.
const FIRST_LOOK: Duration = Duration::from_millis(20);

/// `SIGXFSZ`, raised at the file size limit, as an exit code.
const FILE_TOO_LARGE: i32 = 128 + 25;

/// Follows a running container until it ends, measuring it as it runs.
/// `usage` may carry on from before a restart; `seen` is told of every look.
///
/// The kernel's counters vanish with the container, so what happens after the
/// last look is not in them: a job that ends within 20 ms shows no usage but its
/// time, and of its limits only those that the engine reports itself.
///
/// # Errors
/// When the engine stops answering. The caller may call again with the same
/// `usage`; the container is not affected.
pub async fn follow(
    engine: &dyn Engine,
    job: &JobId,
    period: Duration,
    usage: &mut Usage,
    mut seen: impl FnMut(&Usage) + Send,
) -> Result<Observed, EngineError> {
    let mut end = engine.wait(job);
    let mut pause = FIRST_LOOK;
    loop {
        tokio::select! {
            observed = &mut end => {
                let observed = observed?;
                finish(usage, &observed);
                seen(usage);
                return Ok(observed);
            }
            () = tokio::time::sleep(pause) => {
                if let Some(sample) = engine.sample(job).await? {
                    usage.add(&sample);
                    seen(usage);
                }
                pause = (pause * 2).min(period.max(FIRST_LOOK));
            }
        }
    }
}

fn finish(usage: &mut Usage, observed: &Observed) {
    if let Observed::Exited {
        started: Some(started),
        finished: Some(finished),
        ..
    } = observed
    {
        // Docker notes the start after the fact, so a job that ends at once seems to
        // end before it.
        let wall = finished.duration_since(*started).unwrap_or_default();
        usage.wall = wall.max(Duration::from_millis(1));
    }
}

/// When a job that runs since `since` must be killed.
#[must_use]
pub fn deadline(since: SystemTime, wall_clock: Duration) -> SystemTime {
    since.checked_add(wall_clock).unwrap_or(since)
}

/// Why a container ended that nobody killed. `output_full` says whether its
/// volume had neither room nor inodes left ([`crate::volume::OutputVolume::is_full`]).
///
/// A limit is the cause only of a failure: a job that met one and still ended
/// with 0 coped with it.
#[must_use]
pub fn cause(observed: &Observed, usage: &Usage, output_full: bool) -> CauseOfDeath {
    let Observed::Exited {
        code,
        oom,
        started,
        error,
        ..
    } = observed
    else {
        return CauseOfDeath::NodeFailed;
    };
    match (code, error) {
        (126 | 127, Some(_)) if started.is_none() => CauseOfDeath::Exit(*code),
        (_, Some(error)) if started.is_none() => CauseOfDeath::EngineError(error.clone()),
        // It ran, and the engine itself says that it ended it.
        (_, Some(_)) => CauseOfDeath::NodeFailed,
        (0, _) => CauseOfDeath::Exit(0),
        _ if *oom || usage.oom_kills > 0 => CauseOfDeath::OutOfMemory,
        _ if output_full || *code == FILE_TOO_LARGE => CauseOfDeath::OutputQuota,
        _ if usage.pids_refused > 0 => CauseOfDeath::PidsExhausted,
        _ => CauseOfDeath::Exit(*code),
    }
}

/// What a look at the engine says about a stored state, after a restart: the
/// event to apply, or `None` when the state stands and its actions
/// ([`crate::state::resume`]) go on.
#[must_use]
pub fn reconcile(state: JobState, observed: &Observed) -> Option<JobEvent> {
    match (state, observed) {
        (JobState::Staging, Observed::Created) => Some(JobEvent::Staged),
        (JobState::Staging, Observed::Running { .. } | Observed::Exited { .. }) => {
            Some(JobEvent::Started)
        }
        (JobState::Running, Observed::Absent | Observed::Created) => Some(JobEvent::Vanished),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exited(code: i32) -> Observed {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        Observed::Exited {
            code,
            oom: false,
            started: Some(start),
            finished: Some(start + Duration::from_millis(1500)),
            error: None,
        }
    }

    #[test]
    fn the_cause_is_exact() {
        let quiet = Usage::default();
        let oom = Usage {
            oom_kills: 1,
            ..quiet
        };
        let forked = Usage {
            pids_refused: 9,
            ..quiet
        };
        assert_eq!(cause(&exited(0), &quiet, false), CauseOfDeath::Exit(0));
        assert_eq!(
            cause(&exited(0), &oom, true),
            CauseOfDeath::Exit(0),
            "it coped"
        );
        assert_eq!(cause(&exited(137), &quiet, false), CauseOfDeath::Exit(137));
        assert_eq!(cause(&exited(1), &oom, false), CauseOfDeath::OutOfMemory);
        assert_eq!(
            cause(&exited(1), &forked, false),
            CauseOfDeath::PidsExhausted
        );
        assert_eq!(cause(&exited(1), &quiet, true), CauseOfDeath::OutputQuota);
        assert_eq!(
            cause(&exited(153), &quiet, false),
            CauseOfDeath::OutputQuota
        );
        assert_eq!(
            cause(&Observed::Absent, &quiet, false),
            CauseOfDeath::NodeFailed
        );
    }

    #[test]
    fn a_container_that_never_started_says_why() {
        let failed = |code, error: &str| Observed::Exited {
            code,
            oom: false,
            started: None,
            finished: None,
            error: Some(error.to_owned()),
        };
        assert_eq!(
            cause(&failed(127, "not found"), &Usage::default(), false),
            CauseOfDeath::Exit(127)
        );
        assert_eq!(
            cause(&failed(128, "no space"), &Usage::default(), false),
            CauseOfDeath::EngineError("no space".to_owned())
        );
    }

    #[test]
    fn a_code_that_the_engine_made_up_is_not_believed() {
        for code in [0, 3, 127, 137, 255] {
            let Observed::Exited {
                started, finished, ..
            } = exited(code)
            else {
                unreachable!()
            };
            let lost = Observed::Exited {
                code,
                oom: false,
                started,
                finished,
                error: Some("the engine was restarted".to_owned()),
            };
            let cause = cause(&lost, &Usage::default(), false);
            assert_eq!(cause, CauseOfDeath::NodeFailed, "{code}");
        }
    }

    #[test]
    fn wall_time_comes_from_the_engine() {
        let mut usage = Usage::default();
        finish(&mut usage, &exited(0));
        assert_eq!(usage.wall, Duration::from_millis(1500));
    }

    #[test]
    fn a_restart_never_runs_a_job_twice() {
        let running = Observed::Running {
            since: SystemTime::UNIX_EPOCH,
        };
        assert_eq!(reconcile(JobState::Staging, &Observed::Absent), None);
        assert_eq!(
            reconcile(JobState::Staging, &Observed::Created),
            Some(JobEvent::Staged)
        );
        assert_eq!(
            reconcile(JobState::Staging, &running),
            Some(JobEvent::Started)
        );
        assert_eq!(
            reconcile(JobState::Staging, &exited(0)),
            Some(JobEvent::Started)
        );
        assert_eq!(reconcile(JobState::Running, &running), None);
        assert_eq!(
            reconcile(JobState::Running, &Observed::Absent),
            Some(JobEvent::Vanished)
        );
        assert_eq!(reconcile(JobState::Collecting, &Observed::Absent), None);
    }
}
