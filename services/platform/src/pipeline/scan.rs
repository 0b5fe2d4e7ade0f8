//! Which subjects the raw data of a version names: the one other thing, beside releases, that is made of raw data.

use std::collections::BTreeSet;

use sandyq_anonymizer::classify::SemanticType;
use sandyq_anonymizer::{Limits, intake};

use super::{heavy, raw};
use crate::error::{Class, Error, Result, chain};
use crate::platform::Platform;
use crate::records::library::{Dataset, Version};
use crate::subjects::key::{SubjectHash, SubjectKey};

/// Columns with personal numbers, as intake found them and as the owner declares them: data set and column.
pub type Columns = BTreeSet<(String, String)>;

/// The columns of a data set that intake found to hold personal numbers.
pub fn found(dataset: &Dataset) -> impl Iterator<Item = &str> {
    let found = dataset.classification.iter();
    let columns = found.flat_map(|found| &found.columns);
    columns
        .filter(|column| column.semantic == SemanticType::Iin)
        .map(|column| column.name.as_str())
}

/// The columns of a version that intake found to hold personal numbers.
pub fn columns(version: &Version) -> Columns {
    let of = |dataset: &Dataset| -> Vec<(String, String)> {
        found(dataset)
            .map(|column| (dataset.id.clone(), column.to_owned()))
            .collect()
    };
    version.datasets.iter().flat_map(of).collect()
}

/// The subjects in these columns, in ascending order, each once.
///
/// # Errors
/// A data set cannot be read.
pub async fn subjects(
    platform: &Platform,
    version: &Version,
    columns: &Columns,
    key: &SubjectKey,
) -> Result<Vec<SubjectHash>> {
    let mut all = Vec::new();
    for dataset in &version.datasets {
        let of = columns.iter().filter(|(of, _)| *of == dataset.id);
        let names: Vec<String> = of.map(|(_, column)| column.clone()).collect();
        if names.is_empty() {
            continue;
        }
        let source = raw(platform, dataset).await?;
        let (id, format, key) = (dataset.id.clone(), dataset.format.clone(), key.clone());
        let read = move || {
            let table = intake::read(&id, source, &format, &Limits::default())
                .map_err(|error| format!("data set {id}: {}", chain(&error)))?;
            let values = names.iter().filter_map(|name| table.values(name)).flatten();
            Ok::<Vec<_>, String>(values.filter_map(|cell| key.cell(cell)).collect())
        };
        let found = heavy(read).await?;
        let refused = |message| Error::new(Class::Precondition, "DATA_SET_UNREADABLE", message);
        all.extend(found.map_err(refused)?);
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
