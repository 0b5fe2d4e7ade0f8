//! Users: a key made here, a certificate from the platform, and a client for each service.

use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use sandyq_proto::v1;
use sandyq_proto::v1::access_service_client::AccessServiceClient;
use sandyq_proto::v1::airlock_service_client::AirlockServiceClient;
use sandyq_proto::v1::audit_service_client::AuditServiceClient;
use sandyq_proto::v1::depersonalization_service_client::DepersonalizationServiceClient;
use sandyq_proto::v1::identity_service_client::IdentityServiceClient;
use sandyq_proto::v1::image_service_client::ImageServiceClient;
use sandyq_proto::v1::incident_service_client::IncidentServiceClient;
use sandyq_proto::v1::library_service_client::LibraryServiceClient;
use sandyq_proto::v1::sandbox_service_client::SandboxServiceClient;
use sandyq_proto::v1::subject_service_client::SubjectServiceClient;
use sandyq_proto::v1::system_service_client::SystemServiceClient;
use sandyq_proto::v1::trial_service_client::TrialServiceClient;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// A person with a certificate.
#[derive(Clone, Debug)]
pub struct User {
    /// `users/{user}`.
    pub name: String,
    /// Certificate, PEM.
    pub certificate_pem: String,
    /// Key, PEM.
    pub key_pem: String,
    /// Authority, PEM.
    pub ca_pem: String,
    /// Where the platform is.
    pub address: String,
    channel: Channel,
}

/// A connection, with a certificate or without.
pub fn channel(address: &str, ca_pem: &str, identity: Option<(&str, &str)>) -> Channel {
    let mut tls = ClientTlsConfig::new()
        .ca_certificate(Certificate::from_pem(ca_pem))
        .domain_name("localhost");
    if let Some((certificate, key)) = identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    Endpoint::from_shared(address.to_owned())
        .unwrap()
        .connect_timeout(Duration::from_secs(10))
        .initial_stream_window_size(8 << 20)
        .tls_config(tls)
        .unwrap()
        .connect_lazy()
}

/// A key and a certificate signing request, PEM each.
pub fn key_and_request() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let request = CertificateParams::default()
        .serialize_request(&key)
        .unwrap();
    (key.serialize_pem(), request.pem().unwrap())
}

macro_rules! services {
    ($($name:ident: $client:ident),* $(,)?) => {
        impl User {
            $(
                /// A client of the service.
                pub fn $name(&self) -> $client<Channel> {
                    $client::new(self.channel.clone()).max_decoding_message_size(64 << 20)
                }
            )*
        }
    };
}

services! {
    identity: IdentityServiceClient,
    library: LibraryServiceClient,
    depersonalization: DepersonalizationServiceClient,
    access: AccessServiceClient,
    system: SystemServiceClient,
    sandbox: SandboxServiceClient,
    trial: TrialServiceClient,
    image: ImageServiceClient,
    airlock: AirlockServiceClient,
    subject: SubjectServiceClient,
    incident: IncidentServiceClient,
    audit: AuditServiceClient,
}

impl User {
    /// Enrols with a token.
    pub async fn enroll(address: &str, ca_pem: &str, token: &str) -> Result<Self, tonic::Status> {
        let (key_pem, csr_pem) = key_and_request();
        let mut client = IdentityServiceClient::new(channel(address, ca_pem, None));
        let token = token.to_owned();
        let answer = client
            .enroll(v1::EnrollRequest { token, csr_pem })
            .await?
            .into_inner();
        let user = answer.user.unwrap();
        Ok(Self::with(
            address,
            ca_pem,
            &user.name,
            &answer.certificate_pem,
            &key_pem,
        ))
    }

    /// A user from a certificate and key.
    pub fn with(
        address: &str,
        ca_pem: &str,
        name: &str,
        certificate_pem: &str,
        key_pem: &str,
    ) -> Self {
        Self {
            name: name.to_owned(),
            certificate_pem: certificate_pem.to_owned(),
            key_pem: key_pem.to_owned(),
            ca_pem: ca_pem.to_owned(),
            address: address.to_owned(),
            channel: channel(address, ca_pem, Some((certificate_pem, key_pem))),
        }
    }

    /// The same person, by a connection of its own.
    pub fn reconnected(&self) -> Self {
        Self::with(
            &self.address,
            &self.ca_pem,
            &self.name,
            &self.certificate_pem,
            &self.key_pem,
        )
    }

    /// The raw connection.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }
}
