//! What stands around a name.

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
    if token.is_word() {
        let latin = |token: &Token| token.letters.has(Letters::LATIN);
        if latin(token) && !text.token(place).is_some_and(latin) {
            return false;
        }
        let ahead = text.before(place, back + 1);
        if ahead.is_some_and(|dash| dash.is('-') && token.is_glued()) && token.len <= 3 {
            let whole = text
                .before(place, back + 2)
                .is_some_and(|part| [hash("г"), hash("гр"), hash("гражд")].contains(&part.hash));
            found.cue |= whole && back == 1;
            return false;
        }
        let facts = lexicon.get(token.hash);
        let named = [hash("от"), hash("по")];
        if facts.has(Facts::NAMED) && ahead.is_some_and(|from| named.contains(&from.hash)) {
            found.cue |= back == 1;
            return false;
        }
        // An article joined by a hyphen: аль-Фараби.
        return token.len <= 3
            && back == 2
            && text.before(place, 1).is_some_and(|dash| dash.is('-'))
            || word(facts, token, back, found);
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
        let settled = short.is_some_and(|word| word.is_lower() && settlement(word.hash));
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
    found.start |= back == 1
        && (token.is('!') || token.is('?') || token.is(';') || token.is('|') || token.is('*'));
    false
}

/// A colon: the words before it may be the label of a field.
fn label(text: &Text, lexicon: &Lexicon, place: usize, back: usize, found: &mut Before) -> bool {
    found.start = true;
    let value = std::mem::take(&mut found.quoted);
    let mut read = 0;
    for back in back + 1..back + 6 {
        let Some(token) = text.before(place, back) else {
            break;
        };
        if token.is_word() {
            let facts = lexicon.get(token.hash);
            found.cue |= facts.any(Facts::CUE)
                || read == 0 && facts.any(Facts::TITLE)
                || label_word(token.hash);
            read += 1;
        }
        if token.gap >= Gap::Line || read == 3 || token.is(',') {
            break;
        }
    }
    // A value of JSON: its key stands in quotes too.
    let key = text
        .before(place, back + 1)
        .is_some_and(|quote| quote.is('"'));
    found.quoted = value && !found.cue && !key;
    false
}

/// Labels of fields with names.
fn label_word(word: u64) -> bool {
    const LABELS: [u64; 32] = [
        hash("author"),
        hash("автор"),
        hash("from"),
        hash("sender"),
        hash("fullname"),
        hash("doctor"),
        hash("owner"),
        hash("кому"),
        hash("от"),
        hash("кімнен"),
        hash("кімге"),
        hash("подпись"),
        hash("қолы"),
        hash("отчество"),
        hash("заявитель"),
        hash("оқушы"),
        hash("мама"),
        hash("папа"),
        hash("анасы"),
        hash("әкесі"),
        hash("name"),
        hash("fio"),
        hash("surname"),
        hash("patient"),
        hash("lastname"),
        hash("firstname"),
        hash("фио"),
        hash("жөні"),
        hash("тегі"),
        hash("аты"),
        hash("имя"),
        hash("фамилия"),
    ];
    LABELS.contains(&word)
}

/// Whether a dot after the word does not end a sentence.
fn abbreviation(word: &Token) -> bool {
    const KNOWN: [u64; 44] = [
        hash("гр"),
        hash("ул"),
        hash("пр"),
        hash("просп"),
        hash("пер"),
        hash("бул"),
        hash("пл"),
        hash("мкр"),
        hash("обл"),
        hash("им"),
        hash("св"),
        hash("тов"),
        hash("проф"),
        hash("акад"),
        hash("доц"),
        hash("зав"),
        hash("зам"),
        hash("исп"),
        hash("эксп"),
        hash("орынд"),
        hash("жүрг"),
        hash("кл"),
        hash("рук"),
        hash("нач"),
        hash("инсп"),
        hash("лейт"),
        hash("кап"),
        hash("подп"),
        hash("асс"),
        hash("лаб"),
        hash("мед"),
        hash("вед"),
        hash("гл"),
        hash("тех"),
        hash("ст"),
        hash("мл"),
        hash("адв"),
        hash("уч"),
        hash("көш"),
        hash("даң"),
        hash("mr"),
        hash("mrs"),
        hash("ms"),
        hash("dr"),
    ];
    word.is_word() && (word.len == 1 || word.len <= 5 && KNOWN.contains(&word.hash))
}

/// `с.`, `г.`, `п.`, `а.`, `қ.`: the abbreviated kinds of settlements.
fn settlement(word: u64) -> bool {
    const KINDS: [u64; 7] = [
        hash("с"),
        hash("г"),
        hash("п"),
        hash("пгт"),
        hash("а"),
        hash("д"),
        hash("қ"),
    ];
    KINDS.contains(&word)
}

