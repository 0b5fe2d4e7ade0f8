//! Hardware addresses, EUI-48.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer, hexadecimal};
use crate::identifier::is_mac;
use crate::kind::Kind;
use crate::text::Text;

/// Six pairs with colons.
pub const COLONS: Recognizer = Recognizer::Mark(|text, place, out| find(text, place, ':', out));
/// Six pairs with dashes, or three groups of four with dots.
pub const DASHES: Recognizer = Recognizer::Number(find_parted);

fn find_parted(text: &Text, place: usize, out: &mut Candidates) {
    for next in place + 1..place + 3 {
        let Some(token) = text.token(next) else {
            return;
        };
        if !token.is_glued() {
            return;
        }
        for sign in ['-', '.'] {
            if token.is(sign) {
                find(text, next, sign, out);
                return;
            }
        }
    }
}

fn find(text: &Text, place: usize, sign: char, out: &mut Candidates) {
    let Some((first, last, address)) = hexadecimal(text, place, sign) else {
        return;
    };
    if !is_mac(&address) {
        return;
    }
    let letters = address.bytes().any(|byte| byte.is_ascii_alphabetic());
    if letters || Cues::before(text, first).within(Topic::Mac, 5) {
        out.push(text, first, last, Kind::Mac, 0.97, "mac.form");
    }
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::COLONS,
            &[
                ("MAC 00:1B:44:11:3a:B7,", "MAC 00:1B:44:11:3a:B7"),
                ("mac-адрес: 00:11:22:33:44:55", "MAC 00:11:22:33:44:55"),
                ("00:11:22:33:44:55", ""),
                ("12:30", ""),
            ],
        );
        check(
            super::DASHES,
            &[
                ("00-1B-44-11-3A-B7", "MAC 00-1B-44-11-3A-B7"),
                ("001b.4411.3ab7", "MAC 001b.4411.3ab7"),
                ("12-30-45-12-30-45", ""),
                ("2023-01-02", ""),
            ],
        );
    }
}
