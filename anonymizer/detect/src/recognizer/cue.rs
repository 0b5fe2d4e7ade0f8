//! Words around a number that tell what it is.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::places::table::Folded;
use crate::text::{Gap, Text, Token, hash, prefixes};

/// What a word says about the number beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// An IIN.
    Iin,
    /// A BIN.
    Bin,
    /// A telephone number.
    Phone,
    /// A bank card.
    Card,
    /// A bank account.
    Account,
    /// Identity, as in `удостоверение личности`.
    Identity,
    /// Some certificate.
    Certificate,
    /// An identity card.
    IdCard,
    /// `ID`, which may be that of anything.
    IdWord,
    /// A passport.
    Passport,
    /// Birth.
    Birth,
    /// Driving.
    Driver,
    /// A vehicle.
    Vehicle,
    /// A vehicle's identification number.
    Vin,
    /// KATO.
    Kato,
    /// An address in a network.
    Ip,
    /// A hardware address.
    Mac,
    /// A geographic position.
    Position,
    /// An account's name.
    User,
    /// Orders, goods, contracts: numbers that are no person's.
    Trade,
    /// Parts of laws, versions.
    Structure,
    /// Who issued a document.
    Issued,
    /// Money and units.
    Money,
}

impl Topic {
    const COUNT: usize = 23;

    const NAMED: [(&'static str, Self); Self::COUNT] = [
        ("iin", Self::Iin),
        ("bin", Self::Bin),
        ("phone", Self::Phone),
        ("card", Self::Card),
        ("account", Self::Account),
        ("identity", Self::Identity),
        ("certificate", Self::Certificate),
        ("idcard", Self::IdCard),
        ("idword", Self::IdWord),
        ("passport", Self::Passport),
        ("birth", Self::Birth),
        ("driver", Self::Driver),
        ("vehicle", Self::Vehicle),
        ("vin", Self::Vin),
        ("kato", Self::Kato),
        ("ip", Self::Ip),
        ("mac", Self::Mac),
        ("position", Self::Position),
        ("user", Self::User),
        ("trade", Self::Trade),
        ("structure", Self::Structure),
        ("issued", Self::Issued),
        ("money", Self::Money),
    ];
}

/// How near each topic is: 1 beside the number, [`Cues::FAR`] when it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cues([u8; Topic::COUNT]);

impl Cues {
    /// Not there.
    pub const FAR: u8 = u8::MAX;
    /// How far is looked.
    const WINDOW: u8 = 16;

    /// What stands before the token at `place`.
    pub fn before(text: &Text, place: usize) -> Self {
        let mut cues = Self([Self::FAR; Topic::COUNT]);
        let mut distance = 0;
        let Some((last, tokens)) = text.tokens().get(..=place).and_then(<[_]>::split_last) else {
            return cues;
        };
        let mut gap = last.gap;
        for (at, token) in tokens.iter().enumerate().rev() {
            if gap == Gap::Block {
                distance += 4;
            }
            distance += cost(token);
            if distance > Self::WINDOW {
                break;
            }
            cues.note(text, (at, token), distance);
            gap = token.gap;
        }
        cues
    }

    /// What stands after the token at `place`.
    pub fn after(text: &Text, place: usize) -> Self {
        let mut cues = Self([Self::FAR; Topic::COUNT]);
        let mut distance = 0;
        for at in place + 1.. {
            let Some(token) = text.token(at) else { break };
            if token.gap == Gap::Block {
                distance += 4;
            }
            distance += cost(token);
            if distance > Self::WINDOW {
                break;
            }
            cues.note(text, (at, token), distance);
        }
        cues
    }

    fn note(&mut self, text: &Text, (at, token): (usize, &Token), distance: u8) {
        let Some(topic) = topic(text, at, token) else {
            return;
        };
        if let Some(nearest) = self.0.get_mut(topic as usize) {
            *nearest = distance.min(*nearest);
        }
    }

    /// How near a topic is.
    pub fn distance(&self, topic: Topic) -> u8 {
        self.0.get(topic as usize).copied().unwrap_or(Self::FAR)
    }

    /// Whether a topic is as near as that.
    pub fn within(&self, topic: Topic, distance: u8) -> bool {
        self.distance(topic) <= distance
    }

    /// Whether a topic is as near as that, and none of `others` is nearer.
    pub fn leads(&self, topic: Topic, distance: u8, others: &[Topic]) -> bool {
        let near = self.distance(topic);
        near <= distance && others.iter().all(|other| self.distance(*other) >= near)
    }
}

/// A long number parts what stands on both sides of it more than a word does.
fn cost(token: &Token) -> u8 {
    if token.is_number() && token.len > 5 {
        3
    } else {
        1
    }
}

/// What a token tells.
fn topic(text: &Text, at: usize, token: &Token) -> Option<Topic> {
    if token.is_number() {
        return None;
    }
    if token.is('/') {
        return abbreviated(text, at);
    }
    let known = KNOWN.with(|known| known.get(token.hash));
    known.unwrap_or_else(|| {
        let topic = LEXICON.topic(text, token);
        KNOWN.with(|known| known.note(token.hash, topic));
        topic
    })
}

thread_local! {
    static KNOWN: Known = const { Known([const { Cell::new(0) }; Known::SLOTS]) };
}

/// What words were found to tell, by parts of their hashes; of two with one place the later stays.
struct Known([Cell<u64>; Known::SLOTS]);

impl Known {
    const SLOTS: usize = 1 << 11;
    /// The lowest bits of a slot are not the hash's, but 1 and the place of the topic among all; all are set for none.
    const CODE: u64 = 0xFF;

