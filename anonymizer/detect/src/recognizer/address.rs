//! Addresses.

use super::{Candidates, Recognizer};
use crate::glance::Glance;
use crate::kind::Kind;
use crate::places::chain::Scan;
use crate::places::lexicon::{Names, Roles};
use crate::places::reader::Reader;
use crate::places::window::Window;
use crate::text::{Gap, Text, Token};

/// Addresses, from region or street to flat.
pub const RECOGNIZER: Recognizer = Recognizer::Piece(find);

fn find(text: &Text, out: &mut Candidates) {
    let window = Window::default();
    let reader = Reader::new(text, &window);
    let mut scan = Scan::new(reader);
    let mut done = 0;
    for &place in text.wakers() {
        let place = place as usize;
        let Some(token) = text.token(place).filter(|_| place >= done) else {
            continue;
        };
        let woken = if token.is_number() {
            follows_street(reader, place)
        } else {
            token.glance.has(Glance::ADDRESS) && wakes(reader, place)
        };
        if !woken {
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

/// The longest name of a street that is known without its type, in words.
const NAME: usize = 3;

/// Whether the number at `place` stands right behind the known name of a street, perhaps with a comma between: `Абая 15-8`.
fn follows_street(reader: Reader<'_>, place: usize) -> bool {
    let same = |place: usize| {
        reader
            .token(place)
            .is_some_and(|token| token.gap <= Gap::Space)
    };
    let comma = place.checked_sub(1).filter(|at| reader.is(*at, ','));
    let next = comma.unwrap_or(place);
    let titled = |at: usize| {
        reader
            .token(at)
            .is_some_and(|token| token.is_word() && token.len > 1 && token.is_title())
    };
    let Some(last) = next.checked_sub(1) else {
        return false;
    };
    let word = |at: usize| reader.token(at).is_some_and(Token::is_word);
    if !same(place) || !same(next) || !word(last) {
        return false;
    }
    (0..NAME)
        .map_while(|back| last.checked_sub(back))
        .take_while(|at| word(*at))
        .any(|begin| titled(begin) && reader.known(begin, Names::STREET) == Some(next))
        || comma.is_none() && reader.is_named_after(last)
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
