//! Numbers of driving licences.

use super::cue::Topic;
use super::run::Run;
use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::{Gap, Letters};

/// Six to ten digits, perhaps with two letters, where the text says driving licence.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

const OTHERS: [Topic; 9] = [
    Topic::Iin,
    Topic::Bin,
    Topic::Phone,
    Topic::Identity,
    Topic::IdCard,
    Topic::Passport,
    Topic::Vin,
    Topic::Birth,
    Topic::Money,
];

fn find(run: &Run<'_>, out: &mut Candidates) {
    if run.reach() < 6 {
        return;
    }
    let Some(digits) = (6..=10).rev().find_map(|length| run.digits(length)) else {
        return;
    };
    if digits.is_broken_up() {
        return;
    }
    let first = series(run, digits.first);
    let apart = first < digits.first || run.is_apart(&digits);
    let cues = run.cues_before(first);
    if apart && cues.leads(Topic::Driver, 8, &OTHERS) {
        out.push(
            run.text,
            first,
            digits.last,
            Kind::DriverLicence,
            0.96,
            "driver-licence.context",
        );
    }
}

/// Where two letters before the number are, with № between at most.
fn series(run: &Run<'_>, number: usize) -> usize {
    let text = run.text;
    let near = |place: usize| {
        text.token(place)
            .is_some_and(|token| token.gap <= Gap::Space)
    };
    let place = match text.before(number, 1) {
        Some(sign) if sign.is('№') && near(number) => number.saturating_sub(2),
        _ => number.saturating_sub(1),
    };
    let Some(word) = text.token(place) else {
        return number;
    };
    // Small Cyrillic letters are a preposition: `от 123456`.
    let small = word.is_lower() && word.letters.has(Letters::LATIN);
    let letters = word.is_word() && word.len == 2 && (word.is_upper() || small);
    let abbreviation = matches!(text.folded(word), "ву" | "рк" | "кр" | "no");
    if letters && !abbreviation && near(place + 1) {
        place
    } else {
        number
    }
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
                    "водительское удостоверение AB 123456",
                    "DRIVER_LICENCE AB 123456",
                ),
                ("в/у № АВ123456 от 2019", "DRIVER_LICENCE АВ123456"),
                (
                    "жүргізуші куәлігі: BK № 123456",
                    "DRIVER_LICENCE BK № 123456",
                ),
                ("ВУ 012345678", "DRIVER_LICENCE 012345678"),
                ("driver's license KZ123456", "DRIVER_LICENCE KZ123456"),
                (
                    "водительское удостоверение ac 307912, категории b",
                    "DRIVER_LICENCE ac 307912",
                ),
                (
                    "водительское удостоверение am639287",
                    "DRIVER_LICENCE am639287",
                ),
                ("в/у от 307912", "DRIVER_LICENCE 307912"),
                ("водительский стаж 5 лет", ""),
                ("AB 123456", ""),
            ],
        );
    }
}
