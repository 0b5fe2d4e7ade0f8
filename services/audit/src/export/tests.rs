#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

use proptest::prelude::*;

use super::*;
use crate::checkpoint::LogKey;
use crate::entry::tests::entry;

fn key() -> LogKey {
    LogKey::from_seed("sandyq.example/log", &[1; 32]).unwrap()
}

/// An honest log, with `mark` in every entry from `from` on, so that two logs can part ways.
fn log(size: u64, from: u64, mark: &str) -> (Vec<String>, Hash) {
    let mut frontier = Frontier::new();
    let (mut lines, mut previous) = (Vec::new(), String::new());
    for seq in 0..size {
        let mut entry = entry(seq, &previous);
        if seq >= from {
            entry.reasons.push(mark.to_owned());
        }
        let (leaf, hash) = entry.hashed().unwrap();
        frontier.append(hash);
        previous = hash.to_base64();
        lines.push(leaf);
    }
    (lines, frontier.root())
}

fn export(lines: &[String], size: u64, root: Hash) -> String {
    let mut text = String::new();
    for line in lines {
        text += line;
        text.push('\n');
    }
    text + &checkpoint_line(&key().sign(size, root)).unwrap() + "\n"
}

fn honest(size: u64) -> (Vec<String>, String) {
    let (lines, root) = log(size, size, "");
    let text = export(&lines, size, root);
    (lines, text)
}

fn verify(text: &str) -> Result<Verified, ExportError> {
    verify_export(text.as_bytes(), &key().verifier(), None)
}

fn tampered(change: impl FnOnce(&mut Vec<String>)) -> ExportError {
    let (mut lines, root) = log(9, 9, "");
    change(&mut lines);
    verify(&export(&lines, 9, root)).unwrap_err()
}

#[test]
fn an_honest_log_is_believed() {
    for size in [0, 1, 2, 7, 20] {
        let verified = verify(&honest(size).1).unwrap();
        assert_eq!(
            (verified.size, verified.root),
            (size, log(size, size, "").1)
        );
    }
    let verified = verify(&honest(20).1).unwrap();
    assert_eq!(verified.first_time, "2026-01-01T00:00:00.000000Z");
    assert_eq!(verified.last_time, "2026-01-01T00:00:19.000000Z");
}

#[test]
fn a_changed_entry_is_named() {
    let error = tampered(|lines| lines[3] = lines[3].replace("allow", "denyy"));
    assert!(
        matches!(error, ExportError::BrokenLink { seq: 4, line: 5 }),
        "{error}"
    );
    let error = tampered(|lines| lines[3] = lines[3].replace("\"time\"", "time"));
    assert!(
        matches!(
            error,
            ExportError::NotAnEntry {
                seq: 3,
                line: 4,
                ..
            }
        ),
        "{error}"
    );
    let error = tampered(|lines| lines[8] = lines[8].replace("aigerim", "aigerin"));
    assert!(
        matches!(error, ExportError::RootMismatch { last: 8 }),
        "{error}"
    );
}

#[test]
fn a_dropped_entry_is_named() {
    let error = tampered(|lines| drop(lines.remove(5)));
    assert!(
        matches!(
            error,
            ExportError::WrongSequence {
                line: 6,
                expected: 5,
                found: 6
            }
        ),
        "{error}"
    );
    let error = tampered(|lines| drop(lines.pop()));
    assert!(
        matches!(
            error,
            ExportError::WrongSize {
                found: 8,
                signed: 9
            }
        ),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("entries 8 and later were dropped"),
        "{error}"
    );
}

#[test]
fn reordered_repeated_and_renumbered_entries_are_named() {
    let error = tampered(|lines| lines.swap(2, 6));
    assert!(
        matches!(
            error,
            ExportError::WrongSequence {
                line: 3,
                expected: 2,
                found: 6
            }
        ),
        "{error}"
    );
    let error = tampered(|lines| lines.insert(4, lines[3].clone()));
    assert!(
        matches!(
            error,
            ExportError::WrongSequence {
                line: 5,
                expected: 4,
                found: 3
            }
        ),
        "{error}"
    );
    let error = tampered(|lines| lines[7] = lines[7].replace("\"seq\":7", "\"seq\":70"));
    assert!(
        matches!(
            error,
            ExportError::WrongSequence {
                line: 8,
                expected: 7,
                found: 70
            }
        ),
        "{error}"
    );
}

