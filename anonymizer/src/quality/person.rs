//! How the people of a dataset are distributed, beside a reference population.
//!
//! Sex, age and region come from columns that mean them; sex and age also from the digits of individual identification numbers, where
//! there is no such column. Where the dataset has a subject, each subject counts once.

use super::reference::Dimension;
use super::report::{Distribution, Share};
use super::{Examined, Standard};
use crate::prepare::Unit;
use crate::prepare::calendar::Date;
use crate::table::Coded;
use sandyq_detect::identifier::{Iin, Sex};

pub(super) fn distributions(examined: &Examined<'_>, standard: &Standard<'_>) -> Vec<Distribution> {
    let Some(reference) = standard.reference else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for name in ["sex", "age_group", "region"] {
        let dimension = reference.dimension(name);
        let source =
            dimension.and_then(|dimension| source(name, examined, dimension, standard.today));
        if let (Some(dimension), Some((column, categories))) = (dimension, source) {
            found.push(distribution(examined, dimension, column, &categories));
        }
    }
    found
}

/// A column, and the category of each of its codes.
type Source<'a> = (&'a Coded, Vec<Option<usize>>);

fn source<'a>(
    dimension: &str,
    examined: &'a Examined<'_>,
    of: &Dimension,
    today: &str,
) -> Option<Source<'a>> {
    let kinds: &[&str] = match dimension {
        "sex" => &["SEX", "IIN"],
        "age_group" => &["AGE", "BIRTHDATE", "IIN"],
        _ => &["REGION", "KATO"],
    };
    let (kind, column) = kinds
        .iter()
        .find_map(|kind| Some((*kind, examined.column_of(kind)?)))?;
    let category = |text: &str| match (dimension, kind) {
        ("sex", "IIN") => of.named(sex(&iin(text)?)),
        ("sex", _) => of.named(text),
        ("age_group", "AGE") => {
            of.aged(text.trim().parse::<f64>().ok().filter(|age| *age >= 0.0)? as u32)
        }
        ("age_group", "IIN") => of.aged(age(&birth(&iin(text)?), today)?),
        ("age_group", _) => of.aged(age(&Date::parse(text.trim())?.within(Unit::Day)?, today)?),
        (_, "KATO") => of.named(text.trim().get(..2)?),
        _ => of
            .named(text)
            .or_else(|| of.named(text.trim().get(..2).filter(|_| kato(text))?)),
    };
    let categories = column.dictionary.texts().map(|text| category(text?));
    Some((column, categories.collect()))
}

fn kato(text: &str) -> bool {
    let text = text.trim();
    text.len() == 9 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn iin(text: &str) -> Option<Iin> {
    Iin::parse(text.trim()).ok()
}

fn sex(iin: &Iin) -> &'static str {
    match iin.sex() {
        Sex::Male => "male",
        Sex::Female => "female",
    }
}

fn birth(iin: &Iin) -> String {
    let day = iin.birth();
    format!("{:04}-{:02}-{:02}", day.year, day.month, day.day)
}

/// Full years from one day to another, both `2024-05-17`.
fn age(birth: &str, today: &str) -> Option<u32> {
    let year = |day: &str| day.get(..4)?.parse::<u32>().ok();
    let full = u32::from(birth.get(4..)? <= today.get(4..)?);
    (year(today)? + full).checked_sub(year(birth)? + 1)
}

fn distribution(
    examined: &Examined<'_>,
    dimension: &Dimension,
    column: &Coded,
    categories: &[Option<usize>],
) -> Distribution {
    let mut people = vec![0_u64; dimension.categories.len()];
    let mut unknown = 0;
    let subjects = examined
        .subject
        .and_then(|name| examined.table.column(name));
    let mut seen = vec![false; subjects.map_or(0, |subjects| subjects.dictionary.len())];
    for row in 0..examined.table.rows() {
        let subject = subjects.map_or(0, |subjects| subjects.codes.get(row)) as usize;
        // Rows about nobody that is known count each by itself.
        if let Some(seen) = seen.get_mut(subject).filter(|_| subject > 0)
            && std::mem::replace(seen, true)
        {
            continue;
        }
        let category = categories
            .get(column.codes.get(row) as usize)
            .copied()
            .flatten();
        match category.and_then(|category| people.get_mut(category)) {
            Some(people) => *people += 1,
            None => unknown += 1,
        }
    }
    let (known, all): (u64, f64) = (
        people.iter().sum(),
        dimension.categories.iter().map(|(_, people)| people).sum(),
    );
    let shares: Vec<Share> = dimension
        .categories
        .iter()
        .zip(&people)
        .map(|((category, of_reference), people)| Share {
            category: category.clone(),
            observed: if known == 0 {
                0.0
            } else {
                *people as f64 / known as f64
            },
            reference: of_reference / all,
        })
        .collect();
    let differences = shares
        .iter()
        .map(|share| (share.observed - share.reference).abs());
    Distribution {
        dimension: dimension.name.clone(),
        people: known,
        unknown,
        distance: if known == 0 {
            1.0
        } else {
            differences.sum::<f64>() / 2.0
        },
        shares,
    }
}
