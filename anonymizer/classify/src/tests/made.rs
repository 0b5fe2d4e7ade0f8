//! Made columns with the types they should be found to have.

use std::fmt::Write as _;

use super::values::{GIVEN, Numbers, PATRONYMICS, SURNAMES};
use super::*;
use SemanticType::*;

type Made = fn(&mut Numbers, usize) -> String;

/// Columns: the type, headers that it may have, and how a value is made. Where the first header is empty, the values alone must do.
fn made() -> Vec<(SemanticType, Vec<&'static str>, Made)> {
    vec![
        (
            Iin,
            vec!["", "ИИН", "ЖСН", "comment", "телефон", "x1"],
            |n, _| n.iin(),
        ),
        (Iin, vec!["", "iin"], |n, row| {
            if row % 20 == 0 {
                String::new()
            } else {
                let iin = n.iin();
                format!("{} {}", &iin[..6], &iin[6..])
            }
        }),
        // Invented numbers have wrong check digits.
        (Iin, vec!["ИИН", ""], |n, _| {
            let iin = n.iin();
            let last = (iin.as_bytes()[11] - b'0' + 1) % 10;
            format!("{}{last}", &iin[..11])
        }),
        (Bin, vec!["", "БИН", "бсн", "name"], |n, _| n.bin()),
        (
            Surname,
            vec!["", "Фамилия", "тегі", "last_name", "код"],
            |n, _| n.one(SURNAMES).to_owned(),
        ),
        (Surname, vec!["familiya"], |n, _| {
            n.one(&[
                "Akhmetov",
                "Ivanova",
                "Serikbayev",
                "Petrov",
                "Kim",
                "Ospanova",
            ])
            .to_owned()
        }),
        (
            GivenName,
            vec!["", "Имя", "аты", "first_name", "город"],
            |n, _| n.one(GIVEN).to_owned(),
        ),
        (GivenName, vec!["есімі"], |n, _| {
            n.one(&["АЙГҮЛ", "НҰРСҰЛТАН", "ЕРЛАН", "ӘСЕЛ"]).to_owned()
        }),
        (
            Patronymic,
            vec!["", "Отчество", "әкесінің аты", "middle_name"],
            |n, _| n.one(PATRONYMICS).to_owned(),
        ),
        (
            FullName,
            vec!["", "ФИО", "аты-жөні", "full_name", "Комментарий", "id"],
            |n, _| n.full(),
        ),
        (FullName, vec!["", "врач"], |n, _| {
            let surname = n.one(SURNAMES);
            format!(
                "{surname} {}.{}.",
                n.one(&["А", "Е", "Н"]),
                n.one(&["С", "М", "Б"])
            )
        }),
        (
            Phone,
            vec!["", "Телефон", "ұялы", "phone", "ИИН", "сумма"],
            |n, _| {
                format!(
                    "+7 70{} {} {} {}",
                    n.below(3),
                    n.digits(3),
                    n.digits(2),
                    n.digits(2)
                )
            },
        ),
        (Phone, vec!["", "тел"], |n, _| {
            format!("8701{}", n.digits(7))
        }),
        (
            Email,
            vec!["", "email", "эл. почта", "описание"],
            |n, _| {
                format!(
                    "{}{}@{}",
                    n.one(&["aigul", "ivan", "nur.k"]),
                    n.below(1000),
                    n.one(&["mail.kz", "gmail.com", "inbox.ru"])
                )
            },
        ),
        (Iban, vec!["", "ИИК", "счет"], |n, row| {
            [
                "KZ86125KZT5004100100",
                "KZ75125KZT1001300335",
                "KZ18722S000012345678",
                "KZ886010000012345678",
            ][(row + n.below(4) as usize) % 4]
                .to_owned()
        }),
        (Card, vec!["", "номер карты"], |n, _| {
            n.one(&[
                "4111111111111111",
                "5500000000000004",
                "4012 8888 8888 1881",
                "5105105105105100",
            ])
            .to_owned()
        }),
        (
            IdCard,
            vec!["удостоверение личности", "жеке куәлік", "id_card", ""],
            |n, _| format!("0{}{}", 3 + n.below(2), n.digits(7)),
        ),
        (
            Passport,
            vec!["", "паспорт", "төлқұжат"],
            |n, _| format!("N{}", n.digits(8)),
        ),
        (
            BirthCertificate,
            vec!["", "свидетельство о рождении"],
            |n, _| format!("{}-АЖ № {}", n.one(&["I", "II", "III"]), n.digits(6)),
        ),
        (
            DriverLicence,
            vec!["водительское удостоверение", "driver_license"],
            |n, _| format!("{} {}", n.one(&["AB", "BL", "KT"]), n.digits(6)),
        ),
        (Plate, vec!["", "госномер"], |n, _| {
            format!(
                "{}{}{:02}",
                n.digits(3),
                n.one(&["ABC", "KZT", "AA"]),
                1 + n.below(18)
            )
        }),
        (Vin, vec!["", "VIN"], |n, _| {
            format!("XTA21099{}{}", n.one(&["A", "B", "C"]), n.digits(8))
        }),
        (
            Address,
            vec!["", "Адрес", "мекенжайы", "address", "имя"],
            |n, _| {
                format!(
                    "г. Алматы, {}, д. {}, кв. {}",
                    n.street(),
                    n.below(200),
                    n.below(100)
                )
            },
        ),
        (Address, vec!["", "мекенжай"], |n, _| {
            format!(
                "Астана қаласы, {} көшесі, {} үй",
                n.one(&["Абай", "Сарыарқа", "Кенесары"]),
                1 + n.below(99)
            )
        }),
        (
            Region,
            vec!["", "Область", "облысы"],
            |n, _| {
                n.one(&[
                    "Алматинская область",
                    "Карагандинская область",
                    "Костанайская область",
                    "Туркестанская область",
                ])
                .to_owned()
            },
        ),
        (District, vec!["", "Район", "ауданы"], |n, _| {
            n.one(&["Илийский район", "Талгарский район", "Абайский район"])
                .to_owned()
        }),
        (
            Settlement,
            vec!["", "Город", "қала", "city"],
            |n, _| {
                n.one(&["Алматы", "Караганда", "Шымкент", "Актобе", "Павлодар"])
                    .to_owned()
            },
        ),
        (Settlement, vec!["село"], |n, row| {
            format!(
                "{}{}",
                n.one(&["Кара", "Ак", "Сары"]),
                ["булак", "су", "тобе"][row % 3]
            )
        }),
        (Street, vec!["", "улица"], |n, _| n.street()),
        (Street, vec!["көшесі"], |n, _| {
            n.one(&["Абай", "Сәтбаев", "Достық"]).to_owned()
        }),
        (House, vec!["дом", "үй"], |n, _| {
            format!("{}", 1 + n.below(150))
        }),
        (Flat, vec!["кв", "пәтер"], |n, _| {
            format!("{}", 1 + n.below(150))
        }),
        (Kato, vec!["", "КАТО"], |n, _| {
            n.one(&[
                "711210000",
                "750000000",
                "191010000",
                "351010000",
                "101033102",
            ])
            .to_owned()
        }),
        (PostalCode, vec!["индекс", "zip"], |n, _| {
            format!("0{}{}", 1 + n.below(9), n.digits(4))
        }),
        (Coordinates, vec!["", "координаты"], |n, _| {
            format!(
                "{}.{}, {}.{}",
                42 + n.below(10),
                n.digits(5),
                50 + n.below(30),
                n.digits(5)
            )
        }),
        (Coordinates, vec!["latitude", "ендік"], |n, _| {
            format!("{}.{}", 42 + n.below(10), n.digits(6))
        }),
        (Ip, vec!["", "ip"], |n, _| {
            format!(
                "{}.{}.{}.{}",
                1 + n.below(254),
                n.below(255),
                n.below(255),
                n.below(255)
            )
        }),
        (Mac, vec!["", "mac"], |n, _| {
            format!("00:1a:2b:3c:{:02x}:{:02x}", n.below(256), n.below(256))
        }),
        (Url, vec!["", "сайт"], |n, _| {
            format!("https://example.kz/u/{}", n.below(9999))
        }),
        (UserName, vec!["логин", "username", ""], |n, _| {
            format!("{}_{}", n.one(&["aigul", "nur", "ivan"]), n.below(9999))
        }),
        (
            BirthDate,
            vec!["Дата рождения", "туған күні", "dob", "ДР"],
            |n, _| n.date(2005, 12),
        ),
        (BirthDate, vec!["", "birth_date"], |n, _| n.date(1935, 85)),
        (BirthDate, vec!["год рождения"], |n, _| {
            format!("{}", 1940 + n.below(70))
        }),
        (
            Date,
            vec!["", "дата визита", "күні", "visit_date"],
            |n, _| n.date(2021, 3),
        ),
        (Date, vec!["created_at", ""], |n, _| {
            format!(
                "2023-{:02}-{:02} {:02}:15:00",
                1 + n.below(12),
                1 + n.below(28),
                n.below(24)
            )
        }),
        (Age, vec!["возраст", "жасы", "age"], |n, _| {
            format!("{}", 1 + n.below(95))
        }),
        (
            Sex,
            vec!["", "пол", "жынысы", "sex", "фамилия"],
            |n, _| n.one(&["М", "Ж"]).to_owned(),
        ),
        (Sex, vec!["", "жынысы"], |n, _| {
            n.one(&["ер", "әйел"]).to_owned()
        }),
        (Sex, vec!["пол"], |n, _| n.one(&["1", "2"]).to_owned()),
        (
            Nationality,
            vec!["", "национальность", "ұлты"],
            |n, _| {
                n.one(&["казах", "русский", "узбек", "уйгур", "немец", "кореянка"])
                    .to_owned()
            },
        ),
        (
            Religion,
            vec!["", "вероисповедание", "діні"],
            |n, _| {
                n.one(&["ислам", "православие", "католицизм", "буддизм"])
                    .to_owned()
            },
        ),
        (
            Citizenship,
            vec!["", "гражданство", "азаматтығы"],
            |n, _| {
                n.one(&["Казахстан", "Россия", "Узбекистан", "Кыргызстан"])
                    .to_owned()
            },
        ),
        (
            Diagnosis,
            vec!["", "диагноз", "МКБ-10"],
            |n, _| {
                format!(
                    "{}{}{}.{}",
                    n.one(&["A", "I", "J", "E", "K"]),
                    n.below(9),
                    n.below(9),
                    n.below(9)
                )
            },
        ),
        (Diagnosis, vec!["Диагноз"], |n, _| {
            n.one(&["Гипертония", "Астма", "Сахарный диабет", "Бронхит"])
                .to_owned()
        }),
        (
            HealthText,
            vec!["", "анамнез", "шағымдары"],
            |n, _| {
                format!(
                    "Пациент жалуется на {} в течение {} дней, назначено лечение",
                    n.one(&["боль в груди", "кашель", "слабость"]),
                    n.below(30)
                )
            },
        ),
        (HealthText, vec!["", "примечание"], |n, _| {
            format!(
                "Науқас {} күн бойы бас ауруына шағымданады, дәрігер ем тағайындады және {}",
                n.below(30),
                n.one(&["бақылау", "дәрі"])
            )
        }),
        (CriminalText, vec!["", "судимость"], |n, _| {
            format!(
                "Осужден в {} году по статье {} УК за {}, приговор вступил в силу",
                1990 + n.below(30),
                n.below(300),
                n.one(&["кражу", "мошенничество"])
            )
        }),
        (
            CriminalText,
            vec!["судимость", "соттылығы"],
            |n, _| n.one(&["да", "нет"]).to_owned(),
        ),
        (Biometric, vec!["", "фото", "photo_path"], |n, _| {
            format!("photos/{}.jpg", n.below(99999))
        }),
        (Biometric, vec!["fingerprint"], |n, _| {
            (0..160)
                .map(|_| n.one(&["A", "b", "7", "Q", "z", "0"]))
                .collect()
        }),
        (
            Salary,
            vec!["зарплата", "жалақы", "salary", "доход"],
            |n, _| format!("{}", (60 + n.below(900)) * 1000),
        ),
        (Salary, vec!["", "оклад"], |n, _| {
            format!("{} {:03} тг", 100 + n.below(900), n.below(1000))
        }),
        (
            FreeText,
            vec!["", "комментарий", "ескерту", "описание"],
            |n, _| {
                format!(
                    "Заявитель обратился {} раз и просит рассмотреть вопрос по {} существу",
                    n.below(99),
                    n.one(&["его", "всему", "общему"])
                )
            },
        ),
        (
            Category,
            vec!["", "должность", "профессия", "x"],
            |n, _| {
                n.one(&["учитель", "врач", "инженер", "бухгалтер", "водитель"])
                    .to_owned()
            },
        ),
        (
            Category,
            vec!["семейное положение", "status"],
            |n, _| n.one(&["женат", "холост", "разведен"]).to_owned(),
        ),
        (Category, vec!["школа", "school_name"], |n, _| {
            format!("Средняя школа № {}", 1 + n.below(90))
        }),
        (
            Number,
            vec!["", "рост", "количество", "value"],
            |n, _| format!("{}.{}", n.below(300), n.below(10)),
        ),
        (Number, vec!["балл"], |n, _| format!("{}", n.below(140))),
        (RowKey, vec!["", "id", "№ п/п"], |_, row| {
            format!("{}", row + 1)
        }),
        (RowKey, vec!["", "uuid"], |n, _| {
            format!(
                "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                n.below(1 << 32),
                n.below(1 << 16),
                n.below(1 << 12),
                n.below(1 << 12),
                n.below(1 << 48)
            )
        }),
        (RowKey, vec!["patient_id", "citizen_id"], |n, _| {
            format!("{}", n.below(50_000))
        }),
    ]
}

/// A file of this column between two others that say nothing.
fn file(header: &str, made: Made, rows: usize) -> String {
    let mut numbers = Numbers(rows as u64);
    let mut text = format!("q1;{header};q2\n");
    for row in 0..rows {
        let value = made(&mut numbers, row);
        let _ = writeln!(
            text,
            "{};{value};{}",
            numbers.below(7),
            numbers.one(&["да", "нет"])
        );
    }
    text
}

#[test]
fn made_columns_have_the_types_they_were_made_with() {
    let (mut all, mut wrong) = (0, Vec::new());
    for (semantic, headers, made) in made() {
        for header in headers {
            for rows in [60, 1000] {
                all += 1;
                let found = of(&file(header, made, rows));
                let column = &found.columns[1];
                if column.semantic != semantic {
                    let direct = semantic.is_direct() && !column.semantic.is_direct();
                    wrong.push(format!(
                        "{semantic} headed {header:?}, {rows} rows: {} ({:.2}){}",
                        column.semantic,
                        column.confidence,
                        if direct { " MISSED" } else { "" }
                    ));
                }
            }
        }
    }
    assert!(all > 250);
    assert!(
        wrong.is_empty(),
        "{} of {all} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
