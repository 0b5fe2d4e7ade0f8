//! How much speaks for each type.
//!
//! `value` is what the values say by themselves, `fit` how far they may be of the type if something else says so. Both are shares,
//! damped where other things look alike.

use super::facts::Facts;
use crate::semantic::SemanticType::{self, *};
use crate::sign::Sign;

/// One type that a column might have.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub semantic: SemanticType,
    pub value: f64,
    pub fit: f64,
}

const fn candidate(semantic: SemanticType, value: f64, fit: f64) -> Candidate {
    Candidate {
        semantic,
        value,
        fit,
    }
}

/// The share if it is at least so large, otherwise nothing.
fn from(share: f64, least: f64) -> f64 {
    if share >= least { share } else { 0.0 }
}

fn when(condition: bool, value: f64) -> f64 {
    if condition { value } else { 0.0 }
}

/// Every type with what speaks for it.
pub fn candidates(facts: &Facts) -> Vec<Candidate> {
    let mut all = numbers_of_people(facts);
    all.extend(names(facts));
    all.extend(contacts(facts));
    all.extend(places(facts));
    all.extend(times(facts));
    all.extend(traits(facts));
    all.extend(texts(facts));
    all.extend(plain(facts));
    all
}

fn numbers_of_people(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let twelve = share(Sign::Digits12) + share(Sign::CutIin);
    // Of random twelve digits, 2.6 percent have the shape of an IIN and 1.4 percent that of a BIN.
    let iin = share(Sign::Iin) + share(Sign::CutIin);
    let shape = share(Sign::IinShape) + share(Sign::CutIin);
    let iin = if iin >= 0.3 {
        iin.max(shape)
    } else {
        from(shape, 0.5) * 0.95
    };
    let bin = if share(Sign::Bin) >= 0.3 {
        share(Sign::BinShape)
    } else {
        from(share(Sign::BinShape), 0.5) * 0.95
    };
    let code = share(Sign::Code).max(share(Sign::Integer));
    let nine = share(Sign::Digits9);
    let card = nine >= 0.9
        && share(Sign::LeadingZero) >= 0.6
        && facts.unique > 0.5
        && share(Sign::Kato) < 0.5;
    vec![
        candidate(Iin, 0.98 * iin, twelve),
        candidate(Bin, 0.98 * bin, share(Sign::Digits12)),
        candidate(
            Iban,
            0.99 * from(share(Sign::Iban), 0.3),
            share(Sign::Iban).max(code),
        ),
        candidate(
            Card,
            0.97 * from(share(Sign::Card), 0.5),
            share(Sign::CardShape).max(share(Sign::Card)),
        ),
        candidate(IdCard, when(card, 0.7), nine.max(0.8 * code)),
        candidate(
            Passport,
            0.95 * from(share(Sign::Passport), 0.5),
            share(Sign::Passport).max(code),
        ),
        candidate(
            BirthCertificate,
            0.95 * from(share(Sign::BirthCertificate), 0.5),
            share(Sign::BirthCertificate).max(code),
        ),
        candidate(
            DriverLicence,
            0.75 * from(share(Sign::DriverLicence), 0.5),
            share(Sign::DriverLicence).max(code),
        ),
        candidate(
            Plate,
            0.97 * from(share(Sign::Plate), 0.5),
            share(Sign::Plate).max(code),
        ),
        candidate(
            Vin,
            0.97 * from(share(Sign::Vin), 0.5),
            share(Sign::Vin).max(code),
        ),
    ]
}

fn names(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let (full, given, patronymic) = (
        share(Sign::FullName),
        share(Sign::GivenName),
        share(Sign::Patronymic),
    );
    let (surname, like) = (share(Sign::Surname), share(Sign::SurnameLike));
    // Many words end like family names; some of a column's should be known ones.
    let surname = if surname >= 0.15 {
        0.95 * from(like, 0.4)
    } else {
        0.5 * like
    };
    let words = share(Sign::Words);
    let single =
        words - 0.7 * full - 0.8 * (share(Sign::Street) + share(Sign::Organization)).min(words);
    vec![
        candidate(
            FullName,
            0.97 * (from(full, 0.4) + when(full >= 0.4, 0.1)).min(1.0),
            words,
        ),
        candidate(
            Surname,
            if like >= given {
                surname
            } else {
                0.6 * surname
            },
            single - 0.5 * patronymic,
        ),
        candidate(
            GivenName,
            0.96 * from(given, 0.45),
            single - 0.5 * patronymic,
        ),
        candidate(Patronymic, 0.97 * from(patronymic, 0.45), single),
    ]
}

