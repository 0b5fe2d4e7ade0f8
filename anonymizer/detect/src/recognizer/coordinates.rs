//! Geographic positions.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer};
use crate::kind::Kind;
use crate::text::{Gap, Text, Token, hash};

/// Latitude and longitude as decimal degrees with at least four decimals, or as degrees, minutes and seconds.
pub const RECOGNIZER: Recognizer = Recognizer::Number(find);

fn find(text: &Text, place: usize, out: &mut Candidates) {
    let Some(first) = text.token(place).filter(|token| token.folded_len() <= 2) else {
        return;
    };
    let degrees = text.token(place + 1).is_some_and(|sign| sign.is('°'));
    let decimal = text
        .token(place + 1)
        .is_some_and(|dot| (dot.is('.') || dot.is(',')) && dot.is_glued());
    if first.is_glued()
        && text
            .before(place, 1)
            .is_some_and(|before| before.is_word() || before.is('.'))
    {
        return;
    }
    if degrees {
        sexagesimal(text, place, out);
    }
    if degrees || decimal {
        pair(text, place, out);
    }
    if decimal {
        one(text, place, out);
    }
}

/// `широта 51.1282`, `"lon": 71.4304`.
fn one(text: &Text, place: usize, out: &mut Candidates) {
    let precise = text
        .token(place + 2)
        .is_some_and(|part| part.is_number() && part.folded_len() >= 3);
    if !precise {
        return;
    }
    let Some((value, _, end)) = self::decimal(text, place) else {
        return;
    };
    if value <= 180.0 && Cues::before(text, place).within(Topic::Position, 3) {
        out.push(
            text,
            place,
            end - 1,
            Kind::Coordinates,
            0.9,
            "coordinates.one",
        );
    }
}

/// A number with decimals: its value, how many decimals, and the place after it.
fn decimal(text: &Text, place: usize) -> Option<(f64, usize, usize)> {
    let whole = text
        .token(place)
        .filter(|token| token.is_number() && token.folded_len() <= 3)?;
    let dot = text
        .token(place + 1)
        .filter(|dot| dot.is_glued() && (dot.is('.') || dot.is(',')))?;
    let part = text
        .token(place + 2)
        .filter(|part| part.is_glued() && part.is_number() && dot.is_glued())?;
    let value = format!("{}.{}", text.folded(whole), text.folded(part))
        .parse()
        .ok()?;
    Some((value, part.folded_len(), place + 3))
}

fn pair(text: &Text, place: usize, out: &mut Candidates) {
    let Some((latitude, precise, after)) = decimal(text, place) else {
        return;
    };
    let Some(between) = side(text, after, &NORTH_SOUTH) else {
        return;
    };
    let Some(start) = separator(text, between) else {
        return;
    };
    let Some((longitude, also, end)) = decimal(text, start) else {
        return;
    };
    if precise.min(also) < 3 || latitude > 90.0 || longitude > 180.0 {
        return;
    }
    let last = side(text, end, &EAST_WEST).unwrap_or(end) - 1;
    let said = Cues::before(text, place).within(Topic::Position, 8);
    let kazakhstan = (40.0..=56.0).contains(&latitude) && (46.0..=88.0).contains(&longitude);
    let first = match text.before(place, 1) {
        Some(sign) if sign.is('-') && text.token(place).is_some_and(Token::is_glued) => place - 1,
        _ => place,
    };
    if said {
        out.push(
            text,
            first,
            last,
            Kind::Coordinates,
            0.96,
            "coordinates.context",
        );
    } else if kazakhstan && precise.min(also) >= 4 {
        out.push(
            text,
            first,
            last,
            Kind::Coordinates,
            0.9,
            "coordinates.form",
        );
    }
}

/// Between the two numbers: a comma, a semicolon, a slash or a space, and perhaps a minus.
fn separator(text: &Text, place: usize) -> Option<usize> {
    let mut at = place;
    if [',', ';', '/']
        .into_iter()
        .any(|sign| text.token(at).is_some_and(|token| token.is(sign)))
    {
        at += 1;
    }
    if text.token(at)?.is('-') {
        at += 1;
    }
    let parted = at > place || text.token(at)?.gap == Gap::Space;
    (parted && text.token(at)?.gap < Gap::Block).then_some(at)
}

