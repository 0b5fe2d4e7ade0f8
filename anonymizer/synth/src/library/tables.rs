//! The tables of a library and the types of their columns.

use encoding_rs::WINDOWS_1251;

use crate::label::{Column, Table};

/// A column: its header, its type, whether it singles out a person.
type Named = (&'static str, &'static str, bool);

const CITIZENS: &[Named] = &[
    ("ИИН", "IIN", true),
    ("Фамилия", "SURNAME", true),
    ("Имя", "GIVEN_NAME", true),
    ("Отчество", "PATRONYMIC", true),
    ("Пол", "SEX", false),
    ("Дата рождения", "BIRTH_DATE", false),
    ("Национальность", "NATIONALITY", false),
    ("Гражданство", "CITIZENSHIP", false),
    ("Семейное положение", "CATEGORY", false),
    ("Телефон", "PHONE", true),
    ("E-mail", "EMAIL", true),
    ("Область", "REGION", false),
    ("Населённый пункт", "SETTLEMENT", false),
    ("Адрес", "ADDRESS", true),
    ("Индекс", "POSTAL_CODE", false),
    ("КАТО", "KATO", false),
    ("№ уд. личности", "ID_CARD", true),
    ("Счёт (IBAN)", "IBAN", true),
    ("Доход, тенге", "SALARY", false),
    ("ГРНЗ авто", "PLATE", true),
    ("Дата регистрации", "DATE", false),
];

const VISITS: &[Named] = &[
    ("id", "ROW_KEY", false),
    ("patient_iin", "IIN", true),
    ("visit_date", "DATE", false),
    ("clinic", "CATEGORY", false),
    ("clinic_bin", "BIN", false),
    ("icd10", "DIAGNOSIS", false),
    ("doctor", "FULL_NAME", true),
    ("cost", "NUMBER", false),
    ("notes", "FREE_TEXT", false),
];

const PUPILS: &[Named] = &[
    ("Р/с", "ROW_KEY", false),
    ("ЖСН", "IIN", true),
    ("Оқушының аты-жөні", "FULL_NAME", true),
    ("Туған күні", "BIRTH_DATE", false),
    ("Жынысы", "SEX", false),
    ("Мектеп", "CATEGORY", false),
    ("Сынып", "CATEGORY", false),
    ("Математика", "NUMBER", false),
    ("Қазақ тілі", "NUMBER", false),
    ("Қазақстан тарихы", "NUMBER", false),
    ("Ата-анасының аты-жөні", "FULL_NAME", true),
    ("Ата-анасының телефоны", "PHONE", true),
    ("Мұғалімнің ескертпесі", "FREE_TEXT", false),
];

const APPEALS: &[Named] = &[
    ("id", "ROW_KEY", false),
    ("created", "DATE", false),
    ("login", "USER_NAME", true),
    ("ip", "IP", true),
    ("applicant", "FULL_NAME", true),
    ("lang", "CATEGORY", false),
    ("text", "FREE_TEXT", false),
];

const STAFF: &[Named] = &[
    ("Таб.№", "ROW_KEY", false),
    ("ФИО", "FULL_NAME", true),
    ("д.р.", "BIRTH_DATE", false),
    ("ИИН", "IIN", true),
    ("сот.тел.", "PHONE", true),
    ("прож.", "ADDRESS", true),
    ("должн.", "CATEGORY", false),
    ("оклад", "SALARY", false),
    ("уд.л.", "ID_CARD", true),
    ("карт.счет", "IBAN", true),
    ("№ карты", "CARD", true),
    ("вод.уд.", "DRIVER_LICENCE", true),
];

/// The tables, without rows yet; that of the staff is the last.
pub fn tables() -> Vec<Table> {
    let table = |file: &str, encoding: &str, delimiter: Option<&str>, columns: &[Named]| {
        let stem = file.split('.').next().unwrap_or(file);
        Table {
            file: file.to_owned(),
            format: if delimiter.is_some() { "csv" } else { "ndjson" }.to_owned(),
            encoding: encoding.to_owned(),
            delimiter: delimiter.map(str::to_owned),
            rows: 0,
            columns: columns
                .iter()
                .map(|(name, kind, direct)| Column {
                    name: (*name).to_owned(),
                    kind: (*kind).to_owned(),
                    also: also(name).iter().map(|kind| (*kind).to_owned()).collect(),
                    direct: *direct,
                    spans: (*kind == "FREE_TEXT").then(|| format!("labels/{stem}.spans.ndjson")),
                })
                .collect(),
        }
    };
    vec![
        table("citizens.csv", "utf-8", Some(","), CITIZENS),
        table("visits.ndjson", "utf-8", None, VISITS),
        table("pupils.csv", "utf-8", Some(";"), PUPILS),
        table("appeals.ndjson", "utf-8", None, APPEALS),
        table("staff.csv", "windows-1251", Some(";"), STAFF),
    ]
}

/// Types of a column that are as right as the one it has.
fn also(column: &str) -> &'static [&'static str] {
    match column {
        "Математика" | "Қазақ тілі" | "Қазақстан тарихы" => {
            &["CATEGORY"]
        }
        "notes" => &["HEALTH_TEXT"],
        _ => &[],
    }
}

/// The first line of a table, in its encoding.
pub fn header(table: &Table) -> Vec<u8> {
    let Some(delimiter) = &table.delimiter else {
        return Vec::new();
    };
    let names: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    encoded(&line(&names, delimiter), &table.encoding)
}

/// A record of CSV (RFC 4180), with its line end.
pub fn line(fields: &[&str], delimiter: &str) -> String {
    let mut out = String::with_capacity(fields.iter().map(|field| field.len() + 1).sum());
    for (number, field) in fields.iter().enumerate() {
        if number > 0 {
            out.push_str(delimiter);
        }
        if field.contains(['"', '\n', '\r']) || field.contains(delimiter) {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(field);
        }
    }
    out.push_str("\r\n");
    out
}

/// A text in an encoding. What Windows-1251 cannot hold becomes a question mark, as it does on the way out of a spreadsheet.
pub fn encoded(text: &str, encoding: &str) -> Vec<u8> {
    if encoding != "windows-1251" {
        return text.as_bytes().to_vec();
    }
    let mut one = [0; 4];
    let plain: String = text
        .chars()
        .map(|letter| {
            if WINDOWS_1251.encode(letter.encode_utf8(&mut one)).2 {
                '?'
            } else {
                letter
            }
        })
        .collect();
    WINDOWS_1251.encode(&plain).0.into_owned()
}
