//! Masks what identifies a person in a line of log.
//!
//! Masked: e-mail addresses; Kazakhstan IBANs (`KZ`, 18 more: ST RK 1.45);
//! telephone numbers; runs of nine digits and more, which covers the 12-digit IIN
//! and BIN, card and document numbers; the same in groups. Figures behind a
//! decimal point are cut after six, so that metrics stay readable and no run hides
//! there.

const MASK: &str = "***";
/// A run of this many digits is masked whatever it stands for.
const LONG_RUN: usize = 9;
const DECIMALS: usize = 6;

/// The line with everything identifying replaced by `***`.
#[must_use]
pub fn masked(line: &str) -> String {
    let chars: Vec<char> = line.chars().collect();
    let mut out = String::new();
    let mut rest = chars.as_slice();
    let mut before = None;
    while let Some(&c) = rest.first() {
        let token = token_length(rest, before);
        match token {
            Token::Mask(length) => {
                out.push_str(MASK);
                before = rest.get(length - 1).copied();
                rest = rest.get(length..).unwrap_or_default();
            }
            Token::Keep(length) => {
                out.extend(rest.iter().take(length));
                before = rest.get(length - 1).copied();
                rest = rest.get(length..).unwrap_or_default();
            }
            Token::Decimals(point, length) => {
                out.extend(rest.iter().take(point + 1 + DECIMALS));
                out.push('…');
                before = rest.get(length - 1).copied();
                rest = rest.get(length..).unwrap_or_default();
            }
            Token::None => {
                out.push(c);
                before = Some(c);
                rest = rest.get(1..).unwrap_or_default();
            }
        }
    }
    out
}

/// What begins at a place in a line.
enum Token {
    /// Identifying, this many characters long.
    Mask(usize),
    /// A harmless number.
    Keep(usize),
    /// A fraction: where its point is, and its whole length.
    Decimals(usize, usize),
    None,
}

fn token_length(rest: &[char], before: Option<char>) -> Token {
    let after_word = before.is_some_and(char::is_alphanumeric);
    if !after_word {
        if let Some(length) = email(rest) {
            return Token::Mask(length);
        }
        if let Some(length) = iban(rest) {
            return Token::Mask(length);
        }
    }
    let first = rest.first().copied().unwrap_or(' ');
    if before.is_some_and(is_digit) || !(is_digit(first) || first == '+') {
        return Token::None;
    }
    let groups = Groups::read(rest);
    if let Some(length) = groups.identifying() {
        return Token::Mask(length);
    }
    number(rest)
}

/// Digits of any script: a run of Arabic or full-width digits is as telling.
fn is_digit(c: char) -> bool {
    c.is_numeric()
}

fn run(rest: &[char], keep: impl Fn(char) -> bool) -> usize {
    rest.iter().take_while(|c| keep(**c)).count()
}

/// `local@domain`; the whole token goes, because even half of it may name someone.
fn email(rest: &[char]) -> Option<usize> {
    let is_local = |c: char| c.is_alphanumeric() || "._%+-'&/=?^{|}~!#$*`".contains(c);
    let local = run(rest, is_local);
    let after = rest.get(local..)?;
    let domain = run(after.get(1..)?, |c| c.is_alphanumeric() || ".-".contains(c));
    (local > 0 && after.first() == Some(&'@') && domain > 0).then_some(local + 1 + domain)
}

/// `KZ`, two check digits and sixteen letters or digits, with or without spaces.
fn iban(rest: &[char]) -> Option<usize> {
    let mut wanted = 20;
    for (index, &c) in rest.iter().enumerate() {
        let taken = 20 - wanted;
        let fits = match taken {
            0 => c.eq_ignore_ascii_case(&'k'),
            1 => c.eq_ignore_ascii_case(&'z'),
            2 | 3 => is_digit(c),
            _ => c.is_alphanumeric(),
        };
        if fits {
            wanted -= 1;
        } else if !matches!(c, ' ' | '-') || taken < 2 {
            return None;
        }
        if wanted == 0 {
            return Some(index + 1);
        }
    }
    None
}

/// Groups of digits with one or two separators between them.
struct Groups {
    plus: bool,
    /// (digits in the group, where it ends)
    groups: Vec<(usize, usize)>,
}

