//! What replaced and derived columns must hold, worked out from the dataset, and whether it keeps anything it must not keep.
//!
//! Beside working out each value again, it asks of each kind of replacement what it is for: an encrypted value leads back to the
//! dataset's, dates of one subject keep their intervals, a mask shows no more than it may, tokens hold nothing but tokens, no invented
//! number is valid, and in prose nothing that can be found in the release stood in the dataset.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::prelude::*;
use sandyq_detect::Detector;
use sandyq_detect::identifier::{Iin, Sex};
use sandyq_replace::{
    DateShift, FormatPreserving, Noise, ProjectKey, Subject, SurrogateKind, Surrogates, TextStyle,
    Tokens,
};

use super::{Verification, VerifyError};
use crate::input::InputError;
use crate::profile::{DerivedPart, RedactStyle, Replacement, SubjectColumn, Transform};
use crate::table::{Coded, Codes, Dictionary, PhysicalType};

/// Holds each derived column to the column that it is derived from, row by row.
pub(super) fn derived(of: &Verification<'_>) -> Result<(), VerifyError> {
    for (name, rule) in of.profile.columns() {
        let Some(derivation) = &rule.derive else {
            continue;
        };
        let (from, own) = (column(of, &derivation.from)?, column(of, name)?);
        let told: Vec<Option<String>> = from
            .dictionary
            .texts()
            .map(|text| told(text?, derivation.part))
            .collect();
        for row in 0..of.table.rows() {
            let expected = told
                .get(from.codes.get(row) as usize)
                .and_then(Option::as_deref);
            if own.dictionary.text(own.codes.get(row)) != expected {
                return Err(VerifyError::NotDerived {
                    row: row as u64 + 1,
                    column: name.to_owned(),
                    from: derivation.from.clone(),
                });
            }
        }
    }
    Ok(())
}

fn told(text: &str, part: DerivedPart) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '\u{a0}'))
        .collect();
    let iin = Iin::parse(&digits).ok()?;
    let birth = iin.birth();
    Some(match (part, iin.sex()) {
        (DerivedPart::BirthYear, _) => format!("{:04}", birth.year),
        (DerivedPart::BirthMonth, _) => format!("{:04}-{:02}", birth.year, birth.month),
        (DerivedPart::Sex, Sex::Male) => "male".to_owned(),
        (DerivedPart::Sex, Sex::Female) => "female".to_owned(),
    })
}

fn column<'a>(of: &Verification<'a>, name: &str) -> Result<&'a Coded, VerifyError> {
    let found = of.table.column(name);
    found.ok_or_else(|| {
        let absent = InputError::AbsentColumn {
            dataset: of.table.name().to_owned(),
            column: name.to_owned(),
        };
        absent.into()
    })
}

/// The columns whose values are replaced, as the release must have them before rows are left out.
pub(super) fn columns(of: &Verification<'_>) -> Result<BTreeMap<String, Coded>, VerifyError> {
    let mut expected = BTreeMap::new();
    for source in of.table.columns() {
        let rule = of.profile.column(&source.name);
        let Some(Transform::Replace(replacement)) = rule.map(|rule| &rule.transform) else {
            continue;
        };
        expected.insert(
            source.name.clone(),
            Expectation {
                of,
                source,
                replacement,
            }
            .column()?,
        );
    }
    Ok(expected)
}

struct Expectation<'a> {
    of: &'a Verification<'a>,
    source: &'a Coded,
    replacement: &'a Replacement,
}

/// A value with whom it is about and the first row that has both.
struct Cell<'a> {
    value: Option<&'a str>,
    subject: Option<&'a str>,
    row: usize,
}

