//! One resource of each kind, in the states that matter.

use sandyq_proto::v1;
use sandyq_tests::register::{PROFILE, csv};
use sandyq_tests::rights;
use sandyq_tests::trials::trial;
use sandyq_tests::work::shell;
use sandyq_tests::{Site, images};

/// Names of what the requests of the table are about.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub library: String,
    pub version: String,
    pub run: String,
    pub upload: String,
    pub draft_library: String,
    pub draft_version: String,
    pub draft_run: String,
    pub draft_upload: String,
    pub system: String,
    pub sandbox: String,
    pub rival_sandbox: String,
    pub grant: String,
    pub image: String,
    pub job: String,
    pub trial_sandbox: String,
    pub trial: String,
    pub in_review: String,
    pub released: String,
    pub subject_request: String,
    pub incident: String,
}

impl World {
    /// Everything up to an image that nobody has approved.
    pub async fn make(site: &Site) -> Self {
        let published = site.publish_register("people", 0..40).await;
        let library = site.create_library("drafts").await;
        let draft = site
            .push_csv(&library.name, "people", &csv(0..40), ",")
            .await;
        let run = site
            .depersonalize(&draft.name, PROFILE, vec![])
            .await
            .unwrap();
        let sandbox = site.open_sandbox("box").await;
        let rival_sandbox = site.open_sandbox_for("rival", "rival-box", 3600).await;
        let grant = site.grant(&published.name, &sandbox, "research", 600).await;
        let image = images::import(&site.user("developer"), &images::busybox())
            .await
            .unwrap();
        let subject_request = site
            .request_of_subject("steward", rights::withdrawal(), rights::SUBJECT)
            .await
            .unwrap();
        let incident = site
            .record_incident(v1::Incident {
                libraries: vec!["libraries/people".to_owned()],
                ..rights::incident()
            })
            .await
            .unwrap();
        Self {
            library: "libraries/people".to_owned(),
            upload: published.datasets[0].upload.clone(),
            run: published.published_run,
            version: published.name,
            draft_library: library.name,
            draft_upload: draft.datasets[0].upload.clone(),
            draft_version: draft.name,
            draft_run: run.name,
            system: "systems/box-system".to_owned(),
            subject_request: subject_request.name,
            incident: incident.name,
            sandbox,
            rival_sandbox,
            grant: grant.name,
            image: image.name,
            ..Self::default()
        }
    }

    /// The image is approved, and two jobs leave outputs.
    pub async fn go_on(&mut self, site: &Site) {
        site.approved_image().await;
        let first = site
            .submit(&self.sandbox, shell(&self.image, "echo one"))
            .await
            .unwrap();
        let second = site
            .submit(&self.sandbox, shell(&self.image, "echo two"))
            .await
            .unwrap();
        let first = site.wait_job(&first.name).await;
        let second = site.wait_job(&second.name).await;
        let request = v1::StartReviewRequest {
            name: first.output.clone(),
            ..Default::default()
        };
        site.user("reviewer")
            .airlock()
            .start_review(request)
            .await
            .unwrap();
        site.release(&second.output).await;
        let stage = v1::Stage::TrialOperation;
        self.trial_sandbox = site
            .open_sandbox_of("developer", &self.system, "pilot", stage, 3600)
            .await;
        let trial = site.start_trial(&self.trial_sandbox, "ended", trial(&self.image, "true"));
        self.trial = trial.await.unwrap().name;
        site.stop_trial("developer", &self.trial).await.unwrap();
        (self.job, self.in_review, self.released) = (first.name, first.output, second.output);
    }
}
