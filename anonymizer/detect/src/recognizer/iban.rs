//! Bank accounts.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer};
use crate::identifier::Iban;
use crate::kind::Kind;
use crate::text::{Gap, Text};

/// Two letters of a country and digits that pass MOD 97-10; of Kazakhstan also with wrong ones where the text says account.
pub const RECOGNIZER: Recognizer = Recognizer::Number(find);

fn find(text: &Text, place: usize, out: &mut Candidates) {
    let Some(start) = place.checked_sub(1) else {
        return;
    };
    let (Some(country), Some(number)) = (text.token(start), text.token(place)) else {
        return;
    };
    if !country.is_word() || country.len != 2 || number.gap > Gap::Space || number.folded_len() < 2
    {
        return;
    }
    let Some(code) = super::latin(text.folded(country)) else {
        return;
    };
    let Ok(code) = <[u8; 2]>::try_from(code.as_bytes()) else {
        return;
    };
    let Some(length) = Iban::length_in(code) else {
        return;
    };
    let Some((account, last)) = collect(text, start, length) else {
        return;
    };
    if Iban::parse(&account).is_ok() {
        out.push(text, start, last, Kind::Iban, 0.99, "iban.checksum");
    } else if code == *b"KZ"
        && is_formed(&account)
        && Cues::before(text, start).within(Topic::Account, 6)
    {
        out.push(text, start, last, Kind::Iban, 0.85, "iban.context");
    }
}

fn is_formed(account: &str) -> bool {
    account
        .bytes()
        .skip(2)
        .take(5)
        .all(|byte| byte.is_ascii_digit())
}

/// Letters and digits from `start` on up to a length, with spaces and dashes between them.
fn collect(text: &Text, start: usize, length: usize) -> Option<(String, usize)> {
    let mut account = String::with_capacity(length);
    for place in start..start + 2 * length {
        let token = text.token(place)?;
        if place > start && token.gap == Gap::Block {
            return None;
        }
        if token.is('-') {
            continue;
        }
        if !token.is_word() && !token.is_number() {
            return None;
        }
        account.push_str(&super::latin(text.folded(token))?);
        if account.len() >= length {
            let next = text.token(place + 1);
            let continues =
                next.is_some_and(|next| next.is_glued() && (next.is_word() || next.is_number()));
            return (account.len() == length && !continues).then_some((account, place));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("ИИК KZ86125KZT5004100100, БИК", "IBAN KZ86125KZT5004100100"),
                ("KZ75 125K ZT10 0130 0335", "IBAN KZ75 125K ZT10 0130 0335"),
                ("kz18722s000012345678", "IBAN kz18722s000012345678"),
                ("КZ886010000012345678", "IBAN КZ886010000012345678"),
                ("KZ64-998B-TB00-0000-0001", "IBAN KZ64-998B-TB00-0000-0001"),
                (
                    "KZ86 125K\nZT50 0410 0100",
                    "IBAN KZ86 125K\nZT50 0410 0100",
                ),
                ("счет DE89370400440532013000", "IBAN DE89370400440532013000"),
                ("IBAN: KZ86125KZT5004100101", "IBAN KZ86125KZT5004100101"),
                ("KZ86125KZT5004100101", ""),
                ("KZ86125KZT500410010", ""),
                ("KZ 2024 год", ""),
            ],
        );
    }
}
