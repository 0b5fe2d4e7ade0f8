//! Cells that are one code of letters and digits.

use super::{Bytes, Observation, check, date};
use crate::sign::{Sign, Signs};

/// The longest text that is compared with the forms of codes.
const LONGEST: usize = 40;

/// A run of base64 from here on is a template, a picture or a key.
const TEMPLATE: usize = 120;

/// What the cell shows if it is a code, an address of a network or of mail, or a date with letters in it.
pub fn observe(cell: &[u8], bytes: Bytes) -> Option<Observation> {
    if bytes.at && is_email(cell) {
        return Some(Observation::sign(Sign::Email));
    }
    if is_url(cell) {
        return Some(Observation::of(
            Signs::of(Sign::Url).with_if(is_image(cell), Sign::Image),
        ));
    }
    if is_image(cell) {
        return Some(Observation::sign(Sign::Image));
    }
    if bytes.spaces == 0 && cell.len() >= TEMPLATE && is_base64(cell) {
        return Some(Observation::sign(Sign::Template));
    }
    if bytes.digits == 0 && bytes.high > 0 {
        return None;
    }
    if cell.first().is_some_and(u8::is_ascii_digit)
        && let Some(year) = date::year(cell)
    {
        return Some(Observation {
            year: Some(year),
            ..Observation::sign(Sign::Date)
        });
    }
    if is_mac(cell) {
        return Some(Observation::sign(Sign::Mac));
    }
    if bytes.latin > 0 && cell.contains(&b':') && is_ip6(cell) {
        return Some(Observation::sign(Sign::Ip));
    }
    // No code is written in so many groups, or in groups of so many Cyrillic letters.
    if bytes.spaces > 6 || (bytes.spaces > 1 && bytes.high > 24) {
        return None;
    }
    let compact = Compact::of(cell)?;
    let signs = compact.signs(bytes);
    (signs.0 != 0).then(|| Observation::of(signs))
}

/// A code in Latin capitals and digits, without spaces, dashes and the sign for number. Cyrillic letters that look like Latin ones count
/// as these.
struct Compact {
    text: [u8; LONGEST],
    length: usize,
    /// A letter that no code has.
    strange: bool,
}

impl Compact {
    fn of(cell: &[u8]) -> Option<Self> {
        let mut compact = Self {
            text: [0; LONGEST],
            length: 0,
            strange: false,
        };
        let mut rest = cell;
        while let [first, after @ ..] = rest {
            rest = after;
            let letter = match *first {
                b' ' | b'-' | b'/' | b'#' => continue,
                byte if byte < 0x80 => byte.to_ascii_uppercase(),
                0xE2 => {
                    // The sign for number takes three bytes.
                    rest = after.get(2..)?;
                    continue;
                }
                lead => {
                    let (second, after) = after.split_first()?;
                    rest = after;
                    match look_alike(lead, *second) {
                        Some(letter) => letter,
                        None => {
                            compact.strange = true;
                            b'?'
                        }
                    }
                }
            };
            *compact.text.get_mut(compact.length)? = letter;
            compact.length += 1;
        }
        Some(compact)
    }

    fn signs(&self, bytes: Bytes) -> Signs {
        let text = self.text.get(..self.length).unwrap_or_default();
        let plain = text.iter().all(u8::is_ascii_alphanumeric);
        if bytes.digits == 0 || !plain {
            return self.other(text, bytes);
        }
        let form = Form::of(text);
        let mut signs = Signs::default()
            .with_if(form.is(b"L7D") && text.starts_with(b"N"), Sign::Passport)
            .with_if(form.is(b"L8D") && text.starts_with(b"N"), Sign::Passport)
            .with_if(is_plate(&form, text), Sign::Plate)
            .with_if(form.is(b"2L6D"), Sign::DriverLicence)
            .with_if(
                is_birth_certificate(text) && bytes.spaces + bytes.high > 0,
                Sign::BirthCertificate,
            )
            .with_if(check::iban(text), Sign::Iban)
            .with_if(is_vin(text), Sign::Vin)
            .with_if(is_icd(text), Sign::Icd)
            .with_if(is_postal(&form, text), Sign::Postal)
            .with_if(self.is_house(text), Sign::House);
        let hex = text.len() >= 16 && text.iter().all(u8::is_ascii_hexdigit);
        signs = signs.with_if(hex, Sign::Hex);
        if bytes.spaces == 0 && bytes.high == 0 {
            signs = signs.with_if(is_user_name(text), Sign::UserName);
        }
        if signs.0 == 0 && bytes.spaces > 1 {
            return signs;
        }
        signs.with_if(
            text.len() < LONGEST && (bytes.spaces == 0 || signs.0 != 0),
            Sign::Code,
        )
    }

