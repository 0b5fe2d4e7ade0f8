//! Names that are given away by where they stand: beside a telephone or an address, in brackets, at the end of a message.

use super::element::{Case, Element};
use crate::names::Facts;
use crate::text::{Gap, Text, Token, hash};

/// So many tokens after a name its telephone begins.
const NEAR: usize = 6;
/// Fewer digits are no telephone.
const DIGITS: usize = 10;

/// Whether an element stands as those do whom one may call, or who sign what they wrote.
pub fn is_signed(text: &Text, element: &Element) -> bool {
    let likely = element.is_given() && !element.facts.has(Facts::PLACE)
        || element.is_strange() && element.likely >= 0
        || element.family() >= 2 && !element.facts.has(Facts::PLACE);
    if element.case != Case::Title || !likely || element.is_blocked() {
        return false;
    }
    in_brackets(text, element) || has_telephone(text, element) || ends_message(text, element)
}

/// `Бухгалтерия (Эм)`.
fn in_brackets(text: &Text, element: &Element) -> bool {
    let before = text.before(element.first, 1);
    let after = text.token(element.last + 1);
    before.is_some_and(|sign| sign.is('(')) && after.is_some_and(|sign| sign.is(')'))
}

/// `Заурегуль (z@mail.kz)`, `Карим, тел. 8 701 …`.
fn has_telephone(text: &Text, element: &Element) -> bool {
    let (mut digits, mut named) = (0, false);
    for at in element.last + 1..element.last + 1 + NEAR + DIGITS {
        let Some(token) = text.token(at).filter(|token| token.gap < Gap::Line) else {
            break;
        };
        let first = at == element.last + 1;
        if token.is_number() {
            digits += usize::from(token.len);
        } else if token.is('@') {
            return digits == 0 && !first;
        } else if token.is_word() {
            let latin = !text.folded(token).bytes().any(|byte| byte >= 0x80);
            named |= is_telephone(token);
            if digits > 0 || first && !is_telephone(token) || !latin && !is_telephone(token) {
                break;
            }
        } else if digits == 0
            && (token.is(':') && !named || token.is(';') || at > element.last + NEAR)
        {
            break;
        }
    }
    digits >= DIGITS
}

fn is_telephone(token: &Token) -> bool {
    const WORDS: [u64; 12] = [
        hash("тел"),
        hash("телефон"),
        hash("телефоны"),
        hash("моб"),
        hash("сот"),
        hash("конт"),
        hash("ватсап"),
        hash("ватсапп"),
        hash("байланыс"),
        hash("нөмірі"),
        hash("ұялы"),
        hash("вн"),
    ];
    WORDS.contains(&token.hash)
}

/// `кв 58 Ермил`: the last word of a text, behind a number or the end of a sentence.
fn ends_message(text: &Text, element: &Element) -> bool {
    let last = text.token(element.last + 1).is_none();
    let before = text.before(element.first, 1).is_some_and(|token| {
        token.is_number() || ['.', '!', '?', ')'].iter().any(|sign| token.is(*sign))
    });
    let unclear = element.ordinary && !element.facts.has(Facts::COMMON);
    last && before && element.is_given() && !unclear
}
