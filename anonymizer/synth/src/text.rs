//! A text under construction, which remembers what in it is personal.

use crate::label::Span;

/// A text and its spans, in code points.
#[derive(Clone, Debug, Default)]
pub struct Text {
    characters: String,
    length: usize,
    spans: Vec<Span>,
}

impl Text {
    /// Adds plain text.
    pub fn push(&mut self, text: &str) {
        self.characters.push_str(text);
        self.length += text.chars().count();
    }

    /// Adds something personal.
    pub fn push_span(&mut self, kind: &str, text: &str) {
        self.push_marked(kind, text, false, false);
    }

    /// Adds the name of a person; `unlisted` if no list of names has a part of it.
    pub fn push_person(&mut self, text: &str, unlisted: bool) {
        self.push_marked("PERSON", text, false, unlisted);
    }

    /// Adds something of which people may disagree whether it is personal.
    pub fn push_optional(&mut self, kind: &str, text: &str) {
        self.push_marked(kind, text, true, false);
    }

    fn push_marked(&mut self, kind: &str, text: &str, optional: bool, unlisted: bool) {
        let start = self.length;
        self.push(text);
        if self.length > start {
            self.spans.push(Span {
                start,
                end: self.length,
                kind: kind.to_owned(),
                optional,
                unlisted,
            });
        }
    }

    /// Adds another text with its spans.
    pub fn append(&mut self, other: Self) {
        let offset = self.length;
        self.push(&other.characters);
        self.spans.extend(other.spans.into_iter().map(|span| Span {
            start: span.start + offset,
            end: span.end + offset,
            ..span
        }));
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.characters
    }

    /// Begins the first letter of the text in upper case.
    pub fn capitalize(&mut self) {
        if let Some(first) = self.characters.chars().next() {
            let mut upper = first.to_uppercase();
            if let (Some(one), None) = (upper.next(), upper.next()) {
                self.characters
                    .replace_range(..first.len_utf8(), one.encode_utf8(&mut [0; 4]));
            }
        }
    }

    /// Rewrites every character, with its number, into any number of others; spans move along.
    pub fn rewrite(&mut self, mut each: impl FnMut(usize, char, &mut String)) {
        let mut moved = Vec::with_capacity(self.length + 1);
        let mut out = String::with_capacity(self.characters.len() + 16);
        let mut one = String::new();
        let mut at = 0;
        for (number, character) in self.characters.chars().enumerate() {
            moved.push(at);
            one.clear();
            each(number, character, &mut one);
            at += one.chars().count();
            out.push_str(&one);
        }
        moved.push(at);
        for span in &mut self.spans {
            span.start = moved.get(span.start).copied().unwrap_or(at);
            span.end = moved.get(span.end).copied().unwrap_or(at);
        }
        self.spans.retain(|span| span.end > span.start);
        self.characters = out;
        self.length = at;
    }

    /// The kind of the span at a character, if there is one.
    pub fn kind_at(&self, number: usize) -> Option<&str> {
        let place = self.spans.partition_point(|span| span.end <= number);
        self.spans
            .get(place)
            .filter(|span| span.start <= number)
            .map(|span| span.kind.as_str())
    }

    /// The text and its spans.
    pub fn finish(self) -> (String, Vec<Span>) {
        (self.characters, self.spans)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn spans_move_with_the_text() {
        let mut text = Text::default();
        text.push("Қ: ");
        text.push_span("PERSON", "Ой ли");
        text.push("!");
        text.rewrite(|_, letter, out| match letter {
            'й' => out.push_str("и\u{306}"),
            ' ' => {}
            other => out.push(other),
        });
        assert_eq!(text.as_str(), "Қ:Ои\u{306}ли!");
        let (_, spans) = text.finish();
        assert_eq!((spans[0].start, spans[0].end), (2, 7));
    }
}
