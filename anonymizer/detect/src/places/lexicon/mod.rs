//! The words and names that addresses are made of, by hash.

mod names;
mod roles;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use sandyq_words::Language;

use super::forms;
use super::table::{Folded, joined, phrase};
use crate::text::hash;

pub use names::Names;
pub use roles::Roles;

/// Words by class and names by kind.
pub struct Lexicon {
    roles: HashMap<u64, Roles, Folded>,
    names: HashMap<u64, Names, Folded>,
    /// Words that may wake the recognizer.
    triggers: HashSet<u64, Folded>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::build);

impl Lexicon {
    /// The one lexicon.
    pub fn shared() -> &'static Self {
        &LEXICON
    }

    /// The classes of the word of that hash, or of the joined words ([`joined`]).
    pub fn roles(&self, hash: u64) -> Roles {
        self.roles.get(&hash).copied().unwrap_or_default()
    }

    /// What the phrase of that hash ([`phrase`]) names.
    pub fn names(&self, phrase: u64) -> Names {
        self.names.get(&phrase).copied().unwrap_or_default()
    }

    /// Whether a word may wake the recognizer, by itself or as the first of joined ones.
    pub fn triggers(&self, hash: u64) -> bool {
        self.triggers.contains(&hash)
    }

    /// Whether a word by itself has a class.
    pub fn has_roles(&self, hash: u64) -> bool {
        self.roles(hash) != Roles::NONE
    }

    /// Whether a name begins with a word, or is that word.
    pub fn begins_name(&self, hash: u64) -> bool {
        self.names.contains_key(&phrase::with(phrase::EMPTY, hash))
    }

    fn build() -> Self {
        let mut lexicon = Self {
            roles: HashMap::default(),
            names: HashMap::default(),
            triggers: HashSet::default(),
        };
        lexicon.add_words(include_str!("../../../data/places/address_words.txt"));
        lexicon.add_settlements();
        lexicon.add_streets();
        for name in include_str!("../../../data/places/microdistricts.txt").lines() {
            lexicon.add_name(name, Names::MICRO);
            lexicon.add_latin(name, Names::MICRO);
        }
        lexicon.add_regions();
        for (hash, roles) in &lexicon.roles {
            if roles.any(Roles::TRIGGER) {
                lexicon.triggers.insert(*hash);
            }
        }
        lexicon
    }

    fn add_words(&mut self, classes: &str) {
        for line in classes.lines().filter(|line| !line.starts_with('#')) {
            let Some((class, words)) = line.split_once('\t') else {
                continue;
            };
            let mut words = words.split_whitespace();
            if class == "typo" {
                let role = Roles::parse(words.next().unwrap_or_default());
                for typed in words.flat_map(forms::mistyped) {
                    self.add_role(hash(&typed), role);
                }
                continue;
            }
            for word in words {
                self.add_word(word, Roles::parse(class));
            }
        }
    }

    fn add_word(&mut self, word: &str, role: Roles) {
        if let Some(stem) = word.strip_suffix('*') {
            for form in forms::kazakh(stem) {
                self.add_role(hash(&form), role);
            }
            return;
        }
        let (word, role) = match word.strip_suffix("..") {
            Some(bare) => (bare, role | Roles::ABBREVIATION | Roles::NEEDS_DOT),
            None => (word, role),
        };
        let (bare, role) = match word.strip_suffix('.') {
            Some(bare) => (bare, role | Roles::ABBREVIATION),
            None => (word, role),
        };
        match bare.split_once(['-', '/', '.']) {
            Some((before, after)) => {
                for sign in ['-', '/', '.'] {
                    let written = bare.contains(sign) || sign == '-' && bare.contains('/');
                    if written {
                        self.add_role(joined(hash(before), sign, hash(after)), role);
                    }
                }
                // The head of `ш/а`, so that the recognizer wakes there.
                if role.any(Roles::TRIGGER) {
                    self.triggers.insert(hash(before));
                }
            }
            None => self.add_role(hash(bare), role),
        }
    }

    fn add_role(&mut self, hash: u64, role: Roles) {
        *self.roles.entry(hash).or_default() |= role;
    }

    fn add_settlements(&mut self) {
        let own = include_str!("../../../data/places/settlements.txt");
        let own = own.lines().filter_map(|line| line.split_once('\t'));
        let shared = sandyq_words::settlements();
        for (ru, kk) in own.chain(shared.iter().map(|place| (place.ru, place.kk))) {
            let names = forms::russian(ru).into_iter().chain(forms::kazakh(kk));
            for name in names.chain(forms::latin(ru)).chain(forms::latin(kk)) {
                self.add_name(&name, Names::SETTLEMENT);
                if let Some(head) = name.split([' ', '-']).next() {
                    self.add_role(hash(head), Roles::SETTLEMENT_HEAD);
                }
            }
        }
    }

    fn add_streets(&mut self) {
        let own = include_str!("../../../data/places/streets_ru.txt").lines();
        let russian = sandyq_words::streets(Language::Russian).iter().copied();
        let kazakh = sandyq_words::streets(Language::Kazakh).iter().copied();
        for name in own.chain(russian).chain(kazakh) {
            self.add_name(name, Names::STREET);
            self.add_latin(name, Names::STREET);
        }
    }

    fn add_regions(&mut self) {
        for region in sandyq_words::regions() {
            for name in [region.ru, region.kk] {
                let bare = name.split(' ').filter(|word| {
                    !self
                        .roles(hash(word))
                        .any(Roles::REGION | Roles::CITY_AFTER | Roles::CITY_BEFORE)
                });
                let bare: Vec<&str> = bare.collect();
                self.add_name(&bare.join(" "), Names::REGION);
            }
        }
    }

    fn add_latin(&mut self, name: &str, kind: Names) {
        for name in forms::latin(name) {
            self.add_name(&name, kind);
        }
    }

    fn add_name(&mut self, name: &str, kind: Names) {
        let mut state = phrase::EMPTY;
        let mut parts = name
            .split([' ', '-', '.'])
            .filter(|part| !part.is_empty())
            .peekable();
        while let Some(part) = parts.next() {
            state = phrase::with(state, hash(part));
            let kind = if parts.peek().is_some() {
                Names::BEGIN
            } else {
                kind
            };
            self.names.entry(state).or_default().0 |= kind.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str) -> Names {
        let state = name
            .split([' ', '-'])
            .fold(phrase::EMPTY, |state, part| phrase::with(state, hash(part)));
        Lexicon::shared().names(state)
    }

    #[test]
    fn every_class_of_the_data_is_known() {
        for line in include_str!("../../../data/places/address_words.txt").lines() {
            if let Some((class, words)) = line.split_once('\t') {
                let class = if class == "typo" {
                    words.split(' ').next().unwrap_or_default()
                } else {
                    class
                };
                assert_ne!(Roles::parse(class), Roles::NONE, "{class}");
            }
        }
    }

    #[test]
    fn words_have_their_classes() {
        let lexicon = Lexicon::shared();
        for (word, role) in [
            ("улице", Roles::STREET_BEFORE),
            ("көшесінде", Roles::STREET_AFTER),
            ("кошеси", Roles::STREET_AFTER),
            ("үйінде", Roles::HOUSE_AFTER),
            ("қаласының", Roles::CITY_AFTER),
            ("мекенжайы", Roles::RESIDENCE),
        ] {
            assert!(lexicon.roles(hash(word)).any(role), "{word}");
        }
        let street = joined(hash("к"), '-', hash("сі"));
        assert!(lexicon.roles(street).any(Roles::STREET_AFTER));
        assert!(lexicon.triggers(hash("к")));
        assert!(!lexicon.roles(hash("закон")).any(Roles::TRIGGER));
    }

    #[test]
    fn names_are_known_in_their_forms() {
        for name in [
            "Алматы",
            "Караганде",
            "Астаны",
            "Қарағандыда",
            "Усть-Каменогорске",
            "Petropavlovsk",
        ] {
            assert!(names(name).any(Names::SETTLEMENT), "{name}");
        }
        for name in [
            "Абая",
            "Жибек Жолы",
            "Мәңгілік Ел",
            "Қабанбай батыр",
            "Satpaeva",
        ] {
            assert!(names(name).any(Names::STREET), "{name}");
        }
        assert!(names("Шығыс Қазақстан").any(Names::REGION));
    }
}
