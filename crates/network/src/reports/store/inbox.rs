//! Questions about many reports at once: the inbox.
//!
//! Invariant: every list is put together from ranges of one index, each read in its order and no further than a page: none sorts, and
//! none passes over a row that it does not show (docs/adr/0013-inbox-at-size.md; `tests.rs` reads the plans of both engines).

#[cfg(test)]
mod tests;

use platform::database::DatabaseError;
use sea_orm::sea_query::{Asterisk, Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};
use uuid::Uuid;

use super::super::access::{MayRead, Reader};
use super::super::entities::report;
use super::super::inbox::{Cursor, Filter, MOST_COUNTED, OpenCounts, Reference, Search};
use super::super::model::State;
use super::{Report, read_report};

/// A page of the inbox, at most `limit` rows: urgent first; of what waits to be opened the oldest week first, else the latest.
pub(in crate::reports) async fn list(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    search: &Search,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<MayRead>, DatabaseError> {
    let channels: Vec<&str> = reader.channels().iter().map(|channel| channel.name()).collect();
    let found = merge(connection, reader.centre(), &channels, search, after, limit).await?;
    Ok(found.into_iter().filter_map(|report| reader.may_read(report)).collect())
}

/// The reports whose ids begin with a reference: one, or very rarely two.
pub(in crate::reports) async fn list_by_reference(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    reference: Reference,
) -> Result<Vec<MayRead>, DatabaseError> {
    let rows = of_reference(reference).all(connection).await?;
    let reports: Vec<Report> = rows.into_iter().map(read_report).collect::<Result<_, _>>()?;
    Ok(reports.into_iter().filter_map(|report| reader.may_read(report)).collect())
}

/// Reports by their ids, in the order of the ids; those that the reader may not read do not exist.
pub(in crate::reports) async fn list_chosen(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    cases: &[Uuid],
) -> Result<Vec<MayRead>, DatabaseError> {
    let rows = report::Entity::find()
        .filter(report::Column::Id.is_in(cases.iter().copied()))
        .order_by_asc(report::Column::Id)
        .all(connection)
        .await?;
    let reports: Vec<Report> = rows.into_iter().map(read_report).collect::<Result<_, _>>()?;
    Ok(reports.into_iter().filter_map(|report| reader.may_read(report)).collect())
}

/// Counts what is open for a reader among what a search finds, whatever its state; each state no further than the page says.
pub(in crate::reports) async fn count_open(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    search: &Search,
) -> Result<OpenCounts, DatabaseError> {
    let channels: Vec<&str> = reader.channels().iter().map(|channel| channel.name()).collect();
    count(connection, reader.centre(), &channels, search).await
}

async fn merge(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    channels: &[&str],
    search: &Search,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<Report>, DatabaseError> {
    let page_length = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for &urgent in search.urgencies(after) {
        let missing = page_length.saturating_sub(found.len());
        if missing == 0 {
            break;
        }
        let after = after.filter(|cursor| cursor.urgent == urgent);
        let mut rows = Vec::new();
        for channel in channels {
            let range = range(centre, channel, search, urgent, after);
            rows.extend(range.limit(u64::try_from(missing).unwrap_or(limit)).all(connection).await?);
        }
        // One range a channel, each in order: put together and cut to what is missing.
        rows.sort_unstable_by(|one, other| {
            let order = (&one.week, one.id).cmp(&(&other.week, other.id));
            if search.is_oldest_first() { order } else { order.reverse() }
        });
        rows.truncate(missing);
        found.extend(rows);
    }
    found.into_iter().map(read_report).collect()
}

async fn count(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    channels: &[&str],
    search: &Search,
) -> Result<OpenCounts, DatabaseError> {
    let mut counts = Vec::new();
    for state in State::ALL.into_iter().filter(|state| *state != State::Closed) {
        let mut sum = 0;
        for channel in channels {
            for statement in counted(centre, channel, state, search) {
                let row = connection.query_one(&statement).await?;
                let number: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
                sum += number.and_then(|number| u64::try_from(number).ok()).unwrap_or_default();
            }
        }
        counts.push((state, sum));
    }
    Ok(OpenCounts(counts))
}

/// One range of an index: a channel, a state or all that is not closed, an urgency, a week or all of them.
fn range(
    centre: Uuid,
    channel: &str,
    search: &Search,
    urgent: bool,
    after: Option<&Cursor>,
) -> Select<report::Entity> {
    let mut query = report::Entity::find()
        .filter(report::Column::CentreId.eq(centre))
        .filter(report::Column::Channel.eq(channel))
        .filter(report::Column::Urgent.eq(urgent));
    query = match search.filter {
        // The words in the text of the statement and not beside it: the condition of the index `report_list_open`.
        Filter::NotClosed => query
            .filter(Expr::col(report::Column::State).ne(Expr::cust("'closed'")))
            .filter(Expr::col(report::Column::State).ne(Expr::cust("'withdrawn'"))),
        Filter::In(state) => query.filter(report::Column::State.eq(state.word())),
    };
    if let Some(week) = &search.week {
        query = query.filter(report::Column::Week.eq(week.as_str()));
    }
    let order = if search.is_oldest_first() { Order::Asc } else { Order::Desc };
    if let Some(cursor) = after {
        let week = Expr::col(report::Column::Week);
        let id = Expr::col(report::Column::Id);
        // Both columns at once, so that the index begins at the place and passes over nothing. Within one week the id alone: SQLite
        // does not see that the row value asks for no more.
        let (place, cursor) = match search.week {
            Some(_) => (id, Expr::val(cursor.id)),
            None => (
                Expr::tuple([week, id]),
                Expr::tuple([Expr::val(cursor.week.as_str()), Expr::val(cursor.id)]),
            ),
        };
        query = query.filter(if order == Order::Asc { place.gt(cursor) } else { place.lt(cursor) });
    }
    query.order_by(report::Column::Week, order.clone()).order_by(report::Column::Id, order)
}

/// The questions that count a state in a channel; each ends at one more than a page tells.
fn counted(centre: Uuid, channel: &str, state: State, search: &Search) -> Vec<SelectStatement> {
    let urgencies: &[Option<bool>] = match (search.urgent_only, search.week.is_some()) {
        (true, _) => &[Some(true)],
        // The index orders by urgency before the week, so that a week is two ranges.
        (false, true) => &[Some(true), Some(false)],
        (false, false) => &[None],
    };
    urgencies.iter().map(|urgent| counted_range(centre, channel, state, *urgent, search)).collect()
}

fn counted_range(
    centre: Uuid,
    channel: &str,
    state: State,
    urgent: Option<bool>,
    search: &Search,
) -> SelectStatement {
    let condition = Condition::all()
        .add(report::Column::CentreId.eq(centre))
        .add(report::Column::Channel.eq(channel))
        .add(report::Column::State.eq(state.word()))
        .add_option(urgent.map(|urgent| report::Column::Urgent.eq(urgent)))
        .add_option(search.week.as_ref().map(|week| report::Column::Week.eq(week.as_str())));
    let few = Query::select()
        .expr(Expr::cust("1"))
        .from(report::Entity)
        .cond_where(condition)
        .limit(MOST_COUNTED + 1)
        .to_owned();
    Query::select().expr(Expr::col(Asterisk).count()).from_subquery(few, "few").to_owned()
}

fn of_reference(reference: Reference) -> Select<report::Entity> {
    let (first, last) = reference.ids();
    // By id alone: who may read what is found is decided by the witness, and the range holds a row or two.
    report::Entity::find().filter(report::Column::Id.between(first, last)).order_by_asc(report::Column::Id)
}

/// What a reader may see of the table of reports: her centre, her channels.
pub(in crate::reports) fn of_reader(reader: &Reader) -> Condition {
    Condition::all()
        .add(report::Column::CentreId.eq(reader.centre()))
        .add(report::Column::Channel.is_in(reader.channels().iter().map(|channel| channel.name())))
}
