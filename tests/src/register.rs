//! A small register of invented people, whose personal numbers are pseudonymized and whose names are dropped.

use std::ops::Range;

use sandyq_proto::v1;

use crate::site::Site;

/// What is done with the register.
pub const PROFILE: &str = r#"version = 1

[privacy]
k = 5
suppression_limit = 0.05

[datasets.people.columns.iin]
role = "direct"
transform = "pseudonymize"
domain = "person"

[datasets.people.columns.region]
role = "quasi"
transform = "keep"

[datasets.people.columns.code]
role = "insensitive"
transform = "keep"
"#;

/// The personal number of a person of the register.
pub fn iin(person: usize) -> String {
    format!("{:012}", 900_101_300_000_usize + person)
}

/// What of a person must never be found in clear: the name.
pub fn person_name(person: usize) -> String {
    format!("Plaintext-Serikova-{person:04}")
}

/// The register of these people as CSV with commas. `code` tells who is who, in every register alike.
pub fn csv(people: Range<usize>) -> Vec<u8> {
    let mut text = "iin,name,region,code\n".to_owned();
    for person in people {
        let (iin, name) = (iin(person), person_name(person));
        text.push_str(&format!("{iin},{name},r{},c{person}\n", person % 4));
    }
    text.into_bytes()
}

impl Site {
    /// Publishes the register of these people as the data set `people` of a new library.
    pub async fn publish_register(&self, library: &str, people: Range<usize>) -> v1::Version {
        let library = self.create_library(library).await;
        let version = self
            .push_csv(&library.name, "people", &csv(people), ",")
            .await;
        assert_eq!(
            version.state(),
            v1::version::State::Classified,
            "{}",
            version.failure_message
        );
        let run = self.verified(&version.name, PROFILE, vec![]).await;
        self.publish(&run).await
    }

    /// A grant with these bytes of log open.
    pub async fn grant_with_log(&self, version: &str, sandbox: &str, bytes: i64) -> v1::Grant {
        let conditions = v1::GrantConditions {
            log_tail: Some(v1::LogTail {
                max_bytes: bytes,
                ..Default::default()
            }),
            ..Default::default()
        };
        self.grant_on(version, sandbox, conditions).await
    }

    /// A grant on conditions of its owner's.
    pub async fn grant_on(
        &self,
        version: &str,
        sandbox: &str,
        conditions: v1::GrantConditions,
    ) -> v1::Grant {
        let grant = self
            .request_grant(version, sandbox, "research", 600)
            .await
            .unwrap();
        let request = v1::ApproveGrantRequest {
            name: grant.name,
            conditions: Some(conditions),
            ..Default::default()
        };
        let answer = self.user("owner").access().approve_grant(request).await;
        answer.unwrap().into_inner().grant.unwrap()
    }
}
