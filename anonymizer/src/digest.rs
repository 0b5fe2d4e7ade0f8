//! SHA-256 as text.

use ring::digest::{Context, SHA256, digest};

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// A digest of the equivalence classes of a release: the combination of quasi-identifiers of each class, in order, and its size.
/// The plan pins it, and the verifier computes it again from what was released.
pub(crate) fn digest_of_classes<'t, C: Iterator<Item = Option<&'t str>>>(
    classes: impl Iterator<Item = (C, u64)>,
) -> String {
    let (mut context, mut bytes) = (Context::new(&SHA256), Vec::new());
    for (labels, size) in classes {
        bytes.clear();
        for label in labels {
            // Lengths keep neighbours apart, and a missing value from the empty text.
            let text = label.unwrap_or_default();
            push_number(&mut bytes, label.map_or(0, |text| text.len() + 1));
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&size.to_le_bytes());
        context.update(&bytes);
    }
    hex::encode(context.finish())
}

/// Adds a number, seven bits a byte, the lowest first (LEB128).
fn push_number(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
