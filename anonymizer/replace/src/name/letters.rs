//! Letters: what is the same under another spelling.

use sandyq_words::russian_letter as russian;

use super::{Script, Shape};

/// The text as it is read: without invisible characters, й and ё in one character each.
pub(crate) fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    for character in text.chars() {
        let composed = match (character, clean.chars().next_back()) {
            ('\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}', _) => continue,
            ('\u{306}', Some('и')) => 'й',
            ('\u{306}', Some('И')) => 'Й',
            ('\u{308}', Some('е')) => 'ё',
            ('\u{308}', Some('Е')) => 'Ё',
            (other, _) => {
                clean.push(other);
                continue;
            }
        };
        clean.pop();
        clean.push(composed);
    }
    clean
}

/// Whether only Kazakh has the letter.
pub(crate) fn is_kazakh(letter: char) -> bool {
    !matches!(letter, 'ё' | 'Ё') && russian(letter) != letter
}

/// Latin letters that look like Cyrillic ones, as the Cyrillic ones.
fn unmasked(letter: char) -> char {
    match letter {
        'a' => 'а',
        'c' => 'с',
        'e' => 'е',
        'i' => 'і',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        'b' => 'в',
        'h' => 'н',
        other => other,
    }
}

/// Lower case, and Cyrillic throughout if there is a Cyrillic letter.
pub(crate) fn lower(word: &str) -> String {
    let lower = word.to_lowercase();
    let cyrillic = lower.chars().any(|c| ('\u{400}'..='\u{4ff}').contains(&c));
    match cyrillic {
        true => lower.chars().map(unmasked).collect(),
        false => lower,
    }
}

/// By what a word is the same in Kazakh and in Russian spelling.
pub(crate) fn folded(word: &str) -> String {
    lower(word)
        .chars()
        .map(russian)
        .filter(|c| *c != 'ь')
        .collect()
}

/// What a given name has in common with the patronymic that is made of it: `сергей` and `сергеевич`, `серик` and `серикович`.
pub(crate) fn stem(given: &str) -> &str {
    match given.strip_suffix("ий") {
        Some(stem) => stem,
        None => given.strip_suffix(['й', 'ь', 'а', 'я']).unwrap_or(given),
    }
}

/// The script of a text.
pub(crate) fn script(text: &str) -> Script {
    let (mut cyrillic, mut latin) = (0, 0);
    for letter in text.chars() {
        if is_kazakh(letter) {
            return Script::Kazakh;
        }
        cyrillic += usize::from(('\u{400}'..='\u{4ff}').contains(&letter));
        latin += usize::from(letter.is_ascii_alphabetic());
    }
    if latin > cyrillic {
        Script::Latin
    } else {
        Script::Russian
    }
}

/// Which letters of a word are capitals.
pub(crate) fn shape(word: &str) -> Shape {
    let mut letters = word.chars();
    let first = letters.next().is_some_and(char::is_uppercase);
    match (
        first,
        letters.clone().any(char::is_lowercase),
        letters.next(),
    ) {
        (true, _, None) => Shape::Title,
        (true, false, Some(_)) => Shape::Upper,
        (true, true, _) => Shape::Title,
        (false, ..) => Shape::Lower,
    }
}

/// A lower-case word with capitals where the shape has them.
pub(crate) fn shaped(word: &str, shape: Shape) -> String {
    let title = |part: &str| {
        let mut letters = part.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    };
    match shape {
        Shape::Lower => word.to_owned(),
        Shape::Upper => word.to_uppercase(),
        Shape::Title => word.split('-').map(title).collect::<Vec<_>>().join("-"),
        Shape::Initial => word.chars().take(1).flat_map(char::to_uppercase).collect(),
    }
}

/// A lower-case Cyrillic word in Latin letters, as passports write it.
pub(crate) fn latin(word: &str) -> String {
    let letter = |letter: char| match russian(letter) {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' => "i",
        'й' | 'ы' => "y",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ю' => "yu",
        'я' => "ya",
        '-' => "-",
        _ => "",
    };
    word.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_fold_into_one() {
        assert_eq!(folded("Қайрат"), folded("КАЙРАТ"));
        assert_eq!(folded("Айгүл"), folded("Айгуль"));
        assert_eq!(folded(&clean("Серге\u{438}\u{306}")), folded("Сергей"));
        assert_eq!(folded("Ax\u{43c}етов"), folded("Ахметов"));
        assert_eq!(clean("Ах\u{ad}ме\u{200b}тов"), "Ахметов");
        assert_eq!(stem("сергей"), "серге");
        assert_eq!(stem("валерий"), "валер");
        assert_eq!(latin("жұмабаев"), "zhumabaev");
        assert_eq!(script("Akhmetov"), Script::Latin);
        assert_eq!(script("Нұрлан"), Script::Kazakh);
        assert_eq!(shaped("ким-иванов", Shape::Title), "Ким-Иванов");
        assert_eq!(shape("АХМЕТОВ"), Shape::Upper);
        assert_eq!(shape("Ахметов"), Shape::Title);
        assert_eq!(shape("ахметов"), Shape::Lower);
    }
}
