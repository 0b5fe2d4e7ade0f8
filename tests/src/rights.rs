//! Requests of subjects and incidents, as agencies and the operator enter them.

use sandyq_proto::v1;
use tonic::Status;

use crate::request_id;
use crate::site::Site;

/// The one person of the register whose number is in the published test vectors, so that its check digit is right: number 17.
pub const SUBJECT: &str = "900101300017";

/// A document.
pub fn evidence() -> Option<v1::Evidence> {
    Some(v1::Evidence {
        reference: "statement 17 of the archive".to_owned(),
        sha256: crate::sha256(b"statement"),
    })
}

/// A withdrawal of consent.
pub fn withdrawal() -> v1::SubjectRequest {
    v1::SubjectRequest {
        kind: v1::subject_request::Kind::Withdrawal.into(),
        statement: "consent is withdrawn".to_owned(),
        evidence: evidence(),
        ..Default::default()
    }
}

/// An objection to automated processing.
pub fn objection() -> v1::SubjectRequest {
    v1::SubjectRequest {
        kind: v1::subject_request::Kind::Objection.into(),
        ..withdrawal()
    }
}

/// An incident that touches nothing yet.
pub fn incident() -> v1::Incident {
    v1::Incident {
        display_name: "A disk was stolen".to_owned(),
        description: "from the second room".to_owned(),
        ..Default::default()
    }
}

impl Site {
    /// Somebody enters a request for the subject with this number.
    pub async fn request_of_subject(
        &self,
        who: &str,
        request: v1::SubjectRequest,
        iin: &str,
    ) -> Result<v1::SubjectRequest, Status> {
        let request = v1::CreateSubjectRequestRequest {
            subject_request: Some(request),
            iin: iin.to_owned(),
            request_id: request_id(),
        };
        let mut client = self.user(who).subject();
        let answer = client.create_subject_request(request).await?;
        Ok(answer.into_inner().subject_request.unwrap())
    }

    /// Somebody accepts a request.
    pub async fn accept_request(
        &self,
        who: &str,
        name: &str,
        reason: &str,
    ) -> Result<v1::SubjectRequest, Status> {
        let request = v1::AcceptSubjectRequestRequest {
            name: name.to_owned(),
            reason: reason.to_owned(),
            request_id: request_id(),
        };
        let mut client = self.user(who).subject();
        let answer = client.accept_subject_request(request).await?;
        Ok(answer.into_inner().subject_request.unwrap())
    }

    /// The operator enters an incident.
    pub async fn record_incident(&self, incident: v1::Incident) -> Result<v1::Incident, Status> {
        let request = v1::CreateIncidentRequest {
            incident: Some(incident),
            request_id: request_id(),
        };
        let mut client = self.user("admin").incident();
        let answer = client.create_incident(request).await?;
        Ok(answer.into_inner().incident.unwrap())
    }
}
