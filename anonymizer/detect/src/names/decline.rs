//! Case forms of names in Russian and in Kazakh.
//!
//! More forms are made than a grammar allows where writers differ; none is a common ending of another word.

/// Calls `out` with the stem and the endings of the Russian forms of a lower-case name other than the nominative.
pub fn russian(name: &str, mut out: impl FnMut(&str, &[&str])) {
    for (nominative, stem, endings) in [
        ("лев", "льв", &["а", "у", "ом", "е"] as &[&str]),
        ("пётр", "петр", &["а", "у", "ом", "е"]),
        ("павел", "павл", &["а", "у", "ом", "е"]),
        ("любовь", "любов", &["и", "ью"]),
    ] {
        if name == nominative {
            return out(stem, endings);
        }
    }
    let Some(last) = name.chars().next_back() else {
        return;
    };
    let stem = name.get(..name.len() - last.len_utf8()).unwrap_or_default();
    let before = stem.chars().next_back().unwrap_or(' ');
    let hushing = matches!(before, 'ж' | 'ш' | 'щ' | 'ч' | 'ц');
    match last {
        'а' if hushing => out(stem, &["и", "ы", "е", "у", "ей", "ой"]),
        'а' if matches!(before, 'к' | 'г' | 'х' | 'қ' | 'ғ') => {
            out(stem, &["и", "е", "у", "ой", "ою"])
        }
        'а' => out(stem, &["ы", "е", "у", "ой", "ою"]),
        'я' => out(stem, &["и", "е", "ю", "ей", "ею", "ёй"]),
        'й' => out(stem, &["я", "ю", "ем", "е", "и"]),
        'ь' => out(stem, &["я", "ю", "ем", "е", "и", "ью"]),
        'ж' | 'ш' | 'щ' | 'ч' => out(name, &["а", "у", "ем", "ом", "е"]),
        'е' | 'и' | 'о' | 'у' | 'ы' | 'э' | 'ю' | 'і' | 'ә' | 'ө' | 'ү' | 'ұ' => {}
        _ => out(name, &["а", "у", "ом", "е"]),
    }
}

/// Calls `out` with the stem and the endings of the Kazakh forms of a lower-case name other than the nominative.
pub fn kazakh(name: &str, mut out: impl FnMut(&str, &[&str])) {
    let Some(last) = name.chars().next_back() else {
        return;
    };
    let (back, front) = harmony(name);
    let (hard, soft) = suffixes(last);
    if back {
        out(name, hard);
    }
    if front {
        out(name, soft);
    }
}

/// Calls `out` with the forms of a word that declines as an adjective: больной, больного, больная.
pub fn adjective(word: &str, mut out: impl FnMut(&str, &[&str])) {
    let hard = ["ый", "ой", "ая"]
        .iter()
        .find_map(|end| word.strip_suffix(end));
    if let Some(stem) = hard {
        out(
            stem,
            &[
                "ого", "ому", "ым", "ом", "ая", "ой", "ую", "ые", "ых", "ыми", "ие", "их", "ими",
            ],
        );
    } else if let Some(stem) = word
        .strip_suffix("ий")
        .filter(|stem| stem.ends_with(['щ', 'ш']))
    {
        out(
            stem,
            &[
                "его", "ему", "им", "ем", "ая", "ей", "ую", "ие", "их", "ими",
            ],
        );
    }
}

/// Calls `out` with the Kazakh cases of a word in -ы or -і, which says whose it is: мектебі, мектебінде.
pub fn possessed(word: &str, mut out: impl FnMut(&str, &[&str])) {
    if word.ends_with('ы') {
        out(word, &["на", "н", "нда", "нан", "ндағы"]);
    } else if word.ends_with('і') {
        out(word, &["не", "н", "нде", "нен", "ндегі"]);
    }
}

/// Whether back and front vowels may follow.
fn harmony(name: &str) -> (bool, bool) {
    if name.ends_with('ь') {
        return (true, true);
    }
    match name
        .chars()
        .rev()
        .find(|letter| "аоұыяёәеөүіэиую".contains(*letter))
    {
        Some('а' | 'о' | 'ұ' | 'ы' | 'я' | 'ё') => (true, false),
        Some('ә' | 'е' | 'ө' | 'ү' | 'і' | 'э') => (false, true),
        _ => (true, true),
    }
}

type Suffixes = &'static [&'static str];

