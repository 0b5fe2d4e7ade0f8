//! What a system must declare before it is submitted, and when its jobs are taken.

use time::OffsetDateTime;

use super::{law, risks};
use crate::config::RawGovernance;
use crate::error::{Error, Result};
use crate::records::system::{RiskClass, System, SystemState};

/// Refuses a declaration that is not complete for its risk class.
///
/// # Errors
/// The first thing that is missing, with its field and article.
pub fn complete(system: &System, rules: &RawGovernance) -> Result<()> {
    if system.risk_reasons.is_empty() {
        return Err(
            Error::invalid("system.risk_reasons", "say why it is of this risk class")
                .citing(law::AI_18_1),
        );
    }
    let missing: Vec<&str> = documents(system.risk_class, rules)
        .iter()
        .filter(|kind| !system.documents.iter().any(|had| had.kind == **kind))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        return Err(Error::invalid(
            "system.documents",
            format!(
                "a system of {} risk also needs: {}",
                system.risk_class.as_str(),
                missing.join(", ")
            ),
        )
        .citing(law::AI_15));
    }
    if system.risk_class != RiskClass::Minimal && system.risks.is_empty() {
        return Err(Error::invalid(
            "system.risks",
            format!(
                "a system of {} risk needs a risk register with at least one risk",
                system.risk_class.as_str()
            ),
        )
        .citing(law::AI_19));
    }
    if system.alters_biometrics && system.biometric_consent.is_none() {
        return Err(Error::invalid(
            "system.biometric_consent",
            "a system that alters voices or likenesses needs evidence of the consent of those concerned",
        )
        .citing(law::LIKENESS));
    }
    Ok(())
}

fn documents(class: RiskClass, rules: &RawGovernance) -> &[String] {
    match class {
        RiskClass::Minimal => &rules.documents_minimal,
        RiskClass::Medium => &rules.documents_medium,
        RiskClass::High => &rules.documents_high,
    }
}

/// Refuses new jobs of a system that is not in force, or whose risks are not looked at.
///
/// # Errors
/// It is not registered, is suspended or ended, or a review is overdue.
pub fn takes_jobs(system: &System, now: OffsetDateTime, rules: &RawGovernance) -> Result<()> {
    in_force(system)?;
    risks::reviewed(system, now, rules.risk_review_grace_days)
}

/// Refuses when a system is not registered now.
///
/// # Errors
/// It is in another state.
pub fn in_force(system: &System) -> Result<()> {
    let (reason, what) = match system.state {
        SystemState::Registered => return Ok(()),
        SystemState::Suspended => (
            "SYSTEM_SUSPENDED",
            "is suspended; the operator must resume it first",
        ),
        SystemState::Terminated => ("SYSTEM_TERMINATED", "was ended for good"),
        _ => (
            "SYSTEM_NOT_REGISTERED",
            "is not registered; its present declaration waits for submission or review",
        ),
    };
    let article = match system.state {
        SystemState::Suspended | SystemState::Terminated => law::AI_19,
        _ => law::AI_15,
    };
    Err(Error::precondition(reason, format!("{} {what}", system.name)).citing(article))
}

