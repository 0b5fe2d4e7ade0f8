//! Counting what was found of what is there.

use std::collections::BTreeMap;

use sandyq_synth::label::{Document, Language, Span};

/// Counts of one kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    /// Labelled spans.
    pub labels: usize,
    found: usize,
    /// Labels found with the same edges, labels touched; found spans that are right, that touch a label.
    exact: usize,
    touched: usize,
    right: usize,
    touching: usize,
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

impl Score {
    pub fn recall(&self) -> f64 {
        ratio(self.exact, self.labels)
    }

    pub fn precision(&self) -> f64 {
        ratio(self.right, self.found)
    }

    pub fn partial_recall(&self) -> f64 {
        ratio(self.touched, self.labels)
    }

    pub fn partial_precision(&self) -> f64 {
        ratio(self.touching, self.found)
    }

    fn plus(&mut self, other: &Self) {
        self.labels += other.labels;
        self.found += other.found;
        self.exact += other.exact;
        self.touched += other.touched;
        self.right += other.right;
        self.touching += other.touching;
    }
}

/// Counts by kind and language.
#[derive(Debug, Default)]
pub struct Tally {
    scores: BTreeMap<(String, Language), Score>,
    /// Names of which no list has a part.
    pub unlisted: Score,
    confusions: BTreeMap<(String, String), usize>,
    foreign: BTreeMap<String, usize>,
}

/// Kinds that the corpora do not label, or only now and then: finding them is neither right nor wrong.
const FOREIGN: &[&str] = &["ORGANIZATION", "URL", "MAC", "COORDINATES"];

/// A span without what is a matter of taste at its edges: signs, and the word for "year" behind a date.
fn trimmed(span: &Span, letters: &[char]) -> (usize, usize) {
    let (mut start, mut end) = (span.start, span.end);
    let letter = |place: usize| letters.get(place).copied().unwrap_or(' ');
    let trim = |mut start: usize, mut end: usize| {
        while start < end
            && !letter(start).is_alphanumeric()
            && !matches!(letter(start), '+' | '(' | '@')
        {
            start += 1;
        }
        while end > start && !letter(end - 1).is_alphanumeric() {
            end -= 1;
        }
        (start, end)
    };
    (start, end) = trim(start, end);
    if span.kind == "BIRTHDATE" {
        let text: String = letters
            .get(start..end)
            .unwrap_or(&[])
            .iter()
            .collect::<String>()
            .to_lowercase();
        for word in [
            " года рождения",
            " года",
            " г.р",
            " г",
            " жылы",
            " жыл",
            " ж.т",
            " ж",
        ] {
            if text.ends_with(word) {
                (start, end) = trim(start, end - word.chars().count());
                break;
            }
        }
    }
    (start, end)
}

impl Tally {
    /// Counts a document; what is wrong is told in lines "KIND missed|false|edges: text".
    pub fn add(&mut self, document: &Document, found: &[Span]) -> Vec<String> {
        let letters: Vec<char> = document.text.chars().collect();
        let edges = |span: &Span| trimmed(span, &letters);
        let touch = |a: &Span, b: &Span| a.start < b.end && b.start < a.end;
        let text = |span: &Span| {
            letters
                .get(span.start..span.end)
                .unwrap_or(&[])
                .iter()
                .collect::<String>()
        };
        let mut wrong = Vec::new();
        for label in document.spans.iter().filter(|label| !label.optional) {
            let same: Vec<&Span> = found
                .iter()
                .filter(|span| span.kind == label.kind && touch(span, label))
                .collect();
            let exact = same.iter().any(|span| edges(span) == edges(label));
            let one = Score {
                labels: 1,
                exact: exact.into(),
                touched: (!same.is_empty()).into(),
                ..Score::default()
            };
            self.scores
                .entry((label.kind.clone(), document.language))
                .or_default()
                .plus(&one);
            if label.unlisted {
                self.unlisted.plus(&one);
            }
            if same.is_empty() {
                let other = found
                    .iter()
                    .find(|span| touch(span, label))
                    .map_or("-", |span| span.kind.as_str());
                *self
                    .confusions
                    .entry((label.kind.clone(), other.to_owned()))
                    .or_insert(0) += 1;
                wrong.push(format!("{} missed: {}", label.kind, text(label)));
            } else if !exact {
                wrong.push(format!(
                    "{} edges: {} / {}",
                    label.kind,
                    text(label),
                    same.first().map(|span| text(span)).unwrap_or_default()
                ));
            }
        }
        for span in found {
            if FOREIGN.contains(&span.kind.as_str()) {
                *self.foreign.entry(span.kind.clone()).or_insert(0) += 1;
                continue;
            }
            let same = |label: &&Span| label.kind == span.kind && touch(span, label);
            let touching = document.spans.iter().any(|label| same(&label));
            if document
                .spans
                .iter()
                .any(|label| label.optional && touch(span, label))
            {
                continue;
            }
            let right = document
                .spans
                .iter()
                .filter(same)
                .any(|label| edges(label) == edges(span));
            let one = Score {
                found: 1,
                right: right.into(),
                touching: touching.into(),
                ..Score::default()
            };
            self.scores
                .entry((span.kind.clone(), document.language))
                .or_default()
                .plus(&one);
            if !touching {
                wrong.push(format!("{} false: {}", span.kind, text(span)));
            }
        }
        wrong
    }

    /// The sum over some kinds, in one language or all.
    pub fn sum(&self, kinds: &[&str], language: Option<Language>) -> Score {
        let mut total = Score::default();
        for ((kind, of), score) in &self.scores {
            if kinds.contains(&kind.as_str()) && language.is_none_or(|language| language == *of) {
                total.plus(score);
            }
        }
        total
    }

    /// The sum of every kind.
    pub fn kinds(&self) -> Vec<(String, Score)> {
        let mut kinds: Vec<&String> = self.scores.keys().map(|(kind, _)| kind).collect();
        kinds.dedup();
        kinds
            .into_iter()
            .map(|kind| (kind.clone(), self.sum(&[kind], None)))
            .collect()
    }

    /// What missed labels were taken for, most frequent first.
    pub fn confusions(&self) -> String {
        let mut all: Vec<_> = self.confusions.iter().collect();
        all.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let shown = all
            .iter()
            .take(24)
            .map(|((label, other), count)| format!("{label}->{other} {count}"));
        shown.collect::<Vec<_>>().join(", ")
    }

    /// What was found of kinds that are not labelled.
    pub fn foreign(&self) -> String {
        let shown = self
            .foreign
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"));
        shown.collect::<Vec<_>>().join(", ")
    }
}
