//! E-mail addresses, RFC 5321 in the forms that people use.

use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::{Gap, Letters, Text, Token, hash};

/// A name, `@`, and a domain with a dot.
pub const RECOGNIZER: Recognizer = Recognizer::Mark(find);

fn find(text: &Text, place: usize, out: &mut Candidates) {
    let Some(at) = text.token(place) else { return };
    if !at.is('@') {
        return;
    }
    let Some(next) = text.token(place + 1) else {
        return;
    };
    let spaced = at.gap == Gap::Space || next.gap == Gap::Space;
    if at.gap > Gap::Space || next.gap > Gap::Space {
        return;
    }
    let (Some(first), Some((last, known))) = (local(text, place), domain(text, place)) else {
        return;
    };
    if spaced && !known {
        return;
    }
    // `https://user:secret@host/` is no address.
    if text.before(first, 1).is_some_and(|sign| sign.is(':'))
        && text.before(first, 3).is_some_and(|sign| sign.is('/'))
    {
        return;
    }
    let (confidence, rule) = if known {
        (0.99, "email.known-domain")
    } else {
        (0.95, "email.form")
    };
    out.push(text, first, last, Kind::Email, confidence, rule);
}

/// Where the name before `@` begins.
fn local(text: &Text, place: usize) -> Option<usize> {
    let is_body = |token: &Token| token.is_word() || token.is_number() || token.is('_');
    let is_inner = |token: &Token| {
        ['.', '-', '+', '%', '\'']
            .into_iter()
            .any(|sign| token.is(sign))
    };
    let mut first = None;
    let mut glued = true;
    for at in (place.saturating_sub(24)..place).rev() {
        let token = text.token(at)?;
        if !glued || !(is_body(token) || (is_inner(token) && first.is_some())) {
            break;
        }
        if is_body(token) {
            first = Some(at);
        }
        glued = token.is_glued();
    }
    first
}

/// Where the domain after `@` ends, and whether its last label is a known one.
fn domain(text: &Text, place: usize) -> Option<(usize, bool)> {
    let mut end = None;
    let mut at = place + 1;
    label(text, &mut at, true)?;
    // A label for each dot; the last one is letters.
    for _ in 0..8 {
        let dot = text.token(at)?;
        let next = text.token(at + 1);
        let joined = dot.is('.') && dot.is_glued() && next.is_some_and(Token::is_glued);
        if !joined {
            break;
        }
        let top = at + 1;
        at = top;
        if label(text, &mut at, false).is_none() {
            break;
        }
        let word = text
            .token(top)
            .filter(|word| at == top + 1 && word.is_word())?;
        match top_level(word) {
            Top::Known => end = Some((top, true)),
            Top::Possible if end.is_none() => end = Some((top, false)),
            Top::Possible => {}
            Top::Impossible => break,
        }
        if text.token(at).is_none() {
            break;
        }
    }
    end
}

/// Passes over letters, digits and inner dashes.
fn label(text: &Text, at: &mut usize, first: bool) -> Option<()> {
    let begin = *at;
    while let Some(token) = text.token(*at) {
        let glued = token.is_glued() || (first && *at == begin);
        let next = text.token(*at + 1);
        let dash = (token.is('-') || token.is('_'))
            && *at > begin
            && next.is_some_and(|next| next.is_glued() && !next.is('.'));
        if !glued || !(token.is_word() || token.is_number() || dash) {
            break;
        }
        *at += 1;
    }
    (*at > begin).then_some(())
}

enum Top {
    Known,
    Possible,
    Impossible,
}

fn top_level(word: &Token) -> Top {
    const KNOWN: [u64; 27] = [
        hash("kz"),
        hash("ru"),
        hash("com"),
        hash("org"),
        hash("net"),
        hash("edu"),
        hash("gov"),
        hash("info"),
        hash("biz"),
        hash("io"),
        hash("me"),
        hash("uz"),
        hash("kg"),
        hash("by"),
        hash("ua"),
        hash("de"),
        hash("uk"),
        hash("us"),
        hash("рф"),
        hash("қаз"),
        hash("su"),
        hash("pro"),
        hash("dev"),
        hash("app"),
        hash("online"),
        hash("site"),
        hash("example"),
    ];
    if KNOWN.contains(&word.hash) {
        Top::Known
    } else if word.letters.has(Letters::LATIN) && (2..=12).contains(&word.len) {
        Top::Possible
    } else {
        Top::Impossible
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
                (
                    "пишите на ivan.petrov@mail.ru.",
                    "EMAIL ivan.petrov@mail.ru",
                ),
                (
                    "<a_b-c+d@sub.domain.gov.kz>",
                    "EMAIL a_b-c+d@sub.domain.gov.kz",
                ),
                ("E-mail:A.B@X.KZ,", "EMAIL A.B@X.KZ"),
                ("mailto:x1@y2.com?subject=a", "EMAIL x1@y2.com"),
                ("ivan@почта.рф", "EMAIL ivan@почта.рф"),
                ("ivаn@mail.ru", "EMAIL ivаn@mail.ru"),
                ("ivan@mail.kz.Он ушел", "EMAIL ivan@mail.kz"),
                ("ivan&#64;mail.kz", "EMAIL ivan&#64;mail.kz"),
                ("ivan @ mail.ru", "EMAIL ivan @ mail.ru"),
                ("_ivan_@mail-list.co.uk", "EMAIL _ivan_@mail-list.co.uk"),
                ("a@b.kz;c@d.kz", "EMAIL a@b.kz|EMAIL c@d.kz"),
                ("user@host", ""),
                ("@handle", ""),
                ("https://user:secret@host.kz/", ""),
                ("5 @ 10", ""),
            ],
        );
    }
}
