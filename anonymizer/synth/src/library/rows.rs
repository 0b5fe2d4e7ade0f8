//! The records of one household.

use serde_json::json;

use super::staff::Employee;
use super::tables::line;
use crate::corpus::{Genre, TODAY, diagnosis, language, text};
use crate::date::Day;
use crate::dirt::cell;
use crate::grammar::{kazakh, russian};
use crate::label::{Language, Span};
use crate::numbers::{self, Issue};
use crate::person::household::Household;
use crate::person::{Form, Person, Sex, in_kazakh, in_russian};
use crate::rng::Rng;
use crate::scene::Scene;

/// Lines of one table.
#[derive(Debug, Default)]
pub struct Part {
    /// The lines, encoded.
    pub bytes: Vec<u8>,
    /// How many records they are.
    pub rows: u64,
}

impl Part {
    fn put(&mut self, line: &str) {
        self.bytes.extend_from_slice(line.as_bytes());
        self.rows += 1;
    }
}

/// What a household adds to the library.
#[derive(Debug, Default)]
pub struct Unit {
    /// Citizens, visits, pupils, appeals.
    pub tables: [Part; 4],
    /// The spans of visits, pupils, appeals.
    pub spans: [Vec<u8>; 3],
}

/// The numbers of a member.
struct Papers {
    iin: String,
    phone: String,
    email: String,
}

/// The household, and what its records draw on.
struct Home<'a> {
    household: Household,
    papers: Vec<Papers>,
    number: u64,
    seed: u64,
    staff: &'a [Employee],
}

const ISSUE: Issue = Issue::Impossible;

impl Unit {
    /// The household of that number, with at most `room` records of citizens.
    pub fn make(seed: u64, number: u64, staff: &[Employee], room: u64) -> Self {
        let mut rng = Rng::new(seed, number);
        let rng = &mut rng;
        let mut unit = Self::default();
        let Some(household) = Household::draw(rng, TODAY) else {
            return unit;
        };
        let papers = household
            .members
            .iter()
            .map(|person| Papers {
                iin: numbers::iin(rng, person.birth, person.sex, ISSUE),
                phone: numbers::phone(rng, ISSUE),
                email: numbers::email(rng, person, ISSUE),
            })
            .collect();
        let home = Home {
            household,
            papers,
            number,
            seed,
            staff,
        };
        for (place, (person, papers)) in home.household.members.iter().zip(&home.papers).enumerate()
        {
            if unit.citizens() >= room {
                break;
            }
            // Each member has a stream, so that what one has does not move the others.
            let mut rng = Rng::new(seed, (1 << 43) + number * 16 + place as u64);
            unit.citizen(&home, person, papers, room, &mut rng);
            unit.visits(&home, place, person, &mut rng);
            unit.pupil(&home, place, person, &mut rng);
            unit.appeal(&home, place, person, &mut rng);
        }
        unit
    }

    /// How many records of citizens there are.
    pub fn citizens(&self) -> u64 {
        let [citizens, ..] = &self.tables;
        citizens.rows
    }

    fn citizen(
        &mut self,
        home: &Home<'_>,
        person: &Person,
        papers: &Papers,
        room: u64,
        rng: &mut Rng,
    ) {
        let [citizens, ..] = &mut self.tables;
        let fields = citizen(home, person, papers, rng);
        citizens.put(&line(&fields.each_ref().map(String::as_str), ","));
        // Some are registered twice, the second time by a careless clerk.
        if rng.chance(0.008) && citizens.rows < room {
            let mut again = fields;
            for field in again.iter_mut().skip(1) {
                if !field.is_empty() && rng.chance(0.25) {
                    *field = cell(field, rng);
                }
            }
            citizens.put(&line(&again.each_ref().map(String::as_str), ","));
        }
    }

    fn visits(&mut self, home: &Home<'_>, place: usize, person: &Person, rng: &mut Rng) {
        let age = person.birth.years_until(TODAY);
        let often: [u32; 8] = if !(6..=60).contains(&age) {
            [25, 22, 18, 12, 9, 6, 5, 3]
        } else {
            [52, 22, 11, 6, 4, 2, 2, 1]
        };
        let visits = rng.weighted(&often);
        // A few are ill for long.
        let visits = if rng.chance(0.01) { 12 } else { visits };
        for visit in 0..visits {
            let id = format!(
                "v{}",
                home.number * 1_000 + place as u64 * 50 + visit as u64
            );
            let date = TODAY.plus(-rng.between(1, 900));
            let icd = diagnosis(rng, person.birth.years_until(date).max(0));
            let clinic = rng.bits() % 400;
            let Some(doctor) = rng.pick(home.staff) else {
                return;
            };
            let notes = home.text(Genre::Clinic, place, doctor, icd, rng);
            let bin = numbers::bin(&mut Rng::new(home.seed, (1 << 44) + clinic), ISSUE);
            let iin = home
                .papers
                .get(place)
                .map_or("", |papers| papers.iin.as_str());
            let name = in_russian(&doctor.person, Form::Full, russian::Case::Nominative, rng);
            let record = json!({
                "id": id,
                "patient_iin": if rng.chance(0.01) { String::new() } else { iin.to_owned() },
                "visit_date": date.iso(),
                "clinic": format!("Поликлиника № {}", clinic + 1),
                "clinic_bin": bin,
                "icd10": if rng.chance(0.02) { String::new() } else if rng.chance(0.03) { icd.to_lowercase() } else { icd.to_owned() },
                "doctor": name,
                "cost": rng.between(0, 60) * 250,
                "notes": notes.0,
            });
            let [_, visits, ..] = &mut self.tables;
            visits.put(&format!("{record}\n"));
            let [spans, ..] = &mut self.spans;
            label(spans, &id, &notes.1);
        }
    }

