//! Follows a container to its end and names the cause of death.

use std::time::{Duration, SystemTime};

use sandyq_init::{CODE_DEADLINE, CODE_FAILED, End, Report};

use crate::cause::CauseOfDeath;
use crate::engine::{Engine, EngineError, LastWord, LogFrame, Observed};
use crate::id::JobId;
use crate::state::{JobEvent, JobState};
use crate::usage::Usage;

/// The first look at a job's usage comes after this long, the next ones after
/// twice as long each, up to the period asked for. Of a shorter job, init's last word tells.
const FIRST_LOOK: Duration = Duration::from_millis(50);

/// The container's own init ends a job at its deadline, and says what it used. The
/// platform does it so much later, for when init cannot.
const INIT_FIRST: Duration = Duration::from_millis(200);

/// `SIGXFSZ`, raised at the file size limit, as an exit code.
const FILE_TOO_LARGE: i32 = 128 + 25;
/// `SIGKILL` as an exit code.
const KILLED: i32 = 128 + 9;

/// How often, and at what distance, the engine is asked again why a container was killed.
const KILL_LOOKS: u32 = 10;
const KILL_PAUSE: Duration = Duration::from_millis(100);

/// How a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// What the engine saw.
    pub observed: Observed,
    /// The last word of the container's init; `None` when it was killed.
    pub report: Option<Report>,
    /// Its whole log, where that is small.
    pub log: Option<Vec<LogFrame>>,
}

