//! The risk register: reviews that are overdue are warned of, and then block new jobs (article 19).

use time::{Duration, OffsetDateTime};

use super::law;
use crate::error::{Error, Result};
use crate::records::system::System;

fn overdue(system: &System, now: OffsetDateTime) -> impl Iterator<Item = (&str, OffsetDateTime)> {
    system
        .risks
        .iter()
        .filter(move |risk| risk.review_time <= now)
        .map(|risk| (risk.id.as_str(), risk.review_time))
}

/// What its people should know now.
pub fn warnings(system: &System, now: OffsetDateTime) -> Vec<String> {
    overdue(system, now)
        .map(|(id, due)| format!("the review of risk {id} was due on {}", due.date()))
        .collect()
}

/// The risks whose review is overdue by more than the days of grace.
pub fn late(system: &System, now: OffsetDateTime, grace_days: u32) -> Vec<&str> {
    let grace = Duration::days(i64::from(grace_days));
    overdue(system, now)
        .filter(|(_, due)| due.saturating_add(grace) <= now)
        .map(|(id, _)| id)
        .collect()
}

/// The command that sets the next date.
pub fn remedy(system: &System, late: &[&str]) -> String {
    format!(
        "sandyq system risk set {} {} --review 90d",
        crate::names::last_id(&system.name),
        late.first().copied().unwrap_or("RISK")
    )
}

/// Refuses when a review is overdue by more than the days of grace.
///
/// # Errors
/// It is.
pub fn reviewed(system: &System, now: OffsetDateTime, grace_days: u32) -> Result<()> {
    let late = late(system, now, grace_days);
    if late.is_empty() {
        return Ok(());
    }
    Err(Error::precondition(
        "RISK_REVIEW_OVERDUE",
        format!(
            "{}: the review of risk {} is overdue by more than {grace_days} days; review it and set the next date with \
             `{}` before new jobs are taken",
            system.name,
            late.join(", "),
            remedy(system, &late)
        ),
    )
    .citing(law::AI_19))
}
