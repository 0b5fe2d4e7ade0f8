//! Kinds of incidents, and who is to be told of them.

use serde::{Deserialize, Serialize};

/// Kinds of incidents.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawIncidents {
    /// What incidents can be.
    pub category: Vec<RawCategory>,
}

/// A kind of incident.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawCategory {
    /// By what it is named.
    pub id: String,
    /// What it is, for people.
    pub title: String,
    /// Whether personal data is breached by it.
    pub breach: bool,
    /// Who is to be told.
    #[serde(default)]
    pub notices: Vec<RawNotice>,
}

/// Somebody who is to be told of an incident.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawNotice {
    /// By what name.
    pub recipient: String,
    /// Within how many working days of its detection.
    pub working_days: u32,
}

impl Default for RawIncidents {
    fn default() -> Self {
        let notice = |recipient: &str, working_days| RawNotice {
            recipient: recipient.to_owned(),
            working_days,
        };
        let category = |id: &str, title: &str, notices: &[RawNotice]| RawCategory {
            id: id.to_owned(),
            title: title.to_owned(),
            breach: id == "personal-data-breach",
            notices: notices.to_vec(),
        };
        Self {
            category: vec![
                category(
                    "personal-data-breach",
                    "Personal data was disclosed, changed or lost",
                    &[
                        notice("authority", 1),
                        notice("owners", 1),
                        notice("subjects", 3),
                    ],
                ),
                category(
                    "harm-by-ai-system",
                    "An AI system did harm, or its risks were not managed",
                    &[notice("authority", 3)],
                ),
                category(
                    "unmarked-synthetic-result",
                    "A synthetic result misled users who were not told of it",
                    &[notice("authority", 3)],
                ),
                category(
                    "security-event",
                    "An attack or a fault without a breach of data",
                    &[],
                ),
            ],
        }
    }
}
