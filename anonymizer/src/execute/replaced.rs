//! Columns whose single values are replaced.

use hashbrown::HashMap;
use rayon::prelude::*;
use sandyq_detect::Detector;
use sandyq_replace::{
    DateShift, FormatPreserving, Noise, PartialMask, Subject, SurrogateKind, Surrogates, TextStyle,
    Tokens, redact,
};

use super::ExecuteError;
use crate::cancel::Cancel;
use crate::group::{Groups, Key};
use crate::input::{Input, InputError, Source};
use crate::profile::{RedactStyle, Replacement, SubjectColumn, Transform};
use crate::pseudonym::PseudonymKey;
use crate::table::{Codes, Dictionary};

/// Values that are replaced between two looks at whether the work was stopped.
const CHUNK: usize = 4096;

/// Values that cannot be replaced which are remembered, to name the first row of the file among them.
const MOST_FAILED: usize = 1 << 16;

/// A column whose values were replaced.
pub(super) struct Replaced {
    /// What stands in each row; `None` for the codes of the column itself.
    pub rows: Option<Codes>,
    /// The code in the dictionary of each of that.
    pub map: Vec<u32>,
    pub dictionary: Dictionary,
}

/// What replaces a value.
enum By {
    Mask(PartialMask),
    Text(String),
    Cipher(Box<FormatPreserving>),
    Shift(DateShift, String),
    Noise(Noise, String),
    Surrogate(Box<Tokens>, SurrogateKind, String),
    Redact(Option<Box<Tokens>>, RedactStyle),
}

/// By place, the columns whose single values are replaced.
pub(super) fn columns(
    input: &Input<'_>,
    key: &PseudonymKey,
    cancel: &Cancel,
) -> Result<Vec<Option<Replaced>>, ExecuteError> {
    let column = |source: &Source<'_>| match &source.rule.transform {
        Transform::Replace(replacement) => {
            let replacing = Replacing::new(input, source, replacement, key)?;
            replacing.column(cancel).map(Some)
        }
        _ => Ok(None),
    };
    input.columns.iter().map(column).collect()
}

/// One column at work.
struct Replacing<'a> {
    input: &'a Input<'a>,
    source: &'a Source<'a>,
    by: By,
    /// Turns tokens into surrogates at once.
    surrogates: Option<Surrogates>,
    subject: Option<&'a SubjectColumn>,
}

impl<'a> Replacing<'a> {
    fn new(
        input: &'a Input<'a>,
        source: &'a Source<'a>,
        replacement: &'a Replacement,
        key: &PseudonymKey,
    ) -> Result<Self, ExecuteError> {
        let project = key.project();
        let domain = || {
            let subject = replacement.subject();
            subject
                .map(|subject| subject.domain.clone())
                .unwrap_or_default()
        };
        let by = match replacement {
            Replacement::Mask(mask) => By::Mask(*mask),
            Replacement::Placeholder { text } => By::Text(text.clone()),
            Replacement::Encrypt { alphabet, domain } => {
                let cipher = FormatPreserving::new(&project, domain, *alphabet);
                By::Cipher(Box::new(
                    cipher.map_err(|error| refused(input, source, 0, error))?,
                ))
            }
            Replacement::ShiftDate { days, .. } => {
                By::Shift(DateShift::new(&project, *days), domain())
            }
            Replacement::Noise {
                spread,
                shape,
                domain,
                ..
            } => By::Noise(Noise::new(&project, *spread, *shape), domain.clone()),
            Replacement::Surrogate { of, .. } => {
                By::Surrogate(Box::new(Tokens::new(&project)), *of, domain())
            }
            Replacement::Redact { style } => {
                let tokens =
                    (*style == RedactStyle::Surrogate).then(|| Box::new(Tokens::new(&project)));
                By::Redact(tokens, *style)
            }
        };
        let at_once = replacement.makes_tokens() && key.surrogates_at_once();
        Ok(Self {
            input,
            source,
            by,
            surrogates: at_once.then(|| Surrogates::new(&project)),
            subject: replacement.subject(),
        })
    }

