//! Closures of `db.write` that run at once leave the rows, and get the answers, of some order in which they might have run one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use platform::database::{Database, DatabaseError, Transaction};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement};
use testkit::Engine;
use thiserror::Error;
use tokio::sync::Notify;

const ROWS: u8 = 3;
const NAMES: u8 = 4;

/// What a closure does.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Inserts two names; either may exist.
    Insert(u8, u8),
    /// The same as statements, without a closure.
    Together(u8, u8),
    /// Changes a row if it has still this version.
    Update { row: u8, version: i64 },
    /// Reads two rows and writes the first: what a race would skew.
    Add { to: u8, from: u8 },
    /// Writes, then refuses.
    Refuse(u8, u8),
    /// Writes, then goes away before its end.
    GoAway(u8, u8),
}

/// What its caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Kept(i64),
    Exists,
    Changed,
    Refused,
    Gone,
}

#[derive(Debug, Error)]
enum StepError {
    #[error("changed")]
    Changed,
    #[error("refused")]
    Refused,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<DbErr> for StepError {
    fn from(error: DbErr) -> Self {
        Self::Database(error.into())
    }
}

/// The rows, as a program without a database keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Model {
    rows: BTreeMap<u8, (i64, i64)>,
    names: BTreeSet<u8>,
}

impl Model {
    fn new() -> Self {
        Self { rows: (0..ROWS).map(|row| (row, (0, 1))).collect(), names: BTreeSet::new() }
    }

    fn apply(&mut self, step: Step) -> Answer {
        match step {
            Step::Insert(one, other) | Step::Together(one, other) => {
                if self.names.contains(&one) || self.names.contains(&other) || one == other {
                    return Answer::Exists;
                }
                self.names.extend([one, other]);
                Answer::Kept(0)
            }
            Step::Update { row, version } => {
                let (found, value) = self.rows[&row];
                if found != version {
                    return Answer::Changed;
                }
                self.rows.insert(row, (found + 1, value * 2));
                Answer::Kept(value * 2)
            }
            Step::Add { to, from } => {
                let (version, value) = self.rows[&to];
                let sum = value + self.rows[&from].1;
                self.rows.insert(to, (version + 1, sum));
                Answer::Kept(sum)
            }
            Step::Refuse(..) => Answer::Refused,
            Step::GoAway(..) => Answer::Gone,
        }
    }

    /// Whether the steps, in some order, give these answers and end in `wanted`.
    fn explains(&self, steps: &[(Step, Answer)], wanted: &Self) -> bool {
        if steps.is_empty() {
            return self == wanted;
        }
        (0..steps.len()).any(|next| {
            let mut rest = steps.to_vec();
            let (step, answer) = rest.swap_remove(next);
            let mut model = self.clone();
            model.apply(step) == answer && model.explains(&rest, wanted)
        })
    }
}

async fn one(tx: &impl ConnectionTrait, query: String) -> Result<(i64, i64), DbErr> {
    let statement = Statement::from_string(tx.get_database_backend(), query);
    let row = tx.query_one_raw(statement).await?.ok_or_else(|| DbErr::RecordNotFound("row".to_owned()))?;
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))
}

async fn row(tx: &impl ConnectionTrait, row: u8) -> Result<(i64, i64), DbErr> {
    one(tx, format!("SELECT version, value FROM steps WHERE id = {row}")).await
}

async fn take(tx: Transaction, step: Step, reached: Arc<Notify>) -> Result<i64, StepError> {
    match step {
        Step::Insert(one, other) | Step::Together(one, other) => {
            tx.execute_unprepared(&format!("INSERT INTO names VALUES ({one})")).await?;
            tx.execute_unprepared(&format!("INSERT INTO names VALUES ({other})")).await?;
            Ok(0)
        }
        Step::Update { row: id, version } => {
            let (_, value) = row(&tx, id).await?;
            let changed = tx
                .execute_unprepared(&format!(
                    "UPDATE steps SET version = {}, value = {} WHERE id = {id} AND version = {version}",
                    version + 1,
                    value * 2
                ))
                .await?;
            if changed.rows_affected() == 1 { Ok(value * 2) } else { Err(StepError::Changed) }
        }
        Step::Add { to, from } => {
            let ((version, value), (_, more)) = (row(&tx, to).await?, row(&tx, from).await?);
            tx.execute_unprepared(&format!(
                "UPDATE steps SET version = {}, value = {} WHERE id = {to}",
                version + 1,
                value + more
            ))
            .await?;
            Ok(value + more)
        }
        Step::Refuse(id, name) | Step::GoAway(id, name) => {
            tx.execute_unprepared(&format!("UPDATE steps SET value = -1 WHERE id = {id}")).await?;
            tx.execute_unprepared(&format!("INSERT INTO names VALUES ({name}) ON CONFLICT DO NOTHING"))
                .await?;
            if let Step::GoAway(..) = step {
                reached.notify_one();
                std::future::pending::<()>().await;
            }
            Err(StepError::Refused)
        }
    }
}

