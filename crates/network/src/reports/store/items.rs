//! Items: taken apart when they are kept, put together when they are handed out; their wraps in a table of their own (protocol section 9).

use envelope::encoding::Hash;
use envelope::frame::{Frame, FrameParts, Wrap, WrapKind};
use envelope::header::{Chain, ClearHeader, ItemKind};
use envelope::index::IndexEntry;
use envelope::sizes::SizeClass;
use platform::database::{DatabaseError, Transaction};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, DatabaseBackend, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement, Value,
};
use uuid::Uuid;

use super::super::access::MayRead;
use super::super::entities::{item, wrap};
use super::{damaged, number};

/// A kept frame with its place in its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::reports) struct StoredFrame {
    pub(in crate::reports) seq: u32,
    pub(in crate::reports) parts: FrameParts,
}

/// The hash of the frame at a place of a chain, for repeats (protocol section 7.5).
pub(in crate::reports) async fn find_frame_hash(
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

/// The hash of the frame at a place of a conversation; none of a case that was withdrawn, which takes nothing of hers, not even what
/// it has.
pub(in crate::reports) async fn find_hash_of_hers(
    connection: &impl ConnectionTrait,
    case: Uuid,
    seq: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    const QUESTION: &str = "SELECT i.frame_hash AS hash FROM report_item i JOIN report r ON r.id = i.case_id \
        WHERE i.case_id = $1 AND i.chain = 'conversation' AND i.seq = $2 AND r.state <> 'withdrawn'";
    let values: [Value; 2] = [case.into(), i64::from(seq).into()];
    let engine = connection.get_database_backend();
    let row = connection.query_one_raw(Statement::from_sql_and_values(engine, QUESTION, values)).await?;
    Ok(row.map(|row| row.try_get("", "hash")).transpose()?)
}

/// Keeps an item, taken apart; its wraps go to a table of their own (protocol section 9).
pub(in crate::reports) async fn insert_item(
    transaction: &Transaction,
    frame: &Frame,
    week: &str,
) -> Result<(), DatabaseError> {
    transaction.execute_together(insertion(transaction.get_database_backend(), frame, week).into()).await
}

/// The statements that keep an item.
pub(super) fn insertion(engine: DatabaseBackend, frame: &Frame, week: &str) -> [Statement; 2] {
    let clear = frame.clear();
    let id = clear.item.uuid();
    let item = item::Entity::insert(item::ActiveModel {
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
    });
    let wraps = (0_i32..).zip(frame.wraps()).map(|(position, kept)| wrap::ActiveModel {
        item_id: Set(id),
        position: Set(position),
        kind: Set(i32::from(kept.kind.byte())),
        wrap: Set(kept.sealed.clone()),
    });
    [item.build(engine), wrap::Entity::insert_many(wraps).build(engine)]
}

/// All items of a report that may be read: the conversation in its order, then the notes in theirs.
pub(in crate::reports) async fn list_frames(
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
pub(in crate::reports) async fn list_index(
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
pub(in crate::reports) async fn list_frames_of(
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

/// The signatures of members under taking something back, with the place of each in the notes (protocol section 7.4).
pub(in crate::reports) async fn list_undos(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<ClearHeader>, DatabaseError> {
    let rows: Vec<Vec<u8>> = item::Entity::find()
        .select_only()
        .column(item::Column::Clear)
        .filter(item::Column::CaseId.eq(case))
        .filter(item::Column::Chain.eq(word_of(Chain::Notes)))
        .filter(item::Column::Kind.eq(ItemKind::Undo.name()))
        .into_tuple()
        .all(connection)
        .await?;
    rows.iter().map(|clear| serde_json::from_slice(clear).map_err(|_| damaged("clear"))).collect()
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

/// SHA-256 of a whole frame: with mailbox and seq, what makes a repeat a repeat (protocol section 7.5).
pub(in crate::reports) fn hash_of(frame: &Frame) -> [u8; 32] {
    *Hash::of(&frame.to_bytes()).as_bytes()
}

/// The length of a frame as its column holds it.
pub(in crate::reports) const fn length_of(size: SizeClass) -> i32 {
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
    ItemKind::ALL.into_iter().find(|kind| kind.name() == name)
}
