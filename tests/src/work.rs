//! The steps of the main job up to publication, as one user each would do them, and what steps are made of.

use std::path::Path;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use prost_types::Timestamp;
use sandyq_proto::v1;

use crate::site::Site;
use crate::{repository, request_id, sha256};

/// The longest that a step in the background may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// A time so many seconds from now.
pub fn in_seconds(seconds: u64) -> Option<Timestamp> {
    Some((SystemTime::now() + Duration::from_secs(seconds)).into())
}

/// Unmounts whatever is mounted below a folder.
pub fn unmount_below(folder: &Path) {
    let Ok(mounts) = std::fs::read_to_string("/proc/mounts") else {
        return;
    };
    // What was mounted last lies on what was mounted before.
    for line in mounts.lines().rev() {
        let Some(target) = line.split(' ').nth(1) else {
            continue;
        };
        if Path::new(target).starts_with(folder) {
            // Lazily: somebody may still look at it, and lets go in a moment.
            let _ = std::process::Command::new("umount")
                .args(["-l", target])
                .output();
        }
    }
}

/// A file of the Adult example.
pub fn adult(name: &str) -> Vec<u8> {
    std::fs::read(repository().join("examples/adult").join(name)).unwrap()
}

/// Every hierarchy of the Adult example.
pub fn adult_hierarchies() -> Vec<v1::Hierarchy> {
    let folder = repository().join("examples/adult/hierarchies");
    let mut out: Vec<v1::Hierarchy> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            v1::Hierarchy {
                hierarchy_id: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                csv: std::fs::read(path).unwrap(),
            }
        })
        .collect();
    out.sort_by(|a, b| a.hierarchy_id.cmp(&b.hierarchy_id));
    out
}

/// A declared CSV data set.
pub fn csv_dataset(id: &str, bytes: &[u8], delimiter: &str) -> v1::Dataset {
    v1::Dataset {
        dataset_id: id.to_owned(),
        format: v1::DatasetFormat::Csv.into(),
        delimiter: delimiter.to_owned(),
        sha256: sha256(bytes),
        size_bytes: i64::try_from(bytes.len()).unwrap(),
        ..Default::default()
    }
}

/// The messages of an upload from an offset on.
pub fn write_messages(
    upload: &str,
    bytes: &[u8],
    from: usize,
    finish: bool,
) -> Vec<v1::WriteRequest> {
    let mut messages = Vec::new();
    let mut offset = from;
    let rest = &bytes[from..];
    let mut parts: Vec<&[u8]> = rest.chunks(1 << 20).collect();
    if parts.is_empty() {
        parts.push(&[]);
    }
    let last = parts.len() - 1;
    for (index, part) in parts.into_iter().enumerate() {
        messages.push(v1::WriteRequest {
            resource_name: if index == 0 {
                upload.to_owned()
            } else {
                String::new()
            },
            write_offset: i64::try_from(offset).unwrap(),
            finish_write: finish && index == last,
            data: Bytes::copy_from_slice(part),
        });
        offset += part.len();
    }
    messages
}

impl Site {
    /// The owner makes a library for research.
    pub async fn create_library(&self, id: &str) -> v1::Library {
        let library = library(id);
        let request = v1::CreateLibraryRequest {
            library_id: id.to_owned(),
            library: Some(library),
            request_id: request_id(),
        };
        self.user("owner")
            .library()
            .create_library(request)
            .await
            .unwrap()
            .into_inner()
            .library
            .unwrap()
    }

    /// The owner opens a version.
    pub async fn create_version(
        &self,
        library: &str,
        datasets: Vec<v1::Dataset>,
    ) -> Result<v1::Version, tonic::Status> {
        let request = v1::CreateVersionRequest {
            parent: library.to_owned(),
            provenance: "a register kept by law".to_owned(),
            datasets,
            request_id: request_id(),
            ..Default::default()
        };
        let answer = self.user("owner").library().create_version(request).await?;
        Ok(answer.into_inner().version.unwrap())
    }

