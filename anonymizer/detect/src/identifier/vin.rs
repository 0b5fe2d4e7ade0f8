//! Identification numbers of vehicles, ISO 3779.

use super::Invalid;

/// A number that has the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vin {
    /// Whether the check digit of 49 CFR 565 fits. Makers outside North America and China need not have one.
    pub checked: bool,
}

/// The weights of 49 CFR 565.15.
const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];

impl Vin {
    /// Reads 17 letters and digits without I, O and Q; the last four are digits.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let upper = text.trim().to_ascii_uppercase();
        let bytes: &[u8; 17] = upper.as_bytes().try_into().map_err(|_| Invalid::Form)?;
        let mut sum = 0;
        for (byte, weight) in bytes.iter().zip(WEIGHTS) {
            sum += weight * value(*byte).ok_or(Invalid::Form)?;
        }
        let letters = bytes
            .iter()
            .filter(|byte| byte.is_ascii_uppercase())
            .count();
        let serial = bytes.iter().rev().take(4).all(u8::is_ascii_digit);
        if letters < 2 || !serial {
            return Err(Invalid::Form);
        }
        let check = match sum % 11 {
            10 => b'X',
            rest => b'0' + rest as u8,
        };
        Ok(Self {
            checked: bytes.get(8) == Some(&check),
        })
    }
}

/// The value of a character in the check digit.
fn value(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'A'..=b'H' => u32::from(byte - b'A') + 1,
        b'J'..=b'N' => u32::from(byte - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        b'S'..=b'Z' => u32::from(byte - b'S') + 2,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        assert_eq!(Vin::parse("1M8GDM9AXKP042788"), Ok(Vin { checked: true }));
        assert_eq!(Vin::parse("5gzcz43d13s812715"), Ok(Vin { checked: true }));
        assert_eq!(Vin::parse("XTA210990Y2766380"), Ok(Vin { checked: false }));
        for wrong in [
            "1M8GDM9AXKP04278",
            "1M8GDM9AXKPO42788",
            "11111111111111111",
            "ABCDEFGHJKLMNPRST",
            "",
        ] {
            assert_eq!(Vin::parse(wrong), Err(Invalid::Form), "{wrong}");
        }
    }
}
