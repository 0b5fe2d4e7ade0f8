//! AI systems: what they declare, their documents and risks.

use sandyq_proto::v1;
use sandyq_store::Stored;
use time::OffsetDateTime;

use super::{count, document_sha256, future_time, timestamp};
use crate::error::{Error, Result};
use crate::governance::law;
use crate::records::system::{
    Autonomy, Declaration, DeclaredFunction, Document, Evidence, LawfulGround, Level,
    ProhibitedFunction, Risk, RiskClass, System, SystemState,
};

/// Longest reference of a document.
const LONGEST_REFERENCE: usize = 500;

/// A risk class as protobuf has it.
pub fn risk_class_message(class: RiskClass) -> v1::RiskClass {
    match class {
        RiskClass::Minimal => v1::RiskClass::Minimal,
        RiskClass::Medium => v1::RiskClass::Medium,
        RiskClass::High => v1::RiskClass::High,
    }
}

/// A risk class that a client named; `None` when not set.
pub fn risk_class(class: v1::RiskClass) -> Option<RiskClass> {
    match class {
        v1::RiskClass::Minimal => Some(RiskClass::Minimal),
        v1::RiskClass::Medium => Some(RiskClass::Medium),
        v1::RiskClass::High => Some(RiskClass::High),
        v1::RiskClass::Unspecified => None,
    }
}

/// A document's reference and hash.
pub fn evidence_message(evidence: &Evidence) -> v1::Evidence {
    v1::Evidence {
        reference: evidence.reference.clone(),
        sha256: evidence.sha256.clone(),
    }
}

/// Evidence that a client must send.
///
/// # Errors
/// Absent, without a reference, or not a SHA-256.
pub fn evidence(field: &str, message: Option<&v1::Evidence>) -> Result<Evidence> {
    let message = message.ok_or_else(|| {
        Error::invalid(
            field,
            "is missing: name the document (reference) and its SHA-256",
        )
    })?;
    let reference = crate::services::optional_text(
        &format!("{field}.reference"),
        &message.reference,
        LONGEST_REFERENCE,
    )?;
    if reference.is_empty() {
        return Err(Error::invalid(format!("{field}.reference"), "is required"));
    }
    let sha256 = document_sha256(&format!("{field}.sha256"), &message.sha256)?;
    Ok(Evidence { reference, sha256 })
}

fn function_message(function: ProhibitedFunction) -> v1::ProhibitedFunction {
    use ProhibitedFunction as F;
    match function {
        F::Manipulation => v1::ProhibitedFunction::Manipulation,
        F::Vulnerability => v1::ProhibitedFunction::Vulnerability,
        F::SocialScoring => v1::ProhibitedFunction::SocialScoring,
        F::UntargetedScraping => v1::ProhibitedFunction::UntargetedScraping,
        F::BiometricClassification => v1::ProhibitedFunction::BiometricClassification,
        F::EmotionInference => v1::ProhibitedFunction::EmotionInference,
        F::RemoteIdentification => v1::ProhibitedFunction::RemoteIdentification,
        F::ForbiddenContent => v1::ProhibitedFunction::ForbiddenContent,
    }
}

/// The prohibited function that a client named.
///
/// # Errors
/// Not set.
pub fn prohibited_function(
    field: &str,
    function: v1::ProhibitedFunction,
) -> Result<ProhibitedFunction> {
    ProhibitedFunction::ALL
        .into_iter()
        .find(|known| function_message(*known) == function)
        .ok_or_else(|| Error::invalid(field, "name one of the eight prohibited functions"))
}

/// The lawful ground that a client named; `None` when not set.
pub fn lawful_ground(ground: v1::LawfulGround) -> Option<LawfulGround> {
    match ground {
        v1::LawfulGround::Law => Some(LawfulGround::Law),
        v1::LawfulGround::Consent => Some(LawfulGround::Consent),
        v1::LawfulGround::Unspecified => None,
    }
}

/// A lawful ground as protobuf has it.
pub fn lawful_ground_message(ground: LawfulGround) -> v1::LawfulGround {
    match ground {
        LawfulGround::Law => v1::LawfulGround::Law,
        LawfulGround::Consent => v1::LawfulGround::Consent,
    }
}

