//! The users of the tests. `AO` and `AS` belong to the agency `stat`, `AO2` and `AS2` to the agency `tax`, `D`, the lead `DL` and the user
//! without roles, `NO`, to the developer `lab`, `D2` to the developer `rival`.

use sandyq_access::{OrganizationKind, Principal, Role};

/// Short names of all users.
pub const EVERYONE: &str = "OA OR AO AS AO2 AS2 D D2 AU NO DL";

/// A user by short name; the user's name is `users/` and the short name in lower case.
pub fn principal(short: &str) -> Principal {
    let (organization, kind, role) = match short {
        "OA" => (
            "operator",
            OrganizationKind::Operator,
            Some(Role::OperatorAdmin),
        ),
        "OR" => (
            "operator",
            OrganizationKind::Operator,
            Some(Role::OperatorReviewer),
        ),
        "AO" => ("stat", OrganizationKind::Agency, Some(Role::AgencyOwner)),
        "AS" => ("stat", OrganizationKind::Agency, Some(Role::AgencySteward)),
        "AO2" => ("tax", OrganizationKind::Agency, Some(Role::AgencyOwner)),
        "AS2" => ("tax", OrganizationKind::Agency, Some(Role::AgencySteward)),
        "D" => ("lab", OrganizationKind::Developer, Some(Role::Developer)),
        "DL" => (
            "lab",
            OrganizationKind::Developer,
            Some(Role::DeveloperLead),
        ),
        "D2" => ("rival", OrganizationKind::Developer, Some(Role::Developer)),
        "AU" => ("audit", OrganizationKind::Auditor, Some(Role::Auditor)),
        "NO" => ("lab", OrganizationKind::Developer, None),
        _ => panic!("no user `{short}`"),
    };
    Principal {
        user: format!("users/{}", short.to_lowercase()),
        organization: format!("organizations/{organization}"),
        kind,
        roles: role.into_iter().collect(),
    }
}
