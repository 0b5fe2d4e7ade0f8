//! Names of organizations, where their BIN stands beside them: ТОО «Алтын дән», БИН 240140012342; «Нұр» ЖШС.

use std::ops::RangeInclusive;

use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::names::{Facts, lexicon};
use crate::text::{Gap, Text, hash};

/// Finds names of organizations.
pub const RECOGNIZER: Recognizer = Recognizer::Number(find);

/// How many tokens the name may stand before the number, or after it.
const BEFORE: usize = 24;
const AFTER: usize = 10;
/// The longest name, in tokens.
const LONGEST: usize = 14;

fn find(text: &Text, place: usize, out: &mut Candidates) {
    if !is_bin(text, place) {
        return;
    }
    let form = (1..=BEFORE)
        .filter_map(|back| place.checked_sub(back))
        .chain(place + 1..=place + AFTER)
        .find_map(|at| name(text, at));
    if let Some(range) = form.filter(|range| !range.contains(&place)) {
        out.push(
            text,
            *range.start(),
            *range.end(),
            Kind::Organization,
            0.8,
            "organization.bin",
        );
    }
}

/// Twelve digits of which the fifth is that of a legal entity.
fn is_bin(text: &Text, place: usize) -> bool {
    let digits = text
        .token(place)
        .map(|token| text.folded(token))
        .unwrap_or_default();
    digits.len() == 12 && matches!(digits.as_bytes().get(4), Some(b'4'..=b'6'))
}

/// The name around the word for an organization's form at a place.
fn name(text: &Text, at: usize) -> Option<RangeInclusive<usize>> {
    let form = text.token(at)?;
    if !form.is_word() || form.is_lower() || !lexicon().get(form.hash).has(Facts::ORGANIZATION) {
        return None;
    }
    if text.token(at + 1)?.is('"') {
        return Some(at..=closed(text, at + 1)?);
    }
    if text
        .before(at, 1)
        .is_some_and(|sign| sign.is('"') && form.gap < Gap::Line)
    {
        let opened =
            (2..=LONGEST).find(|back| text.before(at, *back).is_some_and(|sign| sign.is('"')))?;
        return Some(at - opened..=at);
    }
    let more = (1..=4).take_while(|ahead| {
        let word = text.token(at + ahead);
        word.is_some_and(|word| {
            word.is_word() && !word.is_lower() && word.gap == Gap::Space && !is_label(word.hash)
        })
    });
    let words = more.count();
    (words > 0).then_some(at..=at + words)
}

fn is_label(word: u64) -> bool {
    const LABELS: [u64; 4] = [hash("бин"), hash("бсн"), hash("иин"), hash("bin")];
    LABELS.contains(&word)
}

/// The place of the quote that closes the one at `open`.
fn closed(text: &Text, open: usize) -> Option<usize> {
    let mut close =
        (open + 1..=open + LONGEST).filter(|at| text.token(*at).is_some_and(|sign| sign.is('"')));
    close.next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests fail by panicking")]

    use super::RECOGNIZER;
    use crate::engine::Detector;

    fn check(text: &str, expected: &[&str]) {
        let spans = Detector::with(&[RECOGNIZER]).detect(text);
        let found: Vec<&str> = spans.iter().map(|span| span.text(text)).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn organizations_beside_their_numbers() {
        check(
            "Поставщик: ТОО «Алтын дән», БИН 240140012342, г. Астана",
            &["ТОО «Алтын дән»"],
        );
        check(
            "«Нұр-Құрылыс» ЖШС, БСН 150851000771",
            &["«Нұр-Құрылыс» ЖШС"],
        );
        check("БИН 240140012342 АО \"Тау\"", &["АО \"Тау\""]);
        check("ИП Береке БИН 240140012342", &["ИП Береке"]);
    }

    #[test]
    fn organizations_elsewhere() {
        check("ТОО «Алтын дән» выиграло тендер на 240 140 тенге.", &[]);
        check("ЖСН 900101300017, «Нұр» ЖШС", &[]);
    }
}
