//! Streets that no word calls one: `посылка придёт на Абая 15-8`.

use super::Scan;
use crate::places::component::{Component, Level};
use crate::places::lexicon::{Names, Roles};
use crate::text::Gap;

/// Numbers below it may be a score.
const SCORE: u32 = 10;

impl Scan<'_> {
    /// Whether the known name of a street that begins an address can hardly be anything else before the number behind it: for how that is written,
    /// for the preposition before it, or for the entrance or flat behind.
    pub(super) fn is_plain(&self, components: &[Component]) -> bool {
        let [street, house, rest @ ..] = components else {
            return false;
        };
        let reader = &self.reader;
        let capital = reader
            .token(street.first)
            .is_some_and(|token| token.is_title());
        let named = street.level == Level::Street
            && !street.typed
            && capital
            && !reader.roles(street.first).any(Roles::MONTH);
        let Some(number) = reader.token(house.first).filter(|token| token.is_number()) else {
            return false;
        };
        // `взыскать на Петрова 37 000 тенге`
        let sum = reader
            .token(house.next)
            .is_some_and(|next| next.is_number() && next.gap <= Gap::Space);
        if !named || sum || house.level != Level::House || house.typed || number.gap > Gap::Space {
            return false;
        }
        let on = reader.is_on(street.first);
        if !street.known {
            return on && house.strong;
        }
        let person = street.next > street.first + 1
            || reader
                .token(street.first)
                .is_some_and(|token| reader.is_genitive(token));
        let town = reader.known(street.first, Names::SETTLEMENT).is_some();
        let dashed = reader.is(house.first + 1, '-');
        let long = || reader.value(number).is_some_and(|value| value >= SCORE);
        let written = house.strong && (!dashed || !town && (person || long()));
        let detail = || {
            rest.iter().any(|one| {
                one.typed && matches!(one.level, Level::Entrance | Level::Corpus | Level::Flat)
            })
        };
        written || on || detail()
    }
}
