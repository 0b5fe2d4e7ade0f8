#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::*;

fn key(number: u8) -> ProjectKey {
    ProjectKey::new([number; 32])
}

fn made_under(project: u8, kind: SurrogateKind, value: &str) -> String {
    let tokens = Tokens::new(&key(1)).value(kind, None, value);
    assert!(is_tokens(&tokens, kind), "{tokens}");
    Surrogates::new(&key(project)).render(&tokens).into_owned()
}

fn made(kind: SurrogateKind, value: &str) -> String {
    made_under(2, kind, value)
}

#[test]
fn an_inflected_name_becomes_the_same_person_in_the_same_case() {
    use crate::name::{Case, decline};
    let person = made(SurrogateKind::Person, "Ахметов Нурлан Серикович");
    let lower = person.to_lowercase();
    let parts: Vec<&str> = lower.split(' ').collect();
    let own = [Part::Surname, Part::Given, Part::Patronymic];
    for (case, written) in [
        (Case::Genitive, "Ахметова Нурлана Сериковича"),
        (Case::Dative, "Ахметову Нурлану Сериковичу"),
        (Case::Instrumental, "Ахметовым Нурланом Сериковичем"),
        (Case::Prepositional, "Ахметове Нурлане Сериковиче"),
    ] {
        let inflected: Vec<String> = parts
            .iter()
            .zip(own)
            .map(|(word, part)| decline(word, part, crate::name::Sex::Male, case))
            .collect();
        assert_eq!(
            made(SurrogateKind::Person, written).to_lowercase(),
            inflected.join(" ")
        );
    }
    assert_eq!(
        made(SurrogateKind::Person, "АХМЕТОВ НУРЛАН СЕРИКОВИЧ"),
        person.to_uppercase()
    );
    let turned = made(SurrogateKind::Person, "Нурлан Серикович Ахметов").to_lowercase();
    assert_eq!(turned, [parts[1], parts[2], parts[0]].join(" "));
}

#[test]
fn columns_of_parts_and_initials_agree_with_the_whole_name() {
    let whole = made(SurrogateKind::Person, "Ахметова Айгуль Сериковна");
    let parts = [
        made(SurrogateKind::Surname, "Ахметова"),
        made(SurrogateKind::GivenName, "Айгуль"),
        made(SurrogateKind::Patronymic, "Сериковна"),
    ];
    assert_eq!(whole, parts.join(" "));
    let short = made(SurrogateKind::Person, "Ахметова А.С.");
    let initial = |word: &str| word.chars().next().unwrap();
    assert_eq!(
        short,
        format!(
            "{} {}.{}.",
            parts[0],
            initial(&parts[1]),
            initial(&parts[2])
        )
    );
    assert!(
        parts[0].ends_with('а') && parts[2].ends_with("на"),
        "{whole}"
    );
}

#[test]
fn other_people_and_other_projects_have_other_names() {
    let name = "Ахметов Нурлан Серикович";
    assert_ne!(
        made_under(2, SurrogateKind::Person, name),
        made_under(3, SurrogateKind::Person, name)
    );
    let different = [
        "Ахметов Нурлан Серикович",
        "Жумабаев Ерлан Маратович",
        "Иванов Сергей Петрович",
        "Ким Виктор Ильич",
    ];
    let mut all: Vec<String> = different
        .iter()
        .map(|name| made(SurrogateKind::Person, name))
        .collect();
    for (name, made) in different.iter().zip(&all) {
        let shared = name
            .split(' ')
            .filter(|word| made.split(' ').any(|other| other == *word));
        assert!(shared.count() < 2, "{made}");
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 4);
}

#[test]
fn kazakh_names_stay_kazakh_and_take_its_suffixes() {
    let nominative = made(SurrogateKind::Person, "Ахметов Нұрлан Серікұлы");
    assert!(nominative.ends_with("ұлы"), "{nominative}");
    let genitive = made(SurrogateKind::Person, "Ахметов Нұрлан Серікұлының");
    assert_eq!(genitive, format!("{nominative}ның"));
    let latin = made(SurrogateKind::Person, "Akhmetov Nurlan");
    assert!(latin.is_ascii() && latin.contains(' '), "{latin}");
}

#[test]
fn the_subject_decides_where_it_is_known() {
    let tokens = Tokens::new(&key(1));
    let surrogates = Surrogates::new(&key(2));
    fn of(tokens: &Tokens, surrogates: &Surrogates, subject: &str, value: &str) -> String {
        let subject = Some(Subject {
            domain: "person",
            value: subject,
        });
        surrogates
            .render(&tokens.value(SurrogateKind::Surname, subject, value))
            .into_owned()
    }
    let of = |subject: &str, value| of(&tokens, &surrogates, subject, value);
    let own = of("900101300017", "Ахметов");
    assert_eq!(of(" 900101300017", "Ахмтов"), own);
    assert_eq!(of("900101300017", "АХМЕТОВ"), own.to_uppercase());
    let different = (0..20).filter(|subject| of(&subject.to_string(), "Ахметов") != own);
    assert!(different.count() > 15);
}

