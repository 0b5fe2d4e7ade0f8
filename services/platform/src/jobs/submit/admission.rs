//! What speaks for and against a job: its sandbox, system, image, grants and limits.

use std::collections::BTreeMap;
use std::time::Duration;

use sandyq_access::Purpose;
use sandyq_proto::v1;
use sandyq_sandbox::queue::PRIORITIES;
use sandyq_sandbox::{Isolation, Limits};
use sandyq_store::Change;
use serde_json::json;

use crate::call::Call;
use crate::error::{Error, Result};
use crate::governance::law;
use crate::governed::Governed;
use crate::platform::Platform;
use crate::records::access::{Conditions, Grant};
use crate::records::job::Job;
use crate::records::library::Version;
use crate::records::sandbox::{Sandbox, SandboxState};
use crate::records::system::{Image, ImageState, System};
use crate::usage;

const MOST_VERSIONS: usize = 50;

/// What a trial answers leaves without anybody's review, so every grant must open it.
pub(super) async fn open_to_trials(
    platform: &Platform,
    grants: &BTreeMap<String, String>,
) -> Result<()> {
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
pub(super) fn within_term(
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

pub(super) fn open(call: &Call, sandbox: &Sandbox) -> Result<()> {
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
pub(super) async fn system_in_force(call: &Call, sandbox: &Sandbox) -> Result<()> {
    let system = call.fetch::<System>(&sandbox.system).await?;
    let rules = &call.platform.config.raw.governance;
    crate::governance::systems::takes_jobs(&system, call.now, rules)
}

/// The risk class selects the isolation (law "On artificial intelligence", article 18); one that the host cannot give
/// is a refusal.
pub(super) async fn isolation(call: &Call, sandbox: &Sandbox, serves: bool) -> Result<Isolation> {
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

pub(super) async fn approved(call: &Call, image: &str) -> Result<()> {
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
pub(super) async fn grants(call: &Call, sandbox: &Sandbox, wanted: &v1::Job) -> Result<Granted> {
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
pub(super) fn longest(platform: &Platform, conditions: &Conditions) -> Duration {
    let server = platform.config.raw.jobs.max_wall_clock_seconds;
    let granted = conditions.max_job_seconds.unwrap_or(server);
    Duration::from_secs(granted.min(server))
}

pub(super) fn within_limits(platform: &Platform, job: &Job) -> Result<()> {
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

pub(super) fn priority(asked: i32) -> Result<i32> {
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
