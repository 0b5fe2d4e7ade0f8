//! Watches over terms: reminders and what is overdue become entries of the audit log, each once.

use std::sync::Arc;
use std::time::Duration;

use sandyq_calendar::almaty_date;
use sandyq_store::{Change, Filter, Page};
use serde_json::json;
use time::OffsetDateTime;
use tokio::sync::broadcast::error::RecvError;

use crate::call::system_event;
use crate::error::Result;
use crate::platform::Platform;
use crate::records::incident::Incident;
use crate::records::subject::SubjectRequest;

/// Terms are looked at this often: they end at the end of a day, and clocks are set.
const PERIOD: Duration = Duration::from_secs(60);

/// Requests and incidents that are looked at in one pass.
const MOST: u32 = 1_000_000;

/// Runs until the server shuts down.
pub async fn run(platform: Arc<Platform>) {
    let mut changes = platform.changes();
    loop {
        if let Err(error) = pass(&platform).await {
            tracing::error!(
                "terms of answers were not looked through: {}",
                error.chain()
            );
        }
        tokio::select! {
            () = platform.shutdown.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
            () = entered(&mut changes) => {}
        }
    }
}

/// Returns when a request or an incident was written.
async fn entered(changes: &mut tokio::sync::broadcast::Receiver<Arc<str>>) {
    loop {
        match changes.recv().await {
            Ok(name) if name.starts_with("subjectRequests/") || name.starts_with("incidents/") => {
                return;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Working days until the end of a term, negative when it is over; 0 where the calendar does not say.
pub fn days_left(platform: &Platform, due: OffsetDateTime) -> i64 {
    let (today, last) = (almaty_date(platform.now()), almaty_date(due));
    let left = platform.config.calendar.working_days_between(today, last);
    left.unwrap_or_default()
}

/// A third of the term, and a day at least, before its end.
fn remind(platform: &Platform, request: &SubjectRequest) -> bool {
    days_left(platform, request.due_time) <= i64::from(request.kind.term() / 3).max(1)
}

async fn pass(platform: &Arc<Platform>) -> Result<()> {
    let now = platform.now();
    let open = Filter {
        states: &SubjectRequest::OPEN,
        ..Filter::default()
    };
    for request in platform
        .store
        .list::<SubjectRequest>(&open, Page::first(MOST))
        .await?
    {
        let overdue = request.overdue(now) && request.overdue_time.is_none();
        let reminder = request.reminder_time.is_none() && remind(platform, &request);
        if overdue || reminder {
            remember(platform, &request.name, overdue).await?;
        }
    }
    let open = Filter {
        states: &Incident::OPEN,
        ..Filter::default()
    };
    for incident in platform
        .store
        .list::<Incident>(&open, Page::first(MOST))
        .await?
    {
        let late = |notice: &crate::records::incident::IncidentNotice| {
            notice.send_time.is_none() && notice.due_time < now && notice.overdue_time.is_none()
        };
        if incident.notices.iter().any(late) {
            notice_overdue(platform, &incident.name, now).await?;
        }
    }
    Ok(())
}

async fn remember(platform: &Platform, name: &str, overdue: bool) -> Result<()> {
    platform
        .change::<SubjectRequest>(name, |request| {
            let time = if overdue {
                &mut request.overdue_time
            } else {
                &mut request.reminder_time
            };
            if time.is_some() {
                return Ok(None);
            }
            *time = Some(platform.now());
            let event = system_event(
                if overdue {
                    "SubjectRequestOverdue"
                } else {
                    "SubjectRequestReminder"
                },
                name,
                &request.organization,
                [
                    ("kind", json!(request.kind.as_str())),
                    ("state", json!(request.state.as_str())),
                    ("due_time", json!(request.due_time.unix_timestamp())),
                    ("article", json!(request.kind.article())),
                ],
            );
            Ok(Some(Change::new(event)))
        })
        .await?;
    Ok(())
}

async fn notice_overdue(platform: &Platform, name: &str, now: OffsetDateTime) -> Result<()> {
    platform
        .change::<Incident>(name, |incident| {
            let late: Vec<String> = incident
                .notices
                .iter_mut()
                .filter(|n| n.send_time.is_none() && n.due_time < now && n.overdue_time.is_none())
                .map(|notice| {
                    notice.overdue_time = Some(now);
                    notice.recipient.clone()
                })
                .collect();
            if late.is_empty() {
                return Ok(None);
            }
            let detail = [("recipients", json!(late))];
            let event = system_event(
                "IncidentNoticeOverdue",
                name,
                &incident.organization,
                detail,
            );
            Ok(Some(Change::new(event)))
        })
        .await?;
    Ok(())
}
