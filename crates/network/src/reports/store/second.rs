//! Questions about a second centre (protocol section 7.7): what waits there, and who opens first.

use platform::database::DatabaseError;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::super::access::{MaySee, MayTakeOver, Reader};
use super::super::entities::report;
use super::super::model::State;
use super::read_report;

/// A report that names the reader's centre as the other one; nothing of it but its line in the inbox.
pub(in crate::reports) async fn find_second(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    case: Uuid,
) -> Result<Option<MaySee>, DatabaseError> {
    let row = report::Entity::find_by_id(case).filter(of_second(reader)).one(connection).await?;
    let report = row.map(read_report).transpose()?;
    Ok(report.and_then(|report| reader.may_see(report)))
}

/// The reports that name the reader's centre as the other one and are neither closed nor withdrawn, the latest week first.
pub(in crate::reports) async fn list_second(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    limit: u64,
) -> Result<Vec<MaySee>, DatabaseError> {
    let rows = report::Entity::find()
        .filter(of_second(reader))
        .filter(report::Column::State.ne(State::Closed.word()))
        .order_by_desc(report::Column::Week)
        .order_by_desc(report::Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    let reports = rows.into_iter().map(read_report).collect::<Result<Vec<_>, _>>()?;
    Ok(reports.into_iter().filter_map(|report| reader.may_see(report)).collect())
}

/// The second centre opens first and holds the report from now on; the two centres change places. `false`: somebody was faster.
pub(in crate::reports) async fn take_over(
    connection: &impl ConnectionTrait,
    may: &MayTakeOver,
) -> Result<bool, DatabaseError> {
    let (report, next) = (may.report(), may.next());
    let Some((second, epoch)) = report.second else { return Ok(false) };
    let result = report::Entity::update_many()
        .set(report::ActiveModel {
            centre_id: Set(second),
            epoch: Set(i64::from(epoch)),
            second_centre_id: Set(Some(report.centre)),
            second_epoch: Set(Some(i64::from(report.epoch))),
            state: Set(next.state().word().to_owned()),
            version: Set(report.version.saturating_add(1)),
            opened: Set(next.is_opened()),
            arrived_on: Set(None),
            ..Default::default()
        })
        .filter(report::Column::Id.eq(report.id))
        .filter(report::Column::Version.eq(report.version))
        .exec(connection)
        .await?;
    Ok(result.rows_affected == 1)
}

fn of_second(reader: &Reader) -> Condition {
    Condition::all()
        .add(report::Column::State.ne(State::Withdrawn.word()))
        .add(report::Column::SecondCentreId.eq(reader.centre()))
        .add(report::Column::Channel.is_in(reader.channels().iter().map(|channel| channel.name())))
}
