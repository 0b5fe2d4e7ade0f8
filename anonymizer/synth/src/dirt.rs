//! What happens to texts and cells on their way: case, alphabets, invisible characters, typing errors, markup.

use crate::grammar::spelling::without_kazakh;
use crate::label::Language;
use crate::rng::Rng;
use crate::text::Text;

/// The Cyrillic letter that looks like a Latin one.
pub fn cyrillic_lookalike(letter: char) -> char {
    pair(letter, false)
}

/// The Latin letter that looks like a Cyrillic one.
pub fn latin_lookalike(letter: char) -> char {
    pair(letter, true)
}

fn pair(letter: char, to_latin: bool) -> char {
    const LATIN: &str = "ABCEHKMOPTXaceopxyi";
    const CYRILLIC: &str = "АВСЕНКМОРТХасеорхуі";
    let (from, to) = if to_latin {
        (CYRILLIC, LATIN)
    } else {
        (LATIN, CYRILLIC)
    };
    from.chars()
        .zip(to.chars())
        .find(|(one, _)| *one == letter)
        .map_or(letter, |(_, other)| other)
}

/// The sorts of dirt, with their shares in a thousand.
const SORTS: [(Dirt, u32); 12] = [
    (Dirt::None, 640),
    (Dirt::Lower, 55),
    (Dirt::Upper, 30),
    (Dirt::Russified, 70),
    (Dirt::Lookalikes, 30),
    (Dirt::Invisible, 25),
    (Dirt::Decomposed, 20),
    (Dirt::Typos, 50),
    (Dirt::Html, 20),
    (Dirt::Json, 20),
    (Dirt::Spaces, 20),
    (Dirt::Lines, 20),
];

/// What was done to a text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dirt {
    /// Nothing.
    None,
    /// Everything in lower case.
    Lower,
    /// Everything in upper case.
    Upper,
    /// Kazakh letters typed as Russian ones.
    Russified,
    /// Some letters replaced by Latin ones that look alike.
    Lookalikes,
    /// Zero-width spaces and soft hyphens within words.
    Invisible,
    /// й and ё as a letter and a combining mark.
    Decomposed,
    /// Letters swapped, doubled or left out; not in numbers.
    Typos,
    /// Tags around and entities within.
    Html,
    /// The value of a JSON field.
    Json,
    /// Double and non-breaking spaces.
    Spaces,
    /// Line ends instead of some spaces.
    Lines,
}

impl Dirt {
    /// Draws a sort of dirt.
    pub fn draw(rng: &mut Rng, language: Language) -> Self {
        let drawn = SORTS
            .get(rng.weighted(&SORTS.map(|(_, share)| share)))
            .map_or(Self::None, |(dirt, _)| *dirt);
        if drawn == Self::Russified && language == Language::Russian {
            Self::None
        } else {
            drawn
        }
    }

    /// Does it to a text.
    pub fn apply(self, text: &mut Text, rng: &mut Rng) {
        let latin = |text: &Text, number: usize| {
            matches!(
                text.kind_at(number),
                Some("EMAIL" | "IBAN" | "PASSPORT" | "VIN" | "PLATE")
            )
        };
        let before = text.clone();
        match self {
            Self::None => {}
            Self::Lower => text.rewrite(|_, letter, out| out.extend(letter.to_lowercase())),
            Self::Upper => text.rewrite(|_, letter, out| out.extend(letter.to_uppercase())),
            Self::Russified => text.rewrite(|_, letter, out| out.push(without_kazakh(letter))),
            Self::Lookalikes => text.rewrite(|_, letter, out| {
                out.push(if rng.chance(0.12) {
                    latin_lookalike(letter)
                } else {
                    letter
                })
            }),
            Self::Invisible => text.rewrite(|number, letter, out| {
                out.push(letter);
                if letter.is_alphabetic()
                    && !latin(&before, number)
                    && inside_word(&before, number)
                    && rng.chance(0.05)
                {
                    out.push_str(rng.word(&["\u{200b}", "\u{ad}", "\u{200d}"]));
                }
            }),
            Self::Decomposed => text.rewrite(|_, letter, out| match letter {
                'й' => out.push_str("и\u{306}"),
                'Й' => out.push_str("И\u{306}"),
                'ё' => out.push_str("е\u{308}"),
                other => out.push(other),
            }),
            Self::Typos => typos(text, &before, rng),
            Self::Html => html(text, rng),
            Self::Json => json(text, rng),
            Self::Spaces => text.rewrite(|_, letter, out| match letter {
                ' ' if rng.chance(0.2) => {
                    out.push_str(rng.word(&["  ", "\u{a0}", " \u{a0}", "\u{202f}"]))
                }
                other => out.push(other),
            }),
            Self::Lines => text.rewrite(|_, letter, out| {
                out.push(if letter == ' ' && rng.chance(0.1) {
                    '\n'
                } else {
                    letter
                })
            }),
        }
    }
}

