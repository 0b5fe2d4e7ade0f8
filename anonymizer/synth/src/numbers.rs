//! Numbers with the structure and the check digits of real ones.
//!
//! What is written to files must not be anybody's, and yet has to be found as the real ones are. A number with a wrong check
//! digit would not be found outside a column or a context that names it, so [`Issue::Impossible`] keeps every rule of the
//! format and goes where nothing was issued:
//!
//! | number | why it is nobody's |
//! |---|---|
//! | IIN | the century digit puts the birth before 1876 or after 2075: IINs are issued since 2007, and nobody has lived so long |
//! | BIN | registered in a year '40 to '80; there were no BINs in 1980 and there is no 2040 yet |
//! | IBAN | bank code 999 or 000 |
//! | card | test ranges of payment systems, 4000 00 and 5555 55 |
//! | phone | subscriber numbers 000 xx xx and 001 xx xx under the codes 763 and 764 |
//! | identity card, passport | nine-digit numbers from 900000000 up, N9xxxxxxx: far above what was printed |
//! | plate | 000, which is not issued |
//! | e-mail | domains under `.example` and example.com (RFC 2606) |
//!
//! [`Issue::Realistic`] draws from the ranges in use. It is for measuring in memory, and nothing of it is written.

use crate::date::Day;
use crate::grammar::spelling::latin;
use crate::person::{Person, Sex};
use crate::rng::Rng;

/// From which ranges numbers are drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Issue {
    /// Ranges in which nothing was issued.
    Impossible,
    /// The ranges in use.
    Realistic,
}

