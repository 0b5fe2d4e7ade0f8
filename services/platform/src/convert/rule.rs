//! What the owner of a library declares, and who has used it.

use sandyq_proto::v1;
use sandyq_store::Stored;
use time::OffsetDateTime;

use super::{
    LogTail, count, duration_millis, evidence, evidence_message, future_time, lawful_ground,
    lawful_ground_message, log_tail, log_tail_message, millis, output_state, risk_class,
    risk_class_message, stage, stage_message, timestamp, uncount,
};
use crate::error::{Error, Result};
use crate::governance::law;
use crate::records::access::DEFAULT_LOG_DAILY_BYTES;
use crate::records::airlock::Output;
use crate::records::job::Job;
use crate::records::rule::{AccessRule, Biometric, Declared, LegalBasis, LibraryUse, Provenance};

/// Names in one list of a rule.
const MOST_NAMES: usize = 1000;

fn basis_message(basis: LegalBasis) -> v1::legal_basis::Kind {
    match basis {
        LegalBasis::Law => v1::legal_basis::Kind::Law,
        LegalBasis::Consent => v1::legal_basis::Kind::Consent,
        LegalBasis::Contract => v1::legal_basis::Kind::Contract,
        LegalBasis::NotPersonal => v1::legal_basis::Kind::NotPersonal,
    }
}

fn basis(message: Option<&v1::LegalBasis>) -> Result<(LegalBasis, String)> {
    let refuse = |field: &str, why: &str| Err(Error::invalid(field, why).citing(law::PD_7_8));
    let Some(message) = message else {
        return refuse(
            "library.legal_basis",
            "is required: say why the data may be lent",
        );
    };
    let kind = match message.kind() {
        v1::legal_basis::Kind::Law => LegalBasis::Law,
        v1::legal_basis::Kind::Consent => LegalBasis::Consent,
        v1::legal_basis::Kind::Contract => LegalBasis::Contract,
        v1::legal_basis::Kind::NotPersonal => LegalBasis::NotPersonal,
        v1::legal_basis::Kind::Unspecified => {
            return refuse(
                "library.legal_basis.kind",
                "name LAW, CONSENT, CONTRACT or NOT_PERSONAL",
            );
        }
    };
    let field = "library.legal_basis.reference";
    let reference = crate::services::optional_text(field, &message.reference, 1000)?;
    if reference.is_empty() {
        return refuse(
            field,
            "name the law and article, the form of consent or the contract",
        );
    }
    Ok((kind, reference))
}

fn provenance_message(provenance: Provenance) -> v1::ProvenanceKind {
    match provenance {
        Provenance::StateRegister => v1::ProvenanceKind::StateRegister,
        Provenance::FromSubjects => v1::ProvenanceKind::FromSubjects,
        Provenance::ServiceRecords => v1::ProvenanceKind::ServiceRecords,
        Provenance::Research => v1::ProvenanceKind::Research,
        Provenance::Licensed => v1::ProvenanceKind::Licensed,
        Provenance::Generated => v1::ProvenanceKind::Generated,
    }
}

fn provenance(kind: v1::ProvenanceKind) -> Result<Provenance> {
    let refuse =
        |why: &str| Err(Error::invalid("library.provenance_kind", why).citing(law::PD_7_11));
    match kind {
        v1::ProvenanceKind::StateRegister => Ok(Provenance::StateRegister),
        v1::ProvenanceKind::FromSubjects => Ok(Provenance::FromSubjects),
        v1::ProvenanceKind::ServiceRecords => Ok(Provenance::ServiceRecords),
        v1::ProvenanceKind::Research => Ok(Provenance::Research),
        v1::ProvenanceKind::Licensed => Ok(Provenance::Licensed),
        v1::ProvenanceKind::Generated => Ok(Provenance::Generated),
        v1::ProvenanceKind::UntargetedExtraction => {
            refuse("a database built by untargeted extraction from public sources is not taken")
        }
        v1::ProvenanceKind::Unspecified => refuse(
            "name STATE_REGISTER, FROM_SUBJECTS, SERVICE_RECORDS, RESEARCH, LICENSED or GENERATED",
        ),
    }
}

