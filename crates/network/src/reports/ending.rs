//! The end of a case, as the slice `keeping` asks for it (protocol sections 7.4 and 9): what is final after its 14 days, and the deleting.
//!
//! Invariant: an id that led to a case once stays used for ever, as a tombstone that names no case.

use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::last_final_week;
use super::store;

/// Cases of a page of [`due_burns`].
const MOST_DUE: u64 = 100;

/// Cases whose burn is final in `week`, the ISO week of now: at least 14 days ago, at most 100 at a time, but for those in `held`.
///
/// # Errors
/// [`DatabaseError`].
pub async fn due_burns(
    connection: &impl ConnectionTrait,
    week: &str,
    held: &[Uuid],
) -> Result<Vec<Uuid>, DatabaseError> {
    match last_final_week(week) {
        Some(last) => store::list_burned(connection, &last, held, MOST_DUE).await,
        None => Ok(Vec::new()),
    }
}

/// Makes tombstones of the ids that were rotated away from long enough before `week`, but for the cases in `held`. How many.
///
/// # Errors
/// [`DatabaseError`].
pub async fn forget_rotated(
    connection: &impl ConnectionTrait,
    week: &str,
    held: &[Uuid],
) -> Result<u64, DatabaseError> {
    match last_final_week(week) {
        Some(last) => store::forget_rotated(connection, &last, held).await,
        None => Ok(0),
    }
}

/// Deletes a case: wraps, items, then the case; its mailbox ids become tombstones. Rows of other slices that name the case go first.
///
/// # Errors
/// [`DatabaseError`].
pub async fn shred_case(connection: &impl ConnectionTrait, case: Uuid) -> Result<(), DatabaseError> {
    store::shred(connection, case).await
}
