#![allow(clippy::indexing_slicing, reason = "tests fail by panicking")]

use crate::text::{Gap, Letters, Text, hash};

/// The folded tokens, with what stands before each: nothing, ` `, `/` for a line, `|` for a block.
fn folded(text: &str) -> String {
    let mut read = Text::default();
    read.read(text);
    let mut all = String::new();
    for token in read.tokens() {
        all.push_str(match token.gap {
            Gap::None => "_",
            Gap::Space => " ",
            Gap::Line => "/",
            Gap::Block => "|",
        });
        all.push_str(read.folded(token));
    }
    all
}

fn check(text: &str, expected: &str) {
    assert_eq!(folded(text), expected, "{text:?}");
}

#[test]
fn words_numbers_and_signs_are_told_apart() {
    check("ИИН: 900101-300017", "|иин_: 900101_-_300017");
    check("A123BC02", "|a_123_bc_02");
    check(
        "Әл-Фараби даңғылы,\n12 үй\n\n5",
        "|әл_-_фараби даңғылы_,/12 үй|5",
    );
}

#[test]
fn what_is_invisible_is_dropped() {
    check("Ива\u{200b}н\u{ad}ов 87\u{feff}01", "|иванов 8701");
    check("８７０１２３４５６７", "|8701234567");
    check("и\u{306}од Е\u{308}лка", "|йод ёлка");
    check("a\u{301}b", "|ab");
}

#[test]
fn look_alikes_are_undone() {
    check("Ивaнoв", "|иванов");
    check("HурСултан", "|нурсултан");
    check("KZ mаil", "|kz mail");
    check("жqд", "|жqд");
    let mut read = Text::default();
    read.read("Ивaнoв");
    assert_eq!(read.tokens()[0].hash, hash("иванов"));
    assert!(
        read.tokens()[0]
            .letters
            .has(Letters::CYRILLIC.and(Letters::DISGUISED))
    );
    assert!(!read.tokens()[0].letters.has(Letters::LATIN));
}

#[test]
fn markup_and_escapes_are_passed_over() {
    check("<td>ИИН</td>\n<td>9001<b>01</b>", "|иин/900101");
    check("a&nbsp;b &amp; &#1048;&#x438;", "|a b & ии");
    check("\\u0418\\u0438\\n12\\t3 \\\"x\\\"", "|ии/12 3 \"_x_\"");
    check("<a href=\"x@y.kz\">z</a>", "|z|href_=_\"_x_@_y_._kz_\"");
    check(
        "<ivan@mail.kz> a < b > c",
        "|<_ivan_@_mail_._kz_> a < b > c",
    );
    check("<iin>90</iin>", "|<_iin_>_90_<_/_iin_>");
}

#[test]
fn letters_are_described() {
    let mut read = Text::default();
    read.read("Алматы АЛМАТЫ алматы А аЛ Қазақ Abc");
    let tokens = read.tokens();
    assert!(tokens[0].is_title() && !tokens[0].is_upper());
    assert!(tokens[1].is_upper() && !tokens[1].is_title());
    assert!(tokens[2].is_lower());
    assert!(tokens[3].is_upper() && tokens[3].is_title());
    assert!(!tokens[4].is_lower() && !tokens[4].is_title() && !tokens[4].is_upper());
    assert!(
        tokens[5]
            .letters
            .has(Letters::KAZAKH.and(Letters::CYRILLIC))
    );
    assert!(tokens[6].letters.has(Letters::LATIN) && !tokens[6].letters.has(Letters::CYRILLIC));
}

#[test]
fn places_lead_back_to_the_original() {
    let text = "ИИН &quot;9001\u{200b}01&quot; Ивaн\u{ad}ов.";
    let mut read = Text::default();
    read.read(text);
    let pieces: Vec<_> = read
        .tokens()
        .iter()
        .map(|t| &text[t.start as usize..t.end as usize])
        .collect();
    assert_eq!(
        pieces,
        [
            "ИИН",
            "&quot;",
            "9001\u{200b}01",
            "&quot;",
            "Ивaн\u{ad}ов",
            "."
        ]
    );
}

#[test]
fn words_are_the_same_whichever_way_they_are_read() {
    let mut read = Text::default();
    for (plain, spoiled) in [
        ("ИВАНОВ", "ИВАН\u{200b}ОВ"),
        ("Қызылорда", "Қызыл&#1086;рда"),
        ("йод", "и\u{306}од"),
        ("Abc", "Ａbc"),
    ] {
        read.read(plain);
        let expected: Vec<_> = read
            .tokens()
            .iter()
            .map(|t| (t.hash, t.letters, t.len, read.folded(t).to_owned()))
            .collect();
        read.read(spoiled);
        let found: Vec<_> = read
            .tokens()
            .iter()
            .map(|t| (t.hash, t.letters, t.len, read.folded(t).to_owned()))
            .collect();
        assert_eq!(found, expected, "{spoiled:?}");
    }
}

#[test]
fn a_long_word_of_composed_letters_is_read_in_one_pass() {
    let mut text = Text::default();
    text.read(&"и\u{306}".repeat(50_000));
    assert_eq!(text.tokens().len(), 1);
    assert_eq!(text.tokens()[0].hash, hash(&"й".repeat(50_000)));
}

#[test]
fn words_of_every_length_are_hashed_alike_wherever_they_end() {
    // Cyrillic letters are read eight at a time, except near the end of the text and beside other letters.
    let letters = "Қабцдежүзйкл";
    for count in 1..=letters.chars().count() {
        let word: String = letters.chars().take(count).collect();
        for after in [
            "",
            " ",
            ",5",
            " длинное слово",
            "\u{483} и дальше",
            "҂тысяча",
        ] {
            let text = format!("{word}{after}");
            let mut read = Text::default();
            read.read(&text);
            let token = read.tokens()[0];
            assert_eq!(token.hash, hash(&word), "{text:?}");
            assert_eq!(usize::from(token.len), count, "{text:?}");
            assert_eq!(read.folded(&token), word.to_lowercase(), "{text:?}");
            assert!(
                token.is_title() && token.letters.has(Letters::KAZAKH),
                "{text:?}"
            );
            assert_eq!(token.letters.has(Letters::LOWER), count > 1, "{text:?}");
        }
    }
}
