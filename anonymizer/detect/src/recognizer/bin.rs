//! Business identification numbers.

use super::cue::Topic;
use super::run::Run;
use super::{Candidates, Recognizer, state_number};
use crate::identifier::Bin;
use crate::kind::Kind;

/// Twelve digits: with month, classes and check digit anywhere, else where the text says that they are a BIN.
pub const RECOGNIZER: Recognizer = Recognizer::Run(find);

fn find(run: &Run<'_>, out: &mut Candidates) {
    let Some((digits, array)) = state_number::read(run) else {
        return;
    };
    let sure = Bin::from_digits(array).is_ok();
    let said = state_number::said(run, Topic::Bin, Topic::Iin, &array);
    if let Some((confidence, rule)) = state_number::judge(run, &digits, sure, said, &RULES) {
        out.push(
            run.text,
            digits.first,
            digits.last,
            Kind::Bin,
            confidence,
            rule,
        );
    }
}

const RULES: state_number::Rules = state_number::Rules {
    both: "bin.checksum-and-context",
    checksum: "bin.checksum",
    context: "bin.context",
};

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("БИН 240140012342", "BIN 240140012342"),
                ("БСН: 150851000771,", "BIN 150851000771"),
                ("ТОО «Алатау», 211162000554", "BIN 211162000554"),
                ("ИИН/БИН 190343000440", "BIN 190343000440"),
                ("БИН 240140000206", "BIN 240140000206"),
                ("BIN 2401 4001 2342", "BIN 2401 4001 2342"),
                ("ИИН 900101300017", ""),
                ("240140000206", ""),
            ],
        );
    }
}
