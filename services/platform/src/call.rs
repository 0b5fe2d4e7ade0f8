//! One call: who makes it, whether they may, and the one change it commits.

use std::future::Future;
use std::sync::Arc;

use futures::future::BoxFuture;
use prost::Message;
use ring::digest::{SHA256, digest};
use sandyq_access::{Decision, Principal, Question, Resource, ResourceKind};
use sandyq_audit::Decision as Logged;
use sandyq_store::{Change, Event, Found, Kind, Reads, Record, RequestKey, StoreError, Stored};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use tokio::sync::broadcast::error::RecvError;
use tonic::{Extensions, Request};

use crate::error::{Class, Error, Result};
use crate::pki::certificate_name;
use crate::platform::Platform;
use crate::records::identity::{Certificate, Organization, User, UserState};

/// What lies behind a certificate.
const BEHIND: [Kind; 3] = [Certificate::KIND, User::KIND, Organization::KIND];

/// Longest `request_id`.
const LONGEST_REQUEST_ID: usize = 64;

/// Times that a request is begun anew before it is refused for what others change at the same time.
const ATTEMPTS: usize = 16;

/// One try of a request.
pub type Attempt<'a, R> = BoxFuture<'a, Result<R>>;

/// A call by an authenticated user.
pub struct Call {
    /// Everything the platform has.
    pub platform: Arc<Platform>,
    /// The caller.
    pub principal: Principal,
    /// `Service.Method`.
    pub action: &'static str,
    /// The time of the call.
    pub now: OffsetDateTime,
    certificate: String,
    reasons: Vec<String>,
    request: Option<RequestKey>,
}

/// The DER form of the certificate that the peer showed.
fn shown(extensions: &Extensions) -> Option<Vec<u8>> {
    type Info = tonic::transport::server::TlsConnectInfo<tonic::transport::server::TcpConnectInfo>;
    let certificates = extensions.get::<Info>()?.peer_certs()?;
    certificates.first().map(|der| der.to_vec())
}

/// What a caller without a certificate is told.
pub fn certificate_required() -> Error {
    Error::new(
        Class::Unauthenticated,
        "CERTIFICATE_REQUIRED",
        "this call needs a client certificate; enrol with an invitation first",
    )
}

impl Platform {
    /// Who is behind a certificate, as the database says now.
    async fn principal(&self, certificate: &str) -> Result<Principal> {
        let mut reads = Reads::default();
        let behind = reads.lineage(BEHIND, certificate);
        self.principal_in(&self.store.read(reads).await?, behind)
    }

    /// Who is behind a certificate, as was just read.
    fn principal_in(&self, found: &Found, behind: [usize; 3]) -> Result<Principal> {
        let unknown = || {
            Error::new(
                Class::Unauthenticated,
                "CERTIFICATE_NOT_ACCEPTED",
                "the certificate is unknown, expired or revoked; ask for a new invitation",
            )
        };
        let [certificate, user, organization] = behind;
        let certificate: Stored<Certificate> = found.first(certificate)?.ok_or_else(unknown)?;
        if certificate.expire_time <= self.now() {
            return Err(unknown());
        }
        let user: Stored<User> = found.first(user)?.ok_or_else(unknown)?;
        if user.state != UserState::Active {
            return Err(unknown());
        }
        let organization: Stored<Organization> = found.first(organization)?.ok_or_else(unknown)?;
        Ok(Principal {
            user: user.record.name,
            organization: user.record.organization,
            kind: organization.kind,
            roles: user.record.roles,
        })
    }

    /// Begins a call: finds out who makes it.
    ///
    /// # Errors
    /// The caller shows no certificate that the platform accepts.
    pub async fn enter<T>(
        self: &Arc<Self>,
        action: &'static str,
        request: &Request<T>,
    ) -> Result<Call> {
        self.enter_with(action, request.extensions()).await
    }

