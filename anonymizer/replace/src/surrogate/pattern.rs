//! Numbers with a format. A pattern has `#` for a digit, `A` for a Latin letter and `Я` for a Cyrillic one; everything else stands as it
//! is. No digit or letter of the value is in it but what says nothing of a person: the prefix of a country.

use fake::rand::Rng;

use super::SurrogateKind;
use super::check::{check_digit, luhn};
use super::place::Filling;
use crate::date::{civil, days};
use crate::name::{Language, Names, Sex, folded, latin};
use crate::stream::below;

/// Most characters of a pattern; what is longer is no number.
const LONGEST: usize = 48;

/// Mobile codes that no operator has.
const UNASSIGNED: [&str; 3] = ["703", "704", "709"];

/// Whether a character may stand in a pattern for itself.
fn stands(character: char) -> bool {
    matches!(
        character,
        ' ' | '-' | '+' | '(' | ')' | '.' | '/' | ',' | ':' | '_' | '№' | '@' | '\u{a0}'
    )
}

/// What numbers are the same by, however they are written.
pub(super) fn identity(kind: SurrogateKind, value: &str) -> String {
    if matches!(kind, SurrogateKind::Email | SurrogateKind::UserName) {
        return value.trim().to_lowercase();
    }
    let plain: String = folded(value)
        .chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| {
            c.to_digit(10)
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or(c)
        })
        .collect();
    // 8 and +7 lead to the same telephone.
    match (kind, plain.char_indices().nth_back(9)) {
        (SurrogateKind::Phone, Some((at, _))) => plain.get(at..).unwrap_or_default().to_owned(),
        _ => plain,
    }
}

/// The pattern of a value.
pub(super) fn of(kind: SurrogateKind, value: &str) -> String {
    match kind {
        SurrogateKind::Email | SurrogateKind::UserName | SurrogateKind::Ip | SurrogateKind::Mac => {
            return String::new();
        }
        SurrogateKind::BirthDate => {
            let digits = value.chars().take_while(char::is_ascii_digit).count();
            return if digits == 4 { "y" } else { "d" }.to_owned();
        }
        _ => {}
    }
    let digits = value.chars().filter(|c| c.is_numeric()).count();
    let mut prefix = match kind {
        SurrogateKind::Phone if digits == 11 => 1,
        _ => 0,
    };
    let mut pattern = String::with_capacity(value.len());
    if kind == SurrogateKind::Iin {
        pattern.push_str(sex_mark(value));
    }
    for character in value.trim().chars().take(LONGEST) {
        match character {
            '7' | '8' if prefix > 0 => {
                pattern.push(character);
                prefix = 0;
            }
            _ if character.is_numeric() => {
                pattern.push('#');
                prefix = 0;
            }
            _ if character.is_ascii_alphabetic() => pattern.push('A'),
            _ if character.is_alphabetic() => pattern.push('Я'),
            _ if stands(character) => pattern.push(character),
            _ => {}
        }
    }
    pattern
}

/// An IIN tells the sex, with which names agree.
fn sex_mark(value: &str) -> &'static str {
    let seventh = value.chars().filter_map(|c| c.to_digit(10)).nth(6);
    match seventh {
        Some(1 | 3 | 5) => "m",
        Some(2 | 4 | 6) => "f",
        _ => "",
    }
}

/// The pattern, if it is one.
pub(super) fn checked(text: &str) -> Option<String> {
    let own =
        |c: char| stands(c) || matches!(c, '#' | 'A' | 'Я' | '7' | '8' | 'm' | 'f' | 'd' | 'y');
    (text.chars().count() <= LONGEST + 1 && text.chars().all(own)).then(|| text.to_owned())
}

/// Writes an invented number of the pattern.
pub(super) fn render<R: Rng + ?Sized>(
    kind: SurrogateKind,
    pattern: &str,
    rng: &mut R,
    out: &mut String,
) {
    match kind {
        SurrogateKind::Email => return email(rng, out),
        SurrogateKind::UserName => {
            return out.push_str(&format!("user{:016}", below(rng, 10_usize.pow(16))));
        }
        SurrogateKind::Ip => return out.push_str(&format!("192.0.2.{}", below(rng, 256))),
        SurrogateKind::Mac => {
            let part = [below(rng, 256), below(rng, 256), below(rng, 256)];
            return out.push_str(&format!(
                "02:00:5e:{:02x}:{:02x}:{:02x}",
                part[0], part[1], part[2]
            ));
        }
        SurrogateKind::BirthDate => return birth_date(pattern, rng, out),
        _ => {}
    }
    let (sex, pattern) = match (kind, pattern.chars().next()) {
        (SurrogateKind::Iin, Some(mark @ ('m' | 'f'))) => {
            (Some(mark == 'm'), pattern.get(1..).unwrap_or_default())
        }
        _ => (None, pattern),
    };
    let count = pattern.chars().filter(|c| *c == '#').count();
    let mut digits: Vec<u8> = (0..count).map(|_| below(rng, 10) as u8).collect();
    adjust(kind, sex, &mut digits, rng);
    let country = if kind == SurrogateKind::Iban {
        "KZ"
    } else {
        ""
    };
    put(pattern, digits, country.chars().collect(), rng, out);
}

