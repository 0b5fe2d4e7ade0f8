//! Values of the command line: sizes, durations, terms and names.

use std::time::Duration;

use prost_types::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Units of a size; the decimal ones as disks are sold, the binary ones as memory is.
const SIZE_UNITS: [(&str, u64); 14] = [
    ("b", 1),
    ("k", 1 << 10),
    ("m", 1 << 20),
    ("g", 1 << 30),
    ("t", 1 << 40),
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("tb", 1_000_000_000_000),
    ("", 1),
];

/// Units of a duration, in milliseconds.
const DURATION_UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// Bytes: `512MiB`, `1.5GB`, `4096`.
pub fn size(text: &str) -> Result<i64, String> {
    let wrong =
        || format!("`{text}` is not a size; write for example 512MiB, 2GiB or a number of bytes");
    let (number, unit) = split_unit(text);
    let factor = lookup(&SIZE_UNITS, &unit.to_lowercase()).ok_or_else(wrong)?;
    let bytes = scaled(number, factor).ok_or_else(wrong)?;
    i64::try_from(bytes).map_err(|_| format!("`{text}` is too large"))
}

/// A span of time: `90s`, `10m`, `1h30m`, `30d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write for example 90s, 10m, 1h30m or 30d");
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let (number, tail) = split_unit(rest);
        let end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at_checked(end).ok_or_else(wrong)?;
        let factor = lookup(&DURATION_UNITS, unit).ok_or_else(wrong)?;
        let part = scaled(number, factor).ok_or_else(wrong)?;
        total = total
            .checked_add(Duration::from_millis(part))
            .ok_or_else(wrong)?;
        rest = next;
    }
    if total.is_zero() {
        return Err(format!(
            "`{text}` is no time at all; write for example 90s, 10m or 30d"
        ));
    }
    Ok(total)
}

/// The end of a term: a duration from now, a date (its end, in UTC) or an RFC 3339 time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// So long from now.
    For(Duration),
    /// Until then.
    Until(OffsetDateTime),
}

impl Term {
    /// The end, given the present.
    pub fn end(self, now: OffsetDateTime) -> Timestamp {
        let end = match self {
            Self::For(span) => {
                now.saturating_add(time::Duration::try_from(span).unwrap_or(time::Duration::MAX))
            }
            Self::Until(end) => end,
        };
        Timestamp {
            seconds: end.unix_timestamp(),
            nanos: 0,
        }
    }
}

/// Reads a [`Term`].
pub fn term(text: &str) -> Result<Term, String> {
    if let Ok(span) = duration(text) {
        return Ok(Term::For(span));
    }
    let whole = if text.len() == 10 {
        format!("{text}T23:59:59Z")
    } else {
        text.to_owned()
    };
    OffsetDateTime::parse(&whole, &Rfc3339)
        .map(Term::Until)
        .map_err(|_| {
            format!(
                "`{text}` is not a term; write for example 30d, 2027-01-31 or 2027-01-31T12:00:00Z"
            )
        })
}

/// A moment in the past: a date, whose noon in Almaty is meant, or an RFC 3339 time.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = if text.len() == 10 {
        format!("{text}T12:00:00+05:00")
    } else {
        text.to_owned()
    };
    let time = OffsetDateTime::parse(&whole, &Rfc3339).map_err(|_| {
        format!("`{text}` is not a time; write for example 2026-12-11 or 2026-12-11T09:30:00+05:00")
    })?;
    Ok(Timestamp {
        seconds: time.unix_timestamp(),
        nanos: 0,
    })
}

/// Reads a duration as a message.
pub fn proto_duration(text: &str) -> Result<prost_types::Duration, String> {
    let span = duration(text)?;
    prost_types::Duration::try_from(span).map_err(|_| format!("`{text}` is too long"))
}

/// Processors, in thousandths: `2`, `0.5`, `1500m`.
pub fn cpus(text: &str) -> Result<i32, String> {
    let wrong =
        || format!("`{text}` is not a number of processors; write for example 2, 0.5 or 1500m");
    let (number, factor) = text
        .strip_suffix('m')
        .map_or((text, 1000), |millis| (millis, 1));
    let millis = scaled(number, factor)
        .filter(|millis| *millis > 0)
        .ok_or_else(wrong)?;
    i32::try_from(millis).map_err(|_| wrong())
}

/// `NAME=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not of the form NAME=VALUE")),
    }
}

/// The delimiter of a CSV file: one ASCII character, or `tab`.
pub fn delimiter(text: &str) -> Result<String, String> {
    match text {
        "tab" | "\\t" => Ok("\t".to_owned()),
        _ if text.len() == 1 && text.is_ascii() => Ok(text.to_owned()),
        _ => Err(format!(
            "`{text}` is not a delimiter; give one ASCII character, or the word tab"
        )),
    }
}

/// Completes the name of a resource: `pattern` has its collections, such as `libraries/versions`, and `text` is either
/// the full name (`libraries/l/versions/v`) or just its own parts (`l/v`).
fn resource(pattern: &str, text: &str) -> Result<String, String> {
    let collections: Vec<_> = pattern.split('/').collect();
    let parts: Vec<_> = text.split('/').collect();
    let is_part = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic());
    // A name that begins with its collection is a full one, if not one of this kind.
    let is_short = parts.len() == collections.len()
        && (parts.len() == 1 || parts.first() != collections.first());
    let ids: Vec<_> = if is_short {
        parts
    } else if parts.len() == collections.len() * 2 && parts.iter().step_by(2).eq(collections.iter())
    {
        parts.into_iter().skip(1).step_by(2).collect()
    } else {
        Vec::new()
    };
    if ids.is_empty() || !ids.iter().all(is_part) {
        return Err(format!(
            "`{text}` is not a name of the form {}",
            shape(&collections)
        ));
    }
    let pairs: Vec<_> = collections
        .iter()
        .zip(ids)
        .map(|(collection, id)| format!("{collection}/{id}"))
        .collect();
    Ok(pairs.join("/"))
}

