//! Individual identification numbers.

use super::cue::Topic;
use super::run::Run;
use super::{Candidates, Recognizer, state_number};
use crate::identifier::Iin;
use crate::kind::Kind;

/// Twelve digits: with date and check digit anywhere, else where the text says that they are an IIN.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

fn find(run: &Run<'_>, out: &mut Candidates) {
    let Some((digits, array)) = state_number::read(run) else {
        return;
    };
    let sure = Iin::from_digits(array).is_ok();
    let said = state_number::said(run, Topic::Iin, Topic::Bin, &array);
    if let Some((confidence, rule)) = state_number::judge(run, &digits, sure, said, &RULES) {
        out.push(
            run.text,
            digits.first,
            digits.last,
            Kind::Iin,
            confidence,
            rule,
        );
    }
}

const RULES: state_number::Rules = state_number::Rules {
    both: "iin.checksum-and-context",
    checksum: "iin.checksum",
    context: "iin.context",
};

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("ИИН 900101300017.", "IIN 900101300017"),
                ("ЖСН: 850615400125", "IIN 850615400125"),
                ("(ИИН: 051231500070)", "IIN 051231500070"),
                ("ИИН900101300017", "IIN 900101300017"),
                ("гражданин 120229600039 обратился", "IIN 120229600039"),
                ("ИИН 900101 300017", "IIN 900101 300017"),
                ("иин 9001-0130-0017", "IIN 9001-0130-0017"),
                ("ИИН 900.101.300.017,", "IIN 900.101.300.017"),
                ("ЖСН 900101\n300017", "IIN 900101\n300017"),
                (
                    "ИИН ９００１０１３０００１７",
                    "IIN ９００１０１３０００１７",
                ),
                ("9 0 0 1 0 1 3 0 0 0 1 7", "IIN 9 0 0 1 0 1 3 0 0 0 1 7"),
                ("{\"iin\":\"900101300017\"}", "IIN 900101300017"),
                ("<td>ИИН</td><td>900101300018</td>", "IIN 900101300018"),
                ("ИИН № 900101300018", "IIN 900101300018"),
                ("ИИН 900101000157", "IIN 900101000157"),
                ("ЖСН-сі 900101300017-ге тең", "IIN 900101300017"),
            ],
        );
    }

    #[test]
    fn other_numbers() {
        for text in [
            "заказ 900101300018",
            "сумма 900230300019 тенге",
            "900101000157",
            "счет 90010130001712345678",
            "0.900101300017",
            "a900101300017f",
            "БИН 240140012342",
        ] {
            check(super::RECOGNIZER, &[(text, "")]);
        }
    }
}
