//! Registration plates of vehicles.

use super::cue::{Cues, Topic};
use super::{Candidates, Recognizer};
use crate::identifier::{Plate, Series};
use crate::kind::Kind;
use crate::text::{Gap, Letters, Text, Token};

/// The forms of plates: the modern one anywhere in capitals, others where the text speaks of a vehicle.
pub const RECOGNIZER: Recognizer = Recognizer::Number(find);

fn find(text: &Text, place: usize, out: &mut Candidates) {
    let Some(number) = text.token(place) else {
        return;
    };
    if number.folded_len() != 3 {
        return;
    }
    let Some(letters) = text.token(place + 1) else {
        return;
    };
    let letters = if letters.is('-') {
        place + 2
    } else {
        place + 1
    };
    let Some(word) = text.token(letters) else {
        return;
    };
    if !word.is_word() || !(2..=3).contains(&word.len) || word.gap > Gap::Space {
        return;
    }
    modern(text, place, letters, out);
    lettered(text, place, letters, out);
}

/// `123 ABC 02`.
fn modern(text: &Text, place: usize, letters: usize, out: &mut Candidates) {
    let mut region = letters + 1;
    if text
        .token(region)
        .is_some_and(|sign| sign.is('|') || sign.is('-') || sign.is('/'))
    {
        region += 1;
    }
    let Some(last) = text.token(region) else {
        return;
    };
    let (Some(first), Some(word)) = (text.token(place), text.token(letters)) else {
        return;
    };
    if !last.is_number()
        || last.folded_len() != 2
        || last.gap > Gap::Space
        || is_continued(text, place, region)
    {
        return;
    }
    let Some(plate) = joined(text, &[first, word, last]) else {
        return;
    };
    if !matches!(
        Plate::parse(&plate).map(|plate| plate.series),
        Ok(Series::Modern { .. })
    ) {
        return;
    }
    let glued = word.is_glued() && last.is_glued();
    let unit = is_unit(text.folded(word)) && !word.is_upper();
    let found = if !unit && speaks_of_vehicle(text, place, region) {
        Some((0.97, "plate.context"))
    } else if Cues::before(text, place).within(Topic::Trade, 4) || is_unit(text.folded(word)) {
        None
    } else if word.is_upper() && glued {
        Some((0.93, "plate.form"))
    } else if word.is_upper() && word.len == 3 {
        Some((0.9, "plate.parted"))
    } else {
        None
    };
    if let Some((confidence, rule)) = found {
        let first = place - usize::from(follows_country(text, place));
        out.push(text, first, region, Kind::Plate, confidence, rule);
    }
}

/// Whether the sign of the country stands before: `KZ 123 ABC 02`.
fn follows_country(text: &Text, place: usize) -> bool {
    let near = text
        .token(place)
        .is_some_and(|number| number.gap <= Gap::Space);
    let country = text.before(place, 1);
    near && country.is_some_and(|word| word.is_upper() && text.folded(word) == "kz")
}

/// `A123BCD` and `A123BC77`.
fn lettered(text: &Text, place: usize, letters: usize, out: &mut Candidates) {
    let Some(start) = place.checked_sub(1) else {
        return;
    };
    let (Some(head), Some(first), Some(word)) =
        (text.token(start), text.token(place), text.token(letters))
    else {
        return;
    };
    // The letter of `м/н 284 ABC 18` is no part of the plate.
    let joined_before = head.is_glued()
        && text
            .before(start, 1)
            .is_some_and(|sign| sign.is('/') || sign.is('.') || sign.is('\\'));
    if !head.is_word() || head.len != 1 || first.gap > Gap::Space || joined_before {
        return;
    }
    let region = text.token(letters + 1).filter(|region| {
        region.is_number() && region.gap <= Gap::Space && matches!(region.folded_len(), 2 | 3)
    });
    let tokens = [Some(head), Some(first), Some(word), region];
    let mut last = letters + usize::from(region.is_some());
    let mut parsed = joined(text, &tokens.into_iter().flatten().collect::<Vec<_>>())
        .and_then(|plate| Plate::parse(&plate).ok());
    if parsed.is_none() && region.is_some_and(|region| !region.is_glued()) {
        last = letters;
        parsed = joined(text, &[head, first, word]).and_then(|plate| Plate::parse(&plate).ok());
    }
    if parsed.is_none() || is_continued(text, start, last) {
        return;
    }
    if speaks_of_vehicle(text, start, last) {
        out.push(text, start, last, Kind::Plate, 0.95, "plate.context");
    }
}