fn level_message(level: Level) -> v1::Level {
    match level {
        Level::Low => v1::Level::Low,
        Level::Medium => v1::Level::Medium,
        Level::High => v1::Level::High,
    }
}

fn level(field: String, level: v1::Level) -> Result<Level> {
    match level {
        v1::Level::Low => Ok(Level::Low),
        v1::Level::Medium => Ok(Level::Medium),
        v1::Level::High => Ok(Level::High),
        v1::Level::Unspecified => Err(Error::invalid(field, "name LOW, MEDIUM or HIGH")),
    }
}

/// A risk that a client sent. Its review must lie ahead, unless the register has it so already.
///
/// # Errors
/// A part is missing, too long or past.
pub fn risk(field: &str, message: &v1::Risk, known: &[Risk], now: OffsetDateTime) -> Result<Risk> {
    let text = |name: &str, value: &str| -> Result<String> {
        let field = format!("{field}.{name}");
        let text = crate::services::optional_text(&field, value, 4000)?;
        if text.is_empty() {
            return Err(Error::invalid(field, "is required").citing(law::AI_19));
        }
        Ok(text)
    };
    if !crate::names::is_client_id(&message.risk_id) {
        return Err(Error::invalid(
            format!("{field}.risk_id"),
            "must be 1-63 of a-z, 0-9 and dash, beginning with a letter",
        ));
    }
    let time = format!("{field}.review_time");
    let before = known
        .iter()
        .find(|risk| risk.id == message.risk_id)
        .map(|risk| risk.review_time);
    let unchanged = before.filter(|time| Some(timestamp(*time)) == message.review_time);
    Ok(Risk {
        id: message.risk_id.clone(),
        description: text("description", &message.description)?,
        likelihood: level(format!("{field}.likelihood"), message.likelihood())?,
        harm: level(format!("{field}.harm"), message.harm())?,
        measures: text("measures", &message.measures)?,
        review_time: match unchanged {
            Some(time) => time,
            None => future_time(&time, message.review_time.as_ref(), now)?,
        },
    })
}

fn system_message(system: &System) -> v1::System {
    v1::System {
        name: system.name.clone(),
        display_name: system.display_name.clone(),
        description: system.description.clone(),
        purpose: system.purpose.clone(),
        risk_class: risk_class_message(system.risk_class).into(),
        autonomy: match system.autonomy {
            Autonomy::Assistant => v1::Autonomy::Assistant,
            Autonomy::SemiAutonomous => v1::Autonomy::SemiAutonomous,
        }
        .into(),
        organization: system.organization.clone(),
        state: match system.state {
            SystemState::Draft => v1::system::State::Draft,
            SystemState::Submitted => v1::system::State::Submitted,
            SystemState::Registered => v1::system::State::Registered,
            SystemState::Refused => v1::system::State::Refused,
            SystemState::Suspended => v1::system::State::Suspended,
            SystemState::Terminated => v1::system::State::Terminated,
        }
        .into(),
        decision_reason: system.decision_reason.clone(),
        create_time: None,
        etag: String::new(),
        risk_reasons: system.risk_reasons.clone(),
        functions: system
            .functions
            .iter()
            .map(|declared| v1::FunctionDeclaration {
                function: function_message(declared.function).into(),
                ground: lawful_ground_message(declared.ground).into(),
                evidence: Some(evidence_message(&declared.evidence)),
            })
            .collect(),
        alters_biometrics: system.alters_biometrics,
        biometric_consent: system.biometric_consent.as_ref().map(evidence_message),
        documents: system
            .documents
            .iter()
            .map(|document| v1::Document {
                kind: document.kind.clone(),
                title: document.title.clone(),
                evidence: Some(evidence_message(&document.evidence)),
            })
            .collect(),
        risks: system
            .risks
            .iter()
            .map(|risk| v1::Risk {
                risk_id: risk.id.clone(),
                description: risk.description.clone(),
                likelihood: level_message(risk.likelihood).into(),
                harm: level_message(risk.harm).into(),
                measures: risk.measures.clone(),
                review_time: Some(timestamp(risk.review_time)),
                overdue: false,
            })
            .collect(),
        declaration: count(system.declaration),
        reviewer: system.reviewer.clone(),
        review_time: system.review_time.map(timestamp),
        warnings: Vec::new(),
        decider: system.decider.clone(),
        decide_time: system.decide_time.map(timestamp),
    }
}

