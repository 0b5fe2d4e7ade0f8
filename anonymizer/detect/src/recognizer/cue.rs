//! Words around a number that tell what it is.

use std::collections::{HashMap, HashSet};
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
#[inline]
fn topic(text: &Text, at: usize, token: &Token) -> Option<Topic> {
    match token.glance.topic {
        0 => None,
        SLASH => abbreviated(text, at),
        code => Topic::NAMED
            .get(usize::from(code) - 1)
            .map(|(_, topic)| *topic),
    }
}

/// The code of the sign that may stand in an abbreviation.
const SLASH: u8 = Topic::COUNT as u8 + 1;

/// What the word or sign of that hash tells, as a number below 32: 0 is nothing, then come the topics in their order.
pub fn code(hash: u64, folded: &str) -> u8 {
    if hash == u64::from('/') {
        return SLASH;
    }
    LEXICON
        .topic(hash, folded)
        .map_or(0, |topic| topic as u8 + 1)
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
    /// The first letters of stems, as many as the shortest has.
    begins: HashSet<u64, Folded>,
}

impl Lexicon {
    fn topic(&self, hash: u64, folded: &str) -> Option<Topic> {
        let topic = self.words.get(&hash).copied();
        topic.or_else(|| self.of_stem(folded))
    }

    /// What the longest stem says that a folded word begins with.
    fn of_stem(&self, folded: &str) -> Option<Topic> {
        let mut begins = prefixes(folded).skip(SHORTEST - 1).peekable();
        // Most words begin as no stem does.
        if !begins
            .peek()
            .is_some_and(|begin| self.begins.contains(begin))
        {
            return None;
        }
        begins
            .filter_map(|begin| self.stems.get(&begin).copied())
            .last()
    }
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon {
        words: HashMap::default(),
        stems: HashMap::default(),
        begins: HashSet::default(),
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
                    lexicon.begins.extend(prefixes(stem).nth(SHORTEST - 1));
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
