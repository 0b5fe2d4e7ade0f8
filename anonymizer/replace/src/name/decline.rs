//! Russian declension of names, by the ending of the nominative.

use super::{Case, Part, Sex, kazakh};

/// The endings of one way to decline, from nominative to prepositional.
struct Paradigm {
    part: Option<Part>,
    sex: Option<Sex>,
    ends: [&'static str; 6],
}

const fn of(part: Part, sex: Option<Sex>, ends: [&'static str; 6]) -> Paradigm {
    Paradigm {
        part: Some(part),
        sex,
        ends,
    }
}

const fn any(sex: Option<Sex>, ends: [&'static str; 6]) -> Paradigm {
    Paradigm {
        part: None,
        sex,
        ends,
    }
}

const M: Option<Sex> = Some(Sex::Male);
const F: Option<Sex> = Some(Sex::Female);

/// The first one that fits a word is its own.
const PARADIGMS: [Paradigm; 54] = [
    of(
        Part::Patronymic,
        M,
        ["ич", "ича", "ичу", "ича", "ичем", "иче"],
    ),
    of(Part::Patronymic, F, ["на", "ны", "не", "ну", "ной", "не"]),
    of(Part::Surname, M, ["ов", "ова", "ову", "ова", "овым", "ове"]),
    of(Part::Surname, M, ["ев", "ева", "еву", "ева", "евым", "еве"]),
    of(Part::Surname, M, ["ёв", "ёва", "ёву", "ёва", "ёвым", "ёве"]),
    of(Part::Surname, M, ["ин", "ина", "ину", "ина", "иным", "ине"]),
    of(Part::Surname, M, ["ын", "ына", "ыну", "ына", "ыным", "ыне"]),
    of(
        Part::Surname,
        M,
        ["ский", "ского", "скому", "ского", "ским", "ском"],
    ),
    of(
        Part::Surname,
        M,
        ["цкий", "цкого", "цкому", "цкого", "цким", "цком"],
    ),
    of(Part::Surname, M, ["ый", "ого", "ому", "ого", "ым", "ом"]),
    of(Part::Surname, M, ["ой", "ого", "ому", "ого", "ым", "ом"]),
    of(
        Part::Surname,
        F,
        ["ова", "овой", "овой", "ову", "овой", "овой"],
    ),
    of(
        Part::Surname,
        F,
        ["ева", "евой", "евой", "еву", "евой", "евой"],
    ),
    of(
        Part::Surname,
        F,
        ["ёва", "ёвой", "ёвой", "ёву", "ёвой", "ёвой"],
    ),
    of(
        Part::Surname,
        F,
        ["ина", "иной", "иной", "ину", "иной", "иной"],
    ),
    of(
        Part::Surname,
        F,
        ["ына", "ыной", "ыной", "ыну", "ыной", "ыной"],
    ),
    of(Part::Surname, F, ["ая", "ой", "ой", "ую", "ой", "ой"]),
    of(
        Part::Given,
        M,
        ["павел", "павла", "павлу", "павла", "павлом", "павле"],
    ),
    of(
        Part::Given,
        M,
        ["лев", "льва", "льву", "льва", "львом", "льве"],
    ),
    of(
        Part::Given,
        M,
        ["петр", "петра", "петру", "петра", "петром", "петре"],
    ),
    of(
        Part::Given,
        M,
        ["пётр", "петра", "петру", "петра", "петром", "петре"],
    ),
    any(M, ["ий", "ия", "ию", "ия", "ием", "ии"]),
    any(M, ["й", "я", "ю", "я", "ем", "е"]),
    any(M, ["ь", "я", "ю", "я", "ем", "е"]),
    of(Part::Given, F, ["ь", "и", "и", "ь", "ью", "и"]),
    any(None, ["ия", "ии", "ии", "ию", "ией", "ии"]),
    any(None, ["я", "и", "е", "ю", "ей", "е"]),
    any(None, ["ка", "ки", "ке", "ку", "кой", "ке"]),
    any(None, ["га", "ги", "ге", "гу", "гой", "ге"]),
    any(None, ["ха", "хи", "хе", "ху", "хой", "хе"]),
    any(None, ["жа", "жи", "же", "жу", "жей", "же"]),
    any(None, ["ча", "чи", "че", "чу", "чей", "че"]),
    any(None, ["ша", "ши", "ше", "шу", "шей", "ше"]),
    any(None, ["ца", "цы", "це", "цу", "цей", "це"]),
    any(None, ["а", "ы", "е", "у", "ой", "е"]),
    any(M, ["ж", "жа", "жу", "жа", "жем", "же"]),
    any(M, ["ч", "ча", "чу", "ча", "чем", "че"]),
    any(M, ["ш", "ша", "шу", "ша", "шем", "ше"]),
    any(M, ["ц", "ца", "цу", "ца", "цем", "це"]),
    any(M, ["б", "ба", "бу", "ба", "бом", "бе"]),
    any(M, ["в", "ва", "ву", "ва", "вом", "ве"]),
    any(M, ["г", "га", "гу", "га", "гом", "ге"]),
    any(M, ["д", "да", "ду", "да", "дом", "де"]),
    any(M, ["з", "за", "зу", "за", "зом", "зе"]),
    any(M, ["к", "ка", "ку", "ка", "ком", "ке"]),
    any(M, ["л", "ла", "лу", "ла", "лом", "ле"]),
    any(M, ["м", "ма", "му", "ма", "мом", "ме"]),
    any(M, ["н", "на", "ну", "на", "ном", "не"]),
    any(M, ["п", "па", "пу", "па", "пом", "пе"]),
    any(M, ["р", "ра", "ру", "ра", "ром", "ре"]),
    any(M, ["с", "са", "су", "са", "сом", "се"]),
    any(M, ["т", "та", "ту", "та", "том", "те"]),
    any(M, ["ф", "фа", "фу", "фа", "фом", "фе"]),
    any(M, ["х", "ха", "ху", "ха", "хом", "хе"]),
];

fn own(lemma: &str, part: Part, sex: Sex) -> Option<&'static Paradigm> {
    if ["ұлы", "улы", "қызы", "кызы"]
        .iter()
        .any(|end| lemma.ends_with(end))
    {
        return None;
    }
    PARADIGMS.iter().find(|paradigm| {
        paradigm.part.is_none_or(|own| own == part)
            && paradigm.sex.is_none_or(|own| own == sex)
            && lemma.ends_with(paradigm.ends[0])
    })
}

/// A lower-case name in a case; what is not declined stays.
pub(crate) fn decline(lemma: &str, part: Part, sex: Sex, case: Case) -> String {
    let Some(place) = case.russian() else {
        return kazakh::suffixed(lemma, case);
    };
    let declined = own(lemma, part, sex).and_then(|paradigm| {
        let stem = lemma.strip_suffix(paradigm.ends[0])?;
        Some(format!("{stem}{}", paradigm.ends.get(place)?))
    });
    declined.unwrap_or_else(|| lemma.to_owned())
}

/// The nominatives that a lower-case word may be a case of.
pub(super) fn nominatives(word: &str, part: Part, sex: Sex, case: Case) -> Vec<String> {
    let Some(place) = case.russian() else {
        return kazakh::stripped(word, case).into_iter().collect();
    };
    let mut found = Vec::new();
    if place == 0 || own(word, part, sex).is_none() {
        found.push(word.to_owned());
    }
    if place == 0 {
        return found;
    }
    for paradigm in &PARADIGMS {
        let end = paradigm.ends.get(place).copied().unwrap_or_default();
        let lemma = word
            .strip_suffix(end)
            .map(|stem| format!("{stem}{}", paradigm.ends[0]));
        let Some(lemma) = lemma.filter(|lemma| lemma.chars().count() > 1) else {
            continue;
        };
        let is_own = own(&lemma, part, sex).is_some_and(|own| std::ptr::eq(own, paradigm));
        if is_own && !found.contains(&lemma) {
            found.push(lemma);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUSSIAN: [Case; 6] = [
        Case::Nominative,
        Case::Genitive,
        Case::Dative,
        Case::Accusative,
        Case::Instrumental,
        Case::Prepositional,
    ];

    #[test]
    fn names_are_declined_and_led_back() {
        use Part::{Given, Patronymic, Surname};
        use Sex::{Female, Male};
        let names = [
            (
                Surname,
                Male,
                "ахметов ахметова ахметову ахметова ахметовым ахметове",
            ),
            (
                Surname,
                Female,
                "ахметова ахметовой ахметовой ахметову ахметовой ахметовой",
            ),
            (
                Surname,
                Male,
                "вишневский вишневского вишневскому вишневского вишневским вишневском",
            ),
            (
                Surname,
                Female,
                "вишневская вишневской вишневской вишневскую вишневской вишневской",
            ),
            (Surname, Male, "ким кима киму кима кимом киме"),
            (Surname, Female, "ким ким ким ким ким ким"),
            (
                Surname,
                Male,
                "бондаренко бондаренко бондаренко бондаренко бондаренко бондаренко",
            ),
            (
                Given,
                Male,
                "нурлан нурлана нурлану нурлана нурланом нурлане",
            ),
            (Given, Male, "сергей сергея сергею сергея сергеем сергее"),
            (
                Given,
                Male,
                "дмитрий дмитрия дмитрию дмитрия дмитрием дмитрии",
            ),
            (Given, Male, "павел павла павлу павла павлом павле"),
            (Given, Male, "никита никиты никите никиту никитой никите"),
            (Given, Female, "анна анны анне анну анной анне"),
            (Given, Female, "мария марии марии марию марией марии"),
            (Given, Female, "ольга ольги ольге ольгу ольгой ольге"),
            (Given, Female, "айгуль айгули айгули айгуль айгулью айгули"),
            (
                Given,
                Female,
                "айгерим айгерим айгерим айгерим айгерим айгерим",
            ),
            (
                Patronymic,
                Male,
                "серикович сериковича сериковичу сериковича сериковичем сериковиче",
            ),
            (
                Patronymic,
                Female,
                "сериковна сериковны сериковне сериковну сериковной сериковне",
            ),
            (
                Patronymic,
                Male,
                "серикулы серикулы серикулы серикулы серикулы серикулы",
            ),
        ];
        for (part, sex, forms) in names {
            let forms: Vec<&str> = forms.split(' ').collect();
            let lemma = forms.first().copied().unwrap_or_default();
            for (case, form) in RUSSIAN.into_iter().zip(&forms) {
                assert_eq!(decline(lemma, part, sex, case), *form);
                let back = nominatives(form, part, sex, case);
                assert!(back.iter().any(|found| found == lemma), "{form} {back:?}");
            }
        }
    }
}