/// Writes a number whose digits and letters are known.
pub(super) fn write<R: Rng + ?Sized>(
    kind: SurrogateKind,
    pattern: &str,
    filling: Filling,
    rng: &mut R,
    out: &mut String,
) {
    let pattern = match kind {
        SurrogateKind::Iin => pattern.trim_start_matches(['m', 'f']),
        _ => pattern,
    };
    put(pattern, filling.digits, filling.letters, rng, out);
}

/// Writes digits and letters where the pattern has them; letters that are missing are drawn.
fn put<R: Rng + ?Sized>(
    pattern: &str,
    digits: Vec<u8>,
    letters: Vec<char>,
    rng: &mut R,
    out: &mut String,
) {
    let (mut digits, mut letters) = (digits.into_iter(), letters.into_iter());
    for character in pattern.chars() {
        out.push(match character {
            '#' => char::from(b'0' + digits.next().unwrap_or_default()),
            'A' => letters
                .next()
                .unwrap_or_else(|| letter("ABCDEFHKLMNPRSTVXZ", rng)),
            'Я' => letters
                .next()
                .unwrap_or_else(|| letter("АВЕКМНОРСТУХ", rng)),
            other => other,
        });
    }
}

fn letter<R: Rng + ?Sized>(letters: &str, rng: &mut R) -> char {
    let place = below(rng, letters.chars().count());
    letters.chars().nth(place).unwrap_or('X')
}

/// Makes random digits a number that nobody has.
fn adjust<R: Rng + ?Sized>(
    kind: SurrogateKind,
    male: Option<bool>,
    digits: &mut [u8],
    rng: &mut R,
) {
    match (kind, digits.len()) {
        (SurrogateKind::Iin, 12) => {
            let (year, month, day) = invented_birth(rng);
            let male = male.unwrap_or_else(|| below(rng, 2) == 0);
            let century = if year < 2000 { 3 } else { 5 } + u8::from(!male);
            let date = [
                year / 10 % 10,
                year % 10,
                month / 10,
                month % 10,
                day / 10,
                day % 10,
            ];
            let begin = date.map(|digit| digit as u8).into_iter().chain([century]);
            digits
                .iter_mut()
                .zip(begin)
                .for_each(|(to, from)| *to = from);
            spoil(digits);
        }
        (SurrogateKind::Bin, 12) => {
            let month = 1 + below(rng, 12) as u8;
            let begin = [
                below(rng, 3) as u8,
                below(rng, 10) as u8,
                month / 10,
                month % 10,
                4,
                0,
            ];
            digits
                .iter_mut()
                .zip(begin)
                .for_each(|(to, from)| *to = from);
            spoil(digits);
        }
        (SurrogateKind::Phone, count @ 10..) => {
            let code = UNASSIGNED
                .get(below(rng, UNASSIGNED.len()))
                .copied()
                .unwrap_or("703");
            let code = code.bytes().map(|digit| digit - b'0');
            digits
                .iter_mut()
                .skip(count - 10)
                .zip(code)
                .for_each(|(to, from)| *to = from);
        }
        // Check digits are 02 to 98.
        (SurrogateKind::Iban, _) => digits.iter_mut().take(2).for_each(|digit| *digit = 0),
        (SurrogateKind::Card, 2..) if luhn(digits) => {
            if let Some(last) = digits.last_mut() {
                *last = (*last + 1) % 10;
            }
        }
        (SurrogateKind::Plate, count @ 5..) => {
            let region = 1 + below(rng, 20) as u8;
            let end = [region / 10, region % 10];
            digits
                .iter_mut()
                .skip(count - 2)
                .zip(end)
                .for_each(|(to, from)| *to = from);
        }
        _ => {}
    }
}

/// Gives twelve digits a check digit that is wrong, and that no number with a place has.
fn spoil(digits: &mut [u8]) {
    let right = digits.get(..11).and_then(check_digit).unwrap_or(0);
    if let Some(last) = digits.last_mut() {
        *last = (right + 9) % 10;
    }
}

/// A date of birth from 1940 to 2009.
fn invented_birth<R: Rng + ?Sized>(rng: &mut R) -> (i64, i64, i64) {
    let (from, to) = (days(1940, 1, 1).unwrap_or(0), days(2010, 1, 1).unwrap_or(0));
    civil(from + below(rng, (to - from) as usize) as i64).unwrap_or((1970, 1, 1))
}

fn birth_date<R: Rng + ?Sized>(pattern: &str, rng: &mut R, out: &mut String) {
    let (year, month, day) = invented_birth(rng);
    out.push_str(&match pattern {
        "y" => format!("{year:04}-{month:02}-{day:02}"),
        _ => format!("{day:02}.{month:02}.{year:04}"),
    });
}

fn email<R: Rng + ?Sized>(rng: &mut R, out: &mut String) {
    let sex = if below(rng, 2) == 0 {
        Sex::Male
    } else {
        Sex::Female
    };
    let names = Names::of(Language::Kazakh, sex);
    let first = rng.next_u64();
    let given = names.given(
        |count| crate::stream::part(first, count),
        |count| below(rng, count),
    );
    let surname = names.surname(|count| below(rng, count));
    let latin = |name: &str| latin(&name.to_lowercase());
    out.push_str(&format!(
        "{}.{}{}@example.com",
        latin(given),
        latin(surname),
        below(rng, 1_000_000_000)
    ));
}
