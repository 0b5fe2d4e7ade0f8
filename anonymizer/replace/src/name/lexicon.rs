//! What is known of names, and the names that stand for others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use sandyq_words::russian_letter as russian;

use super::letters::{folded, lower, stem};
use super::{Language, Sex};

/// Both languages and sexes, in the order of the arrays below.
const LANGUAGES: [Language; 2] = [Language::Russian, Language::Kazakh];
const SEXES: [Sex; 2] = [Sex::Male, Sex::Female];

fn place(language: Language, sex: Sex) -> usize {
    2 * usize::from(language == Language::Kazakh) + usize::from(sex == Sex::Female)
}

/// The words of the lists, folded.
pub(super) struct Lexicon {
    given: [HashSet<String>; 4],
    /// Of both sexes, by language.
    stems: [HashSet<String>; 2],
    /// Of men.
    surnames: [HashSet<String>; 2],
}

pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let set = |words: &[&str]| {
        words
            .iter()
            .map(|word| folded(word))
            .collect::<HashSet<_>>()
    };
    let given = [0, 1, 2, 3].map(|index: usize| {
        let language = if index < 2 {
            Language::Russian
        } else {
            Language::Kazakh
        };
        let sex = if index.is_multiple_of(2) {
            Sex::Male
        } else {
            Sex::Female
        };
        set(sandyq_words::given(language, sex))
    });
    let stems = LANGUAGES.map(|language| {
        let words = SEXES
            .into_iter()
            .flat_map(|sex| sandyq_words::given(language, sex));
        words.map(|word| stem(&folded(word)).to_owned()).collect()
    });
    let surnames = LANGUAGES.map(|language| set(sandyq_words::surnames(language, Sex::Male)));
    Lexicon {
        given,
        stems,
        surnames,
    }
});

impl Lexicon {
    /// Whether a folded word is a given name of that sex.
    pub(super) fn is_given(&self, word: &str, sex: Sex) -> bool {
        LANGUAGES.into_iter().any(|language| {
            self.given
                .get(place(language, sex))
                .is_some_and(|set| set.contains(word))
        })
    }

    /// Whether a folded man's surname is known.
    pub(super) fn is_surname(&self, word: &str) -> bool {
        self.surnames.iter().any(|set| set.contains(word))
    }

    /// The language that names with this stem are of.
    pub(super) fn language_of_given(&self, stem: &str) -> Language {
        let [russian, kazakh] = &self.stems;
        match russian.contains(stem) && !kazakh.contains(stem) {
            true => Language::Russian,
            false => Language::Kazakh,
        }
    }

    /// The language that a folded man's surname is of.
    pub(super) fn language_of_surname(&self, word: &str) -> Language {
        let [russian, kazakh] = &self.surnames;
        let ends = |ends: &[&str]| ends.iter().any(|end| word.ends_with(end));
        if kazakh.contains(word) || ends(&["баев", "беков", "ханов", "галиев", "жанов", "гулов"])
        {
            return Language::Kazakh;
        }
        let slavic = ends(&["ский", "цкий", "енко", "чук", "юк", "ых", "их"]);
        let of_given = ["ов", "ев", "ин"].iter().any(|end| {
            let root = word.strip_suffix(end);
            root.is_some_and(|root| self.language_of_given(stem(root)) == Language::Russian)
        });
        match slavic || russian.contains(word) || of_given {
            true => Language::Russian,
            false => Language::Kazakh,
        }
    }
}

/// The names that surrogates are taken from: lower case, those of Kazakh with its letters.
pub(crate) struct Names {
    given: Vec<&'static str>,
    /// The places in `given` of the names that begin with a letter.
    by_initial: BTreeMap<char, Vec<usize>>,
    surnames: Vec<&'static str>,
}

static NAMES: LazyLock<HashMap<(Language, Sex), Names>> = LazyLock::new(|| {
    let pairs = LANGUAGES
        .into_iter()
        .flat_map(|language| SEXES.map(|sex| (language, sex)));
    pairs
        .map(|(language, sex)| ((language, sex), Names::new(language, sex)))
        .collect()
});

static NONE: Names = Names {
    given: Vec::new(),
    by_initial: BTreeMap::new(),
    surnames: Vec::new(),
};

impl Names {
    fn new(language: Language, sex: Sex) -> Self {
        let given = sandyq_words::given(language, sex).to_vec();
        let mut by_initial: BTreeMap<char, Vec<usize>> = BTreeMap::new();
        for (place, name) in given.iter().enumerate() {
            by_initial
                .entry(initial(&lower(name)))
                .or_default()
                .push(place);
        }
        // Only surnames that tell the sex, so that they agree with the rest.
        let men = sandyq_words::surnames(language, Sex::Male);
        let own = sandyq_words::surnames(language, sex);
        let tells = |name: &&str| {
            ["ов", "ев", "ин", "ын"]
                .iter()
                .any(|end| name.ends_with(end))
        };
        let surnames = men
            .iter()
            .zip(own)
            .filter(|(man, _)| tells(man))
            .map(|(_, own)| *own);
        Self {
            surnames: surnames.collect(),
            given,
            by_initial,
        }
    }

    pub(crate) fn of(language: Language, sex: Sex) -> &'static Self {
        NAMES.get(&(language, sex)).unwrap_or(&NONE)
    }

    /// A surname by a number that says how far through the list it is.
    pub(crate) fn surname(&self, pick: impl FnOnce(usize) -> usize) -> &'static str {
        self.surnames
            .get(pick(self.surnames.len()))
            .copied()
            .unwrap_or_default()
    }

    /// A given name: the first choice says with which letter it begins, letters being as likely as in the list, and the second
    /// which of those it is.
    pub(crate) fn given(
        &self,
        pick_initial: impl FnOnce(usize) -> usize,
        pick: impl FnOnce(usize) -> usize,
    ) -> &'static str {
        let leader = self
            .given
            .get(pick_initial(self.given.len()))
            .copied()
            .unwrap_or_default();
        let same = self.by_initial.get(&initial(&lower(leader)));
        let chosen = same.and_then(|places| places.get(pick(places.len())));
        chosen
            .and_then(|place| self.given.get(*place))
            .copied()
            .unwrap_or(leader)
    }
}

/// The first letter of a lower-case word, the same for Kazakh and Russian spelling.
pub(crate) fn initial(word: &str) -> char {
    word.chars().next().map_or(' ', russian)
}
