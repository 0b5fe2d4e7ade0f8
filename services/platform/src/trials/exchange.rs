//! One HTTP request to a container and its answer, each on a connection of its own: nothing of one request can be taken for a part of
//! another.

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use sandyq_sandbox::serve::Connection;
use tokio_util::task::AbortOnDropHandle;

use super::headers;
use crate::error::{Class, Error, Result};

/// Bytes of the head of an answer.
const HEAD_BYTES: usize = 32 << 10;
const HEAD_FIELDS: usize = 64;
/// What an answer, or that there is none, counts for beside its bytes: a status tells something too, and so does why there is none.
pub const ANSWER_BYTES: u64 = 8;
/// Bytes of path and query.
const PATH_BYTES: usize = 4096;

/// What a trial may be asked by.
static METHODS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    method: Method,
    path: PathAndQuery,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    /// A request; of its headers only those stay that are passed on.
    ///
    /// # Errors
    /// A method or path that is not passed on.
    pub fn new(method: Method, path: &str, headers: &HeaderMap, body: Bytes) -> Result<Self> {
        if !METHODS.contains(&method) {
            let text = "GET, HEAD, POST, PUT, PATCH and DELETE are passed on";
            return Err(Error::invalid("method", text));
        }
        let plain = path.starts_with('/') && path.len() <= PATH_BYTES;
        let path = PathAndQuery::try_from(path).ok().filter(|_| plain);
        let wrong = || {
            let text = format!("must begin with / and have at most {PATH_BYTES} bytes");
            Error::invalid("path", text)
        };
        Ok(Self {
            method,
            path: path.ok_or_else(wrong)?,
            headers: headers::asked(headers),
            body,
        })
    }

    /// As [`Asked::new`], from texts.
    ///
    /// # Errors
    /// Something that HTTP cannot carry, or that is not passed on.
    pub fn of_texts<'a>(
        method: &str,
        path: &str,
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        body: Bytes,
    ) -> Result<Self> {
        let method = match method {
            "" => Method::GET,
            method => Method::from_bytes(method.as_bytes())
                .map_err(|_| Error::invalid("method", "is none of HTTP"))?,
        };
        let mut map = HeaderMap::new();
        for (index, (name, value)) in fields.take(HEAD_FIELDS).enumerate() {
            let wrong = || Error::invalid(format!("headers[{index}]"), "is no field of HTTP");
            let name = HeaderName::try_from(name).map_err(|_| wrong())?;
            let value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            map.append(name, value);
        }
        Self::new(method, path, &map, body)
    }

    /// A look at a path.
    ///
    /// # Errors
    /// It is none.
    pub fn get(path: &str) -> Result<Self> {
        Self::new(Method::GET, path, &HeaderMap::new(), Bytes::new())
    }

    /// Bytes that count.
    pub fn bytes(&self) -> u64 {
        let path = self.path.as_str().len();
        (path + headers::bytes(&self.headers) + self.body.len()) as u64
    }

    fn request(self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body));
        *request.method_mut() = self.method;
        *request.uri_mut() = self.path.into();
        *request.headers_mut() = self.headers;
        let headers = request.headers_mut();
        headers.insert(HOST, HeaderValue::from_static("trial"));
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        request
    }
}

/// What was answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// HTTP status.
    pub status: StatusCode,
    /// Of its headers, those that are passed on.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Bytes,
}

impl Answered {
    /// Bytes that count.
    pub fn bytes(&self) -> u64 {
        ANSWER_BYTES + (headers::bytes(&self.headers) + self.body.len()) as u64
    }
}

/// Asks and takes in the whole answer, of at most `most` bytes. Whoever calls holds the clock.
///
/// # Errors
/// The answer is too large, or none that can be passed on.
pub(super) async fn exchange(
    connection: Connection,
    asked: Asked,
    most: usize,
) -> Result<Answered> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(HEAD_BYTES).max_headers(HEAD_FIELDS);
    let handshake = builder.handshake(TokioIo::new(connection)).await;
    let (mut sender, connection) = handshake.map_err(|error| unreadable(&error))?;
    let _driver = AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(asked.request()).await;
    let (parts, body) = answer.map_err(|error| unreadable(&error))?.into_parts();
    if parts.status.is_informational() {
        return Err(refused("it answered with a change of protocol"));
    }
    let headers = headers::answered(&parts.headers);
    let room = most.saturating_sub(headers::bytes(&headers));
    let body = Limited::new(body, room).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            too_large(most)
        } else {
            unreadable(error.as_ref())
        }
    })?;
    Ok(Answered {
        status: parts.status,
        headers,
        body: body.to_bytes(),
    })
}

