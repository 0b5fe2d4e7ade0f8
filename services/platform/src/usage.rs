//! Whether a sandbox may use a library version for a purpose, now: asks the policies with each grant that might permit it.

use sandyq_access::{Decision, UseGrant, UseQuestion, UseSandbox, UseVersion};
use sandyq_store::{Filter, Page, Stored};

use crate::error::Result;
use crate::platform::Platform;
use crate::records::access::Grant;
use crate::records::library::{Library, Version};
use crate::records::sandbox::Sandbox;

/// Grants of one sandbox that are looked at.
pub const MOST_GRANTS: u32 = 1000;

/// A decision on use.
pub struct UseAnswer {
    /// Allowed or not, and why.
    pub decision: Decision,
    /// The grant that permits it.
    pub grant: Option<Stored<Grant>>,
}

/// Asks about one grant, or about none.
pub async fn decide_by(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
    purpose: &str,
    grant: Option<&Grant>,
) -> Result<Decision> {
    let library = platform.record::<Library>(&version.library).await?;
    Ok(ask(platform, sandbox, version, &library, purpose, grant))
}

fn ask(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
    library: &Library,
    purpose: &str,
    grant: Option<&Grant>,
) -> Decision {
    platform.policies.decide_use(&UseQuestion {
        now: platform.now().unix_timestamp(),
        sandbox: UseSandbox {
            name: sandbox.name.clone(),
            organization: sandbox.organization.clone(),
            state: sandbox.state.as_str().to_owned(),
            stage: sandbox.stage.as_str().to_owned(),
            expire_time: sandbox.expire_time.unix_timestamp(),
        },
        version: UseVersion {
            name: version.name.clone(),
            state: version.state.as_str().to_owned(),
            organization: version.organization.clone(),
        },
        purpose: purpose.to_owned(),
        grant: grant.map(|grant| UseGrant {
            name: grant.name.clone(),
            state: grant.state.as_str().to_owned(),
            sandbox: grant.sandbox.clone(),
            version: grant.version.clone(),
            purpose: grant.purpose.clone(),
            expire_time: grant.expire_time.unix_timestamp(),
        }),
        library_purposes: library.purposes.clone(),
    })
}

/// Looks for a grant that permits the use. When none does, the answer tells why for the newest one.
///
/// # Errors
/// The store's.
pub async fn decide(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
    purpose: &str,
) -> Result<UseAnswer> {
    let library = platform.record::<Library>(&version.library).await?;
    let grants = grants_in(platform, &sandbox.name).await?;
    Ok(decide_among(
        platform, sandbox, version, &library, purpose, grants,
    ))
}

/// The grants of a sandbox, in the order in which they were asked for.
///
/// # Errors
/// The store's.
pub async fn grants_in(platform: &Platform, sandbox: &str) -> Result<Vec<Stored<Grant>>> {
    let filter = Filter {
        parent: Some(sandbox),
        ..Filter::default()
    };
    Ok(platform
        .store
        .list(&filter, Page::first(MOST_GRANTS))
        .await?)
}

/// As [`decide`], where everything was read already.
pub fn decide_among(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
    library: &Library,
    purpose: &str,
    grants: Vec<Stored<Grant>>,
) -> UseAnswer {
    let mut denial = None;
    for grant in grants
        .into_iter()
        .rev()
        .filter(|grant| grant.version == version.name)
    {
        let decision = ask(platform, sandbox, version, library, purpose, Some(&grant));
        if decision.allowed {
            return UseAnswer {
                decision,
                grant: Some(grant),
            };
        }
        denial.get_or_insert(decision);
    }
    let decision =
        denial.unwrap_or_else(|| ask(platform, sandbox, version, library, purpose, None));
    UseAnswer {
        decision,
        grant: None,
    }
}

/// True when a version was ever granted in a sandbox, so that its existence is no secret there.
///
/// # Errors
/// The store's.
pub async fn ever_granted(
    platform: &Platform,
    sandbox: &Sandbox,
    version: &Version,
) -> Result<bool> {
    let grants = grants_in(platform, &sandbox.name).await?;
    Ok(grants.iter().any(|grant| grant.version == version.name))
}
