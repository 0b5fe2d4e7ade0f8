//! From raw bytes to a release: background work that a restart finds again and goes on with.

pub mod intake;
mod library;
pub mod runs;
pub mod scan;
mod trial;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use sandyq_store::objects::BlockingReader;
use sandyq_store::{Filter, Page};
use tokio::runtime::Handle;

use crate::error::{Error, Result};
use crate::objects;
use crate::platform::Platform;
use crate::records::library::{Dataset, Run, RunState, Upload, Version, VersionState};

/// Versions or runs that can be in the middle of something.
const MOST: u32 = 10_000;

/// Goes on with what an earlier process began.
///
/// # Errors
/// The store's.
pub async fn resume(platform: &Arc<Platform>) -> Result<()> {
    let states = [VersionState::Quarantined.as_str()];
    let filter = Filter {
        states: &states,
        ..Filter::default()
    };
    for version in platform
        .store
        .list::<Version>(&filter, Page::first(MOST))
        .await?
    {
        intake::start(platform, version.record.name);
    }
    let states = [RunState::Running.as_str()];
    let filter = Filter {
        states: &states,
        ..Filter::default()
    };
    for run in platform
        .store
        .list::<Run>(&filter, Page::first(MOST))
        .await?
    {
        runs::start(platform, run.record.name);
    }
    Ok(())
}

/// Opens the raw bytes of a data set: only intake, depersonalization and the search for subjects do this.
async fn raw(platform: &Platform, dataset: &Dataset) -> Result<BlockingReader> {
    let upload = platform.record::<Upload>(&dataset.upload).await?;
    let place = upload
        .record
        .place
        .ok_or_else(|| Error::not_found(&dataset.upload))?;
    let record = objects::stored(platform, &place).await?;
    Ok(platform
        .objects
        .reader(&record)?
        .blocking(Handle::current()))
}

/// Runs work that occupies a processor. A panic in it, which hostile input might cause in a library, is an error here.
async fn heavy<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let outcome =
        tokio::task::spawn_blocking(|| std::panic::catch_unwind(AssertUnwindSafe(work))).await;
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(_)) => Err(Error::internal(
            "read the data set",
            std::io::Error::other(
                "the reader gave up on the file; it is not a well-formed data set",
            ),
        )),
        Err(error) => Err(Error::internal("read the data set", error)),
    }
}
