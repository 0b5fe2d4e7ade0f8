//! Prose with its personal data replaced.

use sandyq_detect::{Detector, Kind, Span};

use crate::surrogate::{SurrogateKind, Tokens, without_tokens};
use crate::{End, PartialMask};

/// What stands in the place of personal data in prose.
#[derive(Clone, Copy, Debug)]
pub enum TextStyle<'a> {
    /// Its kind: `[PERSON]`.
    Placeholder,
    /// Part of it, as [`mask_of`] says for its kind.
    Mask,
    /// A token, which becomes a surrogate under the key of a project.
    Tokens(&'a Tokens),
}

/// The placeholder of a kind, such as `[PERSON]`.
#[must_use]
pub fn placeholder(kind: Kind) -> String {
    format!("[{}]", kind.as_str())
}

/// How much of a kind is shown under a mask: the last four of long numbers, nothing of what can be read.
#[must_use]
pub fn mask_of(kind: Kind) -> PartialMask {
    let show = match kind {
        Kind::Phone | Kind::Card | Kind::Iban => 4,
        Kind::Iin | Kind::Bin | Kind::IdCard | Kind::Passport => 2,
        _ => 0,
    };
    PartialMask {
        show,
        end: End::Right,
    }
}

/// Rounds of detection; a text in which something new shows after so many is not made clean by more.
const ROUNDS: usize = 16;

/// Stands for what was found when a text is looked at again. A placeholder would not do: its name is a word such as stands
/// before a number of that kind, and what follows would be taken for one.
const FILLER: &str = "[*]";

/// A text with its personal data replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redacted {
    /// The text.
    pub text: String,
    /// What of the text is of the original: the text itself under a mask; else without placeholders and tokens.
    left: String,
}

impl Redacted {
    /// What kind of personal data of the original is still found in the text, if any.
    pub fn shows(&self, detector: &mut Detector, original: &str) -> Option<Kind> {
        let found = again(detector, &self.left);
        let kept = |span: &&Span| {
            let text = span.text(&self.left);
            original.contains(text) && text.chars().any(char::is_alphanumeric)
        };
        found.iter().find(kept).map(|span| span.kind)
    }
}

/// The text with its personal data replaced. What stands beside one find may hide another, so it is looked at again and again until
/// nothing more shows; a text whose masks themselves are taken for something has placeholders instead.
pub fn redact(detector: &mut Detector, original: &str, style: TextStyle<'_>) -> Redacted {
    let mut spans = detector.detect(original);
    let filler = |_: Kind, _: &str, out: &mut String| out.push_str(FILLER);
    let mut left = settle(detector, original, &mut spans, filler);
    if matches!(style, TextStyle::Mask) {
        left = settle(detector, original, &mut spans, |kind, found, out| {
            replace(kind, found, style, out);
        });
        let masked = Redacted {
            text: left.clone(),
            left,
        };
        if masked.shows(detector, original).is_none() {
            return masked;
        }
        left = settle(detector, original, &mut spans, filler);
        let text = text(original, &spans, TextStyle::Placeholder);
        return Redacted { text, left };
    }
    let text = text(original, &spans, style);
    Redacted { text, left }
}

/// Adds to the spans what shows when those so far are replaced by `by`; the text so replaced.
fn settle(
    detector: &mut Detector,
    original: &str,
    spans: &mut Vec<Span>,
    by: impl Fn(Kind, &str, &mut String),
) -> String {
    let mut rounds = 1;
    loop {
        let (left, pieces) = replaced(original, spans, &by);
        let before = spans.len();
        if before > 0 && rounds < ROUNDS {
            for found in again(detector, &left) {
                spans.extend(moved_back(found, &pieces));
            }
        }
        if spans.len() == before {
            return left;
        }
        spans.sort_by_key(|span| (span.start, span.end));
        rounds += 1;
    }
}

