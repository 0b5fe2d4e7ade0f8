//! Reversible format-preserving encryption by FF1 (NIST SP 800-38G Revision 1, AES-256).

use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};

use crate::ProjectKey;

/// Fewest texts that the alphabet and the length of a value must allow: with fewer, they could be tried one by one (SP 800-38G
/// Revision 1, section 5.2).
pub const MIN_DOMAIN: u64 = 1_000_000;

/// Most characters of a value; the arithmetic grows with the square of its length.
pub const MAX_LENGTH: usize = 256;

/// The characters that are encrypted into one another. All others are separators and stay where they are; a letter or digit that is in
/// no alphabet is an error, since it would stay too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Alphabet {
    /// `0`-`9`.
    Digits,
    /// `0`-`9`, `A`-`Z`.
    Alphanumeric,
    /// `0`-`9`, `A`-`Z`, `a`-`z`.
    AlphanumericCase,
}

impl Alphabet {
    /// The number of its characters.
    #[must_use]
    pub fn radix(self) -> u32 {
        match self {
            Self::Digits => 10,
            Self::Alphanumeric => 36,
            Self::AlphanumericCase => 62,
        }
    }

    /// Fewest characters of a value.
    #[must_use]
    pub fn min_length(self) -> usize {
        match self {
            Self::Digits => 6,
            Self::Alphanumeric | Self::AlphanumericCase => 4,
        }
    }

    fn numeral(self, character: char) -> Option<u16> {
        let numeral = match character {
            '0'..='9' => character as u32 - '0' as u32,
            'A'..='Z' => character as u32 - 'A' as u32 + 10,
            'a'..='z' => character as u32 - 'a' as u32 + 36,
            _ => return None,
        };
        (numeral < self.radix()).then_some(numeral as u16)
    }

    fn character(numeral: u16) -> char {
        let numeral = u32::from(numeral);
        let code = match numeral {
            0..10 => '0' as u32 + numeral,
            10..36 => 'A' as u32 + numeral - 10,
            _ => 'a' as u32 + numeral - 36,
        };
        char::from_u32(code).unwrap_or('0')
    }
}

/// Why a value cannot be encrypted. The value is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ff1Error {
    /// Too few characters for encryption to hide anything.
    #[error(
        "has {length} characters of the alphabet, {min} are needed for a million possible values; use a pseudonym instead"
    )]
    TooShort {
        /// Characters of the alphabet that the value has.
        length: usize,
        /// Fewest.
        min: usize,
    },
    /// Too many characters.
    #[error(
        "has {length} characters of the alphabet, more than {MAX_LENGTH}; use a pseudonym instead"
    )]
    TooLong {
        /// Characters of the alphabet that the value has.
        length: usize,
    },
    /// A letter or digit of no alphabet would stay readable.
    #[error(
        "has a letter or digit at character {position} that is not in the alphabet; choose a wider alphabet or a pseudonym"
    )]
    OutsideAlphabet {
        /// Where, in characters from 1.
        position: usize,
    },
    /// The cipher refused.
    #[error("cannot be encrypted")]
    Cipher,
}

/// Encrypts texts into texts of the same format, and back.
pub struct FormatPreserving {
    cipher: FF1<Aes256>,
    alphabet: Alphabet,
    tweak: Vec<u8>,
}

impl std::fmt::Debug for FormatPreserving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FormatPreserving({:?}, ***)", self.alphabet)
    }
}

impl FormatPreserving {
    /// Encryption under a key. Equal values of one `domain`, which is the cipher's tweak, become equal; those of two domains do not.
    ///
    /// # Errors
    /// [`Ff1Error::Cipher`] if the cipher cannot be made, which it always can.
    pub fn new(key: &ProjectKey, domain: &str, alphabet: Alphabet) -> Result<Self, Ff1Error> {
        let key = key.derived("format-preserving encryption");
        let cipher = FF1::new(key.as_ref(), alphabet.radix()).map_err(|_| Ff1Error::Cipher)?;
        Ok(Self {
            cipher,
            alphabet,
            tweak: domain.as_bytes().to_vec(),
        })
    }

