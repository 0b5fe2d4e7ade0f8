//! What is told of a dataset: the types of its columns, with what speaks for them.

use serde::{Deserialize, Serialize};

use crate::column::Column;
use crate::decide::{Decision, Hidden, decide, header_is_data, shown};
use crate::header::hints;
use crate::mask::mask;
use crate::read::{Encoding, File};
use crate::semantic::SemanticType;
use crate::sign::Sign;
use crate::suggest::{Suggestion, suggest};

/// Examples of a column.
const EXAMPLES: usize = 3;

/// What is in each column of a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Classification {
    /// `csv`, `ndjson` or `parquet`.
    pub format: String,
    /// Of text files.
    pub encoding: Option<Encoding>,
    /// Of CSV files.
    pub delimiter: Option<char>,
    /// Rows of data.
    pub rows: u64,
    /// Rows with more or fewer cells than the first.
    pub ragged_rows: u64,
    /// Whether the first record of a CSV file names the columns. Where it does not, columns are called `column_1` and so on.
    pub header: bool,
    /// Whether a name of a column is itself a name or number of a person, and so is not shown.
    pub personal_header: bool,
    /// In the order of the file.
    pub columns: Vec<ColumnClass>,
}

/// What one column is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ColumnClass {
    /// From 1.
    pub position: usize,
    /// As in the header; `column_7` where there is none or where the header itself is personal.
    pub name: String,
    /// What the values mean.
    #[serde(rename = "type")]
    pub semantic: SemanticType,
    /// From 0 to 1.
    pub confidence: f64,
    /// Cells with a value.
    pub present: u64,
    /// Cells without one, or with a word for none.
    pub missing: u64,
    /// Different values: exact up to 400, within some two percent beyond.
    pub distinct: u64,
    /// Cells that are of the type by themselves.
    pub matched: u64,
    /// Whether cells of other types are among them.
    pub mixed: bool,
    /// Identifiers among values of another type.
    pub hidden: Vec<Hidden>,
    /// What speaks for the type.
    pub evidence: Vec<String>,
    /// The forms of a few values: letters and digits are replaced.
    pub examples: Vec<String>,
    /// What to do with it, until the owner decides.
    pub suggestion: Suggestion,
}

impl Classification {
    /// Columns with identifiers of persons, as a whole or in single cells.
    pub fn direct(&self) -> impl Iterator<Item = &ColumnClass> {
        self.columns
            .iter()
            .filter(|column| column.semantic.is_direct() || !column.hidden.is_empty())
    }

    pub(crate) fn of(mut file: File) -> Self {
        let header = file.form != "csv"
            || !(file.survey.rows > 0 && header_is_data(&file.names, &file.survey));
        Self::with_header(&mut file, header)
    }

    /// With what is known of the header.
    pub(crate) fn with_header(file: &mut File, header: bool) -> Self {
        if !header {
            for name in &file.names {
                file.survey.cell(name.as_bytes());
            }
            file.survey.end_row();
            file.survey.settle();
        }
        let names: Vec<String> = (0..file.survey.columns.len().max(file.names.len()))
            .map(|place| name(file, place, header))
            .collect();
        let empty = Column::new(false);
        let hinted: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(place, name)| {
                if header && place < file.names.len() {
                    hints(name)
                } else {
                    Vec::new()
                }
            })
            .collect();
        while file.survey.columns.len() < names.len() {
            file.survey.columns.push(Column::new(false));
        }
        let decisions = decide(&file.survey, &hinted);
        let columns = names
            .into_iter()
            .zip(decisions)
            .enumerate()
            .map(|(place, (name, decision))| {
                let column = file.survey.columns.get(place).unwrap_or(&empty);
                describe(place, name, column, decision, file.survey.rows)
            })
            .collect();
        Self {
            format: file.form.to_owned(),
            encoding: (file.form != "parquet").then_some(file.encoding),
            delimiter: file.delimiter.map(char::from),
            rows: file.survey.rows,
            ragged_rows: file.survey.ragged,
            header,
            personal_header: file.names.iter().any(|name| is_personal(name)),
            columns,
        }
    }
}

