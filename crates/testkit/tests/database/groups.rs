//! What closures of `db.write` that share a commit owe each other (docs/adr/0008-grouped-writes.md): SQLite alone groups.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use platform::database::{Database, DatabaseError};
use sea_orm::ConnectionTrait as _;
use tokio::task::JoinHandle;

use crate::support::{a_moment, execute, hold, number, with_notes};

fn insert(database: &Database, note: impl Into<String>) -> JoinHandle<Result<(), DatabaseError>> {
    let (database, note) = (database.clone(), note.into());
    tokio::spawn(async move { execute(&database, &format!("INSERT INTO notes VALUES ('{note}')")).await })
}

/// Commits in the write-ahead log: frames whose header names the size of the file after the commit (<https://sqlite.org/fileformat.html>, 4.2).
fn commits(folder: &Path) -> usize {
    let log = std::fs::read(folder.join("approdo.db-wal")).unwrap();
    let word = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap());
    let frame = 24 + usize::try_from(word(8)).unwrap();
    (32..log.len().saturating_sub(frame - 1))
        .step_by(frame)
        // Frames of an earlier round of the log carry another salt.
        .filter(|at| word(at + 8) == word(16) && word(at + 4) > 0)
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_share_a_commit() {
    let test = with_notes().await;
    let database = &test.database;
    let before = commits(test.folder().unwrap());
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let others: Vec<_> = (0..40).map(|n| insert(database, format!("note {n}"))).collect();
    a_moment().await;
    first.release.send(()).unwrap();
    first.caller.await.unwrap().unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 41);
    assert_eq!(commits(test.folder().unwrap()) - before, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_bounded() {
    let test = with_notes().await;
    let database = &test.database;
    // Whoever reads on keeps the log from beginning anew once it has been merged, so that every commit can be counted in it.
    let reader = database.snapshot().await.unwrap();
    let before = commits(test.folder().unwrap());
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let others: Vec<_> = (0..200).map(|n| insert(database, format!("note {n}"))).collect();
    a_moment().await;
    first.release.send(()).unwrap();
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 201);
    let shared = commits(test.folder().unwrap()) - before;
    assert!((2..=4).contains(&shared), "{shared} commits");
    reader.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_writes_alone_commits_each_time() {
    let test = with_notes().await;
    let before = commits(test.folder().unwrap());
    for n in 0..10 {
        insert(&test.database, format!("note {n}")).await.unwrap().unwrap();
    }
    assert_eq!(commits(test.folder().unwrap()) - before, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_answered_before_the_commit() {
    let test = with_notes().await;
    let database = &test.database;
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let kept = insert(database, "kept");
    a_moment().await;
    // Refused because of what nobody has committed yet, so its answer has to wait as well.
    let duplicate = insert(database, "kept");
    a_moment().await;
    let last = hold(database, "INSERT INTO notes VALUES ('last')");
    first.release.send(()).unwrap();
    last.has_begun.await.unwrap();
    a_moment().await;
    assert!(!first.caller.is_finished() && !kept.is_finished() && !duplicate.is_finished());
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 0);
    last.release.send(()).unwrap();
    first.caller.await.unwrap().unwrap();
    kept.await.unwrap().unwrap();
    assert!(duplicate.await.unwrap().unwrap_err().is_unique_violation());
    last.caller.await.unwrap().unwrap();
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_is_told_to_everybody() {
    let test = with_notes().await;
    let database = &test.database;
    execute(database, "CREATE TABLE marks (note TEXT REFERENCES notes (note) DEFERRABLE INITIALLY DEFERRED)")
        .await
        .unwrap();
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let innocent = insert(database, "innocent");
    a_moment().await;
    // A reference that is checked at the commit only.
    let copy = database.clone();
    let guilty = tokio::spawn(async move { execute(&copy, "INSERT INTO marks VALUES ('absent')").await });
    a_moment().await;
    first.release.send(()).unwrap();
    assert!(first.caller.await.unwrap().is_err());
    assert!(innocent.await.unwrap().is_err());
    assert!(guilty.await.unwrap().is_err());
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 0);
    // The next one is a transaction of its own again, and is kept.
    insert(database, "after").await.unwrap().unwrap();
    let second = Database::connect(&test.url).await.unwrap();
    assert_eq!(number(&second, "SELECT count(*) FROM notes").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_go_away_or_panic_take_nobody_with_them() {
    let test = with_notes().await;
    let database = &test.database;
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let before_turn = insert(database, "gone before its turn");
    a_moment().await;
    let midway = hold(database, "INSERT INTO notes VALUES ('gone midway')");
    let copy = database.clone();
    let panics: JoinHandle<Result<(), DatabaseError>> = tokio::spawn(async move {
        copy.write(|tx| async move {
            tx.execute_unprepared("INSERT INTO notes VALUES ('panics')").await?;
            panic!("in the midst of a closure");
        })
        .await
    });
    a_moment().await;
    let kept = insert(database, "kept");
    a_moment().await;
    before_turn.abort();
    first.release.send(()).unwrap();
    midway.has_begun.await.unwrap();
    midway.caller.abort();
    assert!(midway.caller.await.unwrap_err().is_cancelled());
    assert!(panics.await.unwrap_err().is_panic());
    first.caller.await.unwrap().unwrap();
    kept.await.unwrap().unwrap();
    assert_eq!(number(database, "SELECT count(*) FROM notes WHERE note IN ('first', 'kept')").await, 2);
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 2);
}

/// Whoever goes away may do so between a savepoint's end and the next one's beginning: many do, at every moment that there is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn going_away_at_any_moment_takes_nobody_along() {
    let test = with_notes().await;
    let database = &test.database;
    for round in 0..40 {
        let stay: Vec<_> = (0..8).map(|n| insert(database, format!("{round} stays {n}"))).collect();
        let go: Vec<_> = (0..24).map(|n| insert(database, format!("{round} goes {n}"))).collect();
        for (n, one) in go.iter().enumerate() {
            if n % 3 == round % 3 {
                tokio::task::yield_now().await;
            }
            one.abort();
        }
        for one in stay {
            one.await.unwrap().unwrap();
        }
        for one in go {
            // Gone, or done: never told of a failure that was somebody else's.
            if let Ok(done) = one.await {
                done.unwrap();
            }
        }
    }
    assert_eq!(number(database, "SELECT COUNT(*) FROM notes WHERE note LIKE '% stays %'").await, 40 * 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_begins_the_group_may_go_away_or_be_refused() {
    let test = with_notes().await;
    let database = &test.database;
    let first = hold(database, "INSERT INTO notes VALUES ('gone')");
    first.has_begun.await.unwrap();
    let others: Vec<_> = (0..5).map(|n| insert(database, format!("note {n}"))).collect();
    a_moment().await;
    first.caller.abort();
    for other in others {
        other.await.unwrap().unwrap();
    }
    let refused = hold(database, "INSERT INTO notes VALUES ('note 7')");
    refused.has_begun.await.unwrap();
    let duplicate = insert(database, "note 7");
    a_moment().await;
    refused.caller.abort();
    // Its rival has gone without a trace.
    duplicate.await.unwrap().unwrap();
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_kept_does_not_reach_into_the_next_turn() {
    let test = with_notes().await;
    let database = &test.database;
    let kept = Arc::new(Mutex::new(None));
    let place = Arc::clone(&kept);
    let outcome: Result<(), DatabaseError> = database
        .write(|tx| {
            *place.lock().unwrap() = Some(tx);
            async { Ok(()) }
        })
        .await;
    assert!(matches!(outcome, Err(DatabaseError::Kept)));
    let next = hold(database, "INSERT INTO notes VALUES ('next')");
    next.has_begun.await.unwrap();
    let transaction = kept.lock().unwrap().take().unwrap();
    assert!(transaction.execute_unprepared("INSERT INTO notes VALUES ('stolen')").await.is_err());
    next.release.send(()).unwrap();
    next.caller.await.unwrap().unwrap();
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_fails_the_group_and_nothing_slips_past_the_transaction() {
    let test = with_notes().await;
    let database = &test.database;
    insert(database, "before").await.unwrap().unwrap();
    execute(database, "PRAGMA max_page_count = 20").await.unwrap();
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let copy = database.clone();
    // Takes more than there is, and goes on as if nothing had happened.
    let heedless = tokio::spawn(async move {
        copy.write(|tx| async move {
            let much = "INSERT INTO notes VALUES (hex(zeroblob(200000)))";
            assert!(tx.execute_unprepared(much).await.is_err());
            assert!(tx.execute_unprepared("INSERT INTO notes VALUES ('slipped')").await.is_err());
            Ok::<_, DatabaseError>(())
        })
        .await
    });
    a_moment().await;
    let innocent = insert(database, "innocent");
    a_moment().await;
    first.release.send(()).unwrap();
    assert!(matches!(first.caller.await.unwrap(), Err(DatabaseError::Full(_))));
    assert!(matches!(heedless.await.unwrap(), Err(DatabaseError::Full(_))));
    // Behind the failure, in a transaction of its own.
    innocent.await.unwrap().unwrap();
    assert_eq!(number(database, "SELECT count(*) FROM notes WHERE note IN ('before', 'innocent')").await, 2);
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 2);
    let second = Database::connect(&test.url).await.unwrap();
    assert_eq!(number(&second, "SELECT count(*) FROM notes").await, 2);
    // There is room again.
    execute(database, "PRAGMA max_page_count = 1000000").await.unwrap();
    execute(database, "INSERT INTO notes VALUES (hex(zeroblob(200000)))").await.unwrap();
    assert_eq!(number(database, "SELECT count(*) FROM notes").await, 3);
}

/// The statement for which the disk has no room ends the transaction, and whoever asked for it gives up before learning of it: those who
/// came before must not be told that they are kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_ended_unseen_keeps_nobody_and_tells_everybody() {
    for goes_away in [false, true] {
        end_unseen(goes_away).await;
    }
}

/// Counts to the length of what it inserts, which takes a while and is more than there is room for. One row, so that SQLite keeps no journal of the statement
/// and rolls back all of the transaction.
const SLOW_AND_TOO_MUCH: &str = "INSERT INTO notes VALUES (hex(zeroblob((WITH RECURSIVE count (n) AS \
    (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 200000) SELECT MAX(n) FROM count))))";

async fn end_unseen(goes_away: bool) {
    let test = with_notes().await;
    let database = &test.database;
    execute(database, "PRAGMA max_page_count = 20").await.unwrap();
    let first = hold(database, "INSERT INTO notes VALUES ('first')");
    first.has_begun.await.unwrap();
    let copy = database.clone();
    let heedless = tokio::spawn(async move {
        copy.write(|tx| async move {
            tx.execute_unprepared("INSERT INTO notes VALUES ('heedless')").await?;
            let mut much = tx.execute_unprepared(SLOW_AND_TOO_MUCH);
            // It is on its way, and nobody waits for its end.
            assert!(tokio::time::timeout(Duration::from_millis(20), &mut much).await.is_err());
            drop(much);
            if goes_away {
                std::future::pending::<()>().await;
            }
            Err::<(), _>(DatabaseError::Kept)
        })
        .await
    });
    a_moment().await;
    let last = insert(database, "last");
    a_moment().await;
    first.release.send(()).unwrap();
    if goes_away {
        a_moment().await;
        heedless.abort();
    }
    assert!(heedless.await.map_or(true, |outcome| outcome.is_err()));
    let outcomes = [first.caller.await.unwrap(), last.await.unwrap()];
    // Those who shared it are asked to come again.
    assert!(matches!(outcomes[0], Err(DatabaseError::Busy(_))), "{outcomes:?}");
    let second = Database::connect(&test.url).await.unwrap();
    for (note, outcome) in ["first", "last"].into_iter().zip(outcomes) {
        let is_there =
            number(&second, &format!("SELECT COUNT(*) FROM notes WHERE note = '{note}'")).await == 1;
        assert_eq!(is_there, outcome.is_ok(), "{note}: {outcome:?}");
    }
    assert_eq!(number(&second, "SELECT COUNT(*) FROM notes WHERE note = 'heedless'").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_can_be_emptied_between_writes() {
    let test = with_notes().await;
    let writers: Vec<_> = (0..50).map(|n| insert(&test.database, format!("note {n}"))).collect();
    test.database.empty_log().await.unwrap();
    for writer in writers {
        writer.await.unwrap().unwrap();
    }
    test.database.empty_log().await.unwrap();
    assert_eq!(std::fs::metadata(test.folder().unwrap().join("approdo.db-wal")).unwrap().len(), 0);
    assert_eq!(number(&test.database, "SELECT count(*) FROM notes").await, 50);
}