    /// The owner sends all bytes of an upload.
    pub async fn write(
        &self,
        upload: &str,
        bytes: &[u8],
    ) -> Result<v1::WriteResponse, tonic::Status> {
        let messages = write_messages(upload, bytes, 0, true);
        let answer = self
            .user("owner")
            .library()
            .write(tokio_stream::iter(messages))
            .await?;
        Ok(answer.into_inner())
    }

    /// A version of these data sets, each with its bytes, which the platform has taken in.
    pub async fn push_datasets(
        &self,
        library: &str,
        declared: Vec<v1::Dataset>,
        data: &[(&str, Vec<u8>)],
    ) -> v1::Version {
        let version = self.create_version(library, declared).await.unwrap();
        for dataset in &version.datasets {
            let (_, bytes) = data
                .iter()
                .find(|(id, _)| *id == dataset.dataset_id)
                .unwrap();
            self.write(&dataset.upload, bytes).await.unwrap();
        }
        let taken = self.finalize(&version.name).await;
        assert_eq!(
            taken.state(),
            v1::version::State::Classified,
            "{}",
            taken.failure_message
        );
        taken
    }

    /// The owner ends the upload and waits until the version is CLASSIFIED or REFUSED.
    pub async fn finalize(&self, version: &str) -> v1::Version {
        let request = v1::FinalizeVersionRequest {
            name: version.to_owned(),
            request_id: request_id(),
        };
        self.user("owner")
            .library()
            .finalize_version(request)
            .await
            .unwrap();
        self.wait_version(
            version,
            &[v1::version::State::Classified, v1::version::State::Refused],
        )
        .await
    }

