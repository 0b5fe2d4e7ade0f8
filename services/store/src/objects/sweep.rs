//! Deleting files of objects.

use std::collections::HashSet;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use futures::StreamExt as _;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;
use time::OffsetDateTime;

use super::{ObjectError, ObjectRecord, ObjectStore, ROOT, folder};

impl ObjectStore {
    /// Deletes an object's files. Drop its key first, with [`crate::Change::drop_object`]: that is what makes it
    /// unreadable.
    ///
    /// # Errors
    /// [`ObjectError::Storage`].
    pub async fn remove(&self, record: &ObjectRecord) -> Result<(), ObjectError> {
        for path in self.files(&folder(&record.id)).await? {
            self.delete(&path).await?;
        }
        Ok(())
    }

    /// Deletes files that belong to none of the objects in `owned` (by id), are not being written, and were written
    /// before the given time, which must lie far enough back for every change that might own them to be committed;
    /// also what a server that was killed left of segments half written. Returns the number of files.
    ///
    /// # Errors
    /// [`ObjectError::Storage`].
    pub async fn sweep(
        &self,
        owned: &HashSet<String>,
        before: OffsetDateTime,
    ) -> Result<usize, ObjectError> {
        let mut listed = self.shared.backend.list(Some(&Path::from(ROOT)));
        let mut doomed = Vec::new();
        while let Some(meta) = listed.next().await {
            let meta = meta?;
            let id = meta
                .location
                .parts()
                .nth(2)
                .map(|part| part.as_ref().to_owned());
            let kept = id.is_some_and(|id| owned.contains(&id) || self.is_leased(&id));
            if !kept && meta.last_modified.timestamp() < before.unix_timestamp() {
                doomed.push(meta.location);
            }
        }
        for path in &doomed {
            self.delete(path).await?;
        }
        Ok(doomed.len() + self.sweep_staged(before).await)
    }

    async fn delete(&self, path: &Path) -> Result<(), ObjectError> {
        match self.shared.backend.delete(path).await {
            // Another has deleted it in the meantime.
            Err(object_store::Error::NotFound { .. }) => Ok(()),
            other => Ok(other?),
        }
    }

    fn is_leased(&self, id: &str) -> bool {
        self.shared.leases.lock().is_ok_and(|leases| {
            leases
                .get(id)
                .is_some_and(|lease| Arc::strong_count(lease) > 1)
        })
    }

    /// The local storage writes a segment beside its place, as `name#number`, and does not list such files.
    async fn sweep_staged(&self, before: OffsetDateTime) -> usize {
        let Some(root) = self.shared.root.clone() else {
            return 0;
        };
        let swept = tokio::task::spawn_blocking(move || {
            let staged = staged(&root.join(ROOT), before.into());
            staged
                .into_iter()
                .filter(|path| std::fs::remove_file(path).is_ok())
                .count()
        });
        swept.await.unwrap_or(0)
    }
}

fn staged(folder: &FilePath, before: SystemTime) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let old = entry
            .metadata()
            .and_then(|meta| meta.modified())
            .is_ok_and(|time| time < before);
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(staged(&entry.path(), before)),
            Ok(_) if old && entry.file_name().to_string_lossy().contains('#') => {
                found.push(entry.path())
            }
            _ => {}
        }
    }
    found
}
