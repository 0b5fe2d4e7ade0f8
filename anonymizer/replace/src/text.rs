//! Prose with its personal data replaced.

use sandyq_detect::{Kind, Span};

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

/// The text with each span replaced. Spans are in order; what overlaps one before is taken as part of it. Nothing in the text
/// itself looks like a token afterwards.
#[must_use]
pub fn text(text: &str, spans: &[Span], style: TextStyle<'_>) -> String {
    let mut out = String::with_capacity(text.len() + 16 * spans.len());
    let mut done = 0;
    for span in spans {
        let start = boundary(text, span.start.max(done), false);
        let end = boundary(text, span.end, true);
        if end <= start {
            continue;
        }
        keep(text.get(done..start).unwrap_or_default(), style, &mut out);
        replace(
            span.kind,
            text.get(start..end).unwrap_or_default(),
            style,
            &mut out,
        );
        done = end;
    }
    keep(text.get(done..).unwrap_or_default(), style, &mut out);
    out
}

fn keep(text: &str, style: TextStyle<'_>, out: &mut String) {
    match style {
        TextStyle::Tokens(_) => out.push_str(&without_tokens(text)),
        TextStyle::Placeholder | TextStyle::Mask => out.push_str(text),
    }
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
