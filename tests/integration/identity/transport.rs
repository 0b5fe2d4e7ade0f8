//! What stands between the platform and those it does not know.

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use sandyq_proto::v1;
use sandyq_proto::v1::identity_service_client::IdentityServiceClient;
use sandyq_tests::{Site, User};
use tonic::transport::Endpoint;
use tonic_types::StatusExt;

pub fn files_with_secrets_are_closed(site: &Site) {
    for (name, mode) in [
        ("master.key", 0o600),
        ("sandyq.toml", 0o600),
        ("operator.invitation", 0o600),
        ("", 0o700),
    ] {
        let metadata = std::fs::metadata(site.dir.join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name:?}");
    }
}

/// A certificate that looks like the administrator's, but for the signature.
fn forged() -> (String, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(authority, KeyPair::generate().unwrap());
    let key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::default();
    leaf.distinguished_name
        .push(DnType::CommonName, "users/admin");
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    (certificate.pem(), key.serialize_pem())
}

pub async fn a_certificate_of_another_authority_is_refused(site: &Site) {
    let (certificate, key) = forged();
    let user = User::with(
        &site.address,
        &site.ca_pem,
        "users/admin",
        &certificate,
        &key,
    );
    let status = user
        .identity()
        .who_am_i(v1::WhoAmIRequest {})
        .await
        .unwrap_err();
    // The handshake fails, so that no gRPC status comes back: the error is the transport's.
    assert!(
        status.get_error_details().error_info().is_none(),
        "{status:?}"
    );
    assert!(status.source().is_some(), "{status:?}");
    // A server whose authority the client does not know is refused likewise.
    let elsewhere = Site::init(sandyq_tests::Options::default());
    let admin = site.user("admin");
    let (certificate, key) = (&admin.certificate_pem, &admin.key_pem);
    let user = User::with(
        &site.address,
        &elsewhere.ca_pem,
        &admin.name,
        certificate,
        key,
    );
    let status = user
        .identity()
        .who_am_i(v1::WhoAmIRequest {})
        .await
        .unwrap_err();
    assert!(
        status.get_error_details().error_info().is_none(),
        "{status:?}"
    );
}

pub async fn without_tls_nothing_is_said(site: &Site) {
    let authority = site.address.strip_prefix("https://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    // The preface of HTTP/2, and an empty SETTINGS frame.
    stream
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .unwrap();
    let mut answer = Vec::new();
    // The server may close before all was read, which the system tells as a reset.
    let _ = stream.read_to_end(&mut answer);
    const ALERT: u8 = 21;
    assert!(matches!(answer.first(), None | Some(&ALERT)), "{answer:?}");
    let plain = Endpoint::from_shared(format!("http://{authority}"))
        .unwrap()
        .connect_lazy();
    let status = IdentityServiceClient::new(plain)
        .who_am_i(v1::WhoAmIRequest {})
        .await
        .unwrap_err();
    assert!(
        status.get_error_details().error_info().is_none(),
        "{status:?}"
    );
}
