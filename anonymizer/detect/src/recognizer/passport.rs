//! Numbers of passports.

use super::cue::{Cues, Topic};
use super::run::Run;
use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::{Gap, Letters, Text, Token};

/// `N` and seven or eight digits; where the text says passport, other forms too.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

const OTHERS: [Topic; 7] = [
    Topic::Iin,
    Topic::Bin,
    Topic::Phone,
    Topic::Account,
    Topic::Identity,
    Topic::IdCard,
    Topic::Card,
];

fn find(run: &Run<'_>, out: &mut Candidates) {
    let (text, place) = (run.text, run.first());
    let Some(number) = text.token(place) else {
        return;
    };
    let Some((digits, last)) = digits(text, place, number) else {
        return;
    };
    let series = series(text, place, number);
    let cues = run.cues();
    let said = cues.leads(Topic::Passport, 10, &OTHERS);
    let alone = last == place;
    let found = match series {
        Some(Series::Kazakh { capital }) if matches!(digits, 7 | 8) => {
            let other = cues.within(Topic::Trade, 4) || cues.within(Topic::Structure, 3);
            let sure = capital && alone && number.is_glued() && digits == 8 && !other;
            if said {
                Some((0.97, "passport.context"))
            } else if sure {
                Some((0.9, "passport.form"))
            } else {
                let after = Cues::after(text, last);
                let issued = capital && alone && !other && after.within(Topic::Issued, 8);
                // `паспорты N1234567, серігінің құжаты N 1234568`
                let second = || {
                    let mut found = out.spans().iter();
                    capital && digits == 8 && found.any(|span| span.kind == Kind::Passport)
                };
                let traveller = || number.is_glued() && is_of_traveller(text, place);
                let document = alone
                    && cues.leads(Topic::Certificate, 3, &OTHERS)
                    && !other
                    && (second() || traveller());
                let found = (0.85, "passport.issued");
                if issued {
                    Some(found)
                } else {
                    document.then_some((0.85, "passport.document"))
                }
            }
        }
        Some(Series::Letters) if said && matches!(digits, 6..=9) => {
            Some((0.93, "passport.context"))
        }
        None if said && is_bare(run, digits, alone) => Some((0.9, "passport.context")),
        _ => None,
    };
    if let Some((confidence, rule)) = found {
        let first = if series.is_some() {
            place.saturating_sub(1)
        } else {
            place
        };
        out.push(text, first, last, Kind::Passport, confidence, rule);
    }
}

/// Whether a name in Latin letters stands before, as on a ticket: `пассажир AKHMETOV ERLAN, документ N1234567`.
fn is_of_traveller(text: &Text, place: usize) -> bool {
    let name = |at: usize| {
        text.token(at).is_some_and(|token| {
            token.is_word() && token.len > 2 && !token.letters.has(Letters::CYRILLIC)
        })
    };
    (place.saturating_sub(9)..place.saturating_sub(3)).any(|at| name(at) && name(at + 1))
}

/// Digits without letters: one number, or the four and six of a Russian passport.
fn is_bare(run: &Run<'_>, digits: usize, alone: bool) -> bool {
    let cues = run.cues();
    let near = cues.leads(Topic::Passport, 8, &[Topic::Trade]);
    let russian = run.has_groups(&[4, 6]) || run.has_groups(&[2, 2, 6]);
    near && if alone {
        matches!(digits, 7..=10)
    } else {
        digits == 10 && russian
    }
}

enum Series {
    /// `N`, which may be a small letter.
    Kazakh { capital: bool },
    /// One or two other letters, capital.
    Letters,
}

fn series(text: &Text, place: usize, number: &Token) -> Option<Series> {
    let word = text.before(place, 1)?;
    if !word.is_word() || number.gap > Gap::Space || word.len > 2 {
        return None;
    }
    if word.len == 1 && matches!(text.folded(word), "n" | "н") {
        return Some(Series::Kazakh {
            capital: word.letters.has(Letters::TITLE),
        });
    }
    (word.is_upper() && super::latin(text.folded(word)).is_some()).then_some(Series::Letters)
}

/// How many digits there are from `place` on, and where they end: one number, or two or three broken by spaces or dashes.
fn digits(text: &Text, place: usize, number: &Token) -> Option<(usize, usize)> {
    let mut count = number.folded_len();
    let mut last = place;
    while count < 6 {
        let next = text.token(last + 1)?;
        let (step, next) = if next.is('-') {
            (2, text.token(last + 2)?)
        } else {
            (1, next)
        };
        if !next.is_number() || next.gap > Gap::Line {
            return None;
        }
        count += next.folded_len();
        last += step;
    }
    let after = text.token(last + 1);
    let glued = after.is_some_and(|after| after.is_glued() && after.is_word());
    (count <= 10 && !glued).then_some((count, last))
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("паспорт N12345678, выдан", "PASSPORT N12345678"),
                ("паспорт № N1234567", "PASSPORT N1234567"),
                ("Төлқұжат Н12345678", "PASSPORT Н12345678"),
                ("N12345678", "PASSPORT N12345678"),
                ("паспорт n 12345678", "PASSPORT n 12345678"),
                ("passport N1234 5678", "PASSPORT N1234 5678"),
                ("паспорт AA1234567 Узбекистан", "PASSPORT AA1234567"),
                ("паспорт РФ 4508 123456", "PASSPORT 4508 123456"),
                ("N1234567 выдан МВД", "PASSPORT N1234567"),
                (
                    "пассажир AKHMETOV ERLAN, документ N1234567, место 4C",
                    "PASSPORT N1234567",
                ),
                (
                    "паспорттың нөмірі N13304521, бөлмем 217, ертеңге дейін боламын, ал серігімнің құжаты N 13304538",
                    "PASSPORT N13304521|PASSPORT N 13304538",
                ),
                ("входящий документ N1234567", ""),
                ("артикул N12345678", ""),
                ("N1234567", ""),
                ("N 12345678", ""),
                ("N123456", ""),
                ("паспорт 2023 года", ""),
            ],
        );
    }
}