    /// Codes with a dot in them, or with letters that are no Latin ones' look-alikes.
    fn other(&self, text: &[u8], bytes: Bytes) -> Signs {
        let icd = bytes.digits > 0 && is_icd(text);
        let birth = bytes.digits >= 6 && is_birth_certificate(text);
        let user = bytes.high == 0
            && bytes.spaces == 0
            && is_user_name(text)
            && (bytes.digits > 0 || text.iter().any(|byte| matches!(byte, b'.' | b'_')));
        let code = !self.strange && bytes.digits > 0 && bytes.spaces == 0;
        Signs::default()
            .with_if(icd, Sign::Icd)
            .with_if(birth, Sign::BirthCertificate)
            .with_if(user, Sign::UserName)
            .with_if(self.is_house(text), Sign::House)
            .with_if(code, Sign::Code)
    }

    /// `12а`, `12/1`, `12 корп` is not.
    fn is_house(&self, text: &[u8]) -> bool {
        let letters = text.iter().filter(|byte| !byte.is_ascii_digit()).count();
        (2..=5).contains(&text.len())
            && letters == 1
            && text.first().is_some_and(u8::is_ascii_digit)
    }
}

/// The Latin capital that looks like a Cyrillic letter.
const fn look_alike(lead: u8, second: u8) -> Option<u8> {
    Some(match (lead, second) {
        (0xD0, 0x90 | 0xB0) => b'A',
        (0xD0, 0x92 | 0xB2) => b'B',
        (0xD0, 0x95 | 0xB5) => b'E',
        (0xD0, 0x9A | 0xBA) => b'K',
        (0xD0, 0x9C | 0xBC) => b'M',
        (0xD0, 0x9D | 0xBD) => b'N',
        (0xD0, 0x9E | 0xBE) => b'O',
        (0xD0, 0xA0) | (0xD1, 0x80) => b'P',
        (0xD0, 0xA1) | (0xD1, 0x81) => b'C',
        (0xD0, 0xA2) | (0xD1, 0x82) => b'T',
        (0xD0, 0xA5) | (0xD1, 0x85) => b'X',
        (0xD0, 0x86) | (0xD1, 0x96) => b'I',
        _ => return None,
    })
}

/// The runs of letters and digits of a code: `2L6D`.
struct Form {
    runs: [(u8, u8); 6],
    length: usize,
}

impl Form {
    fn of(text: &[u8]) -> Self {
        let mut form = Self {
            runs: [(0, 0); 6],
            length: 0,
        };
        for byte in text {
            let kind = if byte.is_ascii_digit() { b'D' } else { b'L' };
            let last = form
                .length
                .checked_sub(1)
                .and_then(|last| form.runs.get_mut(last));
            match last {
                Some((count, run)) if *run == kind => *count = count.saturating_add(1),
                _ => {
                    if let Some(place) = form.runs.get_mut(form.length) {
                        *place = (1, kind);
                        form.length += 1;
                    } else {
                        return Self {
                            runs: [(0, 0); 6],
                            length: 0,
                        };
                    }
                }
            }
        }
        form
    }

    fn runs(&self) -> &[(u8, u8)] {
        self.runs.get(..self.length).unwrap_or_default()
    }

    /// Whether the runs are those of a pattern such as `2L6D`; a count of one is not written.
    fn is(&self, pattern: &[u8]) -> bool {
        let (mut runs, mut count) = (self.runs().iter(), 0);
        for &byte in pattern {
            if byte.is_ascii_digit() {
                count = byte - b'0';
                continue;
            }
            if runs.next() != Some(&(count.max(1), byte)) {
                return false;
            }
            count = 0;
        }
        runs.next().is_none()
    }
}

fn is_plate(form: &Form, text: &[u8]) -> bool {
    let new = form.is(b"3D2L2D") || form.is(b"3D3L2D");
    let region = text
        .len()
        .checked_sub(2)
        .and_then(|from| text.get(from..))
        .and_then(check::small);
    (new && region.is_some_and(|region| (1..=20).contains(&region)))
        || form.is(b"L3D2L")
        || form.is(b"L3D3L")
}

fn is_vin(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    text.len() == 17
        && !text.iter().any(|byte| matches!(byte, b'I' | b'O' | b'Q'))
        && (3..=15).contains(&digits)
        && text.iter().rev().take(4).all(u8::is_ascii_digit)
}

