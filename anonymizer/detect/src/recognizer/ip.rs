//! Addresses of the Internet protocol.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer, hexadecimal};
use crate::identifier::is_ipv6;
use crate::kind::Kind;
use crate::text::{Text, Token};

/// Four numbers up to 255 with dots, which are no version or paragraph.
pub const V4: Recognizer = Recognizer::Number(find_v4);
/// Groups of hexadecimal digits with colons.
pub const V6: Recognizer = Recognizer::Mark(find_v6);

fn find_v4(text: &Text, place: usize, out: &mut Candidates) {
    if !text
        .token(place + 1)
        .is_some_and(|dot| dot.is('.') && dot.is_glued())
    {
        return;
    }
    let mut octets = [0_u16; 4];
    for (at, octet) in octets.iter_mut().enumerate() {
        let Some(value) = octet_at(text, place + 2 * at, at) else {
            return;
        };
        *octet = value;
    }
    let last = place + 6;
    let dotted = |token: Option<&Token>| {
        token.is_some_and(|token| token.is('.') || token.is_word() || token.is_number())
    };
    let continues = text.token(last + 1).is_some_and(|token| {
        token.is_glued()
            && (token.is_word()
                || (token.is('.')
                    && text
                        .token(last + 2)
                        .is_some_and(|t| t.is_glued() && t.is_number())))
    });
    let begun = text.token(place).is_some_and(Token::is_glued) && dotted(text.before(place, 1));
    if continues || begun {
        return;
    }
    let cues = Cues::before(text, place);
    let large = octets.iter().any(|octet| *octet >= 100)
        || octets.first().is_some_and(|octet| *octet == 10);
    if cues.leads(Topic::Ip, 6, &[Topic::Structure]) {
        out.push(text, place, last, Kind::Ip, 0.97, "ip.context");
    } else if large && !cues.within(Topic::Structure, 4) {
        out.push(text, place, last, Kind::Ip, 0.92, "ip.form");
    }
}

/// The number of an address at a place, with a dot before all but the first.
fn octet_at(text: &Text, place: usize, at: usize) -> Option<u16> {
    let token = text.token(place)?;
    let dot = at == 0
        || (text.before(place, 1)?.is('.')
            && text.before(place, 1)?.is_glued()
            && token.is_glued());
    let digits = text.folded(token);
    let plain =
        token.is_number() && digits.len() <= 3 && (digits == "0" || !digits.starts_with('0'));
    let value = digits.parse().ok().filter(|value| *value <= 255);
    if dot && plain { value } else { None }
}

fn find_v6(text: &Text, place: usize, out: &mut Candidates) {
    let Some((first, last, address)) = hexadecimal(text, place, ':') else {
        return;
    };
    let colons = address.bytes().filter(|byte| *byte == b':').count();
    let cue = || Cues::before(text, first).within(Topic::Ip, 6);
    let letters = address.bytes().any(|byte| byte.is_ascii_alphabetic());
    if colons >= 2 && is_ipv6(&address) && (colons == 7 || (address.len() > 5 && letters) || cue())
    {
        out.push(text, first, last, Kind::Ip, 0.96, "ip.v6");
    }
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::V4,
            &[
                ("вход с 192.168.1.10.", "IP 192.168.1.10"),
                ("IP: 8.8.8.8", "IP 8.8.8.8"),
                ("10.0.0.1:8080", "IP 10.0.0.1"),
                ("http://95.56.234.1/x", "IP 95.56.234.1"),
                ("версия 10.15.7.100", ""),
                ("пункт 3.1.2.4", ""),
                ("3.1.2.4", ""),
                ("256.1.1.1", ""),
                ("1.2.3.4.5", ""),
                ("01.02.2023", ""),
            ],
        );
        check(
            super::V6,
            &[
                (
                    "адрес 2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                    "IP 2001:0db8:85a3:0000:0000:8a2e:0370:7334",
                ),
                (
                    "с fe80::1ff:fe23:4567:890a на",
                    "IP fe80::1ff:fe23:4567:890a",
                ),
                ("в 12:30:45", ""),
                ("std::vec", ""),
            ],
        );
    }
}
