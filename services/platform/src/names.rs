//! Resource names (AIP-122) and the ids in them.

use uuid::Uuid;

/// The longest id.
const LONGEST_ID: usize = 63;

/// True for 1-63 of a-z, 0-9 and dash (and underscore where `underscore`), beginning with a letter.
fn is_id(text: &str, underscore: bool) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_lowercase())
        && text.len() <= LONGEST_ID
        && chars.all(|c| {
            c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || (underscore && c == '_')
        })
}

/// True for an id that a client may choose: 1-63 of a-z, 0-9 and dash, beginning with a letter.
pub fn is_client_id(text: &str) -> bool {
    is_id(text, false)
}

/// True for the name of a data set: as a client id, or with underscores.
pub fn is_dataset_id(text: &str) -> bool {
    is_id(text, true)
}

/// A fresh id that sorts by time.
pub fn fresh_id(prefix: char) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}

/// The last id of a name.
pub fn last_id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_is_found() {
        assert_eq!(last_id("libraries/l/versions/1"), "1");
        assert_eq!(last_id("l"), "l");
    }

    #[test]
    fn ids_are_plain() {
        for good in ["a", "adult", "a-1", &"a".repeat(63)] {
            assert!(is_client_id(good), "{good}");
        }
        for bad in [
            "",
            "1a",
            "-a",
            "A",
            "a/b",
            "a..b",
            "ә",
            "a_b",
            &"a".repeat(64),
        ] {
            assert!(!is_client_id(bad), "{bad}");
        }
        assert!(is_dataset_id("a_b"));
    }
}
