//! What the recognizers of IIN and BIN have in common: twelve digits with a check digit.

use super::cue::{Cues, Topic};
use super::run::{Digits, Joint, Run};

/// The names of the rules of a recognizer.
pub struct Rules {
    /// Valid, and the text says so.
    pub both: &'static str,
    /// Valid.
    pub checksum: &'static str,
    /// The text says so.
    pub context: &'static str,
}

/// What else twelve digits may be said to be.
const OTHERS: [Topic; 6] = [
    Topic::Phone,
    Topic::Card,
    Topic::Account,
    Topic::Trade,
    Topic::Passport,
    Topic::Kato,
];

/// Twelve digits that are no part of a longer number.
pub fn read(run: &Run<'_>) -> Option<(Digits, [u8; 12])> {
    let digits = run.digits(12)?;
    let array = digits.array()?;
    let joined = digits.joints.any(Joint::BRACKET.and(Joint::SLASH));
    (!joined && run.is_apart(&digits)).then_some((digits, array))
}

/// Whether the text says that the number is of `topic` and not of its `sibling`. Both may be said, as in `ИИН/БИН`: then
/// the fifth digit decides, which is 4 to 6 in every BIN and in no IIN.
pub fn said(run: &Run<'_>, topic: Topic, sibling: Topic, digits: &[u8; 12]) -> bool {
    let cues = run.cues();
    if !cues.leads(topic, 9, &OTHERS) {
        return false;
    }
    let (near, other) = (cues.distance(topic), cues.distance(sibling));
    let [_, _, _, _, class, ..] = digits;
    let both = other != Cues::FAR && near.abs_diff(other) <= 3;
    if both {
        (topic == Topic::Bin) == (4..=6).contains(class)
    } else {
        near < other
    }
}

/// How sure it is, and by which rule.
pub fn judge(
    run: &Run<'_>,
    digits: &Digits,
    sure: bool,
    said: bool,
    rules: &Rules,
) -> Option<(f32, &'static str)> {
    let whole = digits.groups == 1;
    match (sure, said) {
        (true, true) => Some((0.99, rules.both)),
        (true, false) if whole => Some((0.95, rules.checksum)),
        (true, false) if !run.is_in_row(digits) => Some((0.9, rules.checksum)),
        (false, true) if whole || (digits.groups <= 6 && !run.is_in_row(digits)) => {
            Some((0.85, rules.context))
        }
        _ => None,
    }
}
