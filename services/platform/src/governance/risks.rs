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
        .map(|(id, due)| {
            format!(
                "the review of risk {id} was due on {}; review it and set the next date",
                due.date()
            )
        })
        .collect()
}

/// Refuses when a review is overdue by more than the days of grace.
///
/// # Errors
/// It is.
pub fn reviewed(system: &System, now: OffsetDateTime, grace_days: u32) -> Result<()> {
    let grace = Duration::days(i64::from(grace_days));
    let late: Vec<&str> = overdue(system, now)
        .filter(|(_, due)| due.saturating_add(grace) <= now)
        .map(|(id, _)| id)
        .collect();
    if late.is_empty() {
        return Ok(());
    }
    Err(Error::precondition(
        "RISK_REVIEW_OVERDUE",
        format!(
            "{}: the review of risk {} is overdue by more than {grace_days} days; review it and set the next date with \
             UpdateRiskRegister before new jobs are taken",
            system.name,
            late.join(", ")
        ),
    )
    .citing(law::AI_19))
}