/// The check digit of an IIN or BIN of eleven digits, if it is issuable.
pub fn check_digit(digits: &str) -> Option<u8> {
    let sum = |weights: [u32; 11]| {
        digits
            .bytes()
            .zip(weights)
            .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
            .sum::<u32>()
            % 11
    };
    let first = sum([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let found = if first == 10 {
        sum([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2])
    } else {
        first
    };
    u8::try_from(found).ok().filter(|digit| *digit < 10)
}

fn with_check_digit(rng: &mut Rng, prefix: &str, serial: usize) -> String {
    loop {
        let number = format!("{prefix}{}", rng.digits(serial));
        if let Some(digit) = check_digit(&number) {
            return format!("{number}{digit}");
        }
    }
}

/// An IIN of somebody born on that day.
pub fn iin(rng: &mut Rng, birth: Day, sex: Sex, issue: Issue) -> String {
    let (year, month, day) = birth.parts();
    let short = year.rem_euclid(100);
    let century = match issue {
        Issue::Realistic if year < 2000 => 3,
        Issue::Realistic => 5,
        Issue::Impossible if short <= 75 => 1,
        Issue::Impossible => 5,
    };
    // 29 February 2000 was a day, 29 February 1800 was not.
    let day = if (short, month, day, issue) == (0, 2, 29, Issue::Impossible) {
        28
    } else {
        day
    };
    let century = century + i32::from(sex == Sex::Female);
    with_check_digit(rng, &format!("{short:02}{month:02}{day:02}{century}"), 4)
}

/// A BIN.
pub fn bin(rng: &mut Rng, issue: Issue) -> String {
    let year = match issue {
        Issue::Impossible => rng.between(40, 80),
        Issue::Realistic if rng.chance(0.2) => rng.between(90, 99),
        Issue::Realistic => rng.between(0, 25),
    };
    let kind = rng.word(&["4", "4", "4", "4", "5", "6"]);
    let branch = rng.word(&["0", "0", "0", "1", "2", "3"]);
    let prefix = format!("{year:02}{:02}{kind}{branch}", rng.between(1, 12));
    with_check_digit(rng, &prefix, 5)
}

/// An IBAN.
pub fn iban(rng: &mut Rng, issue: Issue) -> String {
    let bank = match issue {
        Issue::Impossible => rng.word(&["999", "000"]),
        Issue::Realistic => rng.word(&[
            "125", "722", "601", "998", "856", "821", "563", "551", "432", "826", "914", "886",
        ]),
    };
    let account = if rng.chance(0.4) {
        rng.digits(13)
    } else {
        let letters = rng.between(1, 5) as usize;
        let name: String = (0..letters)
            .map(|_| rng.letter("ABCDEFGHKLMNPRSTUZ"))
            .collect();
        format!("{name}{}", rng.digits(13 - letters))
    };
    let rest = format!("{bank}{account}KZ00")
        .bytes()
        .fold(0u32, |rest, letter| match letter {
            b'0'..=b'9' => (rest * 10 + u32::from(letter - b'0')) % 97,
            _ => (rest * 100 + u32::from(letter.saturating_sub(b'A')) + 10) % 97,
        });
    format!("KZ{:02}{bank}{account}", 98 - rest)
}

/// The number of a bank card: 16 digits.
pub fn card(rng: &mut Rng, issue: Issue) -> String {
    let range = match issue {
        Issue::Impossible => rng.word(&["400000", "555555"]),
        Issue::Realistic => rng.word(&[
            "440043", "400303", "516949", "539545", "427708", "548318", "220220", "424471",
        ]),
    };
    let number = format!("{range}{}", rng.digits(9));
    let sum: u32 = number
        .bytes()
        .enumerate()
        .map(
            |(place, digit)| match (u32::from(digit - b'0'), place % 2) {
                (digit, 0) if digit > 4 => digit * 2 - 9,
                (digit, 0) => digit * 2,
                (digit, _) => digit,
            },
        )
        .sum();
    format!("{number}{}", (10 - sum % 10) % 10)
}

/// The ten national digits of a mobile phone, or now and then of a line in a house.
pub fn phone(rng: &mut Rng, issue: Issue) -> String {
    match issue {
        Issue::Impossible => format!(
            "{}00{}{}",
            rng.word(&["763", "764"]),
            rng.word(&["0", "1"]),
            rng.digits(4)
        ),
        Issue::Realistic if rng.chance(0.1) => {
            format!(
                "{}{}{}",
                rng.word(&["727", "717", "721", "725", "712", "713"]),
                rng.between(2, 9),
                rng.digits(6)
            )
        }
        Issue::Realistic => {
            let code = rng.word(&[
                "700", "701", "702", "705", "707", "708", "747", "771", "775", "776", "777", "778",
                "706", "708",
            ]);
            format!("{code}{}{}", rng.between(1, 9), rng.digits(6))
        }
    }
}

/// The number of an identity card.
pub fn id_card(rng: &mut Rng, issue: Issue) -> String {
    match issue {
        Issue::Impossible => format!("9{}", rng.digits(8)),
        Issue::Realistic => format!("0{}{}", rng.between(1, 5), rng.digits(7)),
    }
}

/// The number of a passport.
pub fn passport(rng: &mut Rng, issue: Issue) -> String {
    match issue {
        Issue::Impossible => format!("N9{}", rng.digits(7)),
        Issue::Realistic => {
            let digits = if rng.chance(0.8) { 7 } else { 6 };
            format!("N{}{}", rng.between(0, 1), rng.digits(digits))
        }
    }
}

/// A vehicle plate: of today's form, or one time in eight of 1993.
pub fn plate(rng: &mut Rng, issue: Issue) -> String {
    const LETTERS: &str = "ABCDEFHKLMNOPRSTUVXYZ";
    let number = match issue {
        Issue::Impossible => "000".to_owned(),
        Issue::Realistic => format!("{:03}", rng.between(1, 999)),
    };
    let count = if rng.chance(0.8) { 3 } else { 2 };
    let letters: String = (0..count).map(|_| rng.letter(LETTERS)).collect();
    if rng.chance(0.12) {
        format!("{}{number}{letters}", rng.letter("ABCDEFHKLMNPRSTXZ"))
    } else {
        format!("{number}{letters}{:02}", rng.between(1, 20))
    }
}

/// The identification number of a vehicle, with the check digit of ISO 3779's American form.
pub fn vin(rng: &mut Rng) -> String {
    const LETTERS: &str = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    let maker = rng.word(&[
        "XW8", "JTM", "KMH", "Z94", "WVW", "XTA", "JN1", "1HG", "MXX",
    ]);
    let body: String = (0..5).map(|_| rng.letter(LETTERS)).collect();
    let rest = format!(
        "{}{}{}",
        rng.letter("ABCDEFGHJKLMNPRSTVWXY123456789"),
        rng.letter("ABCEKLMX"),
        rng.digits(6)
    );
    let value = |letter: u8| match letter {
        b'0'..=b'9' => u32::from(letter - b'0'),
        b'A'..=b'H' => u32::from(letter - b'A') + 1,
        b'J'..=b'R' => u32::from(letter - b'J') + 1,
        b'S'..=b'Z' => u32::from(letter - b'S') + 2,
        _ => 0,
    };
    let before = format!("{maker}{body}0{rest}");
    let weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum = before
        .bytes()
        .zip(weights)
        .map(|(letter, weight)| value(letter) * weight)
        .sum::<u32>()
        % 11;
    let check = if sum == 10 {
        'X'
    } else {
        char::from(b'0' + sum as u8)
    };
    format!("{maker}{body}{check}{rest}")
}

/// An e-mail address that fits a name, or does not.
pub fn email(rng: &mut Rng, person: &Person, issue: Issue) -> String {
    let surname = latin(&person.surname.russian).to_lowercase();
    let given = latin(&person.given.russian).to_lowercase();
    let initial: String = given.chars().take(1).collect();
    let name = match rng.below(7) {
        0 => format!("{given}.{surname}"),
        1 => format!("{surname}_{initial}"),
        2 => format!("{initial}.{surname}"),
        3 => format!("{surname}{}", person.birth.year().rem_euclid(100)),
        4 => format!("{given}{}", rng.digits(3)),
        5 => format!("{given}_{}", person.birth.year()),
        _ => format!(
            "{}{}",
            rng.word(&[
                "sunny", "kz_star", "altyn", "dala.kz", "qyran", "user", "barys"
            ]),
            rng.digits(4)
        ),
    };
    let domain = match issue {
        Issue::Impossible => {
            rng.word(&["mail.example", "post.example", "example.com", "kz.example"])
        }
        Issue::Realistic => rng.word(&[
            "mail.ru",
            "gmail.com",
            "bk.ru",
            "inbox.ru",
            "yandex.kz",
            "list.ru",
            "edu.gov.kz",
            "yahoo.com",
        ]),
    };
    format!("{name}@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_published_vectors() {
        for number in [
            "900101300017",
            "850615400125",
            "051231500070",
            "990101100000",
            "900101300811",
            "240140012342",
            "240140000203",
        ] {
            let (body, digit) = number.split_at(11);
            assert_eq!(
                check_digit(body).map(|digit| digit.to_string()).as_deref(),
                Some(digit),
                "{number}"
            );
        }
        assert_eq!(check_digit("90010130080"), None);
    }

    #[test]
    fn what_is_written_was_never_issued() {
        let mut rng = Rng::new(3, 1);
        for _ in 0..5_000 {
            let birth = Day::of(1930, 1, 1).plus(rng.between(0, 35_000));
            let number = iin(&mut rng, birth, Sex::Female, Issue::Impossible);
            let short: i32 = number
                .get(..2)
                .and_then(|year| year.parse().ok())
                .unwrap_or(0);
            let year = match number.get(6..7) {
                Some("2") => 1800 + short,
                Some("6") => 2000 + short,
                other => unreachable!("{other:?}"),
            };
            assert!(!(1876..=2075).contains(&year), "{number}");
            assert_eq!(number.get(2..6), birth.iso().replace('-', "").get(4..8));
        }
    }

    #[test]
    fn accounts_and_cards_have_their_check_digits() {
        let mut rng = Rng::new(3, 2);
        for _ in 0..500 {
            let account = iban(&mut rng, Issue::Realistic);
            assert_eq!(account.len(), 20);
            let turned = format!(
                "{}{}",
                account.get(4..).unwrap_or(""),
                account.get(..4).unwrap_or("")
            );
            let rest = turned.chars().fold(0u32, |rest, letter| {
                let value = letter.to_digit(36).unwrap_or(0);
                (rest * if value > 9 { 100 } else { 10 } + value) % 97
            });
            assert_eq!(rest, 1, "{account}");
        }
    }
}