    fn pupil(&mut self, home: &Home<'_>, place: usize, person: &Person, rng: &mut Rng) {
        let age = person.birth.years_until(TODAY);
        if !(6..=17).contains(&age) || rng.chance(0.03) {
            return;
        }
        let Some(teacher) = rng.pick(home.staff) else {
            return;
        };
        let remark = home.text(Genre::School, place, teacher, "", rng);
        let id = (home.number * 16 + place as u64).to_string();
        let parent = home.household.parent_of(place);
        let parents_phone = home
            .household
            .parents
            .checked_sub(1)
            .and_then(|parent| home.papers.get(parent));
        let mut mark = || {
            if rng.chance(0.02) {
                "н/а".to_owned()
            } else {
                rng.between(2, 5).max(rng.between(3, 5)).to_string()
            }
        };
        let marks = [mark(), mark(), mark()];
        let [mathematics, kazakh, history] = &marks;
        let grown = Form::Full;
        let fields = [
            id.as_str(),
            home.papers.get(place).map_or("", |papers| &papers.iin),
            &in_kazakh(person, grown, kazakh::Case::Nominative, rng),
            &dated(rng, person.birth),
            if person.sex == Sex::Male {
                "ер"
            } else {
                "қыз"
            },
            &format!("№ {} мектеп", home.number % 190 + 1),
            &format!("{}{}", (age - 6).clamp(1, 11), rng.letter("АӘБВГ")),
            mathematics,
            kazakh,
            history,
            &parent
                .map(|parent| in_kazakh(parent, grown, kazakh::Case::Nominative, rng))
                .unwrap_or_default(),
            &parents_phone
                .map(|papers| written(&papers.phone, rng))
                .unwrap_or_default(),
            &remark.0,
        ];
        let [_, _, pupils, _] = &mut self.tables;
        pupils.put(&line(&fields, ";"));
        let [_, spans, _] = &mut self.spans;
        label(spans, &id, &remark.1);
    }

    fn appeal(&mut self, home: &Home<'_>, place: usize, person: &Person, rng: &mut Rng) {
        if person.birth.years_until(TODAY) < 18 || rng.chance(0.93) {
            return;
        }
        let Some(official) = rng.pick(home.staff) else {
            return;
        };
        let id = format!("a{}", home.number * 16 + place as u64);
        let (text, spans, language) = home.text(Genre::Appeal, place, official, "", rng);
        let name = in_russian(person, Form::draw(rng), russian::Case::Nominative, rng);
        let record = json!({
            "id": id,
            "created": TODAY.plus(-rng.between(1, 400)).iso(),
            "login": format!("{}{}", rng.word(&["dala", "qazaq", "sky", "almaty", "arman", "star"]), rng.digits(4)),
            // Addresses of documentation (RFC 5737).
            "ip": format!("{}.{}", rng.word(&["192.0.2", "198.51.100", "203.0.113"]), rng.between(1, 254)),
            "applicant": name,
            "lang": match language { Language::Russian => "ru", Language::Kazakh => "kk", Language::Mixed => "ru/kk" },
            "text": text,
        });
        let [_, _, _, appeals] = &mut self.tables;
        appeals.put(&format!("{record}\n"));
        let [_, _, labels] = &mut self.spans;
        label(labels, &id, &spans);
    }
}

impl Home<'_> {
    /// A text about a member.
    fn text(
        &self,
        genre: Genre,
        place: usize,
        staff: &Employee,
        icd: &str,
        rng: &mut Rng,
    ) -> (String, Vec<Span>, Language) {
        let language = language(rng);
        let count = self.household.members.len();
        let relative = (count > 1).then(|| (place + 1 + rng.below(count - 1)) % count);
        let (Some(subject), Some(papers), Some(other), Some(elsewhere)) = (
            self.household.members.get(place),
            self.papers.get(place),
            rng.pick(self.staff),
            rng.pick(self.staff),
        ) else {
            return (String::new(), Vec::new(), language);
        };
        // Who lives alone has relatives elsewhere.
        let (kin, kins) = relative
            .and_then(|place| {
                Some((
                    self.household.members.get(place)?,
                    &self.papers.get(place)?.iin,
                ))
            })
            .unwrap_or((&elsewhere.person, &elsewhere.iin));
        let scene = Scene {
            people: [subject, kin, &staff.person, &other.person],
            iins: [&papers.iin, kins, &staff.iin],
            phone: &papers.phone,
            email: &papers.email,
            address: &self.household.address,
            icd,
            today: TODAY,
            issue: ISSUE,
            careless: rng.chance(0.25),
        };
        let (text, spans) = text(genre, language, &scene, rng).finish();
        (text, spans, language)
    }
}

