//! Nothing that is found in an invented text is found in it again once it is redacted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use sandyq_detect::Detector;
use sandyq_replace::{ProjectKey, TextStyle, Tokens, redact};
use sandyq_synth::corpus::CORPORA;
use sandyq_synth::people;

#[test]
fn what_was_redacted_shows_nothing() {
    let tokens = Tokens::new(&ProjectKey::new([1; 32]));
    let mut detector = Detector::new();
    let invented = CORPORA.iter().flat_map(|corpus| {
        let documents = (0..2_500).map_while(|number| (corpus.document)(11, number));
        documents.map(|document| document.text)
    });
    let written = people::documents()
        .into_iter()
        .map(|document| document.text);
    let styles = [
        TextStyle::Mask,
        TextStyle::Placeholder,
        TextStyle::Tokens(&tokens),
    ];
    let mut changed = 0;
    for (number, text) in written.chain(invented).enumerate() {
        // Of masks most is left for others to be taken for.
        let tried = if number < 500 { 3 } else { 1 };
        for style in styles.into_iter().take(tried) {
            let made = redact(&mut detector, &text, style);
            let shown = made.shows(&mut detector, &text);
            assert_eq!(shown, None, "{text:?} became {:?}", made.text);
            changed += usize::from(made.text != text);
        }
    }
    assert!(changed > 3_000, "{changed}");
}
