//! What a column can be.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! semantic_types {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What the values of a column mean.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum SemanticType {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl SemanticType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in results: `BIRTH_DATE`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

semantic_types! {
    /// Individual identification numbers.
    Iin = "IIN",
    /// Business identification numbers.
    Bin = "BIN",
    /// Family names.
    Surname = "SURNAME",
    /// Given names.
    GivenName = "GIVEN_NAME",
    /// Patronymics.
    Patronymic = "PATRONYMIC",
    /// Names of persons as a whole, with initials too.
    FullName = "FULL_NAME",
    /// Telephone numbers.
    Phone = "PHONE",
    /// E-mail addresses.
    Email = "EMAIL",
    /// Bank accounts as IBAN.
    Iban = "IBAN",
    /// Numbers of bank cards.
    Card = "CARD",
    /// Numbers of identity cards.
    IdCard = "ID_CARD",
    /// Numbers of passports.
    Passport = "PASSPORT",
    /// Numbers of birth certificates.
    BirthCertificate = "BIRTH_CERTIFICATE",
    /// Numbers of driving licences.
    DriverLicence = "DRIVER_LICENCE",
    /// Registration plates of vehicles.
    Plate = "PLATE",
    /// Identification numbers of vehicles (ISO 3779).
    Vin = "VIN",
    /// Postal addresses that reach a house.
    Address = "ADDRESS",
    /// Regions (oblasts).
    Region = "REGION",
    /// Districts.
    District = "DISTRICT",
    /// Cities, towns and villages.
    Settlement = "SETTLEMENT",
    /// Streets.
    Street = "STREET",
    /// Numbers of houses.
    House = "HOUSE",
    /// Numbers of flats.
    Flat = "FLAT",
    /// Codes of administrative units.
    Kato = "KATO",
    /// Postal codes.
    PostalCode = "POSTAL_CODE",
    /// Geographic positions, or one half of them.
    Coordinates = "COORDINATES",
    /// IP addresses.
    Ip = "IP",
    /// Hardware addresses of network cards.
    Mac = "MAC",
    /// Web addresses.
    Url = "URL",
    /// Names of accounts.
    UserName = "USER_NAME",
    /// Dates or years of birth.
    BirthDate = "BIRTH_DATE",
    /// Other dates and points in time.
    Date = "DATE",
    /// Ages in years.
    Age = "AGE",
    /// Sex.
    Sex = "SEX",
    /// Nationality in the sense of ethnic origin, and race.
    Nationality = "NATIONALITY",
    /// Religion.
    Religion = "RELIGION",
    /// Citizenship or country of origin.
    Citizenship = "CITIZENSHIP",
    /// Diagnoses: codes of ICD-10, or their names.
    Diagnosis = "DIAGNOSIS",
    /// Prose about health.
    HealthText = "HEALTH_TEXT",
    /// Criminal records.
    CriminalText = "CRIMINAL_TEXT",
    /// Biometric templates, or references to images of persons.
    Biometric = "BIOMETRIC",
    /// Salaries and other income.
    Salary = "SALARY",
    /// Prose.
    FreeText = "FREE_TEXT",
    /// A value out of a list.
    Category = "CATEGORY",
    /// Quantities.
    Number = "NUMBER",
    /// Keys of rows or of persons, own or of another table.
    RowKey = "ROW_KEY",
    /// No value at all, and a header that says nothing.
    Empty = "EMPTY",
}

impl SemanticType {
    /// Whether values of the type identify a person, or an organization, each by itself.
    #[must_use]
    pub const fn is_direct(self) -> bool {
        matches!(
            self,
            Self::Iin
                | Self::Bin
                | Self::Surname
                | Self::GivenName
                | Self::Patronymic
                | Self::FullName
                | Self::Phone
                | Self::Email
                | Self::Iban
                | Self::Card
                | Self::IdCard
                | Self::Passport
                | Self::BirthCertificate
                | Self::DriverLicence
                | Self::Plate
                | Self::Vin
                | Self::Address
                | Self::Ip
                | Self::Mac
                | Self::UserName
                | Self::Biometric
                | Self::RowKey
        )
    }

    /// Whether the type is prose.
    #[must_use]
    pub const fn is_prose(self) -> bool {
        matches!(self, Self::FreeText | Self::HealthText | Self::CriminalText)
    }
}

impl fmt::Display for SemanticType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
