//! What is wrong is refused with a clear error; nothing is lost, and nothing half-visible remains.

mod data;
mod jobs;
mod machine;
mod profiles;
mod terms;
mod uploads;

pub use data::deadly;
use sandyq_tests::{Site, reason};
use tonic::{Code, Status};

/// Checks code, reason, and that the message names all of these.
fn told(status: &Status, code: Code, expected: &str, named: &[&str]) {
    assert_eq!(status.code(), code, "{status:?}");
    assert_eq!(reason(status), expected, "{status:?}");
    for part in named {
        assert!(
            status.message().contains(part),
            "{part:?} is not in {:?}",
            status.message()
        );
    }
}

#[tokio::test]
async fn attack_31_bad_data_is_refused_as_a_whole() {
    let site = Site::start().await;
    data::every_fault_is_named_with_its_place(&site).await;
    data::one_bad_data_set_refuses_the_version(&site).await;
    data::declarations_are_checked_first(&site).await;
    data::a_file_that_kills_its_decoder_does_not_kill_the_server(&site).await;
}

#[tokio::test]
async fn attack_30_bad_uploads_keep_nothing_that_is_wrong() {
    let site = Site::start().await;
    uploads::the_wrong_hash(&site).await;
    uploads::resumed_with_other_bytes(&site).await;
    uploads::wrong_offsets_and_sizes(&site).await;
    uploads::to_a_version_that_is_closed(&site).await;
    uploads::messages_that_are_too_large(&site).await;
}

#[tokio::test]
async fn bad_profiles_are_refused_with_line_and_field() {
    let site = Site::start().await;
    let version = profiles::classified(&site).await;
    profiles::faults_are_named(&site, &version).await;
    profiles::k_out_of_reach_says_what_is_in_reach(&site, &version).await;
    profiles::only_what_was_read_is_published(&site, &version).await;
}

#[tokio::test]
async fn bad_jobs_are_refused_before_anything_runs() {
    let site = Site::start().await;
    let world = jobs::World::make(&site).await;
    jobs::images(&site, &world).await;
    jobs::budgets_and_limits(&site, &world).await;
    terms::purposes(&site, &world).await;
    terms::ended_grants(&site, &world).await;
    terms::ended_sandboxes(&site, &world).await;
    jobs::resources_of_others(&site, &world).await;
    jobs::revoked_people(&site, &world).await;
    jobs::nothing_remains(&site, &world).await;
    jobs::an_open_log_ends_with_its_reader(&site, &world).await;
}
