//! What stands before a name.

use super::words_before::{abbreviation, agent, done_to, label_word, owned, presents, settlement};
use crate::names::{Facts, Lexicon};
use crate::text::{Gap, Letters, Text, Token, hash};

/// How far back words are read.
const REACH: usize = 7;

/// What stands before a place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before {
    /// A sentence, line or field begins here, so that a capital says nothing.
    pub start: bool,
    /// A word for what a person does.
    pub title: bool,
    /// A word after which a person is named.
    pub cue: bool,
    /// The text around is written without capitals.
    pub lower: bool,
    /// `это`, `бұл`, after which a person may be named.
    pub this: bool,
    /// A word that makes a place of the name.
    pub street: bool,
    /// `имени`.
    pub named: bool,
    /// A word that makes an institution, a work or a term of it.
    pub institution: bool,
    /// A quote, which is not that of a field's value.
    pub quoted: bool,
    /// The form of an organization.
    pub organization: bool,
    /// A dot stood between.
    pub dotted: bool,
    /// The time of a message, in brackets, after which its sender is named.
    pub sent: bool,
    /// What people do, before the one who does it: `вздыхает`.
    pub does: bool,
    /// What is done to or for somebody: `передайте`.
    pub done_to: bool,
    /// Words were passed that may say what somebody is the head of.
    pub leading: bool,
    /// A title stood before a word in the genitive: `начальник отдела`.
    pub led: bool,
    /// A word of no list that is made as those for what people do.
    pub agent: bool,
}

/// Reads what stands before a place.
pub fn before(text: &Text, lexicon: &Lexicon, place: usize) -> Before {
    let mut found = Before::default();
    let mut gap = text.token(place).map_or(Gap::Block, |token| token.gap);
    for back in 1..=REACH {
        if gap >= Gap::Line {
            found.start |= back == 1 || found.quoted;
            return found;
        }
        let Some(token) = text.before(place, back) else {
            found.start |= back == 1 || found.quoted;
            return found;
        };
        if !read(text, lexicon, token, (place, back), &mut found) {
            return found;
        }
        gap = token.gap;
    }
    found
}

/// Whether the words around a place are written without capitals.
pub fn without_capitals(text: &Text, place: usize) -> bool {
    const NEAR: usize = 24;
    let from = place.saturating_sub(NEAR);
    let around = text
        .tokens()
        .get(from..(place + NEAR).min(text.tokens().len()));
    !around.unwrap_or_default().iter().any(|token| {
        token.is_word()
            && token.len > 1
            && token.letters.has(Letters::TITLE)
            && !token.letters.has(Letters::LATIN)
    })
}

/// Reads one token; whether to go on to the one before it.
fn read(
    text: &Text,
    lexicon: &Lexicon,
    token: &Token,
    (place, back): (usize, usize),
    found: &mut Before,
) -> bool {
    if found.leading {
        let title = token.is_word() && lexicon.get(token.hash).has(Facts::TITLE);
        found.led |= title;
        return !title && back == 2 && owned(lexicon.get(token.hash), token, text.folded(token));
    }
    if token.is_word() {
        let latin = |token: &Token| token.letters.has(Letters::LATIN);
        if latin(token) && !text.token(place).is_some_and(latin) {
            return false;
        }
        let ahead = text.before(place, back + 1);
        if ahead.is_some_and(|dash| dash.is('-') && token.is_glued()) && token.len <= 3 {
            let whole = text.before(place, back + 2).is_some_and(|part| {
                const { [hash("г"), hash("гр"), hash("гражд")] }.contains(&part.hash)
            });
            found.cue |= whole && back == 1;
            return false;
        }
        let facts = lexicon.get(token.hash);
        // `министрдің кеңсесіне`: what follows a genitive is owned.
        if facts.has(Facts::TITLE) && in_genitive(text.folded(token)) {
            return false;
        }
        let named = const { [hash("от"), hash("по")] };
        if facts.has(Facts::NAMED) && ahead.is_some_and(|from| named.contains(&from.hash)) {
            found.cue |= back == 1;
            return false;
        }
        // An article joined by a hyphen: аль-Фараби.
        return token.len <= 3
            && back == 2
            && text.before(place, 1).is_some_and(|dash| dash.is('-'))
            || word(
                facts,
                (
                    token,
                    token.gap >= Gap::Line || ahead.is_none_or(|dot| dot.is('.')),
                ),
                text.folded(token),
                back,
                found,
            );
    }
    if token.is_number() {
        return false;
    }
    if token.is('"') || token.is('\'') {
        found.quoted |= back == 1;
        return back == 1;
    }
    if token.is('.') {
        found.dotted = true;
        let short = text
            .before(place, back + 1)
            .filter(|word| token.is_glued() && abbreviation(word));
        found.start |= back == 1 && short.is_none();
        let numbered = text
            .before(place, back + 2)
            .is_some_and(|number| number.is_number());
        // `м.ғ.д. Ф.Е. Рамазанова`: what is glued is no village but a degree.
        let settled =
            short.is_some_and(|word| word.is_lower() && !word.is_glued() && settlement(word.hash));
        found.street |= settled && !numbered && back == 1;
        return short.is_some() && !settled;
    }
    if token.is(':') || token.is('=') {
        return label(text, lexicon, place, back, found);
    }
    if token.is(']') {
        found.start |= back == 1;
        found.sent |= back == 1
            && text
                .before(place, 2)
                .is_some_and(|time| time.is_number() && time.len <= 4);
        return false;
    }
    if token.is('-') {
        return token.gap < Gap::Line;
    }
    if token.is(',') && back == 1 {
        // `Здравствуйте, Зибажан`, `Сәлеметсіз бе, Нино`.
        let greets = |back: usize| {
            let word = text.before(place, back);
            word.is_some_and(|word| word.is_word() && lexicon.get(word.hash).has(Facts::GREETS))
        };
        found.cue |= greets(2)
            || greets(3)
                && text
                    .before(place, 2)
                    .is_some_and(|word| word.hash == const { hash("бе") });
        return false;
    }
    found.start |= back == 1
        && (token.is('!') || token.is('?') || token.is(';') || token.is('|') || token.is('*'));
    false
}

