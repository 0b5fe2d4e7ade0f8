//! What becomes of values before anything else is done with them.

use serde::{Deserialize, Serialize};

use crate::hierarchy::Unit;

/// One thing that is done to each value of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// A number becomes the nearest multiple of this, halves going away from zero.
    RoundTo(f64),
    /// A number above this becomes this.
    TopCode(f64),
    /// A number below this becomes this.
    BottomCode(f64),
    /// A number becomes the interval of this width that it is in, such as `[20-30[`.
    Bin(f64),
    /// A text becomes its first characters, this many.
    Truncate(u32),
    /// A date becomes the unit that it is in, such as `2024-05`.
    Date(Unit),
}

impl Step {
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
