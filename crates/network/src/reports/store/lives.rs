//! Mailbox ids and what becomes of them (protocol sections 7.4 and 7.5): live, past, or gone for ever.
//!
//! Invariant: an id leads to at most one case, once; one that is past or a tombstone is used, but leads nowhere. The questions of a post
//! are the same for every id, whatever is found.

use platform::database::DatabaseError;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QueryResult, QuerySelect as _, Statement, Value,
};
use uuid::Uuid;

use super::super::entities::{past, report};
use super::super::model::State;
use super::{Report, damaged, number, read_report};

/// Why an id leads nowhere any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::reports) enum Cause {
    /// Another code took its place.
    Rotated,
    /// It was burned.
    Burned,
    /// It was the new id of a rotation that two members took back.
    Undone,
}

/// An id of a case that leads nowhere any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reports) struct Past {
    pub(in crate::reports) mailbox: Vec<u8>,
    pub(in crate::reports) case: Uuid,
    pub(in crate::reports) cause: Cause,
    /// ISO week in which it happened.
    pub(in crate::reports) week: String,
    /// Place of the rotation in the conversation; none for the other causes.
    pub(in crate::reports) seq: Option<u32>,
    /// Notes of the case when it happened.
    pub(in crate::reports) notes_before: u32,
    /// The word typed at a burn, sealed.
    pub(in crate::reports) word: Option<Vec<u8>>,
}

/// What is known of the ids that a first report brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reports) struct Known {
    /// The frame hash of the first item that the mailbox leads to.
    pub(in crate::reports) first: Option<Vec<u8>>,
    /// Whether the mailbox leads or led anywhere.
    pub(in crate::reports) is_used: bool,
    /// Whether the case or the item exists, of whatever mailbox.
    pub(in crate::reports) is_taken: bool,
    /// The frame hash of the first item of the case.
    pub(in crate::reports) of_case: Option<Vec<u8>>,
}

impl Cause {
    const ALL: [Self; 3] = [Self::Rotated, Self::Burned, Self::Undone];

    const fn word(self) -> &'static str {
        match self {
            Self::Rotated => "rotated",
            Self::Burned => "burned",
            Self::Undone => "undone",
        }
    }
}

/// Everything that a first report must be compared with, in one question, which asks the same of every mailbox.
pub(in crate::reports) async fn ask_about(
    connection: &impl ConnectionTrait,
    mailbox: &[u8; 32],
    case: Uuid,
    item: Uuid,
) -> Result<Known, DatabaseError> {
    const QUESTION: &str = "SELECT \
        (SELECT i.frame_hash FROM report r JOIN report_item i ON i.case_id = r.id \
            WHERE r.mailbox = $1 AND i.chain = 'conversation' AND i.seq = 1) AS first, \
        (SELECT COUNT(*) FROM report WHERE mailbox = $1) AS live, \
        (SELECT COUNT(*) FROM mailbox_past WHERE mailbox = $1) AS past, \
        (SELECT COUNT(*) FROM mailbox_tombstone WHERE mailbox = $1) AS gone, \
        (SELECT COUNT(*) FROM report WHERE id = $2) AS cases, \
        (SELECT COUNT(*) FROM report_item WHERE id = $3) AS items, \
        (SELECT frame_hash FROM report_item WHERE case_id = $2 AND chain = 'conversation' AND seq = 1) AS of_case";
    let row = ask(connection, QUESTION, [mailbox.to_vec().into(), case.into(), item.into()]).await?;
    Ok(Known {
        first: row.try_get("", "first")?,
        is_used: sum(&row, ["live", "past", "gone"])? > 0,
        is_taken: sum(&row, ["cases", "items"])? > 0,
        of_case: row.try_get("", "of_case")?,
    })
}

/// Whether an id leads or led anywhere.
pub(in crate::reports) async fn is_used(
    connection: &impl ConnectionTrait,
    mailbox: &[u8; 32],
) -> Result<bool, DatabaseError> {
    const QUESTION: &str = "SELECT (SELECT COUNT(*) FROM report WHERE mailbox = $1) AS live, \
        (SELECT COUNT(*) FROM mailbox_past WHERE mailbox = $1) AS past, \
        (SELECT COUNT(*) FROM mailbox_tombstone WHERE mailbox = $1) AS gone";
    let row = ask(connection, QUESTION, [mailbox.to_vec().into()]).await?;
    Ok(sum(&row, ["live", "past", "gone"])? > 0)
}

