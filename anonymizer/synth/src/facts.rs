//! Texts written by hand, with numbers, addresses and dates of birth marked: what is personal but for names.

use crate::label::Document;
use crate::people::read;

const TEXTS: &str = include_str!("../data/facts.txt");

/// Kinds whose values have a form or a check digit.
pub const FORMATTED: [&str; 11] = [
    "IIN", "BIN", "PHONE", "EMAIL", "IBAN", "CARD", "IDCARD", "PASSPORT", "PLATE", "VIN", "IP",
];

/// All, in the order of the file. Names of people and of organizations stand in them unmarked.
pub fn documents() -> Vec<Document> {
    read(TEXTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::lines;

    #[test]
    fn every_line_is_a_text_and_every_mark_has_a_kind() {
        let documents = documents();
        assert_eq!(documents.len(), lines(TEXTS).count());
        assert!(documents.len() >= 120);
        for document in documents {
            assert!(
                !document.text.contains(['⟦', '⟧', '|']),
                "{}",
                document.text
            );
            for span in document.spans {
                let known = FORMATTED.contains(&span.kind.as_str());
                assert!(known || ["ADDRESS", "BIRTHDATE"].contains(&span.kind.as_str()));
                assert!(span.start < span.end);
            }
        }
    }
}
