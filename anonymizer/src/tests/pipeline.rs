//! Roles and transforms from file to file.

use super::*;
use crate::{DropReason, Error, ExecuteError, InputError, depersonalize, pseudonym_columns, rekey};

const PEOPLE: &str = "\
id,iin,name,city,income,active,note
1,900101300017,A,Almaty,100,true,x
2,850615400125,B,Almaty,200,false,
3,051231500070,C,Astana,300,true,y
4,120229600039,D,Astana,,false,z
5,990101100000,E,Oral,500,true,
6,,F,Almaty,600,true,w
";

const PROFILE: &str = r#"
version = 1
[privacy]
k = 2
suppression_limit = 0.2
[datasets.people.columns.iin]
role = "direct"
transform = "pseudonymize"
domain = "person"
[datasets.people.columns.name]
role = "direct"
[datasets.people.columns.city]
role = "quasi"
transform = "keep"
[datasets.people.columns.income]
role = "sensitive"
type = "integer"
[datasets.people.columns.active]
role = "insensitive"
type = "boolean"
[datasets.people.columns.note]
role = "free_text"
"#;

fn release(csv: &str, profile_text: &str) -> Result<crate::Release, Error> {
    let table = table("people", csv);
    depersonalize(
        &table,
        &profile(profile_text),
        &Hierarchies::new(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    )
}

#[test]
fn each_column_is_released_as_its_rule_says() {
    let release = release(PEOPLE, PROFILE).unwrap();
    assert_eq!(
        release.columns().collect::<Vec<_>>(),
        ["iin", "city", "income", "active"]
    );
    assert_eq!(release.pseudonym_columns(), ["iin"]);
    assert_eq!(pseudonym_columns(release.bytes()).unwrap(), ["iin"]);
    let frame = parquet::decode(release.bytes()).unwrap();
    assert_eq!(
        frame.dtypes(),
        [
            DataType::String,
            DataType::String,
            DataType::Int64,
            DataType::Boolean
        ]
    );
    // Oral stands alone and is left out.
    let rows = rows_of(release.bytes());
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row[1] != "Oral"));
    // The missing identifier stays missing, and comes first.
    assert_eq!(rows[0], ["?", "Almaty", "600", "true"]);
    assert!(rows[1..].iter().all(|row| row[0].len() == 32));
    let dropped: Vec<_> = release
        .report()
        .dropped
        .iter()
        .map(|d| (d.name.as_str(), d.reason))
        .collect();
    let by_profile = DropReason::Profile;
    assert_eq!(
        dropped,
        [
            ("id", DropReason::NotInProfile),
            ("name", by_profile),
            ("note", by_profile)
        ]
    );
}

