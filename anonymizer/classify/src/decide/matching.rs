//! Which cells of a column are of its type by themselves.

use super::facts::Facts;
use crate::semantic::SemanticType::{self, *};
use crate::sign::Sign;

/// The signs of a type; the most frequent one counts, as a cell may have several.
fn signs(semantic: SemanticType) -> &'static [Sign] {
    match semantic {
        Iin => &[Sign::IinShape, Sign::Digits12, Sign::CutIin],
        Bin => &[Sign::BinShape, Sign::Digits12],
        Surname => &[Sign::SurnameLike, Sign::Surname],
        GivenName => &[Sign::GivenName],
        Patronymic => &[Sign::Patronymic],
        FullName => &[Sign::FullName],
        Phone => &[Sign::Phone, Sign::PhoneShape],
        Email => &[Sign::Email],
        Iban => &[Sign::Iban],
        Card => &[Sign::Card, Sign::CardShape],
        IdCard => &[Sign::Digits9],
        Passport => &[Sign::Passport],
        BirthCertificate => &[Sign::BirthCertificate],
        DriverLicence => &[Sign::DriverLicence],
        Plate => &[Sign::Plate],
        Vin => &[Sign::Vin],
        Address => &[Sign::Address],
        Region => &[Sign::Region],
        District => &[Sign::District],
        Settlement => &[Sign::Settlement],
        Street => &[Sign::Street],
        House | Flat => &[Sign::House],
        Kato => &[Sign::Kato],
        PostalCode => &[Sign::Postal],
        Coordinates => &[
            Sign::Position,
            Sign::Latitude,
            Sign::Longitude,
            Sign::Decimal,
        ],
        Ip => &[Sign::Ip],
        Mac => &[Sign::Mac],
        Url => &[Sign::Url],
        UserName => &[Sign::UserName],
        BirthDate | Date => &[Sign::Date, Sign::Year, Sign::Time],
        Age => &[Sign::Small],
        Diagnosis => &[Sign::Icd],
        Biometric => &[Sign::Image, Sign::Template],
        FreeText | HealthText | CriminalText => &[Sign::Prose],
        Salary | Number => &[Sign::Integer, Sign::Decimal],
        RowKey => &[Sign::Integer, Sign::Code, Sign::Hex],
        _ => &[],
    }
}

/// Cells that are of the type by themselves.
pub fn matched(facts: &Facts, semantic: SemanticType) -> u64 {
    let column = facts.column;
    let of_present = |share: f64| (share * column.present() as f64).round() as u64;
    match semantic {
        Sex => of_present(facts.sex),
        Nationality => of_present(facts.nationality),
        Religion => of_present(facts.religion),
        Citizenship => of_present(facts.country),
        Category => column.present(),
        // Whole numbers and fractions exclude each other; so do digits that are whole and those that were cut.
        Number | Salary => column.count_of(Sign::Integer) + column.count_of(Sign::Decimal),
        Iin => column.count_of(Sign::Digits12) + column.count_of(Sign::CutIin),
        _ => signs(semantic)
            .iter()
            .map(|sign| column.count_of(*sign))
            .max()
            .unwrap_or(0),
    }
}

/// Whether a cell of the type is known as one by itself, so that others in the column are of another type.
pub fn is_told_by_values(semantic: SemanticType) -> bool {
    matches!(
        semantic,
        Iin | Bin
            | Phone
            | Email
            | Iban
            | Card
            | Vin
            | Ip
            | Mac
            | Url
            | BirthDate
            | Date
            | Age
            | Number
            | FullName
            | Plate
            | Kato
    )
}

/// The signs whose masked examples are shown for a type.
pub fn shown(semantic: SemanticType) -> &'static [Sign] {
    match semantic {
        Category | Sex | Nationality | Religion | Citizenship => {
            &[Sign::Words, Sign::Code, Sign::Integer, Sign::Boolean]
        }
        other => signs(other),
    }
}
