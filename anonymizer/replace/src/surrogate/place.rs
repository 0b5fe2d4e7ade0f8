//! Numbers that stand for one another one to one, so that no two people get the same invented number.
//!
//! A number that is well formed has a place among all of its kind. The place is permuted under the key of the release when the token is
//! made, and again, among the places of invented numbers, under the key of the project: each step is one to one, and so is the whole.
//! Numbers that are malformed have no place; what stands for them is drawn by their pseudonym, apart from these.
//!
//! | kind | its numbers | invented ones |
//! |---|---|---|
//! | IIN, of one sex | 1.1e9: births from 1800 to 2099, four digits | 2.0e9: births from 1940 to 2009, four digits, 8 wrong check digits |
//! | BIN | 1.4e9 | 3.5e9 |
//! | telephone | 1e9: codes 700 to 799 | 1e9: codes 600 to 699, which nobody has |
//! | card, account, documents, plate | as many as their digits and letters give | as many |

use ring::hmac;

use self::slots::Slots;
use super::SurrogateKind;
use crate::ProjectKey;

mod registered;
mod slots;

/// Fewest places that are permuted (SP 800-38G Revision 1, section 5.2); fewer could be tried one by one.
const LEAST: u64 = crate::MIN_DOMAIN;

/// Most places; kinds with more have so many numbers that drawn ones do not meet.
const MOST: u64 = 1 << 62;

/// Where a number is among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub place: u64,
    /// How many there are.
    pub among: u64,
}

/// The digits and letters of an invented number, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filling {
    pub digits: Vec<u8>,
    pub letters: Vec<char>,
}

/// The place of a number of that pattern; `None` if it has none.
pub(super) fn place(kind: SurrogateKind, pattern: &str, number: &str) -> Option<Place> {
    let place = match kind {
        SurrogateKind::Iin => registered::iin(pattern, number),
        SurrogateKind::Bin => registered::bin(pattern, number),
        _ => Slots::of(kind, pattern)?.place(kind, number),
    }?;
    (LEAST..MOST).contains(&place.among).then_some(place)
}

/// How many invented numbers of that pattern there are.
pub(super) fn room(kind: SurrogateKind, pattern: &str) -> Option<u64> {
    let room = match kind {
        SurrogateKind::Iin => registered::iins()?,
        SurrogateKind::Bin => registered::BINS,
        _ => Slots::of(kind, pattern)?.among()?,
    };
    (LEAST..MOST).contains(&room).then_some(room)
}

/// The invented number at a place.
pub(super) fn fill(kind: SurrogateKind, pattern: &str, place: u64) -> Option<Filling> {
    match kind {
        SurrogateKind::Iin => registered::invented_iin(pattern, place),
        SurrogateKind::Bin => registered::invented_bin(place),
        _ => Slots::of(kind, pattern)?.fill(kind, place),
    }
}

/// Rounds of the permutation, as in FF1.
const ROUNDS: u8 = 10;

/// A keyed permutation of places: a Feistel network with the rounds and the sums of FF1 (NIST SP 800-38G) and with HMAC-SHA-256 as its
/// function, on as many bits as the places need, again and again until it ends among them (Black, Rogaway 2002: cycle walking).
#[derive(Clone)]
pub(super) struct Permutation(hmac::Key);

impl Permutation {
    pub(super) fn new(key: &ProjectKey, purpose: &str) -> Self {
        Self(key.derived_hmac(purpose))
    }

    /// The place that stands for another one among so many.
    pub(super) fn of(&self, kind: SurrogateKind, place: u64, among: u64) -> Option<u64> {
        let bits = u64::BITS - among.checked_sub(1)?.leading_zeros();
        let mut place = (place < among && bits < u64::BITS).then_some(place)?;
        loop {
            place = self.once(kind, place, bits);
            if place < among {
                return Some(place);
            }
        }
    }

