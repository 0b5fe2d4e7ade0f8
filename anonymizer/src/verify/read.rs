//! Reading a release part by part, on all cores, with memory for a few parts.

mod csv;
mod parquet;

use std::sync::Mutex;

use super::account::{Account, At, Counted, Fault, What, row_number};
use super::column::Column;
use super::seal::Seen;
use super::{OutputFormat, VerifyError, Written};

/// Something that hands out the parts of a file in their order.
trait Parts: Sync {
    type Part: Send;

    /// The next part and its place; `None` after the last.
    fn next(&self) -> Result<Option<(usize, Self::Part)>, Fault>;

    /// Counts the rows of a part.
    fn count(&self, part: Self::Part, place: usize, account: &mut Account<'_>)
    -> Result<(), Fault>;
}

/// Counts all rows of a release, of which about so many `classes` are expected. Where the file has a seal, what is counted is what was
/// written.
///
/// # Errors
/// What is wrong with the file; [`VerifyError::Changed`] if it is another than was sealed.
pub(super) fn count(
    output: &impl Written,
    format: OutputFormat,
    columns: &[Column<'_>],
    starred: bool,
    classes: usize,
) -> Result<Counted, VerifyError> {
    let seen = Seen::default();
    let counted = match format {
        OutputFormat::Parquet => {
            let groups = parquet::Groups::new(output, columns)?;
            let (counted, read) = rayon::join(
                || count_parts(&groups, columns, starred, classes),
                || match output.seal() {
                    Some(_) => seen.read(output.reader()?),
                    None => Ok(()),
                },
            );
            let counted = counted?;
            read?;
            counted
        }
        OutputFormat::Csv { delimiter } => {
            let seen = output.seal().map(|_| &seen);
            let blocks = csv::Blocks::new(output.reader()?, delimiter, columns, seen)?;
            count_parts(&blocks, columns, starred, classes)?
        }
    };
    match output.seal() {
        Some(seal) if !seal.is_of(seen) => Err(VerifyError::Changed),
        _ => Ok(counted),
    }
}

fn count_parts<P: Parts>(
    parts: &P,
    columns: &[Column<'_>],
    starred: bool,
    classes: usize,
) -> Result<Counted, VerifyError> {
    let done: Mutex<(Vec<Account<'_>>, Vec<Fault>)> = Mutex::default();
    rayon::scope(|scope| {
        for _ in 0..rayon::current_num_threads() {
            scope.spawn(|_| {
                let mut account = Account::new(columns, starred, classes);
                let fault = work(parts, &mut account).err();
                if let Ok(mut done) = done.lock() {
                    done.0.push(account);
                    done.1.extend(fault);
                }
            });
        }
    });
    let (accounts, faults) = done.into_inner().unwrap_or_default();
    let rows: Vec<(usize, u64)> = accounts
        .iter()
        .flat_map(|account| account.parts.iter().map(|part| (part.part, part.rows)))
        .collect();
    // Whoever met a fault has read every part handed to it before, and so have the others.
    match faults.into_iter().min_by_key(|fault| fault.at) {
        Some(fault) => Err(told(fault, &rows, columns)),
        None => Account::join(accounts).map_err(|fault| told(fault, &rows, columns)),
    }
}

fn work<P: Parts>(parts: &P, account: &mut Account<'_>) -> Result<(), Fault> {
    while let Some((place, part)) = parts.next()? {
        account.begin(place);
        parts.count(part, place, account)?;
        account.end();
    }
    Ok(())
}

fn told(fault: Fault, rows: &[(usize, u64)], columns: &[Column<'_>]) -> VerifyError {
    let row = row_number(rows, fault.at);
    match fault.what {
        What::Value(place) => {
            let column = columns.get(place);
            VerifyError::WrongValue {
                row,
                column: column
                    .map(|column| column.name.to_owned())
                    .unwrap_or_default(),
                what: column.map_or("", Column::refusal),
            }
        }
        What::Order => VerifyError::WrongOrder { row },
        What::Cells => VerifyError::WrongRow {
            row,
            what: "it has another number of cells than the header",
        },
        What::Encoding => VerifyError::WrongRow {
            row,
            what: "it is not UTF-8",
        },
        What::Unreadable(error) => *error,
    }
}

fn unreadable(part: usize, error: impl Into<VerifyError>) -> Fault {
    Fault {
        at: At { part, row: 0 },
        what: What::Unreadable(Box::new(error.into())),
    }
}
