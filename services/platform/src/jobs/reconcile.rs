//! Brings together, again and again, what the records say and what is there: jobs that nobody drives, jobs whose right
//! to run has ended, and what no job owns any more. It takes no hints and remembers only since when it has seen an orphan.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sandyq_sandbox::{Engine, JobId};

use super::{destruction, driver, end_remains, occupying, remove_volume, schedule, staging, stop};
use crate::error::Result;
use crate::platform::Platform;

/// Pause between two looks at the jobs: what nobody was told of ends within twice as long.
const JOBS_PERIOD: Duration = Duration::from_secs(2);

/// Pause between two looks for orphans.
const PERIOD: Duration = Duration::from_secs(5);

/// For the engine to tell which containers there are.
const LISTING: Duration = Duration::from_secs(20);

/// Destroyed sandboxes are looked through once in so many looks.
const CERTIFY_EVERY: u32 = 12;

/// Something on this machine that no job owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Orphan {
    Container(JobId),
    /// The folder of a volume, by its name.
    Folder(String),
}

/// Orphans, each with the time at which it was first seen.
#[derive(Debug, Default)]
struct Orphans(BTreeMap<Orphan, Instant>);

impl Orphans {
    /// Takes note of what is there now; returns what has been an orphan for as long as the grace.
    fn due(&mut self, present: BTreeSet<Orphan>, now: Instant, grace: Duration) -> Vec<Orphan> {
        self.0.retain(|orphan, _| present.contains(orphan));
        for orphan in present {
            self.0.entry(orphan).or_insert(now);
        }
        let due = |(orphan, since): (&Orphan, &Instant)| {
            (now.duration_since(*since) >= grace).then(|| orphan.clone())
        };
        self.0.iter().filter_map(due).collect()
    }
}

/// Runs until the server shuts down. An engine that does not say what there is keeps nobody from looking at the jobs.
pub async fn run(platform: Arc<Platform>) {
    tokio::select! {
        () = platform.shutdown.cancelled() => {}
        () = keep_all_true(&platform) => {}
        () = sweep_all(&platform) => {}
    }
}

/// Looks at the jobs, again and again. What fails is logged, and tried again at the next look.
async fn keep_all_true(platform: &Arc<Platform>) {
    loop {
        if let Err(error) = keep_true(platform).await {
            tracing::error!("jobs were not looked through: {}", error.chain());
        }
        tokio::time::sleep(JOBS_PERIOD).await;
    }
}

/// Looks for orphans in the same way, and from time to time at what was destroyed.
async fn sweep_all(platform: &Arc<Platform>) {
    let mut orphans = Orphans::default();
    let mut looks = 0_u32;
    let grace = Duration::from_secs(platform.config.raw.jobs.orphan_grace_seconds);
    loop {
        if let Err(error) = sweep(platform, &mut orphans, grace).await {
            tracing::error!("orphans were not looked for: {}", error.chain());
        }
        if looks.is_multiple_of(CERTIFY_EVERY)
            && let Err(error) = destruction::certify_all(platform).await
        {
            tracing::error!("destroyed sandboxes were not certified: {}", error.chain());
        }
        looks = looks.wrapping_add(1);
        tokio::time::sleep(PERIOD.min(grace)).await;
    }
}

/// Every job that has taken a place is driven, and stopped when its right to run has ended.
async fn keep_true(platform: &Arc<Platform>) -> Result<()> {
    for job in occupying(platform, None).await? {
        if job.stop.is_none() && !schedule::still_covered(platform, &job).await? {
            stop::revoke(platform, &job, stop::NOT_COVERED).await?;
        }
        driver::start(platform, job.record.name);
    }
    Ok(())
}

async fn sweep(platform: &Arc<Platform>, orphans: &mut Orphans, grace: Duration) -> Result<()> {
    // Before the records are read: a job is admitted in its record before anything of it is made.
    let containers = containers(platform).await;
    let folders = folders(platform);
    let owned: BTreeSet<String> = occupying(platform, None)
        .await?
        .into_iter()
        .map(|job| job.record.id)
        .collect();
    let mut present = BTreeSet::new();
    for (job, runs) in containers.into_iter().flatten() {
        if owned.contains(job.as_str()) {
            continue;
        }
        if runs {
            // What runs for nobody is not let run for as long as the grace.
            tracing::warn!(job = job.as_str(), "a container that no job owns is killed");
            platform.engine.get().await?.kill(&job).await?;
        }
        present.insert(Orphan::Container(job));
    }
    let folders = folders.into_iter().filter(|name| !owned.contains(name));
    present.extend(folders.map(Orphan::Folder));
    for orphan in orphans.due(present, Instant::now(), grace) {
        tracing::warn!("{orphan:?} belongs to no job and is removed");
        if let Err(error) = remove(platform, orphan).await {
            tracing::error!("it was not removed: {}", error.chain());
        }
    }
    wipe_staged(platform).await
}

async fn remove(platform: &Arc<Platform>, orphan: Orphan) -> Result<()> {
    match orphan {
        Orphan::Container(job) => Ok(platform.engine.get().await?.remove(&job).await?),
        Orphan::Folder(name) => {
            let folder = platform.config.work.join("jobs").join(name);
            end_remains(&folder).await;
            remove_volume(folder).await
        }
    }
}

/// The jobs of all containers of this platform, and whether each runs; nothing while the engine is away.
async fn containers(platform: &Platform) -> Option<Vec<(JobId, bool)>> {
    let listing = async {
        let engine: Arc<dyn Engine> = platform.engine.get().await?;
        engine.list().await
    };
    let listed = match tokio::time::timeout(LISTING, listing).await {
        Ok(Ok(listed)) => listed,
        Ok(Err(error)) => {
            tracing::warn!("{error}");
            return None;
        }
        Err(_) => {
            tracing::warn!("the engine does not say which containers there are");
            return None;
        }
    };
    let seen = |found: sandyq_sandbox::engine::Listed| (found.job, found.runs);
    Some(listed.into_iter().map(seen).collect())
}

fn folders(platform: &Platform) -> Vec<String> {
    let Ok(folders) = std::fs::read_dir(platform.config.work.join("jobs")) else {
        return Vec::new();
    };
    let name = |folder: std::fs::DirEntry| folder.file_name().to_string_lossy().into_owned();
    folders.flatten().map(name).collect()
}

/// Wipes the inputs of sandboxes in which no job runs any more: the process may have ended before it could.
async fn wipe_staged(platform: &Arc<Platform>) -> Result<()> {
    let Ok(folders) = std::fs::read_dir(platform.config.work.join("staging")) else {
        return Ok(());
    };
    for folder in folders.flatten() {
        let sandbox = format!("sandboxes/{}", folder.file_name().to_string_lossy());
        staging::wipe_unused(platform, &sandbox).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphan_has_a_grace_from_when_it_was_first_seen() {
        let grace = Duration::from_secs(10);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let one = || BTreeSet::from([Orphan::Folder("j1".to_owned())]);
        let mut orphans = Orphans::default();
        assert!(orphans.due(one(), at(0), grace).is_empty());
        assert!(orphans.due(one(), at(9), grace).is_empty());
        assert_eq!(orphans.due(one(), at(10), grace).len(), 1);
        // One that got an owner, or went, begins anew.
        assert!(orphans.due(BTreeSet::new(), at(11), grace).is_empty());
        assert!(orphans.due(one(), at(12), grace).is_empty());
    }
}
