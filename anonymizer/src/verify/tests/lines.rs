//! Text without quotes, of which most cells are those of the row before.

use super::*;
use crate::{Cancel, Work};

const KEPT: &str = r#"
version = 1
privacy = { k = 2 }
[datasets.t.columns.place]
role = "quasi"
transform = "keep"
[datasets.t.columns.word]
role = "insensitive"
[datasets.t.columns.end]
role = "insensitive"
"#;

/// Values that begin like others, and missing ones.
fn rows() -> Vec<String> {
    let values = ["", "a", "ab", "abc", "b"];
    let mut rows = Vec::new();
    for place in values {
        for word in values {
            for end in ["", "x", "xy", "xy"] {
                rows.push(format!("{place},{word},{end}\n"));
            }
        }
    }
    rows
}

#[test]
fn cells_are_told_from_those_that_begin_alike() {
    let rows = rows();
    let table = table("t", &format!("place,word,end\n{}", rows.concat()));
    let (profile, hierarchies) = (profile(KEPT), Hierarchies::new());
    let work = Work::new(&table, profile.dataset("t").unwrap(), &hierarchies, None).unwrap();
    let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
    let output = work.execute(&plan, &key(), &Cancel::new(), &mut |_| {});
    let mut made = Vec::new();
    let output = output.unwrap();
    output.write_csv(&mut made, b',', &Cancel::new()).unwrap();
    let made = String::from_utf8(made).unwrap();
    let verify = |text: Vec<u8>| {
        let format = OutputFormat::Csv { delimiter: b',' };
        work.verify(&plan, &key(), format, text, &mut |_| {})
    };
    let lines: Vec<&str> = made.split_inclusive('\n').collect();
    assert_eq!(lines.len(), rows.len() + 1);
    verify(made.clone().into_bytes()).unwrap();
    // Without its last line feed it holds the same rows.
    verify(made.trim_end_matches('\n').to_owned().into_bytes()).unwrap();
    for place in 1..lines.len() {
        let line = lines[place].trim_end_matches('\n');
        let with = |line: &str| {
            let mut lines = lines.clone();
            let line = format!("{line}\n");
            lines[place] = &line;
            lines.concat()
        };
        let number = format!("row {place} of the release");
        let refused = |text: Vec<u8>| verify(text).unwrap_err().to_string();
        let more = refused(with(&format!("{line},")).into_bytes());
        assert_eq!(
            more,
            format!("{number}: it has another number of cells than the header")
        );
        let fewer = line.rsplit_once(',').unwrap().0;
        assert_eq!(refused(with(fewer).into_bytes()), more);
        // Each cell made longer, in turn: what it becomes stands in no row of the dataset, or in another one.
        for cell in 0..3 {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            cells[cell].push('b');
            assert!(verify(with(&cells.join(",")).into_bytes()).is_err());
            cells[cell].push('?');
            let strange = refused(with(&cells.join(",")).into_bytes());
            assert!(
                strange.starts_with(&format!("{number}, column")),
                "{strange}"
            );
            let mut bytes = with(&cells.join(",")).into_bytes();
            let mark = bytes.iter().position(|byte| *byte == b'?').unwrap();
            bytes[mark] = 0xff;
            assert_eq!(refused(bytes), format!("{number}: it is not UTF-8"));
        }
    }
}

const LOCAL: &str = r#"
version = 1
privacy = { k = 3, recoding = "local" }
[datasets.t.columns.place]
role = "quasi"
hierarchy = "letters"
[datasets.t.columns.word]
role = "quasi"
hierarchy = "letters"
"#;

/// Where nothing but quasi-identifiers is released, rows of a class differ in nothing.
#[test]
fn every_cell_of_rows_that_are_nothing_but_their_class_is_held_to_the_dataset() {
    let letters = ["a", "b", "c", "d"];
    let mut text = "place,word\n".to_owned();
    for (first, place) in letters.iter().enumerate() {
        for (second, word) in letters.iter().enumerate() {
            text.push_str(&format!("{place},{word}\n").repeat(1 + (first + 2 * second) % 4));
        }
    }
    let table = table("t", &text);
    let above = "a;ab;*\nb;ab;*\nc;cd;*\nd;cd;*";
    let (profile, hierarchies) = (profile(LOCAL), hierarchies(&[("letters", above)]));
    let work = Work::new(&table, profile.dataset("t").unwrap(), &hierarchies, None).unwrap();
    let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
    let output = work.execute(&plan, &key(), &Cancel::new(), &mut |_| {});
    let mut made = Vec::new();
    let output = output.unwrap();
    output.write_csv(&mut made, b',', &Cancel::new()).unwrap();
    let made = String::from_utf8(made).unwrap();
    let verify = |text: String| {
        let format = OutputFormat::Csv { delimiter: b',' };
        work.verify(&plan, &key(), format, text.into_bytes(), &mut |_| {})
    };
    let release = verify(made.clone()).unwrap();
    assert!(release.report().rows.classes > 4);
    let lines: Vec<&str> = made.lines().collect();
    for place in 1..lines.len() {
        let cells: Vec<&str> = lines[place].split(',').collect();
        for column in 0..2 {
            for other in ["a", "b", "c", "d", "ab", "cd", "*"] {
                let mut changed = cells.clone();
                changed[column] = other;
                let line = changed.join(",");
                let mut rows: Vec<&str> = lines[1..].to_vec();
                rows[place - 1] = &line;
                // Rows stand in the order of their content, so that the order gives nothing away.
                rows.sort_unstable();
                let text = format!("{}\n{}\n", lines[0], rows.join("\n"));
                assert_eq!(verify(text).is_ok(), cells == changed, "{line}");
            }
        }
    }
}
