//! Organizations, users, invitations and certificates.

use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use sandyq_access::{OrganizationKind, Resource, Role};
use sandyq_proto::v1;
use sandyq_proto::v1::identity_service_server::IdentityService;
use sandyq_store::{Change, Event, Filter};
use serde_json::json;
use time::Duration;
use tonic::{Request, Response, Status};

use super::{Services, client_id, required, text};
use crate::call::{Call, details, required_reason};
use crate::convert;
use crate::error::{Class, Error, Result};
use crate::governed::Governed;
use crate::names;
use crate::pki::{PkiError, Signed};
use crate::records::identity::{Certificate, Invitation, Organization, User, UserEvent, UserState};

const DEFAULT_TTL_MILLIS: u64 = 24 * 3600 * 1000;
const LONGEST_TTL_MILLIS: u64 = 30 * DEFAULT_TTL_MILLIS;
const LONGEST_CSR: usize = 16 * 1024;

/// The record name of an invitation: the token itself is never kept.
pub fn invitation_name(token: &str) -> String {
    format!(
        "invitations/{}",
        hex::encode(digest(&SHA256, token.as_bytes()))
    )
}

/// A fresh one-time token of 256 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn fresh_token() -> Result<String> {
    let mut bytes = [0_u8; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| {
        Error::new(
            Class::Internal,
            "INTERNAL",
            "the system gives no random numbers",
        )
    })?;
    Ok(format!("sandyq-{}", hex::encode(bytes)))
}

fn sign(call_user: &str, csr_pem: &str, services: &Services) -> Result<Signed> {
    if csr_pem.len() > LONGEST_CSR {
        return Err(Error::invalid("csr_pem", "must be at most 16 KiB"));
    }
    let now = services.0.now();
    services
        .0
        .authority
        .sign_user(csr_pem, call_user, now)
        .map_err(|error| match error {
            PkiError::Request(_) => Error::invalid("csr_pem", error.to_string()),
            _ => Error::internal("sign a certificate", error),
        })
}

fn certificate_record(signed: &Signed, user: &str) -> Certificate {
    Certificate {
        name: signed.name.clone(),
        user: user.to_owned(),
        expire_time: signed.expire_time,
    }
}

fn roles(kind: OrganizationKind, message: &v1::CreateInvitationRequest) -> Result<Vec<Role>> {
    let mut out = Vec::new();
    for (index, role) in message.roles().enumerate() {
        let field = format!("roles[{index}]");
        let role = convert::role(role).ok_or_else(|| Error::invalid(&field, "is not a role"))?;
        if !role.fits(kind) {
            return Err(Error::invalid(
                field,
                format!(
                    "{} is not a role of an organization of kind {}",
                    role.as_str(),
                    kind.as_str()
                ),
            ));
        }
        if !out.contains(&role) {
            out.push(role);
        }
    }
    if out.is_empty() {
        return Err(Error::invalid("roles", "name at least one"));
    }
    Ok(out)
}

impl Services {
    async fn enroll_user(&self, message: v1::EnrollRequest) -> Result<v1::EnrollResponse> {
        let platform = &self.0;
        let refused = || {
            Error::new(
                Class::Denied,
                "INVITATION_NOT_ACCEPTED",
                "the invitation is unknown, used or expired; ask for a new one",
            )
        };
        let now = platform.now();
        let invitation = platform
            .store
            .get::<Invitation>(&invitation_name(&message.token))
            .await?
            .filter(|invitation| invitation.expire_time > now)
            .ok_or_else(refused)?;
        let mut user = platform
            .record::<User>(&invitation.user)
            .await
            .map_err(|_| refused())?;
        user.state = user.state.after(UserEvent::Enroll).map_err(|_| refused())?;
        let signed = sign(&user.name, &message.csr_pem, self)?;
        let event = Event {
            actor: user.name.clone(),
            organization: user.organization.clone(),
            action: "IdentityService.Enroll".to_owned(),
            resource: user.name.clone(),
            decision: sandyq_audit::Decision::Allow,
            reasons: vec!["the invitation is valid".to_owned()],
            detail: details([("certificate", json!(signed.name))]),
        };
        let change = Change::new(event)
            .insert(&certificate_record(&signed, &user.name))?
            .update(&user)?
            .delete(&invitation);
        // Of two who use one token at the same time the second finds it changed.
        platform
            .commit(change)
            .await
            .map_err(|error| match error.class {
                Class::Aborted | Class::NotFound => refused(),
                _ => error,
            })?;
        Ok(v1::EnrollResponse {
            certificate_pem: signed.pem,
            ca_pem: platform.authority.certificate_pem().to_owned(),
            user: Some(convert::user(&user)),
        })
    }

