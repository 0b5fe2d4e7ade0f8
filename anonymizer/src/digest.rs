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
            // A missing value and the empty text differ in the first byte; lengths keep neighbours apart.
            bytes.push(u8::from(label.is_some()));
            let text = label.unwrap_or_default();
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.extend_from_slice(&size.to_le_bytes());
        context.update(&bytes);
    }
    hex::encode(context.finish())
}
