//! Regular work, idempotent: every round asks the tables what there is to do, so no row of work names a case beforehand and a round that
//! was broken off is made good by the next (protocol section 2).

use envelope::audit::act::ActKind;
use platform::database::DatabaseError;
use uuid::Uuid;

use super::access::act_on;
use super::model::Keeping;
use super::shredding::{self, Stopped};
use super::store::{self, Standing};
use super::terms::{Terms, warning_weeks};
use super::week::Week;
use crate::App;
use crate::reports::keeping as cases;
use crate::reports::{self, State};

/// Rows that one transaction looks at.
const BATCH: u64 = 200;

/// One round: closed cases get their row, due weeks are reckoned, what is near is warned of, what is over is shredded, also her burns
/// whose time is over.
///
/// # Errors
/// [`DatabaseError`]. A tombstone file that cannot be written stops shredding alone, and is told in the log.
pub async fn housekeeping(app: &App) -> Result<(), DatabaseError> {
    let now = Week::of(app.platform.now());
    begin_keeping(app, now).await?;
    reckon(app).await?;
    drop_void_proposals(app).await?;
    decide_by_term(app, now).await?;
    let clock =
        app.platform.database.write(|transaction| async move { store::tick(&transaction, now).await });
    if clock.await?.is_steady() {
        decide_burned(app, now).await?;
        forget_rotated(app, now).await?;
    }
    complete(app).await
}

/// Goes on with what was decided.
///
/// # Errors
/// [`DatabaseError`].
pub(super) async fn complete(app: &App) -> Result<(), DatabaseError> {
    let file = shredding::tombstone_file(&app.platform.database, app.platform.tombstones.as_deref()).await?;
    match shredding::complete(&app.platform.database, file.as_deref()).await {
        Ok(_) => Ok(()),
        Err(Stopped::Database(error)) => Err(error),
        Err(Stopped::Tombstones(error)) => {
            tracing::error!(cause = %error.kind(), "nothing was shredded: the file of tombstones cannot be written");
            Ok(())
        }
    }
}

/// Closed cases that nobody gave a purpose are case files from now on.
async fn begin_keeping(app: &App, now: Week) -> Result<(), DatabaseError> {
    loop {
        let closed =
            cases::list_closed_except(app.platform.database.read(), store::known_cases(), BATCH).await?;
        if closed.is_empty() {
            return Ok(());
        }
        let closed = &closed;
        app.platform
            .database
            .write(|transaction| async move {
                for case in closed {
                    // It may have been opened again or given a purpose since.
                    let found = cases::find_any(&transaction, case.id).await?;
                    let Some(found) = found.filter(|found| found.state == State::Closed) else { continue };
                    let terms = table_of(&transaction, found.centre).await?;
                    let terms = terms.as_ref();
                    let row = match store::find_keeping(&transaction, case.id).await? {
                        Some(row) if row.items > 0 => continue,
                        Some(row) => row.closed_again(now, found.items).reckoned(terms),
                        None => Keeping::begun(now, found.items, terms),
                    };
                    store::keep(&transaction, found.id, found.centre, &row).await?;
                }
                Ok::<_, DatabaseError>(())
            })
            .await?;
    }
}

/// The table in force at a centre.
pub(super) async fn table_of(
    connection: &impl sea_orm::ConnectionTrait,
    centre: Uuid,
) -> Result<Option<Terms>, DatabaseError> {
    Ok(store::find_table(connection, centre, Standing::Approved).await?.and_then(|table| table.terms))
}

/// Due weeks of rows that have none although their centre has approved a table.
pub(super) async fn reckon(app: &App) -> Result<(), DatabaseError> {
    loop {
        let done = app
            .platform
            .database
            .write(|transaction| async move {
                let mut done = 0;
                for (case, centre, row) in store::list_unreckoned(&transaction, BATCH).await? {
                    // A table that no longer fits the bounds is none.
                    let Some(terms) = table_of(&transaction, centre).await? else { continue };
                    store::keep(&transaction, case, centre, &row.reckoned(Some(&terms))).await?;
                    done += 1;
                }
                Ok::<_, DatabaseError>(done)
            })
            .await?;
        if done == 0 {
            return Ok(());
        }
    }
}

async fn drop_void_proposals(app: &App) -> Result<(), DatabaseError> {
    for case in store::list_all_proposed(app.platform.database.read()).await? {
        app.platform
            .database
            .write(|transaction| async move {
                let found = cases::find_any(&transaction, case).await?;
                store::drop_void_proposal(&transaction, case, found.as_ref()).await
            })
            .await?;
    }
    Ok(())
}

/// Looks at the calendar: what is near is warned of, what is over after a whole warning is decided, what was opened again is forgotten.
async fn decide_by_term(app: &App, now: Week) -> Result<(), DatabaseError> {
    let until = now.plus_weeks(warning_weeks());
    let mut after = None;
    loop {
        let near = store::list_near(app.platform.database.read(), until, after, BATCH).await?;
        let Some((last, _, _)) = near.last() else { return Ok(()) };
        after = Some(*last);
        let near = &near;
        app.platform
            .database
            .write(|transaction| async move {
                for (case, centre, _) in near {
                    look_at(app, &transaction, *case, *centre, now).await?;
                }
                Ok::<_, DatabaseError>(())
            })
            .await?;
    }
}

async fn look_at(
    app: &App,
    transaction: &impl sea_orm::ConnectionTrait,
    case: Uuid,
    centre: Uuid,
    now: Week,
) -> Result<(), DatabaseError> {
    let Some(row) = store::find_keeping(transaction, case).await? else { return Ok(()) };
    let Some(found) = cases::find_any(transaction, case).await? else { return Ok(()) };
    let looked = match found.state {
        // Her burn has its own time, and may be undone.
        State::Withdrawn => return Ok(()),
        State::Closed if found.items == row.items => row.clone().looked_at(now),
        State::Closed => {
            let terms = table_of(transaction, found.centre).await?;
            row.clone().closed_again(now, found.items).reckoned(terms.as_ref())
        }
        _ => row.clone().reopened(),
    };
    let held = store::find_hold(transaction, case).await?.is_some();
    if looked.is_to_be_shredded(now, found.items, found.state == State::Closed, held) {
        store::decide(transaction, case, now).await?;
        return app.record(transaction, act_on(ActKind::ShredDue, None, &found)?).await;
    }
    if looked != row {
        store::keep(transaction, case, centre, &looked).await?;
    }
    Ok(())
}

/// Her burns whose fourteen days are over, unless a hold stands (protocol section 7.4).
async fn decide_burned(app: &App, now: Week) -> Result<(), DatabaseError> {
    app.platform
        .database
        .write(|transaction| async move {
            let held = store::list_all_held(&transaction).await?;
            for case in reports::due_burns(&transaction, &now.to_string(), &held).await? {
                store::decide(&transaction, case, now).await?;
                if let Some(found) = cases::find_any(&transaction, case).await? {
                    app.record(&transaction, act_on(ActKind::ShredDue, None, &found)?).await?;
                }
            }
            Ok::<_, DatabaseError>(())
        })
        .await
}

/// Old ids of rotations whose fourteen days are over, unless a hold stands.
async fn forget_rotated(app: &App, now: Week) -> Result<(), DatabaseError> {
    app.platform
        .database
        .write(|transaction| async move {
            let held = store::list_all_held(&transaction).await?;
            reports::forget_rotated(&transaction, &now.to_string(), &held).await
        })
        .await?;
    Ok(())
}