    /// The value encrypted: separators stay in their places.
    ///
    /// # Errors
    /// See [`Ff1Error`].
    pub fn encrypt(&self, value: &str) -> Result<String, Ff1Error> {
        let numerals = FlexibleNumeralString::from(self.numerals(value)?);
        let made = self.cipher.encrypt(&self.tweak, &numerals);
        self.put(value, made.map_err(|_| Ff1Error::Cipher)?.into())
    }

    /// The value that [`FormatPreserving::encrypt`] was given.
    ///
    /// # Errors
    /// See [`Ff1Error`].
    pub fn decrypt(&self, value: &str) -> Result<String, Ff1Error> {
        let numerals = FlexibleNumeralString::from(self.numerals(value)?);
        let made = self.cipher.decrypt(&self.tweak, &numerals);
        self.put(value, made.map_err(|_| Ff1Error::Cipher)?.into())
    }

    fn numerals(&self, value: &str) -> Result<Vec<u16>, Ff1Error> {
        let mut numerals = Vec::with_capacity(value.len().min(MAX_LENGTH + 1));
        for (character, position) in value.chars().zip(1..) {
            match self.alphabet.numeral(character) {
                Some(_) if numerals.len() >= MAX_LENGTH => {
                    let inside = |character: &char| self.alphabet.numeral(*character).is_some();
                    return Err(Ff1Error::TooLong {
                        length: value.chars().filter(inside).count(),
                    });
                }
                Some(numeral) => numerals.push(numeral),
                None if character.is_alphanumeric() => {
                    return Err(Ff1Error::OutsideAlphabet { position });
                }
                None => {}
            }
        }
        let (length, min) = (numerals.len(), self.alphabet.min_length());
        if length < min {
            return Err(Ff1Error::TooShort { length, min });
        }
        Ok(numerals)
    }

