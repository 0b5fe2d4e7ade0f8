//! Grammatical forms and Latin spellings of the names of places.

/// Endings of possession (`көше` - `көшесі`), which the endings of cases may follow.
const POSSESSION: [&str; 4] = ["сы", "сі", "ы", "і"];
/// Endings of cases after possession.
const AFTER_POSSESSION: [&str; 12] = [
    "",
    "ның",
    "нің",
    "на",
    "не",
    "нда",
    "нде",
    "ндағы",
    "ндегі",
    "нан",
    "нен",
    "мен",
];
/// Endings of cases.
const CASES: [&str; 32] = [
    "", "да", "де", "та", "те", "дағы", "дегі", "тағы", "тегі", "дан", "ден", "тан", "тен", "нан",
    "нен", "ға", "ге", "қа", "ке", "ның", "нің", "дың", "дің", "тың", "тің", "лық", "лік", "мен",
    "ны", "ғы", "гі", "қы",
];

/// The forms of a Kazakh noun, by all endings of either harmony: more than there are, none missing.
pub fn kazakh(stem: &str) -> Vec<String> {
    let cases = CASES.iter().map(|case| format!("{stem}{case}"));
    let possessed = POSSESSION.iter().flat_map(|end| {
        AFTER_POSSESSION
            .iter()
            .map(move |case| format!("{stem}{end}{case}"))
    });
    cases.chain(possessed).collect()
}

/// The forms of a Russian name of a place: `Караганда`, `Караганды`, `Караганде`.
pub fn russian(name: &str) -> Vec<String> {
    let ends: (&str, &[&str]) = match name.chars().last() {
        Some('а') => ("а", &["а", "ы", "и", "е", "у", "ой"]),
        Some('я') => ("я", &["я", "и", "е", "ю", "ей"]),
        Some('ь') => ("ь", &["ь", "я", "ю", "е", "ем", "и"]),
        Some('й') if name.ends_with("ный") => ("ый", &["ый", "ого", "ому", "ом", "ым"]),
        Some('й') => ("й", &["й", "я", "ю", "е", "ем"]),
        Some('е') if name.ends_with("ое") => ("ое", &["ое", "ого", "ому", "ом", "ым"]),
        Some('о') if name.ends_with("во") || name.ends_with("но") => {
            ("о", &["о", "а", "у", "е", "ом"])
        }
        Some(last) if "бвгджзклмнпрстфхцчшщ".contains(last) => {
            ("", &["", "а", "у", "е", "ом"])
        }
        _ => ("", &[""]),
    };
    let stem = name.strip_suffix(ends.0).unwrap_or(name);
    ends.1.iter().map(|end| format!("{stem}{end}")).collect()
}

/// A word with one letter left out, doubled or swapped with its neighbour; the first and the last stay, so that other forms
/// of the word and shorter words are not made.
pub fn mistyped(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    let last = letters.len().saturating_sub(1);
    let mut typed = Vec::new();
    for place in 1..last {
        let spelled = |parts: [&[char]; 3]| parts.concat().into_iter().collect::<String>();
        let (before, rest) = letters.split_at(place);
        let Some((letter, after)) = rest.split_first() else {
            continue;
        };
        typed.push(spelled([before, &[], after]));
        typed.push(spelled([before, &[*letter, *letter], after]));
        if let Some((next, after)) = after.split_first().filter(|(next, _)| *next != letter) {
            typed.push(spelled([before, &[*next, *letter], after]));
        }
    }
    typed
}

/// The ways a name is usually typed in Latin letters.
pub fn latin(name: &str) -> [String; 2] {
    let typed = spell(name);
    // `Kabanbai` and `Kabanbay`, `Satpaeva` and `Satpayeva`.
    let other = typed
        .replace("ai", "ay")
        .replace("ae", "aye")
        .replace('q', "k");
    [typed, other]
}

fn spell(name: &str) -> String {
    let mut typed = String::with_capacity(name.len() * 2);
    for letter in name.chars().flat_map(char::to_lowercase) {
        match spelled(letter) {
            Some(latin) => typed.push_str(latin),
            None => typed.push(letter),
        }
    }
    typed
}

fn spelled(letter: char) -> Option<&'static str> {
    Some(match letter {
        'а' | 'ә' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ғ' => "g",
        'д' => "d",
        'е' | 'э' => "e",
        'ё' => "yo",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' | 'й' => "i",
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
        'щ' => "sch",
        'ы' => "y",
        'ю' => "yu",
        'я' => "ya",
        'ъ' | 'ь' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_made() {
        let has = |forms: Vec<String>, form: &str| forms.iter().any(|made| made == form);
        assert!(has(kazakh("көше"), "көшесінде"));
        assert!(has(kazakh("пәтер"), "пәтерінде"));
        assert!(has(kazakh("Астана"), "Астанада"));
        assert!(has(russian("Караганда"), "Караганде"));
        assert!(has(russian("Шымкент"), "Шымкенте"));
        assert!(has(russian("Рудный"), "Рудном"));
        assert!(has(russian("Узынагаш"), "Узынагаше"));
        assert!(has(russian("Актобе"), "Актобе"));
        assert!(has(mistyped("улица"), "улциа"));
        assert!(has(mistyped("улица"), "улиица"));
        assert!(!has(mistyped("улица"), "улиц"));
        assert_eq!(latin("Желтоқсан"), ["zheltoqsan", "zheltoksan"]);
    }
}
