//! Words that say something of a name after them, and are in no list of roles.

use crate::names::Facts;
use crate::text::{Token, hash};

/// Labels of fields with names.
pub fn label_word(word: u64) -> bool {
    const LABELS: [u64; 56] = [
        hash("лицо"),
        hash("тұлға"),
        hash("тұлғасы"),
        hash("контакт"),
        hash("ответственный"),
        hash("ответственная"),
        hash("ответственные"),
        hash("жауапты"),
        hash("жауаптылар"),
        hash("члены"),
        hash("мүшелері"),
        hash("комиссия"),
        hash("комиссиясы"),
        hash("дежурство"),
        hash("явка"),
        hash("участники"),
        hash("қатысушылар"),
        hash("присутствуют"),
        hash("свидетели"),
        hash("куәлар"),
        hash("куәгерлер"),
        hash("понятые"),
        hash("айғақшылар"),
        hash("дети"),
        hash("балалары"),
        hash("победители"),
        hash("author"),
        hash("автор"),
        hash("from"),
        hash("sender"),
        hash("doctor"),
        hash("owner"),
        hash("кому"),
        hash("от"),
        hash("кімнен"),
        hash("кімге"),
        hash("подпись"),
        hash("қолы"),
        hash("заявитель"),
        hash("оқушы"),
        hash("мама"),
        hash("папа"),
        hash("анасы"),
        hash("әкесі"),
        hash("patient"),
        hash("присутствовали"),
        hash("отсутствовали"),
        hash("отсутствует"),
        hash("выступили"),
        hash("слушали"),
        hash("ознакомлен"),
        hash("ознакомлена"),
        hash("ознакомлены"),
        hash("қатысқандар"),
        hash("қатыспағандар"),
        hash("сөйлегендер"),
    ];
    LABELS.contains(&word)
}

/// Whether a dot after the word does not end a sentence.
pub fn abbreviation(word: &Token) -> bool {
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
pub fn settlement(word: u64) -> bool {
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
pub fn presents(word: u64) -> bool {
    const { [hash("это"), hash("бұл"), hash("бул"), hash("я")] }.contains(&word)
}

/// Verbs after which somebody is named to whom something is said or done.
pub fn done_to(word: u64) -> bool {
    const VERBS: [u64; 34] = [
        hash("назвали"),
        hash("назвал"),
        hash("назвала"),
        hash("позовите"),
        hash("передай"),
        hash("передайте"),
        hash("передам"),
        hash("скажи"),
        hash("скажите"),
        hash("спроси"),
        hash("спросите"),
        hash("попроси"),
        hash("попросите"),
        hash("напомни"),
        hash("напомните"),
        hash("позвони"),
        hash("позвоните"),
        hash("позвоню"),
        hash("напиши"),
        hash("напишите"),
        hash("отдай"),
        hash("отдайте"),
        hash("отдам"),
        hash("помоги"),
        hash("поздравь"),
        hash("поздравляю"),
        hash("поздравляем"),
        hash("благодарю"),
        hash("встретил"),
        hash("встретила"),
        hash("разбуди"),
        hash("забери"),
        hash("заберите"),
        hash("ждем"),
    ];
    VERBS.contains(&word)
}

/// Whether a word that no list has may be what somebody is the head of.
pub fn owned(facts: Facts, token: &Token, folded: &str) -> bool {
    const ENDINGS: [&str; 10] = ["а", "я", "и", "ы", "ой", "ей", "го", "ов", "ев", "ий"];
    facts.is_empty()
        && token.is_word()
        && token.is_lower()
        && ENDINGS.iter().any(|end| folded.ends_with(end))
}

/// `эпидемиолог`, `танкист`, `жүргізуші`.
pub fn agent(folded: &str) -> bool {
    const RUSSIAN: [&str; 7] = ["олог", "ист", "щик", "щица", "истка", "вед", "атор"];
    const KAZAKH: [&str; 4] = ["ушы", "уші", "ушысы", "ушісі"];
    let russian = || {
        let bare = ["", "а", "у", "ом", "ем"]
            .iter()
            .filter_map(|end| folded.strip_suffix(end));
        bare.into_iter()
            .any(|bare| bare.len() >= 2 * 6 && RUSSIAN.iter().any(|end| bare.ends_with(end)))
    };
    KAZAKH.iter().any(|end| folded.ends_with(end)) || russian()
}
