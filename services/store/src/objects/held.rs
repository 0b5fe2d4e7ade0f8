//! The segment of a small object as its record holds it.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;

/// The largest segment that a record holds. The database writes it twice, into its log and into its tables.
pub const MOST: usize = 16 << 10;

/// What a record holds of a segment: nothing of a large one.
pub fn of(segment: &[u8]) -> String {
    if segment.len() <= MOST {
        BASE64.encode(segment)
    } else {
        String::new()
    }
}

/// Exactly these bytes of the segment that a record holds; `None` when it has them not.
///
/// # Errors
/// When it is no such text.
pub fn bytes(held: &str, range: Range<u64>) -> Result<Option<Bytes>, base64::DecodeError> {
    let segment = Bytes::from(BASE64.decode(held)?);
    let at = |offset: u64| {
        usize::try_from(offset)
            .ok()
            .filter(|at| *at <= segment.len())
    };
    Ok(match (at(range.start), at(range.end)) {
        (Some(start), Some(end)) if start <= end => Some(segment.slice(start..end)),
        _ => None,
    })
}
