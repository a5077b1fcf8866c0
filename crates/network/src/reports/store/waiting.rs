//! Questions about what waits to be opened, for notices and for the glance above every page of the console.

use envelope::duty::Channel;
use jiff::civil::Date;
use platform::database::DatabaseError;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use uuid::Uuid;

use super::super::access::Reader;
use super::super::entities::report;
use super::super::inbox::MOST_COUNTED;
use super::super::model::{Standing, State};
use super::{damaged, of_reader};

/// Rows that a job looks at in one centre; of more it sees the urgent ones and the latest weeks.
const MOST_LYING: u64 = 5_000;

/// A report that waits to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reports) struct Lying {
    pub(in crate::reports) case: Uuid,
    /// The centre that holds it, whose promise counts.
    pub(in crate::reports) holder: Uuid,
    pub(in crate::reports) channel: Channel,
    pub(in crate::reports) urgent: bool,
    pub(in crate::reports) standing: Standing,
}

/// What waits at a centre that holds it.
pub(in crate::reports) async fn list_lying(
    connection: &impl ConnectionTrait,
    centre: Uuid,
) -> Result<Vec<Lying>, DatabaseError> {
    list(connection, arrived().filter(report::Column::CentreId.eq(centre))).await
}

/// What nobody has opened yet and names a centre as the other one.
pub(in crate::reports) async fn list_lying_as_second(
    connection: &impl ConnectionTrait,
    centre: Uuid,
) -> Result<Vec<Lying>, DatabaseError> {
    let query =
        arrived().filter(report::Column::SecondCentreId.eq(centre)).filter(report::Column::Opened.eq(false));
    list(connection, query).await
}

/// How many reports of a reader wait to be opened: at most one more than a page tells.
pub(in crate::reports) async fn count_lying(
    connection: &impl ConnectionTrait,
    reader: &Reader,
) -> Result<u64, DatabaseError> {
    let few = Query::select()
        .expr(Expr::cust("1"))
        .from(report::Entity)
        .cond_where(of_reader(reader).add(report::Column::State.eq(State::Arrived.word())))
        .limit(MOST_COUNTED + 1)
        .to_owned();
    let statement = Query::select().expr(Expr::col(Asterisk).count()).from_subquery(few, "few").to_owned();
    let row = connection.query_one(&statement).await?;
    let number: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default())
}

/// Whether something of a reader that nobody ever opened arrived before a day. An erased day is long ago (protocol section 2).
pub(in crate::reports) async fn is_overdue(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    before: Date,
) -> Result<bool, DatabaseError> {
    let week = before.iso_week_date();
    let is_before = Condition::any()
        .add(report::Column::ArrivedOn.is_null())
        .add(report::Column::ArrivedOn.lt(before.to_string()));
    let found: Option<Uuid> = report::Entity::find()
        .select_only()
        .column(report::Column::Id)
        .filter(of_reader(reader))
        .filter(report::Column::State.eq(State::Arrived.word()))
        // Both, so that the index leads to the weeks and passes over what came after.
        .filter(report::Column::Urgent.is_in([true, false]))
        .filter(report::Column::Week.lte(format!("{:04}-W{:02}", week.year(), week.week())))
        .filter(report::Column::Opened.eq(false))
        .filter(is_before)
        .into_tuple()
        .one(connection)
        .await?;
    Ok(found.is_some())
}

fn arrived() -> Select<report::Entity> {
    report::Entity::find()
        .filter(report::Column::State.eq(State::Arrived.word()))
        .filter(report::Column::Channel.is_in([Channel::Safe.name(), Channel::General.name()]))
}

async fn list(
    connection: &impl ConnectionTrait,
    query: Select<report::Entity>,
) -> Result<Vec<Lying>, DatabaseError> {
    type Row = (Uuid, Uuid, String, bool, bool, Option<String>, i64);
    let rows: Vec<Row> = query
        .select_only()
        .column(report::Column::Id)
        .column(report::Column::CentreId)
        .column(report::Column::Channel)
        .column(report::Column::Urgent)
        .column(report::Column::Opened)
        .column(report::Column::ArrivedOn)
        .column(report::Column::ConversationItems)
        .order_by_desc(report::Column::Urgent)
        .order_by_desc(report::Column::Week)
        .limit(MOST_LYING)
        .into_tuple()
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|(case, holder, channel, urgent, opened, day, items)| {
            let channel = channel.parse().map_err(|_| damaged("channel"))?;
            let day = day.map(|day| day.parse().map_err(|_| damaged("arrived_on"))).transpose()?;
            let items = u32::try_from(items).map_err(|_| damaged("conversation_items"))?;
            let standing = Standing::stored(State::Arrived, day, opened, false, items, 0);
            Ok(Lying { case, holder, channel, urgent, standing })
        })
        .collect()
}