/// What the label of a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// That a name or a part of one follows.
    Name,
    /// What somebody is or does.
    Role,
}

/// What the words before the colon at `colon` say, if they are a label of people.
pub fn label_before(text: &Text, lexicon: &Lexicon, colon: usize) -> Option<Label> {
    let (mut label, mut read) = (None, 0);
    for back in 1..6 {
        let Some(token) = text.before(colon, back) else {
            break;
        };
        if token.is_word() {
            let facts = lexicon.get(token.hash);
            if facts.has(Facts::HEADING) {
                return Some(Label::Name);
            }
            if facts.has(Facts::CUE)
                || read == 0 && facts.has(Facts::TITLE)
                || label_word(token.hash)
            {
                label = Some(Label::Role);
            }
            read += 1;
        }
        if token.gap >= Gap::Line || read == 3 || token.is(',') {
            break;
        }
    }
    label
}

/// A colon: the words before it may be the label of a field.
fn label(text: &Text, lexicon: &Lexicon, place: usize, back: usize, found: &mut Before) -> bool {
    let value = std::mem::take(&mut found.quoted);
    found.start |= back == 1 || value && back == 2;
    found.cue |= label_before(text, lexicon, place - back).is_some();
    // A value of JSON: its key stands in quotes too.
    let key = text
        .before(place, back + 1)
        .is_some_and(|quote| quote.is('"'));
    found.quoted = value && !found.cue && !key;
    false
}

/// Whether a folded word stands in the Kazakh genitive.
pub fn in_genitive(folded: &str) -> bool {
    const ENDINGS: [&str; 6] = ["ның", "нің", "дың", "дің", "тың", "тің"];
    ENDINGS.iter().any(|end| folded.ends_with(end))
}

/// Whether a folded word stands in a Kazakh case by an ending that no Russian word has.
fn has_kazakh_ending(folded: &str) -> bool {
    folded.ends_with("ға") || folded.ends_with("қа") || in_genitive(folded)
}

fn word(
    facts: Facts,
    (token, starts): (&Token, bool),
    folded: &str,
    back: usize,
    found: &mut Before,
) -> bool {
    found.this |= back == 1 && presents(token.hash);
    found.does |= back == 1 && facts.has(Facts::DOES) && token.is_lower();
    found.done_to |= back == 1 && done_to(token.hash);
    found.agent |= back == 1 && facts.is_empty() && token.is_lower() && agent(folded);
    // `Ұлы Жібек жолы`, `Қызы`: with a capital it is no word for a child.
    if token.is_title() && const { [hash("ұлы"), hash("қызы")] }.contains(&token.hash) {
        // `58 жаста. Қызы Әсем келді`
        let daughter = token.hash == const { hash("қызы") } && starts;
        found.institution |= back == 1 && !daughter;
        found.cue |= back == 1 && daughter;
        return false;
    }
    if back == 1 && token.hash == const { hash("бұл") } && !found.dotted {
        return false;
    }
    if facts.any(Facts::STREET.and(Facts::NAMED)) && !facts.has(Facts::GIVEN) {
        found.street |= facts.has(Facts::STREET);
        found.named |= facts.has(Facts::NAMED);
        return false;
    }
    if facts.has(Facts::ORGANIZATION) {
        found.organization = true;
        return false;
    }
    let near = back == 1 || found.quoted && back == 2;
    if facts.any(Facts::INSTITUTION) && (near || found.title) {
        // `Операцияға Төреханова дайын`: what is named after somebody has no Kazakh case.
        if has_kazakh_ending(folded) {
            return false;
        }
        found.institution |= near;
        // `староста группы`, `врач поликлиники`: the title is that of the person.
        return near && token.is_lower();
    }
    if facts.any(Facts::CUE.and(Facts::TITLE).and(Facts::MIDDLE)) {
        found.cue |= facts.has(Facts::CUE) && back <= 2;
        found.title |= facts.has(Facts::TITLE) && back <= 2;
        // `директор школы Сатбалдин`
        found.institution &= !(back == 2 && facts.has(Facts::TITLE));
        return true;
    }
    // What somebody is the head of.
    if back == 1 && owned(facts, token, folded) {
        found.leading = true;
        return true;
    }
    // Initials and abbreviations lead on; other words end the reading.
    token.len <= 2 && back > 1
}
