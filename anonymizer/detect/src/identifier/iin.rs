//! The individual identification number, `YYMMDD C SSSS K`.
//!
//! Law of the Republic of Kazakhstan on national registers of identification numbers, of 12 January 2007, No. 223.

use std::fmt;

use super::checksum::check_state_number;
use super::{Date, Invalid, Sex, digits, number};

/// A valid IIN. It shows itself masked.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Iin {
    digits: [u8; 12],
    birth: Date,
    sex: Sex,
}

impl Iin {
    /// Reads twelve ASCII digits; date, century and check digit must be right.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::from_digits(digits(text)?)
    }

    /// Reads twelve digits, each from 0 to 9.
    pub fn from_digits(digits: [u8; 12]) -> Result<Self, Invalid> {
        let [y1, y2, m1, m2, d1, d2, class, ..] = digits;
        let (century, sex) = match class {
            1 => (1800, Sex::Male),
            2 => (1800, Sex::Female),
            3 => (1900, Sex::Male),
            4 => (1900, Sex::Female),
            5 => (2000, Sex::Male),
            6 => (2000, Sex::Female),
            _ => return Err(Invalid::Class),
        };
        let year = century + u16::from(y1) * 10 + u16::from(y2);
        let [month, day] = [[m1, m2], [d1, d2]].map(|pair| number(&pair) as u8);
        let birth = Date::new(year, month, day).ok_or(Invalid::Date)?;
        check_state_number(&digits)?;
        Ok(Self { digits, birth, sex })
    }

    /// The date of birth.
    pub const fn birth(&self) -> Date {
        self.birth
    }

    /// The sex.
    pub const fn sex(&self) -> Sex {
        self.sex
    }

    /// The number in full.
    pub fn reveal(&self) -> String {
        self.digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect()
    }
}

impl fmt::Display for Iin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("************")
    }
}

impl fmt::Debug for Iin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Iin({self})")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn vectors() {
        for valid in [
            "900101300017",
            "850615400125",
            "051231500070",
            "120229600039",
            "990101100000",
            "900101300811",
            "900101300823",
        ] {
            assert!(Iin::parse(valid).is_ok(), "{valid}");
        }
        for (wrong, why) in [
            ("900101300018", Invalid::CheckDigit),
            ("900230300019", Invalid::Date),
            ("901301300017", Invalid::Date),
            ("900101000157", Invalid::Class),
            ("90010130001", Invalid::Form),
            ("9001013000170", Invalid::Form),
            ("90010130001x", Invalid::Form),
            ("240140012342", Invalid::Class),
        ] {
            assert_eq!(Iin::parse(wrong), Err(why), "{wrong}");
        }
        for last in 0..10 {
            assert_eq!(
                Iin::parse(&format!("90010130080{last}")),
                Err(Invalid::NotIssuable)
            );
        }
    }

    #[test]
    fn it_tells_birth_and_sex_and_hides_itself() {
        let iin = Iin::parse(" 850615400125 ").unwrap();
        assert_eq!(iin.birth(), Date::new(1985, 6, 15).unwrap());
        assert_eq!(iin.sex(), Sex::Female);
        assert_eq!(iin.reveal(), "850615400125");
        assert_eq!(Iin::parse("051231500070").unwrap().birth().year, 2005);
        assert_eq!(Iin::parse("990101100000").unwrap().birth().year, 1899);
        let shown = format!("{iin} {iin:?} {:?}", iin.birth());
        assert!(!shown.contains("85") && !shown.contains("0125"), "{shown}");
    }
}
