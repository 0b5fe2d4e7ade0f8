//! Server-streamed watches: a record at each change, beginning with the present one.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, BoxStream, StreamExt};
use sandyq_store::{Record, Stored};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::call::Call;
use crate::error::{Error, Result};
use crate::governed::Governed;

/// A stream of answers.
pub type Answers<T> = BoxStream<'static, Result<T, Status>>;

/// Messages that wait for a slow client; then the watch waits too, and skips to the newest state.
const WAITING: usize = 4;

/// What is shown of some records also changes without being written; it is looked at this often.
const PULSE: Duration = Duration::from_secs(1);

/// How a record is watched.
pub struct Watched<R> {
    /// Nothing more will happen to it.
    pub ended: fn(&R) -> bool,
    /// What is shown of it may change without its being written.
    pub pulsing: fn(&R) -> bool,
}

/// Watches a record until `ended` says so, the caller goes away or the server shuts down.
pub fn watch<R, T>(
    call: Call,
    first: Stored<R>,
    convert: impl Fn(&Stored<R>) -> T + Send + Sync + 'static,
    ended: fn(&R) -> bool,
) -> Answers<T>
where
    R: Record + Governed,
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let pulsing = |_: &R| false;
    watch_pulsing(call, first, convert, Watched { ended, pulsing })
}

/// As [`watch`]; while the record is pulsing, also what changes without its being written is sent.
pub fn watch_pulsing<R, T>(
    mut call: Call,
    first: Stored<R>,
    convert: impl Fn(&Stored<R>) -> T + Send + Sync + 'static,
    watched: Watched<R>,
) -> Answers<T>
where
    R: Record + Governed,
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let (sender, receiver) = mpsc::channel(WAITING);
    let dismissed = call.dismissed();
    let platform = Arc::clone(&call.platform);
    let mut changes = platform.changes();
    let tracker = platform.tasks.clone();
    tracker.spawn(async move {
        let name = first.name().to_owned();
        let mut sent = 0;
        let outcome: Result<()> = async {
            // Between the first reading and the subscription something may have happened, so it is read again.
            loop {
                let now = call.fetch::<R>(&name).await?;
                let mut shown = convert(&now);
                if now.revision != sent {
                    call.authorize_again(now.resource()).await?;
                    sent = now.revision;
                    if sender.send(Ok(shown.clone())).await.is_err() || (watched.ended)(&now) {
                        return Ok(());
                    }
                }
                loop {
                    tokio::select! {
                        () = sender.closed() => return Ok(()),
                        () = platform.shutdown.cancelled() => return Err(shutting_down()),
                        () = tokio::time::sleep(PULSE), if (watched.pulsing)(&now) => {
                            let again = convert(&now);
                            if again != shown {
                                shown = again;
                                if sender.send(Ok(shown.clone())).await.is_err() {
                                    return Ok(());
                                }
                            }
                        }
                        change = changes.recv() => match change {
                            Ok(changed) if *changed == *name => break,
                            Ok(_) => {}
                            Err(RecvError::Lagged(_)) => break,
                            Err(RecvError::Closed) => return Ok(()),
                        },
                    }
                }
            }
        }
        .await;
        if let Err(error) = outcome {
            // The client may be gone already.
            let _ = sender.send(Err(error.into())).await;
        }
    });
    until(dismissed, ReceiverStream::new(receiver).boxed())
}

/// Ends a stream with an error as soon as there is one.
pub fn until<T: Send + 'static>(
    error: impl Future<Output = Error> + Send + 'static,
    answers: Answers<T>,
) -> Answers<T> {
    let error = Box::pin(error);
    stream::unfold(Some((answers, error)), |state| async move {
        let (mut answers, mut error) = state?;
        tokio::select! {
            biased;
            error = &mut error => Some((Err(error.into()), None)),
            item = answers.next() => item.map(|item| (item, Some((answers, error)))),
        }
    })
    .boxed()
}

/// What long calls are told when the server stops.
pub fn shutting_down() -> crate::error::Error {
    crate::error::Error::new(
        crate::error::Class::Unavailable,
        "SHUTTING_DOWN",
        "the server is shutting down; connect again",
    )
}
