//! The little language of templates: text with `[a|b]` (a choice), `<a|b>` (agreement with the subject's sex) and `{slot}`.

use thiserror::Error;

/// A parsed template.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Template(pub Vec<Piece>);

/// A part of a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Piece {
    /// Text as it is.
    Text(String),
    /// Something to fill in: its parts as they stand between colons or dots.
    Slot(Vec<String>),
    /// One of several.
    Choice(Vec<Template>),
    /// For a man, for a woman.
    Agreement(Template, Template),
}

/// A template that cannot be read.
#[derive(Debug, Error, Eq, PartialEq)]
#[error("the template \"{text}\" is wrong at character {at}: {what}")]
pub struct TemplateError {
    text: String,
    at: usize,
    what: &'static str,
}

impl Template {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let letters: Vec<char> = text.chars().collect();
        let mut reader = Reader {
            letters: &letters,
            at: 0,
        };
        let template = reader.template("").map_err(|what| TemplateError {
            text: text.to_owned(),
            at: reader.at,
            what,
        })?;
        if reader.at < letters.len() {
            return Err(TemplateError {
                text: text.to_owned(),
                at: reader.at,
                what: "a bracket is closed that was not opened",
            });
        }
        Ok(template)
    }
}

struct Reader<'a> {
    letters: &'a [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn template(&mut self, ends: &str) -> Result<Template, &'static str> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        while let Some(letter) = self.peek() {
            if ends.contains(letter) || (ends.is_empty() && "]>}".contains(letter)) {
                break;
            }
            self.at += 1;
            let piece = match letter {
                '[' => Piece::Choice(self.alternatives(']')?),
                '<' => {
                    let mut both = self.alternatives('>')?.into_iter();
                    match (both.next(), both.next(), both.next()) {
                        (Some(male), Some(female), None) => Piece::Agreement(male, female),
                        _ => return Err("an agreement has two sides"),
                    }
                }
                '{' => self.slot()?,
                other => {
                    plain.push(other);
                    continue;
                }
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(piece);
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Template(pieces))
    }

    fn alternatives(&mut self, end: char) -> Result<Vec<Template>, &'static str> {
        let ends = format!("|{end}");
        let mut all = Vec::new();
        loop {
            all.push(self.template(&ends)?);
            match self.peek() {
                Some('|') => self.at += 1,
                Some(letter) if letter == end => {
                    self.at += 1;
                    return Ok(all);
                }
                _ => return Err("a bracket is not closed"),
            }
        }
    }

    fn slot(&mut self) -> Result<Piece, &'static str> {
        let mut parts = vec![String::new()];
        while let Some(letter) = self.peek() {
            self.at += 1;
            match letter {
                '}' => return Ok(Piece::Slot(parts)),
                '.' | ':' => parts.push(String::new()),
                other => parts.last_mut().ok_or("a slot is empty")?.push(other),
            }
        }
        Err("a slot is not closed")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn brackets_nest() {
        let template = Template::parse("a[b|<c|{s.full.g}>|]d").unwrap();
        let text = |text: &str| Template(vec![Piece::Text(text.to_owned())]);
        let slot = Template(vec![Piece::Slot(
            ["s", "full", "g"].map(str::to_owned).to_vec(),
        )]);
        let agreement = Template(vec![Piece::Agreement(text("c"), slot)]);
        let choice = Piece::Choice(vec![text("b"), agreement, Template::default()]);
        assert_eq!(
            template.0,
            [
                Piece::Text("a".to_owned()),
                choice,
                Piece::Text("d".to_owned())
            ]
        );
    }

    #[test]
    fn broken_templates_are_refused() {
        for text in ["[a|b", "a]", "{s", "<a>", "<a|b|c>", "}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
