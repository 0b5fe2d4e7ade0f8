//! Codes of administrative units.

use super::cue::Topic;
use super::run::Run;
use super::{Candidates, Recognizer};
use crate::identifier::Kato;
use crate::kind::Kind;

/// Nine digits where the text says KATO.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

fn find(run: &Run<'_>, out: &mut Candidates) {
    let Some(digits) = run.digits(9) else { return };
    let others = [
        Topic::Identity,
        Topic::IdCard,
        Topic::Phone,
        Topic::Passport,
        Topic::Trade,
        Topic::Driver,
    ];
    // `код КАТО` and `коды` are of trade as well, but farther from the number or beside the word itself.
    let cues = run.cues();
    let near = cues.distance(Topic::Kato);
    let said = near <= 10
        && others
            .iter()
            .all(|topic| cues.distance(*topic).saturating_add(2) >= near);
    if !said || !run.is_alone(&digits) {
        return;
    }
    if Kato::parse(&digits.text()).is_ok() {
        out.push(
            run.text,
            digits.first,
            digits.last,
            Kind::Kato,
            0.97,
            "kato.context",
        );
    } else if near <= 3 {
        out.push(
            run.text,
            digits.first,
            digits.last,
            Kind::Kato,
            0.8,
            "kato.unknown-region",
        );
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
                ("код КАТО 101033102", "KATO 101033102"),
                ("КАТО коды: 750000000", "KATO 750000000"),
                ("ӘАОЖ 71 00 00 000", "KATO 71 00 00 000"),
                ("KATO=551033100", "KATO 551033100"),
                ("750000000", ""),
                ("КАТО, уд. личности 012345678", ""),
            ],
        );
    }
}
