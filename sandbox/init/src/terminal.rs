//! What is sent to init when its command has a terminal: input, and the terminal's size. Pure.
//!
//! A message is a letter, the length of its payload (two bytes, the higher first) and the payload: `i` bytes that were typed, `s`
//! columns and rows as four bytes. The first size starts the command, so that whoever sends it misses nothing of what the
//! command prints.

/// Most bytes of one message's payload.
pub const MOST_INPUT: usize = 4096;

/// Most columns or rows that a terminal is given.
pub const MOST_CELLS: u16 = 1000;

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

impl Size {
    /// The size within what a terminal can have.
    #[must_use]
    pub fn new(columns: u16, rows: u16) -> Self {
        Self {
            columns: columns.clamp(1, MOST_CELLS),
            rows: rows.clamp(1, MOST_CELLS),
        }
    }
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Bytes that were typed.
    Input(Vec<u8>),
    /// The terminal's size.
    Size(Size),
}

/// Bytes that are no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a message to a terminal")]
pub struct Malformed;

/// Input as messages, however long it is.
#[must_use]
pub fn encode_input(bytes: &[u8]) -> Vec<u8> {
    bytes
        .chunks(MOST_INPUT)
        .flat_map(|chunk| message(b'i', chunk))
        .collect()
}

/// A size as a message.
#[must_use]
pub fn encode_size(size: Size) -> Vec<u8> {
    let payload = [size.columns.to_be_bytes(), size.rows.to_be_bytes()].concat();
    message(b's', &payload)
}

fn message(letter: u8, payload: &[u8]) -> Vec<u8> {
    // No payload is longer than MOST_INPUT.
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![letter];
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Reads messages from a stream that comes in pieces. Memory is bounded.
#[derive(Debug, Default)]
pub struct Reader {
    rest: Vec<u8>,
}

impl Reader {
    /// The messages that a piece completes.
    ///
    /// # Errors
    /// [`Malformed`]; the stream cannot be read on.
    pub fn push(&mut self, piece: &[u8]) -> Result<Vec<Message>, Malformed> {
        self.rest.extend_from_slice(piece);
        let mut messages = Vec::new();
        while let Some((message, length)) = first(&self.rest)? {
            messages.push(message);
            self.rest.drain(..length);
        }
        Ok(messages)
    }
}

/// The message at the beginning, and its whole length; `None` while it is not complete.
fn first(bytes: &[u8]) -> Result<Option<(Message, usize)>, Malformed> {
    let Some(([letter, high, low], after)) = bytes.split_first_chunk::<3>() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if length > MOST_INPUT {
        return Err(Malformed);
    }
    let Some(payload) = after.get(..length) else {
        return Ok(None);
    };
    let message = match (letter, payload) {
        (b'i', _) => Message::Input(payload.to_vec()),
        (b's', [a, b, c, d]) => {
            let (columns, rows) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            Message::Size(Size::new(columns, rows))
        }
        _ => return Err(Malformed),
    };
    Ok(Some((message, length + 3)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_message_is_an_error() {
        for bytes in [&b"x\0\0"[..], b"s\0\x03abc", b"i\x10\x01"] {
            assert_eq!(Reader::default().push(bytes), Err(Malformed), "{bytes:?}");
        }
        let size = Reader::default().push(b"s\0\x04\0\0\xff\xff").unwrap();
        assert_eq!(
            size,
            [Message::Size(Size {
                columns: 1,
                rows: MOST_CELLS
            })]
        );
    }

    proptest! {
        #[test]
        fn what_is_sent_is_read_back(
            sent in proptest::collection::vec((proptest::collection::vec(any::<u8>(), 0..6000), 1_u16..900, 1_u16..900), 0..8),
            cut in 1_usize..5000,
        ) {
            let mut bytes = Vec::new();
            for (input, columns, rows) in &sent {
                bytes.extend(encode_input(input));
                bytes.extend(encode_size(Size::new(*columns, *rows)));
            }
            let mut reader = Reader::default();
            let (mut typed, mut sizes) = (Vec::new(), Vec::new());
            for piece in bytes.chunks(cut) {
                for message in reader.push(piece).unwrap() {
                    match message {
                        Message::Input(bytes) => typed.extend(bytes),
                        Message::Size(size) => sizes.push((size.columns, size.rows)),
                    }
                }
                prop_assert!(reader.rest.len() <= MOST_INPUT + 3);
            }
            prop_assert_eq!(typed, sent.iter().flat_map(|(input, ..)| input.clone()).collect::<Vec<u8>>());
            prop_assert_eq!(sizes, sent.iter().map(|(_, columns, rows)| (*columns, *rows)).collect::<Vec<_>>());
        }

        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Reader::default().push(&bytes);
        }
    }
}
