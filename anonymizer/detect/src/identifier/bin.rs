//! The business identification number, `YYMM T A SSSSS K`.

use super::checksum::check_state_number;
use super::{Invalid, digits, number};

/// What kind of entity has the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegalForm {
    /// A resident legal entity.
    Resident,
    /// A non-resident legal entity.
    NonResident,
    /// A joint individual entrepreneurship.
    JointEntrepreneurship,
}

/// What part of the entity has the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// The head.
    Head,
    /// A branch.
    Branch,
    /// A representative office.
    Representative,
    /// A farm.
    Farm,
}

/// A valid BIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bin {
    /// The kind of entity.
    pub form: LegalForm,
    /// The part of it.
    pub attribute: Attribute,
    /// The month of registration, from 1.
    pub month: u8,
    /// The last two digits of the year of registration.
    pub year: u8,
}

impl Bin {
    /// Reads twelve ASCII digits; month, classes and check digit must be right.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::from_digits(digits(text)?)
    }

    /// Reads twelve digits, each from 0 to 9.
    pub fn from_digits(digits: [u8; 12]) -> Result<Self, Invalid> {
        let [y1, y2, m1, m2, form, attribute, ..] = digits;
        let form = match form {
            4 => LegalForm::Resident,
            5 => LegalForm::NonResident,
            6 => LegalForm::JointEntrepreneurship,
            _ => return Err(Invalid::Class),
        };
        let attribute = match attribute {
            0 => Attribute::Head,
            1 => Attribute::Branch,
            2 => Attribute::Representative,
            3 => Attribute::Farm,
            _ => return Err(Invalid::Class),
        };
        let month = number(&[m1, m2]) as u8;
        if !(1..=12).contains(&month) {
            return Err(Invalid::Date);
        }
        check_state_number(&digits)?;
        let year = number(&[y1, y2]) as u8;
        Ok(Self {
            form,
            attribute,
            month,
            year,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn vectors() {
        for valid in [
            "240140012342",
            "150851000771",
            "211162000554",
            "190343000440",
            "240140000203",
            "240140000215",
        ] {
            assert!(Bin::parse(valid).is_ok(), "{valid}");
        }
        assert_eq!(Bin::parse("240140000206"), Err(Invalid::CheckDigit));
        assert_eq!(Bin::parse("900101300017"), Err(Invalid::Class));
        assert_eq!(Bin::parse("24014001234"), Err(Invalid::Form));
        for last in 0..10 {
            assert_eq!(
                Bin::parse(&format!("24014000029{last}")),
                Err(Invalid::NotIssuable)
            );
        }
        let farm = Bin::parse("190343000440").unwrap();
        assert_eq!(
            (farm.form, farm.attribute, farm.year, farm.month),
            (LegalForm::Resident, Attribute::Farm, 19, 3)
        );
    }
}
