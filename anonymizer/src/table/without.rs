//! A dataset without the rows of some subjects, before anything else is done with it.

use polars::prelude::*;

use super::{Coded, Codes, Schema, Table};
use crate::intake::IntakeError;

impl Table {
    /// The table without the rows that have, in any of these columns, a value which is to be left out, and how many rows those are.
    /// Each different value is asked about once. What only the rows left out had is nowhere in the rest. A column that the table does not
    /// have is passed over.
    ///
    /// # Errors
    /// None in practice: values that were read can be taken apart.
    pub fn without(
        self,
        columns: &[&str],
        mut left_out: impl FnMut(&str) -> bool,
    ) -> Result<(Self, u64), IntakeError> {
        let mut kept = vec![true; self.rows()];
        for column in columns.iter().filter_map(|name| self.column(name)) {
            let texts = column.dictionary.texts();
            let out: Vec<bool> = texts.map(|text| text.is_some_and(&mut left_out)).collect();
            if !out.contains(&true) {
                continue;
            }
            for (kept, code) in kept.iter_mut().zip(column.codes.iter()) {
                *kept &= out.get(code as usize) != Some(&true);
            }
        }
        let gone = kept.iter().filter(|kept| !**kept).count() as u64;
        if gone == 0 {
            return Ok((self, 0));
        }
        let rest: PolarsResult<Vec<Coded>> = self
            .columns
            .iter()
            .map(|column| cut(column, &kept))
            .collect();
        let columns = rest?;
        let schema = Schema {
            rows: self.schema.rows - gone,
            columns: columns.iter().map(Coded::schema).collect(),
        };
        let rest = Self {
            columns,
            schema,
            ..self
        };
        Ok((rest, gone))
    }
}

fn cut(column: &Coded, kept: &[bool]) -> PolarsResult<Coded> {
    let bound = column.dictionary.len();
    let mut used = vec![false; bound];
    let mut codes = Codes::default();
    let rows = column.codes.iter().zip(kept).filter(|(_, kept)| **kept);
    codes.extend(
        bound,
        rows.map(|(code, _)| code).inspect(|code| {
            if let Some(used) = used.get_mut(*code as usize) {
                *used = true;
            }
        }),
    );
    let (dictionary, map) = column.dictionary.only(&used)?;
    Ok(Coded::new(
        &column.name,
        column.kind,
        codes,
        &map,
        dictionary,
    ))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        reason = "tests fail by panicking"
    )]

    use crate::intake::{Format, Limits, read};
    use crate::table::Table;

    fn table(text: &str, format: &Format) -> Table {
        read("t", text.as_bytes(), format, &Limits::default()).unwrap()
    }

    fn rows(table: &Table) -> Vec<Vec<Option<String>>> {
        let row = |row| {
            let cells = table.columns().iter().map(|column| column.text(row));
            cells.map(|cell| cell.map(str::to_owned)).collect()
        };
        (0..table.rows()).map(row).collect()
    }

    const CSV: Format = Format::Csv {
        delimiter: Some(b','),
        encoding: crate::intake::Encoding::Utf8,
    };

    #[test]
    fn rows_and_all_that_only_they_had_are_gone() {
        let text = "id,second,town\n1,,Astana\n2,3,Semey\n3,,Oral\n,,Astana\n2,,Astana\n";
        let (rest, gone) = table(text, &CSV)
            .without(&["id", "second", "absent"], |value| {
                value == "2" || value == "x"
            })
            .unwrap();
        assert_eq!((gone, rest.rows()), (2, 3));
        let expected = table("id,second,town\n1,,Astana\n3,,Oral\n,,Astana\n", &CSV);
        assert_eq!(rows(&rest), rows(&expected));
        assert_eq!(rest.schema(), expected.schema());
        let towns: Vec<&str> = rest.values("town").unwrap().collect();
        assert_eq!(towns, ["Astana", "Oral"], "nothing of Semey is left");
        assert_eq!(rest.values("second").unwrap().count(), 0);
        assert_eq!(rest.delimiter(), Some(b','));
    }

    #[test]
    fn a_value_in_any_of_the_columns_counts() {
        let text = "id,second\n1,2\n2,1\n3,3\n";
        let (rest, gone) = table(text, &CSV)
            .without(&["id", "second"], |value| value == "2")
            .unwrap();
        assert_eq!(
            (gone, rows(&rest)),
            (2, rows(&table("id,second\n3,3\n", &CSV)))
        );
    }

    #[test]
    fn typed_values_stay_typed() {
        let text = "{\"id\":12,\"born\":1.5}\n{\"id\":7,\"born\":2.5}\n{\"id\":12}\n";
        let (rest, gone) = table(text, &Format::Ndjson)
            .without(&["id"], |value| value == "12")
            .unwrap();
        assert_eq!(gone, 2);
        let expected = table("{\"id\":7,\"born\":2.5}\n", &Format::Ndjson);
        assert_eq!(rows(&rest), rows(&expected));
        assert_eq!(rest.schema(), expected.schema());
        let series = rest.columns()[1].dictionary.series("born");
        assert_eq!(series, expected.columns()[1].dictionary.series("born"));
    }

    #[test]
    fn nothing_to_leave_out_changes_nothing() {
        let (rest, gone) = table("id\n1\n2\n", &CSV)
            .without(&["id"], |_| false)
            .unwrap();
        assert_eq!((gone, rest.rows()), (0, 2));
        let (rest, gone) = table("id\n1\n2\n", &CSV)
            .without(&["id"], |_| true)
            .unwrap();
        assert_eq!((gone, rest.rows()), (2, 0));
    }
}
