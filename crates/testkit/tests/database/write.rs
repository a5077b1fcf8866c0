//! `db.write`, the one way to write, on both engines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use platform::database::{Database, DatabaseError};
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement, Value};
use testkit::TestDatabase;
use thiserror::Error;

testkit::on_both_engines!(
    database:
    a_refusal_leaves_nothing,
    a_dropped_write_leaves_nothing,
    concurrent_writers_lose_nothing,
    readers_cannot_write,
    a_duplicate_is_told_from_a_failure,
    foreign_keys_hold,
    what_goes_together_goes_in_order_and_with_its_own_values,
    a_transaction_that_is_kept_is_not_committed,
    it_lives,
);

#[derive(Debug, Error)]
enum StoryError {
    #[error("a rule said no")]
    Refused,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

async fn execute(database: &Database, statement: &str) -> Result<(), DatabaseError> {
    database
        .write(|tx| async move {
            tx.execute_unprepared(statement).await?;
            Ok(())
        })
        .await
}

async fn number(connection: &impl ConnectionTrait, query: &str) -> Result<i64, DatabaseError> {
    let statement = Statement::from_string(connection.get_database_backend(), query);
    let row = connection.query_one_raw(statement).await?.ok_or(DbErr::RecordNotFound(query.to_owned()))?;
    Ok(row.try_get_by_index(0)?)
}

async fn with_counter(test: &TestDatabase) -> &Database {
    let database = &test.database;
    execute(database, "CREATE TABLE counters (id INTEGER PRIMARY KEY, value BIGINT NOT NULL)").await.unwrap();
    execute(database, "INSERT INTO counters VALUES (1, 0)").await.unwrap();
    database
}

async fn a_refusal_leaves_nothing(test: TestDatabase) {
    let database = with_counter(&test).await;
    let outcome: Result<(), StoryError> = database
        .write(|tx| async move {
            tx.execute_unprepared("UPDATE counters SET value = 7").await.map_err(DatabaseError::from)?;
            Err(StoryError::Refused)
        })
        .await;
    assert!(matches!(outcome, Err(StoryError::Refused)));
    assert_eq!(number(database.read(), "SELECT value FROM counters").await.unwrap(), 0);
    let failed: Result<(), StoryError> = database
        .write(|tx| async move {
            tx.execute_unprepared("UPDATE counters SET value = 7").await.map_err(DatabaseError::from)?;
            tx.execute_unprepared("this is no statement").await.map_err(DatabaseError::from)?;
            Ok(())
        })
        .await;
    assert!(matches!(failed, Err(StoryError::Database(DatabaseError::Statement(_)))));
    assert_eq!(number(database.read(), "SELECT value FROM counters").await.unwrap(), 0);
}

async fn a_dropped_write_leaves_nothing(test: TestDatabase) {
    let database = with_counter(&test).await;
    let (reached, waiting) = tokio::sync::oneshot::channel();
    let reached = Arc::new(std::sync::Mutex::new(Some(reached)));
    let copy = database.clone();
    let task = tokio::spawn(async move {
        copy.write(|tx| {
            let reached = Arc::clone(&reached);
            async move {
                tx.execute_unprepared("UPDATE counters SET value = 7").await?;
                reached.lock().unwrap().take().unwrap().send(()).unwrap();
                std::future::pending::<()>().await;
                Ok::<_, DatabaseError>(())
            }
        })
        .await
    });
    waiting.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    // The writer is free again, and what the lost write did is gone.
    execute(database, "UPDATE counters SET value = value + 1").await.unwrap();
    assert_eq!(number(database.read(), "SELECT value FROM counters").await.unwrap(), 1);
}

async fn concurrent_writers_lose_nothing(test: TestDatabase) {
    const WRITERS: u32 = 16;
    const TIMES: u32 = 5;
    let database = with_counter(&test).await;
    let runs = Arc::new(AtomicU32::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (database, runs) = (database.clone(), Arc::clone(&runs));
            tokio::spawn(async move {
                for _ in 0..TIMES {
                    let runs = &runs;
                    // Reading first and writing what was read is exactly what a race would lose.
                    let written: Result<(), DatabaseError> = database
                        .write(|tx| async move {
                            runs.fetch_add(1, Ordering::Relaxed);
                            let value = number(&tx, "SELECT value FROM counters WHERE id = 1").await?;
                            tokio::task::yield_now().await;
                            tx.execute_unprepared(&format!(
                                "UPDATE counters SET value = {} WHERE id = 1",
                                value + 1
                            ))
                            .await?;
                            Ok(())
                        })
                        .await;
                    written.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(
        number(database.read(), "SELECT value FROM counters").await.unwrap(),
        i64::from(WRITERS * TIMES)
    );
    assert!(runs.load(Ordering::Relaxed) >= WRITERS * TIMES);
}

async fn readers_cannot_write(test: TestDatabase) {
    let database = with_counter(&test).await;
    assert!(database.read().execute_unprepared("UPDATE counters SET value = 7").await.is_err());
    assert!(database.read().execute_unprepared("CREATE TABLE more (id INTEGER)").await.is_err());
    assert_eq!(number(database.read(), "SELECT value FROM counters").await.unwrap(), 0);
}

async fn a_duplicate_is_told_from_a_failure(test: TestDatabase) {
    let database = with_counter(&test).await;
    let duplicate = execute(database, "INSERT INTO counters VALUES (1, 1)").await.unwrap_err();
    assert!(duplicate.is_unique_violation(), "{duplicate:?}");
    let failure = execute(database, "INSERT INTO absent VALUES (1)").await.unwrap_err();
    assert!(!failure.is_unique_violation(), "{failure:?}");
}

async fn foreign_keys_hold(test: TestDatabase) {
    let database = with_counter(&test).await;
    execute(database, "CREATE TABLE marks (counter INTEGER NOT NULL REFERENCES counters (id))")
        .await
        .unwrap();
    assert!(execute(database, "INSERT INTO marks VALUES (2)").await.is_err());
    execute(database, "INSERT INTO marks VALUES (1)").await.unwrap();
}

async fn what_goes_together_goes_in_order_and_with_its_own_values(test: TestDatabase) {
    let database = with_counter(&test).await;
    let together = |rows: &'static [(i32, i64)]| {
        let (one, many) = match database.engine() {
            DatabaseBackend::Sqlite => ("(?, ?)", "value = value + ? WHERE id = ?"),
            _ => ("($1, $2)", "value = value + $1 WHERE id = $2"),
        };
        database.write(move |tx| async move {
            let engine = tx.get_database_backend();
            let mut statements = Vec::new();
            for (id, value) in rows {
                let values: [Value; 2] = [(*id).into(), (*value).into()];
                statements.push(Statement::from_sql_and_values(
                    engine,
                    format!("INSERT INTO counters VALUES {one}"),
                    values,
                ));
                let values: [Value; 2] = [1_i64.into(), (*id).into()];
                statements.push(Statement::from_sql_and_values(
                    engine,
                    format!("UPDATE counters SET {many}"),
                    values,
                ));
            }
            tx.execute_together(statements).await
        })
    };
    together(&[(2, 20), (3, 30)]).await.unwrap();
    // The second of them is there already: what stands before it goes with it.
    let failed: Result<(), DatabaseError> = together(&[(4, 40), (3, 99), (5, 50)]).await;
    assert!(failed.unwrap_err().is_unique_violation());
    for (question, expected) in [
        ("SELECT COUNT(*) FROM counters", 3),
        ("SELECT value FROM counters WHERE id = 2", 21),
        ("SELECT value FROM counters WHERE id = 3", 31),
    ] {
        assert_eq!(number(database.read(), question).await.unwrap(), expected, "{question}");
    }
}

async fn a_transaction_that_is_kept_is_not_committed(test: TestDatabase) {
    let database = with_counter(&test).await;
    let kept = std::sync::Mutex::new(None);
    let outcome: Result<(), DatabaseError> = database
        .write(|tx| async {
            tx.execute_unprepared("UPDATE counters SET value = 7").await?;
            *kept.lock().unwrap() = Some(tx);
            Ok(())
        })
        .await;
    assert!(matches!(outcome, Err(DatabaseError::Kept)));
    drop(kept);
    assert_eq!(number(database.read(), "SELECT value FROM counters").await.unwrap(), 0);
}

async fn it_lives(test: TestDatabase) {
    test.database.check().await.unwrap();
    // A second process beside the first, as `network import` beside `serve`.
    let second = Database::connect(&test.url).await.unwrap();
    with_counter(&test).await;
    execute(&second, "UPDATE counters SET value = 3").await.unwrap();
    assert_eq!(number(test.database.read(), "SELECT value FROM counters").await.unwrap(), 3);
    second.close().await.unwrap();
    test.database.check().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_sqlite_file_is_private_durable_and_wipes_what_it_deletes() {
    use std::os::unix::fs::PermissionsExt;

    let test = testkit::Engine::Sqlite.open().await.unwrap();
    let database = with_counter(&test).await;
    for entry in std::fs::read_dir(test.folder().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
    let pragmas = [
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 10_000),
        ("query_only", 0),
    ];
    for (pragma, expected) in pragmas {
        let found: Result<i64, DatabaseError> =
            database.write(|tx| async move { number(&tx, &format!("PRAGMA {pragma}")).await }).await;
        assert_eq!(found.unwrap(), expected, "{pragma}");
    }
    let statement = Statement::from_string(database.engine(), "PRAGMA journal_mode");
    let row = database.read().query_one_raw(statement).await.unwrap().unwrap();
    assert_eq!(row.try_get_by_index::<String>(0).unwrap(), "wal");
}

#[tokio::test]
async fn each_connection_to_a_sqlite_file_has_a_page_cache_of_its_own() {
    let test = testkit::Engine::Sqlite.open().await.unwrap();
    let options = "SELECT COUNT(*) FROM pragma_compile_options WHERE compile_options = ";
    let is_set = async |option: &str| {
        number(test.database.read(), &format!("{options}'{option}'")).await.unwrap() == 1
    };
    assert!(!is_set("ENABLE_MEMORY_MANAGEMENT").await);
    assert!(is_set("DEFAULT_MEMSTATUS=0").await);
    // The question can be answered with yes.
    assert!(is_set("ENABLE_FTS5").await);
}
