//! Outputs spoilt by one cell, of every recoding and format.

use std::sync::OnceLock;

use proptest::prelude::*;

use super::*;
use crate::profile::Recoding;
use crate::{Cancel, Hierarchy, Work, parquet};

const AGES: &str = "\
20;20-24;20-29;*\n21;20-24;20-29;*\n25;25-29;20-29;*\n29;25-29;20-29;*\n\
30;30-34;30-39;*\n33;30-34;30-39;*\n35;35-39;30-39;*\n38;35-39;30-39;*\n";
const CITIES: &str = "Almaty;South;KZ\nShymkent;South;KZ\nAstana;North;KZ\nKostanay;North;KZ\n";

/// Rows with a missing value here and there, and cells that need quotes.
fn people() -> String {
    let ages = ["20", "21", "25", "29", "30", "33", "35", "38"];
    let cities = ["Almaty", "Astana", "Shymkent", "Kostanay"];
    let jobs = ["clerk", "smith", "\"a, \"\"b\"\"\nc\"", "baker"];
    let mut text = "iin,age,city,height,job,income,note\n".to_owned();
    for row in 0_usize..96 {
        let mixed = row.wrapping_mul(2_654_435_761) >> 7;
        let age = if row % 31 == 7 { "" } else { ages[mixed % 8] };
        let city = cities[(mixed / 8) % 4];
        let (job, income) = (jobs[(mixed / 32) % 4], 100 + (mixed / 128) % 7);
        let note = if row % 5 == 0 { "" } else { "seen" };
        text += &format!(
            "{row},{age},{city},{},{job},{income},{note}\n",
            150 + mixed % 40
        );
    }
    text
}

const COLUMNS: &str = r#"
[datasets.t.columns.iin]
role = "direct"
transform = "pseudonymize"
[datasets.t.columns.age]
role = "quasi"
hierarchy = "age"
[datasets.t.columns.city]
role = "quasi"
hierarchy = "city"
[datasets.t.columns.height]
role = "quasi"
transform = "microaggregate"
function = "mean"
[datasets.t.columns.job]
role = "sensitive"
models = [ { model = "distinct_diversity", l = 2 }, { model = "t_closeness", t = 0.9, distance = "equal" } ]
[datasets.t.columns.income]
role = "sensitive"
type = "float"
prepare = [ { round_to = 2 } ]
[datasets.t.columns.note]
role = "insensitive"
"#;

const PRIVACY: [&str; 4] = [
    "k = 3\nsuppression_limit = 0.2",
    "k = 3\nsuppression_limit = 0.2\nsuppressed_records = \"star\"",
    "k = 3\nsuppression_limit = 0.1\nrecoding = \"local_fast\"",
    "k = 3\nsuppression_limit = 0.1\nrecoding = \"local\"\ntime_budget_seconds = 1",
];

struct Made {
    table: Table,
    profile: Profile,
    hierarchies: Hierarchies,
    plan: Plan,
    parquet: Vec<u8>,
    csv: Vec<u8>,
}

impl Made {
    fn new(privacy: &str) -> Self {
        let (table, profile, hierarchies) = (
            table("t", &people()),
            profile(&format!("version = 1\n[privacy]\n{privacy}\n{COLUMNS}")),
            hierarchies(&[("age", AGES), ("city", CITIES)]),
        );
        let (plan, parquet, csv) = {
            let dataset = profile.dataset("t").unwrap();
            let work = Work::new(&table, dataset, &hierarchies, None).unwrap();
            let plan = work.plan(&Cancel::new(), &mut |_| {}).unwrap();
            let output = work
                .execute(&plan, &key(), &Cancel::new(), &mut |_| {})
                .unwrap();
            let mut csv = Vec::new();
            output.write_csv(&mut csv, b',', &Cancel::new()).unwrap();
            (plan, work.parquet(&output, &Cancel::new()).unwrap(), csv)
        };
        Self {
            table,
            profile,
            hierarchies,
            plan,
            parquet,
            csv,
        }
    }

    fn verify(&self, format: OutputFormat, bytes: Vec<u8>) -> Result<Release, crate::Error> {
        let dataset = self.profile.dataset("t").unwrap();
        let work = Work::new(&self.table, dataset, &self.hierarchies, None).unwrap();
        work.verify(&self.plan, &key(), format, bytes, &mut |_| {})
    }

    /// The rows of the CSV file, as cells.
    fn rows(&self) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(self.csv.as_slice());
        let rows = reader
            .records()
            .map(|row| row.unwrap().iter().map(str::to_owned).collect());
        rows.collect()
    }
}

