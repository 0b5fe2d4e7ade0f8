//! Depersonalization runs and publication.

use ring::digest::{SHA256, digest};
use sandyq_access::OrganizationKind;
use sandyq_anonymizer::{Hierarchy, Profile};
use sandyq_proto::v1;
use sandyq_proto::v1::depersonalization_service_server::DepersonalizationService;
use sandyq_store::{Change, Filter, Stored};
use serde_json::json;
use tonic::{Request, Response, Status};

use super::Services;
use crate::call::Call;
use crate::convert;
use crate::error::{Error, Result, Violation, chain};
use crate::governed::Governed;
use crate::pipeline::runs;
use crate::records::library::{Library, Run, RunEvent, RunState, Version, VersionEvent};
use crate::subjects::withdrawal;
use crate::watch::{Answers, watch};

/// Checks a profile against what intake found, without reading a row. Returns the columns that it does not name.
fn check_profile(
    version: &Version,
    text: &str,
    hierarchies: &[v1::Hierarchy],
) -> Result<Vec<String>> {
    if version
        .datasets
        .iter()
        .all(|dataset| dataset.columns.is_empty())
    {
        return Err(Error::precondition(
            "VERSION_NOT_CLASSIFIED",
            format!(
                "{} is {}; its columns are not known",
                version.name,
                version.state.as_str()
            ),
        ));
    }
    let profile = Profile::parse(text).map_err(|error| Error::invalid("profile", chain(&error)))?;
    let mut violations = Vec::new();
    let mut wrong = |field: &str, description: String| {
        violations.push(Violation {
            field: field.to_owned(),
            description,
        });
    };
    for (index, hierarchy) in hierarchies.iter().enumerate() {
        if let Err(error) = Hierarchy::parse(&hierarchy.hierarchy_id, &hierarchy.csv) {
            wrong(&format!("hierarchies[{index}]"), chain(&error));
        }
    }
    for named in profile.datasets() {
        if !version
            .datasets
            .iter()
            .any(|dataset| dataset.id == named.name())
        {
            wrong(
                "profile",
                format!(
                    "names data set {:?}, which the version does not have",
                    named.name()
                ),
            );
        }
    }
    let mut dropped = Vec::new();
    for dataset in &version.datasets {
        let Ok(rules) = profile.dataset(&dataset.id) else {
            wrong(
                "profile",
                format!("does not name data set {:?} of the version", dataset.id),
            );
            continue;
        };
        for (column, rule) in rules.columns() {
            let column = rule.derive.as_ref().map_or(column, |derive| &derive.from);
            if !dataset.columns.iter().any(|known| known.name == column) {
                wrong(
                    "profile",
                    format!("data set {:?} has no column {column:?}", dataset.id),
                );
            }
        }
        for name in rules.hierarchies() {
            if !hierarchies.iter().any(|given| given.hierarchy_id == name) {
                wrong(
                    "hierarchies",
                    format!("the profile names hierarchy {name:?}, which was not sent"),
                );
            }
        }
        dropped.extend(
            dataset
                .columns
                .iter()
                .filter(|column| rules.column(&column.name).is_none())
                .map(|column| format!("{}.{}", dataset.id, column.name)),
        );
    }
    if violations.is_empty() {
        Ok(dropped)
    } else {
        Err(Error::invalid_fields(violations))
    }
}

/// What each kind of organization sees of a run.
fn run_view(kind: OrganizationKind) -> fn(v1::Run) -> v1::Run {
    match kind {
        OrganizationKind::Agency => |run| run,
        _ => convert::overseen_run,
    }
}

