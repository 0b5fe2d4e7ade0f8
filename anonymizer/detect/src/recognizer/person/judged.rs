//! What words say by themselves, which is remembered: judging a word costs more than finding it.

use super::latin;
use crate::names::{
    Facts, Lexicon, Patronymic, Shape, Strength, Word, abstracted, compound, declined_given,
    ends_as_kazakh, in_kazakh_case, is_ordinary, likeness, nearly_patronymic, patronymic, possible,
    shape, trunks,
};
use crate::text::{Text, Token};

/// How many words are remembered; of three with one pair of places the first leaves.
const SLOTS: usize = 1 << 12;
/// Longer words, in bytes, are no names.
const LONGEST: usize = 56;

/// What a word by itself says, wherever it stands; the fields are those of an element.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    pub facts: Facts,
    pub shape: Option<Shape>,
    pub patronymic: Option<Patronymic>,
    pub possible: bool,
    pub blank: bool,
    pub nearly: bool,
    pub likely: i16,
    pub unlisted: bool,
    pub ordinary: bool,
}

/// A word as it was written, and what it says.
#[derive(Clone, Copy, Debug)]
struct Slot {
    word: [u8; LONGEST],
    len: u8,
    lower: bool,
    judged: Option<Judged>,
    /// Whether it stands in a Kazakh case, once that was asked.
    cased: Option<bool>,
    /// What its forms share, once that was asked; nothing of what is no word.
    trunks: Option<Option<[u64; 2]>>,
}

impl Slot {
    const EMPTY: Self = Self {
        word: [0; LONGEST],
        len: 0,
        lower: false,
        judged: None,
        cased: None,
        trunks: None,
    };

    fn is(&self, word: &[u8], lower: bool) -> bool {
        usize::from(self.len) == word.len()
            && self.lower == lower
            && self.word.get(..word.len()) == Some(word)
    }
}

/// The words that were judged last, kept from text to text.
#[derive(Debug, Default)]
pub struct Memory {
    slots: Vec<Slot>,
    pub latin: latin::Memory,
}

/// The words of a text.
#[derive(Debug)]
pub struct Words<'t> {
    /// The text.
    pub text: &'t Text,
    /// What is known of words.
    pub lexicon: &'static Lexicon,
    /// What was judged before.
    pub memory: Memory,
    /// The text around is written without capitals, so that a small letter says nothing.
    pub plain: bool,
}

/// Letters that ordinary words have, in sixteenths of log-odds.
pub const UNLIKELY: i16 = -40;
/// Letters that names have.
pub const LIKELY: i16 = 16;

impl Judged {
    /// Whether neither a list nor a dictionary has it.
    pub const fn is_strange(&self) -> bool {
        self.unlisted && !self.ordinary
    }

    /// Whether a word without its capital, or all in capitals, may be a part of a name.
    pub fn is_namable(&self) -> bool {
        if self.facts.has(Facts::STOP) {
            return false;
        }
        let shaped = self.shape.is_some_and(|shape| match shape.strength {
            Strength::Known | Strength::Strong => self.likely > -LIKELY,
            Strength::Likely => self.likely >= 0,
            Strength::Weak => self.likely >= LIKELY,
        });
        let strange = self.is_strange() && self.likely >= UNLIKELY;
        strange
            || self.facts.any(Facts::GIVEN.and(Facts::SURNAME))
            || self.patronymic.is_some_and(|found| found.sure)
            || shaped
            || self.facts.without(Facts::STEM).is_empty() && self.likely >= LIKELY
    }
}

impl Words<'_> {
    /// What the word of a token says; nothing if it is no Cyrillic word or too long for a name.
    pub fn judge(&mut self, token: &Token) -> Option<Judged> {
        let folded = self.text.folded(token);
        let bytes = folded.as_bytes();
        let lower = token.is_lower() && !self.plain;
        if bytes.len() > LONGEST {
            return None;
        }
        if let Some(slot) = self.memory.find(token, bytes, lower) {
            return slot.judged;
        }
        let judged = judge(folded, token, lower, self.lexicon);
        self.memory.note(token, bytes, lower, judged);
        judged
    }

    /// Whether the word of a token is a name in a Kazakh case.
    pub fn is_cased(&mut self, token: &Token) -> bool {
        let folded = self.text.folded(token);
        let lexicon = self.lexicon;
        let read = || Word::new(folded).is_some_and(|word| in_kazakh_case(&word, lexicon));
        let lower = token.is_lower() && !self.plain;
        match self.memory.find(token, folded.as_bytes(), lower) {
            Some(slot) => *slot.cased.get_or_insert_with(read),
            None => read(),
        }
    }

    /// What the forms of the word of a token share.
    pub fn trunks(&mut self, token: &Token) -> Option<[u64; 2]> {
        let folded = self.text.folded(token);
        let read = || Word::new(folded).map(|word| trunks(&word));
        let lower = token.is_lower() && !self.plain;
        match self.memory.find(token, folded.as_bytes(), lower) {
            Some(slot) => *slot.trunks.get_or_insert_with(read),
            None => read(),
        }
    }
}

