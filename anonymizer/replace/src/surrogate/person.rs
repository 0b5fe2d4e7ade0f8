//! Names of invented people.

use std::fmt::Write;

use fake::Fake;
use sandyq_words::russian_letter as russian;

use super::locale::{GivenName, Surname, patronymic};
use super::token::{Body, Token};
use crate::name::{
    Case, Language, Part, Script, Sex, Shape, Word, analyze, decline, latin, shaped,
};
use crate::pseudonym::Pseudonym;
use crate::stream::Stream;

/// What one word of a name must agree with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    pub part: Part,
    language: Language,
    sex: Sex,
    script: Script,
    shape: Shape,
    case: Case,
    /// A patronymic in "-ұлы" or "-қызы".
    turkic: bool,
    /// Decides the first letter, so that initials agree with the name that they stand for.
    pub initial_of: Pseudonym,
}

impl Name {
    pub(super) fn write(&self, out: &mut String) {
        let letters = [
            match (self.part, self.turkic) {
                (Part::Surname, _) => 's',
                (Part::Given, _) => 'g',
                (Part::Patronymic, false) => 'p',
                (Part::Patronymic, true) => 'q',
            },
            if self.language == Language::Kazakh {
                'k'
            } else {
                'r'
            },
            if self.sex == Sex::Male { 'm' } else { 'f' },
            match self.script {
                Script::Russian => 'r',
                Script::Kazakh => 'k',
                Script::Latin => 'l',
            },
            match self.shape {
                Shape::Title => 'T',
                Shape::Upper => 'U',
                Shape::Lower => 'L',
                Shape::Initial => 'I',
            },
            self.case.code(),
        ];
        out.extend(letters);
        let _ = write!(out, ",{}", self.initial_of);
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (letters, initial_of) = text.split_once(',')?;
        let mut letters = letters.chars();
        let (part, turkic) = match letters.next()? {
            's' => (Part::Surname, false),
            'g' => (Part::Given, false),
            'p' => (Part::Patronymic, false),
            'q' => (Part::Patronymic, true),
            _ => return None,
        };
        let name = Self {
            part,
            turkic,
            language: match letters.next()? {
                'k' => Language::Kazakh,
                'r' => Language::Russian,
                _ => return None,
            },
            sex: match letters.next()? {
                'm' => Sex::Male,
                'f' => Sex::Female,
                _ => return None,
            },
            script: match letters.next()? {
                'r' => Script::Russian,
                'k' => Script::Kazakh,
                'l' => Script::Latin,
                _ => return None,
            },
            shape: match letters.next()? {
                'T' => Shape::Title,
                'U' => Shape::Upper,
                'L' => Shape::Lower,
                'I' => Shape::Initial,
                _ => return None,
            },
            case: Case::parse(letters.next()?)?,
            initial_of: Pseudonym::parse(initial_of)?,
        };
        letters.next().is_none().then_some(name)
    }
}

/// Writes a token for each word of a name, and what stands between them.
pub(super) fn tokens(
    text: &str,
    part: Option<Part>,
    pseudonym: impl Fn(&str, &str) -> Pseudonym,
    out: &mut String,
) {
    let mut done = 0;
    for word in analyze(text, part) {
        separators(text.get(done..word.range.start).unwrap_or_default(), out);
        done = word.range.end;
        let (label, initial) = labels(&word);
        let own = if word.shape == Shape::Initial {
            pseudonym(initial, &word.initial.to_string())
        } else {
            pseudonym(label, &word.identity)
        };
        let body = Body::Name(Name {
            part: word.part,
            language: word.language,
            sex: word.sex,
            script: word.script,
            shape: word.shape,
            case: word.case,
            turkic: word.turkic,
            initial_of: pseudonym(initial, &word.initial.to_string()),
        });
        Token { body, own }.write(out);
    }
    separators(text.get(done..).unwrap_or_default(), out);
}

/// What stands between words stays, but for digits, which are not of a name.
fn separators(text: &str, out: &mut String) {
    out.extend(
        text.chars()
            .filter(|c| !c.is_alphanumeric() && !matches!(*c, super::OPEN | super::CLOSE)),
    );
}

/// The domains of a word and of its initial. A father's name is a given name: his own and that in his children's
/// patronymics stay the same, unless names are the subject's.
fn labels(word: &Word) -> (&'static str, &'static str) {
    match word.part {
        Part::Surname => ("surname", "initial of surname"),
        Part::Given => ("given name", "initial of given name"),
        Part::Patronymic => ("father", "initial of father"),
    }
}

/// Writes the invented name of one token.
pub(super) fn render(
    name: &Name,
    initial: &mut Stream<'_>,
    own: &mut Stream<'_>,
    out: &mut String,
) {
    let (language, sex) = (name.language, name.sex);
    let lemma = match name.part {
        Part::Surname => Surname { language, sex }
            .fake_with_rng::<&str, _>(own)
            .to_lowercase(),
        Part::Given => given(language, sex, initial, own),
        Part::Patronymic => {
            let father = given(language, Sex::Male, initial, own);
            let language = if name.turkic {
                Language::Kazakh
            } else {
                Language::Russian
            };
            if name.shape == Shape::Initial {
                father
            } else {
                patronymic(&father, sex, language)
            }
        }
    };
    let in_case = |lemma: &str| decline(lemma, name.part, sex, name.case);
    let word = match name.script {
        Script::Kazakh => in_case(&lemma),
        Script::Latin => latin(&lemma),
        Script::Russian => {
            let plain: String = lemma.chars().map(russian).collect();
            let in_case = if name.case.russian().is_some() {
                in_case(&plain)
            } else {
                in_case(&lemma)
            };
            in_case.chars().map(russian).collect()
        }
    };
    out.push_str(&shaped(&word, name.shape));
}

fn given(language: Language, sex: Sex, initial: &mut Stream<'_>, own: &mut Stream<'_>) -> String {
    let faker = GivenName {
        language,
        sex,
        initial: crate::stream::fraction(initial),
    };
    faker.fake_with_rng::<&str, _>(own).to_lowercase()
}
