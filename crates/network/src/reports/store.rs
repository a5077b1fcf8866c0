//! All questions of this slice to the database, one function each. What an operator asks demands a witness of `access.rs`.
//!
//! Invariant: nothing is read and then written without the version that was read (`advance`), and no arrival day is ever written
//! but by the report's own first insert.

mod inbox;

use envelope::encoding::Hash;
use envelope::frame::{Frame, FrameParts, Wrap, WrapKind};
use envelope::header::{Chain, ItemKind};
use envelope::index::IndexEntry;
use envelope::sizes::SizeClass;
use jiff::civil::Date;
use platform::database::DatabaseError;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseBackend, EntityTrait as _,
    PaginatorTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use inbox::of_reader;

use super::access::{MayRead, Reader};
use super::entities::{item, report, wrap};
use super::model::{Standing, State};

pub(super) use inbox::{Cursor, Filter, count_open, list};

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
}

/// A kept frame with its place in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredFrame {
    pub(super) seq: u32,
    pub(super) parts: FrameParts,
}

/// What a message of hers changes beside the standing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) week: String,
    pub(super) urgent: bool,
    pub(super) length: i32,
}

/// The report of a mailbox.
pub(super) async fn find_by_mailbox(
    connection: &impl ConnectionTrait,
    mailbox: &[u8; 32],
) -> Result<Option<Report>, DatabaseError> {
    let row =
        report::Entity::find().filter(report::Column::Mailbox.eq(mailbox.to_vec())).one(connection).await?;
    row.map(read_report).transpose()
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

/// The hash of the frame at a place of a chain, for repeats (protocol section 7.5).
pub(super) async fn find_frame_hash(
    connection: &impl ConnectionTrait,
    case: Uuid,
    chain: Chain,
    seq: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row: Option<Vec<u8>> = item::Entity::find()
        .select_only()
        .column(item::Column::FrameHash)
        .filter(item::Column::CaseId.eq(case))
        .filter(item::Column::Chain.eq(word_of(chain)))
        .filter(item::Column::Seq.eq(i64::from(seq)))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(row)
}

/// Whether a case or an item of this id exists, of whatever mailbox.
pub(super) async fn is_taken(
    connection: &impl ConnectionTrait,
    case: Uuid,
    item: Uuid,
) -> Result<bool, DatabaseError> {
    let of_case = report::Entity::find_by_id(case).count(connection).await?;
    let of_item = item::Entity::find_by_id(item).count(connection).await?;
    Ok(of_case + of_item > 0)
}

/// Keeps a new report. Its first item follows in the same transaction.
pub(super) async fn insert_report(
    connection: &impl ConnectionTrait,
    report: &Report,
) -> Result<(), DatabaseError> {
    let standing = &report.standing;
    report::Entity::insert(report::ActiveModel {
        id: Set(report.id),
        centre_id: Set(report.centre),
        channel: Set(report.channel.clone()),
        mailbox: Set(report.mailbox.clone()),
        epoch: Set(i64::from(report.epoch)),
        state: Set(standing.state().word().to_owned()),
        version: Set(report.version),
        urgent: Set(report.urgent),
        language: Set(report.language.clone()),
        size_class: Set(report.size_class),
        week: Set(report.week.clone()),
        arrived_on: Set(standing.arrived_on().map(|day| day.to_string())),
        answered: Set(standing.answered()),
        conversation_items: Set(i64::from(standing.conversation_items())),
        notes_items: Set(i64::from(standing.notes_items())),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Keeps an item, taken apart; its wraps go to a table of their own (protocol section 9).
pub(super) async fn insert_item(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    week: &str,
) -> Result<(), DatabaseError> {
    let clear = frame.clear();
    let id = clear.item.uuid();
    item::Entity::insert(item::ActiveModel {
        id: Set(id),
        case_id: Set(clear.case.uuid()),
        chain: Set(word_of(clear.chain).to_owned()),
        seq: Set(i64::from(clear.seq)),
        kind: Set(clear.kind.name().to_owned()),
        length: Set(length_of(frame.size())),
        clear: Set(frame.clear_bytes().to_vec()),
        body: Set(frame.body().to_vec()),
        body_hash: Set(frame.body_hash().as_bytes().to_vec()),
        signature: Set(frame.signature().to_vec()),
        frame_hash: Set(hash_of(frame).to_vec()),
        week: Set(week.to_owned()),
    })
    .exec_without_returning(connection)
    .await?;
    for (position, kept) in (0_i32..).zip(frame.wraps()) {
        wrap::Entity::insert(wrap::ActiveModel {
            item_id: Set(id),
            position: Set(position),
            kind: Set(i32::from(kept.kind.byte())),
            wrap: Set(kept.sealed.clone()),
        })
        .exec_without_returning(connection)
        .await?;
    }
    Ok(())
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

/// All items of a report that may be read: the conversation in its order, then the notes in theirs.
pub(super) async fn list_frames(
    connection: &impl ConnectionTrait,
    may_read: &MayRead,
) -> Result<Vec<StoredFrame>, DatabaseError> {
    let rows = item::Entity::find()
        .filter(item::Column::CaseId.eq(may_read.report().id))
        .order_by_asc(item::Column::Chain)
        .order_by_asc(item::Column::Seq)
        .all(connection)
        .await?;
    with_wraps(connection, rows).await
}

/// The index of a conversation, in its order. For an id that nobody has it is empty: the same question is asked.
pub(super) async fn list_index(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<IndexEntry>, DatabaseError> {
    let rows: Vec<(i64, String, i32, Vec<u8>)> = item::Entity::find()
        .select_only()
        .column(item::Column::Seq)
        .column(item::Column::Kind)
        .column(item::Column::Length)
        .column(item::Column::BodyHash)
        .filter(item::Column::CaseId.eq(case))
        .filter(item::Column::Chain.eq(word_of(Chain::Conversation)))
        .order_by_asc(item::Column::Seq)
        .into_tuple()
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|(seq, kind, length, body_hash)| {
            let kind = kind_of(&kind).ok_or_else(|| damaged("kind"))?;
            let size = usize::try_from(length)
                .ok()
                .and_then(SizeClass::of_length)
                .ok_or_else(|| damaged("length"))?;
            let body_hash = body_hash.try_into().map_err(|_| damaged("body_hash"))?;
            Ok(IndexEntry {
                seq: number(seq)?,
                kind,
                size: kind.is_for_receipt().then_some(size),
                body_hash: Hash::from_bytes(body_hash),
            })
        })
        .collect()
}

/// The frames of a conversation with these places, in order.
pub(super) async fn list_frames_of(
    connection: &impl ConnectionTrait,
    case: Uuid,
    seqs: &[u32],
) -> Result<Vec<StoredFrame>, DatabaseError> {
    // An empty list still asks: a mailbox without answers costs the same questions (protocol section 7.2).
    let wanted: Vec<i64> =
        if seqs.is_empty() { vec![0] } else { seqs.iter().copied().map(i64::from).collect() };
    let rows = item::Entity::find()
        .filter(item::Column::CaseId.eq(case))
        .filter(item::Column::Chain.eq(word_of(Chain::Conversation)))
        .filter(item::Column::Seq.is_in(wanted))
        .order_by_asc(item::Column::Seq)
        .all(connection)
        .await?;
    with_wraps(connection, rows).await
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

/// Empties SQLite's write-ahead log. It keeps old pages in the order in which they were written, among them the times of operators'
/// sessions, so it would say when a report came, and what day was erased (protocol sections 2 and 9). Readers that are at work put it
/// off until the next time.
pub(super) async fn empty_log(connection: &impl ConnectionTrait) -> Result<(), DatabaseError> {
    if connection.get_database_backend() == DatabaseBackend::Sqlite {
        connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    }
    Ok(())
}

async fn with_wraps(
    connection: &impl ConnectionTrait,
    rows: Vec<item::Model>,
) -> Result<Vec<StoredFrame>, DatabaseError> {
    // The nil id keeps the question alive when there is no item: known and unknown mailboxes ask alike.
    let ids: Vec<Uuid> =
        if rows.is_empty() { vec![Uuid::nil()] } else { rows.iter().map(|row| row.id).collect() };
    let wraps = wrap::Entity::find()
        .filter(wrap::Column::ItemId.is_in(ids))
        .order_by_asc(wrap::Column::Position)
        .all(connection)
        .await?;
    rows.into_iter()
        .map(|row| {
            let wraps = wraps
                .iter()
                .filter(|wrap| wrap.item_id == row.id)
                .map(|wrap| {
                    let kind = u8::try_from(wrap.kind).ok().and_then(WrapKind::of_byte);
                    Ok(Wrap { kind: kind.ok_or_else(|| damaged("kind"))?, sealed: wrap.wrap.clone() })
                })
                .collect::<Result<_, DatabaseError>>()?;
            let parts = FrameParts {
                clear: row.clear,
                wraps,
                body: row.body,
                signature: row.signature.try_into().map_err(|_| damaged("signature"))?,
            };
            Ok(StoredFrame { seq: number(row.seq)?, parts })
        })
        .collect()
}

fn read_report(row: report::Model) -> Result<Report, DatabaseError> {
    let state = State::from_word(&row.state).ok_or_else(|| damaged("state"))?;
    let arrived_on = row.arrived_on.map(|day| day.parse().map_err(|_| damaged("arrived_on"))).transpose()?;
    Ok(Report {
        id: row.id,
        centre: row.centre_id,
        channel: row.channel,
        mailbox: row.mailbox,
        epoch: number(row.epoch)?,
        standing: Standing::stored(
            state,
            arrived_on,
            row.answered,
            number(row.conversation_items)?,
            number(row.notes_items)?,
        ),
        version: row.version,
        urgent: row.urgent,
        language: row.language,
        size_class: row.size_class,
        week: row.week,
    })
}

/// SHA-256 of a whole frame: with mailbox and seq, what makes a repeat a repeat (protocol section 7.5).
pub(super) fn hash_of(frame: &Frame) -> [u8; 32] {
    *Hash::of(&frame.to_bytes()).as_bytes()
}

/// The length of a frame as its column holds it.
pub(super) const fn length_of(size: SizeClass) -> i32 {
    match size {
        SizeClass::Small => 4_096,
        SizeClass::Medium => 16_384,
        SizeClass::Large => 65_536,
    }
}

const fn word_of(chain: Chain) -> &'static str {
    match chain {
        Chain::Conversation => "conversation",
        Chain::Notes => "notes",
    }
}

fn kind_of(name: &str) -> Option<ItemKind> {
    [ItemKind::Report, ItemKind::Message, ItemKind::Answer, ItemKind::Acknowledgement, ItemKind::Closing]
        .into_iter()
        .find(|kind| kind.name() == name)
}

fn number(stored: i64) -> Result<u32, DatabaseError> {
    u32::try_from(stored).map_err(|_| damaged("number"))
}

fn damaged(column: &str) -> DatabaseError {
    DatabaseError::from(sea_orm::DbErr::Type(format!(
        "a value of {column} is not one that this version writes"
    )))
}
