//! What is near the end of its term: for notices, and as one glance above every page of the console.

use envelope::duty::Channel;
use platform::database::DatabaseError;
use uuid::Uuid;

use super::store;
use super::terms::warning_weeks;
use super::week::Week;
use crate::App;
use crate::reports::keeping as cases;
use crate::reports::{Mark, MarkKey, Reader, State};

/// Rows that one question looks at, and cases that a glance counts at most.
const BATCH: u64 = 100;

/// A case that is near its end and held by nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// Where.
    pub centre: Uuid,
    /// Who of the centre may decide about it.
    pub channel: Channel,
    /// Stands for it until its end is moved.
    pub mark: Mark,
}

/// What is near its end at some centres. Names no case.
///
/// # Errors
/// [`DatabaseError`].
pub async fn near(app: &App, centres: &[Uuid], key: &MarkKey) -> Result<Vec<Near>, DatabaseError> {
    let connection = app.platform.database.read();
    let until = Week::of(app.platform.now()).plus_weeks(warning_weeks());
    let held = store::list_all_held(connection).await?;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = store::list_near(connection, until, after, BATCH).await?;
        let Some((last, _, _)) = rows.last() else { return Ok(found) };
        after = Some(*last);
        let is_meant = |case: &Uuid, centre: &Uuid| centres.contains(centre) && !held.contains(case);
        let ids = rows.iter().filter(|(case, centre, _)| is_meant(case, centre)).map(|(case, _, _)| *case);
        for case in cases::list_any(connection, ids.collect()).await? {
            let row = rows.iter().find(|(id, _, _)| *id == case.id).map(|(_, _, row)| row);
            let due = row
                .filter(|row| case.state == State::Closed && row.items == case.items)
                .and_then(|row| row.due);
            if let (Some(due), Ok(channel)) = (due.filter(|due| *due <= until), case.channel.parse()) {
                found.push(Near {
                    centre: case.centre,
                    channel,
                    mark: key.of("near", case.id, &due.to_string()),
                });
            }
        }
    }
}

/// How many cases of a reader are near their end and held by nothing, counted up to 100.
///
/// # Errors
/// [`DatabaseError`].
pub async fn count_near(app: &App, reader: &Reader) -> Result<usize, DatabaseError> {
    let connection = app.platform.database.read();
    let until = Week::of(app.platform.now()).plus_weeks(warning_weeks());
    let due = store::list_due(connection, reader, until, BATCH).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let held = store::list_held(connection, reader, BATCH).await?;
    let ids = due.iter().map(|(case, _)| *case).filter(|case| !held.contains(case)).collect();
    let kept = cases::list(connection, reader, ids).await?;
    let is_near = |case: &cases::KeptCase| {
        let row = due.iter().find(|(id, _)| *id == case.id);
        case.state == State::Closed && row.is_some_and(|(_, row)| row.items == case.items)
    };
    Ok(kept.iter().filter(|case| is_near(case)).count())
}
