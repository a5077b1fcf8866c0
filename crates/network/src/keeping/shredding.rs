//! The end of a case (protocol section 9), in steps that may be broken off after each and go on at the next round:
//!
//! 1. decided: a row of `shredding`, written in the transaction that checked why;
//! 2. the tombstone file, on the disk;
//! 3. the wraps, what opens its acts in the log, and the tombstone row, committed: from here on the texts are noise;
//! 4. files, items, the mailbox, what was written about keeping, and the row of step 1, committed;
//! 5. SQLite's write-ahead log truncated; on PostgreSQL the table of wraps vacuumed.
//!
//! Invariant: no step runs before the one above it is on the disk.

use std::path::{Path, PathBuf};

use platform::database::{Database, DatabaseError};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use uuid::Uuid;

use super::store;
use super::tombstones::{Tombstones, hash_of};
use super::week::Week;
use crate::{audit, files, reports};

/// Shredding stopped. What was decided stays decided, and the next round goes on.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The tombstone file could not be written, so nothing was erased.
    #[error("the file of tombstones cannot be written")]
    Tombstones(#[source] std::io::Error),
}

/// Completes every shredding that was decided. Returns how many cases are gone.
///
/// # Errors
/// [`Stopped`].
pub async fn complete(database: &Database, tombstones: Option<&Path>) -> Result<usize, Stopped> {
    let decided = store::list_decided(database.read()).await?;
    if decided.is_empty() {
        return Ok(0);
    }
    if let Some(path) = tombstones {
        let mut list = Tombstones::default();
        for (case, week) in &decided {
            list.add(hash_of(*case), *week);
        }
        append(path.to_owned(), list).await.map_err(Stopped::Tombstones)?;
    }
    for (case, week) in &decided {
        erase(database, *case, *week).await?;
    }
    clean(database).await?;
    Ok(decided.len())
}

/// Steps 3 and 4 for one case.
///
/// # Errors
/// [`DatabaseError`].
pub(super) async fn erase(database: &Database, case: Uuid, week: Week) -> Result<(), DatabaseError> {
    let hash = &hash_of(case);
    database
        .write(|transaction| async move {
            reports::keeping::erase_wraps(&transaction, case).await?;
            audit::erase(&transaction, case, &week.to_string()).await?;
            store::bury(&transaction, hash, week).await
        })
        .await?;
    while !database.write(|transaction| async move { files::erase(&transaction, case).await }).await? {}
    database
        .write(|transaction| async move {
            reports::shred_case(&transaction, case).await?;
            store::forget_case(&transaction, case).await
        })
        .await
}

/// Step 5. Overwriting itself is `secure_delete`'s work on SQLite; PostgreSQL only frees the place (docs/backup.md).
///
/// # Errors
/// [`DatabaseError`].
pub(super) async fn clean(database: &Database) -> Result<(), DatabaseError> {
    if database.engine() != DatabaseBackend::Sqlite {
        for table in ["report_wrap", "audit_opening", "report_item", "mailbox_past", "file_chunk", "file"] {
            database.read().execute_unprepared(&format!("VACUUM {table}")).await?;
        }
        return Ok(());
    }
    match database.empty_log().await {
        Err(DatabaseError::Busy(_)) => tracing::warn!(
            "the write-ahead log could not be emptied after shredding: readers are at work; the next round tries again"
        ),
        outcome => outcome?,
    }
    Ok(())
}

/// The file of tombstones: the one that is configured, or beside a SQLite file. `None` on PostgreSQL without a setting.
///
/// # Errors
/// [`DatabaseError`].
pub async fn tombstone_file(
    database: &Database,
    configured: Option<&Path>,
) -> Result<Option<PathBuf>, DatabaseError> {
    if let Some(path) = configured {
        return Ok(Some(path.to_owned()));
    }
    if database.engine() != DatabaseBackend::Sqlite {
        return Ok(None);
    }
    let question = Statement::from_string(
        DatabaseBackend::Sqlite,
        "SELECT file FROM pragma_database_list WHERE name = 'main'",
    );
    let row = database.read().query_one_raw(question).await?;
    let file: Option<String> = row.map(|row| row.try_get("", "file")).transpose()?;
    Ok(file.filter(|file| !file.is_empty()).map(|file| beside(Path::new(&file))))
}

/// The file of tombstones that belongs to a SQLite file.
#[must_use]
pub fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".tombstones");
    PathBuf::from(name)
}

async fn append(path: PathBuf, list: Tombstones) -> std::io::Result<()> {
    tokio::task::spawn_blocking(move || list.append_to(&path)).await.map_err(std::io::Error::other)?
}
