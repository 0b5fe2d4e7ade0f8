//! What becomes of values before anything else is done with them, and how the values of a class become one.

mod aggregate;
pub(crate) mod calendar;
pub(crate) mod number;

use sandyq_classify::told;
use serde::{Deserialize, Serialize};

pub(crate) use aggregate::{Aggregated, aggregate};
pub use calendar::Unit;

use calendar::Date;

/// One thing that is done to each value of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A number becomes the nearest multiple of this, halves going away from zero.
    RoundTo(f64),
    /// A number from this on becomes this.
    TopCode(f64),
    /// A number up to this becomes this.
    BottomCode(f64),
    /// A number becomes the interval of this width that it is in, such as `[20-30[`.
    Bin(f64),
    /// A text becomes its first characters, this many.
    Truncate(u32),
    /// A date becomes the unit that it is in, such as `2024-05`.
    Date(Unit),
}

/// Why a value cannot be prepared. Whoever applies steps to a column adds where the value stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareFault {
    /// The value is no finite number.
    #[error("{value:?} is no number, which {step} needs")]
    NotNumber {
        /// The value, or its form; see [`sandyq_classify::told`].
        value: String,
        /// The step.
        step: &'static str,
    },
    /// The number has too many multiples of the step below it to count them.
    #[error("{value:?} is too large for {step} by so small a number")]
    TooLarge {
        /// The value, or its form; see [`sandyq_classify::told`].
        value: String,
        /// The step.
        step: &'static str,
    },
    /// The value is no date, or not exact enough.
    #[error("{value:?} is no date such as 2024-05-17 or 17.05.2024 that has the unit asked for")]
    NotDate {
        /// The value, or its form; see [`sandyq_classify::told`].
        value: String,
    },
}

/// What becomes of a value after all steps in their order. A missing value stays missing.
///
/// It is a function of the value alone, so that a column is prepared by its different values.
///
/// # Errors
/// The first step that the value does not fit.
pub fn apply(steps: &[Step], value: Option<&str>) -> Result<Option<String>, PrepareFault> {
    let Some(value) = value else { return Ok(None) };
    let mut current = value.to_owned();
    for step in steps {
        current = step.apply(current)?;
    }
    Ok(Some(current))
}

impl Step {
    fn apply(&self, value: String) -> Result<String, PrepareFault> {
        match self {
            Self::RoundTo(width) => {
                let number = self.number(&value)?;
                let times =
                    number::nearest(number, *width).ok_or_else(|| self.too_large(&value))?;
                Ok(number::write(times * width, number::decimals(*width)))
            }
            Self::TopCode(top) => {
                let above = self.number(&value)? >= *top;
                Ok(if above {
                    number::write(*top, number::decimals(*top))
                } else {
                    value
                })
            }
            Self::BottomCode(bottom) => {
                let below = self.number(&value)? <= *bottom;
                Ok(if below {
                    number::write(*bottom, number::decimals(*bottom))
                } else {
                    value
                })
            }
            Self::Bin(width) => {
                let number = self.number(&value)?;
                let times = number::times(number, *width).ok_or_else(|| self.too_large(&value))?;
                let bound = |times: f64| number::write(times * width, number::decimals(*width));
                Ok(format!("[{}-{}[", bound(times), bound(times + 1.0)))
            }
            Self::Truncate(length) => Ok(value.chars().take(*length as usize).collect()),
            Self::Date(unit) => {
                let within = Date::parse(&value).and_then(|date| date.within(*unit));
                within.ok_or_else(|| PrepareFault::NotDate {
                    value: told(&value),
                })
            }
        }
    }

    fn number(&self, value: &str) -> Result<f64, PrepareFault> {
        number::parse(value).ok_or_else(|| PrepareFault::NotNumber {
            value: told(value),
            step: self.name(),
        })
    }

    fn too_large(&self, value: &str) -> PrepareFault {
        PrepareFault::TooLarge {
            value: told(value),
            step: self.name(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::RoundTo(_) => "round_to",
            Self::TopCode(_) => "top_code",
            Self::BottomCode(_) => "bottom_code",
            Self::Bin(_) => "bin",
            Self::Truncate(_) => "truncate",
            Self::Date(_) => "date",
        }
    }

    /// Whether it fails on a value that is no number.
    pub(crate) fn needs_number(&self) -> bool {
        matches!(
            self,
            Self::RoundTo(_) | Self::TopCode(_) | Self::BottomCode(_) | Self::Bin(_)
        )
    }

    /// Whether a number is still one after it.
    pub(crate) fn leaves_number(&self) -> bool {
        matches!(
            self,
            Self::RoundTo(_) | Self::TopCode(_) | Self::BottomCode(_)
        )
    }
}

#[cfg(test)]
mod tests;
