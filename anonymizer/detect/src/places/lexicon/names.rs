//! What a phrase may be the name of.

use std::ops::BitOr;

/// What a phrase is the name of, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names(pub(super) u8);

impl BitOr for Names {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Names {
    pub const SETTLEMENT: Self = Self(1);
    pub const STREET: Self = Self(2);
    pub const MICRO: Self = Self(4);
    pub const REGION: Self = Self(8);
    /// Every kind.
    pub const ALL: Self = Self(15);
    /// The first words of a longer name.
    pub(super) const BEGIN: Self = Self(128);

    /// Whether it shares a kind with `other`.
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether longer names begin so.
    pub const fn goes_on(self) -> bool {
        self.any(Self::BEGIN)
    }
}
