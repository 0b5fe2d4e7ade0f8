//! Values as text for people.

use std::fmt::Write as _;
use std::time::Duration;

use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value,
};
use time::OffsetDateTime;
use time::macros::format_description;

/// A field's value; empty when there is nothing to show.
pub fn value(field: &FieldDescriptor, value: &Value) -> String {
    match value {
        // A whole program can stand in a command.
        Value::List(items) if field.name() == "command" => {
            shortened(&join(items.iter().map(|item| scalar(field, item))))
        }
        Value::List(items) => join(items.iter().map(|item| scalar(field, item))),
        Value::Map(entries) => {
            let mut pairs: Vec<_> = entries
                .iter()
                .map(|(key, item)| format!("{}={}", map_key(key), item.as_str().unwrap_or("?")))
                .collect();
            pairs.sort();
            printable(&pairs.join(" "))
        }
        single => scalar(field, single),
    }
}

fn scalar(field: &FieldDescriptor, value: &Value) -> String {
    match (value, field.kind()) {
        (Value::EnumNumber(number), Kind::Enum(descriptor)) => enum_value(&descriptor, *number),
        (Value::Message(message), _) => message_value(message),
        (Value::I64(bytes), _) if field.name().ends_with("_bytes") => match u64::try_from(*bytes) {
            Ok(0) | Err(_) => String::new(),
            Ok(bytes) => human_bytes(bytes),
        },
        (Value::Bool(yes), _) => if *yes { "yes" } else { "no" }.to_owned(),
        // Whatever does not wait has no place in the queue, and what was not measured has no class.
        (Value::I32(0) | Value::I64(0), _)
            if matches!(field.name(), "queue_position" | "measured_k") =>
        {
            String::new()
        }
        (Value::I32(number), _) => number.to_string(),
        (Value::I64(number), _) => number.to_string(),
        (Value::F64(number), _) => format!("{number:.4}"),
        (Value::String(text), _) => printable(text),
        (Value::Bytes(bytes), _) => hex::encode(bytes),
        _ => String::new(),
    }
}

fn message_value(message: &DynamicMessage) -> String {
    match message.descriptor().full_name() {
        "google.protobuf.Timestamp" => timestamp(message),
        "google.protobuf.Duration" => duration(message),
        _ => join(message.fields().map(|(field, inner)| {
            let shown = value(&field, inner);
            if shown.is_empty() {
                shown
            } else {
                format!("{} {shown}", super::label(field.name()))
            }
        })),
    }
}

fn number(message: &DynamicMessage, field: &str) -> i64 {
    match message.get_field_by_name(field).as_deref() {
        Some(Value::I64(number)) => *number,
        Some(Value::I32(number)) => i64::from(*number),
        _ => 0,
    }
}

fn timestamp(message: &DynamicMessage) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(number(message, "seconds"))
        .ok()
        .and_then(|time| time.format(&format).ok())
        .unwrap_or_else(|| "beyond the calendar".to_owned())
}

fn duration(message: &DynamicMessage) -> String {
    let seconds = u64::try_from(number(message, "seconds")).unwrap_or(0);
    let nanos = u64::try_from(number(message, "nanos")).unwrap_or(0);
    human_duration(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos)))
}

/// The value's name without the prefix that the enum's own name gives it; empty for zero, which means not set.
fn enum_value(descriptor: &EnumDescriptor, number: i32) -> String {
    if number == 0 {
        return String::new();
    }
    let Some(value) = descriptor.get_value(number) else {
        return number.to_string();
    };
    let mut prefix = String::new();
    for c in descriptor.name().chars() {
        if c.is_ascii_uppercase() && !prefix.is_empty() {
            prefix.push('_');
        }
        prefix.push(c.to_ascii_uppercase());
    }
    prefix.push('_');
    value
        .name()
        .strip_prefix(&prefix)
        .unwrap_or(value.name())
        .to_owned()
}

fn map_key(key: &MapKey) -> String {
    key.as_str().unwrap_or("?").to_owned()
}

fn shortened(text: &str) -> String {
    const SHOWN: usize = 160;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!(
            "{}... (--output json shows all)",
            text.get(..end).unwrap_or_default()
        ),
        None => text.to_owned(),
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Text from elsewhere without what a terminal would obey: control characters and those that reverse the direction of
/// writing are shown as escapes.
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            if obeyed(c) {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// Whether a terminal does something else with a character than to show it.
fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// JSON in which those characters are escaped too that JSON itself need not escape. They can only stand in its strings.
pub fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if obeyed(c) && c != '\n' {
            // A String takes whatever is written to it.
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
    }
    text
}

/// `1.5 GiB`; exact for whole units.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut shown = format!("{bytes} B");
    let mut scale = 1u64;
    for unit in UNITS {
        scale = scale.saturating_mul(1024);
        if bytes < scale {
            break;
        }
        let (whole, tenths) = (bytes / scale, (bytes % scale) * 10 / scale);
        shown = if tenths == 0 {
            format!("{whole} {unit}")
        } else {
            format!("{whole}.{tenths} {unit}")
        };
    }
    shown
}

/// `1h 30m`; of short spans also the milliseconds.
pub fn human_duration(span: Duration) -> String {
    let (seconds, millis) = (span.as_secs(), span.subsec_millis());
    if seconds < 60 {
        return if millis == 0 {
            format!("{seconds}s")
        } else {
            format!("{seconds}.{millis:03}s")
        };
    }
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let shown: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count}{unit}"))
        .collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn json_is_the_same_and_tells_a_terminal_nothing() {
        let value = serde_json::json!({"a": "x\u{9b}31my\u{202e}z\u{7f}", "b": ["қала €𝄞", "\n"]});
        for json in [value.to_string(), format!("{value:#}")] {
            let text = harmless(&json);
            assert!(!text.contains(|c| obeyed(c) && c != '\n'), "{text}");
            let back: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(back, value);
        }
    }

    #[test]
    fn bytes_for_people() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (1536, "1.5 KiB"),
            (1 << 30, "1 GiB"),
            (u64::MAX, "16383.9 PiB"),
        ] {
            assert_eq!(human_bytes(bytes), text);
        }
    }

    #[test]
    fn durations_for_people() {
        for (millis, text) in [
            (0, "0s"),
            (1_500, "1.500s"),
            (90_000, "1m 30s"),
            (86_400_000, "1d"),
            (93_600_000, "1d 2h"),
        ] {
            assert_eq!(human_duration(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn a_whole_program_is_shortened() {
        let long = "я".repeat(500);
        assert!(shortened(&long).len() < 400);
        assert_eq!(shortened("/bin/true"), "/bin/true");
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        assert_eq!(printable("Қазақстан, 中"), "Қазақстан, 中");
        assert_eq!(
            printable("a\u{202e}b\u{1b}[2J\n"),
            "a\\u{202e}b\\u{1b}[2J\\n"
        );
    }
}
