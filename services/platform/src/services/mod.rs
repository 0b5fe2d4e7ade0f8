//! The gRPC services. Each method authenticates, authorizes, checks, changes and answers; nothing else happens here.

mod access;
mod airlock;
mod audit;
mod depersonalization;
mod grants;
mod identity;
mod image;
mod incident;
mod library;
mod named;
mod reveal;
mod sandbox;
mod subject;
mod system;
mod trial;
mod upload;
mod version;

pub use identity::{fresh_token, invitation_name};
pub use version::retirement;

use std::sync::Arc;

use sandyq_store::{Filter, Page, Record, Stored};

use crate::error::{Error, Result};
use crate::platform::Platform;

/// One type that implements every service.
#[derive(Clone)]
pub struct Services(pub Arc<Platform>);

const DEFAULT_PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 1000;

/// The part of a list that a client asks for. A page token is the last name of the page before, in hexadecimal so that
/// nobody builds on it.
struct PageRequest {
    size: u32,
    after: Option<String>,
}

impl PageRequest {
    fn new(size: i32, token: &str) -> Result<Self> {
        let size =
            u32::try_from(size).map_err(|_| Error::invalid("page_size", "must not be negative"))?;
        let after = if token.is_empty() {
            None
        } else {
            let bad = || Error::invalid("page_token", "is not one that this service gave");
            let bytes = hex::decode(token).map_err(|_| bad())?;
            Some(String::from_utf8(bytes).map_err(|_| bad())?)
        };
        let size = if size == 0 {
            DEFAULT_PAGE
        } else {
            size.min(LARGEST_PAGE)
        };
        Ok(Self { size, after })
    }

    /// What to ask of the store: one more than the page, to know whether another follows.
    fn page(&self) -> Page<'_> {
        Page {
            size: self.size + 1,
            after: self.after.as_deref(),
        }
    }

    /// Cuts the extra one off and makes the next token.
    fn cut<T>(&self, mut items: Vec<T>, name: impl Fn(&T) -> &str) -> (Vec<T>, String) {
        let size = self.size as usize;
        if items.len() <= size {
            return (items, String::new());
        }
        items.truncate(size);
        let token = items
            .last()
            .map(|item| hex::encode(name(item)))
            .unwrap_or_default();
        (items, token)
    }
}

impl Services {
    /// A page of records, and the token of the next one.
    async fn page<R: Record>(
        &self,
        filter: &Filter<'_>,
        size: i32,
        token: &str,
    ) -> Result<(Vec<Stored<R>>, String)> {
        let page = PageRequest::new(size, token)?;
        let found = self.0.store.list::<R>(filter, page.page()).await?;
        Ok(page.cut(found, |stored| stored.name()))
    }

    /// A page of those records that are wanted, and the token of the next one; the others are passed over.
    async fn page_where<R: Record>(
        &self,
        filter: &Filter<'_>,
        size: i32,
        token: &str,
        wanted: impl Fn(&R) -> bool + Send,
    ) -> Result<(Vec<Stored<R>>, String)> {
        let page = PageRequest::new(size, token)?;
        let (mut found, mut after) = (Vec::new(), page.after.clone());
        loop {
            let chunk = Page {
                size: CHUNK,
                after: after.as_deref(),
            };
            let read = self.0.store.list::<R>(filter, chunk).await?;
            let Some(last) = read.last() else { break };
            after = Some(last.name().to_owned());
            found.extend(read.into_iter().filter(|stored| wanted(&stored.record)));
            if found.len() > page.size as usize {
                break;
            }
        }
        Ok(page.cut(found, |stored| stored.name()))
    }
}

/// Records that are looked at for a page of those that are wanted.
const CHUNK: u32 = 500;

/// The message that a request must carry.
fn required<T>(field: &str, message: Option<T>) -> Result<T> {
    message.ok_or_else(|| Error::invalid(field, "is required"))
}

/// A text for people: not empty where `required`, and bounded. Texts go into records and into the log, which nobody can erase: they must
/// not tell who a subject is.
///
/// # Errors
/// Empty, too long, with control characters, or with an individual identification number.
pub fn text(field: &str, value: &str, required: bool, longest: usize) -> Result<String> {
    let value = value.trim();
    if required && value.is_empty() {
        return Err(Error::invalid(field, "is required"));
    }
    if value.len() > longest {
        return Err(Error::invalid(
            field,
            format!("must be at most {longest} bytes"),
        ));
    }
    if value
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Error::invalid(field, "must not hold control characters"));
    }
    if crate::subjects::holds_iin(value) {
        return Err(Error::invalid(
            field,
            "holds an individual identification number; leave it out: the platform keeps it only as a keyed hash (law on personal data, article 8)",
        ));
    }
    Ok(value.to_owned())
}

/// A text for people that may be left out.
///
/// # Errors
/// As [`text`].
pub fn optional_text(field: &str, value: &str, longest: usize) -> Result<String> {
    text(field, value, false, longest)
}

/// An id that the client chose, or a fresh one.
fn client_id(field: &str, id: &str) -> Result<String> {
    if crate::names::is_client_id(id) {
        return text(field, id, true, id.len());
    }
    Err(Error::invalid(
        field,
        "must be 1-63 of a-z, 0-9 and dash, beginning with a letter",
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn pages_follow_one_another() {
        let page = PageRequest::new(2, "").unwrap();
        let (items, token) = page.cut(vec!["a", "b", "c"], |item| item);
        assert_eq!(items, ["a", "b"]);
        let next = PageRequest::new(2, &token).unwrap();
        assert_eq!(next.after.as_deref(), Some("b"));
        let (items, token) = next.cut(vec!["c"], |item| item);
        assert_eq!((items.len(), token.as_str()), (1, ""));
    }

    #[test]
    fn no_text_takes_a_personal_number() {
        for given in ["IIN 900101300017", "№ 900101 300017"] {
            let refused = text("reason", given, true, 100).unwrap_err();
            assert!(refused.message.contains("article 8"), "{refused}");
            assert!(!refused.message.contains("300017"), "{refused}");
            assert!(client_id("library_id", "iin-900101300017").is_err());
        }
        assert_eq!(
            text("reason", " order 900101300018 ", true, 100).unwrap(),
            "order 900101300018"
        );
    }

    #[test]
    fn bad_pages_are_refused() {
        assert!(PageRequest::new(-1, "").is_err());
        assert!(PageRequest::new(1, "xyz").is_err());
        assert_eq!(PageRequest::new(i32::MAX, "").unwrap().size, LARGEST_PAGE);
    }
}
