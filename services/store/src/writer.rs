//! The one writer. It takes all changes that wait, carries each out in a savepoint of its own within one
//! transaction, and commits once, so that many changes share one fsync.

use std::sync::Arc;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use crate::change::{Change, Committed};
use crate::error::StoreError;
use crate::log::{self, HeadRow, Log};
use crate::resident::{LOOKS, Resident};
use crate::sql::{Connection, Pools};
use crate::step;
use crate::store::Head;

/// The most changes that share a transaction.
const BATCH: usize = 256;

/// A change that waits, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Job {
    pub change: Change,
    pub now: OffsetDateTime,
    pub reply: oneshot::Sender<Result<Committed, StoreError>>,
}

#[derive(Debug)]
pub(crate) struct Writer {
    pools: Pools,
    head: watch::Sender<Head>,
    resident: Arc<Resident>,
    /// The log as this process last left it; another process may have appended since.
    log: Option<Log>,
}

/// What the last transaction says about the next.
#[derive(Debug, Default)]
struct Pace {
    /// Changes that were answered just now or are waiting already: so many are likely to come.
    under_way: usize,
    /// How long the transaction took.
    took: Duration,
}

impl Pace {
    /// Waits for those who were just answered to come again, for a small part of what a transaction takes: otherwise
    /// the writers may fall into two groups that take turns, each commit serving half of them.
    async fn gather(&self, queue: &mut mpsc::Receiver<Job>, jobs: &mut Vec<Job>) {
        let begin = Instant::now();
        while jobs.len() < self.under_way.min(BATCH) && begin.elapsed() < self.took / 4 {
            match queue.try_recv() {
                Ok(job) => jobs.push(job),
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }
}

type Answers = Vec<Result<Committed, StoreError>>;

impl Writer {
    pub fn new(pools: Pools, head: watch::Sender<Head>, resident: Arc<Resident>) -> Self {
        Self {
            pools,
            head,
            resident,
            log: None,
        }
    }

    /// Works until the queue is closed and empty.
    pub async fn run(mut self, mut queue: mpsc::Receiver<Job>, closing: Arc<Notify>) {
        let mut jobs = Vec::with_capacity(BATCH);
        let mut pace = Pace::default();
        let mut looks = tokio::time::interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let count = tokio::select! {
                count = queue.recv_many(&mut jobs, BATCH) => count,
                () = closing.notified() => {
                    queue.close();
                    continue;
                }
                _ = looks.tick() => {
                    self.look().await;
                    continue;
                }
            };
            if count == 0 {
                return;
            }
            pace.gather(&mut queue, &mut jobs).await;
            let (begin, count) = (Instant::now(), jobs.len());
            self.write(&mut jobs).await;
            pace = Pace {
                under_way: count + queue.len(),
                took: begin.elapsed(),
            };
        }
    }

    /// Sees to it that what is kept in memory is what the database holds.
    async fn look(&self) {
        if let Err(error) = self.resident.look(&self.pools).await {
            tracing::warn!(%error, "records are read from the database until they can be read as a whole");
            self.resident.doubt();
        }
    }

    async fn write(&mut self, jobs: &mut Vec<Job>) {
        match self.transaction(jobs).await {
            Ok(answers) => {
                for (job, answer) in jobs.drain(..).zip(answers) {
                    // Whoever asked may have gone; the change is made all the same.
                    let _ = job.reply.send(answer);
                }
            }
            Err(error) => {
                // Nothing is known of the log any more, so it is read anew.
                self.log = None;
                self.resident.doubt();
                for job in jobs.drain(..) {
                    let _ = job.reply.send(Err(error.repeat()));
                }
            }
        }
    }

    async fn transaction(&mut self, jobs: &[Job]) -> Result<Answers, StoreError> {
        let mut connection = self.pools.writer().await?;
        let done = match log::begin(&mut connection).await {
            Ok(head) => self.carry_out(&mut connection, head, jobs).await,
            Err(error) => Err(error),
        };
        match done {
            Ok((answers, log)) => {
                let done = jobs
                    .iter()
                    .zip(&answers)
                    .filter(|(_, answer)| answer.is_ok());
                let steps =
                    done.flat_map(|(job, _)| job.change.steps.iter().map(|step| (step, job.now)));
                self.resident.apply(steps);
                self.head
                    .send_if_modified(|head| std::mem::replace(head, log.head()) != log.head());
                self.log = Some(log);
                Ok(answers)
            }
            Err(error) => {
                connection.abandon().await;
                Err(error)
            }
        }
    }

    async fn carry_out(
        &self,
        connection: &mut Connection,
        head: HeadRow,
        jobs: &[Job],
    ) -> Result<(Answers, Log), StoreError> {
        let mut log = match &self.log {
            Some(log)
                if log.head()
                    == (Head {
                        size: head.size,
                        root: head.root,
                    }) =>
            {
                log.clone()
            }
            _ => Log::load(connection, head).await?,
        };
        let mut answers = Vec::with_capacity(jobs.len());
        if let [alone] = jobs {
            let mark = log.mark();
            match alone_in(connection, &mut log, alone).await {
                Ok(committed) => answers.push(Ok(committed)),
                Err(error @ StoreError::Full(_)) => return Err(error),
                Err(error) => {
                    log.back_to(mark);
                    connection.execute("ROLLBACK", &[]).await?;
                    return Ok((vec![Err(error)], log));
                }
            }
        } else {
            for job in jobs {
                answers.push(one_of(connection, &mut log, job).await?);
            }
        }
        log.commit(connection).await?;
        Ok((answers, log))
    }
}

/// Carries out the only change of a transaction, which ends with it.
async fn alone_in(
    connection: &mut Connection,
    log: &mut Log,
    job: &Job,
) -> Result<Committed, StoreError> {
    let first_seq = log.head().size;
    for event in &job.change.events {
        log.append(event, job.now)?;
    }
    steps(connection, job).await?;
    Ok(Committed { first_seq })
}

/// Carries out one change of several. The outer error ends the whole transaction, the inner one only this change.
async fn one_of(
    connection: &mut Connection,
    log: &mut Log,
    job: &Job,
) -> Result<Result<Committed, StoreError>, StoreError> {
    let first_seq = log.head().size;
    let mark = log.mark();
    for event in &job.change.events {
        if let Err(error) = log.append(event, job.now) {
            log.back_to(mark);
            return Ok(Err(error));
        }
    }
    if job.change.steps.is_empty() {
        return Ok(Ok(Committed { first_seq }));
    }
    connection.execute("SAVEPOINT change", &[]).await?;
    let done = steps(connection, job).await;
    if let Err(error) = done {
        log.back_to(mark);
        if matches!(error, StoreError::Full(_)) || roll_back(connection).await.is_err() {
            return Err(error);
        }
        return Ok(Err(error));
    }
    connection.execute("RELEASE SAVEPOINT change", &[]).await?;
    Ok(Ok(Committed { first_seq }))
}

async fn steps(connection: &mut Connection, job: &Job) -> Result<(), StoreError> {
    for change in &job.change.steps {
        step::carry_out(connection, change, job.now).await?;
    }
    Ok(())
}

async fn roll_back(connection: &mut Connection) -> Result<(), sqlx::Error> {
    connection
        .execute("ROLLBACK TO SAVEPOINT change", &[])
        .await?;
    connection
        .execute("RELEASE SAVEPOINT change", &[])
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use sandyq_audit::Decision;
    use time::macros::datetime;

    use crate::change::{Change, Event};
    use crate::error::StoreError;
    use crate::store::Store;

    const NOW: time::OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn change(detail: usize) -> Change {
        let event = Event {
            actor: "system".to_owned(),
            organization: String::new(),
            action: "system.Test".to_owned(),
            resource: "x".repeat(detail),
            decision: Decision::System,
            reasons: vec![],
            detail: serde_json::Map::new(),
        };
        Change::new(event)
    }

    async fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("db").display());
        (folder, Store::open(&url).await.unwrap())
    }

    async fn limit_pages(store: &Store, pages: u32) {
        let mut connection = store.inner.pools.writer().await.unwrap();
        connection
            .execute(&format!("PRAGMA max_page_count = {pages}"), &[])
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_full_disk_is_named_and_the_log_goes_on_when_there_is_room() {
        let (_folder, store) = store().await;
        limit_pages(&store, 1).await;
        let mut done = 0;
        let error = loop {
            match store.commit(change(4000), NOW).await {
                Ok(committed) => done = committed.first_seq + 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StoreError::Full(_)), "{error}");
        assert_eq!(store.head().await.unwrap().size, done);
        limit_pages(&store, 1 << 20).await;
        assert_eq!(
            store.commit(change(4000), NOW).await.unwrap().first_seq,
            done
        );
        store.close().await;
    }

    #[tokio::test]
    async fn an_entry_that_is_too_long_fails_alone() {
        let (_folder, store) = store().await;
        let (long, short) = tokio::join!(
            store.commit(change(2 << 20), NOW),
            store.commit(change(1), NOW)
        );
        assert!(matches!(long, Err(StoreError::Entry(_))), "{long:?}");
        assert_eq!(short.unwrap().first_seq, 0);
        store.close().await;
    }

    #[tokio::test]
    async fn a_log_whose_nodes_were_changed_is_not_continued() {
        let (_folder, store) = store().await;
        store.commit(change(1), NOW).await.unwrap();
        let mut connection = store.inner.pools.writer().await.unwrap();
        connection
            .execute("UPDATE audit_nodes SET hash = zeroblob(32)", &[])
            .await
            .unwrap();
        connection
            .execute("UPDATE audit_head SET root = zeroblob(31) || x'01'", &[])
            .await
            .unwrap();
        drop(connection);
        let error = store.commit(change(1), NOW).await.unwrap_err();
        assert!(error.to_string().contains("audit_nodes"), "{error}");
        store.close().await;
    }
}
