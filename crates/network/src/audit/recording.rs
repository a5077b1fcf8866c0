//! Writing acts down, in the transaction that does them: neither is there without the other.

use envelope::audit::act::{Act, ActKind, Leaf, Opening};
use envelope::audit::week::Week;
use envelope::encoding::Hash;
use jiff::Timestamp;
use platform::database::DatabaseError;
use platform::random::Random;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use super::store;
use crate::centres::hours::day_of;

/// Writes an act down, unless it is one of those of which a week's first says enough.
///
/// # Errors
/// [`DatabaseError`]; then the act itself must not happen.
pub(crate) async fn record(
    connection: &impl ConnectionTrait,
    random: &Random,
    now: Timestamp,
    act: Act,
) -> Result<(), DatabaseError> {
    let week = week_of(now)?;
    if act.kind.is_once_a_week() && store::is_recorded(connection, &act, week).await? {
        return Ok(());
    }
    let opening = Opening { act, salt: random.bytes() };
    store::insert(connection, &leaf_of(&opening, week), &opening).await
}

/// Erases what opens the acts on a shredded case, and writes down how many there were: the leaves stay and say nothing. What it is told
/// again of is written once. `week` is that of the tombstone.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn erase(
    connection: &impl ConnectionTrait,
    case: Uuid,
    week: &str,
) -> Result<(), DatabaseError> {
    let gone = store::erase(connection, case).await?;
    note_erasure(connection, case, week, gone).await
}

/// Writes down that so many openings of a shredded case are gone.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn note_erasure(
    connection: &impl ConnectionTrait,
    case: Uuid,
    week: &str,
    gone: u64,
) -> Result<(), DatabaseError> {
    if gone == 0 {
        return Ok(());
    }
    let week = week.parse().map_err(|_| DbErr::Type("a week that no calendar has".to_owned()))?;
    let opening = Opening::of_erasure(&Hash::of(case.as_bytes()), u32::try_from(gone).unwrap_or(u32::MAX));
    store::insert(connection, &leaf_of(&opening, week), &opening).await
}

fn leaf_of(opening: &Opening, week: Week) -> Leaf {
    let kind: ActKind = opening.act.kind;
    Leaf { kind, week, commitment: opening.commitment() }
}

/// The ISO week of a moment in Rome.
pub(super) fn week_of(now: Timestamp) -> Result<Week, DatabaseError> {
    let week = day_of(now).iso_week_date();
    let year = u16::try_from(week.year()).ok();
    let number = u8::try_from(week.week()).ok();
    let week = year.zip(number).and_then(|(year, number)| Week::new(year, number));
    week.ok_or_else(|| DbErr::Type("a year that the log cannot write".to_owned()).into())
}
