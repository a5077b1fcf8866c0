//! The store, the same code on SQLite and PostgreSQL 15 (docs/adr/0002-database-access.md).
//!
//! Invariant: [`Database::write`] is the only way to write. The connections that [`Database::read`] gives refuse to
//! write by themselves: `query_only` on SQLite, read-only transactions on PostgreSQL.

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr,
    ExecResult, IsolationLevel, QueryResult, RuntimeErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::config::DatabaseUrl;

/// Connections that read, per engine; PostgreSQL has as many again that write.
const CONNECTIONS: u32 = 8;

/// How long a caller waits for a connection or for SQLite's writer before it gets [`DatabaseError::Busy`].
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a PostgreSQL transaction runs again after a serialisation failure.
const ATTEMPTS: u32 = 20;

/// Locks the schema while migrations run on PostgreSQL; any constant does, it only has to be ours.
const MIGRATION_LOCK: i64 = 0x4150_5052_4f44_4f01;

/// The store failed, not a rule. Refusals are the slices' own errors.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The file or server could not be reached.
    #[error("cannot open the database")]
    Connect(#[source] DbErr),
    /// The file could not be created.
    #[error("cannot create the database file")]
    File(#[source] std::io::Error),
    /// Nobody gave way within ten seconds.
    #[error("the database is busy")]
    Busy(#[source] DbErr),
    /// The closure kept its [`Transaction`] beyond its end, so nothing was committed.
    #[error("a transaction was kept beyond its end")]
    Kept,
    /// A statement failed.
    #[error("a database statement failed")]
    Statement(#[source] DbErr),
}

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        let busy = matches!(error, DbErr::ConnectionAcquire(_))
            || matches!(code(&error).as_deref(), Some("5" | "517"));
        if busy { Self::Busy(error) } else { Self::Statement(error) }
    }
}

impl DatabaseError {
    /// Whether a UNIQUE constraint refused a row, which is how a slice learns that it lost a race.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Statement(error) if matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))))
    }
}

/// A handle to the store, cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    /// Held by the one transaction that runs again, so that those that collided do not collide with each other again.
    turn: Arc<Mutex<()>>,
}

impl Database {
    /// Opens the store. A new SQLite file is made with mode 0600, its folder with 0700.
    ///
    /// # Errors
    /// [`DatabaseError::Connect`] or [`DatabaseError::File`].
    pub async fn connect(url: &DatabaseUrl) -> Result<Self, DatabaseError> {
        match url {
            DatabaseUrl::Sqlite(path) => Self::connect_sqlite(path).await,
            DatabaseUrl::Postgres(url) => Self::connect_postgres(url).await,
        }
    }