#[test]
fn numbers_keep_their_format_and_are_nobodys() {
    let phone = made(SurrogateKind::Phone, "+7 (701) 123-45-67");
    assert!(phone.starts_with("+7 (6") && phone.len() == 18, "{phone}");
    let foreign = made(SurrogateKind::Phone, "+7 (901) 123-45-67");
    assert!(
        ["703", "704", "709"]
            .iter()
            .any(|code| foreign.get(4..7) == Some(code)),
        "{foreign}"
    );
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let same = made(SurrogateKind::Phone, "8 701 1234567");
    assert_eq!(digits(&same)[1..], digits(&phone)[1..]);
    assert!(made(SurrogateKind::Iban, "KZ86125KZT5004100100").starts_with("KZ00"));
    let card = made(SurrogateKind::Card, "4111 1111 1111 1111");
    assert!(
        !check::luhn(&digits(&card).bytes().map(|b| b - b'0').collect::<Vec<_>>()),
        "{card}"
    );
    let plate = made(SurrogateKind::Plate, "123 ABC 02");
    assert_eq!(plate.len(), 10);
    assert!(made(SurrogateKind::Email, "a.b@mail.kz").ends_with("@example.com"));
    assert_eq!(made(SurrogateKind::BirthDate, "1990-01-01").len(), 10);
    assert!(made(SurrogateKind::Ip, "10.1.2.3").starts_with("192.0.2."));
    for kind in SurrogateKind::ALL {
        assert_eq!(SurrogateKind::parse(kind.as_str()), Some(*kind));
    }
}

#[test]
fn addresses_stay_in_their_region_and_language() {
    let russian = made(SurrogateKind::Address, "г. Алматы, ул. Абая, д. 10, кв. 5");
    assert!(
        russian.starts_with("г. Алматы, ул. ") && russian.contains(", кв. "),
        "{russian}"
    );
    let kazakh = made(
        SurrogateKind::Address,
        "Қарағанды қаласы, Бұқар жырау даңғылы, 12 үй",
    );
    assert!(
        kazakh.contains("көшесі") && kazakh.contains("-үй") && !kazakh.contains("пәтер"),
        "{kazakh}"
    );
    let street = made(SurrogateKind::Address, "ул. Сатпаева 1");
    assert!(street.starts_with("ул. "), "{street}");
}

#[test]
fn what_only_looks_like_a_token_stays_and_is_taken_out() {
    let surrogates = Surrogates::new(&key(2));
    for text in ["⟦", "⟦a|b|c⟧", "⟦iin|x|00⟧", "⟦⟧⟦", "a⟧"] {
        assert_eq!(surrogates.render(text), text);
        assert!(!without_tokens(text).contains(['⟦', '⟧']));
    }
    assert!(!is_tokens("900101300017", SurrogateKind::Iin));
    assert!(!is_tokens("⟦a|b|c⟧", SurrogateKind::Iin));
}

/// Well-formed numbers of a kind, all different.
fn numbers(kind: SurrogateKind, count: u64) -> Vec<String> {
    let with_check = |first: String| {
        let digits: Vec<u8> = first.bytes().map(|byte| byte - b'0').collect();
        check::check_digit(&digits).map(|check| format!("{first}{check}"))
    };
    let mut made = Vec::new();
    for n in 0.. {
        if made.len() as u64 == count {
            break;
        }
        // Next to one another, as registers issue them.
        made.extend(match kind {
            SurrogateKind::Iin => with_check(format!(
                "{:02}{:02}{:02}3{:04}",
                n / 28 / 12 / 300 % 100,
                n / 28 / 300 % 12 + 1,
                n / 300 % 28 + 1,
                n % 300
            )),
            SurrogateKind::Bin => with_check(format!("{:02}0140{:05}", n / 100_000, n % 100_000)),
            SurrogateKind::Phone => Some(format!("+7 701 {:07}", n)),
            SurrogateKind::Iban => Some(n).map(|n| format!("125{n:013}")).map(|rest| {
                let check = 98 - sandyq_detect::identifier::mod97(rest.bytes().chain(*b"KZ00"));
                format!("KZ{check:02}{rest}")
            }),
            SurrogateKind::Card => {
                let first = format!("440043{n:09}");
                (0..10).map(|last| format!("{first}{last}")).find(|card| {
                    check::luhn(&card.bytes().map(|byte| byte - b'0').collect::<Vec<_>>())
                })
            }
            SurrogateKind::IdCard => Some(format!("{:09}", 40_000_000 + n)),
            SurrogateKind::Passport => Some(format!("N{:08}", n)),
            SurrogateKind::DriverLicence => Some(format!("AB{:06}", n % 1_000_000)),
            SurrogateKind::Plate => Some(format!(
                "{:03}{}{}A{:02}",
                n % 1000,
                char::from(b'A' + (n / 1000 % 26) as u8),
                char::from(b'A' + (n / 26_000 % 26) as u8),
                n / 676_000 + 1
            )),
            SurrogateKind::BirthCertificate => Some(format!("I-АЖ № {:07}", n)),
            _ => Some(format!("a{n}@mail.kz")),
        });
    }
    made
}

