//! What each version holds of whom: keyed hashes, made when the version is taken in, so that a subject is found without reading data.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};

use sandyq_store::objects::BlockingReader;
use sandyq_store::{Change, Filter, ObjectRecord, Page, Stored};
use serde_json::json;
use tokio::runtime::Handle;

use super::key::{HASH_BYTES, SubjectHash, SubjectKey};
use crate::call::system_event;
use crate::error::{Class, Error, Result};
use crate::names;
use crate::objects;
use crate::pipeline::scan;
use crate::platform::Platform;
use crate::records::library::Version;
use crate::records::subject::SubjectIndex;

/// Versions of an agency that are looked at.
const MOST: u32 = 100_000;

/// States of versions whose raw data is there and was read.
const READ: [&str; 4] = ["CLASSIFIED", "DEPERSONALIZING", "VERIFIED", "PUBLISHED"];

/// An index that is not yet kept.
pub struct Indexed {
    /// The record.
    pub index: SubjectIndex,
    /// The hashes.
    pub object: Option<ObjectRecord>,
}

impl Indexed {
    /// Keeps it with a change.
    ///
    /// # Errors
    /// The store's.
    pub fn kept(&self, change: Change) -> Result<Change> {
        let change = change.insert(&self.index)?;
        Ok(match &self.object {
            Some(object) => change.keep_object(object.clone()),
            None => change,
        })
    }
}

/// Reads the columns with personal numbers of a version.
///
/// # Errors
/// A data set cannot be read, or the hashes cannot be written.
pub async fn index(
    platform: &Platform,
    version: &Version,
    columns: &scan::Columns,
) -> Result<Indexed> {
    let key = SubjectKey::of(platform, &version.organization).await?;
    let subjects = scan::subjects(platform, version, columns, &key).await?;
    let object = if subjects.is_empty() {
        None
    } else {
        let bytes: Vec<u8> = subjects.iter().flat_map(|subject| subject.0).collect();
        let place = format!("{}/subjects/{}", version.name, names::fresh_id('o'));
        Some(objects::put(platform, &place, &bytes).await?)
    };
    Ok(Indexed {
        index: SubjectIndex {
            name: SubjectIndex::name_of(&version.name),
            version: version.name.clone(),
            organization: version.organization.clone(),
            columns: columns.iter().cloned().collect(),
            subjects: subjects.len() as u64,
            place: object.as_ref().map(|object| object.place.clone()),
        },
        object,
    })
}

/// Makes the index of a version that has none: it was taken in before there were any.
async fn ensure(platform: &Platform, version: &Version) -> Result<()> {
    let name = SubjectIndex::name_of(&version.name);
    if platform.store.get::<SubjectIndex>(&name).await?.is_some() {
        return Ok(());
    }
    let made = index(platform, version, &scan::columns(version)).await?;
    let event = indexed_event(&made.index);
    match platform.commit(made.kept(Change::new(event))?).await {
        Err(error) if error.class == Class::Exists => Ok(()),
        outcome => outcome,
    }
}

/// The entry of an index: how many subjects, and in which columns.
pub fn indexed_event(index: &SubjectIndex) -> sandyq_store::Event {
    let columns: Vec<String> = index
        .columns
        .iter()
        .map(|(dataset, column)| format!("{dataset}.{column}"))
        .collect();
    system_event(
        "SubjectsIndexed",
        &index.version,
        &index.organization,
        [
            ("columns", json!(columns)),
            ("subjects", json!(index.subjects)),
        ],
    )
}

/// Makes the index of a version anew where the owner's profile declares columns that intake did not find.
///
/// # Errors
/// As [`index`].
pub async fn widen(platform: &Platform, version: &Version, columns: &scan::Columns) -> Result<()> {
    let name = SubjectIndex::name_of(&version.name);
    let Some(mut stored) = platform.store.get::<SubjectIndex>(&name).await? else {
        return ensure(platform, version).await;
    };
    let known: BTreeSet<_> = stored.columns.iter().cloned().collect();
    if columns.is_subset(&known) {
        return Ok(());
    }
    let columns = known.union(columns).cloned().collect();
    let made = index(platform, version, &columns).await?;
    let mut change = Change::new(indexed_event(&made.index));
    if let Some(place) = &stored.place {
        change = change.drop_object(place.clone());
    }
    if let Some(object) = made.object {
        change = change.keep_object(object);
    }
    stored.record = made.index;
    platform.commit(change.update(&stored)?).await
}