    fn get(&self, hash: u64) -> Option<Option<Topic>> {
        let known = self.0.get(hash as usize % Self::SLOTS)?.get();
        let code = (known & Self::CODE) as usize;
        (known & !Self::CODE == hash & !Self::CODE && code > 0)
            .then(|| Topic::NAMED.get(code - 1).map(|(_, topic)| *topic))
    }

    fn note(&self, hash: u64, topic: Option<Topic>) {
        let code = topic.map_or(Self::CODE, |topic| topic as u64 + 1);
        if let Some(slot) = self.0.get(hash as usize % Self::SLOTS) {
            slot.set(hash & !Self::CODE | code);
        }
    }
}

/// How many letters a stem has at least.
const SHORTEST: usize = 3;

/// `в/у`, a driving licence; `у/л`, an identity card; `г/н`, `м/н`, `а/к`, `а/м`, `т/с`, a vehicle or its plate.
fn abbreviated(text: &Text, at: usize) -> Option<Topic> {
    let (first, second) = (text.before(at, 1)?, text.token(at + 1)?);
    match (text.folded(first), text.folded(second)) {
        ("в", "у") => Some(Topic::Driver),
        ("у", "л") => Some(Topic::IdCard),
        ("г" | "м", "н") | ("а", "к" | "м" | "көлік") | ("т", "с") | ("к", "құралы") => {
            Some(Topic::Vehicle)
        }
        _ => None,
    }
}

struct Lexicon {
    words: HashMap<u64, Topic, Folded>,
    stems: HashMap<u64, Topic, Folded>,
}

impl Lexicon {
    fn topic(&self, text: &Text, token: &Token) -> Option<Topic> {
        let topic = self.words.get(&token.hash).copied();
        topic.or_else(|| self.of_stem(text.folded(token)))
    }

    /// What the longest stem says that a folded word begins with.
    fn of_stem(&self, folded: &str) -> Option<Topic> {
        let begins = prefixes(folded).skip(SHORTEST - 1);
        begins
            .filter_map(|begin| self.stems.get(&begin).copied())
            .last()
    }
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon {
        words: HashMap::default(),
        stems: HashMap::default(),
    };
    for line in include_str!("../../data/cues.txt").lines() {
        let Some((name, words)) = line.split_once(": ") else {
            continue;
        };
        let Some((_, topic)) = Topic::NAMED.into_iter().find(|(known, _)| *known == name) else {
            continue;
        };
        for word in words.split_whitespace() {
            match (word.strip_suffix('*'), single_sign(word)) {
                (Some(stem), _) => {
                    lexicon.stems.insert(hash(stem), topic);
                }
                (None, sign) => {
                    let word = sign.unwrap_or_else(|| hash(word));
                    lexicon.words.insert(word, topic);
                }
            }
        }
    }
    lexicon
});

/// Signs have themselves as hashes.
fn single_sign(word: &str) -> Option<u64> {
    let mut characters = word.chars();
    match (characters.next(), characters.next()) {
        (Some(sign), None) if !sign.is_alphanumeric() => Some(u64::from(sign)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before(text: &str) -> Cues {
        let mut read = Text::default();
        read.read(text);
        let place = read.numbers().last().copied().unwrap_or_default();
        Cues::before(&read, place as usize)
    }

    #[test]
    fn every_topic_has_words() {
        let lines = include_str!("../../data/cues.txt").lines();
        let named: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(named, Topic::NAMED.map(|(name, _)| name));
        for (place, (_, topic)) in Topic::NAMED.into_iter().enumerate() {
            assert_eq!(topic as usize, place);
        }
    }

    #[test]
    fn words_are_found_in_their_forms() {
        for (text, topic, distance) in [
            ("ИИН 1", Topic::Iin, 1),
            ("жсн: 1", Topic::Iin, 2),
            ("по телефону № 1", Topic::Phone, 2),
            ("куәлігі 1", Topic::Certificate, 1),
            ("В/У 1", Topic::Driver, 2),
            ("ТЕЛЕФОНЫ 1", Topic::Phone, 1),
        ] {
            assert_eq!(before(text).distance(topic), distance, "{text}");
        }
        assert_eq!(before("слово 1").0, [Cues::FAR; Topic::COUNT]);
    }

    #[test]
    fn the_nearest_leads() {
        let cues = before("ИИН 900101300017, уд. личности 1");
        assert!(cues.leads(Topic::Identity, 8, &[Topic::Iin]));
        assert!(!cues.leads(Topic::Iin, 16, &[Topic::Identity]));
    }
}
