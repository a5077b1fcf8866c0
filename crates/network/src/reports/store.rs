//! All questions of this slice to the database, one function each. What an operator asks demands a witness of `access.rs`.
//!
//! Invariant: nothing is read and then written without the version that was read (`advance`), and no arrival day is ever written
//! but by the report's own first insert.

mod inbox;
mod items;
mod lives;
mod second;
mod waiting;

use envelope::frame::Frame;
use jiff::civil::Date;
use platform::database::DatabaseError;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseBackend, DbErr, EntityTrait as _,
    QueryFilter as _, Statement, Value,
};
use uuid::Uuid;

use super::access::{MayRead, Reader};
use super::entities::report;
use super::model::{Standing, State};

pub(super) use inbox::{count_open, list, list_by_reference, list_chosen, of_reader};
pub(super) use items::{
    StoredFrame, find_frame_hash, find_hash_of_hers, hash_of, insert_item, length_of, list_frames,
    list_frames_of, list_index, list_undos,
};
pub(super) use lives::{
    Cause, Known, Past, ask_about, delete_past, find_by_mailbox, find_past, forget_rotated, insert_burned,
    insert_past, is_used, list_burned, move_mailbox, shred, withdraw, write_and_erase,
};
pub(super) use second::{find_second, list_second, take_over};
pub(super) use waiting::{Lying, count_lying, is_overdue, list_lying, list_lying_as_second};

/// A report as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) id: Uuid,
    pub(super) centre: Uuid,
    pub(super) channel: String,
    pub(super) mailbox: Vec<u8>,
    pub(super) epoch: u32,
    pub(super) standing: Standing,
    pub(super) version: i64,
    pub(super) urgent: bool,
    pub(super) language: String,
    pub(super) size_class: i32,
    pub(super) week: String,
    /// The other centre that can open it, with its epoch.
    pub(super) second: Option<(Uuid, u32)>,
}

/// What a message of hers changes beside the standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) week: String,
    pub(super) urgent: bool,
    pub(super) length: i32,
}

/// A report that this reader may read: of her centre and of her channels, else it does not exist for her.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    case: Uuid,
) -> Result<Option<MayRead>, DatabaseError> {
    let row = report::Entity::find_by_id(case).filter(of_reader(reader)).one(connection).await?;
    let report = row.map(read_report).transpose()?;
    Ok(report.and_then(|report| reader.may_read(report)))
}

/// The statements that keep a new report with its first item, if its mailbox leads nowhere and never has. Where it does, or where the case or
/// the item exists, one of them breaks a constraint: UNIQUE, or that an item belongs to a report.
pub(super) fn insertion(
    engine: DatabaseBackend,
    report: &Report,
    frame: &Frame,
) -> Result<Vec<Statement>, DatabaseError> {
    let standing = &report.standing;
    let row: [(report::Column, Value); 18] = [
        (report::Column::Id, report.id.into()),
        (report::Column::CentreId, report.centre.into()),
        (report::Column::Channel, report.channel.as_str().into()),
        (report::Column::Mailbox, report.mailbox.clone().into()),
        (report::Column::Epoch, i64::from(report.epoch).into()),
        (report::Column::State, standing.state().word().into()),
        (report::Column::Version, report.version.into()),
        (report::Column::Urgent, report.urgent.into()),
        (report::Column::Language, report.language.as_str().into()),
        (report::Column::SizeClass, report.size_class.into()),
        (report::Column::Week, report.week.as_str().into()),
        (report::Column::ArrivedOn, standing.arrived_on().map(|day| day.to_string()).into()),
        (report::Column::Opened, standing.is_opened().into()),
        (report::Column::Answered, standing.answered().into()),
        (report::Column::ConversationItems, i64::from(standing.conversation_items()).into()),
        (report::Column::NotesItems, i64::from(standing.notes_items()).into()),
        (report::Column::SecondCentreId, report.second.map(|(centre, _)| centre).into()),
        (report::Column::SecondEpoch, report.second.map(|(_, epoch)| i64::from(epoch)).into()),
    ];
    let (columns, values): (Vec<_>, Vec<_>) = row.into_iter().unzip();
    let mut chosen = Query::select();
    chosen.exprs(values.into_iter().map(Expr::val));
    for table in ["mailbox_past", "mailbox_tombstone"] {
        let led = Query::select()
            .expr(Expr::val(1))
            .from(table)
            .and_where(Expr::col("mailbox").eq(report.mailbox.clone()))
            .take();
        chosen.and_where(Expr::not_exists(led));
    }
    let mut kept = Query::insert();
    kept.into_table(report::Entity).columns(columns);
    kept.select_from(chosen).map_err(|error| DbErr::Custom(error.to_string()))?;
    let [item, wraps] = items::insertion(engine, frame, &report.week);
    Ok(vec![engine.build(&kept), item, wraps])
}