fn contacts(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let phone = from(share(Sign::Phone), 0.4);
    let bare = share(Sign::Integer);
    let picture = share(Sign::Image);
    let user = share(Sign::UserName) >= 0.6 && facts.unique > 0.3;
    let reference =
        picture + share(Sign::Template) + share(Sign::Url) + share(Sign::Hex) + share(Sign::Code);
    vec![
        candidate(
            Phone,
            phone * if bare > 0.5 { 0.88 } else { 0.97 },
            share(Sign::PhoneShape).max(share(Sign::Phone)),
        ),
        candidate(
            Email,
            0.99 * from(share(Sign::Email), 0.3),
            share(Sign::Email),
        ),
        candidate(
            Url,
            0.96 * from(share(Sign::Url), 0.4),
            share(Sign::Url) + share(Sign::Code),
        ),
        candidate(Ip, 0.98 * from(share(Sign::Ip), 0.4), share(Sign::Ip)),
        candidate(Mac, 0.98 * from(share(Sign::Mac), 0.4), share(Sign::Mac)),
        candidate(
            UserName,
            when(user, 0.75 * share(Sign::UserName)),
            share(Sign::UserName) + share(Sign::Words) + share(Sign::Code),
        ),
        candidate(
            Biometric,
            (0.98 * from(picture, 0.4)).max(0.85 * from(share(Sign::Template), 0.4)),
            reference.max(0.7 * share(Sign::Prose)),
        ),
    ]
}

fn places(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let words = share(Sign::Words) + share(Sign::Address) + share(Sign::Prose);
    let address = share(Sign::Address);
    let few = facts.column.values.is_some() || facts.unique < 0.3;
    let region = from(share(Sign::Region), 0.4);
    let small = share(Sign::House) + share(Sign::Small) + share(Sign::Code);
    let kato = share(Sign::Kato) >= 0.85 && share(Sign::LeadingZero) < 0.05;
    let postal = share(Sign::Postal);
    let fine =
        share(Sign::Latitude).max(share(Sign::Longitude)) >= 0.9 && share(Sign::Decimal) >= 0.9;
    vec![
        candidate(
            Address,
            0.95 * (from(address, 0.3) + when(address >= 0.3, 0.15)).min(1.0),
            words,
        ),
        candidate(Region, when(few, 0.93 * region), share(Sign::Words)),
        candidate(
            District,
            0.93 * from(share(Sign::District), 0.4),
            share(Sign::Words),
        ),
        candidate(
            Settlement,
            when(region == 0.0, 0.88 * from(share(Sign::Settlement), 0.4)),
            share(Sign::Words),
        ),
        candidate(Street, 0.93 * from(share(Sign::Street), 0.4), words),
        candidate(House, 0.0, small.max(share(Sign::Integer))),
        candidate(Flat, 0.0, small.max(share(Sign::Integer))),
        candidate(
            Kato,
            when(kato, 0.85 * share(Sign::Kato)),
            share(Sign::Kato).max(0.9 * share(Sign::Digits9)),
        ),
        candidate(
            PostalCode,
            when(
                postal >= 0.9 && (share(Sign::LeadingZero) >= 0.5 || share(Sign::Code) >= 0.5),
                0.75,
            ),
            postal
                .max(0.7 * share(Sign::Integer))
                .max(0.7 * share(Sign::Code)),
        ),
        candidate(
            Coordinates,
            (0.97 * from(share(Sign::Position), 0.4)).max(when(fine, 0.55)),
            share(Sign::Position) + share(Sign::Decimal),
        ),
    ]
}

fn times(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let date = share(Sign::Date);
    let dates: u64 = facts.column.decades.iter().sum();
    let decades = facts
        .column
        .decades
        .iter()
        .filter(|count| **count as f64 > 0.02 * dates as f64)
        .count();
    let year = share(Sign::Year);
    let serial = facts.share(Sign::Integer) >= 0.9
        && facts.column.low >= 3_000.0
        && facts.column.high <= 60_000.0;
    let moment = from(date, 0.4);
    let small = share(Sign::Small);
    let ages = small >= 0.98
        && (25..=121).contains(&facts.column.distinct())
        && facts.column.high >= 55.0
        && facts.column.low >= 0.0;
    vec![
        candidate(
            BirthDate,
            if decades >= 4 {
                0.82 * moment
            } else {
                0.5 * moment
            },
            date.max(year).max(when(serial, 0.8)),
        ),
        candidate(
            Date,
            (0.8 * moment)
                .max(0.75 * from(share(Sign::Time), 0.5))
                .max(when(year >= 0.98, 0.55)),
            (date + year + share(Sign::Time)).max(when(serial, 0.7)),
        ),
        candidate(Age, when(ages, 0.45), small),
    ]
}