impl Groups {
    /// Reads at most eight groups: no identifier has more.
    fn read(rest: &[char]) -> Self {
        let plus = rest.first() == Some(&'+');
        let mut at = usize::from(plus);
        let mut groups = Vec::new();
        while groups.len() < 8 {
            let tail = rest.get(at..).unwrap_or_default();
            let gap = run(tail, |c| {
                matches!(c, ' ' | '-' | '(' | ')' | '\u{a0}' | '–' | '‑')
            });
            let allowed = if groups.is_empty() { 1 } else { 2 };
            let digits = run(tail.get(gap..).unwrap_or_default(), is_digit);
            if digits == 0 || gap > allowed || (gap == 0 && !groups.is_empty()) {
                break;
            }
            at += gap + digits;
            groups.push((digits, at));
        }
        Self { plus, groups }
    }

    /// The length of the identifying number that begins here, when there is one.
    fn identifying(&self) -> Option<usize> {
        let sizes: Vec<usize> = self.groups.iter().map(|(digits, _)| *digits).collect();
        let end = |count: usize| self.groups.get(count.checked_sub(1)?).map(|(_, end)| *end);
        if self.plus {
            return self.international(&sizes);
        }
        // 8 (701) 123-45-67 and its other spellings.
        for shape in [
            &[1, 3, 3, 2, 2][..],
            &[1, 3, 3, 4],
            &[1, 3, 7],
            &[1, 10],
            &[3, 3, 2, 2],
            &[3, 3, 4],
        ] {
            if sizes.starts_with(shape) {
                return end(shape.len());
            }
        }
        // 850101 300123, 4400 4301 2345 6789: groups of three and more.
        let wide = sizes
            .iter()
            .take_while(|size| (3..LONG_RUN).contains(*size))
            .count();
        let total: usize = sizes.iter().take(wide).sum();
        if wide > 1 && total >= 12 {
            return end(wide);
        }
        sizes
            .first()
            .filter(|size| **size >= LONG_RUN)
            .and_then(|_| end(1))
    }

    fn international(&self, sizes: &[usize]) -> Option<usize> {
        let mut total = 0;
        for (size, (_, end)) in sizes.iter().zip(&self.groups) {
            total += size;
            if total >= 10 {
                return Some(*end);
            }
        }
        None
    }
}

/// A number that identifies nobody, with its fraction.
fn number(rest: &[char]) -> Token {
    let whole = run(rest, is_digit);
    if whole == 0 {
        return Token::None;
    }
    let after = rest.get(whole..).unwrap_or_default();
    let fraction = if matches!(after.first(), Some('.' | ',')) {
        run(after.get(1..).unwrap_or_default(), is_digit)
    } else {
        0
    };
    match fraction {
        0 => Token::Keep(whole),
        1..=DECIMALS => Token::Keep(whole + 1 + fraction),
        _ => Token::Decimals(whole, whole + 1 + fraction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: &str) {
        assert_eq!(masked(line), expected, "{line:?}");
    }

    #[test]
    fn identifiers_are_masked() {
        check("iin=850101300123;", "iin=***;");
        check("iin 850101 300123 ok", "iin *** ok");
        check("x850101300123y", "x***y");
        check("doc 123456789", "doc ***");
        check("card 4400 4301 2345 6789", "card ***");
        check("٨٥٠١٠١٣٠٠١٢٣", "***");
        check("mail a.b+c@example.kz, ok", "mail ***, ok");
        check("acc KZ86125KZT5004100100.", "acc ***.");
        check("acc kz86 125K ZT50 0410 0100", "acc ***");
        check("call +7 701 123 45 67 now", "call *** now");
        check("call 8 (701) 123-45-67", "call ***");
        check("call +77011234567", "call ***");
        check("call (701) 123-45-67", "call (***");
        check("a,850101300123,b", "a,***,b");
    }

    #[test]
    fn a_log_stays_readable() {
        for line in [
            "epoch 3/10 loss 0.4321 acc 0.8512 lr 1e-05",
            "2026-11-21 20:04:05 INFO rows=48842 k=5",
            "saved 12345678 bytes to /out/model.pkl",
            "1 2 3 4 5 6 7 8 9 10 11 12",
            "shape (32561, 14) 64 128 256",
            "Traceback: line 42, in <module>",
        ] {
            check(line, line);
        }
        check("acc 0.8523456789012", "acc 0.852345…");
        check("1.5, 2.25", "1.5, 2.25");
    }
}
