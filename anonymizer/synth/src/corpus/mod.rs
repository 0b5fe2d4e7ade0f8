//! Labelled texts, made one by one: what a detector is measured on.
//!
//! A corpus is a function from a seed and a number to a [`Document`]; [`CORPORA`] lists those there are. A second generator,
//! whose templates owe nothing to those of this one, is one more module of this crate with such a function and a line in
//! that table.

pub mod clean;
mod compose;

use crate::date::Day;
use crate::label::{Document, Language};
use crate::numbers::{self, Issue};
use crate::person::household::Household;
use crate::person::{Heritage, Person, Sex};
use crate::rng::Rng;
use crate::scene::Scene;
use crate::text::Text;

pub(crate) use compose::{Genre, diagnosis, text};

/// A source of labelled texts.
#[derive(Clone, Copy, Debug)]
pub struct Corpus {
    /// What it is called in results.
    pub name: &'static str,
    /// The document of a seed and a number; `None` only where data files are empty. The same arguments give the same text.
    pub document: fn(seed: u64, number: u64) -> Option<Document>,
}

/// The corpora with personal data.
pub const CORPORA: &[Corpus] = &[
    Corpus {
        name: "library",
        document,
    },
    Corpus {
        name: "second",
        document: crate::second::document,
    },
];

/// The day that invented texts are written on.
pub const TODAY: Day = Day(20_605);

/// Streams of chance that no household of a library has.
const DOCUMENTS: u64 = 1 << 40;

/// People of one text, and their numbers.
pub(crate) struct Cast {
    household: Household,
    subject: usize,
    relative: Option<usize>,
    kin: Person,
    doctor: Person,
    other: Person,
    iins: [String; 3],
    phone: String,
    email: String,
}

impl Cast {
    fn draw(rng: &mut Rng, genre: Genre, issue: Issue) -> Option<Self> {
        let household = Household::draw(rng, TODAY)?;
        let count = household.members.len();
        let mut subject = rng.below(count);
        // A pupil is a child where the household has one; who writes an appeal is grown up.
        match genre {
            Genre::School if household.parents < count => {
                subject = household.parents + rng.below(count - household.parents)
            }
            Genre::Appeal => subject = rng.below(household.parents.max(1)),
            _ => {}
        }
        // Who lives alone has relatives elsewhere.
        let relative = (count > 1).then(|| (subject + 1 + rng.below(count - 1)) % count);
        let kin = adult(rng);
        let doctor = adult(rng);
        let other = adult(rng);
        let person = household.members.get(subject)?;
        let iin =
            |person: &Person, rng: &mut Rng| numbers::iin(rng, person.birth, person.sex, issue);
        let iins = [
            iin(person, rng),
            iin(
                relative
                    .and_then(|place| household.members.get(place))
                    .unwrap_or(&kin),
                rng,
            ),
            iin(&doctor, rng),
        ];
        let (phone, email) = (
            numbers::phone(rng, issue),
            numbers::email(rng, person, issue),
        );
        Some(Self {
            subject,
            relative,
            kin,
            doctor,
            other,
            iins,
            phone,
            email,
            household,
        })
    }

    fn scene<'a>(&'a self, icd: &'a str, issue: Issue, careless: bool) -> Option<Scene<'a>> {
        let [subject, relative, doctor] = &self.iins;
        Some(Scene {
            people: [
                self.household.members.get(self.subject)?,
                self.relative
                    .and_then(|place| self.household.members.get(place))
                    .unwrap_or(&self.kin),
                &self.doctor,
                &self.other,
            ],
            iins: [subject, relative, doctor],
            phone: &self.phone,
            email: &self.email,
            address: &self.household.address,
            icd,
            today: TODAY,
            issue,
            careless,
        })
    }
}

pub(crate) fn adult(rng: &mut Rng) -> Person {
    let sex = if rng.chance(0.55) {
        Sex::Female
    } else {
        Sex::Male
    };
    let birth = TODAY.plus(-rng.between(25 * 365, 68 * 365));
    let heritage = Heritage::draw(rng);
    Person::draw(rng, heritage, sex, birth)
}

/// Which languages texts have.
pub(crate) fn language(rng: &mut Rng) -> Language {
    match rng.weighted(&[42, 40, 18]) {
        0 => Language::Russian,
        1 => Language::Kazakh,
        _ => Language::Mixed,
    }
}

/// A text of the registry, with numbers of the ranges in use: for measuring in memory, not for writing to files.
pub fn document(seed: u64, number: u64) -> Option<Document> {
    let mut rng = Rng::new(seed, DOCUMENTS + number);
    let genre = match rng.weighted(&[5, 2, 5]) {
        0 => Genre::Clinic,
        1 => Genre::School,
        _ => Genre::Appeal,
    };
    let language = language(&mut rng);
    let cast = Cast::draw(&mut rng, genre, Issue::Realistic)?;
    let careless = rng.chance(0.25);
    let scene = cast.scene(diagnosis(&mut rng, 40), Issue::Realistic, careless)?;
    let text: Text = text(genre, language, &scene, &mut rng);
    let (text, spans) = text.finish();
    Some(Document {
        id: number.to_string(),
        text,
        language,
        genre: genre.name().to_owned(),
        spans,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn today_is_the_first_of_june() {
        assert_eq!(TODAY.iso(), "2026-06-01");
    }

    #[test]
    fn spans_lie_in_the_text_and_no_slot_is_left_open() {
        for number in 0..3_000 {
            let document = document(11, number).unwrap();
            let length = document.text.chars().count();
            let mut end = 0;
            for span in &document.spans {
                assert!(
                    span.start >= end && span.start < span.end && span.end <= length,
                    "{document:?}"
                );
                end = span.end;
            }
            let json = document.text.starts_with("{\"id\"");
            assert!(
                json || !document.text.contains(['{', '}']),
                "{}",
                document.text
            );
        }
    }

    #[test]
    fn a_number_gives_the_same_document_again() {
        assert_eq!(document(4, 9), document(4, 9));
        assert_ne!(document(4, 9), document(5, 9));
    }
}
