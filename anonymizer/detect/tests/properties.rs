//! What holds for every text.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;
use proptest::sample::select;
use sandyq_detect::{Detector, Span, Style, code_points, mask};

/// Words, identifiers and signs of which texts are made.
const PARTS: [&str; 48] = [
    "ИИН",
    "900101300017",
    "ЖСН:",
    "850615400125",
    "900101",
    "300017",
    "БИН",
    "240140012342",
    "тел.",
    "+7 701 123-45-67",
    "8 (747) 123 45 67",
    "87751234567",
    "272-45-67",
    "ivan.petrov@mail.ru",
    "KZ86125KZT5004100100",
    "KZ75 125K ZT10 0130 0335",
    "карта",
    "4111 1111 1111 1111",
    "уд. личности №",
    "041234567",
    "паспорт",
    "N12345678",
    "123ABC02",
    "машина",
    "VIN",
    "1M8GDM9AXKP042788",
    "КАТО",
    "750000000",
    "192.168.1.10",
    "00:1B:44:11:3a:B7",
    "43.238949, 76.889709",
    "телеграм @ivan_88",
    "Иванов Иван Петрович",
    "Ахметова А.Б.",
    "Сейітова Айгүл Маратқызы",
    "г. Алматы, ул. Абая, д. 15",
    "Абай көшесі, 12 үй",
    "дата рождения 15.06.1985",
    "2023 года",
    "заказ № 12345",
    "1 250 000 тенге",
    "слово",
    "және",
    "the",
    ",",
    ".",
    "(",
    ")",
];

fn parts() -> impl Strategy<Value = String> {
    let gap = select(vec![" ", " ", " ", "\n", ", ", ". ", "", "-", "\t", "\n\n"]);
    let pair = (select(PARTS.to_vec()), gap);
    proptest::collection::vec(pair, 0..24).prop_map(|pairs| {
        pairs
            .into_iter()
            .flat_map(|(part, gap)| [part, gap])
            .collect()
    })
}

/// Any characters, and pieces of markup and escapes between parts.
fn anything() -> impl Strategy<Value = String> {
    let markup = select(vec![
        "<b>",
        "</td>",
        "<a href=\"",
        "\">",
        "<",
        "&nbsp;",
        "&#1048;",
        "&#x",
        "\\u0418",
        "\\ud83d\\ude00",
        "\\",
        "\\n",
        "&",
        ";",
        "@",
        ":",
        "::",
        "\u{306}",
        "\u{200b}",
        "\r\n",
        "é",
        "中",
        "𝟗",
        "\u{0}",
    ]);
    let piece = prop_oneof![
        3 => any::<String>(),
        4 => select(PARTS.to_vec()).prop_map(ToOwned::to_owned),
        4 => markup.prop_map(ToOwned::to_owned),
        1 => "[0-9 .()+-]{0,40}",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn found(text: &str) -> Vec<Span> {
    Detector::new().detect(text)
}

/// What was found, without the changes that folding undoes.
fn seen(text: &str) -> Vec<(String, &'static str)> {
    let plain = |piece: &str| {
        let visible = piece
            .chars()
            .filter(|c| !matches!(c, '\u{200b}' | '\u{ad}' | '\u{feff}'));
        visible
            .map(|c| {
                if ('０'..='９').contains(&c) {
                    char::from(b'0' + (c as u32 - '０' as u32) as u8)
                } else {
                    c
                }
            })
            .collect()
    };
    found(text)
        .iter()
        .map(|span| (plain(span.text(text)), span.rule))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_sorted_apart_and_of_whole_characters(text in anything()) {
        let spans = found(&text);
        let mut reached = 0;
        for span in &spans {
            prop_assert!(reached <= span.start && span.start < span.end && span.end <= text.len());
            prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
            prop_assert!(span.confidence > 0.0 && span.confidence <= 1.0);
            reached = span.end;
        }
        let characters: Vec<char> = text.chars().collect();
        for (span, at) in spans.iter().zip(code_points(&text, &spans)) {
            prop_assert_eq!(characters[at.start..at.end].iter().collect::<String>(), span.text(&text));
        }
        let masked = mask(&text, &spans, Style::Placeholder);
        prop_assert!(spans.is_empty() == (masked == text));
        mask(&text, &spans, Style::Partial);
    }

    #[test]
    fn what_is_invisible_changes_nothing(text in parts(), places in proptest::collection::vec((any::<prop::sample::Index>(), select(vec!['\u{200b}', '\u{ad}', '\u{feff}'])), 0..20)) {
        let mut changed: Vec<char> = text.chars().collect();
        for (place, invisible) in places {
            changed.insert(place.index(changed.len() + 1), invisible);
        }
        prop_assert_eq!(seen(&changed.into_iter().collect::<String>()), seen(&text));
    }

    #[test]
    fn full_width_digits_change_nothing(text in parts(), which in any::<u64>()) {
        let widen = |(place, c): (usize, char)| match c.to_digit(10) {
            Some(digit) if which >> (place % 64) & 1 == 1 => char::from_u32('０' as u32 + digit).unwrap(),
            _ => c,
        };
        let changed: String = text.chars().enumerate().map(widen).collect();
        prop_assert_eq!(seen(&changed), seen(&text));
    }

    #[test]
    fn a_detector_can_be_used_again(first in anything(), second in parts()) {
        let mut detector = Detector::new();
        detector.detect(&first);
        prop_assert_eq!(detector.detect(&second), found(&second));
    }
}

/// A cell of ten megabytes is read in pieces: what is at their seams is found all the same.
#[test]
fn long_texts_are_read_whole() {
    let sentence = "Комиссия рассмотрела заявление и приняла решение. ИИН 900101300017, тел. +7 701 123-45-67.\n";
    let count = (10 << 20) / sentence.len();
    let text = sentence.repeat(count);
    let spans = found(&text);
    assert_eq!(spans.len(), 2 * count);
    for (place, pair) in spans.chunks(2).enumerate() {
        assert_eq!(pair[0].text(&text), "900101300017", "{place}");
        assert_eq!(pair[1].text(&text), "+7 701 123-45-67", "{place}");
    }
}

/// Texts made to be slow take time in proportion to their length.
#[test]
fn hostile_texts_are_read_in_good_time() {
    for part in [
        "1 ", "1-", "a@", "<b ", "&", "\\u", "<a =", "12:", "И", "8 7 ", "\u{306}", "a.", "№1 ",
    ] {
        let text = part.repeat((1 << 20) / part.len());
        let begun = std::time::Instant::now();
        found(&text);
        assert!(
            begun.elapsed().as_secs() < 20,
            "{part}: {:?}",
            begun.elapsed()
        );
    }
}