impl Expectation<'_> {
    fn column(&self) -> Result<Coded, VerifyError> {
        let (cells, rows) = self.cells()?;
        let made = self.texts(&cells)?;
        let (dictionary, codes) = Dictionary::of_labels(made.iter().map(Option::as_deref));
        Ok(Coded::new(
            &self.source.name,
            PhysicalType::String,
            rows,
            &codes,
            dictionary,
        ))
    }

    /// The different cells, and the place of each row's.
    fn cells(&self) -> Result<(Vec<Cell<'_>>, Codes), VerifyError> {
        let subject = self.replacement.subject();
        let subject = subject
            .map(|subject| column(self.of, &subject.column))
            .transpose()?;
        let (mut cells, mut places, mut rows) = (Vec::new(), HashMap::new(), Vec::new());
        for row in 0..self.of.table.rows() {
            let own = self.source.codes.get(row);
            let about = subject.map_or(0, |subject| subject.codes.get(row));
            let next = cells.len() as u32;
            let place = *places.entry((own, about)).or_insert(next);
            if place == next {
                cells.push(Cell {
                    value: self.source.dictionary.text(own),
                    subject: subject.and_then(|subject| subject.dictionary.text(about)),
                    row,
                });
            }
            rows.push(place);
        }
        let mut codes = Codes::default();
        codes.extend(cells.len(), rows.into_iter());
        Ok((cells, codes))
    }

    fn texts(&self, cells: &[Cell<'_>]) -> Result<Vec<Option<String>>, VerifyError> {
        let key = self.of.key.project();
        let at_once = self.of.key.surrogates_at_once();
        let fault = |cell: &Cell<'_>, what: String| VerifyError::NotReplaced {
            row: cell.row as u64 + 1,
            column: self.source.name.clone(),
            what,
        };
        let each = |cell: &Cell<'_>, made: &dyn Fn(&str) -> Result<String, String>| match cell.value
        {
            Some(value) => made(value).map(Some).map_err(|what| fault(cell, what)),
            None => Ok(None),
        };
        match self.replacement {
            Replacement::Mask(mask) => cells
                .iter()
                .map(|cell| each(cell, &|value| masked(value, &mask.apply(value), mask.show)))
                .collect(),
            Replacement::Placeholder { text } => cells
                .iter()
                .map(|cell| each(cell, &|_| Ok(text.clone())))
                .collect(),
            Replacement::Encrypt { alphabet, domain } => {
                let cipher = FormatPreserving::new(&key, domain, *alphabet);
                let cipher = cipher.map_err(|error| VerifyError::WrongPlan {
                    what: error.to_string(),
                })?;
                let made = cells
                    .par_iter()
                    .map(|cell| each(cell, &|value| encrypted(&cipher, value)));
                made.collect()
            }
            Replacement::ShiftDate { days, subject } => self.shifted(cells, &key, *days, subject),
            Replacement::Noise {
                spread,
                shape,
                domain,
                ..
            } => {
                let noise = Noise::new(&key, *spread, *shape);
                let made = |cell: &Cell<'_>| {
                    let subject = cell.subject.unwrap_or_default();
                    each(cell, &|value| {
                        noise
                            .apply(domain, subject, value)
                            .map_err(|e| e.to_string())
                    })
                };
                cells.iter().map(made).collect()
            }
            Replacement::Surrogate { of, subject } => {
                let tokens = Tokens::new(&key);
                let render = at_once.then(|| Surrogates::new(&key));
                let made = |cell: &Cell<'_>| {
                    let about = cell.subject.zip(subject.as_ref());
                    let about = about.map(|(value, subject)| Subject {
                        domain: &subject.domain,
                        value,
                    });
                    each(cell, &|value| {
                        invented(*of, tokens.value(*of, about, value), render.as_ref())
                    })
                };
                cells.par_iter().map(made).collect()
            }
            Replacement::Redact { style } => {
                let tokens = Tokens::new(&key);
                let render = at_once.then(|| Surrogates::new(&key));
                let prose = Prose {
                    style: *style,
                    tokens: &tokens,
                    render: render.as_ref(),
                };
                let made = |detector: &mut Detector, cell: &Cell<'_>| match cell.value {
                    Some(value) => prose
                        .clean(detector, value)
                        .map(Some)
                        .map_err(|what| fault(cell, what)),
                    None => Ok(None),
                };
                cells.par_iter().map_init(Detector::new, made).collect()
            }
        }
    }

    /// Dates of one subject are all moved by the same number of days, none by more than `days`.
    fn shifted(
        &self,
        cells: &[Cell<'_>],
        key: &ProjectKey,
        days: u32,
        subject: &SubjectColumn,
    ) -> Result<Vec<Option<String>>, VerifyError> {
        let shift = DateShift::new(key, days);
        let mut moved: HashMap<&str, i64> = HashMap::new();
        let mut all = Vec::with_capacity(cells.len());
        for cell in cells {
            let (Some(value), Some(about)) = (cell.value, cell.subject) else {
                all.push(None);
                continue;
            };
            let fault = |what: &str| VerifyError::NotReplaced {
                row: cell.row as u64 + 1,
                column: self.source.name.clone(),
                what: what.to_owned(),
            };
            let made = shift.apply(&subject.domain, about, value);
            let made = made.map_err(|error| fault(&format!("the value {error}")))?;
            let (from, to) = (ordinal(value), ordinal(&made));
            let by = to.zip(from).map(|(to, from)| to - from);
            let by = by.ok_or_else(|| fault("the value is no date"))?;
            if by.unsigned_abs() > u64::from(days) || by == 0 {
                return Err(fault("the date is not moved as far as the profile says"));
            }
            if *moved.entry(about).or_insert(by) != by {
                return Err(fault("the dates of a subject do not keep their intervals"));
            }
            all.push(Some(made));
        }
        Ok(all)
    }
}

