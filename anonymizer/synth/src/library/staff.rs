//! Doctors and teachers: few people, whom many records name.

use super::rows::dated;
use super::tables::{encoded, line};
use crate::corpus::adult;
use crate::grammar::russian::Case;
use crate::grammar::spelling::without_kazakh;
use crate::numbers::{self, Issue};
use crate::person::{Form, Person, Sex, in_russian};
use crate::place::Address;
use crate::rng::Rng;

/// Streams of chance of the staff.
const STREAM: u64 = 1 << 42;

const POSTS: [&str; 12] = [
    "врач-терапевт",
    "врач-педиатр",
    "хирург",
    "кардиолог",
    "медсестра",
    "фельдшер",
    "учитель математики",
    "учитель казахского языка",
    "учитель нач. классов",
    "завуч",
    "психолог",
    "водитель",
];

/// How many staff a library of so many citizens has.
fn count(citizens: u64) -> u64 {
    (citizens / 60).clamp(20, 20_000)
}

/// One of the staff.
#[derive(Debug)]
pub struct Employee {
    /// Who it is.
    pub person: Person,
    /// Their IIN.
    pub iin: String,
}

/// All of the staff: few enough to be kept.
pub fn all(seed: u64, citizens: u64) -> Vec<Employee> {
    let one = |number| {
        let rng = &mut Rng::new(seed, STREAM + 2 * number);
        let person = adult(rng);
        let iin = numbers::iin(rng, person.birth, person.sex, Issue::Impossible);
        Employee { person, iin }
    };
    (0..count(citizens)).map(one).collect()
}

/// The row of one of them in the table, in its encoding.
pub fn row(seed: u64, number: u64, employee: &Employee) -> Vec<u8> {
    let person = &employee.person;
    let rng = &mut Rng::new(seed, STREAM + 2 * number + 1);
    let issue = Issue::Impossible;
    let form = if rng.chance(0.8) {
        Form::Full
    } else {
        Form::SurnameInitials
    };
    let name = in_russian(person, form, Case::Nominative, rng);
    let phone = numbers::phone(rng, issue);
    let address = Address::draw(rng)
        .map(|address| address.russian(rng))
        .unwrap_or_default();
    let fields = [
        format!("{:06}", number + 1),
        name,
        dated(rng, person.birth),
        employee.iin.clone(),
        format!("{}{phone}", rng.word(&["8", "8", "+7", "7"])),
        address,
        rng.word(&POSTS).to_owned(),
        (rng.between(12, 60) * 10_000 + rng.between(0, 9) * 1_000).to_string(),
        numbers::id_card(rng, issue),
        numbers::iban(rng, issue),
        if rng.chance(0.7) {
            numbers::card(rng, issue)
        } else {
            String::new()
        },
        if person.sex == Sex::Male || rng.chance(0.3) {
            format!(
                "{}{}{}",
                rng.letter("ABEKM"),
                rng.letter("ABEKM"),
                rng.digits(6)
            )
        } else {
            String::new()
        },
    ];
    // There are no Kazakh letters in this encoding, so clerks type the Russian ones.
    let fields = fields.map(|field| field.chars().map(without_kazakh).collect::<String>());
    encoded(
        &line(&fields.each_ref().map(String::as_str), ";"),
        "windows-1251",
    )
}
