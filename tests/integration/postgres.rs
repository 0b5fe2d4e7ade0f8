//! The main job on PostgreSQL.

use sandyq_proto::v1;
use sandyq_store::testing::PostgresServer;
use sandyq_tests::rights::{SUBJECT, withdrawal};
use sandyq_tests::work::shell;
use sandyq_tests::{Options, Site};
use sqlx::{Connection as _, PgConnection};

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

#[tokio::test]
async fn no_table_of_postgresql_holds_a_personal_number() {
    let postgres = PostgresServer::start().unwrap();
    let url = postgres.create_database("sandyq").unwrap();
    let site = Site::start_with(Options {
        database_url: Some(url.clone()),
        ..Options::default()
    })
    .await;
    let register = site.publish_register("people", 0..60).await;
    let asked = site
        .request_of_subject("steward", withdrawal(), SUBJECT)
        .await
        .unwrap();
    let done = site.accept_request("owner", &asked.name, "").await.unwrap();
    let retired =
        |held: &v1::subject_request::HeldVersion| held.version == register.name && held.retired;
    assert!(done.versions.iter().any(retired), "{done:?}");
    let rows = everything(&url).await;
    assert!(rows.iter().any(|row| row.contains(&asked.name)));
    // Bytes are shown in hexadecimal.
    for number in [SUBJECT.to_owned(), hex::encode(SUBJECT)] {
        let found = rows.iter().find(|row| row.contains(&number));
        assert_eq!(found, None);
    }
}

/// Every row of every table, as text.
async fn everything(url: &str) -> Vec<String> {
    let mut database = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
    )
    .fetch_all(&mut database)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let all = format!("SELECT t::text FROM \"{table}\" t");
        let of_table: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(all))
            .fetch_all(&mut database)
            .await
            .unwrap();
        rows.extend(of_table);
    }
    database.close().await.unwrap();
    rows
}
