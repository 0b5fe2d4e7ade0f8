//! Which of the overlapping candidates stay.

use std::cmp::Ordering;

use crate::span::Span;

/// A span that may stay.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    pub span: Span,
    /// How much visible text it holds, by which longer ones are told: what is invisible must not count.
    pub weight: u32,
}

/// Keeps, of candidates that overlap, the surer one, then the longer, then the earlier; leaves them in order of place.
pub fn resolve(spans: &mut Vec<Candidate>) {
    spans.sort_unstable_by_key(|candidate| (candidate.span.start, candidate.span.end));
    let pairs = spans.iter().zip(spans.iter().skip(1));
    if pairs.into_iter().all(|(a, b)| a.span.end <= b.span.start) {
        return;
    }
    let mut resolved = Vec::with_capacity(spans.len());
    let mut group: Vec<Candidate> = Vec::new();
    let mut reach = 0;
    for candidate in spans.drain(..) {
        if candidate.span.start >= reach {
            settle(&mut group, &mut resolved);
        }
        reach = reach.max(candidate.span.end);
        group.push(candidate);
    }
    settle(&mut group, &mut resolved);
    *spans = resolved;
}

/// Resolves spans that hang together.
fn settle(group: &mut Vec<Candidate>, resolved: &mut Vec<Candidate>) {
    if group.len() < 2 {
        resolved.append(group);
        return;
    }
    group.sort_by(preferred);
    let begun = resolved.len();
    for candidate in group.drain(..) {
        let span = candidate.span;
        let free = |kept: &Candidate| kept.span.end <= span.start || span.end <= kept.span.start;
        if resolved.iter().skip(begun).all(free) {
            resolved.push(candidate);
        }
    }
    if let Some(settled) = resolved.get_mut(begun..) {
        settled.sort_unstable_by_key(|candidate| candidate.span.start);
    }
}

fn preferred(a: &Candidate, b: &Candidate) -> Ordering {
    let surer = b.span.confidence.total_cmp(&a.span.confidence);
    surer
        .then(b.weight.cmp(&a.weight))
        .then(a.span.start.cmp(&b.span.start))
        .then(a.span.kind.cmp(&b.span.kind))
        .then(a.span.rule.cmp(b.span.rule))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;

    fn span(start: usize, end: usize, confidence: f32) -> Candidate {
        let span = Span {
            start,
            end,
            kind: Kind::Phone,
            confidence,
            rule: "test",
        };
        let weight = span.len() as u32;
        Candidate { span, weight }
    }

    fn check(given: &[Candidate], expected: &[(usize, usize)]) {
        let mut spans = given.to_vec();
        resolve(&mut spans);
        let places: Vec<_> = spans
            .iter()
            .map(|candidate| (candidate.span.start, candidate.span.end))
            .collect();
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