    /// Permutes the numbers of so many bits.
    fn once(&self, kind: SurrogateKind, place: u64, bits: u32) -> u64 {
        let low = bits / 2;
        let mask = |width: u32| (1_u64 << width) - 1;
        let (mut widths, mut halves) = ((bits - low, low), (place >> low, place & mask(low)));
        for round in 0..ROUNDS {
            let mut context = hmac::Context::with_key(&self.0);
            context.update(&[round, bits as u8]);
            context.update(&halves.1.to_be_bytes());
            context.update(kind.as_str().as_bytes());
            let tag = context.sign();
            let first = tag.as_ref().first_chunk();
            let made = first.map_or(0, |first| u64::from_be_bytes(*first));
            halves = (halves.1, halves.0.wrapping_add(made) & mask(widths.0));
            widths = (widths.1, widths.0);
        }
        halves.0 << low | halves.1
    }
}

impl std::fmt::Debug for Permutation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Permutation(***)")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn places_are_permuted() {
        let permutation = Permutation::new(&ProjectKey::new([1; 32]), "test");
        for among in [2, 3, 100, 1000, 4097] {
            let of = |place| permutation.of(SurrogateKind::Iin, place, among).unwrap();
            let mut all: Vec<u64> = (0..among).map(of).collect();
            assert!(
                among < 100
                    || all
                        .iter()
                        .zip(0..)
                        .filter(|(made, place)| *made == place)
                        .count()
                        < 10
            );
            all.sort_unstable();
            assert!(all.into_iter().eq(0..among), "{among}");
            assert_eq!(permutation.of(SurrogateKind::Iin, among, among), None);
        }
        let other = Permutation::new(&ProjectKey::new([2; 32]), "test");
        let of = |permutation: &Permutation, kind| permutation.of(kind, 7, 1 << 40);
        let own = of(&permutation, SurrogateKind::Iin);
        assert_ne!(own, of(&other, SurrogateKind::Iin));
        assert_ne!(own, of(&permutation, SurrogateKind::Bin));
    }

    #[test]
    fn there_is_room_for_every_number() {
        for (kind, pattern, number) in [
            (SurrogateKind::Iin, "m############", "900101300017"),
            (SurrogateKind::Iin, "f############", "850615400125"),
            (SurrogateKind::Bin, "############", "240140012342"),
            (SurrogateKind::Phone, "+7 ### ### ## ##", "+7 701 123 45 67"),
            (SurrogateKind::Phone, "8##########", "87011234567"),
            (SurrogateKind::Card, "################", "4111111111111111"),
            (
                SurrogateKind::Iban,
                "AA#####AAA##########",
                "KZ86125KZT5004100100",
            ),
            (SurrogateKind::IdCard, "#########", "041234567"),
            (SurrogateKind::Passport, "A########", "N12345678"),
            (SurrogateKind::Plate, "###AAA##", "123ABC02"),
            (
                SurrogateKind::BirthCertificate,
                "A-ЯЯ № #######",
                "I-АЖ № 1234567",
            ),
        ] {
            let place = place(kind, pattern, number).unwrap();
            let room = room(kind, pattern).unwrap();
            assert!(place.place < place.among && place.among <= room, "{kind:?}");
            let last = fill(kind, pattern, room - 1).unwrap();
            let count = |marks: &[char]| pattern.matches(marks).count();
            assert_eq!(last.digits.len(), count(&['#']), "{kind:?}");
            assert!(last.letters.is_empty() || last.letters.len() == count(&['A', 'Я']));
        }
    }

    #[test]
    fn what_is_malformed_has_no_place() {
        for (kind, pattern, number) in [
            (SurrogateKind::Iin, "m############", "900101300018"),
            (SurrogateKind::Iin, "f############", "900101300017"),
            (SurrogateKind::Bin, "############", "240140012343"),
            (SurrogateKind::Phone, "+7 ### ### ## ##", "+7 901 123 45 67"),
            (SurrogateKind::Card, "################", "4111111111111112"),
            (
                SurrogateKind::Iban,
                "AA#####AAA##########",
                "KZ87125KZT5004100100",
            ),
            (SurrogateKind::Plate, "###AAA##", "123ABC77"),
            (SurrogateKind::Passport, "A########", "Қ12345678"),
            (SurrogateKind::IdCard, "###", "123"),
            (SurrogateKind::IdCard, "", ""),
            (SurrogateKind::Email, "", "a@b.kz"),
        ] {
            assert_eq!(place(kind, pattern, number), None, "{kind:?} {number}");
        }
    }
}
