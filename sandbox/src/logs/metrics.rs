//! Metric lines: `name=value`, where the value is a number, as a job prints them for its author while its log is closed to
//! everything else.
//!
//! A line is one or more pairs with blanks between them and nothing else. What passes is written anew from what was understood, so
//! that neither the spelling of a number nor its last digits tell anything: a value has four significant digits and a magnitude from
//! 1e-9 to 1e15, beyond which it is `0` or `inf`. That is some 18 bits, against the 40 of a personal number. Names are the only
//! text, so they are few, short, and hold few digits.

use std::collections::BTreeSet;

/// Most bytes of a name.
const NAME_BYTES: usize = 64;
/// Most digits in a name: enough to count layers, too few for a date or a number of anybody.
const NAME_DIGITS: usize = 4;
/// Most names of one job.
const NAMES: usize = 64;
/// Most pairs of one line.
const PAIRS: usize = 32;
/// Longest spelling of a number that is looked at.
const NUMBER_BYTES: usize = 40;
/// Digits behind the first one that are kept.
const DECIMALS: usize = 3;
/// Magnitudes that are told; what is smaller is 0, what is larger is infinite.
const SMALLEST: f64 = 1e-9;
const LARGEST: f64 = 1e15;

/// Reads the metric lines of one job.
#[derive(Debug, Default)]
pub struct Metrics {
    names: BTreeSet<String>,
}

impl Metrics {
    /// The line as it may be shown, without its end; `None` for what is no metric line, or has a name too many.
    pub fn line(&mut self, text: &str) -> Option<String> {
        let pairs = text
            .split_whitespace()
            .map(|word| pair(word.trim_end_matches([',', ';'])))
            .take(PAIRS + 1)
            .collect::<Option<Vec<_>>>()?;
        if pairs.is_empty() || pairs.len() > PAIRS {
            return None;
        }
        let new: BTreeSet<&str> = pairs
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| !self.names.contains(*name))
            .collect();
        if self.names.len() + new.len() > NAMES {
            return None;
        }
        self.names.extend(new.into_iter().map(str::to_owned));
        let words: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Some(words.join(" "))
    }
}

fn pair(word: &str) -> Option<(&str, String)> {
    let (name, value) = word.split_once('=')?;
    let sound = name.len() <= NAME_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.')
        && name.bytes().filter(u8::is_ascii_digit).count() <= NAME_DIGITS;
    Some((name, number(value).filter(|_| sound)?))
}

/// The number in the one spelling that it has here.
fn number(text: &str) -> Option<String> {
    let plain = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    let named = ["nan", "inf", "-inf"]
        .iter()
        .any(|name| text.eq_ignore_ascii_case(name));
    if text.len() > NUMBER_BYTES || !(named || text.bytes().all(plain)) {
        return None;
    }
    let value: f64 = text.parse().ok()?;
    if value.is_nan() {
        return Some("nan".to_owned());
    }
    if value.abs() < SMALLEST {
        return Some("0".to_owned());
    }
    let rounded: f64 = format!("{value:.DECIMALS$e}").parse().ok()?;
    if rounded.abs() >= LARGEST {
        let infinite = if rounded > 0.0 { "inf" } else { "-inf" };
        return Some(infinite.to_owned());
    }
    let readable = (1e-4..1e7).contains(&rounded.abs());
    Some(if readable {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use proptest::prelude::*;

    use super::*;

    fn line(text: &str) -> Option<String> {
        Metrics::default().line(text)
    }

    #[test]
    fn metric_lines_pass_in_one_spelling() {
        for (text, shown) in [
            ("loss=0.43219876", "loss=0.4322"),
            (
                "epoch=3 loss=0.5, acc=+0.8512;",
                "epoch=3 loss=0.5 acc=0.8512",
            ),
            ("\tlr=1E-05 ", "lr=1e-5"),
            ("rows=48842", "rows=48840"),
            ("val.f1_2=00.50000", "val.f1_2=0.5"),
            ("a=-0.0 b=1e-300 c=-1e300", "a=0 b=0 c=-inf"),
            ("loss=NaN step=inf", "loss=nan step=inf"),
            ("a=9.9996 b=99999", "a=10 b=100000"),
        ] {
            assert_eq!(line(text).as_deref(), Some(shown), "{text:?}");
        }
    }

    #[test]
    fn nothing_else_passes() {
        for text in [
            "",
            "   ",
            "loss",
            "loss=",
            "=1",
            "loss = 0.5",
            "loss=0.5 Serikova",
            "name=Serikova",
            "Loss=0.5",
            "loss=0x10",
            "loss=1_000",
            "loss=infinity",
            "a=1=2",
            "имя=1",
            "a=１２",
            "serikova.900101=1",
            "1st=1",
        ] {
            assert_eq!(line(text), None, "{text:?}");
        }
        assert_eq!(line(&format!("{}=1", "a".repeat(65))), None);
        assert_eq!(line(&format!("a={}", "1".repeat(41))), None);
        assert_eq!(line(&"a=1 ".repeat(33)), None);
    }

    #[test]
    fn a_personal_number_does_not_pass_as_a_value() {
        assert_eq!(line("x=900101300017").unwrap(), "x=9.001e11");
        // Not by its parts either: each keeps no more than four digits.
        assert_eq!(line("a=900101 b=300017").unwrap(), "a=900100 b=300000");
    }

    #[test]
    fn names_are_few() {
        let mut metrics = Metrics::default();
        let name = |index: usize| format!("m{index}=1");
        for index in 0..NAMES {
            assert!(metrics.line(&name(index)).is_some());
        }
        assert_eq!(metrics.line(&name(NAMES)), None);
        assert!(metrics.line(&name(3)).is_some(), "known ones go on");
    }

    proptest! {
        #[test]
        fn what_passes_is_its_own_spelling_and_short(text in "[a-z0-9_.=+\\-eE ,]{0,120}|\\PC{0,60}|([a-z]{1,5}=-?[0-9]{1,20}(\\.[0-9]{0,20})?(e-?[0-9]{1,3})? ?){1,4}") {
            if let Some(shown) = line(&text) {
                prop_assert_eq!(line(&shown), Some(shown.clone()));
                for word in shown.split(' ') {
                    let (_, value) = word.split_once('=').unwrap();
                    let mantissa = value.split('e').next().unwrap();
                    let significant = mantissa.chars().filter(char::is_ascii_digit).collect::<String>();
                    let significant = significant.trim_start_matches('0').trim_end_matches('0');
                    prop_assert!(significant.len() <= DECIMALS + 1, "{}", value);
                    prop_assert!(value.len() <= 12, "{}", value);
                }
            }
        }
    }
}
