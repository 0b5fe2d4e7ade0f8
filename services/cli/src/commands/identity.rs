//! Enrolment and certificates.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use sandyq_proto::v1::{EnrollRequest, RenewCertificateRequest, WhoAmIRequest};
use serde::{Deserialize, Serialize};

use crate::Session;
use crate::client::{Client, rpc};
use crate::context::{Context, Settings};
use crate::errors::{Exit, Failure, Result};

/// The example of `sandyq whoami`.
pub const WHOAMI_EXAMPLE: &str = "Example:\n  sandyq whoami --context agency";

/// `sandyq enroll`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  sandyq enroll invitation.json --context agency")]
pub struct Enroll {
    /// The invitation file, as got from the platform's operator or from one's own organization.
    #[arg(value_name = "INVITATION")]
    file: PathBuf,
}

/// `sandyq certificate`.
#[derive(Debug, Subcommand)]
pub enum Certificate {
    /// Get a new certificate for the same key before the present one expires.
    #[command(after_help = "Example:\n  sandyq certificate renew --context agency")]
    Renew,
}

/// All that enrolment needs, in one file. It is a secret until it has been used.
#[derive(Clone, Serialize, Deserialize)]
pub struct Invitation {
    /// `https://host:port`.
    pub server: String,
    /// The platform's authority, PEM.
    pub ca_pem: String,
    /// The one-time token.
    pub token: String,
}

/// Exchanges an invitation for a certificate.
pub async fn enroll(command: Enroll, session: &Session) -> Result<()> {
    let context = &session.context;
    if context.is_enrolled() {
        let text = format!(
            "context `{}` has an identity already; choose another name with --context",
            context.name
        );
        return Err(Failure::new(Exit::Conflict, text));
    }
    let text = std::fs::read_to_string(&command.file)
        .map_err(|error| Failure::file("read", &command.file, &error))?;
    let invitation: Invitation = serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!(
            "{} is not an invitation: {error}",
            command.file.display()
        ))
    })?;
    context.create()?;
    let request = EnrollRequest {
        token: invitation.token,
        csr_pem: signing_request(&key_of(context)?)?,
    };
    let client = Client::anonymous(&invitation.server, &invitation.ca_pem, session.patience)?;
    let answer = rpc!(client, IdentityServiceClient, enroll, request)?;
    let user = answer.user.ok_or_else(|| Failure::incomplete("user"))?;
    // The authority of the invitation stays: what a connection says about itself proves nothing.
    context.write("ca.pem", &invitation.ca_pem)?;
    context.write_settings(&Settings {
        server: invitation.server,
        user: user.name.clone(),
    })?;
    context.write("cert.pem", &answer.certificate_pem)?;
    if session.home.list()?.len() == 1 {
        session.home.choose(context)?;
    }
    session.printer.remark(&format!(
        "Enrolled as {} in context {}.",
        user.name, context.name
    ));
    session.printer.show(&user)
}

/// Shows the caller.
pub async fn whoami(session: &Session) -> Result<()> {
    let client = session.client()?;
    session.printer.show(&rpc!(
        client,
        IdentityServiceClient,
        who_am_i,
        WhoAmIRequest {}
    )?)
}

/// Renews.
pub async fn certificate(command: Certificate, session: &Session) -> Result<()> {
    let Certificate::Renew = command;
    let client = session.client()?;
    let request = RenewCertificateRequest {
        csr_pem: signing_request(&key_of(&session.context)?)?,
    };
    let answer = rpc!(client, IdentityServiceClient, renew_certificate, request)?;
    session.context.write("cert.pem", &answer.certificate_pem)?;
    session.printer.show(&rpc!(
        session.client()?,
        IdentityServiceClient,
        who_am_i,
        WhoAmIRequest {}
    )?)
}

/// The context's key. It is kept before it is used, so that an enrolment whose answer was lost can be repeated with the
/// same key.
fn key_of(context: &Context) -> Result<KeyPair> {
    let broken = |error: rcgen::Error| {
        Failure::general(format!("{}: {error}", context.path("key.pem").display()))
    };
    if let Some(pem) = context.read_if_any("key.pem")? {
        return KeyPair::from_pem(&pem).map_err(broken);
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(broken)?;
    context.write("key.pem", &key.serialize_pem())?;
    Ok(key)
}

/// A PKCS#10 request. The platform takes only the key from it, so it names no one.
fn signing_request(key: &KeyPair) -> Result<String> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .serialize_request(key)
        .and_then(|request| request.pem())
        .map_err(|error| {
            Failure::general(format!(
                "cannot make a certificate signing request: {error}"
            ))
        })
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;
    use crate::context::Home;

    #[test]
    fn the_key_is_made_once_and_signs_its_request() {
        let dir = tempfile::tempdir().unwrap();
        let context = Home::new(Some(dir.path().into()))
            .unwrap()
            .context(Some("c"))
            .unwrap();
        context.create().unwrap();
        let first = key_of(&context).unwrap();
        let second = key_of(&context).unwrap();
        assert_eq!(first.serialize_pem(), second.serialize_pem());
        assert!(
            signing_request(&first)
                .unwrap()
                .starts_with("-----BEGIN CERTIFICATE REQUEST-----")
        );
    }
}
