//! PostgreSQL's writes: a `SERIALIZABLE` transaction each, run again after a serialisation failure.

use std::error::Error as StdError;
use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel, TransactionOptions, TransactionTrait as _,
};
use tokio::sync::Mutex;

use super::DatabaseError;
use super::error::is_serialisation_failure;
use super::transaction::{Lease, Transaction};

/// How often a transaction runs after a serialisation failure.
const ATTEMPTS: u32 = 20;

/// The connections that write.
#[derive(Debug)]
pub(super) struct Serial {
    connections: DatabaseConnection,
    /// Held by the one transaction that runs again, so that those that collided do not collide with each other again.
    turn: Mutex<()>,
}

impl Serial {
    pub(super) fn new(connections: DatabaseConnection) -> Arc<Self> {
        Arc::new(Self { connections, turn: Mutex::default() })
    }

    /// Runs `work` in a transaction of its own, again after a serialisation failure.
    pub(super) async fn write<T, E, F, Work>(&self, work: &F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + StdError + Send + 'static,
    {
        let mut failed = match self.attempt(work).await {
            Ok(value) => return Ok(value),
            Err(failed) => failed,
        };
        for _ in 1..ATTEMPTS {
            if !is_serialisation_failure(&failed) {
                break;
            }
            let _turn = self.turn.lock().await;
            failed = match self.attempt(work).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
        }
        Err(failed)
    }

    async fn attempt<T, E, F, Work>(&self, work: &F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + Send,
    {
        let transaction = Arc::new(self.begin().await.map_err(|error| E::from(error.into()))?);
        let lease = Arc::new(Lease::new(&transaction, None));
        let outcome = work(Transaction::new(&lease)).await;
        let is_kept = Arc::strong_count(&lease) > 1;
        lease.end().await;
        let Some(transaction) = Arc::into_inner(transaction).filter(|_| !is_kept) else {
            return Err(DatabaseError::Kept.into());
        };
        match outcome {
            Ok(value) => {
                transaction.commit().await.map_err(|error| E::from(error.into()))?;
                Ok(value)
            }
            Err(refused) => {
                // A rollback that fails has lost its connection, and the server rolls back by itself.
                if let Err(error) = transaction.rollback().await {
                    tracing::warn!(error = %error, "a rollback failed");
                }
                Err(refused)
            }
        }
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.connections
            .begin_with_options(TransactionOptions {
                isolation_level: Some(IsolationLevel::Serializable),
                access_mode: None,
                sqlite_transaction_mode: None,
            })
            .await
    }
}