    async fn invite(
        &self,
        mut call: Call,
        message: v1::CreateInvitationRequest,
    ) -> Result<v1::CreateInvitationResponse> {
        let organization = call.fetch::<Organization>(&message.organization).await?;
        call.authorize(organization.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        let roles = roles(organization.kind, &message)?;
        let ttl = match &message.ttl_duration {
            Some(ttl) => convert::millis("ttl_duration", ttl)?,
            None => DEFAULT_TTL_MILLIS,
        };
        if ttl == 0 || ttl > LONGEST_TTL_MILLIS {
            return Err(Error::invalid(
                "ttl_duration",
                "must be above zero and at most 30 days",
            ));
        }
        let id = if message.user_id.is_empty() {
            names::fresh_id('u')
        } else {
            client_id("user_id", &message.user_id)?
        };
        let user = User {
            name: format!("users/{id}"),
            display_name: text("display_name", &message.display_name, true, 200)?,
            organization: organization.name.clone(),
            roles,
            state: UserState::Invited,
        };
        let token = fresh_token()?;
        let expire_time = call.now + Duration::milliseconds(convert::count(ttl));
        let invitation = Invitation {
            name: invitation_name(&token),
            user: user.name.clone(),
            expire_time,
        };
        let roles: Vec<_> = user.roles.iter().map(|role| role.as_str()).collect();
        let change = Change::new(call.event(&user.name, [("roles", json!(roles))]))
            .insert(&user)?
            .insert(&invitation)?;
        let answer = v1::CreateInvitationResponse {
            token,
            user: Some(convert::user(&call.inserted(user))),
            expire_time: Some(convert::timestamp(expire_time)),
        };
        // The answer holds the token, which must not be kept: this call is not remembered by its request id beyond
        // the fact that it was made.
        call.commit_secret(change, answer).await
    }
}

#[tonic::async_trait]
impl IdentityService for Services {
    async fn enroll(
        &self,
        request: Request<v1::EnrollRequest>,
    ) -> Result<Response<v1::EnrollResponse>, Status> {
        Ok(Response::new(self.enroll_user(request.into_inner()).await?))
    }

