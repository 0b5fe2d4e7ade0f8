//! Trials.

use sandyq_proto::v1;
use sandyq_store::Stored;

use super::sandbox::limits_message;
use super::{count, duration_millis, timestamp};
use crate::records::trial::{Trial, TrialState, TrialUsage};

fn usage(usage: &TrialUsage) -> v1::TrialUsage {
    v1::TrialUsage {
        requests: count(usage.requests),
        failures: count(usage.failures),
        request_bytes: count(usage.request_bytes),
        answer_bytes: count(usage.answer_bytes),
        answer_duration: Some(duration_millis(usage.answer_millis)),
    }
}

/// A trial.
pub fn trial(stored: &Stored<Trial>) -> v1::Trial {
    let small = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    v1::Trial {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        image: stored.image.clone(),
        command: stored.command.clone(),
        environment: stored.environment.clone().into_iter().collect(),
        outputs: stored.outputs.clone(),
        versions: stored.versions.clone(),
        purpose: stored.purpose.clone(),
        limits: Some(limits_message(&stored.limits)),
        port: stored.port.into(),
        health_check: Some(v1::HealthCheck {
            path: stored.health_check.path.clone(),
            interval_duration: Some(duration_millis(stored.health_check.interval_millis)),
            grace_duration: Some(duration_millis(stored.health_check.grace_millis)),
            failures: small(stored.health_check.failures),
        }),
        max_restarts: small(stored.max_restarts),
        state: match stored.state {
            TrialState::Starting => v1::trial::State::Starting,
            TrialState::Serving => v1::trial::State::Serving,
            TrialState::Restarting => v1::trial::State::Restarting,
            TrialState::Stopped => v1::trial::State::Stopped,
            TrialState::Revoked => v1::trial::State::Revoked,
            TrialState::Expired => v1::trial::State::Expired,
            TrialState::Failed => v1::trial::State::Failed,
        }
        .into(),
        state_message: stored.message.clone(),
        job: stored.job.clone(),
        restarts: small(stored.restarts),
        expire_time: Some(timestamp(stored.expire_time)),
        create_time: Some(timestamp(stored.create_time)),
        end_time: stored.end_time.map(timestamp),
        usage: Some(usage(&stored.usage)),
        users: stored
            .users
            .iter()
            .map(|(user, sums)| v1::TrialUserUsage {
                user: user.clone(),
                usage: Some(usage(sums)),
            })
            .collect(),
    }
}
