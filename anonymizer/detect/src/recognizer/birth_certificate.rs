//! Numbers of birth certificates.

use super::cue::Topic;
use super::run::Run;
use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::{Gap, Letters, Text};

/// Six to eleven digits, perhaps with a series, where the text says birth certificate.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

const OTHERS: [Topic; 6] = [
    Topic::Iin,
    Topic::Bin,
    Topic::Phone,
    Topic::Identity,
    Topic::Passport,
    Topic::Driver,
];

fn find(run: &Run<'_>, out: &mut Candidates) {
    if run.reach() < 6 {
        return;
    }
    let Some(digits) = (6..=11).rev().find_map(|length| run.digits(length)) else {
        return;
    };
    if digits.is_broken_up() || !run.is_apart(&digits) {
        return;
    }
    let first = series(run.text, digits.first);
    let cues = run.cues_before(first);
    if cues.leads(Topic::Certificate, 10, &OTHERS) && cues.leads(Topic::Birth, 10, &OTHERS) {
        out.push(
            run.text,
            first,
            digits.last,
            Kind::BirthCertificate,
            0.94,
            "birth-certificate.context",
        );
    }
}

/// Where the series before the number begins: `II-АК № 123456`, `AA № 1234567`.
fn series(text: &Text, number: usize) -> usize {
    let mut first = number;
    let mut letters = 0;
    for place in (number.saturating_sub(5)..number).rev() {
        let (Some(token), Some(next)) = (text.token(place), text.token(place + 1)) else {
            break;
        };
        if next.gap > Gap::Space {
            break;
        }
        if token.is('№') || token.is('-') {
            continue;
        }
        let capital = token.letters.has(Letters::TITLE) && !token.letters.has(Letters::LOWER);
        if token.is_word()
            && capital
            && token.len <= 4
            && letters < 2
            && !matches!(text.folded(token), "n" | "рк" | "кр")
        {
            letters += 1;
            first = place;
        } else {
            break;
        }
    }
    first
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                (
                    "свидетельство о рождении № 1234567890",
                    "BIRTH_CERTIFICATE 1234567890",
                ),
                (
                    "свидетельство о рождении II-АК № 123456",
                    "BIRTH_CERTIFICATE II-АК № 123456",
                ),
                (
                    "туу туралы куәлік 0012345, 2015",
                    "BIRTH_CERTIFICATE 0012345",
                ),
                (
                    "туу туралы куәлігі АА №1234567",
                    "BIRTH_CERTIFICATE АА №1234567",
                ),
                (
                    "birth certificate No 12345678",
                    "BIRTH_CERTIFICATE 12345678",
                ),
                ("дата рождения 01.02.1990", ""),
                ("1234567", ""),
            ],
        );
    }
}