/// The report that a mailbox leads to. A burned one leads nowhere.
pub(in crate::reports) async fn find_by_mailbox(
    connection: &impl ConnectionTrait,
    mailbox: &[u8; 32],
) -> Result<Option<Report>, DatabaseError> {
    let row = report::Entity::find()
        .filter(report::Column::Mailbox.eq(mailbox.to_vec()))
        .filter(report::Column::State.ne(State::Withdrawn.word()))
        .one(connection)
        .await?;
    row.map(read_report).transpose()
}

/// The past ids of a case.
pub(in crate::reports) async fn find_past(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<Past>, DatabaseError> {
    let rows = past::Entity::find()
        .filter(past::Column::CaseId.eq(case))
        .order_by_asc(past::Column::Seq)
        .order_by_asc(past::Column::Mailbox)
        .all(connection)
        .await?;
    rows.into_iter().map(read_past).collect()
}

/// Keeps an id that leads nowhere any more.
pub(in crate::reports) async fn insert_past(
    connection: &impl ConnectionTrait,
    kept: &Past,
) -> Result<(), DatabaseError> {
    past::Entity::insert(past::ActiveModel {
        mailbox: Set(kept.mailbox.clone()),
        case_id: Set(kept.case),
        cause: Set(kept.cause.word().to_owned()),
        week: Set(kept.week.clone()),
        seq: Set(kept.seq.map(i64::from)),
        notes_before: Set(i64::from(kept.notes_before)),
        word: Set(kept.word.clone()),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Takes an id out of the past ones: it leads to its case again, or becomes a tombstone in the same transaction.
pub(in crate::reports) async fn delete_past(
    connection: &impl ConnectionTrait,
    mailbox: &[u8],
) -> Result<(), DatabaseError> {
    past::Entity::delete_many().filter(past::Column::Mailbox.eq(mailbox.to_vec())).exec(connection).await?;
    Ok(())
}

/// Lets another id lead to a case.
pub(in crate::reports) async fn move_mailbox(
    connection: &impl ConnectionTrait,
    case: Uuid,
    mailbox: &[u8],
) -> Result<(), DatabaseError> {
    report::Entity::update_many()
        .set(report::ActiveModel { mailbox: Set(mailbox.to_vec()), ..Default::default() })
        .filter(report::Column::Id.eq(case))
        .exec(connection)
        .await?;
    Ok(())
}

/// Moves a report to the state that a burn gives it, if it is still at the version that was read; `false` changed nothing.
pub(in crate::reports) async fn withdraw(
    connection: &impl ConnectionTrait,
    case: Uuid,
    version: i64,
    next: State,
) -> Result<bool, DatabaseError> {
    let result = report::Entity::update_many()
        .set(report::ActiveModel {
            state: Set(next.word().to_owned()),
            version: Set(version.saturating_add(1)),
            ..Default::default()
        })
        .filter(report::Column::Id.eq(case))
        .filter(report::Column::Version.eq(version))
        .exec(connection)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Keeps the id of a withdrawn report as burned, with the word that was typed. For a case that nobody has it keeps nothing: the same
/// question is asked for every id.
pub(in crate::reports) async fn insert_burned(
    connection: &impl ConnectionTrait,
    case: Uuid,
    week: &str,
    word: Option<&[u8]>,
) -> Result<(), DatabaseError> {
    const QUESTION: &str = "INSERT INTO mailbox_past (mailbox, case_id, cause, week, notes_before, word) \
        SELECT mailbox, id, 'burned', $2, notes_items, $3 FROM report WHERE id = $1 AND state = 'withdrawn'";
    let values: [Value; 3] = [case.into(), week.into(), word.map(<[u8]>::to_vec).into()];
    let engine = connection.get_database_backend();
    connection.execute_raw(Statement::from_sql_and_values(engine, QUESTION, values)).await?;
    Ok(())
}

/// Writes an id that nobody has, and erases it: a transaction that changes nothing would not wait for the disk, and whoever burns a found
/// code with a stop watch would know whether it led anywhere.
pub(in crate::reports) async fn write_and_erase(
    connection: &impl ConnectionTrait,
    id: &[u8; 32],
) -> Result<(), DatabaseError> {
    let engine = connection.get_database_backend();
    for question in [
        "INSERT INTO mailbox_tombstone (mailbox) VALUES ($1)",
        "DELETE FROM mailbox_tombstone WHERE mailbox = $1",
    ] {
        let values: [Value; 1] = [id.to_vec().into()];
        connection.execute_raw(Statement::from_sql_and_values(engine, question, values)).await?;
    }
    Ok(())
}

/// Cases that were burned in `last_week` or before, but for those in `held`: at most `limit`.
pub(in crate::reports) async fn list_burned(
    connection: &impl ConnectionTrait,
    last_week: &str,
    held: &[Uuid],
    limit: u64,
) -> Result<Vec<Uuid>, DatabaseError> {
    let mut due = past::Entity::find()
        .select_only()
        .column(past::Column::CaseId)
        .filter(past::Column::Cause.eq(Cause::Burned.word()))
        .filter(past::Column::Week.lte(last_week));
    if !held.is_empty() {
        // Left out here and not afterwards: many that are held would fill the page for ever.
        due = due.filter(past::Column::CaseId.is_not_in(held.iter().copied()));
    }
    let due = due.order_by_asc(past::Column::Week).limit(limit);
    Ok(due.into_tuple().all(connection).await?)
}

/// Forgets to which case the ids led that were rotated away from in `last_week` or before: they become tombstones, but for the cases
/// in `held`. How many.
pub(in crate::reports) async fn forget_rotated(
    connection: &impl ConnectionTrait,
    last_week: &str,
    held: &[Uuid],
) -> Result<u64, DatabaseError> {
    let mut due = past::Entity::find()
        .filter(past::Column::Cause.is_in([Cause::Rotated.word(), Cause::Undone.word()]))
        .filter(past::Column::Week.lte(last_week));
    if !held.is_empty() {
        due = due.filter(past::Column::CaseId.is_not_in(held.iter().copied()));
    }
    let mut forgotten = 0_u64;
    for row in due.all(connection).await? {
        entomb(connection, "SELECT mailbox FROM mailbox_past WHERE mailbox = $1", row.mailbox.clone().into())
            .await?;
        delete_past(connection, &row.mailbox).await?;
        forgotten = forgotten.saturating_add(1);
    }
    Ok(forgotten)
}

/// Deletes everything of a case: wraps first, then items, then the ids, which become tombstones, then the case itself. Nothing fails when
/// a part is gone already.
pub(in crate::reports) async fn shred(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<(), DatabaseError> {
    let engine = connection.get_database_backend();
    let delete = |question: &'static str| {
        connection.execute_raw(Statement::from_sql_and_values(engine, question, [case.into()]))
    };
    delete("DELETE FROM report_wrap WHERE item_id IN (SELECT id FROM report_item WHERE case_id = $1)")
        .await?;
    delete("DELETE FROM report_item WHERE case_id = $1").await?;
    entomb(connection, "SELECT mailbox FROM mailbox_past WHERE case_id = $1", case.into()).await?;
    entomb(connection, "SELECT mailbox FROM report WHERE id = $1", case.into()).await?;
    delete("DELETE FROM mailbox_past WHERE case_id = $1").await?;
    delete("DELETE FROM report WHERE id = $1").await?;
    Ok(())
}

/// Makes tombstones of the ids that a question finds by its one value.
async fn entomb(
    connection: &impl ConnectionTrait,
    question: &str,
    value: Value,
) -> Result<(), DatabaseError> {
    let question =
        format!("INSERT INTO mailbox_tombstone (mailbox) {question} ON CONFLICT (mailbox) DO NOTHING");
    let engine = connection.get_database_backend();
    connection.execute_raw(Statement::from_sql_and_values(engine, question, [value])).await?;
    Ok(())
}

async fn ask<const N: usize>(
    connection: &impl ConnectionTrait,
    question: &'static str,
    values: [Value; N],
) -> Result<QueryResult, DatabaseError> {
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), question, values);
    connection.query_one_raw(statement).await?.ok_or_else(|| damaged("ids"))
}

fn sum<const N: usize>(row: &QueryResult, columns: [&str; N]) -> Result<i64, DatabaseError> {
    let mut sum = 0_i64;
    for column in columns {
        let number: i64 = row.try_get("", column)?;
        sum = sum.saturating_add(number);
    }
    Ok(sum)
}

fn read_past(row: past::Model) -> Result<Past, DatabaseError> {
    let cause = Cause::ALL.into_iter().find(|cause| cause.word() == row.cause);
    Ok(Past {
        mailbox: row.mailbox,
        case: row.case_id,
        cause: cause.ok_or_else(|| damaged("cause"))?,
        week: row.week,
        seq: row.seq.map(number).transpose()?,
        notes_before: number(row.notes_before)?,
        word: row.word,
    })
}
