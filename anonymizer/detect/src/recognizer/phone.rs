//! Telephone numbers.

use super::cue::{Cues, Topic};
use super::run::{Digits, Joint, Run};
use super::{Candidates, Recognizer};
use crate::identifier::{Line, Phone};
use crate::kind::Kind;
use crate::text::Gap;

/// Numbers with a plus; those of the +7 zone with 7, 8 or nothing before them; short ones where the text says so.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

fn find(run: &Run<'_>, out: &mut Candidates) {
    if run.reach() < 5 {
        return;
    }
    let plus = plus(run);
    let found = match plus {
        Some(_) => zone(run, true).or_else(|| abroad(run)),
        None => zone(run, false)
            .or_else(|| national(run))
            .or_else(|| local(run)),
    };
    if let Some((digits, confidence, rule)) = found {
        let first = plus
            .or_else(|| bracket(run, &digits))
            .unwrap_or(digits.first);
        out.push(run.text, first, digits.last, Kind::Phone, confidence, rule);
    }
}

type Found = (Digits, f32, &'static str);

/// The place of a plus before the run.
fn plus(run: &Run<'_>) -> Option<usize> {
    let first = run.text.token(run.first())?;
    let place = run.first().checked_sub(1)?;
    let sign = run.text.token(place)?;
    (first.gap <= Gap::Space && sign.is('+')).then_some(place)
}

/// The place of a bracket that opens before the run and closes within it: `(727) 250-12-34`.
fn bracket(run: &Run<'_>, digits: &Digits) -> Option<usize> {
    let place = run.first().checked_sub(1)?;
    let opens = run.text.token(place)?.is('(') && run.text.token(run.first())?.is_glued();
    let closes = run.text.token(digits.first + 1)?.is(')') && digits.groups > 1;
    (opens && closes).then_some(place)
}

/// What else a long number may be said to be.
const OTHERS: [Topic; 8] = [
    Topic::Iin,
    Topic::Bin,
    Topic::Card,
    Topic::Account,
    Topic::Trade,
    Topic::Kato,
    Topic::Identity,
    Topic::Passport,
];

/// Eleven digits that begin with 7 or 8.
fn zone(run: &Run<'_>, plus: bool) -> Option<Found> {
    let digits = run.digits(11)?;
    let [prefix @ (7 | 8), national @ ..] = digits.values() else {
        return None;
    };
    if !run.is_apart(&digits) {
        return None;
    }
    if plus {
        let zone = *prefix == 7 && matches!(national.first(), Some(3 | 4 | 6..=9));
        return zone.then_some((digits, 0.98, "phone.international"));
    }
    let line = Phone::national(national).ok()?.line;
    let cues = run.cues();
    if cues.leads(Topic::Phone, 10, &OTHERS) {
        return Some((digits, 0.97, "phone.context"));
    }
    let russian = line == Line::OtherRussian && (*prefix != 8 || digits.groups < 3);
    let other = OTHERS.into_iter().any(|topic| cues.within(topic, 3));
    if russian || digits.thousands || (other && !is_usual(run, &digits)) {
        return None;
    }
    if digits.groups == 1 {
        return Some((digits, 0.93, "phone.digits"));
    }
    let row = run.is_in_row(&digits);
    if is_usual(run, &digits) && !(row && digits.joints == Joint::SPACE && line != Line::Mobile) {
        return Some((digits, 0.95, "phone.grouped"));
    }
    (!row && matches!(line, Line::Mobile | Line::Fixed)).then_some((digits, 0.85, "phone.broken"))
}

/// Ways in which people group eleven digits.
fn is_usual(run: &Run<'_>, digits: &Digits) -> bool {
    const USUAL: [&[usize]; 16] = [
        &[1, 10],
        &[1, 3, 7],
        &[1, 3, 3, 4],
        &[1, 3, 3, 2, 2],
        &[1, 3, 2, 2, 3],
        &[1, 3, 2, 3, 2],
        &[1, 3, 4, 3],
        &[1, 4, 6],
        &[1, 4, 2, 2, 2],
        &[1, 4, 3, 3],
        &[1, 5, 5],
        &[1, 5, 1, 2, 2],
        &[4, 7],
        &[4, 3, 4],
        &[4, 3, 2, 2],
        &[4, 2, 2, 3],
    ];
    USUAL
        .into_iter()
        .any(|usual| usual.len() == digits.groups && run.has_groups(usual))
}

/// Ten digits without a prefix.
fn national(run: &Run<'_>) -> Option<Found> {
    let digits = run.digits(10)?;
    let line = Phone::national(digits.values()).ok()?.line;
    if !run.is_apart(&digits) {
        return None;
    }
    if run.cues().leads(Topic::Phone, 8, &OTHERS) && !digits.thousands {
        return Some((digits, 0.95, "phone.context"));
    }
    let usual = digits.groups > 2
        && (run.has_groups(&[3, 3, 2, 2])
            || run.has_groups(&[3, 3, 4])
            || run.has_groups(&[4, 2, 2, 2]));
    let bracketed = bracket(run, &digits).is_some() && run.joint(1).any(Joint::BRACKET);
    let kazakh = matches!(line, Line::Mobile | Line::Fixed);
    let other = OTHERS.into_iter().any(|topic| run.cues().within(topic, 3));
    let likely = kazakh && !other && !run.is_in_row(&digits) && (bracketed || usual);
    likely.then_some((digits, 0.9, "phone.national"))
}

/// Five to seven digits right after a word like `тел.`.
fn local(run: &Run<'_>) -> Option<Found> {
    const USUAL: [&[usize]; 8] = [
        &[7],
        &[6],
        &[3, 2, 2],
        &[2, 2, 2],
        &[1, 2, 2],
        &[3, 4],
        &[2, 3],
        &[2, 2, 3],
    ];
    let usual = USUAL
        .into_iter()
        .rfind(|usual| run.has_groups(usual) && run.digits(usual.iter().sum()).is_some())?;
    let digits = run.digits(usual.iter().sum())?;
    let parted = Joint::BRACKET
        .and(Joint::SLASH)
        .and(Joint::DOT)
        .and(Joint::LINE);
    if digits.joints.any(parted)
        || run.is_in_row(&digits)
        || !run.is_apart(&digits)
        || !follows_cue(run, &digits)
    {
        return None;
    }
    let money = Cues::after(run.text, digits.last).within(Topic::Money, 2);
    (!money).then_some((digits, 0.8, "phone.local"))
}

/// Whether a word of telephones stands before, with few words between if the groups are parted by dashes, else only signs
/// and `номер`; or after such groups.
fn follows_cue(run: &Run<'_>, digits: &Digits) -> bool {
    let dashed = digits.joints.any(Joint::DASH);
    let reach = if dashed { 10 } else { 3 };
    let cues = run.cues();
    let near = cues.distance(Topic::Phone);
    let nearest = OTHERS.into_iter().all(|topic| cues.distance(topic) >= near);
    if near <= reach && nearest {
        let between = (1..usize::from(near)).filter_map(|back| run.text.before(run.first(), back));
        return between.filter(|token| token.is_word()).count() <= if dashed { 4 } else { 0 };
    }
    dashed && near == Cues::FAR && Cues::after(run.text, digits.last).within(Topic::Phone, 3)
}

/// How many digits numbers of other countries have, with the country's code.
const COUNTRIES: [(&str, std::ops::RangeInclusive<usize>); 34] = [
    ("998", 12..=12),
    ("996", 12..=12),
    ("992", 12..=12),
    ("993", 11..=11),
    ("994", 12..=12),
    ("995", 12..=12),
    ("374", 11..=11),
    ("375", 12..=12),
    ("380", 12..=12),
    ("373", 11..=11),
    ("370", 11..=11),
    ("371", 11..=11),
    ("372", 10..=11),
    ("976", 11..=11),
    ("971", 11..=12),
    ("972", 11..=12),
    ("966", 12..=12),
    ("974", 11..=11),
    ("420", 12..=12),
    ("86", 12..=13),
    ("90", 12..=12),
    ("91", 12..=12),
    ("92", 12..=12),
    ("98", 12..=12),
    ("44", 12..=12),
    ("49", 11..=13),
    ("48", 11..=11),
    ("39", 11..=13),
    ("33", 11..=11),
    ("34", 11..=11),
    ("82", 11..=12),
    ("81", 11..=12),
    ("66", 11..=11),
    ("1", 11..=11),
];

/// A number of another country.
fn abroad(run: &Run<'_>) -> Option<Found> {
    (9..=15).rev().find_map(|length| {
        let digits = run.digits(length)?;
        let text = digits.text();
        let known = COUNTRIES.iter().find(|(code, _)| text.starts_with(code));
        let fits = match known {
            Some((_, lengths)) => lengths.contains(&length),
            None => !text.starts_with('0') && !text.starts_with('7') && (10..=13).contains(&length),
        };
        let joined = digits
            .joints
            .any(Joint::DOT.and(Joint::SLASH).and(Joint::LINE));
        (fits && !joined && run.is_apart(&digits)).then_some((digits, 0.93, "phone.abroad"))
    })
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("тел. +7 701 123-45-67.", "PHONE +7 701 123-45-67"),
                ("+7(747)1234567", "PHONE +7(747)1234567"),
                ("Звоните 87751234567!", "PHONE 87751234567"),
                ("87051234567", "PHONE 87051234567"),
                ("8 (7172) 55-12-34", "PHONE 8 (7172) 55-12-34"),
                ("8 7 0 1 1 2 3 4 5 6 7", "PHONE 8 7 0 1 1 2 3 4 5 6 7"),
                ("8.701.123.45.67", "PHONE 8.701.123.45.67"),
                ("8701\n1234567", "PHONE 8701\n1234567"),
                ("байланыс: 701 123 45 67", "PHONE 701 123 45 67"),
                ("(727) 250-12-34", "PHONE (727) 250-12-34"),
                (
                    "тел.: 272-45-67, факс 272-45-68",
                    "PHONE 272-45-67|PHONE 272-45-68",
                ),
                ("+7 916 123-45-67", "PHONE +7 916 123-45-67"),
                ("+998 90 123 45 67", "PHONE +998 90 123 45 67"),
                ("+996555123456", "PHONE +996555123456"),
                ("8-800-080-77-77", "PHONE 8-800-080-77-77"),
                ("whatsapp 77011234567", "PHONE 77011234567"),
                (
                    "87011234567, 87021234567",
                    "PHONE 87011234567|PHONE 87021234567",
                ),
                (
                    "тел.87011234567,87021234567",
                    "PHONE 87011234567|PHONE 87021234567",
                ),
                ("звоните после 18:00 на 272-45-67", "PHONE 272-45-67"),
                ("55-12-34 (үй телефоны)", "PHONE 55-12-34"),
                ("８７０１１２３４５６７", "PHONE ８７０１１２３４５６７"),
                ("+7&nbsp;701&nbsp;1234567", "PHONE +7&nbsp;701&nbsp;1234567"),
            ],
        );
    }

    #[test]
    fn other_numbers() {
        for text in [
            "87 011 234 567 тенге",
            "заказ № 87011234567",
            "8 701 123 456",
            "87011234567.5",
            "12345678901",
            "2019 2020 2021",
            "01.02.2023 10:30",
            "7011234567",
            "телефон за 150000 тенге",
            "телефон Samsung 2023 года",
            "счет 87011234567890123456",
            "штрихкод 4870001234567",
            "x87011234567y",
            "+12 +15 +7",
        ] {
            check(super::RECOGNIZER, &[(text, "")]);
        }
    }
}
