//! Bytes that come in pieces as characters.

/// Keeps what of a character a chunk has at its end. Bytes that are no characters become U+FFFD.
#[derive(Debug, Clone, Default)]
pub(super) struct Characters {
    partial: Vec<u8>,
}

impl Characters {
    /// Gives the characters of a chunk, the one that it completes included.
    pub(super) fn push(&mut self, chunk: &[u8], mut each: impl FnMut(char)) {
        let mut bytes = std::mem::take(&mut self.partial);
        bytes.extend_from_slice(chunk);
        let mut rest = bytes.as_slice();
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return text.chars().for_each(each),
                Err(error) => {
                    let (valid, after) = rest.split_at(error.valid_up_to());
                    String::from_utf8_lossy(valid).chars().for_each(&mut each);
                    let Some(length) = error.error_len() else {
                        // At most three bytes: a character that the next chunk completes.
                        self.partial = after.to_vec();
                        return;
                    };
                    each('\u{fffd}');
                    rest = after.get(length..).unwrap_or_default();
                }
            }
        }
    }
}
