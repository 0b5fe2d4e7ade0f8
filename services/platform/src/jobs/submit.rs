//! Submission: everything that can be known before a container exists is checked here, and refused here.

mod admission;

use std::time::Duration;

use sandyq_proto::v1;
use sandyq_sandbox::logs::{HeldBack, LogOpening};
use sandyq_sandbox::{JobState, Limits, WaitingReason};
use sandyq_store::{Change, Event, Stored};
use serde_json::json;

use super::{shell, spec};
use crate::call::{Call, system_event};
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed as _;
use crate::names;
use crate::platform::Platform;
use crate::records::access::Conditions;
use crate::records::job::{Job, Serving, Usage};
use crate::records::library::Version;
use crate::records::rule::LibraryUse;
use crate::records::sandbox::{Budget, Sandbox};

/// The command of a workspace for which none is named.
const SHELL: &str = "sh";

/// How long a workspace is open unless another limit is named.
const SHELL_WALL_CLOCK: Duration = Duration::from_secs(3600);

/// Takes a job in, QUEUED.
///
/// # Errors
/// Anything that speaks against it, with field and reason.
pub async fn submit(
    mut call: Call,
    message: v1::CreateJobRequest,
) -> Result<v1::CreateJobResponse> {
    let sandbox = call.fetch::<Sandbox>(&message.parent).await?;
    call.authorize(sandbox.resource()).await?;
    // Jobs of one sandbox that come at the same time share its budget, so one of them begins anew.
    let about = (message.parent.as_str(), message.request_id.as_str());
    call.carry_out(about, &message, |call, message| {
        Box::pin(attempt(call, message, Kind::Batch))
    })
    .await
}

/// Takes a job in whose command has a terminal; gives its name. The call is authorized by whoever asks.
///
/// # Errors
/// Anything that speaks against it, with field and reason.
pub async fn submit_shell(call: &mut Call, parent: String, job: Option<v1::Job>) -> Result<String> {
    let message = v1::CreateJobRequest {
        parent,
        job,
        ..v1::CreateJobRequest::default()
    };
    let done = call
        .carry_out((&message.parent, ""), &message, |call, message| {
            Box::pin(attempt(call, message, Kind::Shell))
        })
        .await?;
    Ok(done.job.unwrap_or_default().name)
}

/// How a job is worked with.
pub enum Kind {
    /// Left to itself.
    Batch,
    /// It serves a trial: without a limit named it may run for as long as anything here may.
    Trial(Serving),
    /// At a terminal.
    Shell,
}

async fn attempt(
    call: &Call,
    message: &v1::CreateJobRequest,
    kind: Kind,
) -> Result<v1::CreateJobResponse> {
    let wanted = message
        .job
        .as_ref()
        .ok_or_else(|| Error::invalid("job", "is required"))?;
    let sandbox = call.fetch::<Sandbox>(&message.parent).await?;
    let (job, change) = prepare(call, sandbox, wanted, kind).await?;
    let answer = v1::CreateJobResponse {
        job: Some(super::shown(&call.platform, &call.inserted(job))),
    };
    let answer = call.commit(change, answer).await?;
    call.platform.wake.notify_one();
    Ok(answer)
}

/// A job that may be taken in, and the change that does so.
///
/// # Errors
/// Anything that speaks against it, with field and reason.
pub async fn prepare(
    call: &Call,
    mut sandbox: Stored<Sandbox>,
    wanted: &v1::Job,
    kind: Kind,
) -> Result<(Job, Change)> {
    let platform = &call.platform;
    let (serving, at_terminal) = match kind {
        Kind::Batch => (None, false),
        Kind::Trial(serving) => (Some(serving), false),
        Kind::Shell => (None, true),
    };
    admission::open(call, &sandbox)?;
    admission::system_in_force(call, &sandbox).await?;
    let isolation = admission::isolation(call, &sandbox, serving.is_some()).await?;
    admission::approved(call, &wanted.image).await?;
    let (grants, conditions, reasons) = admission::grants(call, &sandbox, wanted).await?;
    let mut limits = convert::limits(wanted.limits.as_ref())?;
    if serving.is_some() {
        admission::open_to_trials(platform, &grants).await?;
        let named = wanted.limits.as_ref().and_then(|l| l.wall_clock_duration);
        limits.wall_clock =
            admission::within_term(call, &sandbox, &conditions, named.map(|_| limits))?;
    }
    let mut shell = None;
    if at_terminal {
        shell = Some(shell::terminal(platform, &sandbox, &conditions)?);
        let named = wanted.limits.as_ref().and_then(|l| l.wall_clock_duration);
        if named.is_none() {
            limits.wall_clock = SHELL_WALL_CLOCK.min(admission::longest(platform, &conditions));
        }
        limits.log_bytes = shell::log_bytes(platform);
    }
    sandbox.jobs += 1;
    let mut job = Job {
        name: job_name(&sandbox),
        id: names::fresh_id('j'),
        sandbox: sandbox.name.clone(),
        organization: sandbox.organization.clone(),
        display_name: crate::services::optional_text(
            "job.display_name",
            &wanted.display_name,
            200,
        )?,
        requester: call.principal.user.clone(),
        image: wanted.image.clone(),
        command: if at_terminal && wanted.command.is_empty() {
            vec![SHELL.to_owned()]
        } else {
            wanted.command.clone()
        },
        environment: wanted.environment.clone().into_iter().collect(),
        grants,
        purpose: wanted.purpose.clone(),
        limits,
        isolation,
        serving,
        // What a terminal shows is shown there alone.
        conditions: if at_terminal {
            Conditions {
                log: LogOpening::None,
                ..conditions
            }
        } else {
            conditions
        },
        reserved: Budget::default(),
        priority: admission::priority(wanted.priority)?,
        attempts: 0,
        boot: None,
        state: JobState::Queued(WaitingReason::Accepted),
        stop: None,
        cause: None,
        message: String::new(),
        start_time: None,
        end_time: None,
        usage: Usage::default(),
        output: None,
        log: None,
        log_range: None,
        log_held_back: HeldBack::default(),
        log_shown: 0,
        shell,
    };
    if job.shell.is_some()
        && let Some(library) = shell::closed_library(platform, &job).await?
    {
        let why = format!("the owner of {library} does not allow interactive viewing any more");
        return Err(shell::closed(&why));
    }
    admission::within_limits(platform, &job)?;
    spec::valid(platform, &job).await?;
    spec::stageable(platform, &job).await?;
    reserve(&mut sandbox, &mut job)?;
    let mut event = call.event(
        &job.name,
        [
            ("image", json!(job.image)),
            ("purpose", json!(job.purpose)),
            ("grants", json!(job.grants)),
        ],
    );
    event.reasons.extend(reasons);
    let change = taking_in(platform, event, &sandbox, &job).await?;
    Ok((job, change))
}

