//! Numbers as text.

/// The number that a text is; `None` for other text, NaN and infinities.
pub(crate) fn parse(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// How many decimals a number has when it is written as short as possible.
pub(crate) fn decimals(number: f64) -> usize {
    let text = number.to_string();
    text.split_once('.')
        .map_or(0, |(_, decimals)| decimals.len())
}

/// A number with at most so many decimals, without zeros at the end.
pub(crate) fn write(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let short = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    match short {
        "-0" => "0".to_owned(),
        short => short.to_owned(),
    }
}

/// What a decimal number, a decimal width and their ratio are off by together, relative to the ratio.
const HAIR: f64 = 4.0 * f64::EPSILON;

/// Beyond this, whole numbers are not exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// How many times a width goes into a number, rounded down; `None` if that is too often to count. Decimal fractions that binary ones miss
/// by a hair (0.3 / 0.1 gives 2.999…) count as whole.
pub(crate) fn times(number: f64, width: f64) -> Option<f64> {
    let ratio = counted(number, width)?;
    let nearest = ratio.round();
    let whole = (ratio - nearest).abs() <= nearest.abs().max(1.0) * HAIR;
    Some(if whole { nearest } else { ratio.floor() })
}

/// How many times a width goes into a number, rounded to the nearest, halves going away from zero.
pub(crate) fn nearest(number: f64, width: f64) -> Option<f64> {
    let ratio = counted(number, width)?;
    let half = ratio.abs() + 0.5;
    let up = half.round();
    let whole = (half - up).abs() <= up.max(1.0) * HAIR;
    Some((if whole { up } else { half.floor() }).copysign(ratio))
}

fn counted(number: f64, width: f64) -> Option<f64> {
    let ratio = number / width;
    (ratio.abs() < EXACT).then_some(ratio)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn decimal_fractions_are_counted_as_written() {
        assert_eq!(times(0.3, 0.1), Some(3.0));
        assert_eq!(times(0.299, 0.1), Some(2.0));
        assert_eq!(times(-0.1, 1.0), Some(-1.0));
        assert_eq!(nearest(1.005, 0.01), Some(101.0));
        assert_eq!(nearest(2.5, 5.0), Some(1.0));
        assert_eq!(nearest(-2.5, 5.0), Some(-1.0));
        assert_eq!(nearest(2.49, 5.0), Some(0.0));
        assert_eq!(times(1e300, 1e-300), None);
    }

    #[test]
    fn numbers_are_written_short() {
        assert_eq!(write(3.0 * 0.1, 1), "0.3");
        assert_eq!(write(30.0, 2), "30");
        assert_eq!(write(-0.0, 0), "0");
        assert_eq!(write(-0.04, 1), "0");
        assert_eq!(write(100.0, 0), "100");
        assert_eq!((decimals(0.25), decimals(10.0)), (2, 0));
    }

    #[test]
    fn only_finite_numbers_are_numbers() {
        for text in [
            "NaN",
            "nan",
            "inf",
            "-Infinity",
            "1e400",
            "",
            " 1",
            "1,5",
            "0x10",
            "x",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("-1.5e3"), Some(-1500.0));
    }
}
