//! Trial operation: trained systems that answer requests, and what ends them.

mod bounds;
mod ends;
mod hostile;

use sandyq_proto::v1;
use sandyq_proto::v1::trial::State;
use sandyq_tests::trials::{Asker, trial};
use sandyq_tests::work::{library, shell};
use sandyq_tests::{Site, reason, request_id};

use crate::audit::{count, verified};

/// The output of a job of a system that wrote the file `model.txt`, in the airlock.
async fn trained(site: &Site, system: &str, image: &str) -> String {
    let id = format!("{}-training", system.rsplit('/').next().unwrap());
    let stage = v1::Stage::Training;
    let sandbox = site
        .open_sandbox_of("developer", system, &id, stage, 3600)
        .await;
    let job = shell(image, "echo 'income = 7 * age' > /out/model.txt");
    let job = site.submit(&sandbox, job).await.unwrap();
    site.wait_job(&job.name).await.output
}

#[tokio::test]
async fn a_released_model_answers_by_https_and_by_grpc_and_by_nothing_else() {
    let (site, port) = Site::start_with_gateway(&[]).await;
    let image = site.approved_image().await;
    let (sandbox, system) = site.open_trial_sandbox("pilot", 3600).await;
    let output = trained(&site, &system, &image).await;
    let wanted = v1::Trial {
        outputs: vec![output.clone()],
        ..trial(&image, "serve")
    };
    let early = site.start_trial(&sandbox, "income", wanted.clone()).await;
    assert_eq!(reason(&early.unwrap_err()), "OUTPUT_NOT_RELEASED");
    site.release(&output).await;
    what_may_not_be_tried(&site, &wanted).await;

    let started = site.serving_trial(&sandbox, "income", wanted).await;
    let url = |path: &str| format!("{}{path}", started.name);
    let developer = Asker::new(&site, &site.user("developer"), port);
    let answer = developer.get(&url("/model"), &[]).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (200, "income = 7 * age"),
        "{answer:?}"
    );
    let mark = format!(
        "ai-generated: ?1;system=\"{system}\";trial=\"{}\"",
        started.name
    );
    assert!(answer.head.contains(&mark), "{answer:?}");
    assert!(
        answer.head.contains("content-type: text/plain"),
        "{answer:?}"
    );
    assert!(answer.head.contains("default-src 'none'"), "{answer:?}");
    for inner in ["set-cookie", "location", "ai-generated: no"] {
        assert!(!answer.head.contains(inner), "{answer:?}");
    }
    let more = ["--data", "age=40", "-H", "Cookie: secret"];
    let answer = developer.get(&url("/echo?x=1"), &more).await;
    assert_eq!(answer.body, "POST /echo?x=1 age=40", "{answer:?}");
    let junior = Asker::new(&site, &site.user("junior"), port);
    assert_eq!(junior.get(&url("/none"), &[]).await.status, 404);
    let by_grpc = site.ask_trial("developer", &started.name, "/model").await;
    assert_eq!(by_grpc.unwrap(), (200, "income = 7 * age".to_owned()));

    others_get_nothing(&site, port, &started.name).await;
    what_was_asked_is_counted(&site, &sandbox, &started.name).await;
    let stopped = site.stop_trial("developer", &started.name).await.unwrap();
    assert_eq!(stopped.state(), State::Stopped);
    let late = developer.get(&url("/model"), &[]).await;
    assert_eq!(late.status, 503, "{late:?}");
    assert!(late.body.contains("TRIAL_NOT_SERVING"), "{late:?}");
    site.wait_job(&started.job).await;
    site.wait_clean().await;
    assert!(site.serve_folders().is_empty());
    let log = verified(&site).await;
    for (action, times) in [
        ("TrialService.CreateTrial", 1),
        ("TrialService.StopTrial", 1),
        ("system.TrialAdvanced", 1),
        ("system.TrialMetered", 1),
        // The other organization's.
        ("TrialService.CallTrial", 2),
    ] {
        assert_eq!(count(&log, action, &started.name), times, "{action}");
    }
}

/// Another sandbox, another stage, another system, no budget.
async fn what_may_not_be_tried(site: &Site, wanted: &v1::Trial) {
    let training = site.open_sandbox("training").await;
    let refused = site.start_trial(&training, "t", wanted.clone()).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "STAGE_NOT_TRIAL");
    assert!(
        refused.message().contains("articles 1(5) and 20"),
        "{refused:?}"
    );
    let (other, _) = site.open_trial_sandbox("other", 3600).await;
    let refused = site.start_trial(&other, "t", wanted.clone()).await;
    assert_eq!(reason(&refused.unwrap_err()), "OUTPUT_OF_ANOTHER_SYSTEM");
    let unknown = v1::Trial {
        outputs: vec!["outputs/none".to_owned()],
        ..wanted.clone()
    };
    let refused = site.start_trial(&other, "t", unknown).await;
    assert_eq!(reason(&refused.unwrap_err()), "RESOURCE_NOT_FOUND");
    let silent = v1::Sandbox {
        budget: Some(v1::Budget {
            answer_bytes: 0,
            ..sandyq_tests::work::budget()
        }),
        ..site.sandbox(&other).await
    };
    let name = site.open_described("developer", "silent", silent).await;
    let refused = site.start_trial(&name, "t", wanted.clone()).await;
    assert_eq!(reason(&refused.unwrap_err()), "NO_ANSWER_BUDGET");
}