    fn put(&self, value: &str, numerals: Vec<u16>) -> Result<String, Ff1Error> {
        let mut numerals = numerals.into_iter();
        value
            .chars()
            .map(|character| match self.alphabet.numeral(character) {
                Some(_) => numerals
                    .next()
                    .map(Alphabet::character)
                    .ok_or(Ff1Error::Cipher),
                None => Ok(character),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "tests fail by panicking"
    )]

    use aes::{Aes128, Aes192};
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94";
    const TEXT: &str = "0123456789";
    const LONG: &str = "0123456789ABCDEFGHI";
    const TWEAK: &str = "39383736353433323130";
    const LONG_TWEAK: &str = "3737373770717273373737";

    /// Samples 1 to 9 of NIST's FF1samples.pdf: bytes of the key, tweak, plain text, cipher text.
    const SAMPLES: [(usize, &str, &str, &str); 9] = [
        (16, "", TEXT, "2433477484"),
        (16, TWEAK, TEXT, "6124200773"),
        (16, LONG_TWEAK, LONG, "A9TV40MLL9KDU509EUM"),
        (24, "", TEXT, "2830668132"),
        (24, TWEAK, TEXT, "2496655549"),
        (24, LONG_TWEAK, LONG, "XBJ3KV35JRAWXV32YSR"),
        (32, "", TEXT, "6657667009"),
        (32, TWEAK, TEXT, "1001623463"),
        (32, LONG_TWEAK, LONG, "XS8A0AZH2AVYALYZUWD"),
    ];

    fn numerals(text: &str) -> Vec<u16> {
        let numeral = |character| Alphabet::Alphanumeric.numeral(character).unwrap();
        text.chars().map(numeral).collect()
    }

    fn cipher<C>(key: &[u8], radix: u32, tweak: &[u8], text: &str) -> String
    where
        C: aes::cipher::KeyInit + aes::cipher::BlockCipherEncrypt + Clone,
    {
        let ff1 = FF1::<C>::new(key, radix).unwrap();
        let plain = FlexibleNumeralString::from(numerals(text));
        let made = ff1.encrypt(tweak, &plain).unwrap();
        let back: Vec<u16> = ff1.decrypt(tweak, &made).unwrap().into();
        assert_eq!(back, numerals(text));
        Vec::from(made)
            .into_iter()
            .map(Alphabet::character)
            .collect()
    }

    #[test]
    fn the_samples_of_the_standard_are_met() {
        let key = hex::decode(KEY).unwrap();
        for (length, tweak, plain, expected) in SAMPLES {
            let radix = if plain == TEXT { 10 } else { 36 };
            let key = key.get(..length).unwrap();
            let tweak = hex::decode(tweak).unwrap();
            let made = match length {
                16 => cipher::<Aes128>(key, radix, &tweak, plain),
                24 => cipher::<Aes192>(key, radix, &tweak, plain),
                _ => cipher::<Aes256>(key, radix, &tweak, plain),
            };
            assert_eq!(made, expected, "{length} {plain}");
        }
    }

    #[test]
    fn the_sample_of_the_standard_goes_through_our_own_reading_and_writing() {
        let key: [u8; 32] = hex::decode(KEY).unwrap().try_into().unwrap();
        let tweaked = FormatPreserving {
            cipher: FF1::new(&key, 36).unwrap(),
            alphabet: Alphabet::Alphanumeric,
            tweak: hex::decode(LONG_TWEAK).unwrap(),
        };
        assert_eq!(
            tweaked.encrypt("0123-4567 89ABCDEFGHI").as_deref(),
            Ok("XS8A-0AZH 2AVYALYZUWD")
        );
    }

    fn made(alphabet: Alphabet) -> FormatPreserving {
        FormatPreserving::new(&ProjectKey::new([5; 32]), "phone", alphabet).unwrap()
    }

    #[test]
    fn what_would_not_be_hidden_is_refused() {
        let digits = made(Alphabet::Digits);
        assert_eq!(
            digits.encrypt("12345"),
            Err(Ff1Error::TooShort { length: 5, min: 6 })
        );
        assert_eq!(
            digits.encrypt("12-34-5a6"),
            Err(Ff1Error::OutsideAlphabet { position: 8 })
        );
        assert_eq!(
            digits.encrypt(&"1".repeat(300)),
            Err(Ff1Error::TooLong { length: 300 })
        );
        assert_eq!(
            made(Alphabet::Alphanumeric).encrypt("ABC"),
            Err(Ff1Error::TooShort { length: 3, min: 4 })
        );
        assert_eq!(
            made(Alphabet::Alphanumeric).encrypt("ABCD1Ж"),
            Err(Ff1Error::OutsideAlphabet { position: 6 })
        );
        for alphabet in [
            Alphabet::Digits,
            Alphabet::Alphanumeric,
            Alphabet::AlphanumericCase,
        ] {
            let domain = |length: usize| u64::from(alphabet.radix()).pow(length as u32);
            assert!(domain(alphabet.min_length()) >= MIN_DOMAIN);
            assert!(domain(alphabet.min_length() - 1) < MIN_DOMAIN);
        }
    }

    #[test]
    fn domains_and_keys_encrypt_differently() {
        let one = made(Alphabet::Digits).encrypt("900101300017").unwrap();
        let key = ProjectKey::new([5; 32]);
        let domain = FormatPreserving::new(&key, "iin", Alphabet::Digits).unwrap();
        let other =
            FormatPreserving::new(&ProjectKey::new([6; 32]), "phone", Alphabet::Digits).unwrap();
        assert_ne!(domain.encrypt("900101300017").unwrap(), one);
        assert_ne!(other.encrypt("900101300017").unwrap(), one);
        assert_ne!(other.decrypt(&one).unwrap(), "900101300017");
    }

    proptest! {
        #[test]
        fn encryption_is_undone_and_keeps_the_format(value in "[+(]?[0-9]{1,3}[ )-]{0,2}[0-9]{3}[- ]?[0-9]{2,40}") {
            let digits = made(Alphabet::Digits);
            let encrypted = digits.encrypt(&value).unwrap();
            let shape = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "#");
            prop_assert_eq!(shape(&encrypted), shape(&value));
            prop_assert_eq!(digits.decrypt(&encrypted).unwrap(), value);
        }

        #[test]
        fn letters_too(value in "[A-Za-z0-9]{4,60}") {
            let letters = made(Alphabet::AlphanumericCase);
            prop_assert_eq!(letters.decrypt(&letters.encrypt(&value).unwrap()).unwrap(), value);
        }

        #[test]
        fn nothing_panics(value in ".*") {
            let _ = made(Alphabet::Alphanumeric).encrypt(&value);
        }
    }
}