/// Follows a running container until it ends, measuring it as it runs.
/// `usage` may carry on from before a restart; `seen` is told of every look.
///
/// The kernel's counters vanish with the container. Its init reads them at the very end;
/// where init was killed, what happens after the last look is not in them.
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
) -> Result<Ending, EngineError> {
    let mut end = engine.wait(job);
    let mut pause = FIRST_LOOK;
    loop {
        tokio::select! {
            code = &mut end => {
                let word = engine.last_word(job).await?;
                let observed = match code? {
                    Some(0) if succeeded(&word) => SUCCESS,
                    _ => engine.observe(job).await?,
                };
                let mut ending = heard(word, observed, usage);
                if ending.report.is_none() {
                    ending.observed = explained(engine, job, ending.observed, usage).await?;
                }
                seen(usage);
                return Ok(ending);
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

/// Hears what is to be known of a container that has ended, and takes it into `usage`.
///
/// # Errors
/// When the engine stops answering.
pub async fn ending(
    engine: &dyn Engine,
    job: &JobId,
    observed: Observed,
    usage: &mut Usage,
) -> Result<Ending, EngineError> {
    let word = engine.last_word(job).await?;
    Ok(heard(word, observed, usage))
}

fn heard(word: LastWord, observed: Observed, usage: &mut Usage) -> Ending {
    let LastWord { report, log } = word;
    if let Some(report) = &report {
        usage.settle(report);
    }
    finish(usage, &observed);
    Ending {
        observed,
        report,
        log,
    }
}

/// The end of a container of which nothing more needs to be known: no limit is the cause of a success.
const SUCCESS: Observed = Observed::Exited {
    code: 0,
    oom: false,
    started: None,
    finished: None,
    error: None,
};

fn succeeded(word: &LastWord) -> bool {
    let report = word.report.as_ref();
    report.is_some_and(|report| report.end == End::Exit(0) && !report.deadline)
}

/// The engine learns of an exit and of the kernel's killing for memory by two ways, and
/// may tell of the exit first. Where a kill is all that is known, it is asked again for
/// a moment. An engine that goes away in that moment was ending, and may have killed the
/// container itself.
async fn explained(
    engine: &dyn Engine,
    job: &JobId,
    first: Observed,
    usage: &Usage,
) -> Result<Observed, EngineError> {
    let mut observed = first;
    for _ in 0..KILL_LOOKS {
        let unexplained = matches!(
            observed,
            Observed::Exited {
                code: KILLED,
                oom: false,
                ..
            }
        );
        if !unexplained || usage.oom_kills > 0 {
            break;
        }
        tokio::time::sleep(KILL_PAUSE).await;
        match engine.observe(job).await? {
            again @ (Observed::Exited { .. } | Observed::Absent) => observed = again,
            _ => break,
        }
    }
    Ok(observed)
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

/// When a job that runs since `since` must be killed, if its own init has not done so.
#[must_use]
pub fn deadline(since: SystemTime, wall_clock: Duration) -> SystemTime {
    since
        .checked_add(wall_clock)
        .and_then(|end| end.checked_add(INIT_FIRST))
        .unwrap_or(since)
}

/// Why a container ended that nobody outside killed. `output_full` says whether its
/// volume had neither room nor inodes left ([`crate::volume::OutputVolume::is_full`]).
///
/// A limit is the cause only of a failure: a job that met one and still ended
/// with 0 coped with it.
#[must_use]
pub fn cause(ending: &Ending, usage: &Usage, output_full: bool) -> CauseOfDeath {
    let Observed::Exited {
        code,
        oom,
        started,
        error,
        ..
    } = &ending.observed
    else {
        return CauseOfDeath::NodeFailed;
    };
    let code = match (&ending.report, error) {
        (Some(report), _) if report.deadline => return CauseOfDeath::TimedOut,
        (Some(report), _) => report.end.code(),
        (None, Some(error)) if started.is_none() => {
            return CauseOfDeath::EngineError(error.clone());
        }
        // It ran, and the engine itself says that it ended it.
        (None, Some(_)) => return CauseOfDeath::NodeFailed,
        // No command can choose these codes; the log with init's word was lost.
        (None, _) if *code == CODE_DEADLINE => return CauseOfDeath::TimedOut,
        (None, _) if *code == CODE_FAILED => {
            return CauseOfDeath::EngineError("the container's init could not begin".to_owned());
        }
        (None, _) => *code,
    };
    match code {
        0 => CauseOfDeath::Exit(0),
        _ if *oom || usage.oom_kills > 0 => CauseOfDeath::OutOfMemory,
        _ if output_full || code == FILE_TOO_LARGE => CauseOfDeath::OutputQuota,
        _ if usage.pids_refused > 0 => CauseOfDeath::PidsExhausted,
        _ => CauseOfDeath::Exit(code),
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
    use sandyq_init::counters::Counters;

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

    /// As the engine sees it, without init's word.
    fn silent(code: i32) -> Ending {
        Ending {
            observed: exited(code),
            report: None,
            log: None,
        }
    }

    fn told(end: End, deadline: bool) -> Ending {
        let report = Report {
            end,
            deadline,
            wall: Duration::from_secs(1),
            counters: Counters::default(),
            log_bytes: 0,
            log_dropped_bytes: 0,
        };
        Ending {
            observed: exited(report.container_code()),
            report: Some(report),
            log: None,
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
        for ending in [silent as fn(i32) -> Ending, |code| {
            told(End::Exit(code), false)
        }] {
            assert_eq!(cause(&ending(0), &quiet, false), CauseOfDeath::Exit(0));
            assert_eq!(
                cause(&ending(0), &oom, true),
                CauseOfDeath::Exit(0),
                "it coped"
            );
            assert_eq!(cause(&ending(137), &quiet, false), CauseOfDeath::Exit(137));
            assert_eq!(cause(&ending(1), &oom, false), CauseOfDeath::OutOfMemory);
            assert_eq!(
                cause(&ending(1), &forked, false),
                CauseOfDeath::PidsExhausted
            );
            assert_eq!(cause(&ending(1), &quiet, true), CauseOfDeath::OutputQuota);
            assert_eq!(
                cause(&ending(153), &quiet, false),
                CauseOfDeath::OutputQuota
            );
        }
        let absent = Ending {
            observed: Observed::Absent,
            report: None,
            log: None,
        };
        assert_eq!(cause(&absent, &quiet, false), CauseOfDeath::NodeFailed);
    }

    #[test]
    fn the_deadline_is_told_from_every_code_a_job_may_choose() {
        let usage = Usage::default();
        let late = told(End::Exit(0), true);
        assert_eq!(cause(&late, &usage, false), CauseOfDeath::TimedOut);
        assert_eq!(
            cause(&silent(CODE_DEADLINE), &usage, true),
            CauseOfDeath::TimedOut,
            "where the log with init's word was lost"
        );
        for code in 0..=255 {
            let by_itself = told(End::Exit(code), false);
            assert_eq!(cause(&by_itself, &usage, false), {
                if code == FILE_TOO_LARGE {
                    CauseOfDeath::OutputQuota
                } else {
                    CauseOfDeath::Exit(code)
                }
            });
            let unheard = Ending {
                report: None,
                ..by_itself
            };
            assert_ne!(cause(&unheard, &usage, false), CauseOfDeath::TimedOut);
        }
    }

    #[test]
    fn a_container_that_never_started_says_why() {
        let failed = Ending {
            observed: Observed::Exited {
                code: 128,
                oom: false,
                started: None,
                finished: None,
                error: Some("no space".to_owned()),
            },
            report: None,
            log: None,
        };
        assert_eq!(
            cause(&failed, &Usage::default(), false),
            CauseOfDeath::EngineError("no space".to_owned())
        );
        let no_program = told(End::NotStarted(2), false);
        assert_eq!(
            cause(&no_program, &Usage::default(), false),
            CauseOfDeath::Exit(127)
        );
        assert!(matches!(
            cause(&silent(CODE_FAILED), &Usage::default(), false),
            CauseOfDeath::EngineError(_)
        ));
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
            let ending = Ending {
                observed: lost,
                report: None,
                log: None,
            };
            let cause = cause(&ending, &Usage::default(), false);
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