/// Neither another organization, nor those who watch, nor strangers.
async fn others_get_nothing(site: &Site, port: u16, name: &str) {
    let rival = Asker::new(site, &site.user("rival"), port);
    let path = format!("{name}/model");
    let refused = rival.get(&path, &[]).await;
    assert_eq!(refused.status, 404, "{refused:?}");
    let absent = rival.get(&path.replace("income", "absent"), &[]).await;
    let told = absent.body.replace("absent", "income");
    assert_eq!(refused.body, told, "whether it exists is not told");
    let auditor = Asker::new(site, &site.user("auditor"), port);
    let refused = auditor.get(&path, &[]).await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let stranger = rival.get_unknown(&path).await;
    assert!(
        !stranger.status.success() && stranger.stdout.is_empty(),
        "{stranger:?}"
    );
}

async fn what_was_asked_is_counted(site: &Site, sandbox: &str, name: &str) {
    let counted = site.trial(name).await;
    let usage = counted.usage.unwrap();
    assert_eq!((usage.requests, usage.failures), (4, 0), "{counted:?}");
    assert!((50..1000).contains(&usage.answer_bytes), "{usage:?}");
    let users: Vec<(&str, i64)> = counted
        .users
        .iter()
        .map(|sums| (sums.user.as_str(), sums.usage.as_ref().unwrap().requests))
        .collect();
    assert_eq!(users, [("users/developer", 3), ("users/junior", 1)]);
    let used = site.sandbox(sandbox).await.used.unwrap();
    assert!(used.answer_bytes >= usage.answer_bytes, "{used:?}");
}

#[tokio::test]
async fn a_library_answers_only_where_its_owner_and_every_grant_allow_it() {
    let (site, _) = Site::start_with_gateway(&[]).await;
    let version = site.publish_register("people", 0..40).await;
    let image = site.approved_image().await;
    let (sandbox, _) = site.open_trial_sandbox("pilot", 3600).await;
    let asked = site.request_grant(&version.name, &sandbox, "research", 600);
    let refused = asked.await.unwrap_err();
    assert_eq!(reason(&refused), "RULE_NOT_MET");
    assert!(refused.message().contains("trial operation"), "{refused:?}");
    allow_trial_use(&site, true, &[]).await;
    let grant = site.grant(&version.name, &sandbox, "research", 600).await;
    assert_eq!(grant.conditions.unwrap().trial_use, Some(true));
    let wanted = v1::Trial {
        versions: vec![version.name.clone()],
        ..trial(&image, "serve")
    };
    let started = site.serving_trial(&sandbox, "people", wanted.clone()).await;
    let answer = site.ask_trial("developer", &started.name, "/data").await;
    assert!(answer.unwrap().1.contains("people.parquet"));
    let answer = site.ask_trial("junior", &started.name, "/echo").await;
    assert_eq!(answer.unwrap().0, 200);
    // Whom the owner does not name may not ask either, and the trial goes on for the others.
    allow_trial_use(&site, true, &["users/developer"]).await;
    let refused = site.ask_trial("junior", &started.name, "/data").await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "ACCESS_DENIED");
    assert!(
        refused.message().contains("named developers"),
        "{refused:?}"
    );
    let answer = site.ask_trial("developer", &started.name, "/echo").await;
    assert_eq!(answer.unwrap().0, 200);
    // The owner thinks again.
    let begin = std::time::Instant::now();
    allow_trial_use(&site, false, &[]).await;
    let (ended, _) = site.wait_trial(&started.name, State::Revoked).await;
    assert!(begin.elapsed().as_secs() < 5, "{ended:?}");
    let refused = site.start_trial(&sandbox, "again", wanted).await;
    let refused = refused.unwrap_err();
    assert_eq!(reason(&refused), "ACCESS_DENIED");
    assert!(refused.message().contains("does not lend"), "{refused:?}");
    site.wait_clean().await;
}

async fn allow_trial_use(site: &Site, trial_use: bool, developers: &[&str]) {
    let library = v1::Library {
        name: "libraries/people".to_owned(),
        access: Some(v1::AccessRule {
            trial_use,
            developers: developers.iter().map(|&name| name.to_owned()).collect(),
            ..Default::default()
        }),
        ..library("people")
    };
    let request = v1::UpdateLibraryRequest {
        library: Some(library),
        request_id: request_id(),
    };
    let updated = site.user("owner").library().update_library(request).await;
    updated.unwrap();
}
