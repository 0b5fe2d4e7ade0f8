//! Numbers of identity cards.

use super::cue::{Cues, Topic};
use super::run::{Joint, Run};
use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::Gap;

/// Nine digits where the text says identity card, or who issued it.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

const OTHERS: [Topic; 10] = [
    Topic::Iin,
    Topic::Bin,
    Topic::Phone,
    Topic::Kato,
    Topic::Passport,
    Topic::Driver,
    Topic::Birth,
    Topic::Account,
    Topic::Trade,
    Topic::Vin,
];

fn find(run: &Run<'_>, out: &mut Candidates) {
    let Some(digits) = run.digits(9) else { return };
    let joined = digits.joints.any(Joint::BRACKET.and(Joint::SLASH));
    if joined || digits.groups > 9 || !run.is_alone(&digits) {
        return;
    }
    let cues = run.cues();
    let card = cues.within(Topic::IdWord, 5) && cues.within(Topic::Card, 5);
    let named = cues.leads(Topic::Identity, 12, &OTHERS) || cues.leads(Topic::IdCard, 8, &OTHERS);
    let found = if named || card {
        Some((0.95, "idcard.context"))
    } else if digits.thousands {
        None
    } else if cues.leads(Topic::Certificate, 8, &OTHERS) && !of_another_kind(cues) {
        Some((0.85, "idcard.document"))
    } else {
        let after = Cues::after(run.text, digits.last);
        let begins = digits.values().first() == Some(&0);
        let free = OTHERS.into_iter().all(|topic| !cues.within(topic, 5));
        let issued = begins && free && after.within(Topic::Issued, 8);
        let said = free && after.within(Topic::Identity, 4);
        let issued = issued || begins && digits.groups == 1 && is_row_of_card(run, after);
        (issued || said).then_some((0.8, "idcard.issued"))
    };
    if let Some((confidence, rule)) = found {
        out.push(
            run.text,
            digits.first,
            digits.last,
            Kind::IdCard,
            confidence,
            rule,
        );
    }
}

/// Whether a number stands on a line of its own, as on a card: behind nothing but `№`, below the IIN or above the day or
/// authority of issue.
fn is_row_of_card(run: &Run<'_>, after: Cues) -> bool {
    let text = run.text;
    let place = run.first();
    let sign = text.before(place, 1).filter(|sign| sign.is('№'));
    let first = place - usize::from(sign.is_some());
    let line = |at: usize| text.token(at).is_none_or(|token| token.gap >= Gap::Line);
    if !line(first) || !line(place + 1) {
        return false;
    }
    let above = text
        .before(first, 1)
        .is_some_and(|number| number.is_number() && number.folded_len() == 12);
    let cues = run.cues();
    let person = cues.distance(Topic::Iin) < cues.distance(Topic::Bin);
    let free = OTHERS
        .into_iter()
        .all(|topic| topic == Topic::Iin || !cues.within(topic, 5));
    free && (above && person && sign.is_some() || after.within(Topic::Issued, 5))
}

/// `водительское удостоверение`, `свидетельство о рождении`.
fn of_another_kind(cues: &Cues) -> bool {
    cues.within(Topic::Driver, 12) || cues.within(Topic::Birth, 12)
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
                    "уд. личности № 012345678, выдано МВД РК",
                    "IDCARD 012345678",
                ),
                ("удостоверение личности 041234567", "IDCARD 041234567"),
                ("жеке куәлік №041234567 ІІМ берген", "IDCARD 041234567"),
                (
                    "жеке басын куәландыратын құжат: 041234567",
                    "IDCARD 041234567",
                ),
                ("УДЛ 012 345 678", "IDCARD 012 345 678"),
                (
                    "№ 041234567 от 01.02.2015, выдан МВД РК",
                    "IDCARD 041234567",
                ),
                ("ID-карта 041234567", "IDCARD 041234567"),
                (
                    "ИИН 900101300017, уд. личности 012345678",
                    "IDCARD 012345678",
                ),
                (
                    "ИИН 900101300017\n№ 041234567\nДата выдачи 01.02.2015",
                    "IDCARD 041234567",
                ),
                (
                    "ЖСН 900101300017\n041234567\nБерілген күні 01.02.2015",
                    "IDCARD 041234567",
                ),
                ("Накладная\n№ 041234567\nДата выдачи 01.02.2015", ""),
                ("Тел. 87011234567\n041234567\nКласс 5", ""),
                ("041234567", ""),
                ("КАТО 750000000", ""),
                ("заказ 123456789", ""),
                ("водительское удостоверение 041234567", ""),
                ("123 456 789 тенге", ""),
            ],
        );
    }
}
