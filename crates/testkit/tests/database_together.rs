//! What statements that go to SQLite's thread together owe each other (docs/adr/0008-grouped-writes.md), and where its log goes meanwhile.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use platform::database::{Database, DatabaseError, Transaction};
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use testkit::{Engine, TestDatabase};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

async fn with_notes() -> TestDatabase {
    let test = Engine::Sqlite.open().await.unwrap();
    let tables = "CREATE TABLE notes (note TEXT NOT NULL UNIQUE); CREATE TABLE marks (note TEXT NOT NULL REFERENCES notes (note))";
    let made: Result<(), DatabaseError> = test
        .database
        .write(|tx| async move {
            tx.execute_unprepared(tables).await?;
            Ok(())
        })
        .await;
    made.unwrap();
    test
}

/// A note, and a mark on the note `marked`.
fn note(note: &str, marked: &str) -> Vec<Statement> {
    let statement = |sql, value: &str| {
        Statement::from_sql_and_values(DatabaseBackend::Sqlite, sql, [value.to_owned().into()])
    };
    vec![statement("INSERT INTO notes VALUES (?)", note), statement("INSERT INTO marks VALUES (?)", marked)]
}

fn keep(database: &Database, statements: Vec<Statement>) -> JoinHandle<Result<(), DatabaseError>> {
    let database = database.clone();
    tokio::spawn(async move { database.write_together(statements).await })
}

async fn count(database: &Database, table: &str) -> i64 {
    let statement = Statement::from_string(DatabaseBackend::Sqlite, format!("SELECT COUNT(*) FROM {table}"));
    database.read().query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// Somebody has the writer until told, and writes a note of this name meanwhile.
async fn hold(
    database: &Database,
    note: &'static str,
) -> (oneshot::Sender<()>, JoinHandle<Result<(), DatabaseError>>) {
    let (release, released) = oneshot::channel();
    let (begin, has_begun) = oneshot::channel();
    let gates = std::sync::Mutex::new(Some((begin, released)));
    let database = database.clone();
    let caller = tokio::spawn(async move {
        database
            .write(|tx: Transaction| {
                let (begin, released) = gates.lock().unwrap().take().unwrap();
                async move {
                    tx.execute_unprepared(&format!("INSERT INTO notes VALUES ('{note}')")).await?;
                    begin.send(()).unwrap();
                    released.await.unwrap();
                    Ok(())
                }
            })
            .await
    });
    has_begun.await.unwrap();
    (release, caller)
}

/// Long enough for tasks that can go on to have gone on.
async fn a_moment() {
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_among_many_takes_nobody_along() {
    let test = with_notes().await;
    let database = &test.database;
    let (release, first) = hold(database, "first").await;
    // More than go at once; every seventh breaks a constraint, the one or the other, half of them after a statement that did not.
    let all: Vec<_> = (0..60)
        .map(|n| match n % 14 {
            3 => keep(database, note("first", "first")),
            10 => keep(database, note(&format!("note {n}"), "absent")),
            _ => keep(database, note(&format!("note {n}"), &format!("note {n}"))),
        })
        .collect();
    a_moment().await;
    assert!(all.iter().all(|one| !one.is_finished()));
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    for (n, one) in all.into_iter().enumerate() {
        let outcome = one.await.unwrap();
        match n % 14 {
            3 => assert!(outcome.unwrap_err().is_unique_violation()),
            10 => assert!(outcome.unwrap_err().is_foreign_key_violation()),
            _ => outcome.unwrap(),
        }
    }
    let refused = (0..60).filter(|n| [3, 10].contains(&(n % 14))).count();
    assert_eq!(count(database, "notes").await, 61 - i64::try_from(refused).unwrap());
    assert_eq!(count(database, "marks").await, 60 - i64::try_from(refused).unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_alone_is_kept_or_refused_and_the_next_one_is_too() {
    let test = with_notes().await;
    let database = &test.database;
    for round in 0..5 {
        let name = format!("note {round}");
        assert!(database.write_together(note(&name, "absent")).await.unwrap_err().is_foreign_key_violation());
        database.write_together(note(&name, &name)).await.unwrap();
        assert!(database.write_together(note(&name, &name)).await.unwrap_err().is_unique_violation());
    }
    assert_eq!(count(database, "notes").await, 5);
    let second = Database::connect(&test.url).await.unwrap();
    assert_eq!(count(&second, "marks").await, 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_away_before_the_turn_leaves_nothing_and_the_order_stays() {
    let test = with_notes().await;
    let database = &test.database;
    let (release, first) = hold(database, "first").await;
    let gone: Vec<_> = (0..4).map(|n| keep(database, note(&format!("gone {n}"), "first"))).collect();
    a_moment().await;
    let stays = keep(database, note("stays", "first"));
    a_moment().await;
    // Refused because of the one before it, and told so after the commit only.
    let second = keep(database, note("stays", "first"));
    a_moment().await;
    for one in &gone {
        one.abort();
    }
    a_moment().await;
    release.send(()).unwrap();
    first.await.unwrap().unwrap();
    stays.await.unwrap().unwrap();
    assert!(second.await.unwrap().unwrap_err().is_unique_violation());
    assert_eq!(count(database, "notes").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_to_all_and_nothing_is_half_kept() {
    let test = with_notes().await;
    let database = &test.database;
    let set = |pages: u32| async move {
        let changed: Result<(), DatabaseError> = database
            .write(|tx| async move {
                tx.execute_unprepared(&format!("PRAGMA max_page_count = {pages}")).await?;
                Ok(())
            })
            .await;
        changed.unwrap();
    };
    set(24).await;
    let (release, first) = hold(database, "first").await;
    let long = "x".repeat(200_000);
    let all: Vec<_> = (0..8).map(|n| keep(database, note(&format!("{n} {long}"), "first"))).collect();
    a_moment().await;
    release.send(()).unwrap();
    assert!(matches!(first.await.unwrap(), Err(DatabaseError::Full(_))));
    for one in all {
        assert!(matches!(one.await.unwrap(), Err(DatabaseError::Full(_))));
    }
    assert_eq!(count(database, "notes").await + count(database, "marks").await, 0);
    set(1_000_000).await;
    database.write_together(note(&long, &long)).await.unwrap();
    assert_eq!(count(database, "marks").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_for_another_engine_is_refused_before_it_waits() {
    let test = with_notes().await;
    let foreign = Statement::from_string(DatabaseBackend::Postgres, "INSERT INTO notes VALUES ('foreign')");
    assert!(test.database.write_together(vec![foreign]).await.is_err());
    assert_eq!(count(&test.database, "notes").await, 0);
}

/// The log is merged into the file long before a commit has to do it, while others go on writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_merged_beside_the_writing() {
    let test = with_notes().await;
    let length = |name: &str| std::fs::metadata(test.folder().unwrap().join(name)).unwrap().len();
    let before = length("approdo.db");
    for n in 0..130 {
        let long = format!("{n} {}", "x".repeat(300));
        test.database.write_together(note(&long, &long)).await.unwrap();
    }
    // Fewer than the thousand pages that make a commit merge.
    assert!(length("approdo.db-wal") < 1_000 * 4_096);
    for _ in 0..100 {
        if length("approdo.db") > before {
            return;
        }
        a_moment().await;
    }
    panic!("nothing was merged");
}
