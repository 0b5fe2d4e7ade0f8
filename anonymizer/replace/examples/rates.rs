//! Prints how fast values are replaced: pseudonyms as a ratio to the bare HMAC of `ring`, format-preserving encryption, surrogates.

use std::hint::black_box;
use std::time::Instant;

use ring::hmac;
use sandyq_replace::{
    Alphabet, FormatPreserving, ProjectKey, Pseudonyms, SurrogateKind, Surrogates, Tokens,
};

const ROUNDS: usize = 7;

/// The best rate of several rounds over all values, in values a second.
fn rate(values: &[String], mut each: impl FnMut(&str)) -> f64 {
    let round = |_| {
        let begun = Instant::now();
        values.iter().for_each(|value| each(value));
        values.len() as f64 / begun.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(round).fold(0.0, f64::max)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let numbers: Vec<String> = (0..200_000u64)
        .map(|n| format!("{:012}", n * 4_999_999))
        .collect();
    let names: Vec<String> = (0..5_000)
        .map(|n| {
            let of = |list: &[&str], n: usize| {
                list.get(n % list.len())
                    .copied()
                    .unwrap_or_default()
                    .to_owned()
            };
            use sandyq_words::{Language::Russian, Sex::Male, given, patronymics, surnames};
            let (surname, given) = (
                of(surnames(Russian, Male), n),
                of(given(Russian, Male), n / 7),
            );
            format!(
                "{surname} {given} {}",
                of(patronymics(Russian, Male), n / 3)
            )
        })
        .collect();
    let key = ProjectKey::new([7; 32]);

    let bare_key = hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]);
    let bare = rate(&numbers, |value| {
        black_box(hmac::sign(&bare_key, value.as_bytes()));
    });
    let domain = Pseudonyms::new(&key).domain("person");
    let mut text = String::new();
    let pseudonyms = rate(&numbers, |value| {
        text.clear();
        domain.of(value).push_to(&mut text);
        black_box(&text);
    });
    println!("bare HMAC-SHA-256 (ring)  {bare:>12.0} /s");
    println!(
        "pseudonyms, as hex        {pseudonyms:>12.0} /s  ratio {:.2}, bar 0.80",
        pseudonyms / bare
    );

    let cipher = FormatPreserving::new(&key, "iin", Alphabet::Digits)?;
    let few = numbers.get(..20_000).unwrap_or_default();
    let ff1 = rate(few, |value| {
        black_box(cipher.encrypt(value).ok());
    });
    println!("FF1 of 12 digits          {ff1:>12.0} /s");

    let (tokens, surrogates) = (
        Tokens::new(&key),
        Surrogates::new(&ProjectKey::new([8; 32])),
    );
    for (kind, values) in [
        (SurrogateKind::Iin, few),
        (SurrogateKind::Person, names.as_slice()),
    ] {
        let made: Vec<String> = values
            .iter()
            .map(|value| tokens.value(kind, None, value))
            .collect();
        let tokenized = rate(values, |value| {
            black_box(tokens.value(kind, None, value));
        });
        let rendered = rate(&made, |token| {
            black_box(surrogates.render(token));
        });
        println!(
            "tokens of {:<14}  {tokenized:>12.0} /s, rendered {rendered:>9.0} /s",
            kind.as_str()
        );
    }
    Ok(())
}