/// `это Асель`, `бұл Асель ғой`.
fn presents(word: u64) -> bool {
    [hash("это"), hash("бұл"), hash("бул"), hash("я")].contains(&word)
}

fn word(facts: Facts, token: &Token, back: usize, found: &mut Before) -> bool {
    found.this |= back == 1 && presents(token.hash);
    // `Ұлы Жібек жолы`, `Қызы`: with a capital it is no word for a child.
    if token.is_title() && [hash("ұлы"), hash("қызы")].contains(&token.hash) {
        found.institution |= back == 1;
        return false;
    }
    if back == 1 && token.hash == hash("бұл") && !found.dotted {
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
        found.institution |= near;
        return false;
    }
    if facts.any(Facts::CUE.and(Facts::TITLE).and(Facts::MIDDLE)) {
        found.cue |= facts.has(Facts::CUE) && back <= 2;
        found.title |= facts.has(Facts::TITLE) && back <= 2;
        return true;
    }
    // Initials and abbreviations lead on; other words end the reading.
    token.len <= 2 && back > 1
}

/// What stands after a place.
#[derive(Clone, Copy, Debug, Default)]
pub struct After {
    /// A word that makes a place or an institution of the name.
    pub street: bool,
    /// `ханым` and the like.
    pub title: bool,
    /// A quote.
    pub quoted: bool,
    /// An institution or a work that may be named after it.
    pub institution: bool,
    /// `и` or `мен`, and a given name.
    pub together: bool,
    /// A comma and a word that speaks to somebody.
    pub called: bool,
    /// A colon.
    pub colon: bool,
}

/// Reads what stands after a place.
pub fn after(text: &Text, lexicon: &Lexicon, place: usize) -> After {
    let mut found = After::default();
    for ahead in 1..=5 {
        let Some(token) = text
            .token(place + ahead)
            .filter(|token| token.gap < Gap::Line)
        else {
            return found;
        };
        if token.is_word() {
            let facts = lexicon.get(token.hash);
            found.street |= facts.has(Facts::STREET_AFTER);
            found.institution |= facts.has(Facts::INSTITUTION)
                && !token.is_lower() | (ahead < 3)
                && !facts.has(Facts::GIVEN);
            // The elder sergeant is no elder brother: `Берген аға сержант`.
            let rank = || {
                text.token(place + 2)
                    .is_some_and(|next| lexicon.get(next.hash).has(Facts::TITLE))
            };
            found.title |= facts.has(Facts::AFTER) && ahead == 1 && !found.street && !rank();
            found.called |= ahead == 1
                && token.hash == hash("деген")
                && text
                    .token(place)
                    .is_some_and(|name| !lexicon.get(name.hash).has(Facts::WORD));
            found.together |= ahead == 1
                && joins(token.hash)
                && text
                    .token(place + 2)
                    .is_some_and(|next| is_named(lexicon, next));
            if found.street || !facts.any(Facts::MIDDLE.and(Facts::AFTER).and(Facts::STOP)) {
                return found;
            }
        } else if token.is('"') || token.is('\'') {
            found.quoted |= ahead == 1;
        } else {
            found.colon = ahead == 1 && token.is(':');
            found.called = ahead == 1
                && token.is(',')
                && text.token(place + 2).is_some_and(|next| speaks(next.hash));
            return found;
        }
    }
    found
}

fn joins(word: u64) -> bool {
    const AND: [u64; 5] = [
        hash("и"),
        hash("мен"),
        hash("пен"),
        hash("бен"),
        hash("және"),
    ];
    AND.contains(&word)
}

fn is_named(lexicon: &Lexicon, token: &Token) -> bool {
    token.is_title() && lexicon.get(token.hash).has(Facts::GIVEN)
}

/// Words with which somebody is spoken to after the name.
fn speaks(word: u64) -> bool {
    const WORDS: [u64; 34] = [
        hash("ты"),
        hash("вы"),
        hash("тебе"),
        hash("вам"),
        hash("тебя"),
        hash("вас"),
        hash("ваш"),
        hash("ваша"),
        hash("ваши"),
        hash("сен"),
        hash("сіз"),
        hash("сізге"),
        hash("саған"),
        hash("сізді"),
        hash("сіздің"),
        hash("сенің"),
        hash("когда"),
        hash("где"),
        hash("как"),
        hash("скинь"),
        hash("скиньте"),
        hash("можно"),
        hash("добрый"),
        hash("привет"),
        hash("здравствуйте"),
        hash("сәлем"),
        hash("қайырлы"),
        hash("подскажите"),
        hash("перезвони"),
        hash("перезвоните"),
        hash("пожалуйста"),
        hash("спасибо"),
        hash("рахмет"),
        hash("напиши"),
    ];
    WORDS.contains(&word)
}