    async fn renew_certificate(
        &self,
        request: Request<v1::RenewCertificateRequest>,
    ) -> Result<Response<v1::RenewCertificateResponse>, Status> {
        let mut call = self
            .0
            .enter("IdentityService.RenewCertificate", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let user = call.principal.user.clone();
        let signed = sign(&user, &request.get_ref().csr_pem, self)?;
        let event = call.event(&user, [("certificate", json!(signed.name))]);
        let change = Change::new(event)
            .insert(&certificate_record(&signed, &user))
            .map_err(Error::from)?;
        self.0.commit(change).await?;
        Ok(Response::new(v1::RenewCertificateResponse {
            certificate_pem: signed.pem,
        }))
    }

    async fn who_am_i(
        &self,
        request: Request<v1::WhoAmIRequest>,
    ) -> Result<Response<v1::WhoAmIResponse>, Status> {
        let mut call = self.0.enter("IdentityService.WhoAmI", &request).await?;
        call.authorize(Resource::platform()).await?;
        let user = call.fetch::<User>(&call.principal.user).await?;
        let organization = call
            .fetch::<Organization>(&call.principal.organization)
            .await?;
        let certificate = call.fetch::<Certificate>(call.certificate()).await?;
        Ok(Response::new(v1::WhoAmIResponse {
            user: Some(convert::user(&user)),
            organization: Some(convert::organization(&organization)),
            certificate_expire_time: Some(convert::timestamp(certificate.expire_time)),
        }))
    }

    async fn create_organization(
        &self,
        request: Request<v1::CreateOrganizationRequest>,
    ) -> Result<Response<v1::CreateOrganizationResponse>, Status> {
        let mut call = self
            .0
            .enter("IdentityService.CreateOrganization", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.into_inner();
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("organization", message.organization)?;
        let organization = Organization {
            name: format!(
                "organizations/{}",
                client_id("organization_id", &message.organization_id)?
            ),
            display_name: text("organization.display_name", &wanted.display_name, true, 200)?,
            kind: convert::organization_kind("organization.kind", wanted.kind())?,
            special_state_body: wanted.special_state_body,
        };
        if organization.special_state_body && organization.kind != OrganizationKind::Agency {
            return Err(Error::invalid(
                "organization.special_state_body",
                "only an agency is a special state body",
            )
            .citing(crate::governance::law::AI_13_2)
            .into());
        }
        let event = call.event(
            &organization.name,
            [("kind", json!(organization.kind.as_str()))],
        );
        let change = Change::new(event)
            .insert(&organization)
            .map_err(Error::from)?;
        let answer = v1::CreateOrganizationResponse {
            organization: Some(convert::organization(&call.inserted(organization))),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn get_organization(
        &self,
        request: Request<v1::GetOrganizationRequest>,
    ) -> Result<Response<v1::GetOrganizationResponse>, Status> {
        let mut call = self
            .0
            .enter("IdentityService.GetOrganization", &request)
            .await?;
        let organization = call.fetch::<Organization>(&request.get_ref().name).await?;
        call.authorize(organization.resource()).await?;
        Ok(Response::new(v1::GetOrganizationResponse {
            organization: Some(convert::organization(&organization)),
        }))
    }

    async fn list_organizations(
        &self,
        request: Request<v1::ListOrganizationsRequest>,
    ) -> Result<Response<v1::ListOrganizationsResponse>, Status> {
        let mut call = self
            .0
            .enter("IdentityService.ListOrganizations", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let (found, next_page_token) = self
            .page::<Organization>(&Filter::default(), message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListOrganizationsResponse {
            organizations: found.iter().map(convert::organization).collect(),
            next_page_token,
        }))
    }

    async fn create_invitation(
        &self,
        request: Request<v1::CreateInvitationRequest>,
    ) -> Result<Response<v1::CreateInvitationResponse>, Status> {
        let call = self
            .0
            .enter("IdentityService.CreateInvitation", &request)
            .await?;
        Ok(Response::new(
            self.invite(call, request.into_inner()).await?,
        ))
    }

    async fn get_user(
        &self,
        request: Request<v1::GetUserRequest>,
    ) -> Result<Response<v1::GetUserResponse>, Status> {
        let mut call = self.0.enter("IdentityService.GetUser", &request).await?;
        let user = call.fetch::<User>(&request.get_ref().name).await?;
        call.authorize(user.resource()).await?;
        Ok(Response::new(v1::GetUserResponse {
            user: Some(convert::user(&user)),
        }))
    }

    async fn list_users(
        &self,
        request: Request<v1::ListUsersRequest>,
    ) -> Result<Response<v1::ListUsersResponse>, Status> {
        let mut call = self.0.enter("IdentityService.ListUsers", &request).await?;
        let message = request.get_ref();
        let name = if message.organization.is_empty() {
            call.principal.organization.clone()
        } else {
            message.organization.clone()
        };
        let organization = call.fetch::<Organization>(&name).await?;
        call.authorize(organization.resource()).await?;
        let filter = Filter {
            organization: Some(&name),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<User>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListUsersResponse {
            users: found.iter().map(convert::user).collect(),
            next_page_token,
        }))
    }

    async fn revoke_user(
        &self,
        request: Request<v1::RevokeUserRequest>,
    ) -> Result<Response<v1::RevokeUserResponse>, Status> {
        let mut call = self.0.enter("IdentityService.RevokeUser", &request).await?;
        let message = request.into_inner();
        let mut user = call.fetch::<User>(&message.name).await?;
        call.authorize(user.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        required_reason(&message.reason)?;
        user.state = user.state.after(UserEvent::Revoke).map_err(Error::from)?;
        let event = call.event(&user.name, [("reason", json!(message.reason))]);
        let change = Change::new(event).update(&user).map_err(Error::from)?;
        let answer = v1::RevokeUserResponse {
            user: Some(convert::user(&user)),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }
}
