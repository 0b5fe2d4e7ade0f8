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

use super::SurrogateKind;
use super::check::{IinFacts, check_digit, iin_facts, luhn};
use crate::ProjectKey;
use crate::date::{civil, days};
use crate::name::Sex;

/// Fewest places that are permuted (SP 800-38G Revision 1, section 5.2); fewer could be tried one by one.
const LEAST: u64 = crate::MIN_DOMAIN;

/// Most places; kinds with more have so many numbers that drawn ones do not meet.
const MOST: u64 = 1 << 62;

/// Wrong check digits that are used here. The ninth is left for numbers without a place.
const CHECKS: u64 = 8;

const SERIALS: u64 = 10_000;
const BIN_SERIALS: u64 = 100_000;

/// Legal forms of a BIN, and its parts: a head office, a branch, ...
const BIN_FORMS: u64 = 3 * 4;

/// Years of registration of invented BINs.
const BIN_YEARS: u64 = 30;

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
        SurrogateKind::Iin => iin(pattern, number),
        SurrogateKind::Bin => bin(pattern, number),
        _ => Slots::of(kind, pattern)?.place(kind, number),
    }?;
    (LEAST..MOST).contains(&place.among).then_some(place)
}

/// How many invented numbers of that pattern there are.
pub(super) fn room(kind: SurrogateKind, pattern: &str) -> Option<u64> {
    let room = match kind {
        SurrogateKind::Iin => births()?.1 * SERIALS * CHECKS,
        SurrogateKind::Bin => BIN_YEARS * 12 * BIN_FORMS * BIN_SERIALS * CHECKS,
        _ => Slots::of(kind, pattern)?.among()?,
    };
    (LEAST..MOST).contains(&room).then_some(room)
}

/// The invented number at a place.
pub(super) fn fill(kind: SurrogateKind, pattern: &str, place: u64) -> Option<Filling> {
    match kind {
        SurrogateKind::Iin => invented_iin(pattern, place),
        SurrogateKind::Bin => invented_bin(place),
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

fn digits(number: &str) -> Option<Vec<u64>> {
    let plain = number.chars().filter(|c| c.is_alphanumeric());
    plain
        .map(|c| c.is_ascii_digit().then(|| c.to_digit(10).map(u64::from))?)
        .collect()
}

fn number(digits: &[u64]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + digit)
}

/// The digits of a number, so many of them.
fn written(number: u64, count: u32) -> impl Iterator<Item = u8> {
    (0..count)
        .rev()
        .map(move |place| (number / 10_u64.pow(place) % 10) as u8)
}

/// The first day of invented births, and how many days there are.
fn births() -> Option<(i64, u64)> {
    let first = days(1940, 1, 1)?;
    Some((first, u64::try_from(days(2010, 1, 1)? - first).ok()?))
}

fn iin(pattern: &str, text: &str) -> Option<Place> {
    let IinFacts {
        birth_year,
        birth_month,
        birth_day,
        sex,
    } = iin_facts(text)?;
    let mark = if sex == Sex::Male { 'm' } else { 'f' };
    if !pattern.starts_with(mark) || pattern.matches('#').count() != 12 {
        return None;
    }
    let (first, end) = (days(1800, 1, 1)?, days(2100, 1, 1)?);
    let day = days(birth_year.into(), birth_month.into(), birth_day.into())?;
    let serial = number(digits(text)?.get(7..11)?);
    Some(Place {
        place: u64::try_from(day - first).ok()? * SERIALS + serial,
        among: u64::try_from(end - first).ok()? * SERIALS,
    })
}

fn invented_iin(pattern: &str, place: u64) -> Option<Filling> {
    let (check, rest) = (place % CHECKS, place / CHECKS);
    let (serial, day) = (rest % SERIALS, rest / SERIALS);
    let (year, month, day) = civil(births()?.0 + i64::try_from(day).ok()?)?;
    let century = if year < 2000 { 3 } else { 5 } + u8::from(pattern.starts_with('f'));
    let date = year % 100 * 10_000 + month * 100 + day;
    let mut digits: Vec<u8> = written(u64::try_from(date).ok()?, 6).collect();
    digits.push(century);
    digits.extend(written(serial, 4));
    checked(digits, check)
}

fn bin(pattern: &str, text: &str) -> Option<Place> {
    let digits = digits(text)?;
    let [y, yy, m, mm, form @ 4..=6, part @ 0..=3, serial @ .., check] = digits.as_slice() else {
        return None;
    };
    let month = 10 * m + mm;
    let first: Vec<u8> = digits.iter().map(|digit| *digit as u8).collect();
    let right = first.get(..11).and_then(check_digit).map(u64::from);
    if digits.len() != 12
        || pattern.matches('#').count() != 12
        || !(1..=12).contains(&month)
        || right != Some(*check)
    {
        return None;
    }
    let opened = (10 * y + yy) * 12 + month - 1;
    let kind = (form - 4) * 4 + part;
    Some(Place {
        place: (opened * BIN_FORMS + kind) * BIN_SERIALS + number(serial),
        among: 100 * 12 * BIN_FORMS * BIN_SERIALS,
    })
}

fn invented_bin(place: u64) -> Option<Filling> {
    let (check, rest) = (place % CHECKS, place / CHECKS);
    let (serial, rest) = (rest % BIN_SERIALS, rest / BIN_SERIALS);
    let (kind, opened) = (rest % BIN_FORMS, rest / BIN_FORMS);
    let mut digits: Vec<u8> = written(opened / 12, 2).collect();
    digits.extend(written(opened % 12 + 1, 2));
    digits.extend(written((kind / 4 + 4) * 10 + kind % 4, 2));
    digits.extend(written(serial, 5));
    checked(digits, check)
}

/// Adds a check digit that is wrong: one for each of the checks, and another for none.
fn checked(mut digits: Vec<u8>, check: u64) -> Option<Filling> {
    let right = check_digit(&digits).unwrap_or(0);
    digits.push((right + 1 + check as u8) % 10);
    Some(Filling {
        digits,
        letters: Vec::new(),
    })
}

/// What may stand at one place of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Digit,
    Latin,
    Cyrillic,
    /// The digits of a region, 01 to 20; the second follows from the first.
    Region,
    /// A digit or letter that the others decide.
    Fixed,
}

