//! The class that each row of the dataset is said to be in, held to the row.

use rayon::prelude::*;

use super::VerifyError;
use super::column::{Becomes, Column};
use crate::table::{Codes, each};

/// What may stand above what is looked up in a table of up to so many entries.
const TABLE: usize = 1 << 22;

/// The class that each row of the dataset is said to be in, where that does not follow from levels. It is only a claim: every row is held to what
/// its class says, and every class to its rows.
#[derive(Clone, Copy)]
pub(crate) struct Assignment<'a> {
    /// For each quasi-identifier, in the order of the columns of the dataset, what the classes show of it.
    pub shown: &'a [Shown<'a>],
    /// Number of classes.
    pub number: usize,
    /// What decides about the class of each row,
    pub of_row: &'a Codes,
    /// and by that, the class, counted from 1; 0 for rows that are suppressed.
    pub classes: &'a [u32],
}

/// What the classes show of a quasi-identifier.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown<'a> {
    /// Texts, a missing value as `None`.
    pub texts: Vec<Option<&'a str>>,
    /// By class, the place of what it shows among the texts.
    pub places: Vec<u32>,
}

/// The claimed classes in the codes of the columns.
pub(super) struct Claimed<'a> {
    assignment: Assignment<'a>,
    columns: Vec<Claim<'a>>,
    /// For each class the mark of its quasi-identifiers.
    pub marks: Vec<u64>,
}

/// A quasi-identifier of the claimed classes.
struct Claim<'a> {
    column: &'a Column<'a>,
    /// By class, the code of its value.
    labels: Vec<u32>,
    /// By code of the release, then code of the dataset, whether the one may come of the other; empty if that would be too long.
    covers: Vec<bool>,
    /// By class, where the codes of the dataset begin in `covers` that may become its value.
    begins: Vec<u32>,
}

impl<'a> Claimed<'a> {
    pub(super) fn new(
        columns: &'a [Column<'a>],
        assignment: Assignment<'a>,
    ) -> Result<Self, VerifyError> {
        let keys: Vec<_> = columns.iter().filter(|column| column.is_key()).collect();
        let claims = keys.into_par_iter().zip(assignment.shown);
        let claims = claims.map(|(column, shown)| Claim::new(column, shown));
        // The first of all faults is told, whichever was found first.
        let claims: Vec<Result<Claim<'_>, VerifyError>> = claims.collect();
        let claims = claims.into_iter().collect::<Result<Vec<_>, _>>()?;
        let mut marks = vec![0_u64; assignment.number];
        for claim in &claims {
            let codes = 0..claim.column.labels.len() as u32;
            let own: Vec<u64> = codes.map(|code| claim.column.mark(code)).collect();
            for (mark, code) in marks.iter_mut().zip(&claim.labels) {
                let own = own.get(*code as usize).copied().unwrap_or_default();
                *mark = mark.wrapping_add(own);
            }
        }
        Ok(Self {
            assignment,
            columns: claims,
            marks,
        })
    }

    /// The classes of the rows from one on, counted from 0; beyond all classes for those that are suppressed.
    pub(super) fn classes(&self, from: usize, classes: &mut [u32]) {
        each!(self.assignment.of_row, codes => {
            let codes = codes.get(from..).unwrap_or_default();
            for (class, code) in classes.iter_mut().zip(codes) {
                let said = self.assignment.classes.get(*code as usize);
                *class = said.map_or(u32::MAX, |class| class.wrapping_sub(1));
            }
        });
    }

    /// The first of the rows from one on, of these classes, of which a value cannot become what its class says.
    pub(super) fn wrong(&self, from: usize, classes: &[u32]) -> Option<usize> {
        let wrong = self
            .columns
            .iter()
            .filter_map(|claim| claim.wrong(from, classes));
        wrong.min()
    }
}

impl<'a> Claim<'a> {
    fn new(column: &'a Column<'a>, shown: &Shown<'_>) -> Result<Self, VerifyError> {
        let codes: Vec<Option<u32>> = shown.texts.iter().map(|text| column.code(*text)).collect();
        let code = |place: &u32| {
            let code = codes.get(*place as usize).copied().flatten();
            code.ok_or_else(|| VerifyError::WrongPlan {
                what: format!(
                    "a class has a value of {:?} that is not permitted",
                    column.name
                ),
            })
        };
        let mut claim = Self {
            column,
            labels: shown.places.iter().map(code).collect::<Result<_, _>>()?,
            covers: Vec::new(),
            begins: Vec::new(),
        };
        let (codes, labels) = (column.source.dictionary.len(), column.labels.len());
        if codes.saturating_mul(labels) <= TABLE {
            claim.covers = vec![false; codes * labels];
            for code in 0..codes {
                column.each_label(code as u32, |label| {
                    let place = label as usize * codes + code;
                    if let Some(covers) = claim.covers.get_mut(place) {
                        *covers = true;
                    }
                });
            }
            let begin = |label: &u32| label * codes as u32;
            claim.begins = claim.labels.iter().map(begin).collect();
        }
        Ok(claim)
    }

    fn works_out(&self, code: u32, label: u32) -> bool {
        match &self.column.becomes {
            Becomes::Same => label == code,
            Becomes::One(codes) => codes.get(code as usize) == Some(&label),
            Becomes::Some(codes) => codes
                .get(code as usize)
                .is_some_and(|some| some.contains(&label)),
            Becomes::OfClass(_) => false,
        }
    }

    #[allow(
        clippy::unnecessary_cast,
        reason = "the same lines for codes of every width"
    )]
    fn wrong(&self, from: usize, classes: &[u32]) -> Option<usize> {
        each!(&self.column.source.codes, codes => {
            let codes = codes.get(from..).unwrap_or_default();
            if !self.covers.is_empty() {
                // Nearly always all rows are covered: whether they are is asked of all at once.
                let all = codes.iter().zip(classes).fold(true, |all, (code, class)| {
                    let begin = self.begins.get(*class as usize);
                    all & begin.is_none_or(|begin| {
                        let place = *begin as usize + *code as usize;
                        self.covers.get(place).copied().unwrap_or_default()
                    })
                });
                if all {
                    return None;
                }
            }
            let place = codes.iter().zip(classes).position(|(code, class)| {
                let label = self.labels.get(*class as usize);
                label.is_some_and(|label| !self.works_out(*code as u32, *label))
            });
            place.map(|place| from + place)
        })
    }
}
