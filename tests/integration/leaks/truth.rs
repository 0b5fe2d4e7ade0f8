//! The values by which the people of a registry are told, and how they are found in a text.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::path::Path;

use sandyq_anonymizer::{Encoding, Format, Limits, intake};
use serde_json::Value;

/// Fewest letters and digits of a value that can be told from other words.
const LEAST: usize = 5;

/// Kinds of places in texts that are no identifiers of people by themselves.
const OTHER: &[&str] = &["BIRTHDATE", "KATO", "BIN", "ORGANIZATION", "URL", "IP"];

/// The words of a text, in lower case; letters and digits part.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut digit) = (vec![String::new()], false);
    for character in text.chars() {
        let breaks = !character.is_alphanumeric() || character.is_numeric() != digit;
        digit = character.is_numeric();
        if breaks && words.last().is_some_and(|last| !last.is_empty()) {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            words.last_mut().unwrap().extend(character.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What is true of the people of a registry.
#[derive(Default)]
pub struct Truth {
    /// Values with letters, by their first words.
    texts: HashMap<String, BTreeSet<Vec<String>>>,
    /// Values of digits alone, without what stands between.
    numbers: HashSet<String>,
}

/// Groups that the digits of a number are written in at most.
const GROUPS: usize = 7;

fn is_number(word: &str) -> bool {
    word.chars().all(char::is_numeric)
}

impl Truth {
    fn add(&mut self, value: &str) {
        let words = words(value);
        let letters: usize = words.iter().map(|word| word.chars().count()).sum();
        let Some(first) = words.first().filter(|_| letters >= LEAST) else {
            return;
        };
        if words.iter().all(|word| is_number(word)) {
            let number = words.concat();
            // 8 and +7 lead to the same telephone.
            if let Some(national) = number.get(1..).filter(|_| number.len() == 11) {
                self.numbers.insert(format!("7{national}"));
                self.numbers.insert(format!("8{national}"));
            }
            self.numbers.insert(number);
        } else {
            let of_first = self.texts.entry(first.clone()).or_default();
            of_first.insert(words);
        }
    }

    pub fn count(&self) -> usize {
        self.numbers.len() + self.texts.values().map(BTreeSet::len).sum::<usize>()
    }

    /// Reads the tables and labels of a registry.
    pub fn of(folder: &Path) -> Self {
        let mut truth = Self::default();
        let text = fs::read_to_string(folder.join("labels/library.json")).unwrap();
        let tables: Value = serde_json::from_str(&text).unwrap();
        for table in tables.as_array().unwrap() {
            let file = table["file"].as_str().unwrap();
            let read = intake::read(
                "t",
                File::open(folder.join(file)).unwrap(),
                &format(table),
                &Limits::default(),
            )
            .unwrap();
            for column in table["columns"].as_array().unwrap() {
                let name = column["name"].as_str().unwrap();
                if column["direct"] == true {
                    read.values(name)
                        .unwrap()
                        .for_each(|value| truth.add(value));
                }
                if let Some(spans) = column["spans"].as_str() {
                    let spans = fs::read_to_string(folder.join(spans)).unwrap();
                    truth.add_spans(&spans, &texts(folder, table, name));
                }
            }
        }
        truth
    }

    /// Adds the marked places of texts, a line of marks for each.
    fn add_spans(&mut self, spans: &str, texts: &HashMap<String, String>) {
        for line in spans.lines() {
            let marks: Value = serde_json::from_str(line).unwrap();
            let text: Vec<char> = texts[marks["id"].as_str().unwrap()].chars().collect();
            for mark in marks["spans"].as_array().unwrap() {
                let kind = mark["type"].as_str().unwrap();
                if OTHER.contains(&kind) || mark["optional"] == true {
                    continue;
                }
                let at = |end: &str| mark[end].as_u64().unwrap() as usize;
                let value: String = text[at("start")..at("end")].iter().collect();
                self.add(&value);
            }
        }
    }

    /// The values that stand in a text.
    pub fn found_in(&self, text: &str) -> BTreeSet<String> {
        let words = words(text);
        let mut found = BTreeSet::new();
        for (place, word) in words.iter().enumerate() {
            let rest = &words[place..];
            for value in self.texts.get(word).into_iter().flatten() {
                if rest.starts_with(value) {
                    found.insert(value.join(" "));
                }
            }
            let groups = rest.iter().take_while(|word| is_number(word)).take(GROUPS);
            let mut number = String::new();
            for group in groups {
                number.push_str(group);
                if self.numbers.contains(&number) {
                    found.insert(number.clone());
                }
            }
        }
        found
    }
}

fn format(table: &Value) -> Format {
    if table["format"] == "ndjson" {
        return Format::Ndjson;
    }
    Format::Csv {
        delimiter: Some(table["delimiter"].as_str().unwrap().as_bytes()[0]),
        encoding: match table["encoding"].as_str() {
            Some("windows-1251") => Encoding::Windows1251,
            _ => Encoding::Utf8,
        },
    }
}

/// The texts of a column by the identifiers of their records.
fn texts(folder: &Path, table: &Value, column: &str) -> HashMap<String, String> {
    let text = fs::read_to_string(folder.join(table["file"].as_str().unwrap())).unwrap();
    if table["format"] == "ndjson" {
        let record = |line: &str| {
            let record: Value = serde_json::from_str(line).unwrap();
            let field = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
            (field("id"), field(column))
        };
        return text.lines().map(record).collect();
    }
    let mut records = records(&text, table["delimiter"].as_str().unwrap());
    let header = records.remove(0);
    let place = header.iter().position(|name| name == column).unwrap();
    let text = |record: Vec<String>| (record[0].clone(), record[place].clone());
    records.into_iter().map(text).collect()
}

/// The records of a CSV file.
fn records(text: &str, delimiter: &str) -> Vec<Vec<String>> {
    let delimiter = delimiter.chars().next().unwrap();
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut before) = (false, ' ');
    for letter in text.trim_start_matches('\u{feff}').chars() {
        match letter {
            '"' => {
                if quoted || before != '"' {
                    quoted = !quoted;
                } else {
                    cell.push('"');
                    quoted = true;
                }
            }
            '\r' if !quoted => {}
            _ if quoted => cell.push(letter),
            '\n' => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            _ if letter == delimiter => record.push(std::mem::take(&mut cell)),
            _ => cell.push(letter),
        }
        before = letter;
    }
    records
}

#[test]
fn what_is_looked_for_would_be_found() {
    let mut truth = Truth::default();
    for value in [
        "900101300017",
        "Ахметов",
        "+7 (701) 123-45-67",
        "Ли",
        "a.b@mail.kz",
    ] {
        truth.add(value);
    }
    for text in [
        "row 3: 900101300017",
        "{\"name\":\"АХМЕТОВ\"}",
        "тел. +77011234567",
        "8 701 123 45 67, 12",
        "x<b>a.b@mail.kz</b>",
    ] {
        assert_eq!(truth.found_in(text).len(), 1, "{text}");
    }
    let other = truth.found_in("9001013000170 Ахметова Лия 701 123, mail.kz");
    assert!(other.is_empty(), "{other:?}");
    let cells = records("a;b\n\"x;\"\"y\"\"\";2\r\n;\n", ";");
    assert_eq!(cells, [vec!["a", "b"], vec!["x;\"y\"", "2"], vec!["", ""]]);
}