/// The postal codes of Kazakhstan since 2015: `A05E3B7`.
fn is_postal(form: &Form, text: &[u8]) -> bool {
    form.is(b"L2DLDLD") && text.len() == 7
}

/// `I-АЖ 1234567`, `II-АЮ № 123456`: a Roman number, two letters, six or seven digits.
fn is_birth_certificate(text: &[u8]) -> bool {
    let roman = text
        .iter()
        .take_while(|byte| matches!(byte, b'I' | b'V' | b'X'))
        .count();
    let rest = text.get(roman..).unwrap_or_default();
    let letters = rest
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase() || **byte == b'?')
        .count();
    let digits = rest.get(letters..).unwrap_or_default();
    (1..=5).contains(&roman)
        && letters == 2
        && (6..=7).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
}

/// A code of ICD-10: `J45`, `J45.0`, with a mark of etiology or not.
pub fn is_icd(text: &[u8]) -> bool {
    let text = text
        .strip_suffix(b"*")
        .or_else(|| text.strip_suffix(b"+"))
        .unwrap_or(text);
    let (head, tail) = match text.iter().position(|byte| *byte == b'.') {
        Some(dot) => (text.get(..dot), text.get(dot + 1..)),
        None => (Some(text), None),
    };
    let head = head.is_some_and(|head| matches!(head, [b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9']));
    head && tail
        .is_none_or(|tail| (1..=2).contains(&tail.len()) && tail.iter().all(u8::is_ascii_digit))
}

fn is_user_name(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"@").unwrap_or(text);
    (3..=32).contains(&text.len())
        && text.first().is_some_and(u8::is_ascii_alphabetic)
        && text
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_'))
        && text
            .iter()
            .filter(|byte| byte.is_ascii_alphabetic())
            .count()
            >= 3
}

/// Whether the text is one e-mail address.
pub fn is_email(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"mailto:").unwrap_or(text);
    let mut parts = text.split(|byte| *byte == b'@');
    let (Some(name), Some(host), None) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let inner = |byte: &u8| *byte >= 0x80 || byte.is_ascii_alphanumeric();
    let dot = host.iter().rposition(|byte| *byte == b'.');
    let top = dot.and_then(|dot| host.get(dot + 1..)).unwrap_or_default();
    !name.is_empty()
        && name.len() <= 64
        && name
            .iter()
            .all(|byte| inner(byte) || b".!#$%&'*+-/=?^_`{|}~".contains(byte))
        && dot.is_some_and(|dot| dot > 0)
        && host
            .iter()
            .all(|byte| inner(byte) || matches!(byte, b'.' | b'-'))
        && top.len() >= 2
        && top.iter().all(|byte| !byte.is_ascii_digit())
}

fn is_url(text: &[u8]) -> bool {
    let begins = |prefix: &[u8]| {
        text.get(..prefix.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    matches!(text.first(), Some(b'h' | b'H' | b'f' | b'F' | b'w' | b'W'))
        && (begins(b"http://") || begins(b"https://") || begins(b"ftp://") || begins(b"www."))
        && !text.contains(&b' ')
}

fn is_image(text: &[u8]) -> bool {
    const ENDINGS: &[&[u8]] = &[
        b".jpg", b".jpeg", b".png", b".bmp", b".wsq", b".dcm", b".tif", b".tiff", b".jp2",
        b".heic", b".webp", b".gif",
    ];
    let end = text
        .len()
        .checked_sub(5)
        .and_then(|from| text.get(from..))
        .unwrap_or_default();
    let ends = |ending: &[u8]| {
        end.get(end.len().saturating_sub(ending.len())..)
            .is_some_and(|end| end.eq_ignore_ascii_case(ending))
    };
    end.contains(&b'.') && text.len() > 5 && ENDINGS.iter().any(|ending| ends(ending))
}

fn is_base64(text: &[u8]) -> bool {
    let body = text.strip_prefix(b"data:").and_then(|rest| {
        rest.iter()
            .position(|byte| *byte == b',')
            .and_then(|comma| rest.get(comma + 1..))
    });
    body.unwrap_or(text).iter().all(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_')
    })
}

fn is_mac(text: &[u8]) -> bool {
    let separator = match text.get(2) {
        Some(byte @ (b':' | b'-')) => *byte,
        _ => return false,
    };
    let mut parts = text.split(|byte| *byte == separator);
    let right = parts
        .by_ref()
        .take(6)
        .filter(|part| part.len() == 2 && part.iter().all(u8::is_ascii_hexdigit))
        .count();
    right == 6 && parts.next().is_none()
}

fn is_ip6(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
}
