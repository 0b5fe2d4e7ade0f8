//! Two people in a Kazakh sentence: `Ахат Тимурды ұрды`.
//!
//! Of a name in Kazakh only the last word takes an ending, so that a name and another in a case may be one person. But where a clause begins
//! with them, ends with what somebody did, and names nobody else who may have done it, the first did it.

use super::element::{Case, Element};
use super::otherwise::genitive;
use crate::names::{Facts, Lexicon, Word};
use crate::text::{Gap, Text, Token, hash};

/// A clause is no longer, in tokens.
const CLAUSE: usize = 16;
/// So many words may say who the first is.
const ROLES: usize = 3;

/// How many elements of a row are one who did something, if the last is another to whom or to whose things it was done, or who is kin.
pub fn with_object(text: &Text, lexicon: &Lexicon, row: &[Element]) -> Option<usize> {
    let (whom, before) = row.split_last()?;
    let named = |element: &Element| {
        element.written == Case::Title
            && element.initial.is_none()
            && !element.is_blocked()
            && !element.is_patronymic()
            && (element.is_given() || element.family() >= 2)
    };
    let who = match before {
        [who] => who,
        // `Ботагөз Нұрланқызы Тілеулесовтің арызын қарап жатыр`
        [given, son] | [_, given, son] if son.is_patronymic() && given.is_given() => given,
        _ => return None,
    };
    let nominative = who.facts.has(Facts::NOMINATIVE)
        || who
            .shape
            .is_some_and(|shape| shape.nominative && !shape.feminine);
    let bare = before.last().is_some_and(|last| !last.inflected);
    if !named(who) || !named(whom) || !nominative || !bare {
        return None;
    }
    let kin = || {
        before.len() == 1
            && who.is_given()
            && whom.facts.has(Facts::GIVEN.and(Facts::NOMINATIVE))
            && is_kin(text, whom)
    };
    let other = || {
        whom.inflected
            && (is_object(text, whom) || genitive(text, whom) && owns_object(text, whom))
            && is_done(text, lexicon, whom.last)
    };
    let begins = || begins(text, lexicon, before.first().map_or(0, |first| first.first));
    ((other() || kin()) && begins()).then_some(before.len())
}

/// The ending of a token in one of some.
fn ends(text: &Text, token: &Token, endings: &[&str]) -> bool {
    let folded = text.folded(token);
    endings.iter().any(|end| folded.ends_with(end))
}

/// Whether a name stands in the accusative, the dative, the ablative or the instrumental.
fn is_object(text: &Text, element: &Element) -> bool {
    const ENDINGS: [&str; 19] = [
        "ны", "ні", "ды", "ді", "ты", "ті", "ға", "ге", "қа", "ке", "дан", "ден", "тан", "тен",
        "нан", "нен", "мен", "бен", "пен",
    ];
    text.token(element.last)
        .is_some_and(|token| ends(text, token, &ENDINGS))
}

/// Whether soon behind the name of an owner something of theirs stands in a case, so that it is not what the clause is about:
/// `Ляззаттың көлігін жөндеп жатыр`.
fn owns_object(text: &Text, owner: &Element) -> bool {
    const ENDINGS: [&str; 14] = [
        "ын",
        "ін",
        "ына",
        "іне",
        "ынан",
        "інен",
        "ымен",
        "імен",
        "ында",
        "інде",
        "сымен",
        "сімен",
        "сына",
        "сіне",
    ];
    (owner.last + 1..=owner.last + 3)
        .map_while(|place| text.token(place))
        .take_while(|token| token.is_word() && token.gap == Gap::Space && token.is_lower())
        .any(|token| ends(text, token, &ENDINGS))
}

/// Whether the word behind a name says whose kin that is, so that another is told before: `Мансұр Зағипа әжесінде`.
fn is_kin(text: &Text, element: &Element) -> bool {
    const KIN: [&str; 17] = [
        "әжесі",
        "атасы",
        "апасы",
        "ағасы",
        "әкесі",
        "анасы",
        "шешесі",
        "інісі",
        "қарындасы",
        "сіңлісі",
        "әпкесі",
        "жеңгесі",
        "көкесі",
        "тәтесі",
        "досы",
        "әйелі",
        "күйеуі",
    ];
    let next = text.token(element.last + 1);
    let follows = text.token(element.last + 2);
    let kin = next.filter(|next| next.is_lower() && next.gap == Gap::Space);
    kin.is_some_and(|next| {
        let folded = text.folded(next);
        KIN.iter().any(|kin| folded.starts_with(kin))
    }) && !follows.is_some_and(Token::is_title)
}

/// Whether a word says whose kin somebody is who is named next: `қарындасым`, `көршісі`.
fn says_kin(folded: &str) -> bool {
    const KIN: [&str; 20] = [
        "қарындас",
        "әпке",
        "іні",
        "аға",
        "апа",
        "жезде",
        "бөле",
        "жиен",
        "немере",
        "келін",
        "күйеу",
        "көрші",
        "дос",
        "сіңлі",
        "ата",
        "әже",
        "әке",
        "ана",
        "шеше",
        "жолдас",
    ];
    const OWN: [&str; 6] = ["м", "ым", "ім", "ы", "сы", "сі"];
    let whose = |kin: &&str| {
        folded
            .strip_prefix(*kin)
            .is_some_and(|end| OWN.contains(&end))
    };
    KIN.iter().any(whose) || matches!(folded, "қызым" | "ұлым" | "балам")
}

