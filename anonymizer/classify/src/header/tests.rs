use super::*;
use SemanticType::*;

#[test]
fn headers_in_all_languages_and_alphabets_are_understood() {
    for (semantic, headers) in [
        (
            Iin,
            &[
                "ИИН",
                "иин",
                "IIN",
                "ЖСН",
                "zhsn",
                "ИИН пациента",
                "patient_iin",
                "p.iin",
                "iinNumber",
                "Жеке сәйкестендіру нөмірі",
            ][..],
        ),
        (Bin, &["БИН", "БСН", "bin_org", "БИН организации"]),
        (
            Surname,
            &[
                "Фамилия",
                "familiya",
                "FAMILIA",
                "Тегі",
                "tegi",
                "last_name",
                "LastName",
                "surname",
                "фам.",
            ],
        ),
        (
            GivenName,
            &[
                "Имя",
                "imya",
                "Аты",
                "aty",
                "first_name",
                "given name",
                "FNAME",
                "есімі",
            ],
        ),
        (
            Patronymic,
            &[
                "Отчество",
                "otchestvo",
                "Әкесінің аты",
                "akesinin aty",
                "middle_name",
                "patronymic",
            ],
        ),
        (
            FullName,
            &[
                "ФИО",
                "Ф.И.О.",
                "fio",
                "ФИО врача",
                "Аты-жөні",
                "full_name",
                "Фамилия Имя Отчество",
                "Тегі, аты, әкесінің аты",
            ],
        ),
        (
            Phone,
            &[
                "Телефон",
                "тел.",
                "phone_number",
                "моб. тел.",
                "ұялы телефоны",
                "Mobile",
                "telefon",
            ],
        ),
        (
            Email,
            &["email", "E-mail", "Электронная почта", "электрондық пошта"],
        ),
        (
            BirthDate,
            &[
                "Дата рождения",
                "дата рожд.",
                "Д.Р.",
                "ДР",
                "туған күні",
                "tugan_kuni",
                "birth_date",
                "BirthDate",
                "dob",
                "data_rozhdeniya",
                "год рождения",
            ],
        ),
        (
            Date,
            &[
                "Дата выдачи паспорта",
                "visit_date",
                "date",
                "қабылдау күні",
                "created_at",
                "Дата смерти",
            ],
        ),
        (
            Sex,
            &["Пол", "жынысы", "zhynysy", "jynysy", "sex", "gender"],
        ),
        (Age, &["Возраст", "жасы", "age"]),
        (Nationality, &["Национальность", "ұлты", "race"]),
        (
            Citizenship,
            &["Гражданство", "native-country", "азаматтығы"],
        ),
        (
            Address,
            &["Адрес проживания", "мекенжайы", "home_address", "адрес"],
        ),
        (Region, &["Область", "облысы", "region"]),
        (
            Diagnosis,
            &["Диагноз", "код МКБ-10", "icd10", "diagnosis_code"],
        ),
        (
            Salary,
            &["Зарплата", "жалақы", "salary", "доход", "salary-class"],
        ),
        (
            IdCard,
            &["№ удостоверения личности", "жеке куәлік", "id_card"],
        ),
        (
            Category,
            &[
                "Тип телефона",
                "phone_type",
                "marital-status",
                "workclass",
                "семейное положение",
            ],
        ),
        (Number, &["Количество детей", "рост", "capital-gain"]),
        (RowKey, &["id", "patient_id", "№ п/п", "ID"]),
        (FreeText, &["Комментарий", "примечания", "note"]),
        (HealthText, &["Жалобы", "анамнез", "шағымдары"]),
        (
            CriminalText,
            &["Судимость", "сведения о судимости", "соттылығы"],
        ),
        (Biometric, &["photo", "отпечаток пальца", "face_embedding"]),
        (Plate, &["Госномер", "гос. номер"]),
        (Kato, &["КАТО", "kato_code"]),
        (PostalCode, &["Индекс", "zip_code"]),
        (Street, &["улица", "көшесі"]),
        (House, &["Дом", "№ дома"]),
        (Flat, &["кв.", "Квартира"]),
        (UserName, &["Логин", "username", "Имя пользователя"]),
    ] {
        for header in headers {
            let found = hints(header);
            assert_eq!(
                found.first().map(|hint| hint.semantic),
                Some(semantic),
                "{header}: {found:?}"
            );
        }
    }
}

#[test]
fn other_headers_say_nothing() {
    for header in ["", "123", "***", "столбец", "x7", "foo_bar", "中文"] {
        assert_eq!(hints(header), Vec::new(), "{header}");
    }
}