/// An AI system, with what is to be warned of now.
pub fn system(stored: &Stored<System>, now: OffsetDateTime) -> v1::System {
    let mut message = system_message(stored);
    for (shown, risk) in message.risks.iter_mut().zip(&stored.risks) {
        shown.overdue = risk.review_time <= now;
    }
    v1::System {
        create_time: Some(timestamp(stored.create_time)),
        etag: stored.etag(),
        warnings: crate::governance::risks::warnings(stored, now),
        ..message
    }
}

/// A declaration.
pub fn declaration(stored: &Stored<Declaration>) -> v1::Declaration {
    v1::Declaration {
        name: stored.name.clone(),
        system: Some(system_message(&stored.system)),
        create_time: Some(timestamp(stored.create_time)),
        requester: stored.requester.clone(),
    }
}

/// The risk class and autonomy that a client named.
///
/// # Errors
/// Not set.
pub fn classes(message: &v1::System) -> Result<(RiskClass, Autonomy)> {
    let risk = risk_class(message.risk_class()).ok_or_else(|| {
        Error::invalid("system.risk_class", "name MINIMAL, MEDIUM or HIGH").citing(law::AI_18_1)
    })?;
    let autonomy = match message.autonomy() {
        v1::Autonomy::Assistant => Autonomy::Assistant,
        v1::Autonomy::SemiAutonomous => Autonomy::SemiAutonomous,
        v1::Autonomy::Unspecified => {
            return Err(Error::invalid(
                "system.autonomy",
                "name ASSISTANT or SEMI_AUTONOMOUS; fully autonomous systems are banned",
            )
            .citing(law::AI_18_2));
        }
    };
    Ok((risk, autonomy))
}

/// Prohibited functions that a client declares, each under its lawful exception.
///
/// # Errors
/// One has no exception, or not this one, or no evidence of it; the ground is named.
pub fn functions(messages: &[v1::FunctionDeclaration]) -> Result<Vec<DeclaredFunction>> {
    let mut out: Vec<DeclaredFunction> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        let field = format!("system.functions[{index}]");
        let function = prohibited_function(&format!("{field}.function"), message.function())?;
        if out.iter().any(|known| known.function == function) {
            return Err(Error::invalid(field, "is declared twice"));
        }
        let exceptions = function.exceptions();
        if exceptions.is_empty() {
            return Err(Error::invalid(
                field,
                format!("{} is prohibited without exception", function.sentence()),
            )
            .citing(law::AI_18_3));
        }
        let ground = lawful_ground(message.ground())
            .filter(|ground| exceptions.contains(ground))
            .ok_or_else(|| {
                let lawful = if exceptions.contains(&LawfulGround::Consent) {
                    "those concerned consent (CONSENT) or a law provides for it (LAW)"
                } else {
                    "a law provides for it (LAW)"
                };
                Error::invalid(
                    format!("{field}.ground"),
                    format!("{} is prohibited unless {lawful}", function.sentence()),
                )
                .citing(law::AI_18_3)
            })?;
        let evidence = evidence(&format!("{field}.evidence"), message.evidence.as_ref())
            .map_err(|error| error.citing(law::AI_18_3))?;
        out.push(DeclaredFunction {
            function,
            ground,
            evidence,
        });
    }
    Ok(out)
}

/// Documents that a client names.
///
/// # Errors
/// A kind that is no id, or no evidence.
pub fn documents(messages: &[v1::Document]) -> Result<Vec<Document>> {
    let document = |(index, message): (usize, &v1::Document)| {
        let field = format!("system.documents[{index}]");
        if !crate::names::is_client_id(&message.kind) {
            return Err(Error::invalid(
                format!("{field}.kind"),
                "must be 1-63 of a-z, 0-9 and dash, beginning with a letter",
            ));
        }
        Ok(Document {
            kind: message.kind.clone(),
            title: crate::services::optional_text(&format!("{field}.title"), &message.title, 200)?,
            evidence: evidence(&format!("{field}.evidence"), message.evidence.as_ref())?,
        })
    };
    messages.iter().enumerate().map(document).collect()
}
