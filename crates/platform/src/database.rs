//! The store, the same code on SQLite and PostgreSQL 15 (docs/adr/0002-database-access.md).
//!
//! Invariant: [`Database::write`] is the only way to write. The connections that [`Database::read`] gives refuse to
//! write by themselves: `query_only` on SQLite, read-only transactions on PostgreSQL.

mod error;
mod group;
mod health;
mod merging;
pub mod portable;
mod serial;
mod size;
mod together;
mod transaction;
mod writer;

use std::error::Error as StdError;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::Connection as _;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, DatabaseBackend, DatabaseConnection, Statement,
    TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait;

pub use error::DatabaseError;
pub use transaction::Transaction;

use crate::config::DatabaseUrl;
use merging::Log;
use serial::Serial;
use writer::Writer;

/// Connections that read, per engine; PostgreSQL has as many again that write.
const CONNECTIONS: u32 = 8;

/// Memory for pages that SQLite's writer has read or changed, in KiB (negative, as SQLite takes it). With its 2 MiB a group of reports would
/// push its own pages out to the log before the commit, and read the same index pages anew for each report. Each connection has a cache of its own
/// because SQLite is compiled so (`.cargo/config.toml`).
const WRITERS_CACHE: &str = "-16384";

/// The same for each connection that reads: SQLite's own default.
const READERS_CACHE: &str = "-2000";

/// How long a caller waits for a connection or for SQLite's writer before it gets [`DatabaseError::Busy`].
const PATIENCE: Duration = Duration::from_secs(10);

/// Locks the schema while migrations run on PostgreSQL; any constant does, it only has to be ours.
const MIGRATION_LOCK: i64 = 0x4150_5052_4f44_4f01;

/// A handle to the store, cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    writer: DatabaseConnection,
    readers: DatabaseConnection,
    way: Way,
}

/// How this engine writes.
#[derive(Clone, Debug)]
enum Way {
    /// SQLite has one writer; those who wait share its commits.
    Grouped(Arc<Writer>),
    /// PostgreSQL has many; those who collide run again.
    Serial(Arc<Serial>),
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
        let options = |connections: u32, cache: &'static str, query_only: &'static str| {
            let path: PathBuf = path.to_owned();
            let mut options = common("sqlite::memory:", connections);
            // Nothing but this process can end a connection to a file, and asking costs as much as a short statement.
            options.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
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
                    .pragma("cell_size_check", "ON")
                    .pragma("cache_size", cache)
                    // What a savepoint has to remember is nothing for a file of its own.
                    .pragma("temp_store", "MEMORY")
                    .pragma("query_only", query_only)
            });
            // A full disk makes SQLite roll back by itself. The driver does not learn of it and would take the next transaction for a
            // nested one, whose commit keeps nothing: such a connection is closed and another one opened.
            options.map_sqlx_sqlite_pool_opts(|pool| {
                pool.after_release(|connection, _| {
                    Box::pin(async move { Ok(!connection.is_in_transaction()) })
                })
            });
            options
        };
        let writer = sea_orm::Database::connect(options(1, WRITERS_CACHE, "OFF"))
            .await
            .map_err(DatabaseError::opening)?;
        let readers = sea_orm::Database::connect(options(CONNECTIONS, READERS_CACHE, "ON"))
            .await
            .map_err(DatabaseError::opening)?;
        let way = Way::Grouped(Writer::new(writer.clone(), Log::new(readers.clone())));
        Ok(Self { writer, readers, way })
    }

    async fn connect_postgres(url: &str) -> Result<Self, DatabaseError> {
        let writer = common(url, CONNECTIONS);
        let mut readers = common(url, CONNECTIONS);
        readers.map_sqlx_postgres_opts(|postgres| {
            // Every list is a range of an index in its order (docs/adr/0013-inbox-at-size.md). Left to its estimates, the planner reads a
            // small table through and sorts it, and changes its mind when the table has grown.
            let settings = [
                ("default_transaction_read_only", "on"),
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("enable_sort", "off"),
                // A plan that has to do what is off counts as dear, and would be compiled first.
                ("jit", "off"),
            ];
            postgres.options(settings)
        });
        let writer = sea_orm::Database::connect(writer).await.map_err(DatabaseError::opening)?;
        let readers = sea_orm::Database::connect(readers).await.map_err(DatabaseError::opening)?;
        let way = Way::Serial(Serial::new(writer.clone()));
        Ok(Self { writer, readers, way })
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

    /// Runs `work` in a transaction: `Ok` commits, `Err` leaves nothing behind, and so does a future that is dropped while `work` runs. One
    /// that is dropped after that may find it kept, or not. The answer comes after the commit, never before.
    ///
    /// On SQLite closures that wait share a transaction and its commit, each behind a savepoint (docs/adr/0008-grouped-writes.md).
    /// PostgreSQL runs `SERIALIZABLE` and runs `work` **again** after a serialisation failure, at most 20 times, one such
    /// transaction after the other. So `work` must bear being run again from the start, and others wait while it runs: it
    /// awaits the database only, and what it draws or reads from elsewhere (identifiers, the time) is drawn before. What was read
    /// before may have changed since: it is read again, or written with the version that was read. A serialisation failure is found
    /// along the `source()` of `E`, so an error type must keep [`DatabaseError`] as its source (`#[error(transparent)]` does).
    ///
    /// # Errors
    /// Whatever `work` answered, or a [`DatabaseError`] turned into `E`; that of the shared commit too.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` cannot promise `Send`, which handlers need")]
    pub fn write<T, E, F, Work>(&self, work: F) -> impl Future<Output = Result<T, E>> + Send
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + StdError + Send + 'static,
    {
        async move {
            match &self.way {
                Way::Grouped(writer) => writer.write(&work).await,
                Way::Serial(serial) => serial.write(&work).await,
            }
        }
    }

    /// Runs statements that answer nothing in one transaction: all of them are kept, or none. What a closure that does nothing else would do
    /// ([`write`](Self::write)), for less: on SQLite those that wait with the same texts are run at once, each still refused or kept alone.
    ///
    /// Whoever goes away before the answer may find them kept, or not.
    ///
    /// # Errors
    /// That of the first statement that fails, or of the shared commit.
    pub async fn write_together(&self, statements: Vec<Statement>) -> Result<(), DatabaseError> {
        match &self.way {
            Way::Grouped(writer) => Ok(writer.run(statements).await?),
            Way::Serial(serial) => {
                let statements = &statements;
                serial
                    .write(&|transaction: Transaction| async move {
                        transaction.execute_together(statements.clone()).await
                    })
                    .await
            }
        }
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

    /// Merges SQLite's write-ahead log into the file and empties it, so that nothing that was erased stays in it. PostgreSQL recycles its
    /// log by itself; there this does nothing.
    ///
    /// # Errors
    /// [`DatabaseError::Busy`] when readers or another process held the log for ten seconds.
    pub async fn empty_log(&self) -> Result<(), DatabaseError> {
        match &self.way {
            Way::Grouped(writer) => writer.empty_log().await,
            Way::Serial(_) => Ok(()),
        }
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