fn shape(collections: &[&str]) -> String {
    let full: Vec<_> = collections
        .iter()
        .map(|collection| format!("{collection}/{}", placeholder(collection)))
        .collect();
    let short: Vec<_> = collections
        .iter()
        .map(|collection| placeholder(collection))
        .collect();
    format!("{} or {}", full.join("/"), short.join("/"))
}

fn placeholder(collection: &str) -> String {
    let singular = match collection {
        "libraries" => "library",
        "sandboxes" => "sandbox",
        "subjectRequests" => "request",
        other => other.strip_suffix('s').unwrap_or(other),
    };
    singular.to_uppercase()
}

macro_rules! names {
    ($($(#[$doc:meta])* $function:ident = $pattern:literal;)*) => {
        $($(#[$doc])* pub fn $function(text: &str) -> Result<String, String> {
            resource($pattern, text)
        })*
    };
}

names! {
    /// `organizations/{organization}`.
    organization = "organizations";
    /// `users/{user}`.
    user = "users";
    /// `libraries/{library}`.
    library = "libraries";
    /// `libraries/{library}/versions/{version}`.
    version = "libraries/versions";
    /// `libraries/{library}/versions/{version}/runs/{run}`.
    run = "libraries/versions/runs";
    /// `grants/{grant}`.
    grant = "grants";
    /// `systems/{system}`.
    system = "systems";
    /// `sandboxes/{sandbox}`.
    sandbox = "sandboxes";
    /// `sandboxes/{sandbox}/jobs/{job}`.
    job = "sandboxes/jobs";
    /// `sandboxes/{sandbox}/trials/{trial}`.
    trial = "sandboxes/trials";
    /// `outputs/{output}`.
    output = "outputs";
    /// `subjectRequests/{request}`.
    subject_request = "subjectRequests";
    /// `incidents/{incident}`.
    incident = "incidents";
}

/// `images/{image}`; the digest, with or without `sha256:`, does as well.
pub fn image(text: &str) -> Result<String, String> {
    resource("images", text.strip_prefix("sha256:").unwrap_or(text))
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn lookup(units: &[(&str, u64)], unit: &str) -> Option<u64> {
    units
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, factor)| *factor)
}

/// `number` x `factor`, rounded down; whole numbers are exact.
fn scaled(number: &str, factor: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 9 || (number.contains('.') && fraction.is_empty()) {
        return None;
    }
    let base: u64 = whole.parse().ok()?;
    let places = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part: u64 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let rest = u128::from(part) * u128::from(factor) / u128::from(places);
    base.checked_mul(factor)?
        .checked_add(u64::try_from(rest).ok()?)
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("512MiB", 512 << 20),
            ("512mib", 512 << 20),
            ("1.5GiB", 3 << 29),
            ("2g", 2 << 30),
            ("1GB", 1_000_000_000),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "MiB",
            "-1",
            "1 GiB",
            "1.GiB",
            "1e9",
            "12 parsecs",
            "99999999TiB",
            "1.2.3M",
            "٣MiB",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, seconds) in [
            ("90s", 90),
            ("10m", 600),
            ("1h30m", 5400),
            ("2h", 7200),
            ("30d", 2_592_000),
            ("1.5h", 5400),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for text in [
            "",
            "0s",
            "10",
            "m",
            "10 m",
            "-5s",
            "5y",
            "99999999999999999d",
            "10mm",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn terms() {
        let now = OffsetDateTime::from_unix_timestamp(1_000_000).unwrap();
        assert_eq!(term("1h").unwrap().end(now).seconds, 1_003_600);
        assert_eq!(term("2027-01-31").unwrap().end(now).seconds, 1_801_439_999);
        assert_eq!(
            term("2027-01-31T12:00:00+05:00").unwrap().end(now).seconds,
            1_801_378_800
        );
        for text in ["tomorrow", "2027-13-01", "2027-1-1"] {
            assert!(term(text).is_err(), "{text}");
        }
    }

    #[test]
    fn processors() {
        assert_eq!(cpus("2"), Ok(2000));
        assert_eq!(cpus("0.5"), Ok(500));
        assert_eq!(cpus("1500m"), Ok(1500));
        for text in ["0", "", "m", "-1", "two", "99999999999"] {
            assert!(cpus(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_full_and_short() {
        assert_eq!(version("adult/v1").unwrap(), "libraries/adult/versions/v1");
        assert_eq!(
            version("libraries/adult/versions/v1").unwrap(),
            "libraries/adult/versions/v1"
        );
        assert_eq!(library("adult").unwrap(), "libraries/adult");
        assert_eq!(image("sha256:00ff").unwrap(), "images/00ff");
        for text in [
            "adult",
            "",
            "/",
            "libraries/adult",
            "libraries/adult/jobs/v1",
            "a/b/c",
            "a b/c",
            "libraries//versions/v",
        ] {
            assert!(version(text).is_err(), "{text}");
        }
        let message = version("adult").unwrap_err();
        assert!(
            message.contains("libraries/LIBRARY/versions/VERSION or LIBRARY/VERSION"),
            "{message}"
        );
    }

    #[test]
    fn pairs_and_delimiters() {
        assert_eq!(pair("A=b=c"), Ok(("A".to_owned(), "b=c".to_owned())));
        assert!(pair("=x").is_err() && pair("x").is_err());
        assert_eq!(delimiter("tab"), Ok("\t".to_owned()));
        assert!(delimiter(";;").is_err() && delimiter("é").is_err());
    }
}
