//! Which fields of a header are passed on: in each direction a short list, each at most once. What is not on it could name a user,
//! steer a browser, or tell something on the side.

use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, RETRY_AFTER,
};
use http::{HeaderMap, HeaderName};

static ASKED: [HeaderName; 5] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    CONTENT_LANGUAGE,
    IF_NONE_MATCH,
];
static ANSWERED: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_LANGUAGE, ETAG, RETRY_AFTER];
const LONGEST: usize = 1024;

/// Those of a request.
pub fn asked(from: &HeaderMap) -> HeaderMap {
    passed(from, &ASKED)
}

/// Those of an answer.
pub fn answered(from: &HeaderMap) -> HeaderMap {
    passed(from, &ANSWERED)
}

/// What they count for.
pub fn bytes(headers: &HeaderMap) -> usize {
    let fields = headers.iter();
    fields
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

fn passed(from: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut to = HeaderMap::new();
    for name in names {
        let value = from.get(name).filter(|value| {
            value.len() <= LONGEST && value.to_str().is_ok_and(|text| !text.is_empty())
        });
        if let Some(value) = value {
            to.insert(name, value.clone());
        }
    }
    to
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use http::HeaderValue;

    use super::*;

    #[test]
    fn fields_are_passed_on_once_and_within_bounds() {
        let mut from = HeaderMap::new();
        from.append(CONTENT_TYPE, HeaderValue::from_static("a/b"));
        from.append(CONTENT_TYPE, HeaderValue::from_static("c/d"));
        from.append(ETAG, HeaderValue::from_str(&"x".repeat(1025)).unwrap());
        from.append(RETRY_AFTER, HeaderValue::from_bytes(b"\xff").unwrap());
        from.append("x-told", HeaderValue::from_static("secret"));
        let to = answered(&from);
        assert_eq!(to.len(), 1);
        assert_eq!(to.get(CONTENT_TYPE).unwrap(), "a/b");
        assert_eq!(bytes(&to), 15);
    }
}