fn traits(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let distinct = facts.column.distinct();
    let words = share(Sign::Words) + share(Sign::Code);
    let few = facts.column.values.is_some();
    let coded = |most: u64| when(distinct <= most, 0.95);
    vec![
        candidate(
            Sex,
            when(distinct <= 40, 0.97 * from(facts.sex, 0.8)),
            if facts.sex >= 0.5 { 1.0 } else { coded(5) },
        ),
        candidate(
            Nationality,
            0.93 * from(facts.nationality, 0.6),
            words.max(coded(200)).max(0.5 * words),
        ),
        candidate(
            Religion,
            0.93 * from(facts.religion, 0.6) * when(facts.nationality < 0.5, 1.0),
            words.max(coded(60)),
        ),
        candidate(
            Citizenship,
            0.93 * from(facts.country, 0.6),
            if few {
                words.max(coded(300))
            } else {
                0.5 * words
            },
        ),
        candidate(
            Diagnosis,
            0.96 * from(share(Sign::Icd), 0.5),
            share(Sign::Icd) + share(Sign::Words) + share(Sign::Prose),
        ),
        candidate(Salary, 0.75 * from(share(Sign::Money), 0.4), 0.95),
    ]
}

fn texts(facts: &Facts) -> Vec<Candidate> {
    let prose = facts.share(Sign::Prose)
        + when(facts.share(Sign::Prose) > 0.0, facts.share(Sign::Inside)).min(0.2);
    let words = facts.share(Sign::Words);
    let text = from(prose, 0.25);
    let names = facts.share(Sign::FullName) + facts.share(Sign::Address);
    let any = prose + words - names;
    // A column of many different words that are no list.
    let loose = facts.column.values.is_none()
        && facts.unique > 0.3
        && words + prose > 0.6
        && facts.length() > 20.0;
    let base = when(text > 0.0, 0.55 + 0.3 * text);
    vec![
        candidate(FreeText, base.max(when(loose, 0.42)), prose.max(0.6 * any)),
        candidate(
            HealthText,
            when(
                facts.health >= 0.4 && facts.health >= facts.crime,
                base + 0.06,
            ),
            any.max(0.9 * facts.share(Sign::Boolean)),
        ),
        candidate(
            CriminalText,
            when(
                facts.crime >= 0.5 && facts.crime > facts.health,
                base + 0.06,
            ),
            (1.0 - names).max(0.0),
        ),
    ]
}

fn plain(facts: &Facts) -> Vec<Candidate> {
    let share = |sign| facts.share(sign);
    let (numbers, distinct) = (facts.numbers(), facts.column.distinct());
    let few = facts.column.values.is_some() && (facts.unique < 0.5 || distinct <= 20);
    let listed = if few { 0.5 } else { 0.3 * (1.0 - facts.unique) };
    // Few different numbers may be codes of a list.
    let category = if numbers > 0.9 {
        when(distinct <= 12, 0.4)
    } else {
        listed.max(0.05)
    };
    let whole = share(Sign::Integer);
    let coded = (share(Sign::Code) + share(Sign::Hex) * 0.5).min(1.0);
    let own = facts.unique >= 0.95 && facts.column.present() >= 10;
    let sequence = own && facts.column.sequence() >= 0.8;
    let key = when(
        own,
        (0.75 * from(share(Sign::Hex), 0.8)).max(0.6 * from(coded, 0.8)),
    )
    .max(when(sequence, 0.8))
    .max(when(
        own && whole >= 0.95 && facts.column.high >= facts.column.present() as f64,
        0.52,
    ));
    vec![
        candidate(
            Category,
            category,
            if facts.unique < 0.9 || distinct <= 20 {
                0.85
            } else {
                0.4
            },
        ),
        candidate(
            Number,
            0.5 * numbers * (1.0 - 0.5 * share(Sign::LeadingZero)),
            numbers,
        ),
        candidate(
            RowKey,
            key,
            (whole + coded + share(Sign::Hex)).min(1.0)
                - 0.8 * share(Sign::Words).min(whole + coded),
        ),
    ]
}
