//! The life of a sandbox: asked for, approved with its key, destroyed without it.

use ring::rand::{SecureRandom, SystemRandom};
use sandyq_access::Resource;
use sandyq_proto::v1;
use sandyq_store::Change;
use serde_json::json;
use time::Duration;
use zeroize::Zeroizing;

use crate::call::{Call, required_reason};
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::jobs::{self, destruction, stop};
use crate::records::sandbox::{Budget, Exits, Sandbox, SandboxEvent, SandboxState, ShreddedKey};
use crate::records::secret::Secret;
use crate::records::system::{System, SystemState};
use crate::services::{Services, client_id, required, text};

impl Services {
    pub(super) async fn new_sandbox(
        &self,
        mut call: Call,
        message: v1::CreateSandboxRequest,
    ) -> Result<v1::CreateSandboxResponse> {
        call.authorize(Resource::platform()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        let wanted = required("sandbox", message.sandbox)?;
        let system = call.fetch::<System>(&wanted.system).await?;
        if system.organization != call.principal.organization {
            return Err(Error::not_found(&wanted.system));
        }
        if system.state != SystemState::Registered {
            return Err(Error::precondition(
                "SYSTEM_NOT_REGISTERED",
                format!(
                    "{} is {}; a sandbox needs a REGISTERED system",
                    system.name,
                    system.state.as_str()
                ),
            ));
        }
        let expire_time =
            convert::future_time("sandbox.expire_time", wanted.expire_time.as_ref(), call.now)?;
        let longest = self.0.config.raw.jobs.max_sandbox_days;
        if expire_time > call.now + Duration::days(longest) {
            return Err(Error::invalid(
                "sandbox.expire_time",
                format!("must be within {longest} days"),
            ));
        }
        let sandbox = Sandbox {
            name: format!(
                "sandboxes/{}",
                client_id("sandbox_id", &message.sandbox_id)?
            ),
            display_name: text("sandbox.display_name", &wanted.display_name, true, 200)?,
            system: system.name.clone(),
            organization: call.principal.organization.clone(),
            stage: convert::stage("sandbox.stage", wanted.stage())?,
            expire_time,
            budget: convert::budget(
                "sandbox.budget",
                &required("sandbox.budget", wanted.budget)?,
            )?,
            used: Budget::default(),
            requester: call.principal.user.clone(),
            state: SandboxState::Requested,
            decision_reason: String::new(),
            viewers: Vec::new(),
            jobs: 0,
            exits: Exits::default(),
            shredded: Vec::new(),
            destruction: None,
            certificate: String::new(),
        };
        let event = call.event(
            &sandbox.name,
            [
                ("system", json!(sandbox.system)),
                ("stage", json!(sandbox.stage)),
            ],
        );
        let change = Change::new(event).insert(&sandbox)?;
        let answer = v1::CreateSandboxResponse {
            sandbox: Some(jobs::exits::shown(&self.0, &call.inserted(sandbox))),
        };
        call.commit(change, answer).await
    }

    pub(super) async fn approve_sandbox_request(
        &self,
        mut call: Call,
        message: v1::ApproveSandboxRequest,
    ) -> Result<v1::ApproveSandboxResponse> {
        let mut sandbox = call.fetch::<Sandbox>(&message.name).await?;
        call.authorize(sandbox.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        sandbox.state = sandbox.state.after(SandboxEvent::Approve)?;
        if sandbox.expire_time <= call.now {
            return Err(Error::precondition(
                "TERM_PASSED",
                "the term that was asked for has passed",
            ));
        }
        if let Some(earlier) = &message.expire_time {
            let time = convert::future_time("expire_time", Some(earlier), call.now)?;
            if time > sandbox.expire_time {
                return Err(Error::invalid(
                    "expire_time",
                    "may be earlier than asked for, not later",
                ));
            }
            sandbox.expire_time = time;
        }
        if let Some(budget) = &message.budget {
            sandbox.budget = convert::budget("budget", budget)?;
        }
        sandbox.decision_reason = text("reason", &message.reason, false, 2000)?;
        let name = jobs::sandbox_secret(&sandbox.name);
        let mut key = Zeroizing::new([0_u8; 32]);
        SystemRandom::new().fill(key.as_mut()).map_err(|_| {
            Error::new(
                Class::Internal,
                "INTERNAL",
                "the system gives no random numbers",
            )
        })?;
        let sealed = self
            .0
            .keyring
            .seal(&name, key.as_ref())
            .map_err(|error| Error::internal("seal the sandbox's key", error))?;
        let secret = Secret {
            name,
            sealed,
            public: String::new(),
        };
        let event = call.event(
            &sandbox.name,
            [
                ("expire_time", json!(sandbox.expire_time.unix_timestamp())),
                ("budget", json!(sandbox.budget)),
            ],
        );
        let change = Change::new(event).update(&sandbox)?.insert(&secret)?;
        let answer = v1::ApproveSandboxResponse {
            sandbox: Some(jobs::exits::shown(&self.0, &sandbox)),
        };
        call.commit(change, answer).await
    }

    pub(super) async fn destroy(
        &self,
        mut call: Call,
        message: v1::DestroySandboxRequest,
    ) -> Result<v1::DestroySandboxResponse> {
        let mut sandbox = call.fetch::<Sandbox>(&message.name).await?;
        call.authorize(sandbox.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        required_reason(&message.reason)?;
        sandbox.state = sandbox.state.after(SandboxEvent::Destroy)?;
        sandbox.decision_reason.clone_from(&message.reason);
        let by = &call.principal.user;
        sandbox.destruction = Some(destruction::begun(by, &message.reason, call.now));
        let event = call.event(
            &sandbox.name,
            [
                ("reason", json!(message.reason)),
                ("keys", json!("shredded")),
            ],
        );
        let secret = self
            .0
            .store
            .get::<Secret>(&jobs::sandbox_secret(&sandbox.name))
            .await?;
        if let Some(secret) = &secret {
            sandbox.shredded.push(ShreddedKey::of(secret, call.now));
        }
        let mut change = Change::new(event).update(&sandbox)?;
        if let Some(secret) = secret {
            change = change.delete(&secret);
        }
        let answer = v1::DestroySandboxResponse {
            sandbox: Some(jobs::exits::shown(&self.0, &sandbox)),
        };
        let answer = call.commit(change, answer).await?;
        stop::sandbox_ended(&self.0, &sandbox.name, "its sandbox was destroyed").await?;
        // Where no job had to be ended; otherwise it is made once the last one has.
        if let Err(error) = destruction::certify(&self.0, &sandbox.name).await {
            tracing::error!("{} is not certified yet: {}", sandbox.name, error.chain());
        }
        Ok(answer)
    }
}
