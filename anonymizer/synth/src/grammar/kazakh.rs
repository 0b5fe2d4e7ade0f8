//! Kazakh case endings: vowel harmony of the last syllable, and assimilation to the last sound ("Kazakh Grammar", Astana 2002,
//! the chapter on declension).

use super::{is_vowel, last, without};

/// A Kazakh case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Case {
    Nominative,
    Genitive,
    Dative,
    Accusative,
    Locative,
    Ablative,
    Instrumental,
}

/// A word in a case. Words that end in a possessive suffix (Серікұлы, Абай көшесі) have `possessed`.
pub fn inflect(word: &str, case: Case, possessed: bool) -> String {
    let back = is_back(word);
    let pair = |hard: &'static str, soft: &'static str| if back { hard } else { soft };
    let end = last(word);
    let nasal = "мнң".contains(end);
    // Russian surnames end in -в, which is spoken and treated as a voiceless sound.
    let voiceless = "пфкқтсшщчцхһбвгғд".contains(end);
    let sibilant = "зж".contains(end);
    let vowel = is_vowel(end) && end != 'у' && end != 'и';
    let ending = match case {
        Case::Nominative => "",
        Case::Genitive if possessed || is_vowel(end) || nasal => pair("ның", "нің"),
        Case::Genitive if voiceless => pair("тың", "тің"),
        Case::Genitive => pair("дың", "дің"),
        Case::Dative if possessed => pair("на", "не"),
        Case::Dative if voiceless => pair("қа", "ке"),
        Case::Dative => pair("ға", "ге"),
        Case::Accusative if possessed => "н",
        Case::Accusative if vowel || is_vowel(end) => pair("ны", "ні"),
        Case::Accusative if voiceless => pair("ты", "ті"),
        Case::Accusative => pair("ды", "ді"),
        Case::Locative if possessed => pair("нда", "нде"),
        Case::Locative if voiceless => pair("та", "те"),
        Case::Locative => pair("да", "де"),
        Case::Ablative if possessed || nasal => pair("нан", "нен"),
        Case::Ablative if voiceless => pair("тан", "тен"),
        Case::Ablative => pair("дан", "ден"),
        Case::Instrumental if voiceless => "пен",
        Case::Instrumental if sibilant => "бен",
        Case::Instrumental => "мен",
    };
    let stem = if end == 'ь' && case != Case::Nominative {
        without(word, 1)
    } else {
        word
    };
    format!("{stem}{ending}")
}

/// Whether the endings of a word have back vowels.
fn is_back(word: &str) -> bool {
    let lower = word.to_lowercase();
    // The е of the surname's ending -ев follows the vowel before it: Тоқаевтың, but Сергеевтің.
    let stem = lower
        .strip_suffix("ев")
        .filter(|stem| stem.ends_with(is_vowel))
        .unwrap_or(&lower);
    let mut end = true;
    stem.chars()
        .rev()
        .find_map(|letter| {
            let last = std::mem::replace(&mut end, false);
            match letter {
                'а' | 'о' | 'ұ' | 'ы' | 'я' | 'ё' => Some(true),
                'ә' | 'ө' | 'ү' | 'і' | 'е' | 'э' => Some(false),
                // Within a word it is a front vowel (Петрович, Юрий); at the end, the syllable before decides (Нұрғали).
                'и' if !last => Some(false),
                _ => None,
            }
        })
        // Names with nothing but у or и, such as Ли.
        .unwrap_or_else(|| lower.contains('у') || lower.contains('ю'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Case::{Ablative, Accusative, Dative, Genitive, Instrumental, Locative};

    #[test]
    fn names_take_the_right_endings() {
        for (word, case, possessed, expected) in [
            ("Нұрлан", Genitive, false, "Нұрланның"),
            ("Серік", Genitive, false, "Серіктің"),
            ("Айгүл", Genitive, false, "Айгүлдің"),
            ("Ахметов", Genitive, false, "Ахметовтың"),
            ("Тоқаев", Dative, false, "Тоқаевқа"),
            ("Сергеев", Dative, false, "Сергеевке"),
            ("Ахметова", Dative, false, "Ахметоваға"),
            ("Серікұлы", Dative, true, "Серікұлына"),
            ("Серікқызы", Accusative, true, "Серікқызын"),
            ("Серікқызы", Ablative, true, "Серікқызынан"),
            ("Петровна", Ablative, false, "Петровнадан"),
            ("Асхат", Ablative, false, "Асхаттан"),
            ("Ержан", Ablative, false, "Ержаннан"),
            ("Оразбек", Instrumental, false, "Оразбекпен"),
            ("Петрович", Genitive, false, "Петровичтің"),
            ("Юрий", Dative, false, "Юрийге"),
            ("Нұрғали", Dative, false, "Нұрғалиға"),
            ("Алмаз", Instrumental, false, "Алмазбен"),
            ("Дәурен", Locative, false, "Дәуренде"),
            ("Абай", Accusative, false, "Абайды"),
        ] {
            assert_eq!(inflect(word, case, possessed), expected, "{word} {case:?}");
        }
    }
}