fn made() -> &'static [Made] {
    static MADE: OnceLock<Vec<Made>> = OnceLock::new();
    MADE.get_or_init(|| PRIVACY.iter().map(|privacy| Made::new(privacy)).collect())
}

const CSV: OutputFormat = OutputFormat::Csv { delimiter: b',' };

fn written(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Necessary)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn what_is_made_is_released_in_every_format_and_from_files() {
    for made in made() {
        let privacy = made.profile.dataset("t").unwrap().privacy();
        let from_parquet = made
            .verify(OutputFormat::Parquet, made.parquet.clone())
            .unwrap();
        let from_csv = made.verify(CSV, made.csv.clone()).unwrap();
        let (mut a, mut b) = (from_parquet.report().clone(), from_csv.report().clone());
        assert_eq!(a.output_bytes, made.parquet.len() as u64);
        (a.output_sha256, a.output_bytes) = (String::new(), 0);
        (b.output_sha256, b.output_bytes) = (String::new(), 0);
        assert_eq!(a, b);
        assert!(from_csv.k() >= 3);
        let local = privacy.recoding != Recoding::Global;
        assert_eq!(a.columns.iter().all(|column| column.level.is_none()), local);
        for (format, bytes) in [(OutputFormat::Parquet, &made.parquet), (CSV, &made.csv)] {
            let file = tempfile(bytes);
            let dataset = made.profile.dataset("t").unwrap();
            let work = Work::new(&made.table, dataset, &made.hierarchies, None).unwrap();
            let release = work
                .verify(&made.plan, &key(), format, file, &mut |_| {})
                .unwrap();
            assert_eq!(release.report().output_bytes, bytes.len() as u64);
        }
        assert_eq!(written(&made.rows()), made.csv);
    }
}

/// A file that has no name any more.
fn tempfile(bytes: &[u8]) -> std::fs::File {
    use std::io::Write as _;
    let path = std::env::temp_dir().join(format!(
        "sandyq-verify-{}-{:?}-{}",
        std::process::id(),
        std::thread::current().id(),
        bytes.len()
    ));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    file.write_all(bytes).unwrap();
    std::fs::remove_file(&path).unwrap();
    file
}

