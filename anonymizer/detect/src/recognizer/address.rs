//! Addresses.

use super::{Candidates, Recognizer};
use crate::glance::Glance;
use crate::kind::Kind;
use crate::places::chain::Scan;
use crate::places::lexicon::Roles;
use crate::places::reader::Reader;
use crate::places::window::Window;
use crate::text::{Text, Token};

/// Addresses, from region or street to flat.
pub const RECOGNIZER: Recognizer = Recognizer::Piece(find);

fn find(text: &Text, out: &mut Candidates) {
    let window = Window::default();
    let reader = Reader::new(text, &window);
    let mut scan = Scan::new(reader);
    let mut done = 0;
    for &place in text.wakers() {
        let place = place as usize;
        let may = |token: &Token| token.is_word() && token.glance.has(Glance::ADDRESS);
        if place < done || !text.token(place).is_some_and(may) || !wakes(reader, place) {
            continue;
        }
        let (read, addresses) = scan.around(place, done);
        done = read;
        for address in addresses {
            out.push(
                text,
                address.first,
                address.last,
                Kind::Address,
                address.confidence,
                address.rule,
            );
        }
    }
}

/// Whether the word at `place` can be part of an address or speak of one: words of houses, flats and settlements are
/// common, and mean nothing without a number near.
fn wakes(reader: Reader<'_>, place: usize) -> bool {
    let roles = reader.roles(place);
    let firm = Roles::STREET_BEFORE
        | Roles::STREET_AFTER
        | Roles::MICRO
        | Roles::MICRO_AFTER
        | Roles::MASSIF
        | Roles::MICRO_ADJECTIVE
        | Roles::RESIDENCE;
    if roles.any(firm) {
        return true;
    }
    let number = |place: usize| reader.token(place).is_some_and(Token::is_number);
    if roles.any(Roles::HOUSE | Roles::FLAT) {
        let near = place.saturating_sub(2)..place + 4;
        return near.into_iter().any(number);
    }
    roles.any(Roles::SETTLEMENT_HEAD) && (place + 1..place + 8).any(number)
}
