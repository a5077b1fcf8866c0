//! Regular work: a week that is over gets its checkpoint. Idempotent: what was broken off is made good by the next round.

use platform::database::DatabaseError;
use sea_orm::DbErr;

use super::log::Log;
use super::recording::week_of;
use super::store;
use crate::App;

/// Reads the log, if its checkpoints are not the ones in memory.
///
/// # Errors
/// [`DatabaseError`].
pub async fn reload(app: &App) -> Result<(), DatabaseError> {
    let connection = app.platform.database.read();
    if store::newest(connection).await? != app.audit.log().number() {
        app.audit.replace(Log::load(connection).await?);
    }
    Ok(())
}

/// One round: every week but the present one, whose leaves no checkpoint has taken in, gets a checkpoint; their leaves are sorted by hash
/// before they enter the tree. A leaf that comes late, because a clock was wrong or a transaction long, goes into the next one.
///
/// # Errors
/// [`DatabaseError`].
pub async fn housekeeping(app: &App) -> Result<(), DatabaseError> {
    let now = week_of(app.platform.now())?;
    loop {
        let connection = app.platform.database.read();
        let due = store::list_open_weeks(connection).await?.into_iter().find(|week| *week != now);
        let Some(week) = due else { break };
        // The tree is made outside of the transaction: on SQLite everybody else would wait for it.
        let read = &Log::load(connection).await?;
        let made = app
            .platform
            .database
            .write(|transaction| async move {
                if store::newest(&transaction).await? != read.number() {
                    return Ok(false);
                }
                let leaves = store::enter(&transaction, week, read.number().saturating_add(1)).await?;
                let next = read.clone().next(week, leaves).ok_or_else(|| too_many("checkpoints"))?;
                store::insert_checkpoint(&transaction, &next).await?;
                Ok::<_, DatabaseError>(true)
            })
            .await;
        match made {
            Ok(true) => {}
            Ok(false) => break,
            // Another process was faster.
            Err(error) if error.is_unique_violation() => break,
            Err(error) => return Err(error),
        }
    }
    reload(app).await
}

fn too_many(what: &str) -> DatabaseError {
    DbErr::Custom(format!("the audit log cannot hold more {what}")).into()
}
