//! Names of accounts in messengers and systems.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::{Gap, Letters, Text, Token};

/// `@name` near a word of accounts, or what follows `логин:`.
pub const RECOGNIZER: Recognizer = Recognizer::Mark(find);

fn find(text: &Text, place: usize, out: &mut Candidates) {
    let Some(mark) = text.token(place) else {
        return;
    };
    let Some((last, length)) = name(text, place + 1) else {
        return;
    };
    if length < 4 {
        return;
    }
    if mark.is('@') {
        let glued = text.token(place + 1).is_some_and(Token::is_glued);
        let local = mark.is_glued()
            && text
                .before(place, 1)
                .is_some_and(|token| token.is_word() || token.is_number());
        let said = || {
            Cues::before(text, place).within(Topic::User, 7)
                || Cues::after(text, last).within(Topic::User, 4)
        };
        if glued && !local && said() {
            out.push(text, place, last, Kind::UserName, 0.85, "user-name.handle");
        }
    } else if text.before(place, 1).is_some_and(Token::is_word)
        && Cues::before(text, place).within(Topic::User, 1)
    {
        out.push(
            text,
            place + 1,
            last,
            Kind::UserName,
            0.8,
            "user-name.login",
        );
    }
}

/// Where a name of Latin letters, digits, `_` and inner dots ends, and how long it is.
fn name(text: &Text, first: usize) -> Option<(usize, usize)> {
    let begin = text.token(first)?;
    let latin = |token: &Token| {
        token.is_word()
            && token.letters.has(Letters::LATIN)
            && !token.letters.has(Letters::CYRILLIC)
    };
    if begin.gap > Gap::Space || !(latin(begin) || begin.is('_') || begin.is_number()) {
        return None;
    }
    let (mut last, mut length, mut letters) = (first, 0, false);
    for at in first..first + 16 {
        let Some(token) = text.token(at) else { break };
        if at > first && !token.is_glued() {
            break;
        }
        if latin(token) || token.is_number() || token.is('_') {
            letters |= token.is_word();
            last = at;
        } else if token.is('@') || token.is(':') {
            // An e-mail address or a web address.
            return None;
        } else if !(token.is('.') || token.is('-')) {
            break;
        }
        length += usize::from(token.len);
    }
    letters.then_some((last, length))
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("мой телеграм @ivan_petrov88.", "USER_NAME @ivan_petrov88"),
                ("Instagram: @aigul.kz", "USER_NAME @aigul.kz"),
                ("логин: ivanov_a", "USER_NAME ivanov_a"),
                ("username: aigul1990", "USER_NAME aigul1990"),
                ("логин: ivan@mail.ru", ""),
                ("логин: запрещен", ""),
                ("@media screen", ""),
                ("пароль: qwerty", ""),
            ],
        );
    }
}
