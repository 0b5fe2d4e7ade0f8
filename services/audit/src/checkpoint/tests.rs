#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]
use proptest::prelude::*;
use ring::rand::SystemRandom;
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};

use super::*;
use crate::merkle::leaf_hash;

const NAME: &str = "sandyq.example/log";

fn key() -> LogKey {
    LogKey::from_seed(NAME, &[7; 32]).unwrap()
}

#[test]
fn another_implementation_believes_our_note() {
    let note = key().sign(42, leaf_hash(b"root"));
    let known = VerifierList::new(vec![Box::new(
        StandardVerifier::new(&key().verifier().to_string()).unwrap(),
    )]);
    let parsed = Note::from_bytes(note.as_bytes()).unwrap();
    let (verified, unverified) = parsed.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 0));
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(parsed.text()).unwrap();
    assert_eq!((checkpoint.origin(), checkpoint.size()), (NAME, 42));
    assert_eq!(checkpoint.hash().0, leaf_hash(b"root").0);
}

#[test]
fn we_believe_the_note_of_another_implementation() {
    let secret = [&[ED25519_TYPE][..], &[7; 32]].concat();
    let hash = key().verifier().hash;
    let signer = StandardSigner::new(&format!(
        "PRIVATE+KEY+{NAME}+{hash:08x}+{}",
        BASE64.encode(secret)
    ))
    .unwrap();
    let text = Checkpoint {
        origin: NAME.to_owned(),
        size: 9,
        root: leaf_hash(b"x"),
    }
    .to_text();
    let mut note = Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let note = String::from_utf8(note.to_bytes()).unwrap();
    let opened = key().verifier().open(&note).unwrap();
    assert_eq!((opened.size, opened.root), (9, leaf_hash(b"x")));
    assert_eq!(
        note,
        key().sign(9, leaf_hash(b"x")),
        "Ed25519 is deterministic"
    );
}

#[test]
fn a_witness_beside_the_log_does_not_disturb() {
    let note = key().sign(1, leaf_hash(b""));
    let witness = LogKey::from_seed("witness", &[8; 32]).unwrap();
    let line = witness
        .sign(1, leaf_hash(b""))
        .lines()
        .last()
        .unwrap()
        .to_owned();
    assert_eq!(
        key()
            .verifier()
            .open(&format!("{note}{line}\n"))
            .unwrap()
            .size,
        1
    );
}

#[test]
fn another_key_is_named() {
    let note = LogKey::from_seed(NAME, &[9; 32])
        .unwrap()
        .sign(1, leaf_hash(b""));
    assert!(matches!(
        key().verifier().open(&note),
        Err(NoteError::OtherKey { .. })
    ));
}

#[test]
fn a_verifier_key_survives_its_text_form_and_damage_is_found() {
    let text = key().verifier().to_string();
    assert_eq!(VerifierKey::parse(&text).unwrap(), key().verifier());
    let other = text.replace("sandyq", "sandyk");
    assert!(matches!(
        VerifierKey::parse(&other),
        Err(KeyError::VerifierHash { .. })
    ));
    assert!(matches!(VerifierKey::parse("a+b"), Err(KeyError::Verifier)));
}

#[test]
fn a_generated_key_is_read_back_and_not_shown() {
    let (made, document) = LogKey::generate(NAME, &SystemRandom::new()).unwrap();
    let read = LogKey::from_pkcs8(NAME, &document).unwrap();
    assert_eq!(made.verifier(), read.verifier());
    assert_eq!(
        format!("{made:?}"),
        r#"LogKey { name: "sandyq.example/log", pair: "***" }"#
    );
    assert!(matches!(
        LogKey::from_seed("a b", &[1; 32]),
        Err(KeyError::Name(_))
    ));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_found(at in any::<prop::sample::Index>(), bit in 0u8..7) {
        let mut note = key().sign(123_456, leaf_hash(b"root")).into_bytes();
        let at = at.index(note.len());
        note[at] ^= 1 << bit;
        let opened = String::from_utf8(note).ok().map(|note| key().verifier().open(&note));
        prop_assert!(!matches!(opened, Some(Ok(_))));
    }

    #[test]
    fn no_text_makes_it_panic(note in "\\PC*\n\n— \\PC* [A-Za-z0-9+/=]*\n") {
        prop_assert!(key().verifier().open(&note).is_err());
    }
}

#[test]
fn a_statement_is_believed_as_what_it_is_and_nothing_else() {
    let note = key().sign_statement("destruction", "{\"sandbox\":\"s\"}\nforged\n\n");
    let verifier = key().verifier();
    let line = verifier.open_statement("destruction", &note).unwrap();
    assert_eq!(line, "{\"sandbox\":\"s\"} forged  ");
    assert!(verifier.open_statement("release", &note).is_err());
    assert!(verifier.open(&note).is_err(), "it is no checkpoint");
    let checkpoint = key().sign(1, leaf_hash(b"x"));
    assert!(verifier.open_statement("destruction", &checkpoint).is_err());
    let changed = note.replace("\"s\"", "\"t\"");
    assert!(matches!(
        verifier.open_statement("destruction", &changed),
        Err(NoteError::BadSignature(_))
    ));
    let other = LogKey::from_seed(NAME, &[8; 32]).unwrap().verifier();
    assert!(matches!(
        other.open_statement("destruction", &note),
        Err(NoteError::OtherKey { .. })
    ));
}
