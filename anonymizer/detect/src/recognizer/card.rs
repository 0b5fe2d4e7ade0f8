//! Numbers of bank cards.

use super::cue::Topic;
use super::run::{Digits, Joint, Run};
use super::{Candidates, Recognizer};
use crate::identifier::{Card, Scheme};
use crate::kind::Kind;

/// Thirteen to nineteen digits that pass Luhn's formula, in groups as on a card or of a known issuer.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

fn find(run: &Run<'_>, out: &mut Candidates) {
    if run.reach() < 13 {
        return;
    }
    for length in [16, 15, 18, 19, 13] {
        let Some(digits) = run.digits(length) else {
            continue;
        };
        if let Some((confidence, rule)) = judge(run, &digits) {
            out.push(
                run.text,
                digits.first,
                digits.last,
                Kind::Card,
                confidence,
                rule,
            );
            return;
        }
    }
}

fn judge(run: &Run<'_>, digits: &Digits) -> Option<(f32, &'static str)> {
    if digits.joints.any(Joint::BRACKET.and(Joint::SLASH)) || !run.is_apart(digits) {
        return None;
    }
    let others = [
        Topic::Account,
        Topic::Trade,
        Topic::Iin,
        Topic::Bin,
        Topic::Phone,
    ];
    let said = run.cues().leads(Topic::Card, 8, &others);
    let printed = is_printed(run, digits);
    let Ok(card) = Card::from_digits(digits.values()) else {
        let meant = digits.values().len() == 16 && (printed || digits.groups == 1);
        let meant = meant && run.cues().leads(Topic::Card, 3, &others);
        return meant.then_some((0.8, "card.context"));
    };
    let alone = digits.groups == 1 || !run.is_in_row(digits);
    match card.scheme {
        _ if said && alone => Some((0.99, "card.checksum-and-context")),
        Scheme::Other => None,
        _ if printed && alone => Some((0.95, "card.grouped")),
        Scheme::Maestro => None,
        _ if run.cues().within(Topic::Trade, 4) => None,
        _ if digits.groups == 1 && matches!(digits.values().len(), 15 | 16) => {
            Some((0.9, "card.checksum"))
        }
        Scheme::Visa | Scheme::Mastercard if alone && digits.values().len() == 16 => {
            Some((0.85, "card.broken"))
        }
        _ => None,
    }
}

/// Whether the groups are as they are printed on cards.
fn is_printed(run: &Run<'_>, digits: &Digits) -> bool {
    match digits.groups {
        4 => run.has_groups(&[4, 4, 4, 4]),
        3 => run.has_groups(&[4, 6, 5]),
        _ => false,
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
                ("карта 4111 1111 1111 1111", "CARD 4111 1111 1111 1111"),
                ("5555-5555-5555-4444", "CARD 5555-5555-5555-4444"),
                ("номер карты: 5555555555554444.", "CARD 5555555555554444"),
                ("4111111111111111", "CARD 4111111111111111"),
                ("3782 822463 10005", "CARD 3782 822463 10005"),
                ("41111111 11111111", "CARD 41111111 11111111"),
                (
                    "картамның нөмірі 4111.1111.1111.1111",
                    "CARD 4111.1111.1111.1111",
                ),
            ],
        );
    }

    #[test]
    fn other_numbers() {
        for text in [
            "4111111111111112",
            "заказ 4111111111111111",
            "0000 0000 0000 0000",
            "9911 1111 1111 1111",
            "12345678901234567890",
            "IMEI 490154203237518",
        ] {
            check(super::RECOGNIZER, &[(text, "")]);
        }
    }
}
