//! What other columns say of a column: an IIN tells the date of birth, the sex and the age of its row.

use hashbrown::HashMap;

use super::facts::Facts;
use crate::cell::check::{self, Fit};
use crate::cell::date;
use crate::semantic::SemanticType;
use crate::sign::Sign;
use crate::survey::Survey;

/// Rows that must bear a neighbour out.
const LEAST_ROWS: usize = 8;

/// What the neighbours say.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    pub semantic: SemanticType,
    /// From 0 to 1.
    pub strength: f64,
    pub because: &'static str,
}

/// What the other columns say of the one at a place. `types` is what each column was taken for by itself.
pub fn say(survey: &Survey, types: &[SemanticType], place: usize, facts: &Facts) -> Option<Said> {
    let iin = types
        .iter()
        .position(|semantic| *semantic == SemanticType::Iin)
        .filter(|iin| *iin != place);
    let by_number = iin.and_then(|iin| by_iin(survey, iin, place, facts));
    by_number
        .or_else(|| by_position(types, place, facts))
        .or_else(|| by_names(types, place, facts))
}

/// Date of birth with two digits of the year, and the digit of century and sex. Invented numbers may be of another century than their
/// owners, so that none of them was ever issued.
type Person = ((u16, u16, u16), u16);

/// What an IIN tells.
fn person(cell: &[u8]) -> Option<Person> {
    let digits: Vec<u8> = cell.iter().copied().filter(u8::is_ascii_digit).collect();
    if digits.len() != 12 || check::iin(&digits) == Fit::Not {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to).and_then(check::small);
    let century = part(6, 7)?;
    Some(((part(0, 2)?, part(2, 4)?, part(4, 6)?), century))
}

fn by_iin(survey: &Survey, iin: usize, place: usize, facts: &Facts) -> Option<Said> {
    let rows: Vec<_> = survey
        .sample
        .iter()
        .filter_map(|row| Some((person(row.get(iin)?)?, row.get(place)?.trim_ascii())))
        .filter(|(_, cell)| !cell.is_empty())
        .collect();
    if rows.len() < LEAST_ROWS {
        return None;
    }
    let share = |count: usize| count as f64 / rows.len() as f64;
    let births = rows
        .iter()
        .filter(|((birth, _), cell)| {
            let date = date::parse(cell).or_else(|| date::of_digits(cell));
            date.map(|(year, month, day)| (year % 100, month, day)) == Some(*birth)
        })
        .count();
    if share(births) >= 0.6 {
        return Some(Said {
            semantic: SemanticType::BirthDate,
            strength: 0.985,
            because: "the dates are those of the IIN",
        });
    }
    let years = rows
        .iter()
        .filter(|((birth, _), cell)| check::small(cell).map(|year| year % 100) == Some(birth.0))
        .count();
    if facts.share(Sign::Year) > 0.8 && share(years) >= 0.6 {
        return Some(Said {
            semantic: SemanticType::BirthDate,
            strength: 0.985,
            because: "the years are those of the IIN",
        });
    }
    // Age and year of birth have the same sum in all rows, or two sums, as birthdays pass.
    if facts.share(Sign::Small) > 0.8 {
        let mut sums: HashMap<u16, usize> = HashMap::new();
        for ((birth, _), cell) in &rows {
            if let Some(age) = check::small(cell) {
                *sums.entry((age + birth.0) % 100).or_default() += 1;
            }
        }
        let near = |sum: &u16| {
            [*sum, (*sum + 1) % 100]
                .iter()
                .filter_map(|sum| sums.get(sum))
                .sum::<usize>()
        };
        let most = sums.keys().map(near).max().unwrap_or(0);
        if share(most) >= 0.85 && facts.column.distinct() > 3 {
            return Some(Said {
                semantic: SemanticType::Age,
                strength: 0.97,
                because: "the ages are those of the IIN",
            });
        }
    }
    sex(&rows, facts)
}

/// Two values that go with the two sexes of the IIN.
fn sex(rows: &[(Person, &[u8])], facts: &Facts) -> Option<Said> {
    if !(2..=6).contains(&facts.column.distinct()) {
        return None;
    }
    let mut counts: HashMap<&[u8], [usize; 2]> = HashMap::new();
    for ((_, century), cell) in rows {
        let sexes = counts.entry(cell).or_default();
        if let Some(count) = sexes.get_mut(usize::from(century % 2)) {
            *count += 1;
        }
    }
    let right: usize = counts.values().map(|[even, odd]| even.max(odd)).sum();
    let both = counts.values().any(|[even, odd]| even > odd)
        && counts.values().any(|[even, odd]| odd > even);
    (both && right as f64 >= 0.95 * rows.len() as f64 && rows.len() >= 3 * LEAST_ROWS).then_some(
        Said {
            semantic: SemanticType::Sex,
            strength: 0.97,
            because: "the values go with the sex in the IIN",
        },
    )
}

/// A latitude beside a longitude.
fn by_position(types: &[SemanticType], place: usize, facts: &Facts) -> Option<Said> {
    let beside = [place.checked_sub(1), Some(place + 1)];
    let other = beside
        .into_iter()
        .flatten()
        .filter_map(|place| types.get(place))
        .any(|semantic| *semantic == SemanticType::Coordinates);
    let fine = facts
        .share(Sign::Latitude)
        .max(facts.share(Sign::Longitude))
        >= 0.8;
    (other && fine).then_some(Said {
        semantic: SemanticType::Coordinates,
        strength: 0.9,
        because: "the column beside it has positions too",
    })
}

/// Words beside a family name and a patronymic are given names, in whatever language; beside a given name they are family names.
fn by_names(types: &[SemanticType], place: usize, facts: &Facts) -> Option<Said> {
    let single = facts.share(Sign::Words) > 0.9
        && facts.share(Sign::FullName) < 0.2
        && facts.unique > 0.02
        && facts.length() < 40.0
        && facts.column.distinct() > 12;
    if !single {
        return None;
    }
    let beside = [
        place.checked_sub(2),
        place.checked_sub(1),
        Some(place + 1),
        Some(place + 2),
    ];
    let near: Vec<SemanticType> = beside
        .into_iter()
        .flatten()
        .filter_map(|place| types.get(place).copied())
        .collect();
    let has = |semantic| near.contains(&semantic);
    let semantic = match (
        has(SemanticType::Surname),
        has(SemanticType::GivenName),
        has(SemanticType::Patronymic),
    ) {
        (true, false, true) => SemanticType::GivenName,
        (false, true, true) => SemanticType::Surname,
        _ => return None,
    };
    Some(Said {
        semantic,
        strength: 0.6,
        because: "the columns beside it are the other parts of a name",
    })
}
