#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::*;

fn shown(cell: &str) -> Vec<Sign> {
    let signs = Observer::new().observe(cell.as_bytes()).signs;
    signs.places().map(|place| Sign::ALL[place]).collect()
}

#[track_caller]
fn check(cell: &str, sign: Sign) {
    assert!(
        shown(cell).contains(&sign),
        "{cell:?} is not {sign:?}: {:?}",
        shown(cell)
    );
}

#[test]
fn cells_show_what_they_are() {
    use Sign::*;
    for (sign, cells) in [
        (
            Missing,
            &["", "  ", "NULL", "-", "—", "н/д", "N/A", "не указано"][..],
        ),
        (
            Iin,
            &[
                "900101300017",
                "850615400125",
                "051231500070",
                "900101-300017",
                "9001 0130 0017",
                "９００１０１３０００１７",
                "900101\u{200b}300017",
            ],
        ),
        (IinShape, &["900101300018", "451227234236"]),
        (Bin, &["240140012342", "150851000771", "240140000203"]),
        (CutIin, &["51231500070"]),
        (
            Phone,
            &[
                "+7 701 123 45 67",
                "87011234567",
                "8 (701) 123-45-67",
                "7011234567",
                "+7(727)2501234",
                "+4915112345678",
            ],
        ),
        (Email, &["a.b@mail.kz", "айгуль@почта.рф"]),
        (
            Iban,
            &[
                "KZ86125KZT5004100100",
                "KZ86 125K ZT50 0410 0100",
                "kz75125kzt1001300335",
            ],
        ),
        (
            Card,
            &[
                "4111111111111111",
                "4111 1111 1111 1111",
                "4111 11** **** 1111",
            ],
        ),
        (
            Passport,
            &["N12345678", "N1234567", "Н12345678", "N 12345678"],
        ),
        (
            Plate,
            &["123ABC02", "123 ABC 02", "123 АВС 02", "A123BC", "012AA16"],
        ),
        (Vin, &["XTA21099043576182"]),
        (DriverLicence, &["AB 123456", "BL123456", "АВ № 123456"]),
        (BirthCertificate, &["I-АЖ 1234567", "II-АЮ № 123456"]),
        (Ip, &["192.168.1.17", "2001:db8::1"]),
        (Mac, &["00:1A:2b:3c:4d:5e"]),
        (Url, &["https://example.kz/a?b=1"]),
        (Position, &["51.1694, 71.4491", "43.238949 76.889709"]),
        (Latitude, &["43.238949"]),
        (Kato, &["711210000", "101033102", "750000000"]),
        (Postal, &["050000", "A05E3B7", "010000"]),
        (Icd, &["J45.0", "I10", "С34.1", "Е11.9"]),
        (
            Date,
            &[
                "12.05.1985",
                "1985-05-12",
                "12/05/1985",
                "1985-05-12T00:00:00Z",
                "1985-05-12 13:45:00",
                "12 мая 1985 г.",
                "19850512",
                "05/31/2001",
            ],
        ),
        (Time, &["12:30", "09:05:00"]),
        (Year, &["1985"]),
        (Decimal, &["12.5", "-0,25", "1 234 567,89"]),
        (Money, &["150 000 тг", "150000 тенге"]),
        (GivenName, &["Айгуль", "АЙГҮЛ", "Aigul", "иван"]),
        (Surname, &["Иванов", "ИВАНОВА", "Ivanov"]),
        (SurnameLike, &["Бекмырзаева", "Петров-Водкин"]),
        (
            Patronymic,
            &["Иванович", "Серікқызы", "Nurlanovna", "Бекұлы"],
        ),
        (
            FullName,
            &[
                "Иванов Иван Иванович",
                "Иванова А. И.",
                "А.И. Иванова",
                "Айгүл Серікқызы",
                "Ivanov Ivan",
                "ИВАНОВ ИВАН",
                "Серіков Нұрлан Бекұлы",
            ],
        ),
        (
            Address,
            &[
                "г. Алматы, ул. Абая, д. 12, кв. 5",
                "Абай көшесі, 12 үй",
                "ул. Сатпаева 22",
                "мкр Самал-2, 33",
                "12 Main Street, apt 4",
            ],
        ),
        (Street, &["ул. Абая", "Абай даңғылы"]),
        (Region, &["Алматинская область", "Ақмола облысы"]),
        (Settlement, &["Алматы", "с. Каменка", "қаласы Семей"]),
        (District, &["Енбекшиказахский район", "Абай ауданы"]),
        (Organization, &["ТОО Ромашка", "Школа № 5", "№12 мектеп"]),
        (
            Prose,
            &[
                "Пациент жалуется на боль в груди и слабость",
                "Науқас бас ауруына шағымданады және әлсіздік бар",
            ],
        ),
        (
            Inside,
            &[
                "звонить +7 701 123 45 67 вечером",
                "ИИН 900101300017",
                "почта: a@b.kz",
            ],
        ),
        (Hex, &["550e8400-e29b-41d4-a716-446655440000"]),
        (UserName, &["aigul_85", "nurlan.k", "ivan2001"]),
        (Image, &["photos/12345.jpg", "face_0001.PNG"]),
        (House, &["12а", "12/1", "5"]),
    ] {
        for cell in cells {
            check(cell, sign);
        }
    }
}

#[test]
fn cells_do_not_show_what_they_are_not() {
    use Sign::*;
    for (cell, sign) in [
        ("900230300019", Iin),
        ("901301300017", IinShape),
        ("900101000157", Iin),
        ("240140000206", Bin),
        ("KZ86125KZT5004100101", Iban),
        ("4111111111111112", Card),
        ("Магазин на углу", FullName),
        ("улица Абая", FullName),
        ("Карагандинская область", FullName),
        ("Sales", GivenName),
        ("31.02.2001", Date),
        ("Адвокат", Surname),
        ("Prof-specialty", UserName),
    ] {
        assert!(!shown(cell).contains(&sign), "{cell:?} is {sign:?}");
    }
}

#[test]
fn another_encoding_is_read_as_windows_1251() {
    let (bytes, _, _) = WINDOWS_1251.encode("Иванов Иван Иванович");
    let seen = Observer::new().observe(&bytes);
    assert!(seen.signs.has(Sign::FullName) && seen.signs.has(Sign::OtherEncoding));
}

proptest! {
    #[test]
    fn any_bytes_can_be_looked_at(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}", near in "[0-9a-zA-ZА-Яа-я +№@.,:/*-]{0,60}") {
        let mut observer = Observer::new();
        for cell in [bytes.as_slice(), text.as_bytes(), near.as_bytes()] {
            let seen = observer.observe(cell);
            prop_assert_ne!(seen.signs.0, 0, "{:?}", cell);
        }
    }
}
