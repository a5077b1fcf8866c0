//! What a backup needs of the store: one consistent look at it, and SQLite files that are no live database.
//!
//! Invariant: a portable file is written by one connection from beginning to end, and afterwards only read. While it is written it has
//! neither journal nor syncs: whoever writes it syncs it at the end, and throws it away when anything failed before.

use std::path::Path;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectionTrait as _, DatabaseBackend, DatabaseConnection, DatabaseTransaction,
    IsolationLevel, TransactionOptions, TransactionTrait as _,
};
use sea_orm_migration::MigratorTrait;

use super::{Database, DatabaseError, common, create_private};

impl Database {
    /// A transaction that only reads and sees the store as it is now for as long as it lives, whatever others write meanwhile. On SQLite
    /// the write-ahead log cannot be emptied until it ends.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DatabaseError> {
        let is_file = self.engine() == DatabaseBackend::Sqlite;
        let options = TransactionOptions {
            isolation_level: (!is_file).then_some(IsolationLevel::RepeatableRead),
            access_mode: (!is_file).then_some(AccessMode::ReadOnly),
            sqlite_transaction_mode: None,
        };
        let snapshot = self.readers.begin_with_options(options).await?;
        // Both engines take their snapshot at the first question, not at BEGIN.
        let first =
            if is_file { "SELECT count(*) FROM sqlite_schema" } else { "SELECT count(*) FROM pg_class" };
        snapshot.execute_unprepared(first).await?;
        Ok(snapshot)
    }

    /// Runs the first `steps` migrations of `M` in an empty store, as an older version of the program did.
    ///
    /// # Errors
    /// [`DatabaseError::Statement`] when a migration fails.
    pub async fn migrate_first<M: MigratorTrait>(&self, steps: u32) -> Result<(), DatabaseError> {
        Ok(M::up(&self.writer, Some(steps)).await?)
    }
}

/// Makes a SQLite file with mode 0600 that must not exist yet, and its only connection.
///
/// # Errors
/// [`DatabaseError`]; one that exists is [`DatabaseError::File`].
pub async fn create(path: &Path) -> Result<DatabaseConnection, DatabaseError> {
    if path.exists() {
        return Err(DatabaseError::File(std::io::ErrorKind::AlreadyExists.into()));
    }
    create_private(path).map_err(DatabaseError::File)?;
    let file = path.to_owned();
    let mut options = common("sqlite::memory:", 1);
    options.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Off)
            .synchronous(SqliteSynchronous::Off)
            // Parts of one whole lie in several files; whoever reads them checks the references.
            .foreign_keys(false)
            .pragma("temp_store", "MEMORY")
    });
    sea_orm::Database::connect(options).await.map_err(DatabaseError::opening)
}

/// Opens a SQLite file that nobody writes, also from a disk that cannot be written. Nothing is made beside it.
///
/// # Errors
/// [`DatabaseError`].
pub async fn open(path: &Path) -> Result<DatabaseConnection, DatabaseError> {
    let file = path.to_owned();
    let mut options = common("sqlite::memory:", 1);
    options.test_before_acquire(false).idle_timeout(None).max_lifetime(None);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .in_memory(false)
            .shared_cache(false)
            .filename(&file)
            .create_if_missing(false)
            .read_only(true)
            .immutable(true)
            .foreign_keys(false)
            .pragma("cell_size_check", "ON")
            .pragma("temp_store", "MEMORY")
    });
    sea_orm::Database::connect(options).await.map_err(DatabaseError::opening)
}
