//! Whom an owner's rule names: they are there, and can use what is lent.

use sandyq_access::{OrganizationKind, Role};

use super::Services;
use crate::error::{Error, Result, Violation};
use crate::governance::law;
use crate::records::identity::{Organization, User, UserState};
use crate::records::rule::AccessRule;

impl Services {
    /// Refuses a rule that newly names who could never use the library. Absent, and of another kind, read the same.
    pub(super) async fn can_be_lent_to(
        &self,
        wanted: &AccessRule,
        known: &AccessRule,
    ) -> Result<()> {
        let mut wrong = Vec::new();
        for name in &wanted.organizations {
            if !known.organizations.contains(name) && !self.develops(name).await? {
                wrong.push(Violation {
                    field: "library.access.organizations".to_owned(),
                    description: format!("{name:?} is no organization of developers here"),
                });
            }
        }
        for name in &wanted.developers {
            if !known.developers.contains(name) && !self.is_developer(name).await? {
                wrong.push(Violation {
                    field: "library.access.developers".to_owned(),
                    description: format!("{name:?} is nobody with the role of a developer here"),
                });
            }
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Error::invalid_fields(wrong).citing(law::AI_17_1))
    }

    async fn develops(&self, name: &str) -> Result<bool> {
        let found = self.0.store.get::<Organization>(name).await?;
        Ok(found.is_some_and(|found| found.kind == OrganizationKind::Developer))
    }

    async fn is_developer(&self, name: &str) -> Result<bool> {
        let found = self.0.store.get::<User>(name).await?;
        Ok(found.is_some_and(|user| {
            let develops = |role: &Role| matches!(role, Role::Developer | Role::DeveloperLead);
            user.state != UserState::Revoked && user.roles.iter().any(develops)
        }))
    }
}