/// Days before a date, of the first date in a text, by counting years and months: code of its own.
fn ordinal(text: &str) -> Option<i64> {
    let numbers: Vec<&str> = text
        .split(|c: char| !c.is_ascii_digit())
        .filter(|part| !part.is_empty())
        .collect();
    let number = |text: &str| text.parse::<i64>().ok();
    let (year, month, day) = match numbers.as_slice() {
        [compact, ..] if compact.len() == 8 => (
            number(compact.get(..4)?)?,
            number(compact.get(4..6)?)?,
            number(compact.get(6..)?)?,
        ),
        [year, month, day, ..] if year.len() == 4 => (number(year)?, number(month)?, number(day)?),
        [day, month, year, ..] => (number(year)?, number(month)?, number(day)?),
        _ => return None,
    };
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let months = [
        31,
        if leap(year) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let before = year - 1;
    let of_years = 365 * before + before / 4 - before / 100 + before / 400;
    let of_months: i64 = months
        .iter()
        .take(usize::try_from(month).ok()?.checked_sub(1)?)
        .sum();
    Some(of_years + of_months + day)
}

/// A mask shows at most so many letters and digits, and half of them.
fn masked(value: &str, made: &str, show: u32) -> Result<String, String> {
    let shown = made.chars().filter(|c| c.is_alphanumeric()).count();
    let all = value.chars().filter(|c| c.is_alphanumeric()).count();
    if shown > show as usize || 2 * shown > all {
        return Err("the mask shows more than it may".to_owned());
    }
    Ok(made.to_owned())
}

/// An encrypted value leads back to the value.
fn encrypted(cipher: &FormatPreserving, value: &str) -> Result<String, String> {
    let made = cipher
        .encrypt(value)
        .map_err(|error| format!("the value {error}"))?;
    match cipher.decrypt(&made).as_deref() {
        Ok(back) if back == value => Ok(made),
        _ => Err("the encrypted value does not lead back to the value".to_owned()),
    }
}

/// A token holds nothing of the value, and an invented number is nobody's.
fn invented(
    of: SurrogateKind,
    tokens: String,
    render: Option<&Surrogates>,
) -> Result<String, String> {
    if !sandyq_replace::is_tokens(&tokens, of) {
        return Err("the value is not replaced by a token".to_owned());
    }
    let Some(render) = render else {
        return Ok(tokens);
    };
    let made = render.render(&tokens).into_owned();
    let digits: String = made.chars().filter(char::is_ascii_digit).collect();
    if of == SurrogateKind::Iin && Iin::parse(&digits).is_ok() {
        return Err("the invented number is a valid one".to_owned());
    }
    Ok(made)
}

/// Prose without what is personal.
struct Prose<'a> {
    style: RedactStyle,
    tokens: &'a Tokens,
    render: Option<&'a Surrogates>,
}

impl Prose<'_> {
    fn clean(&self, detector: &mut Detector, value: &str) -> Result<String, String> {
        let style = match self.style {
            RedactStyle::Placeholder => TextStyle::Placeholder,
            RedactStyle::Mask => TextStyle::Mask,
            RedactStyle::Surrogate => TextStyle::Tokens(self.tokens),
        };
        let made = sandyq_replace::redact(detector, value, style);
        if let Some(kind) = made.shows(detector, value) {
            return Err(format!(
                "the text still has what looks like {}",
                kind.as_str()
            ));
        }
        Ok(match self.render {
            Some(render) if self.style == RedactStyle::Surrogate => {
                render.render(&made.text).into_owned()
            }
            _ => made.text,
        })
    }
}
