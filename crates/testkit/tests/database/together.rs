//! What statements that go to SQLite's thread together owe each other (docs/adr/0008-grouped-writes.md), and where its log goes meanwhile.

use platform::database::{Database, DatabaseError};
use sea_orm::{DatabaseBackend, Statement};
use testkit::TestDatabase;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::support::{Holding, a_moment, execute, hold, number, with_notes};

async fn with_notes_and_marks() -> TestDatabase {
    let test = with_notes().await;
    execute(&test.database, "CREATE TABLE marks (note TEXT NOT NULL REFERENCES notes (note))").await.unwrap();
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
    number(database, &format!("SELECT COUNT(*) FROM {table}")).await
}

/// Somebody has the writer until told, and writes the first note meanwhile.
async fn hold_first(database: &Database) -> (oneshot::Sender<()>, JoinHandle<Result<(), DatabaseError>>) {
    let Holding { release, caller, has_begun } = hold(database, "INSERT INTO notes VALUES ('first')");
    has_begun.await.unwrap();
    (release, caller)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_refused_among_many_takes_nobody_along() {
    let test = with_notes_and_marks().await;
    let database = &test.database;
    let (release, first) = hold_first(database).await;
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
    let test = with_notes_and_marks().await;
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
    let test = with_notes_and_marks().await;
    let database = &test.database;
    let (release, first) = hold_first(database).await;
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
    let test = with_notes_and_marks().await;
    let database = &test.database;
    execute(database, "PRAGMA max_page_count = 24").await.unwrap();
    let (release, first) = hold_first(database).await;
    let long = "x".repeat(200_000);
    let all: Vec<_> = (0..8).map(|n| keep(database, note(&format!("{n} {long}"), "first"))).collect();
    a_moment().await;
    release.send(()).unwrap();
    assert!(matches!(first.await.unwrap(), Err(DatabaseError::Full(_))));
    for one in all {
        assert!(matches!(one.await.unwrap(), Err(DatabaseError::Full(_))));
    }
    assert_eq!(count(database, "notes").await + count(database, "marks").await, 0);
    execute(database, "PRAGMA max_page_count = 1000000").await.unwrap();
    database.write_together(note(&long, &long)).await.unwrap();
    assert_eq!(count(database, "marks").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_for_another_engine_is_refused_before_it_waits() {
    let test = with_notes_and_marks().await;
    let foreign = Statement::from_string(DatabaseBackend::Postgres, "INSERT INTO notes VALUES ('foreign')");
    assert!(test.database.write_together(vec![foreign]).await.is_err());
    assert_eq!(count(&test.database, "notes").await, 0);
}

/// The log is merged into the file before a commit has to do it, while others go on writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_merged_beside_the_writing() {
    let test = with_notes_and_marks().await;
    let length = |name: &str| std::fs::metadata(test.folder().unwrap().join(name)).unwrap().len();
    let before = length("approdo.db");
    for n in 0..100 {
        let long = format!("{n} {}", "x".repeat(300));
        test.database.write_together(note(&long, &long)).await.unwrap();
        // Those who write now and then count as well as a rush does.
        if n % 10 == 0 {
            a_moment().await;
        }
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

/// Emptying the log waits for a merge that goes on beside it, and does not fail because of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_can_be_emptied_while_it_is_merged() {
    let test = with_notes_and_marks().await;
    let log = test.folder().unwrap().join("approdo.db-wal");
    for round in 0..4 {
        let all: Vec<_> = (0..100)
            .map(|n| {
                keep(
                    &test.database,
                    note(
                        &format!("{round} {n} {}", "x".repeat(3_000)),
                        &format!("{round} {n} {}", "x".repeat(3_000)),
                    ),
                )
            })
            .collect();
        for one in all {
            one.await.unwrap().unwrap();
        }
        test.database.empty_log().await.unwrap();
        assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
    }
}
