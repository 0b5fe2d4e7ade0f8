//! What words say by themselves, which is remembered: judging a word costs more than finding it.

use crate::names::{
    Facts, Lexicon, Patronymic, Shape, Strength, Word, abstracted, compound, declined_given,
    ends_as_kazakh, is_ordinary, likeness, nearly_patronymic, patronymic, possible, shape,
};
use crate::text::{Text, Token};

/// How many words are remembered; of two with one place the later stays.
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
}

/// The words that were judged last, kept from text to text.
#[derive(Debug, Default)]
pub struct Memory(Vec<Slot>);

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
        const EMPTY: Slot = Slot {
            word: [0; LONGEST],
            len: 0,
            lower: false,
            judged: None,
        };
        let folded = self.text.folded(token);
        let bytes = folded.as_bytes();
        let lower = token.is_lower() && !self.plain;
        if bytes.len() > LONGEST {
            return None;
        }
        let slots = &mut self.memory.0;
        if slots.is_empty() {
            slots.resize(SLOTS, EMPTY);
        }
        let place = token.hash as usize ^ usize::from(lower);
        let slot = slots.get_mut(place & (SLOTS - 1))?;
        let known = slot.word.get(..usize::from(slot.len));
        if known == Some(bytes) && slot.lower == lower && slot.len > 0 {
            return slot.judged;
        }
        slot.judged = judge(folded, token, lower, self.lexicon);
        slot.word.get_mut(..bytes.len())?.copy_from_slice(bytes);
        slot.len = bytes.len() as u8;
        slot.lower = lower;
        slot.judged
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