/// The name of a column, unless that is itself a name or number of a person.
fn name(file: &File, place: usize, header: bool) -> String {
    let given = file
        .names
        .get(place)
        .map(|name| name.trim())
        .filter(|name| header && !name.is_empty());
    match given {
        Some(name) if !is_personal(name) => name.to_owned(),
        _ => format!("column_{}", place + 1),
    }
}

fn is_personal(name: &str) -> bool {
    let signs = crate::cell::Observer::new().observe(name.as_bytes()).signs;
    let telling = [
        Sign::Iin,
        Sign::Bin,
        Sign::Phone,
        Sign::Email,
        Sign::Iban,
        Sign::Card,
        Sign::Inside,
        Sign::Template,
    ];
    telling.iter().any(|sign| signs.has(*sign))
        || (signs.has(Sign::FullName) && hints(name).is_empty())
}

fn describe(
    place: usize,
    name: String,
    column: &Column,
    decision: Decision,
    rows: u64,
) -> ColumnClass {
    let present = column.present();
    let suggestion = suggest(&decision, column);
    ColumnClass {
        position: place + 1,
        name,
        semantic: decision.semantic,
        confidence: (decision.confidence * 100.0).round() / 100.0,
        present,
        missing: rows.saturating_sub(present),
        distinct: column.distinct(),
        matched: decision.matched,
        mixed: decision.mixed,
        evidence: evidence(column, &decision),
        examples: examples(column, decision.semantic),
        hidden: decision.hidden,
        suggestion,
    }
}

fn evidence(column: &Column, decision: &Decision) -> Vec<String> {
    let mut evidence = Vec::new();
    if column.present() == 0 {
        evidence.push("no value at all".to_owned());
    } else if decision.matched > 0 && decision.semantic != SemanticType::Category {
        evidence.push(format!(
            "{} of {} values match",
            decision.matched,
            column.present()
        ));
    }
    if matches!(decision.semantic, SemanticType::Iin | SemanticType::Bin) {
        let sign = if decision.semantic == SemanticType::Iin {
            Sign::Iin
        } else {
            Sign::Bin
        };
        evidence.push(format!(
            "{} have the right check digit",
            column.count_of(sign)
        ));
    }
    if decision.header.is_some() {
        evidence.push("the header says so".to_owned());
    }
    evidence.extend(decision.neighbours.map(str::to_owned));
    if decision.semantic == SemanticType::Category && column.present() > 0 {
        evidence.push(format!("{} different values", column.distinct()));
    }
    if column.count_of(Sign::OtherEncoding) > 0 {
        evidence.push(format!(
            "{} values are in another encoding than the file",
            column.count_of(Sign::OtherEncoding)
        ));
    }
    for hidden in &decision.hidden {
        let what = if hidden.semantic == SemanticType::FreeText {
            "identifiers in text"
        } else {
            hidden.semantic.as_str()
        };
        evidence.push(format!(
            "{} of {} values are {what}, the first in row {}",
            hidden.count,
            column.present(),
            hidden.first_row
        ));
    }
    evidence
}

fn examples(column: &Column, semantic: SemanticType) -> Vec<String> {
    let mut examples: Vec<String> = Vec::new();
    let wanted = shown(semantic);
    for sign in wanted.iter().chain(Sign::ALL) {
        for (_, text) in column.examples.iter().filter(|(kept, _)| kept == sign) {
            if examples.len() < EXAMPLES && !examples.contains(text) {
                examples.push(text.clone());
            }
        }
    }
    examples
}

/// The form of a text, as examples show it.
#[must_use]
pub fn masked(text: &str) -> String {
    mask(text.as_bytes())
}
