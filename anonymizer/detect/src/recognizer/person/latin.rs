//! Names of people of here in Latin letters: `Nursultan Abishuly`, `IVANOV IVAN`.

use super::Candidates;
use super::before::before;
use super::judged::Words;
use crate::kind::Kind;
use crate::names::{
    Facts, LatinName, Lexicon, Word, is_ordinary, latin_patronymic, latin_surname, likeness,
    respelled,
};
use crate::text::{Gap, Letters, Text};

/// The longest name that is read, in words.
const LONGEST: usize = 4;

#[derive(Clone, Copy)]
struct Part {
    last: usize,
    given: bool,
    clear: bool,
    surname: bool,
    patronymic: bool,
    initial: bool,
    possible: bool,
    likely: bool,
}

/// Reads the row of capitalized Latin words that begins at `place`; the place to go on from.
pub fn find(words: &mut Words<'_>, place: usize, out: &mut Candidates) -> usize {
    let (text, lexicon) = (words.text, words.lexicon);
    let mut parts: Vec<Part> = Vec::new();
    let mut at = place;
    let before = before(text, lexicon, place);
    while parts.len() < LONGEST {
        let least = if before.cue { TOLD } else { LIKELY };
        let Some(part) = part(words, at, parts.is_empty(), least) else {
            break;
        };
        at = part.last + 1;
        parts.push(part);
    }
    let count = |is: fn(&Part) -> bool| parts.iter().filter(|part| is(part)).count();
    let known = count(|part| part.given || part.surname || part.patronymic || part.likely);
    let sure = known == parts.len()
        || count(|part| part.patronymic) > 0
        || count(|part| part.possible) <= 1 && parts.len() <= 3;
    let evidence = count(|part| part.given).min(2)
        + count(|part| part.surname).min(1)
        + 2 * count(|part| part.patronymic)
        + count(|part| part.initial)
        + count(|part| part.likely).min(1);
    let clear = count(|part| part.clear) > 0;
    // `жолаушы GERTNER NIKANOR`: after a word for people, two words that may be names are one.
    let pair = parts.len() >= 2 && known == parts.len();
    let told = before.cue && (clear || pair || count(|part| part.given || part.surname) > 0);
    let whole = evidence >= 2
        && parts.len() >= 2
        && sure
        && (clear
            || count(|part| part.patronymic) > 0
            || count(|part| part.given) > 0
            || count(|part| part.surname) > 0);
    if (whole || told && sure) && !before.street && !before.organization {
        let confidence = if whole { 0.85 } else { 0.7 };
        out.push(
            text,
            place,
            at.saturating_sub(1),
            Kind::Person,
            confidence,
            "person.latin",
        );
        return at;
    }
    place + 1
}

fn part(words: &mut Words<'_>, place: usize, first: bool, least: i32) -> Option<Part> {
    let text = words.text;
    let token = text.token(place)?;
    if !token.is_word()
        || !token.letters.has(Letters::TITLE.and(Letters::LATIN))
        || !first && !matches!(token.gap, Gap::Space | Gap::None)
    {
        return None;
    }
    let dot = text
        .token(place + 1)
        .is_some_and(|next| next.is('.') && next.is_glued());
    if token.len <= 2 && dot {
        let last = place + 1;
        return Some(Part {
            last,
            given: false,
            clear: false,
            surname: false,
            patronymic: false,
            initial: true,
            possible: false,
            likely: false,
        });
    }
    if token.len < 3 || !first && token.gap == Gap::None {
        return None;
    }
    let folded = text.folded(token);
    if first && brand(folded) {
        return None;
    }
    let Judged {
        facts,
        surname,
        patronymic,
        english,
        likeness,
    } = words.memory.latin.judge(folded, token.hash, words.lexicon);
    let given = facts.has(Facts::GIVEN);
    let possible = !given && !surname && !patronymic;
    let likely = likeness.is_some_and(|likeness| likeness >= least);
    if possible && (first && !likely || english) {
        return None;
    }
    let clear = given && facts.has(Facts::COMMON) && !facts.has(Facts::WORD);
    let last = hyphenated(text, place);
    Some(Part {
        last,
        given,
        clear,
        surname,
        patronymic,
        initial: false,
        possible: possible && !likely,
        likely,
    })
}