/// What is found in a text from which finds were taken out already. A date is one of birth by the words beside it alone, and they had
/// theirs: the next date in the text is another.
fn again(detector: &mut Detector, left: &str) -> Vec<Span> {
    let mut found = detector.detect(left);
    found.retain(|span| span.kind != Kind::BirthDate);
    found
}

/// A part of a text that was kept: where it stands now, where it stood, and its length.
type Piece = (usize, usize, usize);

/// The text with each span replaced, and the pieces between. Spans are in order; what overlaps one before is taken as part of it.
fn replaced(
    text: &str,
    spans: &[Span],
    by: impl Fn(Kind, &str, &mut String),
) -> (String, Vec<Piece>) {
    let mut out = String::with_capacity(text.len() + 16 * spans.len());
    let (mut pieces, mut done) = (Vec::with_capacity(spans.len() + 1), 0);
    let mut keep = |out: &mut String, from: usize, to: usize| {
        let piece = text.get(from..to).unwrap_or_default();
        pieces.push((out.len(), from, piece.len()));
        out.push_str(piece);
    };
    for span in spans {
        let start = boundary(text, span.start.max(done), false);
        let end = boundary(text, span.end, true);
        if end > start {
            keep(&mut out, done, start);
            by(
                span.kind,
                text.get(start..end).unwrap_or_default(),
                &mut out,
            );
            done = end;
        }
    }
    keep(&mut out, done, text.len());
    (out, pieces)
}

/// A span of a text with replacements as the parts of it that are of the original.
fn moved_back(found: Span, pieces: &[Piece]) -> impl Iterator<Item = Span> {
    pieces.iter().filter_map(move |(at, from, length)| {
        let start = found.start.max(*at);
        let end = found.end.min(at + length);
        (start < end).then(|| Span {
            start: from + start - at,
            end: from + end - at,
            ..found
        })
    })
}

/// The text with each span replaced. Spans are in order; what overlaps one before is taken as part of it. Nothing in the text
/// itself looks like a token afterwards.
#[must_use]
pub fn text(text: &str, spans: &[Span], style: TextStyle<'_>) -> String {
    let by = |kind: Kind, found: &str, out: &mut String| replace(kind, found, style, out);
    let (made, pieces) = replaced(text, spans, by);
    if !matches!(style, TextStyle::Tokens(_)) {
        return made;
    }
    let (mut out, mut done) = (String::with_capacity(made.len()), 0);
    for (at, _, length) in pieces {
        out.push_str(made.get(done..at).unwrap_or_default());
        done = at + length;
        out.push_str(&without_tokens(made.get(at..done).unwrap_or_default()));
    }
    out
}

fn replace(kind: Kind, found: &str, style: TextStyle<'_>, out: &mut String) {
    let tokens = match (style, SurrogateKind::of(kind)) {
        (TextStyle::Mask, _) => mask_of(kind).apply(found),
        (TextStyle::Tokens(tokens), Some(kind)) => tokens.value(kind, None, found),
        _ => String::new(),
    };
    if tokens.is_empty() {
        out.push_str(&placeholder(kind));
    } else {
        out.push_str(&tokens);
    }
}

