//! Surnames of a syllable, as Koreans, Dungans and Chinese have them. Some are particles and conjunctions too: `Ни`, `Но`, `Сон`.

use super::before::Before;
use super::element::{Case, Element};
use super::grammar::{Name, is_son, name};
use crate::text::{Text, Token, hash};

/// The longest of them.
const LONGEST: u8 = 5;

/// Those of Koreans, whose given name may be two syllables apart.
const KOREAN: [u64; 43] = [
    hash("ан"),
    hash("бан"),
    hash("бэ"),
    hash("ван"),
    hash("вон"),
    hash("дё"),
    hash("ем"),
    hash("ен"),
    hash("жон"),
    hash("им"),
    hash("кан"),
    hash("ким"),
    hash("ко"),
    hash("ку"),
    hash("ли"),
    hash("лим"),
    hash("лю"),
    hash("мин"),
    hash("мун"),
    hash("нам"),
    hash("ни"),
    hash("но"),
    hash("пак"),
    hash("пан"),
    hash("пя"),
    hash("сим"),
    hash("сон"),
    hash("со"),
    hash("тен"),
    hash("те"),
    hash("тё"),
    hash("тян"),
    hash("хан"),
    hash("хе"),
    hash("хон"),
    hash("цай"),
    hash("цой"),
    hash("шек"),
    hash("шин"),
    hash("эм"),
    hash("юн"),
    hash("ю"),
    hash("ян"),
];

/// Those of Chinese that are no words.
const CHINESE: [u64; 20] = [
    hash("чжан"),
    hash("чжао"),
    hash("чжоу"),
    hash("чжу"),
    hash("чжэн"),
    hash("чэнь"),
    hash("сюй"),
    hash("сунь"),
    hash("хуан"),
    hash("линь"),
    hash("лян"),
    hash("дэн"),
    hash("сяо"),
    hash("фэн"),
    hash("цзэн"),
    hash("цзян"),
    hash("цзинь"),
    hash("пэн"),
    hash("юань"),
    hash("шэнь"),
];

/// Whether a capitalized word may be such a surname.
pub fn is_surname(token: &Token) -> bool {
    token.len <= LONGEST && (KOREAN.contains(&token.hash) || CHINESE.contains(&token.hash))
}

/// A name that begins with such a surname, where the usual patterns see a particle or two syllables.
pub fn of_syllables(text: &Text, row: &[Element], before: &Before) -> Option<Name> {
    let [head, rest @ ..] = row else { return None };
    let token = text.token(head.first)?;
    if head.written != Case::Title || !is_surname(token) {
        return None;
    }
    let titled = |element: &Element| element.written == Case::Title && element.initial.is_none();
    // Within a sentence a particle has no capital: `кардиологу Ни Светлане Бенсуевне`.
    if head.is_blocked() && !before.start {
        match rest {
            [given, son, ..] if given.is_given() && is_son(son) => {
                return name(3, 0.95, "person.short_surname");
            }
            [given, ..] if given.is_clear() && titled(given) => {
                return name(2, 0.85, "person.short_surname");
            }
            _ => {}
        }
    }
    let syllable = |element: &Element| {
        titled(element)
            && text.token(element.first).is_some_and(|token| {
                (2..=4).contains(&token.len) && vowels(text.folded(token)) == 1
            })
    };
    match rest {
        // `Ким Ен Су`, `Ли Мин Хо`.
        [first, second, ..]
            if syllable(first)
                && syllable(second)
                && rest.get(2).is_none_or(|next| !titled(next)) =>
        {
            name(3, 0.85, "person.syllables")
        }
        // `Чжан Вэй`, `Хуан Лили`.
        [given, ..]
            if CHINESE.contains(&token.hash)
                && titled(given)
                && !given.is_blocked()
                && text.token(given.first).is_some_and(|token| token.len <= 7) =>
        {
            name(2, 0.8, "person.syllables")
        }
        _ => None,
    }
}

fn vowels(folded: &str) -> usize {
    folded
        .chars()
        .filter(|letter| "аеёиоуыэюя".contains(*letter))
        .count()
}
