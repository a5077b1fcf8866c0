//! The transaction that a closure of [`Database::write`](super::Database::write) works in.
//!
//! Invariant: a closure reaches its transaction only until its turn ends. Whoever keeps a [`Transaction`] longer gets errors, and never the
//! transaction of the next closure.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, ExecResult, QueryResult, Statement,
};
use tokio::sync::{Mutex, MutexGuard};

use super::error::{DatabaseError, ends_a_transaction};
use super::together::joined;

/// The transaction of one [`Database::write`](super::Database::write). It can be neither committed nor rolled back from inside, and it
/// is owned, not borrowed, because a future over a borrowed one could not be proven `Send` by the compiler.
#[derive(Debug)]
pub struct Transaction(Arc<Lease>);

impl Transaction {
    /// The transaction that is lent.
    pub(super) fn new(lease: &Arc<Lease>) -> Self {
        Self(Arc::clone(lease))
    }

    /// Runs statements that answer nothing, one after the other; what comes after one that fails does not run.
    ///
    /// A SQLite connection lives in a thread of its own, and going there and back costs more than an insert: there they go together, as
    /// one text with the values of all. PostgreSQL prepares one statement at a time.
    ///
    /// The statements must have been built by sea-orm for this connection's engine: their values are told apart by order (`?`) on SQLite.
    ///
    /// # Errors
    /// That of the first statement that fails.
    pub async fn execute_together(&self, statements: Vec<Statement>) -> Result<(), DatabaseError> {
        if self.0.engine != DatabaseBackend::Sqlite {
            for statement in statements {
                self.execute_raw(statement).await?;
            }
            return Ok(());
        }
        let mut lent = self.0.lock().await?;
        let lent = lent.as_mut().ok_or_else(ended)?;
        let statement = joined(lent.prepare, statements)?;
        lent.prepare = None;
        self.0.note(lent.transaction.execute_raw(statement).await)?;
        Ok(())
    }
}

/// A transaction, lent to one closure until [`Lease::end`].
#[derive(Debug)]
pub(super) struct Lease {
    engine: DatabaseBackend,
    lent: Mutex<Option<Lent>>,
    /// The first failure after which SQLite may have ended the transaction by itself. What ran after it would run outside of any
    /// transaction and be kept at once, so nothing does.
    broken: OnceLock<DbErr>,
}

#[derive(Debug)]
struct Lent {
    transaction: Arc<DatabaseTransaction>,
    /// What has to run before the first statement of the closure, as long as it has not.
    prepare: Option<&'static str>,
}

impl Lease {
    /// Lends a transaction. `prepare` runs before the closure's first statement, in one exchange with it where that answers nothing.
    pub(super) fn new(transaction: &Arc<DatabaseTransaction>, prepare: Option<&'static str>) -> Self {
        let engine = transaction.get_database_backend();
        let lent = Lent { transaction: Arc::clone(transaction), prepare };
        Self { engine, lent: Mutex::new(Some(lent)), broken: OnceLock::new() }
    }

    /// Takes the transaction back, once the statement that is running has ended. Whether the closure got as far as its preparation;
    /// one that was given nothing to prepare counts as if it had.
    pub(super) async fn end(&self) -> bool {
        self.lent.lock().await.take().is_none_or(|lent| lent.prepare.is_none())
    }

    /// Why the transaction is not to be used any more.
    pub(super) fn broken(&self) -> Option<&DbErr> {
        self.broken.get()
    }

    async fn lock(&self) -> Result<MutexGuard<'_, Option<Lent>>, DbErr> {
        let lent = self.lent.lock().await;
        match self.broken.get() {
            Some(error) => Err(error.clone()),
            None => Ok(lent),
        }
    }

    /// The transaction, prepared, for as long as one statement takes.
    async fn prepared(&self) -> Result<MutexGuard<'_, Option<Lent>>, DbErr> {
        let mut lent = self.lock().await?;
        if let Some(due) = lent.as_mut()
            && let Some(prepare) = due.prepare.take()
        {
            self.note(due.transaction.execute_unprepared(prepare).await)?;
        }
        Ok(lent)
    }

    fn note<T>(&self, outcome: Result<T, DbErr>) -> Result<T, DbErr> {
        if self.engine == DatabaseBackend::Sqlite
            && let Err(error) = &outcome
            && ends_a_transaction(error)
        {
            self.broken.get_or_init(|| error.clone());
        }
        outcome
    }
}

/// A statement after the end of the transaction.
fn ended() -> DbErr {
    DbErr::Custom("a transaction was kept beyond its end".to_owned())
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.0.engine
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let lent = self.0.prepared().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.transaction.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let lent = self.0.prepared().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.transaction.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let lent = self.0.prepared().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.transaction.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let lent = self.0.prepared().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.transaction.query_all_raw(statement).await)
    }
}