/// Moves a report to its next standing, if it is still at the version that was read. `false`: somebody was faster, nothing changed.
pub(super) async fn advance(
    connection: &impl ConnectionTrait,
    report: &Report,
    next: Standing,
    arrival: Option<&Arrival>,
) -> Result<bool, DatabaseError> {
    let mut change = report::ActiveModel {
        state: Set(next.state().word().to_owned()),
        version: Set(report.version.saturating_add(1)),
        opened: Set(next.is_opened()),
        answered: Set(next.answered()),
        conversation_items: Set(i64::from(next.conversation_items())),
        notes_items: Set(i64::from(next.notes_items())),
        ..Default::default()
    };
    // The day is only ever erased: housekeeping may have erased it since it was read.
    if next.arrived_on().is_none() {
        change.arrived_on = Set(None);
    }
    if let Some(arrival) = arrival {
        change.week = Set(arrival.week.clone());
        change.urgent = Set(report.urgent || arrival.urgent);
        change.size_class = Set(Ord::max(report.size_class, arrival.length));
    }
    let result = report::Entity::update_many()
        .set(change)
        .filter(report::Column::Id.eq(report.id))
        .filter(report::Column::Version.eq(report.version))
        .exec(connection)
        .await?;
    Ok(result.rows_affected == 1)
}

/// Erases arrival days before `first_kept`.
pub(super) async fn erase_arrival_days(
    connection: &impl ConnectionTrait,
    first_kept: Date,
) -> Result<u64, DatabaseError> {
    let result = report::Entity::update_many()
        .set(report::ActiveModel { arrived_on: Set(None), ..Default::default() })
        .filter(report::Column::ArrivedOn.lt(first_kept.to_string()))
        .exec(connection)
        .await?;
    Ok(result.rows_affected)
}

fn read_report(row: report::Model) -> Result<Report, DatabaseError> {
    let state = State::from_word(&row.state).ok_or_else(|| damaged("state"))?;
    let arrived_on = row.arrived_on.map(|day| day.parse().map_err(|_| damaged("arrived_on"))).transpose()?;
    let second_epoch = row.second_epoch.map(number).transpose()?;
    Ok(Report {
        id: row.id,
        centre: row.centre_id,
        channel: row.channel,
        mailbox: row.mailbox,
        epoch: number(row.epoch)?,
        standing: Standing::stored(
            state,
            arrived_on,
            row.opened,
            row.answered,
            number(row.conversation_items)?,
            number(row.notes_items)?,
        ),
        version: row.version,
        urgent: row.urgent,
        language: row.language,
        size_class: row.size_class,
        week: row.week,
        second: row.second_centre_id.zip(second_epoch),
    })
}

fn number(stored: i64) -> Result<u32, DatabaseError> {
    u32::try_from(stored).map_err(|_| damaged("number"))
}

fn damaged(column: &str) -> DatabaseError {
    DatabaseError::from(DbErr::Type(format!("a value of {column} is not one that this version writes")))
}