/// How much the letters of a word, spelled in Cyrillic, must speak for a name, in sixteenths of log-odds.
const LIKELY: i32 = 32;
/// The same after a word for people.
const TOLD: i32 = -16;

/// What a Latin word by itself says.
#[derive(Clone, Copy, Debug)]
struct Judged {
    facts: Facts,
    surname: bool,
    patronymic: bool,
    english: bool,
    /// How much its letters, spelled in Cyrillic, speak for a name, if nothing else says what it is and it is no ordinary word.
    likeness: Option<i32>,
}

/// The Latin words that were judged last, kept from text to text; of two with one place the later stays.
#[derive(Debug, Default)]
pub struct Memory(Vec<(String, Option<Judged>)>);

impl Memory {
    const SLOTS: usize = 1 << 9;

    fn judge(&mut self, folded: &str, hash: u64, lexicon: &Lexicon) -> Judged {
        if self.0.is_empty() {
            self.0.resize(Self::SLOTS, (String::new(), None));
        }
        let Some((word, judged)) = self.0.get_mut(hash as usize % Self::SLOTS) else {
            return judge(folded, lexicon);
        };
        if let Some(judged) = judged.filter(|_| word == folded) {
            return judged;
        }
        word.clear();
        word.push_str(folded);
        *judged.insert(judge(folded, lexicon))
    }
}

fn judge(folded: &str, lexicon: &Lexicon) -> Judged {
    let facts = lexicon.latin(&LatinName::of_latin(folded));
    let surname = facts.has(Facts::SURNAME) || latin_surname(folded);
    let patronymic = latin_patronymic(folded);
    let english = english(folded);
    let open = !facts.has(Facts::GIVEN) && !surname && !patronymic && !english;
    let spelled = || Word::new(&respelled(folded)).filter(|word| !is_ordinary(word));
    Judged {
        facts,
        surname,
        patronymic,
        english,
        likeness: open.then(spelled).flatten().map(|word| likeness(&word)),
    }
}

/// The last token of a hyphenated word.
fn hyphenated(text: &Text, place: usize) -> usize {
    let dash = text
        .token(place + 1)
        .is_some_and(|next| next.is('-') && next.is_glued());
    let part = text
        .token(place + 2)
        .is_some_and(|next| next.is_word() && next.is_glued());
    if dash && part { place + 2 } else { place }
}

/// Brands that are spelled as names are.
fn brand(word: &str) -> bool {
    const BRANDS: [&str; 8] = [
        "lada", "vesta", "granta", "mercedes", "skoda", "toyota", "camry", "nissan",
    ];
    BRANDS.contains(&word)
}

/// Capitalized words that follow names in English text and are none.
fn english(word: &str) -> bool {
    const ENDINGS: [&str; 17] = [
        "ing", "tion", "ment", "ity", "ness", "ly", "ship", "ance", "ence", "ology", "ics", "ers",
        "ors", "ies", "ed", "bank", "soft",
    ];
    const WORDS: [&str; 36] = [
        "street",
        "avenue",
        "city",
        "region",
        "district",
        "university",
        "school",
        "company",
        "bank",
        "airlines",
        "air",
        "group",
        "and",
        "the",
        "for",
        "street.",
        "district.",
        "republic",
        "kazakhstan",
        "astana",
        "almaty",
        "ltd",
        "llp",
        "jsc",
        "inc",
        "hotel",
        "plaza",
        "mall",
        "tower",
        "center",
        "centre",
        "road",
        "club",
        "house",
        "park",
        "media",
    ];
    ENDINGS.iter().any(|end| word.ends_with(end)) || WORDS.contains(&word)
}
