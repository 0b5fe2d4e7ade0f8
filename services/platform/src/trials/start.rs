//! Starting a trial: everything that can be known before a container exists is checked here, and refused here.

use std::collections::BTreeMap;
use std::time::Duration;

use sandyq_proto::v1;
use sandyq_store::Stored;
use serde_json::json;

use super::{exchange::Asked, supervise};
use crate::call::Call;
use crate::convert;
use crate::error::{Error, Result};
use crate::governance::law;
use crate::governed::Governed;
use crate::jobs::submit;
use crate::names;
use crate::records::airlock::{Output, OutputState};
use crate::records::job::{Job, Serving};
use crate::records::sandbox::{Sandbox, Stage};
use crate::records::trial::{HealthCheck, Trial, TrialState, TrialUsage};

const MOST_OUTPUTS: usize = 50;
const MOST_RESTARTS: u32 = 100;
const MOST_FAILURES: u32 = 100;
const DEFAULT_PORT: u16 = 8080;

/// Starts a trial.
///
/// # Errors
/// Anything that speaks against it, with field and reason.
pub async fn create(
    mut call: Call,
    message: v1::CreateTrialRequest,
) -> Result<v1::CreateTrialResponse> {
    let sandbox = call.fetch::<Sandbox>(&message.parent).await?;
    call.authorize(sandbox.resource()).await?;
    let about = (message.parent.as_str(), message.request_id.as_str());
    call.carry_out(about, &message, |call, message| {
        Box::pin(async move { attempt(call, message).await.map_err(of_trial) })
    })
    .await
}

async fn attempt(call: &Call, message: &v1::CreateTrialRequest) -> Result<v1::CreateTrialResponse> {
    let sandbox = call.fetch::<Sandbox>(&message.parent).await?;
    let wanted = message
        .trial
        .clone()
        .ok_or_else(|| Error::invalid("trial", "is required"))?;
    may_answer(&sandbox)?;
    if !names::is_client_id(&message.trial_id) {
        let text = "must be 1-63 of a-z, 0-9 and dash, beginning with a letter";
        return Err(Error::invalid("trial_id", text));
    }
    let name = format!("{}/trials/{}", sandbox.name, message.trial_id);
    let port = match wanted.port {
        0 => DEFAULT_PORT,
        port => u16::try_from(port)
            .map_err(|_| Error::invalid("trial.port", "must be 1024 to 65535"))?,
    };
    let serving = Serving {
        trial: name.clone(),
        port,
        outputs: released(call, &sandbox, &wanted.outputs).await?,
    };
    let health_check = health_check(wanted.health_check.as_ref())?;
    let max_restarts = u32::try_from(wanted.max_restarts).unwrap_or(u32::MAX);
    if max_restarts > MOST_RESTARTS {
        let text = format!("must be 0 to {MOST_RESTARTS}");
        return Err(Error::invalid("trial.max_restarts", text));
    }
    let job = v1::Job {
        display_name: wanted.display_name,
        image: wanted.image,
        command: wanted.command,
        environment: wanted.environment,
        versions: wanted.versions,
        purpose: wanted.purpose,
        limits: wanted.limits,
        ..v1::Job::default()
    };
    let system = sandbox.system.clone();
    let (job, change) = submit::prepare(call, sandbox, &job, submit::Kind::Trial(serving)).await?;
    let trial = Trial {
        name,
        sandbox: job.sandbox.clone(),
        system,
        organization: job.organization.clone(),
        display_name: job.display_name.clone(),
        requester: job.requester.clone(),
        image: job.image.clone(),
        command: job.command.clone(),
        environment: job.environment.clone(),
        outputs: wanted.outputs,
        versions: job.grants.keys().cloned().collect(),
        purpose: job.purpose.clone(),
        limits: job.limits,
        port,
        health_check,
        max_restarts,
        state: TrialState::Starting,
        message: "waits for its container".to_owned(),
        job: job.name.clone(),
        unwell_job: String::new(),
        restarts: 0,
        expire_time: call.now + job.limits.wall_clock,
        end_time: None,
        usage: TrialUsage::default(),
        users: BTreeMap::new(),
    };
    let event = call.event(
        &trial.name,
        [
            ("job", json!(trial.job)),
            ("image", json!(trial.image)),
            ("outputs", json!(trial.outputs)),
            ("versions", json!(trial.versions)),
            ("purpose", json!(trial.purpose)),
            ("expire_time", json!(trial.expire_time.unix_timestamp())),
        ],
    );
    let change = change.also(event).insert(&trial)?;
    let name = trial.name.clone();
    let answer = v1::CreateTrialResponse {
        trial: Some(convert::trial(&call.inserted(trial))),
    };
    let answer = call.commit(change, answer).await?;
    call.platform.wake.notify_one();
    supervise::start(&call.platform, name);
    Ok(answer)
}

