//! The register of incidents.

mod classify;

use std::collections::{BTreeMap, BTreeSet};

use sandyq_access::{OrganizationKind, Resource};
use sandyq_proto::v1;
use sandyq_proto::v1::incident_service_server::IncidentService;
use sandyq_store::{Change, Filter, Page, Record, Stored};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::{PageRequest, Services, required, text};
use crate::call::Call;
use crate::convert;
use crate::error::{Error, Result, Violation};
use crate::governed::Governed;
use crate::incidents::survey;
use crate::names;
use crate::records::incident::{Incident, IncidentEvent, IncidentNotice, IncidentState};
use crate::records::library::{Library, Version};
use crate::records::system::System;
use crate::subjects::evidence;

/// By what notices of an incident are due.
const ARTICLE: &str = "law on informatization, article 7-2";

/// Incidents that are read at once: any may be the one that is repeated, and who sees which is told by its record.
const MOST: u32 = 1_000_000;

/// Most things that one incident names.
const MOST_NAMES: usize = 1000;

/// What a request adds to an incident.
struct Links {
    libraries: Vec<String>,
    versions: Vec<String>,
    systems: Vec<String>,
}

impl Services {
    fn incident_for(&self, call: &Call, stored: &Stored<Incident>) -> v1::Incident {
        let shown = convert::incident(stored, self.0.now());
        match call.principal.kind {
            OrganizationKind::Agency => {
                let agency = &call.principal.organization;
                let own = stored.own_subjects.get(agency).copied();
                convert::incident_for_agency(shown, agency, own.unwrap_or_default())
            }
            _ => shown,
        }
    }

    fn incident_written(&self, mut incident: Stored<Incident>) -> Option<v1::Incident> {
        incident.revision += 1;
        Some(convert::incident(&incident, self.0.now()))
    }

    /// Adds what is named, after a look whether it is there.
    async fn link(&self, incident: &mut Incident, links: Links) -> Result<()> {
        self.there::<Library>("libraries", &links.libraries).await?;
        self.there::<Version>("versions", &links.versions).await?;
        self.there::<System>("systems", &links.systems).await?;
        for (kept, added) in [
            (&mut incident.libraries, links.libraries),
            (&mut incident.versions, links.versions),
            (&mut incident.systems, links.systems),
        ] {
            let all: BTreeSet<String> = kept.drain(..).chain(added).collect();
            kept.extend(all);
        }
        survey(&self.0, incident).await
    }

