//! SHA-256 as text.

use ring::digest::{Context, SHA256, digest};

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

/// A digest of the equivalence classes of a release: the combination of quasi-identifiers of each class, in order, and its size.
/// The plan pins it, and the verifier computes it again from what was released.
///
/// A class is told by codes, below `codes` for each quasi-identifier, which stand for different texts. Which codes they are is nothing to the
/// digest: a text is written where it is met first, and later by when that was.
pub(crate) fn digest_of_classes<'t, C: Iterator<Item = u32>>(
    codes: impl Iterator<Item = usize>,
    text: impl Fn(usize, u32) -> Option<&'t str>,
    classes: impl Iterator<Item = (C, u64)>,
) -> String {
    let mut met: Vec<(usize, Vec<usize>)> = codes.map(|codes| (0, vec![0; codes])).collect();
    let (mut context, mut bytes) = (Context::new(&SHA256), Vec::new());
    for (key, size) in classes {
        bytes.clear();
        for ((column, code), (last, numbers)) in key.enumerate().zip(&mut met) {
            let Some(number) = numbers.get_mut(code as usize) else {
                continue;
            };
            push_number(&mut bytes, *number);
            if *number == 0 {
                *last += 1;
                *number = *last;
                // Lengths keep neighbours apart, and a missing value from the empty text.
                let label = text(column, code);
                let text = label.unwrap_or_default();
                push_number(&mut bytes, label.map_or(0, |text| text.len() + 1));
                bytes.extend_from_slice(text.as_bytes());
            }
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