/// Whether a sandbox may have trials at all.
fn may_answer(sandbox: &Sandbox) -> Result<()> {
    if sandbox.stage != Stage::TrialOperation {
        let text = format!(
            "{} is of the stage {}; trials run in a sandbox of the stage TRIAL_OPERATION",
            sandbox.name,
            sandbox.stage.as_str()
        );
        return Err(Error::precondition("STAGE_NOT_TRIAL", text).citing(law::AI_20));
    }
    if sandbox.budget.answer_bytes == 0 {
        let text = format!(
            "the budget of {} has no answer_bytes, so that no trial may answer; ask for a sandbox with some",
            sandbox.name
        );
        return Err(Error::precondition("NO_ANSWER_BUDGET", text));
    }
    Ok(())
}

/// The outputs that a trial serves: released, and of the same AI system. Each with what was released of it.
async fn released(
    call: &Call,
    sandbox: &Sandbox,
    wanted: &[String],
) -> Result<BTreeMap<String, String>> {
    if wanted.len() > MOST_OUTPUTS {
        let text = format!("name at most {MOST_OUTPUTS}");
        return Err(Error::invalid("trial.outputs", text));
    }
    let mut outputs = BTreeMap::new();
    for name in wanted {
        let output = call.fetch::<Output>(name).await?;
        if !call.may("AirlockService.GetOutput", output.resource()) {
            return Err(Error::not_found(name));
        }
        if output.state != OutputState::Released {
            let text = format!(
                "{name} is {}; a trial serves what the airlock has released",
                output.state.as_str()
            );
            return Err(Error::precondition("OUTPUT_NOT_RELEASED", text).citing(law::AI_20));
        }
        let made_by = call.fetch::<Job>(&output.job).await?;
        let made_in: Stored<Sandbox> = call.fetch(&made_by.sandbox).await?;
        if made_in.system != sandbox.system {
            let text = format!(
                "{name} was made for {}, not {}",
                made_in.system, sandbox.system
            );
            return Err(Error::precondition("OUTPUT_OF_ANOTHER_SYSTEM", text).citing(law::AI_20));
        }
        outputs.insert(name.clone(), output.manifest_sha256.clone());
    }
    Ok(outputs)
}

fn health_check(wanted: Option<&v1::HealthCheck>) -> Result<HealthCheck> {
    let wanted = wanted.cloned().unwrap_or_default();
    let path = match wanted.path.as_str() {
        "" => "/",
        path => path,
    };
    Asked::get(path).map_err(|error| Error::invalid("trial.health_check.path", error.message))?;
    let span =
        |field: &str, value: Option<&prost_types::Duration>, usual: u64, most: u64, least| {
            let field = format!("trial.health_check.{field}");
            let millis = value.map_or(Ok(usual), |value| convert::millis(&field, value))?;
            if (least..=most).contains(&millis) {
                return Ok(millis);
            }
            let seconds = |millis| Duration::from_millis(millis).as_secs();
            let text = format!("must be {} to {} s", seconds(least), seconds(most));
            Err(Error::invalid(field, text))
        };
    let interval = wanted.interval_duration.as_ref();
    let grace = wanted.grace_duration.as_ref();
    let failures = match wanted.failures {
        0 => 3,
        failures => u32::try_from(failures).unwrap_or(u32::MAX),
    };
    if failures > MOST_FAILURES {
        let text = format!("must be 1 to {MOST_FAILURES}");
        return Err(Error::invalid("trial.health_check.failures", text));
    }
    Ok(HealthCheck {
        path: path.to_owned(),
        interval_millis: span("interval_duration", interval, 10_000, 300_000, 1000)?,
        grace_millis: span("grace_duration", grace, 60_000, 3_600_000, 0)?,
        failures,
    })
}

/// What is said of the job's fields is said of the trial's.
fn of_trial(error: Error) -> Error {
    if !error.violations.iter().any(|v| v.field.starts_with("job.")) {
        return error;
    }
    let mut violations = error.violations;
    for violation in &mut violations {
        if let Some(rest) = violation.field.strip_prefix("job.") {
            let rest = rest.strip_prefix("serve.").unwrap_or(rest);
            violation.field = format!("trial.{rest}");
        }
    }
    Error::invalid_fields(violations)
}
