//! What is published in the place of a value: `⟦kind|what it must agree with|pseudonym⟧`.

use super::SurrogateKind;
use super::address::Outline;
use super::person::Name;
use crate::pseudonym::Pseudonym;

/// Begins a token. [`super::without_tokens`] takes it out of texts.
pub const OPEN: char = '⟦';
/// Ends a token.
pub const CLOSE: char = '⟧';

/// What a surrogate is made from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub body: Body,
    /// Whom or what the value is about.
    pub own: Pseudonym,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Name(Name),
    Address(Outline),
    /// The format of a number; see [`super::pattern`].
    Pattern(SurrogateKind, String),
    /// The same, of a number whose place is the second half of the pseudonym; see [`super::place`].
    Placed(SurrogateKind, String),
}

/// Stands before the pattern of a number with a place.
const PLACED: char = '=';

impl Token {
    pub(super) fn write(&self, out: &mut String) {
        out.push(OPEN);
        match &self.body {
            Body::Name(name) => {
                out.push_str("name|");
                name.write(out);
            }
            Body::Address(outline) => {
                out.push_str("address|");
                outline.write(out);
            }
            Body::Pattern(kind, pattern) => {
                out.push_str(kind.as_str());
                out.push('|');
                out.push_str(pattern);
            }
            Body::Placed(kind, pattern) => {
                out.push_str(kind.as_str());
                out.extend(['|', PLACED]);
                out.push_str(pattern);
            }
        }
        out.push('|');
        self.own.push_to(out);
        out.push(CLOSE);
    }

    /// Reads what stands between the brackets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('|')?;
        let (about, own) = rest.rsplit_once('|')?;
        let own = Pseudonym::parse(own)?;
        let body = match kind {
            "name" => Body::Name(Name::parse(about)?),
            "address" => Body::Address(Outline::parse(about)?),
            _ => {
                let kind = SurrogateKind::parse(kind).filter(|kind| kind.part().is_none())?;
                match about.strip_prefix(PLACED) {
                    Some(about) => Body::Placed(kind, super::pattern::checked(about)?),
                    None => Body::Pattern(kind, super::pattern::checked(about)?),
                }
            }
        };
        Some(Self { body, own })
    }

    pub(super) fn fits(&self, kind: SurrogateKind) -> bool {
        match &self.body {
            Body::Name(name) => kind == SurrogateKind::Person || kind.part() == Some(name.part),
            Body::Address(_) => kind == SurrogateKind::Address,
            Body::Pattern(own, _) | Body::Placed(own, _) => *own == kind,
        }
    }
}
