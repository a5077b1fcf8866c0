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

use super::error::ends_a_transaction;

/// The transaction of one [`Database::write`](super::Database::write). It can be neither committed nor rolled back from inside, and it
/// is owned, not borrowed, because a future over a borrowed one could not be proven `Send` by the compiler.
#[derive(Debug)]
pub struct Transaction(Arc<Lease>);

impl Transaction {
    /// The transaction that is lent.
    pub(super) fn new(lease: &Arc<Lease>) -> Self {
        Self(Arc::clone(lease))
    }
}

/// A transaction, lent to one closure until [`Lease::end`].
#[derive(Debug)]
pub(super) struct Lease {
    engine: DatabaseBackend,
    lent: Mutex<Option<Arc<DatabaseTransaction>>>,
    /// The first failure after which SQLite may have ended the transaction by itself. What ran after it would run outside of any
    /// transaction and be kept at once, so nothing does.
    broken: OnceLock<DbErr>,
}

impl Lease {
    pub(super) fn new(transaction: &Arc<DatabaseTransaction>) -> Self {
        let engine = transaction.get_database_backend();
        Self { engine, lent: Mutex::new(Some(Arc::clone(transaction))), broken: OnceLock::new() }
    }

    /// Takes the transaction back, once the statement that is running has ended.
    pub(super) async fn end(&self) {
        self.lent.lock().await.take();
    }

    /// Why the transaction is not to be used any more.
    pub(super) fn broken(&self) -> Option<&DbErr> {
        self.broken.get()
    }

    async fn lock(&self) -> Result<MutexGuard<'_, Option<Arc<DatabaseTransaction>>>, DbErr> {
        let lent = self.lent.lock().await;
        match self.broken.get() {
            Some(error) => Err(error.clone()),
            None => Ok(lent),
        }
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
        let lent = self.0.lock().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.execute_raw(statement).await)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let lent = self.0.lock().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.execute_unprepared(sql).await)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let lent = self.0.lock().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.query_one_raw(statement).await)
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let lent = self.0.lock().await?;
        self.0.note(lent.as_ref().ok_or_else(ended)?.query_all_raw(statement).await)
    }
}
