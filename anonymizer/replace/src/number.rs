//! Noise, rounding and buckets of numbers.

use ring::hmac;

use crate::ProjectKey;
use crate::pseudonym::Pseudonyms;
use crate::stream::{Stream, unit};

/// What a value is, that should have been a number. It is never quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no number; correct it or drop the column")]
pub struct NoNumber;

/// How far noise goes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Spread {
    /// In units of the value.
    Absolute(f64),
    /// As a share of the value.
    Relative(f64),
}

/// How noise is distributed, with mean 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Shape {
    /// Evenly from minus to plus the spread.
    Uniform,
    /// The Laplace distribution with the spread as its scale.
    Laplace,
}

/// Adds noise that the key and a subject decide: the same subject and value have the same noise, so that publishing again tells no
/// more by averaging.
pub struct Noise {
    pseudonyms: Pseudonyms,
    stream: hmac::Key,
    spread: Spread,
    shape: Shape,
}

impl std::fmt::Debug for Noise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Noise({:?}, {:?}, ***)", self.spread, self.shape)
    }
}

impl Noise {
    /// Noise under a key.
    #[must_use]
    pub fn new(key: &ProjectKey, spread: Spread, shape: Shape) -> Self {
        Self {
            pseudonyms: Pseudonyms::of_purpose(key, "noise"),
            stream: key.derived_hmac("noise stream"),
            spread,
            shape,
        }
    }

    /// The number with its noise, with as many decimals as it was written with. `domain` is the column, `subject` whose number it
    /// is: two subjects with equal numbers get different noise.
    ///
    /// # Errors
    /// [`NoNumber`] if the value is not a finite number.
    pub fn apply(&self, domain: &str, subject: &str, value: &str) -> Result<String, NoNumber> {
        let number = number(value)?;
        let seed = self
            .pseudonyms
            .domain(domain)
            .of(&format!("{subject}\0{value}"));
        let mut stream = Stream::new(&self.stream, *seed.bytes());
        let scale = match self.spread {
            Spread::Absolute(spread) => spread,
            Spread::Relative(share) => share * number.abs(),
        };
        let even = unit(&mut stream).max(f64::EPSILON) - 0.5;
        let noise = match self.shape {
            Shape::Uniform => 2.0 * even * scale,
            Shape::Laplace => {
                -scale * even.signum() * (1.0 - 2.0 * even.abs()).max(f64::MIN_POSITIVE).ln()
            }
        };
        let decimals = decimals(value);
        Ok(without_minus_zero(format!("{:.decimals$}", number + noise)))
    }
}

fn number(value: &str) -> Result<f64, NoNumber> {
    let number: f64 = value.trim().parse().map_err(|_| NoNumber)?;
    if number.is_finite() {
        Ok(number)
    } else {
        Err(NoNumber)
    }
}

/// Digits after the point, at most 12.
fn decimals(value: &str) -> usize {
    let fraction = value
        .trim()
        .split_once('.')
        .map_or("", |(_, fraction)| fraction);
    fraction
        .bytes()
        .take_while(u8::is_ascii_digit)
        .count()
        .min(12)
}

fn without_minus_zero(text: String) -> String {
    match text.strip_prefix('-') {
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_owned(),
        _ => text,
    }
}

/// The nearest multiple of `step`, which is above 0, halves away from zero.
///
/// # Errors
/// [`NoNumber`] if the value is not a finite number.
pub fn round(value: &str, step: f64) -> Result<String, NoNumber> {
    let rounded = (number(value)? / step).round() * step;
    let decimals = decimals(&step.to_string());
    Ok(without_minus_zero(format!("{rounded:.decimals$}")))
}

/// The bucket of a number between ascending edges: `<18`, `[18-65[`, `>=65`. Without edges all are `*`.
///
/// # Errors
/// [`NoNumber`] if the value is not a finite number.
pub fn bucket(value: &str, edges: &[f64]) -> Result<String, NoNumber> {
    let number = number(value)?;
    let above = edges.partition_point(|edge| *edge <= number);
    let (lower, upper) = (
        above.checked_sub(1).and_then(|place| edges.get(place)),
        edges.get(above),
    );
    Ok(match (lower, upper) {
        (Some(lower), Some(upper)) => format!("[{lower}-{upper}["),
        (None, Some(upper)) => format!("<{upper}"),
        (Some(lower), None) => format!(">={lower}"),
        (None, None) => "*".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn noise(spread: Spread, shape: Shape) -> Noise {
        Noise::new(&ProjectKey::new([3; 32]), spread, shape)
    }

    #[test]
    fn noise_is_bounded_repeats_and_has_mean_zero() {
        let uniform = noise(Spread::Absolute(10.0), Shape::Uniform);
        let made = |subject: &str| uniform.apply("income", subject, "100.50").unwrap();
        assert_eq!(made("a"), made("a"));
        let differences: Vec<f64> = (0..4000)
            .map(|subject| made(&subject.to_string()).parse::<f64>().unwrap() - 100.5)
            .collect();
        assert!(
            differences
                .iter()
                .all(|difference| difference.abs() <= 10.005)
        );
        let mean = differences.iter().sum::<f64>() / 4000.0;
        assert!(mean.abs() < 0.4, "{mean}");
        assert!(differences.iter().any(|difference| difference.abs() > 9.0));
    }

    #[test]
    fn laplace_noise_has_the_scale_that_was_asked() {
        let laplace = noise(Spread::Relative(0.1), Shape::Laplace);
        let total: f64 = (0..4000)
            .map(|subject| {
                let made = laplace.apply("c", &subject.to_string(), "100.000").unwrap();
                (made.parse::<f64>().unwrap() - 100.0).abs()
            })
            .sum();
        // The mean of |X| is the scale, here 10.
        assert!(
            (9.4..10.6).contains(&(total / 4000.0)),
            "{}",
            total / 4000.0
        );
    }

    #[test]
    fn decimals_are_kept_and_other_keys_give_other_noise() {
        let one = noise(Spread::Absolute(1000.0), Shape::Uniform);
        let made = one.apply("c", "s", "100000").unwrap();
        assert!(!made.contains('.'));
        let other = Noise::new(
            &ProjectKey::new([4; 32]),
            Spread::Absolute(1000.0),
            Shape::Uniform,
        );
        assert_ne!(other.apply("c", "s", "100000").unwrap(), made);
        assert_eq!(one.apply("c", "s", "много"), Err(NoNumber));
        assert_eq!(one.apply("c", "s", "NaN"), Err(NoNumber));
        let none = noise(Spread::Relative(0.5), Shape::Uniform);
        assert_eq!(none.apply("c", "s", "0").unwrap(), "0");
    }

    #[test]
    fn numbers_are_rounded_and_put_into_buckets() {
        assert_eq!(round("12345", 1000.0).unwrap(), "12000");
        assert_eq!(round("-2.5", 5.0).unwrap(), "-5");
        assert_eq!(round("0.26", 0.1).unwrap(), "0.3");
        assert_eq!(round("-0.2", 1.0).unwrap(), "0");
        let edges = [18.0, 65.0];
        for (value, expected) in [("17.9", "<18"), ("18", "[18-65["), ("65", ">=65")] {
            assert_eq!(bucket(value, &edges).unwrap(), expected);
        }
        assert_eq!(bucket("1", &[]).unwrap(), "*");
    }
}
