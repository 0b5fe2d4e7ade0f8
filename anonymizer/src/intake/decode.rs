//! Turning the bytes of a file into UTF-8, a buffer at a time.

use super::Encoding;

/// The first byte that is not text in the expected encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Offset in the file, from 0.
    pub offset: u64,
}

/// A decoder with the state that one buffer hands to the next.
#[derive(Debug)]
pub(super) struct Decoder {
    encoding: Encoding,
    /// Offset in the file of the first byte not yet decoded.
    offset: u64,
    /// A UTF-8 sequence that the last buffer cut.
    cut: Vec<u8>,
    text: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            offset: 0,
            cut: Vec::new(),
            text: Vec::new(),
        }
    }

    pub(super) fn encoding_name(&self) -> &'static str {
        match self.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Windows1251 => "Windows-1251",
        }
    }

    /// The text of the next bytes as UTF-8, and the fault that ends it, if any.
    pub(super) fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> (&'a [u8], Option<Fault>) {
        match self.encoding {
            Encoding::Utf8 => self.utf8(bytes),
            Encoding::Windows1251 => self.windows_1251(bytes),
        }
    }

    /// The fault of a file that ends within a character.
    pub(super) fn finish(&self) -> Option<Fault> {
        (!self.cut.is_empty()).then_some(Fault {
            offset: self.offset,
        })
    }

    fn utf8<'a>(&'a mut self, bytes: &'a [u8]) -> (&'a [u8], Option<Fault>) {
        let text = if self.cut.is_empty() {
            bytes
        } else {
            self.text.clear();
            self.text.append(&mut self.cut);
            self.text.extend_from_slice(bytes);
            &self.text
        };
        let (valid, fault) = match std::str::from_utf8(text) {
            Ok(_) => (text.len(), None),
            Err(error) => {
                let valid = error.valid_up_to();
                let fault = error.error_len().map(|_| Fault {
                    offset: self.offset + valid as u64,
                });
                if fault.is_none() {
                    self.cut = text.get(valid..).unwrap_or_default().to_vec();
                }
                (valid, fault)
            }
        };
        let marked = self.offset == 0 && text.starts_with(b"\xEF\xBB\xBF");
        let start = if marked { 3 } else { 0 };
        self.offset += valid as u64;
        (text.get(start..valid).unwrap_or_default(), fault)
    }

    /// 0x98 is the one byte that Windows-1251 leaves out. It is the second half of the Cyrillic И in UTF-8, so that a
    /// UTF-8 file named Windows-1251 by mistake is found instead of turned into noise.
    fn windows_1251(&mut self, bytes: &[u8]) -> (&[u8], Option<Fault>) {
        let valid = bytes.iter().position(|&byte| byte == 0x98);
        let good = bytes
            .get(..valid.unwrap_or(bytes.len()))
            .unwrap_or_default();
        let (text, _) = encoding_rs::WINDOWS_1251.decode_without_bom_handling(good);
        self.text.clear();
        self.text.extend_from_slice(text.as_bytes());
        let fault = valid.map(|valid| Fault {
            offset: self.offset + valid as u64,
        });
        self.offset += good.len() as u64;
        (&self.text, fault)
    }
}
