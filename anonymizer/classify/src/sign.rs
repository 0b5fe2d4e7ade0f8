//! What a single cell shows of itself.

macro_rules! signs {
    ($($(#[$doc:meta])* $variant:ident,)*) => {
        /// One thing that a cell can show. A cell may show several: 900101300017 is an IIN and a whole number.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Sign {
            $($(#[$doc])* $variant,)*
        }

        impl Sign {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }
    };
}

signs! {
    /// Nothing, or a word for nothing.
    Missing,
    Integer,
    Decimal,
    /// A number with a leading zero, which arithmetic would lose.
    LeadingZero,
    Boolean,
    /// Twelve digits.
    Digits12,
    /// Nine digits.
    Digits9,
    /// Ten or eleven digits that become an IIN with the leading zeros that a spreadsheet has cut off.
    CutIin,
    Iin,
    /// An IIN but for its check digit.
    IinShape,
    Bin,
    BinShape,
    /// A telephone number by its prefix.
    Phone,
    /// As many digits as a telephone number may have, written like one.
    PhoneShape,
    Email,
    Iban,
    Card,
    /// As many digits as a card's number.
    CardShape,
    Passport,
    BirthCertificate,
    DriverLicence,
    Plate,
    Vin,
    Url,
    Ip,
    Mac,
    /// Latitude and longitude in one cell.
    Position,
    /// A decimal number that may be a latitude of Kazakhstan.
    Latitude,
    /// A decimal number that may be a longitude of Kazakhstan.
    Longitude,
    Kato,
    /// Six digits with the beginning of a postal code of Kazakhstan, or a code of the newer kind.
    Postal,
    Icd,
    Date,
    /// A year between 1900 and 2100.
    Year,
    Time,
    /// A whole number from 0 to 120.
    Small,
    Money,
    /// Hexadecimal digits, as of a UUID or a hash.
    Hex,
    /// Letters and digits without spaces.
    Code,
    /// The name of an account.
    UserName,
    /// The name of a file with an image.
    Image,
    /// A long run of base64.
    Template,
    GivenName,
    Surname,
    /// A word that ends like a family name.
    SurnameLike,
    Patronymic,
    FullName,
    /// A patronymic with another name: hardly anything but a person.
    Person,
    Address,
    Street,
    /// A number of a house or flat, perhaps with a letter.
    House,
    Region,
    District,
    Settlement,
    Organization,
    /// A few words.
    Words,
    /// Prose.
    Prose,
    /// An identifier with a check digit or an e-mail address among other text.
    Inside,
    /// Bytes that are not UTF-8.
    OtherEncoding,
}

/// How many signs there are.
pub const SIGNS: usize = Sign::ALL.len();

/// A set of signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs(pub u64);

impl Signs {
    pub const fn of(sign: Sign) -> Self {
        Self(1 << sign as u8)
    }

    pub const fn with(self, sign: Sign) -> Self {
        Self(self.0 | 1 << sign as u8)
    }

    pub const fn with_if(self, condition: bool, sign: Sign) -> Self {
        if condition { self.with(sign) } else { self }
    }

    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, sign: Sign) -> bool {
        self.0 & (1 << sign as u8) != 0
    }

    /// The places of the signs in [`Sign::ALL`].
    pub fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            Some(place)
        })
    }
}

/// Signs that alone give a person away, whatever the rest of the column is.
pub const TELLING: &[Sign] = &[
    Sign::Iin,
    Sign::Bin,
    Sign::Phone,
    Sign::Email,
    Sign::Iban,
    Sign::Card,
    Sign::FullName,
    Sign::Person,
    Sign::Passport,
    Sign::Address,
    Sign::Inside,
    Sign::Template,
];