    /// Waits until a version is in one of the states.
    pub async fn wait_version(&self, name: &str, states: &[v1::version::State]) -> v1::Version {
        let request = v1::WatchVersionRequest {
            name: name.to_owned(),
        };
        let mut stream = self
            .user("owner")
            .library()
            .watch_version(request)
            .await
            .unwrap()
            .into_inner();
        let wait = async {
            loop {
                let version = stream
                    .message()
                    .await
                    .unwrap()
                    .expect("the watch goes on")
                    .version
                    .unwrap();
                if states.contains(&version.state()) {
                    return version;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the version does not change its state")
    }

    /// Uploads one CSV data set, up to CLASSIFIED or REFUSED.
    pub async fn push_csv(
        &self,
        library: &str,
        dataset: &str,
        bytes: &[u8],
        delimiter: &str,
    ) -> v1::Version {
        let version = self
            .create_version(library, vec![csv_dataset(dataset, bytes, delimiter)])
            .await
            .unwrap();
        self.write(&version.datasets[0].upload, bytes)
            .await
            .unwrap();
        self.finalize(&version.name).await
    }

    /// Starts a run and waits for its end.
    pub async fn depersonalize(
        &self,
        version: &str,
        profile: &str,
        hierarchies: Vec<v1::Hierarchy>,
    ) -> Result<v1::Run, tonic::Status> {
        let request = v1::CreateRunRequest {
            parent: version.to_owned(),
            profile: profile.to_owned(),
            hierarchies,
            request_id: request_id(),
        };
        let mut client = self.user("owner").depersonalization();
        let run = client.create_run(request).await?.into_inner().run.unwrap();
        Ok(self.wait_run(&run.name).await)
    }

    /// As [`Site::depersonalize`], for a run that has to be verified.
    pub async fn verified(
        &self,
        version: &str,
        profile: &str,
        hierarchies: Vec<v1::Hierarchy>,
    ) -> v1::Run {
        let run = self.depersonalize(version, profile, hierarchies).await;
        let run = run.unwrap();
        let failure = &run.failure_message;
        assert_eq!(run.state(), v1::run::State::Verified, "{failure}");
        run
    }

    /// Waits until a run has ended.
    pub async fn wait_run(&self, name: &str) -> v1::Run {
        let mut client = self.user("owner").depersonalization();
        let request = v1::WatchRunRequest {
            name: name.to_owned(),
        };
        let mut stream = client.watch_run(request).await.unwrap().into_inner();
        let wait = async {
            loop {
                let run = stream
                    .message()
                    .await
                    .unwrap()
                    .expect("the watch goes on")
                    .run
                    .unwrap();
                if run.state() != v1::run::State::Running {
                    return run;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the run does not end")
    }

    /// The owner publishes a verified run.
    pub async fn publish(&self, run: &v1::Run) -> v1::Version {
        let version = run.name.rsplit_once("/runs/").unwrap().0.to_owned();
        let request = v1::PublishVersionRequest {
            name: version,
            run: run.name.clone(),
            profile_sha256: run.profile_sha256.clone(),
            report_sha256: run.report_sha256.clone(),
            request_id: request_id(),
        };
        let answer = self
            .user("owner")
            .depersonalization()
            .publish_version(request)
            .await
            .unwrap();
        answer.into_inner().version.unwrap()
    }

    /// The Adult example, published in a library of this name.
    pub async fn publish_adult(&self, library: &str) -> v1::Version {
        let library = self.create_library(library).await;
        let version = self
            .push_csv(&library.name, "adult", &adult("adult.csv"), ";")
            .await;
        assert_eq!(
            version.state(),
            v1::version::State::Classified,
            "{}",
            version.failure_message
        );
        let profile = String::from_utf8(adult("profile.toml")).unwrap();
        let run = self
            .verified(&version.name, &profile, adult_hierarchies())
            .await;
        self.publish(&run).await
    }
}

/// Evidence of something.
pub fn evidence() -> v1::Evidence {
    v1::Evidence {
        reference: "order No. 1, paragraph 2".to_owned(),
        sha256: sha256(b"order No. 1"),
    }
}

/// An AI system that declares all that its risk class needs, with the documents that are asked for by default.
pub fn system(risk_class: v1::RiskClass) -> v1::System {
    let kinds: &[&str] = match risk_class {
        v1::RiskClass::Medium => &["technical-description", "user-information"],
        v1::RiskClass::High => &[
            "technical-description",
            "user-information",
            "risk-assessment",
            "human-oversight",
            "security-conformity",
        ],
        _ => &[],
    };
    let risk = v1::Risk {
        risk_id: "bias".to_owned(),
        description: "a group of people is underrated".to_owned(),
        likelihood: v1::Level::Medium.into(),
        harm: v1::Level::High.into(),
        measures: "a balanced sample".to_owned(),
        review_time: in_seconds(90 * 24 * 3600),
        ..Default::default()
    };
    let risks = if kinds.is_empty() { vec![] } else { vec![risk] };
    v1::System {
        display_name: "Income model".to_owned(),
        description: "Estimates income brackets".to_owned(),
        purpose: "research.income".to_owned(),
        risk_class: risk_class.into(),
        risk_reasons: "nobody is decided about".to_owned(),
        autonomy: v1::Autonomy::Assistant.into(),
        documents: kinds
            .iter()
            .map(|kind| v1::Document {
                kind: (*kind).to_owned(),
                title: (*kind).to_owned(),
                evidence: Some(evidence()),
            })
            .collect(),
        risks,
        ..Default::default()
    }
}

/// A library for research that declares what the law asks, and narrows nothing.
pub fn library(name: &str) -> v1::Library {
    v1::Library {
        display_name: name.to_owned(),
        purposes: vec!["research".to_owned()],
        legal_basis: Some(v1::LegalBasis {
            kind: v1::legal_basis::Kind::Law.into(),
            reference: "law on state statistics, article 8".to_owned(),
        }),
        provenance_kind: v1::ProvenanceKind::StateRegister.into(),
        ..Default::default()
    }
}

/// A budget that no test uses up by accident.
pub fn budget() -> v1::Budget {
    v1::Budget {
        cpu_duration: Some(prost_types::Duration {
            seconds: 100_000,
            nanos: 0,
        }),
        concurrent_jobs: 10,
        memory_bytes: 4 << 30,
        output_bytes: 4 << 30,
        answer_bytes: 64 << 20,
    }
}

/// A shell job that needs no data.
pub fn shell(image: &str, script: &str) -> v1::Job {
    v1::Job {
        image: image.to_owned(),
        command: ["sh", "-c", script].map(str::to_owned).to_vec(),
        purpose: "research".to_owned(),
        limits: Some(v1::Limits {
            memory_bytes: 64 << 20,
            output_bytes: 4 << 20,
            wall_clock_duration: Some(prost_types::Duration {
                seconds: 60,
                nanos: 0,
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}
