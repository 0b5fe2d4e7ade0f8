//! Submission: everything that can be known before a container exists is checked here, and refused here.

use std::collections::BTreeMap;
use std::time::Duration;

use sandyq_access::Purpose;
use sandyq_proto::v1;
use sandyq_sandbox::logs::{HeldBack, LogOpening};
use sandyq_sandbox::queue::PRIORITIES;
use sandyq_sandbox::{Input, Isolation, JobState, Limits, Model, RawJob, WaitingReason};
use sandyq_store::{Change, Event, Stored};
use serde_json::json;

use super::collecting::LOG_PATH;
use super::{raw_job, shell, staged_model, staged_path};
use crate::call::{Call, system_event};
use crate::convert;
use crate::error::{Class, Error, Result, Violation};
use crate::governance::law;
use crate::governed::Governed;
use crate::names;
use crate::platform::Platform;
use crate::records::access::{Conditions, Grant};
use crate::records::airlock::{Output, OutputFile, OutputState};
use crate::records::job::{Job, Serving, Usage};
use crate::records::library::Version;
use crate::records::rule::LibraryUse;
use crate::records::sandbox::{Budget, Sandbox, SandboxState};
use crate::records::system::{Image, ImageState, System};
use crate::usage;

const MOST_VERSIONS: usize = 50;

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
    open(call, &sandbox)?;
    system_in_force(call, &sandbox).await?;
    let isolation = isolation(call, &sandbox, serving.is_some()).await?;
    approved(call, &wanted.image).await?;
    let (grants, conditions, reasons) = grants(call, &sandbox, wanted).await?;
    let mut limits = convert::limits(wanted.limits.as_ref())?;
    if serving.is_some() {
        open_to_trials(platform, &grants).await?;
        let named = wanted.limits.as_ref().and_then(|l| l.wall_clock_duration);
        limits.wall_clock = within_term(call, &sandbox, &conditions, named.map(|_| limits))?;
    }
    let mut shell = None;
    if at_terminal {
        shell = Some(shell::terminal(platform, &sandbox, &conditions)?);
        let named = wanted.limits.as_ref().and_then(|l| l.wall_clock_duration);
        if named.is_none() {
            limits.wall_clock = SHELL_WALL_CLOCK.min(longest(platform, &conditions));
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
        priority: priority(wanted.priority)?,
        attempts: 0,
        state: JobState::Queued(WaitingReason::Accepted),
        stop: None,
        cause: None,
        message: String::new(),
        start_time: None,
        end_time: None,
        usage: Usage::default(),
        output: None,
        log: None,
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
    within_limits(platform, &job)?;
    valid(platform, &job).await?;
    stageable(platform, &job).await?;
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
        state: JobState::Queued(WaitingReason::Accepted),
        stop: None,
        cause: None,
        message: String::new(),
        start_time: None,
        end_time: None,
        usage: Usage::default(),
        output: None,
        log: None,
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

/// What a trial answers leaves without anybody's review, so every grant must open it.
async fn open_to_trials(platform: &Platform, grants: &BTreeMap<String, String>) -> Result<()> {
    for (version, grant) in grants {
        if platform.record::<Grant>(grant).await?.conditions.trial_use {
            continue;
        }
        let text = format!(
            "{grant} does not open {version} to the answers of trials; the owner would have to allow trial use (sandyq library update --trial-use true) and grant it anew"
        );
        return Err(Error::precondition("TRIAL_NOT_GRANTED", text).citing(law::AI_17_1));
    }
    Ok(())
}

/// The whole time of a trial: what was named, or all that sandbox, grants and server leave.
fn within_term(
    call: &Call,
    sandbox: &Sandbox,
    conditions: &Conditions,
    named: Option<Limits>,
) -> Result<Duration> {
    let left = Duration::try_from(sandbox.expire_time - call.now).unwrap_or_default();
    match named {
        Some(limits) if limits.wall_clock > left => Err(Error::invalid(
            "trial.limits.wall_clock_duration",
            format!(
                "is longer than {} lasts: {} s",
                sandbox.name,
                left.as_secs()
            ),
        )),
        Some(limits) => Ok(limits.wall_clock),
        None => {
            let server = call.platform.config.raw.jobs.max_wall_clock_seconds;
            let most = conditions.max_job_seconds.unwrap_or(server).min(server);
            let whole = Duration::from_secs(left.as_secs().min(most));
            Ok(whole.min(Limits::LONGEST_WALL_CLOCK))
        }
    }
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

fn open(call: &Call, sandbox: &Sandbox) -> Result<()> {
    if sandbox.state == SandboxState::Active && sandbox.expire_time > call.now {
        return Ok(());
    }
    let state = if sandbox.state == SandboxState::Active {
        "EXPIRED"
    } else {
        sandbox.state.as_str()
    };
    Err(Error::precondition(
        "SANDBOX_NOT_ACTIVE",
        format!("{} is {state}; jobs need an ACTIVE sandbox", sandbox.name),
    ))
}

/// A system that is suspended, or whose risks nobody looks at, takes no jobs (law "On artificial intelligence", article 19).
async fn system_in_force(call: &Call, sandbox: &Sandbox) -> Result<()> {
    let system = call.fetch::<System>(&sandbox.system).await?;
    let rules = &call.platform.config.raw.governance;
    crate::governance::systems::takes_jobs(&system, call.now, rules)
}

/// The risk class selects the isolation (law "On artificial intelligence", article 18); one that the host cannot give
/// is a refusal.
async fn isolation(call: &Call, sandbox: &Sandbox, serves: bool) -> Result<Isolation> {
    let system = call.fetch::<System>(&sandbox.system).await?;
    let isolation = system.risk_class.isolation();
    if isolation.runtime().is_none() {
        return Ok(isolation);
    }
    let info = call.platform.engine.get().await?.info().await?;
    let fault = match serves {
        false => info.fault(isolation),
        true => info.serving_fault(isolation),
    };
    let Some(fault) = fault else {
        return Ok(isolation);
    };
    Err(Error::precondition(
        "ISOLATION_NOT_AVAILABLE",
        format!(
            "{} is of high risk, so its jobs need a kernel of their own: {fault}",
            system.name
        ),
    ))
}

async fn approved(call: &Call, image: &str) -> Result<()> {
    let unknown = || {
        Error::precondition(
            "IMAGE_UNKNOWN",
            format!(
                "image {image:?} was not imported; name an image by its digest: images/<64 hexadecimal digits>"
            ),
        )
    };
    let found = call
        .platform
        .store
        .get::<Image>(image)
        .await?
        .ok_or_else(unknown)?;
    if !call.may("ImageService.GetImage", found.resource()) {
        return Err(unknown());
    }
    if found.state == ImageState::Approved {
        return Ok(());
    }
    Err(Error::precondition(
        "IMAGE_NOT_APPROVED",
        format!(
            "image {image} is {}; the operator must approve it first",
            found.state.as_str()
        ),
    ))
}

type Granted = (BTreeMap<String, String>, Conditions, Vec<String>);

/// Finds a grant for each version; the strictest conditions of all rule.
async fn grants(call: &Call, sandbox: &Sandbox, wanted: &v1::Job) -> Result<Granted> {
    if wanted.versions.len() > MOST_VERSIONS {
        return Err(Error::invalid("job.versions", "name at most 50"));
    }
    Purpose::parse(&wanted.purpose)
        .map_err(|error| Error::invalid("job.purpose", error.to_string()))?;
    let mut grants = BTreeMap::new();
    let mut conditions: Option<Conditions> = None;
    let mut reasons = Vec::new();
    let mut libraries = Vec::new();
    for (index, name) in wanted.versions.iter().enumerate() {
        let field = format!("job.versions[{index}]");
        let version = call.fetch::<Version>(name).await?;
        if libraries.contains(&version.library) {
            return Err(Error::invalid(
                field,
                format!(
                    "{} is named twice; a job uses one version of a library",
                    version.library
                ),
            ));
        }
        let by = (call.principal.user.as_str(), wanted.purpose.as_str());
        let answer = usage::decide(&call.platform, sandbox, &version, by).await?;
        let Some(grant) = answer.grant else {
            return Err(refused(
                call,
                sandbox,
                &version,
                &wanted.purpose,
                answer.decision.reasons,
            )
            .await?);
        };
        reasons.extend(answer.decision.reasons);
        conditions = Some(match conditions {
            Some(so_far) => so_far.strictest(grant.conditions),
            None => grant.conditions,
        });
        libraries.push(version.library.clone());
        grants.insert(version.record.name, grant.record.name);
    }
    Ok((grants, conditions.unwrap_or_default(), reasons))
}

/// The denial is logged; whether the version exists is not told to those who may not see it.
async fn refused(
    call: &Call,
    sandbox: &Sandbox,
    version: &Version,
    purpose: &str,
    reasons: Vec<String>,
) -> Result<Error> {
    let mut event = call.event(
        &sandbox.name,
        [
            ("version", json!(version.name)),
            ("purpose", json!(purpose)),
        ],
    );
    event.decision = sandyq_store::Decision::Deny;
    event.reasons.clone_from(&reasons);
    call.platform.commit(Change::new(event)).await?;
    let known = call.may("LibraryService.GetVersion", version.resource())
        || usage::ever_granted(&call.platform, sandbox, version).await?;
    if !known {
        return Ok(Error::not_found(&version.name));
    }
    Ok(Error::precondition(
        "ACCESS_DENIED",
        format!(
            "{} may not be used here for {purpose}: {}",
            version.name,
            reasons.join("; ")
        ),
    ))
}

/// Longest that a job may run under these conditions.
fn longest(platform: &Platform, conditions: &Conditions) -> Duration {
    let server = platform.config.raw.jobs.max_wall_clock_seconds;
    let granted = conditions.max_job_seconds.unwrap_or(server);
    Duration::from_secs(granted.min(server))
}

fn within_limits(platform: &Platform, job: &Job) -> Result<()> {
    let seconds = job.limits.wall_clock.as_secs();
    let longest = longest(platform, &job.conditions).as_secs();
    if seconds > longest {
        return Err(Error::invalid(
            "job.limits.wall_clock_duration",
            format!("is {seconds} s; the server and the job's grants allow at most {longest} s"),
        ));
    }
    platform.queue.check(job).map_err(|never| {
        let field = match never.resource {
            "disk_bytes" => "output_bytes",
            other => other,
        };
        Error::invalid(
            format!("job.limits.{field}"),
            format!(
                "is {}, above the {} that this server gives to one job of your organization",
                never.asked, never.most
            ),
        )
    })
}

fn priority(asked: i32) -> Result<i32> {
    if PRIORITIES.contains(&asked) {
        return Ok(asked);
    }
    Err(Error::invalid(
        "job.priority",
        format!(
            "is {asked}; choose {} to {}, 0 is the usual one",
            PRIORITIES.start(),
            PRIORITIES.end()
        ),
    ))
}

/// What can never be staged together is refused here.
async fn stageable(platform: &Platform, job: &Job) -> Result<()> {
    let most = platform.config.raw.jobs.staging_bytes;
    let mut bytes = 0_u64;
    for name in job.grants.keys() {
        let version = platform.record::<Version>(name).await?;
        let releases = version
            .datasets
            .iter()
            .filter_map(|set| set.release.as_ref());
        bytes = releases.fold(bytes, |sum, release| sum.saturating_add(release.bytes));
    }
    for (_, file) in released_files(platform, job).await? {
        bytes = bytes.saturating_add(file.bytes);
    }
    if bytes <= most {
        return Ok(());
    }
    Err(Error::precondition(
        "STAGING_TOO_SMALL",
        format!(
            "the inputs have {bytes} bytes together; this server stages at most {most} (jobs.staging_bytes)"
        ),
    ))
}

/// Asks the sandbox crate whether the job could be run as it stands.
async fn valid(platform: &Platform, job: &Job) -> Result<()> {
    spec(platform, job)
        .await?
        .validate()
        .map(drop)
        .map_err(|error| {
            let violations = error
                .violations
                .into_iter()
                .map(|v| Violation {
                    field: format!("job.{}", v.field),
                    description: v.reason,
                })
                .collect();
            Error::invalid_fields(violations)
        })
}

/// The job as the sandbox crate takes it, with everything at the place where it is, or will be, staged.
///
/// # Errors
/// The store's, a version is no longer published, or an output no longer released.
pub async fn spec(platform: &Platform, job: &Job) -> Result<RawJob> {
    let inputs = inputs(platform, job).await?;
    let models = released_files(platform, job).await?;
    let models = models.into_iter().map(|(output, file)| Model {
        host_path: staged_model(platform, job, &file.sha256),
        output: names::last_id(&output).to_owned(),
        path: file.path,
    });
    Ok(raw_job(platform, job, inputs, models.collect()))
}

/// The files of the outputs that a job serves, each with its output's name.
///
/// # Errors
/// The store's, or an output is not, or no longer, released as it was.
pub async fn released_files(platform: &Platform, job: &Job) -> Result<Vec<(String, OutputFile)>> {
    let mut files = Vec::new();
    let serving = job.serving.iter();
    for (name, manifest) in serving.flat_map(|serving| &serving.outputs) {
        let output = platform.record::<Output>(name).await?;
        if output.state != OutputState::Released || output.manifest_sha256 != *manifest {
            let text = format!("{name} is {}, not RELEASED", output.state.as_str());
            return Err(Error::precondition("OUTPUT_NOT_RELEASED", text));
        }
        let of_job = |file: &OutputFile| file.path != LOG_PATH;
        let of_output = output.record.files.into_iter().filter(of_job);
        files.extend(of_output.map(|file| (name.clone(), file)));
    }
    Ok(files)
}

/// The job's inputs, at the places where they are, or will be, staged.
///
/// # Errors
/// The store's, or a version is no longer published.
pub async fn inputs(platform: &Platform, job: &Job) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for name in job.grants.keys() {
        let version = platform.record::<Version>(name).await?;
        for dataset in &version.datasets {
            let release = dataset.release.as_ref().ok_or_else(|| {
                Error::precondition(
                    "VERSION_NOT_PUBLISHED",
                    format!("{name} is no longer published"),
                )
            })?;
            inputs.push(Input {
                host_path: staged_path(platform, job, &dataset.id, release),
                library: names::last_id(&version.library).to_owned(),
                dataset: dataset.id.clone(),
            });
        }
    }
    Ok(inputs)
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
