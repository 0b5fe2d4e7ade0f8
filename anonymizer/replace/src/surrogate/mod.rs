//! Surrogates: invented values in the place of real ones.
//!
//! It takes two steps, so that what is published once can be another in each project. [`Tokens`] replaces a value by a *token*,
//! which holds what the surrogate must agree with (kind, sex, language, grammatical case, spelling) and a keyed pseudonym of
//! whom or what the value is about. [`Surrogates`] turns tokens into surrogates under the key of a project. Equal tokens become
//! equal surrogates under one key, and unrelated ones under another.
//!
//! Numbers that are well formed become others one to one; see [`place`]. Names repeat, as they do in life.
//!
//! A name is the same person's in every case, order and spelling (Russian, Kazakh, capitals): each part of it is told by its nominative.

mod address;
mod check;
mod locale;
mod pattern;
mod person;
mod place;
mod token;

use std::borrow::Cow;

use ring::hmac;
use sandyq_detect::Kind;

pub use check::{IinFacts, iin_facts};
pub use token::{CLOSE, OPEN};

use crate::ProjectKey;
use crate::name::{self, Part};
use crate::pseudonym::{Pseudonym, Pseudonyms};
use crate::stream::Stream;
use place::Permutation;
use token::{Body, Token};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $kind:expr;)*) => {
        /// What a surrogate is one of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        #[non_exhaustive]
        pub enum SurrogateKind { $($(#[$doc])* $name,)* }

        impl SurrogateKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The name in profiles and tokens.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What stands for a span of text; `None` for kinds that have placeholders only.
            #[must_use]
            pub fn of(kind: Kind) -> Option<Self> {
                let all: &[(Self, Option<Kind>)] = &[$((Self::$name, $kind),)*];
                all.iter().find(|(_, of)| *of == Some(kind)).map(|(own, _)| *own)
            }
        }
    };
}

kinds! {
    /// A whole name, of whatever parts, in whatever order.
    Person = "person", Some(Kind::Person);
    /// The name given at birth.
    GivenName = "given_name", None;
    /// The family's name.
    Surname = "surname", None;
    /// The name from the father's.
    Patronymic = "patronymic", None;
    /// An individual identification number, with a check digit that is wrong.
    Iin = "iin", Some(Kind::Iin);
    /// A business identification number, with a check digit that is wrong.
    Bin = "bin", Some(Kind::Bin);
    /// A telephone number of a code that no operator has.
    Phone = "phone", Some(Kind::Phone);
    /// An e-mail address of a domain that is reserved for examples (RFC 2606).
    Email = "email", Some(Kind::Email);
    /// A bank account, with check digits that none can have.
    Iban = "iban", Some(Kind::Iban);
    /// The number of a bank card, with a check digit that is wrong.
    Card = "card", Some(Kind::Card);
    /// The number of an identity card.
    IdCard = "id_card", Some(Kind::IdCard);
    /// The number of a passport.
    Passport = "passport", Some(Kind::Passport);
    /// The number of a birth certificate.
    BirthCertificate = "birth_certificate", Some(Kind::BirthCertificate);
    /// The number of a driving licence.
    DriverLicence = "driver_licence", Some(Kind::DriverLicence);
    /// The registration plate of a vehicle.
    Plate = "plate", Some(Kind::Plate);
    /// The identification number of a vehicle.
    Vin = "vin", Some(Kind::Vin);
    /// A postal address of the same region, as far as one is named.
    Address = "address", Some(Kind::Address);
    /// A date of birth from 1940 to 2009.
    BirthDate = "birth_date", Some(Kind::BirthDate);
    /// An address of the network that is reserved for examples (RFC 5737).
    Ip = "ip", Some(Kind::Ip);
    /// A hardware address that no maker has.
    Mac = "mac", Some(Kind::Mac);
    /// The name of an account.
    UserName = "user_name", Some(Kind::UserName);
}

impl SurrogateKind {
    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }

    fn part(self) -> Option<Part> {
        match self {
            Self::GivenName => Some(Part::Given),
            Self::Surname => Some(Part::Surname),
            Self::Patronymic => Some(Part::Patronymic),
            _ => None,
        }
    }
}

/// Whom a value is about, where that is known apart from the value: an identifier, and what it identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// What is identified, such as `person`: the same wherever the same subjects are.
    pub domain: &'a str,
    /// The identifier.
    pub value: &'a str,
}

/// Replaces values by tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    pseudonyms: Pseudonyms,
    places: Permutation,
}

impl Tokens {
    /// Tokens under a key.
    #[must_use]
    pub fn new(key: &ProjectKey) -> Self {
        Self {
            pseudonyms: Pseudonyms::of_purpose(key, "surrogate tokens"),
            places: Permutation::new(key, "places in surrogate tokens"),
        }
    }