#[test]
fn a_log_that_was_cut_off_is_found_at_every_byte() {
    let (lines, text) = honest(4);
    for at in 0..text.len() - 1 {
        let Some(cut) = text.get(..at) else { continue };
        let entries = lines
            .iter()
            .scan(0, |end, line| {
                *end += line.len();
                let complete = at >= *end;
                *end += 1;
                Some(complete)
            })
            .filter(|complete| *complete)
            .count() as u64;
        match verify(cut) {
            Err(ExportError::Truncated { entries: found }) => {
                assert_eq!(found, entries, "at byte {at}")
            }
            other => assert!(at == text.len() - 1, "at byte {at}: {other:?}"),
        }
    }
}

#[test]
fn another_key_and_a_forged_checkpoint_are_found() {
    let (_, text) = honest(5);
    let other = LogKey::from_seed("sandyq.example/log", &[2; 32]).unwrap();
    let error = verify_export(text.as_bytes(), &other.verifier(), None).unwrap_err();
    assert!(
        matches!(error, ExportError::Checkpoint(NoteError::OtherKey { .. })),
        "{error}"
    );
    let error = verify(&text.replace("log\\n5\\n", "log\\n6\\n")).unwrap_err();
    assert!(
        matches!(error, ExportError::Checkpoint(NoteError::BadSignature(_))),
        "{error}"
    );
}

#[test]
fn a_rewritten_history_is_found_by_an_earlier_checkpoint() {
    let (_, root) = log(6, 6, "");
    let earlier = key().sign(6, root);
    let (lines, root) = log(10, 10, "");
    let text = export(&lines, 10, root);
    verify_export(text.as_bytes(), &key().verifier(), Some(&earlier)).unwrap();

    // The log's keeper holds the key and writes entry 4 and all after it anew, with a proper signature.
    let (lines, root) = log(10, 4, "rewritten");
    let text = export(&lines, 10, root);
    verify(&text).unwrap();
    let error = verify_export(text.as_bytes(), &key().verifier(), Some(&earlier)).unwrap_err();
    assert!(
        matches!(error, ExportError::Rewritten { size: 6 }),
        "{error}"
    );

    let (_, text) = honest(5);
    let error = verify_export(text.as_bytes(), &key().verifier(), Some(&earlier)).unwrap_err();
    assert!(
        matches!(
            error,
            ExportError::Shrunk {
                earlier: 6,
                size: 5
            }
        ),
        "{error}"
    );
    let error = verify_export(text.as_bytes(), &key().verifier(), Some("nonsense")).unwrap_err();
    assert!(
        matches!(error, ExportError::EarlierCheckpoint(_)),
        "{error}"
    );
}

#[test]
fn an_endless_line_is_refused_without_being_held() {
    let endless = io::BufReader::new(io::repeat(b'x'));
    let error = verify_export(endless, &key().verifier(), None).unwrap_err();
    assert!(
        matches!(error, ExportError::LineTooLong { line: 1 }),
        "{error}"
    );
}

#[test]
fn nothing_may_follow_the_checkpoint() {
    let (lines, text) = honest(2);
    let error = verify(&format!("{text}{}\n", lines[0])).unwrap_err();
    assert!(
        matches!(error, ExportError::AfterCheckpoint { line: 4 }),
        "{error}"
    );
}

#[test]
fn a_time_that_goes_backwards_is_named() {
    let mut first = entry(0, "");
    first.time = "2027-01-01T00:00:00.000000Z".to_owned();
    let (leaf, hash) = first.hashed().unwrap();
    let second = entry(1, &hash.to_base64()).to_leaf().unwrap();
    let error = verify(&format!("{leaf}\n{second}\n")).unwrap_err();
    assert!(
        matches!(error, ExportError::TimeReversed { seq: 1, line: 2 }),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_flipped_bit_of_an_entry_is_found(at in any::<prop::sample::Index>(), bit in 0u8..8) {
        let (lines, text) = honest(6);
        let mut bytes = text.into_bytes();
        let entries: usize = lines.iter().map(|line| line.len() + 1).sum();
        bytes[at.index(entries)] ^= 1 << bit;
        prop_assert!(verify_export(bytes.as_slice(), &key().verifier(), None).is_err());
    }
}