fn sha256(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

impl Services {
    async fn start_run(
        &self,
        mut call: Call,
        message: v1::CreateRunRequest,
    ) -> Result<v1::CreateRunResponse> {
        let mut version = call.fetch::<Version>(&message.parent).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        version.state = version.state.after(VersionEvent::Start)?;
        check_profile(&version, &message.profile, &message.hierarchies)?;
        version.runs += 1;
        version.failure = String::new();
        let run = Run {
            name: format!("{}/runs/r{}", version.name, version.runs),
            version: version.name.clone(),
            organization: version.organization.clone(),
            state: RunState::Running,
            profile_sha256: sha256(&message.profile),
            profile: message.profile.clone(),
            hierarchies: message
                .hierarchies
                .iter()
                .map(|h| {
                    (
                        h.hierarchy_id.clone(),
                        String::from_utf8_lossy(&h.csv).into_owned(),
                    )
                })
                .collect(),
            reports: Vec::new(),
            report_sha256: String::new(),
            quality: String::new(),
            quality_breaches: Vec::new(),
            failure: String::new(),
            end_time: None,
        };
        let event = call.event(&run.name, [("profile_sha256", json!(run.profile_sha256))]);
        let change = Change::new(event).update(&version)?.insert(&run)?;
        let change = runs::supersede(&self.0, change, &version.name).await?;
        let name = run.name.clone();
        let answer = v1::CreateRunResponse {
            run: Some(convert::run(&call.inserted(run))),
        };
        let answer = call.commit(change, answer).await?;
        runs::start(&self.0, name);
        Ok(answer)
    }

    async fn publish(
        &self,
        mut call: Call,
        message: v1::PublishVersionRequest,
    ) -> Result<v1::PublishVersionResponse> {
        let mut version = call.fetch::<Version>(&message.name).await?;
        call.authorize(version.resource()).await?;
        if let Some(done) = call.replayed(&message, &message.request_id).await? {
            return Ok(done);
        }
        version.state = version.state.after(VersionEvent::Publish)?;
        let mut run = call.fetch::<Run>(&message.run).await?;
        if run.version != version.name {
            return Err(Error::not_found(&message.run));
        }
        run.state = run.state.after(RunEvent::Publish)?;
        // The owner approves what was read, not whatever is there now.
        for (field, sent, present) in [
            (
                "profile_sha256",
                &message.profile_sha256,
                &run.profile_sha256,
            ),
            ("report_sha256", &message.report_sha256, &run.report_sha256),
        ] {
            if sent != present {
                return Err(Error::invalid(
                    field,
                    "is not that of this run; read the run again",
                ));
            }
        }
        if !run.quality_breaches.is_empty() {
            return Err(Error::precondition(
                "QUALITY_BELOW_THRESHOLD",
                format!(
                    "the data is not of the quality that the profile asks for: {}; correct the data in a new version, or depersonalize this one \
                     under a profile with other thresholds",
                    run.quality_breaches.join("; ")
                ),
            ));
        }
        withdrawal::check_publication(&self.0, &version, run.create_time).await?;
        for dataset in &mut version.datasets {
            dataset.release = run
                .reports
                .iter()
                .find(|r| r.dataset == dataset.id)
                .map(|r| r.release.clone());
        }
        version.publish_time = Some(call.now);
        version.published_run = Some(run.name.clone());
        let mut library = call.fetch::<Library>(&version.library).await?;
        library.published_version = Some(version.name.clone());
        let hashes: Vec<_> = run.reports.iter().map(|r| &r.release.sha256).collect();
        let event = call.event(
            &version.name,
            [
                ("run", json!(run.name)),
                ("profile_sha256", json!(run.profile_sha256)),
                ("report_sha256", json!(run.report_sha256)),
                ("release_sha256", json!(hashes)),
            ],
        );
        let change = Change::new(event)
            .update(&version)?
            .update(&run)?
            .update(&library)?;
        version.revision += 1;
        let answer = v1::PublishVersionResponse {
            version: Some(convert::version(&version)),
        };
        call.commit(change, answer).await
    }
}

#[tonic::async_trait]
impl DepersonalizationService for Services {
    type WatchRunStream = Answers<v1::WatchRunResponse>;

    async fn validate_profile(
        &self,
        request: Request<v1::ValidateProfileRequest>,
    ) -> Result<Response<v1::ValidateProfileResponse>, Status> {
        let mut call = self
            .0
            .enter("DepersonalizationService.ValidateProfile", &request)
            .await?;
        let message = request.into_inner();
        let version = call.fetch::<Version>(&message.parent).await?;
        call.authorize(version.resource()).await?;
        let dropped_columns = check_profile(&version, &message.profile, &message.hierarchies)?;
        Ok(Response::new(v1::ValidateProfileResponse {
            profile_sha256: sha256(&message.profile),
            dropped_columns,
        }))
    }

    async fn create_run(
        &self,
        request: Request<v1::CreateRunRequest>,
    ) -> Result<Response<v1::CreateRunResponse>, Status> {
        let call = self
            .0
            .enter("DepersonalizationService.CreateRun", &request)
            .await?;
        Ok(Response::new(
            self.start_run(call, request.into_inner()).await?,
        ))
    }

    async fn get_run(
        &self,
        request: Request<v1::GetRunRequest>,
    ) -> Result<Response<v1::GetRunResponse>, Status> {
        let mut call = self
            .0
            .enter("DepersonalizationService.GetRun", &request)
            .await?;
        let run = call.fetch::<Run>(&request.get_ref().name).await?;
        call.authorize(run.resource()).await?;
        let view = run_view(call.principal.kind);
        Ok(Response::new(v1::GetRunResponse {
            run: Some(view(convert::run(&run))),
        }))
    }

    async fn list_runs(
        &self,
        request: Request<v1::ListRunsRequest>,
    ) -> Result<Response<v1::ListRunsResponse>, Status> {
        let mut call = self
            .0
            .enter("DepersonalizationService.ListRuns", &request)
            .await?;
        let message = request.get_ref();
        let version = call.fetch::<Version>(&message.parent).await?;
        call.authorize(version.resource()).await?;
        let filter = Filter {
            parent: Some(&version.name),
            ..Filter::default()
        };
        let (found, next_page_token) = self
            .page::<Run>(&filter, message.page_size, &message.page_token)
            .await?;
        Ok(Response::new(v1::ListRunsResponse {
            runs: found
                .iter()
                .map(|run| run_view(call.principal.kind)(convert::run(run)))
                .collect(),
            next_page_token,
        }))
    }

    async fn watch_run(
        &self,
        request: Request<v1::WatchRunRequest>,
    ) -> Result<Response<Self::WatchRunStream>, Status> {
        let mut call = self
            .0
            .enter("DepersonalizationService.WatchRun", &request)
            .await?;
        let run = call.fetch::<Run>(&request.get_ref().name).await?;
        call.authorize(run.resource()).await?;
        let view = run_view(call.principal.kind);
        let convert = move |run: &Stored<Run>| v1::WatchRunResponse {
            run: Some(view(convert::run(run))),
        };
        let ended = |run: &Run| run.state != RunState::Running;
        Ok(Response::new(watch(call, run, convert, ended)))
    }

    async fn publish_version(
        &self,
        request: Request<v1::PublishVersionRequest>,
    ) -> Result<Response<v1::PublishVersionResponse>, Status> {
        let call = self
            .0
            .enter("DepersonalizationService.PublishVersion", &request)
            .await?;
        Ok(Response::new(
            self.publish(call, request.into_inner()).await?,
        ))
    }
}
