//! Words in doubt, read from texts.

use sandyq_detect::Detector;
use sandyq_synth::corpus::{CORPORA, clean};
use sandyq_synth::label::Document;
use sandyq_synth::{people, slots};

use super::{Example, hash};

/// So many texts of the first corpus, which has few templates.
const DOCUMENTS: u64 = 3_000;
pub const SEED: u64 = 77;
/// How often what is no name in clean text counts.
const CLEAN: usize = 3;

/// Which part of the texts an example is from: that of the parts by hand, in their order.
pub const CORPUS: usize = usize::MAX;

/// Examples, each with the text that it is from: a part by hand and its text, or none.
pub struct Texts {
    pub examples: Vec<Example>,
    /// The part of each.
    pub parts: Vec<usize>,
}

/// The parts written by hand of which weights are made.
pub fn parts() -> Vec<Vec<Document>> {
    vec![
        people::documents(),
        people::more(),
        people::third(),
        people::fourth(),
        people::fifth(),
        people::sixth(),
        people::seventh(),
        people::eighth(),
        people::ninth(),
        people::tenth(),
    ]
}

/// Clean text, each with the part that it is left out with.
pub fn clean_texts(parts: usize) -> impl Iterator<Item = (usize, String)> {
    let clean = (0..clean::count() as u64).map_while(|number| clean::paragraph(SEED, number));
    let texts = clean.map(|(_, text)| text);
    let texts = texts.chain(people::nobody().map(str::to_owned));
    texts.map(move |text| ((hash(&text) % parts as u64) as usize, text))
}

/// All that weights are made of.
pub fn texts() -> Texts {
    let mut texts = Texts {
        examples: Vec::new(),
        parts: Vec::new(),
    };
    let mut detector = Detector::new();
    let corpus = (0..DOCUMENTS).map_while(|number| (CORPORA[0].document)(SEED, number));
    for document in corpus {
        texts.read(
            &mut detector,
            &document,
            ["corpus: other", "corpus: name"],
            CORPUS,
        );
    }
    let parts = parts();
    let count = parts.len();
    let lone = people::lone();
    let numbered = parts.into_iter().enumerate();
    for (part, documents) in numbered.chain([(CORPUS, lone)]) {
        for document in documents {
            texts.by_hand(&mut detector, document, part);
        }
    }
    let slots = slots::documents(SEED);
    for document in &slots {
        texts.read(
            &mut detector,
            document,
            ["slots: other", "slots: name"],
            CORPUS,
        );
    }
    // What is no name has people around it too.
    let people = slots.iter().step_by(3).cycle();
    for ((part, text), document) in clean_texts(count).zip(people) {
        let document = Document {
            text: format!("{} {text}", document.text),
            ..document.clone()
        };
        texts.read(
            &mut detector,
            &document,
            ["beside people: other", "beside people: name"],
            part,
        );
    }
    for (part, text) in clean_texts(count) {
        let held = hash(&text).is_multiple_of(5);
        for text in [text.to_lowercase(), text] {
            for doubt in detector.doubts(&text) {
                for _ in 0..CLEAN {
                    let example = Example::of("clean", doubt.features.clone(), false, held);
                    texts.examples.push(example);
                    texts.parts.push(part);
                }
            }
        }
    }
    texts
}

impl Texts {
    /// A text as it is, in small letters, and perhaps in large ones.
    fn by_hand(&mut self, detector: &mut Detector, document: Document, part: usize) {
        self.read(
            detector,
            &document,
            ["by hand: other", "by hand: name"],
            part,
        );
        let large = Document {
            text: document.text.to_uppercase(),
            ..document.clone()
        };
        if hash(&large.text).is_multiple_of(3) {
            self.read(detector, &large, ["large: other", "large: name"], part);
        }
        let small = Document {
            text: document.text.to_lowercase(),
            ..document
        };
        self.read(detector, &small, ["small: other", "small: name"], part);
    }

    /// The words in doubt of a text: `sources` name those that are none, and names.
    fn read(
        &mut self,
        detector: &mut Detector,
        document: &Document,
        sources: [&'static str; 2],
        part: usize,
    ) {
        let held = hash(&document.text).is_multiple_of(5);
        let places: Vec<usize> = document
            .text
            .char_indices()
            .map(|(place, _)| place)
            .chain([document.text.len()])
            .collect();
        let spans: Vec<(usize, usize)> = document
            .spans
            .iter()
            .filter(|span| span.kind == "PERSON")
            .map(|span| (places[span.start], places[span.end]))
            .collect();
        for doubt in detector.doubts(&document.text) {
            let touches = |&&(start, end): &&(usize, usize)| start < doubt.end && doubt.start < end;
            let label = spans.iter().find(touches);
            // A part of a longer name is neither; initials behind it are found with it.
            let initials = |&(start, end): &(usize, usize)| {
                let rest = &document.text[doubt.end.min(end)..end];
                start == doubt.start
                    && rest.chars().filter(|letter| letter.is_alphabetic()).count() < 3
            };
            if label.is_some_and(|label| !initials(label)) {
                continue;
            }
            let name = label.is_some();
            let source = match (doubt.blinded, name) {
                (true, true) => "blinded name",
                (true, false) => "blinded other",
                (false, name) => sources[usize::from(name)],
            };
            let alone = (doubt.alone != doubt.features).then_some(doubt.alone);
            for features in std::iter::once(doubt.features).chain(alone) {
                self.examples
                    .push(Example::of(source, features, name, held));
                self.parts.push(part);
            }
        }
    }
}
