//! Another process keeps SQLite's one writer for longer than anybody waits.

use sea_orm::{ConnectOptions, ConnectionTrait as _};
use testkit::load::post;

use crate::house::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_kept_waiting_says_so_and_works_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path()).await;
    let server = house.serve().await;
    let mut options = ConnectOptions::new(format!("sqlite:{}?mode=rw", house.file().display()));
    options.max_connections(1).sqlx_logging(false);
    let other = sea_orm::Database::connect(options).await.unwrap();
    other.execute_unprepared("BEGIN IMMEDIATE").await.unwrap();

    let letters = house.letters(8);
    let posted = post(server.address(), letters.clone(), 8, std::time::Duration::ZERO).await.unwrap();
    // All have waited at the same time, and none waits for the patience of another.
    assert!((9.0..15.0).contains(&posted.took.as_secs_f64()), "{:?}", posted.took);
    assert_eq!(posted.refused.len(), 8, "{posted:?}");
    for (status, body) in &posted.refused {
        assert!(*status == 503 && body.contains("\"code\":\"busy\""), "{status} {body}");
    }
    // Whoever only reads has not noticed.
    assert_eq!(server.address().get("/it/", "identity").await.unwrap().status, 200);
    assert!(house.stored().await.is_empty());

    other.execute_unprepared("ROLLBACK").await.unwrap();
    let posted = post(server.address(), letters, 8, std::time::Duration::ZERO).await.unwrap();
    assert_eq!(posted.acknowledged.len(), 8, "{:?}", posted.refused);
    house.check(&posted.acknowledged).await;
}
