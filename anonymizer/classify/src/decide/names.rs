//! Whether the first record of a file names its columns, or is a row like the others.

use crate::cell::Observer;
use crate::header::hints;
use crate::sign::{Sign, Signs, TELLING};
use crate::survey::Survey;

/// Signs of which a header has none if its column has them.
const DATA: &[Sign] = &[
    Sign::Integer,
    Sign::Decimal,
    Sign::Date,
    Sign::Icd,
    Sign::Plate,
    Sign::Vin,
    Sign::Hex,
    Sign::Ip,
    Sign::Mac,
    Sign::GivenName,
    Sign::SurnameLike,
    Sign::Patronymic,
    Sign::Url,
    Sign::Image,
];

/// Whether the first record is data.
pub fn header_is_data(names: &[String], survey: &Survey) -> bool {
    let mut observer = Observer::new();
    let signs: Vec<Signs> = names
        .iter()
        .map(|name| observer.observe(name.as_bytes()).signs)
        .collect();
    let headed = names
        .iter()
        .filter(|name| hints(name).first().is_some_and(|hint| hint.strength >= 0.9))
        .count();
    let like = |signs: &Signs, place: usize| {
        let column = survey.columns.get(place);
        column.is_some_and(|column| {
            DATA.iter()
                .any(|sign| signs.has(*sign) && column.share(*sign) >= 0.5)
        })
    };
    let told = signs
        .iter()
        .filter(|signs| {
            TELLING
                .iter()
                .any(|sign| *sign != Sign::Address && signs.has(*sign))
        })
        .count();
    let alike = signs
        .iter()
        .enumerate()
        .filter(|(place, signs)| like(signs, *place))
        .count();
    let years = signs.iter().filter(|signs| signs.has(Sign::Year)).count();
    if headed * 2 >= names.len() {
        return false;
    }
    if (told > 0 && told >= headed) || alike > years.max(headed) {
        return true;
    }
    // A value that comes again and again in its column is no name of it.
    let again = names
        .iter()
        .enumerate()
        .filter(|(place, name)| repeated(survey, *place, name))
        .count();
    headed == 0 && again > 0 && again * 2 >= names.len().min(4)
}

fn repeated(survey: &Survey, place: usize, name: &str) -> bool {
    let values = survey
        .columns
        .get(place)
        .and_then(|column| column.values.as_ref());
    let count = values
        .and_then(|values| values.iter().find(|(value, _)| *value == name.as_bytes()))
        .map_or(0, |(_, count)| count);
    count > 1
}
