//! Questions about many reports at once: the inbox.

use platform::database::DatabaseError;
use sea_orm::sea_query::{Condition, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::super::access::{MayRead, Reader};
use super::super::entities::report;
use super::super::inbox::OpenCounts;
use super::super::model::State;
use super::{Report, read_report};

/// Which part of the inbox a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reports) enum Filter {
    /// All that is not closed.
    NotClosed,
    /// One state.
    In(State),
}

/// The place in the inbox after which a page begins; it names the row, so new arrivals move nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reports) struct Cursor {
    pub(in crate::reports) urgent: bool,
    pub(in crate::reports) week: String,
    pub(in crate::reports) id: Uuid,
}

/// A page of the inbox: urgent first, then the latest week first; at most `limit` rows.
pub(in crate::reports) async fn list(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    filter: Filter,
    after: Option<&Cursor>,
    limit: u64,
) -> Result<Vec<MayRead>, DatabaseError> {
    let mut query = report::Entity::find().filter(of_reader(reader));
    query = match filter {
        Filter::NotClosed => query.filter(report::Column::State.ne(State::Closed.word())),
        Filter::In(state) => query.filter(report::Column::State.eq(state.word())),
    };
    if let Some(cursor) = after {
        let same_urgency = report::Column::Urgent.eq(cursor.urgent);
        let same_week = same_urgency.clone().and(report::Column::Week.eq(cursor.week.clone()));
        let mut later = Condition::any()
            .add(same_urgency.and(report::Column::Week.lt(cursor.week.clone())))
            .add(same_week.and(report::Column::Id.lt(cursor.id)));
        if cursor.urgent {
            later = later.add(report::Column::Urgent.eq(false));
        }
        query = query.filter(later);
    }
    let rows = query
        .order_by_desc(report::Column::Urgent)
        .order_by_desc(report::Column::Week)
        .order_by_desc(report::Column::Id)
        .limit(limit)
        .all(connection)
        .await?;
    let reports: Vec<Report> = rows.into_iter().map(read_report).collect::<Result<_, _>>()?;
    Ok(reports.into_iter().filter_map(|report| reader.may_read(report)).collect())
}

/// Counts what is open for a reader: one question, through the index by centre and state.
pub(in crate::reports) async fn count_open(
    connection: &impl ConnectionTrait,
    reader: &Reader,
) -> Result<OpenCounts, DatabaseError> {
    let open = State::ALL.into_iter().filter(|state| *state != State::Closed);
    let rows: Vec<(String, i64)> = report::Entity::find()
        .select_only()
        .column(report::Column::State)
        .column_as(report::Column::Id.count(), "count")
        .filter(of_reader(reader))
        .filter(report::Column::State.is_in(open.map(State::word)))
        .group_by(report::Column::State)
        .into_tuple()
        .all(connection)
        .await?;
    let counts = rows.into_iter().filter_map(|(word, count)| Some((State::from_word(&word)?, count)));
    Ok(OpenCounts(counts.collect()))
}

/// What a reader may see of the table of reports: her centre, her channels.
pub(super) fn of_reader(reader: &Reader) -> Condition {
    Condition::all()
        .add(report::Column::CentreId.eq(reader.centre()))
        .add(report::Column::Channel.is_in(reader.channels().iter().map(|channel| channel.name())))
}