    /// As [`Platform::enter`], for code that has only the extensions.
    ///
    /// # Errors
    /// The caller shows no certificate that the platform accepts.
    pub async fn enter_with(
        self: &Arc<Self>,
        action: &'static str,
        extensions: &Extensions,
    ) -> Result<Call> {
        Ok(self
            .enter_reading(action, extensions, Reads::default())
            .await?
            .0)
    }

    /// As [`Platform::enter_with`], and reads what the call will need in the same query.
    ///
    /// # Errors
    /// The caller shows no certificate that the platform accepts.
    pub async fn enter_reading(
        self: &Arc<Self>,
        action: &'static str,
        extensions: &Extensions,
        reads: Reads,
    ) -> Result<(Call, Found)> {
        let der = shown(extensions).ok_or_else(certificate_required)?;
        self.enter_by(action, &der, reads).await
    }

    /// As [`Platform::enter_reading`], for a connection whose certificate was shown in another way.
    ///
    /// # Errors
    /// The platform does not accept the certificate.
    pub async fn enter_by(
        self: &Arc<Self>,
        action: &'static str,
        der: &[u8],
        mut reads: Reads,
    ) -> Result<(Call, Found)> {
        let certificate = certificate_name(der);
        let behind = reads.lineage(BEHIND, &certificate);
        let found = self.store.read(reads).await?;
        let call = Call {
            principal: self.principal_in(&found, behind)?,
            platform: Arc::clone(self),
            action,
            now: self.now(),
            certificate,
            reasons: Vec::new(),
            request: None,
        };
        Ok((call, found))
    }
}

