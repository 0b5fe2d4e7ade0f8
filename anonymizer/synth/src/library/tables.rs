//! The tables of a library and the types of their columns.

use encoding_rs::WINDOWS_1251;

use crate::label::{Column, Table};

/// A column: its header, its type, whether it singles out a person.
type Named = (&'static str, &'static str, bool);

const CITIZENS: &[Named] = &[
    ("ИИН", "iin", true),
    ("Фамилия", "surname", true),
    ("Имя", "given_name", true),
    ("Отчество", "patronymic", true),
    ("Пол", "sex", false),
    ("Дата рождения", "birth_date", false),
    ("Национальность", "nationality", false),
    ("Гражданство", "citizenship", false),
    ("Семейное положение", "category", false),
    ("Телефон", "phone", true),
    ("E-mail", "email", true),
    ("Область", "region", false),
    ("Населённый пункт", "settlement", false),
    ("Адрес", "address", true),
    ("Индекс", "postal_code", false),
    ("КАТО", "kato", false),
    ("№ уд. личности", "id_card", true),
    ("Счёт (IBAN)", "iban", true),
    ("Доход, тенге", "salary", false),
    ("ГРНЗ авто", "plate", true),
    ("Дата регистрации", "date", false),
];

const VISITS: &[Named] = &[
    ("id", "row_key", false),
    ("patient_iin", "iin", true),
    ("visit_date", "date", false),
    ("clinic", "category", false),
    ("clinic_bin", "bin", false),
    ("icd10", "diagnosis", false),
    ("doctor", "full_name", true),
    ("cost", "number", false),
    ("notes", "free_text", false),
];

const PUPILS: &[Named] = &[
    ("Р/с", "row_key", false),
    ("ЖСН", "iin", true),
    ("Оқушының аты-жөні", "full_name", true),
    ("Туған күні", "birth_date", false),
    ("Жынысы", "sex", false),
    ("Мектеп", "category", false),
    ("Сынып", "category", false),
    ("Математика", "number", false),
    ("Қазақ тілі", "number", false),
    ("Қазақстан тарихы", "number", false),
    ("Ата-анасының аты-жөні", "full_name", true),
    ("Ата-анасының телефоны", "phone", true),
    ("Мұғалімнің ескертпесі", "free_text", false),
];

const APPEALS: &[Named] = &[
    ("id", "row_key", false),
    ("created", "date", false),
    ("login", "user_name", true),
    ("ip", "ip", true),
    ("applicant", "full_name", true),
    ("lang", "category", false),
    ("text", "free_text", false),
];

const STAFF: &[Named] = &[
    ("Таб.№", "row_key", false),
    ("ФИО", "full_name", true),
    ("д.р.", "birth_date", false),
    ("ИИН", "iin", true),
    ("сот.тел.", "phone", true),
    ("прож.", "address", true),
    ("должн.", "category", false),
    ("оклад", "salary", false),
    ("уд.л.", "id_card", true),
    ("карт.счет", "iban", true),
    ("№ карты", "card", true),
    ("вод.уд.", "driver_licence", true),
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
                    direct: *direct,
                    spans: (*kind == "free_text").then(|| format!("labels/{stem}.spans.ndjson")),
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

/// The first line of a table, in its encoding.
pub fn header(table: &Table) -> Vec<u8> {
    let Some(delimiter) = &table.delimiter else { return Vec::new() };
    let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
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
        .map(|letter| if WINDOWS_1251.encode(letter.encode_utf8(&mut one)).2 { '?' } else { letter })
        .collect();
    WINDOWS_1251.encode(&plain).0.into_owned()
}