/// Two people for what a system of high risk leaves: one approves the image, another releases the output.
///
/// # Errors
/// They are the same.
pub fn apart(class: RiskClass, approver: &str, reviewer: &str) -> Result<()> {
    if class != RiskClass::High || approver != reviewer {
        return Ok(());
    }
    Err(Error::precondition(
        "SEPARATION_OF_DUTIES",
        "you approved the image that made this output; for a system of high risk another reviewer must release it",
    )
    .citing(law::AI_18_1))
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
    use super::*;
    use crate::records::system::{
        Autonomy, Document, Evidence, Level, Risk, SystemEvent, SystemState,
    };

    fn evidence() -> Evidence {
        Evidence {
            reference: "order 1".to_owned(),
            sha256: "00".repeat(32),
        }
    }

    /// A registered one that declares nothing.
    pub(in crate::governance) fn system(risk_class: RiskClass) -> System {
        System {
            name: "systems/s".to_owned(),
            display_name: "S".to_owned(),
            description: "does".to_owned(),
            purpose: "research".to_owned(),
            risk_class,
            autonomy: Autonomy::Assistant,
            organization: "organizations/lab".to_owned(),
            requester: "users/d".to_owned(),
            state: SystemState::Registered,
            decision_reason: String::new(),
            decider: String::new(),
            decide_time: None,
            risk_reasons: "no decision about persons".to_owned(),
            functions: Vec::new(),
            alters_biometrics: false,
            biometric_consent: None,
            documents: Vec::new(),
            risks: Vec::new(),
            declaration: 1,
            reviewer: String::new(),
            review_time: None,
        }
    }

    fn field(result: Result<()>) -> String {
        let error = result.unwrap_err();
        assert!(error.metadata.iter().any(|(key, _)| *key == "article"));
        error.violations.first().unwrap().field.clone()
    }

    #[test]
    fn each_class_needs_its_documents_and_risks() {
        let rules = RawGovernance::default();
        complete(&system(RiskClass::Minimal), &rules).unwrap();
        for class in [RiskClass::Medium, RiskClass::High] {
            let mut system = system(class);
            assert_eq!(field(complete(&system, &rules)), "system.documents");
            system.documents = documents(class, &rules)
                .iter()
                .map(|kind| Document {
                    kind: kind.clone(),
                    title: String::new(),
                    evidence: evidence(),
                })
                .collect();
            assert_eq!(field(complete(&system, &rules)), "system.risks");
            system.risks.push(Risk {
                id: "r".to_owned(),
                description: "d".to_owned(),
                likelihood: Level::Low,
                harm: Level::High,
                measures: "m".to_owned(),
                review_time: OffsetDateTime::UNIX_EPOCH + time::Duration::days(10),
            });
            complete(&system, &rules).unwrap();
            system.alters_biometrics = true;
            assert_eq!(field(complete(&system, &rules)), "system.biometric_consent");
            system.biometric_consent = Some(evidence());
            complete(&system, &rules).unwrap();
            system.risk_reasons.clear();
            assert_eq!(field(complete(&system, &rules)), "system.risk_reasons");
        }
    }

    #[test]
    fn an_overdue_review_warns_and_then_blocks() {
        let mut system = system(RiskClass::Medium);
        let due = OffsetDateTime::UNIX_EPOCH + time::Duration::days(10);
        system.risks.push(Risk {
            id: "r".to_owned(),
            description: "d".to_owned(),
            likelihood: Level::Low,
            harm: Level::High,
            measures: "m".to_owned(),
            review_time: due,
        });
        let rules = RawGovernance {
            risk_review_grace_days: 5,
            ..RawGovernance::default()
        };
        let at = |days| due + time::Duration::days(days);
        for (days, warned, taken) in [(-1, 0, true), (0, 1, true), (4, 1, true), (5, 1, false)] {
            assert_eq!(risks::warnings(&system, at(days)).len(), warned, "{days}");
            let outcome = takes_jobs(&system, at(days), &rules);
            assert_eq!(outcome.is_ok(), taken, "{days}");
        }
        let late = takes_jobs(&system, at(6), &rules).unwrap_err();
        assert_eq!(late.reason, "RISK_REVIEW_OVERDUE");
    }

    #[test]
    fn image_and_output_of_a_system_of_high_risk_are_judged_by_two_people() {
        let refused = apart(RiskClass::High, "users/a", "users/a").unwrap_err();
        assert_eq!(refused.reason, "SEPARATION_OF_DUTIES");
        apart(RiskClass::High, "users/a", "users/b").unwrap();
        apart(RiskClass::Medium, "users/a", "users/a").unwrap();
    }

    #[test]
    fn an_ended_system_stays_ended() {
        for event in [
            SystemEvent::Revise,
            SystemEvent::Submit,
            SystemEvent::Register,
            SystemEvent::Resume,
            SystemEvent::Suspend,
            SystemEvent::Terminate,
        ] {
            assert!(SystemState::Terminated.after(event).is_err(), "{event:?}");
        }
        for state in SystemState::ALL {
            let mut system = system(RiskClass::Minimal);
            system.state = *state;
            assert_eq!(in_force(&system).is_ok(), *state == SystemState::Registered);
        }
    }
}
