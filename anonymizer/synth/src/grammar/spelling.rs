//! One name in several spellings: Kazakh letters typed as Russian ones, and Latin transliteration.

/// The Russian letter that stands for a Kazakh one where there is no Kazakh keyboard.
pub fn without_kazakh(letter: char) -> char {
    match letter {
        'Ә' => 'А',
        'ә' => 'а',
        'Ғ' => 'Г',
        'ғ' => 'г',
        'Қ' => 'К',
        'қ' => 'к',
        'Ң' => 'Н',
        'ң' => 'н',
        'Ө' => 'О',
        'ө' => 'о',
        'Ұ' | 'Ү' => 'У',
        'ұ' | 'ү' => 'у',
        'Һ' => 'Х',
        'һ' => 'х',
        'І' => 'И',
        'і' => 'и',
        other => other,
    }
}

/// A Kazakh name as Russian documents spell it: Айгүл becomes Айгуль, Серік Серик.
pub fn russified(name: &str) -> String {
    const WHOLE: &[(&str, &str)] = &[
        ("Әсел", "Асель"),
        ("Әлия", "Алия"),
        ("Жәния", "Жания"),
        ("Әйгерім", "Айгерим"),
        ("Гүлжан", "Гульжан"),
    ];
    if let Some((_, russian)) = WHOLE.iter().find(|(kazakh, _)| *kazakh == name) {
        return (*russian).to_owned();
    }
    // л after a front rounded vowel is soft, which Russian writes with ь.
    let letters: Vec<char> = name.chars().collect();
    let mut out = String::with_capacity(name.len() + 2);
    for (place, letter) in letters.iter().enumerate() {
        let softens = *letter == 'л'
            && place
                .checked_sub(1)
                .and_then(|before| letters.get(before))
                .is_some_and(|before| "үе".contains(*before))
            && letters
                .get(place + 1)
                .is_none_or(|after| !super::is_vowel(*after) && *after != 'ь')
            && (letters.get(place.wrapping_sub(1)) == Some(&'ү') || place + 1 == letters.len());
        out.push(without_kazakh(*letter));
        if softens {
            out.push('ь');
        }
    }
    out
}

/// A name in Latin letters, as passports and e-mail addresses have it.
pub fn latin(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        let latin = match lower {
            'а' | 'ә' => "a",
            'б' => "b",
            'в' => "v",
            'г' | 'ғ' => "g",
            'д' => "d",
            'е' | 'э' | 'ё' => "e",
            'ж' => "zh",
            'з' => "z",
            'и' | 'і' => "i",
            'й' | 'ы' => "y",
            'к' => "k",
            'қ' => "q",
            'л' => "l",
            'м' => "m",
            'н' | 'ң' => "n",
            'о' | 'ө' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' | 'ұ' | 'ү' => "u",
            'ф' => "f",
            'х' | 'һ' => "kh",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "shch",
            'ю' => "yu",
            'я' => "ya",
            'ъ' | 'ь' => "",
            other => {
                out.push(other);
                continue;
            }
        };
        if letter.is_uppercase() {
            let mut letters = latin.chars();
            out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            out.push_str(letters.as_str());
        } else {
            out.push_str(latin);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_respelt() {
        assert_eq!(russified("Айгүл"), "Айгуль");
        assert_eq!(russified("Әсел"), "Асель");
        assert_eq!(russified("Гүлнәр"), "Гульнар");
        assert_eq!(russified("Серік"), "Серик");
        assert_eq!(russified("Қуаныш"), "Куаныш");
        assert_eq!(latin("Жұмабаева"), "Zhumabaeva");
    }
}