impl Call {
    /// The name of the certificate's record.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    fn decide(&self, action: &str, resource: Resource) -> Decision {
        self.platform.policies.decide(&Question {
            principal: self.principal.clone(),
            action,
            resource,
        })
    }

    /// Asks the policies whether the caller may do this to the resource. A denial is logged; it says that the resource
    /// exists only to those who may see it.
    ///
    /// # Errors
    /// Denied.
    pub async fn authorize(&mut self, resource: Resource) -> Result<()> {
        let question = Question {
            principal: self.principal.clone(),
            action: self.action,
            resource,
        };
        let decision = self.platform.policies.decide(&question);
        let decisions = &self.platform.decisions;
        if decision.allowed {
            decisions.call(self.now, question, true);
            self.reasons = decision.reasons;
            return Ok(());
        }
        let resource = question.resource.clone();
        decisions.call(self.now, question, false);
        let event = Event {
            decision: Logged::Deny,
            reasons: [decision.reasons.clone(), decision.errors].concat(),
            ..self.event(&resource.name, [])
        };
        self.platform.commit(Change::new(event)).await?;
        let visible = match resource.kind {
            ResourceKind::Platform | ResourceKind::AuditLog => true,
            kind => {
                let get = get_action(kind);
                self.decide(get, resource.clone()).allowed
            }
        };
        if visible {
            Err(Error::new(
                Class::Denied,
                "PERMISSION_DENIED",
                format!("you may not do this: {}", decision.reasons.join("; ")),
            ))
        } else {
            Err(Error::not_found(&resource.name))
        }
    }

    /// Asks again, for long calls: the user may have been revoked since.
    ///
    /// # Errors
    /// Denied, or no longer authenticated.
    pub async fn authorize_again(&mut self, resource: Resource) -> Result<()> {
        self.principal = self.platform.principal(&self.certificate).await?;
        self.authorize(resource).await
    }

    /// Resolves when the caller is admitted no longer, so that a revocation ends long calls at once.
    pub fn dismissed(&self) -> impl Future<Output = Error> + Send + use<> {
        let platform = Arc::clone(&self.platform);
        let (certificate, user) = (self.certificate.clone(), self.principal.user.clone());
        let mut changes = platform.changes();
        async move {
            loop {
                if let Err(error) = platform.principal(&certificate).await {
                    return error;
                }
                loop {
                    match changes.recv().await {
                        Ok(changed) if *changed != *user => {}
                        Ok(_) | Err(RecvError::Lagged(_)) => break,
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            }
        }
    }

    /// True when the policies would allow another action; nothing is logged.
    pub fn may(&self, action: &str, resource: Resource) -> bool {
        self.decide(action, resource).allowed
    }

    /// Reads a record.
    ///
    /// # Errors
    /// There is none, in words that a denial has too.
    pub async fn fetch<R: Record>(&self, name: &str) -> Result<Stored<R>> {
        self.platform
            .store
            .get(name)
            .await?
            .ok_or_else(|| Error::not_found(name))
    }

    /// The audit entry of this call, allowed.
    pub fn event<const N: usize>(&self, resource: &str, detail: [(&str, Value); N]) -> Event {
        Event {
            actor: self.principal.user.clone(),
            organization: self.principal.organization.clone(),
            action: self.action.to_owned(),
            resource: resource.to_owned(),
            decision: Logged::Allow,
            reasons: self.reasons.clone(),
            detail: details(detail),
        }
    }

    /// The answer given before to the same `request_id`, if any; otherwise remembers the id for [`Call::commit`].
    ///
    /// # Errors
    /// The id is malformed, or was used for another request.
    pub async fn replayed<M: Message, R: Message + Default>(
        &mut self,
        message: &M,
        request_id: &str,
    ) -> Result<Option<R>> {
        if request_id.is_empty() {
            return Ok(None);
        }
        if request_id.len() > LONGEST_REQUEST_ID
            || !request_id.bytes().all(|b| b.is_ascii_graphic())
        {
            return Err(Error::invalid(
                "request_id",
                "must be a UUID or 1-64 printable ASCII characters",
            ));
        }
        let key = RequestKey {
            principal: self.principal.user.clone(),
            request_id: request_id.to_owned(),
            method: self.action.to_owned(),
            fingerprint: hex::encode(digest(&SHA256, &message.encode_to_vec())),
        };
        let answer = self.saved(&key).await?;
        self.request = Some(key);
        Ok(answer)
    }

    /// Carries a request out, once. Where others change the same at the same time, it is begun anew. Errors are about `parent` when
    /// nothing else is known.
    ///
    /// # Errors
    /// Those of [`Self::replayed`] and of the attempt.
    pub async fn carry_out<M: Message, R: Message + Default>(
        &mut self,
        (parent, request_id): (&str, &str),
        message: &M,
        attempt: for<'a> fn(&'a Call, &'a M) -> Attempt<'a, R>,
    ) -> Result<R> {
        let mut last = None;
        for _ in 0..ATTEMPTS {
            if let Some(done) = self.replayed(message, request_id).await? {
                return Ok(done);
            }
            match attempt(self, message).await {
                Err(error) if error.class == Class::Aborted => last = Some(error),
                outcome => return outcome,
            }
        }
        Err(last.unwrap_or_else(|| Error::not_found(parent)))
    }

    async fn saved<R: Message + Default>(&self, key: &RequestKey) -> Result<Option<R>> {
        let found = self
            .platform
            .store
            .find_request(&key.principal, &key.request_id)
            .await?;
        let Some(saved) = found else { return Ok(None) };
        if saved.method != key.method || saved.fingerprint != key.fingerprint {
            return Err(Error::invalid(
                "request_id",
                "was used for another request; choose a fresh one",
            ));
        }
        if saved.response.is_empty() {
            return Err(Error::new(
                Class::Exists,
                "ANSWERED_ONCE",
                "this request was carried out before, and its answer is shown only once",
            ));
        }
        let answer = R::decode(saved.response.as_slice())
            .map_err(|error| Error::internal("read back an earlier answer", error))?;
        Ok(Some(answer))
    }

    /// Commits the change together with the answer, so that a repeated request gets the same one.
    ///
    /// # Errors
    /// The store's.
    pub async fn commit<R: Message + Default>(&self, change: Change, answer: R) -> Result<R> {
        let Some(key) = &self.request else {
            self.platform.commit(change).await?;
            return Ok(answer);
        };
        let change = change.request(key.clone(), answer.encode_to_vec());
        match self.platform.commit(change).await {
            Ok(()) => Ok(answer),
            // The same request may have been carried out between the look at its id and the commit.
            Err(error) if overtaken(&error) => self.saved(key).await?.ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// Commits a change whose answer holds a secret: the request id is remembered without the answer, so that a repeated
    /// request changes nothing and is told that the first answer cannot be given again.
    ///
    /// # Errors
    /// The store's, or the request was carried out before.
    pub async fn commit_secret<R>(&self, change: Change, answer: R) -> Result<R> {
        let change = match &self.request {
            Some(key) => change.request(key.clone(), Vec::new()),
            None => change,
        };
        match (self.platform.commit(change).await, &self.request) {
            (Ok(()), _) => Ok(answer),
            (Err(error), Some(key)) if overtaken(&error) => {
                self.saved::<()>(key).await?;
                Err(error)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The record as it will be once inserted by this call.
    pub fn inserted<R>(&self, record: R) -> Stored<R> {
        Stored {
            record,
            revision: 1,
            create_time: self.now,
            update_time: self.now,
        }
    }
}

/// True when another change came first, which may have been that of the same request.
fn overtaken(error: &Error) -> bool {
    let cause = error.source.as_ref().and_then(|s| s.downcast_ref());
    matches!(
        cause,
        Some(
            StoreError::RequestReplayed { .. }
                | StoreError::Exists { .. }
                | StoreError::Conflict { .. }
        )
    )
}

fn get_action(kind: ResourceKind) -> &'static str {
    match kind {
        ResourceKind::Organization => "IdentityService.GetOrganization",
        ResourceKind::User => "IdentityService.GetUser",
        ResourceKind::Library => "LibraryService.GetLibrary",
        ResourceKind::Version => "LibraryService.GetVersion",
        ResourceKind::Run => "DepersonalizationService.GetRun",
        ResourceKind::Grant => "AccessService.GetGrant",
        ResourceKind::System => "SystemService.GetSystem",
        ResourceKind::Sandbox => "SandboxService.GetSandbox",
        ResourceKind::Job => "SandboxService.GetJob",
        ResourceKind::Trial => "TrialService.GetTrial",
        ResourceKind::Image => "ImageService.GetImage",
        ResourceKind::Output => "AirlockService.GetOutput",
        ResourceKind::SubjectRequest => "SubjectService.GetSubjectRequest",
        ResourceKind::Incident => "IncidentService.GetIncident",
        ResourceKind::Platform | ResourceKind::AuditLog => "",
    }
}

/// A detail map from pairs.
pub fn details<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// An event of the platform itself.
pub fn system_event<const N: usize>(
    action: &str,
    resource: &str,
    organization: &str,
    detail: [(&str, Value); N],
) -> Event {
    Event {
        actor: "system".to_owned(),
        organization: organization.to_owned(),
        action: format!("system.{action}"),
        resource: resource.to_owned(),
        decision: Logged::System,
        reasons: Vec::new(),
        detail: details(detail),
    }
}

/// The etag that a client sent must be the present one, when it sent one.
///
/// # Errors
/// It is another.
pub fn check_etag<R>(stored: &Stored<R>, etag: &str) -> Result<()> {
    if etag.is_empty() || etag == stored.etag() {
        return Ok(());
    }
    Err(Error::new(
        Class::Aborted,
        "ETAG_MISMATCH",
        "it was changed since you read it; read it again and repeat the change",
    ))
}

/// A reason that a decision needs.
///
/// # Errors
/// It is empty or too long.
pub fn required_reason(reason: &str) -> Result<()> {
    if reason.trim().is_empty() {
        let why = "say why; it is kept in the audit log";
        return Err(Error::invalid("reason", why));
    }
    crate::services::optional_text("reason", reason, 2000).map(drop)
}
