//! Incidents.

use sandyq_proto::v1;
use sandyq_store::Stored;
use time::OffsetDateTime;

use super::{count, evidence_message, timestamp};
use crate::error::{Error, Result};
use crate::records::incident::{
    Counted, Incident, IncidentState, Offence, Offender, OffenderCategory,
};

/// Who may be fined, and for what.
///
/// # Errors
/// One of the three is not said.
pub fn offender(wanted: &v1::incident::Offender) -> Result<Offender> {
    let category = match wanted.category() {
        v1::OffenderCategory::NaturalPerson => OffenderCategory::NaturalPerson,
        v1::OffenderCategory::SmallBusiness => OffenderCategory::SmallBusiness,
        v1::OffenderCategory::MediumBusiness => OffenderCategory::MediumBusiness,
        v1::OffenderCategory::LargeBusiness => OffenderCategory::LargeBusiness,
        v1::OffenderCategory::Unspecified => {
            return Err(Error::invalid(
                "offender.category",
                "name NATURAL_PERSON, SMALL_BUSINESS, MEDIUM_BUSINESS or LARGE_BUSINESS: the fine depends on it (Code on Administrative \
                 Offences, article 641-1)",
            ));
        }
    };
    let offence = match wanted.offence() {
        v1::Offence::UsersNotInformed => Offence::UsersNotInformed,
        v1::Offence::RisksNotManaged => Offence::RisksNotManaged,
        v1::Offence::HarmfulResults => Offence::HarmfulResults,
        v1::Offence::Unspecified => {
            return Err(Error::invalid(
                "offender.offence",
                "name USERS_NOT_INFORMED, RISKS_NOT_MANAGED or HARMFUL_RESULTS (Code on Administrative Offences, article 641-1)",
            ));
        }
    };
    Ok(Offender {
        organization: wanted.organization.clone(),
        category,
        offence,
    })
}

fn shown(offender: &Offender) -> v1::incident::Offender {
    let category = match offender.category {
        OffenderCategory::NaturalPerson => v1::OffenderCategory::NaturalPerson,
        OffenderCategory::SmallBusiness => v1::OffenderCategory::SmallBusiness,
        OffenderCategory::MediumBusiness => v1::OffenderCategory::MediumBusiness,
        OffenderCategory::LargeBusiness => v1::OffenderCategory::LargeBusiness,
    };
    let offence = match offender.offence {
        Offence::UsersNotInformed => v1::Offence::UsersNotInformed,
        Offence::RisksNotManaged => v1::Offence::RisksNotManaged,
        Offence::HarmfulResults => v1::Offence::HarmfulResults,
    };
    v1::incident::Offender {
        organization: offender.organization.clone(),
        category: category.into(),
        offence: offence.into(),
    }
}

fn state(state: IncidentState) -> v1::incident::State {
    match state {
        IncidentState::Recorded => v1::incident::State::Recorded,
        IncidentState::Classified => v1::incident::State::Classified,
        IncidentState::Notified => v1::incident::State::Notified,
        IncidentState::Closed => v1::incident::State::Closed,
    }
}

/// An incident.
pub fn incident(stored: &Stored<Incident>, now: OffsetDateTime) -> v1::Incident {
    let affected = stored.affected.iter();
    let affected = affected.map(|of| v1::incident::AffectedVersion {
        version: of.version.clone(),
        organization: of.organization.clone(),
        subject_count: count(of.count),
        counted: match of.counted {
            Counted::Subjects => v1::incident::Counted::Subjects,
            Counted::Rows => v1::incident::Counted::Rows,
        }
        .into(),
    });
    let notices = stored.notices.iter();
    let notices = notices.map(|notice| v1::incident::Notice {
        recipient: notice.recipient.clone(),
        due_time: Some(timestamp(notice.due_time)),
        send_time: notice.send_time.map(timestamp),
        reference: notice.reference.clone(),
        overdue: notice.due_time < notice.send_time.unwrap_or(now),
    });
    let exposure = stored.exposure.as_ref();
    let exposure = exposure.map(|exposure| v1::incident::Exposure {
        mrp: count(exposure.mrp),
        mrp_tenge: count(exposure.mrp_tenge),
        amount_tenge: count(exposure.amount_tenge),
        repeated: exposure.previous.is_some(),
        previous: exposure.previous.clone().unwrap_or_default(),
        basis: format!(
            "Code on Administrative Offences, article 641-1; index of {}",
            exposure.year
        ),
    });
    let earlier = stored.reclassifications.iter();
    let earlier = earlier.map(|earlier| v1::incident::Reclassification {
        category: earlier.category.clone(),
        reason: earlier.reason.clone(),
        user: earlier.user.clone(),
        create_time: Some(timestamp(earlier.time)),
        dropped_recipients: earlier.dropped.clone(),
    });
    v1::Incident {
        name: stored.name.clone(),
        display_name: stored.display_name.clone(),
        description: stored.description.clone(),
        detect_time: Some(timestamp(stored.detect_time)),
        state: state(stored.state).into(),
        category: stored.category.clone(),
        breach: stored.breach,
        recorder: stored.recorder.clone(),
        libraries: stored.libraries.clone(),
        versions: stored.versions.clone(),
        systems: stored.systems.clone(),
        affected: affected.collect(),
        subject_count: count(stored.subjects),
        notices: notices.collect(),
        offender: stored.offender.as_ref().map(shown),
        exposure,
        measures: stored.measures.clone(),
        evidence: stored.evidence.as_ref().map(evidence_message),
        close_time: stored.close_time.map(timestamp),
        create_time: Some(timestamp(stored.create_time)),
        etag: stored.etag(),
        reclassifications: earlier.collect(),
    }
}

/// An incident as an agency sees it whose libraries are touched: of others' libraries nothing, and nothing of who may be fined.
pub fn incident_for_agency(
    mut incident: v1::Incident,
    agency: &str,
    own_subjects: u64,
) -> v1::Incident {
    incident.affected.retain(|of| of.organization == agency);
    let own = |version: &str| incident.affected.iter().any(|of| of.version == version);
    let versions: Vec<String> = std::mem::take(&mut incident.versions);
    incident.versions = versions
        .into_iter()
        .filter(|version| own(version))
        .collect();
    let libraries: Vec<String> = std::mem::take(&mut incident.libraries);
    let of_own = |library: &String| {
        let below = format!("{library}/");
        incident
            .affected
            .iter()
            .any(|of| of.version.starts_with(&below))
    };
    incident.libraries = libraries.into_iter().filter(of_own).collect();
    incident.subject_count = count(own_subjects);
    incident.offender = None;
    incident.exposure = None;
    incident
}