/// A time that must lie ahead, unless it stands so already.
fn end(
    field: &str,
    message: Option<&prost_types::Timestamp>,
    known: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<Option<OffsetDateTime>> {
    match message {
        None => Ok(None),
        Some(sent) if known.map(timestamp).as_ref() == Some(sent) => Ok(known),
        sent => future_time(field, sent, now).map(Some),
    }
}

fn names(field: &str, names: &[String], collection: &str) -> Result<Vec<String>> {
    if names.len() > MOST_NAMES {
        return Err(Error::invalid(field, "name at most 1000"));
    }
    let mut out = names.to_vec();
    for (index, name) in names.iter().enumerate() {
        let id = name
            .strip_prefix(collection)
            .and_then(|id| id.strip_prefix('/'));
        if !id.is_some_and(|id| !id.is_empty() && !id.contains('/') && id.len() <= 200) {
            return Err(Error::invalid(
                format!("{field}[{index}]"),
                format!("must be {collection}/..."),
            ));
        }
    }
    out.sort();
    out.dedup();
    Ok(out)
}

fn access(message: Option<&v1::AccessRule>) -> Result<AccessRule> {
    let field = |name: &str| format!("library.access.{name}");
    let Some(message) = message else {
        return Ok(AccessRule::default());
    };
    let mut stages = Vec::new();
    for wanted in message.stages() {
        let wanted = stage(&field("stages"), wanted)?;
        if !stages.contains(&wanted) {
            stages.push(wanted);
        }
    }
    let log_tail = message
        .log_tail
        .as_ref()
        .map(|tail| log_tail(&field("log_tail"), tail))
        .transpose()?;
    let max_term_seconds = match &message.max_term {
        None => None,
        Some(term) => Some(millis(&field("max_term"), term)? / 1000),
    };
    if max_term_seconds == Some(0) {
        return Err(Error::invalid(
            field("max_term"),
            "must be at least one second",
        ));
    }
    Ok(AccessRule {
        organizations: names(
            &field("organizations"),
            &message.organizations,
            "organizations",
        )?,
        developers: names(&field("developers"), &message.developers, "users")?,
        stages,
        max_risk_class: risk_class(message.max_risk_class()),
        min_k: uncount(&field("min_k"), message.min_k)?,
        aggregate_only: message.aggregate_only,
        log: log_tail.map(|tail| tail.opening),
        log_tail_bytes: log_tail.map(|tail| tail.bytes),
        log_daily_bytes: log_tail.map(|tail| tail.daily_bytes),
        interactive_viewing: message.interactive_viewing,
        trial_use: message.trial_use,
        max_term_seconds,
        two_approvals: message.two_approvals,
    })
}

/// What a client declares of a library.
///
/// # Errors
/// Something is missing or unlawful; the article is cited.
pub fn declared(message: &v1::Library, known: &Declared, now: OffsetDateTime) -> Result<Declared> {
    let (legal_basis, legal_reference) = basis(message.legal_basis.as_ref())?;
    let consent_expire_time = end(
        "library.consent_expire_time",
        message.consent_expire_time.as_ref(),
        known.consent_expire_time,
        now,
    )
    .map_err(|error| error.citing(law::PD_8_5))?;
    if legal_basis == LegalBasis::Consent && consent_expire_time.is_none() {
        return Err(Error::invalid(
            "library.consent_expire_time",
            "is required with a basis of consent: say until when the subjects have consented",
        )
        .citing(law::PD_8_5));
    }
    let biometric = match &message.biometric {
        None => None,
        Some(biometric) => {
            let refused = |error: Error| error.citing(law::PD_7_12);
            Some(Biometric {
                ground: lawful_ground(biometric.ground()).ok_or_else(|| {
                    refused(Error::invalid(
                        "library.biometric.ground",
                        "name CONSENT or LAW",
                    ))
                })?,
                evidence: evidence("library.biometric.evidence", biometric.evidence.as_ref())
                    .map_err(refused)?,
            })
        }
    };
    let rights = message.rights.clone().unwrap_or_default();
    if !rights.training_reserved && !rights.statement.trim().is_empty() {
        return Err(Error::invalid(
            "library.rights.training_reserved",
            "a statement alone reserves nothing: reserve training with it, or leave the statement out",
        ));
    }
    Ok(Declared {
        legal_basis: Some(legal_basis),
        legal_reference,
        provenance: Some(provenance(message.provenance_kind())?),
        consent_expire_time,
        purpose_expire_time: end(
            "library.purpose_expire_time",
            message.purpose_expire_time.as_ref(),
            known.purpose_expire_time,
            now,
        )
        .map_err(|error| error.citing(law::PD_7_8))?,
        biometric,
        training_reserved: rights.training_reserved,
        reservation: crate::services::optional_text(
            "library.rights.statement",
            &rights.statement,
            10_000,
        )?,
        access: access(message.access.as_ref())?,
        own_initiative: match &message.own_initiative {
            None => None,
            given => Some(
                evidence("library.own_initiative", given.as_ref())
                    .map_err(|error| error.citing(law::AI_13_2))?,
            ),
        },
    })
}

/// What is declared, in a message that has nothing else.
pub fn declared_message(declared: &Declared) -> v1::Library {
    let access = &declared.access;
    v1::Library {
        legal_basis: declared.legal_basis.map(|kind| v1::LegalBasis {
            kind: basis_message(kind).into(),
            reference: declared.legal_reference.clone(),
        }),
        provenance_kind: declared
            .provenance
            .map_or(v1::ProvenanceKind::Unspecified, provenance_message)
            .into(),
        consent_expire_time: declared.consent_expire_time.map(timestamp),
        purpose_expire_time: declared.purpose_expire_time.map(timestamp),
        biometric: declared
            .biometric
            .as_ref()
            .map(|biometric| v1::BiometricContent {
                ground: lawful_ground_message(biometric.ground).into(),
                evidence: Some(evidence_message(&biometric.evidence)),
            }),
        rights: Some(v1::RightsReservation {
            training_reserved: declared.training_reserved,
            statement: declared.reservation.clone(),
        }),
        access: Some(v1::AccessRule {
            organizations: access.organizations.clone(),
            developers: access.developers.clone(),
            stages: access
                .stages
                .iter()
                .map(|stage| stage_message(*stage).into())
                .collect(),
            max_risk_class: access
                .max_risk_class
                .map_or(v1::RiskClass::Unspecified, risk_class_message)
                .into(),
            min_k: count(access.min_k),
            aggregate_only: access.aggregate_only,
            log_tail: access.log_tail_bytes.map(|bytes| {
                log_tail_message(LogTail {
                    opening: access.log.unwrap_or_default(),
                    bytes,
                    daily_bytes: access.log_daily_bytes.unwrap_or(DEFAULT_LOG_DAILY_BYTES),
                })
            }),
            interactive_viewing: access.interactive_viewing,
            trial_use: access.trial_use,
            max_term: access
                .max_term_seconds
                .map(|seconds| duration_millis(seconds.saturating_mul(1000))),
            two_approvals: access.two_approvals,
        }),
        own_initiative: declared.own_initiative.as_ref().map(evidence_message),
        ..Default::default()
    }
}

/// A policy that decided.
pub fn finding(finding: sandyq_access::Finding) -> v1::Finding {
    let facts = finding.facts.into_iter().map(|fact| v1::Fact {
        name: fact.name,
        value: fact.value,
    });
    v1::Finding {
        policy: finding.policy,
        reason: finding.reason,
        facts: facts.collect(),
        remedy: finding.remedy,
        operator_policy: finding.own,
    }
}

/// A decision that would turn.
pub fn turned(turned: crate::decisions::Turned) -> v1::TurnedDecision {
    v1::TurnedDecision {
        time: Some(timestamp(turned.time)),
        principal: turned.principal,
        action: turned.action,
        resource: turned.resource,
        allowed_before: turned.before,
        allowed_after: turned.after.allowed,
        reasons: turned.after.reasons,
    }
}

/// A use of a library, with what became of its job.
pub fn library_use(
    used: &Stored<LibraryUse>,
    job: Option<&Job>,
    output: Option<&Output>,
) -> v1::LibraryUse {
    v1::LibraryUse {
        name: used.name.clone(),
        version: used.version.clone(),
        system: used.system.clone(),
        organization: used.organization.clone(),
        job: used.job.clone(),
        job_state: job
            .map_or(v1::job::State::Unspecified, |job| {
                super::job_state(job.state)
            })
            .into(),
        stage: stage_message(used.stage).into(),
        purpose: used.purpose.clone(),
        grant: used.grant.clone(),
        output: output.map(|output| output.name.clone()).unwrap_or_default(),
        output_state: output
            .map_or(v1::output::State::Unspecified, |output| {
                output_state(output.state)
            })
            .into(),
        create_time: Some(timestamp(used.create_time)),
        end_time: job.and_then(|job| job.end_time).map(timestamp),
    }
}