impl Slot {
    fn radix(self) -> u64 {
        match self {
            Self::Digit => 10,
            Self::Latin => 26,
            Self::Cyrillic => 33,
            Self::Region => 20,
            Self::Fixed => 1,
        }
    }
}

/// The places of digits and letters in a pattern.
struct Slots(Vec<(char, Slot)>);

impl Slots {
    fn of(kind: SurrogateKind, pattern: &str) -> Option<Self> {
        let mut slots: Vec<(char, Slot)> = pattern
            .chars()
            .filter_map(|mark| match mark {
                '#' => Some((mark, Slot::Digit)),
                'A' => Some((mark, Slot::Latin)),
                'Я' => Some((mark, Slot::Cyrillic)),
                _ => None,
            })
            .collect();
        let count = slots.len();
        let all_digits = slots.iter().all(|(mark, _)| *mark == '#');
        let fixed = match kind {
            SurrogateKind::Phone if all_digits && count >= 10 => 0..count - 9,
            SurrogateKind::Card if all_digits && count >= 13 => count - 1..count,
            SurrogateKind::Iban if count == 20 && pattern.starts_with("AA##") => 0..4,
            SurrogateKind::Plate if count >= 5 && pattern.ends_with("##") => {
                slots.get_mut(count - 2)?.1 = Slot::Region;
                count - 1..count
            }
            SurrogateKind::IdCard
            | SurrogateKind::Passport
            | SurrogateKind::BirthCertificate
            | SurrogateKind::DriverLicence => 0..0,
            _ => return None,
        };
        for (_, slot) in slots.get_mut(fixed)? {
            *slot = Slot::Fixed;
        }
        Some(Self(slots))
    }

    /// How many numbers there are.
    fn among(&self) -> Option<u64> {
        let radixes = self.0.iter().map(|(_, slot)| slot.radix());
        radixes.into_iter().try_fold(1, u64::checked_mul)
    }