/// Whether nothing stands before a place in its clause but words for what somebody is, and for when and where.
fn begins(text: &Text, lexicon: &Lexicon, place: usize) -> bool {
    // Of place and time, which no subject has.
    const ENDINGS: [&str; 10] = [
        "да", "де", "та", "те", "дан", "ден", "тан", "тен", "нан", "нен",
    ];
    const WHEN: [u64; 26] = [
        hash("кеше"),
        hash("бүгін"),
        hash("ертең"),
        hash("содан"),
        hash("сосын"),
        hash("бірақ"),
        hash("ал"),
        hash("енді"),
        hash("қазір"),
        hash("тағы"),
        hash("кейін"),
        hash("таңертең"),
        hash("кешке"),
        hash("былтыр"),
        hash("биыл"),
        hash("бұрын"),
        hash("ақыры"),
        hash("себебі"),
        hash("өйткені"),
        hash("және"),
        hash("иә"),
        hash("жоқ"),
        hash("сонымен"),
        hash("әйтпесе"),
        hash("егер"),
        hash("мүмкін"),
    ];
    let mut gap = text.token(place).map_or(Gap::Block, |token| token.gap);
    for back in 1..=ROLES + 1 {
        let token = text.before(place, back).filter(|_| gap < Gap::Line);
        let Some(token) = token else { return true };
        if !token.is_word() {
            // A comma after a small letter ends a clause; after a name it may be one of a list, and after a participle the subject stands before.
            let clause = token.is(',')
                && text.before(place, back + 1).is_some_and(|word| {
                    word.is_word() && word.is_lower() && !text.folded(word).ends_with('п')
                });
            return clause || ['.', '!', '?', ':'].iter().any(|sign| token.is(*sign));
        }
        let facts = lexicon.get(token.hash);
        let named = facts.any(Facts::GIVEN.and(Facts::SURNAME));
        let around = WHEN.contains(&token.hash)
            || !named && token.len > 4 && ends(text, token, &ENDINGS)
            || !named && says_kin(text.folded(token));
        if !around && !facts.any(Facts::TITLE.and(Facts::CUE)) {
            return false;
        }
        gap = token.gap;
    }
    false
}

/// Whether the clause that goes on behind a place ends with what one person did or is, and names nobody else who may have done it.
fn is_done(text: &Text, lexicon: &Lexicon, place: usize) -> bool {
    let mut words: [Option<&Token>; 2] = [None, None];
    for token in (place + 1..place + CLAUSE).map_while(|place| text.token(place)) {
        let sign = !token.is_word() && !token.is_number() && !token.is('-');
        if token.gap >= Gap::Line || sign {
            break;
        }
        let other = || {
            let facts = lexicon.get(token.hash);
            !token.is_lower() || facts.any(Facts::TITLE.and(Facts::CUE).and(Facts::ORGANIZATION))
        };
        if token.is_word() && other() {
            return false;
        }
        // `бара ма`, `бара жатыр еді`
        if token.is_word() && ASKS.contains(&token.hash) {
            continue;
        }
        words = [words[1], Some(token)];
    }
    let [before, Some(last)] = words else {
        return false;
    };
    last.is_word() && is_deed(text, before, last)
}

/// Words behind a verb.
const ASKS: [u64; 10] = [
    hash("ма"),
    hash("ме"),
    hash("ба"),
    hash("бе"),
    hash("па"),
    hash("пе"),
    hash("екен"),
    hash("еді"),
    hash("ғой"),
    hash("шығар"),
];

/// Whether a word is a verb of the third person, not in the passive, or says what one person is to another.
fn is_deed(text: &Text, before: Option<&Token>, last: &Token) -> bool {
    const PAST: [&str; 14] = [
        "ады", "еди", "йды", "йди", "ды", "ди", "ты", "ти", "ган", "ген", "кан", "кен", "сын",
        "син",
    ];
    // What papers and meetings do, in Russian letters.
    const HAPPENS: [&str; 10] = [
        "от", "тус", "жет", "тий", "шык", "кет", "бар", "жат", "тур", "отыр",
    ];
    // `күтіп алды`, `жөндеп жатыр`: the first word tells what is done.
    const AFTER: [&str; 20] = [
        "ал",
        "бер",
        "кет",
        "кой",
        "таста",
        "жибер",
        "кел",
        "сал",
        "кал",
        "шык",
        "жат",
        "отыр",
        "тур",
        "жур",
        "жатыр",
        "бар",
        "бол",
        "коя",
        "бере",
        "жибере",
    ];
    const IS: [&str; 7] = [
        "карыз",
        "окпели",
        "ренжули",
        "гашык",
        "риза",
        "карсы",
        "уйленбек",
    ];
    let passive =
        |stem: &str| stem.ends_with(['л', 'н']) && !matches!(stem, "ал" | "сал" | "уйлен");
    // `тұрмысқа шықты`
    if before.is_some_and(|token| text.folded(token) == "тұрмысқа") {
        return true;
    }
    let Some(word) = Word::new(text.folded(last)) else {
        return false;
    };
    if IS.contains(&word.as_str()) {
        return true;
    }
    let stem = PAST.iter().find_map(|end| word.as_str().strip_suffix(end));
    let plain = stem.unwrap_or(word.as_str());
    if let Some(deed) = before.and_then(|token| Word::new(text.folded(token)))
        && AFTER.contains(&plain)
        && let Some(done) = deed.as_str().strip_suffix('п')
    {
        let done = done.trim_end_matches(['ы', 'и']);
        return done.len() >= 2 * 2 && !passive(done);
    }
    stem.is_some_and(|stem| stem.len() >= 2 * 2 && !passive(stem) && !HAPPENS.contains(&stem))
}