const NORTH_SOUTH: [u64; 6] = [
    hash("n"),
    hash("s"),
    hash("с"),
    hash("ю"),
    hash("сш"),
    hash("юш"),
];
const EAST_WEST: [u64; 6] = [
    hash("e"),
    hash("w"),
    hash("в"),
    hash("з"),
    hash("вд"),
    hash("зд"),
];
const SECOND_LETTER: [u64; 2] = [hash("ш"), hash("д")];

/// Passes over `° N` or `с.ш.`. It may be missing; a letter of the other axis ends the search.
fn side(text: &Text, place: usize, sides: &[u64]) -> Option<usize> {
    let mut at = place;
    if text.token(at).is_some_and(|sign| sign.is('°')) {
        at += 1;
    }
    let near = |token: &&Token| token.is_word() && token.gap <= Gap::Space;
    let Some(word) = text.token(at).filter(near) else {
        return Some(at);
    };
    if !sides.contains(&word.hash) {
        return Some(at);
    }
    at += 1;
    // `с.ш.` is two letters with dots.
    let dotted = text.token(at).is_some_and(|dot| dot.is('.'));
    let second = text
        .token(at + 1)
        .is_some_and(|word| SECOND_LETTER.contains(&word.hash));
    if dotted && second {
        at += 2;
        if text
            .token(at)
            .is_some_and(|dot| dot.is('.') && dot.is_glued())
        {
            at += 1;
        }
    }
    Some(at)
}

/// `43°14'20" N, 76°53'30" E`.
fn sexagesimal(text: &Text, place: usize, out: &mut Candidates) {
    let Some(after) = angle(text, place) else {
        return;
    };
    let Some(after) = side(text, after, &NORTH_SOUTH) else {
        return;
    };
    let start = if text
        .token(after)
        .is_some_and(|sign| sign.is(',') || sign.is(';'))
    {
        after + 1
    } else {
        after
    };
    let Some(end) = angle(text, start) else {
        return;
    };
    let last = side(text, end, &EAST_WEST).unwrap_or(end) - 1;
    out.push(
        text,
        place,
        last,
        Kind::Coordinates,
        0.93,
        "coordinates.degrees",
    );
}

/// Passes over degrees, minutes and perhaps seconds.
fn angle(text: &Text, place: usize) -> Option<usize> {
    text.token(place)
        .filter(|token| token.is_number() && token.folded_len() <= 3)?;
    text.token(place + 1).filter(|sign| sign.is('°'))?;
    let mut at = place + 2;
    text.token(at)
        .filter(|token| token.is_number() && token.gap <= Gap::Space)?;
    while let Some(token) = text.token(at) {
        let part = token.is_number() || token.is('\'') || token.is('"') || token.is('.');
        let next = text.token(at + 1);
        // The degrees of the other angle follow.
        let other = token.is_number() && next.is_some_and(|sign| sign.is('°'));
        if !part || token.gap > Gap::Space || other {
            break;
        }
        at += 1;
    }
    text.before(at, 1)
        .filter(|token| token.is('\'') || token.is('"'))?;
    Some(at)
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
                    "точка 43.238949, 76.889709.",
                    "COORDINATES 43.238949, 76.889709",
                ),
                ("координаты: 51.169, 71.449", "COORDINATES 51.169, 71.449"),
                (
                    "51.1694° N, 71.4491° E",
                    "COORDINATES 51.1694° N, 71.4491° E",
                ),
                (
                    "43.2389° с.ш., 76.8897° в.д.",
                    "COORDINATES 43.2389° с.ш., 76.8897° в.д.",
                ),
                (
                    "43°14'20\" N, 76°53'30\" E",
                    "COORDINATES 43°14'20\" N, 76°53'30\" E",
                ),
                ("GPS 43.2389 76.8897", "COORDINATES 43.2389 76.8897"),
                (
                    "широта 51.1282, долгота: 71.4304",
                    "COORDINATES 51.1282|COORDINATES 71.4304",
                ),
                ("0.1234, 0.5678", ""),
                ("43.2, 76.8", ""),
                ("12.05.2023, 13.05.2023", ""),
                ("температура 25° и 30°", ""),
            ],
        );
    }
}