    async fn connect_sqlite(path: &Path) -> Result<Self, DatabaseError> {
        create_private(path).map_err(DatabaseError::File)?;
        let options = |connections: u32, query_only: &'static str| {
            let path: PathBuf = path.to_owned();
            let mut options = common("sqlite::memory:", connections);
            options.map_sqlx_sqlite_opts(move |sqlite| {
                sqlite
                    .in_memory(false)
                    .shared_cache(false)
                    .filename(&path)
                    .create_if_missing(false)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(PATIENCE)
                    .pragma("secure_delete", "ON")
                    .pragma("query_only", query_only)
            });
            options
        };
        let writer = sea_orm::Database::connect(options(1, "OFF")).await.map_err(DatabaseError::Connect)?;
        let readers =
            sea_orm::Database::connect(options(CONNECTIONS, "ON")).await.map_err(DatabaseError::Connect)?;
        Ok(Self { writer, readers, turn: Arc::default() })
    }

    async fn connect_postgres(url: &str) -> Result<Self, DatabaseError> {
        let writer = common(url, CONNECTIONS);
        let mut readers = common(url, CONNECTIONS);
        readers
            .map_sqlx_postgres_opts(|postgres| postgres.options([("default_transaction_read_only", "on")]));
        let writer = sea_orm::Database::connect(writer).await.map_err(DatabaseError::Connect)?;
        let readers = sea_orm::Database::connect(readers).await.map_err(DatabaseError::Connect)?;
        Ok(Self { writer, readers, turn: Arc::default() })
    }

    /// Which engine stands behind.
    #[must_use]
    pub fn engine(&self) -> DatabaseBackend {
        self.writer.get_database_backend()
    }

    /// A connection that can only read. Statements that must agree with each other belong into one statement, or into
    /// [`write`](Self::write).
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.readers
    }

    /// Runs `work` in one transaction: `Ok` commits, `Err` leaves nothing behind, and so does a dropped future.
    ///
    /// SQLite has one writer, taken with `BEGIN IMMEDIATE`. PostgreSQL runs `SERIALIZABLE` and runs `work` **again**
    /// after a serialisation failure, at most 20 times, one such transaction after the other. Later several closures may share one commit, so `work`
    /// must bear being run again from the start: it awaits the database only, and what it draws or reads from
    /// elsewhere (identifiers, the time) is drawn before. A serialisation failure is found along the `source()` of `E`,
    /// so an error type must keep [`DatabaseError`] as its source (`#[error(transparent)]` does).
    ///
    /// # Errors
    /// Whatever `work` answered, or a [`DatabaseError`] turned into `E`.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` cannot promise `Send`, which handlers need")]
    pub fn write<T, E, F, Work>(&self, work: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + StdError + Send + 'static,
    {
        async move {
            let mut failed = match self.attempt(&work).await {
                Ok(value) => return Ok(value),
                Err(failed) => failed,
            };
            for _ in 1..ATTEMPTS {
                if !is_serialisation_failure(&failed) {
                    break;
                }
                let _turn = self.turn.lock().await;
                failed = match self.attempt(&work).await {
                    Ok(value) => return Ok(value),
                    Err(failed) => failed,
                };
            }
            Err(failed)
        }
    }

    async fn attempt<T, E, F, Work>(&self, work: &F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + Send,
    {
        let transaction = Arc::new(self.begin().await.map_err(|error| E::from(error.into()))?);
        let outcome = work(Transaction(Arc::clone(&transaction))).await;
        let Some(transaction) = Arc::into_inner(transaction) else {
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
        let isolation_level = match self.engine() {
            DatabaseBackend::Sqlite => None,
            _ => Some(IsolationLevel::Serializable),
        };
        self.writer
            .begin_with_options(TransactionOptions {
                isolation_level,
                access_mode: None,
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            })
            .await
    }

    /// Brings the schema up to date with `M`. Two servers that start together wait for each other.
    ///
    /// # Errors
    /// [`DatabaseError::Statement`] when a migration fails.
    pub async fn migrate<M: MigratorTrait>(&self) -> Result<(), DatabaseError> {
        if self.engine() == DatabaseBackend::Sqlite {
            return Ok(M::up(&self.writer, None).await?);
        }
        let lock = self.writer.begin().await?;
        lock.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")).await?;
        M::up(&self.writer, None).await?;
        Ok(lock.commit().await?)
    }

    /// Asks both sides of the store for a sign of life.
    ///
    /// # Errors
    /// [`DatabaseError`] when one does not answer.
    pub async fn check(&self) -> Result<(), DatabaseError> {
        self.readers.execute_unprepared("SELECT 1").await?;
        self.writer.ping().await?;
        Ok(())
    }

    /// Closes all connections; on SQLite the write-ahead log is merged into the file.
    ///
    /// # Errors
    /// [`DatabaseError::Statement`] when a connection does not close.
    pub async fn close(self) -> Result<(), DatabaseError> {
        self.readers.close().await?;
        self.writer.close().await?;
        Ok(())
    }
}

/// The transaction of one [`Database::write`]. It can be neither committed nor rolled back from inside, and it is
/// owned, not borrowed, because a future over a borrowed one could not be proven `Send` by the compiler.
#[derive(Debug)]
pub struct Transaction(Arc<DatabaseTransaction>);

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DatabaseBackend {
        self.0.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.0.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.0.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.0.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.0.query_all_raw(statement).await
    }
}

fn common(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    // Statements carry what a person did; they are never logged (docs/logging.md).
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .sqlx_logging(false)
        .record_stmt_in_spans(false);
    options
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // An existing file keeps its mode: whoever widened it meant it.
    std::fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().append(true).create(true).open(path).map(drop)
}

/// The engine's own code: SQLSTATE on PostgreSQL, the extended result code on SQLite.
fn code(error: &DbErr) -> Option<String> {
    let (DbErr::Exec(RuntimeErr::SqlxError(inner))
    | DbErr::Query(RuntimeErr::SqlxError(inner))
    | DbErr::Conn(RuntimeErr::SqlxError(inner))) = error
    else {
        return None;
    };
    match &**inner {
        sea_orm::sqlx::Error::Database(error) => error.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// 40001 serialisation failure, 40P01 deadlock: the same transaction may well succeed when it runs again.
fn is_serialisation_failure(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let found = error.downcast_ref::<DbErr>().and_then(code);
        if matches!(found.as_deref(), Some("40001" | "40P01")) {
            return true;
        }
        next = error.source();
    }
    false
}