impl Memory {
    /// The two places of a word.
    fn places(token: &Token, lower: bool) -> [usize; 2] {
        let place = (token.hash as usize ^ usize::from(lower)) & (SLOTS - 1);
        [place, place ^ 2]
    }

    fn find(&mut self, token: &Token, word: &[u8], lower: bool) -> Option<&mut Slot> {
        let mut places = Self::places(token, lower).into_iter();
        let is = |place: &usize| {
            self.slots
                .get(*place)
                .is_some_and(|slot| slot.is(word, lower))
        };
        let place = places.find(is)?;
        self.slots.get_mut(place)
    }

    /// Remembers a word in its first place; what stood there moves to the second.
    fn note(&mut self, token: &Token, word: &[u8], lower: bool, judged: Option<Judged>) {
        if self.slots.is_empty() {
            self.slots.resize(SLOTS, Slot::EMPTY);
        }
        let [first, second] = Self::places(token, lower);
        let mut slot = Slot {
            len: word.len() as u8,
            lower,
            judged,
            ..Slot::EMPTY
        };
        if let Some(bytes) = slot.word.get_mut(..word.len()) {
            bytes.copy_from_slice(word);
        }
        let before = self
            .slots
            .get_mut(first)
            .map(|kept| std::mem::replace(kept, slot));
        let before = before.filter(|before| before.len > 0);
        if let (Some(before), Some(kept)) = (before, self.slots.get_mut(second)) {
            *kept = before;
        }
    }
}

/// Endings, in Russian letters, of words that are no names though no dictionary has them: whoever is from somewhere (`Атыраулық`), whatever
/// is somewhere (`Дүкендегі`), who does something (`Шақырушыға`), what people did (`Назначил`), what is without something (`Сүзгісіз`).
fn is_derived(word: &Word) -> bool {
    const ENDINGS: [&str; 28] = [
        "лык",
        "лик",
        "дык",
        "дик",
        "тык",
        "тик",
        "дагы",
        "деги",
        "тагы",
        "теги",
        "ил",
        "ила",
        "или",
        "лся",
        "лась",
        "лись",
        "ымыз",
        "имиз",
        "ыныз",
        "иниз",
        "сыз",
        "сиз",
        "ушы",
        "уши",
        "ушынын",
        "ушинин",
        "ушыга",
        "ушиге",
    ];
    let text = word.as_str();
    ENDINGS.iter().any(|end| {
        text.strip_suffix(end)
            .is_some_and(|stem| stem.len() >= 2 * 4)
    })
}

fn judge(folded: &str, token: &Token, lower: bool, lexicon: &Lexicon) -> Option<Judged> {
    let facts = lexicon.get(token.hash);
    let word = Word::new(folded)?;
    let stopped = facts.has(Facts::STOP);
    let shape = if stopped { None } else { shape(&word, lexicon) };
    let named = !lower
        && facts.without(Facts::STEM).is_empty()
        && token.len > 4
        && shape.is_none_or(|shape| shape.strength == Strength::Weak && !shape.suffixed)
        && compound(&word, lexicon)
        && likeness(&word) >= i32::from(LIKELY);
    let unknown = !lower && !named && token.len > 5 && facts.is_empty();
    let facts = if unknown && shape.is_none() {
        declined_given(&word, lexicon)
    } else {
        facts
    };
    let facts = if named {
        facts
            .and(Facts::GIVEN)
            .and(Facts::COMMON)
            .and(Facts::NOMINATIVE)
    } else {
        facts
    };
    let patronymic = if stopped {
        None
    } else {
        patronymic(&word, lexicon)
    };
    let ordinary = is_ordinary(&word) || is_derived(&word);
    // `Азамату`: no case of the word that the name also is.
    let facts = if !ordinary && !facts.has(Facts::NOMINATIVE) && !ends_as_kazakh(&word) {
        facts.without(Facts::WORD)
    } else {
        facts
    };
    let patronymic = patronymic.map(|son| Patronymic {
        sure: son.sure && !(son.kazakh && ordinary),
        ..son
    });
    let nearly = !lower
        && facts.is_empty()
        && match patronymic {
            Some(son) => son.kazakh,
            None => shape.is_none() && nearly_patronymic(&word),
        };
    let likely = if stopped {
        i16::MIN
    } else {
        likeness(&word) as i16
    };
    let unlisted = token.len >= 2 && facts.without(Facts::STEM).is_empty();
    Some(Judged {
        facts,
        shape,
        patronymic,
        possible: unlisted && (possible(&word) && likely > UNLIKELY || likely >= LIKELY),
        blank: unlisted && (!abstracted(&word) && likely > UNLIKELY || likely >= LIKELY),
        nearly,
        likely,
        unlisted,
        ordinary,
    })
}
