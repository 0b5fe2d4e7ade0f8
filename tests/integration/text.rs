//! Personal data in text: found and masked by the program, on an agency's own premises.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use sandyq_tests::site::program;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with files, and the program run on them.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn sandyq(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program())
        .args(arguments)
        .env_remove("SANDYQ_OUTPUT")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}

/// Runs a command that must end with this code; returns what it printed and what it said.
fn ends(code: i32, arguments: &[&str], input: &str) -> (String, String) {
    let out = sandyq(arguments, input);
    let printed = String::from_utf8(out.stdout).unwrap();
    let said = String::from_utf8(out.stderr).unwrap();
    assert_eq!(
        out.status.code(),
        Some(code),
        "{arguments:?}: {printed}{said}"
    );
    (printed, said)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The pieces of `text` that spans of a result name, by type.
fn pieces(text: &str, spans: &Value) -> Vec<(String, String)> {
    let characters: Vec<char> = text.chars().collect();
    let place = |span: &Value, end: &str| span[end].as_u64().unwrap() as usize;
    let piece = |span: &Value| {
        let letters = &characters[place(span, "start")..place(span, "end")];
        (
            span["type"].as_str().unwrap().to_owned(),
            letters.iter().collect(),
        )
    };
    spans.as_array().unwrap().iter().map(piece).collect()
}

#[test]
fn spans_are_told_in_code_points() {
    let folder = Folder::new();
    let texts = [
        json!("😀 ИИН 900101300017, тел. +7 701 123-45-67"),
        json!("Ештеңе жоқ."),
        Value::Null,
        json!(900_101_300_017_u64),
        json!({"iin": "900101300017"}),
    ];
    let records: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(id, text)| json!({"id": id, "other": {"text": "8"}, "text": text}).to_string())
        .collect();
    let input = folder.write("notes.jsonl", records.join("\r\n\n"));
    let out = folder.path("spans.jsonl");
    let (printed, said) = ends(
        0,
        &[
            "detect",
            text(&input),
            "--field",
            "text",
            "--out",
            text(&out),
        ],
        "",
    );
    assert_eq!(printed, "");
    assert!(
        said.contains("5 records") && said.contains("IIN 3"),
        "{said}"
    );
    let results: Vec<Value> = folder
        .read("spans.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str, piece: &str| (kind.to_owned(), piece.to_owned());
    let expected = [
        vec![of("IIN", "900101300017"), of("PHONE", "+7 701 123-45-67")],
        vec![],
        vec![],
        vec![of("IIN", "900101300017")],
        vec![of("IIN", "900101300017")],
    ];
    assert_eq!(results.len(), expected.len());
    for (place, (result, expected)) in results.iter().zip(expected).enumerate() {
        let written = match &texts[place] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        assert_eq!(result["id"], place);
        assert_eq!(pieces(&written, &result["spans"]), expected, "{place}");
    }
    let first = &results[0]["spans"][0];
    assert_eq!(
        (first["start"].as_u64(), first["end"].as_u64()),
        (Some(6), Some(18))
    );
    assert!(first["confidence"].as_f64().unwrap() > 0.9);
    assert!(first["rule"].as_str().unwrap().starts_with("iin."));
    assert_eq!(folder.names(), ["notes.jsonl", "spans.jsonl"]);
}

#[test]
fn a_pipe_gets_the_spans_alone() {
    let (printed, said) = ends(
        0,
        &["detect", "-", "--field", "body", "--id", "n"],
        "{\"n\": \"a\", \"body\": \"a@b.kz\"}\n",
    );
    let result: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(result["id"], "a");
    assert_eq!(result["spans"][0]["type"], "EMAIL");
    assert_eq!(said, "");
}

#[test]
fn errors_name_file_and_line_and_leave_nothing() {
    let folder = Folder::new();
    let out = folder.path("out.jsonl");
    let good = "{\"id\": 1, \"text\": \"900101300017\"}\n";
    for (name, content, expected) in [
        (
            "a",
            format!("{good}{{\"id\": 2, \"body\": \"850615400125\"}}\n"),
            "line 2: there is no field `text`; there are: id, body",
        ),
        (
            "b",
            format!("{good}\n{{\"id\": 2, \"text\": \"850615400125\n"),
            "line 3: it is no JSON",
        ),
        (
            "c",
            "{\"text\": \"850615400125\"}".to_owned(),
            "line 1: there is no field `id`",
        ),
    ] {
        let input = folder.write(name, content);
        let (printed, said) = ends(2, &["detect", text(&input), "--out", text(&out)], "");
        assert!(
            said.contains(text(&input)) && said.contains(expected),
            "{said}"
        );
        assert!(
            !said.contains("850615400125") && printed.is_empty(),
            "{said}"
        );
    }
    let input = folder.write("d", b"{\"id\": 1, \"text\": \"\xff\"}");
    let (_, said) = ends(2, &["detect", text(&input), "--out", text(&out)], "");
    assert!(said.contains("line 1: byte 20 is no UTF-8"), "{said}");
    let (_, said) = ends(2, &["mask", text(&folder.path("none"))], "");
    assert!(said.contains("cannot read"), "{said}");
    assert_eq!(folder.names(), ["a", "b", "c", "d"]);
}

#[test]
fn a_field_is_masked_and_the_rest_left_as_it_was() {
    let folder = Folder::new();
    let line = |masked: &str| {
        format!(
            "{{\"id\":12345678901234567890123,  \"text\": {masked}, \"keep\": [1.50, \"900101300017\"]}}\n"
        )
    };
    let input = folder.write(
        "in.jsonl",
        line("\"ИИН 900101300017 \\\"да\\\"\"") + &line("7") + &line("900101300017"),
    );
    let out = folder.path("out.jsonl");
    ends(
        0,
        &["mask", text(&input), "--field", "text", "--out", text(&out)],
        "",
    );
    let expected = line("\"ИИН [IIN] \\\"да\\\"\"") + &line("7") + &line("\"[IIN]\"");
    assert_eq!(folder.read("out.jsonl"), expected);
}

#[test]
fn a_text_is_masked() {
    let letter = "Уважаемые!\n\nМой ИИН 900101300017,\r\nтел. 8 701 123 45 67.\n";
    let (printed, _) = ends(0, &["mask", "-"], letter);
    assert_eq!(printed, "Уважаемые!\n\nМой ИИН [IIN],\r\nтел. [PHONE].\n");
    let (printed, _) = ends(0, &["mask", "-", "--style", "partial"], letter);
    assert_eq!(
        printed,
        "Уважаемые!\n\nМой ИИН ************,\r\nтел. 8 *** *** ** 67.\n"
    );
}

#[test]
fn a_large_cell_is_read() {
    let folder = Folder::new();
    let note = "Комиссия приняла решение. ИИН 900101300017.\\n".repeat(200_000);
    let input = folder.write("in.jsonl", format!("{{\"id\": 1, \"text\": \"{note}\"}}\n"));
    let out = folder.path("out.jsonl");
    ends(
        0,
        &["mask", text(&input), "--field", "text", "--out", text(&out)],
        "",
    );
    let masked = folder.read("out.jsonl");
    assert!(!masked.contains("900101300017"));
    assert_eq!(masked.matches("[IIN]").count(), 200_000);
}
