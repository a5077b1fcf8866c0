//! What the slice `keeping` may ask of reports: how a case stands, which ones were closed, and the end of one (protocol section 9).
//!
//! Invariant: a case that an operator asks about is of her centre and of her channels, else it does not exist for her. What jobs ask
//! names no person. Wraps go in a transaction of their own, before everything else.

use platform::database::DatabaseError;
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use uuid::Uuid;

use super::access::Reader;
use super::entities::{item, past, report, wrap};
use super::model::State;
use super::store::of_reader;

/// A case as far as keeping needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCase {
    /// The case.
    pub id: Uuid,
    /// The centre that holds it.
    pub centre: Uuid,
    /// `safe` or `general`.
    pub channel: String,
    /// Where it stands.
    pub state: State,
    /// Items of the conversation.
    pub items: u32,
    /// ISO week of her latest item.
    pub week: String,
}

/// A case that this reader may read.
///
/// # Errors
/// [`DatabaseError`].
pub async fn find(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    case: Uuid,
) -> Result<Option<KeptCase>, DatabaseError> {
    let row = report::Entity::find_by_id(case).filter(of_reader(reader)).one(connection).await?;
    Ok(row.map(read).transpose()?.filter(|case| may_keep(reader, case)))
}

/// Whether the rules let her decide about it.
fn may_keep(reader: &Reader, case: &KeptCase) -> bool {
    case.channel.parse().is_ok_and(|channel| reader.may_keep(case.id, case.centre, channel))
}

/// Those of some cases that this reader may read.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    cases: Vec<Uuid>,
) -> Result<Vec<KeptCase>, DatabaseError> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let rows = report::Entity::find()
        .filter(report::Column::Id.is_in(cases))
        .filter(of_reader(reader))
        .all(connection)
        .await?;
    let cases: Vec<KeptCase> = rows.into_iter().map(read).collect::<Result<_, _>>()?;
    Ok(cases.into_iter().filter(|case| may_keep(reader, case)).collect())
}

/// Those of some cases that there are, for regular work.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list_any(
    connection: &impl ConnectionTrait,
    cases: Vec<Uuid>,
) -> Result<Vec<KeptCase>, DatabaseError> {
    let rows = report::Entity::find().filter(report::Column::Id.is_in(cases)).all(connection).await?;
    rows.into_iter().map(read).collect()
}

/// A case, for regular work.
///
/// # Errors
/// [`DatabaseError`].
pub async fn find_any(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Option<KeptCase>, DatabaseError> {
    report::Entity::find_by_id(case).one(connection).await?.map(read).transpose()
}

/// At most `limit` closed cases that are not among `known`, a question of the asking slice for ids of cases.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list_closed_except(
    connection: &impl ConnectionTrait,
    known: SelectStatement,
    limit: u64,
) -> Result<Vec<KeptCase>, DatabaseError> {
    let rows = report::Entity::find()
        .filter(report::Column::State.eq(State::Closed.word()))
        .filter(report::Column::Id.not_in_subquery(known))
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(read).collect()
}

/// The ids of all cases, at most `limit`, after one, in the order of their ids: for a restored database.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list_ids(
    connection: &impl ConnectionTrait,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<Uuid>, DatabaseError> {
    use sea_orm::QueryOrder as _;
    let mut query = report::Entity::find().select_only().column(report::Column::Id);
    if let Some(after) = after {
        query = query.filter(report::Column::Id.gt(after));
    }
    Ok(query.order_by_asc(report::Column::Id).limit(limit).into_tuple().all(connection).await?)
}

/// Erases what opens a case: the wraps of all its items, and the word typed at a burn. From then on its texts are noise.
///
/// # Errors
/// [`DatabaseError`].
pub async fn erase_wraps(connection: &impl ConnectionTrait, case: Uuid) -> Result<(), DatabaseError> {
    let items = Query::select()
        .column(item::Column::Id)
        .from(item::Entity)
        .and_where(item::Column::CaseId.eq(case))
        .take();
    wrap::Entity::delete_many().filter(wrap::Column::ItemId.in_subquery(items)).exec(connection).await?;
    past::Entity::update_many()
        .set(past::ActiveModel { word: sea_orm::ActiveValue::Set(None), ..Default::default() })
        .filter(past::Column::CaseId.eq(case))
        .exec(connection)
        .await?;
    Ok(())
}

fn read(row: report::Model) -> Result<KeptCase, DatabaseError> {
    let damaged =
        || DatabaseError::from(sea_orm::DbErr::Type("a case is not one that this version writes".to_owned()));
    Ok(KeptCase {
        id: row.id,
        centre: row.centre_id,
        channel: row.channel,
        state: State::from_word(&row.state).ok_or_else(damaged)?,
        items: u32::try_from(row.conversation_items).map_err(|_| damaged())?,
        week: row.week,
    })
}