fn job_name(sandbox: &Sandbox) -> String {
    format!("{}/jobs/{:08}", sandbox.name, sandbox.jobs)
}

/// The job with what it uses.
async fn taking_in(
    platform: &Platform,
    event: Event,
    sandbox: &Stored<Sandbox>,
    job: &Job,
) -> Result<Change> {
    // The sandbox first: who took the same number meanwhile makes this attempt begin anew.
    let mut change = Change::new(event).update(sandbox)?.insert(job)?;
    for used in uses(platform, sandbox, job).await? {
        change = change.insert(&used)?;
    }
    Ok(change)
}

/// Takes from the sandbox's budget what the job may use at most.
fn reserve(sandbox: &mut Sandbox, job: &mut Job) -> Result<()> {
    job.reserved = reservation(job);
    sandbox.used = sandbox
        .budget
        .reserve(&sandbox.used, &job.reserved)
        .map_err(|(field, asked, left)| {
            Error::new(
                Class::Exhausted,
                "BUDGET_EXCEEDED",
                format!(
                    "{field}: the job asks for {asked}, the budget of {} leaves {left}",
                    sandbox.name
                ),
            )
            .with("field", field)
        })?;
    Ok(())
}

/// The job that takes the place of one that has ended, with what is left of its time. What it runs under is asked for again
/// when it starts.
///
/// # Errors
/// The store's, or the budget is used up.
pub async fn successor(platform: &Platform, last: &Job, left: Duration) -> Result<(Job, Change)> {
    let mut sandbox = platform.record::<Sandbox>(&last.sandbox).await?;
    sandbox.jobs += 1;
    let mut job = Job {
        name: job_name(&sandbox),
        id: names::fresh_id('j'),
        limits: Limits {
            wall_clock: left,
            ..last.limits
        },
        attempts: 0,
        boot: None,
        state: JobState::Queued(WaitingReason::Accepted),
        stop: None,
        cause: None,
        message: String::new(),
        start_time: None,
        end_time: None,
        usage: Usage::default(),
        output: None,
        log: None,
        log_range: None,
        log_held_back: HeldBack::default(),
        log_shown: 0,
        ..last.clone()
    };
    reserve(&mut sandbox, &mut job)?;
    let after = [("after", json!(last.name))];
    let event = system_event("JobReplaced", &job.name, &job.organization, after);
    let change = taking_in(platform, event, &sandbox, &job).await?;
    Ok((job, change))
}

/// What the owners of the job's libraries will know of it (law "On artificial intelligence", article 17.1(3)).
async fn uses(platform: &Platform, sandbox: &Sandbox, job: &Job) -> Result<Vec<LibraryUse>> {
    let mut uses = Vec::new();
    for (version, grant) in &job.grants {
        let version = platform.record::<Version>(version).await?;
        uses.push(LibraryUse {
            name: format!("{}/uses/{}", version.library, job.id),
            library: version.library.clone(),
            owner: version.organization.clone(),
            version: version.name.clone(),
            system: sandbox.system.clone(),
            organization: job.organization.clone(),
            job: job.name.clone(),
            stage: sandbox.stage,
            purpose: job.purpose.clone(),
            grant: grant.clone(),
        });
    }
    Ok(uses)
}

/// What a job takes from its sandbox's budget until it has ended.
fn reservation(job: &Job) -> Budget {
    let wall = u64::try_from(job.limits.wall_clock.as_millis()).unwrap_or(u64::MAX);
    Budget {
        cpu_millis: wall.saturating_mul(u64::from(job.limits.cpu_millis)) / 1000,
        concurrent_jobs: 1,
        memory_bytes: job.limits.memory_bytes,
        output_bytes: job.limits.output_bytes,
        answer_bytes: 0,
    }
}
