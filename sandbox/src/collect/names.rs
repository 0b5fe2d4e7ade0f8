//! Names that a job chose.

use super::RefusalReason;

/// Why a name cannot leave the sandbox, when so.
pub(super) fn fault(name: &[u8]) -> Option<RefusalReason> {
    let sound = std::str::from_utf8(name).is_ok_and(|text| {
        !text.is_empty()
            && text.len() <= 255
            && text != "."
            && text != ".."
            && text.chars().all(is_plain)
    });
    (!sound).then_some(RefusalReason::BadName)
}

/// Whether a character shows as itself, in its place, wherever the name is read.
/// A backslash separates folders on other systems.
fn is_plain(c: char) -> bool {
    !c.is_control() && c != '\\' && c != '/' && !is_invisible(c)
}

/// Characters that show nothing or turn the direction of text (Unicode
/// Bidi_Control, joiners, separators, fillers, tags, private use, noncharacters).
#[must_use]
pub fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F
        | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
        | 0xE000..=0xF8FF | 0xE0000..=0xE0FFF | 0xF0000..=0x10FFFF)
}

/// A name made safe to show: everything unusual as `\x..` or `\u{..}`, at most
/// 1,024 characters.
#[must_use]
pub fn escaped(name: &[u8]) -> String {
    let mut shown = String::new();
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c == '/' || is_plain(c) {
                shown.push(c)
            } else {
                shown.extend(c.escape_unicode())
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
        if shown.len() > 4096 {
            break;
        }
    }
    if shown.chars().count() > 1024 {
        shown.chars().take(1023).chain(['…']).collect()
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass_and_others_do_not() {
        for good in [
            "model.pkl",
            "отчёт 1.csv",
            "қазақ.txt",
            ".hidden",
            "a..b",
            "ⅷ",
        ] {
            assert_eq!(fault(good.as_bytes()), None, "{good:?}");
        }
        let long = "я".repeat(128);
        for bad in [
            "",
            ".",
            "..",
            "a\nb",
            "a\u{1b}[0m",
            "a\u{202e}txt.exe",
            "a\u{200b}b",
            "a\\b",
            "a\0",
            long.as_str(),
        ] {
            assert_eq!(
                fault(bad.as_bytes()),
                Some(RefusalReason::BadName),
                "{bad:?}"
            );
        }
        assert_eq!(fault(b"\xff\xfe"), Some(RefusalReason::BadName));
    }

    #[test]
    fn what_is_shown_is_harmless() {
        assert_eq!(escaped(b"a/\x1b[31m\xffz\\"), "a/\\u{1b}[31m\\xffz\\u{5c}");
        assert_eq!(escaped("x\u{202e}y".as_bytes()), "x\\u{202e}y");
        assert!(escaped(&[b'a'; 100_000]).chars().count() <= 1024);
    }
}