    fn column(&self, cancel: &Cancel) -> Result<Replaced, ExecuteError> {
        let Some(subject) = self.subject else {
            let values: Vec<(Option<&str>, Option<&str>)> = self
                .source
                .dictionary
                .texts()
                .map(|text| (text, None))
                .collect();
            let made = self.values(&values, cancel, |place| place as u32)?;
            let (dictionary, map) = Dictionary::of_labels(made.iter().map(Option::as_deref));
            return Ok(Replaced {
                rows: None,
                map,
                dictionary,
            });
        };
        let table = self.input.table;
        let column = table
            .column(&subject.column)
            .ok_or_else(|| InputError::AbsentColumn {
                dataset: table.name().to_owned(),
                column: subject.column.clone(),
            })?;
        let subjects = Key {
            rows: &column.codes,
            map: None,
            cardinality: column.dictionary.len(),
            lowest: 0,
        };
        let groups = Groups::of(&[subjects, self.source.key()], table.rows(), None, true);
        let pair = |group| {
            let value = self.source.dictionary.text(groups.code(group, 1));
            (value, column.dictionary.text(groups.code(group, 0)))
        };
        let pairs: Vec<_> = (0..groups.len()).map(pair).collect();
        let made = self.values(&pairs, cancel, |place| groups.code(place, 1))?;
        let (dictionary, map) = Dictionary::of_labels(made.iter().map(Option::as_deref));
        let mut rows = Codes::default();
        rows.extend(groups.len(), groups.of_row.iter().copied());
        Ok(Replaced {
            rows: Some(rows),
            map,
            dictionary,
        })
    }

    /// What each value becomes, with its subject; `code` is the code of a value by its place.
    fn values(
        &self,
        values: &[(Option<&str>, Option<&str>)],
        cancel: &Cancel,
        code: impl Fn(usize) -> u32,
    ) -> Result<Vec<Option<String>>, ExecuteError> {
        let (mut all, mut failed) = (Vec::with_capacity(values.len()), HashMap::new());
        for (chunk, from) in values.chunks(CHUNK).zip((0..).step_by(CHUNK)) {
            if cancel.is_cancelled() {
                return Err(ExecuteError::Cancelled {
                    dataset: self.input.table.name().to_owned(),
                });
            }
            let made: Vec<Result<Option<String>, String>> = chunk
                .par_iter()
                .map_init(Detector::new, |detector, (value, subject)| {
                    self.value(detector, *value, *subject)
                })
                .collect();
            for (made, place) in made.into_iter().zip(from..) {
                match made {
                    Ok(made) => all.push(made),
                    Err(what) if failed.len() < MOST_FAILED => {
                        drop(failed.insert(code(place), what))
                    }
                    Err(_) => {}
                }
            }
        }
        match failed.is_empty() {
            true => Ok(all),
            false => Err(self.first(&failed)),
        }
    }

    /// Values are looked at in their order, rows in that of the file: the message names the first row.
    fn first(&self, failed: &HashMap<u32, String>) -> ExecuteError {
        let code = self
            .source
            .codes
            .iter()
            .find(|code| failed.contains_key(code));
        let code = code.unwrap_or_default();
        refused(
            self.input,
            self.source,
            code,
            failed.get(&code).map_or("", String::as_str),
        )
    }

    fn value(
        &self,
        detector: &mut Detector,
        value: Option<&str>,
        subject: Option<&str>,
    ) -> Result<Option<String>, String> {
        let Some(value) = value else { return Ok(None) };
        let made = match &self.by {
            By::Mask(mask) => mask.apply(value),
            By::Text(text) => text.clone(),
            By::Cipher(cipher) => cipher.encrypt(value).map_err(|error| error.to_string())?,
            // Whose date it is must be known; otherwise intervals would say that two are the same person's.
            By::Shift(shift, domain) => match subject {
                Some(subject) => shift
                    .apply(domain, subject, value)
                    .map_err(|error| error.to_string())?,
                None => return Ok(None),
            },
            By::Noise(noise, domain) => {
                let made = noise.apply(domain, subject.unwrap_or_default(), value);
                made.map_err(|error| error.to_string())?
            }
            By::Surrogate(tokens, of, domain) => {
                let subject = subject.map(|value| Subject { domain, value });
                tokens.value(*of, subject, value)
            }
            By::Redact(tokens, style) => {
                let style = match (style, tokens) {
                    (RedactStyle::Surrogate, Some(tokens)) => TextStyle::Tokens(tokens),
                    (RedactStyle::Mask, _) => TextStyle::Mask,
                    _ => TextStyle::Placeholder,
                };
                redact(detector, value, style).text
            }
        };
        Ok(Some(match &self.surrogates {
            Some(surrogates) => surrogates.render(&made).into_owned(),
            None => made,
        }))
    }
}

/// A value that cannot be replaced, by its code.
fn refused(
    input: &Input<'_>,
    source: &Source<'_>,
    code: u32,
    what: impl std::fmt::Display,
) -> ExecuteError {
    let row = source.codes.iter().position(|found| found == code);
    ExecuteError::Replace {
        dataset: input.table.name().to_owned(),
        row: row.unwrap_or_default() as u64 + 1,
        column: source.name.to_owned(),
        what: what.to_string(),
    }
}
