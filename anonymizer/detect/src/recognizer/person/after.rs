//! What stands after a name.

use super::before::in_genitive;
use crate::names::{Facts, Lexicon};
use crate::text::{Gap, Text, Token, hash};

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
    /// A comma and a word that speaks to somebody, or what people do: `сказала`.
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
                && (const { [hash("деген"), hash("есімді")] }.contains(&token.hash)
                    || facts.has(Facts::DOES))
                && text
                    .token(place)
                    .is_some_and(|name| !lexicon.get(name.hash).has(Facts::WORD));
            found.together |= ahead == 1
                && joins(token.hash)
                && text
                    .token(place + 2)
                    .is_some_and(|next| is_named(lexicon, next));
            found.called |=
                ahead == 1 && (facts.has(Facts::CUE) || owned(token.hash)) && owns(text, place);
            // `мен Перизатгүл ғой`.
            found.called |= ahead == 1
                && token.hash == const { hash("ғой") }
                && text
                    .before(place, 1)
                    .is_some_and(|me| me.hash == const { hash("мен") });
            if found.street
                || leads_away(token.hash)
                || !facts.any(Facts::MIDDLE.and(Facts::AFTER).and(Facts::STOP))
            {
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

/// Whether a word is one of whom somebody is a child or a parent: `Зеренайдың анасы`.
fn owns(text: &Text, place: usize) -> bool {
    text.token(place)
        .is_some_and(|token| in_genitive(text.folded(token)))
}

/// What people have and have of themselves: `Меруертайдың тойы`.
fn owned(word: u64) -> bool {
    const WORDS: [u64; 12] = [
        hash("тойы"),
        hash("үйі"),
        hash("үйіне"),
        hash("үйінің"),
        hash("нөмірі"),
        hash("телефоны"),
        hash("көлігі"),
        hash("балалары"),
        hash("құжаттары"),
        hash("үлгерімі"),
        hash("ойынша"),
        hash("айтуынша"),
    ];
    WORDS.contains(&word)
}

/// Prepositions: what follows them is no longer said of the name.
fn leads_away(word: u64) -> bool {
    const WORDS: [u64; 14] = [
        hash("в"),
        hash("во"),
        hash("на"),
        hash("из"),
        hash("с"),
        hash("со"),
        hash("к"),
        hash("у"),
        hash("от"),
        hash("до"),
        hash("за"),
        hash("по"),
        hash("о"),
        hash("и"),
    ];
    WORDS.contains(&word)
}

/// Whether a word joins two people: `Асель и Данияр`, `Сәкен мен Нұрлан`.
pub fn joins(word: u64) -> bool {
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
    let facts = lexicon.get(token.hash);
    // `Саура и Алтая`
    token.is_title() && facts.has(Facts::GIVEN) && !facts.has(Facts::PLACE)
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
