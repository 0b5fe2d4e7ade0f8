//! Texts put together from the parts of templates.

use std::sync::LazyLock;

use crate::dirt::Dirt;
use crate::label::Language;
use crate::place::lines;
use crate::rng::Rng;
use crate::scene::{Scene, Sections, sections, write};
use crate::template::Template;
use crate::text::Text;

/// What kind of writing a text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Genre {
    /// A note of a doctor.
    Clinic,
    /// A teacher's remark.
    School,
    /// An appeal, a court act, a form, a chat.
    Appeal,
}

/// A part of a text: its section, and how many sentences it has at least and at most.
type Part = (&'static str, i32, i32);

impl Genre {
    /// Its name in labels.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clinic => "clinic",
            Self::School => "school",
            Self::Appeal => "appeal",
        }
    }

    fn parts(self) -> &'static [Part] {
        match self {
            Self::Clinic => &[
                ("open", 1, 1),
                ("complaint", 0, 2),
                ("history", 0, 2),
                ("exam", 0, 2),
                ("diagnosis", 0, 1),
                ("plan", 1, 2),
                ("contact", 0, 1),
                ("close", 0, 1),
            ],
            Self::School => &[("open", 1, 1), ("middle", 0, 2), ("close", 0, 1)],
            Self::Appeal => &[("open", 1, 1), ("body", 1, 3), ("close", 0, 1)],
        }
    }
}

/// The templates of all genres, Russian first; that the files are right is tested.
static TEMPLATES: LazyLock<[[Sections; 2]; 3]> = LazyLock::new(|| {
    [
        [
            include_str!("../../data/notes.ru.txt"),
            include_str!("../../data/notes.kk.txt"),
        ],
        [
            include_str!("../../data/remarks.ru.txt"),
            include_str!("../../data/remarks.kk.txt"),
        ],
        [
            include_str!("../../data/appeals.ru.txt"),
            include_str!("../../data/appeals.kk.txt"),
        ],
    ]
    .map(|files| files.map(|file| sections(file).unwrap_or_default()))
});

/// Sentences of both languages, with the language of their names.
static SWITCHED: LazyLock<Vec<(Language, Template)>> = LazyLock::new(|| {
    lines(include_str!("../../data/mixed.txt"))
        .filter_map(|line| {
            let (language, text) = line.split_once(": ")?;
            let language = if language == "kk" {
                Language::Kazakh
            } else {
                Language::Russian
            };
            Some((language, Template::parse(text).ok()?))
        })
        .collect()
});

static DIAGNOSES: LazyLock<Vec<(&str, i32, i32, u32)>> = LazyLock::new(|| {
    lines(include_str!("../../data/icd.tsv"))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((
                fields.next()?,
                fields.next()?.parse().ok()?,
                fields.next()?.parse().ok()?,
                fields.next()?.parse().ok()?,
            ))
        })
        .collect()
});

/// A diagnosis that people of an age have, by its frequency.
pub fn diagnosis(rng: &mut Rng, age: i32) -> &'static str {
    let weights: Vec<u32> = DIAGNOSES
        .iter()
        .map(|(_, from, to, weight)| {
            if (*from..=*to).contains(&age) {
                *weight
            } else {
                0
            }
        })
        .collect();
    DIAGNOSES
        .get(rng.weighted(&weights))
        .map_or("Z00.0", |(code, ..)| code)
}

/// A text of a genre about a scene, with the dirt that such texts have.
pub fn text(genre: Genre, language: Language, scene: &Scene<'_>, rng: &mut Rng) -> Text {
    let [clinic, school, appeal] = &*TEMPLATES;
    let [russian, kazakh] = match genre {
        Genre::Clinic => clinic,
        Genre::School => school,
        Genre::Appeal => appeal,
    };
    let joint = if rng.chance(0.15) { "\n" } else { " " };
    let mut out = Text::default();
    for (section, least, most) in genre.parts() {
        for _ in 0..rng.between(*least, *most) {
            let (own, templates) = match language {
                Language::Mixed if rng.chance(0.5) => (Language::Kazakh, kazakh),
                Language::Kazakh => (Language::Kazakh, kazakh),
                _ => (Language::Russian, russian),
            };
            let switched = if language == Language::Mixed && rng.chance(0.2) {
                rng.pick(&SWITCHED)
            } else {
                None
            };
            let chosen = switched
                .map(|(language, template)| (*language, template))
                .or_else(|| {
                    templates
                        .get(section)
                        .and_then(|all| rng.pick(all))
                        .map(|template| (own, template))
                });
            if let Some((language, template)) = chosen {
                let mut sentence = Text::default();
                write(template, scene, language, rng, &mut sentence);
                sentence.capitalize();
                if !out.is_empty() {
                    out.push(joint);
                }
                out.append(sentence);
            }
        }
    }
    Dirt::draw(rng, language).apply(&mut out, rng);
    out
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use super::*;

    #[test]
    fn every_template_is_read() {
        for file in [
            include_str!("../../data/notes.ru.txt"),
            include_str!("../../data/notes.kk.txt"),
            include_str!("../../data/remarks.ru.txt"),
            include_str!("../../data/remarks.kk.txt"),
            include_str!("../../data/appeals.ru.txt"),
            include_str!("../../data/appeals.kk.txt"),
            include_str!("../../data/lists.txt"),
        ] {
            sections(file).unwrap();
        }
        assert_eq!(
            SWITCHED.len(),
            lines(include_str!("../../data/mixed.txt")).count()
        );
    }

    #[test]
    fn notes_have_wide_variety_in_both_languages() {
        for sections in &TEMPLATES[0] {
            let count: usize = sections.values().map(Vec::len).sum();
            assert!(count >= 150, "{count}");
        }
        for (genre, files) in [Genre::Clinic, Genre::School, Genre::Appeal]
            .into_iter()
            .zip(&*TEMPLATES)
        {
            for sections in files {
                assert!(
                    genre
                        .parts()
                        .iter()
                        .all(|(part, ..)| sections.contains_key(part)),
                    "{genre:?}"
                );
            }
        }
    }

    #[test]
    fn the_old_and_the_young_have_diagnoses_of_their_own() {
        let mut rng = Rng::new(1, 1);
        let mut share = |age, code| {
            (0..2_000)
                .filter(|_| diagnosis(&mut rng, age) == code)
                .count()
        };
        assert_eq!(share(6, "I10"), 0);
        assert!(share(60, "I10") > 150);
        assert_eq!(share(50, "O80"), 0);
    }
}