fn label(out: &mut Vec<u8>, id: &str, spans: &[Span]) {
    out.extend_from_slice(format!("{}\n", json!({ "id": id, "spans": spans })).as_bytes());
}

/// A date of birth in the formats that a register mixes.
pub fn dated(rng: &mut Rng, day: Day) -> String {
    let (year, month, of_month) = day.parts();
    match rng.below(100) {
        0 => String::new(),
        1 => format!("{year}{month:02}{of_month:02}"),
        2..4 => format!("{of_month:02}/{month:02}/{year}"),
        4..10 => day.iso(),
        10 => format!("{of_month}.{month}.{year} г."),
        _ => day.dotted(),
    }
}

fn written(phone: &str, rng: &mut Rng) -> String {
    let part = |from: usize, to: usize| phone.get(from..to).unwrap_or("");
    match rng.below(5) {
        0 => format!("8{phone}"),
        1 => format!("+7{phone}"),
        2 => format!("8 {} {} {}", part(0, 3), part(3, 6), part(6, 10)),
        _ => format!(
            "+7 ({}) {}-{}-{}",
            part(0, 3),
            part(3, 6),
            part(6, 8),
            part(8, 10)
        ),
    }
}

fn citizen(home: &Home<'_>, person: &Person, papers: &Papers, rng: &mut Rng) -> [String; 21] {
    let age = person.birth.years_until(TODAY);
    let place = home.household.address.settlement;
    let adult = age >= 18;
    let kazakh = rng.chance(0.45);
    let spelled = |name: &crate::person::Spelled| {
        if kazakh {
            name.kazakh.clone()
        } else {
            name.russian.clone()
        }
    };
    let given_if = |wanted: bool, value: String| if wanted { value } else { String::new() };
    let sex = match (person.sex, rng.below(20)) {
        (Sex::Male, 0) => "мужской",
        (Sex::Male, 1) => "М",
        (Sex::Male, _) => "муж",
        (Sex::Female, 0) => "женский",
        (Sex::Female, 1) => "Ж",
        (Sex::Female, _) => "жен",
    };
    let income = (12.0 + rng.below(40) as f64 + (rng.below(100) as f64 / 22.0).exp()) * 8_000.0;
    let mut row = [
        papers.iin.clone(),
        spelled(&person.surname),
        spelled(&person.given),
        given_if(
            !rng.chance(0.02),
            person.patronymic.as_ref().map(spelled).unwrap_or_default(),
        ),
        sex.to_owned(),
        dated(rng, person.birth),
        given_if(
            !rng.chance(0.03),
            person.heritage.nationality(person.sex).to_owned(),
        ),
        citizenship(rng).to_owned(),
        marital(age, home.household.parents, rng).to_owned(),
        given_if(age > 11 && !rng.chance(0.08), written(&papers.phone, rng)),
        given_if(adult && rng.chance(0.5), papers.email.clone()),
        place.region.to_owned(),
        place.name.to_owned(),
        if kazakh && rng.chance(0.6) {
            home.household.address.kazakh(rng)
        } else {
            home.household.address.russian(rng)
        },
        given_if(!rng.chance(0.05), home.household.address.post.clone()),
        place.kato.to_owned(),
        given_if(age >= 16 && !rng.chance(0.03), numbers::id_card(rng, ISSUE)),
        given_if(adult && rng.chance(0.7), numbers::iban(rng, ISSUE)),
        given_if(adult && rng.chance(0.65), format!("{income:.0}")),
        given_if(adult && rng.chance(0.25), numbers::plate(rng, ISSUE)),
        TODAY
            .plus(-rng.between(1, 3_000).min(age.max(0) * 365 + 200))
            .dotted(),
    ];
    // Typing errors: one field in seventy, of names and what is free to be mistyped.
    for field in row.iter_mut().skip(1) {
        if !field.is_empty() && rng.chance(0.006) {
            *field = cell(field, rng);
        }
    }
    row
}

fn citizenship(rng: &mut Rng) -> &'static str {
    const COUNTRIES: [&str; 5] = [
        "Казахстан",
        "Россия",
        "Узбекистан",
        "Кыргызстан",
        "Германия",
    ];
    COUNTRIES
        .get(rng.weighted(&[975, 12, 6, 4, 3]))
        .copied()
        .unwrap_or("")
}

fn marital(age: i32, parents: usize, rng: &mut Rng) -> &'static str {
    match age {
        ..18 => "",
        18..25 => rng.word(&["холост/не замужем", "холост/не замужем", "в браке"]),
        _ if parents == 2 => "в браке",
        _ if age > 65 => rng.word(&["вдовец/вдова", "в браке", "вдовец/вдова"]),
        _ => rng.word(&["в браке", "в браке", "в разводе", "холост/не замужем"]),
    }
}
