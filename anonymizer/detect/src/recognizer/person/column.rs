//! Names below the head of a column: `ФИО;Должность;Оклад`, `| Тегі | Аты |`.

use super::before::Label;
use super::element::Element;
use super::field;
use super::judged::Words;
use crate::recognizer::table::Parting;

/// A head of names has at most so many tokens.
const HEAD: usize = 7;
/// After so many rows without a name the table is at its end.
const EMPTY: usize = 3;

/// Calls `out` with each name below the head that the word at `place` stands in, if it stands in one.
pub fn column(
    words: &mut Words<'_>,
    place: usize,
    mut out: impl FnMut(&mut Words<'_>, &[Element]),
) {
    let text = words.text;
    let mut partings = Parting::ALL.into_iter();
    let found = partings.find_map(|parting| Some((parting, parting.head(text, place, HEAD)?)));
    let Some((parting, head)) = found else { return };
    let numbers = head.cells.iter().flat_map(Clone::clone);
    if numbers
        .filter_map(|at| text.token(at))
        .any(|token| token.is_number())
    {
        return;
    }
    let (mut end, mut empty) = (head.end, 0);
    while empty < EMPTY
        && let Some(row) = parting.next(text, end, end == head.end)
    {
        end = row.end;
        let cells = parting.cells(text, &row);
        let cell = cells
            .get(head.column)
            .filter(|_| cells.len() + 1 >= head.cells.len());
        let name = cell.and_then(|cell| field::read(words, cell.clone(), Label::Name));
        empty = if name.is_some() { 0 } else { empty + 1 };
        if let Some(name) = name {
            out(words, &name);
        }
    }
}
