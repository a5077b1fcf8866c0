//! When SQLite's write-ahead log is merged into the file (docs/adr/0008-grouped-writes.md, point 7).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseConnection, DbErr, Statement};
use tokio::sync::Mutex;

use super::DatabaseError;

/// After so many callers whose groups were committed the log is merged into the file, beside the writing. A report is about ten pages, so that the log then has about as
/// many as SQLite would let it have (1,000) before a commit merges them, while everybody waits.
const MERGE: usize = 96;

/// The write-ahead log of a file. SQLite lets one connection at a time merge it and tells any other at once that it is busy: here one waits
/// for the other.
#[derive(Debug)]
pub(super) struct Log {
    /// Where it is merged beside the writing: another connection than the writer's, so that nobody waits for it.
    connection: DatabaseConnection,
    merging: Arc<Mutex<()>>,
    /// Callers whose groups were committed since the last merge began, the refused ones among them.
    unmerged: AtomicUsize,
}

impl Log {
    /// The log of the file that `connection` reads.
    pub(super) fn new(connection: DatabaseConnection) -> Arc<Self> {
        Arc::new(Self { connection, merging: Arc::default(), unmerged: AtomicUsize::new(0) })
    }

    /// A commit answered so many: merges what has gathered beside the writing when that is much, unless that goes on already. What is written
    /// meanwhile stays in the log: the commit that finds 1,000 pages in it (SQLite's own rule) has little left to merge, and begins it anew.
    pub(super) fn grew(self: &Arc<Self>, writes: usize) {
        let unmerged = self.unmerged.fetch_add(writes, Ordering::AcqRel).saturating_add(writes);
        if unmerged < MERGE {
            return;
        }
        let Ok(merging) = Arc::clone(&self.merging).try_lock_owned() else { return };
        self.unmerged.store(0, Ordering::Release);
        let log = Arc::clone(self);
        tokio::spawn(async move {
            // Nothing is lost when it fails: a commit merges then, and fails with its own error if that does not work either.
            if let Err(error) = log.connection.execute_unprepared("PRAGMA wal_checkpoint(PASSIVE)").await {
                tracing::warn!(error = %error, "the write-ahead log was not merged beside the writing");
            }
            drop(merging);
        });
    }

    /// Merges all of it through the connection that writes and leaves it empty.
    ///
    /// # Errors
    /// [`DatabaseError::Busy`] when readers or another process held it for as long as `writer` has patience.
    pub(super) async fn empty(&self, writer: &DatabaseConnection) -> Result<(), DatabaseError> {
        let _merging = self.merging.lock().await;
        let statement = Statement::from_string(DatabaseBackend::Sqlite, "PRAGMA wal_checkpoint(TRUNCATE)");
        let row = writer.query_one_raw(statement).await?;
        let is_held = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        if is_held == Some(0) {
            return Ok(());
        }
        Err(DatabaseError::Busy(DbErr::Custom("the write-ahead log is in use".to_owned())))
    }
}
