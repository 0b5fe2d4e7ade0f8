//! The main job on PostgreSQL.

use sandyq_proto::v1;
use sandyq_store::testing::PostgresServer;
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site};

use crate::{audit, main_job};

#[tokio::test]
async fn the_main_job_runs_on_postgresql_and_survives_a_kill() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.create_database("sandyq").unwrap();
    let mut site = Site::start_with(Options {
        database_url: Some(url),
        ..Options::default()
    })
    .await;
    assert!(
        !site.dir.join("state.db").exists(),
        "all state is in PostgreSQL"
    );
    let done = main_job::carry_out(&site).await;

    let (sandbox, _) = done.name.split_once("/jobs/").unwrap();
    let job = shell(&done.image, "sleep 3; echo done > /out/done");
    let job = site.submit(sandbox, job).await.unwrap();
    site.wait_job_until(&job.name, |job| job.state() == v1::job::State::Running)
        .await;
    site.kill();
    site.serve().await;
    let job = site.wait_job(&job.name).await;
    assert_eq!(job.state(), v1::job::State::Succeeded, "{job:?}");
    site.wait_clean().await;
    audit::verified(&site).await;
}