/// The hashes of an index, to be read once.
async fn hashes(platform: &Platform, index: &SubjectIndex) -> Result<Option<BlockingReader>> {
    let Some(place) = &index.place else {
        return Ok(None);
    };
    let record = objects::stored(platform, place).await?;
    let reader = platform.objects.reader(&record)?;
    Ok(Some(reader.blocking(Handle::current())))
}

/// The next hash; `None` at the end.
fn next(reader: &mut impl Read) -> std::io::Result<Option<SubjectHash>> {
    let mut hash = [0; HASH_BYTES];
    match reader.read_exact(&mut hash) {
        Ok(()) => Ok(Some(SubjectHash(hash))),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

/// Work on hashes, on a thread of its own.
async fn reading<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let failed = |error| Error::internal("read which subjects a version holds", error);
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| failed(std::io::Error::other(error)))?
        .map_err(failed)
}

/// Whether an index has any of these subjects.
///
/// # Errors
/// The hashes cannot be read.
pub async fn has_any(
    platform: &Platform,
    index: &SubjectIndex,
    subjects: &BTreeSet<SubjectHash>,
) -> Result<bool> {
    if subjects.is_empty() {
        return Ok(false);
    }
    let Some(reader) = hashes(platform, index).await? else {
        return Ok(false);
    };
    let subjects = subjects.clone();
    reading(move || {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        while let Some(hash) = next(&mut reader)? {
            if subjects.contains(&hash) {
                return Ok(true);
            }
        }
        Ok(false)
    })
    .await
}

/// How many different subjects several indexes of one agency have together.
///
/// # Errors
/// The hashes cannot be read.
pub async fn together(platform: &Platform, indexes: &[&SubjectIndex]) -> Result<u64> {
    let mut readers = Vec::new();
    for index in indexes {
        if let Some(reader) = hashes(platform, index).await? {
            readers.push(BufReader::with_capacity(1 << 16, reader));
        }
    }
    reading(move || merged(readers)).await
}

/// Counts what is different in lists in ascending order.
fn merged<R: Read>(mut readers: Vec<R>) -> std::io::Result<u64> {
    let mut heads = Vec::new();
    for reader in &mut readers {
        heads.push(next(reader)?);
    }
    let mut count = 0;
    while let Some(least) = heads.iter().flatten().min().copied() {
        count += 1;
        for (head, reader) in heads.iter_mut().zip(&mut readers) {
            if *head == Some(least) {
                *head = next(reader)?;
            }
        }
    }
    Ok(count)
}

/// The versions of an agency that hold a subject, those included that were retired before, with all indexes in order.
///
/// # Errors
/// The store's, or a version cannot be read.
pub async fn holding(
    platform: &Platform,
    organization: &str,
    subject: SubjectHash,
) -> Result<Vec<Stored<Version>>> {
    let unread = Filter {
        organization: Some(organization),
        states: &READ,
        ..Filter::default()
    };
    for version in platform
        .store
        .list::<Version>(&unread, Page::first(MOST))
        .await?
    {
        ensure(platform, &version).await?;
    }
    let own = Filter {
        organization: Some(organization),
        ..Filter::default()
    };
    let (one, mut held) = (BTreeSet::from([subject]), Vec::new());
    for index in platform
        .store
        .list::<SubjectIndex>(&own, Page::first(MOST))
        .await?
    {
        if has_any(platform, &index, &one).await? {
            held.push(platform.record::<Version>(&index.version).await?);
        }
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;

    #[test]
    fn a_subject_in_several_lists_counts_once() {
        let list = |numbers: &[u8]| -> Vec<u8> {
            let hashes = numbers.iter().map(|number| [*number; HASH_BYTES]);
            hashes.flatten().collect()
        };
        let lists = [list(&[1, 2, 9]), list(&[2, 3]), list(&[]), list(&[9])];
        assert_eq!(
            merged(lists.iter().map(Vec::as_slice).collect()).unwrap(),
            4
        );
        assert_eq!(merged(Vec::<&[u8]>::new()).unwrap(), 0);
    }
}
