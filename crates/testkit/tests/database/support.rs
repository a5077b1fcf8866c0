//! What several of these stories need.

use std::sync::Mutex;

use platform::database::{Database, DatabaseError, Transaction};
use sea_orm::{ConnectionTrait, Statement};
use testkit::{Engine, TestDatabase};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) async fn execute(database: &Database, statement: &str) -> Result<(), DatabaseError> {
    database
        .write(|tx| async move {
            tx.execute_unprepared(statement).await?;
            Ok(())
        })
        .await
}

pub(crate) async fn number(database: &Database, query: &str) -> i64 {
    let statement = Statement::from_string(database.engine(), query);
    database.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// A SQLite file with a table of notes, none twice.
pub(crate) async fn with_notes() -> TestDatabase {
    let test = Engine::Sqlite.open().await.unwrap();
    execute(&test.database, "CREATE TABLE notes (note TEXT NOT NULL UNIQUE)").await.unwrap();
    test
}

/// A caller whose closure has begun and goes on when told. (Waiting for something else than the database is what closures must not
/// do; here it makes the others line up.)
pub(crate) struct Holding {
    pub(crate) release: oneshot::Sender<()>,
    pub(crate) caller: JoinHandle<Result<(), DatabaseError>>,
    pub(crate) has_begun: oneshot::Receiver<()>,
}

pub(crate) fn hold(database: &Database, statement: &'static str) -> Holding {
    let (release, released) = oneshot::channel();
    let (begin, has_begun) = oneshot::channel();
    let gates = Mutex::new(Some((begin, released)));
    let database = database.clone();
    let caller = tokio::spawn(async move {
        database
            .write(|tx: Transaction| {
                let (begin, released) = gates.lock().unwrap().take().unwrap();
                async move {
                    tx.execute_unprepared(statement).await?;
                    begin.send(()).unwrap();
                    released.await.unwrap();
                    Ok(())
                }
            })
            .await
    });
    Holding { release, caller, has_begun }
}

/// Long enough for tasks that can go on to have gone on.
pub(crate) async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}