    /// The value as a token, or as several with what stands between them for a name.
    ///
    /// Without a `subject`, equal values are of the same person or thing. With one, it is what decides, so that the
    /// parts of one person's name stay one person's in whatever spelling, while values that are equal by chance do not.
    #[must_use]
    pub fn value(&self, kind: SurrogateKind, subject: Option<Subject<'_>>, value: &str) -> String {
        let value = name::clean(value);
        if value.trim().is_empty() {
            return value;
        }
        let mut out = String::with_capacity(96);
        match kind {
            SurrogateKind::Person
            | SurrogateKind::GivenName
            | SurrogateKind::Surname
            | SurrogateKind::Patronymic => {
                person::tokens(
                    &value,
                    kind.part(),
                    |label, own| self.pseudonym(label, subject, own),
                    &mut out,
                );
            }
            _ => {
                let own = self.pseudonym(kind.as_str(), subject, &pattern::identity(kind, &value));
                let token = match kind {
                    SurrogateKind::Address => Token {
                        body: Body::Address(address::Outline::of(&value)),
                        own,
                    },
                    _ => self.number(kind, subject, &value, own),
                };
                token.write(&mut out);
            }
        }
        out
    }

    /// A number by its place, so that no other one gets the same surrogate; by its pseudonym if it has none, or if somebody else than
    /// the number itself decides.
    fn number(
        &self,
        kind: SurrogateKind,
        subject: Option<Subject<'_>>,
        value: &str,
        own: Pseudonym,
    ) -> Token {
        let pattern = pattern::of(kind, value);
        let decides = match subject {
            None => Some(value),
            Some(subject) => Some(subject.value.trim()).filter(|_| kind == SurrogateKind::Iin),
        };
        let place = decides
            .and_then(|number| place::place(kind, &pattern, number))
            .and_then(|place| self.places.of(kind, place.place, place.among));
        match place {
            Some(place) => Token {
                body: Body::Placed(kind, pattern),
                own: own.with_number(place),
            },
            None => Token {
                body: Body::Pattern(kind, pattern),
                own,
            },
        }
    }

    /// The pseudonym of a subject, or of the value itself where none is known.
    fn pseudonym(&self, label: &str, subject: Option<Subject<'_>>, own: &str) -> Pseudonym {
        match subject {
            Some(subject) => {
                let domain = format!("{label} of {}", subject.domain);
                self.pseudonyms.domain(&domain).of(subject.value.trim())
            }
            None => self.pseudonyms.domain(label).of(own),
        }
    }
}

/// Turns tokens into surrogates under the key of a project.
#[derive(Clone)]
pub struct Surrogates {
    renewed: Pseudonyms,
    stream: hmac::Key,
    places: Permutation,
}

impl std::fmt::Debug for Surrogates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Surrogates(***)")
    }
}

impl Surrogates {
    /// Surrogates under a key.
    #[must_use]
    pub fn new(key: &ProjectKey) -> Self {
        Self {
            renewed: Pseudonyms::of_purpose(key, "surrogates"),
            stream: key.derived_hmac("surrogate stream"),
            places: Permutation::new(key, "places of surrogates"),
        }
    }

    /// The text with a surrogate in the place of each token.
    #[must_use]
    pub fn render<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if !text.contains(OPEN) {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(OPEN) {
            out.push_str(before);
            match after
                .split_once(CLOSE)
                .and_then(|(token, after)| Some((Token::parse(token)?, after)))
            {
                Some((token, after)) => {
                    self.token(&token, &mut out);
                    rest = after;
                }
                None => {
                    out.push(OPEN);
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Cow::Owned(out)
    }

    fn token(&self, token: &Token, out: &mut String) {
        let mut stream = self.stream(&token.own);
        match &token.body {
            Body::Name(name) => {
                let mut initial = self.stream(&name.initial_of);
                person::render(name, &mut initial, &mut stream, out);
            }
            Body::Address(outline) => address::render(outline, &mut stream, out),
            Body::Pattern(kind, pattern) => pattern::render(*kind, pattern, &mut stream, out),
            Body::Placed(kind, pattern) => {
                let filling = place::room(*kind, pattern)
                    .and_then(|room| self.places.of(*kind, token.own.number(), room))
                    .and_then(|place| place::fill(*kind, pattern, place));
                match filling {
                    Some(filling) => pattern::write(*kind, pattern, filling, &mut stream, out),
                    // No token that was made here.
                    None => pattern::render(*kind, pattern, &mut stream, out),
                }
            }
        }
    }

    fn stream(&self, of: &Pseudonym) -> Stream<'_> {
        Stream::new(&self.stream, *self.renewed.renewed(of).bytes())
    }
}

/// A text in which nothing looks like a token: its brackets of that kind become `[[` and `]]`.
#[must_use]
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    if !text.contains([OPEN, CLOSE]) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(OPEN, "[[").replace(CLOSE, "]]"))
}

/// Whether a text is tokens of a kind with at most separators between them, as [`Tokens::value`] makes them.
#[must_use]
pub fn is_tokens(text: &str, kind: SurrogateKind) -> bool {
    let mut rest = text;
    let mut count = 0;
    let separators = |text: &str| !text.chars().any(char::is_alphanumeric);
    while let Some((before, after)) = rest.split_once(OPEN) {
        let Some((token, after)) = after.split_once(CLOSE) else {
            return false;
        };
        if !separators(before) || Token::parse(token).is_none_or(|token| !token.fits(kind)) {
            return false;
        }
        count += 1;
        rest = after;
    }
    separators(rest)
        && (count > 0
            || text.trim().is_empty()
            || kind.part().is_some()
            || kind == SurrogateKind::Person)
}

#[cfg(test)]
mod tests;
