//! Numbers and untrusted text as a reader sees them.

/// The most characters of a name or value that are shown.
const SHOWN: usize = 48;

/// A share as a percentage, in three digits or so; never "0%" for what is more than nothing.
pub(super) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.01 {
        return "<0.01%".to_owned();
    }
    let text = if percent >= 10.0 {
        format!("{percent:.1}")
    } else {
        format!("{percent:.2}")
    };
    format!("{}%", trimmed(&text))
}

/// A share as a whole percentage, for where there is little room.
pub(super) fn rounded(share: f64) -> String {
    match share * 100.0 {
        percent if percent > 0.0 && percent < 1.0 => "<1%".to_owned(),
        percent => format!("{percent:.0}%"),
    }
}

/// A whole number with its thousands apart.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of records, or of anything else: "1 record", "2,000 records".
pub(super) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A number in four digits or so.
pub(super) fn number(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 { "0" } else { "no bound" }.to_owned();
    }
    let digits = number.abs().log10().floor() as i32;
    let decimals = (3 - digits).clamp(0, 9) as usize;
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => trimmed(&text).to_owned(),
        false => text,
    }
}

fn trimmed(text: &str) -> &str {
    text.trim_end_matches('0').trim_end_matches('.')
}

/// A name or value from the data. What would be invisible, or would change the order of what is around it, is shown as a mark; long
/// texts are cut. Markup is escaped where the text is put into the page.
pub(super) fn text(text: &str) -> String {
    shortened(text, SHOWN)
}

/// The same in at most so many characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.is_empty() {
        return "(empty text)".to_owned();
    }
    let mut shown: String = text.chars().take(most).map(visible).collect();
    if text.chars().nth(most).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

fn visible(character: char) -> char {
    let hidden = character.is_control()
        || matches!(
            character,
            '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
        );
    if hidden { '\u{FFFD}' } else { character }
}

/// A value of a column; missing ones are named.
pub(super) fn value(value: Option<&str>) -> String {
    value.map_or_else(|| "(missing)".to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        for (share, shown) in [
            (0.0, "0%"),
            (0.000_01, "<0.01%"),
            (0.012_345, "1.23%"),
            (0.2, "20%"),
            (0.123_45, "12.3%"),
            (1.0, "100%"),
        ] {
            assert_eq!(percent(share), shown);
        }
        assert_eq!([0.0, 0.004, 0.5].map(rounded), ["0%", "<1%", "50%"]);
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_206_480), "1,206,480");
        assert_eq!(counted(1, "record", "records"), "1 record");
        assert_eq!(number(0.2), "0.2");
        assert_eq!(number(12_345.6), "12346");
        assert_eq!(number(0.170_123), "0.1701");
        assert_eq!(number(5.0), "5");
        assert_eq!(number(1_200.0), "1200");
        assert_eq!(number(f64::INFINITY), "no bound");
    }

    #[test]
    fn text_from_the_data_is_cut_and_shows_what_it_hides() {
        assert_eq!(text("a\u{202E}b\nc"), "a\u{FFFD}b\u{FFFD}c");
        assert_eq!(shortened("abcdef", 4), "abc…");
        assert_eq!(shortened("abcd", 4), "abcd");
        assert_eq!(text(""), "(empty text)");
        assert_eq!(value(None), "(missing)");
    }
}
