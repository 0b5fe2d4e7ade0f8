//! The platform's certificate authority: signs what users and the server show on a connection.
//!
//! Certificates say who holds a key, nothing more; roles and revocation live in the database.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType, SerialNumber,
};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

/// How long a user's certificate lasts. Revocation does not wait for it.
pub const USER_CERTIFICATE_DAYS: i64 = 90;

/// How long the server's certificate lasts; it is renewed at start when less than a third is left.
pub const SERVER_CERTIFICATE_DAYS: i64 = 397;

const AUTHORITY_DAYS: i64 = 3650;

/// Clocks of clients may be behind by this much.
const BACKDATE: Duration = Duration::minutes(10);

/// Why a certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// The request's text, signature or key was not usable.
    #[error("the certificate signing request is not valid PKCS#10 PEM with a good signature")]
    Request(#[source] rcgen::Error),
    /// The library failed.
    #[error("a certificate could not be made")]
    Make(#[from] rcgen::Error),
    /// The system gave no random numbers.
    #[error("the system gives no random numbers")]
    Random,
}

/// The authority with its key.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
}

/// A signed certificate.
pub struct Signed {
    /// PEM.
    pub pem: String,
    /// `certificates/{sha256 of the DER form}`.
    pub name: String,
    /// End of validity.
    pub expire_time: OffsetDateTime,
}

/// A key with its certificate, PEM each.
pub struct Pair {
    /// The certificate.
    pub certificate_pem: String,
    /// The private key.
    pub key_pem: Zeroizing<String>,
}

/// The record name of a certificate in DER form.
pub fn certificate_name(der: &[u8]) -> String {
    format!("certificates/{}", hex::encode(digest(&SHA256, der)))
}

fn serial() -> Result<SerialNumber, PkiError> {
    let mut bytes = [0_u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| PkiError::Random)?;
    // RFC 5280, section 4.1.2.2: positive, so the top bit is off.
    if let Some(first) = bytes.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Ok(SerialNumber::from(bytes.to_vec()))
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name.push(DnType::OrganizationName, "Sandyq");
    name
}

/// Makes a new authority.
///
/// # Errors
/// [`PkiError`].
pub fn new_authority(now: OffsetDateTime) -> Result<Pair, PkiError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Sandyq authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(serial()?);
    params.not_before = now - BACKDATE;
    params.not_after = now + Duration::days(AUTHORITY_DAYS);
    let certificate = params.self_signed(&key)?;
    Ok(Pair {
        certificate_pem: certificate.pem(),
        key_pem: Zeroizing::new(key.serialize_pem()),
    })
}

impl Authority {
    /// Takes up the authority from its certificate and key.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn load(pair: &Pair) -> Result<Self, PkiError> {
        let key = KeyPair::from_pem(&pair.key_pem)?;
        Ok(Self {
            issuer: Issuer::from_ca_cert_pem(&pair.certificate_pem, key)?,
            certificate_pem: pair.certificate_pem.clone(),
        })
    }

    /// The authority's certificate, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Signs a user's key. Of the request only the public key is used: names and extensions are ours.
    ///
    /// # Errors
    /// [`PkiError::Request`] when the request is not usable.
    pub fn sign_user(
        &self,
        csr_pem: &str,
        user: &str,
        now: OffsetDateTime,
    ) -> Result<Signed, PkiError> {
        let mut request =
            CertificateSigningRequestParams::from_pem(csr_pem).map_err(PkiError::Request)?;
        let expire_time = now + Duration::days(USER_CERTIFICATE_DAYS);
        let mut params = CertificateParams::default();
        params.distinguished_name = name(user);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.serial_number = Some(serial()?);
        params.use_authority_key_identifier_extension = true;
        params.not_before = now - BACKDATE;
        params.not_after = expire_time;
        request.params = params;
        let certificate = request.signed_by(&self.issuer)?;
        Ok(Signed {
            pem: certificate.pem(),
            name: certificate_name(certificate.der()),
            expire_time,
        })
    }

    /// Makes a key and certificate for the server itself under the given host names and addresses.
    ///
    /// # Errors
    /// [`PkiError`].
    pub fn server(&self, names: &[String], now: OffsetDateTime) -> Result<Pair, PkiError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name = name("Sandyq server");
        params.subject_alt_names = names
            .iter()
            .map(|name| match name.parse::<IpAddr>() {
                Ok(address) => Ok(SanType::IpAddress(address)),
                Err(_) => Ok(SanType::DnsName(name.as_str().try_into()?)),
            })
            .collect::<Result<_, rcgen::Error>>()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.serial_number = Some(serial()?);
        params.use_authority_key_identifier_extension = true;
        params.not_before = now - BACKDATE;
        params.not_after = now + Duration::days(SERVER_CERTIFICATE_DAYS);
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Pair {
            certificate_pem: certificate.pem(),
            key_pem: Zeroizing::new(key.serialize_pem()),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    fn csr() -> String {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["attacker.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.serialize_request(&key).unwrap().pem().unwrap()
    }

    #[test]
    fn a_request_cannot_ask_for_more_than_its_key() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let authority = Authority::load(&new_authority(now).unwrap()).unwrap();
        let signed = authority.sign_user(&csr(), "users/u", now).unwrap();
        let (_, pem) = x509_parser::pem::parse_x509_pem(signed.pem.as_bytes()).unwrap();
        let certificate = pem.parse_x509().unwrap();
        assert!(!certificate.is_ca());
        assert!(certificate.subject_alternative_name().unwrap().is_none());
        assert_eq!(
            certificate
                .subject()
                .iter_common_name()
                .next()
                .unwrap()
                .as_str(),
            Ok("users/u")
        );
        assert_eq!(signed.name, certificate_name(&pem.contents));
        assert_eq!(
            certificate.validity().not_after.timestamp(),
            signed.expire_time.unix_timestamp()
        );
    }

    #[test]
    fn a_broken_request_is_named() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(20_000);
        let authority = Authority::load(&new_authority(now).unwrap()).unwrap();
        assert!(matches!(
            authority.sign_user("hello", "u", now),
            Err(PkiError::Request(_))
        ));
    }
}