    async fn there<R: Record>(&self, field: &str, names: &[String]) -> Result<()> {
        if names.len() > MOST_NAMES {
            let most = format!("name at most {MOST_NAMES}");
            return Err(Error::invalid(field, most));
        }
        let mut absent = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if self.0.store.get::<R>(name).await?.is_none() {
                absent.push(Violation {
                    field: format!("{field}[{index}]"),
                    description: format!("{name:?} does not exist"),
                });
            }
        }
        if absent.is_empty() {
            Ok(())
        } else {
            Err(Error::invalid_fields(absent))
        }
    }

    async fn enter_incident(&self, call: &Call, wanted: v1::Incident) -> Result<Incident> {
        let detect_time = match &wanted.detect_time {
            None => call.now,
            Some(time) => convert::time("incident.detect_time", time)?,
        };
        if detect_time > call.now {
            let why = "must not lie in the future";
            return Err(Error::invalid("incident.detect_time", why));
        }
        let mut incident = Incident {
            name: format!("incidents/{}", names::fresh_id('i')),
            organization: call.principal.organization.clone(),
            display_name: text("incident.display_name", &wanted.display_name, true, 200)?,
            description: text("incident.description", &wanted.description, true, 10_000)?,
            detect_time,
            state: IncidentState::Recorded,
            category: String::new(),
            breach: false,
            recorder: call.principal.user.clone(),
            libraries: Vec::new(),
            versions: Vec::new(),
            systems: Vec::new(),
            affected: Vec::new(),
            subjects: 0,
            own_subjects: BTreeMap::new(),
            viewers: Vec::new(),
            notices: Vec::new(),
            reclassifications: Vec::new(),
            offender: None,
            exposure: None,
            measures: String::new(),
            evidence: None,
            close_time: None,
        };
        let links = Links {
            libraries: wanted.libraries,
            versions: wanted.versions,
            systems: wanted.systems,
        };
        self.link(&mut incident, links).await?;
        Ok(incident)
    }

    async fn add_links(
        &self,
        mut call: Call,
        message: v1::LinkIncidentRequest,
    ) -> Result<v1::LinkIncidentResponse> {
        let mut incident = call.fetch::<Incident>(&message.name).await?;
        call.authorize(incident.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        still_open(&incident)?;
        let links = Links {
            libraries: message.libraries,
            versions: message.versions,
            systems: message.systems,
        };
        self.link(&mut incident, links).await?;
        let detail = [
            ("libraries", json!(incident.libraries)),
            ("versions", json!(incident.versions)),
            ("systems", json!(incident.systems)),
            ("subjects", json!(incident.subjects)),
        ];
        let change = Change::new(call.event(&incident.name, detail)).update(&incident)?;
        let answer = v1::LinkIncidentResponse {
            incident: self.incident_written(incident),
        };
        call.commit(change, answer).await
    }

    async fn record_notice(
        &self,
        mut call: Call,
        message: v1::RecordIncidentNoticeRequest,
    ) -> Result<v1::RecordIncidentNoticeResponse> {
        let mut incident = call.fetch::<Incident>(&message.name).await?;
        call.authorize(incident.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        // Only a classified incident knows whom to tell.
        let notified = incident.state.after(IncidentEvent::Notify)?;
        let reference = text("reference", &message.reference, true, 500)?;
        let now = call.now;
        let open = |notice: &&mut IncidentNotice| {
            notice.recipient == message.recipient && notice.send_time.is_none()
        };
        let Some(notice) = incident.notices.iter_mut().find(open) else {
            let why = format!("nobody of that name is still to be told of it ({ARTICLE})");
            return Err(Error::invalid("recipient", why));
        };
        notice.send_time = Some(now);
        notice.reference.clone_from(&reference);
        if incident
            .notices
            .iter()
            .all(|notice| notice.send_time.is_some())
        {
            incident.state = notified;
        }
        let detail = [
            ("recipient", json!(message.recipient)),
            ("reference", json!(reference)),
        ];
        let change = Change::new(call.event(&incident.name, detail)).update(&incident)?;
        let answer = v1::RecordIncidentNoticeResponse {
            incident: self.incident_written(incident),
        };
        call.commit(change, answer).await
    }

    async fn close(
        &self,
        mut call: Call,
        message: v1::CloseIncidentRequest,
    ) -> Result<v1::CloseIncidentResponse> {
        let mut incident = call.fetch::<Incident>(&message.name).await?;
        call.authorize(incident.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        incident.state = incident
            .state
            .after(IncidentEvent::Close)
            .map_err(|error| {
                let untold = incident
                    .notices
                    .iter()
                    .filter(|notice| notice.send_time.is_none());
                let untold: Vec<&str> = untold.map(|notice| notice.recipient.as_str()).collect();
                let state = error.state;
                let hint = if untold.is_empty() {
                    String::new()
                } else {
                    format!(": still to be told are {} ({ARTICLE})", untold.join(", "))
                };
                Error::precondition("WRONG_STATE", format!("{error}{hint}")).with("state", state)
            })?;
        incident.measures = text("measures", &message.measures, true, 10_000)?;
        incident.evidence = Some(evidence("evidence", message.evidence.as_ref(), ARTICLE)?);
        incident.close_time = Some(call.now);
        let change = Change::new(call.event(&incident.name, [])).update(&incident)?;
        let answer = v1::CloseIncidentResponse {
            incident: self.incident_written(incident),
        };
        call.commit(change, answer).await
    }
}

fn still_open(incident: &Incident) -> Result<()> {
    if incident.state == IncidentState::Closed {
        let message = "incident is CLOSED; nothing can be added to it";
        return Err(Error::precondition("WRONG_STATE", message).with("state", "CLOSED"));
    }
    Ok(())
}

#[tonic::async_trait]
impl IncidentService for Services {
    async fn create_incident(
        &self,
        request: Request<v1::CreateIncidentRequest>,
    ) -> Result<Response<v1::CreateIncidentResponse>, Status> {
        let mut call = self
            .0
            .enter("IncidentService.CreateIncident", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.into_inner();
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(Response::new(done));
        }
        let wanted = required("incident", message.incident)?;
        let incident = self.enter_incident(&call, wanted).await?;
        let event = call.event(
            &incident.name,
            [("versions", json!(incident.affected.len()))],
        );
        let change = Change::new(event).insert(&incident).map_err(Error::from)?;
        let answer = v1::CreateIncidentResponse {
            incident: Some(convert::incident(&call.inserted(incident), self.0.now())),
        };
        Ok(Response::new(call.commit(change, answer).await?))
    }

    async fn get_incident(
        &self,
        request: Request<v1::GetIncidentRequest>,
    ) -> Result<Response<v1::GetIncidentResponse>, Status> {
        let mut call = self
            .0
            .enter("IncidentService.GetIncident", &request)
            .await?;
        let incident = call.fetch::<Incident>(&request.get_ref().name).await?;
        call.authorize(incident.resource()).await?;
        Ok(Response::new(v1::GetIncidentResponse {
            incident: Some(self.incident_for(&call, &incident)),
        }))
    }

    async fn list_incidents(
        &self,
        request: Request<v1::ListIncidentsRequest>,
    ) -> Result<Response<v1::ListIncidentsResponse>, Status> {
        let mut call = self
            .0
            .enter("IncidentService.ListIncidents", &request)
            .await?;
        call.authorize(Resource::platform()).await?;
        let message = request.get_ref();
        let page = PageRequest::new(message.page_size, &message.page_token)?;
        let everything = Page {
            size: MOST,
            after: page.after.as_deref(),
        };
        let all = Filter::default();
        let mut found = self
            .0
            .store
            .list::<Incident>(&all, everything)
            .await
            .map_err(Error::from)?;
        if call.principal.kind == OrganizationKind::Agency {
            found.retain(|incident| incident.viewers.contains(&call.principal.organization));
        }
        let (found, next_page_token) = page.cut(found, |incident| &incident.name);
        Ok(Response::new(v1::ListIncidentsResponse {
            incidents: found
                .iter()
                .map(|incident| self.incident_for(&call, incident))
                .collect(),
            next_page_token,
        }))
    }

    async fn classify_incident(
        &self,
        request: Request<v1::ClassifyIncidentRequest>,
    ) -> Result<Response<v1::ClassifyIncidentResponse>, Status> {
        let call = self
            .0
            .enter("IncidentService.ClassifyIncident", &request)
            .await?;
        Ok(Response::new(
            self.classify(call, request.into_inner()).await?,
        ))
    }

    async fn link_incident(
        &self,
        request: Request<v1::LinkIncidentRequest>,
    ) -> Result<Response<v1::LinkIncidentResponse>, Status> {
        let call = self
            .0
            .enter("IncidentService.LinkIncident", &request)
            .await?;
        Ok(Response::new(
            self.add_links(call, request.into_inner()).await?,
        ))
    }

    async fn record_incident_notice(
        &self,
        request: Request<v1::RecordIncidentNoticeRequest>,
    ) -> Result<Response<v1::RecordIncidentNoticeResponse>, Status> {
        let call = self
            .0
            .enter("IncidentService.RecordIncidentNotice", &request)
            .await?;
        Ok(Response::new(
            self.record_notice(call, request.into_inner()).await?,
        ))
    }

    async fn close_incident(
        &self,
        request: Request<v1::CloseIncidentRequest>,
    ) -> Result<Response<v1::CloseIncidentResponse>, Status> {
        let call = self
            .0
            .enter("IncidentService.CloseIncident", &request)
            .await?;
        Ok(Response::new(self.close(call, request.into_inner()).await?))
    }
}
