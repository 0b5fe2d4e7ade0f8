//! SHA-256 as text.

use ring::digest::{SHA256, digest};

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// A digest of the equivalence classes of a release: the combination of quasi-identifiers of each class, in order, and its size.
/// The plan pins it, and the verifier computes it again from what was released.
pub(crate) fn classes_sha256(
    classes: &std::collections::BTreeMap<Vec<Option<String>>, u64>,
) -> String {
    let mut context = ring::digest::Context::new(&SHA256);
    for (labels, size) in classes {
        for label in labels {
            // A missing value and the empty text differ in the first byte; lengths keep neighbours apart.
            context.update(&[u8::from(label.is_some())]);
            let text = label.as_deref().unwrap_or_default();
            context.update(&(text.len() as u64).to_le_bytes());
            context.update(text.as_bytes());
        }
        context.update(&size.to_le_bytes());
    }
    hex::encode(context.finish())
}