fn too_large(most: usize) -> Error {
    let text = format!("the trial answered more than the {most} bytes that it may answer now");
    Error::new(Class::Unavailable, "TRIAL_ANSWER_TOO_LARGE", text)
}

fn refused(why: &str) -> Error {
    let text = format!("the trial's answer is not passed on: {why}");
    Error::new(Class::Unavailable, "TRIAL_ANSWER_REFUSED", text)
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> Error {
    refused(&crate::error::chain(error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What comes of an answer, and what was asked.
    async fn answered(answer: &'static [u8], most: usize) -> (Result<Answered>, String) {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let serving = tokio::spawn(async move {
            let mut head = vec![0; 4096];
            let read = theirs.read(&mut head).await.unwrap();
            theirs.write_all(answer).await.unwrap();
            head.truncate(read);
            String::from_utf8(head).unwrap()
        });
        let fields = [
            ("Accept", "text/plain"),
            ("Cookie", "secret"),
            ("Transfer-Encoding", "chunked"),
            ("Content-Length", "7"),
            ("Connection", "upgrade"),
            ("Host", "inside"),
        ];
        let body = Bytes::from_static(b"body");
        let asked = Asked::of_texts("POST", "/p?q=1", fields.into_iter(), body).unwrap();
        let outcome = exchange(Box::new(ours), asked, most).await;
        (outcome, serving.await.unwrap())
    }

    #[tokio::test]
    async fn only_what_is_passed_on_arrives_on_either_side() {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nset-cookie: a=b\r\n\
            ai-generated: no\r\nlocation: /x\r\ncontent-length: 2\r\n\r\nhi";
        let (outcome, asked) = answered(answer, 100).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.body.as_ref(), b"hi");
        let names: Vec<&str> = outcome.headers.keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["content-type"]);
        let mut lines: Vec<&str> = asked.split("\r\n").collect();
        lines.sort_unstable();
        let expected = [
            "",
            "POST /p?q=1 HTTP/1.1",
            "accept: text/plain",
            "body",
            "connection: close",
            "content-length: 4",
            "host: trial",
        ];
        assert_eq!(lines, expected);
    }

    #[tokio::test]
    async fn answers_that_are_too_large_or_none_are_refused() {
        let large = b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
        let endless =
            b"HTTP/1.1 200 OK\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
        for answer in [large.as_slice(), endless] {
            let error = answered(answer, 20).await.0.unwrap_err();
            assert_eq!(error.reason, "TRIAL_ANSWER_TOO_LARGE");
        }
        let twice = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc";
        let switch =
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
        for answer in [b"nonsense\r\n\r\n".as_slice(), b"", twice, switch] {
            let error = answered(answer, 1000).await.0.unwrap_err();
            assert_eq!(error.reason, "TRIAL_ANSWER_REFUSED", "{answer:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_without_a_byte_of_its_own_counts_all_the_same() {
        let (outcome, _) = answered(b"HTTP/1.1 222 X\r\ncontent-length: 0\r\n\r\n", 100).await;
        let outcome = outcome.unwrap();
        assert_eq!(outcome.status.as_u16(), 222);
        assert_eq!(outcome.bytes(), ANSWER_BYTES);
    }

    #[test]
    fn requests_that_are_not_passed_on_are_refused() {
        let none = || std::iter::empty();
        for (method, path) in [
            ("CONNECT", "/"),
            ("TRACE", "/"),
            ("GET /x HTTP/1.1\r\nA", "/"),
            ("GET", "x"),
            ("GET", ""),
            ("GET", "/a b"),
            ("GET", "/a\r\nHost: x"),
            ("GET", &format!("/{}", "a".repeat(5000))),
        ] {
            assert!(
                Asked::of_texts(method, path, none(), Bytes::new()).is_err(),
                "{method} {path:?}"
            );
        }
        let field = [("a\r\nb", "c")].into_iter();
        assert!(Asked::of_texts("GET", "/", field, Bytes::new()).is_err());
        let field = [("accept", "c\r\nd: e")].into_iter();
        assert!(Asked::of_texts("GET", "/", field, Bytes::new()).is_err());
    }
}
