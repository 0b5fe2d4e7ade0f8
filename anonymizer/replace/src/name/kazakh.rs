//! The case suffixes of Kazakh, which follow vowel harmony and the last sound of the word.

use sandyq_words::russian_letter as russian;

use super::Case;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Vowel,
    Nasal,
    Sonorant,
    Buzzing,
    Voiceless,
}

fn last(word: &str) -> Last {
    match word.chars().next_back() {
        Some('а' | 'ә' | 'е' | 'и' | 'і' | 'о' | 'ө' | 'ұ' | 'ү' | 'ы' | 'э' | 'ю' | 'я' | 'ё') => {
            Last::Vowel
        }
        Some('м' | 'н' | 'ң') => Last::Nasal,
        Some('л' | 'р' | 'й' | 'у') => Last::Sonorant,
        Some('з' | 'ж') => Last::Buzzing,
        _ => Last::Voiceless,
    }
}

/// Whether suffixes have front vowels.
fn is_front(word: &str) -> bool {
    word.chars()
        .rev()
        .find_map(|letter| match letter {
            'ә' | 'е' | 'і' | 'ө' | 'ү' | 'э' | 'и' | 'ь' => Some(true),
            'а' | 'о' | 'ұ' | 'ы' | 'ю' | 'я' | 'ё' | 'у' => Some(false),
            _ => None,
        })
        .unwrap_or(false)
}

/// The suffix that a word takes in a case; none for cases of Russian.
fn suffix(word: &str, case: Case) -> &'static str {
    let possessive = ["ұлы", "улы", "қызы", "кызы"]
        .iter()
        .any(|end| word.ends_with(end));
    let (back, front) = match (case, last(word), possessive) {
        (Case::KazakhGenitive, Last::Vowel | Last::Nasal, _) => ("ның", "нің"),
        (Case::KazakhGenitive, Last::Sonorant | Last::Buzzing, _) => ("дың", "дің"),
        (Case::KazakhGenitive, Last::Voiceless, _) => ("тың", "тің"),
        (Case::KazakhDative, _, true) => ("на", "не"),
        (Case::KazakhDative, Last::Voiceless, _) => ("қа", "ке"),
        (Case::KazakhDative, ..) => ("ға", "ге"),
        (Case::KazakhAccusative, _, true) => ("н", "н"),
        (Case::KazakhAccusative, Last::Vowel, _) => ("ны", "ні"),
        (Case::KazakhAccusative, Last::Voiceless, _) => ("ты", "ті"),
        (Case::KazakhAccusative, ..) => ("ды", "ді"),
        (Case::KazakhLocative, _, true) => ("нда", "нде"),
        (Case::KazakhLocative, Last::Voiceless, _) => ("та", "те"),
        (Case::KazakhLocative, ..) => ("да", "де"),
        (Case::KazakhAblative, _, true) | (Case::KazakhAblative, Last::Nasal, _) => ("нан", "нен"),
        (Case::KazakhAblative, Last::Voiceless, _) => ("тан", "тен"),
        (Case::KazakhAblative, ..) => ("дан", "ден"),
        (Case::KazakhInstrumental, Last::Buzzing, _) => ("бен", "бен"),
        (Case::KazakhInstrumental, Last::Voiceless, _) => ("пен", "пен"),
        (Case::KazakhInstrumental, ..) => ("мен", "мен"),
        _ => ("", ""),
    };
    if is_front(word) { front } else { back }
}

/// A lower-case word with the suffix of a case.
pub(super) fn suffixed(word: &str, case: Case) -> String {
    format!("{word}{}", suffix(word, case))
}

/// The lower-case word without the suffix of a case, if it has one that the word could take, in Kazakh letters or in Russian ones.
pub(super) fn stripped(word: &str, case: Case) -> Option<String> {
    let plain = |text: &str| text.chars().map(russian).collect::<String>();
    (1..=3)
        .rev()
        .filter_map(|length| {
            let (at, _) = word.char_indices().rev().nth(length - 1)?;
            let (stem, end) = word.split_at_checked(at)?;
            let expected = suffix(stem, case);
            let fits = !expected.is_empty()
                && (expected == end
                    || plain(expected) == plain(end)
                    || harmony(expected) == harmony(end));
            (fits && stem.chars().count() >= 3).then(|| stem.to_owned())
        })
        .next()
}

/// A suffix without regard to harmony: names from other languages take either.
fn harmony(suffix: &str) -> String {
    let back = |letter| match letter {
        'е' => 'а',
        'і' | 'и' => 'ы',
        'к' => 'қ',
        'г' => 'ғ',
        other => other,
    };
    suffix.chars().map(back).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_follow_harmony_and_the_last_sound() {
        let cases = [
            (
                "нұрлан",
                "нұрланның",
                "нұрланға",
                "нұрланды",
                "нұрланда",
                "нұрланнан",
                "нұрланмен",
            ),
            (
                "ахметов",
                "ахметовтың",
                "ахметовқа",
                "ахметовты",
                "ахметовта",
                "ахметовтан",
                "ахметовпен",
            ),
            (
                "әсел",
                "әселдің",
                "әселге",
                "әселді",
                "әселде",
                "әселден",
                "әселмен",
            ),
            (
                "мұса",
                "мұсаның",
                "мұсаға",
                "мұсаны",
                "мұсада",
                "мұсадан",
                "мұсамен",
            ),
            (
                "серікұлы",
                "серікұлының",
                "серікұлына",
                "серікұлын",
                "серікұлында",
                "серікұлынан",
                "серікұлымен",
            ),
            (
                "ораз",
                "ораздың",
                "оразға",
                "оразды",
                "оразда",
                "ораздан",
                "оразбен",
            ),
        ];
        for (word, genitive, dative, accusative, locative, ablative, instrumental) in cases {
            for (case, expected) in [
                (Case::KazakhGenitive, genitive),
                (Case::KazakhDative, dative),
                (Case::KazakhAccusative, accusative),
                (Case::KazakhLocative, locative),
                (Case::KazakhAblative, ablative),
                (Case::KazakhInstrumental, instrumental),
            ] {
                assert_eq!(suffixed(word, case), expected);
                assert_eq!(
                    stripped(expected, case).as_deref(),
                    Some(word),
                    "{expected}"
                );
            }
            assert_eq!(suffixed(word, Case::Dative), word);
        }
        assert_eq!(
            stripped("ахметовтын", Case::KazakhGenitive).as_deref(),
            Some("ахметов")
        );
        assert_eq!(stripped("нан", Case::KazakhAblative), None);
    }
}