/// Counts surrogates that two different numbers share.
fn shared(kind: SurrogateKind, count: u64) -> usize {
    let tokens = Tokens::new(&key(1));
    let surrogates = Surrogates::new(&key(2));
    let all: std::collections::HashSet<String> = numbers(kind, count)
        .iter()
        .map(|number| {
            surrogates
                .render(&tokens.value(kind, None, number))
                .into_owned()
        })
        .collect();
    count as usize - all.len()
}

#[test]
fn no_two_people_share_a_surrogate_number() {
    for kind in [
        SurrogateKind::Iin,
        SurrogateKind::Bin,
        SurrogateKind::Phone,
        SurrogateKind::Iban,
        SurrogateKind::Card,
        SurrogateKind::IdCard,
        SurrogateKind::Passport,
        SurrogateKind::DriverLicence,
        SurrogateKind::Plate,
        SurrogateKind::BirthCertificate,
        SurrogateKind::Email,
    ] {
        assert_eq!(shared(kind, 20_000), 0, "{kind:?}");
    }
}

/// As many as a region has inhabitants.
#[test]
fn no_two_of_a_million_people_share_an_iin_or_a_telephone() {
    std::thread::scope(|scope| {
        for kind in [SurrogateKind::Iin, SurrogateKind::Phone] {
            scope.spawn(move || assert_eq!(shared(kind, 1_000_000), 0, "{kind:?}"));
        }
    });
}

#[test]
fn a_number_is_the_same_however_it_is_written_and_whoever_is_its_subject() {
    let tokens = Tokens::new(&key(1));
    let surrogates = Surrogates::new(&key(2));
    let of = |subject: Option<&str>, value: &str| {
        let subject = subject.map(|value| Subject {
            domain: "person",
            value,
        });
        let token = tokens.value(SurrogateKind::Iin, subject, value);
        assert!(token.contains("|="), "{token}");
        surrogates.render(&token).into_owned()
    };
    let own = of(None, "900101300017");
    assert_eq!(of(Some("900101300017"), "900101300017"), own);
    assert_eq!(of(None, "900101-300017").replace('-', ""), own);
    assert_eq!(of(None, "900101 300 017").replace(' ', ""), own);
}

proptest! {
    #[test]
    fn a_surrogate_iin_is_never_valid(value in "[0-9]{12}", project in 0u8..50) {
        let surrogate = made_under(project, SurrogateKind::Iin, &value);
        prop_assert_eq!(surrogate.len(), 12);
        prop_assert_eq!(iin_facts(&surrogate), None);
        let digits: Vec<u8> = surrogate.bytes().map(|byte| byte - b'0').collect();
        prop_assert_ne!(check::check_digit(&digits[..11]), Some(digits[11]));
        // All but the check digit is of an IIN.
        let mut right = digits.clone();
        if let Some(check) = check::check_digit(&digits[..11]) {
            right[11] = check;
            let right: String = right.iter().map(|digit| char::from(b'0' + digit)).collect();
            prop_assert!(iin_facts(&right).is_some());
        }
    }

    #[test]
    fn no_token_holds_the_value(value in "[А-Я][а-я]{4,9} [А-Я][а-я]{3,8}") {
        let token = Tokens::new(&key(1)).value(SurrogateKind::Person, None, &value);
        for word in value.split(' ') {
            prop_assert!(!token.contains(word));
        }
    }

    #[test]
    fn nothing_panics(value in ".{0,60}", token in "⟦[a-z|#A,]{0,50}⟧?") {
        for kind in SurrogateKind::ALL {
            let tokens = Tokens::new(&key(1)).value(*kind, None, &value);
            prop_assert!(is_tokens(&tokens, *kind), "{:?} {}", kind, tokens);
            let _ = Surrogates::new(&key(2)).render(&tokens);
        }
        let _ = Surrogates::new(&key(2)).render(&token);
    }
}