#[test]
fn text_that_is_no_file_of_the_release_is_refused() {
    let made = &made()[0];
    let refused = |bytes: &[u8]| made.verify(CSV, bytes.to_vec()).unwrap_err().to_string();
    assert!(refused(b"").starts_with("the release has columns"));
    assert!(refused(b"iin,age\n").starts_with("the release has columns"));
    let header = made.csv.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let with = |line: &[u8]| {
        let mut bytes = made.csv[..header].to_vec();
        bytes.extend_from_slice(line);
        bytes
    };
    assert!(refused(&with(b"")).contains("smallest equivalence class has 0 rows"));
    let cells = "row 1 of the release: it has another number of cells than the header";
    assert_eq!(refused(&with(b",\n")), cells);
    assert_eq!(refused(&with(b",,,,,,,\n")), cells);
    assert_eq!(refused(&with(b"\"a\"b,,,,,,\n")), cells);
    assert_eq!(
        refused(&with(b"\xff,,,,,,\n")),
        "row 1 of the release: it is not UTF-8"
    );
    assert!(refused(&with(b",\"never closed\n")).contains("another number of cells"));
    let mut rows = made.rows();
    rows[1..].reverse();
    assert!(
        refused(&written(&rows))
            .ends_with("is out of order: the order of the input may show through")
    );
    let truncated = &made.csv[..made.csv.len() - made.csv.len() / 3];
    assert!(made.verify(CSV, truncated.to_vec()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Any other value in any one cell, whether or not it is right elsewhere in the column or the row can stand in another class.
    #[test]
    fn a_spoilt_cell_is_refused(
        privacy in 0..PRIVACY.len(),
        row in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        column in 0_usize..7,
        text in prop_oneof![
            1 => prop::sample::select(vec!["", "*", "20", "20-24", "30-39", "South", "KZ", "Almaty", "105", "160.5", "NaN"]).prop_map(str::to_owned),
            1 => "[a-z0-9*\"\n,-]{0,9}",
        ],
        copied in any::<bool>(),
        sorted in any::<bool>(),
    ) {
        let made = &made()[privacy];
        let mut rows = made.rows();
        let row = 1 + row.index(rows.len() - 1);
        let text = if copied { rows[1 + from.index(rows.len() - 1)][column].clone() } else { text };
        let same_number = text.parse::<f64>().ok().zip(rows[row][column].parse::<f64>().ok()).is_some_and(|(a, b)| a == b);
        prop_assume!(text != rows[row][column] && !(same_number && (column == 3 || column == 5)));
        rows[row][column].clone_from(&text);
        if sorted {
            let number = |row: &Vec<String>, column: usize| row[column].parse::<f64>().ok();
            rows[1..].sort_by(|a, b| {
                let order = |column: usize| match column {
                    3 | 5 => number(a, column).partial_cmp(&number(b, column)).unwrap_or(std::cmp::Ordering::Equal),
                    _ => a[column].cmp(&b[column]),
                };
                (0..7).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        prop_assert!(made.verify(CSV, written(&rows)).is_err());
        // The same in Parquet, where the type of the column allows it.
        if column != 3 && column != 5 {
            let place = ["iin", "age", "city", "height", "job", "income", "note"][column];
            let row = row - 1;
            let value = (!text.is_empty()).then_some(text.as_str());
            let bytes = spoilt(&made.parquet, |frame| {
                set_cell(frame, place, row, value);
            });
            prop_assert!(bytes == made.parquet || made.verify(OutputFormat::Parquet, bytes).is_err());
        }
    }

    /// Two cells of a column that change places, which no count of the column shows.
    #[test]
    fn swapped_cells_are_refused(privacy in 0..PRIVACY.len(), a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(), column in 0_usize..7) {
        let made = &made()[privacy];
        let mut frame = parquet::decode(&made.parquet).unwrap();
        let (a, b) = (a.index(frame.height()) as u32, b.index(frame.height()) as u32);
        let places: Vec<u32> = (0..frame.height() as u32).map(|row| if row == a { b } else if row == b { a } else { row }).collect();
        let places = IdxCa::from_vec("".into(), places);
        let swapped = frame.columns()[column].take(&places).unwrap();
        frame.replace(["iin", "age", "city", "height", "job", "income", "note"][column], swapped).unwrap();
        let pseudonyms = crate::pseudonym_columns(&made.parquet).unwrap();
        let bytes = parquet::encode(&mut parquet::sort_by_content(frame).unwrap(), &pseudonyms).unwrap();
        prop_assert!(bytes == made.parquet || made.verify(OutputFormat::Parquet, bytes).is_err());
    }
}

/// Classes may only be claimed for rows that they stand for.
#[test]
fn a_row_is_not_put_into_a_class_that_it_is_not_under() {
    let made = &made()[2];
    let dataset = made.profile.dataset("t").unwrap();
    let verification = |assignment: Option<Assignment<'_>>| {
        Verification::new(&made.table, dataset, &made.hierarchies, &made.plan, &key())
            .assignment(assignment)
            .of(made.parquet.clone())
            .unwrap_err()
    };
    let unexplained = verification(None).to_string();
    assert!(
        unexplained.contains("only by local recoding"),
        "{unexplained}"
    );
    let of_row = crate::table::Codes::U8(vec![0; made.table.rows()]);
    let shown = |text| Shown {
        texts: vec![Some(text)],
        places: vec![0],
    };
    let row = |age, city| [shown(age), shown(city)];
    let refused = |shown: [Shown<'_>; 2]| {
        verification(Some(Assignment {
            shown: &shown,
            number: 1,
            of_row: &of_row,
            classes: &[1],
        }))
    };
    let not_under = refused(row("20-29", "KZ"));
    assert!(
        matches!(not_under, VerifyError::NotCovered { row: 1.. }),
        "{not_under}"
    );
    let unknown = refused(row("20-99", "KZ"));
    assert!(
        unknown
            .to_string()
            .contains("\"age\" that is not permitted"),
        "{unknown}"
    );
    let others = refused(row("*", "KZ"));
    // The microaggregates of one class of all rows are others, too.
    assert!(matches!(others, VerifyError::WrongValue { .. }), "{others}");
}

#[test]
fn hierarchies_are_those_of_the_plan() {
    let made = &made()[0];
    let mut hierarchies = made.hierarchies.clone();
    let coarser = AGES.replace("20-24", "20-29").replace("25-29", "20-29");
    hierarchies.insert(
        "age".to_owned(),
        Hierarchy::parse("age", coarser.as_bytes()).unwrap(),
    );
    let dataset = made.profile.dataset("t").unwrap();
    let refused = Verification::new(&made.table, dataset, &hierarchies, &made.plan, &key())
        .of(made.parquet.clone())
        .unwrap_err();
    assert!(
        refused.to_string().contains("it is of other hierarchies"),
        "{refused}"
    );
}