/// Whether the character and the one after it are of one span, or of none.
fn inside_word(text: &Text, number: usize) -> bool {
    text.kind_at(number) == text.kind_at(number + 1)
}

fn typos(text: &mut Text, before: &Text, rng: &mut Rng) {
    text.rewrite(|number, letter, out| {
        let name = matches!(before.kind_at(number), None | Some("PERSON" | "ADDRESS"));
        // The first letters of names, and what stands at the edge of a span, are typed with more care.
        if letter.is_lowercase() && name && inside_word(before, number) && rng.chance(0.015) {
            match rng.below(4) {
                0 => {}
                1 => out.extend([letter, letter]),
                2 => out.push(neighbour(letter, rng)),
                _ => out.extend([neighbour(letter, rng), letter]),
            }
        } else {
            out.push(letter);
        }
    });
}

/// A key beside this one.
fn neighbour(letter: char, rng: &mut Rng) -> char {
    const ROWS: [&str; 3] = ["йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю"];
    for row in ROWS {
        if let Some(place) = row.chars().position(|key| key == letter) {
            let other = if rng.chance(0.5) {
                place.wrapping_sub(1)
            } else {
                place + 1
            };
            return row.chars().nth(other).unwrap_or(letter);
        }
    }
    letter
}

fn html(text: &mut Text, rng: &mut Rng) {
    let before = text.clone();
    text.rewrite(|number, letter, out| match letter {
        // A number that goes over a line end has one in the source, too.
        '\n' if before.kind_at(number).is_none() => out.push_str("<br/>"),
        ' ' if rng.chance(0.04) => out.push_str("&nbsp;"),
        '«' => out.push_str("&laquo;"),
        '»' => out.push_str("&raquo;"),
        '"' => out.push_str("&quot;"),
        other => out.push(other),
    });
    let (open, close) = if rng.chance(0.5) {
        ("<p>", "</p>")
    } else {
        ("<div class=\"note\"><span>", "</span></div>")
    };
    wrap(text, open, close);
}

fn json(text: &mut Text, rng: &mut Rng) {
    text.rewrite(|_, letter, out| match letter {
        '\n' => out.push_str("\\n"),
        '"' => out.push_str("\\\""),
        other => out.push(other),
    });
    let number = rng.below(100_000);
    wrap(
        text,
        &format!("{{\"id\":{number},\"text\":\""),
        "\",\"status\":\"new\"}",
    );
}

fn wrap(text: &mut Text, before: &str, after: &str) {
    let inner = std::mem::take(text);
    text.push(before);
    text.append(inner);
    text.push(after);
}

/// A cell as a careless clerk typed it.
pub fn cell(value: &str, rng: &mut Rng) -> String {
    match rng.below(7) {
        0 => value.to_uppercase(),
        1 => value.to_lowercase(),
        2 => format!(" {value} "),
        3 => value
            .chars()
            .map(|letter| {
                if rng.chance(0.3) {
                    latin_lookalike(letter)
                } else {
                    letter
                }
            })
            .collect(),
        4 => value.chars().map(without_kazakh).collect(),
        5 => value.replace('й', "и\u{306}"),
        _ => {
            let at = rng.below(value.chars().count());
            let swap =
                |(place, letter): (usize, char)| (place != at || place == 0).then_some(letter);
            value.chars().enumerate().filter_map(swap).collect()
        }
    }
}