    fn place(&self, kind: SurrogateKind, number: &str) -> Option<Place> {
        let among = self.among().filter(|among| *among < MOST)?;
        let characters: Vec<char> = number
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        // The digit of a country is no part of the pattern's digits.
        let behind = characters.len().checked_sub(self.0.len())?;
        let characters = characters.get(behind..)?;
        let right = match kind {
            SurrogateKind::Phone => {
                behind <= 1 && characters.get(characters.len() - 10) == Some(&'7')
            }
            SurrogateKind::Card => behind == 0 && luhn(&values(characters)?),
            SurrogateKind::Iban => {
                let (head, tail) = characters.split_at_checked(4)?;
                let upper = tail.iter().chain(head).map(char::to_ascii_uppercase);
                let bytes: Vec<u8> = upper.map(|c| u8::try_from(c).ok()).collect::<Option<_>>()?;
                behind == 0 && sandyq_detect::identifier::mod97(bytes.into_iter()) == 1
            }
            _ => behind == 0,
        };
        let mut place = 0;
        for (at, (_, slot)) in self.0.iter().enumerate().filter(|_| right) {
            let character = *characters.get(at)?;
            let next = characters.get(at + 1).copied();
            place = place * slot.radix() + slot.value(character, next)?;
        }
        right.then_some(Place { place, among })
    }

    fn fill(&self, kind: SurrogateKind, mut place: u64) -> Option<Filling> {
        let mut values = Vec::with_capacity(self.0.len());
        for (_, slot) in self.0.iter().rev() {
            values.push(place % slot.radix());
            place /= slot.radix();
        }
        values.reverse();
        let mut filling = Filling::default();
        let mut unit = None;
        for ((mark, slot), value) in self.0.iter().zip(values) {
            match (mark, slot) {
                (_, Slot::Region) => {
                    filling.digits.push(((value + 1) / 10) as u8);
                    unit = Some(((value + 1) % 10) as u8);
                }
                ('#', _) => filling.digits.push(unit.take().unwrap_or(value as u8)),
                ('A', _) => filling.letters.push(char::from(b'A' + value as u8)),
                _ => filling.letters.push(cyrillic(value)),
            }
        }
        finish(kind, &mut filling);
        Some(filling)
    }
}

/// Makes the number one that nobody has, where its kind allows.
fn finish(kind: SurrogateKind, filling: &mut Filling) {
    match kind {
        SurrogateKind::Phone => {
            let code = filling.digits.len().saturating_sub(10);
            if let Some(digit) = filling.digits.get_mut(code) {
                *digit = 6;
            }
        }
        SurrogateKind::Card => {
            // Exactly one last digit is right.
            let right = (0..10).find(|last| {
                if let Some(digit) = filling.digits.last_mut() {
                    *digit = *last;
                }
                luhn(&filling.digits)
            });
            if let Some(digit) = filling.digits.last_mut() {
                *digit = (right.unwrap_or(0) + 1) % 10;
            }
        }
        // Check digits are 02 to 98.
        SurrogateKind::Iban => {
            let country = ['K', 'Z'];
            for (to, from) in filling.letters.iter_mut().zip(country) {
                *to = from;
            }
        }
        _ => {}
    }
}

impl Slot {
    fn value(self, character: char, next: Option<char>) -> Option<u64> {
        let digit = |c: char| c.is_ascii_digit().then(|| u64::from(c as u32 - '0' as u32));
        match self {
            Self::Digit => digit(character),
            Self::Latin => character
                .is_ascii_lowercase()
                .then(|| u64::from(character as u32 - 'a' as u32)),
            Self::Cyrillic => match character {
                'а'..='я' => Some(u64::from(character as u32 - 'а' as u32)),
                'ё' => Some(32),
                _ => None,
            },
            Self::Region => {
                let region = digit(character)? * 10 + digit(next?)?;
                (1..=20).contains(&region).then(|| region - 1)
            }
            Self::Fixed => Some(0),
        }
    }
}

fn values(characters: &[char]) -> Option<Vec<u8>> {
    let digit = |c: &char| c.to_digit(10).map(|digit| digit as u8);
    characters.iter().map(digit).collect()
}

fn cyrillic(value: u64) -> char {
    match u32::try_from(value) {
        Ok(value @ 0..32) => char::from_u32('А' as u32 + value).unwrap_or('А'),
        _ => 'Ё',
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
