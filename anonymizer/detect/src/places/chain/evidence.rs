//! What a chain of components amounts to.

use super::{Chain, Context};
use crate::places::component::Level;

/// What a chain has that speaks for an address.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Evidence {
    /// A street or microdistrict with its type.
    street: bool,
    /// A street or microdistrict without its type.
    untyped: bool,
    /// It has a known name.
    known: bool,
    /// The street has neither capital letter nor a known name.
    dim: bool,
    house: bool,
    named_house: bool,
    complex: bool,
    flat: bool,
    named_flat: bool,
    pub(super) city: bool,
    typed_city: bool,
    pub(super) dotted: bool,
    /// A street without its type that can hardly be anything else.
    pub(super) plain: bool,
}

impl Evidence {
    pub(super) fn of(chain: &Chain) -> Self {
        let mut evidence = Self::default();
        for one in &chain.components {
            match one.level {
                Level::Street | Level::Micro => {
                    evidence.street |= one.typed;
                    evidence.untyped |= !one.typed;
                    evidence.known |= !one.typed && one.known;
                    evidence.dim |= one.doubtful;
                    evidence.dotted |= one.dotted;
                }
                Level::House => {
                    evidence.house = true;
                    evidence.named_house |= one.typed;
                    evidence.complex |= one.strong;
                }
                Level::Flat => {
                    evidence.flat = true;
                    evidence.named_flat |= one.typed;
                }
                Level::City => {
                    evidence.city = true;
                    evidence.typed_city |= one.typed;
                }
                _ => {}
            }
        }
        evidence
    }

    pub(super) fn verdict(self, context: Context) -> Option<(f32, &'static str)> {
        let numbered = self.house || self.flat;
        if self.street && numbered {
            let credible = !self.dim
                || self.dotted
                || self.named_house
                || self.named_flat
                || self.complex
                || context.near;
            let confidence = if context.near || self.city || self.flat {
                0.95
            } else {
                0.9
            };
            return credible.then_some((confidence, "address.street"));
        }
        if self.untyped && numbered {
            let credible = self.city
                || self.plain
                || context.near
                || self.named_flat
                || self.named_house && (self.flat || self.known);
            return credible.then_some((0.85, "address.untyped_street"));
        }
        if self.named_house && self.named_flat {
            return Some((0.8, "address.house_and_flat"));
        }
        if self.city && numbered && (self.named_house || self.named_flat) {
            return Some((0.8, "address.settlement_and_house"));
        }
        if (self.street || self.untyped) && context.near && !self.dim {
            return Some((0.75, "address.residence_street"));
        }
        (self.city && context.strong).then_some((0.6, "address.residence_settlement"))
    }
}
