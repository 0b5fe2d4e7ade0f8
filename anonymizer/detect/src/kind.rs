//! The kinds of personal data.

use std::fmt;

/// What a span of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A person's name, whole, with initials and inflected endings.
    Person,
    /// An individual identification number.
    Iin,
    /// A business identification number.
    Bin,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A bank account as an IBAN.
    Iban,
    /// The number of a bank card.
    Card,
    /// The number of an identity card.
    IdCard,
    /// The number of a passport.
    Passport,
    /// The number of a birth certificate.
    BirthCertificate,
    /// The number of a driving licence.
    DriverLicence,
    /// The registration plate of a vehicle.
    Plate,
    /// The identification number of a vehicle (ISO 3779).
    Vin,
    /// A postal address, from region or street to flat.
    Address,
    /// A date of birth.
    BirthDate,
    /// A code of an administrative unit.
    Kato,
    /// An organization.
    Organization,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A hardware address of a network card.
    Mac,
    /// A geographic position.
    Coordinates,
    /// The name of an account in a messenger or a system.
    UserName,
    /// A web address that leads to a person.
    Url,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::Person,
        Self::Iin,
        Self::Bin,
        Self::Phone,
        Self::Email,
        Self::Iban,
        Self::Card,
        Self::IdCard,
        Self::Passport,
        Self::BirthCertificate,
        Self::DriverLicence,
        Self::Plate,
        Self::Vin,
        Self::Address,
        Self::BirthDate,
        Self::Kato,
        Self::Organization,
        Self::Ip,
        Self::Mac,
        Self::Coordinates,
        Self::UserName,
        Self::Url,
    ];

    /// The name in results and placeholders: `PERSON`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "PERSON",
            Self::Iin => "IIN",
            Self::Bin => "BIN",
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Iban => "IBAN",
            Self::Card => "CARD",
            Self::IdCard => "IDCARD",
            Self::Passport => "PASSPORT",
            Self::BirthCertificate => "BIRTH_CERTIFICATE",
            Self::DriverLicence => "DRIVER_LICENCE",
            Self::Plate => "PLATE",
            Self::Vin => "VIN",
            Self::Address => "ADDRESS",
            Self::BirthDate => "BIRTHDATE",
            Self::Kato => "KATO",
            Self::Organization => "ORGANIZATION",
            Self::Ip => "IP",
            Self::Mac => "MAC",
            Self::Coordinates => "COORDINATES",
            Self::UserName => "USER_NAME",
            Self::Url => "URL",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_kinds() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::parse("person"), None);
    }
}