/// The nearest place between characters, at or before `at`, or after it.
fn boundary(text: &str, at: usize, after: bool) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at = if after { at + 1 } else { at.saturating_sub(1) };
    }
    at
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use proptest::prelude::*;

    use super::*;
    use crate::{ProjectKey, Surrogates};

    fn span(text: &str, part: &str, kind: Kind) -> Span {
        let start = text.find(part).unwrap();
        Span {
            start,
            end: start + part.len(),
            kind,
            confidence: 1.0,
            rule: "test",
        }
    }

    const NOTE: &str = "Пациент Ахметов Н.С. (ИИН 900101300017) направлен к врачу; позже Ахметову позвонили по 8 701 123 45 67.";

    fn spans() -> Vec<Span> {
        vec![
            span(NOTE, "Ахметов Н.С.", Kind::Person),
            span(NOTE, "900101300017", Kind::Iin),
            span(NOTE, "Ахметову", Kind::Person),
            span(NOTE, "8 701 123 45 67", Kind::Phone),
        ]
    }

    #[test]
    fn spans_are_replaced_and_the_rest_stays() {
        assert_eq!(
            text(NOTE, &spans(), TextStyle::Placeholder),
            "Пациент [PERSON] (ИИН [IIN]) направлен к врачу; позже [PERSON] позвонили по [PHONE]."
        );
        assert_eq!(
            text(NOTE, &spans(), TextStyle::Mask),
            "Пациент ******* *.*. (ИИН **********17) направлен к врачу; позже ******** позвонили по * *** *** 45 67."
        );
    }

    #[test]
    fn what_was_found_names_nothing_beside_it() {
        let note = "Дата рождения: 12.03.1985. Анализ крови 16.03.2025 без особенностей.";
        let made = redact(&mut Detector::new(), note, TextStyle::Placeholder);
        assert_eq!(
            made.text,
            "Дата рождения: [BIRTHDATE]. Анализ крови 16.03.2025 без особенностей."
        );
    }

    #[test]
    fn one_person_is_one_person_in_prose_and_in_columns() {
        let (release, project) = (ProjectKey::new([1; 32]), ProjectKey::new([2; 32]));
        let tokens = Tokens::new(&release);
        let surrogates = Surrogates::new(&project);
        let published = text(NOTE, &spans(), TextStyle::Tokens(&tokens));
        for secret in ["Ахметов", "900101300017", "123 45 67"] {
            assert!(!published.contains(secret));
        }
        let shown = surrogates.render(&published);
        let column = tokens.value(SurrogateKind::Surname, None, "АХМЕТОВ");
        let surname = surrogates.render(&column).to_lowercase();
        assert!(
            shown
                .to_lowercase()
                .contains(&format!("пациент {surname} ")),
            "{shown}"
        );
        assert!(
            shown
                .to_lowercase()
                .contains(&format!("позже {surname}у позвонили")),
            "{shown}"
        );
        let iin = surrogates
            .render(&tokens.value(SurrogateKind::Iin, None, "900101300017"))
            .into_owned();
        assert!(shown.contains(&iin), "{shown}");
    }

    #[test]
    fn what_is_left_is_read_until_nothing_more_is_found() {
        let mut detector = Detector::new();
        for note in [
            NOTE,
            "",
            "Без замечаний",
            "Иванова А.П., тел. 8 701 123 45 67, ИИН 900101300017900101300017",
        ] {
            for style in [TextStyle::Placeholder, TextStyle::Mask] {
                let made = redact(&mut detector, note, style);
                assert_eq!(made.shows(&mut detector, note), None, "{}", made.text);
            }
        }
        assert_eq!(
            redact(&mut detector, NOTE, TextStyle::Placeholder).text,
            text(NOTE, &spans(), TextStyle::Placeholder)
        );
    }

    #[test]
    fn a_text_cannot_bring_tokens_along() {
        let tokens = Tokens::new(&ProjectKey::new([1; 32]));
        let forged = tokens.value(SurrogateKind::Iin, None, "900101300017");
        let made = text(&format!("см. {forged}"), &[], TextStyle::Tokens(&tokens));
        assert!(!made.contains(['⟦', '⟧']));
    }

    proptest! {
        #[test]
        fn any_spans_are_safe(body in ".{0,40}", ends in prop::collection::vec((0usize..80, 0usize..80), 0..5)) {
            let spans: Vec<Span> = ends
                .into_iter()
                .map(|(start, end)| Span { start, end, kind: Kind::Person, confidence: 1.0, rule: "test" })
                .collect();
            let tokens = Tokens::new(&ProjectKey::new([1; 32]));
            for style in [TextStyle::Placeholder, TextStyle::Mask, TextStyle::Tokens(&tokens)] {
                let _ = text(&body, &spans, style);
            }
        }
    }
}
