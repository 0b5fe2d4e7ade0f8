//! What an incident is, who is to be told of it by when, and what it may cost.

use sandyq_proto::v1;
use sandyq_store::{Change, Filter, Page};
use serde_json::json;

use super::{ARTICLE, MOST};
use crate::call::Call;
use crate::config::RawCategory;
use crate::convert;
use crate::error::{Error, Result};
use crate::governed::Governed;
use crate::incidents::survey;
use crate::records::identity::Organization;
use crate::records::incident::{
    Exposure, Incident, IncidentEvent, IncidentNotice, Offender, Reclassification,
};
use crate::services::{Services, text};
use crate::subjects::deadline;

impl Services {
    /// Who may be fined, and how much.
    async fn exposed(
        &self,
        incident: &Incident,
        offender: Option<v1::incident::Offender>,
    ) -> Result<(Option<Offender>, Option<Exposure>)> {
        let offender = match (offender, &incident.offender) {
            (Some(offender), _) => convert::offender(&offender)?,
            (None, Some(known)) => known.clone(),
            (None, None) => return Ok((None, None)),
        };
        let name = std::slice::from_ref(&offender.organization);
        self.there::<Organization>("offender.organization", name)
            .await?;
        let all = Filter::default();
        let known = self
            .0
            .store
            .list::<Incident>(&all, Page::first(MOST))
            .await?;
        let table = &self.0.config.raw.exposure;
        let known = known.iter().map(|stored| &stored.record);
        let exposure = table.exposure(&incident.name, &offender, incident.detect_time, known);
        let exposure = exposure.map_err(|year| {
            Error::precondition(
                "EXPOSURE_NOT_CONFIGURED",
                format!(
                    "the monthly calculation index of {year} is not configured, so the fine of article 641-1 of the Code on Administrative \
                     Offences cannot be told; enter it under [exposure.mrp] of the server's configuration"
                ),
            )
        })?;
        Ok((Some(offender), Some(exposure)))
    }

    /// The notices of an incident once it is of this category, and who is no longer to be told. Whoever was told stays in the record.
    fn notices_of(
        &self,
        incident: &Incident,
        category: &RawCategory,
    ) -> Result<(Vec<IncidentNotice>, Vec<String>)> {
        let wanted = |known: &IncidentNotice| {
            let mut wanted = category.notices.iter();
            wanted.any(|notice| notice.recipient == known.recipient)
        };
        let others = incident.notices.iter().filter(|known| !wanted(known));
        let (mut notices, dropped): (Vec<_>, Vec<_>) =
            others.cloned().partition(|known| known.send_time.is_some());
        for notice in &category.notices {
            let due_time = deadline(
                &self.0,
                "incident.detect_time",
                incident.detect_time,
                notice.working_days,
                ARTICLE,
            )?;
            let mut known = incident.notices.iter();
            notices.push(
                match known.find(|known| known.recipient == notice.recipient) {
                    Some(known) => IncidentNotice {
                        due_time,
                        ..known.clone()
                    },
                    None => IncidentNotice {
                        recipient: notice.recipient.clone(),
                        due_time,
                        send_time: None,
                        reference: String::new(),
                        overdue_time: None,
                    },
                },
            );
        }
        let dropped = dropped.into_iter().map(|known| known.recipient).collect();
        Ok((notices, dropped))
    }

    pub(super) async fn classify(
        &self,
        mut call: Call,
        message: v1::ClassifyIncidentRequest,
    ) -> Result<v1::ClassifyIncidentResponse> {
        let mut incident = call.fetch::<Incident>(&message.name).await?;
        call.authorize(incident.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        incident.state = incident.state.after(IncidentEvent::Classify)?;
        let categories = &self.0.config.raw.incidents.category;
        let Some(category) = categories
            .iter()
            .find(|category| category.id == message.category)
        else {
            let known: Vec<&str> = categories
                .iter()
                .map(|category| category.id.as_str())
                .collect();
            return Err(Error::invalid(
                "category",
                format!(
                    "is none of those that are configured: {} ({ARTICLE})",
                    known.join(", ")
                ),
            ));
        };
        if category.breach && incident.affected.is_empty() {
            return Err(Error::precondition(
                "NOTHING_AFFECTED",
                format!(
                    "a breach of personal data must name the libraries, versions or systems that it touches, so that subjects can be informed \
                     ({ARTICLE}); link them first"
                ),
            ));
        }
        let reason = text("reason", &message.reason, false, 2000)?;
        let another = !incident.category.is_empty() && incident.category != category.id;
        if another && reason.is_empty() {
            let why = format!(
                "say why an incident of the category {} becomes one of {}: who was to be told of it may lose that ({ARTICLE})",
                incident.category, category.id
            );
            return Err(Error::invalid("reason", why));
        }
        let (notices, dropped) = self.notices_of(&incident, category)?;
        let (offender, exposure) = self.exposed(&incident, message.offender).await?;
        survey(&self.0, &mut incident).await?;
        if another {
            let earlier = Reclassification {
                category: incident.category.clone(),
                reason: reason.clone(),
                user: call.principal.user.clone(),
                time: call.now,
                dropped: dropped.clone(),
            };
            incident.reclassifications.push(earlier);
        }
        incident.category.clone_from(&category.id);
        incident.breach = category.breach;
        incident.notices = notices;
        incident.offender = offender;
        incident.exposure = exposure;
        let detail = [
            ("category", json!(incident.category)),
            ("reason", json!(reason)),
            ("dropped_recipients", json!(dropped)),
            ("breach", json!(incident.breach)),
            ("versions", json!(incident.affected.len())),
            ("subjects", json!(incident.subjects)),
            (
                "exposure_tenge",
                json!(incident.exposure.as_ref().map(|of| of.amount_tenge)),
            ),
        ];
        let mut change = Change::new(call.event(&incident.name, detail));
        if incident
            .notices
            .iter()
            .all(|notice| notice.send_time.is_some())
        {
            incident.state = incident.state.after(IncidentEvent::Notify)?;
        }
        change = change.update(&incident)?;
        let answer = v1::ClassifyIncidentResponse {
            incident: self.incident_written(incident),
        };
        call.commit(change, answer).await
    }
}
