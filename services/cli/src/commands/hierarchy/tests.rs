#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::path::Path;

use clap::Parser as _;
use tempfile::TempDir;

use super::*;
use crate::errors::Exit;

/// Runs `sandyq hierarchy build ...`; `IN` and `OUT` stand for files of the folder.
fn run_in(dir: &Path, line: &str) -> Result<String> {
    let (input, out) = (dir.join("in.csv"), dir.join("out.csv"));
    let line = line.replace("IN", input.to_str().unwrap());
    let words = ["sandyq", "hierarchy", "build"]
        .into_iter()
        .chain(line.split_whitespace());
    let arguments = crate::Arguments::try_parse_from(words.chain(["--out", out.to_str().unwrap()]));
    let crate::commands::Command::Hierarchy(command) =
        arguments.unwrap_or_else(|error| panic!("{error}")).command
    else {
        panic!("not a hierarchy")
    };
    run(command)?;
    Ok(fs::read_to_string(out).unwrap())
}

fn built(input: &str, line: &str) -> Result<String> {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("in.csv"), input).unwrap();
    run_in(dir.path(), line)
}

#[test]
fn each_kind_is_built_from_a_list_or_a_column() {
    let table =
        "n,code,born,text\n27,101033102,2024-05-17,A00.1\n41,751110000,01.02.1999,A16\n27,,,\n";
    for (line, expected) in [
        (
            "intervals --widths 10,20 --lower 20 --upper 90 --input IN --column n",
            "27;[20-30[;[20-40[;*\n41;[40-50[;[40-60[;*\n",
        ),
        (
            "intervals --widths 10 --lower -5 --upper 5 --step 5",
            "-5;[-5-5[;*\n0;[-5-5[;*\n5;>=5;*\n",
        ),
        (
            "ordered --order low,mid,high --groups 2",
            "low;low - mid;*\nmid;low - mid;*\nhigh;high;*\n",
        ),
        (
            "dates --units month,year --input IN --column born",
            "01.02.1999;1999-02;1999;*\n2024-05-17;2024-05;2024;*\n",
        ),
        (
            "mask --end left --by 5 --input IN --column code",
            "101033102;*****3102;*********;*\n751110000;*****0000;*********;*\n",
        ),
        (
            "kato --input IN --column code",
            "101033102;101033100;101000000;100000000;KZ\n751110000;751110000;751100000;750000000;KZ\n",
        ),
        (
            "prefix --lengths 3,1 --blocks A00-A09,A15-A19 --input IN --column text --delimiter ,",
            "A00.1;A00;A00-A09;A;*\nA16;A16;A15-A19;A;*\n",
        ),
    ] {
        assert_eq!(built(table, line).unwrap(), expected, "{line}");
    }
    assert_eq!(
        built(
            "\u{FEFF}7\r\n\r\n12\r\n",
            "intervals --widths 10 --values IN"
        )
        .unwrap(),
        "7;[0-10[;*\n12;[10-20[;*\n"
    );
    assert_eq!(
        built("b\na\n", "ordered --order-file IN --groups 2").unwrap(),
        "b;b - a;*\na;b - a;*\n"
    );
}

#[test]
fn what_cannot_be_built_is_said() {
    let fails = |input: &str, line: &str| {
        let failure = built(input, line).unwrap_err();
        (failure.exit, failure.text)
    };
    let (exit, text) = fails("1\nx\nNaN\n", "intervals --widths 10 --values IN");
    assert_eq!(exit, Exit::Failure);
    assert!(
        text.contains("2 values cannot be placed: \"NaN\", \"x\"") && text.contains("--leave-out"),
        "{text}"
    );
    assert_eq!(
        built("1\nx\n", "intervals --widths 10 --leave-out --values IN").unwrap(),
        "1;[0-10[;*\n"
    );
    assert!(
        fails("x\n", "intervals --widths 10 --leave-out --values IN")
            .1
            .contains("no values to make a hierarchy of")
    );
    let (exit, text) = fails("", "intervals --widths 10,15 --values IN");
    assert_eq!(
        (exit, text.contains("--widths: 15 must be a multiple of 10")),
        (Exit::Usage, true),
        "{text}"
    );
    assert!(fails("", "kato").1.contains("give the values"));
    assert!(
        fails("a,b\n1,2\n", "kato --input IN --column c")
            .1
            .contains("has no column \"c\"; it has a, b")
    );
    assert!(
        fails("", "kato --values IN/nothing")
            .1
            .contains("cannot read")
    );
}