/// As the builder of statements writes it for this engine.
fn insertion(engine: DatabaseBackend) -> &'static str {
    if engine == DatabaseBackend::Sqlite {
        "INSERT INTO names VALUES (?)"
    } else {
        "INSERT INTO names VALUES ($1)"
    }
}

async fn answer(database: Database, step: Step) -> Answer {
    let reached = Arc::new(Notify::new());
    let outcome = if let Step::Together(one, other) = step {
        let insert = |name: u8| {
            Statement::from_sql_and_values(
                database.engine(),
                insertion(database.engine()),
                [i32::from(name).into()],
            )
        };
        database.write_together(vec![insert(one), insert(other)]).await.map(|()| 0).map_err(StepError::from)
    } else {
        tokio::select! {
            outcome = database.write(|tx| take(tx, step, Arc::clone(&reached))) => outcome,
            () = reached.notified() => return Answer::Gone,
        }
    };
    match outcome {
        Ok(value) => Answer::Kept(value),
        Err(StepError::Changed) => Answer::Changed,
        Err(StepError::Refused) => Answer::Refused,
        Err(StepError::Database(error)) if error.is_unique_violation() => Answer::Exists,
        Err(error) => panic!("{error:?}"),
    }
}

async fn run(database: &Database, steps: &[Step]) {
    let setting_up: Result<(), DatabaseError> = database
        .write(|tx| async move {
            tx.execute_unprepared("DELETE FROM steps").await?;
            tx.execute_unprepared("DELETE FROM names").await?;
            for id in 0..ROWS {
                tx.execute_unprepared(&format!("INSERT INTO steps VALUES ({id}, 0, 1)")).await?;
            }
            Ok(())
        })
        .await;
    setting_up.unwrap();
    let callers: Vec<_> =
        steps.iter().map(|step| (*step, tokio::spawn(answer(database.clone(), *step)))).collect();
    let mut answers = Vec::new();
    for (step, caller) in callers {
        answers.push((step, caller.await.unwrap()));
    }
    // Read through the writer, so that what comes behind a transaction that went away has waited for its end.
    let found: Result<Model, DatabaseError> = database
        .write(|tx| async move {
            let mut found = Model { rows: BTreeMap::new(), names: BTreeSet::new() };
            for id in 0..ROWS {
                found.rows.insert(id, row(&tx, id).await?);
            }
            for name in 0..NAMES {
                let (count, _) =
                    one(&tx, format!("SELECT count(*), count(*) FROM names WHERE name = {name}")).await?;
                assert!(count <= 1, "{name} stands there {count} times");
                if count == 1 {
                    found.names.insert(name);
                }
            }
            Ok(found)
        })
        .await;
    let found = found.unwrap();
    assert!(Model::new().explains(&answers, &found), "no order explains {answers:?} and {found:?}");
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0..NAMES, 0..NAMES).prop_map(|(one, other)| Step::Insert(one, other)),
        3 => (0..NAMES, 0..NAMES).prop_map(|(one, other)| Step::Together(one, other)),
        3 => (0..ROWS, 0..3_i64).prop_map(|(row, version)| Step::Update { row, version }),
        3 => (0..ROWS, 0..ROWS).prop_map(|(to, from)| Step::Add { to, from }),
        2 => (0..ROWS, 0..NAMES).prop_map(|(row, name)| Step::Refuse(row, name)),
        1 => (0..ROWS, 0..NAMES).prop_map(|(row, name)| Step::GoAway(row, name)),
    ];
    prop::collection::vec(step, 1..8)
}

/// `cases` sets of closures on one engine.
fn story(engine: Engine, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let Some(test) = runtime.block_on(engine.open()) else { return };
    runtime.block_on(async {
        for statement in [
            "CREATE TABLE steps (id INTEGER PRIMARY KEY, version BIGINT NOT NULL, value BIGINT NOT NULL)",
            "CREATE TABLE names (name INTEGER PRIMARY KEY)",
        ] {
            let made: Result<(), DatabaseError> = test
                .database
                .write(|tx| async move {
                    tx.execute_unprepared(statement).await?;
                    Ok(())
                })
                .await;
            made.unwrap();
        }
    });
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&steps(), |steps| {
            runtime.block_on(run(&test.database, &steps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn some_serial_order_explains_everything_on_sqlite() {
    story(Engine::Sqlite, 256);
}

#[test]
fn some_serial_order_explains_everything_on_postgres() {
    story(Engine::Postgres, 64);
}

#[test]
fn the_model_tells_a_lost_update() {
    let both =
        [(Step::Add { to: 0, from: 1 }, Answer::Kept(2)), (Step::Add { to: 0, from: 1 }, Answer::Kept(2))];
    let mut lost = Model::new();
    lost.apply(Step::Add { to: 0, from: 1 });
    assert!(!Model::new().explains(&both, &lost));
    lost.apply(Step::Add { to: 0, from: 1 });
    assert!(!Model::new().explains(&both, &lost));
}
