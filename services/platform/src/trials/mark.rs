//! The place that every answer of a trial passes on its way out, whoever asked and however (law "On artificial intelligence",
//! article 22): users are told that an AI system made it.

use http::HeaderValue;

use super::Answered;

/// The field that tells it.
pub const FIELD: &str = "ai-generated";

/// Whose answer it is.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// `systems/{system}`.
    pub system: &'a str,
    /// `sandboxes/{sandbox}/trials/{trial}`.
    pub trial: &'a str,
}

/// Marks an answer. What it gives back is what leaves; there is no other way out.
pub trait Marking: Send + Sync {
    /// The answer, marked.
    fn mark(&self, origin: Origin<'_>, answer: Answered) -> Answered;
}

/// Leaves the body as it is, and tells in a field of the header who made it. The field is a structured one (RFC 9651).
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderMark;

impl Marking for HeaderMark {
    fn mark(&self, origin: Origin<'_>, mut answer: Answered) -> Answered {
        let Origin { system, trial } = origin;
        let text = format!("?1;system=\"{system}\";trial=\"{trial}\"");
        // Names have no other characters than these; without them the mark is still one.
        let value = HeaderValue::try_from(text);
        let value = value.unwrap_or_else(|_| HeaderValue::from_static("?1"));
        answer.headers.insert(FIELD, value);
        answer
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use bytes::Bytes;
    use http::{HeaderMap, StatusCode};

    use super::*;

    #[test]
    fn an_answer_says_that_an_ai_system_made_it() {
        let answer = Answered {
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"42"),
        };
        let origin = Origin {
            system: "systems/s",
            trial: "sandboxes/b/trials/t",
        };
        let marked = HeaderMark.mark(origin, answer);
        let field = marked.headers.get(FIELD).unwrap();
        assert_eq!(
            field,
            "?1;system=\"systems/s\";trial=\"sandboxes/b/trials/t\""
        );
        assert_eq!(marked.body.as_ref(), b"42");
    }
}
