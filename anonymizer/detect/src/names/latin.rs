//! Names of here in Latin letters.
//!
//! Passports, e-mails and the new Kazakh alphabet spell one name in many ways: Aigerim, Aygerim, Äıgerım. All of them, and
//! the Cyrillic spelling, are brought to one key of consonants and plain vowels.

use crate::text::hash;

/// The key of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatinName(String);

impl LatinName {
    /// Of a lower-case Cyrillic name.
    pub fn of_cyrillic(name: &str) -> Self {
        let mut latin = String::with_capacity(name.len() + 4);
        for letter in name.chars() {
            latin.push_str(romanized(letter));
        }
        Self(key(&latin))
    }

    /// Of a lower-case Latin name.
    pub fn of_latin(name: &str) -> Self {
        let plain: String = name.chars().map(plain).collect();
        Self(key(&plain))
    }

    /// The hash of the key.
    pub fn key(&self) -> u64 {
        hash(&self.0)
    }
}

/// Whether a lower-case Latin word has the shape of a patronymic of here.
pub fn patronymic(name: &str) -> bool {
    ends(
        name,
        &[
            "uly", "kyzy", "qyzy", "kizi", "uli", "ovich", "evich", "ovna", "evna", "yevich",
            "ievna",
        ],
        6,
    )
}

/// Whether a lower-case Latin word has the shape of a surname of here.
pub fn surname(name: &str) -> bool {
    ends(
        name,
        &[
            "ov", "ev", "ova", "eva", "in", "ina", "sky", "skiy", "skaya", "enko", "yev", "yeva",
            "bay", "bai", "bek", "khan", "zhan",
        ],
        5,
    )
}

fn ends(name: &str, endings: &[&str], least: usize) -> bool {
    name.len() >= least && endings.iter().any(|end| name.ends_with(end))
}

const fn romanized(letter: char) -> &'static str {
    match letter {
        'а' | 'ә' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ғ' => "g",
        'д' => "d",
        'е' | 'ё' | 'э' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'й' | 'ы' | 'і' => "i",
        'к' | 'қ' => "k",
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
        'х' | 'һ' => "h",
        'ц' => "ts",
        'ч' => "ch",
        'ш' | 'щ' => "sh",
        'ю' => "iu",
        'я' => "ia",
        _ => "",
    }
}

/// A lower-case Latin name in Cyrillic letters, as far as one can tell.
pub fn respelled(name: &str) -> String {
    const SPELLINGS: [(&str, &str); 19] = [
        ("shch", "щ"),
        ("dzh", "дж"),
        ("kh", "х"),
        ("gh", "ғ"),
        ("zh", "ж"),
        ("ch", "ч"),
        ("sh", "ш"),
        ("ts", "ц"),
        ("yu", "ю"),
        ("iu", "ю"),
        ("ya", "я"),
        ("ia", "ия"),
        ("ye", "е"),
        ("yo", "ё"),
        ("ay", "ай"),
        ("ey", "ей"),
        ("ai", "ай"),
        ("ei", "ей"),
        ("iy", "ий"),
    ];
    let plain: String = name.chars().map(plain).collect();
    let (mut out, mut rest) = (String::with_capacity(2 * name.len()), plain.as_str());
    while let Some(letter) = rest.chars().next() {
        let spelling = SPELLINGS.iter().find(|(latin, _)| rest.starts_with(latin));
        let length = match spelling {
            Some((latin, cyrillic)) => {
                out.push_str(cyrillic);
                latin.len()
            }
            None => {
                out.push(cyrillic(letter));
                letter.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

const fn cyrillic(letter: char) -> char {
    match letter {
        'a' => 'а',
        'b' => 'б',
        'c' | 'k' | 'q' => 'к',
        'd' => 'д',
        'e' => 'е',
        'f' => 'ф',
        'g' => 'г',
        'h' | 'x' => 'х',
        'i' => 'и',
        'j' => 'ж',
        'l' => 'л',
        'm' => 'м',
        'n' => 'н',
        'o' => 'о',
        'p' => 'п',
        'r' => 'р',
        's' => 'с',
        't' => 'т',
        'u' => 'у',
        'v' | 'w' => 'в',
        'y' => 'ы',
        'z' => 'з',
        _ => letter,
    }
}

/// A letter of the alphabets in use without its diacritics.
const fn plain(letter: char) -> char {
    match letter {
        'ä' | 'á' | 'ə' | 'ǎ' => 'a',
        'ö' | 'ó' => 'o',
        'ü' | 'ú' | 'ū' => 'u',
        'ı' | 'í' | 'ï' => 'i',
        'ğ' | 'ǵ' => 'g',
        'ñ' | 'ń' => 'n',
        'ş' => 's',
        'ç' => 'c',
        'é' | 'ё' => 'e',
        _ => letter,
    }
}

/// Undoes the differences between transliterations.
fn key(latin: &str) -> String {
    let mut text = latin.to_owned();
    let mut held = letters(&text);
    for (spelling, plain) in [
        ("dzh", "zh"),
        ("kh", "h"),
        ("gh", "g"),
        ("ye", "e"),
        ("ya", "ia"),
        ("yu", "iu"),
        ("yo", "e"),
        ("y", "i"),
        ("j", "zh"),
        ("q", "k"),
        ("w", "u"),
        ("x", "ks"),
        ("zh", "j"),
        ("sh", "s"),
        ("ch", "c"),
        ("ii", "i"),
    ] {
        let wanted = letters(spelling);
        if held & wanted == wanted && text.contains(spelling) {
            text = text.replace(spelling, plain);
            held = letters(&text);
        }
    }
    text
}

/// A bit for each of the letters from a to z.
fn letters(text: &str) -> u32 {
    let letters = text.bytes().filter(u8::is_ascii_lowercase);
    letters.fold(0, |held, letter| held | 1 << (letter - b'a'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transliterations_of_one_name_have_one_key() {
        for (cyrillic, spellings) in [
            ("айгерім", &["aigerim", "aygerim", "äıgerım"] as &[&str]),
            ("нұрсұлтан", &["nursultan", "nūrsūltan"]),
            ("жанар", &["zhanar", "janar", "dzhanar"]),
            ("юлия", &["yuliya", "iuliia", "yulia"]),
            ("серік", &["serik", "serık"]),
            ("қайрат", &["kairat", "qairat", "kayrat", "qaırat"]),
            ("дмитрий", &["dmitriy", "dmitri", "dmitry"]),
        ] {
            for spelling in spellings {
                assert_eq!(
                    LatinName::of_latin(spelling),
                    LatinName::of_cyrillic(cyrillic),
                    "{spelling}"
                );
            }
        }
    }
}