/// Back and front suffixes after that last letter.
fn suffixes(last: char) -> (Suffixes, Suffixes) {
    match last {
        'а' | 'о' | 'ұ' | 'ы' | 'я' | 'ё' | 'ә' | 'е' | 'ө' | 'ү' | 'і' | 'э' | 'и' | 'у' | 'ю' => {
            (
                &[
                    "ның",
                    "ға",
                    "ны",
                    "да",
                    "дан",
                    "мен",
                    "лар",
                    "ларға",
                    "лардың",
                    "мын",
                    "нікі",
                    "м",
                ],
                &[
                    "нің",
                    "ге",
                    "ні",
                    "де",
                    "ден",
                    "мен",
                    "лер",
                    "лерге",
                    "лердің",
                    "мін",
                    "нікі",
                    "м",
                ],
            )
        }
        'м' | 'н' | 'ң' => (
            &[
                "ның",
                "ға",
                "ды",
                "да",
                "нан",
                "мен",
                "дар",
                "дарға",
                "мын",
                "дікі",
                "ым",
                "ға",
            ],
            &[
                "нің",
                "ге",
                "ді",
                "де",
                "нен",
                "мен",
                "дер",
                "дерге",
                "мін",
                "дікі",
                "ім",
                "ге",
            ],
        ),
        'р' | 'й' | 'л' | 'ь' => (
            &[
                "дың",
                "ға",
                "ды",
                "да",
                "дан",
                "мен",
                "лар",
                "дар",
                "ларға",
                "мын",
                "дікі",
                "ым",
            ],
            &[
                "дің",
                "ге",
                "ді",
                "де",
                "ден",
                "мен",
                "лер",
                "дер",
                "лерге",
                "мін",
                "дікі",
                "ім",
            ],
        ),
        'з' | 'ж' => (
            &[
                "дың", "ға", "ды", "да", "дан", "бен", "дар", "мын", "дікі", "ым",
            ],
            &[
                "дің", "ге", "ді", "де", "ден", "бен", "дер", "мін", "дікі", "ім",
            ],
        ),
        _ => (
            &[
                "тың",
                "қа",
                "ты",
                "та",
                "тан",
                "пен",
                "тар",
                "тарға",
                "пын",
                "тікі",
            ],
            &[
                "тің",
                "ке",
                "ті",
                "те",
                "тен",
                "пен",
                "тер",
                "терге",
                "пін",
                "тікі",
            ],
        ),
    }
}

/// Calls `out` with other spellings of a Kazakh name: as Russian writes it, and with Latin-like digraphs.
pub fn spellings(name: &str, mut out: impl FnMut(&str)) {
    let soft = softened(name);
    if soft != name {
        out(&soft);
    }
    for spelling in [name, soft.as_str()] {
        if let Some(rest) = spelling.strip_prefix('ж') {
            out(&format!("дж{rest}"));
        }
        if let Some(rest) = spelling.strip_prefix("қ") {
            out(&format!("х{rest}"));
        }
    }
}

/// Russian writes ль and ля where л stands beside a front vowel: Айгүл, Айгуль; Күләш, Куляш.
fn softened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut soft = String::with_capacity(name.len() + 4);
    for (place, &letter) in letters.iter().enumerate() {
        let before = place
            .checked_sub(1)
            .and_then(|at| letters.get(at))
            .copied()
            .unwrap_or(' ');
        let after = letters.get(place + 1).copied().unwrap_or(' ');
        match letter {
            'ә' if before == 'л' => soft.push('я'),
            'л' if "әөүіе".contains(before) && !"аоұыеәөүіиуэюя".contains(after) => {
                soft.push_str("ль")
            }
            _ => soft.push(letter),
        }
    }
    soft
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(stem: &str, endings: &[&str], forms: &mut Vec<String>) {
        forms.extend(endings.iter().map(|ending| format!("{stem}{ending}")));
    }

    fn check(decline: impl Fn(&str, &mut Vec<String>), name: &str, expected: &[&str]) {
        let mut forms = Vec::new();
        decline(name, &mut forms);
        for form in expected {
            assert!(
                forms.iter().any(|made| made == form),
                "{name} {form} {forms:?}"
            );
        }
    }

    #[test]
    fn russian_cases() {
        let decline = |name: &str, forms: &mut Vec<String>| {
            russian(name, |stem, ends| join(stem, ends, forms))
        };
        check(
            decline,
            "нурлан",
            &["нурлана", "нурлану", "нурланом", "нурлане"],
        );
        check(decline, "ольга", &["ольги", "ольге", "ольгу", "ольгой"]);
        check(decline, "мария", &["марии", "марию", "марией"]);
        check(
            decline,
            "сергей",
            &["сергея", "сергею", "сергеем", "сергее"],
        );
        check(
            decline,
            "дмитрий",
            &["дмитрия", "дмитрию", "дмитрием", "дмитрии"],
        );
        check(decline, "айгуль", &["айгули", "айгулью"]);
        check(decline, "игорь", &["игоря", "игорю", "игорем"]);
        check(decline, "павел", &["павла", "павлом"]);
    }

    #[test]
    fn kazakh_cases() {
        let decline = |name: &str, forms: &mut Vec<String>| {
            kazakh(name, |stem, ends| join(stem, ends, forms))
        };
        check(
            decline,
            "айгүл",
            &[
                "айгүлдің",
                "айгүлге",
                "айгүлді",
                "айгүлде",
                "айгүлден",
                "айгүлмен",
                "айгүлім",
            ],
        );
        check(
            decline,
            "нұрлан",
            &[
                "нұрланның",
                "нұрланға",
                "нұрланды",
                "нұрланда",
                "нұрланнан",
                "нұрланмен",
            ],
        );
        check(
            decline,
            "серік",
            &[
                "серіктің",
                "серікке",
                "серікті",
                "серікте",
                "серіктен",
                "серікпен",
            ],
        );
        check(decline, "алмаз", &["алмаздың", "алмазға", "алмазбен"]);
        check(
            decline,
            "дана",
            &["дананың", "данаға", "дананы", "данадан", "данамен"],
        );
    }

    #[test]
    fn russian_spellings_of_kazakh_names() {
        let spell = |name: &str, forms: &mut Vec<String>| {
            spellings(name, |form| forms.push(form.to_owned()))
        };
        check(spell, "айгүл", &["айгүль"]);
        check(spell, "күләш", &["күляш"]);
        check(spell, "жәмила", &["джәмила"]);
    }
}