fn joined(text: &Text, tokens: &[&Token]) -> Option<String> {
    tokens
        .iter()
        .map(|token| super::latin(text.folded(token)))
        .collect()
}

/// Whether more letters or digits are glued to either side.
fn is_continued(text: &Text, first: usize, last: usize) -> bool {
    let part = |token: Option<&Token>| {
        token.is_some_and(|token| token.is_word() || token.is_number() || token.is('_'))
    };
    let before = text.token(first).is_some_and(Token::is_glued) && part(text.before(first, 1));
    let latin = text
        .before(first, 1)
        .is_some_and(|word| !word.letters.has(Letters::CYRILLIC));
    let after = text.token(last + 1);
    (before && latin) || (after.is_some_and(Token::is_glued) && part(after))
}

fn speaks_of_vehicle(text: &Text, first: usize, last: usize) -> bool {
    let before = Cues::before(text, first);
    let nearer = before.distance(Topic::Vehicle);
    (nearer <= 14 && before.distance(Topic::Trade) >= nearer) || {
        let after = Cues::after(text, last);
        after.within(Topic::Vehicle, 5) || after.within(Topic::Vin, 2)
    }
}

/// Units that stand between numbers in capitals: `512GB 10`.
fn is_unit(word: &str) -> bool {
    const UNITS: [&str; 30] = [
        "gb", "mb", "kb", "tb", "ml", "mm", "cm", "km", "kg", "hz", "khz", "mhz", "ghz", "kw",
        "kwt", "vt", "db", "ah", "mah", "rpm", "dpi", "lm", "kzt", "usd", "eur", "rub", "мм", "см",
        "км", "рм",
    ];
    UNITS.contains(&word)
}

#[cfg(test)]
mod tests {
    use crate::recognizer::tests::check;

    #[test]
    fn vectors() {
        check(
            super::RECOGNIZER,
            &[
                ("автомобиль 123ABC02 стоял", "PLATE 123ABC02"),
                ("гос. номер 777 AB 20", "PLATE 777 AB 20"),
                ("123АВС05", "PLATE 123АВС05"),
                ("123 ABC 02", "PLATE 123 ABC 02"),
                ("көлік нөмірі 123abc02", "PLATE 123abc02"),
                ("Toyota Camry, A123BCD", "PLATE A123BCD"),
                ("номер машины А123ВС77", "PLATE А123ВС77"),
                ("госномер 123-ABC-02", "PLATE 123-ABC-02"),
                ("123 ABC|02", "PLATE 123 ABC|02"),
                ("м/н 284 ABC 18", "PLATE 284 ABC 18"),
                ("г/н 284AB18", "PLATE 284AB18"),
                ("plate KZ 123 ABC 02", "PLATE KZ 123 ABC 02"),
                ("договор № 7: 123 ABC 02, VIN 1", "PLATE 123 ABC 02"),
                ("стоит его Нива B 228 KDM", "PLATE B 228 KDM"),
                ("жүргізуші, а/к K178OUB", "PLATE K178OUB"),
            ],
        );
    }

    #[test]
    fn other_text() {
        for text in [
            "100 см 12 мм",
            "512GB 10",
            "т/с развило 200 км 10 раз",
            "артикул 123ABC02",
            "A123BCD",
            "123ABC21",
            "123ABC025",
            "X123ABC02",
            "Airbus A320 NEO",
            "цена 500 тг 05 мая",
            "250ml05",
        ] {
            check(super::RECOGNIZER, &[(text, "")]);
        }
    }
}
