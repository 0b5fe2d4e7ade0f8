//! What is known of the invented texts: the truth that recognizers are measured against.

use serde::{Deserialize, Serialize};

/// The language of a text.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Russian.
    Russian,
    /// Kazakh in Cyrillic.
    Kazakh,
    /// Both, from one sentence to the next or within a sentence.
    Mixed,
}

/// A place in a text that is personal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Span {
    /// Where it begins, in Unicode code points.
    pub start: usize,
    /// Where it ends, in Unicode code points, exclusive.
    pub end: usize,
    /// Its type, by the name that the recognizers give it: PERSON, IIN...
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether people may disagree if it is personal at all (the name of a city alone). It counts neither way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Whether it is a name of which sandyq-words has no part.
    #[serde(skip)]
    pub unlisted: bool,
}

/// A text with what is personal in it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Document {
    /// Unique in its corpus.
    pub id: String,
    /// The text.
    pub text: String,
    /// Its language.
    pub language: Language,
    /// Kinds of writing: clinic, school, appeal, chat...
    pub genre: String,
    /// What is personal, in the order of the text; never overlapping.
    pub spans: Vec<Span>,
}

/// A table of a library: how to read it and what its columns hold.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Table {
    /// The name of its file.
    pub file: String,
    /// csv or ndjson.
    pub format: String,
    /// utf-8 or windows-1251.
    pub encoding: String,
    /// The delimiter of a CSV file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<String>,
    /// How many records it has.
    pub rows: u64,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

/// A column of a table.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Column {
    /// As the header spells it.
    pub name: String,
    /// The semantic type of its values.
    #[serde(rename = "type")]
    pub kind: String,
    /// Types that are as right: marks are numbers and a list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<String>,
    /// Whether a value singles out a person by itself.
    pub direct: bool,
    /// The file of the spans of its texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spans: Option<String>,
}
