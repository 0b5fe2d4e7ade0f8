//! The program on an agency's own premises.

use std::fs;

use super::Made;

#[test]
fn nothing_that_is_said_on_the_premises_repeats_a_value() {
    let mut made = Made::registry();
    fs::write(made.path("key"), "07".repeat(32)).unwrap();
    for (file, text) in [
        ("citizens.csv", None),
        ("pupils.csv", Some("Мұғалімнің ескертпесі")),
        ("visits.ndjson", Some("notes")),
        ("appeals.ndjson", Some("text")),
        ("staff.csv", None),
    ] {
        let name = file.split('.').next().unwrap();
        let draft = format!("{name}.toml");
        assert!(made.run(
            &format!("classify registry/{file} --profile {draft} --dataset {name}"),
            &[&draft]
        ));
        assert!(made.run(&format!("-o json classify registry/{file}"), &[]));
        if let Some(field) = text.filter(|_| file.ends_with("ndjson")) {
            let spans = format!("{name}.spans");
            assert!(made.run(
                &format!("detect registry/{file} --field {field} --out {spans}"),
                &[&spans]
            ));
            made.run(
                &format!("mask registry/{file} --field {field} --out masked"),
                &[],
            );
        }
        let encoding = if name == "staff" {
            "windows-1251"
        } else {
            "utf-8"
        };
        let input =
            format!("registry/{file} --profile {draft} --dataset {name} --encoding {encoding}");
        let reports = ["report.html", "report.json", "plan.json", "release.csv"];
        made.run(
            &format!(
                "anonymize {input} --key-file key --out release.csv --report report.html --report-json report.json \
                 --save-plan plan.json"
            ),
            &reports,
        );
        made.run(
            &format!("-o json anonymize {input} --key-file key --out release.parquet"),
            &[],
        );
    }
    made.run(
        "quality registry/citizens.csv registry/visits.ndjson registry/pupils.csv --report quality.html",
        &["quality.html"],
    );
    made.run("-o json quality registry/citizens.csv", &[]);
    assert!(made.artefacts.len() > 30, "{:?}", made.artefacts.keys());
    made.check();
}

/// A register whose rows are spoilt in a way each, and where one is asked for what it does not have.
#[test]
fn messages_about_spoilt_rows_repeat_no_value() {
    let mut made = Made::registry();
    fs::write(made.path("key"), "07".repeat(32)).unwrap();
    let text = fs::read_to_string(made.path("registry/citizens.csv")).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let row = rows.lines().next().unwrap();
    let shifted: String = rows
        .lines()
        .map(|row| format!("{},{row}\n", row.split(',').next().unwrap()))
        .collect();
    let spoilt = [
        ("longer", format!("{text}{row},{row}\n")),
        (
            "shorter",
            format!("{text}{}\n", row.chars().take(60).collect::<String>()),
        ),
        ("unclosed", format!("{text}\"{row}\n{rows}")),
        ("headless", rows.to_owned()),
        ("twice", format!("{row},{row}\n{rows}")),
        ("shifted", format!("{},x\n{shifted}", header.trim_end())),
    ];
    let profile = |columns: &str| format!("version = 1\nprivacy.k = 2\n{columns}");
    let column = |name: &str, rule: &str| format!("[datasets.d.columns.\"{name}\"]\n{rule}\n");
    let profiles = [
        ("keep", column("Фамилия", "role = \"insensitive\"")),
        (
            "number",
            column(
                "Фамилия",
                "role = \"insensitive\"\ntransform = \"keep\"\ntype = \"float\"",
            ),
        ),
        (
            "step",
            column(
                "Фамилия",
                "role = \"quasi\"\ntransform = \"keep\"\nprepare = [{ round_to = 5 }]",
            ),
        ),
        (
            "day",
            column(
                "E-mail",
                "role = \"quasi\"\ntransform = \"keep\"\nprepare = [{ date = \"day\" }]",
            ),
        ),
        (
            "intervals",
            column(
                "Имя",
                "role = \"quasi\"\nbuild = { kind = \"intervals\", widths = [10] }",
            ),
        ),
        (
            "numbers",
            column(
                "Телефон",
                "role = \"quasi\"\nbuild = { kind = \"ordered\", values = [\"a\", \"b\"], groups = [2] }",
            ),
        ),
        (
            "cipher",
            column(
                "Отчество",
                "role = \"direct\"\ntransform = \"encrypt\"\nalphabet = \"digits\"",
            ),
        ),
        (
            "shift",
            column(
                "Адрес",
                "role = \"insensitive\"\ntransform = \"shift_date\"\nsubject = \"ИИН\"\ndays = 9",
            ),
        ),
        (
            "noise",
            column(
                "Имя",
                "role = \"sensitive\"\ntransform = \"noise\"\nspread = 5",
            ),
        ),
        (
            "mean",
            column(
                "ИИН",
                "role = \"quasi\"\ntransform = \"microaggregate\"\nfunction = \"mean\"",
            ),
        ),
        (
            "absent",
            column("Возраст", "role = \"quasi\"\ntransform = \"keep\""),
        ),
    ];
    for (name, columns) in &profiles {
        fs::write(made.path(&format!("{name}.toml")), profile(columns)).unwrap();
    }
    let mut failed = 0;
    for (file, text) in &spoilt {
        fs::write(made.path(&format!("{file}.csv")), text).unwrap();
        let draft = format!("{file}.draft");
        made.run(&format!("classify {file}.csv --profile {draft}"), &[&draft]);
        for profile in ["keep", "step"] {
            let command = format!(
                "anonymize {file}.csv --profile {profile}.toml --key-file key --out out.csv"
            );
            failed += usize::from(!made.run(&command, &[]));
        }
    }
    for (name, _) in &profiles {
        let command = format!(
            "anonymize registry/citizens.csv --profile {name}.toml --dataset d --key-file key --out {name}.csv"
        );
        failed += usize::from(!made.run(&command, &[]));
    }
    let visit = fs::read_to_string(made.path("registry/visits.ndjson")).unwrap();
    let line = visit.lines().nth(1).unwrap();
    let half: String = line.chars().take(line.chars().count() / 2).collect();
    let double = format!("{{{},{}", line.trim_matches(['{', '}']), &line[1..]);
    for (name, text) in [
        ("half", format!("{line}\n{half}\n")),
        ("double", double),
        ("nested", format!("{line}\n{{\"notes\": {line}}}\n")),
        ("list", format!("{line}\n[{line}]\n")),
    ] {
        fs::write(made.path(&format!("{name}.ndjson")), text).unwrap();
        for command in [
            format!("classify {name}.ndjson"),
            format!("detect {name}.ndjson --field note --out spans"),
            format!("detect {name}.ndjson --field notes --out spans"),
            format!("mask {name}.ndjson --field text --out masked"),
            format!(
                "anonymize {name}.ndjson --profile keep.toml --dataset d --key-file key --out out.csv"
            ),
        ] {
            failed += usize::from(!made.run(&command, &["spans"]));
        }
    }
    fs::write(made.path("values"), row).unwrap();
    for column in ["Отчество", "ИИН"] {
        let command = format!(
            "reveal values --profile cipher.toml --column {column} --key-file key --reason test --record record"
        );
        failed += usize::from(!made.run(&command, &["record"]));
    }
    assert!(failed > 25, "{failed} commands failed");
    made.check();
}
