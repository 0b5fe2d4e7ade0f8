//! Which of the overlapping candidates stay.

use std::cmp::Ordering;

use crate::span::Span;

/// Keeps, of candidates that overlap, the surer one, then the longer, then the earlier; leaves them in order of place.
pub fn resolve(spans: &mut Vec<Span>) {
    spans.sort_unstable_by(|a, b| a.start.cmp(&b.start).then(a.end.cmp(&b.end)));
    if spans
        .iter()
        .zip(spans.iter().skip(1))
        .all(|(a, b)| a.end <= b.start)
    {
        return;
    }
    let mut resolved = Vec::with_capacity(spans.len());
    let mut group: Vec<Span> = Vec::new();
    let mut reach = 0;
    for span in spans.drain(..) {
        if span.start >= reach {
            settle(&mut group, &mut resolved);
        }
        reach = reach.max(span.end);
        group.push(span);
    }
    settle(&mut group, &mut resolved);
    *spans = resolved;
}

/// Resolves spans that hang together.
fn settle(group: &mut Vec<Span>, resolved: &mut Vec<Span>) {
    if group.len() < 2 {
        resolved.append(group);
        return;
    }
    group.sort_by(preferred);
    let begun = resolved.len();
    for span in group.drain(..) {
        let free = |kept: &Span| kept.end <= span.start || span.end <= kept.start;
        if resolved.iter().skip(begun).all(free) {
            resolved.push(span);
        }
    }
    if let Some(settled) = resolved.get_mut(begun..) {
        settled.sort_unstable_by_key(|span| span.start);
    }
}

fn preferred(a: &Span, b: &Span) -> Ordering {
    b.confidence
        .total_cmp(&a.confidence)
        .then(b.len().cmp(&a.len()))
        .then(a.start.cmp(&b.start))
        .then(a.kind.cmp(&b.kind))
        .then(a.rule.cmp(b.rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn span(start: usize, end: usize, confidence: f32) -> Span {
        Span {
            start,
            end,
            kind: Kind::Phone,
            confidence,
            rule: "test",
        }
    }

    fn check(given: &[Span], expected: &[(usize, usize)]) {
        let mut spans = given.to_vec();
        resolve(&mut spans);
        let places: Vec<_> = spans.iter().map(|span| (span.start, span.end)).collect();
        assert_eq!(places, expected);
    }

    #[test]
    fn the_surer_then_the_longer_then_the_earlier_stays() {
        check(&[span(0, 10, 0.5), span(5, 8, 0.9)], &[(5, 8)]);
        check(&[span(0, 10, 0.9), span(5, 18, 0.9)], &[(5, 18)]);
        check(&[span(0, 10, 0.9), span(5, 15, 0.9)], &[(0, 10)]);
        check(&[span(20, 30, 0.1), span(0, 10, 0.9)], &[(0, 10), (20, 30)]);
        check(
            &[
                span(0, 4, 0.5),
                span(2, 8, 0.9),
                span(7, 9, 0.5),
                span(8, 10, 0.6),
            ],
            &[(2, 8), (8, 10)],
        );
    }
}
