//! What a restored database owes to the tombstones (invariant I7).

use platform::database::{Database, DatabaseError};
use sea_orm::ConnectionTrait;

use super::tombstones::{Tombstones, hash_of};
use super::{shredding, store};
use crate::reports::keeping as cases;

/// Cases that one question names.
const BATCH: u64 = 500;

/// The tombstones that a database holds itself.
///
/// # Errors
/// [`DatabaseError`], also when the database is older than the table.
pub async fn stored_tombstones(connection: &impl ConnectionTrait) -> Result<Tombstones, DatabaseError> {
    store::tombstones(connection).await
}

/// Shreds every case that a list names, and keeps the list. Returns how many cases were there. Nobody else may use the database
/// meanwhile.
///
/// # Errors
/// [`DatabaseError`].
pub async fn apply(database: &Database, tombstones: &Tombstones) -> Result<usize, DatabaseError> {
    let mut shredded = 0;
    let mut after = None;
    loop {
        let ids = cases::list_ids(database.read(), after, BATCH).await?;
        let Some(last) = ids.last() else { break };
        after = Some(*last);
        for case in ids {
            if let Some(week) = tombstones.week_of(&hash_of(case)) {
                shredding::erase(database, case, week).await?;
                shredded += 1;
            }
        }
    }
    database
        .write(|transaction| async move {
            for (hash, week) in tombstones.iter() {
                store::bury(&transaction, hash, week).await?;
            }
            Ok::<_, DatabaseError>(())
        })
        .await?;
    shredding::clean(database).await?;
    Ok(shredded)
}
