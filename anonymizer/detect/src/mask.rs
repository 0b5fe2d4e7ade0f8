//! Texts without the personal data that was found in them.

use crate::kind::Kind;
use crate::span::Span;

/// What stands in the place of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The kind: `[PERSON]`.
    #[default]
    Placeholder,
    /// The span with most letters and digits starred: `+7 *** ***-**-67`.
    Partial,
}

/// Replaces `spans`, which are sorted and do not overlap, in `text`.
pub fn mask(text: &str, spans: &[Span], style: Style) -> String {
    let mut masked = String::with_capacity(text.len());
    mask_into(text, spans, style, &mut masked);
    masked
}

/// Like [`mask`], at the end of `masked`.
pub fn mask_into(text: &str, spans: &[Span], style: Style, masked: &mut String) {
    let mut reached = 0;
    for span in spans {
        masked.push_str(text.get(reached..span.start).unwrap_or_default());
        match style {
            Style::Placeholder => placeholder(span.kind, masked),
            Style::Partial => partial(span.text(text), span.kind, masked),
        }
        reached = span.end;
    }
    masked.push_str(text.get(reached..).unwrap_or_default());
}

fn placeholder(kind: Kind, masked: &mut String) {
    masked.push('[');
    masked.push_str(kind.as_str());
    masked.push(']');
}

/// Stars letters and digits, but for few that help to compare by eye.
fn partial(piece: &str, kind: Kind, masked: &mut String) {
    let total = piece.chars().filter(|c| c.is_alphanumeric()).count();
    let (head, tail) = shown(kind, total);
    let domain = if kind == Kind::Email {
        piece.rfind('@')
    } else {
        None
    };
    let mut seen = 0;
    let mut word = false;
    for (place, character) in piece.char_indices() {
        let begins = !word;
        word = character.is_alphanumeric();
        if !word {
            masked.push(character);
            continue;
        }
        let open = match kind {
            Kind::Person => begins,
            Kind::Email => seen < head || domain.is_some_and(|at| place > at),
            _ => seen < head || seen + tail >= total,
        };
        masked.push(if open { character } else { '*' });
        seen += 1;
    }
}

/// How many letters and digits stay at both ends.
fn shown(kind: Kind, total: usize) -> (usize, usize) {
    match kind {
        Kind::Phone if total >= 10 => (1, 2),
        Kind::Card if total >= 13 => (0, 4),
        Kind::Iban if total >= 15 => (2, 4),
        Kind::Email if total >= 3 => (1, 0),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, piece: &str, kind: Kind, placeholder: &str, partial: &str) {
        let start = text.find(piece).unwrap_or_default();
        let spans = [Span {
            start,
            end: start + piece.len(),
            kind,
            confidence: 1.0,
            rule: "test",
        }];
        assert_eq!(mask(text, &spans, Style::Placeholder), placeholder);
        assert_eq!(mask(text, &spans, Style::Partial), partial);
    }

    #[test]
    fn spans_are_replaced() {
        check(
            "ИИН 900101300017.",
            "900101300017",
            Kind::Iin,
            "ИИН [IIN].",
            "ИИН ************.",
        );
        check(
            "т. +7 701 123-45-67",
            "+7 701 123-45-67",
            Kind::Phone,
            "т. [PHONE]",
            "т. +7 *** ***-**-67",
        );
        check(
            "Ахметов Ерлан!",
            "Ахметов Ерлан",
            Kind::Person,
            "[PERSON]!",
            "А****** Е****!",
        );
        check(
            "ivan@mail.kz",
            "ivan@mail.kz",
            Kind::Email,
            "[EMAIL]",
            "i***@mail.kz",
        );
        check(
            "4111 1111 1111 1111",
            "4111 1111 1111 1111",
            Kind::Card,
            "[CARD]",
            "**** **** **** 1111",
        );
        check("a@b", "a@b", Kind::Email, "[EMAIL]", "*@b");
    }
}