/// Pages are compressed, so the cells are looked at; the footer with its statistics and metadata is not.
#[test]
fn no_raw_identifier_is_in_a_cell_or_in_the_footer() {
    let release = release(PEOPLE, PROFILE).unwrap();
    let cells: Vec<_> = rows_of(release.bytes()).into_iter().flatten().collect();
    assert!(cells.iter().any(|cell| cell == "Almaty"));
    assert!(
        release.bytes().windows(6).any(|window| window == b"Almaty"),
        "statistics are readable"
    );
    for secret in ["900101300017", "850615400125", "Oral"] {
        assert!(cells.iter().all(|cell| cell != secret), "{secret}");
        let found = release
            .bytes()
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_whatever_its_order() {
    let mut lines: Vec<_> = PEOPLE.lines().collect();
    lines[1..].reverse();
    let reversed = lines.join("\n");
    let (a, b) = (
        release(PEOPLE, PROFILE).unwrap(),
        release(&reversed, PROFILE).unwrap(),
    );
    assert_eq!(a.bytes(), b.bytes());
    assert_eq!(a, release(PEOPLE, PROFILE).unwrap());
}

#[test]
fn pseudonyms_join_across_datasets_formats_and_types() {
    let text = r#"
        version = 1
        privacy = { k = 2 }
        [datasets.a.columns.iin]
        role = "direct"
        transform = "pseudonymize"
        domain = "person"
        [datasets.b.columns.person_id]
        role = "direct"
        transform = "pseudonymize"
        domain = "person"
    "#;
    let a = table("a", "iin\n900101300017\n850615400125\n");
    // A column of identifiers with a gap, as floats.
    let json =
        "{\"person_id\": 900101300017.0}\n{\"person_id\": null}\n{\"person_id\": 850615400125.0}\n";
    let b = intake::read("b", json.as_bytes(), &Format::Ndjson, &Limits::default()).unwrap();
    let release = |table: &Table| {
        depersonalize(
            table,
            &profile(text),
            &Hierarchies::new(),
            &key(),
            &Cancel::new(),
            &mut |_| {},
        )
        .unwrap()
    };
    let (a, b) = (rows_of(release(&a).bytes()), rows_of(release(&b).bytes()));
    assert_eq!(a[..], b[1..]);
    assert_eq!(b[0], ["?"]);
}

#[test]
fn sandboxes_join_within_and_cannot_be_linked_between() {
    let release = release(PEOPLE, PROFILE).unwrap();
    let (one, two) = (PseudonymKey::new([2; 32]), PseudonymKey::new([3; 32]));
    let staged = |key| rows_of(&rekey(release.bytes(), &["iin"], key).unwrap());
    let pseudonyms = |rows: &[Vec<String>]| {
        rows.iter()
            .map(|row| row[0].clone())
            .filter(|p| p != "?")
            .collect::<Vec<_>>()
    };
    let (published, a, b) = (rows_of(release.bytes()), staged(&one), staged(&two));
    assert_eq!(a, staged(&one));
    let all: std::collections::HashSet<_> = [&published, &a, &b]
        .into_iter()
        .flat_map(|rows| pseudonyms(rows))
        .collect();
    assert_eq!(
        all.len(),
        12,
        "no pseudonym of one place is found in another"
    );
    let others = |rows: &[Vec<String>]| {
        let mut others: Vec<_> = rows.iter().map(|row| row[1..].to_vec()).collect();
        others.sort();
        others
    };
    assert_eq!(others(&a), others(&published));
    assert!(a.is_sorted() || a[0][0] == "?", "rows are in order again");
    assert_eq!(
        pseudonym_columns(&rekey(release.bytes(), &["iin"], &one).unwrap()).unwrap(),
        ["iin"]
    );
}

#[test]
fn rekeying_takes_exactly_the_pseudonym_columns() {
    let release = release(PEOPLE, PROFILE).unwrap();
    for columns in [&[][..], &["city"], &["iin", "city"]] {
        let refused = rekey(release.bytes(), columns, &key()).unwrap_err();
        assert!(
            matches!(refused, crate::RekeyError::WrongColumns { .. }),
            "{columns:?}: {refused}"
        );
    }
    let raw = spoilt(release.bytes(), |frame| {
        set_cell(frame, "iin", 1, Some("900101300017"))
    });
    let refused = rekey(&raw, &["iin"], &key()).unwrap_err().to_string();
    assert!(
        refused.contains("column \"iin\" holds no pseudonym"),
        "{refused}"
    );
    assert!(!refused.contains("9001"), "{refused}");
    assert!(matches!(
        rekey(b"PAR1", &["iin"], &key()),
        Err(crate::RekeyError::Unreadable(_))
    ));
}

#[test]
fn a_cell_that_is_not_of_its_type_is_named_but_not_shown() {
    let csv = PEOPLE.replace("Astana,300", "Astana,three");
    let refused = release(&csv, PROFILE).unwrap_err();
    assert!(
        matches!(&refused, Error::Execute(ExecuteError::Cast { row: 3, column, .. }) if column == "income")
    );
    assert!(!refused.to_string().contains("three"));
}

#[test]
fn an_absent_column_and_an_absent_dataset_are_named() {
    let text = PROFILE.replace("columns.city", "columns.town");
    let shown = release(PEOPLE, &text).unwrap_err().to_string();
    assert!(
        shown.starts_with("dataset \"people\" has no column \"town\""),
        "{shown}"
    );
    let text = PROFILE.replace("datasets.people", "datasets.persons");
    let shown = release(PEOPLE, &text).unwrap_err().to_string();
    assert!(
        shown.starts_with("the profile does not name dataset \"people\""),
        "{shown}"
    );
}

#[test]
fn values_outside_the_hierarchy_are_listed_with_their_rows() {
    let text = PROFILE.replace("transform = \"keep\"", "hierarchy = \"city\"");
    let table = table("people", PEOPLE);
    let cities = hierarchies(&[("city", "Astana;*\nShymkent;*")]);
    let refused = plan_of(&table, &profile(&text), &cities).unwrap_err();
    let PlanError::Input(InputError::NotInHierarchy {
        values,
        distinct,
        rows,
        ..
    }) = &refused
    else {
        panic!("{refused}")
    };
    assert_eq!(values, &[("Almaty".to_owned(), 3), ("Oral".to_owned(), 1)]);
    assert_eq!((*distinct, *rows), (2, 4));
    // Oral is a given name too, and whoever reads a message may not be meant to see a name.
    assert!(
        refused
            .to_string()
            .ends_with("\"Almaty\" (3), \"Xxxx\" (1)"),
        "{refused}"
    );
    let long = crate::tests::table("people", &PEOPLE.replace("Oral", &"O".repeat(500)));
    let shown = plan_of(&long, &profile(&text), &cities)
        .unwrap_err()
        .to_string();
    assert!(shown.len() < 300, "{shown}");
    let absent = plan_of(&table, &profile(&text), &Hierarchies::new())
        .unwrap_err()
        .to_string();
    assert!(
        absent.contains("there is no hierarchy \"city\""),
        "{absent}"
    );
    let deep = text.replace(
        "hierarchy = \"city\"",
        "hierarchy = \"city\"\nmax_level = 7",
    );
    let refused = plan_of(&table, &profile(&deep), &cities)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("level 7 is above the highest level 1"),
        "{refused}"
    );
}

#[test]
fn missing_values_match_only_one_another_until_the_root() {
    let text = "version = 1\nprivacy = { k = 2, suppression_limit = 1 }\n[datasets.t.columns.q]\nrole = \"quasi\"\nhierarchy = \"h\"\n";
    let tree = hierarchies(&[("h", "a;ab;*\nb;ab;*\nc;c;*")]);
    let some = table("t", "q,x\na,1\nb,1\n,1\n,1\n");
    let plan = plan_of(&some, &profile(text), &tree).unwrap();
    assert_eq!(
        (plan.columns[0].level, plan.suppressed, plan.classes),
        (1, 0, 2)
    );
    assert_eq!(
        rows_of(&bytes_of(&some, &profile(text), &tree, &plan)),
        [["?"], ["?"], ["ab"], ["ab"]]
    );
    // One missing value alone can only join the others under the root.
    let one = table("t", "q,x\na,1\nb,1\n,1\n");
    let strict = text.replace("limit = 1", "limit = 0");
    let plan = plan_of(&one, &profile(&strict), &tree).unwrap();
    assert_eq!((plan.columns[0].level, plan.suppressed), (2, 0));
    assert_eq!(
        rows_of(&bytes_of(&one, &profile(&strict), &tree, &plan)),
        [["*"], ["*"], ["*"]]
    );
}

#[test]
fn suppressed_columns_are_stars() {
    let text = "version = 1\nprivacy = { k = 2 }\n[datasets.t.columns.q]\nrole = \"quasi\"\ntransform = \"suppress\"\n[datasets.t.columns.s]\nrole = \"sensitive\"\ntransform = \"suppress\"\n";
    let table = table("t", "q,s\na,1\n,2\n");
    let release = depersonalize(
        &table,
        &profile(text),
        &Hierarchies::new(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    );
    let release = release.unwrap();
    assert_eq!(rows_of(release.bytes()), [["*", "*"], ["*", "*"]]);
    assert_eq!(release.loss(), 1.0);
}

#[test]
fn parquet_columns_of_every_scalar_type_pass_through() {
    let frame = df!(
        "i" => [1_i32, 1, 1, 1],
        "u" => [u64::MAX, 1, 2, 3],
        "f" => [0.5_f32, f32::NAN, -0.0, 0.0],
        "b" => [Some(true), None, Some(false), None],
        "d" => [1, 2, 3, 4],
        "t" => ["x", "y", "z", ""],
    );
    let mut frame = frame.unwrap();
    let dates = frame.column("d").unwrap().cast(&DataType::Date).unwrap();
    frame.replace("d", dates).unwrap();
    let times = frame
        .column("u")
        .unwrap()
        .cast(&DataType::Datetime(TimeUnit::Milliseconds, None));
    assert!(times.is_ok());
    let bytes = parquet::encode(&mut frame, &[]).unwrap();
    let table = intake::read_bytes("t", &bytes, &Format::Parquet, &Limits::default()).unwrap();
    let mut text = "version = 1\nprivacy = { k = 4 }\n[datasets.t.columns.i]\nrole = \"quasi\"\ntransform = \"keep\"\n".to_owned();
    for name in ["u", "f", "b", "d", "t"] {
        text += &format!("[datasets.t.columns.{name}]\nrole = \"insensitive\"\n");
    }
    let release = depersonalize(
        &table,
        &profile(&text),
        &Hierarchies::new(),
        &key(),
        &Cancel::new(),
        &mut |_| {},
    );
    let release = release.unwrap();
    assert_eq!(
        parquet::decode(release.bytes()).unwrap().dtypes(),
        frame.dtypes()
    );
    assert_eq!(release.k(), 4);
}
