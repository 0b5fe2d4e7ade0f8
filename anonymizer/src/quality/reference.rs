//! The population that data is to speak for.
//!
//! A CSV file with the columns `dimension`, `category`, `people` and, optionally, `names`: what else a category is called, separated by
//! `|`. Dimensions are `sex`, `age_group` (`18-44`, `75+`) and `region` (two digits of the classifier of administrative units).

use std::collections::HashMap;

/// A reference population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    dimensions: Vec<Dimension>,
}

/// One dimension of a population.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dimension {
    pub name: String,
    /// Categories and their people, in the order of the file.
    pub categories: Vec<(String, f64)>,
    /// The category, by what it is called, in lower case.
    names: HashMap<String, usize>,
}

/// Why a reference population cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceError {
    /// The first line does not name the columns.
    #[error("reference: the first line must be `dimension,category,people,names`")]
    Header,
    /// A line that is wrong.
    #[error("reference, line {line}: {what}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
}

const KAZAKHSTAN: &str = include_str!("../../../examples/reference/kazakhstan.csv");

const MOST_LINES: usize = 100_000;

impl Reference {
    /// The reference populations that the program has.
    pub const BUILTIN: &'static [&'static str] = &["kazakhstan"];

    /// A reference population that the program has: `kazakhstan`, a sample by the Bureau of National Statistics.
    #[must_use]
    pub fn builtin(name: &str) -> Option<Self> {
        (name == "kazakhstan")
            .then(|| Self::parse(KAZAKHSTAN).ok())
            .flatten()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`ReferenceError`] with the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().zip(1..);
        let header = lines.next().map(|(line, _)| line.trim());
        if !header.is_some_and(|header| header.starts_with("dimension,category,people")) {
            return Err(ReferenceError::Header);
        }
        let mut reference = Self::default();
        for (text, line) in lines.filter(|(text, _)| !text.trim().is_empty()) {
            let fault = |what| ReferenceError::Line { line, what };
            if line > MOST_LINES {
                return Err(fault("the file has too many lines"));
            }
            let mut cells = text.split(',').map(str::trim);
            let (name, category) = (cells.next(), cells.next());
            let name = name.filter(|name| matches!(*name, "sex" | "age_group" | "region"));
            let name = name.ok_or_else(|| fault("the dimension is sex, age_group or region"))?;
            let category = category.filter(|category| !category.is_empty());
            let category = category.ok_or_else(|| fault("there is no category"))?;
            let people = cells.next().and_then(|people| people.parse::<f64>().ok());
            let people = people.filter(|people| people.is_finite() && *people > 0.0);
            let people = people.ok_or_else(|| fault("people must be a number above 0"))?;
            if name == "age_group" && ages(category).is_none() {
                return Err(fault("an age group is written 18-44 or 75+"));
            }
            let names = cells.next().unwrap_or_default().split('|');
            if !reference.add(name, category, people, names) {
                return Err(fault("the category or a name of it occurs twice"));
            }
        }
        Ok(reference)
    }

    fn add<'n>(
        &mut self,
        name: &str,
        category: &'n str,
        people: f64,
        names: impl Iterator<Item = &'n str>,
    ) -> bool {
        let place = self.dimensions.iter().position(|known| known.name == name);
        let place = place.unwrap_or_else(|| {
            self.dimensions.push(Dimension {
                name: name.to_owned(),
                ..Dimension::default()
            });
            self.dimensions.len() - 1
        });
        let Some(dimension) = self.dimensions.get_mut(place) else {
            return false;
        };
        if dimension
            .categories
            .iter()
            .any(|(known, _)| known == category)
        {
            return false;
        }
        let number = dimension.categories.len();
        dimension.categories.push((category.to_owned(), people));
        let names = names.map(str::trim).filter(|name| !name.is_empty());
        std::iter::once(category).chain(names).all(|name| {
            let before = dimension.names.insert(name.to_lowercase(), number);
            before.is_none_or(|before| before == number)
        })
    }

    pub(super) fn dimension(&self, name: &str) -> Option<&Dimension> {
        self.dimensions
            .iter()
            .find(|dimension| dimension.name == name)
    }
}

impl Dimension {
    /// The category that is called so.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        self.names.get(&name.trim().to_lowercase()).copied()
    }

    /// The category of an age in years.
    pub(super) fn aged(&self, age: u32) -> Option<usize> {
        let mut categories = self.categories.iter();
        categories.position(|(category, _)| {
            ages(category).is_some_and(|(from, to)| (from..=to).contains(&age))
        })
    }
}

/// The ages of a group, inclusive.
fn ages(category: &str) -> Option<(u32, u32)> {
    if let Some(from) = category.strip_suffix('+') {
        return Some((from.parse().ok()?, u32::MAX));
    }
    let (from, to) = category.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (from <= to).then_some((from, to))
}
