//! How policies see each record.

use sandyq_access::{Resource, ResourceKind};

use crate::records::access::Grant;
use crate::records::airlock::Output;
use crate::records::identity::{Organization, User};
use crate::records::incident::Incident;
use crate::records::job::Job;
use crate::records::library::{Library, Run, RunState, Version, VersionState};
use crate::records::sandbox::Sandbox;
use crate::records::subject::SubjectRequest;
use crate::records::system::{Image, System};
use crate::records::trial::Trial;

/// A record that policies decide on.
pub trait Governed {
    /// The record with the facts that policies look at.
    fn resource(&self) -> Resource;
}

fn owned(kind: ResourceKind, name: &str, organization: &str, state: &str) -> Resource {
    Resource {
        organization: Some(organization.to_owned()),
        state: (!state.is_empty()).then(|| state.to_owned()),
        ..Resource::new(kind, name)
    }
}

impl Governed for Organization {
    fn resource(&self) -> Resource {
        owned(ResourceKind::Organization, &self.name, &self.name, "")
    }
}

impl Governed for User {
    fn resource(&self) -> Resource {
        Resource {
            user: Some(self.name.clone()),
            ..owned(
                ResourceKind::User,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Library {
    fn resource(&self) -> Resource {
        Resource {
            published: self.published_version.is_some(),
            ..owned(ResourceKind::Library, &self.name, &self.organization, "")
        }
    }
}

impl Governed for Version {
    fn resource(&self) -> Resource {
        Resource {
            published: self.state == VersionState::Published,
            ..owned(
                ResourceKind::Version,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Run {
    fn resource(&self) -> Resource {
        Resource {
            published: self.state == RunState::Published,
            ..owned(
                ResourceKind::Run,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Grant {
    fn resource(&self) -> Resource {
        Resource {
            viewers: vec![self.requesting_organization.clone()],
            // Nobody decides on what they asked for themselves: the grant, or its renewal.
            user: Some(
                self.renewal
                    .as_ref()
                    .map_or(&self.requester, |renewal| &renewal.requester)
                    .clone(),
            ),
            ..owned(
                ResourceKind::Grant,
                &self.name,
                &self.owner_organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for System {
    fn resource(&self) -> Resource {
        Resource {
            user: Some(self.requester.clone()),
            ..owned(
                ResourceKind::System,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Sandbox {
    fn resource(&self) -> Resource {
        Resource {
            viewers: self.viewers.clone(),
            user: Some(self.requester.clone()),
            ..owned(
                ResourceKind::Sandbox,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Job {
    fn resource(&self) -> Resource {
        Resource {
            user: Some(self.requester.clone()),
            ..owned(
                ResourceKind::Job,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Trial {
    fn resource(&self) -> Resource {
        Resource {
            user: Some(self.requester.clone()),
            ..owned(
                ResourceKind::Trial,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Image {
    fn resource(&self) -> Resource {
        owned(
            ResourceKind::Image,
            &self.name,
            &self.organization,
            self.state.as_str(),
        )
    }
}

impl Governed for Output {
    fn resource(&self) -> Resource {
        owned(
            ResourceKind::Output,
            &self.name,
            &self.organization,
            self.state.as_str(),
        )
    }
}

impl Governed for SubjectRequest {
    fn resource(&self) -> Resource {
        Resource {
            user: Some(self.recorder.clone()),
            ..owned(
                ResourceKind::SubjectRequest,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}

impl Governed for Incident {
    fn resource(&self) -> Resource {
        Resource {
            viewers: self.viewers.clone(),
            user: Some(self.recorder.clone()),
            ..owned(
                ResourceKind::Incident,
                &self.name,
                &self.organization,
                self.state.as_str(),
            )
        }
    }
}
