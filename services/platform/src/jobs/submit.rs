//! Submission: everything that can be known before a container exists is checked here, and refused here.

use std::collections::BTreeMap;

use sandyq_access::Purpose;
use sandyq_proto::v1;
use sandyq_sandbox::logs::HeldBack;
use sandyq_sandbox::queue::PRIORITIES;
use sandyq_sandbox::{Input, Isolation, JobState, WaitingReason};
use sandyq_store::Change;
use serde_json::json;

use super::{raw_job, staged_path};
use crate::call::Call;
use crate::convert;
use crate::error::{Class, Error, Result, Violation};
use crate::governed::Governed;
use crate::names;
use crate::platform::Platform;
use crate::records::access::Conditions;
use crate::records::job::{Job, Usage};
use crate::records::library::Version;
use crate::records::rule::LibraryUse;
use crate::records::sandbox::{Budget, Sandbox, SandboxState};
use crate::records::system::{Image, ImageState, System};
use crate::usage;

const MOST_VERSIONS: usize = 50;
const ATTEMPTS: usize = 16;

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
    let mut last = None;
    // Jobs of one sandbox that come at the same time share its budget, so one of them begins anew.
    for _ in 0..ATTEMPTS {
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        match attempt(&call, &message).await {
            Err(error) if error.class == Class::Aborted => last = Some(error),
            outcome => return outcome,
        }
    }
    Err(last.unwrap_or_else(|| Error::not_found(&message.parent)))
}

async fn attempt(call: &Call, message: &v1::CreateJobRequest) -> Result<v1::CreateJobResponse> {
    let platform = &call.platform;
    let mut sandbox = call.fetch::<Sandbox>(&message.parent).await?;
    let wanted = message
        .job
        .clone()
        .ok_or_else(|| Error::invalid("job", "is required"))?;
    open(call, &sandbox)?;
    system_in_force(call, &sandbox).await?;
    let isolation = isolation(call, &sandbox).await?;
    approved(call, &wanted.image).await?;
    let (grants, conditions, reasons) = grants(call, &sandbox, &wanted).await?;
    let limits = convert::limits(wanted.limits.as_ref())?;
    sandbox.jobs += 1;
    let mut job = Job {
        name: format!("{}/jobs/{:08}", sandbox.name, sandbox.jobs),
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
        command: wanted.command.clone(),
        environment: wanted.environment.clone().into_iter().collect(),
        grants,
        purpose: wanted.purpose.clone(),
        limits,
        isolation,
        conditions,
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
    };
    within_limits(platform, &job)?;
    valid(platform, &job).await?;
    stageable(platform, &job).await?;
    job.reserved = reservation(&job);
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
    let mut event = call.event(
        &job.name,
        [
            ("image", json!(job.image)),
            ("purpose", json!(job.purpose)),
            ("grants", json!(job.grants)),
        ],
    );
    event.reasons.extend(reasons);
    // The sandbox first: who took the same number meanwhile makes this attempt begin anew.
    let mut change = Change::new(event).update(&sandbox)?.insert(&job)?;
    for used in uses(platform, &sandbox, &job).await? {
        change = change.insert(&used)?;
    }
    let answer = v1::CreateJobResponse {
        job: Some(super::shown(platform, &call.inserted(job))),
    };
    let answer = call.commit(change, answer).await?;
    platform.wake.notify_one();
    Ok(answer)
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
async fn isolation(call: &Call, sandbox: &Sandbox) -> Result<Isolation> {
    let system = call.fetch::<System>(&sandbox.system).await?;
    let isolation = system.risk_class.isolation();
    if isolation.runtime().is_none() {
        return Ok(isolation);
    }
    let info = call.platform.engine.get().await?.info().await?;
    let Some(fault) = info.fault(isolation) else {
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

fn within_limits(platform: &Platform, job: &Job) -> Result<()> {
    let seconds = job.limits.wall_clock.as_secs();
    let longest = platform.config.raw.jobs.max_wall_clock_seconds;
    let longest = job
        .conditions
        .max_job_seconds
        .map_or(longest, |granted| granted.min(longest));
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
    if bytes <= most {
        return Ok(());
    }
    Err(Error::precondition(
        "STAGING_TOO_SMALL",
        format!(
            "job.versions have {bytes} bytes together; this server stages at most {most} (jobs.staging_bytes)"
        ),
    ))
}

/// Asks the sandbox crate whether the job could be run as it stands.
async fn valid(platform: &Platform, job: &Job) -> Result<()> {
    let inputs = inputs(platform, job).await?;
    raw_job(platform, job, inputs)
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
    }
}
